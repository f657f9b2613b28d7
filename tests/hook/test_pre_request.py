"""The ``pre_request`` event: on sessions of ours, and on plain ones after the injection."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
import requests
import requests.sessions
from tables import for_each

import oauth_hook
from oauth_hook import OAuthHook, Session, UsageError, extract_from_requests, inject_into_requests

PARTS = [
    (requests.Session, "__init__"),
    (requests.Session, "send"), (requests.Session, "prepare_request"), (requests.Session, "request"),
    (requests, "session"), (requests.sessions, "session"), (requests.sessions, "merge_hooks"),
    (requests.hooks, "HOOKS"), (requests.hooks, "default_hooks"), (requests, "Request"), (requests, "PreparedRequest"),
]  # fmt: skip


@pytest.fixture
def hook():
    return OAuthHook("token", "token secret", "key", "secret", header_auth=True)


@pytest.fixture
def injected():
    inject_into_requests()
    yield
    extract_from_requests()


def make(kind):
    return Session() if kind == "ours" else requests.Session()


class Note:
    """A hook that leaves a note, and returns nothing."""

    def __init__(self, notes, name):
        self.notes, self.name = notes, name

    def __call__(self, subject, **kwargs):
        self.notes.append(self.name)


MAKERS = {
    "oauth_hook.session": lambda **settings: oauth_hook.session(**settings),
    "oauth_hook.Session": lambda **settings: Session(**settings),
    "requests.session": lambda **settings: requests.session(**settings),
    "requests.Session": lambda **settings: requests.Session(**settings),
}


# --- each way of attaching ---


def test_session_takes_hooks(server, hook):
    """``oauth_hook.session(hooks=...)`` signs what goes out; one hook, or a list of them."""
    for hooks in ({"pre_request": hook}, {"pre_request": [hook]}, {"pre_request": (hook,), "response": []}):
        with oauth_hook.session(hooks=hooks) as client:
            client.get(server.url)
        assert "oauth_signature=" in server.last.authorization


@pytest.mark.parametrize("maker", MAKERS)
def test_a_new_session_takes_what_it_took(maker, server, hook, injected):
    """Hooks and a session's attributes are arguments, as in requests 0.x; what is there by itself stays."""
    settings = {
        "hooks": {"pre_request": hook}, "headers": {"X-Mine": "1"}, "params": {"oauth_callback": "oob", "page": "2"},
        "cookies": {"biscuit": "yes"}, "proxies": {"ftp": "http://127.0.0.1:9"}, "verify": False,
        "auth": None,
    }  # fmt: skip
    with MAKERS[maker](**settings) as client:
        assert (client.verify, client.auth) == (False, None)
        assert client.proxies == {"ftp": "http://127.0.0.1:9"}
        client.get(server.url)
    headers = server.last.headers
    assert (headers["x-mine"], headers["cookie"]) == ("1", "biscuit=yes")
    assert headers["user-agent"].startswith("python-requests/")
    assert server.last.target == "/?page=2"
    assert 'oauth_callback="oob"' in server.last.authorization
    jar = requests.cookies.RequestsCookieJar()
    with MAKERS[maker](auth=hook, cert="my.pem", cookies=jar, headers=None, verify=None) as client:
        assert (client.auth, client.cert, client.verify) == (hook, "my.pem", True)
        assert client.cookies is jar


@for_each("maker", MAKERS)
@for_each(("name", "value", "remedy"), [
    ("timeout", 5, "timeout= to each call"), ("prefetch", False, "stream=True"), ("config", {}, "max_redirects"),
])  # fmt: skip
def test_what_no_session_takes_any_more(maker, name, value, remedy, injected):
    """What requests 0.x had for a session, and requests has not, is refused with what to do instead."""
    with pytest.raises(UsageError, match=f"no {name} any more: .*{remedy}"):
        MAKERS[maker](**{name: value})
    with pytest.raises(TypeError, match=r"a session has no 'colour': it takes hooks, headers, .* cert$"):
        MAKERS[maker](colour="red")


def test_subclasses_of_a_session_are_made_as_before(injected):
    """A subclass with arguments of its own makes its session as it did, while plain ones take more."""

    class Theirs(requests.Session):
        def __init__(self, base):
            super().__init__()
            self.base = base

    with Theirs("http://h.example/") as client:
        assert (client.base, client.hooks) == ("http://h.example/", {"response": []})
    with pytest.raises(TypeError):
        requests.Session("positional")


