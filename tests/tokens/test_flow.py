"""From a consumer key to an access token: against the embedded provider, and against servers that misbehave."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from tables import for_each

import oauth_hook
from oauth_hook import (
    AccessToken,
    Consumer,
    OAuthAdapter,
    OAuthFlow,
    OAuthHook,
    ProviderError,
    RequestToken,
    UsageError,
)
from oauth_hook.services import Service
from oauth_hook.tokens.flow import VerifierPendingError

CONSUMER = Consumer("key", "consumer-hunter2")
TOKEN = RequestToken("request", "request-hunter2")
GOOD = b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"


def flow_of(provider, **more):
    return OAuthFlow(
        provider.consumer, provider.request_token_url, provider.authorization_url, provider.access_token_url, **more
    )


def flow_at(server, **more):
    more.setdefault("timeout", 5)
    return OAuthFlow(CONSUMER, server.url + "/request", server.url + "/authorize", server.url + "/access", **more)


def sent(server):
    """What the last request carried, wherever it was."""
    got = server.last
    return got.authorization + got.target + got.body.decode()


@contextmanager
def raw_server(answer, *, hold=False):
    """A server that answers one connection with these octets, and then hangs up, or holds it until the end."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with suppress(OSError):
                connection = listener.accept()[0]
                with connection:
                    connection.settimeout(10)
                    connection.recv(1 << 16)
                    connection.sendall(answer)
                    if hold:
                        over.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            over.set()
            thread.join(20)


# --- the three legs ---


@for_each("placement", ["header", "query", "body", "url-encoded"])
@for_each("method", ["GET", "POST"])
@for_each("callback", ["oob", "http://127.0.0.1:9/done?x=1"])
def test_three_legs(placement, method, callback, oauth_provider):
    """Request token, consent, callback, access token, a signed request: in every placement, by GET and POST."""
    flow = flow_of(oauth_provider, placement=placement, method=method, callback=callback, confirmed="require")
    request_token = flow.fetch_request_token()
    assert isinstance(request_token, RequestToken)
    answer = oauth_provider.approve(flow.authorization_url(request_token))
    assert answer.startswith(callback) is (callback != "oob")
    access_token = flow.fetch_access_token(request_token, flow.parse_callback(answer, request_token))
    assert isinstance(access_token, AccessToken)
    assert requests.get(oauth_provider.resource_url, auth=flow.hook(access_token)).json()["user"] == "alice"


@pytest.mark.parametrize("method", ["HMAC-SHA256", "PLAINTEXT"])
def test_the_same_in_one_call(method, oauth_provider):
    """``authorize`` takes any verifier source; the provider's own user stands in for a person."""
    flow = flow_of(oauth_provider, signature_method=method)
    token = flow.authorize(oauth_provider.approve)
    assert requests.get(oauth_provider.resource_url, auth=flow.hook(token)).status_code == 200


def test_five_lines(oauth_provider):
    """With a session of the user's own, whose other settings are kept."""
    with requests.Session() as session:
        session.headers["User-Agent"] = "mine/1.0"
        session.auth = ("basic", "must not be used")
        token = flow_of(oauth_provider, session=session).authorize(oauth_provider.approve)
    assert token.secret


def test_steps_return_values_that_travel(oauth_provider):
    """A flow and its tokens go to another process between the steps; nothing was kept in between."""
    flow = flow_of(oauth_provider)
    first = json.loads(json.dumps(flow.fetch_request_token().to_dict()))
    flow = pickle.loads(pickle.dumps(flow))
    verifier = oauth_provider.approve(flow.authorization_url(RequestToken.from_dict(first)))
    token = flow.fetch_access_token(RequestToken.from_dict(first), verifier)
    again = AccessToken.from_dict(json.loads(json.dumps(token.to_dict())))
    assert requests.get(oauth_provider.resource_url, auth=flow.hook(again)).status_code == 200


def test_a_source_that_returns_none_means_later(oauth_provider):
    """A GUI returns None and comes back: the error carries the request token to go on with."""
    flow, seen = flow_of(oauth_provider), []
    with pytest.raises(VerifierPendingError) as caught:
        flow.authorize(lambda url: seen.append(url))
    assert isinstance(caught.value, UsageError)
    verifier = oauth_provider.approve(seen[0])
    assert flow.fetch_access_token(caught.value.request_token, verifier).key


def test_denial_is_the_providers_error(oauth_provider):
    """A user who says no comes back with a problem, which ends the flow."""
    flow = flow_of(oauth_provider, callback="http://127.0.0.1:9/done")
    with pytest.raises(ProviderError) as caught:
        flow.authorize(oauth_provider.deny)
    assert caught.value.problem == "user_refused"


