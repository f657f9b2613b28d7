"""The command, as a process of its own."""

from __future__ import annotations

import ast
import io
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from tables import for_each

from oauth_hook import Consumer, CredentialStore, OAuthHook, cli
from oauth_hook.cli.errors import _OPTIONS
from oauth_hook.version import __version__

try:
    import pty
except ImportError:  # there are none on Windows
    pty = None

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no terminals, forks, modes and signals of this kind")
COMMAND = [sys.executable, "-W", "ignore", "-m", "oauth_hook"]


def run(*arguments, **more):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, **more)


def test_advice_that_the_command_rewords_is_still_given():
    """Each phrase that the command replaces by an option's name stands in a message of the package."""
    folder = Path(cli.__file__).parent
    sources = [path.read_text("utf-8") for path in folder.parent.rglob("*.py") if folder not in path.parents]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    raised = [node for statement in nodes if isinstance(statement, ast.Raise) for node in ast.walk(statement)]
    assigned = [node for statement in nodes if isinstance(statement, ast.Assign) for node in ast.walk(statement)]
    messages = [node.value for node in raised + assigned if isinstance(node, ast.Constant)]
    texts = [text for text in messages if isinstance(text, str)]
    assert [phrase for phrase, _ in _OPTIONS if not any(phrase in text for text in texts)] == []


def test_the_demo_does_the_whole_job():
    """The demo goes through the legs, signs in every way, has changed requests refused, and sums up."""
    done = run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for words in ("request token", "authorization", "access token", "GET, header", "GET, URL-encoded",
                  "POST form, header", "POST form, URL-encoded", "POST JSON, header", "POST JSON, URL-encoded",
                  "query changed after signing", "form changed after signing"):  # fmt: skip
        assert words in done.stdout
    assert done.stdout.count("verified: HMAC-SHA1") == 6
    assert done.stdout.count("refused: signature_invalid") == 2
    assert "11 of 11 steps went as they should" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.promise("the-command-shows-no-secret")
def test_the_demo_masks_the_verifier(capsys):
    """The verifier is a secret: masked in what is shown and in what went out, unless asked for."""
    assert cli.main(["demo"]) == 0
    assert 'oauth_verifier="***"' in capsys.readouterr().out
    assert cli.main(["demo", "--show-secrets"]) == 0
    shown = capsys.readouterr().out
    verifier = re.search(r"shows the verifier (\S+)", shown)[1]
    assert verifier != "***"
    assert f'oauth_verifier="{verifier}"' in shown


