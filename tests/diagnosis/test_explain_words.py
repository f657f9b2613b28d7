"""What an explanation says, and what it tells people to do: sentences that fit the case."""

from __future__ import annotations

import time
from base64 import b64encode
from urllib.parse import quote

import pytest
from faults import Signing, answer
from tables import for_each

from oauth_hook import AccessToken, explain

GET = Signing()
RSA = GET.but(signature_method="RSA-SHA1", token_key=None)
WITH_NONCE = "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce"


@for_each(
    ("response", "code", "says", "does_not_say"),
    [
        (answer(GET.but(nonce=None).request(), WITH_NONCE), "nonce-reused", "has no oauth_nonce", "seen this nonce"),
        (answer(GET.request(), WITH_NONCE), "unsigned", "has oauth_nonce, which the server misses", "Attach the hook"),
        (answer(GET.but(timestamp=None).request(), "no"), "clock-skew", "has no oauth_timestamp", "machine's clock"),
        (answer(GET.but(version="2.0").request(), "no"), "signature-method", "Leave oauth_version out", "base64"),
        (answer(GET.request(), "oauth_problem=parameter_rejected&oauth_parameters_rejected=oauth_token"), "token-key",
         "does not take it", "user's token too"),
        (answer(GET.request(), "The consumer_secret is wrong"), "consumer-secret", "consumer's secret", "key,"),
    ],
    ids=["no nonce", "nonce not found", "no timestamp", "another version", "token not taken", "consumer secret"],
)  # fmt: skip
def test_what_is_said_fits_the_case(response, code, says, does_not_say):
    """The sentence and the advice are about what was seen, and not about the commonest reason for the same code."""
    first = explain(response, GET.consumer, GET.token).findings[0]
    assert first.code == code
    assert says in first.message
    assert does_not_say not in first.message


def test_a_server_that_does_not_read_the_token():
    """Where the request has a token and the server's base string has none, nobody is told to send one."""
    base = GET.but(token_key=None).base()
    first = explain(GET.request(), GET.consumer, GET.token, server_base_string=base).findings[0]
    assert (first.code, first.proven) == ("token-missing", True)
    assert "where it was put" in first.advice


def test_nothing_found_says_how_far_it_was_looked():
    """Without secrets the signature was not checked; with them it is right, and the service has a reason of its own."""
    forbidden = answer(GET.request(), "You may not do this", status=403)
    unchecked, checked = explain(forbidden).findings[0], explain(forbidden, GET.consumer, GET.token).findings[0]
    assert {unchecked.code, checked.code} == {"no-cause-found"}
    assert "was not checked" in unchecked.summary
    assert "Give the secrets" in unchecked.advice
    assert "signature is right" in checked.summary
    assert "permissions" in checked.advice


def test_where_no_secret_counts_none_is_spoken_of():
    """An RSA signature is made with a key pair: the token's secret and the consumer's have no part in it."""
    response = answer(RSA.request("a" * 171 + "="), f"oauth_problem=signature_invalid&base={quote(RSA.base())}")
    (finding,) = explain(response, RSA.consumer).findings
    assert finding.code == "consumer-secret"
    assert "private key" in finding.advice


@pytest.mark.parametrize("url", ["https://me:pw@api.example.com/", "https://api.example.com:99999/", "https:///"])
def test_an_address_that_nobody_can_sign(url):
    """What is wrong with an address is not said of the Content-Type; and where all went well, it is not said at all."""
    request = GET.request()
    request.url = url
    assert explain(request).findings[0].code == "host"
    assert explain(answer(request, "fine", status=200)).findings[0].code == "no-cause-found"


@pytest.mark.parametrize("header", ['OAuthoauth_nonce="1"', "OAuth realm", "OAuth"])
def test_a_header_that_cannot_be_read_is_one(header):
    """A person who sees the header is not told that there is none."""
    request = GET.request()
    request.headers["Authorization"] = header
    first = explain(request).findings[0]
    assert first.code == "unsigned"
    assert "cannot be read" in first.evidence[0]
    assert "s3.5.1" in first.advice


def test_a_token_that_was_encoded_once_too_often():
    """A token with escapes in it that stands in the request escaped twice is told from another one."""
    sent = GET.but(token_key="aB%2Bc")
    evidence = explain(sent.request(), sent.consumer, AccessToken("aB+c", sent.token_secret)).findings[0].evidence
    assert "differs by percent-encoding only" in evidence[0]


def test_the_key_is_not_shown_in_other_spellings():
    """A server that shows the signing key or a secret in base64 or hexadecimal digits is not quoted in it."""
    key = f"{GET.consumer_secret}&{GET.token_secret}".encode()
    shown = [b64encode(text).decode() for text in (key, GET.consumer_secret.encode())] + [key.hex(), key.hex().upper()]
    text = str(explain(answer(GET.request(), f"signature_invalid {' '.join(shown)}"), GET.consumer, GET.token))
    assert "signature_invalid" in text
    assert not [form for form in shown if form.rstrip("=") in text]


def test_a_page_with_a_heading_of_its_own_is_read_for_its_problem():
    """The heading of a server's error page is not all that it says."""
    page = "<html><title>Apache Tomcat - Error report</title><h1>Error report</h1><p>oauth_problem=token_rejected</p>"
    assert "token_rejected" in explain(answer(GET.request(), page), GET.consumer, GET.token).response


def test_a_plaintext_signature_that_was_encoded_once_more():
    """What was done to a signature is said, whatever the method."""
    sent = GET.but(signature_method="PLAINTEXT", consumer_secret="cse+cret")
    first = explain(answer(sent.request(quote(sent.signature(), safe="")), "no"), sent.consumer, sent.token).findings[0]
    assert (first.code, first.proven) == ("double-encoding", True)
    assert "the signature" in first.summary


def test_a_location_takes_no_longer_than_it_is_long():
    """A server's Location of tens of thousands of backslashes is shown at once."""
    response = answer(GET.request(), "", status=301, Location="http://" + "\\" * 32_000 + "x/@")
    start = time.thread_time()
    explanation = explain(response)
    assert time.thread_time() - start < 2
    assert explanation.findings[0].code == "redirected"


def test_the_signature_that_an_answer_expects_is_searched():
    """Tumblr says which signature it wanted: what the server did otherwise is proven by it."""
    wanted = GET.but(scheme="http").signature()
    words = f"oauth_signature [{GET.signature()}] does not match expected value [{wanted}]"
    first = explain(answer(GET.request(), words), GET.consumer, GET.token).findings[0]
    assert (first.code, first.proven) == ("scheme", True)


def test_a_base_string_in_a_challenge_is_read():
    """A server may hand its base string back in WWW-Authenticate, as in its page."""
    base = GET.but(method="PUT").base()
    response = answer(GET.request(), "no", WWW_Authenticate=f'OAuth realm="r", debug_sbs="{base}"')
    first = explain(response, GET.consumer, GET.token).findings[0]
    assert (first.code, first.proven) == ("method", True)


def test_a_token_of_the_requests_own_is_not_that_of_oauth():
    """An invalid page_token is the query's; where the request has nothing of that name, the token is OAuth's."""
    for query, codes in (("page_token=x", {"no-cause-found"}), ("page=2", {"token-key", "token-expired"})):
        response = answer(GET.but(query=query).request(), '{"error": "Invalid token"}', status=400)
        assert {finding.code for finding in explain(response).findings} == codes
