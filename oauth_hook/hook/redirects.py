"""The policy of redirects, over plain messages: every binding asks it, and it knows no client.

A binding keeps one ``RequestState`` for each request, and hands it on to the redirect that follows. When the client
is about to *send* that redirect, its URL, method and body being what will go out, the binding

1. asks ``follow`` for its state, which says whether the redirect is to be signed;
2. has it signed anew where the status is ``SIGNED``, and otherwise sends what ``strip`` leaves of it;
3. keeps the state for the redirect after it.

::

    state = follow(state, source, message.url, origins)
    if state.status is Status.SIGNED:
        signature = ...  # as for any other message; state._replace(base_string=signature.base_string)
    else:
        message, names = strip(message, headers, state)  # the names of headers that do not go out

What a client only builds, and never sends, costs nothing that way and cannot fail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, NamedTuple, Protocol

from ..errors import ProviderError, UsageError
from ..protocol.encoding import Pair, from_wire, from_wire_like, to_wire, unescape
from ..protocol.message import Message, protocol_parameters, read
from ..protocol.parameters import is_form
from ..protocol.placement import parse_authorization
from ..protocol.url import Origin, is_same_origin, parse_origin, split_url, to_wire_form

__all__ = [
    "NullHandler",
    "RedirectHandler",
    "RequestState",
    "Status",
    "follow",
    "is_within",
    "parse_sent_origin",
    "state_of",
    "strip",
]

# What a signature of somebody else's may have in common with ours, and so does not give ours away.
_COMMON = frozenset({"oauth_signature_method", "oauth_version"})
_BAD_REQUEST = 400
# Values that are ours wherever they stand and whatever they are called there, and from how many bytes on. Shorter ones,
# and all other parameters (a timestamp, a callback, a body's hash), are ours beside their names only: a path with "ab",
# the time or the callback in it is innocent. So is one with a consumer key that is a word: programs choose their own at
# some services (Launchpad), and it opens nothing. One that a service has drawn has 16 bytes or more.
_MIN_BYTES = {
    "oauth_signature": 6,  # or one of PLAINTEXT's two secrets
    "oauth_nonce": 8,
    "oauth_token": 8,
    "oauth_verifier": 6,
    "oauth_session_handle": 8,
    "oauth_consumer_key": 16,
}


class Status(Enum):
    """What a request is to the hook that has seen it."""

    UNSIGNED = "unsigned"  #: the hook is pinned to other origins
    SIGNED = "signed"
    REDIRECTED = "redirected"  #: a redirect that has been built and not been sent: ``follow`` has yet to be asked
    CROSS_ORIGIN = "cross-origin"  #: a redirect led it to another origin: neither it nor what follows is signed
    DISPLACED = "displaced"  #: the caller set other credentials on a redirect: likewise


class RedirectHandler(Protocol):
    """A hook, as the requests know it that it has signed."""

    is_plain: bool  #: its signatures are the secrets themselves

    def __call__(self, request: Any) -> Any:
        """Sign a request."""

    def on_redirect(self, request: Any, state: RequestState, source: Message, *, is_displaced: bool = False) -> None:
        """Sign a redirect for where it goes, or strip it, and set its state.

        :param request: what is about to be sent.
        :param state: that of the request before it.
        :param source: the request before it, as it was sent.
        :param is_displaced: the caller has set other credentials, which stand.
        :raises ProviderError: it would take what is ours to another origin, and cannot be stripped of it.
        """

    def may_sign(self, source: str | None, target: str | None) -> bool:
        """Tell whether a redirect from one URL to another is to be signed."""

    def learn_from(
        self, request: Message, state: RequestState, status: int, headers: Any, content: bytes, *, can_retry: bool
    ) -> RequestState | None:
        """Learn from the response to a signed request, and return the state of one more attempt.

        A binding asks where a request was refused, and where it tried out an offset of the clock (``state.trial``).

        :param request: as it was sent.
        :param content: the body of a refusal; empty where it is the caller's to read.
        :param can_retry: the binding can send the request once more.
        :returns: with what to sign it anew; ``None``: the response stands.
        """


class NullHandler:
    """The handler of a request that must not be signed, nor any redirect of it."""

    is_plain = False

    def __call__(self, request: Any) -> Any:
        """Return the request as it is."""
        return request

    def on_redirect(self, request: Any, state: RequestState, source: Message, *, is_displaced: bool = False) -> None:
        """Leave a redirect unsigned."""
        request.oauth_state = request.oauth_state._replace(status=Status.UNSIGNED)

    def may_sign(self, source: str | None, target: str | None) -> bool:
        """Sign no redirect."""
        return False

    def learn_from(
        self, request: Message, state: RequestState, status: int, headers: Any, content: bytes, *, can_retry: bool
    ) -> RequestState | None:
        """Learn nothing."""
        return None


class RequestState(NamedTuple):
    """What is known about one request, and about the redirects that led to it. It never changes: it is replaced."""

    status: Status
    handler: RedirectHandler  #: whoever signed it, or decided not to
    base_string: str = ""  #: the signature base string (RFC 5849 s3.4.1); empty where the request is not signed
    sent: frozenset[Pair] = frozenset()  #: protocol parameters that the requests before it carried
    source: Any = None  #: what it is a copy of; a redirect's is the request that was redirected
    signed_as: Message | None = None  #: what it was signed as at the beginning of the very call that sends it
    is_retry: bool = False  #: it is the second attempt at a refused request, and so the last
    trial: float | None = None  #: the offset of the server's clock, in seconds, that it tries out
    is_frozen: bool = False  #: its handler alone may sign it, and no hook that the session has besides

    def __repr__(self) -> str:
        return f"RequestState({self.status})"  # PLAINTEXT's parameters are the secrets

    def is_to_learn_from(self, status: int) -> bool:
        """Tell whether a response is the first refusal of what was signed, or shows whether an offset is right.

        :param status: the response's.
        """
        if self.status is not Status.SIGNED:
            return False
        return self.trial is not None or not (self.is_retry or status < _BAD_REQUEST)


def state_of(request: Any) -> RequestState | None:
    """Return the state of a request; ``None`` where no hook has seen it, or where something only stands for it."""
    state: RequestState | None = getattr(request, "__dict__", {}).get("oauth_state")
    return state


def parse_sent_origin(url: str | None) -> Origin | None:
    """Return the origin that a request goes to, its host as urllib3 spells it (IDNA); ``None`` where it has none."""
    return parse_origin(url and to_wire_form(url))


def is_within(source: Origin | None, target: Origin | None, origins: Collection[Origin] | None) -> bool:
    """Tell whether a redirect stays within its origin, or leads from one of a hook's own to another of them."""
    return is_same_origin(source, target) or (origins is not None and source in origins and target in origins)


