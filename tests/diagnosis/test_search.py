"""The search for what reproduces a signature: how long it may take, what it must not raise, and which rules it knows.

The signer that makes the requests (``faults.py``) is none of the package's. What a whole explanation is held to stands
in ``test_diagnosis_faults.py``.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from dataclasses import dataclass, replace
from functools import cache
from html import escape as html_escape
from itertools import product
from typing import Any
from urllib.parse import quote, unquote

import hypothesis.strategies as st
import pytest
import requests
from faults import FORM_TYPE, NOW, Signing, answer, escape, escape_as_javascript, escape_not, lower_escapes
from hypothesis import HealthCheck, given, settings
from tables import for_each

from oauth_hook import AccessToken, Consumer, OAuthHook
from oauth_hook.diagnosis import explain, search
from oauth_hook.diagnosis.base_string_parts import parse_parts
from oauth_hook.diagnosis.base_string_variants import RequestContext, make_variants
from oauth_hook.diagnosis.key_variants import Secrets
from oauth_hook.diagnosis.records import read_request
from oauth_hook.diagnosis.search import Search
from oauth_hook.protocol.message import Message, read

GET = Signing()
FORM = GET.but(
    method="POST", path="/1/update.json", query="", body="status=Hello%20world%21&lang=en", content_type=FORM_TYPE
)
JSON = FORM.but(body='{"status": "hello"}', content_type="application/json")
TWO_LEGS = GET.but(token_key=None, token_secret="")
NOBODYS = base64.b64encode(b"by nobody at all ...").decode()  # 28 characters, as HMAC-SHA1 makes them
OTHERS = base64.b64encode(b"and by nobody either").decode()


def held(signing: Signing) -> dict[str, Any]:
    """Return the credentials of a signing as arguments."""
    return {"consumer": signing.consumer, "token": signing.token}


def refused(right: Signing, signature: str | None = None, words: str = "oauth_problem=signature_invalid") -> Any:
    """Return the refusal of a request."""
    return answer(right.request(signature), words)


def codes(explanation: Any) -> list[str]:
    return [finding.code for finding in explanation.findings]


def ruled_out(explanation: Any) -> str:
    return "; ".join(explanation.ruled_out)


@pytest.fixture(scope="module")
def rsa_key() -> str:
    """A private key of RSA, as PEM."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization as form

    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()


def sign_by_rsa(key: str, base: str, method: str) -> str:
    """Sign a base string (RFC 5849 s3.4.3), by cryptography alone."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = getattr(hashes, method.removeprefix("RSA-"))()
    private: Any = serialization.load_pem_private_key(key.encode(), None)
    return base64.b64encode(private.sign(base.encode(), padding.PKCS1v15(), digest)).decode()


# --- how long it may take ---

SECOND = 1.5  # a second of this thread's time, and half of one for a processor that is shared


def fields(count: int) -> str:
    return "&".join(f"name{i}=a%20value%20of%20{i}" for i in range(count))


LARGE = {
    "a form with a value of 300 KB": FORM.but(body="a=" + "x" * 300_000),
    "a form with a value of 300 KB of escapes": FORM.but(body="a=" + "%20" * 100_000),
    "a form of 300 KB that is not encoded": FORM.but(body=("a=" + "<\u00e9> +" * 50_000).encode()),
    "a form with a value of 100 KB": FORM.but(body="a=" + "x" * 100_000),
    "a form with a value of 30 KB": FORM.but(body="a=" + "%20" * 10_000),
    "a form of 1000 fields": FORM.but(body=fields(1000)),
    "a form of 5000 fields": FORM.but(body=fields(5000)),
    "a query of 200 parameters": GET.but(query=fields(200)),
    "a path of 32 KB": GET.but(path="/" + "a/" * 16_000),
    "a header of 100 KB": GET.but(extensions=(("oauth_x", "y" * 100_000),)),
    "a body of 300 KB under a hash": JSON.but(
        body="x" * 300_000, extensions=(("oauth_body_hash", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),)
    ),
    "JSON of 5000 members": JSON.but(body=json.dumps({f"a{i}": i for i in range(5000)})),
    "parts of multipart that do not end": JSON.but(
        body=b'form-data; name=""\r\n' * 3000, content_type="multipart/form-data; boundary=b0undary"
    ),
}


@cache
def make_others_base(name: str) -> str:
    return LARGE[name].but(scheme="http", query="another=1", nonce="another").base()


@pytest.mark.usefixtures("short_search")
@for_each("known", ["its base string and signature", "its page"])
@for_each("name", LARGE)
def test_a_large_request_takes_no_longer(name, known):
    """A large request whose signature nobody makes is explained in half a second, whatever is known of the server."""
    sent, theirs = LARGE[name], make_others_base(name)
    arguments: dict[str, Any] = held(sent)
    if known == "its base string and signature":
        arguments |= {"server_base_string": theirs, "server_signature": OTHERS}
    words = f"Expected {theirs}." if known == "its page" else "Invalid signature"
    response = refused(sent, NOBODYS, words)
    start = time.thread_time()
    explanation = explain(response, **arguments)
    assert time.thread_time() - start < SECOND / 2
    assert {"consumer-secret", "token-secret"} & set(codes(explanation))
    assert "ways to make" in ruled_out(explanation)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"consumer_secret": GET.consumer_secret + "\n"}, "secret-whitespace"), ({"token_secret": ""}, "token-secret")],
)
def test_keys_are_tried_with_a_large_request_too(change, code):
    """Where a base string is too long for others to be made, the wrong key is found all the same."""
    sent = LARGE["a form with a value of 300 KB"]
    assert codes(explain(refused(sent, sent.but(**change).signature()), **held(sent)))[0] == code


def test_a_base_string_that_is_too_long_is_said():
    """What was not tried since the base string is long is said where nothing was found, and not where something was."""
    sent = LARGE["a form with a value of 100 KB"]
    assert "too long" in ruled_out(explain(refused(sent, NOBODYS), **held(sent)))
    assert "too long" not in ruled_out(explain(refused(sent), **held(sent)))
    of_server = explain(sent.request(), **held(sent), server_signature=OTHERS)
    assert "none makes the server's signature (the base string is too long" in ruled_out(of_server)


def test_time_that_is_up_is_said(monkeypatch):
    """A search that takes longer than it may breaks off, and says so; one that does not, does not."""
    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.1)
    for name in ("a form of 1000 fields", "a query of 200 parameters"):  # in single mistakes, and in pairs of them
        start = time.thread_time()
        explanation = explain(refused(LARGE[name], NOBODYS), **held(LARGE[name]))
        assert search.SEARCH_SECONDS < time.thread_time() - start < SECOND
        assert "none makes this signature (time was up before all were tried)" in ruled_out(explanation)
    assert "time was up" not in ruled_out(explain(refused(LARGE[name]), **held(LARGE[name])))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scheme": "http"}, "scheme"),
        ({"host": "www.api.example.com"}, "host"),
        ({"method": "PUT"}, "method"),
        ({"signs_query": False}, "query-changed"),
        ({"signs_body": False}, "body-not-signed"),
    ],
)
def test_the_commonest_mistakes_are_found_in_a_large_request_too(change, code):
    """An upload in a form is told which address was signed, and whether query and form were."""
    sent = LARGE["a form with a value of 300 KB"].but(query="a=1")
    first = explain(refused(sent, sent.but(**change).signature()), **held(sent)).findings[0]
    assert (first.code, first.proven) == (code, True)


def test_a_servers_base_string_is_not_searched_forever():
    """The rules that would make a server's base string are tried for a while, and then its differences are named."""
    sent = FORM.but(body="&".join(f"f{i:04}=%2F" for i in range(3800)))
    assert len(sent.base()) < 1 << 16  # longer ones are not tried at all
    start = time.thread_time()
    explanation = explain(sent.request(), server_base_string=sent.but(path="/x", query="a=1").base())
    assert time.thread_time() - start < SECOND
    assert set(codes(explanation)) == {"path", "query-changed"}


