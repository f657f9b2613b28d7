"""``oauth-hook authorize`` and ``register``: from nothing to an account in the store."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Callable
from dataclasses import replace

import requests

from ..credentials import AccessToken, Account, Consumer, RequestToken, ServiceReference
from ..errors import OAuthHookError, ProviderError, UsageError
from ..protocol.rsa import RSAKey
from ..protocol.url import check_absolute_url, split_url
from ..services.catalog import SERVICES, Service
from ..tokens.accounts import Store, find_origins, read_consumer_from_environment, read_origins
from ..tokens.flow import OAuthFlow
from .console import (
    DONE,
    ask_line,
    check_name_is_free,
    check_rsa_key,
    open_store,
    print_result,
    prompt_for_consumer,
    read_options,
    read_rsa_key,
    report,
    report_next,
    report_use,
    resolve_service,
    warn,
)
from .errors import tell

__all__ = ["authorize", "register"]

_REFUSALS = (400, 401, 403)
_MAX_CODES = 3
# What another code mends, or the same one later: problems that a service has, and those of what was pasted.
_WRONG_CODE = (None, "verifier_invalid", "permission_unknown")
_WRONG_PASTE = ("parameter_absent", "token_rejected")


class _AuthorizeOptions:
    store: Store | str | None
    name: str
    service: str | None
    at: list[tuple[str, str]]
    request_token_url: str | None
    authorization_url: str | None
    access_token_url: str | None
    http: bool
    browser: bool
    port: int
    set: list[tuple[str, str]]
    rsa_key: str | None
    origin: list[str]
    timeout: float
    replace: bool
    anyway: bool
    json: bool


class _RegisterOptions:
    store: Store | str | None
    name: str
    server: str
    application_name: str
    application_type: str
    redirect_uri: list[str]
    contact: list[str]
    http: bool
    replace: bool
    json: bool


def authorize(arguments: argparse.Namespace) -> int:
    """Get an access token from a service, with the user's consent, and keep it."""
    options = read_options(_AuthorizeOptions, arguments)
    allowed = read_origins(options.origin)
    with open_store(options.store) as store:
        kept = None if options.replace else store.get(options.name)
        if kept is not None and not isinstance(kept, Account | Consumer):
            raise UsageError(
                f"{options.name!r} in the store is a token, which would be lost: choose another NAME, or use --replace"
            )
        place, service = _find_service(options, kept)
        if not service.request_token_url:
            raise UsageError(f"{service.title or place} has no user authorization: {service.notes}")
        service.check_is_filled()
        _check_end(service, anyway=options.anyway)
        check_rsa_key(options.rsa_key, service.signature_method)
        key = None if options.rsa_key is None else read_rsa_key(options.rsa_key)
        if service.callback_method == "POST":
            consumer, token = _wait_for_activation(options, kept, place, service, key)
        else:
            consumer = _find_consumer(options, kept, place, service)
            token = _get_consent(options, service, consumer, key)
        known = kept.origins if isinstance(kept, Account) else ()
        # A server's name alone does not say where its endpoints are: it was asked for them.
        discovered = find_origins(service) if ServiceReference.parse(place).url is not None else ()
        origins = dict.fromkeys([*known, *discovered, *allowed])
        account = store[options.name] = Account(consumer, token, place, tuple(origins))
    kept_as = {"name": options.name, "token": token.key, "service": place}
    print_result(f"kept as {options.name}", kept_as, as_json=options.json)
    if not options.json:
        report_use(options.store, options.name, account)
    return DONE


def register(arguments: argparse.Namespace) -> int:
    """Register an application with a pump.io server, and keep the consumer key that it gives."""
    from ..tokens.registration import register_client

    options = read_options(_RegisterOptions, arguments)
    with open_store(options.store) as store:
        check_name_is_free(store, options.name, replace=options.replace)
        service = _discover(options.server, http=options.http)
        if service.registration_url is None:
            raise ProviderError(
                f"{service.title} does not let applications register themselves (it names no registration_endpoint): "
                "get a consumer key from those who run it, and give it to 'oauth-hook authorize'"
            )
        consumer = register_client(
            service.registration_url,
            application_name=options.application_name,
            application_type=options.application_type,
            redirect_uris=options.redirect_uri,
            contacts=options.contact,
            scheme=_scheme(http=options.http),
        )
        check_name_is_free(store, options.name, replace=options.replace)  # another process may have been faster
        store[options.name] = Account(consumer, None, options.server, find_origins(service))
    kept_as = {"name": options.name, "consumer": consumer.key}
    print_result(f"kept as {options.name}", kept_as, as_json=options.json)
    if not options.json:
        report_next(options.store, "authorize", options.name, *(["--http"] if options.http else []))
    return DONE


def _scheme(*, http: bool) -> str:
    return "http" if http else "https"


# --- which service ---


