# pyright: strict
"""Users' code that calls every public name, for ``mypy --strict`` and pyright: it has to pass without a cast.

What ``assert_type`` says is held twice: by the type checkers, and by ``test_typing.py``, which runs each function that
needs nothing but a provider and a folder. The others are for the type checkers only: they would ask a person, or wait.
"""

from __future__ import annotations

import os
from collections.abc import Callable, ItemsView, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import make_server

import requests
from urllib3.util import Retry

import oauth_hook
from oauth_hook import (
    SERVICES,
    AccessToken,
    Account,
    Consumer,
    CredentialStore,
    KeyringStore,
    LoopbackReceiver,
    OAuthAdapter,
    OAuthFlow,
    OAuthHook,
    OAuthHookError,
    ProviderError,
    RequestToken,
    Service,
    Session,
    UsageError,
    ask_on_console,
    discover,
    explain,
    extract_from_requests,
    inject_into_requests,
    register_client,
    session,
    sign,
    update_client,
    verify,
)
from oauth_hook import client as falcon
from oauth_hook import requests_oauthlib as rol
from oauth_hook.cassettes import scrub_request, scrub_response, scrub_text
from oauth_hook.cli.saved import SavedRequest, SavedResponse, is_har, read_response_text, read_saved
from oauth_hook.diagnosis import Explanation, Finding
from oauth_hook.diagnosis.explain import pinned_elsewhere
from oauth_hook.hook import ServerClock
from oauth_hook.protocol import METHODS, Key, Method, Signed, Verdict, register
from oauth_hook.protocol.rsa import RSAKey, load_key
from oauth_hook.provider import Application, Provider, serve
from oauth_hook.pump import Client, PyPump, WebPump, simple_verifier
from oauth_hook.tokens.accounts import hook_for_account

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:
    from types import UnionType
    from typing import get_args, get_origin

    def assert_type(value: Any, kind: Any) -> Any:
        """Hold of a type what can be seen at run time: the class, whatever it contains. A float may be an int."""
        kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
        classes = [type(None) if one is None else get_origin(one) or one for one in kinds]
        if not isinstance(value, (*classes, int) if float in classes else tuple(classes)):
            raise AssertionError(f"{value!r} is no {kind}")
        return value


Credentials = Consumer | RequestToken | AccessToken | Account


# --- signing ---


def signing_without_a_network() -> Signed:
    consumer, token = Consumer("key", "secret"), AccessToken("token", "token secret", expires_at=1.5)
    signed = sign(
        "POST", "https://api.example.com/1/update.json?a=1",
        headers={"Content-Type": "application/x-www-form-urlencoded"}, body=b"status=hi",
        consumer=consumer, token=token, signature_method="HMAC-SHA256", rsa_key=None, placement="header",
        realm="Photos", callback=None, verifier=None, body_hash=None, nonce="n", timestamp=1,
    )  # fmt: skip
    assert_type(signed, Signed)
    assert_type(signed.url, str)
    assert_type(signed.headers, dict[str, str])
    assert_type(signed.body, bytes | str | None)
    assert_type(signed.base_string, str)
    assert_type(signed.signature, str)
    two_legged: Signed = sign("GET", "https://api.example.com/", consumer=consumer, timestamp="1")
    verdict = verify("GET", two_legged.url, headers=two_legged.headers, consumer=consumer)
    assert_type(verdict, Verdict)
    assert_type((verdict.consumer_key, verdict.token_key), tuple[str | None, str | None])
    assert_type(verdict.parameters, Mapping[str, str])
    known: dict[str, Consumer] = {consumer.key: consumer}
    tokens: dict[str, AccessToken] = {}
    verify(
        "GET", two_legged.url, headers=two_legged.headers, consumer=known.get, token=tokens.get, methods=["HMAC-SHA1"],
        max_age=300, clock=lambda: 0.0, is_new=lambda consumer_key, token_key, timestamp, nonce: True,
        allow_copies=True,
    )  # fmt: skip
    assert_type(bool(verdict), bool)
    assert_type(verdict.reason, str)
    assert_type(verdict.base_string, str)
    assert_type(oauth_hook.__version__, str)
    return signed


