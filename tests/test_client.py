"""Falcon's Client, as ``shared/seeds/004_b8a4738cb7a2300c.txt`` describes it: on the wire, verified, and refused."""

from __future__ import annotations

import hmac
import json
import logging
import pickle
import socket
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tables import for_each

from oauth_hook import OAuthHook, ProviderError, UsageError, session
from oauth_hook import client as oauth
from oauth_hook.client import Client, ProtoError, Token, UseHeader, Via

GOOD = b"oauth_token=t&oauth_token_secret=new-hunter2&oauth_callback_confirmed=true"
MODES = pytest.mark.parametrize("mode", Via, ids=lambda mode: mode.name)
HEADERS = pytest.mark.parametrize("use_header", UseHeader, ids=lambda use: use.name)


def client_of(provider, mode=Via.POST, use_header=None, kind=Client):
    client = kind(provider.consumer.key, provider.consumer.secret, mode)
    if use_header is not None:
        client.use_header = use_header
    return client


def client_at(mode=Via.POST, use_header=UseHeader.ALTERN, **more):
    client = Client("key", "consumer-hunter2", mode, **{"timeout": 5, **more})
    client.use_header = use_header
    return client


def consent(provider, token):
    """The user's part, which the seed leaves out: a link, a yes, a verifier."""
    return provider.approve(f"{provider.authorization_url}?oauth_token={token.token}")


def access_token_of(provider, client):
    token = client.get_token(provider.request_token_url)
    token.verifier = consent(provider, token)
    return client.get_token(provider.access_token_url, None, token)


def asked(token=None):
    """A token that can be exchanged."""
    token = token or Token("request", "request-hunter2")
    token.verifier = "verifier-hunter2"
    return token


# --- the seed ---


def test_the_workflow_of_the_seed(oauth_provider):
    """The example of ``004_b8a4738cb7a2300c.txt`` runs line by line.

    Only its addresses are the provider's, the one that its ``callAPI`` lacks included; and between the lines the user
    says yes, which it leaves out.
    """
    my_user_id = "4711"
    # client = oauth.Client( "MyClientID", "MyClientSecret" )
    client = oauth.Client(oauth_provider.consumer.key, oauth_provider.consumer.secret)
    # req_token = client.getToken( "https://TheRemoteService/get_req_token" )
    req_token = client.get_token(oauth_provider.request_token_url)
    assert req_token.is_request()
    assert not req_token.is_access()
    # // authorize the token
    req_token.verifier = consent(oauth_provider, req_token)
    # access_token = client.getToken( "https://TheRemoteService/login", nil, req_token )
    access_token = client.get_token(oauth_provider.access_token_url, None, req_token)
    assert access_token.is_access()
    assert not access_token.is_request()
    # userData = client.callAPI( access_token, ["user_id"=> my_user_id] )
    user_data = client.call_api(access_token, oauth_provider.resource_url, {"user_id": my_user_id})
    assert json.loads(user_data)["parameters"] == [["user_id", "4711"]]
    assert json.loads(user_data)["user"] == "alice"


def test_the_parameter_becomes_the_access_token(oauth_provider):
    """A new token is returned, and the request token that was passed is from then on the same access token."""
    client = client_of(oauth_provider)
    token = client.get_token(oauth_provider.request_token_url)
    before = (token.token, token.secret)
    token.verifier = consent(oauth_provider, token)
    access = client.get_token(oauth_provider.access_token_url, token=token)
    assert access is not token
    assert vars(access) == vars(token)
    assert access.raw_data is not token.raw_data
    assert (token.token, token.secret) != before
    assert token.verifier is None
    assert json.loads(client.call_api(token, oauth_provider.resource_url))["user"] == "alice"


def test_a_refused_exchange_changes_nothing(oauth_provider):
    """Where the verifier is wrong, the request token is what it was, and can be exchanged with the right one."""
    client = client_of(oauth_provider)
    token = client.get_token(oauth_provider.request_token_url)
    verifier = consent(oauth_provider, token)
    token.verifier = "wrong"
    before = dict(vars(token))
    with pytest.raises(ProtoError) as caught:
        client.get_token(oauth_provider.access_token_url, None, token)
    assert (caught.value.status, caught.value.problem) == (401, "verifier_invalid")
    assert vars(token) == before
    token.verifier = verifier
    assert client.get_token(oauth_provider.access_token_url, None, token).is_access()