def test_request_and_access_tokens_are_not_exchangeable(oauth_provider):
    """Each step takes its own type of token, and says which."""
    flow, access = flow_of(oauth_provider), AccessToken("a", "b")
    for step in (flow.authorization_url, flow.fetch_access_token):
        with pytest.raises(UsageError, match="RequestToken"):
            step(access)
    with pytest.raises(UsageError, match="RequestToken"):
        flow.parse_callback("x", access)
    with pytest.raises(UsageError, match="AccessToken"):
        flow.renew(RequestToken("a", "b"))


# --- what services want besides ---


def test_extra_parameters_go_along_signed(server):
    """Each step takes what the service wants besides, signed, in the form or the query."""
    server.answer = lambda got: (200, {}, GOOD)
    flow_at(server).fetch_request_token(x_auth_access_type="read")
    assert server.last.body == b"x_auth_access_type=read"
    flow_at(server, method="GET").fetch_request_token(scope="a b")
    assert server.last.target == "/request?scope=a+b"
    flow_at(server, realm="Photos").fetch_access_token(TOKEN, "v", extra="1")
    assert server.last.body == b"extra=1"
    assert server.last.authorization.startswith('OAuth realm="Photos", ')
    assert 'oauth_verifier="v"' in server.last.authorization


@pytest.mark.parametrize("callback", ["myapp:/back", "urn:example:back", "com.example.app://done", "http://[::1]:9/"])
def test_callbacks_of_any_scheme(callback, server):
    """A desktop application's own scheme is a callback as any other."""
    server.answer = lambda request: (200, {}, GOOD)
    flow_at(server, callback=callback).fetch_request_token()
    assert f'oauth_callback="{quote(callback, safe="")}"' in server.last.authorization


def test_a_server_of_oauth_1_0_gets_no_callback_and_no_verifier(server):
    """``callback=None`` and ``verifier=None`` send none."""
    server.answer = lambda got: (200, {}, b"oauth_token=t&oauth_token_secret=s\n")
    flow_at(server, callback=None).fetch_request_token()
    assert "oauth_callback" not in sent(server)
    assert flow_at(server).fetch_access_token(TOKEN, None).secret == "s"
    assert "oauth_verifier" not in sent(server)


def test_authorization_urls():
    """Extra parameters, E*TRADE's names, MediaWiki's consumer key, and a query that is there already."""
    token = RequestToken("a/b", "s")

    def url(address="https://h.example/authorize", parameters=(), **more):
        flow = OAuthFlow(Consumer("c+k", "s"), "https://h.example/r", address, "https://h.example/a", **more)
        return flow.authorization_url(token, **dict(parameters))

    assert url() == "https://h.example/authorize?oauth_token=a%2Fb"
    assert url(parameters={"perms": "write"}) == "https://h.example/authorize?oauth_token=a%2Fb&perms=write"
    assert url("https://h.example/w?title=S") == "https://h.example/w?title=S&oauth_token=a%2Fb"
    assert url(token_parameter="token", authorization_parameters={"key": "{consumer_key}"}) == (
        "https://h.example/authorize?token=a%2Fb&key=c%2Bk"
    )


def test_flows_of_known_services():
    """``for_service`` takes a name or a Service; arguments come before what the service has."""
    discogs = OAuthFlow.for_service("discogs", CONSUMER).service
    assert (discogs.token_method, discogs.access_token_method) == ("GET", "POST")
    flow = OAuthFlow.for_service("etrade", CONSUMER)
    assert flow.service.token_method == "GET"
    assert parse_qs(urlsplit(flow.authorization_url(TOKEN)).query) == {"key": ["key"], "token": ["request"]}
    own = Service(name="own", request_token_url="https://h.example/r", authorization_url="https://h.example/z",
                  access_token_url="https://h.example/a", realm="R")  # fmt: skip
    assert OAuthFlow.for_service(own, CONSUMER, callback="https://app.example/").service.realm == "R"
    with pytest.raises(UsageError):
        OAuthFlow.for_service("mastercard", CONSUMER, rsa_key=None)
    assert OAuthFlow.for_service("discogs", CONSUMER, method="POST").service.token_method == "POST"
    with pytest.raises((UsageError, KeyError)):
        OAuthFlow.for_service("no such service", CONSUMER)


