"""Signs the requests of a folder with a library of Python's: see ``languages/__init__.py``."""

from __future__ import annotations

import gc
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Sign = Callable[[requests.PreparedRequest], Any]


def _hook(keys: list[str], method: str, key: str) -> Sign:
    from oauth_hook import OAuthHook

    return OAuthHook(*keys[2:], *keys[:2], header_auth=True, signature_method=method, rsa_key=key or None)


def _requests_oauthlib(keys: list[str], method: str, key: str) -> Sign:
    from requests_oauthlib import OAuth1

    return OAuth1(*keys, signature_method=method, rsa_key=key or None)  # type: ignore[no-any-return]


def _authlib(keys: list[str], method: str, key: str) -> Sign:
    from authlib.integrations.requests_client import OAuth1Auth

    return OAuth1Auth(*keys, signature_method=method, rsa_key=key or None)  # type: ignore[no-any-return]


def _oauthlib(keys: list[str], method: str, key: str) -> Sign:
    from oauthlib.oauth1 import Client

    client = Client(*keys, signature_method=method, rsa_key=key or None)

    def sign(request: requests.PreparedRequest) -> None:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        _, headers, _ = client.sign(request.url, request.method, body, dict(request.headers))
        request.headers.update(headers)

    return sign


def _rauth(keys: list[str], method: str, key: str) -> Sign:
    from rauth.session import OAuth1Auth, OAuth1Session

    session = OAuth1Session(*keys)

    def sign(request: requests.PreparedRequest) -> None:
        # What its session does before it has requests prepare and send anything.
        url, _, query = str(request.url).partition("?")
        given: dict[str, Any] = {"headers": dict(request.headers), "params": dict(parse_qsl(query))}
        if request.body:
            given["data"] = dict(parse_qsl(str(request.body)))
        parameters = session._get_oauth_params(given)
        parameters["oauth_signature"] = session.signature.sign(keys[1], keys[3], request.method, url, parameters, given)
        OAuth1Auth(parameters)(request)

    return sign


_MAKERS = {
    "requests-oauth-hook": _hook,
    "requests-oauthlib": _requests_oauthlib,
    "Authlib": _authlib,
    "oauthlib": _oauthlib,
    "rauth": _rauth,
}


def main(library: str, folder: Path) -> None:
    """Print the version, and for each case the microseconds that a signature takes, and one of its headers."""
    first, *rows = (folder / "cases.tsv").read_text().splitlines()
    print(f"version\t{library} {version(library)}, Python {platform.python_version()}")
    for row in rows:
        name, method, url, calls, signature = row.split("\t")
        is_rsa = signature.startswith("RSA")
        if is_rsa and library in ("Authlib", "rauth"):  # which know RSA-SHA1 only, and with other keys or none
            continue
        sign = _MAKERS[library](first.split("\t"), signature, (folder / "rsa.pem").read_text() if is_rsa else "")
        file = folder / f"{name}.form"
        form = file.read_text() if file.exists() else None
        request = requests.Request(method, url, headers={} if form is None else _FORM, data=form).prepare()
        signed = request.copy()
        sign(signed)
        best = min(_time(sign, request, int(calls)) for _ in range(2))
        header = signed.headers["Authorization"]
        print(name, f"{1e6 * best:.3f}", header.decode() if isinstance(header, bytes) else header, sep="\t")


def _time(sign: Sign, request: requests.PreparedRequest, calls: int) -> float:
    """Return the seconds that one of so many signatures takes, each of a copy of its own."""
    copies = [request.copy() for _ in range(calls)]
    gc.collect()
    start = time.process_time()
    for copy in copies:
        sign(copy)
    return (time.process_time() - start) / calls


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