@HEADERS
@MODES
def test_three_legs_and_a_call(mode, use_header, oauth_provider):
    """In each mode, with each use of the header, tokens are given and calls verified, the parameters in their place."""
    client = client_of(oauth_provider, mode, use_header)
    token = access_token_of(oauth_provider, client)
    for params in (None, {}, [("a", "1"), ("a", "2 ü&="), ("empty", "")]):
        said = json.loads(client.call_api(token, oauth_provider.resource_url + "?q=1", params))
        assert said["parameters"] == [["q", "1"], *map(list, params or ())]
        assert said["method"] == mode.value
        place = "query" if mode is Via.GET else "body"
        wanted = {UseHeader.NONE: place, UseHeader.ALTERN: "header", UseHeader.FULL: "header+url-encoded"}
        assert said["oauth"]["placement"] == wanted[use_header]


@HEADERS
@MODES
@pytest.mark.parametrize("step", ["request", "access", "call", "call with params"])
def test_on_the_wire(step, mode, use_header, server):
    """NONE sends no header, ALTERN nothing of OAuth's but in it, FULL both alike; all else goes where the mode says."""
    client = client_at(mode, use_header)
    server.answer = lambda got: (200, {}, GOOD)
    {
        "request": lambda: client.get_token(server.url, "https://app.example/back"),
        "access": lambda: client.get_token(server.url, None, asked()),
        "call": lambda: client.call_api(Token("a", "b"), server.url),
        "call with params": lambda: client.call_api(Token("a", "b"), server.url, {"user_id": 7}),
    }[step]()
    got = server.last
    query, form = (parse_qs(text, keep_blank_values=True) for text in (urlsplit(got.target).query, got.body.decode()))
    carrier, other = (query, form) if mode is Via.GET else (form, query)
    assert got.method == mode.value
    assert other == {}
    assert carrier.pop("user_id", None) == (["7"] if step == "call with params" else None)
    if use_header is UseHeader.ALTERN:
        assert carrier == {}
    else:
        assert {"oauth_consumer_key", "oauth_nonce", "oauth_signature"} <= set(carrier)
        assert all(len(values) == 1 for values in carrier.values())
    if use_header is UseHeader.NONE:
        assert "authorization" not in got.headers
        found = {name: values[0] for name, values in carrier.items()}
    else:
        pairs = [part.split('="') for part in got.authorization.removeprefix("OAuth ").rstrip('"').split('", ')]
        found = {name: requests.utils.unquote(value) for name, value in pairs}
    if use_header is UseHeader.FULL:
        assert found == {name: values[0] for name, values in carrier.items()}
    assert found.get("oauth_callback") == ("https://app.example/back" if step == "request" else None)
    assert found.get("oauth_verifier") == ("verifier-hunter2" if step == "access" else None)
    assert found.get("oauth_token") == {"request": None, "access": "request"}.get(step, "a")
    assert found["oauth_signature_method"] == "HMAC-SHA1"


def test_the_defaults(server):
    """POST, the header, and a verifier that the service shows: what works nearly everywhere."""
    client = Client("key", "secret")
    assert (client.mode, client.use_header) == (Via.POST, UseHeader.ALTERN)
    server.answer = lambda got: (200, {}, GOOD)
    client.get_token(server.url)
    assert server.last.method == "POST"
    assert 'oauth_callback="oob"' in server.last.authorization
    assert server.last.body == b""
    assert "content-type" not in server.last.headers


def test_both_can_be_set_later(server):
    """``use_header`` and ``mode`` are read with each call; the values of the enumerations do as well."""
    client = client_at()
    client.mode, client.use_header = "GET", UseHeader.NONE
    client.call_api(Token("a", "b"), server.url)
    assert "oauth_signature=" in server.last.target
    client.mode, client.use_header = Via.POST, UseHeader.ALTERN
    client.call_api(Token("a", "b"), server.url)
    assert "oauth_signature=" in server.last.authorization
    assert server.last.target == "/"


