"""What people use with requests: requests-toolbelt, requests-futures, requests-cache, CacheControl, own sessions.

The promises of ``docs/howto/caching.rst`` are here. A package that is not installed is skipped by name.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from email.utils import formatdate
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import HTTPBasicAuth

from oauth_hook import OAuthAdapter, OAuthHook
from oauth_hook.provider import serve


@pytest.fixture(scope="module")
def provider():
    """One provider for this file; tokens tell the tests apart."""
    with serve() as provider:
        yield provider


def hook_for(provider, user=None, **more):
    token = provider.add_token(user=user)
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


@pytest.fixture
def session():
    """A stock session, closed at the end."""
    with requests.Session() as session:
        yield session


# --- requests-toolbelt ---

FIELDS = {"a": "1", "é": "b c"}
FILE = b"\0\xff\r\n--" * 40_000


@pytest.mark.parametrize("placement", ["header", "query", "url-encoded"])
def test_a_multipart_encoder_streams(placement, session, provider):
    """A MultipartEncoder arrives byte for byte, with its length, and is signed beside: in the header or the query."""
    toolbelt = pytest.importorskip("requests_toolbelt", reason="requests-toolbelt is not installed")
    make = lambda: toolbelt.MultipartEncoder(FIELDS | {"f": ("f.bin", io.BytesIO(FILE))}, boundary="b0undary")  # noqa: E731
    encoder = make()
    answer = session.post(
        provider.resource_url, data=encoder, headers={"Content-Type": encoder.content_type},
        auth=hook_for(provider, placement=placement),
    )  # fmt: skip
    echo, whole = answer.json(), make().to_string()
    assert echo["oauth"]["placement"] == placement.replace("url-encoded", "query")
    assert (echo["body_length"], echo["body_sha256"]) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert answer.request.body is encoder
    assert "multipart" in echo["content_type"]


def test_a_monitored_encoder_streams(session, provider):
    """A MultipartEncoderMonitor sees each piece go out once."""
    toolbelt = pytest.importorskip("requests_toolbelt", reason="requests-toolbelt is not installed")
    seen = []
    encoder = toolbelt.MultipartEncoder({"f": ("f.bin", io.BytesIO(FILE))})
    monitor = toolbelt.MultipartEncoderMonitor(encoder, lambda monitor: seen.append(monitor.bytes_read))
    answer = session.post(
        provider.resource_url, data=monitor, headers={"Content-Type": monitor.content_type},
        auth=hook_for(provider, header_auth=True),
    )  # fmt: skip
    assert answer.json()["body_length"] == max(seen) == encoder.len
    assert seen == sorted(seen)


@pytest.mark.parametrize("placement", ["header", "query"])
def test_a_streaming_iterator_streams(placement, session, provider):
    """A StreamingIterator of a known size arrives as it is, not in chunks."""
    toolbelt = pytest.importorskip("requests_toolbelt", reason="requests-toolbelt is not installed")
    pieces = [b"one, ", b"two, ", b"three"]
    body = toolbelt.StreamingIterator(15, iter(pieces))
    answer = session.put(provider.resource_url, data=body, auth=hook_for(provider, placement=placement))
    assert answer.json()["body_sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert answer.request.headers["Content-Length"] == "15"


def test_an_encoder_is_not_sent_twice(session):
    """What was read once cannot be sent again: the refused timestamp is learned, and the next request is right."""
    toolbelt = pytest.importorskip("requests_toolbelt", reason="requests-toolbelt is not installed")
    with serve(clock=lambda: time.time() - 36_000) as late:
        hook, encoder = hook_for(late, header_auth=True), toolbelt.MultipartEncoder(FIELDS)
        session.auth = hook
        first = session.post(late.resource_url, data=encoder, headers={"Content-Type": encoder.content_type})
        assert (first.status_code, first.history) == (401, [])
        again = toolbelt.MultipartEncoder(FIELDS)
        second = session.post(late.resource_url, data=again, headers={"Content-Type": again.content_type})
        assert (second.status_code, second.history) == (200, [])


def test_a_base_url_session(provider):
    """BaseUrlSession joins the URL first: what is signed is the whole one."""
    sessions = pytest.importorskip("requests_toolbelt.sessions", reason="requests-toolbelt is not installed")
    with sessions.BaseUrlSession(provider.url + "/api/") as session:
        session.auth = hook_for(provider)
        assert session.get("resource", params={"a": "b c"}).json()["parameters"] == [["a", "b c"]]
        assert session.post("resource", {"a": "b c"}).json()["oauth"]["placement"] == "body"


# --- requests-futures ---


def test_futures_never_mix_users(provider):
    """Many threads, one session, a hook for each request: everybody's requests are everybody's own."""
    futures = pytest.importorskip("requests_futures.sessions", reason="requests-futures is not installed")
    names = [f"user{number}" for number in range(6)]
    hook = hook_for(provider, header_auth=True)
    hooks = {
        name: hook.as_user(provider.add_token(user=provider.add_user(name, "a password"))) for name in names
    }  # fmt: skip
    with futures.FuturesSession(max_workers=8) as session:
        session.auth = hook
        waiting = {
            session.post(provider.resource_url, data={"n": number}, auth=hooks[names[number % 6]]): number
            for number in range(60)
        }
        plain = session.get(provider.resource_url)
        answers = [(waiting[future], future.result(30)) for future in as_completed(waiting, timeout=60)]
        assert plain.result(30).json()["user"] == "alice"
    assert [answer.status_code for _, answer in answers] == [200] * 60
    for number, answer in answers:
        assert answer.json()["user"] == names[number % 6]
        assert answer.json()["parameters"] == [["n", str(number)]]
    assert len({answer.json()["oauth"]["nonce"] for _, answer in answers}) == 60


def test_futures_take_a_session_with_hooks(provider):
    """``FuturesSession(session=...)`` sends through ``oauth_hook.session`` and its ``pre_request``."""
    import oauth_hook

    futures = pytest.importorskip("requests_futures.sessions", reason="requests-futures is not installed")
    inner = oauth_hook.session(hooks={"pre_request": hook_for(provider)})
    with inner, ThreadPoolExecutor(4) as executor, futures.FuturesSession(session=inner, executor=executor) as session:
        answers = [session.get(provider.resource_url, params={"n": n}) for n in range(8)]
        assert [answer.result(30).json()["parameters"] for answer in answers] == [[["n", str(n)]] for n in range(8)]


# --- caches: a fresh nonce does not defeat them, users are not mixed, nothing of ours is kept ---

VOLATILE = ["oauth_nonce", "oauth_timestamp", "oauth_signature"]
IGNORED = ["Authorization", *VOLATILE]
SIGNED = re.compile(r"(?<=[?&])oauth_(?:nonce|timestamp|signature)=[^&]*&?")


@pytest.fixture
def counting(server):
    """A server that says who asked, as often as it is asked, and lets responses be kept for a minute."""

    def answer(request):
        key = re.search(r'oauth_token="?([^"&]*)', request.authorization + request.target + request.body.decode())
        text = f"{key and key[1]} {len(server.received)}"
        headers = {"Date": formatdate(usegmt=True), "Cache-Control": "max-age=60", "Content-Type": "text/plain"}
        return 200, headers | server.more, text.encode()

    server.answer, server.more = answer, {}
    return server


def user(name, placement):
    return OAuthHook(name, f"{name}-secret", "consumer", "consumer-secret", placement=placement)


@pytest.fixture
def cached():
    """Make requests-cache sessions in memory, closed at the end."""
    package = pytest.importorskip("requests_cache", reason="requests-cache is not installed")
    made = []

    def make(**settings):
        settings = {"backend": "memory"} | settings
        made.append(package.CachedSession(**settings))
        return made[-1]

    yield make
    for session in made:
        session.close()


def texts(session, url, *hooks):
    return [session.get(url, auth=hook).text for hook in hooks]


def test_requests_cache_answers_from_the_cache_with_a_header(counting, cached):
    """The key is made of the URL: a fresh nonce in the header is a hit, by requests-cache's own settings."""
    assert texts(cached(), f"{counting.url}/?a=1", *[user("ann", "header")] * 3) == ["ann 1"] * 3


