"""The programs of ``docs/howto/verifying.rst``, as they stand there, against requests that others signed.

Flask and Django run as processes of their own, over sockets, Starlette in the transport that httpx has for it. The
interactive parts of the page run in ``test_docs.py``.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import requests
from authlib.integrations.httpx_client import AsyncOAuth1Client
from authlib.oauth1 import ClientAuth
from oauthlib.oauth1 import Client
from requests_oauthlib import OAuth1

import oauth_hook.httpx
from oauth_hook import AccessToken, Consumer, OAuthHook, sign

PAGE = Path(__file__).parent.parent.parent / "docs" / "howto" / "verifying.rst"
PATIENCE = 30
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
XML = {"Content-Type": "application/xml"}
JSON = {"Content-Type": "application/json"}
TYPES = {"header": "AUTH_HEADER", "body": "BODY", "query": "QUERY"}  # what oauthlib calls our placements
AUTHLIB_TYPES = {"header": "HEADER", "body": "BODY", "query": "QUERY"}

CONSUMER = Consumer("school", "a secret & more")
LAUNCH = {
    "lti_message_type": "basic-lti-launch-request", "lti_version": "LTI-1p0", "resource_link_id": "88391-e1919",
    "user_id": "zoé <29123>", "roles": "Learner,urn:lti:role:x", "custom_empty": "",
}  # fmt: skip

# Serves a program's WSGI application on a free port; its public URL is that, unless it is given another one.
WORKER = """
import importlib, os, sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass
with make_server("127.0.0.1", 0, None, handler_class=Quiet) as server:
    url = f"http://127.0.0.1:{server.server_port}"
    os.environ.setdefault("PUBLIC_URL", url)
    server.set_app(getattr(importlib.import_module(sys.argv[1]), sys.argv[2]))
    print(url, flush=True)
    server.serve_forever()
"""


class Sent(NamedTuple):
    """A request, ready to go out."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def ready(method: str, url: str, headers: Any, body: bytes | str | None) -> Sent:
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    text.pop("Content-Length", None)  # the tests change bodies; it is computed as the request goes out
    return Sent(method, url, text, body.encode() if isinstance(body, str) else body or b"")


# --- those who sign ---


def with_our_hook(unsigned: Sent, placement: str, consumer: Consumer, token: AccessToken | None, hashed: bool) -> Sent:
    key, secret = (None, None) if token is None else (token.key, token.secret)
    hook = OAuthHook(
        key, secret, consumer.key, consumer.secret, placement=placement, body_hash="sha1" if hashed else None
    )
    prepared = requests.Request(unsigned.method, unsigned.url, unsigned.headers, data=unsigned.body).prepare()
    hook(prepared)
    return ready(unsigned.method, prepared.url or "", prepared.headers, prepared.body)


def with_our_sign(unsigned: Sent, placement: str, consumer: Consumer, token: AccessToken | None, hashed: bool) -> Sent:
    method, url, headers, body = unsigned
    signed = sign(
        method, url, headers=headers, body=body, consumer=consumer, token=token, placement=placement,
        body_hash="sha1" if hashed else None,
    )  # fmt: skip
    return ready(method, signed.url, signed.headers, signed.body)


def with_oauthlib(unsigned: Sent, placement: str, consumer: Consumer, token: AccessToken | None, hashed: bool) -> Sent:
    key, secret = (None, None) if token is None else (token.key, token.secret)
    client = Client(consumer.key, consumer.secret, key, secret, signature_type=TYPES[placement])
    body = unsigned.body.decode() if hashed or unsigned.headers == FORM else None  # it hashes what is no form
    url, headers, new = client.sign(unsigned.url, unsigned.method, body, unsigned.headers)
    return ready(unsigned.method, url, headers, unsigned.body if body is None else new)


def with_requests_oauthlib(
    unsigned: Sent, placement: str, consumer: Consumer, token: AccessToken | None, hashed: bool
) -> Sent:
    key, secret = (None, None) if token is None else (token.key, token.secret)
    auth = OAuth1(
        consumer.key, consumer.secret, key, secret, signature_type=TYPES[placement], force_include_body=hashed
    )
    request = requests.Request(unsigned.method, unsigned.url, unsigned.headers, data=unsigned.body, auth=auth)
    prepared = request.prepare()
    return ready(unsigned.method, prepared.url or "", prepared.headers, prepared.body)