def test_a_long_list_of_differences_takes_no_longer():
    """Thousands of parameters that differ are paired in time that grows with their number alone."""
    sent = FORM.but(body="&".join(f"name{i}=1" for i in range(10_000)))
    server = sent.but(body="&".join(f"name{i}=2" for i in range(10_000)))
    start = time.thread_time()
    explanation = explain(sent.request(), server_base_string=server.base())
    assert time.thread_time() - start < SECOND
    assert codes(explanation) == ["body-changed"]


# --- what it must not raise ---

ODD = [
    JSON.but(body='{"\\ud800": "\\udfff"}'),
    JSON.but(body='{"a": ' + "9" * 5000 + "}"),
    JSON.but(body='{"a": 1e999, "b": NaN}'),
    JSON.but(body="[" * 60_000),
    FORM.but(body="9" * 5000 + "=1&a%5B" + "9" * 5000 + "%5D=2"),
    GET.but(query="a=1&" + "0" * 5000 + "=%zz&%=%ff"),
    GET.but(path="/" + "8" * 5000 + "/%ff/%zz"),
    GET.but(method="A&B"),
]


@pytest.mark.usefixtures("short_search")
@for_each("sent", ODD, ids=range(len(ODD)))
def test_odd_requests_raise_nothing(sent):
    """Lone surrogates in JSON, numbers of thousands of digits, escapes that are none: there is an explanation."""
    for signature in (NOBODYS, sent.signature()):
        explanation = explain(refused(sent, signature), **held(sent), server_base_string=sent.but(scheme="http").base())
        assert explanation.findings
        assert str(explanation)


