"""requests-oauthlib's names and calls: what programs that use them count on, over a real socket.

Each test runs twice: with the names of ``oauth_hook.requests_oauthlib``, and with requests-oauthlib's own classes while
our signer is injected into them. The provider, which verifies through oauthlib, is the judge.
"""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import requests
import requests_oauthlib
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oauthlib.oauth1 import Client
from redirecting import STATUSES, nothing_of_ours
from requests_oauthlib import oauth1_session

from oauth_hook import AccessToken, Consumer, ProviderError, UsageError, verify
from oauth_hook import requests_oauthlib as ours
from oauth_hook.protocol import rsa as our_rsa
from oauth_hook.provider import serve
from oauth_hook.requests_oauthlib import settings

FORM = "application/x-www-form-urlencoded"
CALLBACK = "http://127.0.0.1:9/back"
TYPES = ["AUTH_HEADER", "query", "BODY"]
PLACES = {"AUTH_HEADER": "header", "query": "query", "BODY": "body"}


@pytest.fixture(params=["ours", "injected"])
def face(request):
    """The names that programs import: our own, and requests-oauthlib's while our signer is injected into them."""
    if request.param == "ours":
        yield ours
        return
    ours.inject()
    errors = {name: getattr(oauth1_session, name) for name in ("TokenRequestDenied", "TokenMissing", "VerifierMissing")}
    yield SimpleNamespace(OAuth1=requests_oauthlib.OAuth1, OAuth1Session=requests_oauthlib.OAuth1Session, **errors)
    ours.extract()


@pytest.fixture(scope="module")
def provider():
    with serve() as provider:
        provider.token = provider.add_token()
        yield provider


@pytest.fixture
def keys(provider):
    """The four strings of a user's, in requests-oauthlib's order."""
    return provider.consumer.key, provider.consumer.secret, provider.token.key, provider.token.secret


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SimpleNamespace(private=private.decode(), public=public.decode())


def prepare(auth, method="POST", url="https://api.example.com/1/x.json", **content):
    return requests.Request(method, url, auth=auth, **content).prepare()


# Signing


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("signature_type", TYPES)
def test_every_type_and_method_is_verified(face, provider, keys, signature_type, method):
    """A query and a form are signed; the type, in any case, says where the signature stands."""
    auth = face.OAuth1(*keys, signature_type=signature_type)
    content = {} if method == "GET" else {"data": [("b", "c d"), ("b", "é~'"), ("empty", "")]}
    response = requests.request(method, provider.resource_url, params={"a": "é &=+%"}, auth=auth, **content)
    assert response.status_code == 200, response.text
    told = response.json()
    assert told["oauth"]["placement"] == PLACES[signature_type]
    sent = [["a", "é &=+%"], *([] if method == "GET" else [["b", "c d"], ["b", "é~'"], ["empty", ""]])]
    assert sorted(told["parameters"]) == sent


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"])
def test_every_signature_method_is_verified(face, provider, keys, method):
    auth = face.OAuth1(*keys, signature_method=method)
    told = requests.get(provider.resource_url, auth=auth).json()
    assert (told["user"], told["oauth"]["signature_method"]) == ("alice", method)


@pytest.mark.parametrize("method", ["RSA-SHA1", "RSA-SHA256", "RSA-SHA512"])
def test_rsa_is_verified(face, provider, pem, method):
    consumer = provider.add_consumer(rsa_public_key=pem.public)
    token = provider.add_token(consumer)
    auth = face.OAuth1(consumer.key, resource_owner_key=token.key, signature_method=method, rsa_key=pem.private)
    assert requests.get(provider.resource_url, auth=auth).json()["user"] == "alice"