@pytest.mark.parametrize("kind", ["ours", "plain"])
@pytest.mark.parametrize("how", ["callable", "list", "append", "dict"])
def test_the_hooks_of_a_session(kind, how, server, hook, injected):
    """``session.hooks['pre_request']`` takes a hook, a list, or is appended to; ``session.hooks`` may be replaced."""
    with make(kind) as client:
        if how == "callable":
            client.hooks["pre_request"] = hook
        elif how == "list":
            client.hooks["pre_request"] = [hook]
        elif how == "append":
            client.hooks.setdefault("pre_request", [])
            client.hooks["pre_request"].append(hook)
        else:
            client.hooks = {"pre_request": hook}
        client.get(server.url)
    assert "oauth_signature=" in server.last.authorization


@pytest.mark.parametrize("kind", ["ours", "plain"])
@pytest.mark.parametrize("listed", [False, True])
def test_the_hooks_of_a_request(kind, listed, server, hook, injected):
    """``hooks=`` of one call signs that call and no other."""
    with make(kind) as client:
        client.post(server.url, {"a": "1"}, hooks={"pre_request": [hook] if listed else hook})
        assert "oauth_signature=" in server.last.authorization
        client.get(server.url)
        assert not server.last.authorization


def test_plain_requests_after_the_injection(server, hook, injected):
    """The lines of requests-oauth's README run on plain requests (seeds/003)."""
    with requests.session(hooks={"pre_request": hook}) as client:
        assert type(client) is requests.Session
        client.get(server.url + "/1/account/rate_limit_status.json")
        assert "oauth_signature=" in server.last.authorization
    requests.post(server.url, {"status": "Yay! It works!", "wrap_links": True}, hooks={"pre_request": hook})
    assert "oauth_signature=" in server.last.authorization
    request = requests.Request("GET", server.url, hooks={"pre_request": hook})
    with requests.Session() as client:
        client.send(request.prepare())
    assert "oauth_signature=" in server.last.authorization


def test_our_session_needs_no_injection(server, hook):
    """``oauth_hook.Session`` knows the event by itself; requests stays as it is."""
    with Session() as client:
        client.post(server.url, {"a": "1"}, hooks={"pre_request": hook})
        assert "oauth_signature=" in server.last.authorization
        assert client.hooks == {"response": [], "pre_request": []}
        client.hooks["pre_request"] = hook
        assert pickle.loads(pickle.dumps(client)).hooks["pre_request"].consumer.key == "key"
    with pytest.raises(ValueError, match="pre_request"):
        requests.post(server.url, hooks={"pre_request": hook})


def test_it_fires_for_prepared_requests_and_redirect_hops(server, hook):
    """The event fires in ``send``: for a request prepared elsewhere, and for each redirect."""
    notes = []
    server.answer = lambda got: (302, {"Location": "/b"}, b"") if got.target == "/a" else (200, {}, b"")
    with oauth_hook.session(hooks={"pre_request": [Note(notes, "hop"), hook]}) as client:
        client.send(requests.Request("GET", server.url + "/a").prepare())
    assert notes == ["hop", "hop"]
    first, second = (got.authorization for got in server.received)
    assert first.partition("oauth_nonce")[2] != second.partition("oauth_nonce")[2]


# --- hooks add up ---


@pytest.mark.parametrize("kind", ["ours", "plain"])
def test_hooks_of_session_and_request_add_up(kind, server, injected):
    """The session's and the request's hooks both run, of both events, each once, the session's first."""
    notes = []
    with make(kind) as client:
        client.hooks["pre_request"] = Note(notes, "session pre")
        client.hooks["response"] = [Note(notes, "session response")]
        client.get(
            server.url,
            hooks={"pre_request": Note(notes, "request pre"), "response": [Note(notes, "request response")]},
        )
    assert notes == ["session pre", "request pre", "session response", "request response"]


def test_sessions_without_such_a_hook_behave_as_before(server, injected):
    """After the injection, sessions without a pre_request hook are as requests has them: request hooks replace."""
    notes = []
    with requests.Session() as client:
        client.hooks["response"] = [Note(notes, "session")]
        client.get(server.url, hooks={"response": [Note(notes, "request")]})
        assert notes == ["request"]
        client.get(server.url)
        assert notes == ["request", "session"]


@pytest.mark.parametrize("kind", ["ours", "plain"])
def test_a_hook_may_return_another_request(kind, server, injected):
    """A hook that returns a request has it sent; one that returns None has changed nothing, or changed it in place."""

    def other(request):
        again = request.copy()
        again.headers["X-Other"] = "1"
        return again

    with make(kind) as client:
        client.hooks["pre_request"] = [other, lambda request: None]
        client.get(server.url)
    assert server.last.headers["x-other"] == "1"