def test_a_key_of_rsa_alone_raises_nothing():
    """Where nothing but an RSA key is given, a signature of HMAC is not looked for."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert explain(refused(GET, NOBODYS), rsa_key=key).findings


def test_names_with_braces_raise_nothing():
    """Names of parameters that look like parts of a format are names."""
    sent = GET.but(query="%7Bleft%7D=1&%7B=2&%7B0%7D=3")
    for server in (sent.but(query="%7B=9", path="/x"), sent.but(query="", path="/x")):
        assert codes(explain(sent.request(), server_base_string=server.base())) == ["path", "query-changed"]


weird = st.lists(
    st.sampled_from(
        [*"a=&~!'[]{}()?+%;\\\"<>\n\0", "9" * 5000, "%zz", "%C3", "%20", "%5B", "oauth_nonce", "\u96ea", "é"]
    ),
    max_size=6,
).map("".join)
wires = weird.map(lambda text: text.replace("\n", "").replace("\0", ""))
weird_json = st.one_of(
    weird.map(lambda text: json.dumps({text: [text, {}]})),
    st.sampled_from(['{"\\ud800": 1}', "[1,", '{"a": {"b": 5}}']),
)
signatures = st.sampled_from(
    ["", "%", "&", "é", *(base64.b64encode(b"x" * size).decode() for size in (0, 1, 16, 20, 32, 48, 64, 128, 256))]
)
base_strings = st.one_of(
    weird,
    st.tuples(
        st.sampled_from(["GET", "get", "PO"]),
        st.sampled_from(["https%3A%2F%2Fa", "http://a:9", "http%3A%2F%2F%5B", "https%3A%2F%2F%3A99999"]),
        wires,
    ).map("&".join),
    st.sampled_from([GET.base(), GET.but(nonce="another").base() + ").'"]),
)
secrets = st.sampled_from(["", " s\ufeff", "abcd", "YWJj", "%41", "&amp;", "é", "\u96ea", "<s>"])
methods = st.sampled_from(["HMAC-SHA1", "HMAC-SHA512", "PLAINTEXT", "RSA-SHA1", "none"])
kinds = st.sampled_from([None, FORM_TYPE, "application/json", "multipart/form-data; boundary=x", "text/plain;x"])


@pytest.mark.usefixtures("short_search")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_was_sent_raises_nothing(data):
    """Odd bodies, names, paths, signatures, secrets and base strings of servers: there is an explanation."""
    drawn = data.draw
    sent = GET.but(
        method=drawn(st.sampled_from(["GET", "HEAD", "A&B", "é"])),
        path="/" + drawn(wires),
        query=drawn(wires),
        content_type=drawn(kinds),
        signature_method=drawn(methods),
        consumer_secret=drawn(secrets),
        token_secret=drawn(secrets),
    )
    request = sent.request(drawn(signatures))
    request.body = drawn(st.one_of(weird, weird_json, weird_json.map(str.encode), st.just("\ud800=1")))
    base = drawn(st.one_of(st.none(), base_strings))
    request.base_string = drawn(st.one_of(st.just(""), base_strings))
    explanation = explain(
        answer(request, base or "") if drawn(st.booleans()) else request,
        **held(sent),
        server_base_string=drawn(st.sampled_from([None, base])),
        server_signature=drawn(st.one_of(st.none(), signatures, weird)),
        signing_key=drawn(st.one_of(st.none(), secrets)),
    )
    assert explanation.findings
    assert str(explanation)


# --- what it is made of ---

WIRE = parse_parts(
    "POST",
    read(
        Message(
            "POST",
            "https://www.api.example.com:8443/a%2Fb/c.json;v=1?x=1+2&x=%7E&y=&z%5B%5D=%C3%A9%2B",
            "status=Hello+world%21&n%5B10%5D=a",
            FORM_TYPE,
            'OAuth realm="r", oauth_consumer_key="k", oauth_timestamp="12", oauth_signature_method="HMAC-SHA1"',
        )
    ),
    "www.api.example.com:8443",
)


def test_what_is_not_made_again_is_as_if_it_were():
    """A base string whose pieces another has made already is the one that is made of its parts alone, for each rule."""
    assert WIRE.text()
    variants = list(make_variants(WIRE, RequestContext("API.example.com", "{}", "text/json", "r", "#x")))
    of_each_kind = {frozenset(variant.changes): variant for variant in variants}.values()
    for rules in (*((variant,) for variant in variants), *product(of_each_kind, repeat=2)):
        made = WIRE
        for variant in rules:
            made = made.but(**variant.changes)
            assert made.text() == replace(made, _source=None).text(), variant.phrase


def test_a_server_that_names_causes_tries_fewer(monkeypatch):
    """Who has to answer at once does not look for two mistakes in the base string."""
    monkeypatch.setattr(search, "SEARCH_SECONDS", 60)  # the number of attempts is what ends it
    secrets = Secrets("cs", "ts", "ck", "at")
    fewer, all_of_them = Search(WIRE, RequestContext(), secrets), Search(WIRE, RequestContext(), secrets)
    assert fewer.find(NOBODYS, thorough=False)[1] is None
    assert all_of_them.find(NOBODYS)[1] is None
    assert fewer.tried < min(all_of_them.tried / 2, 15_000)


PATHOLOGICAL = [
    FORM.but(query=fields(20) + "&a%5B%5D=1&a%5B%5D=2", body=fields(20).replace("n", "~"), path="/a%2Fb//c;v=1/%C3%A9",
             host="www.x.example:8443"),
    GET.but(query="&".join(["a=1"] * 100), path="/" + "%2F" * 300),
    FORM.but(body="&".join(f"a%5B{i}%5D=" for i in range(100)), query="a=1"),
    JSON.but(body=json.dumps({f"k{i}": i for i in range(100)})),
]  # fmt: skip


@for_each("sent", PATHOLOGICAL)
@pytest.mark.promise("no-search-tries-more-than-its-bound")
def test_no_search_makes_more_attempts_than_it_may(sent, monkeypatch):
    """However much time there is, whatever a stranger has put together, for all signatures that it is asked for."""
    most = search.MAX_ATTEMPTS // 50
    monkeypatch.setattr(search, "MAX_ATTEMPTS", most)
    request = read_request(sent.request())
    secrets = Secrets("c s+%41\n&/~", '"t%20s&amp;/\u00e9"', "ck", "at")
    tries = Search(request.parts, request.context, secrets, seconds=3600)
    for signature in (NOBODYS, OTHERS, NOBODYS.replace("=", "%3D"), NOBODYS.replace("b", "+")):
        tries.find(signature)
    assert tries.tried == most
    assert "are tried" in tries.cut_short


# --- base strings in the pages of servers ---

PAGES = {
    "alone": "{}",
    "a sentence": "The base string was {}.",
    "in brackets, at the end of a sentence": "Invalid signature (expected {}).",
    "in quotes": 'expected "{}", got something else',
    "in single quotes": "expected '{}': sorry",
    "in a list": "['{}', 'x']",
    "before a semicolon": "base={}; key=unknown",
    "before an exclamation mark": "Not {}!",
    "in braces": "{{{}}}",
    "in HTML": "<p>{}</p>",
    "a field of a form": "oauth_problem=signature_invalid&debug_sbs={}&oauth_problem_advice=none",
}
ESCAPES = {
    "HTML": html_escape,
    "numbers of HTML": lambda text: text.replace("&", "&#38;"),
    "JSON": lambda text: text.replace("&", "\\u0026"),
    "slashes of JSON": lambda text: f"a\\/b {text}",
    "a form": lambda text: quote(text, safe=""),
}
HELLO = GET.but(query="status=Hello.&z=1.")  # what ends in a full stop, too


@for_each("page", PAGES.values(), ids=PAGES)
@for_each("right", [GET, HELLO.but(version=None)], ids=["usual", "ending in a full stop"])
def test_what_follows_a_base_string_is_none_of_it(right, page):
    """A server that hands back our own base string is not said to have another, whatever stands around it."""
    explanation = explain(refused(right, words=page.format(right.base())), **held(right))
    assert "the base string: the server's is that of the request" in explanation.ruled_out
    assert set(codes(explanation)) == {"consumer-secret", "token-secret"}


@for_each("page", PAGES.values(), ids=PAGES)
def test_a_difference_is_named_whatever_follows(page):
    """Of a base string that differs, the difference is named and nothing besides."""
    server = GET.but(collect=lambda pairs: [*pairs, (b"zz", b"9.")])
    explanation = explain(refused(GET, words=page.format(server.base())), **held(GET))
    assert codes(explanation) == ["query-changed"]
    assert "zz" in str(explanation)


@pytest.mark.parametrize("way", ESCAPES.values(), ids=ESCAPES)
def test_base_strings_are_read_in_their_escapes(way):
    """A base string is found in the escapes of HTML, JSON and forms."""
    for base, first in ((GET.base(), "consumer-secret"), (GET.but(scheme="http").base(), "scheme")):
        found = explain(refused(GET, words=f"Base string: {way(base)}"), **held(GET))
        assert codes(found)[0] == first


def unencoded(text: str) -> str:
    """Return a base string whose parameters were not encoded once more."""
    method, uri, parameters = text.split("&")
    return f"{method}&{uri}&" + parameters.replace("%3D", "=").replace("%26", "&").replace("%25", "%")


@for_each("page", PAGES.values(), ids=PAGES)
def test_a_base_string_that_lacks_some_encoding_is_one(page):
    """A server that leaves = and & as they are is told so, not that what was given is no base string."""
    wrong = GET.but(finish=unencoded).base()
    for explanation in (
        explain(refused(GET), **held(GET), server_base_string=wrong),
        explain(refused(GET, words=page.replace("&oauth", " &oauth").format(wrong)), **held(GET)),
    ):
        assert codes(explanation)[0] == "percent-encoding"
        assert "what was given is not a base string" not in ruled_out(explanation)


def test_an_address_that_is_not_encoded_is_one():
    """A server that leaves the address as it is, in JSON with its slashes escaped, is told so."""
    right = GET.but(path="/red%20shoes", query="")
    wrong = right.but(finish=lambda text: text.replace("%3A", ":", 1).replace("%2F", "/").replace("red%25", "red%"))
    for text in (wrong.base(), wrong.base().replace("/", "\\/")):
        assert codes(explain(refused(right, words=f'{{"base": "{text}"}}'), **held(right)))[0] == "percent-encoding"
    more = wrong.but(collect=lambda pairs: [*pairs, (b"zz", b"9")]).base()
    assert codes(explain(right.request(), server_base_string=more)) == ["query-changed"]


# --- attempts ---


def test_another_timestamp_under_our_nonce_is_the_clock():
    """A server that has our nonce and another timestamp has changed it; one that has another nonce tells of its own."""
    late = GET.but(timestamp=str(NOW - 9000))
    found = explain(GET.request(), **held(GET), server_base_string=late.base())
    assert codes(found) == ["clock-skew"]
    assert str(NOW - 9000) in str(found)
    other = explain(refused(GET), **held(GET), server_base_string=late.but(nonce="another").base())
    assert "clock-skew" not in codes(other)
    changed = explain(GET.request(), **held(GET), server_base_string=late.but(nonce="another", path="/2").base())
    assert codes(changed) == ["path"]


def test_of_two_base_strings_that_with_our_nonce_counts():
    """A page that shows an earlier attempt, too, does not mislead."""
    earlier, ours = GET.but(nonce="earlier", method="POST").base(), GET.but(scheme="http").base()
    for words in (f"{earlier} and {ours}", f"{ours} and {earlier}"):
        assert codes(explain(refused(GET, words=words), **held(GET)))[0] == "scheme"
    nearer, ours = GET.but(nonce="earlier").base(), GET.but(scheme="http", host="inner:8080", path="/x").base()
    found = explain(refused(GET, words=f"{nearer} and {ours}"), **held(GET))
    assert {"scheme", "host", "port", "path"} <= set(codes(found))


def test_a_nonce_that_is_escaped_once_more_is_ours():
    """The nonce tells attempts apart, and not the ways in which it is escaped."""
    right = GET.but(query="", nonce="a+b/c=")
    server = right.but(nonce=escape(right.nonce), timestamp=str(NOW - 5))
    found = explain(right.request(), **held(right), server_base_string=server.base())
    assert sorted(codes(found)) == ["clock-skew", "double-encoding"]


def test_what_a_hook_signed_before_another_signer_does_not_count():
    """A base string that was left by the hook of an earlier signature says nothing of the present one."""
    hook = OAuthHook("t", "TSpfkkdhi9sl3r4s00", "c", "CSkd94hf93k423kf44", placement="header")
    request = hook(requests.Request("GET", "https://api.example.com/1").prepare())
    elsewhere = GET.but(consumer_key="c", token_key="t", path="/2", query="")
    request.url = elsewhere.url
    assert codes(hook.explain(request)) == ["path"]
    request.headers["Authorization"] = elsewhere.request().headers["Authorization"]
    assert codes(hook.explain(request)) == ["no-cause-found"]


# --- keys ---


def test_a_key_of_ones_own_beside_that_of_the_rfc():
    """Where the hook makes its own key and the request was signed with the RFC's, that is said, and nothing else."""
    own = f"{GET.consumer_secret}/of one's own/{GET.token_secret}"
    explanation = explain(refused(GET), **held(GET), signing_key=own)
    assert codes(explanation) == ["signing-key-encoding"]
    assert "RFC 5849" in explanation.findings[0].summary
    signed = GET.but(key=lambda mine, users: own)
    assert codes(explain(refused(signed), **held(GET), signing_key=own)) != ["signing-key-encoding"]
    assert not any(finding.proven for finding in explain(refused(signed), **held(GET)).findings)


