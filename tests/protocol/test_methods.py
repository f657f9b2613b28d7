"""Signature methods: the key that HMAC is made with, and what a process forbids."""

import copy
import hmac
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from oauth_hook import AccessToken, Consumer, OAuthFlow, OAuthHook, UsageError, sign, verify
from oauth_hook.protocol import METHODS, Key, Method, register

URL = "https://api.example.com/1"
CONSUMER = Consumer("key", "secret")


@pytest.fixture
def forbid(monkeypatch):
    """Set the words of OAUTH_HOOK_FORBID."""
    return lambda words: monkeypatch.setenv("OAUTH_HOOK_FORBID", words)


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512", "sha384", "sha3_256"])
def test_a_key_makes_the_hmac_of_the_standard_library(digest):
    """Keys shorter than, as long as and longer than a block of the hash, with any byte that UTF-8 has (RFC 2104 s2)."""
    for size in [*range(3), 19, 20, 63, 64, 65, 71, 72, 127, 128, 129, 135, 136, 137, 1000]:
        secret = "".join(chr(1 + (size * 7 + i) % 250) for i in range(size))
        key = Key(secret)
        for message in (b"", b"GET&a&b", b"x" * 5000, b""):
            assert key.hmac(message, digest) == hmac.digest(secret.encode(), message, digest)


def test_a_key_is_a_value():
    """It compares, copies and pickles as what it is made of, whether it has been used or not, and shows nothing."""
    key = Key("secret&secret")
    used = Key("secret&secret")
    used.hmac(b"text", "sha1")
    for other in (used, copy.copy(used), copy.deepcopy(used), pickle.loads(pickle.dumps(used))):
        assert (other, hash(other), repr(other)) == (key, hash(key), "Key(***)")
        assert other.hmac(b"text", "sha1") == key.hmac(b"text", "sha1")
    with pytest.raises(AttributeError):
        key.signing_key = "other"


def test_threads_share_a_key():
    """What threads make with one key at the same time is what each makes alone."""
    key = Key("secret&secret")
    messages = [f"message {i}".encode() * (1 + i % 400) for i in range(2000)]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda message: key.hmac(message, "sha256"), messages))
    assert made == [hmac.digest(b"secret&secret", message, "sha256") for message in messages]


# --- OAUTH_HOOK_FORBID ---

FORBIDDEN = {
    "PLAINTEXT": ["PLAINTEXT"],
    "SHA1": ["HMAC-SHA1", "RSA-SHA1"],
    "PLAINTEXT,SHA1": ["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"],
    " plaintext , sha1,": ["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"],
    "HMAC-SHA1": ["HMAC-SHA1"],
    "RSA sha512": ["HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512"],
    "": [],
    " , ": [],
}


@pytest.mark.promise("what-is-forbidden-neither-signs-nor-verifies")
@pytest.mark.parametrize("words", FORBIDDEN)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_forbidden_signs_nothing(words, method, forbid):
    """A word forbids the method of that name, and those that it is a part of: to hook, flow and sign."""
    forbid(words)
    arguments = {"signature_method": method, "rsa_key": lambda data: b"signature"}
    makers = {
        "hook": lambda: OAuthHook("t", "s", "k", "s", **arguments),
        "flow": lambda: OAuthFlow(CONSUMER, f"{URL}/r", f"{URL}/a", f"{URL}/t", **arguments),
        "sign": lambda: sign("GET", URL, consumer=CONSUMER, **arguments),
    }
    for make in makers.values():
        if method in FORBIDDEN[words]:
            with pytest.raises(UsageError, match="OAUTH_HOOK_FORBID") as error:
                make()
            assert method in str(error.value)
            permitted = [name for name in METHODS if name not in FORBIDDEN[words]]
            assert f"permits {', '.join(map(repr, permitted))}" in str(error.value)
        else:
            assert make()


@pytest.mark.promise("what-is-forbidden-neither-signs-nor-verifies")
@pytest.mark.parametrize("words", FORBIDDEN)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"])
def test_what_is_forbidden_verifies_nothing(words, method, forbid):
    """A request that was signed with a forbidden method is refused, and the reason names the variable."""
    signed = sign("GET", URL, consumer=CONSUMER, signature_method=method)
    forbid(words)
    verdict = verify("GET", URL, headers=signed.headers, consumer=CONSUMER)
    assert bool(verdict) == (method not in FORBIDDEN[words])
    assert verdict or (method in verdict.reason and "OAUTH_HOOK_FORBID" in verdict.reason)
    assert bool(verify("GET", URL, headers=signed.headers, consumer=CONSUMER, methods=[method])) == bool(verdict)