@pytest.mark.parametrize(
    ("body", "content_type", "is_form"),
    [
        ("a=b&c=d", None, True),
        ("hello", None, True),
        ("a=b&c=d", FORM, True),
        (b"a=b&c=d", FORM, True),
        ("a=b&c=d", f"{FORM}; charset=utf-8", True),
        ("a=b", "text/plain", False),
        ('{"a": 1}', None, False),
        (b"a=b&c=d", None, False),
        (b"\xff\xfe", None, False),
    ],
)
def test_text_without_a_type_is_guessed_to_be_a_form(face, provider, keys, body, content_type, is_form):
    """As requests-oauthlib has it: a ``str`` that reads like one; bytes are none. What has a type keeps it."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = requests.post(provider.resource_url, data=body, headers=headers, auth=face.OAuth1(*keys))
    told = response.json()
    assert told["content_type"] == (content_type or (FORM if is_form else ""))
    assert told["parameters"] == (
        [
            pair.split("=") if "=" in pair else [pair, ""]
            for pair in (body if isinstance(body, str) else body.decode()).split("&")
        ]
        if is_form
        else []
    )
    assert told["body_length"] == len(body)
    assert isinstance(response.request.body, bytes) or not is_form


def test_a_signed_form_is_bytes_unless_it_is_not_to_be_decoded(face, keys):
    """The lti package calls ``body.decode()``; ``decoding=None`` leaves text."""
    assert prepare(face.OAuth1(*keys), data={"a": "b"}).body == b"a=b"
    assert prepare(face.OAuth1(*keys, decoding=None), data={"a": "b"}).body == "a=b"
    assert prepare(face.OAuth1(*keys, force_include_body=True), data="{}").body == b"{}"


def test_headers_are_text(face, keys):
    """Where requests-oauthlib makes bytes of all of them; a type in bytes is understood."""
    request = prepare(face.OAuth1(*keys), data=b"a=b", headers={"Content-Type": FORM.encode()})
    assert isinstance(request.headers["Authorization"], str)
    assert "a=b" in request.base_string.replace("%3D", "=")


@pytest.mark.parametrize("asks_for_oauthlibs_own", [False, True])
def test_a_subclass_that_rewrites_the_header_as_bytes_goes_on_working(face, keys, asks_for_oauthlibs_own):
    """As mkmsdk's does; ours is text, that decodes."""

    class Mine(Client):
        def get_oauth_params(self, request):
            return super().get_oauth_params(request)

    class Rewriting(face.OAuth1):
        def __call__(self, r):
            r = super().__call__(r)
            header = r.headers["Authorization"]
            assert isinstance(header, str)
            assert pickle.loads(pickle.dumps(header)) == header
            r.headers["Authorization"] = header.decode("utf-8").replace("OAuth ", 'OAuth realm="r", ')
            return r

    auth = Rewriting(*keys, client_class=Mine if asks_for_oauthlibs_own else None)
    prepared = requests.Request("GET", "https://api.example.com/", auth=auth).prepare()
    assert type(prepared.headers["Authorization"]) is str
    assert prepared.headers["Authorization"].startswith('OAuth realm="r", oauth_nonce=')


def test_the_header_has_the_order_of_oauthlib(face):
    """Tests compare whole headers; the signature in this one is oauthlib's."""
    auth = face.OAuth1("foo", "bar", "tok", "sec", nonce="abc", timestamp="123", realm='a, "b"')
    request = prepare(auth, url="https://example.com/?a=b")
    names = ["nonce", "timestamp", "version", "signature_method", "consumer_key", "token", "signature"]
    starts = [request.headers["Authorization"].index(f'oauth_{name}="') for name in names]
    assert starts == sorted(starts)
    _, headers, _ = Client("foo", "bar", "tok", "sec", nonce="abc", timestamp="123").sign(
        "https://example.com/?a=b", "POST"
    )
    assert request.headers["Authorization"] == headers["Authorization"].replace("OAuth ", r'OAuth realm="a, \"b\"", ')


def test_uploads_arrive_whole(face, provider, keys):
    """Files, generators, multipart and JSON are not read for signing, whatever type they have or lack."""
    data = b"one line\nand another\n" * 1000
    auth = face.OAuth1(*keys)
    for content in ({"data": io.BytesIO(data)}, {"data": iter([data])}, {"data": data}):
        assert requests.post(provider.resource_url, auth=auth, **content).json()["body_length"] == len(data)
    told = requests.post(provider.resource_url, auth=auth, files={"f": ("n.png", b"\x89PNG\xff")}).json()
    assert told["content_type"].startswith("multipart/form-data; boundary=")
    assert requests.post(provider.resource_url, auth=auth, json={"a": "é"}).json()["json"] == {"a": "é"}


