"""oauthlib's endpoints, which take timestamps of ten digits only, for shorter ones too.

Such are those of the RFC's own examples (s1.2). Nothing else is changed, and the signature is judged by oauthlib: its
base string is made of the parameter as it came.
"""

from __future__ import annotations

from typing import Any

from oauthlib import oauth1
from oauthlib.oauth1.rfc5849.endpoints.base import BaseEndpoint

__all__ = ["AccessTokenEndpoint", "RequestTokenEndpoint", "ResourceEndpoint", "SignatureOnlyEndpoint"]


class _AnyTimestamp(BaseEndpoint):
    def _check_mandatory_parameters(self, request: Any) -> None:
        request.timestamp = request.timestamp.zfill(10)
        super()._check_mandatory_parameters(request)  # type: ignore[misc]  # the stubs leave it out


class RequestTokenEndpoint(_AnyTimestamp, oauth1.RequestTokenEndpoint):
    """Where temporary credentials are issued (s2.1)."""


class AccessTokenEndpoint(_AnyTimestamp, oauth1.AccessTokenEndpoint):
    """Where they are exchanged for token credentials (s2.3)."""


class ResourceEndpoint(_AnyTimestamp, oauth1.ResourceEndpoint):
    """Where a user's requests are verified (s3.2)."""


class SignatureOnlyEndpoint(_AnyTimestamp, oauth1.SignatureOnlyEndpoint):
    """Where a consumer's own requests are."""
