"""Eight threads against a server that is strict, and faulty one time in ten: what is promised holds all the while.

The server runs in a process of its own. It verifies with oauthlib's parameters and base strings, remembers each nonce,
and counts what it executes. What goes wrong with a call is drawn from its number, so that both sides know it.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import hmac
import json
import logging
import multiprocessing
import os
import random
import socket
import struct
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import requests
from oauthlib.oauth1.rfc5849 import signature
from urllib3.util import Retry

from oauth_hook import AccessToken, OAuthAdapter, OAuthHook

THREADS, CALLS = 8, 120_000  # 150 seconds
PHASE = 250  # requests between two changes of the server's clock
SKEWS = [0, 3600, -7200, 0, 86_400]
WRONG = 5400  # seconds by which a wrong Date is off, which lead from none of these to another
CONSUMER, SECRET = "the consumer", "the consumer's secret"
TOKENS = {f"token {number}": f"secret {number}" for number in range(5)}
FAULTS = ["reset", "late reset", "truncated", "503", "redirect", "cross-origin", "nonce", "date", "drip"]


class Call(NamedTuple):
    """What is sent, with which client, and what goes wrong with it at first."""

    method: str
    client: str
    placement: str
    token: str
    fault: str


def draw(number):
    """Return the call of a number."""
    chance = random.Random(number)
    return Call(
        chance.choice(["GET", "POST", "PUT"]),
        chance.choice(["auth", "adapter", "httpx"]),
        chance.choice(["header", "url-encoded", "query"]),
        chance.choice(list(TOKENS)),
        chance.choice(FAULTS) if chance.random() < 0.1 else "",
    )


def expected(call):
    """Return how a call ends."""
    retries = call.client == "adapter" and call.method != "POST"  # urllib3 repeats what is idempotent
    return {
        "reset": "done" if retries else "broken",
        "late reset": "done" if retries else "broken",
        "truncated": "broken",
        "503": "done" if retries else "503",
        "cross-origin": "cross-origin",
        "nonce": "401" if call.method == "POST" else "done",  # it may have been executed
        "date": "401",
    }.get(call.fault, "done")


# --- the server ---


class Strict:
    """What the server knows, and what it has seen."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = Counter()
        self.nonces, self.faulted, self.refused = set(), set(), set()
        self.executed = Counter()
        self.arrivals, self.home, self.elsewhere, self.servers = 0, "", "", ()

    def skews(self):
        """Return how far its clock is from the machine's, now and before the last change."""
        phase = self.arrivals // PHASE
        return SKEWS[phase % len(SKEWS)], SKEWS[max(phase - 1, 0) % len(SKEWS)]

    def judge(self, number, method, target, headers, body):
        """Return what to do with a request: the name of a fault, ``done`` or ``clock``."""
        is_signed, token, timestamp, nonce = check_signature(method, self.home + target, headers, body)
        with self.lock:
            self.arrivals += 1
            if not is_signed:
                self.counts["bad signature"] += 1
                return "403"
            if (token, timestamp, nonce) in self.nonces:
                self.counts["nonce used twice"] += 1
                return "403"
            self.nonces.add((token, timestamp, nonce))
            now, before = self.skews()
            # Who was refused once is not refused again because the clock has just been changed.
            skews = (now, before) if number in self.refused else (now,)
            if all(abs(int(timestamp) - time.time() - skew) > 60 for skew in skews):
                self.refused.add(number)
                self.counts["clock"] += 1
                return "clock"
            fault = draw(number).fault
            # One more attempt is all that there is, and it is used up.
            is_spared = fault == "nonce" and number in self.refused and method != "POST"
            if number in self.faulted or not fault or is_spared:
                fault = "done"
            self.faulted.add(number)
            self.counts[fault] += 1
            if fault in ("nonce", "date"):
                self.refused.add(number)
            if fault in ("done", "drip", "truncated", "late reset"):
                self.executed[number] += 1
            return fault

    def look_for_ours(self, text):
        """Count a request that has come to the other origin, and whether it has anything of ours."""
        while text != (text := unquote(text)):
            pass
        with self.lock:
            self.counts["elsewhere"] += 1
            self.counts["leak"] += any(word in text for word in ("oauth_", CONSUMER, SECRET, *TOKENS, *TOKENS.values()))


