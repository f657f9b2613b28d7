"""What holds for every request: oauthlib computes what we compute, and signing twice is signing once.

These tests use no network. The ones that do are in ``test_hook.py``.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849 import signature as oracle

from oauth_hook import AccessToken, Consumer, UsageError, sign, verify
from oauth_hook.protocol.encoding import escape, escape_form, from_wire_like, to_wire, unescape
from oauth_hook.protocol.parameters import divide, normalize, parse_pairs, sortable
from oauth_hook.protocol.placement import PLACEMENTS, authorization, parse_authorization, quote_pairs, quote_realm
from oauth_hook.protocol.url import split_url

pytestmark = pytest.mark.soak  # the number of examples is in conftest.py

FORM = "application/x-www-form-urlencoded"
CONSUMER = Consumer("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
TOKEN = AccessToken("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")

ODD = ("%20", "%2F", "%7E", "%7e", "%c3%a9", "%C3%A9", "+", "a[]", "'", "$", "|", "é", "~", "%", "%zz", ";:@!")
piece = st.one_of(st.sampled_from(ODD), st.text("abcXYZ019-._~", max_size=4))
word = st.lists(piece, max_size=4).map("".join)
segment = st.one_of(
    st.tuples(word, word).map("=".join),
    word,
    st.just(""),
    st.sampled_from(["a=b=c", "=", "oauth_token=other", "oauth_callback=oob", "oauth%5Fnonce=1", "x=oauth_y"]),
)
encoded = st.lists(segment, max_size=6).map("&".join)
host = st.sampled_from(["example.com", "EXAMPLE.com:80", "example.com:8080", "127.0.0.1", "[::1]", "[2001:DB8::1]:443"])
path = st.lists(st.one_of(piece, st.just("/")), max_size=5).map(lambda parts: "/" + "".join(parts))
url = st.builds(
    lambda scheme, host, path, query, fragment: f"{scheme}://{host}{path}{query}{fragment}",
    st.sampled_from(["http", "https", "HTTPS"]),
    host,
    st.one_of(path, st.just("")),
    encoded.map(lambda query: query and "?" + query),
    st.sampled_from(["", "#top"]),
)
content_type = st.sampled_from([None, FORM, FORM.upper(), FORM + "; charset=UTF-8", "application/json", "text/plain"])
body = st.one_of(st.none(), encoded, encoded.map(str.encode), st.binary(max_size=20))
method = st.sampled_from(["GET", "POST", "put", "DELETE", "HEAD"])


def headers_of(content_type: str | None) -> dict[str, str]:
    return {} if content_type is None else {"Content-Type": content_type}


def signed_or_none(*args: object, **kwargs: object):
    """Sign, or return None where that is refused with an error of ours."""
    try:
        return sign(*args, consumer=CONSUMER, token=TOKEN, **kwargs)
    except UsageError:
        return None


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@given(method, url, content_type, body)
def test_base_string_and_signature_are_those_of_oauthlib(digest, method, url, content_type, body):
    """Wherever oauthlib accepts a request, it finds the base string and signature that we find.

    Two differences are left out. oauthlib drops a ``;`` that ends the path (it goes through
    ``urlparse`` and ``urlunparse``, which lose an empty one), which on the wire is there; and it
    makes U+FFFD of octets that are not UTF-8.
    """
    assume(not urlsplit(url).path.endswith(";"))
    assume("\ufffd" not in unquote(urlsplit(url).query))
    signed = sign(
        method, url, headers=headers_of(content_type), body=body, consumer=CONSUMER, token=TOKEN,
        signature_method=f"HMAC-{digest.upper()}",
    )  # fmt: skip
    is_form = content_type is not None and content_type.lower().startswith(FORM) and body is not None
    text = to_wire(signed.body).encode("latin-1").decode("utf-8", "replace") if is_form else ""
    assume("\ufffd" not in unquote(text))
    try:
        collected = oracle.collect_parameters(
            uri_query=urlsplit(signed.url).query,
            body=parse_qsl(text, keep_blank_values=True),
            headers=signed.headers,
        )
    except ValueError:
        return  # oauthlib refuses characters that servers accept
    uri = oracle.base_string_uri(signed.url.partition("#")[0])
    base = oracle.signature_base_string(method, uri, oracle.normalize_parameters(collected))
    assert signed.base_string == base
    client = SimpleNamespace(client_secret=CONSUMER.secret, resource_owner_secret=TOKEN.secret)
    assert signed.signature == getattr(oracle, f"sign_hmac_{digest}_with_client")(base, client)


@given(method, url, content_type, body, st.sampled_from(PLACEMENTS))
def test_what_is_signed_verifies(method, url, content_type, body, placement):
    """A signed request is verified in every placement, and its caller's parameters are octet for octet there."""
    signed = signed_or_none(method, url, headers=headers_of(content_type), body=body, placement=placement)
    if signed is None:
        assert placement == "body"
        return
    copies = placement == "header+url-encoded"
    verdict = verify(
        method,
        signed.url,
        headers=signed.headers,
        body=signed.body,
        consumer=CONSUMER,
        token=TOKEN,
        allow_copies=copies,
    )
    assert verdict, verdict.reason
    assert verdict.base_string == signed.base_string
    assert type(signed.body) is (str if body is None and signed.body is not None else type(body))


