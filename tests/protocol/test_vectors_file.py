"""``vectors/oauth1.json`` for everybody: its form, its faults, and the programs that run libraries on it.

Its published examples are looked at stage by stage in ``test_vectors.py``; here all of it goes through the provider.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from tables import for_each
from test_vectors import PUBLISHED, VECTORS, pem

from oauth_hook import AccessToken, Consumer, sign, verify
from oauth_hook.provider.application import Application
from oauth_hook.provider.storage import Storage
from oauth_hook.provider.validator import Policy

FOLDER = Path(__file__).parent.parent.parent / "vectors"
FAULTS = PUBLISHED["faults"]
SIGNED = [row for row in PUBLISHED["requests"] if row["signature"] is not None]


def names(rows):
    return [row["name"] for row in rows]


def test_the_file_is_as_its_schema_says():
    """The file fits the schema beside it; and an entry without its source, or with a field too many, does not."""
    fastjsonschema = pytest.importorskip("fastjsonschema", reason="fastjsonschema is not installed")
    validate = fastjsonschema.compile(json.loads((FOLDER / "oauth1.schema.json").read_text(encoding="utf-8")))
    validate(PUBLISHED)
    first = PUBLISHED["requests"][0]
    for wrong in ({"source": ""}, {"published": []}, {"more": 1}, {"oauth": {"token": "x"}}, {"signature": 1}):
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            validate({**PUBLISHED, "requests": [{**first, **wrong}]})
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validate({**PUBLISHED, "faults": [{**FAULTS[0], "causes": []}]})


def test_names_are_unique_and_published_stages_are_there():
    """An entry is found by its name, and has each stage that it says its source has."""
    for rows in (PUBLISHED["requests"], FAULTS):
        assert len(set(names(rows))) == len(rows)
    assert all(getattr(vector, stage) is not None for vector in VECTORS for stage in vector.published)


# --- faults ---


def read_body(row):
    return base64.b64decode(row["body_base64"]) if "body_base64" in row else row["body"]


def credentials(row):
    token = row["oauth"].get("oauth_token")
    return {
        "consumer": Consumer(row["oauth"]["oauth_consumer_key"], row["consumer_secret"]),
        "token": AccessToken(token, row["token_secret"]) if token else None,
    }


def with_signature(row, signature):
    return row["header"].replace(quote(row["signature"], safe="~"), quote(signature, safe="~"))


@for_each("row", FAULTS, ids=names(FAULTS))
def test_faults_are_of_requests_that_we_sign_right(row):
    """``sign`` makes the right base string and signature of each fault's request."""
    oauth = row["oauth"]
    signed = sign(
        row["method"],
        row["url"],
        headers={**row["headers"], "Authorization": row["header"]},  # with whatever else it has: an empty oauth_token
        body=read_body(row),
        **credentials(row),
        signature_method=oauth["oauth_signature_method"],
        nonce=oauth["oauth_nonce"],
        timestamp=oauth["oauth_timestamp"],
    )
    assert (row["base_string"], row["signature"]) == (signed.base_string, signed.signature)


@for_each("row", FAULTS, ids=names(FAULTS))
def test_faults_are_refused(row):
    """``verify`` accepts the right signature, and refuses the wrong one."""
    host = row["headers"].get("Host", urlsplit(row["url"]).netloc)  # the server's own name is the URL's to verify
    request = {"url": row["url"].replace(urlsplit(row["url"]).netloc, host, 1), "body": read_body(row)}
    for signature, accepted in ((row["signature"], True), (row["wrong"]["signature"], False)):
        headers = {**row["headers"], "Authorization": with_signature(row, signature)}
        verdict = verify(row["method"], **request, headers=headers, **credentials(row))
        assert bool(verdict) == accepted, verdict.reason
        assert accepted or verdict.reason.startswith("the signature is wrong")
    assert row["wrong"]["signature"] != row["signature"]


# --- the provider ---


