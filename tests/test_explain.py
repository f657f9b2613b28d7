"""Where people meet an explanation: the hook, a refused token request, the demo, the command."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys

import pytest
import requests

import oauth_hook
from oauth_hook import Consumer, OAuthFlow, OAuthHook, ProviderError, UsageError, explain

DATA = {"status": "Yay! It works!", "a": ["1", "2"], "empty": ""}


@pytest.fixture
def token(oauth_provider):
    return oauth_provider.add_token()


def hook_of(provider, token, **more):
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


@pytest.mark.parametrize("placement", ["header", "query", "url-encoded", "header+url-encoded"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda request: setattr(request, "url", request.url.replace("count=2", "count=3")), "query-changed"),
        (lambda request: setattr(request, "url", request.url.replace("count=2", "")), "query-changed"),
        (lambda request: setattr(request, "url", request.url.replace("/api/resource", "/api/resource/x")), "path"),
        (lambda request: setattr(request, "body", request.body.replace("works", "wirks")), "body-changed"),
        (lambda request: setattr(request, "method", "PUT"), "method"),
    ],
)
def test_what_was_changed_after_signing_is_named(placement, change, code, oauth_provider, token):
    """The hook has left the base string that it signed: the difference to what went out is the cause, proven."""
    hook = hook_of(oauth_provider, token, placement=placement)
    url = f"{oauth_provider.resource_url}?count=2"
    request = hook(requests.Request("POST", url, data=DATA).prepare())
    change(request)
    with requests.Session() as session, session.send(request) as response:
        explanation = hook.explain(response)
    assert response.status_code == 401
    assert (explanation.findings[0].code, explanation.findings[0].proven) == (code, True)
    assert [finding.code for finding in hook.explain(request).findings] == [code]
    assert [finding.code for finding in explain(request).findings] == [code]  # without any secret, too


def test_the_providers_advice_is_about_the_signature(oauth_provider, token):
    """What a server says besides "signature_invalid" names no further causes."""
    wrong = hook_of(oauth_provider, type(token)(token.key, f"{token.secret} "))
    with requests.get(oauth_provider.resource_url, auth=wrong) as response:
        assert "the token's secret was used with a space after it" in requests.utils.unquote(response.text)
        explanation = hook_of(oauth_provider, token).explain(response)
    assert [finding.code for finding in explanation.findings] == ["secret-whitespace"]


def test_a_request_that_is_right(oauth_provider, token):
    """There is nothing to be found, however the request is signed."""
    for placement in ("header", "query", "url-encoded", "header+url-encoded"):
        hook = hook_of(oauth_provider, token, placement=placement)
        with requests.post(oauth_provider.resource_url, DATA, auth=hook) as response:
            explanation = hook.explain(response)
        assert response.ok
        assert [finding.code for finding in explanation.findings] == ["no-cause-found"]
        assert any("signature" in text for text in explanation.ruled_out)


def test_a_hook_that_was_never_attached(oauth_provider, token):
    """A pre_request hook on a plain session is ignored by requests in silence: the request is told to be unsigned."""
    hook = hook_of(oauth_provider, token)
    with requests.Session() as session:
        session.hooks["pre_request"] = [hook]
        with session.get(oauth_provider.resource_url) as response:
            first = hook.explain(response).findings[0]
    assert first.code == "unsigned"
    assert "inject_into_requests" in first.message


def test_a_hook_that_is_pinned_elsewhere(oauth_provider, token):
    """A request that went out unsigned because of origins= is told so."""
    hook = hook_of(oauth_provider, token, origins="https://api.example.com")
    with requests.get(oauth_provider.resource_url, auth=hook) as response:
        first = hook.explain(response).findings[0]
    assert first.code == "unsigned"
    assert any("origins" in line for line in first.evidence)


def test_a_redirect_to_another_origin(server, abroad):
    """What a redirect led away from home went unsigned, and says so."""
    server.answer = lambda request: (302, {"Location": f"{abroad.url}/there"}, b"")
    abroad.answer = lambda request: (401, {}, b"Unauthorized")
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    with requests.get(server.url, auth=hook) as response:
        assert hook.explain(response).findings[0].code == "redirected"


def test_a_signing_key_of_ones_own(server):
    """A hook that makes its key in another way is judged by that key."""

    class Own(OAuthHook):
        def signing_key(self, consumer_secret, token_secret):
            return f"{consumer_secret}+{token_secret}"

    hook = Own("t", "token-hunter2", "c", "consumer-hunter2")
    request = hook(requests.Request("GET", server.url).prepare())
    assert hook.explain(request).findings[0].code == "no-cause-found"
    plain = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    assert plain.explain(request).findings[0].code != "no-cause-found"


def test_rsa(server):
    """RSA signatures are judged with the hook's own key."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(65537, 2048)
    hook = OAuthHook("t", "", "c", "", signature_method="RSA-SHA256", rsa_key=key)
    request = hook(requests.Request("GET", f"{server.url}/?a=1").prepare())
    assert hook.explain(request).findings[0].code == "no-cause-found"
    saved = type("Saved", (), {"method": "GET", "url": request.url.replace("http:", "https:"), "headers": {}})
    assert hook.explain(saved).findings[0].code == "scheme"


