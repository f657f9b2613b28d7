"""Which service an account is at: four ways to say it, read and printed by one type."""

from __future__ import annotations

import pytest
from tables import for_each

from oauth_hook import UsageError, credentials
from oauth_hook.credentials import ServiceKind, ServiceReference

URLS = "https://a.example/request https://a.example/authorize https://a.example/access"

# what a store has -> its kind, and what it is shown as
REFERENCES = {
    "tumblr": (ServiceKind.NAME, "tumblr"),
    "my-service": (ServiceKind.NAME, "my-service"),
    "": (ServiceKind.NAME, ""),
    "https://pump.example": (ServiceKind.SERVER, "https://pump.example"),
    "https://pump.example/a.json": (ServiceKind.SERVER, "https://pump.example/a.json"),
    "alice@pump.example": (ServiceKind.SERVER, "pump.example"),
    "pump.example:8443": (ServiceKind.SERVER, "pump.example:8443"),
    "localhost:5000": (ServiceKind.SERVER, "localhost:5000"),
    "/srv/alice/services/tumblr.json": (ServiceKind.FILE, "/srv/alice/services/tumblr.json"),
    "/srv/alice/my own services/mine": (ServiceKind.FILE, "/srv/alice/my own services/mine"),
    "mine.json": (ServiceKind.FILE, "mine.json"),
    "./mine": (ServiceKind.FILE, "./mine"),
    URLS: (ServiceKind.URLS, "https://a.example/authorize"),
    "magento?host=shop.example:8443": (ServiceKind.NAME, "magento?host=shop.example:8443"),
    "/srv/mine.json?account=1&host=a.example": (ServiceKind.FILE, "/srv/mine.json?account=1&host=a.example"),
    "https://pump.example/?a=b": (ServiceKind.SERVER, "https://pump.example/?a=b"),
    "/srv/what?.json": (ServiceKind.FILE, "/srv/what?.json"),
}


@for_each(("text", "kind", "label"), [(text, *row) for text, row in REFERENCES.items()])
def test_a_reference_is_read_and_printed(text, kind, label):
    """What a store has is read for what it means, and printed as it was; one property has a value, its kind's."""
    reference = ServiceReference.parse(text)
    assert (reference.kind, str(reference), reference.label) == (kind, text, label)
    said = {
        ServiceKind.NAME: reference.name,
        ServiceKind.SERVER: reference.url,
        ServiceKind.FILE: reference.path,
        ServiceKind.URLS: None if reference.urls is None else " ".join(reference.urls),
    }
    tenant = "&".join(f"{name}={value}" for name, value in reference.tenant)
    said = {each: value for each, value in said.items() if value is not None}
    assert said == {kind: text.removesuffix(f"?{tenant}") if tenant else text}
    assert bool(tenant) is ("=" in text and "://" not in text)


@pytest.mark.parametrize("text", ["C:\\services\\mine", "C:/services/mine", "services/mine", ".\\mine", "mine.json"])
def test_a_path_has_either_separator_on_windows(monkeypatch, text):
    """There a service may be named by its file with backslashes and with slashes."""

    class Windows:
        sep, altsep = "\\", "/"

    monkeypatch.setattr(credentials, "os", Windows)
    assert ServiceReference.parse(text).path == text
    assert ServiceReference.parse("tumblr").path is None
    assert ServiceReference.parse("https://api.example.com/").path is None


@for_each(
    ("one", "other", "is_same"),
    [
        ("alice@pump.example", "https://Pump.Example/", True),
        ("alice@pump.example", "bob@PUMP.example", True),
        ("pump.example", "http://pump.example/whatever", True),
        ("pump.example", "pump.example:8443", False),
        ("alice@pump.example", "alice@other.example", False),
        ("tumblr", "tumblr", True),
        ("tumblr", "flickr", False),
        ("tumblr", "tumblr.example", False),
        ("/a/mine.json", "/a/mine.json", True),
        ("/a/mine.json", "/A/mine.json", False),
        (URLS, URLS, True),
        (URLS, "https://a.example", False),
        ("magento?host=a.example", "magento?host=a.example", True),
        ("magento?host=a.example", "magento?host=b.example", False),
        ("magento?host=a.example", "magento", True),
        ("magento?host=a.example", "jira?host=a.example", False),
    ],
)
def test_two_references_to_one_service(one, other, is_same):
    """A server is the same in every spelling that has its host; all else is the same where it is spelled alike."""
    first, second = ServiceReference.parse(one), ServiceReference.parse(other)
    assert first.is_same_service(second) is second.is_same_service(first) is is_same


def test_only_text_is_a_reference():
    """What is no text is refused."""
    with pytest.raises(UsageError, match="service"):
        ServiceReference.parse(None)
