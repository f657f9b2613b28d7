"""The embedded provider names the exact cause of a wrong signature, in its answer and in its log.

The faulty signatures are made by hand here, with the standard library.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import logging
import re
import time
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pytest
import requests
from tables import for_each

from oauth_hook import AccessToken, Consumer, explain, sign
from oauth_hook.provider import Application, Provider, serve
from oauth_hook.provider.naming import MAX_CHARACTERS, MAX_PARAMETERS, name_cause
from oauth_hook.provider.parameters import Parameters
from oauth_hook.provider.storage import Storage

FORM = "application/x-www-form-urlencoded"
SECRET = "S+ secret/of%41~the consumer"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


def e(text: str) -> str:
    return quote(text, safe="~")


def plain_key(consumer: str, token: str) -> str:
    return f"{e(consumer)}&{e(token)}"


def lower(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), text)


def drop(*names: str) -> Any:
    return lambda pairs: [pair for pair in pairs if pair[0] not in names]


class Fault:
    """One way to sign wrongly; each function stands for a step of RFC 5849 s3.4."""

    def __init__(self, code: str = "", **rules: Any) -> None:
        self.code = code
        self.method = rules.get("method", lambda method: method)
        self.uri = rules.get("uri", lambda uri: uri)
        self.pairs = rules.get("pairs", lambda pairs: pairs)
        self.spell = rules.get("spell", e)
        self.order = rules.get("order", sorted)
        self.key = rules.get("key", plain_key)
        self.digest = rules.get("digest", "sha1")
        self.finish = rules.get("finish", lambda text: text)
        self.written = rules.get("written", lambda octets: b64encode(octets).decode())
        self.own = rules.get("own", [("b", "x y~+"), ("a", ""), ("b2", "2")])
        self.form = rules.get("form", [])
        self.body = rules.get("body")
        self.type = rules.get("type", "application/json")
        self.realm = rules.get("realm", "")
        self.path = rules.get("path", "")
        self.name = rules.get("name", "HMAC-SHA1")
        self.callback = rules.get("callback", "")

    def send(self, provider: Provider) -> tuple[requests.Response, Consumer, AccessToken]:
        """Return the answer, and the right credentials."""
        consumer, token = provider.add_consumer(secret=SECRET), AccessToken("none", "")
        token = provider.add_token(consumer)
        oauth = {
            "oauth_consumer_key": consumer.key, "oauth_token": token.key, "oauth_nonce": token.key[:20],
            "oauth_timestamp": str(int(time.time())), "oauth_signature_method": self.name,
        }  # fmt: skip
        if self.callback:
            oauth["oauth_callback"] = self.callback
        method, uri = "POST" if self.form or self.body else "GET", provider.resource_url + self.path
        pairs = self.pairs([*oauth.items(), *self.own, *self.form])
        spelled = self.order([(self.spell(name), self.spell(value)) for name, value in pairs])
        normalized = "&".join(f"{name}={value}" for name, value in spelled)
        text = self.finish(f"{self.method(method)}&{e(self.uri(uri))}&{e(normalized)}")
        key = self.key(consumer.secret, token.secret)
        made = self.written(hmac.digest(key.encode(), text.encode(), self.digest))
        parts = ([f'realm="{self.realm}"'] if self.realm else []) + [
            f'{name}="{e(value)}"' for name, value in {**oauth, "oauth_signature": made}.items()
        ]
        query, form = ("&".join(f"{e(name)}={e(value)}" for name, value in pairs) for pairs in (self.own, self.form))
        headers = {"Authorization": f"OAuth {', '.join(parts)}"}
        if self.body or self.form:
            headers["Content-Type"] = FORM if self.form else self.type
        body = self.body or form or None
        answer = requests.request(method, f"{uri}?{query}", headers=headers, data=body, timeout=20)
        return answer, consumer, token


def with_octets(octets: Any) -> Any:
    return lambda text: quote(octets(text), safe="~")


def name_of(pair: tuple[str, str]) -> str:
    return unquote(pair[0])


def by_size(pair: tuple[str, str]) -> tuple[str, int]:
    letters, _, number = re.sub(r"\d+\]?$", " ", name_of(pair)), "", re.search(r"(\d+)\]?$", name_of(pair))
    return letters, int(number[1]) if number else 0


ODD = [("d", "caf\u00e9 !*'()/"), ("Zoo", "1"), ("apple", "2")]
MARKS = [("m", "a,b:c@d;e$f")]
TWICE = [("tag", "red"), ("tag", "blue"), ("tag", "green")]
NESTED = [("ids[9]", "a"), ("ids[10]", "b"), ("ids[2]", "c")]
PARTS = (
    '--b\r\nContent-Disposition: form-data; name="caption"\r\n\r\nA cat\r\n'
    '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nfile\r\n--b--\r\n'
)

KEYS = {
    "with a line feed after the consumer's secret": Fault(
        "secret-whitespace", key=lambda c, t: plain_key(c + "\n", t)),
    "with a space before the token's secret": Fault(
        "secret-whitespace", key=lambda c, t: plain_key(c, " " + t)),
    "with a line feed after the consumer's secret, and with a line feed after the token's secret":
        Fault("secret-whitespace", key=lambda c, t: plain_key(c + "\n", t + "\n")),
    "with a tab before the consumer's secret, and with a carriage return and a line feed after the token's secret":
        Fault("secret-whitespace", key=lambda c, t: plain_key("\t" + c, t + "\r\n")),
    'with "..." around the token\'s secret': Fault(
        "secret-whitespace", key=lambda c, t: plain_key(c, f'"{t}"')),
    "with '...' around the token's secret": Fault(
        "secret-whitespace", key=lambda c, t: plain_key(c, f"'{t}'")),
    "without the last character of the token's secret": Fault("token-secret", key=lambda c, t: plain_key(c, t[:-1])),
    "with the two secrets swapped": Fault("consumer-secret", key=lambda c, t: plain_key(t, c)),
    "without the token's secret": Fault("token-secret", key=lambda c, t: plain_key(c, "")),
    "without the consumer's secret": Fault("consumer-secret", key=lambda c, t: plain_key("", t)),
    "without any secret": Fault("consumer-secret", key=lambda c, t: "&"),
    "with a key of the consumer's secret alone, without &": Fault("signing-key-encoding", key=lambda c, t: e(c)),
    "with the two secrets joined without &": Fault("signing-key-encoding", key=lambda c, t: e(c) + e(t)),
    "with a key of the token's secret alone": Fault("signing-key-encoding", key=lambda c, t: e(t)),
    "with the & of the key percent-encoded": Fault(
        "signing-key-encoding", key=lambda c, t: plain_key(c, t).replace("&", "%26")),
    "with the secrets not percent-encoded": Fault("signing-key-encoding", key=lambda c, t: f"{c}&{t}"),
    "with lower-case escapes in the secrets": Fault(
        "signing-key-encoding", key=lambda c, t: lower(plain_key(c, t))),
    "with spaces in the secrets as +": Fault(
        "signing-key-encoding", key=lambda c, t: plain_key(c, t).replace("%20", "+")),
    "with / in the secrets left alone": Fault(
        "signing-key-encoding", key=lambda c, t: plain_key(c, t).replace("%2F", "/")),
    "with the consumer's secret percent-encoded before": Fault(
        "signing-key-encoding", key=lambda c, t: plain_key(e(c), e(t))),
    "with the consumer's secret percent-decoded before": Fault(
        "signing-key-encoding", key=lambda c, t: plain_key(unquote(c), unquote(t))),
}  # fmt: skip

SIGNATURES = {
    "with sha256, where oauth_signature_method says HMAC-SHA1": Fault(
        "signature-method", digest="sha256"),
    "with sha1, where oauth_signature_method says HMAC-SHA512": Fault(
        "signature-method", name="HMAC-SHA512"),
    "in hexadecimal digits": Fault("signature-method", written=bytes.hex),
    "in base64 without its padding": Fault(
        "signature-method", written=lambda octets: b64encode(octets).decode().rstrip("=")),
    "rightly, and the signature was percent-encoded once too often": Fault(
        "double-encoding", written=lambda octets: e(b64encode(octets).decode())),
    "without the query, and in hexadecimal digits": Fault(
        "query-changed", written=bytes.hex, pairs=drop("a", "b", "b2")),
}  # fmt: skip

ADDRESSES = {
    "for POST": Fault("method", method=lambda method: "POST"),
    "with the method in lower case": Fault("method", method=str.lower),
    "for https": Fault("scheme", uri=lambda uri: uri.replace("http:", "https:")),
    "for https, without the port": Fault(
        "scheme", uri=lambda uri: "https" + re.sub(r":\d+/", "/", uri).removeprefix("http")),
    "without the port": Fault("port", uri=lambda uri: re.sub(r":\d+/", "/", uri)),
    "for the host localhost": Fault("host", uri=lambda uri: uri.replace("127.0.0.1", "localhost")),
    "for the host www.127.0.0.1": Fault("host", uri=lambda uri: uri.replace("://", "://www.")),
    "with a slash after the path": Fault("path", uri=lambda uri: uri + "/"),
    "without the last slash of the path": Fault("path", path="/", uri=lambda uri: uri.rstrip("/")),
    "without the parameters (;) of the path": Fault("path", path=";v=1", uri=lambda uri: uri.partition(";")[0]),
    "with double slashes of the path as one": Fault("path", path="//x", uri=lambda uri: uri.replace("//x", "/x")),
    "with the path in lower case": Fault("path", path="/New", uri=str.lower),
    "with the path percent-encoded once more": Fault(
        "double-encoding", path="/a%20b", uri=lambda uri: uri.replace("%", "%25")),
    "with the path escaped by other rules": Fault("percent-encoding", path="/a%2Bb", uri=unquote),
    "with the path decoded": Fault("double-encoding", path="/a%20b", uri=unquote),
    "with ~ escaped, in the path too": Fault(
        "percent-encoding", path="/~me", own=[("a", "1")], uri=lambda uri: uri.replace("~", "%7E")),
    "with lower-case escapes in the path": Fault("percent-encoding", path="/Caf%C3%A9", uri=lower),
    "with the scheme as HTTP": Fault("scheme", uri=lambda uri: uri.replace("http:", "HTTP:")),
    "without the scheme": Fault("scheme", uri=lambda uri: uri.removeprefix("http://")),
    "with // alone for the scheme": Fault("scheme", uri=lambda uri: uri.removeprefix("http:")),
    "with the path alone for the URL": Fault("host", uri=lambda uri: "/" + uri.split("/", 3)[3]),
    "without the port and the path": Fault("path", uri=lambda uri: re.sub(r":\d+/.*", "/", uri)),
    "with two slashes before the path": Fault("path", uri=lambda uri: uri.replace("/api", "//api")),
    "with the query in the URL, not among the parameters": Fault(
        "query-changed", own=[("q", "1")], uri=lambda uri: f"{uri}?q=1", pairs=drop("q")),
    "with the query in the URL, too": Fault("query-changed", own=[("q", "1")], uri=lambda uri: f"{uri}?q=1"),
}  # fmt: skip

PARAMETERS = {
    "without the fields of the form": Fault("body-not-signed", form=[("status", "hi")], pairs=drop("status")),
    "without the query": Fault("query-changed", pairs=drop("a", "b", "b2")),
    "without the query and the form": Fault(
        "query-changed", form=[("s", "hi")], pairs=drop("a", "b", "b2", "s")),
    "with the same parameter once, where it is there twice": Fault(
        "duplicate-parameters", own=[("a", "1"), ("c", "2"), ("c", "3")], form=[("a", "1"), ("d", "4"), ("d", "5")],
        pairs=lambda pairs: list(dict.fromkeys(pairs))),
    "with names that are repeated numbered": Fault(
        "duplicate-parameters", own=TWICE,
        pairs=lambda pairs: [(f"tag[{TWICE.index(pair)}]" if pair in TWICE else pair[0], pair[1]) for pair in pairs]),
    "with names as PHP has them, without brackets": Fault(
        "query-changed", own=[("a.b[c]", "1")],
        pairs=lambda pairs: [(n.replace("a.b[c]", "a_b"), v) for n, v in pairs]),
    "with values escaped for HTML": Fault(
        "query-changed", own=[("q", "a<b")], pairs=lambda pairs: [(n, v.replace("<", "&lt;")) for n, v in pairs]),
    "with &amp; between the parameters": Fault(
        "percent-encoding", finish=lambda text: text.replace("%26", "%26amp%3B")),
    "with its parameters percent-encoded once more": Fault(
        "double-encoding", finish=lambda text: text.rpartition("&")[0] + "&" + e(text.rpartition("&")[2])),
    "with the realm among the parameters": Fault("realm", realm="R", pairs=lambda pairs: [*pairs, ("realm", "R")]),
    "without b2 of the query": Fault("query-changed", pairs=drop("b2")),
    "without s2 of the form": Fault(
        "body-changed", form=[("s", "hi"), ("s2", "x")], pairs=drop("s2")),
    "without oauth_callback": Fault("callback-missing", callback="oob", pairs=drop("oauth_callback")),
    "with the protocol parameters percent-encoded twice": Fault(
        "double-encoding", callback="http://h/?a=b", spell=lambda text: e(e(text) if ":" in text else text)),
    "without parameters that are empty": Fault(
        "empty-value", pairs=lambda pairs: [pair for pair in pairs if pair[1]]),
    "with the last of each name only": Fault(
        "duplicate-parameters", own=TWICE, pairs=lambda pairs: list(dict(pairs).items())),
    "with the first of each name only": Fault(
        "duplicate-parameters", own=TWICE, pairs=lambda pairs: list(dict(reversed(pairs)).items())),
    "with the members of the JSON among the parameters": Fault(
        "body-signed", body='{"status": "hi", "n": 1}', pairs=lambda pairs: [*pairs, ("status", "hi"), ("n", "1")]),
    "with the body's fields among the parameters (body-signed)": Fault(
        "body-signed", body='{"status": 1}', pairs=lambda pairs: [*pairs, ('{"status": 1}', "")]),
    "with the body's fields among the parameters (content-type)": Fault(
        "content-type", body="s=a+b", type="text/plain", pairs=lambda pairs: [*pairs, ("s", "a b")]),
    "with the whole body among the parameters": Fault(
        "body-signed", body="s=a+b", type="text/plain", pairs=lambda pairs: [*pairs, ("s=a+b", "")]),
    "with the parts of the form among the parameters": Fault(
        "body-signed", body=PARTS, type="multipart/form-data; boundary=b",
        pairs=lambda pairs: [*pairs, ("caption", "A cat")]),
}  # fmt: skip

SPELLINGS = {
    "with spaces as +": Fault("plus-as-space", spell=lambda text: e(text).replace("%20", "+")),
    "with plus signs as spaces": Fault("plus-as-space", spell=lambda text: e(text.replace("+", " "))),
    "with spaces as plus signs": Fault("plus-as-space", spell=lambda text: e(text.replace(" ", "+"))),
    "with ~ escaped": Fault("percent-encoding", spell=lambda text: e(text).replace("~", "%7E")),
    "with ~ escaped and spaces as +": Fault(
        "percent-encoding", spell=lambda text: e(text).replace("~", "%7E").replace("%20", "+")),
    "with lower-case escapes": Fault(
        "percent-encoding", own=ODD, spell=lambda text: lower(e(text))),
    "with lower-case escapes throughout": Fault("percent-encoding", finish=lower),
    "with !*'() left alone": Fault("percent-encoding", own=ODD, spell=lambda text: quote(text, "~!*'()")),
    "with / left alone": Fault("percent-encoding", own=ODD, spell=lambda text: quote(text, "~/")),
    "with * left alone": Fault("percent-encoding", own=ODD, spell=lambda text: quote(text, "~*")),
    "with , left alone": Fault("percent-encoding", own=[*ODD, *MARKS], spell=lambda text: quote(text, "~,")),
    "with : and / left alone": Fault(
        "percent-encoding", own=[*ODD, *MARKS], spell=lambda text: quote(text, "~:/")),
    "with @:/ and the like left alone": Fault(
        "percent-encoding", own=[*ODD, *MARKS], spell=lambda text: quote(text, "~:/@,;$!*'()")),
    "with [ and ] left alone": Fault(
        "percent-encoding", own=[*NESTED, *ODD], spell=lambda text: quote(text, "~[]")),
    "with !*'() left alone, in values and as a whole": Fault(
        "percent-encoding", own=ODD, spell=lambda text: quote(text, "~!*'()"),
        finish=lambda text: re.sub("%2[1789A]", lambda one: unquote(one[0]), text)),
    "with / left alone, in values and as a whole": Fault(
        "percent-encoding", own=ODD, spell=lambda text: quote(text, "~/"),
        finish=lambda text: text.replace("%2F", "/")),
    "with / left alone, in the URL and the parameters as a whole": Fault(
        "percent-encoding", finish=lambda text: text.replace("%2F", "/")),
    "with * left alone, ~ escaped and spaces as +, in values and as a whole": Fault(
        "percent-encoding", own=[("a", "1 * ~")], spell=lambda text: e(text).replace("%20", "+").replace("%2A", "*")
        .replace("~", "%7E"), finish=lambda text: text.replace("%2A", "*")),
    "with @*+/ left alone, and %uXXXX (JavaScript's escape)": Fault(
        "percent-encoding", own=[("a", "\u20ac")], spell=lambda text: e(text).replace("%E2%82%AC", "%u20AC")),
    "with text in Latin-1": Fault("charset", own=ODD, spell=with_octets(lambda text: text.encode("latin-1"))),
    "with text taken for Latin-1": Fault(
        "charset", own=ODD, spell=with_octets(lambda text: text.encode().decode("latin-1"))),
    "with text in Unicode's decomposed form (NFD)": Fault(
        "charset", own=ODD, spell=with_octets(lambda text: unicodedata.normalize("NFD", text))),
    "with text in Unicode's composed form (NFC)": Fault(
        "charset", own=[("d", "cafe\u0301")], spell=with_octets(lambda text: unicodedata.normalize("NFC", text))),
    "with names and values percent-encoded twice": Fault("double-encoding", spell=lambda text: e(e(text))),
    "with names and values not percent-encoded": Fault("percent-encoding", spell=lambda text: text),
    "with ; between the parameters": Fault("percent-encoding", finish=lambda text: text.replace("%26", "%3B")),
    "with neither the URL nor the parameters percent-encoded": Fault("", finish=lambda text: unquote(text)),
}  # fmt: skip

ORDERS = {
    "with the protocol parameters first": Fault("parameter-order", order=list),
    "with the parameters in the order of the wire": Fault(
        "parameter-order", order=lambda pairs: sorted(pairs, key=lambda pair: pair[0].startswith("oauth_"))),
    "with the parameters sorted by names and values before their encoding": Fault(
        "parameter-order", own=[("a[0]", "x"), ("a1", "y")], order=lambda pairs: sorted(pairs, key=name_of)),
    "with the parameters sorted by name alone": Fault(
        "parameter-order", own=TWICE, order=lambda pairs: sorted(pairs, key=lambda pair: pair[0])),
    "with the parameters sorted without regard to case": Fault(
        "parameter-order", own=ODD, order=lambda pairs: sorted(pairs, key=lambda pair: pair[0].lower())),
    "with the parameters sorted as whole name=value texts": Fault(
        "parameter-order", own=[("a", "1"), ("a-b", "1")], order=lambda pairs: sorted(pairs, key="=".join)),
    "with the parameters sorted as PHP sorts nested arrays": Fault(
        "parameter-order", own=NESTED,
        order=lambda pairs: sorted(pairs, key=by_size)),
    "with the parameters sorted by names, the members of arrays as they came": Fault(
        "parameter-order", own=NESTED, order=lambda pairs: sorted(pairs, key=lambda p: p[0].partition("%5B")[0])),
    "with numbers in values sorted by their size": Fault(
        "parameter-order", own=[("n", "10"), ("n", "9")],
        order=lambda pairs: sorted(pairs, key=lambda pair: (pair[0], len(pair[1]), pair[1]))),
    "with numbers in names sorted by their size": Fault(
        "parameter-order", own=[("n10", "x"), ("n9", "y")],
        order=lambda pairs: sorted(pairs, key=by_size)),
}  # fmt: skip

FAULTS = {**KEYS, **SIGNATURES, **ADDRESSES, **PARAMETERS, **SPELLINGS, **ORDERS}


@for_each("cause", FAULTS)
def test_the_exact_cause_is_named(cause: str, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    """A mistake is named in the advice, the challenge and the log, with ``explain``'s own code; no secret is."""
    caplog.set_level(logging.INFO, "oauth_hook.provider")
    fault = FAULTS[cause]
    answer, consumer, token = fault.send(provider)
    with answer:
        fields = dict(parse_qsl(answer.text))
        explanation = explain(answer, consumer, token)
    advice = fields["oauth_problem_advice"]
    assert (answer.status_code, fields["oauth_problem"]) == (401, "signature_invalid")
    assert f"the request was signed {cause}" in (advice, advice.rpartition(" (")[0])
    assert e(advice) in answer.headers["WWW-Authenticate"]
    assert f"signature_invalid: {advice}" in unquote(caplog.text).replace("\\'", "'")
    named = re.search(r" \(([a-z, -]+)\)$", advice)
    if fault.code:
        assert named is not None
        assert fault.code in named[1].split(", ")
        assert explanation.findings[0].code in named[1].split(", "), explanation.findings
    for secret in (consumer.secret, token.secret):
        assert secret not in unquote(answer.text + caplog.text)
        assert e(secret) not in answer.text + caplog.text


