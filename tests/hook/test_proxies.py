"""PLAINTEXT's secrets go to loopback over plain http, and through no proxy, which could read them.

A recorder on loopback is the proxy. niquests has its own environment, where this file runs too.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest
import requests

import oauth_hook
from oauth_hook import Consumer, OAuthAdapter, OAuthFlow, OAuthHook, UsageError

PROXY_VARIABLES = [name for proxy in ("http_proxy", "all_proxy", "no_proxy") for name in (proxy, proxy.upper())]


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch):
    """Take all that the machine, and the suite, say about proxies out of the environment."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def hook(**more):
    settings = {"header_auth": True, "signature_method": "PLAINTEXT", **more}
    return OAuthHook("token key", "token secret", "consumer key", "consumer secret", **settings)


def with_session(attach, kind=requests.Session):
    """Return a caller of requests, to whose session a hook is attached."""

    def call(url, signer, trust_env, **content):
        with kind() as session:
            session.trust_env = trust_env
            attach(session, signer)
            return session.get(url, timeout=10, **content)

    return call


def set_auth(session, signer):
    session.auth = signer


def set_pre_request(session, signer):
    session.hooks["pre_request"] = [signer]


def mount(session, signer):
    session.mount("http://", OAuthAdapter(signer))


def send_prepared(url, signer, trust_env, **content):
    """Send a request that was signed before any session knew of it."""
    with requests.Session() as session:
        session.trust_env = trust_env
        settings = session.merge_environment_settings(url, content.get("proxies", {}), None, None, None)
        return session.send(signer(requests.Request("GET", url).prepare()), timeout=10, **settings)


def with_niquests(kind):
    def call(url, signer, trust_env, **content):
        niquests = import_module("niquests")
        niquests.utils.getproxies.cache_clear()  # the environment's, which it looks at once
        niquests.utils.getproxies_environment.cache_clear()

        async def later():
            async with niquests.AsyncSession() as session:
                session.trust_env = trust_env
                return await session.get(url, auth=signer, timeout=10, **content)

        if kind == "async":
            return asyncio.run(later())
        with niquests.Session() as session:
            session.trust_env = trust_env
            return session.get(url, auth=signer, timeout=10, **content)

    return call


def needs(name):
    return pytest.mark.skipif(not find_spec(name), reason=f"{name} is not in this environment")


CLIENTS = {
    "stock session": with_session(set_auth),
    "ours": with_session(set_pre_request, oauth_hook.Session),
    "adapter": with_session(mount),
    "adapter and auth": with_session(lambda session, signer: (mount(session, signer), set_auth(session, signer))),
    "prepared": send_prepared,
    "niquests": with_niquests("sync"),
    "niquests, async": with_niquests("async"),
}
every_client = pytest.mark.parametrize(
    "call",
    [pytest.param(call, id=name, marks=[needs("niquests")] * ("niquests" in name)) for name, call in CLIENTS.items()],
)


@pytest.mark.promise("plaintext-goes-through-no-proxy")
@every_client
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "api.localhost"])
@pytest.mark.parametrize("where", ["http_proxy", "all_proxy", "proxies=", "proxies= for all", "proxies= for the host"])
def test_no_proxy_gets_the_secrets(call, host, where, server, abroad, monkeypatch):
    """Whatever names the proxy, the request is refused with what to do, and nothing is sent."""
    url = server.url.replace("127.0.0.1", host)
    content = {}
    if where.startswith("proxies="):
        content["proxies"] = {{"proxies=": "http", "proxies= for all": "all"}.get(where, f"http://{host}"): abroad.url}
    else:
        monkeypatch.setenv(where, abroad.url)
    with pytest.raises(UsageError, match=f"{host}:.* proxy.*NO_PROXY.*trust_env.*https") as caught:
        call(url, hook(), True, **content)
    assert "secret" not in str(caught.value).replace("the secrets themselves", "")
    assert server.received == abroad.received == []


@pytest.mark.promise("plaintext-goes-through-no-proxy")
@pytest.mark.parametrize("attach", [set_auth, mount])
def test_the_proxies_of_a_session_count_too(attach, server, abroad):
    """``session.proxies`` is refused as ``proxies=`` is."""

    def attach_both(session, signer):
        attach(session, signer)
        session.proxies = {"http": abroad.url}

    with pytest.raises(UsageError, match="proxy"):
        with_session(attach_both)(server.url, hook(), False)
    assert server.received == abroad.received == []


