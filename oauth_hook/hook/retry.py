"""One more attempt at a refused request, where the refusal taught its hook something (RFC 5849 s3.3)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import requests
from requests.cookies import extract_cookies_to_jar
from requests.utils import rewind_body

from ..errors import conceal_frames
from .prepared import can_be_sent_again, read_message
from .redirects import Status, state_of

__all__ = ["add_to_history", "is_first_refusal", "make_retry", "may_help", "retry_refused"]


def retry_refused(response: requests.Response, **kwargs: Any) -> requests.Response | None:
    """Send a refused request once more, where the refusal taught its hook something (a response hook).

    The refusal goes into the history of the second response, as with ``HTTPDigestAuth``.
    """
    streamed = kwargs.get("stream", False)
    if not is_first_refusal(response) or not may_help(response, b"" if streamed else response.content or b"", kwargs):
        return None
    response.close()
    retry = make_retry(response)
    begin = time.perf_counter()
    second: requests.Response = add_to_history(response.connection.send(retry, **kwargs), retry, response, begin)
    return second


def is_first_refusal(response: Any) -> bool:
    """Tell whether a response is a refusal of what was signed, and the first one."""
    state = None if response.ok else state_of(response.request)
    return state is not None and state.status is Status.SIGNED and not state.is_retry


@conceal_frames
def may_help(response: Any, content: bytes, kwargs: dict[str, Any]) -> bool:
    """Have the hook learn from a refusal, and tell whether to send its request once more.

    What a multiplexed session of niquests gets once more would reach nobody: the caller has the first response
    already. And an application that niquests calls in this process (``app=``) has no connection to it.

    :param content: the body, read to its end so that the connection can be used again; empty where the caller streams.
    """
    request = response.request
    learned = request.oauth_state.handler.learn_from(
        read_message(request), response.status_code, response.headers, content
    )
    helps = learned and can_be_sent_again(request.body, request._body_position)
    return bool(helps and hasattr(response, "connection") and not kwargs.get("multiplexed", False))


def make_retry(response: Any) -> Any:
    """Return the request that was refused, signed anew."""
    request: Any = response.request
    retry = request.copy()
    if retry._cookies:  # whose header would otherwise stay as it is
        retry.headers.pop("Cookie", None)
    extract_cookies_to_jar(retry._cookies, request, response.raw)
    retry.prepare_cookies(retry._cookies)
    if retry._body_position is not None:
        rewind_body(retry)
    retry.hooks  # noqa: B018  # which signs it: adapters of test kits do not ask for anything that would
    retry.oauth_state = retry.oauth_state._replace(is_retry=True)
    return retry


def add_to_history(second: Any, retry: Any, response: Any, begin: float) -> Any:
    """Return the response to the second attempt as one that the first led to."""
    second.elapsed = timedelta(seconds=time.perf_counter() - begin)
    second.history.append(response)
    second.request = retry
    return second
