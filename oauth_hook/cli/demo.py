"""``oauth-hook demo``: the whole job, against a provider of its own on loopback.

Each step says what it is, what went out, and what the provider made of it: on a line that
leaves out what is the same everywhere, or with ``--verbose`` all of it. The provider
verifies through oauthlib and shares no code with the signer.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import parse_qs

import requests

from ..credentials import AccessToken, RequestToken
from ..errors import ProviderError
from ..hook.hook import OAuthHook
from ..redaction import Redactor
from .console import DONE, REFUSED, shows_colours

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation
    from ..provider import Provider

__all__ = ["demo"]

_TIMEOUT_SECONDS = 10  # for each request
_MAX_LINE_LENGTH = 100
_MIN_WIDTH = 47  # of a step's line, up to the verdict

_NEXT_STEPS = """
Next:
  oauth-hook demo --verbose     all that went over the wire
  oauth-hook provider           a provider to try your own program with
  oauth-hook authorize NAME     a token from a service ('oauth-hook services')"""

_PLACES = {True: "header", False: "URL-encoded"}
_BODIES: dict[str, dict[str, Any]] = {
    "GET": {"params": {"page": "2", "q": "yay & co"}},
    "POST form": {"data": {"status": "It works!"}},
    "POST JSON": {"json": {"works": True}},
}


def demo(arguments: argparse.Namespace) -> int:
    """Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback."""
    from ..provider import serve

    show_secrets: bool = arguments.show_secrets
    verbose: bool = arguments.verbose
    with serve() as provider, requests.Session() as session:
        session.trust_env = False  # a proxy has no business with loopback
        report = Report(sys.stdout, show_secrets=show_secrets, verbose=verbose)
        report.say(f"A provider listens on {provider.url}; this package is its client.")
        report.head("Getting a token: the three legs")
        token = _three_legs(report, provider, session)
        report.head("Signed requests")
        for header_auth in (True, False):
            hook = OAuthHook(
                token.key, token.secret, provider.consumer.key, provider.consumer.secret, header_auth=header_auth
            )
            for kind, content in _BODIES.items():
                request = hook(_prepare(kind.partition(" ")[0], provider.resource_url, **content))
                report.step(f"{kind}, {_PLACES[header_auth]}", session.send(request, timeout=_TIMEOUT_SECONDS))
        report.head("Requests changed after signing, which have to be refused")
        for what, request in _tamper_requests(hook, provider):
            response = session.send(request, timeout=_TIMEOUT_SECONDS)
            report.step(what, response, expected=401)
            report.explain(hook.explain(response))
        return DONE if report.end() else REFUSED


def _three_legs(report: Report, provider: Provider, session: requests.Session) -> AccessToken:
    """Get a request token (s2.1), the user's consent (s2.2) and an access token (s2.3)."""
    consumer = provider.consumer
    hook = OAuthHook(None, None, consumer.key, consumer.secret, header_auth=True, callback="oob")
    response = session.post(provider.request_token_url, auth=hook, timeout=_TIMEOUT_SECONDS)
    report.step("request token: POST, header", response)
    request_token = RequestToken(*_parse_token(response))

    url = f"{provider.authorization_url}?oauth_token={request_token.key}"
    verifier = provider.approve(url)
    report.mask(verifier)
    report.consent(url, provider.user.name, verifier)

    hook = OAuthHook(
        request_token.key, request_token.secret, consumer.key, consumer.secret, header_auth=True, verifier=verifier
    )
    response = session.post(provider.access_token_url, auth=hook, timeout=_TIMEOUT_SECONDS)
    report.step("access token: POST, header", response)
    return AccessToken(*_parse_token(response))


def _parse_token(response: requests.Response) -> tuple[str, str]:
    if not response.ok:
        raise ProviderError(f"the provider issued no token: {_describe_verdict(response)}", status=response.status_code)
    fields = parse_qs(response.text, strict_parsing=True)
    return fields["oauth_token"][0], fields["oauth_token_secret"][0]


def _tamper_requests(hook: OAuthHook, provider: Provider) -> list[tuple[str, requests.PreparedRequest]]:
    """Return requests that somebody on the way has changed."""
    query = hook(_prepare("GET", provider.resource_url, params={"amount": "10"}))
    query.url = str(query.url).replace("amount=10", "amount=99")
    form = hook(_prepare("POST", provider.resource_url, data={"amount": "10"}))
    form.body = str(form.body).replace("amount=10", "amount=99")
    return [("GET, query changed after signing", query), ("POST, form changed after signing", form)]


def _prepare(method: str, url: str, **content: Any) -> requests.PreparedRequest:
    return requests.Request(method, url, **content).prepare()