def test_requests_cache_misses_each_time_with_a_query_that_is_not_ignored(counting, cached):
    """Why the page names ``ignored_parameters``: in the query each nonce is another URL."""
    assert texts(cached(), counting.url, *[user("ann", "query")] * 2) == ["ann 1", "ann 2"]


def test_requests_cache_answers_from_the_cache_with_a_query(counting, cached):
    """With what changes in each signature ignored it hits, and each user, whose token stays in the key, gets theirs."""
    ann, bob = user("ann", "query"), user("bob", "query")
    session = cached(ignored_parameters=IGNORED)
    assert texts(session, f"{counting.url}/?a=1", ann, ann, bob, ann, bob) == [
        "ann 1",
        "ann 1",
        "bob 2",
        "ann 1",
        "bob 2",
    ]
    assert texts(session, f"{counting.url}/?a=2", ann) == ["ann 3"]


def test_requests_cache_answers_posts_from_the_cache_too(counting, cached):
    """A form body is part of the key, without what changes in each signature."""
    session = cached(ignored_parameters=IGNORED, allowable_methods=["POST"])
    said = [
        session.post(counting.url, {"q": question}, auth=user(name, "body")).text
        for name, question in [("ann", "1"), ("ann", "1"), ("ann", "2"), ("bob", "1")]
    ]
    assert said == ["ann 1", "ann 1", "ann 2", "bob 3"]


