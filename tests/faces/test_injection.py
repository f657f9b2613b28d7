"""Our signer in the classes of requests-oauthlib, rauth and Authlib: put there, at work, and taken out again."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import pickle
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import authlib.integrations.httpx_client as authlib_httpx
import authlib.integrations.requests_client as authlib_requests
import pytest
import rauth
import requests
import requests_oauthlib
from authlib.common.errors import AuthlibBaseError
from authlib.oauth1 import ClientAuth
from redirecting import nothing_of_ours
from requests_oauthlib import oauth1_session
from tables import for_each

import oauth_hook.requests_oauthlib as faces
from oauth_hook import UsageError
from oauth_hook.provider import serve

UPLOAD = b"one line\nand another\n" * 1000
CALLBACK = "http://127.0.0.1:9/back"
RAUTH = (faces.inject_into_rauth, faces.extract_from_rauth)
AUTHLIB = (faces.inject_into_authlib, faces.extract_from_authlib)
CLASSES = [
    ((faces.inject, faces.extract), [*vars(requests_oauthlib).values(), *vars(oauth1_session).values()]),
    (RAUTH, [rauth.OAuth1Session, rauth.OAuth1Service, rauth.OAuth2Session, rauth.OflySession]),
    (AUTHLIB, [*vars(authlib_requests).values(), *vars(authlib_httpx).values(), ClientAuth]),
]


@pytest.fixture(scope="module")
def provider():
    with serve() as provider:
        provider.token = provider.add_token()
        yield provider


@pytest.fixture
def keys(provider):
    """The four strings of a user's, in the order that all three packages have."""
    return provider.consumer.key, provider.consumer.secret, provider.token.key, provider.token.secret


@pytest.fixture
def injected():
    """Inject into a package, and extract again when the test is over."""
    done = []

    def inject(ways, *copies):
        done.append(ways[1])
        ways[0](*copies)

    yield inject
    for extract in done:
        extract()


@pytest.mark.parametrize(("ways", "members"), CLASSES, ids=["requests-oauthlib", "rauth", "Authlib"])
def test_what_is_extracted_is_the_very_same(ways, members):
    """Any number of injections ends with one extraction; of OAuth 2 and of the modules nothing is ever touched."""
    inject, extract = ways
    classes = [kind for kind in members if isinstance(kind, type)]
    before = [dict(vars(kind)) for kind in classes]
    extract()
    inject()
    once = [dict(vars(kind)) for kind in classes]
    inject()
    assert [dict(vars(kind)) for kind in classes] == once
    changed = {kind.__name__ for kind, was in zip(classes, before, strict=True) if dict(vars(kind)) != was}
    extract()
    extract()
    assert changed
    assert changed <= {"OAuth1", "OAuth1Session", "OAuth1Auth", "OAuth1Client", "AsyncOAuth1Client"}
    assert [dict(vars(kind)) for kind in classes] == before


def test_nothing_is_patched_or_loaded_on_import():
    """None of the three packages is needed, nor is an RSA library or an HTTP client of another family."""
    code = (
        "import sys, oauth_hook.requests_oauthlib; "
        "print({'requests_oauthlib', 'rauth', 'authlib', 'httpx', 'httpx2', 'cryptography'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("inject", "module", "package"),
    [
        (faces.inject, "requests_oauthlib", "requests-oauthlib"),
        (faces.inject_into_rauth, "rauth", "rauth"),
        (faces.inject_into_authlib, "authlib", "authlib"),
    ],
)
def test_without_the_package_the_error_names_it(inject, module, package, monkeypatch):
    class Absent:
        @staticmethod
        def find_spec(name, *_):
            if name == module:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [*sys.modules]:
        if name.partition(".")[0] == module:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent, *sys.meta_path])
    with pytest.raises(ImportError, match=f"pip install {package}"):
        inject()


# requests-oauthlib


def vendor(monkeypatch, name):
    """Return a copy of requests-oauthlib, as another package may carry one."""
    source = Path(requests_oauthlib.__file__)
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=[str(source.parent)])
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def signs_with_ours(auth):
    return hasattr(requests.Request("GET", "https://api.example.com/", auth=auth).prepare(), "base_string")


