"""The event that ``requests`` dropped in 1.0: ``pre_request``.

A ``pre_request`` hook is called with each prepared request as it goes out, redirect
redirects included, and may change it or return another. Hooks add up: the session's come
first, the request's own last.

``Session`` knows the event. ``inject_into_requests`` teaches it to plain
``requests.Session`` too, by the same functions, so that code written for
requests-oauth runs as it stands; ``extract_from_requests`` takes it back. Nothing is
patched on import.

A session takes its attributes as arguments, too, as those of requests 0.x did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from http.cookiejar import CookieJar
from typing import Any, TypeVar, cast

import requests
import requests.sessions
from requests.models import RequestHooksMixin

from ..errors import UsageError, conceal_frames

__all__ = ["Session", "extract_from_requests", "inject_into_requests", "list_hooks", "session"]

EVENT = "pre_request"

# Where ``hooks`` stands among what ``requests.Session.request`` takes after the URL.
_HOOKS_POSITION = 9

# What requests 0.x took for a new session, and one has today: what is added to what is there, and what is set.
_ADDED = ("headers", "params", "proxies", "cookies")
_SET = ("auth", "verify", "cert")
# What it took, and no session has any more.
_GONE = {
    "timeout": "pass timeout= to each call",
    "prefetch": "pass stream=True to each call whose response is not to be read at once",
    "config": "set the session's attributes, such as max_redirects and trust_env",
}

Hook = Callable[[Any], Any]

# The hooks of one call on their way from ``Session.request``, whose ``requests.Request`` would refuse the event, to
# ``prepare_request``, which picks them up.
_set_aside: ContextVar[list[Hook]] = ContextVar("oauth_hook.pre_request.set_aside", default=[])  # noqa: B039


class Session(requests.Session):
    """A ``requests.Session`` whose ``hooks`` have the event ``pre_request``.

    :param hooks: one or several for each of ``pre_request`` and ``response``.
    :param settings: ``headers``, ``params``, ``proxies`` and ``cookies``, which are added to what a session has by
        itself, and ``auth``, ``verify`` and ``cert``; ``None`` changes nothing.
    :raises ValueError: there is no such event.
    :raises UsageError: a session has no such setting any more.
    :raises TypeError: it never had it.
    """

    hooks: dict[str, Any]  # requests has its own event's only: what takes a response

    def __init__(self, hooks: Mapping[str, Any] | None = None, **settings: Any) -> None:
        super().__init__()
        self.hooks[EVENT] = []
        apply_settings(self, hooks, settings)

    @conceal_frames
    def request(self, method: str, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; ``hooks`` may have ``pre_request``, once or as a list."""
        given = kwargs.get("hooks") or (args[_HOOKS_POSITION] if len(args) > _HOOKS_POSITION else None) or {}
        if EVENT not in given:
            return super().request(method, url, *args, **kwargs)
        others = {event: hook for event, hook in given.items() if event != EVENT}
        if "hooks" in kwargs:
            kwargs["hooks"] = others
        else:
            args = (*args[:_HOOKS_POSITION], others, *args[_HOOKS_POSITION + 1 :])
        token = _set_aside.set(list_hooks(given[EVENT]))
        try:
            return super().request(method, url, *args, **kwargs)
        finally:
            _set_aside.reset(token)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request, the session's hooks added to its own."""
        return _prepare(lambda session, plain: super(Session, session).prepare_request(plain), self, request)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Call the ``pre_request`` hooks with a request, and send what they make of it."""
        return super().send(dispatch(self, request), **kwargs)


def session(hooks: Mapping[str, Any] | None = None, **settings: Any) -> Session:
    """Return a ``Session`` with these hooks and settings, as requests 0.x spelled it."""
    return Session(hooks, **settings)


def inject_into_requests() -> None:
    """Let plain ``requests`` know the event ``pre_request``, until ``extract_from_requests``.

    Then ``requests.session(hooks=...)``, ``requests.post(url, hooks=...)``, ``requests.Request``
    and ``requests.Session().hooks`` take it. Sessions without such a hook behave as before. And ``requests.session``
    and ``requests.Session`` take the arguments of ``Session``.
    Injecting twice is injecting once.
    """
    if not _injections:
        _injections.append(_Injection())


def extract_from_requests() -> None:
    """Undo ``inject_into_requests``, however often it was called: the very same objects come back.

    What others have put on top since stays.
    """
    while _injections:
        _injections.pop().end()


class _Injection:
    """One injection: what stands in for what, from its beginning to its end.

    Whoever keeps hold of a stand-in, or has put something on top of it, finds that after
    the end it passes everything on.
    """

    def __init__(self) -> None:
        self.active = True
        self._parts = []
        for owner, name, stand_in in (
            (requests.Session, "__init__", self._init),
            (requests.Session, "prepare_request", self._prepare_request),
            (requests.Session, "send", self._send),
            (RequestHooksMixin, "register_hook", self._register_hook),
            (requests, "session", self._session),
            (requests.sessions, "session", self._session),
        ):
            original = getattr(owner, name)
            replacement = stand_in(original)
            self._parts.append((owner, name, original, replacement))
            setattr(owner, name, replacement)

    def end(self) -> None:
        """Put back what was there, unless something was put on top since."""
        self.active = False
        for owner, name, original, replacement in self._parts:
            if getattr(owner, name) is replacement:
                setattr(owner, name, original)

    def _init(self, original: Any) -> Any:
        def init(
            session: requests.Session, *args: Any, hooks: Mapping[str, Any] | None = None, **settings: Any
        ) -> None:
            if self.active:
                original(session, *args)
                apply_settings(session, hooks, settings)
            else:
                original(session, *args, **({} if hooks is None else {"hooks": hooks}), **settings)

        return init

    def _prepare_request(self, original: Any) -> Any:
        def prepare_request(session: requests.Session, request: requests.Request) -> requests.PreparedRequest:
            known = self.active and not isinstance(session, Session)
            if known and (_hooks(session, EVENT) or _hooks(request, EVENT)):
                return _prepare(original, session, request)
            return cast("requests.PreparedRequest", original(session, request))

        return prepare_request

    def _send(self, original: Any) -> Any:
        def send(session: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            known = self.active and not isinstance(session, Session)
            return cast(
                "requests.Response", original(session, dispatch(session, request) if known else request, **kwargs)
            )

        return send

    def _register_hook(self, original: Any) -> Any:
        def register_hook(owner: Any, event: str, hook: Any) -> None:
            if self.active and event == EVENT:
                owner.hooks.setdefault(EVENT, [])
            original(owner, event, hook)

        return register_hook

    def _session(self, original: Any) -> Any:
        def session(hooks: Mapping[str, Any] | None = None, **settings: Any) -> requests.Session:
            plain: requests.Session = original()
            apply_settings(plain, hooks, settings)
            return plain

        return session


_injections: list[_Injection] = []  # at most one


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
    own = _hooks(request, EVENT) + _set_aside.get()
    _set_aside.set([])  # they are this request's, and no other's that is made on the way
    plain = _shallow_copy(request)
    plain.hooks = {"response": _hooks(session, "response") + response_hooks}
    bare = _shallow_copy(session)
    bare.hooks = {"response": []}
    prepared = prepare(bare, plain)
    prepared.hooks[EVENT] = own
    return prepared


def dispatch(session: requests.Session, request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Call the hooks, the session's first; one that returns ``None`` has changed nothing, or the request in place."""
    for hook in _hooks(session, EVENT) + _hooks(request, EVENT):
        returned = hook(request)
        if returned is not None:
            request = returned
    return request


