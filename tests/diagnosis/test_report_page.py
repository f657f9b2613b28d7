"""How an explanation is shown: as a page (``to_html``), and as text in the columns of a terminal."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import requests

from oauth_hook import AccessToken, Consumer, OAuthHook, explain, sign
from oauth_hook.diagnosis.findings import Finding
from oauth_hook.diagnosis.report import Explanation, clip_pair, shorten_middle

CONSUMER, TOKEN = Consumer("key", "consumer-hunter2"), AccessToken("token", "token-hunter2")
HOOK = OAuthHook(TOKEN.key, TOKEN.secret, CONSUMER.key, CONSUMER.secret, header_auth=True)
FORM = "application/x-www-form-urlencoded"
VOID = {"meta", "br", "input", "link", "img"}
LEGIBLE = 4.5  # WCAG 2.2, 1.4.3: contrast of text and what is behind it


class Page(HTMLParser):
    """What a page has, and whether its elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.parts: list[str] = []  # the text of each part of the base string
        self.marked: list[str] = []
        self.text = self.title = self.style = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")
        if tag not in VOID:
            self.open.append(tag)
        if tag == "li":
            self.parts.append("")
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            self.style += data
            return
        self.text += data
        self.title += data if "title" in self.open else ""
        if "li" in self.open:
            self.parts[-1] += data + " "
        if "mark" in self.open:
            self.marked[-1] += data

    def part(self, name: str) -> str:
        """Return the text of the part of that name."""
        (found,) = [part for part in self.parts if part.startswith(f"{name} ")]
        return " ".join(found.split())


def changed(before: str, after: str, url: str = "https://api.example.com/a?x=1", body: bytes | None = None, **headers):
    """Return the explanation of a request that was changed after signing."""
    headers = {"Content-Type": FORM, **headers} if body else headers
    request = HOOK(requests.Request("POST", url, headers=headers, data=body).prepare())
    request.url = request.url.replace(before, after)
    return explain(request, CONSUMER, TOKEN)


def test_both_base_strings_stand_one_above_the_other():
    """Each part has its section of the RFC and what it was made from; where they differ, that is marked."""
    page = Page(changed("x=1", "x=2", body=b"y=3", Host="api.example.com").to_html())
    assert page.part("x") == "x ≠ differs RFC 5849 section 3.4.1.3.1; from the query signed 1 sent 2"
    assert page.marked == ["1", "2"]
    assert page.part("y") == "y RFC 5849 section 3.4.1.3.1; from the form both 3"
    assert page.part("oauth_nonce").startswith("oauth_nonce RFC 5849 section 3.3; from the header both ")
    assert page.part("method") == "method RFC 5849 section 3.4.1.1; from the request line both POST"
    assert page.part("host") == "host RFC 5849 section 3.4.1.2; from the Host header both api.example.com"
    assert page.part("path") == "path RFC 5849 section 3.4.1.2; from the URL both /a"


def test_a_part_that_one_side_lacks_is_shown_as_lacking():
    """A parameter that was added is there on one side, and "none" on the other."""
    assert "signed (none) sent 2" in Page(changed("x=1", "x=1&z=2").to_html()).part("z")
    assert "signed 1 sent (empty)" in Page(changed("x=1", "x=").to_html()).part("x")
    removed = Page(changed("x=1", "").to_html()).part("x")
    assert removed == "x ≠ differs RFC 5849 section 3.4.1.3.1; not in the request signed 1 sent (none)"


def test_escapes_are_marked_as_a_whole():
    """The mark cuts no percent-escape in two."""
    assert Page(changed("x=a%2Bb", "x=a%20b", "https://api.example.com/?x=a%2Bb").to_html()).marked == ["%2B", "%20"]


def test_the_findings_are_on_the_page():
    """Code, certainty, side, message, advice and evidence; what was ruled out; the request and the response."""
    explanation = changed("x=1", "x=2")
    page = Page(explanation.to_html())
    first = explanation.findings[0]
    for text in (first.code, "proven", first.summary, first.advice, *first.evidence, explanation.request):
        assert text in page.text
    assert explanation.base_string in page.text


@pytest.mark.parametrize(
    ("made", "text", "tags"),
    [
        ({"rank": 90, "side": "signer"}, "1. path, in the client's code", ["likely", "in the client's code"]),
        ({"rank": 90, "side": "server"}, "1. path, on the server", ["likely", "on the server"]),
        (
            {"rank": 90, "side": "between"},
            "1. path, between client and server",
            ["likely", "between client and server"],
        ),
        ({"rank": 0}, "1. path (candidate)", ["candidate"]),
        ({"rank": 90}, "1. path", ["likely"]),
    ],
)
def test_how_certain_it_is_and_whose_mistake_stands_beside_the_code(made, text, tags):
    """On the page and in the text, for each side; where nobody knows, nothing is said of it."""
    finding = Finding("path", "It is.", **made)
    assert text in str(Explanation((finding,))).splitlines()
    assert re.findall('<span class="tag">(.*?)</span>', unescape(Explanation((finding,)).to_html())) == tags