def hooks(provider: Provider) -> None:
    token, app = provider.add_token(), provider.consumer
    hook = OAuthHook(token.key, token.secret, app.key, app.secret, header_auth=True)
    assert_type(hook, OAuthHook)
    assert_type(hook.consumer, Consumer)
    assert_type(hook.consumer.key, str)
    assert_type(hook.consumer_key, str | None)
    assert_type(hook.consumer_secret, str | None)
    assert_type(hook.header_auth, bool)
    assert_type(hook.signature_method, str)
    assert_type(hook.placement, str)
    if hook.token is not None:
        assert_type(hook.token.secret, str)
    two_legged: OAuthHook = hook.as_user(None)
    assert_type(two_legged.as_user(token), OAuthHook)
    assert_type(hook.replace(realm="realm", clock=ServerClock()), OAuthHook)
    OAuthHook(
        consumer_key="key", consumer_secret="secret", placement="query", signature_method="HMAC-SHA512",
        rsa_key=None, realm=None, callback="oob", verifier="123", body_hash="sha256", origins=["https://api.example.com"],
        nonce=lambda: "n", clock=lambda: 1.5,
    )  # fmt: skip
    signed = hook(requests.Request("GET", provider.resource_url).prepare())
    unprepared = hook(requests.Request("GET", provider.resource_url))
    assert_type(signed, requests.PreparedRequest)
    assert_type(unprepared, requests.Request)
    with requests.Session() as http:
        http.auth = hook
        assert_type(http.get(provider.resource_url).status_code, int)
        assert http.send(signed).ok
        assert http.send(unprepared.prepare()).ok
        assert requests.post(provider.resource_url, {"a": "b"}, auth=hook.as_user(token)).ok


class MyHook(OAuthHook):
    """An application's own defaults, and a service's own signing key."""

    consumer_key = "key"
    consumer_secret = "secret"
    header_auth = True
    signature_method = "HMAC-SHA256"

    def signing_key(self, consumer_secret: str, token_secret: str) -> str:
        return super().signing_key(consumer_secret, token_secret)


class MyFlow(OAuthFlow):
    """An application's own flow."""


def a_subclass_stays_one(provider: Provider) -> None:
    hook = MyHook("token", "token secret").as_user(provider.add_token())
    assert_type(hook, MyHook)
    flow = OAuthFlow(provider.consumer, *addresses_of(provider), hook_class=MyHook)
    assert_type(flow.hook(), OAuthHook)
    assert_type(MyFlow.for_service("tumblr", provider.consumer), MyFlow)


def tagged(request: requests.PreparedRequest) -> None:
    request.headers["X-Tag"] = "1"


def sessions(provider: Provider) -> None:
    token, app = provider.add_token(), provider.consumer
    hook = OAuthHook(token.key, token.secret, app.key, app.secret)
    with session(hooks={"pre_request": hook}) as http:
        assert_type(http, Session)
        response = http.get(provider.resource_url)
        assert_type(response, requests.Response)
        assert response.ok
    with Session() as http:
        http.hooks["pre_request"] = [tagged, hook]
        assert http.request("GET", provider.resource_url).ok
        prepared = http.prepare_request(requests.Request("GET", provider.resource_url))
        assert_type(prepared, requests.PreparedRequest)
        assert_type(http.send(prepared), requests.Response)
    inject_into_requests()
    extract_from_requests()
    adapter = OAuthAdapter(hook, max_retries=Retry(3, backoff_factor=0.5))
    assert_type(adapter.hook, OAuthHook)
    with requests.Session() as plain:
        plain.mount(provider.url, adapter)
        assert plain.get(provider.resource_url).ok


def methods_of_ones_own(provider: Provider) -> None:
    def hmac_sha384(text: str, key: Key) -> bytes:
        assert_type(key.signing_key, str)
        assert_type(key.rsa_key, RSAKey | None)
        return key.hmac(text.encode(), "sha384")

    method = Method("HMAC-SHA384", hmac_sha384)
    register(method)
    assert_type(METHODS, dict[str, Method])
    assert_type(METHODS.pop("HMAC-SHA384"), Method)
    assert_type(method.name, str)
    assert_type(method.needs_rsa_key, bool)
    assert_type(method.plain, bool)
    key = Key("signing key")
    signature = method.signature("text", key)
    assert_type(signature, str)
    assert_type(method.accepts("text", key, signature), bool)
    checks: Callable[[str, Key, bytes], bool] | None = method.verify
    assert checks is None
    assert_type(method.sign("text", key), bytes)