def with_authlib(unsigned: Sent, placement: str, consumer: Consumer, token: AccessToken | None, hashed: bool) -> Sent:
    key, secret = (None, None) if token is None else (token.key, token.secret)
    auth = ClientAuth(
        consumer.key, consumer.secret, key, secret, signature_type=AUTHLIB_TYPES[placement], force_include_body=hashed
    )
    method, url, headers, body = unsigned
    url, headers, body = auth.prepare(method, url, dict(headers), body.decode() if headers == FORM else body)
    return ready(method, url, headers, body)


def signed_at(
    unsigned: Sent, consumer: Consumer, token: AccessToken | None, off: int, placement: str = "header"
) -> Sent:
    """Return a request that is signed by a clock which is that many seconds off."""
    method, url, headers, body = unsigned
    stamp = str(int(time.time()) + off)
    signed = sign(
        method, url, headers=headers, body=body, consumer=consumer, token=token, placement=placement, timestamp=stamp
    )
    return ready(method, signed.url, signed.headers, signed.body)


SIGNERS = [with_our_hook, with_our_sign, with_oauthlib, with_requests_oauthlib, with_authlib]
each_signer = pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.__name__)


# --- the programs of the page ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of the page, under the names that they have there."""
    folder = tmp_path_factory.mktemp("programs")
    block = r"^\.\. code-block:: python\n   :caption: (\S+)\n\n((?:   .*\n|\n)+)"
    found = re.findall(block, PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    for name, text in found:
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    assert [name for name, _ in found] == ["nonces.py", "lti_tool.py", "lti_platform.py", "api.py"]
    return folder


@contextmanager
def serving(folder: Path, program: str, application: str, **environment: str) -> Iterator[str]:
    """Run a program in a process of its own; yield where it listens."""
    settings = {**os.environ, "LTI_KEY": CONSUMER.key, "LTI_SECRET": CONSUMER.secret, **environment}
    command = [sys.executable, "-c", WORKER, program, application]
    with (
        (folder / f"{program}.log").open("ab") as log,
        subprocess.Popen(command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        timer = threading.Timer(PATIENCE * 4, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            timer.cancel()
            process.kill()


def send(request: Sent, to: str | None = None) -> tuple[int, str]:
    """Send a request byte for byte, to a worker behind its public URL or straight to that; return what came back."""
    parts = urlsplit(request.url)
    with closing(HTTPConnection(urlsplit(to).netloc if to else parts.netloc, timeout=PATIENCE)) as connection:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(request.method, target, request.body, request.headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


class Tool(NamedTuple):
    """The tool's two workers: what is signed for the URL of the first may reach the second, as through a proxy."""

    url: str
    second: str
    log: Path


@pytest.fixture(scope="module")
def tool(folder: Path) -> Iterator[Tool]:
    with (
        serving(folder, "lti_tool", "app") as url,
        serving(folder, "lti_tool", "app", PUBLIC_URL=url) as second,
    ):
        yield Tool(url, second, folder / "lti_tool.log")


@pytest.fixture(scope="module")
def platform(folder: Path) -> Iterator[str]:
    with serving(folder, "lti_platform", "application") as url:
        yield url


API = "https://api.example"


@pytest.fixture(scope="module")
def modules(folder: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Import programs of the page into this process, with their folder as the working one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        for name, value in {"PUBLIC_URL": API, "LTI_KEY": CONSUMER.key, "LTI_SECRET": CONSUMER.secret}.items():
            patch.setenv(name, value)
        yield importlib.import_module
        for name in ("api", "lti_tool", "nonces"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def api(modules: Callable[[str], ModuleType]) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=modules("api").app)


def ask(api: httpx.ASGITransport, request: Sent) -> tuple[int, dict[str, Any]]:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=api) as client:
            method, url, headers, body = request
            return await client.request(method, url, headers=headers, content=body)

    response = asyncio.run(asked())
    return response.status_code, response.json()


# --- Flask: a launch ---


def launch(url: str, signer: Any = with_our_hook, **fields: str) -> Sent:
    unsigned = Sent("POST", f"{url}/launch", FORM, urlencode({**LAUNCH, **fields}).encode())
    return signer(unsigned, "body", CONSUMER, None, False)


class TestLaunch:
    """``lti_tool.py``."""

    @each_signer
    def test_whoever_signs(self, tool: Tool, signer: Any) -> None:
        """A launch in the body of a form is accepted, whoever signed it, and shown without markup of the user's."""
        assert send(launch(tool.url, signer)) == (200, "Welcome, zoé &lt;29123&gt;")

    @pytest.mark.promise("the-host-header-plays-no-part")
    def test_behind_a_proxy(self, tool: Tool) -> None:
        """The worker that has another port and sees another Host judges by the public URL."""
        assert send(launch(tool.url), to=tool.second)[0] == 200
        assert send(launch(tool.second), to=tool.second)[0] == 401
        request = launch(tool.second)
        lying = request._replace(headers={**request.headers, "X-Forwarded-Host": urlsplit(tool.second).netloc})
        assert send(lying, to=tool.second)[0] == 401

    @pytest.mark.promise("a-replay-is-refused-by-every-process")
    def test_once(self, tool: Tool) -> None:
        """A launch that is sent again is refused, by whichever worker gets it."""
        request = launch(tool.url)
        assert send(request)[0] == 200
        assert [send(request, to=worker)[0] for worker in (tool.url, tool.second)] == [401, 401]

    @pytest.mark.promise("a-replay-is-refused-by-every-process")
    def test_once_at_the_same_moment(self, tool: Tool) -> None:
        """Of a launch that is sent many times at once, to both workers, one is accepted."""
        request = launch(tool.url)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda number: send(request, to=tool[number % 2])[0], range(24)))
        assert sorted(statuses) == [200] + [401] * 23

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            (b"Learner", b"Instructor", "the signature is wrong"),
            (b"88391", b"88392", "the signature is wrong"),
            (b"oauth_consumer_key=school", b"oauth_consumer_key=other", "oauth_consumer_key"),
            (b"HMAC-SHA1", b"PLAINTEXT", "PLAINTEXT"),
            (b"oauth_version=1.0", b"oauth_version=1.0&oauth_token=t", "oauth_token"),
        ],
    )
    def test_what_was_changed(self, tool: Tool, old: bytes, new: bytes, why: str) -> None:
        """A field, the consumer or the method: whatever was changed is refused, and the log says what."""
        request = launch(tool.url)
        assert old in request.body
        assert send(request._replace(body=request.body.replace(old, new)))[0] == 401
        assert why in tool.log.read_text(encoding="utf-8").splitlines()[-1]

    @pytest.mark.parametrize("off", [-3600, 3600])
    def test_another_time(self, tool: Tool, off: int) -> None:
        """A timestamp of an hour ago, or ahead, is refused."""
        unsigned = Sent("POST", f"{tool.url}/launch", FORM, urlencode(LAUNCH).encode())
        assert send(signed_at(unsigned, CONSUMER, None, off, "body"))[0] == 401

    @pytest.mark.promise("what-rfc-5849-leaves-open-can-be-closed")
    def test_what_is_left_open_is_closed(self, tool: Tool) -> None:
        """A form that moved into the query, and a field that moved into the header, are refused."""
        request = launch(tool.url)
        query = request._replace(
            url=f"{request.url}?{request.body.decode()}", headers=dict(JSON), body=b'{"user_id": 1}'
        )
        assert send(query)[0] == 401
        moved = request.body.replace(b"custom_empty=&", b"")
        assert moved != request.body
        header = request._replace(body=moved, headers={**request.headers, "Authorization": 'OAuth custom_empty=""'})
        assert send(header)[0] == 401
        assert send(request)[0] == 200

    def test_no_secret_is_logged(self, tool: Tool) -> None:
        """The log has the reason, and neither secret nor signature."""
        send(launch(tool.url)._replace(body=b"oauth_signature=x"))
        log = tool.log.read_text(encoding="utf-8")
        assert "refused a launch" in log
        assert "a secret" not in log
        assert "oauth_signature=" not in log


# --- Django: a grade ---


def grade(url: str, signer: Any = with_our_hook, body: bytes | None = None, hashed: bool = True) -> Sent:
    body = body or (
        b'<e xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"><resultRecord><sourcedId>n</sourcedId>'
        b"<textString>0.5</textString></resultRecord></e>"
    )
    return signer(Sent("POST", f"{url}/grades", XML, body), "header", CONSUMER, None, hashed)


class TestGrade:
    """``send_grade`` of the tool, and ``lti_platform.py``."""

    def test_from_the_tool_to_the_platform(self, platform: str, modules: Callable[[str], ModuleType]) -> None:
        """What the tool sends, the platform accepts."""
        said = modules("lti_tool").send_grade(f"{platform}/grades", "course <7>, user 29123", 0.925, "message 1")
        assert said == "course <7>, user 29123: 0.93"

    @each_signer
    def test_whoever_signs(self, platform: str, signer: Any) -> None:
        """A grade with ``oauth_body_hash`` is accepted, whoever signed it; and once."""
        request = grade(platform, signer)
        assert send(request) == (200, "n: 0.50")
        assert send(request) == (401, "oauth_nonce was used before")

    @pytest.mark.promise("what-rfc-5849-leaves-open-can-be-closed")
    def test_what_was_changed(self, platform: str) -> None:
        """Another body is refused, and a body that was not signed; so is an unknown consumer."""
        request = grade(platform)
        status, why = send(request._replace(body=request.body.replace(b"0.5", b"1.0")))
        assert (status, "does not match the body" in why) == (401, True)
        status, why = send(grade(platform, hashed=False))
        assert (status, "send oauth_body_hash" in why) == (401, True)
        header = request.headers["Authorization"].replace('"school"', '"another"')
        status, why = send(request._replace(headers={**request.headers, "Authorization": header}))
        assert (status, "oauth_consumer_key" in why) == (401, True)
        status, why = send(signed_at(Sent("POST", request.url, XML, request.body), CONSUMER, None, -3600))
        assert (status, "seconds old" in why) == (401, True)
        assert send(request)[0] == 200


# --- Starlette: an API ---

WEB, PHONE = Consumer("web", "web's secret"), Consumer("phone", "phone's secret")
ALICES, BOBS = AccessToken("t1", "first secret"), AccessToken("t2", "second secret")
NOTES = f"{API}/notes?page=2&tag=a%20b&tag=%C3%A9"


def signed_notes(signer: Any = with_our_sign, placement: str = "header", body: bytes = b"", **more: Any) -> Sent:
    unsigned = Sent("POST" if body else "GET", more.pop("url", NOTES), JSON if body else {}, body)
    arguments = {"consumer": WEB, "token": ALICES, "hashed": bool(body), **more}
    return signer(unsigned, placement, **arguments)


class TestAPI:
    """``api.py``."""

    @each_signer
    @pytest.mark.parametrize("placement", ["header", "query"])
    def test_whoever_signs(self, api: httpx.ASGITransport, signer: Any, placement: str) -> None:
        """A request is accepted in the name of the token's user, whoever signed it; and once."""
        request = signed_notes(signer, placement)
        assert ask(api, request) == (200, {"user": "alice", "page": "2", "body": ""})
        assert ask(api, request) == (401, {"error": "oauth_nonce was used before"})
        request = signed_notes(signer, placement, consumer=PHONE, token=BOBS)
        assert ask(api, request)[1]["user"] == "bob"

    @each_signer
    def test_json(self, api: httpx.ASGITransport, signer: Any) -> None:
        """JSON is accepted with its hash, and not when it was changed."""
        request = signed_notes(signer, body=b'{"a": 1}')
        assert ask(api, request._replace(body=b'{"a": 2}'))[0] == 401
        assert ask(api, request)[1]["body"] == '{"a": 1}'

    def test_clients_of_httpx(self, api: httpx.ASGITransport) -> None:
        """Our binding, and Authlib's client, send such requests by themselves."""
        hook = OAuthHook(ALICES.key, ALICES.secret, WEB.key, WEB.secret, header_auth=True)

        # Authlib takes httpx or httpx2, whose transports are not the same.
        library = next(base for base in AsyncOAuth1Client.__mro__ if base.__name__ == "AsyncClient").__module__
        transport = importlib.import_module(library.partition(".")[0]).ASGITransport(app=api.app)

        async def both() -> list[Any]:
            async with (
                httpx.AsyncClient(transport=api, auth=oauth_hook.httpx.OAuth(hook)) as ours,
                AsyncOAuth1Client(WEB.key, WEB.secret, ALICES.key, ALICES.secret, transport=transport) as theirs,
            ):
                return [await client.get(NOTES) for client in (ours, theirs)]

        assert [response.json()["user"] for response in asyncio.run(both())] == ["alice", "alice"]

    @pytest.mark.parametrize(
        ("request_of", "why"),
        [
            (lambda: signed_notes(token=None), "needs a token"),
            (lambda: signed_notes(consumer=PHONE), "needs a token"),
            (lambda: signed_notes(consumer=Consumer("nobody", "x")), "oauth_consumer_key"),
            (lambda: signed_notes(token=AccessToken("nothing", "x")), "oauth_token"),
            (lambda: signed_notes(token=AccessToken("t1", "guessed")), "the signature is wrong"),
            (lambda: signed_notes(url=NOTES.replace(API, "https://evil.example")), "the signature is wrong"),
            (lambda: signed_notes(body=b"{}", hashed=False), "the body is not signed"),
            (lambda: signed_notes()._replace(method="POST"), "the signature is wrong"),
            (lambda: signed_at(Sent("GET", NOTES, {}, b""), WEB, ALICES, -3600), "seconds old"),
            (lambda: signed_at(Sent("GET", NOTES, {}, b""), WEB, ALICES, 3600), "seconds ahead"),
            (lambda: Sent("GET", NOTES, {}, b""), "not signed"),
        ],
    )  # fmt: skip
    def test_who_is_refused(self, api: httpx.ASGITransport, request_of: Callable[[], Sent], why: str) -> None:
        """An unknown or a foreign key, a wrong secret, another host's request, and whatever is not signed."""
        status, said = ask(api, request_of())
        assert (status, why in said["error"]) == (401, True), said

    @pytest.mark.promise("what-rfc-5849-leaves-open-can-be-closed")
    def test_what_is_left_open_is_closed(self, api: httpx.ASGITransport) -> None:
        """A parameter that moved into the header, a form that moved into the query, a second Content-Type."""
        request = signed_notes(url=f"{API}/notes?page=2")
        header = request.headers["Authorization"] + ', page="2"'
        status, said = ask(api, request._replace(url=f"{API}/notes", headers={"Authorization": header}))
        assert (status, "in the header" in said["error"]) == (401, True)
        form = with_our_sign(Sent("POST", f"{API}/notes", FORM, b"page=3"), "header", WEB, ALICES, False)
        headers = {**form.headers, "Content-Type": "application/json"}
        status, said = ask(api, Sent("POST", f"{API}/notes?page=3", headers, b'{"page": 4}'))
        assert (status, "the body is not signed" in said["error"]) == (401, True)

        async def with_two() -> httpx.Response:
            async with httpx.AsyncClient(transport=api) as client:
                headers = [*form.headers.items(), ("Content-Type", "text/plain")]
                return await client.post(form.url, headers=headers, content=form.body)

        assert "more than one Content-Type" in json.loads(asyncio.run(with_two()).text)["error"]

    def test_plaintext(self, api: httpx.ASGITransport) -> None:
        """PLAINTEXT is not among the methods."""
        signed = sign("GET", NOTES, consumer=WEB, token=ALICES, signature_method="PLAINTEXT")
        status, said = ask(api, ready("GET", signed.url, signed.headers, None))
        assert (status, "PLAINTEXT" in said["error"]) == (401, True)


@pytest.mark.promise("a-replay-is-refused-by-every-process")
def test_the_nonce_store(modules: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """A nonce is new once for each consumer, token and timestamp, also without a token; and is forgotten in time."""
    path = tmp_path / "nonces"
    store = modules("nonces").NonceStore(path, keep=600)
    now = int(time.time())
    seen = [(key, token, str(stamp), nonce) for key in "ab" for token in ("t", None) for stamp in (now, now + 300)
            for nonce in "mn"]  # fmt: skip
    assert [store.is_new(*each) for each in seen] == [True] * 16
    assert [modules("nonces").NonceStore(path).is_new(*each) for each in seen] == [False] * 16
    assert store.is_new("a", "t", str(now - 601), "old")
    assert store.is_new("a", "t", str(now), "another")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*), min(timestamp) FROM nonces").fetchone() == (17, now)
