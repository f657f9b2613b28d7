"""``oauth-hook demo``: the whole job, against a provider of its own on loopback.

Each step says what it is, what went out, and what the provider made of it. The
provider verifies through oauthlib and shares no code with the signer.
"""

from __future__ import annotations

import os
import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import parse_qs

import requests

from ..credentials import AccessToken, RequestToken
from ..errors import ProviderError
from ..hook.hook import OAuthHook

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation
    from ..provider import Provider

__all__ = ["run"]

_TIMEOUT = 10  # seconds, for each request
_WIDTH = 100

_PLACES = {True: "header", False: "URL-encoded"}
_BODIES: dict[str, dict[str, Any]] = {
    "GET": {"params": {"page": "2", "q": "yay & co"}},
    "POST form": {"data": {"status": "Yay! It works!", "wrap_links": "True"}},
    "POST JSON": {"json": {"status": "Yay! It works!"}},
}


def run(stream: TextIO, *, show_secrets: bool = False) -> bool:
    """Show all of it.

    :param stream: where to write.
    :param show_secrets: show verifiers as well, which are masked otherwise.
    :returns: whether all went as it should.
    """
    from ..provider import serve

    with serve() as provider, requests.Session() as session:
        session.trust_env = False  # a proxy has no business with loopback
        report = Report(stream, show_secrets=show_secrets)
        report.say(f"An OAuth 1.0a provider listens on {provider.url}; this package is its client.")
        report.head("Getting a token: the three legs")
        token = _three_legs(report, provider, session)
        report.head("Signed requests")
        for header_auth in (True, False):
            hook = OAuthHook(
                token.key, token.secret, provider.consumer.key, provider.consumer.secret, header_auth=header_auth
            )
            for kind, content in _BODIES.items():
                request = hook(_prepared(kind.partition(" ")[0], provider.resource_url, **content))
                report.step(f"{kind}, {_PLACES[header_auth]}", session.send(request, timeout=_TIMEOUT))
        report.head("Requests changed after signing, which have to be refused")
        for what, request in _tampered(hook, provider):
            answer = session.send(request, timeout=_TIMEOUT)
            report.step(what, answer, expected=401)
            report.explain(hook.explain(answer))
        return report.end()


def _three_legs(report: Report, provider: Provider, session: requests.Session) -> AccessToken:
    """Get a request token (s2.1), the user's consent (s2.2) and an access token (s2.3)."""
    consumer = provider.consumer
    hook = OAuthHook(None, None, consumer.key, consumer.secret, header_auth=True, callback="oob")
    answer = session.post(provider.request_token_url, auth=hook, timeout=_TIMEOUT)
    report.step("request token: POST, header", answer)
    request_token = RequestToken(*_credentials(answer))

    url = f"{provider.authorization_url}?oauth_token={request_token.key}"
    verifier = provider.approve(url)
    report.mask(verifier)
    report.consent(url, provider.user.name, verifier)

    hook = OAuthHook(
        request_token.key, request_token.secret, consumer.key, consumer.secret, header_auth=True, verifier=verifier
    )
    answer = session.post(provider.access_token_url, auth=hook, timeout=_TIMEOUT)
    report.step("access token: POST, header", answer)
    return AccessToken(*_credentials(answer))


def _credentials(answer: requests.Response) -> tuple[str, str]:
    if not answer.ok:
        raise ProviderError(f"the provider issued no token: {_verdict(answer)}", status=answer.status_code)
    fields = parse_qs(answer.text, strict_parsing=True)
    return fields["oauth_token"][0], fields["oauth_token_secret"][0]


def _tampered(hook: OAuthHook, provider: Provider) -> list[tuple[str, requests.PreparedRequest]]:
    """Return requests that somebody on the way has changed."""
    query = hook(_prepared("GET", provider.resource_url, params={"amount": "10"}))
    query.url = str(query.url).replace("amount=10", "amount=99")
    form = hook(_prepared("POST", provider.resource_url, data={"amount": "10"}))
    form.body = str(form.body).replace("amount=10", "amount=99")
    return [("GET, query changed after signing", query), ("POST, form changed after signing", form)]


