"""``OAuthAdapter``: each attempt of urllib3's retry policy is signed anew, and all else is as urllib3 does it."""

from __future__ import annotations

import io
import pickle
import socket
import threading
import time

import pytest
import requests
from urllib3.util import Retry

from oauth_hook import AccessToken, Consumer, OAuthAdapter, OAuthHook, UsageError, verify

CONSUMER = Consumer("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
TOKEN = AccessToken("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")
KEYS = (TOKEN.key, TOKEN.secret, CONSUMER.key, CONSUMER.secret)
PLACEMENTS = ["header", "query", "body", "url-encoded", "header+url-encoded"]


def hook(**more):
    return OAuthHook(*KEYS, **more)


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def mounted(session, url, policy=0, **more):
    adapter = OAuthAdapter(hook(**more), max_retries=policy)
    session.mount(url, adapter)
    return session


def check(server, count):
    """Each attempt verifies, with a nonce of its own."""
    assert len(server.received) == count
    nonces = set()
    for got in server.received:
        verdict = verify(got.method, server.url + got.target, headers=got.headers, body=got.body,
                         consumer=CONSUMER, token=TOKEN, allow_copies=True)  # fmt: skip
        assert verdict, verdict.reason
        text = got.authorization + got.target + got.body.decode()
        nonces.add(text.partition("oauth_nonce=")[2][:25])
    assert len(nonces) == count


def failing(server, times, status=503, headers=None):
    server.answer = lambda got: (
        (status, headers or {}, b"") if len(server.received) <= times else (200, {}, b"done")
    )  # fmt: skip


@pytest.mark.promise("no-nonce-is-used-twice")
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_attempt_is_signed_anew(placement, method, server, session):
    """A status in the force list is tried again, with a fresh nonce in every placement; the history is kept."""
    failing(server, 2)
    policy = Retry(3, status_forcelist=[503], allowed_methods=None)
    content = {"data": {"a": "1"}} if method == "POST" else {"params": {"a": "1"}}
    response = mounted(session, server.url, policy, placement=placement).request(method, server.url, **content)
    assert response.status_code == 200
    check(server, 3)
    assert [entry.status for entry in response.raw.retries.history] == [503, 503]
    got = server.last
    assert response.request.headers.get("Authorization", "") == got.authorization
    assert response.request.path_url == got.target


def test_timestamps_are_of_the_moment_of_sending(server, session):
    """An attempt after a wait is signed with the time after the wait."""
    now = iter([100.0, 200.0])
    failing(server, 1)
    mounted(session, server.url, Retry(1, status_forcelist=[503]), header_auth=True, clock=lambda: next(now))
    session.get(server.url)
    assert ['oauth_timestamp="100"' in server.received[0].authorization,
            'oauth_timestamp="200"' in server.received[1].authorization] == [True, True]  # fmt: skip


def test_retry_after_and_back_off_are_urllib3s(server, session):
    """Retry-After is waited for, and the back-off after it."""
    failing(server, 1, headers={"Retry-After": "1"})
    begin = time.monotonic()
    assert mounted(session, server.url, Retry(2)).get(server.url).status_code == 200
    assert time.monotonic() - begin >= 1
    check(server, 2)


def test_what_the_policy_does_not_allow_is_not_tried_again(server, session):
    """Methods that may not be repeated, and statuses that are not listed, are sent once."""
    failing(server, 5)
    mounted(session, server.url, Retry(3, status_forcelist=[502, 504]))
    assert session.get(server.url).status_code == 503
    mounted(session, server.url, Retry(3, status_forcelist=[503]))
    assert session.post(server.url, {"a": "1"}).status_code == 503
    check(server, 2)


def test_an_exhausted_policy_ends_as_urllib3_has_it(server, session):
    """raise_on_status decides: a RetryError, or the last response."""
    failing(server, 99)
    mounted(session, server.url, Retry(2, status_forcelist=[503]))
    with pytest.raises(requests.exceptions.RetryError):
        session.get(server.url)
    check(server, 3)
    mounted(session, server.url, Retry(1, status_forcelist=[503], raise_on_status=False))
    assert session.get(server.url).status_code == 503
    check(server, 5)


def test_files_are_rewound_for_each_attempt(server, session):
    """A file's body goes out whole each time, from where it stood; its hash too."""
    failing(server, 2)
    mounted(
        session, server.url, Retry(3, status_forcelist=[503], allowed_methods=None), header_auth=True,
        body_hash="sha256",
    )  # fmt: skip
    file = io.BytesIO(b"skip" + b"x" * 100_000)
    file.seek(4)
    assert session.put(server.url, data=file).status_code == 200
    assert {got.body for got in server.received} == {b"x" * 100_000}
    check(server, 3)


@pytest.mark.parametrize("body", [iter([b"one ", b"two"]), type("Pipe", (io.RawIOBase,), {
    "readable": lambda self: True, "readinto": lambda self, buffer: 0, "seekable": lambda self: False,
    "tell": lambda self: (_ for _ in ()).throw(OSError("a pipe")),
})()], ids=["generator", "pipe"])  # fmt: skip
def test_what_cannot_be_rewound_is_sent_once(body, server, session):
    """A body that is used up is not sent again: the server's response stands."""
    failing(server, 1, headers={"Retry-After": "0"})
    mounted(session, server.url, Retry(3, status_forcelist=[503], allowed_methods=None), header_auth=True)
    response = session.post(server.url, data=body)
    assert response.status_code == 503
    check(server, 1)


class Broken:
    """A server that resets its first connections, and answers later ones."""

    def __init__(self, resets):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.heads = []
        threading.Thread(target=self._serve, args=(resets,), daemon=True).start()

    def _serve(self, resets):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                head = connection.recv(65536).decode()
                self.heads.append(head)
                if len(self.heads) > resets:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def test_connections_that_break_are_tried_again_with_a_fresh_signature(session):
    """A read error is retried as the policy has it, signed anew; a body that cannot be rewound is not."""
    with Broken(2) as server:
        mounted(session, server.url, Retry(3), header_auth=True)
        assert session.get(server.url).status_code == 200
        assert len({head.partition("oauth_nonce")[2][:30] for head in server.heads}) == 3
    with Broken(1) as server:
        mounted(session, server.url, Retry(3, allowed_methods=None), header_auth=True)
        with pytest.raises(requests.ConnectionError):
            session.post(server.url, data=iter([b"x"]))


def test_connecting_is_retried_even_with_a_generator(session):
    """Before a connection stands nothing of the body is used up: connecting is retried."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    mounted(session, url, Retry(connect=2, read=0))
    with pytest.raises(requests.ConnectionError) as caught:
        session.post(url, data=iter([b"x"]))
    assert len(caught.value.args[0].pool.__class__.__mro__) > 3


def test_without_retries_it_is_an_adapter_that_signs(server, session):
    """Default arguments send once, streaming works, and connections are pooled."""
    mounted(session, server.url)
    for _ in range(3):
        with session.get(server.url, stream=True) as response:
            assert b"".join(response.iter_content(5)) == b'{"method": "GET"}'
    check(server, 3)
    pools = session.get_adapter(server.url).poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118  # no mapping


def test_it_signs_through_a_proxy(server, abroad, session):
    """Through an http proxy the absolute URL goes out, signed, and is tried again signed anew."""
    abroad.answer = lambda got: (503 if len(abroad.received) == 1 else 200, {}, b"")
    mounted(session, "http://", Retry(1, status_forcelist=[503]), placement="query")
    response = session.get("http://api.example.invalid/x?a=1", proxies={"http": abroad.url})
    assert response.status_code == 200
    first, second = abroad.received
    for got in (first, second):
        assert got.target.startswith("http://api.example.invalid/x?a=1&oauth_")
        assert verify("GET", got.target, headers=got.headers, consumer=CONSUMER, token=TOKEN)
    assert first.target != second.target


def test_it_mounts_by_prefix(server, abroad, session):
    """What is not below the prefix goes out by requests' own adapter, unsigned."""
    mounted(session, server.url + "/api/", placement="query")
    session.get(server.url + "/api/x")
    session.get(server.url + "/other")
    session.get(abroad.url + "/api/x")
    assert ["oauth_" in got.target for got in server.received] == [True, False]
    assert "oauth_" not in abroad.last.target


@pytest.mark.promise("an-adapter-with-a-pinned-hook-signs-nothing-for-others")
def test_who_redirects_below_the_prefix(server, abroad):
    """A foreign server cannot have one signed where the adapter is mounted for it too, or the session has the hook.

    An adapter that is mounted by prefix alone is not told where a request comes from.
    """
    abroad.answer = lambda got: (302, {"Location": server.url + "/delete?all"}, b"")
    pinned = OAuthHook(*KEYS, placement="query", origins=server.url)
    ways = {
        "by prefix": (server.url, None, True),
        "for all": ("http://", None, False),
        "by prefix, and auth": (server.url, pinned, False),
    }
    for prefix, auth, is_signed in ways.values():
        with requests.Session() as session:
            session.trust_env, session.auth = False, auth
            session.mount(prefix, OAuthAdapter(pinned, max_retries=Retry(1)))
            session.get(abroad.url)
            assert "oauth_" not in abroad.last.target
            assert ("oauth_" in server.last.target) is is_signed
            session.get(server.url)
            assert "oauth_" in server.last.target


def test_threads_share_an_adapter_and_do_not_mix_requests(server, session):
    """Many threads at once, each attempt signed for the request that it belongs to."""
    server.answer = lambda got: (200, {}, got.target.partition("&oauth_")[0].encode())
    mounted(session, server.url, placement="query")
    wrong = []

    def ask(number):
        for turn in range(20):
            target = f"/x?n={number}&t={turn}"
            if session.get(server.url + target).text != target:
                wrong.append(target)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    check(server, 160)


def test_the_pools_of_others_stay_as_they_are(server):
    """Only the adapter's own pools sign; urllib3's classes are as they were."""
    import urllib3

    OAuthAdapter(hook())
    assert urllib3.PoolManager().pool_classes_by_scheme["http"] is urllib3.HTTPConnectionPool
    requests.get(server.url)
    assert not server.last.authorization


def test_it_pickles_with_its_hook(server, session):
    """A session with the adapter in it travels to another process, and signs there."""
    mounted(session, server.url, Retry(1, status_forcelist=[503]), header_auth=True)
    with pickle.loads(pickle.dumps(session)) as again:
        failing(server, 1)
        assert again.get(server.url).status_code == 200
    check(server, 2)


@pytest.mark.parametrize("wrong", [None, "hook", ("key", "secret")])
def test_it_needs_a_hook(wrong):
    """Anything else than a hook is refused, with what to do."""
    with pytest.raises(UsageError, match="OAuthHook"):
        OAuthAdapter(wrong)


def test_what_cannot_be_signed_is_said_and_not_sent(server, session):
    """A UsageError comes out as it is, before anything is sent, and is not retried."""
    mounted(session, server.url, Retry(3, status_forcelist=[503]), placement="body")
    with pytest.raises(UsageError, match="placement"):
        session.post(server.url, json={"a": 1})
    assert server.received == []
