"""What a server's words say and mean: the one reader of refusals, for errors, the flow and ``explain``.

The words are those of the OAuth Problem Reporting extension, and those of the services that
have words of their own, in JSON, forms, plain text and HTML.

A word like "token" means many things. What OAuth's own fields say counts anywhere; other words count
where the response is about who asks (401), comes from a URL that gives tokens, speaks of OAuth, or
says nothing besides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..protocol.problem_reporting import PROBLEMS, unescape_html
from ..redaction import Redactor, shorten
from .findings import ABSENT
from .response_text import MAX_SEARCHED, ResponseText, read_response_text

__all__ = [
    "SERVER_SAYS",
    "Words",
    "expected_signature",
    "gives_access_tokens",
    "gives_request_tokens",
    "gives_tokens",
    "read_refusal",
]


class Words(NamedTuple):
    """What a response says.

    :ivar problem: its own word for what was wrong, or ``None``.
    :ivar text: what it says to a person; may be empty.
    :ivar codes: the causes that it names, the likeliest first.
    :ivar blames_signature: it says that the signature is wrong, and so nothing of nonces, clocks and tokens.
    :ivar missing: the protocol parameters that it says it did not get; ``oauth_``: all of them.
    :ivar is_about_oauth: it refuses who asks, and not what is asked for.
    :ivar denies_permission: it says that whoever asks may not do this.
    :ivar limits_rate: it says that this was asked too often.
    """

    problem: str | None
    text: str
    codes: tuple[str, ...]
    blames_signature: bool
    missing: tuple[str, ...] = ()
    is_about_oauth: bool = False
    denies_permission: bool = False
    limits_rate: bool = False

    def __repr__(self) -> str:
        return f"Words(codes={self.codes!r})"

    @property
    def phrase(self) -> str:
        """The words, for people."""
        return ": ".join(dict.fromkeys(part for part in (self.problem, self.text) if part))


# OAuth Problem Reporting extension, revision of 2009.
_PROBLEMS = {
    "timestamp_refused": ("clock-skew",),
    "nonce_used": ("nonce-reused",),
    "consumer_key_unknown": ("consumer-key",),
    "consumer_key_rejected": ("consumer-key",),
    "consumer_key_refused": ("consumer-key",),
    "token_expired": ("token-expired",),
    "token_revoked": ("token-expired", "token-key"),
    "token_rejected": ("token-key", "token-expired"),
    "token_used": ("token-key", "token-expired"),
    "token_not_authorized": ("token-key",),
    "permission_unknown": ("token-key",),  # the user has not said yes yet
    "signature_method_rejected": ("signature-method",),
    "verifier_invalid": ("verifier-missing",),
    "body_hash_invalid": ("body-changed",),
}
_REFUSED_PARAMETERS = ABSENT | {
    "oauth_consumer_key": "consumer-key", "oauth_signature_method": "signature-method",
    "oauth_timestamp": "clock-skew", "oauth_nonce": "nonce-reused",
}  # fmt: skip

_CLOCK, _NONCE, _TRANSPORT = ("clock-skew",), ("nonce-reused",), ("insecure-transport",)
_CALLBACK, _VERIFIER, _CONSUMER = ("callback-missing",), ("verifier-missing",), ("consumer-key",)
_TOKEN = ("token-key", "token-expired")

# Phrases are looked for as _simplify() has them: codes like invalid_signature_method and NonceUsed are words, too.
_BAD = r"\b(?:invalid|bad|wrong|incorrect|unknown|unrecogni[sz]ed|rejected|refused|no such|problem with)\b"
_ABSENT_WORD = r"\b(?:missing|absent|no|required?|requires)\b"
_NOT = r"(?:not (?:found|valid|recogni[sz]ed|registered|(?:the )?correct)|do(?:es)? ?n[o']t (?:exist|match))"
_KEY = r"(?:consumer(?: ?key| token)?\b|(?:client|application|api)(?: key| id| credentials)\b)"
_NEAR, _NEXT = (rf"(?:[^.;!?]|\.\d){{0,{most}}}" for most in (40, 20))  # the next sentence is about something else

# Words of services, as phrases; the first that is there counts.
_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # pump.io says this on its API where it does not know the consumer.
    (r"invalid / used nonce", ("nonce-reused", "consumer-key")),
    (rf"invalid ?(?:/|or) ?expired{_NEXT}token", ("token-expired", "token-key")),
    (rf"nonce{_NEAR}(?:used|reuse|replay|duplicate|invalid|already)|(?:invalid|used|duplicate){_NEXT}nonce", _NONCE),
    (r"(?:replay(?:ed)?|duplicate) (?:request|attack)", _NONCE),
    (rf"(?:timestamp|clock){_NEAR}(?:{_BAD}|\b(?:out of|expired|too|old|future|range)\b)", _CLOCK),
    (rf"(?:{_BAD}|expired|old|stale|unacceptable){_NEXT}timestamp", _CLOCK),
    (r"\brequest (?:has |is )?expired", _CLOCK),
    (r"\b(?:https|ssl|tls|secure connection) (?:is )?(?:required|needed)", _TRANSPORT),
    (r"\b(?:use|requires?|only)(?: \w+){0,2} (?:https|ssl|tls)\b|plain http request was sent to https", _TRANSPORT),
    (rf"(?:{_BAD}|unsupported) signature method", ("signature-method",)),
    (rf"(?:signature method|hmac sha ?\d+|rsa sha ?\d+|plaintext){_NEAR}(?:{_BAD}|not? \w+)", ("signature-method",)),
    (r"only (?:supports?|accepts?|takes?|allows?) (?:hmac|rsa) sha", ("signature-method",)),
    (rf"(?:{_ABSENT_WORD}|{_BAD}){_NEAR}callback|callback{_NEAR}(?:{_ABSENT_WORD}|{_BAD}|mismatch|not \w+)", _CALLBACK),
    (rf"(?:{_ABSENT_WORD}|{_BAD}){_NEAR}verifier|{_BAD} pin\b", _VERIFIER),
    (rf"verifier{_NEAR}(?:{_ABSENT_WORD}|{_BAD}|{_NOT}|expired)", _VERIFIER),
    (rf"(?:token|session|authori[sz]ation){_NEAR}(?:expired|revoked?)|expired{_NEXT}token", ("token-expired",)),
    (rf"{_ABSENT_WORD}{_NEAR}(?:oauth|access|request) token\b|two legged{_NEAR}not \w+", ("token-missing",)),
    (rf"{_BAD}{_NEAR}consumer secret|consumer secret{_NEAR}(?:{_BAD}|{_NOT})", ("consumer-secret",)),
    (rf"{_BAD}{_NEAR}{_KEY}|(?:no|missing) consumer|^invalid key|\binvalid client$", _CONSUMER),
    (rf"{_KEY}{_NEAR}(?:{_BAD}|{_NOT}|disabled|suspended|expired|missing)", _CONSUMER),
    (r"\b(?:suspended|disabled) app|\bapp(?:lication)? (?:\w+ ){0,2}(?:suspended|disabled|inactive)", _CONSUMER),
    (rf"{_BAD} realm|realm (?:is |was )?{_BAD}", ("realm",)),
    (rf"{_BAD}{_NEAR}token|no approved grant", _TOKEN),  # the latter is MediaWiki's
    (rf"token{_NEAR}(?:{_BAD}|{_NOT}|mismatch|not (?:been |yet )?a(?:ssociated|uthori[sz]ed))", _TOKEN),
    (rf"(?:content|media) type{_NEAR}form urlencoded", ("content-type",)),
    (r"body ?hash", ("body-changed",)),
)

# What no other part of a service says: where the status is as good as any, this makes a response one about OAuth.
_speaks_of_oauth = re.compile(
    r"oauth|consumer ?(?:key|secret|token)|signature (?:base string|method)|callback url not approved|"
    r"bad authentication data|unknown (?:user )?access token|could not authenticate you|suspended application|"
    r"(?:hmac|rsa) sha ?\d|(?:missing|no) authori[sz]ation header|"
    r"used nonce|plain http request was sent to https|form urlencoded|invalid api key \(key"
).search
# And so does what is said of one of these, where nothing is said besides. A token that is missing, or the format of a
# timestamp, may be a field of any form, and a nonce that is invalid one of WordPress's.
_BARE = {
    "token": "invalid expired revoked rejected", "nonce": "used duplicate replayed",
    "timestamp": "invalid expired refused rejected", "consumer": "invalid unknown", "api key": "invalid",
    "signature": "invalid bad wrong incorrect", "https": "required requires only", "ssl": "required requires only",
}  # fmt: skip
_FILLERS = (
    "a access allowed already an api are auth authentication authorization been before connections error for forbidden "
    "has have in insecure invalid is key missing not of or out permitted please range request supplied that the this "
    "transport unauthorized was your"
)
# The number of an error (Plurk's has a colon), and what a server echoes.
_values = re.compile(r"(?<!\S)\d{1,5}(?:(?= )|:)|\b(?=\w{0,99}\d)\w{8,}")

# What says that nothing of OAuth's was found in the request, and that one thing of it was not.
_GIVEN = r"(?:found|supplied|provided|present(?:ed)?|given|specified|included|set|sent|received|detected)"
_OWN = (
    "oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce", "oauth_token",
    "oauth_version", "oauth_callback", "oauth_verifier", "oauth_body_hash",
)  # fmt: skip
_PARAMETER = f"((?:oauth )?(?:{'|'.join(name.removeprefix('oauth_').replace('_', ' ') for name in _OWN)}))"
_HEADER = r"(?:authori[sz]ation|oauth|authentication) header"
_PARAMETERS = r"oauth (?:parameters?|params|credentials|data|information)"
_found_none = re.compile(
    rf"\b(?:no|without|missing|expected|requires?) (?:\w+ ){{0,2}}(?:{_PARAMETERS}|oauth signature|{_HEADER})\b|"
    rf"(?:{_HEADER}|{_PARAMETERS}) (?:\w+ ){{0,3}}(?:missing|absent|required|not (?:\w+ )?{_GIVEN})\b|"
    r"bad authentication data|authentication credentials were not provided|"
    r"(?:not|neither|aren[o']t) (?:currently )?(?:logged|signed) in\b|"
    r"(?:must|need to|have to|please) (?:be )?(?:authenticated?|log(?:ged)? in|sign(?:ed)? in)\b"
).search
# A consumer key or a token that was "not found" is one that the server does not know, unless it says "parameter".
_misses_one = re.compile(
    rf"\b{_PARAMETER}(?: parameter| field)?(?: is| was| has)? (?:missing|absent|required|not (?:\w+ )?{_GIVEN})\b"
    r"(?<!key not found)(?<!token not found)(?<!key was not found)(?<!token was not found)"
).search
_misses_another = re.compile(
    r"\b(?:missing|no|absent|requires?|lacks?)"
    r"(?: (?:the|an?|your|required|mandatory|oauth|protocol|parameters?:?|field)){0,4} "
    rf"{_PARAMETER}\b(?! (?:secret|is|was|method)\b)"
).search

# What says that whoever asks may not do this.
_denial = re.compile(
    r"permission|access level|access to a subset|insufficient|privilege|read ?only|\bscopes?\b|"
    r"(?:not|n[o']t) (?:authori[sz]ed|allowed|permitted) to\b|"
    r"access (?:to \w+ )?(?:is )?(?:restricted|forbidden|not allowed)"
).search
_limits_rate = re.compile(
    r"\b(?:rate|usage|requests?|calls?|api|concurrency) limit|\btoo many (?:requests|calls)|quota (?:\w+ ){0,2}exceeded"
).search
_speaks_of_callback = re.compile(r"callback(?: url)? is (?:invalid|missing|not valid)").search

# What says no more than that the signature, or the credentials behind it, are not believed.
_disbelief = re.compile(
    r"signat[iu]re(?! method)|could(?: not|n't) (?:authenticate|verify)|\b(?:invalid|bad) .{0,20}credentials|"
    r"authentication failed|login attempt|check your (?:\w+ )?key and secret"
).search
_FAULTY = ("signature_invalid",)

_expected = re.compile(
    r"(?:expected|calculated|computed|should (?:be|have been))[^\n]{0,40}?"
    r"(?<![\w+/])((?:[A-Za-z0-9+/]{27}|[A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{86}=)=)(?![\w+/=])",
    re.IGNORECASE,
).finditer

_escaped = re.compile(r"(?:%|\\u00)([2-7][0-9A-Fa-f])")
_named = re.compile(r"\boauth_\w{1,40}\b(?!\s?=)", re.ASCII).findall

_asks_for_request_token = re.compile(
    r"(?:request|temporary)[_-]?(?:token|credentials)|oauth.{0,40}/(?:request|initiate)/?$|/temporary/?$", re.IGNORECASE
).search
_asks_for_access_token = re.compile(
    r"access[_-]?(?:token|credentials)|oauth.{0,40}/(?:access|token)/?$", re.IGNORECASE
).search

_MAX_BODY = 1 << 16  # characters of a response that are looked at
_MAX_SHOWN = 200  # characters of what a server calls a problem, and says about it
_BAD_REQUEST, _UNAUTHORIZED, _BROKEN = 400, 401, 500
_REFUSED = (_BAD_REQUEST, _UNAUTHORIZED, 403)


def gives_request_tokens(url: str) -> bool:
    """Tell whether a URL looks like one that gives request tokens (s2.1)."""
    return _asks_for_request_token(url.partition("?")[0][-200:]) is not None


def gives_access_tokens(url: str) -> bool:
    """Tell whether a URL looks like one that gives access tokens (s2.3)."""
    return _asks_for_access_token(url.partition("?")[0][-200:]) is not None


def gives_tokens(url: str) -> bool:
    """Tell whether a URL looks like one that gives tokens of either kind."""
    return gives_request_tokens(url) or gives_access_tokens(url)


def expected_signature(text: str, sent: str) -> str | None:
    """Return the signature that a refusal names as the right one.

    :param text: of the response: Tumblr's, for one, says ``oauth_signature [...] does not match expected value [...]``.
    :param sent: the request's own, which is another one.
    :returns: the base64 of a digest; ``None``: it names no signature.
    """
    text = _escaped.sub(lambda escape: chr(int(escape[1], 16)), unescape_html(text[:_MAX_BODY])).replace("\\/", "/")
    if "hash" in text.lower():  # Mastercard names the right oauth_body_hash
        return None
    return next((found[1] for found in _expected(text) if found[1] != sent), None)


def read_refusal(
    status: int,
    headers: Mapping[str, str],
    body: str,
    redact: Redactor | None = None,
    *,
    refused: bool = False,
    tokens: bool = False,
    sent: str = "",
) -> Words:
    """Read a refusal: the fields of the extension, else what the service says in words of its own.

    :param status: a response that is no refusal by its status says something only where it calls itself an error, as
        those of MediaWiki, Flickr and FatSecret do.
    :param body: all of it: a text is redacted first, and cut then.
    :param redact: takes what must not be shown out of the words; the causes are read from the text as it is.
    :param refused: the caller knows that it is a refusal, whatever its status: there is no token in it.
    :param tokens: it comes from a URL that gives tokens, and so is about OAuth whatever its status.
    :param sent: the URL that was requested, and the text that was sent there: where it has a ``token`` of its own, an
        "invalid token" is not OAuth's.
    :returns: what it says. No text takes long, or raises anything.
    """
    heard = read_response_text(headers, body[:_MAX_BODY], anywhere=refused or status >= 400)
    if status < 400 and not refused and not heard.is_error:
        return Words(None, "", (), False)
    limits = _limits_rate(_simplify(f"{heard.problem or ''} {heard.text}"[:_MAX_SHOWN])) is not None
    is_about_oauth = not limits and _is_about_oauth(status, headers, heard, tokens, sent)
    codes, blames = _name_causes(heard) if is_about_oauth else ((), False)
    missing = _find_missing(heard) if is_about_oauth else ()
    shown = heard
    if redact is not None:
        # A secret of a few letters may stand in a field's name: such go when the message has been found.
        masked = {name: redact(value, least=_LEAST) for name, value in headers.items() if name in _READ_HEADERS}
        shown = read_response_text(masked, redact(body, least=_LEAST, most=_MAX_BODY), anywhere=True)
    problem = heard.problem
    if heard.is_mediawiki:
        problem = "signature_invalid" if blames else next((_WORDS[code] for code in codes if code in _WORDS), None)
    if problem is not None and problem not in PROBLEMS:
        problem = _show(shown.problem or "", redact) or None
    denies = heard.problem == "permission_denied" or _denial(_simplify(heard.said)) is not None
    return Words(problem, _show(shown.text, redact), codes, blames, missing, is_about_oauth, denies, limits)


_READ_HEADERS = ("WWW-Authenticate",)
_LEAST = 4  # characters of a secret that is taken out before a text is read
# The extension's words for what MediaWiki says in a sentence: of those for one cause, the first.
_WORDS = {codes[0]: word for word, codes in reversed(_PROBLEMS.items())} | {"callback-missing": "parameter_rejected"}


def _show(text: str, redact: Redactor | None) -> str:
    return shorten(text if redact is None else redact(text), _MAX_SHOWN)


def _is_about_oauth(status: int, headers: Mapping[str, str], heard: ResponseText, tokens: bool, sent: str) -> bool:
    """Tell whether a refusal is about who asks: not found, too many, broken are nothing that OAuth could help."""
    if heard.is_reported:
        return True
    spoken = _simplify(heard.said)
    if status == _BROKEN:  # WordPress refuses a callback so, Trello a signature; a longer page may show anything
        is_bare_signature = "signature" in spoken and _is_bare(heard.said, sent)
        return len(spoken) <= _MAX_SHOWN and (_speaks_of_callback(spoken) is not None or is_bare_signature)
    if not (status < _BAD_REQUEST or status in _REFUSED):  # WooCommerce's old API says with a 404 what it misses
        return status < _BROKEN and "oauth_" in heard.said and bool(_find_missing(heard))
    challenge = headers.get("WWW-Authenticate", "").lstrip()[:5].lower()
    return (
        status == _UNAUTHORIZED or tokens or challenge == "oauth"
        or _speaks_of_oauth(spoken) is not None or _is_bare(heard.said, sent)
    )  # fmt: skip


def _name_causes(heard: ResponseText) -> tuple[tuple[str, ...], bool]:
    """Return the causes that a refusal names, and whether it blames the signature."""
    codes = _read_fields(heard.fields, heard.problem)
    if heard.problem in _FAULTY:
        return codes, True  # what it says besides is about the signature, too
    codes = codes or _read_text([heard.problem or "", *re.findall(r"\w+", heard.described[:_MAX_SHOWN])], heard.said)
    return codes, not codes and _disbelief(_simplify(heard.said)) is not None


def _find_missing(heard: ResponseText) -> tuple[str, ...]:
    """Return the protocol parameters that a refusal says it did not get; ``oauth_`` where it is all of them."""
    if heard.problem == "parameter_absent":
        return tuple(re.findall(r"oauth_\w{1,40}", heard.fields.get("oauth_parameters_absent", ""), re.ASCII))
    spoken = _simplify(heard.said)
    if _found_none(spoken) is not None:
        named = [name for name in _named(heard.said) if name in _OWN]
        return tuple(named) or ("oauth_",)
    words = next((found for found in (_misses_one(spoken), _misses_another(spoken)) if found is not None), None)
    return () if words is None else (f"oauth_{words[1].replace(' ', '_').removeprefix('oauth_')}",)


_camels = re.compile(r"(?<=[a-z][a-z])(?=[A-Z])")  # OAuth and xAuth are one word


def _simplify(text: str) -> str:
    """Return a text in lower case, with spaces for "_" and "-", and between the words of NonceUsed."""
    return _camels.sub(" ", text).lower().replace("_", " ").replace("-", " ")


_protocols_own = re.compile(r"\boauth_\w{1,40}=[^&\s]*")


def _is_bare(said: str, sent: str) -> bool:
    """Tell whether a response says what is wrong with a thing of OAuth's, and no more.

    :param sent: the request: where it has something of that name in its path, its query or its body, that may be meant.
    """
    spoken = _simplify(_values.sub(" ", said)).replace("bad request", " ")
    words = set(re.findall(r"[^\W\d]+|\d+", spoken))
    about = {noun: states.split() for noun, states in _BARE.items() if noun in spoken}
    known = {*_FILLERS.split(), *about, *(state for states in about.values() for state in states)}
    is_wrong = bool(about) and all(words.intersection(states) for states in about.values())
    own = _simplify(_protocols_own.sub("", sent)) if is_wrong and words <= known else ""
    return is_wrong and words <= known and re.search(rf"(?:{'|'.join(about)})s?(?:[\"/?=]|$)", own) is None


def _read_fields(fields: Mapping[str, str], problem: str | None) -> tuple[str, ...]:
    """Return the causes that the fields of the extension name."""
    codes = _PROBLEMS.get(problem or "", ())
    if problem in ("parameter_absent", "parameter_rejected"):
        listed = fields.get(f"oauth_parameters_{problem.rpartition('_')[2]}", "")
        codes = _read_parameters([part.partition("=")[0] for part in re.split(r"[&,\s]+", listed)])
    if problem == "parameter_rejected":  # what is not taken is there
        codes = tuple("token-key" if code == "token-missing" else code for code in codes)
    if "oauth_acceptable_timestamps" in fields and "clock-skew" not in codes:
        codes = ("clock-skew", *codes)
    return codes


def _read_parameters(names: list[str]) -> tuple[str, ...]:
    """Return the causes that protocol parameters stand for which are missed, or not taken."""
    named = list(dict.fromkeys(filter(None, names)))
    if len(named) > 2 and "oauth_signature" in named:
        return ("unsigned",)
    return tuple(_REFUSED_PARAMETERS[name] for name in named if name in _REFUSED_PARAMETERS)


def _read_text(words: list[str], said: str) -> tuple[str, ...]:
    """Return the causes that a text names.

    :param words: which may be words of the extension.
    """
    codes = next((_PROBLEMS[word] for word in words if word in _PROBLEMS), ())
    # A base string that is handed back names methods, tokens and nonces, too.
    said = " ".join(word for word in said[:MAX_SEARCHED].split() if "%" not in word and "&" not in word)
    names, spoken = _named(said), _simplify(said)
    if not codes and len(set(names)) > 2 and re.search(_ABSENT_WORD, spoken):
        codes = _read_parameters(names)
    codes = codes or next((found for phrase, found in _PHRASES if re.search(phrase, spoken)), ())
    # "Parameter not found: oauth_consumer_key", in any language; beside the signature it is not what is wrong.
    return codes or (_read_parameters(names) if len(set(names)) == 1 else ())


#: What each cause is, in the server's words.
SERVER_SAYS = {
    "unsigned": "The server found no signature in the request.",
    "clock-skew": "The server does not take the timestamp.",
    "nonce-reused": "The server has seen this nonce before.",
    "consumer-key": "The server does not know this consumer key, or does not take it.",
    "consumer-secret": "The server does not take the consumer's secret.",
    "token-key": "The server does not know this token, or does not take it.",
    "token-missing": "The server misses a token.",
    "token-expired": "The token is not good any more.",
    "signature-method": "The server does not take this signature method.",
    "callback-missing": "The server misses oauth_callback, or does not take the one that was sent.",
    "verifier-missing": "The server misses oauth_verifier, or does not take the one that was sent.",
    "insecure-transport": "The server wants https.",
    "realm": "The server does not take the realm.",
    "content-type": "The server does not take this Content-Type.",
    "body-changed": "The server does not take oauth_body_hash.",
}
