"""``oauth-hook authorize``, ``register`` and ``credentials add``: from nothing to an account in the store."""

from __future__ import annotations

import argparse
import os
import webbrowser
from collections.abc import Callable
from dataclasses import replace

import requests

from ..credentials import AccessToken, Account, Consumer
from ..errors import OAuthHookError, ProviderError, UsageError
from ..protocol.url import origin, split_url
from ..services.catalog import SERVICES, Service
from ..tokens.accounts import Store, consumer_from_environment, is_file, report, shown_place, token_from_environment
from ..tokens.flow import OAuthFlow
from .console import ask, ask_line, consumer_of, opened, print_result, read_rsa_key
from .errors import DONE, tell

__all__ = ["add", "authorize", "register"]


def authorize(arguments: argparse.Namespace) -> int:
    """Get an access token from a service, with the user's consent, and keep it.

    The consumer key and secret come from the store (NAME), the environment
    (OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET), or a prompt; or the package registers
    itself, where --service is someone@pump.example. Authorizing NAME again replaces its
    token; for another service or another consumer key, say --replace.
    """
    with opened(arguments) as store:
        kept = _kept(arguments, store)
        place, service = _service_of(arguments, kept)
        if not service.request_token_url:
            raise UsageError(f"{service.title or place} has no authorization by a user: {service.notes}")
        consumer = _consumer(arguments, kept, place, service)
        token = _consent(arguments, service, consumer)
        store[arguments.name] = Account(consumer, token, place)
    _print_kept(arguments, {"token": token.key, "service": place})
    return DONE


def register(arguments: argparse.Namespace) -> int:
    """Register an application with a pump.io server, and keep the consumer key that it gives."""
    from ..tokens.registration import register_client

    with opened(arguments) as store:
        _check_free(arguments, store)
        service = _discovered(arguments, arguments.server)
        if service.registration_url is None:
            raise ProviderError(
                f"{service.title} lets no application register itself (it names no registration_endpoint): get a "
                "consumer key from those who run it, and give it to 'oauth-hook authorize'"
            )
        consumer = register_client(
            service.registration_url,
            application_name=arguments.application_name,
            application_type=arguments.application_type,
            redirect_uris=arguments.redirect_uri,
            contacts=arguments.contact,
            scheme=_scheme(arguments),
        )
        _check_free(arguments, store)  # another process may have been faster
        store[arguments.name] = Account(consumer, None, arguments.server)
    _print_kept(arguments, {"consumer": consumer.key})
    return DONE


def add(arguments: argparse.Namespace, store: Store) -> int:
    """Keep an account whose credentials were got elsewhere.

    :raises UsageError: the name is taken, the service is not known, or there is no consumer key.
    """
    _check_free(arguments, store)
    service = _place_of(arguments)
    consumer = consumer_from_environment()
    if consumer is not None:
        token = token_from_environment()
    else:
        consumer = _asked_consumer()
        token = _asked_token()
    store[arguments.name] = Account(consumer, token, service)
    _print_kept(arguments, {"consumer": consumer.key, **({} if token is None else {"token": token.key})})
    return DONE


def _place_of(arguments: argparse.Namespace) -> str | None:
    """Return what to keep of the service of an account that is added; nothing is asked."""
    named: str = arguments.service or arguments.name
    if named in SERVICES:
        return named
    if arguments.service is None:
        return None
    if is_file(named):
        path = os.path.abspath(named)
        Service.from_file(path)  # which says what is wrong with it
        return path
    if _is_address(named):
        return named
    raise _unknown(named)


def _is_address(named: str) -> bool:
    return any(mark in named for mark in "@.:")


def _unknown(named: str) -> UsageError:
    return UsageError(
        f"there is no service {named!r}: see 'oauth-hook services', or name one with --service or its three addresses"
    )


def _asked_consumer() -> Consumer:
    elsewhere = "set it in the environment, or "
    key = ask("consumer key", elsewhere=elsewhere)
    return Consumer(key, ask("consumer secret", secret=True, elsewhere=elsewhere).strip())


def _asked_token() -> AccessToken | None:
    key = ask("token (empty: none)", needed=False)
    return AccessToken(key, ask("token secret", secret=True).strip()) if key else None


def _print_kept(arguments: argparse.Namespace, more: dict[str, str]) -> None:
    print_result(arguments, f"kept as {arguments.name}", {"name": arguments.name, **more})


# --- what is there already ---


def _check_free(arguments: argparse.Namespace, store: Store) -> None:
    """Refuse to lose what is kept by that name."""
    if not arguments.replace and arguments.name in store:
        raise UsageError(
            f"there is a {arguments.name!r} in the store, whose credentials would be lost: take another NAME, or say "
            "--replace"
        )


def _kept(arguments: argparse.Namespace, store: Store) -> Account | Consumer | None:
    """Return what an authorization goes on from; refuse to lose a token that stands by itself."""
    kept = None if arguments.replace else store.get(arguments.name)
    if kept is None or isinstance(kept, Account | Consumer):
        return kept
    raise UsageError(
        f"{arguments.name!r} in the store is a token, which would be lost: take another NAME, or say --replace"
    )