def key_of_each_user(request, **settings):
    """Return requests-cache's own key and the token of the header (as the page has it)."""
    from requests_cache import create_key

    token = re.search(r'oauth_token="([^"]*)"', request.headers.get("Authorization", ""))
    return create_key(request, **settings) + (token[1] if token else "")


@pytest.mark.promise("a-cache-can-tell-users-apart")
def test_requests_cache_mixes_users_of_one_cache_unless_the_key_has_the_user(counting, cached):
    """In the header users look alike to it: one cache for each of them, or ``key_fn``, keeps them apart."""
    ann, bob = user("ann", "header"), user("bob", "header")
    assert texts(cached(), counting.url, ann, bob) == ["ann 1", "ann 1"]  # the danger that the page warns of
    assert texts(cached(key_fn=key_of_each_user), counting.url, ann, bob, ann) == ["ann 2", "bob 3", "ann 2"]
    caches = {"ann": cached(), "bob": cached()}
    said = [texts(caches[hook.token.key], counting.url, hook)[0] for hook in (ann, bob, ann, bob)]
    assert said == ["ann 4", "bob 5", "ann 4", "bob 5"]


def test_caches_under_vary(counting, cached):
    """``Vary: Authorization`` mixes nobody: with a header each is asked for anew, with a query it is kept as ever."""
    counting.more = {"Vary": "Authorization"}
    ann, bob = user("ann", "header"), user("bob", "header")
    said = texts(cached(key_fn=key_of_each_user), counting.url, ann, bob, ann, bob)
    assert [text.split()[0] for text in said] == ["ann", "bob"] * 2
    session = cached(ignored_parameters=IGNORED)
    hits = texts(session, f"{counting.url}/?a=1", *[user("ann", "query")] * 2, user("bob", "query"))
    assert hits[0] == hits[1]
    assert hits[2].startswith("bob")


def test_requests_cache_asks_again_with_a_signature_of_its_own(provider, cached):
    """A stale response is asked for again, and the provider, strict on nonces, accepts it."""
    session = cached(ignored_parameters=IGNORED)
    session.auth = hook_for(provider)
    nonces = [
        session.get(provider.resource_url, force_refresh=refresh).json()["oauth"]["nonce"]
        for refresh in (False, False, True, True)
    ]
    assert nonces[0] == nonces[1]
    assert len(set(nonces)) == 3


@pytest.mark.parametrize("placement", ["header", "query", "header+url-encoded"])
def test_requests_cache_keeps_no_signature(placement, counting, cached, tmp_path):
    """In the file is neither the header nor a nonce, a signature or a secret, PLAINTEXT's included."""
    session = cached(backend="sqlite", cache_name=str(tmp_path / "cache"), ignored_parameters=IGNORED)
    for method in ("HMAC-SHA1", "PLAINTEXT"):
        hook = OAuthHook(
            "ann", "anns secret", "consumer", "consumers secret", placement=placement, signature_method=method,
            nonce=lambda: "n0nce",
        )  # fmt: skip
        answer = session.get(counting.url, auth=hook, params={"m": method})
        signature = dict(hook_parameters(answer.request, counting.last))["oauth_signature"]
        session.close()
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"ann 1" in kept
        for text in ("n0nce", "anns", "consumers", signature):
            assert text.encode() not in kept


