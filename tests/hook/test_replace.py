"""``hook.replace`` and a shared ``ServerClock``: other arguments, with everything else as it was."""

from __future__ import annotations

import pytest
import requests

from oauth_hook import AccessToken, OAuthHook, UsageError
from oauth_hook.hook import ServerClock

FULL = {
    "access_token": "t", "access_token_secret": "ts", "consumer_key": "c", "consumer_secret": "cs",
    "placement": "header", "signature_method": "HMAC-SHA256", "realm": 'a "realm"', "callback": "oob", "verifier": "v",
    "body_hash": "sha256", "origins": ["https://api.example.com", "http://127.0.0.1:8080", "http://[::1]:80"],
    "nonce": lambda: "n", "clock": lambda: 5.0,
}  # fmt: skip
OTHER = {
    "consumer_key": "c2", "consumer_secret": "cs2", "placement": "query", "signature_method": "HMAC-SHA512",
    "realm": None, "callback": None, "verifier": "w", "body_hash": None, "origins": None, "nonce": lambda: "m",
    "header_auth": True,
}  # fmt: skip


def signed(hook, url="https://api.example.com/?a=1"):
    request = hook(requests.Request("POST", url, data=b"x", headers={"Content-Type": "text/plain"}).prepare())
    return request.method, request.url, dict(request.headers), request.body


@pytest.mark.parametrize("name", [None, *OTHER])
def test_one_argument_is_replaced_and_all_others_stay(name):
    """A hook with one argument replaced signs as one that was made with it; the first one has not changed."""
    hook = OAuthHook(**FULL)
    before = signed(hook)
    other = hook.replace(**({} if name is None else {name: OTHER[name]}))
    expected = FULL | ({} if name is None else {name: OTHER[name]})
    if name == "header_auth":
        del expected["placement"]
    assert signed(other) == signed(OAuthHook(**expected))
    assert signed(other, "https://elsewhere.example/") == signed(OAuthHook(**expected), "https://elsewhere.example/")
    assert signed(hook) == before


def test_a_token_is_replaced_as_a_whole():
    """A new token does not take over the old one's secret, and ``None`` makes the hook two-legged."""
    hook = OAuthHook(**FULL)
    assert hook.replace(access_token="u").token == AccessToken("u", "")
    assert hook.replace(access_token="u", access_token_secret="us").token == AccessToken("u", "us")
    assert hook.replace(access_token=None).token is None


def test_what_else_a_token_has_stays():
    """A token's expiry, which the constructor does not take, survives the replacement of something else."""
    token = AccessToken("t", "ts", expires_at=9.0)
    assert OAuthHook(**FULL).as_user(token).replace(realm="b").token == token


def test_a_subclass_stays_one():
    """A subclass with a constructor and attributes of its own keeps both."""

    class Own(OAuthHook):
        consumer_key = "c"

        def __init__(self, label):
            super().__init__(header_auth=True)
            self.label = label

    other = Own("mine").replace(realm="r")
    assert (type(other), other.label, other.consumer.key) == (Own, "mine", "c")
    assert 'realm="r"' in signed(other)[2]["Authorization"]


def test_the_clock_is_shared():
    """What one learns of the server's time, the others know: those that were replaced, and those given the clock."""
    clock = ServerClock(lambda: 1000.0)
    hook = OAuthHook(consumer_key="c", header_auth=True, clock=clock)
    hooks = [hook, hook.replace(realm="r"), hook.as_user(AccessToken("t", "s")), OAuthHook(
        consumer_key="d", header_auth=True, clock=clock)]  # fmt: skip
    clock.learn(5000.0)
    assert all('oauth_timestamp="5000"' in signed(one)[2]["Authorization"] for one in hooks)
    assert 'oauth_timestamp="7"' in signed(hook.replace(clock=lambda: 7))[2]["Authorization"]


def test_what_one_is_taught_all_know(server, abroad):
    """A refusal teaches all that share the clock the time of its server, and of no other."""
    clock = ServerClock(lambda: 1000.0)
    hook = OAuthHook(consumer_key="c", header_auth=True, clock=clock)
    sharing = [hook.replace(realm="r"), hook.as_user(AccessToken("t", "s")), OAuthHook(
        consumer_key="d", header_auth=True, clock=clock)]  # fmt: skip
    own = hook.replace(clock=lambda: 1000.0)
    refusal = 401, {"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}, b""
    server.answer = lambda got: refusal if len(server.received) == 1 else (200, {}, b"")
    assert requests.get(server.url, auth=hook).status_code == 200
    at_server, elsewhere = 'oauth_timestamp="946684800"', 'oauth_timestamp="1000"'
    assert all(at_server in signed(one, server.url)[2]["Authorization"] for one in [hook, *sharing])
    assert all(elsewhere in signed(one, abroad.url)[2]["Authorization"] for one in [hook, *sharing])
    assert elsewhere in signed(own, server.url)[2]["Authorization"]


def test_the_parsed_key_is_shared(monkeypatch):
    """An RSA key is not parsed again."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    from oauth_hook.protocol import rsa as room

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    hook = OAuthHook(consumer_key="c", signature_method="RSA-SHA256", rsa_key=pem, header_auth=True)
    monkeypatch.setattr(room, "_parse", lambda *_: pytest.fail("the key was parsed again"))
    assert "oauth_signature=" in signed(hook.replace(realm="r"))[2]["Authorization"]


@pytest.mark.parametrize("name", ["token", "consumer", "acess_token"])
def test_an_unknown_argument(name):
    """An argument that the constructor does not have is a UsageError that names it."""
    with pytest.raises(UsageError, match=name):
        OAuthHook(**FULL).replace(**{name: "x"})