def test_renewal(server):
    """A session handle renews a token and stays with it; a renewal address answers as it likes."""
    server.answer = lambda got: (200, {}, b"oauth_token=t2&oauth_token_secret=s2&oauth_expires_in=3600")
    old = AccessToken("t1", "s1", expires_at=1.0, extra={"oauth_session_handle": "handle"})
    new = flow_at(server).renew(old)
    assert "oauth_session_handle" in sent(server)
    assert (new.key, new.extra["oauth_session_handle"]) == ("t2", "handle")
    assert 3590 < new.expires_at - time.time() < 3610
    server.answer = lambda got: (200, {}, b"Access Token has been renewed")
    kept = flow_at(server, renewal_url=server.url + "/renew", method="GET").renew(AccessToken("t1", "s1"))
    assert (kept.key, server.last.target) == ("t1", "/renew")
    with pytest.raises(UsageError, match="oauth_session_handle"):
        flow_at(server).renew(AccessToken("t", "s"))


def test_xauth(server):
    """A name and a password go in the body, by POST, whatever the method of other requests is."""
    server.answer = lambda got: (200, {}, b"oauth_token=t&oauth_token_secret=s&user_id=1")
    with requests.Session() as session:
        session.headers["Content-Type"] = "application/json"  # which is said of other requests
        token = flow_at(server, method="GET", session=session).xauth("me@example.com", "hunter2")
    assert server.last.headers["content-type"] == "application/x-www-form-urlencoded"
    assert token.extra == {"user_id": "1"}
    assert server.last.method == "POST"
    assert parse_qs(server.last.body.decode())["x_auth_mode"] == ["client_auth"]
    assert "hunter2" not in server.last.target


def test_other_fields_and_expiry_travel_along(server):
    """What else the service said is in ``extra``; JSON answers are read; 0 seconds mean never."""
    server.answer = lambda got: (200, {}, json.dumps(
        {"oauth_token": "t", "oauth_token_secret": "", "oauth_expires_in": 0, "user": {"id": 1}}).encode())  # fmt: skip
    token = flow_at(server).fetch_access_token(TOKEN, "v")
    assert (token.secret, token.expires_at, token.extra["user"]) == ("", None, {"id": 1})


@pytest.mark.promise("an-unconfirmed-callback-is-refused-or-warned-of")
@for_each(
    ("policy", "answer", "outcome"),
    [
        ("require", "true", "taken"), ("require", "false", "refused"), ("require", None, "refused"),
        ("warn", "true", "taken"), ("warn", "false", "refused"), ("warn", None, "warned"),
        ("ignore", "false", "taken"), ("ignore", None, "taken"), ("require", "TRUE", "taken"),
    ],
)  # fmt: skip
def test_the_callback_has_to_be_confirmed(policy, answer, outcome, server, caplog):
    """oauth_callback_confirmed: required, warned of, or ignored, as the flow says (s2.1)."""
    more = b"" if answer is None else f"&oauth_callback_confirmed={answer}".encode()
    server.answer = lambda got: (200, {}, b"oauth_token=t&oauth_token_secret=s" + more)
    if outcome == "refused":
        with pytest.raises(ProviderError, match="confirm") as caught:
            flow_at(server, confirmed=policy).fetch_request_token()
        assert caught.value.body.startswith("oauth_token=t&oauth_token_secret=***")
    else:
        assert flow_at(server, confirmed=policy).fetch_request_token().key == "t"
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == (outcome == "warned")


# --- callbacks ---

TAKEN = {
    "123456": "123456",
    "  abc-DEF_1.2~3 \n": "abc-DEF_1.2~3",
    "a+b/c:d==": "a+b/c:d==",
    "/b64+": "/b64+",
    "https://app.example/cb?oauth_token=request&oauth_verifier=v": "v",
    "https://app.example/cb?x=1&oauth_verifier=a%20b&oauth_token=request#_=_": "a b",
    "https://app.example/cb#top?oauth_token=request&oauth_verifier=v": "v",
    "https://app.example/cb?x=1#top&oauth_token=request&oauth_verifier=v": "v",
    "oauth_token=request&oauth_verifier=v": "v",
    "?oauth_token=request&oauth_verifier=v": "v",
    "/cb?oauth_token=request&oauth_verifier=v": "v",
}
REFUSED = {
    "https://app.example/cb?oauth_token=other&oauth_verifier=v": "token_rejected",
    "https://app.example/cb?oauth_verifier=v": "parameter_absent",
    "https://app.example/cb": "parameter_absent",
    "https://app.example/cb?oauth_token=request": "parameter_absent",
    "https://app.example/cb?oauth_token=request&oauth_verifier=": "parameter_absent",
    "https://app.example/cb?denied=request": "user_refused",
    "https://app.example/cb?denied=other": "token_rejected",
    "denied=request": "user_refused",
    "https://app.example/cb?oauth_token=request&oauth_problem=user_refused": "user_refused",
    "https://app.example/cb?oauth_problem=permission_denied": "permission_denied",
    "https://app.example/cb?denied=request&oauth_token=request&oauth_verifier=v": "user_refused",
    "https://app.example/cb?oauth_token=request&oauth_verifier=v&oauth_problem=user_refused": "user_refused",
    "https://app.example/cb?oauth_token=other&oauth_problem=user_refused": "token_rejected",
    "https://app.example/cb?oauth_token=other&denied=request": "token_rejected",
    "https://app.example/cb?oauth_token=request&oauth_problem=token_expired": "token_expired",
    "https://app.example/cb?oauth_token=request&oauth_token=other&oauth_verifier=v": "parameter_rejected",
    "https://app.example/cb?oauth_token=request&oauth_verifier=v&oauth_verifier=w": "parameter_rejected",
}