def test_whatever_was_imported_first_signs_with_ours(injected, keys):
    """Objects that are there already, names that were bound before, and subclasses with overrides of their own."""
    calls = []

    class Sub(requests_oauthlib.OAuth1):
        def __call__(self, r):
            calls.append(r)
            return super().__call__(r)

    there, session = requests_oauthlib.OAuth1(*keys), requests_oauthlib.OAuth1Session(*keys)
    injected((faces.inject, faces.extract))
    assert [signs_with_ours(auth) for auth in (there, session.auth, Sub(*keys))] == [True, True, True]
    assert len(calls) == 1
    faces.extract()
    assert [signs_with_ours(auth) for auth in (there, session.auth, Sub(*keys))] == [False, False, False]


def test_a_copy_of_another_package_is_given_as_a_class(injected, keys, server, monkeypatch):
    copy, other = vendor(monkeypatch, "vendored_one"), vendor(monkeypatch, "vendored_two")
    injected((faces.inject, faces.extract), copy.OAuth1)
    injected((faces.inject, faces.extract), copy.OAuth1Session)
    signers = [copy.OAuth1, copy.OAuth1Session(*keys).auth.__class__, requests_oauthlib.OAuth1]
    assert [signs_with_ours(kind(*keys)) for kind in signers] == [True, True, True]
    assert not signs_with_ours(other.OAuth1(*keys))
    server.answer = lambda _: (403, {}, b"oauth_problem=permission_denied")
    with pytest.raises(sys.modules["vendored_one.oauth1_session"].TokenRequestDenied) as caught:
        copy.OAuth1Session(*keys).fetch_request_token(server.url)
    assert caught.value.problem == "permission_denied"
    faces.extract()
    assert not signs_with_ours(copy.OAuth1(*keys))


def test_copies_need_no_requests_oauthlib(injected, keys, monkeypatch):
    copy = vendor(monkeypatch, "vendored_one")
    monkeypatch.setitem(sys.modules, "requests_oauthlib", None)
    injected((faces.inject, faces.extract), copy.OAuth1)
    assert signs_with_ours(copy.OAuth1(*keys))
    assert not signs_with_ours(requests_oauthlib.OAuth1(*keys))


class Subclass(requests_oauthlib.OAuth1):
    """It inherits what is injected, and is no copy."""


@pytest.mark.parametrize(
    "other",
    [
        object,
        partial,
        requests.Session,
        requests_oauthlib.OAuth2,
        requests_oauthlib.OAuth2Session,
        Subclass,
        requests_oauthlib.OAuth1("key"),
        requests_oauthlib,
        "OAuth1",
        None,
    ],
)
def test_what_is_no_copy_is_refused_and_nothing_changes(other, keys):
    with pytest.raises(UsageError, match="copies"):
        faces.inject(requests_oauthlib.OAuth1, other)
    assert not signs_with_ours(requests_oauthlib.OAuth1(*keys))


def test_what_others_have_put_on_top_stays_and_ours_passes_on(injected, keys, monkeypatch):
    copy, calls = vendor(monkeypatch, "vendored_one"), []
    injected((faces.inject, faces.extract), copy.OAuth1)
    ours = copy.OAuth1.__call__
    copy.OAuth1.__call__ = lambda auth, r: calls.append(r) or ours(auth, r)
    assert signs_with_ours(copy.OAuth1(*keys))
    faces.extract()
    assert not signs_with_ours(copy.OAuth1(*keys))
    assert len(calls) == 2


def test_errors_are_caught_by_both_names(injected, server):
    injected((faces.inject, faces.extract))
    server.answer = lambda _: (401, {}, b"no")
    session = requests_oauthlib.OAuth1Session("key")
    for name, fetch in (
        ("TokenRequestDenied", session.fetch_request_token),
        ("VerifierMissing", session.fetch_access_token),
    ):
        with pytest.raises(getattr(oauth1_session, name)) as caught:
            fetch(server.url)
        assert isinstance(caught.value, getattr(faces, name))
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is type(caught.value)


# rauth


