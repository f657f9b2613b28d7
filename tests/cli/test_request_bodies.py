"""``oauth-hook request`` and ``sign``: bodies of any size, to pipes, files and terminals."""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from oauth_hook import cli, verify
from oauth_hook.credentials import Consumer

pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")

SECRET = "consumer-secret+with/signs"
ENVIRONMENT = {"OAUTH_CONSUMER_KEY": "key", "OAUTH_CONSUMER_SECRET": SECRET}
COMMAND = [sys.executable, "-W", "ignore", "-m", "oauth_hook"]
LARGE = 100_000_000  # bytes, of which no process holds more than a part
MAX_KILOBYTES = 60_000  # that a process may take


class Handler(BaseHTTPRequestHandler):
    """Keeps what it receives, and sends the ``pieces`` that are planned, one by one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        plan = self.server.plan
        plan.received.append((self.command, self.path, dict(self.headers), self.read()))
        is_chunked = "Content-Length" not in plan.headers
        self.send_response(plan.status)
        for name, value in {**plan.headers, **({"Transfer-Encoding": "chunked"} if is_chunked else {})}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in plan.pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    do_POST = do_PUT = do_GET

    def do_HEAD(self):
        self.server.plan.pieces = []
        self.do_GET()

    def read(self):
        """Return how long a body is, and how it begins."""
        length, start = 0, b""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                piece = self.rfile.read(size)
                length, start = length + size, start or piece[:1000]
                self.rfile.readline()
            self.rfile.readline()
        while left := int(self.headers.get("Content-Length", length)) - length:
            piece = self.rfile.read(min(left, 1 << 20))
            length, start = length + len(piece), start or piece[:1000]
        return length, start

    def handle(self):
        with suppress(OSError):  # the reader has gone, as it may
            super().handle()

    def finish(self):
        with suppress(OSError):
            super().finish()

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def sender():
    """A server, with the plan of what it sends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        url = f"http://127.0.0.1:{http.server_port}"
        http.plan = SimpleNamespace(url=url, status=200, headers={}, pieces=[b"ok"], received=[])
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield http.plan
        http.shutdown()


def start(
    *words, command=COMMAND, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **environment
):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OAUTH_", "NO_COLOR"))}
    settings = {**clean, **ENVIRONMENT, **environment}
    return subprocess.Popen([*command, *map(str, words)], stdin=stdin, stdout=stdout, stderr=stderr, env=settings)