def _consumer(arguments: argparse.Namespace, kept: Account | Consumer | None, place: str, service: Service) -> Consumer:
    """Return the consumer: the one that is kept, of the environment, registered now, or asked for.

    :raises UsageError: the one that is kept is another service's, or the environment has another.
    """
    given, known = consumer_from_environment(), consumer_of(kept)
    if known is None:
        return given or _register_or_ask(arguments, service)
    if isinstance(kept, Account) and kept.service and _home(kept.service) != _home(place):
        raise UsageError(
            f"{arguments.name!r} is an account at {shown_place(kept.service)}, whose consumer key is not for "
            f"{shown_place(place)}: take another NAME, or say --replace"
        )
    if given is not None and (given.key, given.secret) != (known.key, known.secret):
        raise UsageError(
            f"{arguments.name!r} is kept with the consumer key {known.key}, and the environment (OAUTH_CONSUMER_KEY, "
            "OAUTH_CONSUMER_SECRET) has another key or secret: unset it, or say --replace"
        )
    return known


def _home(place: str) -> str:
    """Return what two spellings of one service have alike: the host, where it is an address."""
    if place in SERVICES:
        return SERVICES[place].name
    if is_file(place) or " " in place:
        return place
    return place.partition("://")[2].partition("/")[0].lower() or place.rpartition("@")[2].lower()


def _register_or_ask(arguments: argparse.Namespace, service: Service) -> Consumer:
    if service.registration_url:
        from ..tokens.registration import register_client

        return register_client(service.registration_url, application_name="oauth-hook", scheme=_scheme(arguments))
    if service.documentation:
        report(f"{service.title} gives a consumer key and its secret to applications: {service.documentation}")
    return _asked_consumer()


# --- where, and who says yes ---


def _scheme(arguments: argparse.Namespace) -> str:
    return "http" if arguments.http else "https"


def _service_of(arguments: argparse.Namespace, kept: object) -> tuple[str, Service]:
    """Return the service that is meant, and what to keep of it: enough to find it again.

    That is a known service's name, the path of a file, an address that is discovered, or the three addresses.
    """
    urls = (arguments.request_token_url, arguments.authorization_url, arguments.access_token_url)
    if any(urls):
        if arguments.service is not None:
            raise UsageError("--service and the three addresses exclude each other: leave one of them out")
        if not all(urls):
            raise UsageError("--request-token-url, --authorization-url and --access-token-url go together")
        return " ".join(urls), _at(*urls)
    place = arguments.service or (kept.service if isinstance(kept, Account) else None)
    named = place or arguments.name
    if named in SERVICES:
        return named, SERVICES[named]
    if is_file(named):
        path = os.path.abspath(named)
        return path, Service.from_file(path)
    if named.count(" ") == 2:
        return named, _at(*named.split(" "))
    if _is_address(named) and not place:  # a name alone sends nobody anywhere
        raise UsageError(f"there is no service {named!r}; where that is the address of one, say --service {named}")
    if _is_address(named):
        return named, _discovered(arguments, named)
    raise _unknown(named)


def _at(request_token_url: str, authorization_url: str, access_token_url: str) -> Service:
    """Return the service with these three addresses."""
    urls = {"request token": request_token_url, "authorization": authorization_url, "access token": access_token_url}
    for what, url in urls.items():
        _check_url(what, url)
    return Service(
        name="",
        request_token_url=request_token_url,
        authorization_url=authorization_url,
        access_token_url=access_token_url,
    )


def _check_url(what: str, url: str) -> None:
    try:
        address = split_url(url)
        origin(address.scheme, address.authority)
    except UsageError as error:
        raise UsageError(f"the {what} URL: {error}") from error


def _discovered(arguments: argparse.Namespace, address: str) -> Service:
    """Ask an address where its endpoints are."""
    from ..tokens.discovery import discover

    try:
        return discover(address, scheme=_scheme(arguments))
    except requests.ConnectionError as error:
        if arguments.http or "://" in address:
            raise
        raise OAuthHookError(f"{tell(error)}; where it speaks plain http only, say --http") from error


def _consent(arguments: argparse.Namespace, service: Service, consumer: Consumer) -> AccessToken:
    """Go through the three legs."""
    wanted = {**service.authorization_parameters, **dict(arguments.set)}
    service = replace(service, authorization_parameters=wanted)
    key = None if arguments.rsa_key is None else read_rsa_key(arguments.rsa_key)
    if service.callback is None:
        opening = webbrowser.open if arguments.browser else None
        return OAuthFlow.for_service(service, consumer, rsa_key=key).authorize(_AddressOrEnter(opening))
    from ..tokens.verifiers import LoopbackReceiver, ask_on_console

    if not arguments.browser:
        return OAuthFlow.for_service(service, consumer, rsa_key=key).authorize(ask_on_console)
    with LoopbackReceiver(port=arguments.port, timeout=arguments.timeout) as receiver:
        return OAuthFlow.for_service(service, consumer, rsa_key=key, callback=receiver.callback_url).authorize(receiver)


class _AddressOrEnter:
    """A verifier source for a service that takes no callback, and so cannot send the user to us.

    It sends them to the address that the application is registered with, or, in OAuth 1.0, nowhere and without
    a verifier: then Enter alone goes on.
    """

    def __init__(self, open_browser: Callable[[str], object] | None) -> None:
        self._open_browser = open_browser

    def __call__(self, url: str) -> str:
        split_url(url)  # a browser hands what is no web address to any program
        if self._open_browser is None:
            report(f"Open this link, and answer there:\n\n  {url}\n")
        else:
            report(f"Opening your browser. If it does not open, open this link, and answer there:\n\n  {url}\n")
            self._open_browser(url)
        report("Then paste here the address that you are sent to. If you are sent nowhere, press Enter.")
        line = ask_line("Address: ")
        if not line:
            raise OAuthHookError("nobody pressed Enter: standard input is at its end")
        return line.strip()