@pytest.mark.parametrize("trial", range(3))
def test_two_mistakes_that_undo_each_other_are_none(trial):
    """What two changes of the key make is not named where one makes the same, or none."""
    change = [{"token_secret": ""}, {"consumer_secret": ""}, {"consumer_secret": f"{GET.consumer_secret} "}][trial]
    found = explain(refused(GET, GET.but(**change).signature()), **held(GET))
    assert len(found.findings) == 1
    own = explain(refused(GET, GET.but(**change).signature()), **held(GET), signing_key="something else")
    assert codes(own) == codes(found)


# --- guesses ---


@pytest.mark.usefixtures("short_search")
def test_where_both_query_and_form_may_have_changed():
    """Where nothing reproduces the signature, a query and a form are both named before the token's secret."""
    both = FORM.but(query="a=1")
    assert codes(explain(refused(both, NOBODYS), **held(both))) == [
        "consumer-secret", "query-changed", "body-changed", "token-secret"
    ]  # fmt: skip
    assert codes(explain(refused(FORM, NOBODYS), **held(FORM))) == ["consumer-secret", "token-secret", "body-changed"]


# --- the rules ---


def put(name: str, value: str) -> Any:
    """Return a collector that has another value for a parameter, or one more."""
    return lambda pairs: [*(pair for pair in pairs if pair[0].decode() != name), (name.encode(), value.encode())]


def joined(pairs: Any) -> Any:
    names = dict.fromkeys(name for name, _ in pairs)
    return [(name, b",".join(value for other, value in pairs if other == name)) for name in names]


def numbered(pairs: Any) -> Any:
    count = iter(range(9))
    return [(name.replace(b"[]", b"[%d]" % next(count)) if b"[]" in name else name, value) for name, value in pairs]


def in_uri(old: str, new: str) -> Any:
    return lambda uri: uri.replace(old, new)


def mine(spell: Any) -> dict[str, Any]:
    """Return another consumer's secret."""
    return {"consumer_secret": spell(TWO_LEGS.consumer_secret)}


def by_key(make: Any) -> dict[str, Any]:
    return {"key": make}


def in_order(*segments: str) -> dict[str, Any]:
    """Return a change that has these parameters first, in this order, and the others sorted after them."""
    first = [tuple(segment.encode().split(b"=")) for segment in segments]
    return {"collect": lambda pairs: first + sorted(pair for pair in pairs if pair not in first), "order": "wire"}


def spelled_by(spell: Any) -> dict[str, Any]:
    """Return a change that spells each name and value by a rule for what is escaped already."""
    return {"encode": lambda value: spell(escape(value))}


def left_alone(characters: str) -> dict[str, Any]:
    return {"encode": lambda value: quote(value, safe=f"~{characters}")}


def first_kind(oauth_first: bool) -> Any:
    return lambda pairs: sorted(pairs, key=lambda pair: (pair[0].startswith(b"oauth_") != oauth_first, pair))


def as_text(codec: str, errors: str = "strict") -> Any:
    return lambda value: escape(value.decode().encode(codec, errors))


HEX = TWO_LEGS.but(consumer_secret="4f6e6553656372657421")
B64 = TWO_LEGS.but(consumer_secret="b25lIHNlY3JldA==")
ODD_SECRET = TWO_LEGS.but(consumer_secret="CSkd94/+ hf93&k423=kf~44")
BRACKETS = GET.but(query="ids%5B%5D=7&ids%5B%5D=5&count=2")
REPEATED = GET.but(query="tag=red&tag=blue")
ACCENTS = FORM.but(body="q=%E2%82%AC%20caf%C3%A9%E2%80%A6")


@dataclass(frozen=True)
class Rule:
    """A right request, the one thing that its signer did otherwise, and the cause."""

    name: str
    code: str
    right: Signing
    change: dict[str, Any]
    spelled: Any = None  #: what became of the signature
    phrase: str = ""  #: what is said of it, where another rule comes near


RULES = [
    # secrets
    Rule("a no-break space after", "secret-whitespace", TWO_LEGS, mine("{}\u00a0".format)),
    Rule("a byte order mark before", "secret-whitespace", TWO_LEGS, mine("\ufeff{}".format)),
    Rule("a zero-width space after", "secret-whitespace", TWO_LEGS, mine("{}\u200b".format)),
    Rule("a placeholder's brackets around", "secret-whitespace", TWO_LEGS, mine("<{}>".format)),
    Rule("a placeholder's brackets left", "secret-whitespace", TWO_LEGS.but(consumer_secret="<CSkd94hf>"),
         mine(lambda text: "CSkd94hf")),
    Rule("a byte order mark left", "secret-whitespace", TWO_LEGS.but(consumer_secret="\ufeffCSkd94hf\u200b"),
         mine(lambda text: "CSkd94hf")),
    Rule("nothing but an unencoded secret", "signing-key-encoding", ODD_SECRET, by_key(lambda mine, users: mine)),
    Rule("two unencoded secrets without &", "signing-key-encoding", GET.but(consumer_secret="CS+/"),
         by_key(lambda mine, users: mine + users)),
    Rule("a further &", "signing-key-encoding", TWO_LEGS, mine("{}&".format)),
    Rule("decoded from hexadecimal digits", "signing-key-encoding", HEX,
         by_key(lambda mine, users: (bytes.fromhex(mine) + b"&").decode("latin-1"))),
    Rule("decoded from base64", "signing-key-encoding", B64, by_key(lambda mine, users: "one secret&")),
    Rule("given as hexadecimal digits", "signing-key-encoding", TWO_LEGS, mine(lambda text: text.encode().hex())),
    Rule("given as base64", "signing-key-encoding", TWO_LEGS,
         mine(lambda text: base64.b64encode(text.encode()).decode())),
    Rule("escaped for HTML", "signing-key-encoding", ODD_SECRET, {"consumer_secret": "CSkd94/+ hf93&amp;k423=kf~44"}),
    Rule("from a form", "signing-key-encoding", ODD_SECRET, {"consumer_secret": "CSkd94/  hf93&k423=kf~44"}),
    Rule("undefined for the token's secret", "token-secret", TWO_LEGS, {"token_secret": "undefined"}),
    # signatures
    Rule("base64 of hexadecimal digits", "signature-method", GET, {},
         lambda text: base64.b64encode(base64.b64decode(text).hex().encode()).decode()),
    Rule("base64 of hexadecimal digits, SHA-256", "signature-method", GET.but(signature_method="HMAC-SHA256"), {},
         lambda text: base64.b64encode(base64.b64decode(text).hex().encode()).decode()),
    Rule("base64 twice", "signature-method", GET, {}, lambda text: base64.b64encode(text.encode()).decode()),
    Rule("base64 in lines", "signature-method", GET.but(signature_method="HMAC-SHA512"), {},
         lambda text: f"{text[:76]}\r\n{text[76:]}"),
    # methods and addresses
    Rule("GET for HEAD", "method", GET.but(method="HEAD"), {"method": "GET"}),
    Rule("the method as Get", "method", GET, {"method": "Get"}),
    Rule("the ending dropped", "path", GET, {"uri": in_uri(".json", "")}),
    Rule("an ending put to it", "path", GET.but(path="/1/items"), {"path": "/1/items.json"}),
    Rule("the front controller put in", "path", GET, {"path": "/index.php/1/items.json"}),
    Rule("the front controller left out", "path", GET.but(path="/index.php/1/items"), {"path": "/1/items"}),
    Rule("WordPress in a folder", "path", GET.but(path="/blog/wp-json/x"), {"path": "/blog/blog/wp-json/x"}),
    Rule("two segments taken off", "path", GET.but(path="/api/v2/items"), {"path": "/items"}),
    Rule("dots resolved", "path", GET.but(path="/1/../2/items"), {"path": "/2/items"}),
    Rule("a ? left", "path", GET.but(query=""), {"uri": "{}?".format}),
    Rule("! in the path escaped", "percent-encoding", GET.but(path="/1/!transform"), {"path": "/1/%21transform"}),
    Rule("a space in the path as +", "plus-as-space", GET.but(path="/red%20shoes"), {"path": "/red+shoes"}),
    # parameters
    Rule("an empty oauth_callback", "empty-value", TWO_LEGS, {"extensions": (("oauth_callback", ""),)}),
    Rule("an empty oauth_signature", "empty-value", GET, {"collect": put("oauth_signature", "")}),
    Rule("the query twice", "duplicate-parameters", GET, {"query": f"{GET.query}&{GET.query}"}),
    Rule("the form twice", "duplicate-parameters", FORM, {"body": f"{FORM.body}&{FORM.body}"}),
    Rule("values of one name joined by commas (ASP.NET)", "duplicate-parameters", REPEATED, {"collect": joined}),
    Rule("brackets numbered (PHP)", "duplicate-parameters", BRACKETS, {"collect": numbered}),
    Rule("_ for a dot (PHP)", "query-changed", GET.but(query="a.b=1"), {"query": "a_b=1"}),
    Rule("values trimmed (Laravel)", "body-changed", FORM.but(body="a=%20x%0A"), {"body": "a=x"}),
    Rule("line ends changed", "body-changed", FORM.but(body="a=1%0D%0A2"), {"body": "a=1%0A2"}),
    Rule("line ends changed back", "body-changed", FORM.but(body="a=1%0A2"), {"body": "a=1%0D%0A2"}),
    Rule("the protocol parameters encoded twice", "double-encoding", GET.but(nonce="a+b", token_key="c/d"),
         {"nonce": "a%2Bb", "token_key": "c%2Fd"}),
    Rule("a plus sign as a space", "plus-as-space", GET.but(nonce="a+b"), {"nonce": "a b"}),
    # spelling
    Rule("encodeURIComponent", "percent-encoding", FORM.but(body="a=it%27s%21"), {"encode": escape_as_javascript}),
    Rule("encodeURIComponent, of a space too", "percent-encoding", FORM, {"encode": escape_as_javascript}),
    Rule("nothing encoded", "percent-encoding", FORM, {"encode": escape_not}),
    Rule("= and & left alone", "percent-encoding", GET,
         {"finish": lambda text: text.replace("%3D", "=").replace("%26", "&")}),
    Rule("parameters not encoded again", "percent-encoding", GET, {"finish": unencoded}),
    Rule("encoded as a whole", "double-encoding", GET, {"finish": escape}),
    Rule("Windows-1252", "charset", ACCENTS, {"encode": as_text("cp1252")}),
    Rule("? for what is not Latin-1", "charset", ACCENTS, {"encode": as_text("latin-1", "replace")}),
    Rule("? for what is not ASCII", "charset", ACCENTS, {"encode": as_text("ascii", "replace")}),
    Rule("U+FFFD for Latin-1", "charset", GET.but(query="q=caf%E9"),
         {"encode": lambda value: escape(value.decode("utf-8", "replace"))}),
    Rule("NFKC", "charset", ACCENTS, {"body": "q=%E2%82%AC%20caf%C3%A9..."}),
    # order
    Rule("sorted backwards", "parameter-order", GET,
         {"collect": lambda pairs: sorted(pairs, reverse=True), "order": "wire"}),
    Rule("oauth_ first, each sorted", "parameter-order", GET, {"collect": first_kind(True), "order": "wire"}),
    Rule("oauth_ last, each sorted", "parameter-order", GET.but(query="z=1&a=2"),
         {"collect": first_kind(False), "order": "wire"}),
]  # fmt: skip


