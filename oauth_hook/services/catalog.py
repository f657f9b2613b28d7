"""Known services as data: where they are, and what they want.

``SERVICES["tumblr"]`` is a ``Service``; one of your own is made by hand, from a dict, or
from a JSON file. Nothing here asks the network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..version import __version__

__all__ = ["SERVICES", "Service", "UnknownServiceError"]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One OAuth 1.0 service.

    :param name: a short name, in lower case.
    :param title: what people call it.
    :param request_token_url: where temporary credentials are issued (RFC 5849 s2.1); empty: it has no flow.
    :param authorization_url: where the user answers (s2.2).
    :param access_token_url: where token credentials are issued (s2.3).
    :param registration_url: where clients register themselves, if they can.
    :param renewal_url: where an access token is renewed, if that is another address than ``access_token_url``.
    :param api_url: an address of its API to try a token on.
    :param token_method: the HTTP method of token requests.
    :param access_token_method: that of the request for an access token (s2.3), where it is another.
    :param placement: where protocol parameters go (s3.5).
    :param signature_method: what it takes.
    :param body_hash: the digest that it wants over bodies that are no forms.
    :param realm: what it wants in the header.
    :param callback: what to send as ``oauth_callback`` where the application has none; ``None``: nothing.
    :param confirmed: what to make of a missing ``oauth_callback_confirmed``: see ``OAuthFlow``.
    :param authorization_parameters: what the authorization address wants besides the token;
        ``{consumer_key}`` stands for the consumer's.
    :param token_parameter: the name under which that address takes the request token.
    :param headers: what token requests have to carry besides.
    :param notes: what else one has to know, in sentences.
    :param documentation: the address of the service's own documentation.
    :param checked: the day on which this was compared with it, as ``YYYY-MM-DD``.
    :raises UsageError: a value has the wrong type.
    """

    name: str
    title: str = ""
    request_token_url: str = ""
    authorization_url: str = ""
    access_token_url: str = ""
    registration_url: str | None = None
    renewal_url: str | None = None
    api_url: str | None = None
    token_method: str = "POST"
    access_token_method: str | None = None
    placement: str = "header"
    signature_method: str = "HMAC-SHA1"
    body_hash: str | None = None
    realm: str | None = None
    callback: str | None = "oob"
    confirmed: str = "warn"
    authorization_parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    token_parameter: str = "oauth_token"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: str = ""
    documentation: str = ""
    checked: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("authorization_parameters", "headers"):
                if not _is_str_to_str(value):
                    raise UsageError(f"{item.name} of a Service must be a mapping from str to str")
                object.__setattr__(self, item.name, dict(value))
            elif not isinstance(value, str) and not (value is None and "None" in str(item.type)):
                raise UsageError(f"{item.name} of a Service must be a str, not {type(value).__name__}")

    def to_dict(self) -> dict[str, Any]:
        """Return the service as a dict that JSON can carry."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Service:
        """Return the service that a dict describes; what it leaves out has its default.

        :raises UsageError: a field is unknown or of the wrong type, or there is no name.
        """
        if not isinstance(data, Mapping):
            raise UsageError(f"Service.from_dict wants a mapping, not {type(data).__name__}")
        unknown = sorted(str(name) for name in data if name not in {item.name for item in fields(cls)})
        if unknown:
            raise UsageError(f"a Service has no field {', '.join(unknown)}")
        if "name" not in data:
            raise UsageError("a Service needs a name")
        return cls(**data)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Service:
        """Return the service that a JSON file describes.

        :raises UsageError: the file cannot be read, is no JSON, or describes no service.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{os.fspath(path)} is no JSON file of a service: {error}") from error
        return cls.from_dict(data)


def _is_str_to_str(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair)


class UnknownServiceError(UsageError, KeyError):
    """There is no service of that name: a ``KeyError`` too, so that ``in`` and ``get`` work as in any mapping."""

    __str__ = Exception.__str__  # not KeyError's, which puts the message between quotes