RAUTH_JOBS = {
    "get": ("GET", "", {}, []),
    "params": ("GET", "", {"params": {"a b": "é~"}}, [["a b", "é~"]]),
    "a query in the URL": ("GET", "?a=1&b=2", {"params": {"c": "3"}}, [["a", "1"], ["b", "2"], ["c", "3"]]),
    "lists": ("GET", "", {"params": {"a": ["1", "2"]}}, [["a", "1"], ["a", "2"]]),
    "form": ("POST", "", {"data": {"a": "b c"}}, [["a", "b c"]]),
    "pairs": ("PUT", "", {"data": [("a", "1"), ("a", "2")]}, [["a", "1"], ["a", "2"]]),
    "text": ("POST", "", {"data": "a=b&c=d"}, [["a", "b"], ["c", "d"]]),
    "bytes of a form": ("POST", "", {"data": b"a=b"}, [["a", "b"]]),
    "nothing": ("POST", "", {}, []),
    "JSON": ("POST", "", {"json": {"a": 1}}, []),
    "bytes": ("POST", "", {"data": b"\x00\xff"}, []),
    "bytes with a type": ("POST", "", {"data": b"a=b", "headers": {"content-type": "image/png"}}, []),
    "a file": ("POST", "", {"data": UPLOAD}, []),
    "files": ("PATCH", "", {"files": {"f": ("n", b"abc")}}, []),
    "delete": ("DELETE", "", {}, []),
}


@pytest.mark.parametrize("signature", [None, rauth.oauth.PlaintextSignature])
@pytest.mark.parametrize("header_auth", [True, False])
@pytest.mark.parametrize("job", RAUTH_JOBS)
def test_rauth_does_its_jobs(injected, provider, keys, job, header_auth, signature):
    """Those too that rauth fails at by itself; parameters are where rauth puts them: in a form, else in the query."""
    injected(RAUTH)
    method, query, content, parameters = RAUTH_JOBS[job]
    content = {**content, "data": io.BytesIO(UPLOAD)} if job == "a file" else content
    with rauth.OAuth1Session(*keys, signature=signature) as session:
        response = session.request(method, provider.resource_url + query, header_auth, realm="r", **content)
    assert response.status_code == 200, response.text
    told = response.json()
    assert sorted(told["parameters"]) == parameters
    is_form = bool(parameters and "data" in content) or job == "nothing"
    assert told["oauth"]["placement"] == ("header" if header_auth else "body" if is_form else "query")
    assert told["oauth"]["realm"] == ("r" if header_auth else None)
    if job == "JSON":
        assert told["json"] == {"a": 1}
    if job == "a file":
        assert told["body_length"] == len(UPLOAD)


def test_rauth_gets_a_token(injected, provider):
    injected(RAUTH)
    service = rauth.OAuth1Service(
        provider.consumer.key, provider.consumer.secret, "name", provider.request_token_url,
        provider.access_token_url, provider.authorization_url, base_url=f"{provider.url}/api/",
    )  # fmt: skip
    key, secret = service.get_request_token(params={"oauth_callback": CALLBACK})
    back = provider.approve(service.get_authorize_url(key))
    verifier = parse_qs(urlsplit(back).query)["oauth_verifier"][0]
    with service.get_auth_session(key, secret, method="POST", data={"oauth_verifier": verifier}) as session:
        assert session.get("resource").json()["user"] == "alice"


def test_rauth_signs_by_itself_where_it_is_asked_to(injected, server):
    """With a signature of the program's own, with an empty key, and where the call has credentials of its own."""
    injected(RAUTH)

    class Mine(rauth.oauth.SignatureMethod):
        NAME = "MINE"

        def sign(self, *_):
            return "mine"

    with rauth.OAuth1Session("key", "secret", signature=Mine) as session:
        session.get(server.url, params={"a": "b"})
    assert "oauth_signature=mine" in server.last.target
    with rauth.OAuth1Session("", "secret") as session:
        session.get(server.url, params={"a": "b"})
    with rauth.OAuth1Session("key", "secret") as session:
        session.get(server.url, params={"a": "b"}, auth=("user", "password"))
    assert server.last.authorization.startswith("Basic ")
    assert "oauth_signature" in server.last.target


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
def test_rauth_and_authlib_keep_credentials_at_home(injected, home, abroad):
    injected(RAUTH)
    injected(AUTHLIB)
    keys = (home.consumer.key, home.consumer.secret, home.token.key, home.token.secret)
    for session in (rauth.OAuth1Session(*keys), authlib_requests.OAuth1Session(*keys)):
        session.trust_env = False
        home.redirecting.plan = [(307, "/api/resource/hop/2?b=c"), (307, abroad.url + "/?{query}&page=2")]
        home.redirecting.seen = []
        assert session.post(home.resource_url + "/hop", data={"a": "b"}).status_code == 200
        assert [seen[2][:3] for seen in home.redirecting.seen] == ["200", "200"]
        assert nothing_of_ours(home, abroad.last), abroad.last
        session.close()


