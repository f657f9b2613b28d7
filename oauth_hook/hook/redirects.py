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
        message = strip(message, state.sent, secrets)

What a client only builds, and never sends, costs nothing that way and cannot fail.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from typing import Any, NamedTuple, Protocol

from ..errors import UsageError
from ..protocol.encoding import Pair, from_wire, from_wire_like, to_wire, unescape
from ..protocol.message import Message, protocol_parameters, read
from ..protocol.parameters import is_form
from ..protocol.placement import parse_authorization, without
from ..protocol.url import Origin, is_same_origin, parse_origin, split_url

__all__ = ["NullHandler", "RedirectHandler", "RequestState", "Status", "follow", "state_of", "strip"]

# What a signature of somebody else's may have in common with ours, and so does not give ours away.
_COMMON = frozenset({"oauth_signature_method", "oauth_version"})


class Status(Enum):
    """What a request is to the hook that has seen it."""

    UNSIGNED = "unsigned"  #: the hook is pinned to other origins
    SIGNED = "signed"
    REDIRECTED = "redirected"  #: a redirect that has been built and not been sent: ``follow`` has yet to be asked
    CROSS_ORIGIN = "cross-origin"  #: a redirect led it to another origin: neither it nor what follows is signed
    DISPLACED = "displaced"  #: the caller set other credentials on a redirect: likewise


class RedirectHandler(Protocol):
    """A hook, as the requests know it that it has signed."""

    def __call__(self, request: Any) -> Any:
        """Sign a request."""

    def on_redirect(self, request: Any, state: RequestState, source: Message, *, is_displaced: bool = False) -> None:
        """Sign a redirect for where it goes, or strip it, and set its state.

        :param request: what is about to be sent.
        :param state: that of the request before it.
        :param source: the request before it, as it was sent.
        :param is_displaced: the caller has set other credentials, which stand.
        """

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
    """The handler of a request that nobody is to sign, nor any redirect of it."""

    def __call__(self, request: Any) -> Any:
        """Return the request as it is."""
        return request

    def on_redirect(self, request: Any, state: RequestState, source: Message, *, is_displaced: bool = False) -> None:
        """Leave a redirect unsigned."""
        request.oauth_state = request.oauth_state._replace(status=Status.UNSIGNED)

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


def state_of(request: Any) -> RequestState | None:
    """Return the state of a request; ``None`` where no hook has seen it, or where something only stands for it."""
    state: RequestState | None = getattr(request, "__dict__", {}).get("oauth_state")
    return state


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
    target = parse_origin(url)
    if state.status is Status.CROSS_ORIGIN or not is_same_origin(parse_origin(source.url), target):
        status = Status.CROSS_ORIGIN
    elif is_displaced or state.status is Status.DISPLACED:
        status = Status.DISPLACED
    elif origins is not None and target not in origins:
        status = Status.UNSIGNED
    else:
        status = Status.SIGNED
    return RequestState(status, state.handler, sent=sent, is_frozen=state.is_frozen)


def strip(message: Message, sent: Collection[Pair], secrets: Collection[str] = ()) -> Message:
    """Take what earlier requests carried out of one that must not have it: header, query and form.

    Servers echo what they were sent, so the parameters are looked for in every spelling (``placement.without``).

    :param sent: protocol parameters of the requests before it.
    :param secrets: what else must not leave: the secrets themselves, where PLAINTEXT put them into a signature.
    """
    if not sent:
        return message
    try:
        url = split_url(message.url)
    except UsageError:
        return message  # nothing that a client would send
    finds_ours = _compile_pattern(sent, secrets).search
    header = message.authorization
    if header is not None and parse_authorization(header) is not None:
        message = message._replace(authorization=None)
    if url.query:
        query = to_wire(url.query)
        left = without(query, finds_ours)
        if left != query:
            message = message._replace(url=url.with_query(from_wire(left)))
    if isinstance(message.body, bytes | str) and is_form(message.content_type):
        form = to_wire(message.body)
        left = without(form, finds_ours)
        if left != form:
            message = message._replace(body=from_wire_like(left, message.body))
    return message


def _compile_pattern(sent: Collection[Pair], secrets: Collection[str]) -> re.Pattern[str]:
    """Return what finds ours in unescaped text: as a form, a header and JSON have it."""
    pairs = [(unescape(name), unescape(value)) for name, value in sent if name not in _COMMON]
    found = [f"{re.escape(name)}[\"']?\\s*[=:]\\s*[\"']?{re.escape(value)}" for name, value in pairs]
    found += [f"(?<![^=&:\"'\\s]){re.escape(secret)}" for secret in secrets if secret]
    return re.compile(f"(?:{'|'.join(found)})(?![^&,;\"'\\s}}\\]])")