# --- tokens ---


def test_what_the_service_said_besides(server):
    """``raw_data`` is all of an answer, ``get_extra_data`` what is not OAuth's."""
    server.answer = lambda got: (200, {}, GOOD + b"&user_id=7&screen_name=al%20ice&empty=\n")
    token = client_at().get_token(server.url)
    assert token.get_extra_data() == {"user_id": "7", "screen_name": "al ice", "empty": ""}
    assert token.raw_data["oauth_token"] == token.token == "t"
    assert token.raw_data["oauth_token_secret"] == token.secret == "new-hunter2"
    assert token.raw_data["oauth_callback_confirmed"] == "true"
    assert Token("a", "b").get_extra_data() == {}


def test_a_token_of_an_earlier_run(oauth_provider):
    """A token made by hand of what was kept is good for calls; it pickles, too."""
    known = oauth_provider.add_token()
    token = Token(known.key, known.secret, exchanged=True)
    assert token.is_access()
    for one in (token, Token(known.key, known.secret), pickle.loads(pickle.dumps(token))):
        assert json.loads(client_of(oauth_provider).call_api(one, oauth_provider.resource_url))["user"] == "alice"


def test_a_call_without_a_token(oauth_provider):
    """``None`` for a token is the application's own call."""
    said = json.loads(client_of(oauth_provider).call_api(None, oauth_provider.two_legged_url, {"a": "1"}))
    assert (said["user"], said["consumer"]) == (None, oauth_provider.consumer.key)


def test_a_service_of_oauth_1_0_gets_no_verifier(server):
    """A request token without a verifier is exchanged without one."""
    server.answer = lambda got: (200, {}, GOOD)
    assert client_at().get_token(server.url, None, Token("request", "request-hunter2")).is_access()
    assert "oauth_verifier" not in server.last.authorization


def test_tokens_in_json(server):
    """An answer in JSON is a token, too."""
    server.answer = lambda got: (200, {}, b'{"oauth_token": "t", "oauth_token_secret": "s", "user_id": 7}')
    assert client_at().get_token(server.url).get_extra_data() == {"user_id": 7}


# --- calls ---


def test_data_come_raw(server):
    """What a call returns are the octets that came, whatever they are."""
    data = bytes(range(256)) * 5000  # more than any token is
    server.answer = lambda got: (200, {"Content-Type": "image/png"}, data)
    assert client_at().call_api(Token("a", "b"), server.url) == data


@HEADERS
def test_redirects_at_home_are_signed_anew(use_header, oauth_provider):
    """A call that is led on within the origin is verified there as well."""
    client = client_of(oauth_provider, Via.GET, use_header)
    token = access_token_of(oauth_provider, client)
    assert json.loads(client.call_api(token, oauth_provider.whoami_url))["preferredUsername"] == "alice"


@HEADERS
@MODES
@pytest.mark.parametrize("status", [302, 307])
def test_nothing_of_ours_goes_abroad(status, mode, use_header, server, abroad):
    """A call that is led to another origin arrives there without any parameter of OAuth's."""
    server.answer = lambda got: (status, {"Location": abroad.url + "/there"}, b"")
    client_at(mode, use_header).call_api(Token("a", "token-hunter2"), server.url, {"user_id": 7})
    assert "oauth_" not in repr(abroad.last)


@HEADERS
@MODES
def test_redirects_of_token_requests(mode, use_header, server, abroad):
    """Another origin is refused a token request, and never asked."""
    server.answer = lambda got: (307, {"Location": abroad.url + "/there"}, b"")
    for token in (None, asked()):
        with pytest.raises(ProtoError, match="another origin") as caught:
            client_at(mode, use_header).get_token(server.url, None, token)
        assert caught.value.status == 307
    assert abroad.received == []