def _find_service(options: _AuthorizeOptions, kept: Account | Consumer | None) -> tuple[str, Service]:
    """Return the service that is meant, and what to keep of it: enough to find it again."""
    urls = (options.request_token_url, options.authorization_url, options.access_token_url)
    if any(urls) and (options.service is not None or options.at):
        raise UsageError("use either --service (with --at) or the three URLs, not both")
    if all(urls):
        given = " ".join(filter(None, urls))
        return given, _service_at(*filter(None, urls))
    if any(urls):
        raise UsageError("--request-token-url, --authorization-url and --access-token-url must be given together")
    place = options.service or (kept.service if isinstance(kept, Account) else None)
    named = place or options.name
    kept_as, service = resolve_service(named, options.at)
    if service is not None:
        return kept_as, service
    given_urls = ServiceReference.parse(named).urls
    if given_urls is not None:
        return named, _service_at(*given_urls)
    if not place:  # NAME alone never makes a request to a server of that name
        raise UsageError("there is no service of that name; if it is a server, use --service SERVER")
    return named, _discover(named, http=options.http)


def _check_end(service: Service, *, anyway: bool) -> None:
    """Say what comes after OAuth 1 at this service, before anybody is asked for anything.

    :raises UsageError: the service takes it no more, and ``anyway`` is false.
    """
    title = service.title or service.name
    if service.has_ended() and not anyway:
        raise UsageError(
            f"{title} took OAuth 1 until {service.ends}. {service.successor} To go on in spite of that, use --anyway"
        )
    if service.ends is not None:
        warn(f"{title} ends OAuth 1 on {service.ends}")
    if service.successor:
        warn(service.successor)


def _service_at(request_token_url: str, authorization_url: str, access_token_url: str) -> Service:
    """Return the service with these three URLs.

    :raises UsageError: one of them is not an absolute URL.
    """
    urls = {"request token": request_token_url, "authorization": authorization_url, "access token": access_token_url}
    for what, url in urls.items():
        check_absolute_url(url, f"the {what} URL")
    return Service(
        name="",
        request_token_url=request_token_url,
        authorization_url=authorization_url,
        access_token_url=access_token_url,
    )


def _discover(server: str, *, http: bool) -> Service:
    """Ask a server where its endpoints are.

    :raises UsageError: it does not look like a server; nothing is asked then, as it may be a secret.
    """
    from ..tokens.discovery import discover

    if ServiceReference.parse(server).url is None and server != "localhost":
        raise UsageError("a server is someone@pump.example, a host with a dot or a port in it, or a URL")
    try:
        return discover(server, scheme=_scheme(http=http))
    except requests.ConnectionError as error:
        if http or "://" in server:
            raise
        told = tell(error)
        advice = ", or use --http" if "plain http" in told else "; if it only speaks plain http, use --http"
        raise OAuthHookError(f"{told}{advice}") from error


# --- which consumer ---


def _find_consumer(
    options: _AuthorizeOptions, kept: Account | Consumer | None, place: str, service: Service
) -> Consumer:
    """Return the consumer: the one that is kept, of the environment, registered now, or asked for.

    :raises UsageError: the one that is kept is another service's, or the environment has another.
    """
    given = read_consumer_from_environment(warn)
    if kept is None:
        return given or _register_or_ask(options, service)
    if isinstance(kept, Account) and kept.service:
        kept_at, wanted = _reference(kept.service), _reference(place)
        if not kept_at.is_same_service(wanted):
            raise UsageError(
                f"{options.name!r} is an account at {kept_at.label}, whose consumer key is not for {wanted.label}: "
                "choose another NAME, or use --replace"
            )
        if kept.token is not None and kept_at.user and wanted.user and kept_at.user != wanted.user:
            raise UsageError(
                f"{options.name!r} has the token of {kept_at.user} at {kept_at.label}: for {wanted.user} choose "
                "another NAME, or use --replace"
            )
    known = kept.consumer if isinstance(kept, Account) else kept
    if given is not None and (given.key, given.secret) != (known.key, known.secret):
        raise UsageError(
            f"{options.name!r} is kept with the consumer key {known.key}, and the environment (OAUTH_CONSUMER_KEY, "
            "OAUTH_CONSUMER_SECRET) has another key or secret: unset it, or use --replace"
        )
    return known


def _reference(place: str) -> ServiceReference:
    """Parse a reference, a known service by the name that it has today."""
    reference = ServiceReference.parse(place)
    known = SERVICES.get(reference.text)
    return reference if known is None else replace(reference, text=known.name)


def _register_or_ask(options: _AuthorizeOptions, service: Service) -> Consumer:
    if service.registration_url:
        from ..tokens.registration import register_client

        scheme = _scheme(http=options.http)
        return register_client(service.registration_url, application_name="oauth-hook", scheme=scheme)
    if service.documentation:
        report(f"Get a consumer key and secret for your application at {service.documentation}")
    return prompt_for_consumer()


