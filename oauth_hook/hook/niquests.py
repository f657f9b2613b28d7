"""What is peculiar to niquests, which descends from ``requests``: it makes its redirects the same way, and awaits."""

from __future__ import annotations

import inspect
import sys
import time
from functools import partial
from typing import Any

from .retry import add_to_history, is_to_learn_from, make_retry, retry_refused

__all__ = ["is_niquests", "retry_refused_of_niquests"]


def is_niquests(request: object, name: str) -> bool:
    """Tell whether an object is of a class of niquests, without importing that."""
    return isinstance(request, getattr(sys.modules.get("niquests"), name, ()))


async def _retry_refused_async(response: Any, **kwargs: Any) -> Any:
    """Send a refused request of an ``AsyncSession`` once more; see ``retry_refused``."""
    streamed = kwargs.get("stream", False)
    if not is_to_learn_from(response):
        return None
    content = b"" if streamed or response.ok else await response.content or b""
    retry = make_retry(response, content, kwargs)
    if retry is None:
        return None
    await response.close()
    begin = time.perf_counter()
    second = add_to_history(await response.connection.send(retry, **kwargs), retry, response, begin)
    await _retry_refused_async(second, **kwargs)  # which learns whether that has helped, and sends nothing
    if not streamed:  # as niquests does with what it has read
        response.__class__ = sys.modules["niquests"].Response
    return second


class _EitherSession(partial):  # type: ignore[type-arg]
    """``retry_refused`` for both kinds of session of niquests, which do not tell a hook which one calls it.

    ``AsyncSession`` awaits the hooks that ``iscoroutinefunction`` knows, and that looks through a
    ``partial`` at what is in it; ``Session`` calls every hook. What they pass shows who it was.
    """

    def __call__(self, response: Any, **kwargs: Any) -> Any:
        retry = self.func if inspect.iscoroutinefunction(type(response).close) else retry_refused
        return retry(response, **kwargs)


retry_refused_of_niquests = _EitherSession(_retry_refused_async)