def check_signature(method, url, headers, body):
    """Verify a request by RFC 5849 s3.2, and return whether it is right, its token, timestamp and nonce."""
    form = body.decode() if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded") else ""
    parts = urlsplit(url)
    everything = signature.collect_parameters(
        uri_query=parts.query, body=form, headers=dict(headers), exclude_oauth_signature=False
    )
    sent = dict(everything)
    if sent.get("oauth_consumer_key") != CONSUMER or sent.get("oauth_token") not in TOKENS:
        return False, "", "", ""
    signed = [pair for pair in everything if pair[0] != "oauth_signature"]
    text = signature.signature_base_string(
        method, signature.base_string_uri(url), signature.normalize_parameters(signed)
    )
    token = sent["oauth_token"]
    key = "&".join(part.replace(" ", "%20").replace("'", "%27") for part in (SECRET, TOKENS[token]))
    made = b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()
    covered = sent.get("oauth_body_hash")
    is_whole = covered is None or covered == b64encode(hashlib.sha1(body).digest()).decode()  # noqa: S324
    return made == sent["oauth_signature"] and is_whole, token, sent["oauth_timestamp"], sent["oauth_nonce"]


class Handler(BaseHTTPRequestHandler):
    """The server itself, and the one at another origin that redirects lead to."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_any(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = self.path.partition("?")[0].rpartition("/")[2]
        if number == "report":
            self.respond(200, json.dumps([state.counts, list(state.executed.items())]))
        elif self.server is state.servers[0]:
            self.act(state.judge(int(number), self.command, self.path, self.headers, body), number)
        else:
            state.look_for_ours(f"{self.path} {self.headers} {body.decode()}")
            self.respond(200, "elsewhere")

    do_GET = do_POST = do_PUT = do_any

    def act(self, what, number):
        """Answer a call as was judged."""
        now = time.time() + self.server.state.skews()[0]
        if what in ("reset", "late reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        elif what == "truncated":
            self.respond(200, number, length=100)
        elif what in ("redirect", "cross-origin"):
            self.redirect(what, number)
        elif what == "clock":
            window = f"{int(now) - 60}-{int(now) + 60}"
            text = f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps={window}"
            self.respond(401, text, Date=formatdate(now, usegmt=True))
        elif what == "nonce":
            self.respond(401, "oauth_problem=nonce_used")
        elif what == "date":
            self.respond(401, "no", Date=formatdate(now + WRONG, usegmt=True))
        else:
            self.respond(int(what) if what.isdigit() else 200, number, pause=0.01 if what == "drip" else 0)
        self.close_connection = what in ("reset", "late reset", "truncated")

    def redirect(self, what, number):
        """Send a call on, with its query."""
        state = self.server.state
        where = state.home + "/next" if what == "redirect" else state.elsewhere
        query = self.path.partition("?")[2]
        self.respond(307 if int(number) % 2 else 302, "", Location=f"{where}/{number}?{query}")

    def respond(self, status, text, *, length=None, pause=0, **headers):
        """Send a response, whole or not, at once or drop by drop."""
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(text) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in text if pause else [text]:
            self.wfile.write(piece.encode())
            self.wfile.flush()
            time.sleep(pause)

    def log_message(self, *_):
        """Say nothing."""


AT_ONCE = struct.pack("ii", 1, 0)  # to close with a reset


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, state):
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = state
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def shutdown_request(self, request):
        """Close a connection; one that is to be reset without the word that it ends."""
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(AT_ONCE)) == AT_ONCE:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, *_):
        """Say nothing of clients that hang up."""


def run_server(pipe):
    """Run both servers, until whoever started them says so or is gone."""
    state = Strict()
    state.servers = Server(state), Server(state)
    state.home, state.elsewhere = (f"http://127.0.0.1:{server.server_port}" for server in state.servers)
    pipe.send(state.home)
    with contextlib.suppress(EOFError):
        pipe.recv()


@pytest.fixture
def strict():
    """The URL of the server, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_server, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    yield ours.recv()
    ours.send("end")
    process.join(10)
    ours.close()


# --- the clients ---


