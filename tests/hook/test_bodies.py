"""Bodies that are no plain text: what can be read again is, for another attempt and for ``body_hash``."""

from __future__ import annotations

import array
import copy
import hashlib
import mmap
import pickle
from base64 import b64encode
from urllib.parse import unquote

import pytest
import requests
from urllib3.util import Retry

from oauth_hook import AccessToken, Consumer, OAuthAdapter, OAuthHook, UsageError, verify
from oauth_hook.hook.prepared import encode_text
from oauth_hook.protocol.message import Message

CONSUMER, TOKEN = Consumer("c", "cs"), AccessToken("t", "ts")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONTENT = b"\0\xffpieces" * 1000


def hook_with(**more):
    return OAuthHook(TOKEN.key, TOKEN.secret, CONSUMER.key, CONSUMER.secret, **more)


def verdict(server):
    got = server.last
    return verify(
        got.method, server.url + got.target, headers=got.headers, body=got.body, consumer=CONSUMER, token=TOKEN
    )


class Pieces:
    """An iterable, which gives its pieces anew each time."""

    def __iter__(self):
        yield CONTENT[:3]
        yield CONTENT[3:]


class Once:
    """An iterator that is no generator."""

    def __init__(self):
        self.left = [CONTENT]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop()


def mapped():
    memory = mmap.mmap(-1, len(CONTENT))
    memory.write(CONTENT)
    memory.seek(0)
    return memory


AGAIN = {
    "bytearray": lambda: bytearray(CONTENT),
    "memoryview": lambda: memoryview(CONTENT),
    "array": lambda: array.array("B", CONTENT),
    "mmap": mapped,
    "iterable": Pieces,
}
ONCE = {"generator": lambda: iter(Pieces()), "iterator": Once, "map": lambda: map(bytes, [CONTENT])}


def failing_once(server, status):
    server.answer = lambda got: (status if len(server.received) == 1 else 200, {}, b"oauth_problem=nonce_used")


@pytest.mark.parametrize("kind", AGAIN | ONCE)
def test_adapter_sends_a_body_again_that_can_be_read_again(kind, server):
    """A policy's retries hold for each body that is no stream; a stream goes out once."""
    failing_once(server, 503)
    with requests.Session() as session:
        policy = Retry(1, status_forcelist=[503], allowed_methods=None, raise_on_status=False)
        session.mount("http://", OAuthAdapter(hook_with(header_auth=True), max_retries=policy))
        response = session.put(server.url, data=(AGAIN | ONCE)[kind]())
    assert [got.body for got in server.received] == [CONTENT] * (2 if kind in AGAIN else 1)
    assert response.status_code == (200 if kind in AGAIN else 503)


@pytest.mark.parametrize("kind", AGAIN | ONCE)
def test_a_refused_body_is_sent_again_that_can_be_read_again(kind, server):
    """So does the second attempt."""
    failing_once(server, 401)
    requests.put(server.url, data=(AGAIN | ONCE)[kind](), auth=hook_with(header_auth=True))
    assert [got.body for got in server.received] == [CONTENT] * (2 if kind in AGAIN else 1)


class Progress:
    """What shows how far an iteration has come, and is no iterator itself."""

    def __init__(self, pieces):
        self.pieces = pieces

    def __iter__(self):
        yield from self.pieces


@pytest.mark.parametrize("status", [401, 307])
def test_nothing_is_sent_in_the_place_of_what_is_used_up(status, server):
    """What goes on where it stopped is not sent again: it would go out empty, and be executed."""
    server.answer = lambda got: (status, {"Location": "/to"}, b"oauth_problem=nonce_used")
    body = Progress(iter([CONTENT]))
    auth = hook_with(header_auth=True)
    if status == 401:
        assert requests.put(server.url, data=body, auth=auth).status_code == 401
    else:
        with pytest.raises(requests.exceptions.UnrewindableBodyError):
            requests.put(server.url, data=body, auth=auth)
    assert [got.body for got in server.received] == [CONTENT]
    with pytest.raises(UsageError, match="read only once"):
        requests.put(server.url, data=Progress(iter([CONTENT])), auth=hook_with(body_hash="sha256"))


@pytest.mark.parametrize("kind", AGAIN)
def test_body_hash_covers_what_can_be_read_again(kind, server):
    """The digest is that of what goes out, which is all of it."""
    requests.put(server.url, data=AGAIN[kind](), auth=hook_with(header_auth=True, body_hash="sha256"))
    assert server.last.body == CONTENT
    sent = unquote(server.last.authorization.partition('oauth_body_hash="')[2].partition('"')[0])
    assert sent == b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert verdict(server)


@pytest.mark.parametrize("kind", ONCE)
def test_body_hash_refuses_what_cannot_and_reads_nothing(kind):
    """A stream is left as it was."""
    body = ONCE[kind]()
    with pytest.raises(UsageError, match="read only once"):
        requests.Request("PUT", "http://127.0.0.1/", data=body, auth=hook_with(body_hash="sha256")).prepare()
    assert b"".join(body) == CONTENT