def test_a_refused_token_request_carries_its_explanation(oauth_provider):
    """ProviderError.explanation says why; it travels with the error, and shows no secret."""
    wrong = Consumer(oauth_provider.consumer.key, oauth_provider.consumer.secret + "\n")
    flow = OAuthFlow(
        wrong, oauth_provider.request_token_url, oauth_provider.authorization_url, oauth_provider.access_token_url
    )
    with pytest.raises(ProviderError) as caught:
        flow.fetch_request_token()
    explanation = caught.value.explanation
    assert explanation.findings[0].code == "secret-whitespace"
    assert oauth_provider.consumer.secret not in f"{explanation}{explanation!r}{json.dumps(explanation.to_dict())}"
    assert ProviderError("no answer").explanation is None
    again = pickle.loads(pickle.dumps(explanation))
    assert again == explanation


def test_an_error_of_an_unsigned_request_has_none(server):
    """Where nothing was signed there is nothing to explain."""
    server.answer = lambda request: (400, {}, b'{"error": "no"}')
    with pytest.raises(ProviderError) as caught:
        oauth_hook.register_client(server.url, application_name="x")
    assert caught.value.explanation is None


def test_the_signed_base_string_is_there_to_see(server):
    """A request that its hook has signed shows the base string that it signed; one that it has not, none."""
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    with requests.get(f"{server.url}/x", auth=hook) as response:
        assert response.request.base_string.startswith("GET&http%3A%2F%2F127.0.0.1%3A")
    pinned = OAuthHook("t", "s", "c", "s", origins="https://api.example.com")
    assert pinned(requests.Request("GET", server.url).prepare()).base_string == ""


@pytest.mark.parametrize("wrong", [None, 5, "GET", object(), {"method": "GET"}])
def test_what_is_no_request(wrong):
    """What is neither a request nor a response is a UsageError."""
    with pytest.raises(UsageError):
        explain(wrong)


@pytest.mark.parametrize(
    "arguments", [{"consumer": "key"}, {"token": ("a", "b")}, {"server_base_string": 5}, {"server_signature": b"x"}]
)
def test_wrong_arguments(arguments, server):
    """Arguments of the wrong type are a UsageError that names them."""
    request = requests.Request("GET", server.url).prepare()
    with pytest.raises(UsageError, match=next(iter(arguments))):
        explain(request, **arguments)


def test_the_demo_explains_its_refusals():
    """The demo's changed requests are refused, and each is explained."""
    done = subprocess.run([sys.executable, "-m", "oauth_hook", "demo"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.count("amount: signed has 10, sent 99") == 2
    assert "why: query-changed (proven)" in done.stdout
    assert "why: body-changed (proven)" in done.stdout


def test_the_command_explains_a_refusal_by_itself(oauth_provider, token):
    """``oauth-hook request`` says on standard error why it was refused; standard output has the answer alone."""
    environment = os.environ | {
        "OAUTH_CONSUMER_KEY": oauth_provider.consumer.key, "OAUTH_CONSUMER_SECRET": oauth_provider.consumer.secret,
        "OAUTH_TOKEN": token.key, "OAUTH_TOKEN_SECRET": f"{token.secret} ",
    }  # fmt: skip
    command = [sys.executable, "-m", "oauth_hook", "request", "GET"]
    done = subprocess.run(
        [*command, oauth_provider.resource_url], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 1
    assert "1. secret-whitespace" in done.stderr
    assert done.stdout.startswith("oauth_problem=signature_invalid")
    assert token.secret not in done.stdout + done.stderr
    nowhere = subprocess.run(
        [*command, f"{oauth_provider.url}/none"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert nowhere.returncode == 1
    assert nowhere.stderr.count("\n") == 1  # OAuth has nothing to do with it


def test_a_server_cannot_steer_the_terminal(server):
    """What a server says is shown without its control characters."""
    server.answer = lambda request: (401, {"Content-Type": "text/plain"}, b"no \x1b[2J\x07 signature \xc2\x9b31m")
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    with requests.get(server.url, auth=hook) as response:
        explanation = hook.explain(response)
    assert all(c.isprintable() or c == "\n" for c in str(explanation) + explanation.brief)