# Rules that are near others: what is said of each is the very one.
PUNCTUATION = "!*'()/,:@;$?[]"
SIGNS = FORM.but(body=f"a={quote(PUNCTUATION, safe='')}%20%2B%7E&b=%2F%20")
TWO_ODD = GET.but(consumer_secret="CS/one two", token_secret="TS/three four")
NEAR = [
    Rule(f"near: {phrase}", code, right, change, None, phrase)
    for phrase, code, right, change in (
        ("names and values percent-encoded twice", "double-encoding", SIGNS, spelled_by(escape)),
        ("spaces as plus signs", "plus-as-space", SIGNS, spelled_by(lambda text: text.replace("%20", "%2B"))),
        ("with * left alone", "percent-encoding", SIGNS, left_alone("*")),
        ("with !*'() left alone", "percent-encoding", SIGNS, left_alone("!*'()")),
        ("with / left alone", "percent-encoding", SIGNS, left_alone("/")),
        ("with , left alone", "percent-encoding", SIGNS, left_alone(",")),
        ("with : and / left alone", "percent-encoding", SIGNS, left_alone(":/")),
        ("with [ and ] left alone", "percent-encoding", SIGNS, left_alone("[]")),
        ("the like left alone.", "percent-encoding", SIGNS, left_alone(":/@,;$!*'()")),
        ("the like left alone, ? too", "percent-encoding", SIGNS, left_alone(":/@,;$!*'()?")),
        ("in Latin-1", "charset", FORM.but(body="a=caf%C3%A9"), {"encode": as_text("latin-1")}),
        ("taken for Latin-1", "charset", FORM.but(body="a=%C3%9D"), {"body": "a=%C3%83%C2%9D"}),
        ("taken for Windows-1252", "charset", FORM.but(body="a=%E2%82%AC"),
         {"body": "a=%C3%A2%E2%80%9A%C2%AC"}),
        ("composed form (NFC)", "charset", FORM.but(body="a=e%CC%81"), {"body": "a=%C3%A9"}),
        ("with names not percent-encoded", "percent-encoding", FORM.but(body="a%5B%5D=%5B"),
         {"finish": in_uri("a%255B%255D", "a%5B%5D")}),
        ("with values not percent-encoded", "percent-encoding", FORM.but(body="a%5B%5D=%5B"),
         {"finish": in_uri("%3D%255B", "%3D%5B")}),
        ("in the order of the wire", "parameter-order", GET.but(query="z=1&a=2"), {"order": "wire"}),
        ("before their encoding", "parameter-order", GET.but(query="a=%5B&a=1"), in_order("a=1", "a=[")),
        ("by name alone", "parameter-order", GET.but(query="a%5B10%5D=1&a%5B9%5D=2&a%5B9%5D=1"),
         in_order("a[10]=1", "a[9]=2", "a[9]=1")),
        ("as whole name=value texts", "parameter-order", GET.but(query="a=1&a-b=2"), in_order("a-b=2", "a=1")),
        ("as PHP sorts nested arrays", "parameter-order", GET.but(query="a%5B10%5D=1&a%5B9%5D=2&a-b=3"),
         in_order("a[9]=2", "a[10]=1", "a-b=3")),
        ("numbers in names sorted by their size", "parameter-order", GET.but(query="a9=1&a10=2&a100=3"),
         in_order("a9=1", "a10=2", "a100=3")),
        ("encoded once too seldom", "percent-encoding", GET.but(query="a=%5B&a=1"),
         {"finish": in_uri("%255B", "%5B")}),
        ("with the URL not percent-encoded", "percent-encoding", GET,
         {"finish": lambda text: text.replace("%3A", ":", 1).replace("%2F", "/")}),
        ("neither the URL nor the parameters", "percent-encoding", GET, {"finish": unquote}),
        ("without the parameters (;)", "path", GET.but(path="/1/a;v=1"), {"path": "/1/a"}),
        ("double slashes", "path", GET.but(path="//1//a"), {"path": "/1/a"}),
        ("the path in lower case", "path", GET.but(path="/Api/A"), {"path": "/api/a"}),
        ("without the first segment", "path", GET, {"path": "/items.json"}),
        ("without the path", "path", GET.but(path="/1/2/3"), {"path": "/"}),
        (". and .. in the path resolved", "path", GET.but(path="/1/./2/../3"), {"path": "/1/3"}),
        ("lower-case escapes in the path", "percent-encoding", GET.but(path="/%C3%A9"), {"path": "/%c3%a9"}),
        ("the path escaped by other rules", "percent-encoding", GET.but(path="/%7Ea,b"), {"path": "/~a,b"}),
        ("secret percent-encoded before", "signing-key-encoding", TWO_ODD, {"consumer_secret": "CS%2Fone%20two"}),
        ("secret form-encoded before", "signing-key-encoding", TWO_ODD, {"consumer_secret": "CS%2Fone+two"}),
        ("secret percent-decoded before", "signing-key-encoding", TWO_ODD.but(token_secret="TS%2B+"),
         {"token_secret": "TS++"}),
        ("unescaped as if from HTML", "signing-key-encoding", TWO_ODD.but(token_secret="TS&lt;+"),
         {"token_secret": "TS<+"}),
        ("with a tab after", "secret-whitespace", GET, {"token_secret": f"{GET.token_secret}\t"}),
        ("with a carriage return and a line feed after", "secret-whitespace", GET,
         {"token_secret": f"{GET.token_secret}\r\n"}),
    )
]  # fmt: skip
RULES += NEAR


