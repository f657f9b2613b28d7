"""One more attempt at a refused request, where the refusal taught its hook something (RFC 5849 s3.3)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import requests
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from requests.utils import rewind_body

from ..errors import conceal_frames
from .prepared import is_used_up, read_message
from .redirects import RequestState, Status, state_of

__all__ = ["add_to_history", "is_to_learn_from", "make_retry", "retry_refused"]


def retry_refused(response: requests.Response, **kwargs: Any) -> requests.Response | None:
    """Send a refused request once more, where the refusal taught its hook something (a response hook).

    The refusal goes into the history of the second response, as with ``HTTPDigestAuth``.
    """
    if not is_to_learn_from(response):
        return None
    is_read = not response.ok and (not kwargs.get("stream", False) or isinstance(response._content, bytes))
    retry = make_retry(response, response.content or b"" if is_read else b"", kwargs)
    if retry is None:
        return None
    response.close()
    begin = time.perf_counter()
    second: requests.Response = add_to_history(response.connection.send(retry, **kwargs), retry, response, begin)
    retry_refused(second, **kwargs)  # which learns whether that has helped, and sends nothing
    return second


def is_to_learn_from(response: Any) -> bool:
    """Tell whether a response is the first refusal of what was signed, or shows whether an offset is right."""
    state = state_of(response.request)
    if state is None or state.status is not Status.SIGNED:
        return False
    return state.trial is not None or not (response.ok or state.is_retry)


@conceal_frames
def make_retry(response: Any, content: bytes, kwargs: dict[str, Any]) -> Any:
    """Have the hook learn from a response, and return its request, signed anew; ``None``: the response stands.

    What a multiplexed session of niquests gets once more would reach nobody: the caller has the first response
    already. And an application that niquests calls in this process (``app=``) has no connection to it.

    :param content: the body, read to its end so that the connection can be used again; empty where the caller streams.
    """
    request = response.request
    state: RequestState = request.oauth_state
    is_there = not is_used_up(request.body, request._body_position)
    learned = state.handler.learn_from(
        read_message(request), state, response.status_code, response.headers, content,
        can_retry=is_there and hasattr(response, "connection") and not kwargs.get("multiplexed", False),
    )  # fmt: skip
    request.oauth_state = state._replace(trial=None)
    if learned is None:
        return None
    retry = request.copy()
    _renew_cookies(retry, response)
    retry.oauth_state = retry.oauth_state._replace(trial=learned.trial)
    try:
        if retry._body_position is not None:
            rewind_body(retry)
        retry.hooks  # noqa: B018  # which signs it: adapters of test kits do not ask for anything that would
    except (ValueError, OSError):  # it was changed after it was signed, or its file was closed: the refusal stands
        return None
    retry.oauth_state = retry.oauth_state._replace(is_retry=True)
    return retry


def _renew_cookies(retry: Any, response: Any) -> None:
    """Add the cookies that a refusal set; a ``Cookie`` header that the caller wrote stands, as in requests."""
    sent = retry.headers.pop("Cookie", None)
    if sent is not None and sent != get_cookie_header(retry._cookies, retry):
        retry.headers["Cookie"] = sent
    extract_cookies_to_jar(retry._cookies, response.request, response.raw)
    retry.prepare_cookies(retry._cookies)


def add_to_history(second: Any, retry: Any, response: Any, begin: float) -> Any:
    """Return the response to the second attempt as one that the first led to."""
    second.elapsed = timedelta(seconds=time.perf_counter() - begin)
    second.history.append(response)
    second.request = retry
    return second