def rsa_keys(pem: str) -> None:
    def in_hardware(octets: bytes) -> bytes:
        return octets

    OAuthHook("t", "s", "key", signature_method="RSA-SHA256", rsa_key=in_hardware)
    OAuthHook("t", "s", "key", signature_method="RSA-SHA256", rsa_key=(pem, "passphrase"))
    key = load_key(pem.encode())
    assert_type(key, RSAKey)
    assert_type(key.is_in_hardware, bool)
    made = key.sign(b"text", "sha256")
    assert_type(made, bytes)
    assert_type(load_key(pem, public=True).verify(b"text", made, "sha256"), bool)


# --- credentials ---


def values() -> None:
    token = AccessToken("key", "secret", expires_at=None, extra={"user_id": "1"})
    assert_type(token.key, str)
    assert_type(token.secret, str)
    assert_type(token.expires_at, float | None)
    assert_type(token.extra, Mapping[str, Any])
    assert_type(token.to_dict(), dict[str, Any])
    assert_type(AccessToken.from_dict(token.to_dict()), AccessToken)
    assert_type(RequestToken.from_dict({"key": "k"}), RequestToken)
    assert_type(Consumer.from_dict({"key": "k"}), Consumer)
    account = Account(Consumer("key"), token, "tumblr", ["https://api.example.com"])
    assert_type(account.origins, Sequence[str])
    assert_type(account.consumer, Consumer)
    assert_type(account.token, AccessToken | None)
    assert_type(account.service, str | None)
    assert_type(Account.from_dict(account.to_dict()), Account)


def keeping_them(provider: Provider, folder: str) -> None:
    with CredentialStore(os.path.join(folder, "credentials")) as store:
        assert_type(store, CredentialStore)
        assert_type(store.path, str)
        store["me"] = Account(provider.consumer, provider.add_token(), "example", provider.url)
        kept = store["me"]
        assert_type(kept, Credentials)
        if isinstance(kept, Account):
            assert_type(kept.token, AccessToken | None)
        found: Credentials | None = store.get("nobody")
        assert found is None
        store.update({"app": provider.consumer}, user=provider.add_token())
        assert_type(store.setdefault("app", Consumer("another")), Credentials)
        assert_type(store.items(), ItemsView[str, Credentials])
        assert [type(value) for value in store.values()] == [Consumer, Account, AccessToken]
        names = list(store)
        assert_type(names, list[str])
        assert_type(len(store), int)
        assert_type(store.popitem(), tuple[str, Credentials])
        token: Credentials = store.pop("user")
        assert store.pop("user", None) is None
        assert isinstance(token, AccessToken)
        assert_type(hook_for_account("me", store, placement="header", signature_method=None), OAuthHook)
        del store["me"]
        store.clear()
    store.close()


def keeping_them_in_the_keyring(account: Account) -> None:
    with KeyringStore("my program") as store:
        assert_type(store, KeyringStore)
        assert_type(store.service_name, str)
        store["me"] = account
        assert_type(store["me"], Credentials)
        assert_type(hook_for_account("me", store), OAuthHook)


# --- tokens ---


def addresses_of(provider: Provider) -> tuple[str, str, str]:
    return provider.request_token_url, provider.authorization_url, provider.access_token_url


def three_legs(provider: Provider) -> None:
    flow = OAuthFlow(
        provider.consumer, *addresses_of(provider), callback="oob", placement="header", signature_method="HMAC-SHA1",
        rsa_key=None, realm=None, method="POST", confirmed="require", session=None, timeout=30, hook_class=OAuthHook,
        authorization_parameters={"perms": "write"},
    )  # fmt: skip
    request_token = flow.fetch_request_token()
    assert_type(request_token, RequestToken)
    url = flow.authorization_url(request_token, lang="en")
    assert_type(url, str)
    verifier = flow.parse_callback(provider.approve(url), request_token)
    assert_type(verifier, str | None)
    access_token = flow.fetch_access_token(request_token, verifier)
    assert_type(access_token, AccessToken)
    assert_type(flow.consumer, Consumer)
    assert_type(flow.service, Service)
    hook = flow.hook(access_token, realm="Photos")
    assert_type(hook, OAuthHook)
    assert requests.get(provider.resource_url, auth=hook, timeout=10).ok
    try:
        flow.renew(access_token)
    except UsageError as error:
        assert_type(error, UsageError)
        wrong: list[ValueError] = [error]
        assert wrong


