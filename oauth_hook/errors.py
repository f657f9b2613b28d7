"""The errors of this package, and whose fault each one is.

::

    Exception
    └── OAuthHookError            anything that this package raises
        ├── UsageError            ours to mend: a wrong argument, a request that
        │                         cannot be signed truthfully; also a ValueError
        └── ProviderError         the server's response; carries the evidence

What goes wrong on the wire itself (no connection, a timeout, too many redirects)
stays the exception that ``requests`` raises, as its users expect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

__all__ = ["OAuthHookError", "ProviderError", "UsageError", "check_type", "is_text"]


class OAuthHookError(Exception):
    """The root of every error that this package raises."""


class UsageError(OAuthHookError, ValueError):
    """The caller asked for something that cannot be done truthfully.

    The request that it is about is not sent, and is left as it was; in a call that sends several,
    others may have gone before it.
    """


class ProviderError(OAuthHookError):
    """The server refused, or its response makes no sense.

    :param message: what was wrong and what to do about it, for a person.
    :param status: the HTTP status of the response, or ``None`` if there was none.
    :param problem: the provider's own word for it, such as an ``oauth_problem``
        (OAuth Problem Reporting extension), or ``None``.
    :param body: the start of the response's text, with every secret taken out.
    :param response: the response itself, or ``None``.
    :param explain: makes the explanation, when it is asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        problem: str | None = None,
        body: str = "",
        response: requests.Response | None = None,
        explain: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.body = body
        self.response = response
        self._explain = explain

    @property
    def explanation(self) -> Any:
        """Why a signed request was refused: what ``oauth_hook.explain`` returns; ``None`` where nothing was signed.

        It is worked out anew each time that it is asked for; a copy, a pickled one too, has it ready.
        """
        return None if self._explain is None else self._explain()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of: what makes the explanation has the secrets, and stays behind."""
        ready = None if self._explain is None else _Ready(self._explain())
        return type(self), self.args, {**self.__dict__, "_explain": ready}


class _Ready:
    """An explanation that is there already."""

    def __init__(self, explanation: Any) -> None:
        self._explanation = explanation

    def __call__(self) -> Any:
        return self._explanation


def check_type(value: object, kind: type | tuple[type, ...], name: str, what: str) -> None:
    """Refuse an argument of the wrong type.

    :raises UsageError: the value is of another kind; the message names the argument and what it must be.
    """
    if not isinstance(value, kind):
        raise UsageError(f"{name} must be {what}, not {type(value).__name__}")


def is_text(value: str) -> bool:
    """Tell whether UTF-8 can carry a ``str``: without the lone surrogates of JSON, and of bytes that are not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