def test_threads_share_a_client(oauth_provider):
    """Three legs and calls of several users at once, with one client."""
    client = client_of(oauth_provider)
    names = [f"user{number}" for number in range(4)]
    users = [oauth_provider.add_user(name, "a password") for name in names]

    def work(user):
        token = client.get_token(oauth_provider.request_token_url)
        token.verifier = oauth_provider.approve(f"{oauth_provider.authorization_url}?oauth_token={token.token}", user)
        access = client.get_token(oauth_provider.access_token_url, None, token)
        return json.loads(client.call_api(access, oauth_provider.resource_url))["user"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, users)) == names


# --- the signing key ---


def test_a_signing_key_of_ones_own(oauth_provider):
    """A subclass decides the key for tokens and for calls; here the consumer secret rests backwards."""
    seen = []

    class Backwards(Client):
        def make_secret(self, cust_secret, token_secret=None):
            seen.append(token_secret)
            return super().make_secret(cust_secret[::-1], token_secret)

    client = Backwards(oauth_provider.consumer.key, oauth_provider.consumer.secret[::-1])
    token = client.get_token(oauth_provider.request_token_url)
    first = token.secret
    token.verifier = consent(oauth_provider, token)
    client.get_token(oauth_provider.access_token_url, None, token)
    assert json.loads(client.call_api(token, oauth_provider.resource_url))["user"] == "alice"
    assert seen == [None, first, token.secret]
    with pytest.raises(ProtoError) as caught:
        Client(client._consumer.key, client._consumer.secret).call_api(token, oauth_provider.resource_url)
    assert caught.value.problem == "signature_invalid"


def test_the_key_is_what_signs():
    """The signature is made with what ``make_secret`` returns, and nothing else."""

    class Joined(Client):
        def make_secret(self, cust_secret, token_secret=None):
            return f"{cust_secret}|{token_secret}"

    request = Joined("key", "cs").make_oauth_handler("https://h.example/", "ts", {"oauth_token": "t"})
    digest = b64encode(hmac.digest(b"cs|ts", request.base_string.encode(), "sha1")).decode()
    assert f'oauth_signature="{requests.utils.quote(digest, safe="")}"' in request.headers["Authorization"]


def test_the_key_escapes_the_secrets():
    """Both secrets are escaped and joined by an ampersand, which is there without a token as well (s3.4.2)."""
    client = Client("key", "secret")
    assert client.make_secret("a&b", "c d") == "a%26b&c%20d"
    assert client.make_secret("a&b") == client.make_secret("a&b", None) == "a%26b&"


@pytest.mark.parametrize("made", [None, b"bytes", 5])
def test_a_key_that_is_none(made, server):
    """A subclass that returns no str is told so, before anything is sent."""

    class Broken(Client):
        def make_secret(self, cust_secret, token_secret=None):
            return made

    with pytest.raises(UsageError, match="make_secret"):
        Broken("key", "secret").call_api(Token("a", "b"), server.url)
    with pytest.raises(UsageError, match="make_secret"):
        Broken("key", "secret").get_token(server.url)
    assert server.received == []


# --- requests that are not sent ---


@HEADERS
@MODES
def test_a_handler_is_ready_to_send(mode, use_header, server, oauth_provider):
    """``make_oauth_handler`` sends nothing, and what it returns is verified when it is sent."""
    known, client = oauth_provider.add_token(), client_of(oauth_provider, mode, use_header)
    client.make_oauth_handler(server.url, known.secret, {"oauth_token": known.key}, {"a": "1"})
    assert server.received == []
    request = client.make_oauth_handler(oauth_provider.resource_url, known.secret, {"oauth_token": known.key}, {"a": 1})
    assert isinstance(request, requests.PreparedRequest)
    with requests.Session() as plain:
        said = plain.send(request, timeout=10).json()
    assert (said["user"], said["parameters"]) == ("alice", [["a", "1"]])


def test_a_handler_for_each_step(oauth_provider):
    """The three legs can be gone by hand: callback, verifier and token are OAuth's parameters, secrets may be None."""
    client = client_of(oauth_provider)
    with requests.Session() as plain:

        def send(*arguments):
            answer = plain.send(client.make_oauth_handler(*arguments), timeout=10)
            assert answer.status_code == 200, answer.text
            return client.parse_qs(answer.content)

        first = send(oauth_provider.request_token_url, None, {"oauth_callback": "oob"}, None)
        verifier = consent(oauth_provider, Token(first["oauth_token"], ""))
        named = [("oauth_token", first["oauth_token"]), ("oauth_verifier", verifier)]
        second = send(oauth_provider.access_token_url, first["oauth_token_secret"], named, None)
    token = Token(second["oauth_token"], second["oauth_token_secret"])
    assert json.loads(client.call_api(token, oauth_provider.resource_url))["user"] == "alice"