def test_a_form_as_a_stream_is_refused_and_left_as_it_was(face, server, keys):
    """Nothing is sent; a request that is refused has the headers that it came with."""
    headers = {"Content-Type": FORM, "Authorization": "OAuth mine"}
    with pytest.raises(UsageError, match="stream"):
        requests.post(server.url, data=io.BytesIO(b"a=b"), headers=headers, auth=face.OAuth1(*keys))
    request = prepare(None, data='{"a": 1}', headers={"Authorization": "OAuth mine"})
    with pytest.raises(ValueError, match="body"):
        face.OAuth1(*keys, signature_type="body")(request)
    assert (request.headers["Authorization"], request.headers.get("Content-Type")) == ("OAuth mine", None)
    assert server.received == []


def test_force_include_body_covers_a_body_that_has_a_type(face, provider, keys):
    auth = face.OAuth1(*keys, force_include_body=True)
    for data in (b'{"a": 1}', io.BytesIO(b"\xff\xfe"), "text"):
        response = requests.post(provider.resource_url, data=data, headers={"Content-Type": "text/plain"}, auth=auth)
        assert response.json()["oauth"]["body_hash"]
    for content in ({"data": {"a": "b"}}, {"data": b"no type"}):
        assert requests.post(provider.resource_url, auth=auth, **content).json()["oauth"]["body_hash"] is None


def test_a_header_of_the_caller_is_replaced_whole(face, provider, keys):
    """schoolopy sends one of its own beside ``auth``."""
    mine = {"Authorization": 'OAuth realm="x", oauth_token="another", oauth_callback="oob"'}
    told = requests.get(provider.resource_url, headers=mine, auth=face.OAuth1(*keys)).json()
    assert (told["token"], told["oauth"]["realm"], told["oauth"]["callback"]) == (keys[2], None, None)


def test_the_client_may_change_in_between(face, provider, keys):
    """flickrapi, Flask-Dance, birdy, pyetrade and fatsecret set attributes of ``auth.client``."""
    auth = face.OAuth1(*keys[:2], "none", "none")
    assert requests.get(provider.resource_url, auth=auth).status_code == 401
    auth.client.resource_owner_key, auth.client.resource_owner_secret = keys[2:]
    auth.client.signature_type = "QUERY"
    assert requests.get(provider.resource_url, auth=auth).json()["oauth"]["placement"] == "query"


def test_nonce_and_timestamp_are_taken_and_not_corrected(face, server, keys):
    server.answer = lambda _: (401, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}, b"oauth_problem=timestamp_refused")
    response = requests.get(server.url, auth=face.OAuth1(*keys, nonce="n1", timestamp="1234567890"))
    assert 'oauth_nonce="n1", oauth_timestamp="1234567890"' in server.last.authorization
    assert (response.history, len(server.received)) == ([], 1)


def test_it_pickles_and_copies(face, provider, keys):
    """The hook is kept outside; after it was used, an ``OAuth1`` is what it was."""
    auth = face.OAuth1(*keys)
    requests.get(provider.resource_url, auth=auth)
    for again in (pickle.loads(pickle.dumps(auth)), copy.deepcopy(auth)):
        assert requests.get(provider.resource_url, auth=again).status_code == 200
    session = ours.OAuth1Session(*keys)
    again = pickle.loads(pickle.dumps(session))
    assert again.get(provider.resource_url).status_code == 200
    assert again.token == session.token
    assert again.auth is again._client


def test_an_rsa_key_is_parsed_once(face, pem, monkeypatch):
    """Whatever object it is in, and whatever else changes."""
    parsed = []
    monkeypatch.setattr(our_rsa, "_parse", lambda *a, parse=our_rsa._parse: parsed.append(1) or parse(*a))
    settings._load_key.cache_clear()
    settings.make_hook.cache_clear()
    for i in range(5):
        auth = face.OAuth1("k", resource_owner_key=f"token {i}", signature_method="RSA-SHA1", rsa_key=pem.private)
        request = prepare(auth)
        assert verify(
            request.method,
            request.url,
            headers=request.headers,
            consumer=Consumer("k"),
            token=AccessToken,
            rsa_key=pem.public,
        )
    assert len(parsed) == 1 + 5  # ours, and the verifier's


