"""What other clients' objects say about signing, and the hooks that are made of it.

Programs change those objects in mid-flow, so they are read for each request. A hook is kept by what was read, outside
the object, which pickles as it did.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from ..hook import OAuthHook, ServerClock
from ..hook.redirects import NullHandler, Status
from ..protocol.methods import METHODS
from ..protocol.rsa import load_key

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation

__all__ = ["ELSEWHERE", "PLACEMENTS", "Settings", "explain_with", "is_standard", "make_hook", "read_client"]

MAX_HOOKS = 256  # that are kept, the latest ones; making one takes about as long as signing once
MAX_CLOCKS = 256  # client keys, each with what is known of the time at their servers
MAX_RSA_KEYS = 16  # parsed ones

PLACEMENTS = {"AUTH_HEADER": "header", "HEADER": "header", "QUERY": "query", "BODY": "body"}

# What makes oauthlib's signature what it is: who has something else in these places has asked for it.
_SIGNING: dict[str, Any] = {
    name: getattr(Client, name) for name in ("sign", "_render", "get_oauth_params", "get_oauth_signature")
}
_METHODS: dict[str, Any] = {
    name: getattr(signature, f"sign_{name.lower().replace('-', '_')}_with_client", None) for name in METHODS
}
_oauthlib: Any = sys.modules[Client.__module__]
_GENERATORS = (_oauthlib.generate_nonce, _oauthlib.generate_timestamp)  # which tests replace
_is_timestamp = re.compile("[1-9][0-9]{0,14}").fullmatch


class Settings(NamedTuple):
    """The arguments of a hook, but for the last two: ``nonce`` and ``timestamp`` are those of each of its requests."""

    consumer_key: str
    consumer_secret: str
    access_token: str | None
    access_token_secret: str | None
    placement: str
    signature_method: str
    rsa_key: Any = None
    realm: str | None = None
    callback: str | None = None
    verifier: str | None = None
    body_hash: str | None = None
    nonce: str | None = None
    timestamp: str | int | None = None

    def __repr__(self) -> str:
        return "Settings(***)"


def is_standard(client: Any, signing: Mapping[str, Any], methods: Mapping[str, Any]) -> bool:
    """Tell whether a client signs as its class does by itself, with a method that we have too.

    :param signing: the methods of that class, by name.
    :param methods: its signature methods, by name.
    """
    kind, method = type(client), client.signature_method
    return (
        not any(getattr(kind, name, None) is not standard for name, standard in signing.items())
        and vars(client).keys().isdisjoint(signing)
        and methods.get(method) is kind.SIGNATURE_METHODS.get(method) is not None
    )


def read_client(client: Any, body_hash: str | None = None) -> Settings | None:
    """Return the settings of a client of oauthlib; ``None`` where the signature has to be oauthlib's own.

    :param body_hash: of the request that is to be signed; the client does not say.
    """
    if not is_standard(client, _SIGNING, _METHODS) or not (
        client.client_key
        and (client.resource_owner_key or not client.resource_owner_secret)
        and client.signature_type in PLACEMENTS
        and (client.timestamp is None or _is_timestamp(str(client.timestamp)))
        and (_oauthlib.generate_nonce, _oauthlib.generate_timestamp) == _GENERATORS
    ):
        return None
    return Settings(
        client.client_key, client.client_secret or "",
        client.resource_owner_key or None, client.resource_owner_secret or None,
        PLACEMENTS[client.signature_type], client.signature_method, client.rsa_key,
        client.realm or None, client.callback_uri or None, client.verifier or None,
        body_hash, client.nonce, client.timestamp,
    )  # fmt: skip


class _Elsewhere(NullHandler):
    """The handler of what has left its origin: nobody's to sign, though their own code calls for it."""

    def on_redirect(self, request: Any, *_: Any, **__: Any) -> None:
        """Leave a redirect unsigned, wherever it leads."""
        request.oauth_state = request.oauth_state._replace(status=Status.CROSS_ORIGIN)


ELSEWHERE = _Elsewhere()


class _Hook(OAuthHook):
    """Signs for the classes of other clients, which sign redirects to wherever they lead (``rebuild_auth``)."""

    def on_redirect(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Do as any hook does, and let nobody sign what has left the origin."""
        super().on_redirect(request, *args, **kwargs)
        if request.oauth_state.status is Status.CROSS_ORIGIN:
            request.oauth_state = request.oauth_state._replace(handler=ELSEWHERE)


class _FixedHook(_Hook):
    """Signs with the nonce or the timestamp that a program has given, so that signing anew would change nothing."""

    def learn_from(self, *_: Any, **__: Any) -> Any:
        """Learn nothing."""
        return None


_load_key = lru_cache(MAX_RSA_KEYS)(load_key)


@lru_cache(MAX_CLOCKS)
def _clock_for(consumer_key: str) -> ServerClock:
    """Return the clock that all hooks of a client key share: programs make an object for each call."""
    return ServerClock()


@lru_cache(MAX_HOOKS)
def make_hook(settings: Settings) -> OAuthHook:
    """Return the hook for these settings.

    :raises UsageError: one of them is wrong.
    """
    *_, nonce, timestamp = settings
    kind: Callable[..., OAuthHook] = _Hook if nonce is timestamp is None else _FixedHook
    arguments = settings._asdict()
    del arguments["timestamp"]
    arguments["rsa_key"] = None if settings.rsa_key is None else _load_key(settings.rsa_key)
    arguments["nonce"] = None if nonce is None else partial(str, nonce)
    arguments["clock"] = _clock_for(settings.consumer_key) if timestamp is None else partial(int, timestamp)
    return kind(**arguments)


def explain_with(settings: Settings | None, response: Any) -> Explanation:
    """Say why a request was refused; see ``oauth_hook.explain``. Settings lend their credentials."""
    if settings is not None:
        return make_hook(settings).explain(response)
    from ..diagnosis.explain import explain

    return explain(response)