def asking_the_user(provider: Provider) -> None:
    def browser(url: str) -> bool:
        return requests.get(provider.approve(url), timeout=10).ok

    with LoopbackReceiver(port=0, timeout=60, open_browser=browser, path="/callback") as receiver:
        assert_type(receiver, LoopbackReceiver)
        assert_type(receiver.callback_url, str)
        flow = OAuthFlow(provider.consumer, *addresses_of(provider), callback=receiver.callback_url)
        assert_type(flow.authorize(receiver), AccessToken)
    receiver.close()
    at_the_console = OAuthFlow(provider.consumer, *addresses_of(provider))
    assert_type(at_the_console.authorize(provider.approve, lang="en"), AccessToken)


def asking_in_other_ways(flow: OAuthFlow, url: str) -> None:
    assert_type(ask_on_console(url), str)
    assert_type(simple_verifier(url), str)
    assert_type(flow.authorize(ask_on_console), AccessToken)
    assert_type(flow.authorize(lambda link: None), AccessToken)
    assert_type(flow.authorize(LoopbackReceiver()), AccessToken)
    assert_type(flow.xauth("name", "a password"), AccessToken)
    assert_type(flow.renew(AccessToken("key")), AccessToken)
    assert_type(LoopbackReceiver()(url), str)
    assert_type(LoopbackReceiver().wait_for_post(flow.consumer).verifier, str)
    assert_type(LoopbackReceiver().post_url, str)


