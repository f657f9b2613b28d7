"""What the commands of ``oauth-hook`` do. Each takes its parsed arguments and returns the exit status."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import MutableMapping
from contextlib import AbstractContextManager, nullcontext
from getpass import getpass
from pathlib import Path
from typing import Any, TypeAlias

import requests

from .credentials import AccessToken, Account, Consumer, Credentials
from .errors import UsageError
from .flow import OAuthFlow
from .hook import OAuthHook
from .redact import MASK, redact
from .services import SERVICES, Service
from .store import CredentialStore

__all__ = ["DONE", "MISUSE", "REFUSED", "Store"]

#: Where the commands keep credentials: a ``CredentialStore``, or any other such mapping.
Store: TypeAlias = MutableMapping[str, Any]

DONE, REFUSED, MISUSE = 0, 1, 2


def demo(arguments: argparse.Namespace) -> int:
    """Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback."""
    from .demo import run

    return DONE if run(sys.stdout, show_secrets=arguments.show_secrets) else REFUSED


def provider(arguments: argparse.Namespace) -> int:
    """Run a real OAuth 1.0a provider until Ctrl-C, and print what a client needs, one ``name: value`` a line."""
    from .provider import serve

    with serve(arguments.host, arguments.port, database=arguments.database) as running:
        for name, value in running.details().items():
            print(f"{name}: {value}")
        sys.stdout.flush()
        _wait_for_the_end()
    return DONE


def _wait_for_the_end() -> None:
    """Wait until Ctrl-C or a polite ``kill``.

    The handlers are set here because a shell starts what runs in its background deaf to Ctrl-C.
    """
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    end.wait()


# --- getting credentials ---


def authorize(arguments: argparse.Namespace) -> int:
    """Get an access token from a service, with the user's consent, and keep it.

    The consumer key and secret come from the store (NAME), the environment
    (OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET), or a prompt; or the package registers
    itself, where --service is someone@pump.example.
    """
    from .verifiers import LoopbackReceiver, ask_on_console

    with _opened(arguments) as store:
        kept = store.get(arguments.name)
        service = _service_of(arguments, kept)
        consumer = _consumer_of(kept) or _consumer_from_environment() or _register_or_ask(arguments, service)
        extra = dict(_pair(text) for text in arguments.set)
        if arguments.browser:
            with LoopbackReceiver(port=arguments.port, timeout=arguments.timeout) as receiver:
                flow = OAuthFlow.for_service(service, consumer, callback=receiver.callback_url)
                token = flow.authorize(receiver, **extra)
        else:
            token = OAuthFlow.for_service(service, consumer).authorize(ask_on_console, **extra)
        place = service.name if service.name in SERVICES else _file_or_address(arguments, service)
        store[arguments.name] = Account(consumer, token, place)
    _print(arguments, f"kept as {arguments.name}", {"name": arguments.name, "token": token.key, "service": place})
    return DONE


def register(arguments: argparse.Namespace) -> int:
    """Register an application with a pump.io server, and keep the consumer key that it gives."""
    from .registration import discover, register_client

    scheme = "http" if arguments.http else "https"
    service = discover(arguments.server, scheme=scheme)
    consumer = register_client(
        str(service.registration_url),
        application_name=arguments.application_name,
        application_type=arguments.application_type,
        redirect_uris=arguments.redirect_uri,
        contacts=arguments.contact,
        scheme=scheme,
    )
    with _opened(arguments) as store:
        store[arguments.name] = Account(consumer, None, arguments.server)
    _print(arguments, f"kept as {arguments.name}", {"name": arguments.name, "consumer": consumer.key})
    return DONE


def _service_of(arguments: argparse.Namespace, kept: object) -> Service:
    """Return the service that is meant: by its addresses, by --service, by what is kept, by its name."""
    urls = (arguments.request_token_url, arguments.authorization_url, arguments.access_token_url)
    if any(urls):
        if not all(urls):
            raise UsageError("--request-token-url, --authorization-url and --access-token-url go together")
        return Service(
            name=arguments.name, request_token_url=urls[0], authorization_url=urls[1], access_token_url=urls[2]
        )
    named = arguments.service or (kept.service if isinstance(kept, Account) else None) or arguments.name
    if named in SERVICES:
        return SERVICES[named]
    if named.endswith(".json"):
        return Service.from_file(named)
    if "@" in named or "." in named or ":" in named:
        from .registration import discover

        return discover(named, scheme="http" if arguments.http else "https")
    raise UsageError(f"there is no service {named!r}: see 'oauth-hook services', or name one with --service")


def _file_or_address(arguments: argparse.Namespace, service: Service) -> str:
    return str(arguments.service or service.authorization_url)


def _register_or_ask(arguments: argparse.Namespace, service: Service) -> Consumer:
    if service.registration_url:
        from .registration import register_client

        scheme = "http" if arguments.http else "https"
        return register_client(service.registration_url, application_name="oauth-hook", scheme=scheme)
    return Consumer(_ask("consumer key: "), _ask("consumer secret: ", secret=True))


def _ask(prompt: str, *, secret: bool = False) -> str:
    """Ask for a line, on the terminal or from standard input; a secret is not echoed."""
    if secret and sys.stdin.isatty():
        return getpass(prompt, stream=sys.stderr).strip()
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise UsageError(f"there is no {prompt.rstrip(': ')}: set it in the environment, or give it on standard input")
    return line.strip()


# --- using them ---


def request(arguments: argparse.Namespace) -> int:
    """Send a signed request, and print the body of its answer."""
    hook, method, url = _hook_of(arguments)
    if arguments.json is not None:
        content: dict[str, Any] = {"data": arguments.json.encode(), "headers": {"Content-Type": "application/json"}}
    else:
        content = {"data": [_pair(text) for text in arguments.data] or None, "headers": {}}
    for text in arguments.header:
        name, mark, value = text.partition(":")
        if not mark:
            raise UsageError(f"a header is 'Name: value', not {name!r}")
        content["headers"][name.strip()] = value.strip()
    parts = [_part(text) for text in arguments.form]
    try:
        with requests.Session() as session:
            response = session.request(
                method, url, auth=hook, files=parts or None, timeout=arguments.timeout, stream=True, **content
            )
            with response:
                _write(response, arguments, [hook.consumer.secret, hook.token.secret if hook.token else ""])
    finally:
        for _, (_, body) in parts:
            if not isinstance(body, str):
                body.close()
    if not response.ok:
        print(f"oauth-hook: the provider said {response.status_code} {response.reason}", file=sys.stderr)
    return DONE if response.ok else REFUSED


def _hook_of(arguments: argparse.Namespace) -> tuple[OAuthHook, str, str]:
    """Return the hook of the credentials that are named, or in the environment; the method; the URL."""
    if len(arguments.words) not in (2, 3):
        raise UsageError("say [NAME] METHOD URL, such as: GET https://api.example.com/me")
    kept = _kept(arguments, arguments.words[0]) if len(arguments.words) == 3 else None
    consumer = _consumer_of(kept) or _consumer_from_environment()
    if consumer is None:
        raise UsageError(
            "there is no consumer key: name an account, or set OAUTH_CONSUMER_KEY and OAUTH_CONSUMER_SECRET"
        )
    token = kept.token if isinstance(kept, Account) else kept if isinstance(kept, AccessToken) else None
    if token is None and not isinstance(kept, Account):
        token = _token_from_environment()
    named = kept.service if isinstance(kept, Account) else None
    service = SERVICES.get(named or "") or Service(name="")
    hook = OAuthHook(
        token.key if token else None, token.secret if token else None, consumer.key, consumer.secret,
        placement=arguments.placement or service.placement,
        signature_method=arguments.signature_method or service.signature_method,
        realm=service.realm,
        body_hash=service.body_hash,
    )  # fmt: skip
    method, url = arguments.words[-2:]
    return hook, method.upper(), url


def _kept(arguments: argparse.Namespace, name: str) -> Credentials | Account:
    with _opened(arguments) as store:
        if name not in store:
            raise UsageError(f"there is no {name!r} in the store: see 'oauth-hook credentials list'")
        kept: Credentials | Account = store[name]
    return kept


def _part(text: str) -> tuple[str, tuple[str | None, Any]]:
    """Return a part of a multipart form; ``k=@FILE`` is the file."""
    name, value = _pair(text)
    if not value.startswith("@"):
        return name, (None, value)
    path = Path(value[1:])
    try:
        return name, (path.name, path.open("rb"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _write(response: requests.Response, arguments: argparse.Namespace, secrets: list[str]) -> None:
    """Write the body: to a file as it is; to standard output without our secrets in it."""
    if arguments.output:
        with Path(arguments.output).open("wb") as file:
            for piece in response.iter_content(1 << 16):
                file.write(piece)
        return
    data = response.content
    if not arguments.show_secrets:  # whatever its type says: octets taken for characters lose nothing
        data = redact(data.decode("latin-1"), secrets, fields=False).encode("latin-1")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def credentials(arguments: argparse.Namespace) -> int:
    """List, show or remove what is in the store; secrets are masked."""
    with _opened(arguments) as store:
        if arguments.action == "list":
            found = {name: _kind(store[name]) for name in store}
            _print(arguments, "\n".join(f"{name}\t{kind}" for name, kind in found.items()), found)
            return DONE
        if not arguments.name:
            raise UsageError(f"say which: oauth-hook credentials {arguments.action} NAME")
        shown = _kept(arguments, arguments.name).to_dict()
        if arguments.action == "remove":
            del store[arguments.name]
            _print(arguments, f"removed {arguments.name}", {"removed": arguments.name})
            return DONE
    if not arguments.show_secrets:
        shown = _masked(shown)
    print(json.dumps(shown, indent=2))
    return DONE


def services(arguments: argparse.Namespace) -> int:
    """List the known services, or show what is known of one."""
    if arguments.name is None:
        rows = {name: service.title for name, service in SERVICES.items()}
        _print(arguments, "\n".join(f"{name:<14}{title}" for name, title in rows.items()), rows)
        return DONE
    if arguments.name not in SERVICES:
        raise UsageError(f"there is no service {arguments.name!r}: see 'oauth-hook services'")
    fields = SERVICES[arguments.name].to_dict()
    lines = [f"{name}: {value}" for name, value in fields.items() if value not in (None, "", {})]
    _print(arguments, "\n".join(lines), fields)
    return DONE


# --- what they share ---


def _opened(arguments: argparse.Namespace) -> AbstractContextManager[Store]:
    """Return the store that ``main`` was given, or the one of the command line."""
    given: Store | None = arguments.given_store
    return CredentialStore(arguments.store) if given is None else nullcontext(given)


def _print(arguments: argparse.Namespace, text: str, data: Any) -> None:
    """Print a result, for people or for scripts."""
    if arguments.json:
        print(json.dumps(data))
    elif text:
        print(text)


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise UsageError(f"say NAME=VALUE, not {name!r}")
    return name, value


def _kind(value: Credentials | Account) -> str:
    if isinstance(value, Account):
        return f"account at {value.service or 'no service'}" + ("" if value.token else ", not authorized yet")
    return {"Consumer": "consumer", "RequestToken": "request token"}.get(type(value).__name__, "access token")


def _masked(data: Any) -> Any:
    """Return what ``to_dict`` gave with its secrets masked: ``secret``, and all that a service added."""
    if not isinstance(data, dict):
        return data
    return {
        name: MASK if name == "secret" else dict.fromkeys(value, MASK) if name == "extra" else _masked(value)
        for name, value in data.items()
    }


def _consumer_of(kept: object) -> Consumer | None:
    if isinstance(kept, Account):
        return kept.consumer
    return kept if isinstance(kept, Consumer) else None


def _consumer_from_environment() -> Consumer | None:
    key = os.environ.get("OAUTH_CONSUMER_KEY")
    return Consumer(key, os.environ.get("OAUTH_CONSUMER_SECRET", "")) if key else None


def _token_from_environment() -> AccessToken | None:
    key = os.environ.get("OAUTH_TOKEN")
    return AccessToken(key, os.environ.get("OAUTH_TOKEN_SECRET", "")) if key else None