RIGHT = {
    "query": Fault(),
    "form": Fault(form=[("status", "hi"), ("status", "hi")]),
    "realm": Fault(realm="R"),
    "odd characters": Fault(own=ODD),
    "JSON": Fault(body='{"a": "b"}'),
    "a path": Fault(path="/~me/caf%C3%A9;v=1/"),
    "SHA-256": Fault(name="HMAC-SHA256", digest="sha256"),
}


@for_each("kind", RIGHT)
def test_the_hand_made_signature_is_right(kind: str, provider: Provider) -> None:
    """Without a fault the same code's requests are verified: the table is about its faults."""
    answer, _, _ = RIGHT[kind].send(provider)
    with answer:
        assert answer.status_code == 200


def test_an_unknown_cause(provider: Provider) -> None:
    """A signature that no usual mistake makes is refused without a guess."""
    answer, _, _ = Fault(key=lambda c, t: hashlib.sha1(c.encode()).hexdigest()).send(provider)  # noqa: S324
    with answer:
        advice = dict(parse_qsl(answer.text))["oauth_problem_advice"]
    assert advice == "compare the secrets, and the base string part by part"


@pytest.mark.parametrize(
    ("method", "made", "advice"),
    [
        (
            "PLAINTEXT",
            lambda c, t: plain_key(c, ""),
            "the request was signed without the token's secret (token-secret)",
        ),
        (
            "PLAINTEXT",
            lambda c, t: e(plain_key(c, t)),
            "the request was signed rightly, and the signature spelled wrong (double-encoding)",
        ),
        (
            "HMAC-SHA1",
            plain_key,
            "the request was signed with no digest at all (PLAINTEXT), where oauth_signature_method says HMAC-SHA1 "
            "(signature-method)",
        ),
    ],
)
def test_plaintext(method: str, made: Any, advice: str, provider: Provider) -> None:
    """A signature that is a key itself is told what is wrong with it, too."""
    consumer = provider.add_consumer(secret=SECRET)
    token = provider.add_token(consumer)
    oauth = {
        "oauth_consumer_key": consumer.key, "oauth_token": token.key, "oauth_signature_method": method,
        "oauth_timestamp": str(int(time.time())), "oauth_nonce": "n",
        "oauth_signature": made(consumer.secret, token.secret),
    }  # fmt: skip
    header = "OAuth " + ", ".join(f'{name}="{e(value)}"' for name, value in oauth.items())
    with requests.get(provider.resource_url, headers={"Authorization": header}, timeout=20) as answer:
        fields = dict(parse_qsl(answer.text))
        first = explain(answer, consumer, token).findings[0].code
    assert fields["oauth_problem_advice"] == advice
    assert first in advice
    assert e(SECRET) not in unquote(answer.text)


