"""Put the table of faults into ``vectors/oauth1.json``: ``python tests/diagnosis/faults_vectors.py``.

Each variant of a right request is one entry; its evidence, and what servers say, are no part of it.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # where pytest finds what the tests share

from faults import CLIENTS_TIME, Signing
from test_diagnosis_faults import CREDENTIALS, METHODS, PAIRS, PARAMETERS, URLS, Variant

FILE = Path(__file__).parent.parent.parent / "vectors" / "oauth1.json"
_SIGNERS = {"client", "mine"}


def list_faults() -> list[dict[str, Any]]:
    """Return the entries, as they have to be. RSA's are left out: their key is made anew each time."""
    variants = [*CREDENTIALS, *URLS, *PARAMETERS, *METHODS, *PAIRS]
    return [describe_fault(variant) for variant in variants if "RSA" not in variant.right.signature_method]


def describe_fault(variant: Variant) -> dict[str, Any]:
    right = variant.right.but(timestamp=str(CLIENTS_TIME), placement="header")
    wrong = right.but(**variant.change)
    whose = {side.partition("+")[0] for side in variant.sides.split()}
    sides = [name for name, who in (("signer", _SIGNERS), ("verifier", {"server"})) if whose & who]
    return {
        "name": variant.name,
        "causes": variant.codes.split(),
        "sides": sides,
        **describe_request(right),
        "wrong": {"base_string": wrong.base(), "signature": wrong.signature()},
    }


def describe_request(right: Signing) -> dict[str, Any]:
    sent = right.request()
    body = right.body
    return {
        "method": right.method,
        "url": right.url,
        "headers": dict(right.headers) | ({"Content-Type": right.content_type} if right.content_type else {}),
        **({"body_base64": base64.b64encode(body).decode()} if isinstance(body, bytes) else {"body": body}),
        "oauth": dict(right.protocol()),
        "consumer_secret": right.consumer_secret,
        "token_secret": right.token_secret,
        "base_string": right.base(),
        "signature": right.signature(),
        "header": sent.headers["Authorization"],
    }


if __name__ == "__main__":
    vectors = json.loads(FILE.read_text(encoding="utf-8"))
    vectors["faults"] = list_faults()
    FILE.write_text(json.dumps(vectors, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