def test_our_session_fires_once_under_the_injection(server, injected):
    """A session of ours does not fire twice where plain sessions know the event too."""
    notes = []
    with Session() as client:
        client.hooks["pre_request"] = Note(notes, "pre")
        client.get(server.url, hooks={"pre_request": Note(notes, "own")})
    assert notes == ["pre", "own"]


def test_the_session_of_a_subclass_keeps_its_own_ways(server, hook, injected):
    """A subclass of requests.Session with attributes and methods of its own works as before, and signs."""

    class Api(requests.Session):
        def __init__(self, base):
            super().__init__()
            self.base = base

        def prepare_request(self, request):
            request.url = self.base + request.url
            return super().prepare_request(request)

    with Api(server.url) as client:
        client.hooks["pre_request"] = hook
        client.cookies["c"] = "1"
        client.get("/path")
    assert server.last.target == "/path"
    assert server.last.headers["cookie"] == "c=1"
    assert "oauth_signature=" in server.last.authorization


# --- errors, and the injection's end ---


@pytest.mark.parametrize("kind", ["ours", "plain"])
def test_unknown_events_are_refused(kind, server, injected):
    """Any other event is the ValueError that requests raises."""
    with make(kind) as client, pytest.raises(ValueError, match="Unsupported event"):
        client.get(server.url, hooks={"post_request": print, "pre_request": print})
    for session in (oauth_hook.session, requests.session):
        with pytest.raises(ValueError, match="Unsupported event"):
            session(hooks={"post_request": print})
    assert server.received == []


def test_what_a_hook_raises_reaches_the_caller(server):
    """An error in a hook is the caller's, once, and nothing is sent."""
    calls = []

    def broken(request):
        calls.append(request)
        raise TypeError("mine")

    with oauth_hook.session(hooks={"pre_request": broken}) as client, pytest.raises(TypeError, match="mine"):
        client.get(server.url)
    assert len(calls) == 1
    assert server.received == []


def test_extracting_restores_the_very_same_objects():
    """One extraction undoes any number of injections, to the very same objects."""
    before = [getattr(owner, name) for owner, name in PARTS]
    hooks = list(requests.hooks.HOOKS)
    for _ in range(3):
        inject_into_requests()
    assert requests.Request("GET", "http://example.com/", hooks={"pre_request": print}).hooks["pre_request"] == [print]
    extract_from_requests()
    assert all(getattr(owner, name) is was for (owner, name), was in zip(PARTS, before, strict=True))
    assert requests.hooks.HOOKS == hooks == ["response"]
    extract_from_requests()
    for make_plain in (requests.session, requests.Session):
        with pytest.raises(TypeError):
            make_plain(hooks={})
    with pytest.raises(ValueError, match="pre_request"):
        requests.Request("GET", "http://example.com/", hooks={"pre_request": print})


def test_what_was_made_under_the_injection_works_after_it(server):
    """Sessions, requests and methods that somebody kept from the time of the injection behave as before it."""
    inject_into_requests()
    session, request = requests.Session(), requests.Request("GET", server.url)
    session.hooks["response"] = [lambda response, **_: None]
    kept, kept_init = session.send, requests.Session.__init__
    extract_from_requests()
    kept_init(session)
    for given in ({"hooks": {}}, {"headers": {}}):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            kept_init(session, **given)
    assert session.get(server.url).status_code == 200
    assert kept(request.prepare()).status_code == 200
    session.close()


def test_others_who_patch_on_top_keep_their_patch(server, monkeypatch):
    """An instrumentation put on top of the injection is not thrown away by the extraction, and works on."""
    original, calls = requests.Session.send, []
    inject_into_requests()
    injected = requests.Session.send

    def instrumented(self, request, **kwargs):
        calls.append(request.url)
        return injected(self, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", instrumented)
    extract_from_requests()
    assert requests.Session.send is instrumented
    assert requests.get(server.url).status_code == 200
    assert calls
    requests.Session.send = original


def test_hooks_given_by_position(server, hook):
    """``hooks`` may stand in its place among the arguments, as requests allows."""
    with Session() as client:
        client.request("GET", server.url, None, None, None, None, None, None, 5, True, None, {"pre_request": hook})
    assert "oauth_signature=" in server.last.authorization


def test_importing_patches_nothing():
    """``import oauth_hook`` leaves requests as it is."""
    code = (
        "import requests; from requests import sessions as s\n"
        "before = (s.Session.send, s.Session.prepare_request, requests.session, list(requests.hooks.HOOKS))\n"
        "import oauth_hook, oauth_hook.hook.pre_request\n"
        "assert before == (s.Session.send, s.Session.prepare_request, requests.session, list(requests.hooks.HOOKS))"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], timeout=60).returncode == 0