def test_without_a_token(provider: Provider) -> None:
    """A consumer's own request is told its cause, too, such as a token that is signed and not there."""
    oauth = {
        "oauth_consumer_key": provider.consumer.key, "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())), "oauth_nonce": "n",
    }  # fmt: skip
    normalized = "&".join(f"{name}={e(value)}" for name, value in sorted({**oauth, "oauth_token": ""}.items()))
    text = f"GET&{e(provider.two_legged_url)}&{e(normalized)}"
    key = plain_key(provider.consumer.secret, "")
    oauth["oauth_signature"] = b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()
    with requests.get(provider.two_legged_url, params=oauth, timeout=20) as answer:
        advice = dict(parse_qsl(answer.text))["oauth_problem_advice"]
    assert advice == "the request was signed with an empty oauth_token (empty-value)"


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("https://api.example:443/x", "the request was signed with the default port, :443 (port)"),
        ("https://API.EXAMPLE/x", "the request was signed for the host API.EXAMPLE (host)"),
        ("https://www.api.example/x", "the request was signed for the host www.api.example (host)"),
    ],
)
def test_a_provider_at_an_address_of_its_own(address: str, cause: str) -> None:
    """Where the provider is not at loopback, the usual mistakes in its name are known, too."""
    assert cause_of(made("c&t", address)) == cause