@pytest.fixture
def run(monkeypatch, capsysbinary):
    """Run the command to its end in this process, with pipes for its input and output; return what it wrote."""

    def run(*words, status=0, **environment):
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("OAUTH_", "NO_COLOR"))]:
                patch.delenv(name)
            for name, value in {**ENVIRONMENT, **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
            try:
                ended = cli.main([*map(str, words)])
            except SystemExit as end:
                ended = end.code
        out, messages = capsysbinary.readouterr()
        assert ended == status, messages
        return out, messages.decode()

    return run


# Runs the command, and keeps how much memory it has taken; what the system says of a child is its parent's, too.
MEASURED = """
import os, re, sys
from oauth_hook.cli import main
status = main()
with open("/proc/self/status") as file, open(os.environ["MEMORY"], "w") as memory:
    memory.write(re.search("VmHWM:\\s+([0-9]+) kB", file.read())[1])
sys.exit(status)
"""


@pytest.fixture
def start_measured(tmp_path):
    """Start the command; its ``check`` waits for its end, and looks at what it has taken."""
    if not os.path.exists("/proc/self/status"):
        pytest.skip("only Linux tells a process how much memory it has taken")

    def start_measured(*words, status=0, **settings):
        words = ["-W", "ignore", "-c", MEASURED, *words]
        process = start(*words, command=[sys.executable], MEMORY=str(tmp_path / "memory"), **settings)

        def check():
            assert process.wait(60) == status
            assert int((tmp_path / "memory").read_text()) < MAX_KILOBYTES

        process.check = check
        return process

    return start_measured


def on_a_terminal(*words, **environment):
    """Run the command on a terminal, and return what it shows."""
    ours, theirs = pty.openpty()
    process = start(*words, stdout=theirs, stderr=theirs, TERM="xterm", **environment)
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # its end, on Linux
            break
        if not piece:
            break
        shown += piece
    assert process.wait(60) is not None
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def large(length=LARGE):
    piece = b"\0abcdefg" * 8192
    sent = 0
    while sent < length:
        part = piece[: length - sent]
        sent += len(part)
        yield part


# --- what comes back ---


@pytest.mark.soak
def test_a_large_body_takes_no_memory(sender, start_measured, tmp_path, portion):
    """To a pipe and to a file a body goes as it comes, and a file's length is told."""
    length, target = portion(1_000_000_000), tmp_path / "large"
    sender.headers = {"Content-Length": str(length)}
    sender.pieces = large(length)
    process = start_measured("request", f"{sender.url}/", stderr=None)
    count = 0
    while piece := process.stdout.read(1 << 20):
        count += len(piece)
    process.stdout.close()
    assert count == length
    process.check()
    sender.pieces = large(length)
    with (tmp_path / "messages").open("w+b") as messages:
        start_measured("request", f"{sender.url}/", "-o", target, stdout=subprocess.DEVNULL, stderr=messages).check()
        messages.seek(0)
        assert messages.read().decode() == f"saved {length:,} bytes to {target}\n"
    assert target.stat().st_size == length


def test_a_large_refusal_takes_no_memory(sender, start_measured, tmp_path):
    """Of a refusal that does not say how long it is, the beginning is kept, which says why; all of it is written."""
    reason = b"oauth_problem=consumer_key_unknown&x="
    sender.status, sender.pieces = 401, [reason, *large(80_000_000)]
    with (tmp_path / "messages").open("w+b") as messages:
        process = start_measured("request", f"{sender.url}/", stderr=messages, status=1)
        count = 0
        while piece := process.stdout.read(1 << 20):
            count += len(piece)
        process.stdout.close()
        process.check()
        messages.seek(0)
        said = messages.read().decode()
    assert count == len(reason) + 80_000_000
    assert "The server does not know this consumer key" in said
    assert "response.content" not in said


def test_an_endless_refusal_is_written_as_it_comes(sender):
    """Its reader, not its end, ends the command."""
    sender.status, sender.pieces = 401, large(1 << 40)
    process = start("request", f"{sender.url}/")
    assert process.stdout.read(10) == b"\0abcdefg\0a"
    process.stdout.close()
    assert process.wait(30) == 141
    process.stderr.close()


def test_the_first_bytes_come_at_once(sender):
    """What has come is written, though there is more to come."""
    more = threading.Event()

    def pieces():
        yield b"first\n"
        assert more.wait(30)
        yield b"second\n"

    for headers in ({}, {"Content-Length": "13"}):
        more.clear()
        sender.headers, sender.pieces = headers, pieces()
        process = start("request", f"{sender.url}/")
        assert process.stdout.readline() == b"first\n"
        more.set()
        assert process.communicate(timeout=30)[0] == b"second\n"


def test_a_reader_that_has_enough(sender):
    """A reader that goes away ends the command, as a shell expects."""
    sender.headers, sender.pieces = {"Content-Length": str(LARGE)}, large()
    process = start("request", f"{sender.url}/")
    assert process.stdout.read(10) == b"\0abcdefg\0a"
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.promise("the-command-shows-no-secret")
def test_a_secret_across_pieces_is_masked(run, sender):
    """Wherever a body is cut, in whatever escape, no part of a secret of ours is written."""
    spelled = [SECRET, quote(SECRET, safe=""), quote(quote(SECRET, safe=""), safe=""), json.dumps(SECRET)[1:-1]]
    escapes = ["%{:02x}", "%{:02X}", "\\u{:04x}", "\\u{:04X}", "\\x{:02x}", "&#{};", "&#x{:x};", "&#x{:X};"]
    spelled += ["".join(map(escape.format, SECRET.encode())) for escape in escapes]
    text = b"<".join(b"x" * 400 + each.encode() for each in spelled) + b" and so on" * 50
    for size in (1, 7, 64, 401, 1000, 70_000):
        sender.pieces = [text[i : i + size] for i in range(0, len(text), size)]
        out, messages = run("request", f"{sender.url}/")
        assert out == b"<".join([b"x" * 400 + b"***"] * len(spelled)) + b" and so on" * 50, size
        assert "masked" in messages
        assert run("request", "--show-secrets", f"{sender.url}/")[0] == text


def test_a_pipe_gets_the_body_byte_for_byte(run, sender):
    """Nothing is changed where no terminal reads it."""
    sender.pieces = [bytes(range(256)) * 300, b'{"a": 1}\x1b[31m']
    sender.headers = {"Content-Type": "application/json"}
    assert run("request", f"{sender.url}/")[0] == b"".join(sender.pieces)


def test_a_refusal_takes_no_good_files_place(run, sender, tmp_path):
    """With -o a refusal is printed, and the file stays; --output-errors writes it there."""
    target = tmp_path / "kept"
    target.write_bytes(b"good")
    sender.status, sender.pieces = 404, [b"not here\n"]
    out, messages = run("request", f"{sender.url}/", "-o", target, status=1)
    assert (out, target.read_bytes()) == (b"not here\n", b"good")
    assert "--output-errors" in messages
    assert os.listdir(tmp_path) == ["kept"]
    run("request", f"{sender.url}/", "-o", target, "--output-errors", status=1)
    assert target.read_bytes() == b"not here\n"


# --- on a terminal ---


def test_json_is_indented_and_coloured(sender):
    """JSON stands on lines of its own there, every value as it was spelled; NO_COLOR and TERM=dumb are obeyed."""
    sender.headers = {"Content-Type": "application/hal+json; charset=utf-8"}
    sender.pieces = [b'{"a":[1.50,{"b":"\\u00fc ', "ü".encode()[:1], "ü".encode()[1:], b'"}],"c":{},"a":null}']
    plain = '{\n  "a": [\n    1.50,\n    {\n      "b": "\\u00fc ü"\n    }\n  ],\n  "c": {},\n  "a": null\n}\n'
    assert on_a_terminal("request", f"{sender.url}/", NO_COLOR="1") == plain
    coloured = on_a_terminal("request", f"{sender.url}/")
    assert "\x1b[36m1.50\x1b[0m" in coloured
    assert "\x1b[34m" in coloured
    sender.pieces = [b'{"a": ']
    assert on_a_terminal("request", f"{sender.url}/") == '{"a": \n'
    sender.status, sender.pieces = 404, [b"not here"]
    assert on_a_terminal("request", f"{sender.url}/").startswith("not here\n\noauth-hook: the provider said 404")


@pytest.mark.promise("a-page-runs-and-loads-nothing")
def test_a_terminal_obeys_no_body(sender):
    """Control characters are shown, and do nothing; what is no text is not written there at all."""
    sender.pieces = [b"a\x1b]0;title\x07\x1b[31m b\r\n\tc\x9b \xff\xc3", b"\xbc"]
    assert on_a_terminal("request", f"{sender.url}/") == "a�]0;title��[31m b\n\tc� �ü\n"
    sender.pieces, sender.headers = [b"\x89PNG\0\0"], {"Content-Type": "image/png"}
    assert (
        on_a_terminal("request", f"{sender.url}/") == "the response is not text (image/png): use -o FILE, or a pipe\n"
    )


def test_progress_is_shown_on_a_terminal_only(run, sender, tmp_path):
    """What takes long says how far it is, in a line that is gone at the end."""
    sender.headers = {"Content-Length": "20"}

    def pieces():
        yield b"0123456789"
        time.sleep(0.3)
        yield b"0123456789"

    sender.pieces = pieces()
    shown = on_a_terminal("request", f"{sender.url}/", "-o", tmp_path / "file")
    assert "100%, 0 s left" in shown
    assert shown.endswith(f"\r\x1b[Ksaved 20 bytes to {tmp_path / 'file'}\n")
    sender.pieces = pieces()
    assert run("request", f"{sender.url}/", "-o", tmp_path / "file")[1] == f"saved 20 bytes to {tmp_path / 'file'}\n"


# --- what goes out ---


def test_a_large_upload_takes_no_memory(sender, start_measured, tmp_path):
    """A file and standard input are sent as they are read, hashed too, and the body's type is said."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(LARGE)
    for words, method, kind in (
        (["-T", path], "PUT", "image/png"),
        (["--data-binary", f"@{path}", "--body-hash", "sha256", "-H", "Content-Type: a/b"], "POST", "a/b"),
        (["-T", "-"], "PUT", "application/octet-stream"),
    ):
        with path.open("rb") as file:
            process = start_measured("request", f"{sender.url}/", *words, stdin=file, stdout=subprocess.DEVNULL)
            messages = process.stderr.read().decode()
            process.stderr.close()
            process.check()
        sent, _, headers, (length, _) = sender.received.pop()
        assert (sent, length, headers["Content-Type"]) == (method, LARGE, kind)
        assert (f"sent as {kind}" in messages) is (kind != "a/b")
        assert ("oauth_body_hash" in headers["Authorization"]) is ("--body-hash" in words)


def test_a_pipe_is_sent_in_pieces(sender):
    """Nobody knows its length before; a hash of it cannot be signed, which is said before anything is sent."""
    process = start("request", f"{sender.url}/", "--data-binary", "@-", stdin=subprocess.PIPE)
    process.communicate(b"x" * 100_000, timeout=30)
    assert process.returncode == 0
    assert sender.received[-1][3][0] == 100_000
    process = start("request", f"{sender.url}/", "--data-binary", "@-", "--body-hash", "sha1", stdin=subprocess.PIPE)
    _, messages = process.communicate(b"x", timeout=30)
    assert (process.returncode, len(sender.received)) == (2, 1)
    assert b"read only once" in messages


def test_raw_bodies(run, sender, tmp_path):
    """A text goes as it is; a form is signed, whatever it comes from."""
    run("request", f"{sender.url}/", "--data-binary", "<a>\u00fc</a>", "-H", "Content-Type: application/xml")
    method, _, headers, (_, body) = sender.received.pop()
    assert (method, headers["Content-Type"], body) == ("POST", "application/xml", "<a>ü</a>".encode())
    path, form = tmp_path / "form", "Content-Type: application/x-www-form-urlencoded"
    path.write_bytes(b"a=1&b=%7E+x")
    run("request", f"{sender.url}/", "--data-binary", f"@{path}", "-H", form)
    _, target, headers, (_, body) = sender.received.pop()
    assert body == b"a=1&b=%7E+x"
    consumer = Consumer("key", SECRET)
    assert verify("POST", sender.url + target, headers=headers, body=body, consumer=consumer)
    assert not verify("POST", sender.url + target, headers=headers, body=b"a=2", consumer=consumer)


def test_where_fields_go(run, sender):
    """--query and -G put fields into the URL, whose own stay as they are; a form with GET is pointed out."""
    run("request", "-G", "-d", "a=1 2", "--query", "\u00fc=&", f"{sender.url}/?x=%2B&")
    assert sender.received.pop()[:2] == ("GET", "/?x=%2B&%C3%BC=%26&a=1%202")
    assert "-G puts the fields into the URL" in run("request", "GET", "-d", "a=1", f"{sender.url}/")[1]
    assert sender.received.pop()[3] == (3, b"a=1")


@pytest.mark.parametrize(("words", "advice"), [
    (["{url}", "a=b"], "-d NAME=VALUE"),
    (["{url}", "-T", "x", "-d", "a=1"], "one body"),
    (["{url}", "--data-binary", "x", "--json", "1"], "one body"),
    (["{url}", "-T", "/nowhere/file"], "cannot read /nowhere/file"),
])  # fmt: skip
def test_misuse_is_said_in_one_line(run, sender, words, advice):
    """Nothing is sent, and the message says what was meant."""
    _, messages = run("request", *(word.format(url=f"{sender.url}/") for word in words), status=2)
    assert advice in messages.splitlines()[-1]
    assert not sender.received


# --- what would be sent ---


def test_sign_prints_and_sends_nothing(run, sender):
    """The header, the signed URL, the signed form, or a line for curl: each is right, and nothing goes out."""
    consumer, url = Consumer("key", SECRET), f"{sender.url}/?x=1"
    name, _, value = run("sign", url)[0].decode().rstrip("\n").partition(": ")
    assert verify("GET", url, headers={name: value}, consumer=consumer)
    signed = run("sign", "--url", "--placement", "query", url)[0].decode().rstrip("\n")
    assert verify("GET", signed, headers={}, consumer=consumer)
    form = run("sign", "--placement", "body", url, "-d", "a=b c")[0].rstrip(b"\n")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert verify("POST", url, headers=kind, body=form, consumer=consumer)
    assert not sender.received
    _, messages = run("sign", "--signature-method", "PLAINTEXT", url, status=2)
    assert "--show-secrets" in messages
    assert SECRET.encode() not in messages.encode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_sends_what_sign_prints(run, oauth_provider, tmp_path):
    """The line runs as it stands in a shell, and its request is verified by a server that shares no code with us."""
    path = tmp_path / "it's a file"
    path.write_bytes(b"\0\xff")
    token = oauth_provider.add_token()
    environment = {
        "OAUTH_CONSUMER_KEY": oauth_provider.consumer.key, "OAUTH_CONSUMER_SECRET": oauth_provider.consumer.secret,
        "OAUTH_TOKEN": token.key, "OAUTH_TOKEN_SECRET": token.secret,
    }  # fmt: skip
    for words in (
        ["--query", "a=it's"], ["-d", "a=$HOME `x`", "-d", "b='"],
        ["--placement", "query"], ["-d", "a=1", "--placement", "body"],
        ["--json", '{"a": "it\'s"}', "--body-hash", "sha1"], ["--data-binary", f"@{path}", "-H", "Content-Type: a/b"],
    ):  # fmt: skip
        line = run("sign", "--curl", oauth_provider.resource_url, *words, **environment)[0].decode()
        done = subprocess.run(["sh", "-c", f"exec {line}"], capture_output=True, timeout=30, check=False)
        assert json.loads(done.stdout)["user"] == "alice", (line, done.stdout)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_takes_nothing_for_its_own_syntax(run, sender, tmp_path):
    """A body that begins with ``@``, HEAD, and a header without a value go out as they were signed."""
    path, form = tmp_path / "form", "Content-Type: application/x-www-form-urlencoded"
    path.write_bytes(b"@a=1&b=2")
    sender.headers = {"Content-Length": "2"}
    for words, method, body in (
        (["POST", "--data-binary", f"@{path}", "-H", form], "POST", b"@a=1&b=2"),
        (["POST", "--json", '"@a"'], "POST", b'"@a"'),
        (["GET", "-H", "X-Empty:"], "GET", b""),
        (["HEAD"], "HEAD", b""),  # after which the others get no body, either
    ):
        sender.received.clear()
        line = run("sign", "--curl", *words[:1], f"{sender.url}/?a=%5B1-3%5D", *words[1:])[0].decode()
        done = subprocess.run(["sh", "-c", f"exec {line}"], capture_output=True, timeout=10, check=True)
        ((sent, target, headers, (_, start)),) = sender.received
        assert (sent, target, start) == (method, "/?a=%5B1-3%5D", body), (line, done)
        assert headers.get("X-Empty") == ("" if "X-Empty:" in words else None)
    _, messages = run("sign", "--curl", "HEAD", f"{sender.url}/", "--json", "1", status=2)
    assert "no body with HEAD" in messages


def test_names_and_options_come_in_any_order(run, tmp_path):
    """A NAME may stand behind the options that it is for."""
    store = ["--store", tmp_path / "store"]
    run(*store, "credentials", "add", "--origin", "https://api.example", "sue")
    shown = run(*store, "credentials", "show", "--show-secrets", "sue")[0]
    assert SECRET in shown.decode()
    assert shown == run(*store, "credentials", "--show-secrets", "show", "sue")[0]
    _, messages = run(*store, "credentials", "show", "--show-secrets", "sue", "again", status=2)
    assert "use oauth-hook credentials show NAME" in messages
    _, messages = run("services", "discogs", "again", status=2)
    assert "too many arguments" in messages
    assert b"discogs.com" in run("services", "--json", "discogs")[0]


def test_accounts_are_renamed_and_exported(run, tmp_path):
    """A name that is taken is not replaced; what a shell is given sets the environment that the command reads."""
    store = ["--store", tmp_path / "store"]
    run(*store, "credentials", "add", "--origin", "https://api.example", "sue", OAUTH_CONSUMER_SECRET="it's $HOME")
    run(*store, "credentials", "add", "--service", "maas", "--at", "host=m.example", "box")
    assert run(*store, "credentials", "list")[0].decode().splitlines() == [
        "box\taccount at maas?host=m.example, two-legged", "sue\taccount without a service, not authorized yet"
    ]  # fmt: skip
    assert "--replace" in run(*store, "credentials", "rename", "sue", "box", status=2)[1]
    assert "rename NAME NEW" in run(*store, "credentials", "rename", "sue", status=2)[1]
    run(*store, "credentials", "rename", "sue", "bob")
    assert "--show-secrets" in run(*store, "credentials", "export", "bob", status=2)[1]
    lines = run(*store, "credentials", "export", "bob", "--show-secrets")[0].decode()
    shown = subprocess.run(
        ["sh", "-c", f'{lines}\nprintf %s "$OAUTH_CONSUMER_SECRET"'], capture_output=True, check=True
    )
    assert shown.stdout == b"it's $HOME"
    exported = json.loads(run(*store, "credentials", "export", "bob", "--json", "--show-secrets")[0])
    assert exported == {"OAUTH_CONSUMER_KEY": "key", "OAUTH_CONSUMER_SECRET": "it's $HOME"}