@posix
@pytest.mark.parametrize("no_color", [False, True])
def test_the_demo_has_colours_on_a_terminal_only(no_color):
    """On a terminal there are colours, unless NO_COLOR is set (no-color.org)."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "demo"], stdout=theirs, env=environment | ({"NO_COLOR": "1"} if no_color else {})
    )
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # what Linux says at the end of a terminal
        pass
    os.close(ours)
    assert process.wait(30) == 0
    assert (b"\x1b[" in output) is not no_color


def test_the_demo_says_when_something_is_not_as_it_should_be(monkeypatch, capsys):
    """The exit status is 0 only if all of it was as expected."""
    monkeypatch.setattr(OAuthHook, "signing_key", lambda self, consumer, token: "wrong")
    assert cli.main(["demo"]) == 1
    assert "signature_invalid" in capsys.readouterr().err
    monkeypatch.undo()
    from oauth_hook.cli import demo

    monkeypatch.setattr(demo, "_tamper_requests", lambda hook, provider: [
        ("not changed", hook(requests.Request("GET", provider.resource_url).prepare()))
    ])  # fmt: skip
    assert cli.main(["demo"]) == 1
    assert "9 of 10 steps" in capsys.readouterr().out


@posix
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_provider_prints_what_a_client_needs(end):
    """``oauth-hook provider`` prints one ``name: value`` a line at once, serves, and ends with Ctrl-C or a kill."""
    process = subprocess.Popen([*COMMAND, "provider"], stdout=subprocess.PIPE, text=True)
    try:
        details = dict(process.stdout.readline().rstrip("\n").split(": ", 1) for _ in range(15))
        assert list(details) == [
            "url", "request_token_url", "authorization_url", "access_token_url", "registration_url", "resource_url",
            "two_legged_url", "consumer_key", "consumer_secret", "user_name", "user_password", "whoami_url",
            "webfinger", "check_url", "requests_url",
        ]  # fmt: skip
        hook = OAuthHook(None, None, details["consumer_key"], details["consumer_secret"], callback="oob")
        assert requests.post(details["request_token_url"], auth=hook, timeout=10).status_code == 200
        for name in ("whoami_url", "check_url", "requests_url"):
            assert details[name].startswith(details["url"])
        assert details["webfinger"] == f"{details['user_name']}@{details['url'].partition('//')[2]}"
    finally:
        process.send_signal(end)
        assert process.wait(10) == 0
        process.stdout.close()


@posix
def test_the_provider_says_what_it_makes_of_requests():
    """With --verbose each request is a line on standard error, with the reason why it was refused."""
    command = [*COMMAND, "provider", "--verbose"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            details = dict(process.stdout.readline().rstrip("\n").split(": ", 1) for _ in range(15))
            hook = OAuthHook(None, None, details["consumer_key"], "hunter2")
            assert requests.get(details["two_legged_url"], auth=hook, timeout=10).status_code == 401
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said.startswith("GET /api/two-legged 401 signature_invalid")


@for_each(
    "arguments",
    [[], ["fly"], ["provider", "--port", "x"], ["provider", "--host", "192.0.2.1"], ["services", "tumblr", "x"],
     ["provider", "--port", "99999"]],
)  # fmt: skip
def test_misuse_is_status_2(arguments, capsys):
    """What is misused is said on standard error, in one line without a traceback, and the status is 2."""
    try:
        status = cli.main(arguments)
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("oauth-hook")
    assert err.count("\n") == 1


def test_misuse_is_the_status_of_the_process():
    """A process ends with the status 2, and the one line is all that it says."""
    done = run("fly")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("oauth-hook")


def test_misuse_is_said_in_the_words_of_the_command(capsys):
    """No message speaks Python, nor names an argument as nobody types it."""
    for words, said in (
        (["provider", "--host", "0.0.0.0"], "this machine alone"),  # noqa: S104 - it is refused
        (["credentials"], "list|show|add|remove"),
        (["request"], "required: [NAME] [METHOD] URL;"),
    ):
        with pytest.raises(SystemExit) as caught:
            cli.main(words)
        assert caught.value.code == 2
        error = capsys.readouterr().err
        assert said in error
        assert "loopback_only" not in error
    for words, said in ((["request", "--help"], "[NAME] [METHOD] URL\n"), (["explain", "--help"], "[NAME] [FILE]\n")):
        with pytest.raises(SystemExit):
            cli.main(words)
        usage, _, about = capsys.readouterr().out.partition("\n\n")
        assert f"{usage}\n".endswith(said)
        assert "\n    " not in about.partition("positional arguments")[0]


@pytest.mark.promise("no-secret-among-arguments-is-repeated")
def test_a_secret_among_the_arguments_is_not_repeated(capsys):
    """Whoever passes a secret as an argument is told that there is no such one, without the secret."""
    for word in ("--consumer-secret=hunter2", "-khunter2"):
        with pytest.raises(SystemExit) as caught:
            cli.main(["services", "tumblr", word])
        assert caught.value.code == 2
        error = capsys.readouterr().err
        assert word[:2] in error
        assert "hunter2" not in error
    with pytest.raises(SystemExit):
        cli.main(["services", "--consumer-secret", "hunter2"])
    assert "hunter2" not in capsys.readouterr().err


@pytest.mark.promise("no-secret-among-arguments-is-repeated")
@for_each("secret", ["hunter2", "hunter2/+=", "a:hunter2", "me@hunter2:x", "--hunter2", "-hunter2", "hunter2 x"])
@for_each(
    "words",
    ["{}", "services {}", "request {} http://a.example/", "request {} GET http://a.example/", "authorize {}",
     "request GET http://a.example/ --service {}", "authorize me --service {}", "credentials {}", "credentials show {}",
     "credentials remove {}", "credentials add me --service {}", "explain {}", "explain {} x", "provider --port {}",
     "provider {}", "services --json={}", "request GET http://a.example/ --s={}", "provider --host {}",
     "register me x@{}:y --application-name a", "authorize me --timeout {}",
     "request GET http://a.example/ --body-hash {}"],
)  # fmt: skip
def test_a_secret_where_a_word_should_stand_is_not_repeated(words, secret, capsys, monkeypatch):
    """No error says what was typed where COMMAND, NAME, a choice or ``--service`` stands."""
    monkeypatch.setattr("sys.stdin", io.StringIO("consumer\nsecret\n\n"))
    with suppress(SystemExit):
        status = cli.main([word.format(secret) for word in words.split()], store={"other": Consumer("c", "s")})
        assert status == 2 or words.startswith("credentials add")  # which asks no server whether there is one
    out, err = capsys.readouterr()
    assert "hunter2" not in out + err
    assert err or secret == "-hunter2"  # which Python 3.14 takes for -h


def test_a_mistyped_word_gets_the_one_that_was_meant(capsys):
    """A command, a service and a name that are nearly right are told what they may have been."""
    store = {"launchpad": Consumer("c", "s")}
    for words, meant in (
        (["reqest"], "request"), (["services", "tumbler"], "tumblr"), (["credentials", "lst"], "list"),
        (["credentials", "show", "lauchpad"], "launchpad"), (["explain", "lauchpad"], "launchpad"),
        (["request", "lauchpad", "GET", "http://a.example/"], "launchpad"),
        (["request", "GET", "http://a.example/", "--service", "Tumbler"], "tumblr"),
    ):  # fmt: skip
        with suppress(SystemExit):
            assert cli.main(words, store=store) == 2
        assert f"did you mean '{meant}'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["authorize", b"\xff"], ["register", "me", b"\xff", "--application-name", "a"], ["services", b"\xff"],
     ["credentials", "show", b"\xff"]],
)  # fmt: skip
def test_octets_that_are_no_text_are_misuse(words, capsys):
    """An argument that the terminal's encoding cannot read is refused in one line."""
    with pytest.raises(SystemExit) as caught:
        cli.main([os.fsdecode(word) for word in words])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "not text" in error
    assert error.count("\n") == 1


