"""Servers by somebody else, run on loopback: they take what the hook signs, and ``explain`` reads what they refuse.

They have an environment of their own, as some of them keep oauthlib below 3: ``.venv-servers``, or the folder that
``OAUTH_HOOK_SERVERS`` names. CONTRIBUTING.md says how it is made.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from tables import for_each

from oauth_hook import OAuthHook

HERE = Path(__file__).parent
PYTHON = Path(os.environ.get("OAUTH_HOOK_SERVERS", HERE.parents[1] / ".venv-servers")) / "bin" / "python"
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="the servers are not installed here: see CONTRIBUTING.md")

KEYS = {
    "consumer_key": "dpf43f3p2l4k3l03ck", "consumer_secret": "CSkd94hf93k423kf44",
    "access_token": "nnch734d00sl2jdkat", "access_token_secret": "TSpfkkdhi9sl3r4s00",
}  # fmt: skip
NO_TOKEN = {"access_token": "", "access_token_secret": ""}
LAUNCH = {
    "lti_message_type": "basic-lti-launch-request", "lti_version": "LTI-1p0", "resource_link_id": "1",
    "custom_a": "b c+d~%&=\u00e9\u96ea!*'()", "user_id": "",
}  # fmt: skip
ODD = {"a": "b c+d~%&=", "u": "\u00e9\u96ea!*'()", "empty": ""}


@contextmanager
def serve(library):
    """Run a server in a process of its own."""
    command = [str(PYTHON), str(HERE / "server_of.py"), library]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.wait(10)


class Call:
    """A request, and how its hook differs from the right one."""

    def __init__(self, method, path, hook=(), **more):
        self.method, self.path, self.hook, self.more = method, path, dict(hook), more

    def send(self, url, right, change=None):
        request = requests.Request(self.method, url + self.path, **self.more).prepare()
        right.replace(**self.hook)(request)
        request.url += change or ""
        with requests.Session() as session:
            session.trust_env = False
            return session.send(request, timeout=20)


RIGHT = [
    Call("GET", "/x?q=1%202&z=a+b"),
    Call("GET", "/a%20b/c;v=1?t=1&t=2&empty="),
    Call("GET", "/x?b=2&a=1", {"placement": "query"}),
    Call("POST", "/x", data=ODD),
    Call("POST", "/x?q=1%202", data=ODD),
    Call("POST", "/x", {"placement": "body"}, data=ODD),
    Call("POST", "/x", json={"a": 1}),
    Call("PUT", "/x", data=b"zz"),
]
LAUNCHES = [Call("POST", "/x", data=LAUNCH), Call("POST", "/x?a=1%202&b=3+4", data=LAUNCH)]
CALLS = {"authlib": RIGHT, "flask_oauthlib": RIGHT, "lti": LAUNCHES, "pylti": LAUNCHES}


def right_hook(library):
    """Return a hook that signs as a server wants it: those of LTI want it in the form, of a consumer alone."""
    return OAuthHook(**KEYS, header_auth=True) if CALLS[library] is RIGHT else OAuthHook(**{**KEYS, **NO_TOKEN})


NONCE = {"nonce": lambda: "aNonceThatIsUsedTwice", "clock": time.time}
CONSUMER_UNKNOWN = {"consumer_key": "notaconsumerofthisone"}
TOKEN_UNKNOWN = {"access_token": "notatokenofthisone", "access_token_secret": "TSof-another"}
BLAMES_SECRETS = "consumer-secret"  # the first of the candidates, where a server says no more than that it refuses

#: What is signed otherwise, and what ``explain`` says of the refusal with the credentials that signed, by server:
#: Authlib's, Flask-OAuthlib's, lti's, PyLTI's. None: the server does not mind.
FAULTS = {
    "an unknown consumer": (CONSUMER_UNKNOWN, ("consumer-key", BLAMES_SECRETS, BLAMES_SECRETS, BLAMES_SECRETS)),
    "another secret": ({"consumer_secret": "CSof-another"}, (BLAMES_SECRETS,) * 4),
    "a nonce again": (NONCE, ("nonce-reused", BLAMES_SECRETS, BLAMES_SECRETS, None)),
    "an unknown token": (TOKEN_UNKNOWN, ("token-expired", BLAMES_SECRETS, "no-cause-found", BLAMES_SECRETS)),
    "no token": (NO_TOKEN, ("token-missing", BLAMES_SECRETS, None, None)),
    "another method": ({"signature_method": "HMAC-SHA512"}, ("signature-method", *(BLAMES_SECRETS,) * 3)),
}

#: What is computed, whatever the server says: with the right credentials in hand.
COMPUTED = {
    "a space after the secret": ({"consumer_secret": KEYS["consumer_secret"] + " "}, "", "secret-whitespace"),
    "a query that was changed": ({}, "&late=1", "query-changed"),
    "the query alone": ({}, "?late=1", "query-changed"),
}


@pytest.fixture(scope="module", params=list(CALLS))
def server(request):
    """The name of a library, and the URL of its server."""
    with serve(request.param) as url:
        yield request.param, url


def test_what_the_hook_signs_is_taken(server):
    """In each placement that the server reads, of each kind of body; and ``explain`` says that it was."""
    library, url = server
    hook = right_hook(library)
    for call in CALLS[library]:
        response = call.send(url, hook)
        assert (response.status_code, response.text) == (200, "taken"), f"{call.method} {call.path} {call.hook}"
        (finding,) = hook.explain(response).findings
        assert "is right for these secrets" in finding.summary


@for_each("name", FAULTS)
def test_what_a_server_refuses_is_read(server, name):
    """What it says is the first finding; where it says nothing, there are candidates, and nothing is called proven."""
    library, url = server
    change, expected = FAULTS[name]
    code = expected[list(CALLS).index(library)]
    call, signer = CALLS[library][0], right_hook(library).replace(**change)
    response = call.send(url, signer)
    if change is NONCE:
        assert response.ok
        response = call.send(url, signer)
    assert response.ok == (code is None)
    if code is not None:
        explanation = signer.explain(response)
        assert explanation.findings[0].code == code, explanation
        # A hook has sent the second one once more by itself, with the nonce that it was told to take: that is seen.
        assert change is NONCE or not any(finding.proven for finding in explanation.findings), explanation


@for_each("name", COMPUTED)
def test_what_was_signed_wrong_is_proven(server, name):
    """By the secrets, whatever the server says of it."""
    library, url = server
    change, late, code = COMPUTED[name]
    calls = [call for call in CALLS[library] if ("?" in call.path) == (late[:1] != "?")]
    call, hook = calls[-1], right_hook(library)
    response = Call(call.method, call.path, {**call.hook, **change}, **call.more).send(url, hook, late)
    assert response.status_code == 401
    first = hook.explain(response).findings[0]
    assert (first.code, first.proven) == (code, True)


def test_what_is_not_signed_is_told_so(server):
    """Whatever the server makes of it."""
    library, url = server
    response = requests.post(f"{url}/x", LAUNCH, timeout=20)
    assert not response.ok
    assert right_hook(library).explain(response).findings[0].code == "unsigned"


SHAPES = [
    (Call("POST", "/x", data={"t": ["1", "2"]}), "duplicate-parameters"),
    (Call("POST", "/x", files={"f": b"1"}, data={"g": "1"}), "body-signed"),
]


def test_shapes_that_servers_mishandle():
    """A form that names a field twice, or that is multipart, is right, and refused by some: that is what is said."""
    for library, refused in (("authlib", SHAPES), ("flask_oauthlib", SHAPES[:1])):
        hook = right_hook(library)
        with serve(library) as url:
            for call, code in refused:
                response = call.send(url, hook)
                assert response.status_code == 401
                first = hook.explain(response).findings[0]
                assert (first.code, first.side, first.proven) == (code, "server", False)
