"""What comes to the callback (RFC 5849 s2.2): with the user, or posted by the service; read, and checked to be ours."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ..credentials import Consumer, Secret
from ..errors import ProviderError, UsageError, check_type, conceal_frames
from ..protocol.problem_reporting import is_denial

__all__ = ["PostedVerifier", "read_callback", "read_posted_verifier"]

# A PIN is one word; base64 may end in =, and nothing else in it looks like a query or a URL.
_is_pin = re.compile(r"(?!\S*://)[^\s&?=#]+={0,2}").fullmatch


def read_callback(callback: str, token_key: str, *, verified: bool = True) -> str | None:
    """Return the verifier in a callback.

    :param callback: a whole URL, its query, or a bare PIN.
    :param token_key: the request token that the user was asked about.
    :param verified: whether there has to be a verifier; OAuth 1.0, before revision A, has none.
    :raises ProviderError: see ``OAuthFlow.parse_callback``; its ``problem`` is a word of the
        OAuth Problem Reporting extension.
    :raises UsageError: it is neither.
    """
    check_type(callback, str, "the callback", "a str")
    text = callback.strip()
    if _is_pin(text):
        return text
    fields = _parse_fields(text)
    if any(fields.get(name, token_key) != token_key for name in ("oauth_token", "denied")):
        raise ProviderError(
            "the callback is about another request token: it belongs to another window, or somebody else sent it",
            problem="token_rejected",
        )
    problem = fields.get("oauth_problem")
    if is_denial(fields, [problem]):
        raise ProviderError("the user said no", problem=problem or "user_refused")
    if problem is not None:
        raise ProviderError(f"the service sent the user back with a problem: {problem[:80]}", problem=problem[:80])
    if "oauth_token" not in fields:
        raise ProviderError(
            "the callback has no oauth_token, so it cannot be told which request token it is about",
            problem="parameter_absent",
        )
    verifier = fields.get("oauth_verifier")
    if verifier == "NULL":  # Garmin's word for it (OAuth Specification 1.0.1)
        raise ProviderError("the user said no", problem="user_refused")
    if verified and not verifier:
        raise ProviderError("the callback has no oauth_verifier (RFC 5849 s2.2)", problem="parameter_absent")
    return verifier or None


def _parse_fields(text: str) -> dict[str, str]:
    """Return the fields of a URL's query, or of a query by itself.

    :raises UsageError: it is neither.
    :raises ProviderError: a field that matters is there twice.
    """
    before, mark, query = text.partition("?")
    if not mark:
        if "://" in text:
            query = ""
        elif "=" in text:
            query = text
        else:
            raise UsageError(
                "this is neither a callback URL nor a verifier: paste all that the service shows, or sends"
            )
    # pump.io adds its parameters at the very end, behind a fragment where the callback has one.
    query, _, fragment = query.partition("#") if "#" not in before else (query, "", "")
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(fragment.partition("&")[2], keep_blank_values=True)
    names = [name for name, _ in pairs if name in ("oauth_token", "oauth_verifier", "denied", "oauth_problem")]
    if len(names) > len(set(names)):
        raise ProviderError("the callback says the same thing twice", problem="parameter_rejected")
    return dict(pairs)


@dataclass(frozen=True)
class PostedVerifier:
    """What a service posts to the callback of an application that was activated there.

    :ivar consumer: the application's credentials, as this service has just made them.
    :ivar verifier: what the request token is exchanged with (s2.3): a ``Secret``.
    """

    consumer: Consumer
    verifier: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "verifier", Secret(self.verifier))


@conceal_frames
def read_posted_verifier(body: str, consumer: Consumer | None = None) -> PostedVerifier:
    """Read what a service has posted to the callback, as Magento does when an integration is activated.

    The form is not signed.  Without ``consumer``, whoever knows the callback URL could have posted it: compare the
    consumer's key with the one that the service shows.

    :param body: the form: ``oauth_consumer_key``, ``oauth_consumer_secret`` and ``oauth_verifier``.
    :param consumer: whose it must be; ``None``: anybody's, since the service may not have shown it to anybody before.
    :raises ProviderError: something is missing or there twice, its key cannot be one, or it is about another consumer.
    """
    check_type(body, str, "the body", "a str")
    pairs = [pair for pair in parse_qsl(body, keep_blank_values=True) if pair[0] in _POSTED]
    fields = dict(pairs)
    if len(pairs) != len(_POSTED) or not all(fields.get(name) for name in _POSTED):
        raise ProviderError(
            f"what was posted to the callback must have {', '.join(_POSTED)}, each once", problem="parameter_absent"
        )
    key, secret, verifier = (fields[name] for name in _POSTED)
    try:
        posted = Consumer(key, secret)
    except UsageError as error:
        raise ProviderError(
            "what was posted to the callback has a consumer key that cannot be one", problem="consumer_key_rejected"
        ) from error
    if consumer is not None and not _is_same(posted, consumer):
        raise ProviderError(
            "what was posted to the callback belongs to another consumer", problem="consumer_key_unknown"
        )
    return PostedVerifier(posted, verifier)


def _is_same(posted: Consumer, known: Consumer) -> bool:
    """Tell whether two consumers are one, in a time that does not tell how much of the secret was right."""
    one, other = (consumer.secret.encode("utf-8", "surrogatepass") for consumer in (posted, known))
    return hmac.compare_digest(one, other) and posted.key == known.key


_POSTED = ("oauth_consumer_key", "oauth_consumer_secret", "oauth_verifier")
