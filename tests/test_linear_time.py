"""Whatever reads what a stranger sent takes time as it is long, and not as its square.

Every reader gets texts that are made to be slow: a beginning that it takes seriously, and then pieces over and over.
The time of the processor is compared with that of a text four times as long: sixteen times as much is a square.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_each

from oauth_hook import (
    AccessToken,
    Consumer,
    LoopbackReceiver,
    OAuthFlow,
    OAuthHookError,
    RequestToken,
    explain,
    sign,
    verify,
)
from oauth_hook.cassettes import scrub_request, scrub_response, scrub_text
from oauth_hook.cli.saved import read_saved
from oauth_hook.client import Client
from oauth_hook.diagnosis.server_messages import expected_signature, read_refusal
from oauth_hook.protocol.placement import parse_authorization
from oauth_hook.protocol.problem_reporting import read_form, read_html, read_problem, server_time
from oauth_hook.provider.messages import BadRequestError, Request, parse_pairs
from oauth_hook.provider.parameters import collect
from oauth_hook.provider.problems import Refusal
from oauth_hook.redaction import Redactor, redact
from oauth_hook.redaction.request_secrets import find_carried_secrets, redact_url
from oauth_hook.tokens.discovery import read_links
from oauth_hook.tokens.http import WholeResponse, build_refusal
from oauth_hook.tokens.token_response import parse_json_object, read_token

# The search for a signature's cause ends by the clock, whatever it is given, and would hide what goes before it.
pytestmark = pytest.mark.usefixtures("short_search")

CONSUMER, TOKEN, REQUEST_TOKEN = (
    Consumer("c", "consumer'secret"),
    AccessToken("t", "token&secret"),
    RequestToken("t", "s"),
)
URL = "http://127.0.0.1/"
SIGNED = sign("GET", URL, consumer=CONSUMER, token=TOKEN)
FLOW = OAuthFlow(CONSUMER, URL, URL, URL)
REDACTOR = Redactor([CONSUMER.secret, TOKEN.secret])
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Recorded:
    """A request as vcrpy has it."""

    def __init__(self, text):
        self.uri, self.headers, self.body = (
            URL + text,
            {"Cookie": text, "X-A": text, "Authorization": text},
            text.encode(),
        )


def respond(text, **headers):
    """Return a response of requests that says a text, to a signed request."""
    response = requests.Response()
    response.status_code, response._content = 401, text.encode()
    response.headers.update(headers)
    response.request = requests.Request("GET", SIGNED.url, headers=SIGNED.headers).prepare()
    return response


def explain_request(text, *, header=False, body=False):
    request = requests.Request("POST", URL).prepare()
    request.url = URL if header or body else f"{URL}{text}?{text}#{text}"
    request.headers.update({"Authorization": f"OAuth {text}", "Cookie": text, "X-Token": text} if header else FORM)
    request.body = text if body else None
    return str(explain(request, CONSUMER, TOKEN))


def ask_provider(text, place):
    """Give a request to what reads parameters in the provider."""
    header = f"OAuth {text}" if place == "header" else ""
    form = text.encode() if place == "form" else None
    query = text if place == "query" else ""
    request = Request("POST", "http", "h", "/", "/", query, header, FORM["Content-Type"], iter(()))
    collect(request, form)


READERS = {
    "redact": redact,
    "redactor": REDACTOR,
    "redactor, in part": partial(REDACTOR, most=500),
    "cassette, text": scrub_text,
    "cassette, request": lambda text: scrub_request(Recorded(text)),
    "cassette, response": lambda text: scrub_response(
        {"headers": {"Set-Cookie": [text], "Location": [text]}, "body": {"string": text.encode()}, "m": text}
    ),
    "cassette, UTF-16": lambda text: scrub_response({"headers": {}, "body": {"string": text.encode("utf-16")}}),
    "cassette, binary": lambda text: scrub_response({"headers": {}, "body": {"string": b"--\0" + text.encode()}}),
    "secrets of a request": lambda text: find_carried_secrets(
        requests_message(text), [], {"cookie": text, "authorization": text, "x-authorization": text}
    ),
    "URL without secrets": redact_url,
    "problem, header": lambda text: read_problem({"WWW-Authenticate": text}),
    "problem, body": partial(read_problem, {}),
    "problem, page": lambda text: read_problem({}, text, anywhere=True),
    "times": lambda text: server_time({"Date": text}, text),
    "page": read_html,
    "form of a problem": read_form,
    "refusal": lambda text: read_refusal(401, {}, text, REDACTOR, sent=text),
    "refusal of status 200": lambda text: read_refusal(200, {"Content-Type": "text/html"}, text, REDACTOR),
    "refusal, header": lambda text: read_refusal(401, {"WWW-Authenticate": text}, "", REDACTOR),
    "refusal, JSON": lambda text: read_refusal(400, {"Content-Type": "application/json"}, text, REDACTOR),
    "expected signature": lambda text: expected_signature(text, "a" * 28),
    "error": lambda text: build_refusal(WholeResponse(respond(text), text), "the token", [CONSUMER.secret]),
    "explain, response": lambda text: str(explain(respond(text))),
    "explain, header": lambda text: str(explain(respond("", **{"WWW-Authenticate": text, "Location": text}))),
    "explain, base string": lambda text: str(explain(respond(""), server_base_string=text)),
    "explain, request": explain_request,
    "explain, request's header": partial(explain_request, header=True),
    "explain, request's form": partial(explain_request, body=True),
    "callback": lambda text: FLOW.parse_callback(text, REQUEST_TOKEN),
    "token": lambda text: read_token(AccessToken, text, 0.0),
    "token, JSON": parse_json_object,
    "Falcon's form": Client.parse_qs,
    "links": read_links,
    "Authorization": lambda text: parse_authorization(f"OAuth {text}"),
    "verify, header": lambda text: verify("GET", URL, headers={"Authorization": f"OAuth {text}"}, consumer=CONSUMER),
    "verify, URL": lambda text: verify("GET", f"{URL}{text}?{text}", consumer=CONSUMER),
    "verify, form": lambda text: verify("POST", URL, headers=FORM, body=text, consumer=CONSUMER),
    "provider, header": partial(ask_provider, place="header"),
    "provider, query": partial(ask_provider, place="query"),
    "provider, form": partial(ask_provider, place="form"),
    "provider, pairs": lambda text: parse_pairs(text, "form"),
    "saved": lambda text: read_saved(text.encode()),
}  # fmt: skip

PIECES = [
    " ", "\n", "\r\n", "\n ", "\t", "<", ">", "a", "-", "a-", "_", "0", "9", "=", "&", "&a=b", '"', "'", "\\",
    '\\"', "/", "//", "/*", "*/", ",", ";", ":", ": ", "%", "%25", "%2525", "%0A", "+", "?", "#", "@", "//a@", "[",
    "]", "{", "}", '{"a":', '["', '{"a":"', "{'a':", "(", "oauth_", "oauth_token=", 'oauth_token="a",',
    "oauth_problem=", "oauth_problem ", "oauth_token", "secret", "secret=", '"secret":', '"secret":[',
    "name=secret", '"secret",', "<secret>", "</secret>", "<![CDATA[", "]]>", "<!--", "-->", "<a ", "<a b='",
    '<a b="', "<p>", "<h1>", "<title>", "<script>", "<input name=secret ", "<err msg=", "<!DOCTYPE",
    "<dt>secret</dt>", "&#", "&#1", "&amp;", "&lt;", "\\u0022", "\\u", "\\x22", "Cookie: ", "cookie=a;",
    "authorization: ", "OAuth ", "OAuth realm=", "oauth realm=\"", "eyJhbGciOi.", "PRIVATE KEY-----",
    "QUJDQUJDQUJDQUJDQUJDQUJDQUJD ", "--b\r\n", 'form-data; name="secret"\r\n', "> GET / HTTP/1.1\n",
    "HTTP/1.1 100 a\n", "curl ", "-H ", "\\\n", "^\n", "$'", "<= Recv header, 9 bytes\n", "0000: ",
    "Error: oauth_a ", "token ", "An error occurred in the OAuth protocol: ", "GET&http%3A%2F%2Fh%2F&", "expected ",
    "a.b", "\u00e9", "\x00", "://", "http://", "send: b'GET / HTTP/1.1", "<- \"", ">> \"", "header: ",
    "< GET / HTTP/1.1\n", "---request begin---", "a: GET http://a/\n", " << 401 ", "--> GET http://a\n", "###\n",
    "@a=b\n", "{{a}}", "```\n", "\u201c", " \u2013a", '"Request Headers": {', "Request Headers\n", ":authority\n",
    "URL: a\n", 'fetch("a",{', "irm ", "@{", "`", "10:00:00.000000 ", '"GET / HTTP/1.1\\r\\n"\n',
    "2026 GET / HTTP/1.1\n",
]  # fmt: skip
BEGINNINGS = [
    "", '{"secret":', '{"a": "', "<html>", "<error>", "oauth_token=", "oauth_problem=", 'OAuth realm="',
    "GET / HTTP/1.1\n", "HTTP/1.1 401 No\n\n", "curl '", "> GET / HTTP/1.1\n", '{"log": {"entries": [', "--b\r\n",
    "send: b'GET / HTTP/1.1\\r\\n'\n", "a: GET http://a/\n", "irm 'http://a' ", "GET http://a/: {", "Request Headers\n",
    "[{", ":authority", "2026 GET / HTTP/1.1\n", "```\n", "https://h/?", "GET&",
    "<?xml ", "<XRD>", "cookie: ", "'", '"', "authorization:",
]  # fmt: skip

MIN_PAIRS = 12  # of a beginning and a piece, for each reader
SIZE = 1 << 12
GROWTH = 4  # how much longer the long text is
FLOOR = 0.3  # seconds of a processor that any text may take: a square of 16 KB takes more where it can be noticed
MOST_GROWTH = 2.5 * GROWTH


def requests_message(text):
    from oauth_hook.protocol.message import make_message

    return make_message("POST", f"http://{text}", FORM, text)


def spend(read, text):
    """Return the seconds of the processor that a reader takes; what it refuses, it has read."""
    start = time.thread_time()
    with suppress(OAuthHookError, BadRequestError, Refusal):
        read(text)
    return time.thread_time() - start


def check_growth(name, make):
    """Compare a text with one four times as long; a square is seen three times, and an interruption once."""
    for _ in range(3):
        took = spend(READERS[name], make(SIZE * GROWTH))
        if took < FLOOR:
            return
        short = spend(READERS[name], make(SIZE))
        if took < MOST_GROWTH * short:
            return
    pytest.fail(f"{name}: {short:.2f} s for {SIZE}, {took:.2f} s for {GROWTH} times as much of {make(60)!r}")


def pump(beginning, pieces, size):
    """Return a text of a size: a beginning, and pieces over and over."""
    joined = "".join(pieces)
    return beginning + joined * (size // len(joined))


@pytest.mark.soak
@pytest.mark.timeout(1500)
@for_each("name", READERS)
def test_no_piece_repeated_takes_its_square(name, portion):
    """Every piece after every beginning; a few of them always, which the readers share out."""
    pairs = [(beginning, piece) for beginning in BEGINNINGS for piece in PIECES]
    step = len(pairs) // MIN_PAIRS if portion(10) < 10 else 1
    first = 7 * list(READERS).index(name) % step
    for beginning, piece in pairs[first::step]:
        check_growth(name, partial(pump, beginning, [piece]))


EXAMPLES = int(os.environ.get("OAUTH_HOOK_FUZZ_EXAMPLES", "60"))  # a minute: 3,000; an hour: 200,000


@pytest.mark.soak
@pytest.mark.timeout(7200)
@given(
    name=st.sampled_from(sorted(READERS)),
    beginning=st.sampled_from(BEGINNINGS),
    pieces=st.lists(st.one_of(st.sampled_from(PIECES), st.text(min_size=1, max_size=3)), min_size=1, max_size=4),
    end=st.sampled_from(["", '"', "'", ">", "\n", "}", "x", "\0"]),
)
@settings(max_examples=EXAMPLES)
def test_no_pieces_repeated_take_their_square(name, beginning, pieces, end):
    """Pieces of several kinds, in any order; what looks like the start of something, and never ends, or ends late."""
    pieces = [piece.encode("utf-8", "replace").decode() for piece in pieces]
    check_growth(name, lambda size: pump(beginning, pieces, size) + end)


@pytest.fixture(scope="module")
def receiver():
    """A receiver that waits for a callback for as long as the tests of it take."""
    opened = threading.Event()
    with LoopbackReceiver(timeout=100, open_browser=lambda url: opened.set()) as receiver:
        waiting = threading.Thread(target=receiver, args=(URL + "?oauth_token=t",))
        waiting.start()
        assert opened.wait(10)
        yield receiver.callback_url
        _, host, path, *_ = urlsplit(receiver.callback_url)
        send(receiver.callback_url, f"GET {path}?oauth_token=t&oauth_verifier=v HTTP/1.1\r\nHost: {host}\r\n\r\n")
        waiting.join(10)
        assert not waiting.is_alive()


def send(url, text):
    """Send a request to a receiver, and read what it says until it hangs up."""
    with socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=10) as connection, suppress(OSError):
        connection.sendall(text.encode("utf-8", "replace"))  # it may have heard enough
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


@pytest.mark.parametrize("beginning", ["", "GET /", "GET /?", "GET / HTTP/1.1\r\nX:", "GET / HTTP/1.1\r\n"])
def test_no_request_keeps_the_receiver_busy(beginning, receiver):
    """As long as it takes one, made of each piece: all of them together cost it seconds at most."""
    start = time.process_time()
    for piece in PIECES:
        send(receiver, pump(beginning, [piece], 32_000) + "\r\n\r\n")
    assert time.process_time() - start < len(PIECES) * FLOOR / 4