@for_each("callback", TAKEN)
def test_callbacks_that_are_ours(callback, server):
    """A whole URL, a query, or a bare PIN."""
    assert flow_at(server).parse_callback(callback, TOKEN) == TAKEN[callback]


@pytest.mark.promise("a-callback-is-for-one-request-token")
@for_each("callback", REFUSED)
def test_callbacks_that_are_not(callback, server):
    """A foreign or missing token, a missing verifier, and denial in its three spellings, verifier or not."""
    with pytest.raises(ProviderError) as caught:
        flow_at(server).parse_callback(callback, TOKEN)
    assert caught.value.problem == REFUSED[callback]


@for_each("callback", ["", "  ", "two words", "a: b", None, 5, b"123"])
def test_what_is_neither_url_nor_pin(callback, server):
    """Anything else is a UsageError that says what to paste."""
    with pytest.raises(UsageError):
        flow_at(server).parse_callback(callback, TOKEN)


@pytest.mark.parametrize(
    "said", ["", " \n", "yes", "https://app.example/cb?oauth_token=t", "https://app.example/cb?oauth_token=t&x="]
)
def test_a_user_of_oauth_1_0_comes_back_without_a_verifier(said, server):
    """Where the service has no callback, an empty answer will do, and a callback without a verifier."""
    server.answer = lambda request: (200, {}, GOOD)
    flow = flow_at(server, callback=None, confirmed="ignore")
    assert flow.authorize(lambda url: said).key == "t"
    assert ("oauth_verifier" in sent(server)) is (said == "yes")


@pytest.mark.parametrize(("said", "problem"), [("?denied=t", "user_refused"), ("?oauth_token=x", "token_rejected")])
def test_a_user_of_oauth_1_0_may_say_no(said, problem, server):
    """A callback is looked at there, too: for denial, and for whose it is."""
    server.answer = lambda request: (200, {}, GOOD)
    with pytest.raises(ProviderError) as caught:
        flow_at(server, callback=None, confirmed="ignore").authorize(lambda url: f"https://app.example/{said}")
    assert caught.value.problem == problem


def test_an_authorization_address_with_a_fragment(server):
    """The query goes before the fragment, where the server sees it."""
    flow = OAuthFlow(CONSUMER, server.url, f"{server.url}/ok?a=1#top", server.url)
    assert flow.authorization_url(TOKEN) == f"{server.url}/ok?a=1&oauth_token=request#top"


def _with_a_hook(url, other):
    session = oauth_hook.Session()
    session.hooks["pre_request"] = [other]
    return session


def _with_an_adapter(url, other):
    session = requests.Session()
    session.mount(url, OAuthAdapter(other))
    return session


@pytest.mark.parametrize("kind", [_with_a_hook, _with_an_adapter])
def test_a_session_with_a_hook_of_its_own(kind, oauth_provider):
    """What the caller's session signs with is not what a token request, or a registration, is signed with."""
    other = OAuthHook("somebody", "else", "other consumer", "other secret")
    with kind(oauth_provider.url, other) as session:
        flow = flow_of(oauth_provider, session=session)
        token = flow.authorize(oauth_provider.approve)
        new = oauth_hook.register_client(oauth_provider.registration_url, application_name="Mine", session=session)
    with requests.get(oauth_provider.resource_url, auth=flow.hook(token)) as response:
        assert response.json()["user"] == "alice"
    assert new.key


@pytest.mark.parametrize("kind", [_with_a_hook, _with_an_adapter])
def test_a_registration_stays_unsigned(kind, server):
    """pump.io refuses a registration with an Authorization header: nothing that the session has signs it."""
    server.answer = lambda request: (
        (307, {"Location": "/again"}, b"")
        if request.target == "/"
        else (200, {}, b'{"client_id":"a","client_secret":"b"}')
    )
    with kind(server.url, OAuthHook("somebody", "else", "other consumer", "other secret", header_auth=True)) as session:
        oauth_hook.register_client(f"{server.url}/", application_name="Mine", session=session)
    assert [request.authorization for request in server.received] == ["", ""]


