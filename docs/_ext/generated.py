"""What the pages take from elsewhere: the command's arguments, the codes of ``explain``, the tests of each promise."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from promises import ROOT, tests_by_promise
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles
from sphinx.util.rst import escape

from oauth_hook.cli.parser import make_parser
from oauth_hook.diagnosis.findings import ADVICE


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx the directives."""
    app.add_directive("changelog", Changelog)
    app.add_directive("command-line", CommandLine)
    app.add_directive("finding-codes", FindingCodes)
    app.add_directive("held-by", HeldBy)
    app.add_directive("promise-table", PromiseTable)
    app.connect("doctree-read", link_examples)
    app.connect("html-page-context", mend_source_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def link_examples(app: Sphinx, page: nodes.document) -> None:
    """Have links to ``examples/``, which a forge follows, lead to the listings in the built pages."""
    for link in list(page.findall(nodes.reference)):
        if not (path := link.get("refuri", "")).startswith("../../examples/"):
            continue
        target = {"refdomain": "std", "reftype": "ref", "reftarget": f"example-{Path(path).stem}", "refexplicit": True}
        text = nodes.literal(text=link.astext())
        link.replace_self(addnodes.pending_xref("", text, refdoc=app.env.docname, refwarn=True, **target))


def mend_source_links(app: Sphinx, name: str, _template: str, context: dict[str, str], _page: nodes.document) -> None:
    """Have the pages of source lead to what is described under another name, such as ``oauth_hook.Consumer``."""
    if not name.startswith("_modules/"):
        return
    described = app.env.get_domain("py").objects

    def mend(link: re.Match[str]) -> str:
        return f"{link[1]}{described[link[2]].node_id}{link[3]}" if link[2] in described else ""

    context["body"] = re.sub(r'(<a class="viewcode-back" href="[^"#]*#)([^"]+)(".*?</a>)', mend, context["body"])


class Changelog(SphinxDirective):
    """What ``CHANGELOG.md`` says of each version: headings, lists, code and links are all its Markdown."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each version."""
        path = ROOT / "CHANGELOG.md"
        self.env.note_dependency(str(path))
        text = re.sub(r"\A.*?(?=^## )", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
        text = re.sub(r"\[([^]]+)\]\(([^)]+)\)", r"`\1 <\2>`__", text)
        text = re.sub(r"^## (.*)$", lambda title: f"{title[1]}\n{'-' * len(title[1])}", text, flags=re.MULTILINE)
        parent = nodes.section()
        parent.document = self.state.document
        nested_parse_with_titles(self.state, StringList(text.split("\n"), str(path)), parent)
        return parent.children


class CommandLine(SphinxDirective):
    """A section for each command, as argparse knows it."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        os.environ["COLUMNS"] = "80"  # argparse breaks lines as the terminal has it
        parent = nodes.section()
        parent.document = self.state.document
        for parser in _parsers():
            nested_parse_with_titles(self.state, StringList(list(_section(parser)), "the command"), parent)
        return parent.children


def _parsers() -> list[argparse.ArgumentParser]:
    commands = next(action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return list(commands.choices.values())


def _section(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the lines of a section."""
    parser.color = False  # of Python 3.14
    yield from (parser.prog, "-" * len(parser.prog), "", f".. program:: {parser.prog}", "")
    for paragraph in (parser.description or "").split("\n\n"):
        yield from (escape(" ".join(paragraph.split())), "")
    usage = parser.format_usage().removeprefix("usage: ").rstrip().split("\n")
    yield from _literally(usage)
    formatter = parser._get_formatter()
    for action in parser._actions:
        if action.dest in ("help", "store"):  # which every command has
            continue
        yield f".. option:: {_signature(action)}"
        yield from ("", f"   {escape(formatter._expand_help(action))}" if action.help else "", "")
    if parser.epilog:
        yield from _literally(parser.epilog.split("\n"))


def _literally(lines: Iterable[str]) -> Iterator[str]:
    yield from (".. code-block:: text", "", *(f"   {line}" for line in lines), "")


def _signature(action: argparse.Action) -> str:
    """Return an argument as a reader types it."""
    choices = "{" + ",".join(action.choices) + "}" if action.choices else None
    name = action.metavar or choices or action.dest
    if not action.option_strings:
        return str(name)
    value = "" if action.nargs == 0 else f" {action.metavar or choices or action.dest.upper()}"
    return ", ".join(f"{option}{value}" for option in action.option_strings)


class FindingCodes(SphinxDirective):
    """Each code of ``explain``, with its advice."""

    def run(self) -> list[nodes.Node]:
        """Return a list of definitions."""
        found = nodes.definition_list()
        for code, advice in ADVICE.items():
            term = nodes.term("", "", nodes.literal("", code), ids=[f"finding-{code}"])
            found += nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", advice)))
        return [found]


class HeldBy(SphinxDirective):
    """Links from where promises are made to their rows in the table."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return a line with a link for each promise."""
        line = nodes.paragraph("", "Held by tests: ")
        for number, name in enumerate(self.arguments[0].split()):
            line += nodes.Text("; " if number else "")
            line += nodes.reference("", _in_words(name), refid=f"promise-{name}", internal=True)
        return [line]


class PromiseTable(SphinxDirective):
    """A row for each promise of the page, with the tests that hold it."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        rows = [_row(nodes.Text("Promise"), nodes.Text("Tests"))]
        for name, tests in tests_by_promise().items():
            items = [nodes.list_item("", nodes.paragraph("", "", nodes.literal("", test))) for test in tests]
            rows.append(_row(nodes.Text(_in_words(name)), nodes.bullet_list("", *items), ids=[f"promise-{name}"]))
        columns = [nodes.colspec(colwidth=width) for width in (30, 70)]
        group = nodes.tgroup("", *columns, nodes.thead("", rows[0]), nodes.tbody("", *rows[1:]), cols=2)
        return [nodes.table("", group, classes=["promises"])]


def _in_words(name: str) -> str:
    return name.replace("-", " ")


def _row(*cells: nodes.Node, ids: Iterable[str] = ()) -> nodes.row:
    """Return a row of a table, text in paragraphs of its own."""
    blocks = (nodes.paragraph("", "", cell) if isinstance(cell, nodes.Text) else cell for cell in cells)
    return nodes.row("", *(nodes.entry("", block) for block in blocks), ids=list(ids))
