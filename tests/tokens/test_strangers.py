"""What a server that nobody knows yet may name: where our requests go on to, and how its text is to be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from encodings.aliases import aliases
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from oauth_hook import Consumer, OAuthFlow, ProviderError, RequestToken, discover, register_client
from oauth_hook.client import Client, Token
from oauth_hook.protocol.encoding import decode_text

if TYPE_CHECKING:
    from conftest import Recorder

CONSUMER = Consumer("c", "consumer-hunter2")
Calls = dict[str, Callable[[str, "requests.Session | None"], object]]


def flow_at(url: str, session: requests.Session | None, **more: str) -> OAuthFlow:
    return OAuthFlow(CONSUMER, url, url, url, session=session, timeout=5, **more)


CALLS: Calls = {
    "discover": lambda url, session: discover(url, scheme="http", session=session, timeout=5),
    "register": lambda url, session: register_client(url, application_name="a", session=session, timeout=5),
    "request token": lambda url, session: flow_at(url, session).fetch_request_token(),
    "access token": lambda url, session: flow_at(url, session).fetch_access_token(RequestToken("t", "s"), "v"),
    "in the query": lambda url, session: flow_at(url, session, placement="query").fetch_request_token(),
    "call_api": lambda url, session: Client("c", "s", timeout=5).call_api(Token("t", "s"), url),
}


@pytest.mark.promise("no-netrc-entry-and-no-cookie-goes-elsewhere")
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_a_netrc_entry_goes_nowhere(call, own, server: Recorder, abroad: Recorder, tmp_path: Path, monkeypatch):
    """requests sends a ``.netrc`` entry to wherever a server redirects; ours have credentials of their own, or none."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login alice password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with requests.Session() as session:
        assert requests.get(server.url).ok  # of the application's own, to see that the entry is found
        assert server.last.authorization.startswith("Basic ")
        for target in (server.url + "/there", abroad.url + "/there"):
            server.received.clear()
            server.answer = lambda got, target=target: (
                (307, {"Location": target}, b"") if got.target.partition("?")[0] != "/there" else (401, {}, b"no")
            )
            abroad.answer = lambda got: (401, {}, b"no")
            with pytest.raises(ProviderError):
                CALLS[call](server.url + "/", session if own else None)
            assert server.received
            for got in server.received + abroad.received:
                assert "Basic" not in str(got.headers)
                assert b"hunter2" not in got.body


@pytest.mark.promise("no-netrc-entry-and-no-cookie-goes-elsewhere")
@pytest.mark.parametrize("call", CALLS)
def test_a_cookie_stays_where_it_is_from(call, server: Recorder, abroad: Recorder):
    """Neither a cookie that the first server sets nor one that the session's headers have goes on to another."""
    server.answer = lambda got: (307, {"Location": abroad.url, "Set-Cookie": "a=hunter2; Domain=127.0.0.1"}, b"")
    abroad.answer = lambda got: (401, {}, b"no")
    with requests.Session() as session:
        session.headers["Cookie"] = "b=hunter2"
        session.cookies.set("c", "hunter2", domain="service.example")
        with pytest.raises(ProviderError):
            CALLS[call](server.url + "/", session)
    for got in abroad.received:
        assert "b=hunter2" not in str(got.headers)
        assert "c=hunter2" not in str(got.headers)


# --- charsets ---

SLOW = [
    "punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf-7", "zlib", "bz2", "uu", "hex", "base64", "rot13",
    "undefined", "mbcs", "oem", "quopri", "no-such", "x" * 100_000, "utf-8\0", "../../evil", "", "\xe9moji",
]  # fmt: skip


@pytest.mark.parametrize("charset", SLOW)
def test_a_charset_that_no_text_is_sent_in_is_utf_8(charset):
    """It costs no more than UTF-8 does, whatever Python would make of the name."""
    data = ("xn--é\\u0041+AGE-" * 60_000).encode()
    begin = time.thread_time()
    text = decode_text(data, charset)
    assert text == data.decode()
    assert time.thread_time() - begin < 0.5


@pytest.mark.parametrize(
    "charset",
    ["utf-8", "UTF8", "us-ascii", "iso-8859-1", "latin1", "ISO-8859-15", "windows-1252", "cp1251", "koi8-r", "utf-16",
     "utf-16le", "shift_jis", "euc-jp", "iso-2022-jp", "gbk", "gb18030", "big5", "euc-kr", "macintosh"],
)  # fmt: skip
def test_a_charset_that_text_is_sent_in_is_known(charset):
    """The charsets of the web, by their usual names."""
    assert decode_text("plain & simple".encode(charset), charset) == "plain & simple"
    assert decode_text(b"\xff\xfe\x81", charset) is not None


@pytest.mark.promise("strangers-are-read-in-linear-time")
def test_every_known_charset_is_linear():
    """No charset that is decoded takes long, of whatever bytes."""
    for name in sorted({*aliases.values()}):
        for piece in (b"a", b"\x1b$B", bytes(range(256))):
            begin = time.thread_time()
            decode_text(piece * (100_000 // len(piece)), name)
            assert time.thread_time() - begin < 0.5, name


@pytest.mark.promise("a-timeout-bounds-the-whole-response")
@pytest.mark.parametrize("call", ["discover", "request token", "register", "call_api"])
def test_a_slow_charset_outlives_no_deadline(call, server: Recorder):
    """A server that names punycode for 900 KB is read at once, and its text with it."""
    body = b"a" * 900_000 + b"-" + "é".encode()
    server.answer = lambda got: (401, {"Content-Type": "text/plain; charset=punycode"}, body)
    begin = time.process_time()
    with pytest.raises(ProviderError):
        CALLS[call](server.url + "/", None)
    assert time.process_time() - begin < 5