def follow(
    state: RequestState,
    source: Message,
    url: str | None,
    origins: Collection[Origin] | None,
    *,
    is_displaced: bool = False,
) -> RequestState:
    """Return the state of a redirect; its status says what is to be done with it.

    ``SIGNED``: sign it. Any other: send what ``strip`` leaves of it, unsigned.

    :param state: the state of the request that was redirected.
    :param source: that request, as it was sent.
    :param url: where the redirect goes.
    :param origins: those that the hook is pinned to; ``None``: it signs for any.
    :param is_displaced: the caller has set other credentials on the redirect.
    """
    sent = state.sent
    if state.status is Status.SIGNED:
        sent = sent.union(protocol_parameters(read(source)))
    target = parse_sent_origin(url)
    if state.status is Status.CROSS_ORIGIN or not is_within(parse_origin(source.url), target, origins):
        status = Status.CROSS_ORIGIN
    elif is_displaced or state.status is Status.DISPLACED:
        status = Status.DISPLACED
    elif origins is not None and target not in origins:
        status = Status.UNSIGNED
    else:
        status = Status.SIGNED
    return RequestState(status, state.handler, sent=sent, is_frozen=state.is_frozen)


def strip(message: Message, headers: Mapping[str, Any], state: RequestState) -> tuple[Message, set[str]]:
    """Take what earlier requests carried out of one that must not have it, wherever a server has copied it to.

    A segment of the query or the form, and a header, that have something of ours in them, however escaped, are taken
    out as a whole, and with the segment all that are named ``oauth_*``. Of a path nothing can be taken.

    :param headers: all of the message's, in any mapping, also one that has several under a name; bytes are Latin-1.
    :param state: that of the message, from ``follow``.
    :returns: what is left of the message, and the names, in lower case, of the headers that are to be taken out
        besides ``Authorization``.
    :raises ProviderError: something of ours is left, and the message leaves the origin.
    """
    find = _Finder(state.sent).find
    if message.authorization is not None and (
        parse_authorization(message.authorization) or find(message.authorization)
    ):
        message = message._replace(authorization=None)
    try:
        url = split_url(message.url)
    except UsageError:
        return message, set()  # nothing that a client would send
    left = [url.target]
    if url.query:
        query = to_wire(url.query)
        left.append(_take_out(query, find))
        if left[-1] != query:
            message = message._replace(url=url.with_query(from_wire(left[-1])))
    if isinstance(message.body, bytes | str) and is_form(message.content_type):
        form = to_wire(message.body)
        left.append(_take_out(form, find))
        if left[-1] != form:
            message = message._replace(body=from_wire_like(left[-1], message.body))
    if state.status is Status.DISPLACED:  # within the origin, which has seen it all
        return message, set()
    for name in filter(None, map(find, left)):
        raise ProviderError(
            f"the redirect is not followed: the server has copied {name} of a signed request into a URL at another "
            "origin, which must not see it, where it cannot be taken out (the path). Tell whoever runs the server. To "
            "fetch that URL all the same, ask for the redirect itself (allow_redirects=False; follow_redirects=False "
            "in httpx), and request its Location without the hook"
        )
    texts = ((name.lower(), value) for name, value in headers.items() if isinstance(value, bytes | str))
    return message, {name for name, value in texts if name != "authorization" and find(value)}