def test_what_is_kept_is_bounded():
    for i in range(settings.MAX_HOOKS + 10):
        prepare(ours.OAuth1(f"key {i}", "secret"))
    assert settings.make_hook.cache_info().currsize == settings.MAX_HOOKS
    assert settings._clock_for.cache_info().currsize == settings.MAX_CLOCKS


@pytest.mark.parametrize("offset", [-36000, 36000])
def test_objects_of_one_client_key_share_what_they_learn_of_the_time(face, offset):
    """tweepy makes an ``OAuth1`` for each call: the first pays for the clock, and no other does, of any user."""
    with serve(clock=lambda: time.time() + offset) as provider:
        attempts = []
        for i in range(4):
            token = provider.add_token(user=provider.add_user(f"user{i}", "password"))
            auth = face.OAuth1(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
            response = requests.get(provider.resource_url, auth=auth)
            assert response.status_code == 200, response.text
            attempts.append(1 + len(response.history))
        assert attempts == [2, 1, 1, 1]


# Redirects


def session_for(face, home, kind, **more):
    keys = (home.consumer.key, home.consumer.secret, home.token.key, home.token.secret)
    if kind == "session":
        session = face.OAuth1Session(*keys, **more)
    else:
        session = requests.Session()
        session.auth = face.OAuth1(*keys, **more)
    session.trust_env = False
    return session


class ByOAuthlib(Client):
    """A client that asks for oauthlib's signature, since it overrides a part of signing."""

    def get_oauth_params(self, request):
        return super().get_oauth_params(request)


@pytest.mark.parametrize("client_class", [None, ByOAuthlib])
@pytest.mark.parametrize("kind", ["session", "auth"])
@pytest.mark.parametrize("signature_type", TYPES)
@pytest.mark.parametrize("status", [302, 307])
def test_redirects_within_the_origin_are_signed_anew(face, home, kind, signature_type, status, client_class):
    home.redirecting.plan = [(status, "/api/resource/hop/2?page=2"), (status, f"{home.resource_url}/end")]
    home.redirecting.seen = []
    with session_for(face, home, kind, signature_type=signature_type, client_class=client_class) as session:
        if (signature_type, status, client_class) == ("BODY", 302, ByOAuthlib):
            with pytest.raises(ValueError, match="GET/HEAD requests should not include body"):  # oauthlib's own rule
                session.post(home.resource_url + "/hop", data={"a": "b c"})
            return
        response = session.post(home.resource_url + "/hop", data={"a": "b c"})
    assert [seen[2][:3] for seen in home.redirecting.seen] == ["200"] * 3, home.redirecting.seen
    assert len(response.history) == 2
    assert response.json()["parameters"] == ([["a", "b c"]] if status == 307 else [])


@pytest.mark.parametrize("client_class", [None, ByOAuthlib])
@pytest.mark.parametrize("signature_type", TYPES)
def test_a_redirect_within_the_origin_may_have_a_token_in_its_path(face, home, signature_type, client_class):
    """The server knows it already; only to another origin it must not go."""
    home.redirecting.plan, home.redirecting.seen = [(307, f"/api/resource/{home.token.key}")], []
    with session_for(face, home, "session", signature_type=signature_type, client_class=client_class) as session:
        assert session.post(home.resource_url + "/hop", data={"a": "b"}).status_code == 200


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize("client_class", [None, ByOAuthlib])
@pytest.mark.parametrize("kind", ["session", "auth", "their rebuild_auth"])
@pytest.mark.parametrize("signature_type", TYPES)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
def test_other_hosts_get_nothing(face, home, abroad, kind, signature_type, method, client_class):
    """Also where a program's session signs redirects itself, as requests-oauthlib's ``rebuild_auth`` does."""
    status = 307
    home.redirecting.plan = [(status, abroad.url + "/first?{query}&page=2")]
    more = {"signature_type": signature_type, "signature_method": method, "client_class": client_class}
    with session_for(face, home, "session" if kind != "auth" else kind, **more) as session:
        if kind == "their rebuild_auth":
            session.rebuild_auth = lambda request, _: request.prepare_auth(session.auth)
        abroad.answer = lambda got: (307, {"Location": "/second"}, b"") if "first" in got.target else (200, {}, b"")
        assert session.post(home.resource_url + "/hop", data={"a": "b"}).status_code == 200
    assert [got.method for got in abroad.received] == ["POST", "POST"]
    for got in abroad.received:
        assert nothing_of_ours(home, got), got
        assert b"a=b" in got.body


@pytest.mark.parametrize("status", STATUSES)
def test_a_program_that_signs_redirects_itself_still_does(face, home, status):
    """Within the origin; each with a nonce of its own."""
    home.redirecting.plan, home.redirecting.seen = [(status, "/api/resource/hop/2")], []
    with session_for(face, home, "session") as session:
        session.rebuild_auth = lambda request, _: request.prepare_auth(session.auth)
        session.get(home.resource_url + "/hop")
    assert [seen[2][:3] for seen in home.redirecting.seen] == ["200", "200"]


# Where oauthlib signs


def test_a_client_class_that_overrides_signing_signs(face, provider, keys):
    """Given, or as the class's own; and one that changes nothing about signing has our signer."""

    class Extended(Client):
        def get_oauth_params(self, request):
            return [*super().get_oauth_params(request), ("oauth_extension", "1")]

    class Auth(face.OAuth1):
        client_class = Extended

    for auth in (face.OAuth1(*keys, client_class=Extended), Auth(*keys)):
        response = requests.post(provider.resource_url, data={"a": "b"}, auth=auth)
        assert response.json()["parameters"] == [["a", "b"]]
        assert 'oauth_extension="1"' in response.request.headers["Authorization"]
    plain = prepare(face.OAuth1(*keys, client_class=type("Plain", (Client,), {})))
    assert plain.base_string
    assert not prepare(auth).base_string


def test_a_method_that_is_replaced_on_the_way_signs(face, keys, monkeypatch):
    """On the class or on one client, as tests do it."""
    auth = face.OAuth1(*keys)
    auth.client.sign = lambda uri, method, body, headers: (uri, {**headers, "Authorization": "mine"}, body)
    assert prepare(auth).headers["Authorization"] == "mine"
    monkeypatch.setattr(Client, "get_oauth_signature", lambda *_: "signed")
    assert 'oauth_signature="signed"' in prepare(face.OAuth1(*keys)).headers["Authorization"]


def test_what_tests_replace_in_oauthlib_is_taken(face, monkeypatch):
    """The header is to the letter what requests-oauthlib's own tests have for it."""
    monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_nonce", lambda: "abc")
    monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_timestamp", lambda: "123")
    assert prepare(face.OAuth1("foo"), url="https://i.b").headers["Authorization"] == (
        'OAuth oauth_nonce="abc", oauth_timestamp="123", oauth_version="1.0", oauth_signature_method="HMAC-SHA1", '
        'oauth_consumer_key="foo", oauth_signature="h2sRqLArjhlc5p3FTkuNogVHlKE%3D"'
    )


def test_a_registered_method_signs(face, keys, monkeypatch):
    monkeypatch.setattr(Client, "SIGNATURE_METHODS", {**Client.SIGNATURE_METHODS, "MINE": lambda *_: "m/1"})
    request = prepare(face.OAuth1(*keys, signature_method="MINE"))
    assert 'oauth_signature="m%2F1"' in request.headers["Authorization"]
    monkeypatch.setitem(Client.SIGNATURE_METHODS, "HMAC-SHA1", lambda *_: "other")
    assert 'oauth_signature="other"' in prepare(face.OAuth1(*keys)).headers["Authorization"]


def test_empty_keys_sign_as_before(face):
    """twython's tests have them."""
    for arguments in (("", "", "", ""), ("", ""), ("key", "secret", "", "token secret")):
        assert "oauth_signature=" in prepare(face.OAuth1(*arguments)).headers["Authorization"]


def test_an_unknown_type_and_an_unknown_method_are_refused_as_before(face, keys):
    with pytest.raises(ValueError, match="Unknown signature type"):
        prepare(face.OAuth1(*keys, signature_type="nowhere"))
    with pytest.raises(ValueError, match="Invalid signature method"):
        prepare(face.OAuth1(*keys, signature_method="NONE"))


def test_oauthlib_reads_no_stream_either(face, provider, keys):
    data = b"one line\nand another\n" * 1000
    auth = face.OAuth1(*keys, client_class=ByOAuthlib)
    assert requests.post(provider.resource_url, data=io.BytesIO(data), auth=auth).json()["body_length"] == len(data)


# PLAINTEXT over plain http


@pytest.mark.promise("plaintext-is-refused-over-plain-http")
def test_plaintext_goes_over_plain_http_where_that_is_allowed(face, monkeypatch):
    """Elsewhere it is refused, and the error says what to do; for all objects, for a class, or for one object."""
    secrets = {"client_secret": "cs", "resource_owner_key": "tk", "resource_owner_secret": "ts"}
    auth = face.OAuth1("ck", signature_method="PLAINTEXT", **secrets)
    with pytest.raises(UsageError, match=r"plaintext_origins = \['http://jira.intranet:8080'\]"):
        prepare(auth, url="http://jira.intranet:8080/rest")
    assert "cs%26ts" in prepare(auth, url="https://jira.intranet/rest").headers["Authorization"]
    origin = "http://JIRA.intranet:8080/"
    for owner, origins in ((ours.OAuth1, [origin]), (face.OAuth1, ("http://other", origin)), (auth, origin)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, "plaintext_origins", origins, raising=False)
            request = prepare(auth, url="http://jira.intranet:8080/rest", data={"a": "b"})
            assert 'oauth_signature="cs%26ts"' in request.headers["Authorization"]
            for other in ("http://jira.intranet/", "http://wiki.intranet:8080/"):
                with pytest.raises(UsageError, match="PLAINTEXT"):
                    prepare(auth, url=other)


# Getting tokens


def test_the_whole_flow(face, provider, keys):
    session = face.OAuth1Session(*keys[:2], callback_uri=CALLBACK)
    assert not session.authorized
    request_token = session.fetch_request_token(provider.request_token_url, realm=["a", "b"])
    assert session._client.client.callback_uri is session._client.client.realm is None
    assert request_token["oauth_callback_confirmed"] == "true"
    url = session.authorization_url(provider.authorization_url, lang="en")
    assert url == f"{provider.authorization_url}?lang=en&oauth_token={request_token['oauth_token']}"
    told = session.parse_authorization_response(provider.approve(url))
    assert session.token == {**{k: v for k, v in request_token.items() if "confirmed" not in k}, **told}
    access_token = session.fetch_access_token(provider.access_token_url)
    assert session.token == {name: access_token[name] for name in ("oauth_token", "oauth_token_secret")}
    assert session.authorized
    assert session.get(provider.resource_url).json()["user"] == "alice"


def test_the_flow_in_two_processes(face, provider, keys):
    """A web application makes a second session of what it has kept."""
    first = face.OAuth1Session(*keys[:2], callback_uri="oob")
    kept = first.fetch_request_token(provider.request_token_url)
    verifier = provider.approve(first.authorization_url(provider.authorization_url))
    second = face.OAuth1Session(*keys[:2], kept["oauth_token"], kept["oauth_token_secret"])
    second.fetch_access_token(provider.access_token_url, verifier=verifier)
    assert second.get(provider.resource_url).status_code == 200


def test_subclasses_override_post_and_token(face, provider, keys):
    """Flask-Dance overrides ``token``; others ``post``: both are used, and ``_populate_attributes`` as well."""
    called = []

    class Session(face.OAuth1Session):
        token = property(lambda self: called.append("get"), lambda self, value: called.append(sorted(value)))

        def post(self, url, **kwargs):
            called.append(kwargs)
            return super().post(url, **kwargs)

    session = Session(*keys[:2], callback_uri=CALLBACK)
    session.fetch_request_token(provider.request_token_url, timeout=9)
    assert called == [{"timeout": 9}, ["oauth_callback_confirmed", "oauth_token", "oauth_token_secret"]]
    assert session._client.client.resource_owner_key
    session.parse_authorization_response(f"{CALLBACK}?oauth_token=t&oauth_verifier=v")
    assert called[2:] == [["oauth_token", "oauth_verifier"]]


def test_a_token_is_set_in_part(face):
    session = face.OAuth1Session("foo")
    assert session.token == {}
    session.token = {"oauth_token": "t"}
    session.token = {"oauth_token": "t", "oauth_token_secret": "s"}
    session.token = {"oauth_token": "t", "oauth_verifier": "v"}
    assert session.token == {"oauth_token": "t", "oauth_token_secret": "s", "oauth_verifier": "v"}
    with pytest.raises(face.TokenMissing):
        session.token = {"oauth_token_secret": "s"}


@pytest.mark.parametrize(
    ("arguments", "authorized"),
    [
        ({}, False),
        ({"client_secret": "c"}, False),
        ({"client_secret": "c", "resource_owner_key": "t"}, False),
        ({"client_secret": "c", "resource_owner_key": "t", "resource_owner_secret": "s"}, True),
        ({"signature_method": "RSA-SHA1", "resource_owner_key": "t"}, True),
        ({"signature_method": "RSA-SHA1"}, False),
    ],
)
def test_authorized(face, arguments, authorized):
    assert face.OAuth1Session("foo", **arguments).authorized is authorized


def test_a_json_response_has_a_token_too(face, server):
    server.answer = lambda _: (200, {}, b' {"oauth_token": "t", "oauth_token_secret": "s", "n": 1}\n')
    assert face.OAuth1Session("foo").fetch_request_token(server.url) == {
        "oauth_token": "t",
        "oauth_token_secret": "s",
        "n": 1,
    }


# Errors


def test_without_a_verifier_nothing_is_asked(face, server):
    with pytest.raises(face.VerifierMissing, match=r"No client verifier has been set\.") as caught:
        face.OAuth1Session("foo").fetch_access_token(server.url)
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, ValueError)
    assert server.received == []


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_says_what_the_service_says_and_no_secret(face, server, status):
    """The message begins with requests-oauthlib's words, whose tests look for them."""
    server.answer = lambda _: (
        status,
        {},
        b"oauth_problem=token_rejected&oauth_token_secret=new-secret&x=client%20secret",
    )
    session = face.OAuth1Session("foo", "client secret", "tok", "token-secret")
    with pytest.raises(face.TokenRequestDenied) as caught:
        session.fetch_access_token(server.url, verifier="the-verifier")
    error = caught.value
    assert str(error).startswith(f"Token request failed with code {status}, response was 'oauth_problem=token_rejected")
    assert (error.status_code, error.problem, error.response.status_code) == (status, "token_rejected", status)
    assert isinstance(error, ProviderError)
    assert isinstance(error, ValueError)
    for text in (str(error), repr(error), error.body, str(error.explanation)):
        assert "secret=new" not in text
        assert "client%20secret" not in text
        assert "the-verifier" not in text
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.problem) == (type(error), str(error), "token_rejected")
    assert again.status_code == status


