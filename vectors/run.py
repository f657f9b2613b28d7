"""Sign the vectors with Python's OAuth 1.0a libraries, and say what each gets wrong: ``python vectors/run.py``.

What is installed is run: oauth_hook, oauthlib, requests-oauthlib, Authlib, rauth. Each is handed the method, the URL,
headers and body, the secrets, and the protocol parameters as they are. A wrong signature that one of the faults makes
of the same request is called by its cause.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import re
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

Row = dict[str, Any]

FILE = Path(__file__).parent / "oauth1.json"
FORM = "application/x-www-form-urlencoded"


class NotAskedError(Exception):
    """The library has no way to be asked for this."""


def read_cases(vectors: Row) -> Iterator[tuple[Row, dict[str, Row]]]:
    """Yield each request that has a signature, and the faults of that request by the signatures that they make."""
    same = ("method", "url", "headers", "body", "body_base64", "oauth", "consumer_secret", "token_secret")
    found: dict[str, tuple[Row, dict[str, Row]]] = {}
    for row in [*vectors["requests"], *vectors["faults"]]:
        if row["signature"] is not None:
            key = json.dumps([row.get(name) for name in same])
            _, wrongs = found.setdefault(key, (row, {}))
            if "wrong" in row:
                wrongs.setdefault(row["wrong"]["signature"], row)
    yield from found.values()


def read_body(row: Row) -> bytes | str | None:
    return base64.b64decode(row["body_base64"]) if "body_base64" in row else row["body"]


def is_form(row: Row) -> bool:
    return row["headers"].get("Content-Type", "").lower().startswith(FORM)


def read_key(row: Row, vectors: Row) -> str | None:
    return "\n".join([*vectors["rsa_keys"][row["rsa_key"]]["private"], ""]) if "rsa_key" in row else None


# --- the libraries: each returns what signs a row ---


def by_oauth_hook() -> Callable[[Row, str | None], str]:
    from oauth_hook import AccessToken, Consumer, sign

    def signature(row: Row, key: str | None) -> str:
        oauth = row["oauth"]
        if "oauth_version" not in oauth:
            raise NotAskedError("it always sends oauth_version")
        token = AccessToken(oauth["oauth_token"], row["token_secret"]) if oauth.get("oauth_token") else None
        if "oauth_token" in oauth and token is None:
            raise NotAskedError("it sends no empty oauth_token")
        signed = sign(
            row["method"], row["url"], headers=row["headers"], body=read_body(row),
            consumer=Consumer(oauth["oauth_consumer_key"], row["consumer_secret"]), token=token,
            signature_method=oauth["oauth_signature_method"], rsa_key=key,
            callback=oauth.get("oauth_callback"), verifier=oauth.get("oauth_verifier"),
            body_hash="sha1" if "oauth_body_hash" in oauth else None,
            nonce=oauth.get("oauth_nonce"), timestamp=oauth.get("oauth_timestamp"),
        )  # fmt: skip
        return signed.signature

    return signature


def by_oauthlib() -> Callable[[Row, str | None], str]:
    from oauthlib.common import Request
    from oauthlib.oauth1 import Client
    from oauthlib.oauth1.rfc5849.parameters import prepare_headers

    def signature(row: Row, key: str | None) -> str:
        oauth = row["oauth"]
        client = Client(
            oauth["oauth_consumer_key"], row["consumer_secret"], oauth.get("oauth_token"), row["token_secret"],
            signature_method=oauth["oauth_signature_method"], rsa_key=key,
        )  # fmt: skip
        header = prepare_headers(oauth.items())["Authorization"]
        request = Request(row["url"], row["method"], read_body(row) if is_form(row) else None)
        request.oauth_params, request.headers = list(oauth.items()), {**row["headers"], "Authorization": header}
        return str(client.get_oauth_signature(request))

    return signature


def by_requests_oauthlib() -> Callable[[Row, str | None], str]:
    import requests
    from requests_oauthlib import OAuth1

    def signature(row: Row, key: str | None) -> str:
        oauth = row["oauth"]
        auth = OAuth1(
            oauth["oauth_consumer_key"], row["consumer_secret"], oauth.get("oauth_token"), row["token_secret"],
            signature_method=oauth["oauth_signature_method"], rsa_key=key, callback_uri=oauth.get("oauth_callback"),
            verifier=oauth.get("oauth_verifier"), nonce=oauth.get("oauth_nonce"),
            timestamp=oauth.get("oauth_timestamp"),
        )  # fmt: skip
        request = requests.Request(row["method"], row["url"], data=read_body(row), headers=row["headers"], auth=auth)
        prepared = request.prepare()
        if prepared.url != row["url"]:
            raise NotAskedError("it sends another URL")
        sent = {name: value if isinstance(value, str) else value.decode() for name, value in prepared.headers.items()}
        if sent.get("Content-Type") != row["headers"].get("Content-Type"):
            raise NotAskedError("it sends another Content-Type")
        return read_signature(sent["Authorization"], row)

    return signature


def by_authlib() -> Callable[[Row, str | None], str]:
    from authlib.oauth1 import ClientAuth

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it signs nothing for plain http otherwise

    class Client(ClientAuth):  # type: ignore[misc]
        given: dict[str, str]

        def get_oauth_params(self, nonce: str, timestamp: str) -> list[tuple[str, str]]:
            return list(self.given.items())

    def signature(row: Row, key: str | None) -> str:
        oauth = row["oauth"]
        if oauth["oauth_signature_method"] not in ClientAuth.SIGNATURE_METHODS:
            raise NotAskedError(f"it has no {oauth['oauth_signature_method']}")
        client = Client(
            oauth["oauth_consumer_key"], row["consumer_secret"], oauth.get("oauth_token"), row["token_secret"],
            signature_method=oauth["oauth_signature_method"], rsa_key=key,
        )  # fmt: skip
        client.given = oauth
        body = read_body(row)
        body = body.encode() if isinstance(body, str) and not is_form(row) else body
        _, headers, _ = client.sign(row["method"], row["url"], dict(row["headers"]), body)
        return read_signature(headers["Authorization"], row)

    return signature


def by_rauth() -> Callable[[Row, str | None], str]:
    from rauth.oauth import HmacSha1Signature, PlaintextSignature

    methods = {"HMAC-SHA1": HmacSha1Signature, "PLAINTEXT": PlaintextSignature}

    def signature(row: Row, key: str | None) -> str:
        oauth = row["oauth"]
        if oauth["oauth_signature_method"] not in methods:
            raise NotAskedError(f"it has no {oauth['oauth_signature_method']} on Python 3")
        url, _, query = row["url"].partition("?")
        sent: Row = {"headers": dict(row["headers"]), "params": parse_qs(query, keep_blank_values=True)}
        if is_form(row) and read_body(row):
            sent["data"] = parse_qs(str(read_body(row)), keep_blank_values=True)
        signer = methods[oauth["oauth_signature_method"]]()
        made = signer.sign(row["consumer_secret"], row["token_secret"], row["method"], url, dict(oauth), sent)
        return made if isinstance(made, str) else str(made, "ascii")

    return signature


def read_signature(header: str, row: Row) -> str:
    sent = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
    signature = sent.pop("oauth_signature")
    if sent != row["oauth"]:
        raise NotAskedError("it sends other protocol parameters")
    return signature


LIBRARIES = {
    "requests-oauth-hook": by_oauth_hook,
    "oauthlib": by_oauthlib,
    "requests-oauthlib": by_requests_oauthlib,
    "authlib": by_authlib,
    "rauth": by_rauth,
}


def judge(sign: Callable[[Row, str | None], str], row: Row, wrongs: dict[str, Row], key: str | None) -> tuple[str, str]:
    """Return ``"right"``, ``"wrong"`` or ``"not asked"``, and why."""
    try:
        made = sign(row, key)
    except NotAskedError as reason:
        return "not asked", str(reason)
    except Exception as error:  # whatever a library raises
        return "wrong", f"raises {type(error).__name__}: {' '.join(str(error).split())[:80]}"
    if made == row["signature"]:
        return "right", ""
    fault = wrongs.get(made)
    return "wrong", f"{' or '.join(fault['causes'])}, as in {fault['name']!r}" if fault else "another signature"


def main() -> None:
    """Print, for each library, how many requests it signs right, and which not."""
    vectors = json.loads(FILE.read_text(encoding="utf-8"))
    cases = list(read_cases(vectors))
    print(f"Python {platform.python_version()}, {len(cases)} requests")
    for name, make in LIBRARIES.items():
        try:
            found, sign = version(name), make()
        except (PackageNotFoundError, ImportError):
            continue
        results = [(row["name"], *judge(sign, row, wrongs, read_key(row, vectors))) for row, wrongs in cases]
        count = {kind: sum(kind == result for _, result, _ in results) for kind in ("right", "wrong", "not asked")}
        print(f"{name} {found}: {', '.join(f'{number} {kind}' for kind, number in count.items())}")
        for case, result, why in results:
            if result != "right":
                print(f"    {result}: {case}: {why}")


if __name__ == "__main__":
    main()