@pytest.mark.parametrize("ways", [RAUTH, AUTHLIB])
def test_their_plaintext_goes_over_plain_http_where_that_is_allowed(injected, ways, monkeypatch):
    injected(ways)
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    if ways is RAUTH:
        session = rauth.OAuth1Session("ck", "cs", signature=rauth.oauth.PlaintextSignature)
    else:
        session = authlib_requests.OAuth1Session("ck", "cs", signature_method="PLAINTEXT")
    sent = []
    monkeypatch.setattr(requests.Session, "send", lambda _, request, **__: sent.append(request))
    with pytest.raises(UsageError, match="plaintext_origins"):
        session.get("http://jira.intranet/a b", params={"a": "b"})
    assert sent == []
    monkeypatch.setattr(faces.OAuth1, "plaintext_origins", ["http://jira.intranet"])
    session.get("http://jira.intranet/", params={"a": "b"})
    assert "cs%26" in sent[0].url + str(sent[0].headers)
    session.close()


# Authlib


AUTHLIB_JOBS = {
    "get": ("GET", "", {}, []),
    "signs in the query": ("GET", "?a='x'$", {"params": None}, [["a", "'x'$"]]),
    "form": ("POST", "", {"data": {"a": "b c"}}, [["a", "b c"]]),
    "JSON": ("POST", "", {"json": {"a": 1}}, []),
    "files": ("POST", "", {"files": {"f": ("n", b"abc")}}, []),
    "a file": ("POST", "", {"data": UPLOAD}, []),
}


@pytest.mark.parametrize("kind", ["requests", "httpx", "async"])
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
@pytest.mark.parametrize("job", AUTHLIB_JOBS)
def test_authlib_does_its_jobs(injected, provider, keys, job, signature_type, kind):
    """What hangs, or arrives empty, or raises with Authlib's own signer, is signed, verified and whole."""
    injected(AUTHLIB)
    method, query, content, parameters = AUTHLIB_JOBS[job]
    if job == "a file":
        content = {"data": io.BytesIO(UPLOAD)} if kind == "requests" else {"content": UPLOAD}
    more = {"signature_type": signature_type, "force_include_body": job == "JSON"}
    if kind != "requests":
        more["verify"] = False  # a client for httpx loads certificates, which takes longer than all the rest

    async def ask():
        async with authlib_httpx.AsyncOAuth1Client(*keys, **more) as client:
            return await client.request(method, provider.resource_url + query, **content)

    def send():
        if kind == "async":
            return asyncio.run(ask())
        factory = authlib_requests.OAuth1Session if kind == "requests" else authlib_httpx.OAuth1Client
        with factory(*keys, **more) as client:
            return client.request(method, provider.resource_url + query, **content)

    if signature_type == "BODY" and job in ("JSON", "files", "a file"):
        with pytest.raises(UsageError, match="body"):
            send()
        return
    response = send()
    assert response.status_code == 200, response.text
    told = response.json()
    places = {"HEADER": "header", "QUERY": "query", "BODY": "body"}
    assert (told["parameters"], told["oauth"]["placement"]) == (parameters, places[signature_type])
    if job == "JSON":
        assert told["json"] == {"a": 1}
        assert told["oauth"]["body_hash"]
    if job == "a file":
        assert told["body_length"] == len(UPLOAD)


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@for_each("kind", ["sync", "async"])
@for_each("signature_type", ["HEADER", "QUERY", "BODY"])
@for_each("status", [302, 307])
def test_authlib_follows_redirects_on_httpx(injected, home, abroad, kind, signature_type, status):
    """Each within the origin is signed for its own URL, and one to elsewhere is given nothing; older clients too."""
    keys = (home.consumer.key, home.consumer.secret, home.token.key, home.token.secret)
    given = {"signature_type": signature_type, "follow_redirects": True, "trust_env": False, "verify": False}
    sync, later = authlib_httpx.OAuth1Client(*keys, **given), authlib_httpx.AsyncOAuth1Client(*keys, **given)
    injected(AUTHLIB)

    async def ask():
        async with later:
            return [await later.post(f"{home.resource_url}/hop", data={"a": "b"}) for _ in range(2)][-1]

    def send():
        if kind == "async":
            return asyncio.run(ask())
        with sync:
            return [sync.post(f"{home.resource_url}/hop", data={"a": "b"}) for _ in range(2)][-1]

    within = [(status, "/api/resource/hop/2?b=c"), (status, "/api/resource/last?d=e")]
    home.redirecting.plan, home.redirecting.seen = [*within, *within], []
    assert send().status_code == 200
    assert [seen[2][:3] for seen in home.redirecting.seen] == ["200"] * 6
    sync, later = authlib_httpx.OAuth1Client(*keys, **given), authlib_httpx.AsyncOAuth1Client(*keys, **given)
    home.redirecting.plan, home.redirecting.seen = [within[0], (status, abroad.url + "/?{query}&page=2")] * 2, []
    assert send().status_code == 200
    assert [seen[2][:3] for seen in home.redirecting.seen] == ["200"] * 4
    assert nothing_of_ours(home, abroad.last), abroad.last