@pytest.mark.promise("a-page-runs-and-loads-nothing")
def test_a_page_is_well_made():
    """It has a language, a title and one heading of the first order; it loads and runs nothing, and prints."""
    text = changed("x=1", "x=2").to_html()
    page = Page(text)
    assert page.attributes["lang"] == ["en"]
    assert page.title
    assert page.tags.count("h1") == 1
    assert {"script", "link", "img", "iframe", "object", "form"}.isdisjoint(page.tags)
    assert {"src", "style", "onload", "onclick"}.isdisjoint(page.attributes)
    assert all(link.startswith("https://") for link in page.attributes.get("href", []))  # a release's pages
    assert not re.search(r"url\(|@import|@font-face|javascript:", text)
    assert all(f"@media {query}" in page.style for query in ("print", "(prefers-color-scheme: dark)"))


def colours_of(style: str) -> list[dict[str, str]]:
    """Return the colours by their names, in light, in dark and on paper."""
    light, dark = {}, {}
    for block in re.finditer(r"(@media \(prefers-color-scheme: dark\) \{ )?:root \{([^}]*)\}", style):
        found = dict(re.findall(r"--([\w-]+): #(\w+);", block[2]))
        (dark if block[1] else light).update(found)
    (paper,) = re.findall(r"@media print \{ :root \{([^}]*)\}", style)
    printed = dict(re.findall(r"--([\w-]+): #(\w+);", paper))
    screen = {name: colour for name, colour in light.items() if name not in printed}
    # The block of paper is the last one of :root, so that it has overwritten those of light.
    first = {}
    for block in re.finditer(r":root \{([^}]*)\}", style.partition("@media print")[0]):
        for name, colour in re.findall(r"--([\w-]+): #(\w+);", block[1]):
            first.setdefault(name, colour)
    return [first, first | dark, screen | printed]


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    digits = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "paper"])
def test_text_is_legible(scheme):
    """Text stands out from what is behind it, in light, in dark and on paper."""
    colours = colours_of(Page(changed("x=1", "x=2").to_html()).style)[scheme]
    for text, behinds in {"ink": ("card", "tint", "mark", "raised"), "dim": ("card", "tint"), "bad": ("tint",)}.items():
        for behind in behinds:
            bright, dark = sorted((luminance(colours[text]), luminance(colours[behind])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= LEGIBLE, (text, behind)


HOSTILE = "<script>alert(1)</script>\"'&\u202e\u2066\u200b\ufeff\x00\x1b[31m\x07"


@pytest.mark.promise("a-page-runs-and-loads-nothing")
def test_what_came_from_outside_is_harmless():
    """Markup is text, and what cannot be seen or turns the order of others stands there by its number."""
    response = SimpleNamespace(
        status_code=401, reason=HOSTILE, headers={"WWW-Authenticate": f'OAuth oauth_problem="{HOSTILE}"'},
        _content=HOSTILE.encode(),
        request=requests.Request(
            "POST", "https://api.example.com/<b>", data={HOSTILE: HOSTILE},
            auth=OAuthHook("t", "s", "c", "d", header_auth=True),
        ).prepare(),
    )  # fmt: skip
    parts = (HOSTILE,) * 2
    made = Explanation((Finding(HOSTILE, HOSTILE, parts, remedy=HOSTILE),), HOSTILE, HOSTILE, parts, HOSTILE)
    for explanation in (explain(response, server_base_string=HOSTILE), made):
        text = explanation.to_html()
        assert "<script" not in text
        assert "<b>" not in text
        assert all(c.isprintable() or c == "\n" for c in text)
        Page(text)
    assert "⟨U+202E⟩" in made.to_html()


@pytest.mark.promise("explain-shows-no-secret")
def test_no_secret_is_on_the_page():
    """Neither ours nor one that the request carries, wherever it stands."""
    url = "https://api.example.com/a?password=query-hunter2&x=consumer-hunter2"
    signed = sign("GET", url, consumer=CONSUMER, token=TOKEN, verifier="verifier-hunter2", signature_method="PLAINTEXT")
    request = requests.Request("GET", signed.url, headers=signed.headers).prepare()
    request.url = request.url.replace("https://", "https://u:pass-hunter2@")
    response = SimpleNamespace(
        status_code=401, headers={}, _content=b"bad token-hunter2 consumer%2Dhunter2", request=request
    )
    text = explain(response, CONSUMER, TOKEN).to_html()
    assert "hunter2" not in text
    assert "***" in text


def seconds_of(explanation: Explanation) -> float:
    begin = time.thread_time()
    explanation.to_html()
    return time.thread_time() - begin


def test_thousands_of_parameters_make_a_bounded_page():
    """The page says how many parts it leaves out, and leaves out none of the few that differ."""
    names = [f"p{number:04}" for number in range(5000)]
    url = "https://api.example.com/?" + "&".join(f"{name}={'v' * 100}" for name in names)
    explanation = changed("p4711=v", "p4711=w", url)
    page = Page(explanation.to_html())
    assert "signed v vvv" in page.part("p4711")
    assert re.search(r"Left out, equal ones first: [0-9,]+ parts and [0-9,]+ more parameters", page.text)
    assert len(explanation.to_html()) < 500_000
    assert seconds_of(explanation) < 1


@pytest.mark.parametrize("value", ["v" * 10_000_000, "\u202e" * 1_000_000, "%00" * 1_000_000])
def test_a_huge_value_makes_a_bounded_page(value):
    """Ten megabytes are measured, and not shown."""
    request = SimpleNamespace(
        method="POST", url="https://api.example.com/?" + value[:50_000], body=f"a={value}".encode(),
        headers={"Content-Type": FORM, "Authorization": 'OAuth oauth_consumer_key="k", oauth_signature="x"'},
    )  # fmt: skip
    explanation = explain(request, CONSUMER)
    assert len(explanation.to_html()) < 500_000
    assert seconds_of(explanation) < 1


# Text


def test_the_text_fits_eighty_columns():
    """No line is wider than a terminal, however long names and values are."""
    long = "n" * 100
    explanation = changed("z=1", "z=2", f"https://api.example.com/{long * 5}?{long}={long * 3}&z=1&{long}x={long}")
    lines = str(explanation).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("POST https://api.example.com/nnn")
    (place,) = [number for number, line in enumerate(lines) if line.startswith("1. query-changed (proven)")]
    assert place < 6  # the URL leaves room for it on the first screen


def test_the_first_screen_says_what_to_change():
    """Request, response, cause, what to do and the evidence, before anything else."""
    explanation = changed("x=1", "x=2")
    screen = "\n".join(str(explanation).splitlines()[:24])
    advice = explanation.findings[0].advice[:20]
    for text in ("query-changed (proven)", "x differs", advice, "x: 1 was signed, 2 was sent", "!= x"):
        assert text in screen


@pytest.mark.parametrize("length", [10, 40, 100, 1500])
def test_keys_that_differ_at_their_end_look_different(length):
    """Names and values are cut in their middle: what differs is in sight."""
    key = "k" * length
    explanation = changed("x=k", "x=k", f"https://api.example.com/?x={key}1&{key}1=a&{key}2=b")
    text = str(explanation)
    names = [line.split()[0] for line in text.splitlines() if line.strip().startswith("k")]
    assert len({*names}) == len(names) == 2
    explanation = changed(f"x={key}1", f"x={key}2", f"https://api.example.com/?x={key}1")
    signed, sent = re.findall(r"(?:signed|sent) {2,}(\S+)$", str(explanation), re.MULTILINE)
    assert (signed[-1], sent[-1]) == ("1", "2")


def test_values_are_shortened_around_what_differs():
    """A long value is cut where it says the least."""
    assert clip_pair("a" * 50 + "X" + "b" * 50, "a" * 50 + "Y" + "b" * 50, 12) == (
        "...aaaaXbbbbbbb...",
        "...aaaaYbbbbbbb...",
    )
    assert clip_pair("a" * 50, "a" * 50, 11) == ("aaaa...aaaa",) * 2
    assert clip_pair(None, "", 11) == ("(none)", "(empty)")
    assert shorten_middle("0123456789", 10) == "0123456789"
    assert shorten_middle("0123456789x", 10) == "0123...89x"


def test_a_secret_that_is_a_common_word_does_not_blank_the_names_of_parts():
    """What stands in every base string is shown, whatever the secret is."""
    request = HOOK(requests.Request("GET", "https://api.example.com/").prepare())
    text = explain(request, Consumer("key", "oauth_token"), AccessToken("token", "scheme")).to_html()
    assert {"scheme", "oauth_token"} <= {part.split()[0] for part in Page(text).parts if "RFC 5849 section" in part}
