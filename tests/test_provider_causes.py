"""The embedded provider names the exact cause of a wrong signature, in its answer and in its log.

The faulty signatures are made by hand here, with the standard library.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
import requests

from oauth_hook.provider import Provider, serve


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


def e(text: str) -> str:
    return quote(text, safe="~")


def plain_key(consumer: str, token: str) -> str:
    return f"{e(consumer)}&{e(token)}"


class Fault:
    """One way to sign wrongly; each function stands for a step of RFC 5849 s3.4."""

    def __init__(self, **rules: Any) -> None:
        self.method = rules.get("method", lambda method: method)
        self.uri = rules.get("uri", lambda uri: uri)
        self.pairs = rules.get("pairs", lambda pairs: pairs)
        self.spell = rules.get("spell", e)
        self.order = rules.get("order", sorted)
        self.key = rules.get("key", plain_key)
        self.digest = rules.get("digest", "sha1")
        self.form = rules.get("form", {})
        self.realm = rules.get("realm", "")

    def send(self, provider: Provider) -> requests.Response:
        token = provider.add_token()
        oauth = {
            "oauth_consumer_key": provider.consumer.key, "oauth_token": token.key, "oauth_nonce": token.key[:20],
            "oauth_timestamp": str(int(time.time())), "oauth_signature_method": "HMAC-SHA1",
        }  # fmt: skip
        own = [("b", "x y~+"), ("a", ""), ("b2", "2")]
        method, uri = "POST" if self.form else "GET", provider.resource_url
        pairs = self.pairs([*oauth.items(), *own, *self.form.items()])
        spelled = self.order([(self.spell(name), self.spell(value)) for name, value in pairs])
        normalized = "&".join(f"{name}={value}" for name, value in spelled)
        text = f"{self.method(method)}&{e(self.uri(uri))}&{e(normalized)}"
        key = self.key(provider.consumer.secret, token.secret)
        made = b64encode(hmac.digest(key.encode(), text.encode(), self.digest)).decode()
        parts = ([f'realm="{self.realm}"'] if self.realm else []) + [
            f'{name}="{e(value)}"' for name, value in {**oauth, "oauth_signature": made}.items()
        ]
        query = "&".join(f"{e(name)}={e(value)}" for name, value in own)
        headers = {"Authorization": f"OAuth {', '.join(parts)}"}
        return requests.request(method, f"{uri}?{query}", headers=headers, data=self.form or None, timeout=20)


FAULTS = {
    "the consumer's secret was used with a line feed after it": Fault(key=lambda c, t: plain_key(c + "\n", t)),
    "the token's secret was used with a space before it": Fault(key=lambda c, t: plain_key(c, " " + t)),
    "the two secrets were swapped": Fault(key=lambda c, t: plain_key(t, c)),
    "the token's secret was left out": Fault(key=lambda c, t: plain_key(c, "")),
    "no secret was used": Fault(key=lambda c, t: "&"),
    "the key was made without its &": Fault(key=lambda c, t: c),
    "it is signed with HMAC-SHA256, and oauth_signature_method says HMAC-SHA1": Fault(digest="sha256"),
    "it is signed for POST, and came as GET": Fault(method=lambda method: "POST"),
    "it is signed for https": Fault(uri=lambda uri: uri.replace("http:", "https:")),
    "it is signed without the port": Fault(uri=lambda uri: uri[: uri.rindex(":")] + "/api/resource"),
    "it is signed for the host localhost": Fault(uri=lambda uri: uri.replace("127.0.0.1", "localhost")),
    "it is signed with a slash after the path": Fault(uri=lambda uri: uri + "/"),
    "the form's fields were not signed": Fault(
        form={"status": "hi"}, pairs=lambda pairs: [pair for pair in pairs if pair[0] != "status"]
    ),
    "the query was not signed": Fault(pairs=lambda pairs: [pair for pair in pairs if pair[0].startswith("oauth_")]),
    "the realm was signed": Fault(realm="R", pairs=lambda pairs: [*pairs, ("realm", "R")]),
    "b2 was not signed, or was added afterwards": Fault(pairs=lambda pairs: [p for p in pairs if p[0] != "b2"]),
    "a was not signed, or was added afterwards": Fault(pairs=lambda pairs: [pair for pair in pairs if pair[1]]),
    "spaces were signed as +": Fault(spell=lambda text: e(text).replace("%20", "+")),
    "+ was signed as a space": Fault(spell=lambda text: e(text.replace("+", " "))),
    "~ was percent-encoded": Fault(spell=lambda text: e(text).replace("~", "%7E")),
    "parameters were percent-encoded twice": Fault(spell=lambda text: e(e(text))),
    "parameters were not percent-encoded": Fault(spell=lambda text: text),
    "the parameters were not sorted": Fault(order=list),
}  # fmt: skip


@pytest.mark.parametrize("cause", FAULTS)
def test_the_exact_cause_is_named(cause: str, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    """One mistake in a signature is named in the answer's advice, in its challenge and in the log; no secret is."""
    caplog.set_level(logging.INFO, "oauth_hook.provider")
    with FAULTS[cause].send(provider) as answer:
        fields = dict(parse_qsl(answer.text))
    assert (answer.status_code, fields["oauth_problem"]) == (401, "signature_invalid")
    assert fields["oauth_problem_advice"].startswith(cause)
    assert e(cause) in answer.headers["WWW-Authenticate"]
    assert f"signature_invalid: {cause}" in caplog.text
    assert provider.consumer.secret not in answer.text + caplog.text


def test_the_hand_made_signature_is_right(provider: Provider) -> None:
    """Without a fault the same code's requests are verified: the table is about its faults."""
    for fault in (Fault(), Fault(form={"status": "hi"}), Fault(realm="R")):
        with fault.send(provider) as answer:
            assert answer.status_code == 200


def test_an_unknown_cause(provider: Provider) -> None:
    """A signature that no usual mistake makes is refused without a guess."""
    with Fault(key=lambda c, t: hashlib.sha1(c.encode()).hexdigest()).send(provider) as answer:  # noqa: S324
        advice = dict(parse_qsl(answer.text))["oauth_problem_advice"]
    assert advice == "compare the secrets, and the base string part by part"


def test_plaintext(provider: Provider) -> None:
    """A PLAINTEXT signature that lacks the token's secret is told so, too."""
    token = provider.add_token()
    signature = e(f"{e(provider.consumer.secret)}&")
    header = (
        f'OAuth oauth_consumer_key="{provider.consumer.key}", oauth_token="{token.key}", '
        f'oauth_signature_method="PLAINTEXT", oauth_signature="{signature}"'
    )
    with requests.get(provider.resource_url, headers={"Authorization": header}, timeout=20) as answer:
        fields = dict(parse_qsl(answer.text))
    assert fields["oauth_problem_advice"] == "the token's secret was left out"
    assert provider.consumer.secret not in answer.text
