"""The errors of this package, and whose fault each one is.

::

    Exception
    └── OAuthHookError            anything that this package raises
        ├── UsageError            ours to mend: a wrong argument, a request that
        │                         cannot be signed truthfully; also a ValueError
        └── ProviderError         the server's response; carries the evidence

What goes wrong on the wire itself (no connection, a timeout, too many redirects)
stays the exception that ``requests`` raises, as its users expect.

Error collectors print the variables of each frame in a traceback. So a public call that is given a secret, or is sent
one, is decorated with ``conceal_frames``: an error leaves it without the variables of all that ran below.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import ParamSpec

    import requests

    _P = ParamSpec("_P")
_T = TypeVar("_T")

__all__ = [
    "OAuthHookError",
    "ProviderError",
    "UsageError",
    "check_type",
    "clear_frames",
    "conceal_frames",
    "conceal_methods",
    "is_text",
    "list_errors",
    "repr_anyhow",
    "suggest_word",
]

# Special methods that are called from another one's frame, or cannot fail.
_INNER = frozenset({"__post_init__", "__eq__", "__hash__"})
_CO_COROUTINE = 0x80  # as inspect has it, which takes longer to load than all of this
_MAX_WORD = 40  # characters of a mistyped word


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
    :param redact: takes the secrets out of what the response says, for a copy.
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
        redact: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.body = body
        self.response = response
        self._explain = explain
        self._redact = redact

    @property
    def explanation(self) -> Any:
        """Why a signed request was refused: what ``oauth_hook.explain`` returns; ``None`` where nothing was signed.

        It is worked out anew each time that it is asked for; a copy, a pickled one too, has it ready.
        """
        return None if self._explain is None else self._explain()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of, for another process or a log: nothing that has secrets in it.

        The explanation is ready, and the response has its status, headers and text, and no request any more.
        """
        ready = None if self._explain is None else _Ready(self._explain())
        response = None if self.response is None else _redact_response(self.response, self._redact or str)
        return type(self), self.args, {**self.__dict__, "response": response, "_explain": ready, "_redact": None}


def _redact_response(response: Any, redact: Callable[[str], str]) -> Any:
    """Return a copy of a response of requests, without the request, the query of its URL, cookies and secrets."""
    copied = type(response)()
    copied.status_code, copied.reason, copied.elapsed = response.status_code, response.reason, response.elapsed
    copied.url = str(response.url).partition("?")[0]
    for name, value in response.headers.items():
        copied.headers[name] = redact(value)
    copied.encoding, copied._content = "utf-8", redact((response._content or b"").decode("utf-8", "replace")).encode()
    return copied


class _Ready:
    """An explanation that is there already."""

    def __init__(self, explanation: Any) -> None:
        self._explanation = explanation

    def __call__(self) -> Any:
        return self._explanation


def conceal_frames(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Have a function's errors carry no variables of ours: neither its own nor those of what it called.

    A coroutine's too, which come where it is awaited.
    """
    if function.__code__.co_flags & _CO_COROUTINE:
        concealing: Callable[_P, _T] = _conceal_coroutine(function)
        return concealing

    @functools.wraps(function)
    def concealed(*arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return function(*arguments, **named)
        except BaseException as error:
            del arguments, named
            clear_frames(error)
            raise

    return concealed


def _conceal_coroutine(function: Any) -> Any:
    @functools.wraps(function)
    async def concealed(*arguments: Any, **named: Any) -> Any:
        try:
            return await function(*arguments, **named)
        except BaseException as error:
            del arguments, named
            clear_frames(error)
            raise

    return concealed


def conceal_methods(kind: type[_T]) -> type[_T]:
    """Have ``conceal_frames`` decorate the public and special methods of a class, and ``repr_anyhow`` its ``repr``."""
    for name, function in list(vars(kind).items()):
        if name == "__repr__":
            setattr(kind, name, repr_anyhow(function))
        elif isinstance(function, FunctionType) and (name[0] != "_" or name[:2] == "__") and name not in _INNER:
            setattr(kind, name, conceal_frames(function))
    return kind


def repr_anyhow(function: Callable[[Any], str]) -> Callable[[Any], str]:
    """Have a ``__repr__`` say something of what has no attributes yet: error collectors ask where constructors fail."""

    @functools.wraps(function)
    def described(self: object) -> str:
        try:
            return function(self)
        except AttributeError:
            return f"<{type(self).__name__}, which was not made>"

    return described


def clear_frames(error: BaseException, packages: Collection[str] = ("oauth_hook",)) -> None:
    """Clear the variables of those frames below the caller's that an error went through, and the errors behind it.

    A context that was suppressed there (``from None``) goes, since it was for what it quotes.

    :param packages: whose frames; those of an application's callables stay.
    """
    running = _list_running_frames()
    for each in list_errors(error):
        frames = _list_frames(each)
        theirs = [frame for frame in frames if frame.f_globals.get("__name__", "").partition(".")[0] in packages]
        if each.__suppress_context__ and frames[-1:] == theirs[-1:]:
            each.__context__ = None
        for frame in theirs:
            if frame not in running:
                with suppress(RuntimeError):  # a generator's that goes on
                    frame.clear()


def list_errors(error: BaseException) -> list[BaseException]:
    """Return an error and those behind it, as far as they were raised below the frames that run now."""
    running, errors, known = _list_running_frames(), [error], {id(error)}
    for each in errors:
        for behind in (each.__cause__, each.__context__):
            if behind is None or id(behind) in known:
                continue
            known.add(id(behind))
            if running.isdisjoint(_list_frames(behind)[:1]):  # what was raised before was caught in a frame that runs
                errors.append(behind)
    return errors


def _list_running_frames() -> set[FrameType]:
    """Return those that run now, from the caller's caller on."""
    frames: set[FrameType] = set()
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        frames.add(frame)
        frame = frame.f_back
    return frames


def _list_frames(error: BaseException) -> list[FrameType]:
    """Return the frames that an error went through, that in which it was caught first."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return frames


def check_type(value: object, kind: type | tuple[type, ...], name: str, what: str) -> None:
    """Refuse an argument of the wrong type.

    :raises UsageError: the value is of another kind; the message names the argument and what it must be.
    """
    if not isinstance(value, kind):
        raise UsageError(f"{name} must be {what}, not {type(value).__name__}")


def suggest_word(typed: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'tumblr'?)" where a word that was typed is nearly a known one, and else nothing.

    What stands where a name should is not repeated: somebody may have typed a secret there.
    """
    from difflib import get_close_matches

    spelled = {word.lower(): word for word in known}
    close = get_close_matches(typed.lower(), spelled, n=1, cutoff=0.7) if len(typed) <= _MAX_WORD else []
    return f" (did you mean {spelled[close[0]]!r}?)" if close else ""


def is_text(value: str) -> bool:
    """Tell whether UTF-8 can carry a ``str``: without the lone surrogates of JSON, and of bytes that are not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