class _Finder:
    """Finds what is ours in a text, in any escape and in any case.

    :param sent: protocol parameters of earlier requests.
    """

    def __init__(self, sent: Collection[Pair]) -> None:
        self._values: dict[str, str] = {}  # and the names of the parameters
        beside_names = []
        for name, value in sorted(sent):
            spelled = set(filter(None, _read_levels(value)))
            if name == "oauth_signature":  # PLAINTEXT's is both secrets, with an "&" between them (RFC 5849 s3.4.4)
                spelled |= {part for text in spelled for part in text.split("&")}
            telling = [text for text in spelled if len(text) >= _MIN_BYTES.get(name, len(text) + 1)]
            self._values |= dict.fromkeys(telling, name)
            if spelled and not telling and name not in _COMMON:
                # As forms, headers, JSON and XML have it, and in brackets: p[oauth_token]=...
                values = "|".join(map(re.escape, spelled))
                beside_names.append(rf"{re.escape(unescape(name).lower())}[^\w&]{{1,8}}(?:{values})(?![\w-])")
        self._find_beside_name = re.compile("|".join(beside_names) or r"(?!)").search

    def find(self, text: str | bytes) -> str | None:
        """Return the name of a parameter of ours that a text has the value of; ``None`` where it has none."""
        for level in _read_levels(to_wire(text)):
            for value, name in self._values.items():
                if value in level:
                    return name
            if found := self._find_beside_name(level):
                return re.split(r"[^\w.~-]", found[0], maxsplit=1)[0]
        return None


def _read_levels(text: str) -> list[str]:
    """Return a text in lower case, as it stands and with ever more escapes taken away; a ``+`` is a space."""
    from ..redaction import unescape_levels  # takes longer to load than all else about redirects, which few lead away

    return [level.lower().replace("+", " ") for level in unescape_levels(text)]


def _take_out(wire: str, find: Any) -> str:
    """Return a query or form without the segments that have something of ours in them, or are named like it."""
    if not find(wire):
        return wire
    return "&".join(
        segment
        for segment in wire.split("&")
        if not find(segment) and "oauth_" not in _read_levels(segment.partition("=")[0])[-1]
    )