@every_client
def test_where_no_proxy_is_used_the_request_goes_out(call, server, abroad, monkeypatch):
    """NO_PROXY, ``trust_env=False`` and a proxy for https alone change nothing for loopback."""
    assert call(server.url, hook(), True).status_code == 200
    assert call(server.url, hook(), True, proxies={"https": abroad.url}).status_code == 200
    monkeypatch.setenv("http_proxy", abroad.url)
    assert call(server.url, hook(), False).status_code == 200
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert call(server.url, hook(), True).status_code == 200
    assert len(server.received) == 4
    assert abroad.received == []


@every_client
def test_what_is_no_secret_goes_through_proxies_as_ever(call, server, abroad):
    """Other signatures, and requests that a hook pinned elsewhere leaves unsigned, are the proxy's to carry."""
    for signer in (hook(signature_method="HMAC-SHA1"), hook(origins="https://api.example.com")):
        assert call(server.url, signer, False, proxies={"http": abroad.url}).status_code == 200
    assert [got.target.removesuffix("/") for got in abroad.received] == [server.url] * 2


@pytest.mark.promise("plaintext-goes-through-no-proxy")
def test_a_redirect_through_a_proxy_is_refused(server, abroad):
    """A proxy for one name of the machine only: the redirect there is not sent."""
    server.answer = lambda got: (302, {"Location": "/next"}, b"")
    proxies = {}

    class Rebuilding(requests.Session):
        def rebuild_proxies(self, prepared_request, proxies):
            return {"http": abroad.url}

    with pytest.raises(UsageError, match="proxy"):
        with_session(set_auth, Rebuilding)(server.url, hook(), False, proxies=proxies)
    assert [got.target for got in server.received] == ["/"]
    assert abroad.received == []


@pytest.mark.promise("plaintext-goes-through-no-proxy")
def test_a_flow_gives_no_proxy_its_secrets(server, abroad, monkeypatch):
    """The request for a request token, which a service of this machine is asked for, is refused likewise."""
    monkeypatch.setenv("http_proxy", abroad.url)
    urls = [f"{server.url}/{name}" for name in ("request", "authorize", "access")]
    flow = OAuthFlow(Consumer("consumer key", "consumer secret"), *urls, signature_method="PLAINTEXT")
    with pytest.raises(UsageError, match="proxy"):
        flow.fetch_request_token()
    assert server.received == abroad.received == []


@pytest.mark.promise("plaintext-goes-through-no-proxy")
def test_the_command_gives_no_proxy_its_secrets(server, abroad):
    """``oauth-hook request`` says so as any other misuse: exit status 2."""
    environment = {name: value for name, value in os.environ.items() if name not in PROXY_VARIABLES}
    environment |= {"OAUTH_CONSUMER_KEY": "key", "OAUTH_CONSUMER_SECRET": "hush-hush", "http_proxy": abroad.url}
    done = subprocess.run(
        [sys.executable, "-m", "oauth_hook", "request", "GET", server.url, "--signature-method", "PLAINTEXT"],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, server.received, abroad.received) == (2, [], [])
    assert "NO_PROXY" in done.stderr
    assert "hush" not in done.stderr


@pytest.mark.promise("plaintext-goes-through-no-proxy")
@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in ("httpx", "httpx2")])
@pytest.mark.parametrize("way", ["auth", "hooks"])
def test_httpx_minds_the_proxies_of_the_environment(name, way, server, abroad, monkeypatch):
    """Which is all that httpx tells: refused before the request is changed, unless NO_PROXY excepts the host."""
    module, signing = import_module(name), import_module("oauth_hook.httpx")
    monkeypatch.setenv("http_proxy", abroad.url)
    attached = {"auth": signing.OAuth(hook())} if way == "auth" else {"event_hooks": signing.event_hooks(hook())}
    request = module.Request("GET", server.url)
    with module.Client(verify=False, **attached) as client, pytest.raises(UsageError, match="proxy"):
        client.send(request)
    assert "authorization" not in request.headers
    assert server.received == abroad.received == []
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with module.Client(verify=False, **attached) as client:
        assert client.send(request).status_code == 200
