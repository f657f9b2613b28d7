"""``OAuth1``: requests-oauthlib's ``auth``, over a hook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests
from oauthlib.oauth1 import SIGNATURE_HMAC, SIGNATURE_PLAINTEXT, SIGNATURE_TYPE_AUTH_HEADER, Client
from requests.auth import AuthBase

from ..protocol.parameters import is_form
from .settings import read_client
from .signing import OAuthlibSigner, has_left, may_be_plain, read_header, sign

__all__ = ["OAuth1"]


class OAuth1(AuthBase):
    """Signs requests; goes into ``auth=``. The arguments are requests-oauthlib's, and stand in ``client`` afterwards.

    :param client_key: the consumer key.
    :param client_secret: the consumer secret.
    :param resource_owner_key: the token's key.
    :param resource_owner_secret: the token's secret.
    :param callback_uri: ``oauth_callback`` (RFC 5849 s2.1).
    :param signature_method: ``SIGNATURE_HMAC_SHA1`` and its like, or one that is registered with oauthlib.
    :param signature_type: ``SIGNATURE_TYPE_AUTH_HEADER``, ``SIGNATURE_TYPE_QUERY`` or ``SIGNATURE_TYPE_BODY``.
    :param rsa_key: PEM text; parsed once.
    :param verifier: ``oauth_verifier`` (s2.3).
    :param decoding: ``None``: a signed form stays ``str``; else it becomes ``bytes``.
    :param client_class: a subclass of ``oauthlib.oauth1.Client``. Where it overrides signing, oauthlib signs.
    :param force_include_body: a body that is no form, and has a ``Content-Type``, is covered by its SHA-1
        (``oauth_body_hash``).
    :param kwargs: ``realm``, ``nonce``, ``timestamp`` and ``encoding``, for the client.
    :ivar client: oauthlib's client. It is read for each request, and its attributes may be set in between.
    """

    client_class: Any = Client
    #: Where PLAINTEXT may go over plain http, loopback aside: ``http://host[:port]``, one or several.
    plaintext_origins: str | Iterable[str] = ()
    client: Any
    force_include_body: bool

    def __init__(
        self,
        client_key: Any,
        client_secret: Any = None,
        resource_owner_key: Any = None,
        resource_owner_secret: Any = None,
        callback_uri: Any = None,
        signature_method: Any = SIGNATURE_HMAC,
        signature_type: Any = SIGNATURE_TYPE_AUTH_HEADER,
        rsa_key: Any = None,
        verifier: Any = None,
        decoding: str | None = "utf-8",
        client_class: Any = None,
        force_include_body: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(signature_type, str):
            signature_type = signature_type.upper()
        self.force_include_body = force_include_body
        self.client = (client_class or self.client_class)(
            client_key, client_secret, resource_owner_key, resource_owner_secret, callback_uri, signature_method,
            signature_type, rsa_key, verifier, decoding=decoding, **kwargs,
        )  # fmt: skip

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request and return it. Injected, this is called with an ``OAuth1`` of requests-oauthlib.

        :raises UsageError: it cannot be signed truthfully; it is left as it was.
        :raises ValueError: oauthlib signs, and refuses.
        """
        if has_left(r):
            return r
        covers_body = getattr(self, "force_include_body", False)  # which early versions do not have
        settings = read_client(self.client, "sha1" if covers_body and r.headers.get("Content-Type") else None)
        if self.client.signature_method == SIGNATURE_PLAINTEXT:
            origins = getattr(self, "plaintext_origins", OAuth1.plaintext_origins)
            if may_be_plain(str(r.url), origins):
                settings = None
        if settings is None:
            OAuthlibSigner(self)(r)
            return r
        sign(r, settings)
        becomes_bytes = isinstance(r.body, str) and self.client.decoding
        if becomes_bytes and (covers_body or is_form(read_header(r.headers.get("Content-Type")))):
            r.body = str(r.body).encode()
        return r