def test_a_handler_with_all_parameters(server):
    """What signing would make is taken as it is given, where it is what this client signs with."""
    given = {
        "oauth_consumer_key": "key", "oauth_token": "tt", "oauth_nonce": "n", "oauth_timestamp": "1",
        "oauth_signature_method": "HMAC-SHA1", "oauth_version": "1.0", "oauth_callback": None,
    }  # fmt: skip
    for params in (given, given | {"oauth_timestamp": 1}, list(given.items())):
        request = client_at().make_oauth_handler("https://h.example/?a=1", "ts", params, {})
        digest = hmac.digest(
            b"consumer-hunter2&ts",
            b"POST&https%3A%2F%2Fh.example%2F&a%3D1%26oauth_consumer_key%3Dkey%26oauth_nonce%3Dn%26"
            b"oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1%26oauth_token%3Dtt%26oauth_version%3D1.0",
            "sha1",
        )
        signature = requests.utils.quote(b64encode(digest).decode(), safe="")
        found = dict(part.split("=", 1) for part in request.headers["Authorization"].removeprefix("OAuth ").split(", "))
        assert found == {
            **{name: f'"{value}"' for name, value in given.items() if value is not None},
            "oauth_signature": f'"{signature}"',
        }
    server.answer = lambda got: (307, {"Location": "/there"}, b"") if got.target == "/" else (200, {}, b"")
    with requests.Session() as plain:
        plain.send(client_at().make_oauth_handler(server.url, "ts", given, {}), timeout=10)
    nonces = [got.authorization.partition('oauth_nonce="')[2].partition('"')[0] for got in server.received]
    assert nonces[0] == "n" != nonces[1]  # one is good once
    assert len(nonces[1]) > 8


def test_a_handler_keeps_its_signature(server):
    """A session with a hook of its own sends it as it was signed."""
    other = OAuthHook("other", "secret", "other key", "secret", header_auth=True)
    request = client_at().make_oauth_handler(server.url, "b", {"oauth_token": "a"}, {})
    with session(hooks={"pre_request": other}) as theirs:
        theirs.send(request, timeout=10)
    assert 'oauth_token="a"' in server.last.authorization
    assert "other" not in server.last.authorization


# --- parse_qs ---