@given(method, url, content_type, body, st.sampled_from(PLACEMENTS), st.sampled_from(PLACEMENTS))
def test_signing_twice_is_signing_once(method, url, content_type, body, first, second):
    """Signing what is signed already, in any placement, gives what signing it once would have given."""
    fixed = {"nonce": "n", "timestamp": 1}
    once = signed_or_none(method, url, headers=headers_of(content_type), body=body, placement=second, **fixed)
    earlier = signed_or_none(method, url, headers=headers_of(content_type), body=body, placement=first, **fixed)
    assume(once is not None and earlier is not None)
    if first == "body" and body is None:
        return  # signing made the form, and cannot know afterwards that there was none
    twice = signed_or_none(method, earlier.url, headers=earlier.headers, body=earlier.body, placement=second, **fixed)
    assert twice is not None
    assert (twice.base_string, twice.signature) == (once.base_string, once.signature)
    if first == second:
        assert (twice.url, twice.body) == (once.url, once.body)


@given(encoded)
def test_the_callers_segments_stay_as_they_are(query):
    """Nothing of the caller's is re-quoted: what is left after the protocol parameters is cut from the original."""
    own, pairs, protocol = divide(to_wire(query))
    segments = query.split("&")
    kept = [s for s in segments if not re.match("oauth(_|%5[Ff])", s)]
    assert from_wire_like(own, "") == "&".join(kept)
    assert len(pairs) + len(protocol) == len([s for s in segments if s])


@given(encoded)
def test_parameters_are_sorted_as_pairs(query):
    """By name, then by value (s3.4.1.3.2), where one name begins with another, too; and each segment is a parameter."""
    query = re.sub("oauth(_|%5[Ff])", "o", query)
    pairs = parse_pairs(escape_form(to_wire(query)))
    assert divide(to_wire(query))[1] == sortable(pairs)
    assert normalize(sortable(pairs)) == escape("&".join(f"{name}={value}" for name, value in sorted(pairs)))


@given(st.text())
def test_escaping_is_undone_by_unescaping(text):
    """Percent-encoding loses nothing (s3.6), and leaves only unreserved characters and escapes."""
    assume(not any("\ud800" <= c <= "\udfff" for c in text))
    assert unescape(escape(text)) == text
    assert re.fullmatch("([A-Za-z0-9._~-]|%[0-9A-F]{2})*", escape(text))


@given(st.binary())
def test_form_encoded_octets_are_respelled_as_decoding_and_encoding_would(data):
    """escape_form gives what parse_qsl and s3.6 encoding give, on any octets at all."""
    spelled = escape_form(to_wire(data))
    expected = [
        (escape_octets(name), escape_octets(value))
        for name, value in parse_qsl(data.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    ]
    found = [tuple(part.partition("=")[::2]) for part in spelled.split("&") if part]
    assert [(name, value.replace("=", "%3D")) for name, value in found] == expected


def escape_octets(text: str) -> str:
    return "".join(c if re.match("[A-Za-z0-9._~-]", c) else f"%{ord(c):02X}" for c in text)


@given(
    st.dictionaries(st.text("abc_", min_size=1), st.text(max_size=5)),
    st.text(st.characters(max_codepoint=0xFF), max_size=8),
)
def test_the_header_is_read_as_it_was_written(parameters, realm):
    """The Authorization header (s3.5.1) is undone by its reader, whatever realm and values are."""
    assume(not any(0xD800 <= ord(c) <= 0xDFFF for v in parameters.values() for c in v))
    pairs = [(escape(name), escape(value)) for name, value in parameters.items() if name != "realm"]
    try:
        quoted = quote_realm(realm)
    except UsageError:
        quoted = None
    assume(pairs or quoted is not None)
    assert parse_authorization(authorization(quote_pairs(pairs[:1]), pairs[1:], quoted)) == (quoted, pairs)


# RFC 3986 appendix B, for the two schemes, without what HTTP cannot carry.
_appendix_b = re.compile(
    r"((https?)://([^/?#\x00-\x20\x7F]*)([^?#\x00-\x20\x7F]*))(?:\?([^#\x00-\x20\x7F]*))?(#[^\x00-\x20\x7F]*)?",
    re.IGNORECASE | re.ASCII,
).fullmatch


@given(
    st.one_of(
        url,
        st.builds(
            "".join,
            st.lists(
                st.sampled_from(
                    ["http", "HTTPS", "ftp", ":", "//", "://", "/", "?", "#", " ", "\x7f", "\xad", "@", "a"]
                )
            ),
        ),
    )
)
def test_urls_are_taken_apart_as_rfc_3986_does(text):
    """The parts are those of RFC 3986 appendix B; what has a space or a control character in it is refused."""
    expected = _appendix_b(text)
    try:
        parts = split_url(text)
    except UsageError:
        parts = None
    assert parts == (expected and expected.groups())


@given(st.text(), st.text(), st.text(max_size=30), st.one_of(st.none(), st.text(), st.binary()))
def test_nothing_but_our_errors_comes_out(method, url, header, body):
    """Whatever is signed or verified, an error is a UsageError, and verifying raises none for what it received."""
    headers = {"Authorization": header, "Host": header, "Content-Type": FORM}
    for address in (url, "http://example.com/" + url, "http://" + url):
        try:
            signed = sign(method, address, headers=headers, body=body, consumer=CONSUMER)
        except UsageError:
            continue
        request = {"headers": signed.headers, "body": signed.body, "consumer": CONSUMER}
        verify(method, signed.url, **request)
        if re.fullmatch(r"[\w.-]*", header, re.ASCII):  # the server is known by the name that the Host header has
            parts = split_url(signed.url)
            rest = signed.url[len(f"{parts.scheme}://{parts.authority}") :]
            assert verify(method, f"{parts.scheme}://{header or parts.authority}{rest}", **request)