def made(key: str, address: str = "https://api.example/x", nonce: str = "n") -> dict[str, str]:
    """Return the protocol parameters of a signed GET."""
    protocol = {"oauth_nonce": nonce, "oauth_signature_method": "HMAC-SHA1"}
    text = f"GET&{e(address)}&{e(f'oauth_nonce={nonce}&oauth_signature_method=HMAC-SHA1')}"
    return protocol | {"oauth_signature": b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()}


def cause_of(protocol: dict[str, str]) -> str | None:
    pairs = "&".join(f"{e(name)}={e(value)}" for name, value in sorted(protocol.items()) if name != "oauth_signature")
    text = f"GET&{e('https://api.example/x')}&{e(pairs)}"
    secrets = ("c", "t", "consumer's", "token's")
    return name_cause(text, Parameters(protocol, [], [], [], "header", None), secrets, url="https://api.example/x")


def test_two_mistakes_are_named() -> None:
    """One in the secrets and one in the base string, or two in one secret, or one in each, within the time it has."""
    start = time.thread_time()
    for key, url, said in (
        ("c%0A&t", "http://api.example/x", ("for http", "a line feed after the consumer's secret", "scheme")),
        ("c&", "https://api.example/x/", ("a slash after the path", "without the token's secret", "token-secret")),
        ("%22c%0A%22&t", "https://api.example/x", ("a line feed after the consumer's", '"..." around the consumer\'s')),
        ("%20c&t%0D%0A", "https://api.example/x", ("a space before the consumer's", "line feed after the token's")),
    ):
        cause = cause_of(made(key, url)) or ""
        assert all(words in cause for words in said), cause
    assert time.thread_time() - start < 4 * 0.25