def test_the_version():
    """``--version`` says which this is."""
    assert run("--version").stdout == f"oauth-hook {__version__}\n"


def test_the_command_loads_no_http_library_before_it_is_needed():
    """``import oauth_hook.cli``, ``--version``, ``--help`` and ``services`` load neither requests nor sqlite3."""
    code = (
        "import sys, contextlib, io\n"
        "slow = {'requests', 'urllib3', 'sqlite3', 'oauthlib', 'cryptography', 'http.server', 'asyncio', 'json'}\n"
        "slow -= {*sys.modules}  # what measures the coverage has loaded some\n"
        "from oauth_hook import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    for words in (['--version'], ['--help'], ['request', '--help']):\n"
        "        with contextlib.suppress(SystemExit):\n"
        "            cli.main(words)\n"
        "    assert not slow & {*sys.modules}, slow & {*sys.modules}\n"
        "    assert cli.main(['services']) == cli.main(['services', 'tumblr']) == 0\n"
        "print(*sorted(slow & {*sys.modules}))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.split() in (["json"], [])


def test_a_request_that_succeeds_loads_nothing_that_it_does_not_need(server, tmp_path):
    """What finds secrets, explains a refusal, or opens a store takes as long to load as requests itself."""
    server.answer = lambda got: (200, {}, b"")
    names = ("redaction.redactor", "diagnosis", "tokens.keyring_store", "tokens.flow", "provider")
    slow = ["sqlite3", "oauthlib", *(f"oauth_hook.{name}" for name in names)]
    code = (
        "import sys\n"
        f"slow = [name for name in {slow} if name not in sys.modules]  # what measures the coverage has loaded some\n"
        "from oauth_hook import cli\n"
        f"assert cli.main(['request', {server.url!r}, '-d', 'a=1']) == 0\n"
        f"print([name for name in slow if name in sys.modules])"
    )
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "s", "XDG_DATA_HOME": str(tmp_path)}
    output = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, **given},
    )
    assert output.stdout == "[]\n"


def test_a_reader_that_goes_away_gets_no_traceback():
    """``oauth-hook demo | head`` ends quietly, with the status that a shell knows from other commands."""
    unbuffered = [COMMAND[0], "-u", *COMMAND[1:], "demo"]
    with subprocess.Popen(unbuffered, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 141


@pytest.mark.parametrize("words", [["services"], ["demo"], ["services", "nowhere"]])
def test_nobody_reads_anything(words):
    """Where nobody reads what is printed, errors included, the end is quiet: nothing is left to Python's own."""
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen([*COMMAND, *words], stdout=writer, stderr=writer if "nowhere" in words else subprocess.PIPE,
                          text=True) as process:  # fmt: skip
        os.close(writer)
        assert process.wait(30) == (2 if "nowhere" in words else 141)
        assert process.stderr is None or process.stderr.read() == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_is_said_in_one_line():
    """Output that cannot be written is status 1 and one line."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "services"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("oauth-hook: ")


@posix
def test_no_standard_output_at_all():
    """``>&-`` is no error."""
    done = subprocess.run(
        [*COMMAND, "services"], stderr=subprocess.PIPE, text=True, timeout=60, preexec_fn=lambda: os.close(1)
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_store_may_be_named_before_and_after_the_command(tmp_path, capsys):
    """--store is taken in both places; the later one counts."""
    for name in ("one", "two"):
        with CredentialStore(tmp_path / name) as store:
            store[name] = Consumer(name)
    one, two = ["--store", str(tmp_path / "one")], ["--store", str(tmp_path / "two")]
    for words, expected in (
        ([*one, "credentials", "list"], "one"),
        (["credentials", "list", *one], "one"),
        (["credentials", *one, "list"], "one"),
        ([*one, "credentials", "list", *two], "two"),
    ):
        assert cli.main(words) == 0
        assert capsys.readouterr().out == f"{expected}\tconsumer\n"


def test_the_demo_minds_no_proxy():
    """Loopback is asked directly, whatever proxy the environment names."""
    environment = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    assert run("demo", env=environment).returncode == 0
