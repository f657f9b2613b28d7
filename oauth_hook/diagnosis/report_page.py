"""An explanation as a page: the findings, and two base strings one above the other, part by part.

What the page shows has gone through the redactor; here it is made harmless and short. The page is of bounded size,
whatever the request is.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..redaction.html_page import render_page, show_text
from .base_string_parts import URL_PARTS
from .comparison import ComparisonRow
from .findings import Finding
from .report import MORE_ROWS, Comparison, Explanation, clip_pair, count_common, describe_finding, shorten_middle

__all__ = ["REPORT_STYLE", "render_explanation"]

_MAX_PARTS = 400  # parts that the page shows, half of them kept for those that differ
_MAX_VALUE_CHARS = 300  # characters of a value, around the difference
_MAX_BASE_STRING_CHARS = 20_000  # characters of the whole base string
_MAX_FINDINGS = 50

_SECTIONS = {
    "oauth_consumer_key": "3.1", "oauth_token": "3.1", "oauth_version": "3.1", "oauth_signature_method": "3.4",
    "oauth_timestamp": "3.3", "oauth_nonce": "3.3", "oauth_callback": "2.1", "oauth_verifier": "2.3",
}  # fmt: skip

REPORT_STYLE = """
:root { --mark: #ffe1de; --tint: #fff6f5; --rule: #d5dbe3; --raised: #f3f5f8; }
@media (prefers-color-scheme: dark) { :root { --mark: #6b201c; --tint: #2b2023; --rule: #37424f; --raised: #232d39; } }
body { display: block; } main { max-width: 64rem; margin: 0 auto; }
h2 { margin: 2rem 0 .75rem; font-size: 1.125rem; } h3 { margin: 0 0 .375rem; font-size: 1rem; }
ol, ul { margin: 0 0 1rem; padding-left: 1.25rem; } a { color: var(--accent); }
code { font-size: .875rem; unicode-bidi: isolate; }
.request { margin: 0 0 .25rem; } .response { font-weight: 600; }
.findings { padding: 0; list-style: none; } .findings > li { margin: 0 0 1rem; padding: .75rem 1rem;
  border: 1px solid var(--rule); border-left: .25rem solid var(--accent); border-radius: .375rem; }
.findings p { margin: 0 0 .5rem; } .findings .about { margin: .5rem 0 0; }
.findings ul { margin: 0; font-size: .9375rem; }
h3 { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: baseline; }
h3 code { font-size: 1rem; } .tag { padding: 0 .5rem; font-size: .8125rem;
  font-weight: 400; border: 1px solid var(--line); border-radius: 1rem; }
.parts { padding: 0; list-style: none; border-bottom: 1px solid var(--rule); }
.parts > li { padding: .5rem .75rem; border-top: 1px solid var(--rule); border-left: .25rem solid transparent; }
.parts > .differs { background: var(--tint); border-left-color: var(--bad); }
.parts dl { margin: 0; } .parts dl > div { display: grid; grid-template-columns: 6rem 1fr; gap: .5rem; }
.parts dt { font-size: .8125rem; line-height: 1.5rem; } .parts dd { margin: 0; min-width: 0; word-break: break-all; }
.parts .name { font-weight: 600; } .about { margin: 0; font-size: .8125rem; color: var(--dim); }
.flag { padding: 0 .375rem; font-size: .8125rem; color: var(--bad); border: 1px solid; border-radius: .25rem; }
mark { color: inherit; font-weight: 700; background: var(--mark); border-bottom: 2px solid var(--bad); }
dd em { font-size: .875rem; } mark:empty::before { content: "\\2038"; }
pre { margin: 0 0 1rem; padding: .75rem; white-space: pre-wrap; word-break: break-all; background: var(--raised);
  border-radius: .375rem; }
@media (min-width: 48rem) { .parts > li { display: grid; grid-template-columns: 20rem 1fr; gap: 0 1rem; } }
@media (max-width: 30rem) { body { padding: 0; } main { padding: 1.25rem 1rem; border-radius: 0; box-shadow: none; }
  .parts > li { padding: .5rem; } .parts dl > div { grid-template-columns: 4.75rem 1fr; } }
@media print { :root { color-scheme: light; --ink: #000; --dim: #333; --ground: #fff; --card: #fff; --bad: #8a0f12;
  --line: #666; --rule: #999; --accent: #000; --mark: #fff; --tint: #fff; --raised: #fff; }
  body, main { padding: 0; } main { max-width: none; box-shadow: none; } li { break-inside: avoid; } }
"""


def render_explanation(explanation: Explanation) -> str:
    """Return the page."""
    findings = explanation.findings
    pieces = [
        f'<p class="request"><code>{show_text(explanation.request)}</code></p>' if explanation.request else "",
        f'<p class="response">{show_text(explanation.response)}</p>' if explanation.response else "",
        '<h2>What was found</h2>\n<ol class="findings">',
        *(_show_finding(number, finding) for number, finding in enumerate(findings[:_MAX_FINDINGS], 1)),
        "</ol>",
        "<h2>Ruled out</h2>" + _list_texts(explanation.ruled_out) if explanation.ruled_out else "",
        "" if explanation.comparison is None else _show_comparison(explanation.comparison),
        _show_base_string(explanation.base_string) if explanation.base_string else "",
        '<p class="dim">Secrets are left out of this page: *** stands for each.</p>',
    ]
    return render_page("A request, explained", "\n".join(filter(None, pieces)), REPORT_STYLE)


def _show_finding(number: int, finding: Finding) -> str:
    certainty, place = describe_finding(finding)
    tags = [certainty or "likely", *([place] if place else [])]
    shown = "".join(f' <span class="tag">{tag}</span>' for tag in tags)
    evidence = _list_texts(finding.evidence) if finding.evidence else ""
    url = show_text(finding.url)
    page = f'<a href="{url}">{url}</a>' if url.startswith("https://") else f"<code>{url}</code>"
    return (
        f"<li>\n<h3>{number}. <code>{show_text(finding.code)}</code>{shown}</h3>\n<p>{show_text(finding.summary)}</p>\n"
        f"<p><strong>What to do:</strong> {show_text(finding.advice)}</p>\n{evidence}"
        f'<p class="about">More about it: {page}</p></li>'
    )


def _list_texts(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{show_text(text)}</li>' for text in texts)}</ul>"


def _show_comparison(comparison: Comparison) -> str:
    """Return the base strings part by part."""
    rows = list(enumerate(comparison.rows))
    more = ""
    if rows and rows[-1][1].name == MORE_ROWS and (rows[-1][1].left or "").endswith(" more)"):
        more = str(rows.pop()[1].left).strip("()")
    differing = [row for row in rows if row[1].differs][: _MAX_PARTS // 2]
    same = [row for row in rows if not row[1].differs][: _MAX_PARTS - len(differing)]
    shown = sorted(differing + same, key=lambda row: row[0])
    sides = (comparison.left, comparison.right)
    parts = "\n".join(_show_part(row, sides, is_of_url=index < len(URL_PARTS)) for index, row in shown)
    left_out = [f"{len(rows) - len(shown):,} parts"] if len(shown) < len(rows) else []
    left_out += [f"{more} parameters"] if more else []
    note = f"<p>Left out, equal ones first: {' and '.join(left_out)}.</p>" if left_out else ""
    return f'<h2>The base string, part by part</h2>\n{_introduce(sides)}\n{note}<ol class="parts">\n{parts}\n</ol>'


def _introduce(sides: tuple[str, str]) -> str:
    if sides[0] == sides[1]:
        return "<p>What is signed, as RFC 5849 makes it of the request.</p>"
    left, right = (f"<strong>{show_text(side)}</strong>" for side in sides)
    return f"<p>Above: {left}. Below: {right}. Parts that differ have the sign ≠; what differs is underlined.</p>"


def _show_part(row: ComparisonRow, sides: tuple[str, str], *, is_of_url: bool) -> str:
    name = f'<span class="name"><code>{show_text(shorten_middle(row.name, _MAX_VALUE_CHARS))}</code></span>'
    flag = ' <span class="flag">≠ differs</span>' if row.differs else ""
    made = f"; from the {row.source}" if row.source else "; not in the request"
    about = f'<p class="about">{_cite_section(row.name, is_of_url=is_of_url)}{made}</p>'
    labels = sides if row.differs else ("both",) if sides[0] != sides[1] else sides[:1]
    values = zip(labels, _mark_difference(row.left, row.right), strict=False)
    shown = "".join(f"<div><dt>{show_text(label)}</dt><dd>{value}</dd></div>" for label, value in values)
    is_other = ' class="differs"' if row.differs else ""
    return f"<li{is_other}><div>{name}{flag}{about}</div><dl>{shown}</dl></li>"


def _cite_section(name: str, *, is_of_url: bool) -> str:
    if name == "oauth_body_hash":
        return "OAuth Request Body Hash extension"
    section = ("3.4.1.1" if name == "method" else "3.4.1.2") if is_of_url else _SECTIONS.get(name, "3.4.1.3.1")
    return f"RFC 5849 section {section}"


def _mark_difference(left: str | None, right: str | None) -> tuple[str, str]:
    """Return two values as HTML, with what differs in them marked."""
    absent = {None: "none", "": "empty"}
    mine, other = clip_pair(left, right, _MAX_VALUE_CHARS, {None: "", "": ""})
    start = _begin_of_escape(mine, count_common(mine, other))
    end = count_common(mine[start:][::-1], other[start:][::-1])
    end = max(0, end - max(_rest_of_escape(text, len(text) - end) for text in (mine, other)))
    shown = []
    for value, text in ((left, mine), (right, other)):
        middle, rest = text[start : len(text) - end], text[len(text) - end :]
        if not value:
            word = f"<em>({absent[value]})</em>"
            shown.append(word if left == right else f"<mark>{word}</mark>")
        elif left == right:
            shown.append(f"<code>{show_text(text)}</code>")
        else:
            pieces = f"{show_text(text[:start])}<mark>{show_text(middle)}</mark>{show_text(rest)}"
            shown.append(f"<code>{pieces}</code>")
    return shown[0], shown[1]


def _begin_of_escape(text: str, position: int) -> int:
    """Return a position that cuts no percent-escape in two."""
    escape = text.rfind("%", max(0, position - 2), position)
    return position if escape < 0 else escape


def _rest_of_escape(text: str, position: int) -> int:
    """Return how many characters of a percent-escape stand behind a position in it."""
    begin = _begin_of_escape(text, position)
    return 0 if begin == position else begin + 3 - position


def _show_base_string(text: str) -> str:
    left_out = len(text) - _MAX_BASE_STRING_CHARS
    note = f"<p>Its middle is left out: {left_out:,} characters.</p>" if left_out > 0 else ""
    shown = show_text(shorten_middle(text, _MAX_BASE_STRING_CHARS))
    return f"<h2>The request's base string as a whole</h2>\n{note}<pre><code>{shown}</code></pre>"
