"""``explain`` of what other clients have in hand: what it reads is what went out, and what they do not keep is said."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from contextlib import suppress
from types import SimpleNamespace

import pytest
import urllib3
from tables import for_each

from oauth_hook import AccessToken, Consumer, OAuthHook, UsageError, explain, sign

CONSUMER, TOKEN = Consumer("ck-app", "CSsecret-1"), AccessToken("at-user", "TSsecret-2")
SPOILED = AccessToken(TOKEN.key, TOKEN.secret + "\n")
HOOK = OAuthHook(TOKEN.key, TOKEN.secret, CONSUMER.key, CONSUMER.secret)
FORM_TYPE = "application/x-www-form-urlencoded"
REFUSAL = (401, {}, b"oauth_problem=signature_invalid")


def first(thing):
    explanation = HOOK.explain(thing)
    return explanation.findings[0].code, explanation.findings[0].proven, explanation


def ask_by_aiohttp(url, placement, method="GET", *, read=True, **body):
    """Return a response of aiohttp, signed with a line feed after the token's secret; or the error that it raised."""
    aiohttp = pytest.importorskip("aiohttp")
    from oauth_hook.aiohttp import OAuth

    async def ask():
        auth = OAuth(HOOK.replace(access_token=SPOILED.key, access_token_secret=SPOILED.secret, placement=placement))
        async with aiohttp.ClientSession(middlewares=[auth]) as session:
            try:
                response = await session.request(method, url, **body)
            except aiohttp.ClientResponseError as error:
                return error
            if read:
                await response.read()
            return response

    return asyncio.run(ask())


@for_each("placement", ["header", "query"])
@for_each("body", [{}, {"json": {"a": 1}}, {"data": b"a=1", "headers": {"Content-Type": "text/plain"}}])
def test_a_response_of_aiohttp(placement, body, server):
    """Its request is read from ``request_info``, and its signature computed anew: no form was sent."""
    server.answer = lambda request: REFUSAL
    code, proven, explanation = first(ask_by_aiohttp(f"{server.url}/a?b=c%20d", placement, "POST", **body))
    assert (code, proven) == ("secret-whitespace", True), explanation
    assert "401 Unauthorized: signature_invalid" in str(explanation)


@for_each(
    ("placement", "expected"), [("header", "consumer-secret"), ("query", "consumer-secret"), ("body", "unsigned")]
)
def test_a_form_that_aiohttp_has_not_kept(placement, expected, server):
    """Its fields are signed and not known: nothing is called proven, and the explanation says what it lacks."""
    server.answer = lambda request: REFUSAL
    code, proven, explanation = first(ask_by_aiohttp(server.url, placement, "POST", data={"a": "b c"}))
    assert (code, proven) == (expected, False)
    assert "does not keep a body" in " ".join(explanation.findings[0].evidence)
    assert "To decide, explain the request with its form" in explanation.findings[0].advice
    assert not any(finding.proven for finding in explanation.findings)


def test_a_body_hash_of_a_body_that_is_not_known(server):
    """It is not called wrong."""
    server.answer = lambda request: REFUSAL
    aiohttp = pytest.importorskip("aiohttp")
    from oauth_hook.aiohttp import OAuth

    async def ask():
        async with aiohttp.ClientSession(middlewares=[OAuth(HOOK.replace(body_hash="sha1"))]) as session:
            return await session.post(server.url, json={"a": 1})

    assert "body-changed" not in [finding.code for finding in HOOK.explain(asyncio.run(ask())).findings]


def test_an_error_of_aiohttp(server):
    """What ``raise_for_status`` raises knows its request, and no body."""
    server.answer = lambda request: REFUSAL
    code, proven, explanation = first(ask_by_aiohttp(server.url, "header", raise_for_status=True))
    assert (code, proven) == ("secret-whitespace", True)
    assert "401 Unauthorized" in str(explanation)


def test_redirects_of_aiohttp(server, abroad):
    """Its history is read: a request that a redirect led to another origin went unsigned."""
    server.answer = lambda request: (302, {"Location": f"{abroad.url}/there"}, b"")
    abroad.answer = lambda request: (401, {}, b"Unauthorized")
    assert first(ask_by_aiohttp(server.url, "header"))[0] == "redirected"