@for_each(
    ("data", "values"),
    [
        ("", {}),
        ("?", {}),
        ("?a=1&b=?", {"a": "1", "b": "?"}),
        (b" ??a=1", {"?a": "1"}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=&b&c=x", {"a": "", "b": "", "c": "x"}),
        ("a=1&a=2", {"a": "2"}),
        ("a%20b=c+d%26&%C3%BC=%c3%bc", {"a b": "c d&", "ü": "ü"}),
        (b"a=%C3%BC\n", {"a": "ü"}),
        ("a=ü", {"a": "ü"}),
        ("a=b=c", {"a": "b=c"}),
        (b"a=\xff&b=%FF", {"a": "\ufffd", "b": "\ufffd"}),
    ],
)
def test_parse_qs(data, values):
    """Names and values, decoded; empty ones are there, and of two the last; no octets raise."""
    assert Client.parse_qs(data) == values
    assert Client("key", "secret").parse_qs(data) == values


# --- what goes wrong ---

HTML = (
    b"<html><title>Internal Server Error</title><body>consumer-hunter2 request-hunter2 verifier-hunter2</body></html>"
)
FAILURES = {
    "html 500": ((500, {"Content-Type": "text/html"}, HTML), None, "Internal Server Error"),
    "problem": (
        (401, {}, b"oauth_problem=token_expired&oauth_problem_advice=consumer-hunter2+again"),
        "token_expired",
        "token_expired",
    ),
    "json": ((403, {}, b'{"errors": [{"code": 32, "message": "No request-hunter2"}]}'), "32", "32"),
    "empty 404": ((404, {}, b""), None, "404"),
    "binary": ((500, {}, bytes(range(256)) * 1000), None, "500"),
}  # fmt: skip
BROKEN = {
    "no secret": b"oauth_token=t",
    "no token": b"oauth_token_secret=new-hunter2",
    "two tokens": GOOD + b"&oauth_token=u",
    "empty token": b"oauth_token=&oauth_token_secret=new-hunter2",
    "empty": b"",
    "html": HTML,
    "json": b'{"error": "not today"}',
    "json list": b"[1, 2]",
    "not confirmed": GOOD.replace(b"true", b"false"),
    "too large": GOOD + b"&x=" + b"x" * (2 << 20),
}
STEPS = {
    "request": lambda client, url: client.get_token(url),
    "access": lambda client, url: client.get_token(url, None, asked()),
    "call": lambda client, url: client.call_api(asked(), url, {"a": "1"}),
}


def shown(error, caplog):
    """All that anybody is shown of an error, and all that was logged."""
    texts = [str(error), repr(error), error.body, str(error.problem), repr(error.response), str(error.explanation)]
    return "".join([*texts, caplog.text])


@for_each("case", FAILURES)
@for_each("step", STEPS)
def test_a_refusal_is_one_clear_error(step, case, server, caplog):
    """A refusal of tokens and calls is a ProtoError with status, problem, response and a redacted body."""
    answer, problem, words = FAILURES[case]
    server.answer = lambda got: answer
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ProtoError, match=words) as caught:
        STEPS[step](client_at(), server.url + "/path")
    error = caught.value
    assert isinstance(error, ProviderError)
    assert (error.status, error.problem, error.response.status_code) == (answer[0], problem, answer[0])
    assert error.__cause__ is None
    # what the server echoes that this step never sent, nobody can know for a secret
    unknown = [] if step == "access" else ["verifier-hunter2", *(["request-hunter2"] if step == "request" else [])]
    text = shown(error, caplog)
    for secret in unknown:
        text = text.replace(secret, "")
    assert "hunter2" not in text
    assert len(server.received) == 1


@for_each(
    ("step", "case"),
    [(step, case) for step in ("request", "access") for case in BROKEN if (step, case) != ("access", "not confirmed")],
)
def test_an_answer_that_is_no_token(step, case, server, caplog):
    """What is no token, though its status is 200, is a ProtoError; a new secret in it is not shown."""
    server.answer = lambda got: (200, {}, BROKEN[case])
    caplog.set_level(logging.DEBUG)
    token = asked()
    before = dict(vars(token))
    with pytest.raises(ProtoError) as caught:
        client_at().get_token(server.url, None, token if step == "access" else None)
    assert caught.value.status == 200
    assert vars(token) == before
    assert "new-hunter2" not in shown(caught.value, caplog)


@pytest.mark.parametrize("step", STEPS)
def test_a_refusal_pickles(step, server):
    """A refusal of tokens and calls pickles, with its answer and its explanation, redirected or not."""
    client = client_at()
    for answers in ([(401, {}, b"no")], [(307, {"Location": "/there"}, b""), (401, {}, b"no")]):
        server.answer = lambda got, answers=answers: answers.pop(0)
        with pytest.raises(ProtoError) as caught:
            STEPS[step](client, server.url)
        error = pickle.loads(pickle.dumps(caught.value))
        assert (str(error), error.status, error.body) == (str(caught.value), 401, "no")
        assert error.response.text == "no"
        assert "the arithmetic: the signature is what" in str(error.explanation)