class _Known(Mapping[str, Service]):
    """The services by name, and by the names that they had."""

    _FORMER = {"twitter": "x", "wikimedia": "mediawiki"}  # noqa: RUF012 - never changed

    def __init__(self, services: Iterable[Service]) -> None:
        self._services = {service.name: service for service in services}

    def __getitem__(self, name: str) -> Service:
        if not isinstance(name, str) or (found := self._FORMER.get(name, name)) not in self._services:
            raise UnknownServiceError(f"there is no service {name!r} here; those known are {', '.join(self)}")
        return self._services[found]

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    def __repr__(self) -> str:
        return f"<services: {', '.join(self)}>"


# ``checked`` is set where the row was compared, on that day, with the service's documentation as a public
# index had stored it; for Flickr, Schoology, MediaWiki and WooCommerce with source of their own as well. Where it
# is empty, the documentation was out of reach and the row rests on what clients of the service do.
_CHECKED = "2026-11-21"

_X = Service(
    name="x", title="X (Twitter)",
    request_token_url="https://api.x.com/oauth/request_token",
    authorization_url="https://api.x.com/oauth/authorize",
    access_token_url="https://api.x.com/oauth/access_token",
    confirmed="require",
    notes="oauth_callback is always wanted, and 'oob' makes it show a PIN; others have to be among those registered. "
    "The parameter x_auth_access_type of the request token ('read' or 'write') asks for less. "
    "https://api.x.com/oauth/authenticate signs in without asking again.",
    documentation="https://docs.x.com/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens",
    checked=_CHECKED,
)  # fmt: skip

_TUMBLR = Service(
    name="tumblr", title="Tumblr",
    request_token_url="https://www.tumblr.com/oauth/request_token",
    authorization_url="https://www.tumblr.com/oauth/authorize",
    access_token_url="https://www.tumblr.com/oauth/access_token",
    api_url="https://api.tumblr.com/v2/user/info",
    access_token_method="GET",
    callback=None,  # it refuses 'oob': issue 381 of scribejava, pull request 5 of Tumblr's own tumblr_client
    notes="HMAC-SHA1 in the header only. Multipart bodies (photos) are not part of the signature. 'oob' is refused: "
    "without a callback it sends the user to the one that the application is registered with, and the verifier stands "
    "in that address. Every request has to carry a User-Agent, always the same.",
    documentation="https://www.tumblr.com/docs/en/api/v2",
    checked=_CHECKED,
)  # fmt: skip

_FLICKR = Service(
    name="flickr", title="Flickr",
    request_token_url="https://www.flickr.com/services/oauth/request_token",
    authorization_url="https://www.flickr.com/services/oauth/authorize",
    access_token_url="https://www.flickr.com/services/oauth/access_token",
    api_url="https://www.flickr.com/services/rest?method=flickr.test.login&format=json&nojsoncallback=1",
    token_method="GET",
    notes="HMAC-SHA1 only. The parameter perms of the authorization address ('read', 'write' or 'delete') says "
    "what the user is asked for; without it Flickr may not know what to ask.",
    documentation="https://www.flickr.com/services/api/auth.oauth.html",
    checked=_CHECKED,
)  # fmt: skip

_DISCOGS = Service(
    name="discogs", title="Discogs",
    request_token_url="https://api.discogs.com/oauth/request_token",
    authorization_url="https://www.discogs.com/oauth/authorize",
    access_token_url="https://api.discogs.com/oauth/access_token",
    api_url="https://api.discogs.com/oauth/identity",
    token_method="GET", access_token_method="POST",
    headers={"User-Agent": f"requests-oauth-hook/{__version__}"},
    notes="Every request has to carry a User-Agent that names the application: give your own. A request token is good "
    "for 15 minutes. A nonce has 64 characters at most. PLAINTEXT is accepted too.",
    documentation="https://www.discogs.com/developers/#page:authentication",
    checked=_CHECKED,
)  # fmt: skip

_MEDIAWIKI = Service(
    name="mediawiki", title="MediaWiki (Wikimedia)",
    request_token_url="https://meta.wikimedia.org/w/index.php?title=Special:OAuth/initiate",
    authorization_url="https://meta.wikimedia.org/w/index.php?title=Special:OAuth/authorize",
    access_token_url="https://meta.wikimedia.org/w/index.php?title=Special:OAuth/token",
    authorization_parameters={"oauth_consumer_key": "{consumer_key}"},
    notes="Other wikis have the same addresses on their own hosts. Special:OAuth/authenticate does not ask again for "
    "what only identifies the user. 'oob' means the callback that the consumer is registered with; another is taken "
    "only where the consumer allows it. Errors arrive with status 200: from these addresses as text, from the API as "
    "JSON. RSA-SHA1 is accepted too.",
    documentation="https://www.mediawiki.org/wiki/OAuth/For_Developers",
    checked=_CHECKED,
)  # fmt: skip

