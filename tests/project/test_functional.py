"""GETs and POSTs against services: the embedded provider always, live ones for whoever has credentials.

``test_settings.py`` (from ``test_settings.py.template``) names the live ones.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import requests

from oauth_hook import OAuthHook, session

SETTINGS = Path(__file__).parent.parent.parent / "test_settings.py"
ACCOUNTS = runpy.run_path(str(SETTINGS))["ACCOUNTS"] if SETTINGS.exists() else {}


@pytest.fixture(params=["embedded", *ACCOUNTS])
def account(request):
    """An account at a service: what the hook takes, and what to ask for."""
    if request.param != "embedded":
        return ACCOUNTS[request.param]
    provider = request.getfixturevalue("oauth_provider")
    token = provider.add_token()
    return {
        "hook": {
            "consumer_key": provider.consumer.key,
            "consumer_secret": provider.consumer.secret,
            "access_token": token.key,
            "access_token_secret": token.secret,
            "header_auth": True,
        },
        "get": provider.resource_url,
        "post": (provider.resource_url, {"status": "Yay! It works!"}),
    }


def test_a_signed_get_is_answered(account):
    """A GET signed by ``auth`` is verified by the service."""
    response = requests.get(account["get"], auth=OAuthHook(**account["hook"]), timeout=30)
    assert response.status_code == 200, response.text


def test_a_signed_post_is_answered(account):
    """A form posted through a ``pre_request`` session is verified by the service."""
    if account["post"] is None:
        pytest.skip("test_settings.py names no address to post to")
    url, form = account["post"]
    with session(hooks={"pre_request": OAuthHook(**account["hook"])}) as client:
        response = client.post(url, form, timeout=30)
    assert response.status_code == 200, response.text