@pytest.mark.parametrize("body", [b"not valid urlencoded response!", b"", b"[1]", b"{", b"<html>", b'{"a": 1, "a": 2}'])
def test_a_response_that_makes_no_sense_is_an_error_of_ours(face, server, body):
    server.answer = lambda _: (200, {}, body)
    with pytest.raises(ValueError, match="token") as caught:
        face.OAuth1Session("foo").fetch_request_token(server.url)
    assert isinstance(caught.value, ProviderError)
    assert isinstance(caught.value, face.TokenMissing if not body else face.TokenRequestDenied)


@pytest.mark.parametrize(("status", "body"), [(401, "valid=response"), (200, "no token!")])
def test_what_stands_for_a_response_in_tests_is_refused_as_one(face, status, body):
    """Programs test their handlers with a mock of a response, which has a text and a status and nothing else."""
    session = face.OAuth1Session("foo")
    session.send = lambda *_, **__: Mock(spec=requests.Response, text=body, status_code=status)
    with pytest.raises(face.TokenRequestDenied) as caught:
        session.fetch_request_token("https://example.com/token")
    assert (caught.value.status_code, caught.value.response.text) == (status, body)


def test_a_response_without_a_token(face, server):
    server.answer = lambda _: (200, {}, b"oauth_problem=permission_denied&oauth_token_secret=hush-hush")
    with pytest.raises(face.TokenMissing, match="Response does not contain a token") as caught:
        face.OAuth1Session("foo").fetch_request_token(server.url)
    assert caught.value.problem == "permission_denied"
    assert caught.value.response["oauth_problem"] == "permission_denied"
    assert "hush" not in str(caught.value)
    with pytest.raises(face.TokenMissing):
        face.OAuth1Session("foo").parse_authorization_response(f"{CALLBACK}?denied=1")


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
def test_frames_of_ours_show_no_secret(face, server):
    """Error collectors print the variables of each frame of a traceback."""
    here = str(Path(ours.__file__).parent)
    secrets = {"client-secret", "token-secret", "the-verifier", "new-secret", "the-password"}
    session = face.OAuth1Session("key", "client-secret", "token", "token-secret", verifier="the-verifier")
    answers = iter([(200, {}, b"oauth_token_secret=new-secret"), (401, {}, b"oauth_token_secret=new-secret")])
    server.answer = lambda _: next(answers)
    headers = {"Content-Type": "application/json", "Authorization": "OAuth the-password"}
    for job in (
        lambda: session.fetch_access_token(server.url),
        lambda: session.fetch_access_token(server.url),
        lambda: prepare(face.OAuth1("k", "client-secret", signature_type="BODY"), headers=headers, data="{}"),
        lambda: prepare(face.OAuth1("k", "client-secret", signature_type="?"), headers=headers, data="the-password"),
        lambda: prepare(face.OAuth1("k", "client-secret", signature_method="PLAINTEXT"), url="http://a.example/"),
    ):
        with pytest.raises(ValueError, match=r"\w") as caught:
            job()
        frames = [entry.frame for entry in caught.traceback if str(entry.path).startswith(here)]
        assert frames
        shown = repr([{name: repr(value) for name, value in frame.f_locals.items()} for frame in frames])
        assert not [secret for secret in secrets if secret in shown], shown