def test_a_refusal_is_explained(oauth_provider):
    """A refused call's error tells why, as far as the credentials of the call show it, and shows no secret."""
    known = oauth_provider.add_token()
    client = client_of(oauth_provider)
    with pytest.raises(ProtoError) as caught:
        client.call_api(Token(known.key, "wrong-hunter2"), oauth_provider.resource_url, {"a": "1"})
    assert caught.value.problem == "signature_invalid"
    assert caught.value.explanation.findings
    assert "hunter2" not in str(caught.value.explanation)


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_is_not_there(step):
    """No connection is requests' own exception."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(requests.ConnectionError):
        STEPS[step](client_at(), url)


@for_each("step", STEPS, at_once=True)
@for_each("drips", [False, True], at_once=True)
def test_a_server_that_never_ends(drips, step):
    """A server that says nothing, or an octet now and then, is given up when time is up."""
    end = threading.Event()

    def drip(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" if drips else b"")
                while not end.wait(0.1):
                    connection.sendall(b"x" if drips else b"")
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        begin = time.monotonic()
        with pytest.raises(requests.Timeout):
            STEPS[step](client_at(timeout=0.5), f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert time.monotonic() - begin < 10
        end.set()
        thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("step", STEPS)
def test_a_redirect_to_no_address(step, server):
    """A Location that is no address is the server's fault."""
    server.answer = lambda got: (302, {"Location": "http://[bad/"}, b"")
    with pytest.raises(ProtoError, match="no URL"):
        STEPS[step](client_at(), server.url)


@pytest.mark.parametrize("step", STEPS)
def test_redirects_for_ever(step, server):
    """A redirect loop ends as requests ends it."""
    server.answer = lambda got: (302, {"Location": "/again"}, b"")
    with pytest.raises(requests.TooManyRedirects):
        STEPS[step](client_at(), server.url)


URL = "https://h.example/"
BAD = {
    "no id": (lambda: Client("", "secret-hunter2"), "key of a Consumer"),
    "id type": (lambda: Client(5, "secret-hunter2"), "must be a str"),
    "secret type": (lambda: Client("key", b"secret-hunter2"), "must be a str"),
    "mode": (lambda: Client("key", "secret", "hunter2"), "Via.GET, Via.POST"),
    "mode type": (lambda: Client("key", "secret", ["hunter2"]), "Via.GET, Via.POST"),
    "mode none": (lambda: Client("key", "secret", None), "Via.GET, Via.POST"),
    "mode later": (lambda: setattr(client_at(), "mode", "PUT"), "Via.GET, Via.POST"),
    "use_header": (lambda: setattr(client_at(), "use_header", True), "UseHeader.NONE, UseHeader.ALTERN"),
    "timeout": (lambda: client_at(timeout=0), "timeout"),
    "timeout later": (lambda: setattr(client_at(), "timeout", None), "timeout"),
    "token empty": (lambda: Token("", "hunter2"), "empty"),
    "token type": (lambda: Token(None, "hunter2"), "must be a str"),
    "token with a line feed": (lambda: Token("a\n", "hunter2"), "control character"),
    "token secret": (lambda: Token("a", None), "secret must be a str"),
    "address type": (lambda: client_at().get_token(None), "URL must be a str"),
    "address empty": (lambda: client_at().get_token(""), "absolute"),
    "callback type": (lambda: client_at().get_token(URL, 5), "callback must be a URL"),
    "callback and token": (lambda: client_at().get_token(URL, URL, asked()), "pass None with a token"),
    "token of another kind": (lambda: client_at().get_token(URL, None, "hunter2"), "token must be a Token"),
    "an access token again": (
        lambda: client_at().get_token(URL, None, Token("a", "hunter2", exchanged=True)), "access token already"
    ),
    "verifier type": (lambda: client_at().get_token(URL, None, with_verifier(5)), "oauth_verifier must be a str"),
    "call token": (lambda: client_at().call_api({"oauth_token": "hunter2"}, URL), "token must be a Token"),
    "call without address": (lambda: client_at().call_api(asked(), {"user_id": "hunter2"}), "must be a str, not dict"),
    "call empty address": (lambda: client_at().call_api(asked(), ""), "absolute"),
    "call with a password": (lambda: client_at().call_api(asked(), "http://me:hunter2@h.example/"), "userinfo|user"),
    "params type": (lambda: client_at().call_api(asked(), URL, 5), "params must be a mapping or pairs"),
    "params text": (lambda: client_at().call_api(asked(), URL, "a=hunter2"), "params must be a mapping or pairs"),
    "params octets": (lambda: client_at().call_api(asked(), URL, b"a=hunter2"), "params must be a mapping or pairs"),
    "oauth params type": (lambda: handler("hunter2"), "oauth_params must be a mapping or pairs"),
    "oauth params name": (lambda: handler({"user_id": "hunter2"}), "'user_id'"),
    "oauth params of signing": (lambda: handler({"oauth_signature": "hunter2"}), "'oauth_signature'"),
    "oauth params, another key": (lambda: handler({"oauth_consumer_key": "hunter2"}), "another oauth_consumer_key"),
    "oauth params, another method": (
        lambda: handler({"oauth_signature_method": "hunter2"}), "another oauth_signature_method .* 'HMAC-SHA1'"
    ),
    "oauth params, another version": (lambda: handler({"oauth_version": "2.0"}), "another oauth_version"),
    "oauth params, no nonce": (lambda: handler({"oauth_nonce": 5}), "oauth_nonce must be a str"),
    "oauth params, no time": (lambda: handler({"oauth_timestamp": "hunter2"}), "oauth_timestamp must be whole seconds"),
    "oauth params, another time": (lambda: handler({"oauth_timestamp": "01"}), "oauth_timestamp must be whole seconds"),
    "oauth token type": (lambda: handler({"oauth_token": 5}), "must be a str"),
    "secret without token": (
        lambda: client_at().make_oauth_handler(URL, "hunter2", {}, {}), "tsecret .* oauth_token in oauth_params"
    ),
    "parse_qs": (lambda: Client.parse_qs(None), "data must be str or bytes"),
}  # fmt: skip


