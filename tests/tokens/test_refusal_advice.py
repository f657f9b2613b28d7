"""What a refusal means in a step of the flow: swapped and mistyped URLs, a code too early, a wrong one."""

from __future__ import annotations

import io
import pickle
import sys

import pytest
from tables import for_each

from oauth_hook import AccessToken, Consumer, OAuthFlow, OAuthHook, ProviderError, RequestToken, UsageError
from oauth_hook.tokens.verifiers import ask_on_console

CONSUMER = Consumer("key", "consumer-hunter2")
TOKEN = RequestToken("request", "request-hunter2")
SWAPPED, EARLY, WRONG, USED = "URLs swapped?", "has not answered yet", "the code was refused", "start again"
PAGE = (200, "text/html", b"<html><title>Sign in</title></html>")
LINK = "https://service.example/authorize?oauth_token=our-token&perms=read"


def refuse(problem, more=b""):
    return 401, "application/x-www-form-urlencoded", b"oauth_problem=" + problem + more


MISSING = refuse(b"parameter_absent", b"&oauth_parameters_absent=oauth_token%26oauth_verifier")


@for_each(
    ("step", "answer", "said"),
    [
        ("request", MISSING, SWAPPED), ("request", refuse(b"token_rejected"), SWAPPED),
        ("request", (401, "text/plain", b"Invalid / expired Token"), SWAPPED),
        ("request", (404, "text/plain", b"nothing here"), "the request-token URL may be wrong"),
        ("request", (405, "text/plain", b""), "the request-token URL may be wrong"),
        ("request", PAGE, "the request-token URL may be wrong"),
        ("request", refuse(b"signature_invalid"), None), ("request", refuse(b"consumer_key_unknown"), None),
        ("request", (500, "text/plain", b"oh"), None),
        ("access", refuse(b"permission_unknown"), EARLY), ("access", refuse(b"verifier_invalid"), WRONG),
        ("access", refuse(b"token_used"), USED), ("access", refuse(b"token_expired"), USED),
        ("access", (404, "text/plain", b"nothing here"), "the access-token URL may be wrong"),
        ("access", PAGE, "the access-token URL may be wrong"), ("access", refuse(b"signature_invalid"), None),
        ("xauth", (404, "text/plain", b"nothing here"), "the access-token URL may be wrong"),
        ("renew", (404, "text/plain", b"nothing here"), "the renewal URL may be wrong"),
    ],
)  # fmt: skip
def test_the_flow_knows_its_step(step, answer, said, server):
    """The error and the first finding of its explanation, copies too, say what to do in this step, and nothing else."""
    status, kind, body = answer
    server.answer = lambda got: (status, {"Content-Type": kind}, body)
    urls = (f"{server.url}/{name}" for name in ("request", "authorize", "access"))
    flow = OAuthFlow(CONSUMER, *urls, renewal_url=f"{server.url}/renew")
    steps = {
        "request": flow.fetch_request_token,
        "access": lambda: flow.fetch_access_token(TOKEN, "1234"),
        "xauth": lambda: flow.xauth("sue", "hunter2"),
        "renew": lambda: flow.renew(AccessToken("a", "hunter2")),
    }
    with pytest.raises(ProviderError) as caught:
        steps[step]()
    explanations = [caught.value.explanation, pickle.loads(pickle.dumps(caught.value)).explanation]
    if said is None:
        assert not any(words in str(caught.value) for words in (SWAPPED, EARLY, WRONG, USED, "may be wrong"))
    else:
        assert said in str(caught.value)
        assert all(said.lower() in explanation.findings[0].advice.lower() for explanation in explanations)
        assert not any("user's token too" in finding.advice for finding in explanations[0].findings)
    assert "hunter2" not in f"{caught.value}{explanations[0]}"


def test_swapped_urls_of_a_provider_are_found_out(oauth_provider):
    """The embedded provider's access-token URL, asked for a request token."""
    urls = (oauth_provider.access_token_url, oauth_provider.authorization_url, oauth_provider.request_token_url)
    with pytest.raises(ProviderError, match="URLs swapped"):
        OAuthFlow(oauth_provider.consumer, *urls).fetch_request_token()


@for_each(
    ("typed", "answer", "told"),
    [
        ("123 456", "123456", ""), (" ab cd\t", "abcd", ""), ("a+b/c= ", "a+b/c=", ""),
        (f"{LINK}\n7", "7", "the link to open"), ("https://service.example/authorize\n7", "7", "the link to open"),
        (f"{LINK.partition('&')[0]}\n7", "7", "the link to open"),
        ("https://app.example/back\n7", "7", "no code in that URL"),
        ("https://app.example/back?a=1\n7", "7", "no code in that URL"),
        (f"{LINK}&oauth_verifier=7", f"{LINK}&oauth_verifier=7", ""),
        ("https://app.example/back?denied=our-token", "https://app.example/back?denied=our-token", ""),
        ("https://a.example/?#b&oauth_verifier=v", "https://a.example/?#b&oauth_verifier=v", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_the_answer_is_asked_again(typed, answer, told, monkeypatch):
    """The link itself, a URL without a code: what to paste is said; a code that is shown in groups is one word."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert ask_on_console(LINK) == answer
    errors = sys.stderr.getvalue()
    assert errors.count("Code: ") == 1 + bool(told)
    assert told in errors


def test_a_refusal_of_another_token_may_be_a_users():
    """A ``denied`` that is not about our token says whose it may be; a pair is no consumer, and how to make one."""
    flow = OAuthFlow(CONSUMER, "https://a.example/r", "https://a.example/a", "https://a.example/t")
    with pytest.raises(ProviderError, match=r"another request token.*the user may have refused"):
        flow.parse_callback("https://app.example/back?denied=other", TOKEN)
    with pytest.raises(UsageError, match=r"Consumer\(key, secret\), not tuple"):
        OAuthFlow(("key", "secret"), "https://a.example/r", "https://a.example/a", "https://a.example/t")


def test_a_secret_is_replaced_by_itself():
    """The token of a hook keeps its key with another secret, as its consumer does."""
    hook = OAuthHook("t", "s", "c", "cs")
    assert hook.replace(access_token_secret="new").token == AccessToken("t", "new")
    with pytest.raises(UsageError, match="without its access_token"):
        OAuthHook(None, None, "c", "cs").replace(access_token_secret="new")