FLAG = GET.but(query="full&count=2")
EMOJI = FORM.but(body="status=%F0%9F%98%80")
RULES += [
    Rule("no = after a name without a value", "empty-value", FLAG,
         {"finish": lambda base: base.replace("full%3D", "full")}),
    Rule("[] left out of names", "query-changed", BRACKETS,
         {"collect": lambda pairs: [(name.replace(b"[]", b""), value) for name, value in pairs]}),
    Rule("&amp; for &", "query-changed", GET.but(query="a=1&amp;b=2"),
         {"collect": lambda pairs: [(name.replace(b"amp;", b""), value) for name, value in pairs]}),
    Rule("a line feed after the base string (echo)", "secret-whitespace", GET, {"finish": "{}\n".format}),
    Rule("each part encoded once more", "double-encoding", GET,
         {"finish": lambda base: "&".join(quote(part, safe="~") for part in base.split("&"))}),
    Rule("a clock asked twice", "clock-skew", GET, {"collect": put("oauth_timestamp", str(int(GET.timestamp) - 1))}),
    Rule("the body as a parameter", "body-signed", JSON, {"collect": put("xml", str(JSON.body))}),
    Rule("without the method", "method", GET, {"finish": lambda base: base.partition("&")[2]}),
    Rule("surrogates (CESU-8)", "charset", EMOJI,
         {"encode": lambda value: escape(value.replace(b"\xf0\x9f\x98\x80", b"\xed\xa0\xbd\xed\xb8\x80"))}),
]  # fmt: skip


def with_values(spell: Any) -> dict[str, Any]:
    """Return a change that has other values of the parameters that are not OAuth's."""
    return {"collect": lambda pairs: [(n, v if n.startswith(b"oauth_") else spell(v)) for n, v in pairs]}


def in_tail(old: str, new: str) -> dict[str, Any]:
    """Return a change of what stands in the third part of a base string."""
    return {"finish": lambda base: "&".join([*base.split("&")[:2], base.split("&")[2].replace(old, new)])}


# What Java's HashMap made of these names, of twelve and fewer and of more.
JAVAS = (
    "zebra method oauth_nonce oauth_token format oauth_consumer_key page oauth_signature_method oauth_timestamp "
    "oauth_version",
    "zebra method format oauth_consumer_key oauth_signature_method oauth_timestamp oauth_version field1 field0 "
    "oauth_nonce oauth_token page field3 field2 field5 field4",
)


def by_java(names: str) -> Any:
    return lambda pairs: sorted(pairs, key=lambda pair: names.split().index(pair[0].decode()))


WORDY = GET.but(query="q=a%20b%2Fc%26d&ver=1.2-rc")
TYPED = GET.but(token_secret="TS0pfkk-1hi9sl3r4s")
CYRILLIC = FORM.but(body="name=%D0%9C%D0%B8%D1%80")
LISTED = GET.but(query="t=a&t=b")
INDEXED = GET.but(query="ids%5B0%5D=1&ids%5B1%5D=2")
TRUTH = FORM.but(body="trim=true&x=1")
QUOTED = FORM.but(body="name=Men%27s")
NOTHING = GET.but(query="q=")
FEW = TWO_LEGS.but(query="", version=None)
API = GET.but(host="api.shop.example.co.uk", path="/api/rest/v2")
RARE = [
    *(Rule(f"the token's secret {what}", "token-secret", TYPED, {"token_secret": other}) for what, other in (
        ("in capitals", "TS0PFKK-1HI9SL3R4S"), ("in small letters", "ts0pfkk-1hi9sl3r4s"),
        ("without its last character", "TS0pfkk-1hi9sl3r4"), ("without its first ones", "pfkk-1hi9sl3r4s"),
        ("without one in the middle", "TS0pfkk1hi9sl3r4s"), ("with two swapped", "TS0pfkk1-hi9sl3r4s"),
        ("with O for 0", "TSOpfkk-1hi9sl3r4s"), ("with l for 1", "TS0pfkk-lhi9sl3r4s"),
        ("twice", TYPED.token_secret * 2),
    )),
    *(Rule(f"{mark!r} between the secrets", "signing-key-encoding", GET, by_key(lambda c, t, mark=mark: c + mark + t))
      for mark in (" ", "+", " & ", ":", ",")),
    Rule("the key in UTF-16", "signing-key-encoding", GET,
         by_key(lambda c, t: f"{c}&{t}".encode("utf-16-le").decode("latin-1"))),
    Rule("key and secret for the secrets", "signing-key-encoding", GET, by_key(lambda c, t: f"{GET.consumer_key}&{c}")),
    Rule("a space after the method", "method", GET, {"finish": lambda base: base.replace("GET&", "GET &")}),
    Rule("no scheme but its mark", "scheme", GET, {"uri": in_uri("https", "")}),
    Rule("the port -1", "port", GET, {"uri": in_uri(".com", ".com:-1")}),
    *(Rule(f"the host as {host}", "host", API, {"uri": in_uri(API.host, host)}) for host in (
        "Api.Shop.Example.Co.Uk", "www.shop.example.co.uk", "shop.example.co.uk")),
    Rule("a host in Unicode", "host", GET.but(host="xn--bcher-kva.example"),
         {"uri": in_uri("xn--bcher-kva", "b\u00fccher")}, None, "for the host b\u00fccher.example."),
    *(Rule(f"the path {path}", "path", API, {"path": path}) for path in ("/api/rest", "/rest/v2", "/api/v2")),
    *(Rule(f"{marks} escaped", "percent-encoding", WORDY,
           spelled_by(lambda text, marks=marks: "".join(f"%{ord(c):02X}" if c in marks else c for c in text)))
      for marks in (".", ".-", "_", "-_")),
    *(Rule(f"{marks!r} left alone", "percent-encoding", WORDY, left_alone(marks)) for marks in (" ", " /", "&", " &")),
    Rule("two characters left alone", "percent-encoding", WORDY, left_alone(" /"), None,
         "with the space and / left alone."),
    Rule("a colon in the URL", "percent-encoding", GET, {"finish": lambda base: base.replace("%3A", ":", 1)}),
    *(Rule(f"{mark} between parameters", "percent-encoding", GET, in_tail("%26", mark)) for mark in ("%3B", "%2C", "")),
    Rule("the parameters as a query", "percent-encoding", GET,
         {"finish": lambda base: "%3F".join(base.rsplit("&", 1))}),
    Rule("no & between the parts", "percent-encoding", GET, {"finish": lambda base: base.replace("&", "")}),
    Rule("all in lower case", "percent-encoding", GET, {"finish": str.lower}),
    *(Rule(f"text in {codec}", "charset", CYRILLIC, {"encode": as_text(codec)})
      for codec in ("cp1251", "koi8-r", "shift_jis")),
    Rule("numbered entities", "charset", CYRILLIC, {"encode": as_text("ascii", "xmlcharrefreplace")}),
    Rule("escapes of JSON", "charset", CYRILLIC, {"encode": as_text("unicode-escape")}),
    Rule("an emoji lost", "charset", EMOJI.but(body="status=hi%F0%9F%98%80"),
         with_values(lambda value: value.replace(b"\xf0\x9f\x98\x80", b""))),
    Rule("a list of Python's", "duplicate-parameters", LISTED,
         {"collect": lambda pairs: [(b"t", b"['a', 'b']"), *pairs[2:]]}),
    Rule("a list as JSON", "duplicate-parameters", LISTED,
         {"collect": lambda pairs: [(b"t", b'["a","b"]'), *pairs[2:]]}),
    Rule("a list by semicolons", "duplicate-parameters", LISTED,
         {"collect": lambda pairs: [(b"t", b"a;b"), *pairs[2:]]}),
    Rule("brackets without numbers", "duplicate-parameters", INDEXED,
         {"collect": lambda pairs: [(b"ids[]", b"1"), (b"ids[]", b"2"), *pairs[2:]]}),
    Rule("null for nothing", "empty-value", NOTHING, with_values(lambda value: value or b"null")),
    Rule("nothing for null", "empty-value", NOTHING.but(query="q=null"), with_values(lambda value: b"")),
    Rule("True for true", "body-changed", TRUTH, {"body": "trim=True&x=1"}),
    Rule("1 for true", "body-changed", TRUTH, {"body": "trim=1&x=1"}),
    Rule("backslashes before quotes", "body-changed", QUOTED, {"body": "name=Men%5C%27s"}),
    Rule("a space after a value", "body-changed", FORM, {"body": f"{FORM.body}%20"}),
    Rule("names in lower case", "query-changed", GET.but(query="Count=2"), {"query": "count=2"}),
    Rule("the version as 1.0a", "query-changed", GET, {"version": "1.0a"}),
    Rule("the method's name in small letters", "signature-method", GET,
         {"collect": put("oauth_signature_method", "hmac-sha1")}),
    Rule("a timestamp with a fraction", "clock-skew", GET, {"timestamp": f"{GET.timestamp}.0"}),
    Rule("escaped by its caller, and not again", "double-encoding", GET.but(query="q=a%252Fb"), {"encode": escape_not}),
    Rule("an empty realm", "realm", GET, {"collect": put("realm", "")}),
    Rule("sorted by value", "parameter-order", GET,
         {"collect": lambda pairs: sorted(pairs, key=lambda pair: pair[1]), "order": "wire"}),
    Rule("values of one name backwards", "parameter-order", GET.but(query="a=1&a=2"), in_order("a=2", "a=1")),
    *(Rule("in the order of Java's HashMap", "parameter-order",
           GET.but(query="&".join(f"{name}=1" for name in sorted(names.split()) if not name.startswith("oauth_"))),
           {"collect": by_java(names), "order": "wire"}) for names in JAVAS),
    Rule("in an order without a rule", "parameter-order", FEW,
         {"collect": lambda pairs: [pairs[at] for at in (2, 0, 3, 1)], "order": "wire"}),
]  # fmt: skip


