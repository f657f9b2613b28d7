"""Coverage-guided fuzzing of ``sign`` and ``verify``, outside the test suite.

    pip install atheris .[test]
    python tests/protocol/fuzz_signing.py -max_total_time=600 -dict=tests/protocol/fuzz_signing.dict

What it finds is mended, and pinned in ``test_fuzz_findings.py``. It looks for: any
exception but a UsageError; a signed request that does not verify; a body that changed
where it must not; signing twice that is not signing once; and a base string that is not
oauthlib's, wherever oauthlib accepts the request.
"""

from __future__ import annotations

import re
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import atheris

with atheris.instrument_imports(include=["oauth_hook"]):
    from oauth_hook import AccessToken, Consumer, UsageError, sign, verify
    from oauth_hook.protocol.encoding import to_wire
    from oauth_hook.protocol.parameters import is_form
    from oauth_hook.protocol.placement import PLACEMENTS

from oauthlib.oauth1.rfc5849 import signature as oracle

CONSUMER, TOKEN = Consumer("consumer key", "consumer secret"), AccessToken("token key", "token secret")
TYPES = [None, "application/x-www-form-urlencoded", "APPLICATION/X-www-form-urlencoded ; charset=x", "text/plain"]


def sign_and_verify(data: bytes) -> None:
    """Sign what the fuzzer made, and hold the result to what is promised."""
    take = atheris.FuzzedDataProvider(data)
    placement, other = take.PickValueInList(list(PLACEMENTS)), take.PickValueInList(list(PLACEMENTS))
    headers = {}
    if content_type := take.PickValueInList(TYPES):
        headers["Content-Type"] = content_type
    if take.ConsumeBool():
        headers["Authorization"] = take.ConsumeUnicode(60)
    if take.ConsumeBool():
        headers["Host"] = take.ConsumeUnicode(20)
    method = take.ConsumeUnicode(6) or "POST"
    url = ("" if take.ConsumeBool() else "https://example.com/") + take.ConsumeUnicode(80)
    body = take.PickValueInList([None, take.ConsumeBytes(60), take.ConsumeUnicode(60)])
    realm = take.ConsumeUnicode(8) if take.ConsumeBool() else None
    fixed = {"consumer": CONSUMER, "token": TOKEN, "realm": realm, "nonce": "nonce", "timestamp": 1}
    try:
        signed = sign(method, url, headers=headers, body=body, placement=placement, **fixed)
    except UsageError:
        verify(method, url, headers=_sane(headers), body=body, consumer=CONSUMER, token=TOKEN)
        return
    verdict = verify(method, signed.url, headers=signed.headers, body=signed.body, consumer=CONSUMER, token=TOKEN)
    if "more than once" in verdict.reason:
        return  # a protocol parameter that the caller sends twice is the caller's breach of s3.1
    expect(bool(verdict), verdict.reason)
    expect(verdict.base_string == signed.base_string, "verify has another base string")
    if not is_form(headers.get("Content-Type")) and placement != "body":
        expect(signed.body == body, "the body was changed")
    try:
        twice = sign(method, signed.url, headers=signed.headers, body=signed.body, placement=other, **fixed)
    except UsageError:
        expect(other == "body" or "body" in placement, "signing twice was refused")
    else:
        expect(twice.base_string == signed.base_string, "signing twice is not signing once")
    compare_with_oauthlib(method, signed)


def _sane(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def compare_with_oauthlib(method: str, signed) -> None:
    """Hold the base string to oauthlib's; see test_properties.py for what is left out."""
    if "Host" in signed.headers or "?" not in signed.url or urlsplit(signed.url).path.endswith(";"):
        return
    form = is_form(signed.headers.get("Content-Type")) and signed.body is not None
    text = to_wire(signed.body).encode("latin-1").decode("utf-8", "replace") if form else ""
    if "\ufffd" in unquote(text) + unquote(signed.url) or "Authorization" not in signed.headers:
        return
    if re.search(r'%[^="]*="', signed.headers["Authorization"]):
        return  # a header's names, which oauthlib does not decode (RFC 5849 s3.5.1)
    try:
        pairs = oracle.collect_parameters(
            uri_query=urlsplit(signed.url).query,
            body=parse_qsl(text, keep_blank_values=True),
            headers=signed.headers,
        )
        uri = oracle.base_string_uri(signed.url.partition("#")[0])
    except ValueError:
        return  # what oauthlib does not accept
    names = [name for name, _ in pairs]
    if any("&oauth_" in signed.url or (name.startswith("oauth_") and names.count(name) > 1) for name in names):
        return  # parameters in two places, which oauthlib counts twice
    base = oracle.signature_base_string(method, uri, oracle.normalize_parameters(pairs))
    expect(base == signed.base_string, f"oauthlib has {base!r}, we have {signed.base_string!r}")


def expect(true: bool, otherwise: str) -> None:
    """Report a finding."""
    if not true:
        raise RuntimeError(otherwise)


if __name__ == "__main__":
    atheris.Setup(sys.argv, sign_and_verify)
    atheris.Fuzz()