def _prepared(method: str, url: str, **content: Any) -> requests.PreparedRequest:
    return requests.Request(method, url, **content).prepare()


@dataclass
class Report:
    """What the reader sees: numbered steps, coloured on a terminal, secrets masked."""

    stream: TextIO
    show_secrets: bool = False
    steps: int = 0
    failed: int = 0
    _secrets: list[str] = field(default_factory=list, repr=False)

    def say(self, text: str, colour: str = "") -> None:
        """Write a line, without the secrets in it."""
        text = self._masked(text)
        print(f"\x1b[{colour}m{text}\x1b[0m" if colour and self._on_a_terminal() else text, file=self.stream)

    def mask(self, secret: str) -> None:
        """Never show this, unless asked to."""
        if not self.show_secrets:
            self._secrets.append(secret)

    def head(self, text: str) -> None:
        """Begin a part."""
        self.say(f"\n{text}", "1")

    def step(self, what: str, answer: requests.Response, expected: int = 200) -> None:
        """Show a request as it went out, and the provider's verdict on it."""
        self.begin(what)
        request = answer.request
        self._outgoing(f"{request.method} {request.path_url}")
        for name in ("Authorization", "Content-Type"):
            if name in request.headers:
                self._outgoing(f"{name}: {_text(request.headers[name])}")
        if request.body:
            self._outgoing(_text(request.body))
        self.verdict(answer.status_code == expected, f"{answer.status_code} {_verdict(answer)}")

    def explain(self, explanation: Explanation) -> None:
        """Show why a request was refused."""
        for finding in explanation.findings:
            self.say(f"      why: {finding.code}{' (proven)' if finding.proven else ''}", "1;33")
            for text in (finding.what, *finding.evidence, finding.advice):
                for line in textwrap.wrap(text, _WIDTH - 11):
                    self.say(f"           {line}")

    def consent(self, url: str, user: str, verifier: str) -> None:
        """Show the user's part."""
        self.begin("authorization: the user's consent")
        self.say(f"      > {url}")
        self.verdict(bool(verifier), f"{user} logs in and says allow; the page shows the verifier {verifier}")

    def begin(self, what: str) -> None:
        """Begin a step."""
        self.steps += 1
        self.say(f"\n  {self.steps:2}  {what}", "1;36")

    def verdict(self, as_expected: bool, text: str) -> None:
        """End a step."""
        self.failed += not as_expected
        self.say(f"      < {text}", "32" if as_expected else "31")
        if not as_expected:
            self.say("      THAT IS NOT WHAT SHOULD HAVE HAPPENED", "1;31")

    def end(self) -> bool:
        """Sum up."""
        self.say(
            f"\n{self.steps - self.failed} of {self.steps} steps went as they should.",
            "1;31" if self.failed else "1;32",
        )
        return self.failed == 0

    def _outgoing(self, text: str) -> None:
        """Show a part of what went out, in lines that end where parameters do."""
        # Masked first: a secret that a line's end cut in two would not be found any more.
        pieces, line = re.split(r"(?<=[&?])|(?<=, )", self._masked(text)), ""
        for piece in pieces:
            if line and len(line) + len(piece) > _WIDTH:
                self.say(f"      > {line.rstrip()}")
                line = "    "
            line += piece
        self.say(f"      > {line}")

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _on_a_terminal(self) -> bool:
        # Consoles of Windows show colours only where a terminal says so, and else the escapes themselves.
        shows_colours = os.name != "nt" or bool({"WT_SESSION", "ANSICON", "TERM"} & {*os.environ})
        return self.stream.isatty() and shows_colours and "NO_COLOR" not in os.environ


def _verdict(answer: requests.Response) -> str:
    """Return what the provider said, in a line."""
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        echo = answer.json()
        return (
            f"verified: {echo['oauth']['signature_method']} in the {echo['oauth']['placement']}, "
            f"for {echo['user']}; received {echo['parameters'] or echo['json']}"
        )
    fields = parse_qs(answer.text)
    if "oauth_problem" in fields:
        return f"refused: {fields['oauth_problem'][0]}"
    return f"issued: {', '.join(fields)}"


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