@for_each("rule", RULES + RARE, ids=lambda rule: rule.name)
def test_a_rule_is_known(rule):
    """One rule that the signer does otherwise is the first finding, proven, with nothing known but the refusal."""
    wrong = rule.right.but(**rule.change).signature()
    assert rule.spelled or wrong != rule.right.signature()
    signature = wrong if rule.spelled is None else rule.spelled(wrong)
    first = explain(refused(rule.right, signature), **held(rule.right)).findings[0]
    assert (first.code, first.proven) == (rule.code, True), first
    assert rule.phrase in first.summary


@for_each("rule", [rule for rule in RULES if rule.spelled is None], ids=lambda rule: rule.name)
def test_a_rule_is_known_of_servers(rule):
    """The same of a server that says its signature; and where it says its base string, no other cause is proven."""
    wrong = rule.right.but(**rule.change)
    first = explain(rule.right.request(), **held(rule.right), server_signature=wrong.signature()).findings[0]
    assert (first.code, first.proven) == (rule.code, True), first
    if wrong.base().strip() != rule.right.base() and wrong.base().count("&") == 2:
        explanation = explain(rule.right.request(), **held(rule.right), server_base_string=wrong.base())
        assert codes(explanation)[0] == rule.code, explanation


def test_the_fragment_of_an_address_is_never_signed():
    """A signer that takes the address as it was typed signs its fragment, too."""
    request = GET.request(GET.but(uri=lambda uri: f"{uri}#top").signature())
    request.url += "#top"
    assert codes(explain(request, **held(GET))) == ["path"]


def test_a_base_string_without_its_method_is_none_and_yet_read():
    """What the server gives as its base string may be none; a known mistake in it is named, and else it is said."""
    base = GET.base().partition("&")[2]
    explanation = explain(refused(GET), **held(GET), server_base_string=f"{base}\n")
    assert (codes(explanation)[0], explanation.findings[0].proven) == ("method", True)
    assert "what was given is not a base string" in ruled_out(
        explain(GET.request(), **held(GET), server_base_string="GET / HTTP/1.1")
    )


@pytest.mark.parametrize("status", [200, 401])
def test_a_base_string_of_somebody_else_is_an_example(status):
    """A page that shows the base string of another client's request, of another host, says nothing of this one."""
    other = GET.but(
        consumer_key="dpf43f3p2l4k3l03", host="photos.example.net", path="/photos", nonce="1", timestamp="2"
    )
    response = refused(GET, words=f"See the example: {other.base()}")
    response.status_code = status
    assert not [finding for finding in explain(response, **held(GET)).findings if finding.proven]


def test_the_servers_plaintext_signature_is_that_of_the_request():
    """Secrets with escapes in them stand in a PLAINTEXT signature as they are; the same one is no other one."""
    sent = GET.but(signature_method="PLAINTEXT", consumer_secret="k9+Fz/Qp==&x", token_secret="a b%2Bc&d/")
    explanation = explain(sent.request(), **held(sent), server_signature=sent.signature())
    assert codes(explanation) == ["no-cause-found"]
    assert "the server's signature: it is that of the request" in ruled_out(explanation)


@pytest.mark.parametrize(("made", "name"), [("RSA-SHA256", "RSA-SHA1"), ("RSA-SHA1", "RSA-SHA512")])
def test_another_method_of_rsa_is_named(made, name, rsa_key):
    """A signature that the key made by another method than the request names is no right one."""
    sent = GET.but(signature_method=name, token_key=None)
    signature = sign_by_rsa(rsa_key, sent.base(), made)
    explanation = explain(refused(sent, signature), sent.consumer, rsa_key=rsa_key)
    assert codes(explanation)[0] == "signature-method"
    assert f"by {made} and not by {name}" in explanation.findings[0].summary
    right = explain(sent.request(sign_by_rsa(rsa_key, sent.base(), name)), sent.consumer, rsa_key=rsa_key)
    assert codes(right) == ["no-cause-found"]


def test_an_hmac_under_the_name_of_rsa_is_named_without_a_key():
    """Twenty bytes are no signature of RSA."""
    sent = GET.but(signature_method="RSA-SHA1")
    assert codes(explain(refused(sent, NOBODYS), **held(sent)))[0] == "signature-method"


