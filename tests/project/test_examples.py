"""The examples run as their users run them: as processes of their own, over real sockets, against the provider."""

from __future__ import annotations

import ast
import base64
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from conftest import Recorder
from tables import for_each

from oauth_hook import AccessToken, CredentialStore, OAuthFlow, RequestToken
from oauth_hook.provider import Provider, serve
from oauth_hook.provider.server import User

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 20
LEGS = ("request_token_url", "authorization_url", "access_token_url")

# What a user does in a browser, with HTTP: argument 1 is the link, the rest is in the environment.
FAKE_BROWSER = """
import os, subprocess, sys, requests
fields = {"name": os.environ["FAKE_NAME"], "password": os.environ["FAKE_PASSWORD"], "answer": os.environ["FAKE_ANSWER"]}
answer = requests.post(sys.argv[1], fields, allow_redirects=False, timeout=10)
if command := os.environ.get("FAKE_CHROMIUM"):
    page = subprocess.run([*command.split("|"), answer.headers["Location"]], capture_output=True, check=True).stdout
else:
    page = requests.get(answer.headers["Location"], timeout=10).content
with open("last_page.html", "wb") as file:
    file.write(page)
"""

# A user at the window: reads the link there, types what the test says, and presses the button.
AT_THE_WINDOW = """
import sys, shared, tk_window
window = tk_window.Window(tk_window.Login(shared.flow(), shared.resource_url(), shared.store()))
shown = []
def user():
    text = window.message.get()
    if text not in shown:
        shown.append(text)
        if not text.endswith("..."):
            state = window.buttons[0]["state"]
            print(window.link.get(), text.encode("unicode_escape").decode(), state, sep="|", flush=True)
            line = sys.stdin.readline().strip()
            if not line:
                return window.root.destroy()
            window.verifier.delete(0, "end")
            window.verifier.insert(0, line)
            window.buttons[0].invoke()
    window.root.after(20, user)
user()
window.root.mainloop()
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


@pytest.fixture
def folder(provider: Provider, tmp_path: Path) -> Path:
    """A directory to run examples in, as `oauth-hook provider | tee provider.txt` leaves it."""
    return furnish(tmp_path, provider)


def furnish(folder: Path, provider: Provider) -> Path:
    lines = [f"{name}: {value}\n" for name, value in provider.details().items()]
    (folder / "provider.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a user who has set nothing but this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OAUTH_", "BROWSER"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def command(name: str) -> list[str]:
    return [sys.executable, str(EXAMPLES / name)]


def run(name: str, folder: Path, said: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run an example to its end; ``said`` is its standard input, and None is none at all."""
    feed: Any = {"stdin": subprocess.DEVNULL} if said is None else {"input": said}
    return subprocess.run(
        command(name), cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=PATIENCE, **feed
    )