def test_an_address_that_is_none():
    """What requests cannot ask is the caller's to mend; nothing is sent."""
    flow = OAuthFlow(CONSUMER, "http://a..b/request", "http://a..b/authorize", "http://a..b/access", timeout=5)
    with pytest.raises(ValueError, match=r"address|URL|label"):
        flow.fetch_request_token()


@for_each("name", ["request_token_url", "authorization_url", "access_token_url"])
@for_each("url", ["nix", "http://", "ftp://a.example/", "http://a.example:99999/"])
def test_addresses_are_looked_at_before_anything_is_sent(name, url):
    """What is no http address is a UsageError that names the argument."""
    urls = dict.fromkeys(("request_token_url", "authorization_url", "access_token_url"), "https://a.example/")
    with pytest.raises(UsageError, match=name):
        OAuthFlow(CONSUMER, **{**urls, name: url})


def test_the_method_of_the_third_leg_is_looked_at():
    """GET or POST, as that of the others."""
    with pytest.raises(UsageError, match="access_token_method"):
        OAuthFlow(CONSUMER, "", "", "https://a.example/", access_token_method="PATCH")


@pytest.mark.parametrize("value", ["\udcff", None, 5, b"x"])
def test_parameters_are_text(value, server):
    """A parameter that is no text, or has half a character, is a UsageError without what it was; nothing is sent."""
    password = value if value != "\udcff" else f"{'hunter' + '3'}\udcff"
    with pytest.raises(UsageError) as caught:
        flow_at(server).xauth("bob", password)
    assert "hunter3" not in "".join(traceback.format_exception(caught.value))
    assert not server.received


@pytest.mark.parametrize("placement", ["url-encoded", "header+url-encoded"])
def test_a_verifier_goes_in_the_body_of_a_post(placement, server):
    """Not into the address, which urllib3 logs: a POST without fields is signed as a form (s3.5.2)."""
    server.answer = lambda request: (200, {}, GOOD)
    flow_at(server, placement=placement).fetch_access_token(TOKEN, "verifier-hunter2")
    assert "hunter2" not in server.last.target
    assert b"oauth_verifier=verifier-hunter2" in server.last.body
    assert server.last.headers["content-type"] == "application/x-www-form-urlencoded"


def test_an_empty_verifier_is_none(server):
    """What a web framework gives for an absent field is not sent."""
    server.answer = lambda request: (200, {}, GOOD)
    flow_at(server).fetch_access_token(TOKEN, "")
    assert "oauth_verifier" not in sent(server)


@pytest.mark.parametrize("token", ["abc", "", 5, CONSUMER])
def test_a_hook_is_for_a_token(token, server):
    """What is no token makes no hook, and the error says what a token is."""
    with pytest.raises(UsageError, match="must be an AccessToken or a RequestToken, not"):
        flow_at(server).hook(token)


@for_each("secrets", [("consumer", "verifier"), ("key", "oauth"), ("a", "e"), ("token", "problem")])
@for_each("problem", ["verifier_invalid", "token_rejected", "consumer_key_unknown"])
def test_a_word_of_the_extension_is_no_secret(problem, secrets, server):
    """``problem`` is the server's word, whatever letters the secrets have."""
    server.answer = lambda request: (401, {"WWW-Authenticate": f'OAuth oauth_problem="{problem}"'}, b"")
    flow = OAuthFlow(Consumer("key", secrets[0]), server.url, server.url, server.url)
    with pytest.raises(ProviderError) as caught:
        flow.fetch_access_token(RequestToken("request", secrets[1]), "v")
    assert caught.value.problem == problem
    server.answer = lambda request: (401, {}, f"oauth_problem={problem}".encode())
    with pytest.raises(ProviderError) as caught:
        flow.fetch_access_token(RequestToken("request", secrets[1]), "v")
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    "body",
    [
        b"oauth_problem=consumer_key_rejected&" + GOOD,
        b'{"error": "no", "oauth_token": "t", "oauth_token_secret": "s"}',
        b'{"errors": [{"code": 1}], "oauth_token": "t", "oauth_token_secret": "s"}',
        GOOD + b"&oauth_session_handle=x&oauth_session_handle=y",
    ],
)  # fmt: skip
def test_an_error_with_a_token_beside_it_is_an_error(body, server):
    """Some servers say no with status 200; and what is said twice is not taken."""
    server.answer = lambda request: (200, {}, body)
    with pytest.raises(ProviderError):
        flow_at(server).fetch_request_token()