_ZOTERO = Service(
    name="zotero", title="Zotero",
    request_token_url="https://www.zotero.org/oauth/request",
    authorization_url="https://www.zotero.org/oauth/authorize",
    access_token_url="https://www.zotero.org/oauth/access",
    notes="The secret of the access token is an API key: API requests carry it, and are not signed. The answer also "
    "names the user (userID). Parameters of the authorization address such as library_access, notes_access, "
    "write_access and all_groups fill in the form.",
    documentation="https://www.zotero.org/support/dev/web_api/v3/oauth",
    checked=_CHECKED,
)  # fmt: skip

_FATSECRET = Service(
    name="fatsecret", title="FatSecret",
    request_token_url="https://www.fatsecret.com/oauth/request_token",
    authorization_url="https://www.fatsecret.com/oauth/authorize",
    access_token_url="https://www.fatsecret.com/oauth/access_token",
    notes="HMAC-SHA1 only. Timestamps must not go back: one machine, one clock. The addresses of the second and the "
    "third leg are those that clients use; only the first was compared with the documentation.",
    documentation="https://platform.fatsecret.com/docs/guides/authentication/oauth1/three-legged",
    checked=_CHECKED,
)  # fmt: skip

_ETRADE = Service(
    name="etrade", title="E*TRADE",
    request_token_url="https://api.etrade.com/oauth/request_token",
    authorization_url="https://us.etrade.com/e/t/etws/authorize",
    access_token_url="https://api.etrade.com/oauth/access_token",
    renewal_url="https://api.etrade.com/oauth/renew_access_token",
    token_method="GET", token_parameter="token", authorization_parameters={"key": "{consumer_key}"},
    notes="HMAC-SHA1 only. A callback is registered with E*TRADE; otherwise it shows a code. An access token sleeps "
    "after two hours without use, until it is renewed, and ends at midnight, US Eastern time.",
    documentation="https://apisb.etrade.com/docs/api/authorization/get_access_token.html",
    checked=_CHECKED,
)  # fmt: skip

_SCHOOLOGY = Service(
    name="schoology", title="Schoology",
    request_token_url="https://api.schoology.com/v1/oauth/request_token",
    authorization_url="https://www.schoology.com/oauth/authorize",
    access_token_url="https://api.schoology.com/v1/oauth/access_token",
    token_method="GET", realm="Schoology API",
    callback=None, confirmed="ignore",  # as Schoology's own client for PHP goes about it
    notes="Schools have hosts of their own: send the user to /oauth/authorize there. Timestamps must not go back. "
    "OAuth 1.0: no verifier. A web site passes return_url to the authorization address.",
    documentation="https://developers.schoology.com/api-documentation/authentication",
    checked=_CHECKED,
)  # fmt: skip

_LAUNCHPAD = Service(
    name="launchpad", title="Launchpad",
    request_token_url="https://launchpad.net/+request-token",
    authorization_url="https://launchpad.net/+authorize-token",
    access_token_url="https://launchpad.net/+access-token",
    signature_method="PLAINTEXT", callback=None, confirmed="ignore",
    notes="OAuth 1.0: no verifier. The consumer key is the application's name, freely chosen, and its secret is empty "
    "(so that the first signature is &). A web site passes oauth_callback to the authorization address. "
    "The API takes the header only.",
    documentation="https://documentation.ubuntu.com/launchpad/user/how-to/launchpad-api/launchpad-web-signing",
    checked=_CHECKED,
)  # fmt: skip

