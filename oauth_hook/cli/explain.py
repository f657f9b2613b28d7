"""``oauth-hook explain``: why a saved request was refused."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator

from ..diagnosis.base_string_parts import find_base_strings
from ..diagnosis.explain import Explanation
from ..diagnosis.explain import explain as explain_request
from ..errors import UsageError
from ..tokens.accounts import Store, credentials_for, report, where_to_look
from .console import opened, read_octets, read_rsa_key, show
from .errors import DONE
from .saved import is_har, read_saved, text_of_answer

__all__ = ["explain"]

_MOST = 64 << 20  # octets of a saved request, or a HAR file, that are read


_SANITIZED = (
    "oauth-hook: this HAR file has no OAuth parameters in that request. Browsers leave the Authorization header out, "
    "unless the file is exported with sensitive data: if the request was signed, export it so, or copy it as cURL"
)


def explain(arguments: argparse.Namespace) -> int:
    """Say why a saved request was refused.

    FILE is raw HTTP (the request, and after it the response if it was saved), what 'curl -v' or 'curl --trace-ascii'
    shows, a curl command line, or a HAR file (of a browser: exported with sensitive data, which is where the signature
    is); "-", or none, is standard input. The secrets come from the store (NAME) or the environment; without them the
    request is looked at as it stands.
    """
    with opened(arguments) as store:
        name, path = _words(arguments.words, store)
        consumer, token, _ = credentials_for(name, store)
    octets = _octets(path)
    saved = read_saved(octets, scheme=arguments.scheme)
    base_string = None if arguments.base_string is None else _base_string(arguments.base_string)
    key = None if arguments.rsa_key is None else read_rsa_key(arguments.rsa_key, public=True)
    explanation = explain_request(saved, consumer, token, base_string, arguments.signature, rsa_key=key)
    if explanation.findings[0].code == "unsigned" and is_har(octets):
        report(_SANITIZED)
    show(json.dumps(explanation.to_dict(), indent=2) if arguments.json else str(explanation))
    given = (arguments.base_string, arguments.signature)
    has_theirs = any(text is not None for text in given) or bool(find_base_strings(text_of_answer(saved)))
    more = list(_more(arguments, explanation, has_secrets=consumer is not None, has_theirs=has_theirs))
    if more and not explanation.findings[0].proven:
        report(f"oauth-hook: more could be told with {', or '.join(more)}")
    return DONE


def _words(words: list[str], store: Store) -> tuple[str | None, str]:
    """Return NAME and FILE, of which either may be left out."""
    if len(words) > 2:
        raise UsageError("say [NAME] [FILE], such as: oauth-hook explain tumblr refused.har")
    if len(words) == 2:
        if words[0] not in store and os.path.exists(words[0]):
            raise UsageError(f"{words[0]!r} is a file: say [NAME] [FILE], the NAME first")
        return words[0], words[1]
    if not words or words[0] == "-" or os.path.exists(words[0]):
        return None, words[0] if words else "-"
    if words[0] in store:
        return words[0], "-"
    if words[0].startswith("curl "):
        raise UsageError("a curl command line goes to standard input, or into a FILE: it may have secrets in it")
    raise UsageError(f"there is no file {words[0][:60]!r}, nor an account of that name: {where_to_look(store)}")


def _more(
    arguments: argparse.Namespace, explanation: Explanation, *, has_secrets: bool, has_theirs: bool
) -> Iterator[str]:
    """Yield what would tell more: options of this command that were not used."""
    if not has_secrets:
        yield "the secrets (of an account, NAME; or OAUTH_CONSUMER_KEY and so on in the environment)"
    rows = () if explanation.sides is None else explanation.sides.rows
    methods = [row.left or "" for row in rows if row.name == "oauth_signature_method"]
    if arguments.rsa_key is None and any(method.startswith("RSA-") for method in methods):
        yield "either half of the RSA key (--rsa-key FILE)"
    if not has_theirs:
        yield "the base string that the server signed (--base-string TEXT, or @FILE)"


def _octets(path: str) -> bytes:
    """Return what is in a file, or on standard input.

    :raises UsageError: it cannot be read, or is too large.
    """
    if path == "-" and sys.stdin is None:
        raise UsageError("standard input is closed: name the FILE that the request is in")
    if path == "-" and sys.stdin.isatty():
        end = "Ctrl-Z and Enter" if os.name == "nt" else "Ctrl-D"
        report(f"Paste the request here, as raw HTTP, a curl command line or HAR; then press {end}.")
    octets = read_octets(path, _MOST + 1)
    if len(octets) > _MOST:
        raise UsageError(f"{path} is larger than 64 MB: save the one request that was refused")
    return octets


def _base_string(given: str) -> str:
    """Return a base string that was given as it is, or as @FILE.

    :raises UsageError: it has none in it.
    """
    text = _octets(given[1:]).decode("utf-8", "replace").strip() if given.startswith("@") else given
    if not find_base_strings(text):
        raise UsageError(
            "--base-string is none: it reads METHOD&address&parameters, such as GET&https%3A%2F%2F...&a%3D1"
        )
    return text