def hook_parameters(_request, received):
    return re.findall(r'(oauth_\w+)="?([^"&]*)', received.authorization + urlsplit(received.target).query)


def caching(hook=None, cache=None, **settings):
    """Return a session with CacheControl."""
    cachecontrol = pytest.importorskip("cachecontrol", reason="CacheControl is not installed")
    session = cachecontrol.CacheControl(requests.Session(), cache=cache, **settings)
    session.auth = hook
    return session


def test_cachecontrol_answers_from_the_cache_with_a_header(counting):
    """The key is the URL: a fresh nonce in the header is a hit."""
    with caching(user("ann", "header")) as session:
        assert texts(session, f"{counting.url}/?a=1", None, None) == ["ann 1"] * 2


def test_cachecontrol_mixes_users_of_one_cache(counting):
    """The danger that the page warns of; with a session and a cache for each user they are apart."""
    ann, bob = user("ann", "header"), user("bob", "header")
    with caching() as session:
        assert texts(session, counting.url, ann, bob) == ["ann 1", "ann 1"]
    with caching(ann) as anns, caching(bob) as bobs:
        assert [texts(s, counting.url, None)[0] for s in (anns, bobs, anns, bobs)] == ["ann 2", "bob 3"] * 2


def keyed_without_signature():
    """Return a cache whose keys are without what changes in each signature (as the page has it)."""
    cachecontrol = pytest.importorskip("cachecontrol", reason="CacheControl is not installed")

    class Keyed(cachecontrol.cache.DictCache):
        def get(self, key):
            return super().get(SIGNED.sub("", key))

        def set(self, key, value, expires=None):
            super().set(SIGNED.sub("", key), value, expires)

        def delete(self, key):
            super().delete(SIGNED.sub("", key))

    return Keyed()


@pytest.mark.promise("a-cache-can-tell-users-apart")
def test_cachecontrol_answers_from_the_cache_with_a_query(counting):
    """A cache that leaves what changes out of its keys hits, also under Vary, and tells users apart by their tokens."""
    ann, bob = user("ann", "query"), user("bob", "query")
    with caching() as session:
        assert texts(session, counting.url, ann, ann) == ["ann 1", "ann 2"]
    counting.more, cache = {"Vary": "Authorization"}, keyed_without_signature()
    with caching(cache=cache) as session:
        assert texts(session, f"{counting.url}/?a=1", ann, ann, bob, ann) == ["ann 3", "ann 3", "bob 4", "ann 3"]
        assert texts(session, f"{counting.url}/?a=2", ann) == ["ann 5"]
        session.delete(f"{counting.url}/?a=1", auth=ann)
        assert texts(session, f"{counting.url}/?a=1", ann) == ["ann 7"]
    assert "oauth_signature=" not in repr(cache.data)


def test_cachecontrol_under_vary_asks_each_time_with_a_header(counting):
    """``Vary: Authorization`` never matches a fresh signature: nobody gets another's response, and nothing is saved."""
    counting.more = {"Vary": "Authorization"}
    with caching() as session:
        assert texts(session, counting.url, *[user("ann", "header")] * 2, user("bob", "header")) == [
            "ann 1", "ann 2", "bob 3",
        ]  # fmt: skip


def test_cachecontrol_asks_whether_it_is_still_fresh_with_a_signature_of_its_own(server):
    """A 304 is asked for with another nonce than the first response, and answered from the cache."""
    etag = {"ETag": '"1"', "Cache-Control": "max-age=0", "Date": formatdate(usegmt=True)}
    server.answer = lambda request: (304, etag, b"") if "if-none-match" in request.headers else (200, etag, b"whole")
    with caching(user("ann", "header")) as session:
        assert texts(session, server.url, None, None) == ["whole", "whole"]
    first, second = server.received
    assert second.headers["if-none-match"] == '"1"'
    assert first.authorization != second.authorization