def test_where_base_strings_are_the_same_the_key_of_rsa_is_another(rsa_key):
    """A refusal that shows the request's own base string leaves the key pair, whether it was given or not."""
    sent = GET.but(signature_method="RSA-SHA1", token_key=None)
    response = refused(sent, sign_by_rsa(rsa_key, sent.base(), "RSA-SHA1"), f"Expected {sent.base()}")
    for more in ({}, {"rsa_key": rsa_key}):
        assert codes(explain(response, sent.consumer, **more))[0] == "consumer-secret"


def test_base64_with_a_line_feed_is_not_base64():
    """encodebytes of Python, and shells, end base64 with a line feed, which is not the signature that servers make."""
    first = explain(refused(GET, f"{GET.signature()}\n"), **held(GET)).findings[0]
    assert (first.code, first.proven) == ("signature-method", True)
    assert "white space" in first.summary


def test_a_plus_of_the_signature_that_became_a_space_is_one_mistake():
    """A signature whose + was sent as it is in a query is an HMAC as before: nothing else is said of it."""
    sent = next(
        one for one in (GET.but(nonce=str(turn), placement="query") for turn in range(99)) if "+" in one.signature()
    )
    request = sent.request()
    request.url = request.url.replace("%2B", "+")
    explanation = explain(answer(request, "oauth_problem=signature_invalid"), **held(sent))
    assert codes(explanation) == ["plus-as-space"]
    assert "%2B" in explanation.findings[0].advice


def test_key_and_message_swapped():
    """hmac() of many languages takes its two arguments in either order."""
    swapped = hmac.digest(GET.base().encode(), b"CSkd94hf93k423kf44&TSpfkkdhi9sl3r4s00", "sha1")
    first = explain(refused(GET, base64.b64encode(swapped).decode()), **held(GET)).findings[0]
    assert (first.code, first.proven) == ("signing-key-encoding", True)


def test_a_bare_plus_in_the_header_is_named():
    """A + that stands unescaped in the header is taken for a space by some servers."""
    sent = next(one for one in (GET.but(nonce=str(turn)) for turn in range(99)) if "+" in one.signature())
    response = refused(sent)
    assert "percent-encoding" not in codes(explain(response, **held(sent)))
    headers = response.request.headers
    headers["Authorization"] = headers["Authorization"].replace("%2B", "+")
    assert codes(explain(response, **held(sent)))[0] == "percent-encoding"


def test_two_rules_at_once_are_found():
    """One mistake in the address and one in the parameters, or one and the whole, are found together."""
    for change, expected in (
        ({"scheme": "http", "encode": escape_as_javascript}, {"scheme", "percent-encoding"}),
        ({"method": "PUT", "finish": lower_escapes}, {"method", "percent-encoding"}),
        ({"method": "PUT", "finish": unencoded}, {"method", "percent-encoding"}),
    ):
        sent = FORM.but(body="a=it%27s%21")
        explanation = explain(refused(sent, sent.but(**change).signature()), **held(sent))
        assert {finding.code for finding in explanation.findings if finding.proven} == expected


# --- one text in another encoding ---


@for_each(
    ("sent", "server", "code"),
    [
        ("caf%C3%A9", "caf\u00c3\u00a9", "charset"),  # read as Latin-1
        ("%E2%82%AC%201", "\u00e2\u201a\u00ac 1", "charset"),  # read as Windows-1252
        ("caf%E9", "caf\ufffd", "charset"),  # read as UTF-8
        ("it%92s", "it\u2019s", "charset"),  # sent in Windows-1252
        ("caf%C3%A9%20%E9%9B%AA", "caf? ?", "charset"),  # written in ASCII
        ("caf%C3%A9%20%E9%9B%AA", "caf\u00e9 \ufffd\ufffd\ufffd", "charset"),
        ("wait%E2%80%A6", "wait...", "charset"),  # NFKC
        ("caf%C3%A9", "cafe\u0301", "charset"),  # NFD
        ("caf%C3%A9", "caf\u00e8", "query-changed"),  # another letter
        ("caf%C3%A9", "tea", "query-changed"),
        ("tea?", "tea??", "query-changed"),
        ("caf%C3%A9", "tea\ufffd", "query-changed"),
    ],
)
def test_one_text_in_another_encoding_is_told_from_another_text(sent, server, code):
    """A value that a server read or wrote in another encoding, whole or with losses, is no other value."""
    right = GET.but(query=f"q={sent}")
    theirs = right.but(collect=lambda pairs: [*put("q", server)(pairs), (b"zz", b"so that no single rule makes it")])
    assert codes(explain(right.request(), server_base_string=theirs.base())) == [*{code: 1, "query-changed": 1}]


def test_the_credentials_are_no_other_ones():
    """The credentials of these tests are of the types that a user has."""
    assert held(GET) == {
        "consumer": Consumer(GET.consumer_key, GET.consumer_secret),
        "token": AccessToken(GET.token_key or "", GET.token_secret),
    }


# --- what another client signed ---


def test_what_another_client_signed_is_compared_with_the_request_and_the_server():
    """It may be of another attempt; where the server's is known, the two stand side by side."""
    own = GET.but(scheme="http", nonce="of-another-attempt", timestamp="12")
    explanation = explain(GET.request(), client_base_string=own.base())
    assert (codes(explanation), explanation.findings[0].proven) == (["scheme"], True)
    explanation = explain(GET.request(), client_base_string=own.base(), server_base_string=GET.base())
    assert (explanation.comparison.left, explanation.comparison.right) == ("the client", "the server")
    assert [row.name for row in explanation.comparison.rows if row.differs] == ["scheme"]
    explanation = explain(refused(GET), **held(GET), client_base_string=own.but(scheme="https").base())
    assert "the other client's base string: it is that of the request" in ruled_out(explanation)
    agreed = GET.but(path="/else").base()
    explanation = explain(GET.request(), client_base_string=agreed, server_base_string=agreed)
    assert "the other client's base string: it is the server's" in ruled_out(explanation)


@pytest.mark.parametrize("name", ["server_base_string", "client_base_string"])
def test_junk_for_a_base_string_is_said_to_be_junk(name):
    """What is no base string, or one of another request, is named with the first finding, and is no cause."""
    others = GET.but(consumer_key="ck-else", nonce="else", timestamp="1", host="photos.example.net").base()
    for text, said in (
        ("hello", "is not one"), ("GET&&", "is not one"), ("a=1&b=2", "is not one"), ("", "is not one"),
        (GET.signature(), "is not one"), (others, "is that of another request"),
    ):  # fmt: skip
        explanation = explain(refused(FORM), **held(FORM), **{name: text})
        assert said in "".join(explanation.findings[0].evidence), text
        assert not any(finding.proven for finding in explanation.findings)


@pytest.mark.parametrize("name", ["server_base_string", "client_base_string"])
def test_a_base_string_that_was_copied_in_lines_is_one(name):
    """Line ends of a terminal, and white space around, are no difference."""
    base = GET.base()
    lines = f"  {base[:60]}\r\n{base[60:100]}\n {base[100:]}\n"
    explanation = explain(GET.request(), **held(GET), **{name: lines})
    assert codes(explanation) == ["no-cause-found"]
    assert explanation.findings[0].evidence == ()


def test_one_base_string_of_a_url_without_its_scheme_or_host_is_read():
    """What a signer by hand makes of a URL is taken apart and shown, too."""
    for uri in ("api.example.com/1/items.json", "//api.example.com/1/items.json", "/1/items.json"):
        made = GET.but(uri=lambda _, uri=uri: uri, query="count=3")
        explanation = explain(GET.request(), client_base_string=made.base())
        assert codes(explanation)[0] in ("scheme", "host")
        assert "query-changed" in codes(explanation)