@dataclass
class Report:
    """What the reader sees: numbered steps, coloured on a terminal, secrets masked.

    :ivar verbose: each step has its lines; otherwise it has one, as long as it goes as it should.
    """

    stream: TextIO
    show_secrets: bool = False
    verbose: bool = True
    steps: int = 0
    failed: int = 0
    _redact: Redactor = field(default_factory=lambda: Redactor(()))

    def say(self, text: str, colour: str = "") -> None:
        """Write a line, without the secrets in it."""
        print(self._paint(text, colour), file=self.stream)

    def _paint(self, text: str, colour: str) -> str:
        text = self._redact(text, fields=False)
        return f"\x1b[{colour}m{text}\x1b[0m" if colour and shows_colours(self.stream) else text

    def mask(self, secret: str) -> None:
        """Never show this, unless asked to."""
        if not self.show_secrets:
            self._redact = Redactor([secret])

    def head(self, text: str) -> None:
        """Begin a part."""
        if self.verbose:
            self.say(f"\n{text}", "1")

    def step(self, what: str, response: requests.Response, expected: int = 200) -> None:
        """Show a request as it went out, and the provider's verdict on it."""
        request = response.request
        headers = [name for name in ("Authorization", "Content-Type") if name in request.headers]
        sent = [
            f"{request.method} {request.path_url}",
            *(f"{name}: {_text(request.headers[name])}" for name in headers),
        ]
        sent += [_text(request.body)] if request.body else []
        verdict = f"{response.status_code} {_describe_verdict(response)}"
        self._show(what, _summarize(request), sent, verdict, as_expected=response.status_code == expected)

    def consent(self, url: str, user: str, verifier: str) -> None:
        """Show the user's part."""
        verdict = f"it shows the verifier {verifier}, after a login and a click on allow"
        path = url.partition("?")[0].partition("://")[2].partition("/")[2]
        self._show(f"authorization, by {user}", f"/{path}", [url], verdict, as_expected=bool(verifier))

    def _show(self, what: str, summary: str, sent: list[str], verdict: str, *, as_expected: bool) -> None:
        """Show a step: on one line, or everything that was sent and said."""
        self.steps += 1
        self.failed += not as_expected
        colour = "32" if as_expected else "31"
        if as_expected and not self.verbose:
            brief = self._paint(f"< {verdict.partition(',')[0]}", colour)
            self.say(f"{f'{self.steps:2} {what} > {summary}':<{_MIN_WIDTH}} {brief}")
            return
        self.say(f"\n  {self.steps:2}  {what}", "1;36")
        for text in sent:
            self._say_sent(text)
        self.say(f"      < {verdict}", colour)
        if not as_expected:
            self.say("      UNEXPECTED RESULT", "1;31")

    def explain(self, explanation: Explanation) -> None:
        """Show why a request was refused: in a line, or all that is known of it."""
        for finding in explanation.findings:
            why = f"why: {finding.code}{' (proven)' if finding.proven else ''}"
            if not self.verbose:
                self.say(f"   {why}, {'; '.join(finding.evidence)}", "33")
                return
            self.say(f"      {why}", "1;33")
            for text in (finding.summary, *finding.evidence, finding.advice):
                for line in textwrap.wrap(text, _MAX_LINE_LENGTH - 11):
                    self.say(f"           {line}")

    def end(self) -> bool:
        """Sum up, and say what to do next."""
        self.say(
            f"\n{self.steps - self.failed} of {self.steps} steps went as they should.",
            "1;31" if self.failed else "1;32",
        )
        self.say("What is changed after it was signed is refused, and 'explain' says why.")
        self.say(_NEXT_STEPS)
        return self.failed == 0

    def _say_sent(self, text: str) -> None:
        """Show a part of what went out, in lines that end where parameters do."""
        # Masked first: a secret that a line's end cut in two would not be found any more.
        pieces, line = re.split(r"(?<=[&?])|(?<=, )", self._redact(text, fields=False)), ""
        for piece in pieces:
            if line and len(line) + len(piece) > _MAX_LINE_LENGTH:
                self.say(f"      > {line.rstrip()}")
                line = "    "
            line += piece
        self.say(f"      > {line}")


def _summarize(request: requests.PreparedRequest) -> str:
    """Return what a request says besides its signature."""
    own = re.search('oauth_(?:callback|verifier)="[^"]*"', _text(request.headers.get("Authorization", "")))
    text = _text(request.body or request.path_url.partition("?")[2])
    return own[0] if own else re.sub(r"&?\boauth_\w+=[^&]*", "", text)


def _describe_verdict(response: requests.Response) -> str:
    """Return what the provider said, in a line."""
    if response.headers.get("Content-Type", "").startswith("application/json"):
        echo = response.json()
        return (
            f"verified: {echo['oauth']['signature_method']}, in the {echo['oauth']['placement']}, "
            f"for {echo['user']}; received {echo['parameters'] or echo['json']}"
        )
    fields = parse_qs(response.text)
    if "oauth_problem" in fields:
        return f"refused: {fields['oauth_problem'][0]}"
    return f"issued: {', '.join(fields)}"


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