@pytest.mark.parametrize("placement", ["header", "query"])
def test_cachecontrol_over_the_adapter(placement, counting):
    """Both adapters in one class: the cache is asked first, and what goes out is signed, each attempt anew."""
    cachecontrol = pytest.importorskip("cachecontrol", reason="CacheControl is not installed")

    class CachingOAuthAdapter(cachecontrol.CacheControlAdapter, OAuthAdapter):
        """The cache above, the signature below."""

    with requests.Session() as session:
        adapter = CachingOAuthAdapter(cache=keyed_without_signature(), hook=user("ann", placement), max_retries=2)
        session.mount(counting.url, adapter)
        said = texts(session, f"{counting.url}/?a=1", None, None)
    assert said == (["ann 1", "ann 1"] if placement == "header" else ["ann 1", "ann 2"])
    assert "oauth_signature" in counting.last.authorization + counting.last.target


# --- sessions of one's own ---


class KeepsAuth(requests.Session):
    """Keeps Authorization on every redirect, as programs do for login servers."""

    def rebuild_auth(self, prepared_request, response):
        """Leave it as it is."""

    def should_strip_auth(self, old_url, new_url):
        return False


class Logs(requests.Session):
    """Overrides what sessions override: ``prepare_request``, ``send`` and ``request``."""

    def __init__(self):
        super().__init__()
        self.log = []

    def prepare_request(self, request):
        request.headers["X-Request"] = "1"
        prepared = super().prepare_request(request)
        self.log.append(("prepared", prepared.url))
        return prepared

    def send(self, request, **kwargs):
        kwargs.setdefault("timeout", 10)
        self.log.append(("sent", request.url))
        return super().send(request, **kwargs)

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url, *args, **kwargs)


class OwnRequest(requests.PreparedRequest):
    """A prepared request of somebody's own."""


class Prepares(requests.Session):
    """Makes prepared requests of a class of its own, and signs them with Basic where no hook is given."""

    def prepare_request(self, request):
        prepared = OwnRequest()
        prepared.prepare(
            method=request.method, url=request.url, headers=dict(request.headers), data=request.data,
            auth=request.auth or self.auth or HTTPBasicAuth("a", "b"), cookies={}, hooks=request.hooks,
        )  # fmt: skip
        return prepared


@pytest.mark.parametrize("kind", [KeepsAuth, Logs, Prepares])
@pytest.mark.parametrize("placement", ["header", "query"])
def test_subclasses_of_session(kind, placement, provider):
    """The provider accepts what they send, redirects (here of whoami to the profile) included."""
    with kind() as session:
        session.auth = hook_for(provider, placement=placement)
        answer = session.get(provider.url + "/api/whoami")
        assert (answer.status_code, len(answer.history)) == (200, 1), answer.text
        assert session.post(provider.resource_url, {"a": "1"}).json()["parameters"] == [["a", "1"]]
        assert isinstance(answer.history[0].request, OwnRequest) is (kind is Prepares)
        assert not isinstance(answer.request, OwnRequest)  # as without a hook: requests copies into its own class


@pytest.mark.parametrize("kind", [KeepsAuth, Logs, Prepares])
@pytest.mark.parametrize("placement", ["header", "query"])
def test_credentials_stay_home_whatever_a_session_keeps(kind, placement, server, abroad):
    """A session that keeps Authorization for every host does not carry ours to another origin."""
    server.answer = lambda request: (307, {"Location": abroad.url + request.target}, b"")
    with kind() as session:
        session.auth = user("ann", placement)
        session.get(f"{server.url}/?a=1")
    assert "oauth_" in server.last.target + server.last.authorization
    assert (abroad.last.target, abroad.last.authorization) == ("/?a=1", "")


def test_a_session_subclass_with_the_event(provider):
    """A subclass of ``oauth_hook.Session`` has ``pre_request`` beside what it overrides."""
    import oauth_hook

    class Both(Logs, oauth_hook.Session):
        """Somebody's session with the event."""

    with Both() as session:
        session.hooks["pre_request"] = hook_for(provider)
        assert session.get(provider.url + "/api/whoami").status_code == 200
        assert json.loads(session.get(provider.resource_url).text)["user"] == "alice"
        assert [what for what, _ in session.log] == ["prepared", "sent", "sent", "prepared", "sent"]