def test_what_else_a_client_of_authlib_sends_is_left_alone(injected, server, monkeypatch):
    """A call with an ``auth=`` of its own keeps it on a redirect, and its hooks stay one each, whatever is sent."""
    monkeypatch.setenv("OAUTH_HOOK_FORBID", "SHA1")  # which is no reason not to inject
    injected(AUTHLIB)
    server.answer = lambda got: (200 if "page" in got.target else 302, {"Location": "/?page=2&oauth_signature=a"}, b"")
    with authlib_httpx.OAuth1Client("key", follow_redirects=True) as client:
        for _ in range(3):
            client.get(server.url, auth=("user", "password"))
        assert [len(hooks) for hooks in client.event_hooks.values()] == [1, 1]
        assert [got.authorization[:6] for got in server.received] == ["Basic "] * 6
        assert server.last.target == "/?page=2&oauth_signature=a"
        faces.extract_from_authlib()
        client.get(server.url)
    assert 'oauth_consumer_key="key"' in server.received[-1].authorization


@pytest.mark.parametrize("factory", [authlib_requests.OAuth1Session, authlib_httpx.OAuth1Client])
def test_authlib_refuses_plain_http_as_before(injected, factory):
    """Its own rule, and its own error, for every method, loopback and ``AUTHLIB_INSECURE_TRANSPORT`` aside."""
    injected(AUTHLIB)
    with factory("key") as client, pytest.raises(AuthlibBaseError, match="https"):
        client.get("http://api.example.com/")


@pytest.mark.parametrize("factory", [authlib_requests.OAuth1Session, authlib_httpx.OAuth1Client])
def test_authlib_gets_a_token(injected, provider, factory):
    injected(AUTHLIB)
    with factory(provider.consumer.key, provider.consumer.secret, redirect_uri=CALLBACK) as client:
        client.fetch_request_token(provider.request_token_url)
        back = provider.approve(client.create_authorization_url(provider.authorization_url))
        client.parse_authorization_response(back)
        client.fetch_access_token(provider.access_token_url)
        assert client.get(provider.resource_url).json()["user"] == "alice"


@pytest.mark.parametrize("factory", [authlib_requests.OAuth1Session, authlib_httpx.OAuth1Client])
def test_authlib_signs_by_itself_where_it_is_asked_to(injected, server, factory, monkeypatch):
    """With a registered method, and with an ``auth_class`` that overrides signing."""
    injected(AUTHLIB)
    monkeypatch.setattr(ClientAuth, "SIGNATURE_METHODS", {**ClientAuth.SIGNATURE_METHODS, "MINE": lambda *_: "mine"})
    with factory("key", signature_method="MINE") as client:
        client.get(server.url)
    assert 'oauth_signature="mine"' in server.last.authorization

    class Mine(factory.auth_class):
        def get_oauth_signature(self, *_):
            return "other"

    with type("Client", (factory,), {"auth_class": Mine})("key") as client:
        client.get(server.url)
    assert 'oauth_signature="other"' in server.last.authorization