def test_a_key_that_was_taken_for_the_secret() -> None:
    """The consumer's key, or the token, in the place of its secret."""
    assert (
        cause_of(made("consumer%27s&t"))
        == "the request was signed with the consumer key for its secret (consumer-secret)"
    )
    assert cause_of(made("c&token%27s")) == "the request was signed with the token for its secret (token-secret)"


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda text: text.replace("+", "-").replace("/", "_"), "the request was signed in the URL-safe base64"),
        (
            lambda text: text.replace("+", " "),
            "the request was signed rightly, and the + of the signature was sent as it is",
        ),
    ],
)
def test_a_signature_with_a_plus(spoil: Any, cause: str) -> None:
    """What happens to a signature on its way, if it has one of the characters that not everybody leaves alone."""
    protocol = next(one for one in (made("c&t", nonce=str(count)) for count in range(99)) if "+" in str(one))
    spoiled = {**protocol, "oauth_signature": spoil(protocol["oauth_signature"])}
    assert str(cause_of(spoiled)).startswith(cause)


# --- what a stranger could do to it ---


class Bare:
    """A provider without a socket, in this very thread, so that its time can be taken."""

    def __init__(self) -> None:
        self.storage = Storage(None)
        self.consumer = self.storage.add_consumer("name", "key", "secret", None)
        self.storage.set_user("user", "password")
        self.token = self.storage.add_access_token("token", "token secret", "key", "user")
        self.application = Application(self.storage)

    def seconds(self, body: str, token: AccessToken, kind: str = FORM) -> tuple[str, float]:
        """Return the status of a signed POST, and the time of this thread that it took."""
        url, headers = "http://h/api/resource", {"Content-Type": kind}
        signed = sign("POST", url, headers=headers, body=body, consumer=self.consumer, token=token)
        environ = {
            "REQUEST_METHOD": "POST", "REQUEST_URI": "/api/resource", "PATH_INFO": "/api/resource", "HTTP_HOST": "h",
            "SERVER_NAME": "h", "SERVER_PORT": "80",
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body.encode()), "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body.encode())), "HTTP_AUTHORIZATION": signed.headers["Authorization"],
        }  # fmt: skip
        statuses: list[str] = []
        start = time.thread_time()
        self.application(environ, lambda status, headers: statuses.append(status))  # type: ignore[arg-type]
        return statuses[0], time.thread_time() - start


