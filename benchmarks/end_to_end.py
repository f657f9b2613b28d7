"""What a signed GET costs from the call to the response, on loopback, over one whose header was set by hand."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import requests
from requests_oauthlib import OAuth1

from oauth_hook import OAuthHook

from .signers import CONSUMER, FLOOR, TOKEN, floor

__all__ = ["BY_HAND", "CLIENTS", "HOOK", "Cost", "measure"]

BY_HAND, HOOK, REQUESTS_OAUTHLIB = "a header set by hand", "oauth_hook", "requests-oauthlib"
THREADS = 32
CALLS = 32  # GETs in a turn: few, so that some turns are disturbed by nothing else

_PARAMETERS = {"id": "100000000000000001", "q": "coffee & cake", "count": "20"}
# As long as one of ours.
_HEADER = (
    'OAuth oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", '
    'oauth_version="1.0", oauth_nonce="I2WCiV38qsBdYUXkG7KWw7AA", oauth_timestamp="1795954897", '
    'oauth_signature="Ul%2FGW%2B%2FQ5bHyG0MBOg2V%2BVmqcYA%3D"'
)

Turn = Callable[[], object]  #: sends ``CALLS`` requests


class Cost(NamedTuple):
    """Microseconds of the client's processor time for a GET, the least of all turns."""

    client: str
    signer: str
    each: float
    extra: float  #: over that of the same client with a header set by hand


def _set_by_hand(request: Any) -> Any:
    request.headers["Authorization"] = _HEADER
    return request


def _sign_as_floor(request: requests.PreparedRequest) -> requests.PreparedRequest:
    floor(request)
    return request


_REQUESTS_AUTHS: dict[str, Any] = {
    BY_HAND: _set_by_hand,
    FLOOR: _sign_as_floor,
    HOOK: OAuthHook(*TOKEN, *CONSUMER, header_auth=True),
    REQUESTS_OAUTHLIB: OAuth1(*CONSUMER, *TOKEN),
}


def _requests_session(signer: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.auth = _REQUESTS_AUTHS[signer]
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    return session


def _requests(url: str, stack: ExitStack) -> dict[str, Turn]:
    def make(signer: str) -> Turn:
        session = stack.enter_context(_requests_session(signer))
        return lambda: [session.get(url, params=_PARAMETERS) for _ in range(CALLS)]

    return {signer: make(signer) for signer in _REQUESTS_AUTHS}


def _threads(url: str, stack: ExitStack) -> dict[str, Turn]:
    pool = stack.enter_context(ThreadPoolExecutor(THREADS))

    def make(signer: str) -> Turn:
        session = stack.enter_context(_requests_session(signer))
        return lambda: list(pool.map(lambda _: session.get(url, params=_PARAMETERS), range(CALLS)))

    return {signer: make(signer) for signer in _REQUESTS_AUTHS}


def _httpx(url: str, stack: ExitStack) -> dict[str, Turn]:
    try:
        import httpx2 as httpx
    except ImportError:
        import httpx  # type: ignore[no-redef]
    from oauth_hook.httpx import OAuth

    def make(auth: Any) -> Turn:
        client = stack.enter_context(httpx.Client(auth=auth, trust_env=False))
        return lambda: [client.get(url, params=_PARAMETERS) for _ in range(CALLS)]

    return {BY_HAND: make(_set_by_hand), HOOK: make(OAuth(_REQUESTS_AUTHS[HOOK]))}


def _aiohttp(url: str, stack: ExitStack) -> dict[str, Turn]:
    import aiohttp

    from oauth_hook.aiohttp import OAuth

    loop = asyncio.new_event_loop()
    stack.callback(loop.close)

    async def by_hand(request: Any, handler: Any) -> Any:
        return await handler(_set_by_hand(request))

    async def start(middleware: Any) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(middlewares=[middleware])

    async def send(session: aiohttp.ClientSession) -> None:
        for _ in range(CALLS):
            async with session.get(url, params=_PARAMETERS) as response:
                await response.read()

    def make(middleware: Any) -> Turn:
        session = loop.run_until_complete(start(middleware))
        stack.callback(lambda: loop.run_until_complete(session.close()))
        return lambda: loop.run_until_complete(send(session))

    return {BY_HAND: make(by_hand), HOOK: make(OAuth(_REQUESTS_AUTHS[HOOK]))}


#: Makes the turns of each client, by who signs.
CLIENTS: Mapping[str, Callable[[str, ExitStack], dict[str, Turn]]] = {
    "requests": _requests,
    f"requests, {THREADS} threads": _threads,
    "httpx": _httpx,
    "aiohttp": _aiohttp,
}


def measure(turns: int) -> list[Cost]:
    """Have each client take turns with each signer; one that is not installed is left out."""
    costs = []
    with _serve() as url:
        for client, make in CLIENTS.items():
            with ExitStack() as stack:
                try:
                    found = make(url, stack)
                except ImportError:
                    continue
                least = _race(found, turns)
            costs += [Cost(client, signer, each, each - least[BY_HAND]) for signer, each in least.items()]
    return costs


def _race(turns: dict[str, Turn], rounds: int) -> dict[str, float]:
    """Return the least that a GET took, in microseconds, by who signs; every other round goes backwards."""
    least, order = dict.fromkeys(turns, float("inf")), list(turns)
    for signer in order:
        turns[signer]()
    for _ in range(rounds):
        gc.collect()
        for signer in order:
            start = time.process_time()
            turns[signer]()
            least[signer] = min(least[signer], 1e6 * (time.process_time() - start) / CALLS)
        order.reverse()
    return least


@contextmanager
def _serve() -> Iterator[str]:
    """Run the server, in a process of its own, and yield a URL at it."""
    with subprocess.Popen([sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/1.1/statuses/lookup.json"
        finally:
            server.terminate()
