"""The event that ``requests`` dropped in 1.0: ``pre_request``.

A ``pre_request`` hook is called with each prepared request as it goes out, redirect
hops included, and may change it or return another. Hooks add up: the session's come
first, the request's own last.

``Session`` knows the event. ``inject_into_requests`` teaches it to plain
``requests.Session`` too, by the same three functions, so that code written for
requests-oauth runs as it stands; ``extract_from_requests`` takes it back. Nothing is
patched on import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import requests
import requests.sessions
from requests.models import RequestHooksMixin

__all__ = ["Session", "extract_from_requests", "inject_into_requests", "session"]

EVENT = "pre_request"

# Where ``hooks`` stands among what ``requests.Session.request`` takes after the URL.
_HOOKS_POSITION = 9

Hook = Callable[[Any], Any]


class Session(requests.Session):
    """A ``requests.Session`` whose ``hooks`` have the event ``pre_request``."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks[EVENT] = []

    def request(self, method: str, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; ``hooks`` may have ``pre_request``, once or as a list."""
        if EVENT in (kwargs.get("hooks") or ()):
            kwargs["hooks"] = _carried(kwargs["hooks"])
        elif len(args) > _HOOKS_POSITION and EVENT in (args[_HOOKS_POSITION] or ()):
            args = (*args[:_HOOKS_POSITION], _carried(args[_HOOKS_POSITION]), *args[_HOOKS_POSITION + 1 :])
        return super().request(method, url, *args, **kwargs)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request, the session's hooks added to its own."""
        return _prepare(lambda session, plain: super(Session, session).prepare_request(plain), self, request)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Call the ``pre_request`` hooks with a request, and send what they make of it."""
        return super().send(_fire(self, request), **kwargs)


def session(hooks: Mapping[str, Any] | None = None) -> Session:
    """Return a session with hooks: one or several for each of ``pre_request`` and ``response``.

    :raises ValueError: there is no such event.
    """
    return _with_hooks(Session(), hooks)


def inject_into_requests() -> None:
    """Let plain ``requests`` know the event ``pre_request``, until ``extract_from_requests``.

    Then ``requests.session(hooks=...)``, ``requests.post(url, hooks=...)``, ``requests.Request``
    and ``requests.Session().hooks`` take it. Sessions without such a hook behave as before.
    Injecting twice is injecting once.
    """
    if _injected:
        return
    for (owner, name), replacement in _REPLACEMENTS.items():
        _originals[owner, name] = getattr(owner, name)
        setattr(owner, name, replacement)
    _injected.add(EVENT)


def extract_from_requests() -> None:
    """Undo ``inject_into_requests``, however often it was called: the very same objects come back.

    What others have put on top since stays, and finds the replacements below passing
    everything on; so does who has kept hold of one.
    """
    _injected.clear()
    for (owner, name), replacement in _REPLACEMENTS.items():
        if getattr(owner, name) is replacement:
            setattr(owner, name, _originals[owner, name])


_injected: set[str] = set()  # not empty while injected
_originals: dict[tuple[Any, str], Any] = {}


def _injected_prepare_request(self: requests.Session, request: requests.Request) -> requests.PreparedRequest:
    original = _originals[requests.Session, "prepare_request"]
    if not _injected or isinstance(self, Session) or not (_hooks(self, EVENT) or _hooks(request, EVENT)):
        return cast("requests.PreparedRequest", original(self, request))
    return _prepare(original, self, request)


def _injected_send(self: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
    original = _originals[requests.Session, "send"]
    passing = not _injected or isinstance(self, Session)
    return cast("requests.Response", original(self, request if passing else _fire(self, request), **kwargs))


def _injected_session(hooks: Mapping[str, Any] | None = None) -> requests.Session:
    return _with_hooks(requests.Session(), hooks)


def _injected_register_hook(self: Any, event: str, hook: Any) -> None:
    if event == EVENT and _injected:
        self.hooks.setdefault(EVENT, [])
    _originals[RequestHooksMixin, "register_hook"](self, event, hook)


_REPLACEMENTS: dict[tuple[Any, str], Any] = {
    (requests.Session, "prepare_request"): _injected_prepare_request,
    (requests.Session, "send"): _injected_send,
    (requests, "session"): _injected_session,
    (requests.sessions, "session"): _injected_session,
    (RequestHooksMixin, "register_hook"): _injected_register_hook,
}


def _prepare(
    prepare: Callable[[Any, requests.Request], requests.PreparedRequest],
    session: requests.Session,
    request: requests.Request,
) -> requests.PreparedRequest:
    """Prepare a request with response hooks added up, and keep its own ``pre_request`` hooks with it.

    ``requests`` would let a request's hooks replace the session's, and refuse an event
    that it does not know, so it is shown stand-ins with response hooks only.
    """
    response_hooks = _hooks(request, "response")
    carried = [hook.hook for hook in response_hooks if isinstance(hook, _Carried)]
    plain = _clone(request)
    plain.hooks = {
        "response": _hooks(session, "response") + [hook for hook in response_hooks if not isinstance(hook, _Carried)]
    }
    bare = _clone(session)
    bare.hooks = {"response": []}
    prepared = prepare(bare, plain)
    prepared.hooks[EVENT] = _hooks(request, EVENT) + carried
    return prepared


def _fire(session: requests.Session, request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Call the hooks, the session's first; one that returns ``None`` has changed nothing, or the request in place."""
    for hook in _hooks(session, EVENT) + _hooks(request, EVENT):
        returned = hook(request)
        if returned is not None:
            request = returned
    return request


class _Carried:
    """A ``pre_request`` hook on its way through ``requests.Session.request``.

    That passes hooks on to ``requests.Request``, which refuses the event: so it travels
    among the response hooks until ``prepare_request`` takes it out.
    """

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    def __call__(self, response: requests.Response, **kwargs: Any) -> None:
        """Change nothing about a response."""


def _carried(hooks: Mapping[str, Any]) -> dict[str, Any]:
    """Return hooks with those of the event among those of ``response``."""
    others = {event: hook for event, hook in hooks.items() if event != EVENT}
    carried = [_Carried(hook) for hook in _listed(hooks[EVENT])]
    return others | {"response": _listed(hooks.get("response")) + carried}


_S = TypeVar("_S", bound=requests.Session)
_T = TypeVar("_T")


def _with_hooks(session: _S, hooks: Mapping[str, Any] | None) -> _S:
    for event, hook in (hooks or {}).items():
        if event not in (*session.hooks, EVENT):
            raise ValueError(f"Unsupported event specified, with event name {event!r}")
        session.hooks[event] = _listed(hook)
    return session


def _hooks(owner: Any, event: str) -> list[Hook]:
    """Return the hooks for an event that a session or a request has."""
    return _listed((owner.hooks or {}).get(event))


def _listed(hooks: Hook | Iterable[Hook] | None) -> list[Hook]:
    """Return one hook, several or none as a list."""
    if hooks is None:
        return []
    return [hooks] if callable(hooks) else list(hooks)


def _clone(original: _T) -> _T:
    """Return a stand-in that shares everything with the original but its attributes' names."""
    clone = object.__new__(type(original))
    clone.__dict__.update(original.__dict__)
    return clone