@pytest.mark.promise("what-is-forbidden-neither-signs-nor-verifies")
def test_sha1_is_forbidden_as_a_body_hash_too(forbid):
    """A digest over the body is as weak as its hash: neither made nor accepted."""
    body = {"headers": {"Content-Type": "application/json"}, "body": b"{}"}
    signed = sign("POST", URL, **body, consumer=CONSUMER, signature_method="HMAC-SHA256", body_hash="sha1")
    forbid("SHA1")
    with pytest.raises(UsageError, match=r"body_hash='sha1' is forbidden .* permits 'sha256', 'sha512'"):
        sign("POST", URL, **body, consumer=CONSUMER, signature_method="HMAC-SHA256", body_hash="sha1")
    verdict = verify("POST", URL, headers=signed.headers, body=b"{}", consumer=CONSUMER)
    assert "sha1" in verdict.reason
    assert "OAUTH_HOOK_FORBID" in verdict.reason
    again = sign("POST", URL, **body, consumer=CONSUMER, signature_method="HMAC-SHA256", body_hash="sha256")
    assert verify("POST", URL, headers=again.headers, body=b"{}", consumer=CONSUMER)


@pytest.mark.promise("what-is-forbidden-neither-signs-nor-verifies")
@pytest.mark.parametrize("words", ["SHA-1", "PLAINTEXT,SHA1,MD5", "plain", "*", "SHA1;PLAINTEXT", "HMAC-", "1"])
def test_a_word_that_forbids_nothing_stops_all(words, forbid):
    """What was meant to be forbidden and is misspelt does not go on in silence: nothing is signed or verified."""
    forbid(words)
    for call in (
        lambda: OAuthHook("t", "s", "k", "s", signature_method="HMAC-SHA256"),
        lambda: sign("GET", URL, consumer=CONSUMER, signature_method="HMAC-SHA256"),
        lambda: verify("GET", URL, consumer=CONSUMER),
    ):
        with pytest.raises(UsageError, match="OAUTH_HOOK_FORBID") as error:
            call()
        assert words.split(",")[-1].upper() in str(error.value)
        assert "PLAINTEXT" in str(error.value)


def test_what_was_made_elsewhere_is_judged_where_it_is_used(forbid):
    """A hook that was pickled in another process, and one for another user, do not get around the variable."""
    hook = OAuthHook("t", "s", "k", "s", signature_method="HMAC-SHA1")
    pickled = pickle.dumps(hook)
    forbid("SHA1")
    for make in (
        lambda: pickle.loads(pickled),
        lambda: copy.deepcopy(hook),
        lambda: hook.as_user(AccessToken("u")),
        lambda: hook.replace(realm="r"),
    ):
        with pytest.raises(UsageError, match="OAUTH_HOOK_FORBID"):
            make()
    assert hook.replace(signature_method="HMAC-SHA256")


def test_a_method_of_the_applications_own_is_forbidden_like_any(forbid):
    """By its name, by a part of it, and by PLAINTEXT where it sends the secrets; its words are known once it is."""
    forbid("SHA384")
    with pytest.raises(UsageError, match="SHA384"):
        sign("GET", URL, consumer=CONSUMER)
    register(Method("HMAC-SHA384", lambda text, key: key.hmac(text.encode(), "sha384")))
    register(Method("BARE", lambda text, key: key.signing_key.encode(), plain=True))
    try:
        assert sign("GET", URL, consumer=CONSUMER)
        for words, name in (("SHA384", "HMAC-SHA384"), ("PLAINTEXT", "BARE"), ("bare", "BARE")):
            forbid(words)
            with pytest.raises(UsageError, match=f"signature_method='{name}' is forbidden"):
                sign("GET", URL, consumer=CONSUMER, signature_method=name)
    finally:
        del METHODS["HMAC-SHA384"], METHODS["BARE"]


@pytest.mark.promise("what-is-forbidden-neither-signs-nor-verifies")
def test_the_command_obeys():
    """The command signs nothing with what is forbidden: it exits with 2 before anything is sent."""
    run = subprocess.run(
        [sys.executable, "-m", "oauth_hook", "request", "GET", "http://127.0.0.1:1/"],
        env={"OAUTH_HOOK_FORBID": "PLAINTEXT,SHA1", "OAUTH_CONSUMER_KEY": "k", "OAUTH_CONSUMER_SECRET": "hunter2"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 2
    assert "OAUTH_HOOK_FORBID" in run.stderr
    assert "hunter2" not in run.stderr


def test_plaintext_that_is_permitted_still_wants_https(forbid):
    """Permitting a method permits nothing else."""
    forbid("SHA1")
    hook = OAuthHook("t", "s", "k", "s", signature_method="PLAINTEXT")
    with pytest.raises(UsageError, match="plain http"):
        hook(requests.Request("GET", "http://api.example.com/").prepare())