def ask_provider(row, header):
    """Return the status of a provider that knows the credentials of a row, and whose clock is right for it."""
    oauth, url = row["oauth"], urlsplit(row["url"])
    time = int(oauth["oauth_timestamp"]) if oauth.get("oauth_timestamp", "").isdigit() else 0
    body = read_body(row) or b""
    body = body.encode() if isinstance(body, str) else body
    environ = {
        "wsgi.url_scheme": url.scheme, "REQUEST_METHOD": row["method"], "HTTP_AUTHORIZATION": header,
        "REQUEST_URI": (url.path or "/") + (f"?{url.query}" if url.query else ""), "QUERY_STRING": url.query,
        "PATH_INFO": unquote(url.path or "/", "latin-1"), "HTTP_HOST": url.netloc, "SERVER_NAME": url.netloc,
        "SERVER_PORT": "443", "wsgi.input": io.BytesIO(body), **({"CONTENT_LENGTH": str(len(body))} if body else {}),
    }  # fmt: skip
    for name, value in row["headers"].items():
        environ["CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper().replace('-', '_')}"] = value
    storage = Storage()
    try:
        application = Application(storage, Policy(clock=lambda: time))
        key = row["oauth"]["oauth_consumer_key"]
        storage.add_consumer("vectors", key, row["consumer_secret"], read_public_key(row.get("rsa_key")))
        if oauth.get("oauth_token"):
            storage.set_user("alice", "password", 2)
            storage.add_access_token(oauth["oauth_token"], row["token_secret"], key, "alice")
        handler = application._resource if oauth.get("oauth_token") else application._two_legged
        application._routes = dict.fromkeys({url.path, environ["PATH_INFO"]}, (frozenset({row["method"]}), handler))
        statuses = []
        application(environ, lambda status, _: statuses.append(int(status[:3])))
    finally:
        storage.close()
    return statuses[0]


def read_public_key(name):
    if name is None:
        return None
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    public = serialization.load_pem_private_key(pem(name).encode(), None).public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, kind).decode()


@for_each("row", [*SIGNED, *FAULTS], ids=names([*SIGNED, *FAULTS]))
def test_the_provider_judges_them(row):
    """The provider accepts what is right, and refuses what is wrong.

    It is stricter in two things: a timestamp is the seconds since 1970 (two rows have words there, one eleven digits),
    and a query is UTF-8.
    """
    has_seconds = re.fullmatch("[0-9]{1,10}", row["oauth"].get("oauth_timestamp", "0"))
    right = ask_provider(row, row["header"])
    assert right == (200 if has_seconds and "%E9" not in row["url"] else 400)
    if "wrong" in row and right == 200:
        assert ask_provider(row, with_signature(row, row["wrong"]["signature"])) == 401


# --- the runners ---


def load_runner():
    spec = importlib.util.spec_from_file_location("vectors_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_runner_names_the_cause():
    """A library's signature is right, or one of the faults', or another; or it raises an error."""
    runner = load_runner()
    cases = list(runner.read_cases(PUBLISHED))
    assert sum(len(wrongs) for _, wrongs in cases) > 100
    for row, wrongs in cases:
        assert runner.judge(lambda row, _: row["signature"], row, wrongs, None) == ("right", "")
        for signature, fault in wrongs.items():
            result, why = runner.judge(lambda *_, signature=signature: signature, row, wrongs, None)
            assert result == "wrong"
            assert fault["causes"][0] in why
    row, wrongs = cases[0]
    assert runner.judge(lambda *_: "x", row, wrongs, None) == ("wrong", "another signature")
    assert runner.judge(lambda *_: 1 / 0, row, wrongs, None)[1].startswith("raises ZeroDivisionError")


COMMANDS = {
    "run.py": [sys.executable],
    "run.js": ["node"],
    "run.rb": ["ruby"],
    "run.pl": ["perl"],
    "run.php": ["php"],
    "run.go": ["go", "run"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_runners_run(name):
    """Each runner judges every request for every library that is installed; and ours signs all that it is asked for."""
    command = COMMANDS[name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    place = {"cwd": FOLDER, "capture_output": True, "text": True, "timeout": 100, "check": False, "encoding": "utf-8"}
    if name == "run.go" and subprocess.run(["go", "list", "-deps", name], **place).returncode:
        pytest.skip("no Go module with the libraries is here")
    done = subprocess.run([*command, name], **place, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    count = int(re.fullmatch(r"\S+ \S+, (\d+) requests", head)[1])
    assert count == len(list(load_runner().read_cases(PUBLISHED)))
    summaries = [line for line in lines if not line.startswith("    ")]
    if not summaries:
        pytest.skip(f"no library of {command[0]} is installed")
    for line in summaries:
        numbers = re.fullmatch(r"\S+ \S+: (\d+) right, (\d+) wrong, (\d+) not asked", line).groups()
        assert sum(map(int, numbers)) == count
        assert int(numbers[0]) > count // 3
    if name == "run.py":
        assert re.search("^requests-oauth-hook .*, 0 wrong, ", done.stdout, re.MULTILINE)
