"""One request to a pump.io server's API: its URL, its body, its repetitions, and what its response says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.util import Retry

from ..credentials import AccessToken, Consumer
from ..errors import ProviderError, UsageError, check_type
from ..hook.adapter import OAuthAdapter
from ..hook.hook import OAuthHook
from ..protocol.parameters import is_form
from ..protocol.url import parse_origin, split_url
from ..tokens.http import WholeResponse, build_refusal

__all__ = [
    "check_profile",
    "check_retries",
    "encode_content",
    "make_adapter",
    "make_hook",
    "may_be_elsewhere",
    "read_result",
    "resolve_endpoint",
]

_JSON = "application/json"  # pump.io reads it in no other spelling, and hangs at an upper-case one

# What a proxy says while the server behind it is restarted; other statuses stay, however often it is asked.
_RETRIED_STATUSES = (502, 503, 504)
_PAUSE_SECONDS = 0.1  # doubled with each attempt

_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://").match


def may_be_elsewhere(endpoint: str, raw: bool, client: object) -> bool:
    """Tell whether an endpoint may be at any server: an absolute URL, which no user's token goes to.

    :param raw: it must be an absolute URL.
    :param client: what signs instead of the user's token, or ``False``; ``None``: the token.
    :raises UsageError: it is no ``str``, or not an absolute URL.
    """
    is_absolute = _is_absolute(endpoint)
    if raw and not is_absolute:
        raise UsageError("with raw=True the endpoint must be an absolute URL")
    return client is not None and is_absolute


def _is_absolute(endpoint: str) -> bool:
    check_type(endpoint, str, "endpoint", "a str, such as '/api/whoami'")
    return _scheme(endpoint) is not None


def resolve_endpoint(endpoint: str, root: str) -> str:
    """Return the URL of an endpoint at one server.

    Links in responses may name another scheme than the server is spoken to in (it may stand behind a proxy): it is
    replaced.

    :param endpoint: a path, or a URL at that server.
    :param root: where the server's API is, as ``scheme://host[:port]``.
    :raises UsageError: it is elsewhere.
    """
    if not _is_absolute(endpoint):
        return f"{root}/{endpoint.lstrip('/')}"
    there, here = parse_origin(endpoint), parse_origin(root)
    if there is None or here is None or there[1:] != here[1:]:
        raise UsageError(
            f"the endpoint is not at {root}, where the user's token is good; client=False asks other servers, unsigned"
        )
    parts = split_url(endpoint)
    return root + endpoint[len(f"{parts.scheme}://{parts.authority}") :]


def encode_content(data: Any, headers: Mapping[str, str] | None) -> tuple[Any, dict[str, str]]:
    """Return a body and headers as ``requests`` takes them: a dict or a list as JSON, unless they say it is a form.

    :raises UsageError: JSON cannot carry it.
    """
    named = CaseInsensitiveDict(headers or {})
    if isinstance(data, dict | list) and not is_form(str(named.get("Content-Type"))):
        try:
            data = json.dumps(data, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):  # not chained: it may show the value
            raise UsageError("data has something in it that JSON cannot carry") from None
    if data and isinstance(data, str | bytes):
        named.setdefault("Content-Type", _JSON)
    return data, dict(named)


def check_retries(retries: int) -> int:
    """Return a number of repetitions.

    :raises UsageError: it is not a whole number, 0 or above.
    """
    if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
        raise UsageError(f"retries must be a whole number, 0 or above, not {retries!r}")
    return retries


def make_adapter(auth: object, retries: int) -> HTTPAdapter:
    """Return what sends a request, and sends it again.

    :param auth: what signs it; a hook signs each attempt.
    :param retries: how often it may be sent again.
    """
    if retries == 0:
        policy = Retry(0, read=False)  # as requests has it: a timeout stays a ReadTimeout
    else:
        # A Retry-After is not waited for: it may name a day, and nobody could say how long is too long.
        policy = Retry(
            retries,
            status_forcelist=_RETRIED_STATUSES,
            backoff_factor=_PAUSE_SECONDS,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
    return OAuthAdapter(auth, max_retries=policy) if isinstance(auth, OAuthHook) else HTTPAdapter(max_retries=policy)


def make_hook(root: str, consumer: Consumer, token: AccessToken) -> OAuthHook:
    """Return what signs for a user at one server, as pump.io takes it: in the header.

    :param root: where the server's API is.
    """
    origins = {root, f"https://{root.partition('://')[2]}"}  # where a server on http may send one
    return OAuthHook(token.key, token.secret, consumer.key, consumer.secret, True, origins=origins)


def check_profile(profile: Any, root: str) -> dict[str, Any]:
    """Return what ``/api/whoami`` gave, if that is a profile.

    :raises ProviderError: it is something else.
    """
    if not isinstance(profile, dict):
        raise ProviderError(f"{root}/api/whoami gave no profile")
    return profile


def read_result(response: requests.Response, auth: object, secrets: list[str]) -> Any:
    """Return what the JSON of a response says; the response itself where it has no JSON.

    :param auth: what signed the request; a hook explains a refusal.
    :param secrets: what no error may show.
    :raises ProviderError: it is a refusal, or calls itself JSON and is not.
    """
    what = f"{response.request.method} {response.url.partition('?')[0]}"
    if response.status_code >= 400:
        explain = partial(auth.explain, response) if isinstance(auth, OAuthHook) else None
        raise build_refusal(WholeResponse(response, _decode(response), explain), f"refused {what}", secrets)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not (kind == _JSON or kind.endswith("+json")) or not response.content:
        return response
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):  # not chained: json's error carries the whole text
        pass
    raise build_refusal(
        WholeResponse(response, _decode(response)), f"did not send the JSON that it announces for {what}", secrets
    )


def _decode(response: requests.Response) -> str:
    """Return the text of a response: UTF-8, as pump.io has it, whatever the response claims; ``requests`` may raise."""
    return response.content.decode("utf-8", "replace")