def clients(hook, url):
    """Return a function for each client: it sends a request, signed by a hook, and returns status and text."""
    session = requests.Session()
    pool = {"pool_maxsize": THREADS}
    session.mount("http://", requests.adapters.HTTPAdapter(**pool))
    policy = Retry(3, status_forcelist=[503], raise_on_status=False)
    adapted = {}

    def with_auth(signer, method, target, **content):
        response = session.request(method, target, auth=signer, timeout=20, **content)
        return response.status_code, response.text

    def with_adapter(signer, method, target, **content):
        response = adapted[signer].request(method, target, timeout=20, **content)
        return response.status_code, response.text

    for signer in hook:
        adapted[signer] = requests.Session()
        adapted[signer].mount(url, OAuthAdapter(signer, max_retries=policy, **pool))
    named = {"auth": with_auth, "adapter": with_adapter, "httpx": with_auth}
    opened = [session, *adapted.values()]
    for each in opened:
        each.trust_env = False
    if find_spec("httpx"):
        httpx, signing = import_module("httpx"), import_module("oauth_hook.httpx")
        client = httpx.Client(
            event_hooks=signing.event_hooks(hook[0]), trust_env=False, timeout=20, follow_redirects=True, verify=False
        )
        opened.append(client)

        def with_httpx(signer, method, target, **content):
            response = client.request(method, target, auth=signing.OAuth(signer), **content)
            return response.status_code, response.text

        named["httpx"] = with_httpx
    return named, opened


def content_of(number, call):
    """Return a call's body: a form, JSON or bytes."""
    if call.method == "GET":
        return {}
    if call.method == "POST" and number % 2:
        return {"data": {"pay": str(number), "to": "b c & d"}}
    return {"json": {"pay": number}}


def outcome_of(number, call, send, signer, url):
    """Make a call, and return how it ended."""
    target = f"{url}/call/{number}?a=1&b=%20{number}"
    try:
        status, text = send(signer, call.method, target, **content_of(number, call))
    except (requests.RequestException, *TRANSPORT_ERRORS):
        return "broken"
    if status == 200:
        return {str(number): "done", "elsewhere": "cross-origin"}.get(text, "another's response")
    return str(status)


TRANSPORT_ERRORS = (import_module("httpx").TransportError,) if find_spec("httpx") else ()


def descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def resident_memory():
    """Return what this process has of the memory, in MB, where the system says so."""
    if not os.path.exists("/proc/self/statm"):
        return 0.0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def blocks():
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.promise("no-nonce-is-used-twice", "a-used-nonce-repeats-idempotent-methods-only")
@pytest.mark.soak
@pytest.mark.usefixtures("collected")
@pytest.mark.timeout(600)
def test_nothing_is_wrong_twice_lost_or_left(strict, portion, record_property, caplog):
    """No bad signature, no nonce used twice, no POST executed twice, none lost, no leak; nothing left, memory flat."""
    caplog.set_level(logging.ERROR, "urllib3")  # whose warnings would be kept, and with them errors and connections
    # A tenth would take a quarter of what all tests may: .ci/run has it as a step of its own.
    calls = int(os.environ.get("OAUTH_HOOK_SOAK_CALLS") or portion(portion(CALLS)))
    half = calls // 2  # by then everything is there that stays
    base = OAuthHook(None, None, CONSUMER, SECRET, body_hash="sha1")
    placed = {placement: base.replace(placement=placement) for placement in ("header", "url-encoded", "query")}
    hooks = {
        (placement, key): hook.as_user(AccessToken(key, secret))
        for placement, hook in placed.items()
        for key, secret in TOKENS.items()
    }
    before = descriptors(), threading.active_count()
    begin, outcomes, wrong = time.monotonic(), bytearray(calls), Counter()
    send, opened = clients(list(hooks.values()), strict)

    def work(numbers):
        for number in numbers:
            call = draw(number)
            outcome = outcome_of(number, call, send[call.client], hooks[call.placement, call.token], strict)
            outcomes[number] = outcome == "done"
            if outcome != expected(call):
                wrong[f"{call}: {outcome}"] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, [range(start, half, THREADS) for start in range(THREADS)]))
        used, resident = blocks(), resident_memory()
        list(pool.map(work, [range(half + start, calls, THREADS) for start in range(THREADS)]))
        grown = blocks() - used, resident_memory() - resident
        seconds = time.monotonic() - begin
    counts, executed = requests.get(f"{strict}/report", timeout=20).json()
    for each in opened:
        each.close()
    executed = dict(executed)
    figures = {"calls": calls, "seconds": round(seconds), "counts": counts, "growth in blocks and MB": grown}
    record_property("soak", figures)
    print(figures)

    assert not wrong
    assert not {"bad signature", "nonce used twice"} & counts.keys()
    assert counts["leak"] == 0 < counts["elsewhere"]
    assert [n for n, times in executed.items() if times > 1 and draw(n).method == "POST"] == []
    assert [n for n in range(calls) if outcomes[n] and n not in executed] == []
    assert [n for n in executed if expected(draw(n)) in ("401", "503", "cross-origin")] == []
    gc.collect()  # a response that broke off is let go with its exception
    assert (descriptors(), threading.active_count()) == before
    assert grown[0] < 2000
