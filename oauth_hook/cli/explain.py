"""``oauth-hook explain``: why a saved request was refused."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..credentials import Account, ServiceReference
from ..diagnosis.base_string_parts import find_base_strings
from ..diagnosis.base_string_parts import parse as parse_base_string
from ..diagnosis.explain import Explanation
from ..diagnosis.explain import explain as explain_request
from ..diagnosis.records import read_request
from ..errors import UsageError, suggest_word
from ..services.catalog import SERVICES, Service
from ..tokens.accounts import FoundCredentials, Store, find_credentials, store_hint
from .console import (
    DONE,
    open_store,
    print_text,
    read_file,
    read_options,
    read_rsa_key,
    read_service_file,
    report,
    warn,
)
from .errors import tell
from .preferences import Preferences
from .saved import SavedRequest, SavedResponse, is_har, read_response_text, read_saved

__all__ = ["explain"]

_MAX_BYTES = 64 << 20  # of a saved request, or a HAR file

_SANITIZED_HAR = (
    "this HAR file has no OAuth parameters in that request. Browsers leave the Authorization header out, "
    "unless the file is exported with sensitive data: if the request was signed, export it so, or copy it as cURL"
)


@dataclass(frozen=True)
class _Options:
    store: Store | str | None
    words: list[str]
    base_string: str | None
    my_base_string: str | None
    signature: str | None
    rsa_key: str | None
    scheme: str | None
    service: str | None
    html: str | None
    json: bool


def explain(arguments: argparse.Namespace) -> int:
    """Say why a saved request was refused."""
    options = read_options(_Options, arguments)
    if options.json and options.html == "-":
        raise UsageError("--json and --html - would both go to standard output: give --html a FILE")
    with open_store(options.store) as store:
        name, path = _read_words(options.words, store)
        credentials = find_credentials(name, store, warn=warn)
    data = _read_request(path)
    saved = read_saved(data, scheme=options.scheme)
    if name is None and credentials.consumer is None:
        credentials = _find_signer(options.store, saved) or credentials
    consumer = credentials.consumer
    base_string = _read_base_string(options.base_string, "--base-string")
    my_base_string = _read_base_string(options.my_base_string, "--my-base-string")
    key = None if options.rsa_key is None else read_rsa_key(options.rsa_key, public=True)
    explanation = explain_request(
        saved, consumer, credentials.token, base_string, options.signature, my_base_string,
        _find_service(options.service, credentials.service), rsa_key=key,
    )  # fmt: skip
    first = explanation.findings[0]
    if first.code == "unsigned" and is_har(data):
        warn(_SANITIZED_HAR)
    if options.html is not None:
        _write_page(options.html, explanation)
    if options.html != "-":
        print_text(json.dumps(explanation.to_dict(), indent=2) if options.json else str(explanation))
    given = (options.base_string, options.signature)
    has_theirs = given != (None, None) or bool(find_base_strings(read_response_text(saved)))
    more = list(_find_unused(options, explanation, has_secrets=consumer is not None, has_theirs=has_theirs))
    if more and not first.proven:
        warn(f"to learn more, add {', or '.join(more)}")
    return DONE


def _find_signer(place: Store | str | None, saved: SavedRequest | SavedResponse) -> FoundCredentials | None:
    """Return the account in the store whose keys a request has, or else the default one, and say which it is."""
    values = read_request(saved.request if isinstance(saved, SavedResponse) else saved).values
    consumer_key, token_key = values.get("oauth_consumer_key"), values.get("oauth_token")
    with open_store(place) as store:
        accounts = {name: account for name in store if (account := _read_account(store, name)) is not None}
        ours = {name: account for name, account in accounts.items() if account.consumer.key == consumer_key}
        same = [name for name, account in ours.items() if account.token and account.token.key == token_key]
        name = next(iter(same or ours), None)
        reason = "which has this consumer key"
        if name is None:
            name, reason = Preferences(store).choose_account(None, store), "the default"
        if name is None:
            return None
        try:
            found = find_credentials(name, store, warn=warn)
        except UsageError as error:
            warn(tell(error))
            return None
    warn(f"no NAME is given, nor OAUTH_CONSUMER_KEY in the environment: explained with the account {name!r}, {reason}")
    return found if token_key else replace(found, token=None)


def _read_account(store: Store, name: str) -> Account | None:
    """Return an account; ``None``: something else is kept by that name, or it cannot be read."""
    try:
        value = store.get(name)
    except UsageError:
        return None
    return value if isinstance(value, Account) else None


def _find_service(named: str | None, service: Service) -> Service | str | None:
    """Return the service whose demands count; ``None``: it is recognized by the URL.

    :param named: a known service, or a JSON file.
    :param service: the account's, if it has a name.
    :raises UsageError: the file cannot be used.
    """
    if named is None:
        return service if service.name in SERVICES else None
    path = ServiceReference.parse(named).path
    return named if path is None else read_service_file(path)


def _write_page(path: str, explanation: Explanation) -> None:
    """Write the explanation as a page to a file, or print it.

    :raises UsageError: the file cannot be written.
    """
    page = explanation.to_html()
    if path == "-":
        print_text(page, errors="xmlcharrefreplace")
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror}") from error
    report(f"the page is in {path}")


def _read_words(words: list[str], store: Store) -> tuple[str | None, str]:
    """Return NAME and FILE, of which either may be left out."""
    if len(words) > 2:
        raise UsageError("use [NAME] [FILE], such as: oauth-hook explain tumblr refused.har")
    if any("://" in word for word in words) and not words[-1].startswith("curl "):
        raise UsageError(
            "explain reads a saved request, and this is a URL: 'oauth-hook request' sends one, and explains a refusal"
        )
    if len(words) == 2:
        if words[0] not in store and os.path.exists(words[0]):
            raise UsageError(f"{words[0]!r} is a file: use [NAME] [FILE], the NAME first")
        return words[0], words[1]
    if not words or words[0] == "-" or os.path.exists(words[0]):
        return None, words[0] if words else "-"
    if words[0] in store:
        return words[0], "-"
    if words[0].startswith("curl "):
        raise UsageError("a curl command line goes to standard input, or into a FILE: it may have secrets in it")
    close = suggest_word(words[0], store)
    raise UsageError(f"there is neither a file nor an account of that name{close}: {store_hint(store)}")


def _find_unused(options: _Options, explanation: Explanation, *, has_secrets: bool, has_theirs: bool) -> Iterator[str]:
    """Yield what would tell more: options of this command that were not used."""
    if not has_secrets:
        yield "the secrets (of an account, NAME; or OAUTH_CONSUMER_KEY and so on in the environment)"
    rows = () if explanation.comparison is None else explanation.comparison.rows
    methods = [row.left or "" for row in rows if row.name == "oauth_signature_method"]
    if options.rsa_key is None and any(method.startswith("RSA-") for method in methods):
        yield "either half of the RSA key (--rsa-key FILE)"
    if not has_theirs:
        yield "the base string that the server signed (--base-string TEXT, or @FILE)"


def _read_request(path: str) -> bytes:
    """Return what is in a file, or on standard input.

    :raises UsageError: it cannot be read, or is too large.
    """
    if path == "-" and sys.stdin is None:
        raise UsageError("standard input is closed: name the FILE that the request is in")
    if path == "-" and sys.stdin.isatty():
        end = "Ctrl-Z and Enter" if os.name == "nt" else "Ctrl-D"
        report(f"Paste the request here, as your tool shows it: raw HTTP, curl, a log, HAR; then press {end}.")
    data = read_file(path, _MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than 64 MB: save the one request that was refused")
    return data


def _read_base_string(given: str | None, option: str) -> str | None:
    """Return a base string that was given as it is, or as @FILE; ``None`` where none was.

    :raises UsageError: it is not a base string.
    """
    if given is None:
        return None
    text = _read_request(given[1:]).decode("utf-8", "replace").strip() if given.startswith("@") else given
    if not find_base_strings(text) and parse_base_string("".join(text.split())) is None:
        raise UsageError(f"{option} must be METHOD&URL&parameters, such as GET&https%3A%2F%2F...&a%3D1")
    return text