def services(provider: Provider, folder: str) -> None:
    assert_type(SERVICES, Mapping[str, Service])
    tumblr = SERVICES["tumblr"]
    assert_type(tumblr, Service)
    assert_type(tumblr.request_token_url, str)
    assert_type(tumblr.registration_url, str | None)
    assert_type(tumblr.headers, Mapping[str, str])
    assert_type(tumblr.to_dict(), dict[str, Any])
    assert_type(Service.from_dict(tumblr.to_dict()), Service)
    path = os.path.join(folder, "mine.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"name": "mine"}')
    assert_type(Service.from_file(path), Service)
    mine = Service(
        name="mine", title="Mine", request_token_url="https://a.example/1", authorization_url="https://a.example/2",
        access_token_url="https://a.example/3", registration_url=None, renewal_url=None, api_url=None,
        token_method="POST", access_token_method=None, placement="query", signature_method="HMAC-SHA1", body_hash=None,
        realm=None, callback=None, callback_method="GET", confirmed="warn",
        authorization_parameters={"perms": "write"}, token_parameter="oauth_token", headers={"User-Agent": "Test.io"},
        tenant={}, ends=None, successor="", notes="", documentation="", checked="", checked_against="",
    )  # fmt: skip
    assert_type(mine.callback, str | None)
    assert_type(mine.ends, str | None)
    assert_type(mine.has_ended("2026-12-31"), bool)
    assert_type(mine.has_ended(date(2026, 12, 31)), bool)
    assert_type(SERVICES["magento"].placeholders, tuple[str, ...])
    shop = SERVICES["magento"].at(host="shop.example")
    assert_type(shop, Service)
    assert_type(shop.reference, str)
    assert_type(shop.tenant, Mapping[str, str])
    shop.check_is_filled()
    assert_type(mine.title, str)
    assert_type(OAuthFlow.for_service("tumblr", provider.consumer, timeout=5), OAuthFlow)
    assert_type(OAuthFlow.for_service(mine, provider.consumer), OAuthFlow)


def registration(provider: Provider) -> None:
    service = discover(provider.webfinger, scheme="http", session=None, timeout=30)
    assert_type(service, Service)
    if service.registration_url is not None:
        url = service.registration_url
        consumer = register_client(
            url, application_name="Test.io", application_type="native", redirect_uris=[], contacts=[], logo_url=None
        )
        assert_type(consumer, Consumer)
        assert_type(update_client(url, consumer, application_name="Test.io 2", contacts=("a@b.example",)), Consumer)


# --- errors, and why ---


def errors(provider: Provider) -> Explanation:
    flow = OAuthFlow(Consumer("nobody"), *addresses_of(provider))
    refused: Any = None
    try:
        flow.fetch_request_token()
    except ProviderError as error:
        assert_type(error.status, int | None)
        assert_type(error.problem, str | None)
        assert_type(error.body, str)
        assert_type(error.response, requests.Response | None)
        refused = error.explanation
        raised: list[OAuthHookError] = [error]
        assert raised
    explanation: Explanation = refused
    assert_type(explanation.findings[0].code, str)
    return explanation


def why(provider: Provider) -> None:
    hook = OAuthHook("token", "secret", provider.consumer.key, "another", header_auth=True)
    response = requests.get(provider.resource_url, auth=hook, timeout=10)
    explanation = hook.explain(response)
    assert_type(explanation, Explanation)
    assert_type(explanation.findings, tuple[Finding, ...])
    assert_type(explanation.request, str)
    assert_type(explanation.response, str)
    assert_type(explanation.ruled_out, tuple[str, ...])
    assert_type(explanation.base_string, str)
    assert_type(explanation.brief, str)
    assert_type(explanation.to_dict(), dict[str, Any])
    assert_type(explanation.to_html(), str)
    if explanation.comparison is not None:
        assert_type([row.differs for row in explanation.comparison.rows], list[bool])
    for finding in explanation.findings:
        assert_type(finding, Finding)
        texts: list[str] = [
            finding.code,
            finding.summary,
            finding.message,
            finding.advice,
            finding.remedy,
            finding.side,
            *finding.evidence,
        ]
        assert all(texts[:4])
        assert_type(finding.proven, bool)
        assert_type(finding.is_candidate, bool)
        assert_type(finding.rank, float)
    again = explain(
        response.request, provider.consumer, None, server_base_string="GET&...", server_signature=None, service=None,
        rsa_key=None, signing_key=None,
    )  # fmt: skip
    assert_type(again, Explanation)
    assert_type(pinned_elsewhere(again), Explanation)


def saved_requests(provider: Provider) -> None:
    saved = read_saved(b"GET /api/resource HTTP/1.1\r\nHost: api.example.com\r\n\r\n", scheme="http")
    assert_type(saved, SavedRequest | SavedResponse)
    assert_type(read_response_text(saved), str)
    assert_type(is_har(b"{}"), bool)
    if isinstance(saved, SavedResponse):
        saved = saved.request
    assert_type(saved.method, str)
    assert_type(saved.headers, dict[str, str])
    assert_type(explain(saved, provider.consumer), Explanation)


# --- people's tests ---


def a_provider(provider: Provider, folder: str) -> None:
    with serve(
        "127.0.0.1", 0, database=os.path.join(folder, "provider"), realm="Photos", timestamp_lifetime=60,
        clock=lambda: 1.5, loopback_only=True,
    ) as another:  # fmt: skip
        assert_type(another, Provider)
        assert_type(another.url, str)
    another.close()
    assert_type(provider.consumer, Consumer)
    assert_type(provider.user.name, str)
    assert_type(provider.user.password, str)
    assert_type(provider.details(), dict[str, str])
    urls = (provider.registration_url, provider.resource_url, provider.two_legged_url, provider.whoami_url)
    for url in (*urls, provider.check_url, provider.requests_url):
        assert_type(url, str)
    app = provider.add_consumer("App", key="app", secret="", rsa_public_key=None)
    bob = provider.add_user("bob", "a password")
    assert_type(provider.add_token(app, bob), AccessToken)
    flow = OAuthFlow(app, *addresses_of(provider), callback="http://127.0.0.1/back")
    assert_type(provider.approve(flow.authorization_url(flow.fetch_request_token()), user=bob), str)
    assert_type(provider.deny(flow.authorization_url(flow.fetch_request_token())), str | None)


def a_test(oauth_provider: Provider) -> None:
    """What a test looks like that asks for the fixture."""
    hook = OAuthHook(consumer_key=oauth_provider.consumer.key, consumer_secret=oauth_provider.consumer.secret)
    assert requests.get(oauth_provider.two_legged_url, auth=hook, timeout=10).ok


def the_application_elsewhere(provider: Provider) -> None:
    from oauth_hook.provider.storage import Storage

    application = Application(Storage(None), realm="Photos")
    with make_server("127.0.0.1", 0, application) as server:
        assert server.get_app() is application
    assert_type(application.storage, Storage)
    assert_type(application.realm, str)
    application.policy.clock()
    application.storage.close()


def cassettes(provider: Provider) -> None:
    assert_type(scrub_text("oauth_token=a&b=c", secrets=["a secret"]), str)
    scrub: Callable[[Any], Any] = partial(scrub_request, secrets=["a secret"])
    assert callable(scrub)
    assert_type(scrub_response({"headers": {}, "body": {"string": b"oauth_token=a"}}), dict[str, Any])


# --- other clients ---


def with_httpx(provider: Provider) -> None:
    import httpx

    from oauth_hook.httpx import OAuth, event_hooks

    token, app = provider.add_token(), provider.consumer
    hook = OAuthHook(token.key, token.secret, app.key, app.secret, header_auth=True)
    auth = OAuth(hook)
    assert_type(auth.hook, OAuthHook)
    with httpx.Client(auth=auth, event_hooks=event_hooks(hook), trust_env=False) as http:
        assert_type(http.get(provider.resource_url), httpx.Response)
        assert http.get(provider.resource_url, auth=OAuth(hook)).is_success


def with_httpx2(provider: Provider) -> None:
    import httpx2

    from oauth_hook.httpx import OAuth, event_hooks

    token, app = provider.add_token(), provider.consumer
    hook = OAuthHook(token.key, token.secret, app.key, app.secret, header_auth=True)
    http = httpx2.Client(auth=OAuth(hook), event_hooks=event_hooks(hook), trust_env=False)
    with http:
        assert_type(http.get(provider.resource_url), httpx2.Response)
        assert http.get(provider.resource_url, auth=OAuth(hook)).is_success


def with_aiohttp(provider: Provider) -> None:
    import asyncio

    import aiohttp

    from oauth_hook.aiohttp import OAuth

    token, app = provider.add_token(), provider.consumer
    hook = OAuthHook(token.key, token.secret, app.key, app.secret, header_auth=True, body_hash="sha256")
    assert_type(hook.body_hash, str | None)

    async def ask() -> None:
        async with aiohttp.ClientSession(middlewares=[OAuth(hook)]) as session:
            async with session.post(provider.resource_url, json={"a": 1}) as response:
                assert_type(response, aiohttp.ClientResponse)
                assert response.ok
            async with session.get(provider.resource_url, middlewares=(OAuth(hook),)) as response:
                assert response.ok

    asyncio.run(ask())


async def with_httpx2_async(url: str, hook: OAuthHook) -> None:
    import httpx2

    from oauth_hook.httpx import OAuth, async_event_hooks

    http = httpx2.AsyncClient(auth=OAuth(hook), event_hooks=async_event_hooks(hook))
    async with http:
        assert_type(await http.get(url), httpx2.Response)


def as_falcon_does(provider: Provider) -> None:
    client = falcon.Client(provider.consumer.key, provider.consumer.secret, falcon.Via.GET, timeout=30)
    client.mode = falcon.Via.POST
    client.use_header = falcon.UseHeader.NONE
    client.use_header = falcon.UseHeader.FULL
    client.use_header = falcon.UseHeader.ALTERN
    request_token = client.get_token(provider.request_token_url, "oob")
    assert_type(request_token, falcon.Token)
    assert_type(request_token.is_request(), bool)
    request_token.verifier = provider.approve(f"{provider.authorization_url}?oauth_token={request_token.token}")
    token = client.get_token(provider.access_token_url, None, request_token)
    assert_type(token.is_access(), bool)
    assert_type(token.secret, str)
    assert_type(token.exchanged, bool)
    assert_type(token.raw_data, dict[str, Any] | None)
    assert_type(token.get_extra_data(), dict[str, Any])
    assert_type(client.call_api(token, provider.resource_url, {"a": "b"}), bytes)
    assert_type(client.make_secret("secret", None), str)
    assert_type(client.parse_qs("a=b"), dict[str, str])
    request = client.make_oauth_handler(provider.resource_url, token.secret, {"oauth_token": token.token}, [("a", "b")])
    assert_type(request, requests.PreparedRequest)
    modes: list[falcon.Via] = [client.mode]
    assert modes == [falcon.Via.POST]
    assert_type(client.timeout, float)
    try:
        client.call_api(None, provider.resource_url)
    except falcon.ProtoError as error:
        assert_type(error.status, int | None)
        refusals: list[ProviderError] = [error]
        assert refusals


def as_requests_oauthlib_does(provider: Provider) -> None:
    methods = [rol.SIGNATURE_HMAC, rol.SIGNATURE_HMAC_SHA1, rol.SIGNATURE_HMAC_SHA256, rol.SIGNATURE_HMAC_SHA512]
    methods += [rol.SIGNATURE_RSA, rol.SIGNATURE_RSA_SHA1, rol.SIGNATURE_RSA_SHA256, rol.SIGNATURE_RSA_SHA512]
    methods += [rol.SIGNATURE_PLAINTEXT]
    types = [rol.SIGNATURE_TYPE_AUTH_HEADER, rol.SIGNATURE_TYPE_QUERY, rol.SIGNATURE_TYPE_BODY]
    assert_type((methods, types), tuple[list[str], list[str]])
    oauth = rol.OAuth1Session(provider.consumer.key, provider.consumer.secret, callback_uri="http://127.0.0.1:9/")
    assert_type(oauth.fetch_request_token(provider.request_token_url, ["a"], timeout=9), dict[str, Any])
    callback = provider.approve(oauth.authorization_url(provider.authorization_url, lang="en"))
    assert_type(oauth.parse_authorization_response(callback), dict[str, Any])
    assert_type(oauth.fetch_access_token(provider.access_token_url), dict[str, Any])
    assert_type((oauth.authorized, oauth.token), tuple[bool, dict[str, str]])
    response = oauth.get(provider.resource_url)
    assert_type(oauth.explain(response), Explanation)
    oauth.rebuild_auth(response.request, response)
    auth = rol.OAuth1("key", "secret", signature_type=types[0], force_include_body=False, nonce="n", timestamp="1")
    auth.plaintext_origins = ["http://intranet.example"]
    assert auth.client
    assert auth.client_class
    assert not auth.force_include_body
    assert_type(auth(requests.Request("GET", provider.resource_url).prepare()), requests.PreparedRequest)
    try:
        rol.OAuth1Session("key").fetch_access_token(provider.access_token_url)
    except rol.VerifierMissing as error:
        assert_type(error, rol.VerifierMissing)
    try:
        oauth.token = {}
    except (rol.TokenMissing, rol.TokenRequestDenied) as error:
        assert_type(error.problem, str | None)
    assert_type(rol.TokenRequestDenied("no", response).status_code, int | None)
    assert rol.TokenMissing("no", {}).response == {}
    for inject, extract in (
        (rol.inject, rol.extract),
        (rol.inject_into_rauth, rol.extract_from_rauth),
        (rol.inject_into_authlib, rol.extract_from_authlib),
    ):
        inject()
        extract()


def as_pypump_does(provider: Provider) -> None:
    client = Client(provider.webfinger, type="native", name="Test.io", contacts=["a@b.example"], redirect=[], logo=None)
    pump = PyPump(client, verifier_callback=provider.approve, scheme="http", store={}, retries=1, timeout=30)
    key, secret, expiry = pump.get_registration()
    token, token_secret = pump.get_token()
    assert_type(token, str)
    assert_type(pump.client, Client)
    assert_type(pump.hook, OAuthHook)
    assert_type(pump.me, dict[str, Any])
    answer: dict[str, Any] = pump.request("/api/whoami", params={"a": "b"}, retries=2)
    assert answer
    assert_type(client.register(), None)
    assert_type(client.update(), bool)
    assert_type(client.ensure(), None)
    assert_type(client.key, str | None)
    assert_type(client.secret, str | None)
    ends: list[float | None] = [client.expiry, client.expirey]
    assert ends == [0, 0]
    assert_type(client.consumer, Consumer | None)
    assert_type(client.is_expired, bool)
    for text in (client.webfinger, client.nickname, client.server, client.type, *client.contacts, *client.redirect):
        assert_type(text, str)
    again = PyPump(
        provider.webfinger, token, secret, scheme="http", client_name="Test.io", key=key, token_secret=token_secret,
        client_type="native", callback_uri="oob", verify_requests=True,
    )  # fmt: skip
    assert again.get_token() == [token, token_secret]
    assert expiry == 0


class Window(PyPump):
    """A GUI's way to ask."""

    def get_access(self, url: str) -> str | None:
        return super().get_access(url)


def in_web_applications(provider: Provider) -> None:
    store: dict[str, Any] = {}
    make = partial(WebPump, provider.webfinger, client_name="App", scheme="http", store=store)
    pump = make()
    assert_type(pump, WebPump)
    url = pump.url
    assert_type(url, str | None)
    if url is not None:
        another = make()
        another.verifier(provider.approve(url))
        assert_type(another.logged_in, bool)
        assert_type(another.get_token(), list[str])
        assert_type(another.get_registration(), list[Any])
        another.oauth_request()