_GARMIN = Service(
    name="garmin", title="Garmin Connect",
    request_token_url="https://connectapi.garmin.com/oauth-service/oauth/request_token",
    authorization_url="https://connect.garmin.com/oauthConfirm",
    access_token_url="https://connectapi.garmin.com/oauth-service/oauth/access_token",
    api_url="https://apis.garmin.com/wellness-api/rest/user/id",
    callback=None,
    notes="OAuth 1 retires on 2026-12-31: new applications use Garmin's OAuth 2, and old tokens are exchanged. "
    "HMAC-SHA1 in the header, without a realm; a timestamp may be ten minutes off. The callback is the one of the "
    "developer portal, or the parameter oauth_callback of the authorization address. A user who says no comes back "
    "with the verifier NULL.",
    documentation="https://developer.garmin.com/gc-developer-program/overview/",
    checked=_CHECKED,
)  # fmt: skip

_NETSUITE = Service(
    name="netsuite", title="NetSuite (token-based authentication)",
    signature_method="HMAC-SHA256", callback=None,
    notes="No flow is needed: NetSuite's pages issue the token, for a user and a role. The host is the account's own, "
    "and the realm is the account's id in upper case, such as 123_SB1.",
    documentation="https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156338994830.html",
    checked=_CHECKED,
)  # fmt: skip

_WOOCOMMERCE = Service(
    name="woocommerce", title="WooCommerce over plain http",
    placement="query", callback=None,
    notes="One-legged: a consumer and no token. The API is /wp-json/wc/v3/ on the shop's own host. Protocol parameters "
    "go in the query: the header is read since WooCommerce 3.0, where the web server passes it on. A timestamp may be "
    "15 minutes off. HMAC-SHA256 is accepted too. Over https it takes the same keys by HTTP Basic.",
    documentation="https://developer.woocommerce.com/docs/apis/rest-api/authentication/",
    checked=_CHECKED,
)  # fmt: skip

_MASTERCARD = Service(
    name="mastercard", title="Mastercard",
    signature_method="RSA-SHA256", body_hash="sha256", callback=None,
    notes="One-legged: a consumer key, an RSA key and no token. Every body has its oauth_body_hash (SHA-256). "
    "A nonce is short.",
    documentation="https://developer.mastercard.com/platform/documentation/authentication/"
    "using-oauth-1a-to-access-mastercard-apis/",
    checked=_CHECKED,
)  # fmt: skip

_INSTAPAPER = Service(
    name="instapaper", title="Instapaper",
    access_token_url="https://www.instapaper.com/api/1/oauth/access_token",
    callback=None,
    notes="xAuth only: a name and a password are exchanged for an access token (OAuthFlow.xauth). HMAC-SHA1 in the "
    "header; every request is a POST.",
    documentation="https://www.instapaper.com/api",
    checked=_CHECKED,
)  # fmt: skip

_MAAS = Service(
    name="maas", title="MAAS",
    signature_method="PLAINTEXT", callback=None,
    notes="No flow: MAAS shows an API key, consumer:token:secret, whose parts are the consumer's key, the token's key "
    "and the token's secret; the consumer's secret is empty. The API is /MAAS/api/2.0/ on its own host, often over "
    "plain http, where PLAINTEXT shows the secret to all.",
    documentation="https://canonical.com/maas/docs/how-to-authenticate-to-the-maas-api",
    checked=_CHECKED,
)  # fmt: skip

_YAHOO = Service(
    name="yahoo", title="Yahoo (historic)",
    request_token_url="https://api.login.yahoo.com/oauth/v2/get_request_token",
    authorization_url="https://api.login.yahoo.com/oauth/v2/request_auth",
    access_token_url="https://api.login.yahoo.com/oauth/v2/get_token",
    notes="Access tokens are short-lived; the oauth_session_handle that came with one renews it, at the same address. "
    "A timestamp may be ten minutes off. PLAINTEXT was accepted too. Yahoo's services have moved to OAuth 2.",
    documentation="https://developer.yahoo.com/oauth/guide/oauth-auth-flow.html",
    checked=_CHECKED,
)  # fmt: skip

SERVICES: Mapping[str, Service] = _Known((
    _X, _TUMBLR, _FLICKR, _DISCOGS, _MEDIAWIKI, _ZOTERO, _FATSECRET, _ETRADE, _SCHOOLOGY, _LAUNCHPAD, _GARMIN,
    _NETSUITE, _WOOCOMMERCE, _MASTERCARD, _INSTAPAPER, _MAAS, _YAHOO,
))  # fmt: skip
"""The services that are known here, by name. An unknown name is a ``UsageError`` (and a ``KeyError``)."""
