"""Faulty RSA signers. Makes a key pair, prints the table's part as JSON with the public half in it: python gen_rsa.py"""

# ruff: noqa: E501  # a row of the table is a line
# fmt: off
from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

sys.path.insert(0, str(Path(__file__).parents[1]))
from blind_signer import Call, Keys, Steps, base_string, escape, oauth_pairs, place

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()
HASHES = {"RSA-SHA1": hashes.SHA1(), "RSA-SHA256": hashes.SHA256(), "RSA-SHA512": hashes.SHA512()}  # noqa: S303
JIRA = Keys("jira-app-link", "", "hCi2vEqyNmVbTk", "")
MASTERCARD = Keys("L8BsiQ6kq0TfDyJcW2cx!414b4a3059324b2e", "", None, "")
CASES: list[dict[str, Any]] = []


def sign(call: Call, steps: Steps, key: Any = KEY, announced: str | None = None, pad: Any = None) -> dict[str, Any]:
    oauth = oauth_pairs(call)
    text = base_string(call, steps, oauth).encode()
    signature = key.sign(text, pad or padding.PKCS1v15(), HASHES[announced or call.hash_name])
    written = steps.signature(base64.b64encode(signature).decode())
    return place(call, steps, [*oauth, ("oauth_signature", written)])


def fault(id_: str, kind: str, what: str, codes: list[str], call: Call, steps: Steps = Steps(), **more: Any) -> None:  # noqa: B008
    proof = more.pop("proof", "signature")
    right = more.pop("right", None) or sign(call, Steps())
    request = sign(call, steps, **more)
    for each in (request, right):
        each["body"] = each["body"].decode() if each["body"] is not None else None
    CASES.append({
        "id": f"rsa-{id_}", "kind": kind, "what": what, "codes": codes, "sides": [] if "other-key" in id_ else ["signer"], "proof": proof,
        "keys": vars(call.keys), "given": {"rsa_key": PUBLIC}, "request": request, "right": right,
    })


def body_hash(body: bytes, name: str = "sha256") -> tuple[tuple[str, str], ...]:
    return (("oauth_body_hash", base64.b64encode(hashlib.new(name, body).digest()).decode()),)


jira = Call("GET", "https://jira.example.com/rest/api/2/search", [("jql", "project = ABC")], keys=JIRA, hash_name="RSA-SHA1")
json_ = b'{"requestId":"123456","amount":10}'
card = Call(
    "POST", "https://sandbox.api.mastercard.com/mdes/digitization/static/1/0/tokenize", body=json_,
    content_type="application/json", keys=MASTERCARD, hash_name="RSA-SHA256", extra=body_hash(json_),
)
replaced = lambda call, **new: Call(**{**vars(call), **new})  # noqa: E731
fault("sha256", "RSA with another digest", "RSA-SHA1 is announced, SHA-256 computed", ["signature-method"], jira, announced="RSA-SHA256")
fault("sha1", "RSA with another digest", "RSA-SHA256 is announced, SHA-1 computed", ["signature-method"], card, announced="RSA-SHA1")
fault("sha512", "RSA with another digest", "RSA-SHA256 is announced, SHA-512 computed", ["signature-method"], card, announced="RSA-SHA512")
fault("other-key", "RSA with another key", "signed with the private key of another pair", ["consumer-secret", "consumer-key", "signing-key-encoding"], jira, key=OTHER)
fault("other-key2", "RSA with another key", "Mastercard: the sandbox key signs for production", ["consumer-secret", "consumer-key", "signing-key-encoding"], card, key=OTHER)
fault("query", "query not signed", "Jira: the jql is not signed", ["query-changed"], jira, Steps(query=lambda _: []))
fault("method", "method", "Jira: GET is signed, PUT is sent", ["method"], replaced(jira, method="PUT"), Steps(method=lambda _: "GET"))
fault("scheme", "scheme", "Jira: http is signed, https is sent", ["scheme"], jira, Steps(base_url=lambda _: "http://jira.example.com/rest/api/2/search"))
fault("path", "path", "Jira: the context path is missing", ["path"], replaced(jira, url="https://example.com/jira/rest/api/2/myself", query=[]), Steps(base_url=lambda _: "https://example.com/rest/api/2/myself"))
fault("euc", "encodeURIComponent", "Jira: encodeURIComponent with brackets in jql", ["percent-encoding"], replaced(jira, query=[("jql", "status in (Open)")]), Steps(encode=lambda s: escape(s).replace("%28", "(").replace("%29", ")")))
fault("plus", "urlencode", "Jira: urlencode with spaces in jql", ["plus-as-space"], jira, Steps(encode=lambda s: escape(s).replace("%20", "+")))
fault("key-euc", "encodeURIComponent", "Mastercard: the ! of the consumer key is not escaped", ["percent-encoding"], card, Steps(encode=lambda s: escape(s).replace("%21", "!")))
fault("hash-raw", "encodeURI", "Mastercard: the body hash is signed without its = escaped", ["percent-encoding"], card, Steps(encode=lambda s: escape(s).replace("%3D", "=")))
fault("body-changed", "body hash", "Mastercard: the JSON is serialized again after the hash", ["body-changed"], replaced(card, body=b'{"requestId": "123456", "amount": 10}'), proof="body_hash", right=sign(replaced(card, body=b'{"requestId": "123456", "amount": 10}', extra=body_hash(b'{"requestId": "123456", "amount": 10}')), Steps()))
fault("body-hash-sha1", "body hash", "Mastercard: the body hash is of SHA-1", ["body-changed", "signature-method"], replaced(card, extra=body_hash(json_, "sha1")), proof="body_hash", right=sign(card, Steps()))
fault("body-hash-empty", "body hash", "Mastercard: the body hash is that of an empty body", ["body-changed"], replaced(card, extra=body_hash(b"")), proof="body_hash", right=sign(card, Steps()))
print(json.dumps(CASES, indent=1))