_T = TypeVar("_T")


def apply_settings(session: requests.Session, hooks: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> None:
    """Give a session hooks, and what else a session of requests 0.x was given when it was made."""
    for event, hook in (hooks or {}).items():
        if event not in (*session.hooks, EVENT):
            raise ValueError(f"Unsupported event specified, with event name {event!r}")
        session.hooks[event] = list_hooks(hook)
    for name, value in settings.items():
        if name in _GONE:
            raise UsageError(f"a session of requests has no {name} any more: {_GONE[name]}")
        if name not in _ADDED + _SET:
            raise TypeError(f"a session has no {name!r}: it takes {', '.join(('hooks', *_ADDED, *_SET))}")
        if value is None:
            continue
        if name in _SET or isinstance(value, CookieJar):
            setattr(session, name, value)
        else:
            getattr(session, name).update(value)


def _hooks(owner: Any, event: str) -> list[Hook]:
    """Return the hooks for an event that a session or a request has."""
    return list_hooks((owner.hooks or {}).get(event))


def list_hooks(hooks: Hook | Iterable[Hook] | None) -> list[Hook]:
    """Return one hook, several or none as a list."""
    if hooks is None:
        return []
    return [hooks] if callable(hooks) else list(hooks)


def _shallow_copy(original: _T) -> _T:
    """Return a stand-in that shares everything with the original but its attributes' names."""
    clone = object.__new__(type(original))
    clone.__dict__.update(original.__dict__)
    return clone
