"""What fuzzing found (``fuzz_signing.py``), mended and pinned."""

from __future__ import annotations

import pytest

from oauth_hook import Consumer, sign, verify
from oauth_hook.protocol.placement import PLACEMENTS

CONSUMER = Consumer("key", "secret")


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_what_a_header_has_besides_protocol_parameters_counts_once(placement):
    """A parameter of the caller's in an OAuth header is signed once, in both-places placement too."""
    headers = {"Authorization": 'OAuth realm="a", extra="1", oauth_nonce="old"'}
    signed = sign("POST", "https://example.com/", headers=headers, consumer=CONSUMER, placement=placement)
    assert signed.base_string.count("extra%3D1") == 1
    verdict = verify(
        "POST", signed.url, headers=signed.headers, body=signed.body, consumer=CONSUMER,
        allow_copies=placement == "header+url-encoded",
    )  # fmt: skip
    assert verdict