@pytest.mark.parametrize("make", [bytearray, memoryview])
@pytest.mark.parametrize("placement", ["header", "query", "body", "url-encoded"])
@pytest.mark.parametrize("more", [{}, {"body_hash": "sha1"}])
@pytest.mark.parametrize("form", [b"a=1&b=%20", b"a=\xff"])
def test_a_form_may_be_a_buffer(make, placement, more, form, server):
    """Its fields are signed as those of bytes are, and go out as they are."""
    requests.post(server.url, data=make(form), headers=FORM, auth=hook_with(placement=placement, **more))
    assert verdict(server), verdict(server).reason
    assert server.last.body.startswith(form)


# --- text ---


@pytest.mark.parametrize("text", ["a=\u00fc&b=1", "a=\u20ac", "a=\U0001f600"])
@pytest.mark.parametrize("placement", ["header", "query", "body", "url-encoded"])
def test_a_form_that_is_text_goes_out_as_it_is_signed(text, placement, server):
    """As UTF-8, whatever urllib3 is there: the one before 2.0 would send Latin-1."""
    requests.post(server.url, data=text, headers=FORM, auth=hook_with(placement=placement))
    assert verdict(server), verdict(server).reason
    assert server.last.body.startswith(text.encode())


@pytest.mark.parametrize("text", ["a=\u00fc", "\u20ac"])
def test_hashed_text_goes_out_as_it_is_hashed(text, server):
    """Text that is no form too, where ``body_hash`` covers it."""
    auth = hook_with(header_auth=True, body_hash="sha256")
    requests.post(server.url, data=text, headers={"Content-Type": "text/plain"}, auth=auth)
    assert server.last.body == text.encode()
    assert verdict(server), verdict(server).reason


def test_text_is_encoded_only_where_it_is_read():
    """What is ASCII, is not signed, or is no text stays the very object that it was."""
    for body, kind, is_hashed in [
        ("a", FORM["Content-Type"], True),
        ("\u00fc", "text/plain", False),
        (b"\xfc", None, True),
    ]:
        message = Message("POST", "http://h/", body, kind)
        assert encode_text(message, is_hashed=is_hashed) is message
    for kind, is_hashed in [(FORM["Content-Type"], False), ("text/plain", True)]:
        encoded = encode_text(Message("POST", "http://h/", "\u00fc", kind), is_hashed=is_hashed)
        assert encoded.body == b"\xc3\xbc"
    with pytest.raises(UsageError, match="surrogate"):
        encode_text(Message("POST", "http://h/", "\ud800", FORM["Content-Type"]), is_hashed=False)


# --- separators ---


@pytest.mark.parametrize(
    ("before", "own"),
    [("a=1&", "a=1&"), ("a=1", "a=1&"), ("a=1&&", "a=1&"), ("&", ""), ("", ""), ("&&a&b", "&&a&b&")],
)
def test_no_empty_segment_of_ours(before, own, server):
    """A query, and a form, that end with separators lose them to ours; those within stay."""
    requests.get(f"{server.url}/?{before}", auth=hook_with(placement="query"))
    assert server.last.target.startswith(f"/?{own}oauth_")
    assert verdict(server), verdict(server).reason
    requests.post(server.url, data=before, headers=FORM, auth=hook_with(placement="body"))
    assert server.last.body.decode().startswith(f"{own}oauth_")
    assert verdict(server), verdict(server).reason


def test_signing_twice_is_signing_once(server):
    """What was signed with a separator at its end is signed again as it is."""
    hook = hook_with(placement="query", nonce=lambda: "n", clock=lambda: 1.0)
    request = hook(requests.Request("GET", f"{server.url}/?a=1&").prepare())
    once = request.url
    assert hook(request).url == once


# --- hooks that a caller has set by hand ---

CALLED = []


def note(response, **_):
    CALLED.append(response.status_code)


HOOKS = {
    "none": lambda: None, "empty": dict, "a function": lambda: {"response": note}, "None": lambda: {"response": None},
    "a tuple": lambda: {"response": (note,)}, "a list": lambda: {"response": [note]},
    "another event": lambda: {"other": note}, "an empty list": list, "an empty tuple": tuple,
}  # fmt: skip


@pytest.mark.parametrize("shape", HOOKS)
@pytest.mark.parametrize("way", ["hook", "adapter"])
def test_hooks_of_each_shape_that_requests_takes(shape, way, server):
    """They are called, once, and the second attempt is made as ever; the request copies and pickles as it was."""
    CALLED.clear()
    failing_once(server, 401)
    request = requests.Request("GET", server.url).prepare()
    request.hooks = HOOKS[shape]()
    with requests.Session() as session:
        if way == "adapter":
            session.mount("http://", OAuthAdapter(hook_with(header_auth=True)))
        else:
            hook_with(header_auth=True)(request)
            for other in (copy.copy(request), copy.deepcopy(request), pickle.loads(pickle.dumps(request))):
                assert [hook for hook in other.hooks.get("response", []) if hook is not note] == []
        response = session.send(request)
    if (
        shape in ("none", "an empty list", "an empty tuple") and way == "adapter"
    ):  # whose session has no place where to look for a hook
        assert response.status_code == 401
        return
    assert (response.status_code, len(response.history)) == (200, 1)
    assert [200] * (shape in ("a function", "a tuple", "a list")) == CALLED
