"""What the tests of other clients' names share: both ways to have them, and a provider."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests_oauthlib
from requests_oauthlib import oauth1_session

from oauth_hook import requests_oauthlib as ours
from oauth_hook.provider import serve


@pytest.fixture(params=["ours", "injected"])
def face(request):
    """The names that programs import: our own, and requests-oauthlib's while our signer is injected into them."""
    if request.param == "ours":
        yield ours
        return
    ours.inject()
    yield SimpleNamespace(
        OAuth1=requests_oauthlib.OAuth1,
        **{
            name: getattr(oauth1_session, name)
            for name in dir(oauth1_session)
            if name[0].isupper() and name != "OAuth1"
        },
    )
    ours.extract()


@pytest.fixture(scope="module")
def provider():
    with serve() as provider:
        provider.token = provider.add_token()
        yield provider


@pytest.fixture
def keys(provider):
    """The four strings of a user's, in requests-oauthlib's order."""
    return provider.consumer.key, provider.consumer.secret, provider.token.key, provider.token.secret
