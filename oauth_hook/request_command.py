"""``oauth-hook request``: a signed request, and the body of its answer."""

from __future__ import annotations

import argparse
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import requests
from requests.structures import CaseInsensitiveDict

from .accounts import hook_for
from .command_common import is_text, is_token, opened, report
from .errors import OAuthHookError, ProviderError, UsageError
from .failures import DONE, REFUSED, tell_plainly
from .hook import OAuthHook
from .redact import redact

__all__ = ["request"]


def request(arguments: argparse.Namespace) -> int:
    """Send a signed request, and print the body of its answer; say why it was refused, if it was."""
    hook = _hook_of(arguments)
    with ExitStack() as stack:
        content = _content(arguments, stack)
        session = stack.enter_context(requests.Session())
        prepared = _prepared(session, arguments, hook, content)
        file = stack.enter_context(_output(arguments.output)) if arguments.output not in (None, "-") else None
        response = stack.enter_context(_sent(session, prepared, arguments.timeout, stream=file is not None))
        known = [hook.consumer.secret, hook.token.secret if hook.token else ""]
        if file is None:
            data = response.content
            _check_whole(response)
            _show(data, [] if arguments.show_secrets else known)
        else:
            for piece in response.iter_content(1 << 16):
                file.write(piece)
            _check_whole(response)
    if not response.ok:
        reason = redact(response.reason or "", known)
        report(tell_plainly(f"oauth-hook: the provider said {response.status_code} {reason}"))
        _explain(hook, response)
    return DONE if response.ok else REFUSED


def _explain(hook: OAuthHook, response: requests.Response) -> None:
    """Say why a request was refused, where OAuth has to do with it."""
    explanation = hook.explain(response)
    if explanation.findings[0].code != "no-cause-found":
        report(explanation.brief)


def _hook_of(arguments: argparse.Namespace) -> OAuthHook:
    """Return the hook of the credentials that are named, or in the environment, as their service wants it."""
    if len(arguments.words) not in (2, 3):
        raise UsageError("say [NAME] METHOD URL, such as: GET https://api.example.com/me")
    name = arguments.words[0] if len(arguments.words) == 3 else None
    with opened(arguments) as store:
        return hook_for(name, store, placement=arguments.placement, signature_method=arguments.signature_method)


# --- what goes out ---


def _content(arguments: argparse.Namespace, stack: ExitStack) -> dict[str, Any]:
    """Return body and headers, as requests takes them; files are open until the stack ends."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    if arguments.json is not None:
        if arguments.data or arguments.form:
            raise UsageError("--json is a body by itself: it does not go together with -d or -F")
        headers["Content-Type"] = "application/json"
    names = [name.lower() for name, _ in arguments.header]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the header {twice} is given twice: put its values into one, with commas between them")
    headers.update(arguments.header)
    if arguments.json is not None:
        return {"data": arguments.json.encode(), "headers": headers}
    parts = [_part(name, value, stack) for name, value in arguments.form]
    return {"data": arguments.data or None, "files": parts or None, "headers": headers}


def _part(name: str, value: str, stack: ExitStack) -> tuple[str, tuple[str | None, Any]]:
    """Return a part of a multipart form; ``k=@FILE`` is the file."""
    if not value.startswith("@"):
        return name, (None, value)
    path = Path(value[1:])
    if not is_text(path.name):
        raise UsageError(f"the name of {path} has octets that are no text (UTF-8), and travels with it: rename it")
    try:
        return name, (path.name, stack.enter_context(path.open("rb")))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _prepared(
    session: requests.Session, arguments: argparse.Namespace, hook: OAuthHook, content: dict[str, Any]
) -> requests.PreparedRequest:
    """Return the request, signed."""
    method, url = arguments.words[-2:]
    if not is_token(method):
        raise UsageError("the METHOD of a request is one word, such as GET")
    return session.prepare_request(requests.Request(method.upper(), url, auth=hook, **content))


def _sent(
    session: requests.Session, prepared: requests.PreparedRequest, timeout: float, *, stream: bool
) -> requests.Response:
    """Send it, and follow redirects.

    An address that cannot be asked is ours to mend, or the server's where it redirected there; requests has one
    exception for both, urllib3 others, which pass through it.

    :raises UsageError: nothing was sent.
    :raises ProviderError: the server redirects to where nobody can follow.
    """
    answered: list[requests.Response] = []
    prepared.register_hook("response", lambda response, **_: answered.append(response))
    settings = session.merge_environment_settings(prepared.url or "", {}, stream, None, None)
    try:
        return session.send(prepared, timeout=timeout, allow_redirects=True, **settings)
    except requests.exceptions.InvalidHeader as error:  # of the answer: ours were looked at before
        raise ProviderError("the server's answer has headers that make no sense") from error
    except ValueError as error:
        if answered:
            raise ProviderError("the server redirects to an address that nobody can follow") from error
        if isinstance(error, OAuthHookError | requests.RequestException):
            raise
        raise UsageError(f"the URL cannot be asked: {error}") from error


# --- what came back ---


def _show(data: bytes, known: list[str]) -> None:
    """Write the body to standard output, without what is known to be secret."""
    if known:  # whatever its type says: octets taken for characters lose nothing
        data = redact(data.decode("latin-1"), known, fields=False).encode("latin-1")
    if sys.stdout is not None:
        if data and not data.endswith(b"\n") and sys.stdout.isatty():
            data += b"\n"  # what the terminal shows next begins a line
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _check_whole(response: requests.Response) -> None:
    """Refuse an answer that is shorter than its server said, which urllib3 1 leaves to its user."""
    if getattr(response.raw, "length_remaining", None):
        raise ProviderError("the answer was cut off", status=response.status_code, response=response)


@contextmanager
def _output(path: str) -> Iterator[IO[bytes]]:
    """Give a file to write an answer to, which gets its name when all is there: until then, what was there stays.

    :raises UsageError: nothing can be written there.
    """
    target = os.path.realpath(path)
    try:
        file, part = _opened_output(target, path)
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror}") from error
    try:
        with file:
            yield file
        if part is not None:
            os.replace(part, target)
    finally:
        if part is not None:
            with suppress(FileNotFoundError):
                os.unlink(part)


def _opened_output(target: str, path: str) -> tuple[IO[bytes], str | None]:
    """Return a file beside the target, and its name; or the target itself, where it is a device or a pipe."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        return open(target, "wb"), None
    if not os.path.basename(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    part = os.path.join(os.path.dirname(target), f".oauth-hook-{secrets.token_hex(8)}.part")
    file = open(part, "xb")  # noqa: SIM115 - the caller closes it
    if mode is not None:
        with suppress(OSError):  # some file systems have no modes
            os.chmod(part, stat.S_IMODE(mode))
    return file, part