# --- who says yes ---


def _get_consent(options: _AuthorizeOptions, service: Service, consumer: Consumer, key: RSAKey | None) -> AccessToken:
    """Go through the three legs."""
    wanted = {**service.authorization_parameters, **dict(options.set)}
    service = replace(service, authorization_parameters=wanted)
    if service.callback is None:
        source = _PromptForCallback(webbrowser.open if options.browser else None)
        return OAuthFlow.for_service(service, consumer, rsa_key=key).authorize(source)
    from ..tokens.verifiers import LoopbackReceiver, ask_on_console

    if options.browser:
        with LoopbackReceiver(port=options.port, timeout=options.timeout) as receiver:
            flow = OAuthFlow.for_service(service, consumer, rsa_key=key, callback=receiver.callback_url)
            return flow.authorize(receiver)
    flow = OAuthFlow.for_service(service, consumer, rsa_key=key)
    request_token = flow.fetch_request_token()
    url = flow.authorization_url(request_token)
    return _exchange_code(flow, request_token, url, ask_on_console(url))


def _exchange_code(
    flow: OAuthFlow, request_token: RequestToken, url: str, code: str, tries: int = _MAX_CODES
) -> AccessToken:
    """Exchange the code that was typed; a wrong one is asked for again, as long as the request token may be good.

    :raises ProviderError: the service refuses, for a reason that no other code mends, or nothing more is typed.
    :raises OAuthHookError: no code was accepted in ``_MAX_CODES`` tries.
    """
    from ..tokens.verifiers import join_code

    try:
        return flow.fetch_access_token(request_token, flow.parse_callback(code, request_token))
    except (ProviderError, UsageError) as error:
        if isinstance(error, ProviderError) and not _is_mendable(error):
            raise
        if tries == 1:
            raise OAuthHookError(f"no code was accepted in {_MAX_CODES} tries: {tell(error)}") from error
        report(f"oauth-hook: {tell(error)}")
        code = join_code(_ask_for_answer("Enter the code again: ", url))
        if not code:
            raise
    return _exchange_code(flow, request_token, url, code, tries - 1)


def _is_mendable(error: ProviderError) -> bool:
    """Tell whether another code may do: what was pasted could not be sent, or the service does not take it."""
    if error.status is None:
        return error.problem in _WRONG_PASTE
    return error.status in _REFUSALS and error.problem in _WRONG_CODE


def _ask_for_answer(prompt: str, url: str) -> str:
    """Ask for a line, with its end, until it may be a code or the callback's URL, or is empty."""
    from ..tokens.verifiers import find_paste_slip

    while slip := find_paste_slip(line := ask_line(prompt), url):
        report(slip)
    return line


def _wait_for_activation(
    options: _AuthorizeOptions, kept: Account | Consumer | None, place: str, service: Service, key: RSAKey | None
) -> tuple[Consumer, AccessToken]:
    """Wait for the verifier that the service posts (and the consumer, unless it is known), and fetch the tokens."""
    from ..tokens.verifiers import LoopbackReceiver

    consumer = read_consumer_from_environment(warn) if kept is None else _find_consumer(options, kept, place, service)
    with LoopbackReceiver(port=options.port, timeout=options.timeout) as receiver:
        report(
            f"Enter this as the Callback URL of the integration at {service.title or place}, and activate it there:\n\n"
            f"  {receiver.post_url}\n\n"
            "If it runs on another machine, enter the URL of a tunnel or proxy to this one (--port sets the port), and "
            "keep its path, which cannot be guessed."
        )
        posted = receiver.wait_for_post(consumer)
    flow = OAuthFlow.for_service(service, posted.consumer, rsa_key=key)
    return posted.consumer, flow.fetch_access_token(flow.fetch_request_token(), posted.verifier)


class _PromptForCallback:
    """A verifier source for a service that takes no callback, and so cannot send the user to us.

    It sends them to the URL that the application is registered with, or, in OAuth 1.0, nowhere and without a
    verifier: then Enter alone goes on.
    """

    def __init__(self, open_browser: Callable[[str], object] | None) -> None:
        self._open_browser = open_browser

    def __call__(self, url: str) -> str:
        split_url(url)  # a browser hands what is no web URL to any program
        if self._open_browser is None:
            report(f"Open this link, and allow access there:\n\n  {url}\n")
        else:
            report(f"Opening your browser. If it does not open, open this link, and allow access there:\n\n  {url}\n")
            self._open_browser(url)
        report("Then paste here the URL that you are sent to. If you are not sent anywhere, press Enter.")
        line = _ask_for_answer("URL: ", url)
        if not line:
            raise OAuthHookError("nothing was pasted, and standard input has ended: run this command in a terminal")
        return line.strip()