def test_a_session_explains_a_refused_response(face, provider, keys):
    for more in ({}, {"client_class": ByOAuthlib}):
        session = face.OAuth1Session(*keys[:3], "another secret", **more)
        response = session.get(provider.resource_url)
        assert response.status_code == 401
        codes = [finding.code for finding in session.explain(response).findings]
        assert codes
        assert more or "token-secret" in codes


def test_an_error_explains_itself(face, provider, keys):
    session = face.OAuth1Session(keys[0], "wrong", callback_uri="oob")
    with pytest.raises(face.TokenRequestDenied) as caught:
        session.fetch_request_token(provider.request_token_url)
    assert "consumer-secret" in [finding.code for finding in caught.value.explanation.findings]


@pytest.mark.promise("no-secret-is-logged")
def test_no_secret_is_logged(face, provider, keys, caplog):
    caplog.set_level(logging.DEBUG)
    test_the_whole_flow(face, provider, keys)
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    assert not [line for line in logged if keys[1] in line or "oauth_token_secret" in line or "verifier" in line]


def test_json_is_what_the_provider_echoes(face, provider, keys):
    """A session is a ``requests.Session`` in all else: cookies, ``params``, ``json``."""
    with face.OAuth1Session(*keys) as session:
        session.params = {"always": "1"}
        told = session.put(provider.resource_url, json=[1, "é"], params={"a": "b"}).json()
    assert told["json"] == json.loads('[1, "é"]')
    assert told["parameters"] == [["always", "1"], ["a", "b"]]