@contextmanager
def running(arguments: list[str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and see it ended."""
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, **more) as process:
        timer = threading.Timer(PATIENCE, process.kill)  # a test that waits for a line waits no longer
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def secrets_of(provider: Provider, folder: Path) -> set[str]:
    """Return what nobody may see: the consumer's secret, the password, and the secrets in the store."""
    kept = CredentialStore(folder / "examples.sqlite3").values()
    return {provider.consumer.secret, provider.user.password} | {token.to_dict()["secret"] for token in kept}


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import an example into this process."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    specification = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@for_each("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_says_how_to_run_it(path: Path) -> None:
    """Each is read in one go, and begins with what it shows and the commands to run it."""
    text = path.read_text(encoding="utf-8")
    about = ast.get_docstring(ast.parse(text)) or ""
    assert text.count("\n") < 120
    assert "oauth-hook provider | tee provider.txt" in about
    assert path.name == "shared.py" or f"python examples/{path.name}" in about


class TestConsole:
    """``console.py``."""

    def test_asks_once(self, provider: Provider, tmp_path: Path) -> None:
        """As its docstring says: the provider in one terminal, this in another; the second run asks nothing."""
        with running([sys.executable, "-m", "oauth_hook", "provider"], env=environment()) as other:
            assert other.stdout is not None
            lines = [other.stdout.readline() for _ in provider.details()]
            (tmp_path / "provider.txt").write_text("".join(lines), encoding="utf-8")
            said = dict(line.rstrip().split(": ", 1) for line in lines)
            with running(
                command("console.py"), cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
            ) as console:
                assert console.stderr is not None
                link = next(line.strip() for line in console.stderr if said["authorization_url"] in line)
                fields = {"name": said["user_name"], "password": said["user_password"], "answer": "allow"}
                page = requests.post(link, fields, timeout=10).text
                output, errors = console.communicate(re.findall(r'<output id="verifier">(.*?)<', page)[0] + "\n")
            assert (console.returncode, "alice" in output) == (0, True)
            second = run("console.py", tmp_path)
            assert (second.returncode, "alice" in second.stdout, second.stderr) == (0, True, "")
            (token,) = CredentialStore(tmp_path / "examples.sqlite3").values()
            assert isinstance(token, AccessToken)
            for secret in (said["consumer_secret"], said["user_password"], token.secret):
                assert secret not in output + errors + second.stdout

    def test_wrong_code(self, folder: Path) -> None:
        """A wrong code ends it with a sentence, and nothing is kept."""
        result = run("console.py", folder, "nonsense\n")
        assert (result.returncode, result.stdout) == (1, "")
        assert "console.py: the server refused to issue an access token" in result.stderr
        assert "Traceback" not in result.stderr
        assert not CredentialStore(folder / "examples.sqlite3")

    def test_no_settings(self, tmp_path: Path) -> None:
        """Without a provider and without a service it says what to set."""
        result = run("console.py", tmp_path)
        assert result.returncode == 1
        assert result.stderr.startswith("Set OAUTH_SERVICE, or run `oauth-hook provider")
        result = run("console.py", tmp_path, OAUTH_SERVICE="tumblr")
        assert result.stderr.startswith("Set OAUTH_CONSUMER_KEY in the environment")

    def test_a_service_of_ones_own(self, provider: Provider, tmp_path: Path) -> None:
        """A real service is named by environment variables: here one that a JSON file describes."""
        urls = {name: value for name, value in provider.details().items() if name in LEGS}
        fields = ", ".join(f'"{name}": "{value}"' for name, value in urls.items())
        (tmp_path / "mine.json").write_text(f'{{"name": "mine", {fields}}}', encoding="utf-8")
        store = CredentialStore(tmp_path / "kept.sqlite3")
        store[f"console {provider.consumer.key}"] = provider.add_token()
        named = {"OAUTH_SERVICE": "mine.json", "OAUTH_STORE": "kept.sqlite3", "OAUTH_RESOURCE_URL": provider.whoami_url}
        key = {"OAUTH_CONSUMER_KEY": provider.consumer.key, "OAUTH_CONSUMER_SECRET": provider.consumer.secret}
        result = run("console.py", tmp_path, **named, **key)
        assert (result.returncode, "alice" in result.stdout) == (0, True), result.stderr


@dataclass
class Worker:
    """One process of a web application."""

    url: str
    log: Path


@dataclass
class Browser:
    """A person with a browser, who takes part in what the workers do."""

    provider: Provider
    user: User
    jar: requests.Session = field(default_factory=requests.Session)

    def see(self, worker: Worker, path: str = "/") -> requests.Response:
        return self.jar.get(worker.url + path, allow_redirects=False, timeout=10)

    def connect(self, worker: Worker) -> str:
        """Press the button; return where the worker sends the browser."""
        fields = dict(re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', self.see(worker).text))
        answer = self.jar.post(f"{worker.url}/connect", fields, allow_redirects=False, timeout=10)
        assert answer.status_code in (302, 303), answer.text
        return answer.headers["Location"]

    def allow(self, link: str) -> str:
        """Say yes to the provider; return the path and query of the callback."""
        return path_of(self.provider.approve(link, self.user))


def path_of(url: str) -> str:
    address = urlsplit(url)
    return f"{address.path}?{address.query}"


@dataclass
class Web:
    """A web application of two worker processes, and what they share."""

    a: Worker
    b: Worker
    folder: Path
    provider: Provider
    bob: User

    def alice(self) -> Browser:
        return Browser(self.provider, self.provider.user)

    def kept(self) -> CredentialStore:
        return CredentialStore(self.folder / "examples.sqlite3")


@pytest.fixture(scope="module", params=["flask_app.py", "django_view.py"])
def web(request: pytest.FixtureRequest, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The workers listen on ports of their own. The address that the public knows leads to neither: tests choose."""
    pytest.importorskip(request.param.split("_")[0])
    folder = furnish(tmp_path_factory.mktemp("web"), provider)
    settings = environment(SECRET_KEY="the same for all workers", PORT="0", PUBLIC_URL="http://127.0.0.1:1")
    with worker(request.param, folder, settings, "a") as a, worker(request.param, folder, settings, "b") as b:
        yield Web(Worker(url_of(a), folder / "a"), Worker(url_of(b), folder / "b"), folder, provider, bob_at(provider))


def bob_at(provider: Provider) -> User:
    return provider.add_user("bob", "bob's password")


@contextmanager
def worker(name: str, folder: Path, settings: Mapping[str, str], log: str) -> Iterator[subprocess.Popen[str]]:
    with (
        (folder / log).open("w") as file,
        subprocess.Popen(
            command(name), cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=file, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip().rstrip("/")


class TestWeb:
    """``flask_app.py`` and ``django_view.py``: one contract for both."""

    def test_the_legs_cross_two_workers(self, web: Web) -> None:
        """The first leg on one process, the callback on another, the request on the first."""
        alice = web.alice()
        assert "Not connected" in alice.see(web.a).text
        done = alice.see(web.b, alice.allow(alice.connect(web.a)))
        assert (done.status_code in (302, 303), done.headers["Location"]) == (True, "/")
        for each in (web.a, web.b):
            page = alice.see(each)
            assert (page.status_code, "Connected" in page.text, "alice" in page.text) == (200, True, True)

    def test_users_do_not_mix(self, web: Web) -> None:
        """Two users who begin and end in between each other get what is theirs, many times at once."""
        alice, bob = web.alice(), Browser(web.provider, web.bob)
        for_alice, for_bob = alice.connect(web.a), bob.connect(web.b)
        assert bob.see(web.a, bob.allow(for_bob)).headers["Location"] == "/"
        assert alice.see(web.b, alice.allow(for_alice)).headers["Location"] == "/"

        def name_of(number: int) -> bool:
            one, other = (alice, "bob"), (bob, "alice")
            browser, stranger = (one, other)[number % 2]
            cookies = browser.jar.cookies
            text = requests.get((web.a, web.b)[number // 2 % 2].url, cookies=cookies, timeout=10).text
            return browser.user.name in text and stranger not in text

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(name_of, range(32)))

    def test_denial(self, web: Web) -> None:
        """Whoever says no sees a page that says so, and may begin again."""
        alice = web.alice()
        denied = alice.see(web.b, path_of(web.provider.deny(alice.connect(web.a)) or ""))
        assert (denied.status_code, "You said no" in denied.text) == (403, True)
        assert "Not connected" in alice.see(web.a).text
        assert alice.see(web.a, alice.allow(alice.connect(web.b))).headers["Location"] == "/"

    @pytest.mark.promise("a-callback-is-for-one-request-token")
    def test_foreign_callback(self, web: Web) -> None:
        """A callback that somebody else was given is refused, and spoils nothing."""
        alice, mallory = web.alice(), Browser(web.provider, web.bob)
        ours, theirs = alice.connect(web.a), mallory.connect(web.a)
        trap = mallory.allow(theirs)
        refused = alice.see(web.b, trap)
        assert (refused.status_code, "another request token" in refused.text) == (403, True)
        assert "Not connected" in alice.see(web.a).text
        assert alice.see(web.b, alice.allow(ours)).headers["Location"] == "/"
        assert "alice" in alice.see(web.a).text

    @pytest.mark.promise("a-callback-is-for-one-request-token")
    def test_callback_without_a_session(self, web: Web) -> None:
        """A callback in a browser that began nothing is refused, and is still good in the one that did."""
        alice, stranger = web.alice(), web.alice()
        path = alice.allow(alice.connect(web.a))
        assert stranger.see(web.b, path).status_code == 403
        assert alice.see(web.b, path).headers["Location"] == "/"

    def test_callback_twice(self, web: Web) -> None:
        """A callback is good once."""
        alice = web.alice()
        path = alice.allow(alice.connect(web.a))
        assert alice.see(web.b, path).headers["Location"] == "/"
        assert alice.see(web.a, path).status_code == 403
        assert "Connected" in alice.see(web.a).text

    def test_callback_of_no_sense(self, web: Web) -> None:
        """A callback without our token is refused, be it empty, a bare PIN, marked up, or no text at all."""
        alice = web.alice()
        token = parse_qs(urlsplit(alice.connect(web.a)).query)["oauth_token"][0]
        for query in ("", "?", "?12345", "?oauth_verifier=12345", "?oauth_token=%ff", f"?oauth_token={token}"):
            assert alice.see(web.b, f"/callback{query}").status_code == 403, query
        page = alice.see(web.b, f"/callback?oauth_token={token}&oauth_problem=<script>")
        assert (page.status_code, "<script>" in page.text, "&lt;script&gt;" in page.text) == (403, False, True)

    def test_a_guessed_verifier(self, web: Web) -> None:
        """What the service refuses is said to be the service's answer."""
        alice = web.alice()
        token = parse_qs(urlsplit(alice.connect(web.a)).query)["oauth_token"][0]
        page = alice.see(web.b, f"/callback?oauth_token={token}&oauth_verifier=guessed")
        assert (page.status_code, "That did not work" in page.text) == (502, True)

    def test_the_cookie_holds_an_id_only(self, web: Web) -> None:
        """No token is in a cookie, which is signed and not encrypted: the store has it, by the id in the cookie."""
        alice = web.alice()
        alice.connect(web.a)
        (cookie,) = (value for name, value in alice.jar.cookies.items() if value and name.startswith("session"))
        head = re.split(r"[.:]", cookie.strip('"'))[0]
        content = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode()
        (name,) = re.findall(r'"id":"(.+?)"', content)
        asked = web.kept()[f"asked {name}"]
        assert isinstance(asked, RequestToken)
        assert asked.key not in content
        assert asked.secret not in content

    def test_a_form_of_others(self, web: Web) -> None:
        """The session cookie stays at home when another site posts to us."""
        answer = requests.get(web.a.url, timeout=10)
        alice = web.alice()
        alice.connect(web.a)
        (cookie,) = (each for each in alice.jar.cookies if each.name.startswith("session"))
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.promise("no-secret-is-logged")
    def test_nothing_secret_is_logged(self, web: Web) -> None:
        """The workers print no secret and no verifier."""
        alice = web.alice()
        path = alice.allow(alice.connect(web.a))
        alice.see(web.b, path)
        text = web.a.log.read_text() + web.b.log.read_text() + alice.see(web.a).text
        for secret in (*secrets_of(web.provider, web.folder), parse_qs(urlsplit(path).query)["oauth_verifier"][0]):
            assert secret not in text

    def test_no_key(self, web: Web, request: pytest.FixtureRequest) -> None:
        """Without a key for its sessions, which all workers share, no worker starts."""
        result = run(request.node.callspec.params["web"], web.folder, PORT="0")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("Set SECRET_KEY in the environment")


def test_a_session_of_many_keeps_no_cookies(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the service sets for one user does not come along for the next."""
    server.answer = lambda _: (200, {"Set-Cookie": "who=alice; Path=/"}, b"")
    session = load("shared", monkeypatch).session_of_many()
    for _ in range(2):
        session.get(server.url, timeout=10)
        assert "cookie" not in server.last.headers


class TestDesktop:
    """``desktop.py``: the browser is the one that the variable BROWSER names."""

    def desktop(self, provider: Provider, folder: Path, answer: str = "allow", **more: str) -> Any:
        (folder / "browser.py").write_text(FAKE_BROWSER, encoding="utf-8")
        user = {"FAKE_NAME": provider.user.name, "FAKE_PASSWORD": provider.user.password, "FAKE_ANSWER": answer}
        browser = f"{shlex.quote(sys.executable)} browser.py %s"
        return run("desktop.py", folder, BROWSER=browser, **user, **more)

    def test_asks_once(self, provider: Provider, folder: Path) -> None:
        """The browser opens, comes back, and the token is kept: the second run opens none."""
        result = self.desktop(provider, folder)
        assert (result.returncode, "alice" in result.stdout) == (0, True), result.stderr
        assert b"<h1>" in (folder / "last_page.html").read_bytes()
        second = run("desktop.py", folder, BROWSER="false")
        assert (second.returncode, "alice" in second.stdout, second.stderr) == (0, True, "")
        for secret in secrets_of(provider, folder):
            assert secret not in result.stdout + result.stderr + second.stdout

    def test_denial(self, provider: Provider, folder: Path) -> None:
        """Whoever says no is told so in the terminal too, and nothing is kept."""
        result = self.desktop(provider, folder, "deny")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.endswith("desktop.py: the user said no\n")
        assert not CredentialStore(folder / "examples.sqlite3")

    @pytest.mark.promise("no-verifier-stays-in-the-url-bar")
    @pytest.mark.browser
    @pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
    def test_with_a_real_browser(self, provider: Provider, folder: Path) -> None:
        """A real browser that the service sends back arrives at the last page, in whose address is no verifier."""
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
        more = ["--disable-background-networking", f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
        result = self.desktop(provider, folder, FAKE_CHROMIUM="|".join([str(CHROMIUM), *options, *more]))
        assert (result.returncode, "alice" in result.stdout) == (0, True), result.stderr
        page = (folder / "last_page.html").read_text(encoding="utf-8")
        assert "<h1>" in page
        assert "verifier" not in page


class TestWindow:
    """``tk_window.py``."""

    @pytest.fixture
    def login(self, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        """The example without its window."""
        flow = OAuthFlow(provider.consumer, *(provider.details()[name] for name in LEGS))
        store = CredentialStore(tmp_path / "examples.sqlite3")
        return load("tk_window", monkeypatch).Login(flow, provider.resource_url, store)

    def test_login(self, provider: Provider, login: Any, tmp_path: Path) -> None:
        """Each step returns at once; a wrong code is said so, the right one gets the token, which is kept."""
        login.enter("too early")
        assert login.news.get(timeout=10) == ("failed", "There is no link yet.")
        login.begin()
        kind, link = login.news.get(timeout=10)
        assert kind == "link"
        login.enter("two words")
        assert login.news.get(timeout=10)[0] == "failed"
        login.enter(provider.approve(link))
        kind, text = login.news.get(timeout=10)
        assert (kind, "alice" in text) == ("done", True)
        (token,) = CredentialStore(tmp_path / "examples.sqlite3").values()
        assert isinstance(token, AccessToken)

    def test_login_without_a_network(self, login: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A service that cannot be reached is news too, and ends no thread with a traceback."""

        def nobody(*_: object, **__: object) -> None:
            raise requests.ConnectionError("nobody there")

        monkeypatch.setattr(requests.Session, "send", nobody)
        login.begin()
        assert login.news.get(timeout=10) == ("failed", "nobody there")

    def test_window(self, provider: Provider, folder: Path, display: str) -> None:
        """The window shows a link and takes the code; a mistake can be mended; at the end it shows the answer."""
        settings = environment(DISPLAY=display, PYTHONPATH=str(EXAMPLES))
        with running([sys.executable, "-c", AT_THE_WINDOW], cwd=folder, env=settings, stdin=subprocess.PIPE) as window:
            ask = asker(window)
            link, text, button = ask(None)
            assert (text.startswith("Open this link"), button) == (True, "normal")
            same, text, button = ask("two words")
            assert (same, "neither a callback URL nor a verifier" in text, button) == (link, True, "normal")
            _, text, button = ask(provider.approve(link))
            assert ("alice" in text, button) == (True, "disabled")
            window.communicate("\n")
        assert window.returncode == 0

    @pytest.fixture
    def display(self) -> Iterator[str]:
        """A display that nobody sees."""
        try:
            import tkinter  # noqa: F401 - it may be there, and what it is made on not
        except ImportError as error:
            pytest.skip(f"this Python has no Tk: {error}")
        if shutil.which("Xvfb") is None:
            pytest.skip("no Xvfb here")
        with running(["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]) as server:
            assert server.stdout is not None
            yield f":{server.stdout.readline().strip()}"


def asker(window: subprocess.Popen[str]) -> Callable[[str | None], list[str]]:
    """Return a function that types a line into the window, and returns the link, the text and the button's state."""
    source, sink = window.stdout, window.stdin
    assert source is not None
    assert sink is not None

    def ask(line: str | None) -> list[str]:
        if line is not None:
            sink.write(f"{line}\n")
            sink.flush()
        return source.readline().rstrip("\n").split("|")

    return ask