def test_a_byte_order_mark_is_not_in_the_way(server):
    """Some servers begin their answers with one."""
    server.answer = lambda request: (200, {}, b"\xef\xbb\xbf" + GOOD)
    assert flow_at(server).fetch_request_token().key == "t"


def test_errors_travel_between_processes(server):
    """A refusal pickles, its explanation included, so that a worker process can hand it on."""
    server.answer = lambda request: (401, {}, b"oauth_problem=token_rejected")
    with pytest.raises(ProviderError) as caught:
        flow_at(server).fetch_access_token(TOKEN, "v")
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.status, error.problem, str(error)) == (401, "token_rejected", str(caught.value))
    assert error.explanation.findings[0].code == "token-key"


def test_a_broken_answer_is_not_quoted():
    """What urllib3 says of broken chunks quotes them: no secret is in the traceback."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\noauth_token=a&oauth_token_secret=new-hunter2\r\n"
    with raw_server(answer) as url, pytest.raises(ProviderError) as caught:
        OAuthFlow(CONSUMER, url, url, url, timeout=5).fetch_request_token()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_headers_that_make_no_sense_are_the_servers_fault():
    """Two lengths, say: a ProviderError."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"
    with raw_server(answer) as url, pytest.raises(ProviderError, match="headers"):
        OAuthFlow(CONSUMER, url, url, url, timeout=5).fetch_request_token()


