"""The requests to be signed, as a session hands them to its ``auth``."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = [
    "ANOTHER_URL", "FORM_1000", "FORM_10000", "GET_HEADER", "GET_QUERY", "POST_FORM", "POST_JSON", "RSA", "VALUE_1MB",
    "Case", "all_cases", "new_key",
]  # fmt: skip

GET_HEADER = "GET, 3 parameters, header"
ANOTHER_URL = "the same, each URL another"
GET_QUERY = "GET, 3 parameters, query"
POST_FORM = "POST form, 5 fields"
POST_JSON = "POST JSON"
FORM_1000 = "POST form, 1,000 fields"
FORM_10000 = "POST form, 10,000 fields"
VALUE_1MB = "POST form, one value of 1 MB"
RSA = "GET, RSA-SHA256"

_URL = "https://api.example.com/1.1/statuses/lookup.json"

# Text with what text has: spaces, stops, line ends, quotes, and letters beyond ASCII.
_TEXT = (
    "the of and to in that was his with for as had but not at which this from by her all there were when one "
    "would who them more no if out so what up into do some could very can other about time than then only like "
    "upon now your any made over may such should these good before must well much after where said: 'yes,' it's "
    "done. end.\n house, water; caf\u00e9 Z\u00fcrich \u2013 r&d 50% 3.14 a=b"
)


class Case(NamedTuple):
    """A request to be signed, and how."""

    name: str
    requests: tuple[requests.PreparedRequest, ...]  #: taken in turn; mostly one and the same
    calls: int  #: how many are signed in a turn, so that a turn is long enough to be timed
    placement: str = "header"
    signature_method: str = "HMAC-SHA1"
    rsa_key: str | None = None


def all_cases(rsa_key: str) -> dict[str, Case]:
    """Return the cases by their names."""
    get = (_get(1),)
    cases = [
        Case(GET_HEADER, get, 200),
        # More than any cache of URLs holds: urllib.parse has one, and we have none.
        Case(ANOTHER_URL, tuple(map(_get, range(1000))), 200),
        Case(GET_QUERY, get, 200, placement="query"),
        Case(POST_FORM, (_post(data=_five_fields()),), 200),
        Case(POST_JSON, (_post(json={"status": _text(20), "place": {"lat": 47.37, "long": 8.54}}),), 200),
        Case(FORM_1000, (_post(data=_fields(1000)),), 2),
        Case(FORM_10000, (_post(data=_fields(10000)),), 1),
        Case(VALUE_1MB, (_post(data={"status": _text(250_000)[:1_000_000]}),), 1),
        Case(RSA, get, 5, signature_method="RSA-SHA256", rsa_key=rsa_key),
    ]
    return {case.name: case for case in cases}


def new_key() -> str:
    """Return a new RSA key of 2048 bits as PEM text, which is how applications have theirs."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _get(number: int) -> requests.PreparedRequest:
    return _prepared("GET", params={"id": f"{10**17 + number}", "q": "coffee & cake", "count": "20"})


def _post(**what: Any) -> requests.PreparedRequest:
    return _prepared("POST", **what)


def _prepared(method: str, **what: Any) -> requests.PreparedRequest:
    """Return a request with all that a session adds to it, but without anything of this machine's."""
    session = requests.Session()
    session.trust_env = False
    return session.prepare_request(requests.Request(method, _URL, **what))


def _five_fields() -> dict[str, str]:
    return {"status": _text(20), "lat": "47.3769", "long": "8.5417", "display_coordinates": "true", "media_ids": "7,8"}


def _fields(count: int) -> list[tuple[str, str]]:
    words = _words(4 * count)
    return [(f"field[{i}]", " ".join([words(), words(), words(), words()])) for i in range(count)]


def _text(count: int) -> str:
    words = _words(count)
    return " ".join([words() for _ in range(count)])


def _words(count: int) -> Callable[[], str]:
    """Return a source of that many words, the same in each run."""
    return iter(random.Random(5849).choices(_TEXT.split(" "), k=count)).__next__