def with_verifier(verifier):
    token = Token("a", "hunter2")
    token.verifier = verifier
    return token


def handler(oauth_params):
    return client_at().make_oauth_handler(URL, None, oauth_params, None)


@for_each("case", BAD)
def test_bad_arguments(case, caplog):
    """What the caller has to mend is a UsageError that says what, before anything is sent, and shows no secret."""
    call, words = BAD[case]
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UsageError, match=words) as caught:
        call()
    assert "hunter2" not in str(caught.value) + caplog.text


@for_each(
    "address",
    [
        "nix", "h.example/path", "://h.example/", "http://", "http:///path", "https:h.example", "ftp://h.example/",
        "http://[bad/", "http://h.example:99999/", "http://*.example/", "http://a..example/",
        "http://" + "a" * 64 + ".example/", "http://me:hunter2@h.example/", "hunter2://",
    ],
)  # fmt: skip
def test_what_is_no_http_address(address):
    """An address that cannot be asked is our error, for tokens, calls and handlers, and shows no password."""
    for step in (*STEPS.values(), lambda client, url: client.make_oauth_handler(url)):
        with pytest.raises(UsageError, match=r"address|URL") as caught:
            step(client_at(), address)
        assert "hunter2" not in str(caught.value)
        assert "request_token_url" not in str(caught.value)


def test_addresses_that_requests_mends(server):
    """An address that requests escapes is asked."""
    client_at().call_api(None, f" {server.url}/a b/ü?c=[1]")
    assert server.last.target.startswith("/a%20b/%C3%BC?c=")


# --- secrets ---


def test_nothing_secret_is_shown(oauth_provider, caplog):
    """With DEBUG on everywhere, three legs, a call and a refusal show neither secrets nor the verifier."""
    caplog.set_level(logging.DEBUG)
    client = client_of(oauth_provider)
    token = client.get_token(oauth_provider.request_token_url)
    secrets = [oauth_provider.consumer.secret, token.secret]
    token.verifier = consent(oauth_provider, token)
    secrets.append(token.verifier)
    before = repr(token) + repr(client.make_oauth_handler)
    access = client.get_token(oauth_provider.access_token_url, None, token)
    secrets.append(access.secret)
    client.call_api(access, oauth_provider.resource_url, {"a": 1})
    with pytest.raises(ProtoError) as caught:
        client.call_api(access, oauth_provider.request_token_url)
    text = before + repr(client) + repr(token) + repr(access) + shown(caught.value, caplog)
    assert caplog.records
    assert not [secret for secret in secrets if secret in text]
    assert repr(access) == f"Token({access.token!r}, secret=***, exchanged=True)"