def test_a_body_that_stalls_is_a_timeout():
    """However an answer is late, it is the same exception."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\noauth_token=a"
    with raw_server(answer, hold=True) as url, pytest.raises(requests.Timeout):
        OAuthFlow(CONSUMER, url, url, url, timeout=0.2).fetch_request_token()


def test_garmins_word_for_no(server):
    """The verifier NULL is a denial."""
    with pytest.raises(ProviderError) as caught:
        flow_at(server).parse_callback("https://app.example/?oauth_token=request&oauth_verifier=NULL", TOKEN)
    assert caught.value.problem == "user_refused"


# --- every way of failing ---

SECRETS = "consumer-hunter2 request-hunter2 verifier-hunter2 new-hunter2"
FAILURES = {
    # the answer: its problem, and words of its message
    "problem in the body": ((401, {}, b"oauth_problem=signature_invalid&oauth_problem_advice=look+again"),
                            "signature_invalid", "look again"),
    "problem in the header": ((401, {"WWW-Authenticate": 'OAuth realm="x", oauth_problem="token_rejected"'}, b""),
                              "token_rejected", "token_rejected"),
    "JSON of X": ((401, {}, b'{"errors":[{"code":32,"message":"Could not authenticate you."}]}'),
                  "32", "Could not authenticate you"),
    "JSON error": ((400, {}, b'{"error":"Invalid / expired Token"}'), "Invalid / expired Token", "expired"),
    "JSON of MediaWiki, status 200": ((200, {}, b'{"error":"mwoauth-oauth-exception","message":"An error occurred"}'),
                                      "mwoauth-oauth-exception", "An error occurred"),
    "text": ((401, {"Content-Type": "text/plain"}, b"Invalid signature"), "Invalid signature", "Invalid signature"),
    "HTML": ((500, {}, b"<!DOCTYPE html><html><head><title>Oh &amp; no</title></head></html>"), None, "Oh & no"),
    "HTML, status 200": ((200, {}, b"<html><h1>Log <b>in</b></h1></html>"), None, "Log in"),
    "empty": ((200, {}, b""), None, "empty"),
    "empty, 500": ((500, {}, b""), None, "empty"),
    "no token": ((200, {}, b"oauth_token_secret=new-hunter2"), None, ""),
    "no secret": ((200, {}, b"oauth_token=t"), None, ""),
    "empty token": ((200, {}, b"oauth_token=&oauth_token_secret=new-hunter2"), None, ""),
    "two tokens": ((200, {}, b"oauth_token=a&oauth_token=b&oauth_token_secret=new-hunter2"), None, ""),
    "two tokens in JSON": (
        (200, {}, b'{"oauth_token":"a","oauth_token":"b","oauth_token_secret":"new-hunter2"}'), None, ""),
    "a token of another type": ((200, {}, b'{"oauth_token": ["a"], "oauth_token_secret": "new-hunter2"}'), None, ""),
    "a line feed in the token": ((200, {}, b"oauth_token=a%0Ab&oauth_token_secret=new-hunter2"), None, ""),
    "cut off JSON": ((200, {}, b'{"oauth_token": "a", "oauth_token_sec'), None, ""),
    "not UTF-8": ((200, {}, b"\xff\xfe\x00"), None, ""),
    "an unknown charset": ((400, {"Content-Type": "text/plain; charset=klingon"}, b"no"), "no", "no"),
    "echoes": (
        (401, {}, f"you sent {SECRETS} &#34;consumer-hunter2&#34;, more than a word for it, and so on".encode()),
        None, "***"),
    "echoes in JSON": ((401, {}, json.dumps({"error": "bad verifier-hunter2"}).encode()), "bad ***", "***"),
    "half a secret": ((401, {}, b"X" * 175 + b" verifier-hunter2"), None, "***"),
    "a charset that is no text": ((400, {"Content-Type": "text/plain; charset=idna"}, b"no"), "no", "no"),
    "a lone surrogate": ((200, {}, b'{"oauth_token":"\\ud800","oauth_token_secret":"x"}'), None, ""),
    "too large": ((200, {}, b"x" * (2 << 20)), None, "larger"),
    "gzip that is none": ((200, {"Content-Encoding": "gzip"}, b"plain"), None, "cut off"),
}  # fmt: skip


@for_each("case", FAILURES)
@for_each("step", ["request", "access", "renew", "xauth"])
def test_every_failure_is_one_clear_error(case, step, server, caplog):
    """Whatever a service answers instead of a token is a ProviderError with status, problem and a redacted body."""
    answer, problem, words = FAILURES[case]
    server.answer = lambda got: answer
    flow = flow_at(server)
    steps = {
        "request": flow.fetch_request_token,
        "access": lambda: flow.fetch_access_token(TOKEN, "verifier-hunter2"),
        "renew": lambda: flow.renew(AccessToken("a", "request-hunter2", extra={"oauth_session_handle": "new-hunter2"})),
        "xauth": lambda: flow.xauth("me", "verifier-hunter2"),
    }
    with caplog.at_level(logging.DEBUG), pytest.raises(ProviderError) as caught:
        steps[step]()
    error = caught.value
    assert (error.status, error.response.status_code) == (answer[0], answer[0])
    if step == "access" or "hunter2" not in str(answer):
        assert error.problem == problem
        assert words in str(error)
        shown = str(error) + repr(error) + error.body + str(error.problem) + caplog.text
        assert "hunter2" not in shown.replace("new-hunter2", "")  # an echo of it nobody can know for a secret
        assert case.startswith("echoes") or "new-hunter2" not in shown
    assert len(server.received) == 1


@pytest.mark.promise("token-requests-stay-with-their-service")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_of_token_requests(status, server, abroad):
    """At home a redirect is followed, signed anew; another origin is refused and never asked."""
    server.answer = lambda got: (status, {"Location": "/second"}, b"") if got.target == "/request" else (200, {}, GOOD)
    assert flow_at(server).fetch_request_token().key == "t"
    assert "oauth_signature" in server.last.authorization
    server.answer = lambda got: (status, {"Location": abroad.url + "/request"}, b"")
    with pytest.raises(ProviderError, match="another origin") as caught:
        flow_at(server).fetch_request_token()
    assert caught.value.status == status
    assert abroad.received == []


def test_the_body_of_a_redirect_is_not_read(server):
    """A redirect with a body larger than any answer is followed without reading it."""
    server.answer = lambda got: (
        (302, {"Location": "/second"}, b"x" * (8 << 20)) if got.target == "/request" else (200, {}, GOOD)
    )  # fmt: skip
    assert flow_at(server).fetch_request_token().key == "t"


def test_a_redirect_to_no_address(server):
    """A Location that is no address is the server's error."""
    server.answer = lambda got: (302, {"Location": "http://[bad/"}, b"")
    with pytest.raises((ProviderError, requests.RequestException)):
        flow_at(server).fetch_request_token()


def test_redirects_for_ever(server):
    """A redirect loop ends as requests ends it."""
    server.answer = lambda got: (302, {"Location": "/request"}, b"")
    with pytest.raises(requests.TooManyRedirects):
        flow_at(server).fetch_request_token()


class Drip:
    """A server that sends an octet now and then: of its head, or of its body."""

    def __init__(self, head):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.end = threading.Event()
        threading.Thread(target=self._serve, args=(head,), daemon=True).start()

    def _serve(self, head):
        connection, _ = self.socket.accept()
        with connection:
            connection.recv(65536)
            text = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500 if head else b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
            try:
                connection.sendall(text[:17] if head else text)
                while not self.end.wait(0.1):
                    connection.sendall(b"x")
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.set()
        self.socket.close()


