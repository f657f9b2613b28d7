"""Each cause that ``explain`` finds leads to a page about it, in a clone and in a release."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tables import for_each

from oauth_hook.diagnosis import Explanation, Finding
from oauth_hook.diagnosis.findings import ADVICE
from oauth_hook.diagnosis.findings import QUESTIONS as ASKED
from oauth_hook.version import find_documentation

ROOT = Path(__file__).parent.parent.parent
# What users' programs rely on, whatever ADVICE has besides.
CODES = re.findall(r"[\w-]+", """
    unsigned clock-skew nonce-reused consumer-key consumer-secret token-key token-secret token-missing token-expired
    secret-whitespace signing-key-encoding method scheme host port path double-encoding plus-as-space body-not-signed
    body-signed body-changed query-changed duplicate-parameters parameter-order signature-method callback-missing
    verifier-missing content-type insecure-transport redirected percent-encoding charset realm empty-value
    no-cause-found
""")  # fmt: skip
QUESTIONS = {
    "signature-invalid": ["signature_invalid", "Invalid signature"],
    "could-not-authenticate-you": ["Could not authenticate you"],
    "timestamp-refused": ["timestamp_refused", "Timestamp"],
    "nonce-already-used": ["nonce_used", "Nonce already used"],
    "consumer-key-unknown": ["consumer_key_unknown", "consumer key"],
    "callback-not-confirmed": ["Callback not confirmed"],
    "token-rejected": ["token_rejected", "expired token"],
    "too-many-requests": ["429", "Too Many Requests"],
}

in_a_clone = pytest.mark.skipif(find_documentation() != "docs", reason="this is a release, whose pages have a URL")


def titles(page: Path) -> list[str]:
    """Return the titles of a page, the page's own first."""
    return re.findall(r"^(\S.*)\n[=-]{3,}$", page.read_text(encoding="utf-8"), re.MULTILINE)


@in_a_clone
@for_each("code", sorted({*CODES, *ADVICE}))
def test_each_code_has_a_page(code):
    """The URL of a finding is that of a file; where it has a section for each code, of that section."""
    finding = Finding(code, "It is.")
    path, _, section = finding.url.partition("#")
    assert section in ("", code)
    assert not section or section in titles(ROOT / path)
    assert titles(ROOT / path)
    assert finding.to_dict()["url"] == finding.url
    explanation = Explanation((finding, Finding("path", "Or it is.")))
    assert str(explanation).splitlines().count(f"   See {finding.url}") == 1
    assert f"See {finding.url}" in explanation.brief
    assert f"<code>{finding.url}</code>" in explanation.to_html()


@for_each(("page", "words"), QUESTIONS.items())
def test_a_question_is_found_by_its_words(page, words):
    """The title of a page has the words that a server says; it shows real output, a way out, and what explain says."""
    path = ROOT / "docs" / "questions" / f"{page}.rst"
    assert [word for word in words if word not in titles(path)[0]] == []
    text = path.read_text(encoding="utf-8")
    assert ">>> " in text
    assert "way out" in text.lower()
    codes = [code for code, answered in ASKED.items() if answered == page]
    assert [code for code in codes if f"``{code}``" not in text] == [] or page == "signature-invalid"
    assert ":doc:`/explanation/codes`" in text or not codes


def test_the_page_of_codes_is_up_to_date(monkeypatch):
    """``docs/explanation/codes.rst`` is made of the advice."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    codes_page = importlib.import_module("codes_page")
    assert codes_page.PAGE.read_text(encoding="utf-8") == codes_page.make_page(), "python docs/_ext/codes_page.py"


def test_a_release_has_whole_urls(tmp_path):
    """Where the package's metadata name the documentation, findings lead there; the page of an explanation links it."""
    info = tmp_path / "requests_oauth_hook-1.0.0.dist-info"
    info.mkdir()
    index = "https://host.example/owner/name/blob/v1.0.0/docs/index.rst"
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: requests-oauth-hook\nVersion: 1.0.0\nProject-URL: Documentation, {index}\n"
    )
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from oauth_hook.diagnosis import Explanation, Finding\n"
        "for code in ('path', 'nonce-reused'):\n"
        "    url = Finding(code, 'It is.').url\n"
        "    print(url, f'href=\"{url}\"' in Explanation((Finding(code, 'It is.'),)).to_html())\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.split() == [
        "https://host.example/owner/name/blob/v1.0.0/docs/explanation/codes.rst#path", "True",
        "https://host.example/owner/name/blob/v1.0.0/docs/questions/nonce-already-used.rst", "True",
    ]  # fmt: skip
