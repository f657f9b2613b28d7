"""The pages as Markdown beside their HTML, and ``llms.txt``, which lists them with a sentence about each.

The text is sphinx-markdown-builder's. It runs within the build of the HTML, over what was read for that, so that
nothing is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_markdown_builder.builder import MarkdownBuilder

MAX_SENTENCE_CHARS = 200  # of what llms.txt says about a page


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages when the others are written."""
    app.setup_extension("sphinx_markdown_builder")
    app.connect("build-finished", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx, error: Exception | None) -> None:
    """Write a ``.md`` for each page, and ``llms.txt``."""
    if error is not None or app.builder.format != "html":
        return
    builder = MarkdownBuilder(app, app.env)
    builder.init()
    builder.prepare_writing(set())
    for name in sorted(app.env.found_docs):
        page = app.env.get_and_resolve_doctree(name, builder)
        _simplify(page, name)
        builder.write_doc(name, page)
    (Path(app.outdir) / "llms.txt").write_text(make_index(app.env, app.config.root_doc), encoding="utf-8")


def _simplify(page: nodes.document, name: str) -> None:
    """Take out of a page what has no Markdown, and lead to the pictures where the HTML has them."""
    for wrapper in page.findall(nodes.compound):
        for title in list(wrapper.findall(nodes.title)):  # the heading above says it
            title.parent.remove(title)
    for kind, make in ((nodes.abbreviation, nodes.Text), (nodes.caption, lambda text: nodes.paragraph("", text))):
        for node in list(page.findall(kind)):
            node.replace_self(make(node.astext()))
    for optional in list(page.findall(addnodes.desc_optional)):
        optional.replace_self(optional.children)
    for block in page.findall(nodes.literal_block):
        block["language"] = block.get("language", "text").replace("default", "text")
    for link in page.findall(nodes.reference):
        url = link.get("refuri", "")
        if link.get("internal") and not re.match(r"(\.\./)*(genindex|_modules/)", url):  # which are HTML alone
            link["refuri"] = re.sub(r"\.html(?=#|$)", ".md", url)
    up = "../" * name.count("/")
    for image in page.findall(nodes.image):
        image["uri"] = f"{up}_images/{PurePosixPath(image['uri']).name}"


def make_index(environment: BuildEnvironment, root: str) -> str:
    """Return ``llms.txt``: what this is, and each page with its first sentence, by the sections of the front page."""
    lines = [f"# {environment.titles[root].astext()}", "", f"> {_first_sentence(environment, root)}"]
    for tree in environment.get_doctree(root).findall(addnodes.toctree):
        lines += ["", f"## {tree['caption']}", "", *_list_pages(environment, tree)]
    return "\n".join(lines) + "\n"


def _list_pages(environment: BuildEnvironment, tree: addnodes.toctree) -> Iterator[str]:
    """Yield a line for each page of a tree, and for those below it."""
    for _, name in tree["entries"]:
        sentence = _first_sentence(environment, name)
        yield f"- [{environment.titles[name].astext()}]({name}.md)" + (f": {sentence}" if sentence else "")
        for below in environment.get_doctree(name).findall(addnodes.toctree):
            yield from _list_pages(environment, below)


def _first_sentence(environment: BuildEnvironment, name: str) -> str:
    """Return what a page says of itself."""
    paragraph = next(environment.get_doctree(name).findall(nodes.paragraph), None)
    text = " ".join(paragraph.astext().split()) if paragraph is not None else ""
    sentence = text[: end + 1] if (end := text.find(". ")) > 0 else text
    return sentence if len(sentence) <= MAX_SENTENCE_CHARS else f"{sentence[:MAX_SENTENCE_CHARS].rsplit(' ', 1)[0]} ..."