@pytest.mark.promise("a-timeout-bounds-the-whole-response")
@for_each("head", [False, True], at_once=True)
@for_each("own", [False, True], at_once=True)
def test_the_timeout_bounds_the_whole_answer(head, own):
    """A server that drips, in its head or its body, is given up after ``timeout`` seconds: requests' own exception."""
    session = requests.Session() if own else None
    with Drip(head) as server:
        flow = flow_at(server, timeout=0.4, session=session)
        begin = time.monotonic()
        with pytest.raises(requests.Timeout):
            flow.fetch_request_token()
        assert time.monotonic() - begin < 20  # all of the answer takes fifty
    if session is not None:
        session.close()


def test_the_wires_failures_are_requests_own():
    """No connection is requests' ConnectionError; a server that says nothing, its ReadTimeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        flow = OAuthFlow(CONSUMER, url, url, url, timeout=0.3)
        with pytest.raises(requests.Timeout):
            flow.fetch_request_token()
    with pytest.raises(requests.ConnectionError):
        flow.fetch_request_token()


@pytest.mark.promise("no-secret-is-logged")
def test_no_secret_is_logged(oauth_provider, caplog):
    """With DEBUG on everywhere, the whole flow and its refusals log no secret, verifier or password."""
    caplog.set_level(logging.DEBUG)
    flow = flow_of(oauth_provider)
    request_token = flow.fetch_request_token()
    verifier = oauth_provider.approve(flow.authorization_url(request_token))
    with pytest.raises(ProviderError) as caught:
        flow.fetch_access_token(request_token, "wrong-hunter2")
    token = flow.fetch_access_token(request_token, verifier)
    requests.get(oauth_provider.resource_url, auth=flow.hook(token))
    text = caplog.text + repr(flow) + repr(token) + repr(request_token) + str(caught.value) + caught.value.body
    secrets = (oauth_provider.consumer.secret, request_token.secret, token.secret, verifier,
               oauth_provider.user.password, "hunter2")  # fmt: skip
    assert caplog.records
    assert not [secret for secret in secrets if secret in text]


# --- bad input ---

BAD = {
    "consumer": ({"consumer": "key"}, "Consumer"),
    "method": ({"method": "PUT"}, "POST"),
    "confirmed": ({"confirmed": "maybe"}, "require"),
    "timeout": ({"timeout": 0}, "timeout"),
    "timeout for ever": ({"timeout": float("inf")}, "timeout"),
    "timeout type": ({"timeout": "30"}, "timeout"),
    "placement": ({"placement": "cookie"}, "placement"),
    "signature method": ({"signature_method": "HMAC-MD5"}, "HMAC-SHA1"),
    "rsa": ({"signature_method": "RSA-SHA1"}, "rsa_key"),
    "callback": ({"callback": 5}, "callback"),
    "callback without a scheme": ({"callback": "nourl"}, "absolute URL.*'oob'.*None.*'nourl'"),
    "callback that is a path": ({"callback": "/back"}, "absolute"),
    "callback with a space": ({"callback": "https://app.example/a b"}, "absolute URL.* space .*%20"),
    "callback with a line feed": ({"callback": "https://app.example/a\n"}, "absolute URL.* line feed"),
    "callback with a NUL": ({"callback": "https://app.example/\0"}, "absolute URL.* control character"),
    "callback with DEL": ({"callback": "https://app.example/\x7f"}, "absolute URL.* control character"),
    "callback with a no-break space": ({"callback": "https://app.example/\xa0"}, "absolute URL"),
    "callback that is not ASCII": ({"callback": "https://b\xfccher.example/"}, "absolute URL.* not ASCII"),
    "callback with a fullwidth letter": ({"callback": "https://app.example/\uff21"}, "absolute URL.* not ASCII"),
    "callback, empty": ({"callback": ""}, "absolute"),
    "unknown": ({"colour": "red"}, "colour"),
    "url": ({"request_token_url": None}, "request_token_url"),
}


@for_each("case", BAD)
def test_bad_arguments(case):
    """What is wrong with a flow is said when it is made."""
    given, words = BAD[case]
    urls = {f"{name}_url": f"https://h.example/{name}" for name in ("request_token", "authorization", "access_token")}
    arguments = {"consumer": CONSUMER, **urls, **given}
    with pytest.raises(UsageError, match=words):
        OAuthFlow(**arguments)


def test_a_hook_class_of_ones_own_signs(server):
    """``hook_class`` signs the token requests too."""

    class Mine(OAuthHook):
        def signing_key(self, consumer_secret, token_secret):
            return "mine"

    server.answer = lambda got: (200, {}, GOOD)
    flow = flow_at(server, hook_class=Mine, signature_method="PLAINTEXT")
    flow.fetch_request_token()
    assert 'oauth_signature="mine"' in server.last.authorization
    assert isinstance(flow.hook(), Mine)