def test_a_hook_that_is_pinned_elsewhere_says_so_of_aiohttp_too(server):
    """The URL is that of the response's request."""
    server.answer = lambda request: (401, {}, b"Unauthorized")
    response, pinned = ask_by_aiohttp(server.url, "header"), HOOK.replace(origins="https://api.example.com")
    assert pinned.explain(response).findings[0].code == "secret-whitespace"
    aiohttp = pytest.importorskip("aiohttp")

    async def ask():
        async with aiohttp.ClientSession() as session:
            return await session.get(server.url)

    assert "origins" in " ".join(pinned.explain(asyncio.run(ask())).findings[0].evidence)


def signed(url, method="GET", **more):
    return sign(method, url, consumer=CONSUMER, token=SPOILED, **more)


def test_a_request_of_urllib(server):
    """Its form has the type that urllib gives it, before it was sent and after."""
    server.answer = lambda request: REFUSAL
    typed = signed(server.url, "POST", body="a=b+c", headers={"Content-Type": FORM_TYPE})
    del typed.headers["Content-Type"]
    for request in (
        urllib.request.Request(f"{server.url}/?q=a%20b", headers=signed(f"{server.url}/?q=a%20b").headers),  # noqa: S310
        urllib.request.Request(server.url, b"a=b+c", typed.headers),  # noqa: S310
    ):
        assert first(request)[:2] == ("secret-whitespace", True)
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=10)  # noqa: S310
        assert first(request)[:2] == ("secret-whitespace", True)


def test_a_response_that_does_not_know_its_request(server):
    """Of urllib, http.client and urllib3: its words count, its body stays unread, and what is missing is named."""
    server.answer = lambda request: (
        401,
        {"WWW-Authenticate": 'OAuth oauth_problem="timestamp_refused"'},
        b"left alone",
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(server.url, timeout=10)  # noqa: S310
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    for response in (error.value, connection.getresponse()):
        code, proven, explanation = first(response)
        assert (code, proven) == ("clock-skew", False)
        assert "can be read only once" in str(explanation)
        assert response.read() == b"left alone"
        response.close()
    connection.close()
    with urllib3.PoolManager() as pool:
        assert first(pool.request("GET", server.url, timeout=10))[0] == "clock-skew"
    server.answer = lambda request: REFUSAL
    with urllib3.PoolManager() as pool:
        code, _, explanation = first(pool.request("GET", server.url, timeout=10))
    assert code == "no-cause-found"
    assert "does not say which request it is to" in explanation.findings[0].summary
    assert "Nothing is wrong" not in str(explanation)


def test_a_response_that_is_put_together_by_hand():
    """A refusal of urllib, read, beside its request: both count."""
    request = urllib.request.Request("https://api.example.com/", headers=signed("https://api.example.com/").headers)
    response = SimpleNamespace(status_code=401, headers={}, content=b"oauth_problem=nonce_used", request=request)
    assert {finding.code for finding in HOOK.explain(response).findings} >= {"secret-whitespace", "nonce-reused"}


@for_each("library", ["httpx", "httpx2"])
def test_httpx(library, server):
    """A form that is a stream is not known; a body that was not read is said to be unread, and how it is read."""
    client = pytest.importorskip(library)
    server.answer = lambda request: REFUSAL
    form = signed(server.url, "POST", body="a=1", headers={"Content-Type": FORM_TYPE})
    code, _, explanation = first(client.post(server.url, content=iter([b"a=1"]), headers=form.headers))
    assert (code, "does not keep a body" in str(explanation).replace("\n      ", "")) == ("consumer-secret", True)
    assert first(client.post(server.url, content=b"a=1", headers=form.headers))[:2] == ("secret-whitespace", True)
    with client.stream("GET", server.url, headers=signed(server.url).headers) as response:
        _, _, explanation = first(response)
        assert "call response.read()" in " ".join(explanation.findings[0].evidence)
        with suppress(client.HTTPError):
            assert response.read() == REFUSAL[2]


def test_an_object_that_raises_whatever_is_asked_of_it():
    """It is no request and no response, which is said."""

    class Odd:
        def __getattr__(self, name):
            raise KeyError(name)

    with pytest.raises(UsageError):
        explain(Odd())