LARGE = {
    "as many names as are searched": "&".join(f"{i}%C3%A9=" + "+" * 40 for i in range(MAX_PARAMETERS - 10)),
    "as much as is searched, in spaces": "a=" + "+" * (MAX_CHARACTERS - 1000),
    "as much as is searched, in accents": "a=" + "%C3%A9" * (MAX_CHARACTERS - 1000),
    "numbers in names": "&".join(f"a{'[9]' * 15}{i}=1" for i in range(MAX_PARAMETERS - 10)),
    "300 KB in one field": "a=" + "x%20" * 75_000,
    "300 KB in many fields": "&".join(f"name{i}=value{i}" for i in range(20_000)),
}


@for_each("kind", LARGE)
def test_a_large_refusal_costs_little_more_than_a_large_answer(kind: str) -> None:
    """The search for a cause is bounded, by size and by time: nobody can have the provider search on and on."""
    bare = Bare()
    try:
        status, right = bare.seconds(LARGE[kind], bare.token)
        assert status == "200 OK"
        status, wrong = bare.seconds(LARGE[kind], AccessToken("token", "of another token"))
        assert status == "401 Unauthorized"
    finally:
        bare.storage.close()
    assert wrong < 2 * right + 1.5  # it is right + 0.25, and a step of the search, on a quiet machine


