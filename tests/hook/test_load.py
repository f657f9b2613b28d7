"""Many threads, many users, one session: every request verified, each for its own user."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from oauth_hook import AccessToken, Consumer, OAuthHook
from oauth_hook.provider import serve
from oauth_hook.provider.application import Application
from oauth_hook.provider.server import Provider, User
from oauth_hook.provider.storage import RANDOM_PASSWORD_COST, Storage
from oauth_hook.provider.wsgi_server import Server

# Since 3.12 Python warns of any fork beside threads, which is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no terminals, forks, modes and signals of this kind")
USERS, THREADS = 50, 64


def _provide(pipe):
    """Run a provider in a process of its own, so that client and server have a core each."""
    storage = Storage(None)
    with Provider(storage, Server(Application(storage), "127.0.0.1", 0)) as provider:
        tokens = {}
        for name in map(str, range(USERS)):
            # nobody logs in here, so that no dear hash is needed
            storage.set_user(name, "password", RANDOM_PASSWORD_COST)
            tokens[name] = provider.add_token(user=User(name, "password"))
        pipe.send((provider.resource_url, provider.consumer, tokens))
        pipe.recv()


@pytest.fixture
def elsewhere():
    """The embedded provider in another process: its resource, its consumer, and a token for each user."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_provide, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    ours.send("end")
    process.join(10)
    ours.close()
    theirs.close()


@pytest.mark.soak
def test_threads_and_users_on_one_session_never_mix(elsewhere, portion):
    """64 threads, 20,000 requests, 50 users on one session: each is verified for its own user; no nonce repeats."""
    requests_in_all = portion(20_000)
    url, consumer, tokens = elsewhere
    hook = OAuthHook(None, None, consumer.key, consumer.secret, header_auth=True)
    hooks = {name: hook.as_user(token) for name, token in tokens.items()}
    names, wrong, nonces = list(tokens), Counter(), [[] for _ in range(THREADS)]
    prepared = requests.Request("GET", url).prepare()  # once: what requests does before auth= is not tested here

    def work(number):
        for turn in range(number, requests_in_all, THREADS):
            name = names[turn % USERS]
            request = prepared.copy()
            request.prepare_auth(hooks[name])
            response = session.send(request, timeout=60)
            if response.status_code != 200 or response.history:
                wrong[response.text] += 1
                continue
            echo = response.json()
            nonces[number].append(echo["oauth"]["nonce"])
            if echo["user"] != name:
                wrong["another user"] += 1

    with requests.Session() as session, ThreadPoolExecutor(THREADS) as pool:
        session.trust_env = False
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
        list(pool.map(work, range(THREADS)))
    assert not wrong
    assert len({nonce for batch in nonces for nonce in batch}) == requests_in_all


@pytest.mark.promise("no-nonce-is-used-twice")
@posix
@pytest.mark.soak
def test_signatures_never_repeat_a_nonce(portion):
    """8 threads times 10,000 signatures and 4 forked processes: no nonce twice."""
    of_a_thread, of_a_fork = portion(10_000), portion(1_000)
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    with ThreadPoolExecutor(8) as pool:
        threads = list(pool.map(_nonces, [hook] * 8, [of_a_thread] * 8))
    with multiprocessing.get_context("fork").Pool(4) as processes:
        forks = processes.starmap(_nonces, [(hook, of_a_fork)] * 4, chunksize=1)
    assert len({nonce for batch in (*threads, *forks) for nonce in batch}) == 8 * of_a_thread + 4 * of_a_fork


def _nonces(hook, count):
    prepared = requests.Request("GET", "http://example.com/").prepare()
    found = []
    for _ in range(count):
        request = prepared.copy()
        hook(request)
        found.append(request.headers["Authorization"].partition('oauth_nonce="')[2].partition('"')[0])
    return found


@pytest.mark.promise("no-nonce-is-used-twice")
@posix
def test_a_fork_in_the_middle_of_signing_signs_on(oauth_provider):
    """A process that forks while other threads sign has a child whose hook works: there is no lock to be left taken."""
    hook = OAuthHook(
        *_pair(oauth_provider.add_token()), *_pair(oauth_provider.consumer), header_auth=True
    )  # fmt: skip
    end = threading.Event()
    prepared = requests.Request("GET", oauth_provider.resource_url).prepare()

    def keep_signing():
        while not end.is_set():
            hook(prepared.copy())

    threads = [threading.Thread(target=keep_signing) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        context = multiprocessing.get_context("fork")
        for _ in range(5):
            child = context.Process(target=_ask, args=(oauth_provider.resource_url, hook))
            child.start()
            child.join(20)
            assert child.exitcode == 0
    finally:
        end.set()
        for thread in threads:
            thread.join(10)


def _pair(credentials):
    return credentials.key, credentials.secret


def _ask(url, hook):
    with requests.Session() as session:
        session.trust_env = False
        session.auth = pickle.loads(pickle.dumps(hook))
        session.get(url, timeout=10).raise_for_status()
        session.auth = hook
        session.get(url, timeout=10).raise_for_status()


def test_learning_is_shared_by_the_hooks_of_all_users_and_threads():
    """Threads whose requests are all refused at once for the clock all succeed, each with one repetition at most."""
    with serve(clock=lambda: 2_000_000_000.0) as provider:
        token = provider.add_token()
        hook = OAuthHook(*_pair(token), *_pair(provider.consumer), header_auth=True)

        def ask(_):
            response = requests.get(provider.resource_url, auth=hook.as_user(AccessToken(*_pair(token))), timeout=30)
            return response.status_code, len(response.history)

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(64)))
    assert {status for status, _ in answers} == {200}
    assert {length for _, length in answers[48:]} == {0}


def test_no_lock_is_held_while_waiting_for_the_network(server):
    """A slow response to one thread holds up no other thread's signing or sending."""
    release = threading.Event()

    def answer(got):
        if got.target == "/slow":
            release.wait(20)
        return 200, {}, b""

    server.answer = answer
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    assert isinstance(hook.consumer, Consumer)
    with requests.Session() as session:
        session.auth = hook
        slow = threading.Thread(target=session.get, args=(server.url + "/slow",))
        slow.start()
        for _ in range(20):
            assert session.get(server.url, timeout=5).status_code == 200
        assert slow.is_alive()
        release.set()
        slow.join(10)