# Speed


def cpu_time(auth, request, times):
    """Return the seconds that one signature takes."""
    copies = [request.copy() for _ in range(times)]
    start = time.process_time()
    for unsigned in copies:
        auth(unsigned)
    return (time.process_time() - start) / times


@pytest.mark.parametrize(
    ("content", "more", "times", "ratio"),
    [
        ({"method": "GET", "params": {"a": "1", "b": "2", "c": "3"}}, {}, 100, 4),
        ({"data": [(f"field{i}", f"value {i}") for i in range(500)]}, {}, 3, 8),
        ({"method": "GET"}, {"signature_method": "RSA-SHA1"}, 2, 50),
    ],
    ids=["GET", "500 fields", "RSA"],
)
def test_it_is_faster_than_requests_oauthlib(pem, content, more, times, ratio):
    """CPU time, in turn, in one process: the best of each."""
    arguments = ("key", "secret", "token", "token secret")
    if more:
        more = {**more, "rsa_key": pem.private}
    theirs, own = requests_oauthlib.OAuth1(*arguments, **more), ours.OAuth1(*arguments, **more)
    request = prepare(None, **content)
    rounds = [(cpu_time(theirs, request, times), cpu_time(own, request, 10 * times)) for _ in range(7)]
    slow, fast = map(min, zip(*rounds, strict=True))
    assert slow / fast >= ratio