@pytest.mark.parametrize(
    "body", ["[" * 16_000, '{"a": "\\ud800", "b": ' + "9" * 5000 + "}", "a&" * 8000, "--\r\n" * 4000]
)
def test_odd_bodies_are_refused_as_any(body: str) -> None:
    """Whatever a refused request has for a body, it is refused, in little time."""
    bare = Bare()
    try:
        for kind in ("application/json", "multipart/form-data; boundary=b", "text/plain"):
            status, seconds = bare.seconds(body, AccessToken("token", "of another token"), kind)
            assert status == "401 Unauthorized"
            assert seconds < 2
    finally:
        bare.storage.close()


def test_many_protocol_parameters_cost_little() -> None:
    """Extensions of the protocol are counted in time linear in their number."""
    bare = Bare()
    try:
        status, seconds = bare.seconds("&".join(f"oauth_{i}=1" for i in range(30_000)), bare.token)
    finally:
        bare.storage.close()
    assert status == "200 OK"
    assert seconds < 5  # a quarter of a second; many times this where each is counted anew


def test_a_body_that_waits_is_not_asked_for(provider: Provider) -> None:
    """A refused upload is not read: neither one that waits for 100 Continue, nor a long one."""
    from oauth_hook.provider.messages import Request

    environ = {"wsgi.url_scheme": "http", "REQUEST_METHOD": "POST", "REQUEST_URI": "/", "HTTP_HOST": "h"}
    environ |= {"SERVER_NAME": "h", "SERVER_PORT": "80"}
    environ |= {"wsgi.input": io.BytesIO(b"1234"), "CONTENT_LENGTH": "4", "CONTENT_TYPE": "text/plain"}
    assert Request.from_environ(environ).length == 4
    assert Request.from_environ({**environ, "HTTP_EXPECT": "100-continue"}).length == 0
    assert Request.from_environ({**environ, "CONTENT_LENGTH": "+4"}).length == 0
