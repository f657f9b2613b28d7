"""An explanation shows no value of a request that gives access, and keeps the numbers of errors."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest
import requests

from oauth_hook import AccessToken, Consumer, explain, sign
from oauth_hook.redaction import is_secret_name, redact

S = "hunter2SEC"
CONSUMER, TOKEN = Consumer("c", "consumer secret"), AccessToken("t", "token secret")
NAMES = (
    "api_key", "apikey", "apiKey", "X-Api-Key", "access_token", "accessToken", "refresh_token", "id_token", "token",
    "csrf_token", "auth_token", "code", "pin", "otp", "passphrase", "passcode", "password", "client_secret", "secret",
    "session_id", "sessionid", "PHPSESSID", "sid", "auth", "sig", "signature", "jwt", "credentials", "private_key",
    "client_assertion", "p[code]", "oauth_verifier", "private_token", "api_token", "deviceToken", "auth_key",
)  # fmt: skip
SHOWN = ("a", "user_id", "oauth_token", "oauth_nonce", "oauth_consumer_key", "error_code", "postcode", "spin", "author",
         "sigma", "tokens", "token_count", "code_review", "max_id", "oauth_signature_method", "passenger",
         "x-auth-service-provider", "next_page_token", "oauth_key")  # fmt: skip

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Each name has a value of its own, so that no other name takes it out.
VALUES = {name: f"{S}{number}x" for number, name in enumerate(NAMES)}
HEADER_NAMES = {name.lower(): name for name in NAMES if "[" not in name}.values()
PLACES = {
    "query": (f"http://127.0.0.1/?{urlencode(VALUES)}", {}, None),
    "form": ("http://127.0.0.1/", FORM, urlencode(VALUES)),
    "JSON": ("http://127.0.0.1/", {"Content-Type": "application/json"},
             json.dumps({name: [{"v": value}] for name, value in VALUES.items()})),
    "header": ("http://127.0.0.1/", {name: VALUES[name] for name in HEADER_NAMES}, None),
}  # fmt: skip


def explain_refusal(url, headers, body, text):
    """Return all that an explanation says of a request that was signed with a wrong secret, and refused."""
    signed = sign("POST", url, headers=headers, body=body, consumer=CONSUMER, token=AccessToken("t", "another"))
    response = requests.Response()
    response.status_code, response._content = 401, text.encode()
    response.request = requests.Request("POST", signed.url, headers=signed.headers, data=signed.body).prepare()
    changed = signed.base_string.replace(S, S + "y")
    explanations = [explain(response), explain(response, server_base_string=changed)]
    return "\n".join(str(one) + repr(one.to_dict()) for one in explanations)


@pytest.mark.promise("explain-shows-no-secret")
@pytest.mark.parametrize("place", PLACES)
def test_no_value_that_gives_access_is_shown(place):
    """By its name in the request; and where the server repeats it, escaped too."""
    url, headers, body = PLACES[place]
    sent = [VALUES[name] for name in (HEADER_NAMES if place == "header" else NAMES)]
    for echoed in sent, [value.replace("2", "%32") for value in sent]:
        shown = explain_refusal(url, headers, body, "no " + ", ".join(echoed))
        assert not [word for word in shown.split() if "unter" in word]


@pytest.mark.promise("explain-shows-no-secret")
def test_no_credentials_of_other_schemes_are_shown():
    """Of Basic neither what was sent nor the password in it, wherever a server repeats it; nor cookies."""
    basic = base64.b64encode(f"alice:{S}".encode()).decode()
    for header, value in (
        ("Authorization", f"Basic {basic}"),
        ("X-Forwarded-Authorization", f"Basic {basic}"),
        ("Cookie", f"a={S}; b={basic}"),
    ):
        response = requests.Response()
        response.status_code, response._content = 401, f"no {basic} nor {S} will do".encode()
        response.request = requests.Request("GET", "http://127.0.0.1/", headers={header: value}).prepare()
        shown = str(explain(response, CONSUMER, TOKEN))
        assert "will do" in shown
        assert S not in shown
        assert basic not in shown


@pytest.mark.parametrize("name", SHOWN)
def test_other_names_are_no_secrets(name):
    """Keys and nonces are evidence, and so is whatever only looks like a secret's name."""
    assert not is_secret_name(name)


def test_other_values_stay_in_the_explanation():
    """All of them at once."""
    others = {name: f"{name}-value" for name in SHOWN if not name.startswith("oauth_")}
    shown = explain_refusal(f"http://127.0.0.1/?{urlencode(others)}", {}, None, "no")
    assert not [value for value in others.values() if value not in shown]


@pytest.mark.parametrize(
    "text",
    ['{"code": 32, "message": "Could not authenticate you"}', '{"errors": [{"code": 215, "message": "Bad data"}]}',
     "error_code=401&error=no", "code: 401, unauthorized", "<error><code>401</code><message>bad</message></error>",
     "the access_token: expired", "pin: 3 tries left", '{"auth": "failed", "sig": false, "token": "unknown"}'],
)  # fmt: skip
def test_what_an_error_says_stays(text):
    """A server's error is read for its numbers and words: of those, only what can be nothing but a secret goes."""
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [(f'{{"access_token": "{S}", "code": 5}}', '{"access_token": "***", "code": 5}'),
     (f"api_key={S}&error=no", "api_key=***&error=no"), (f"<id_token>{S}</id_token>", "<id_token>***</id_token>"),
     (f"<input name=csrf_token value={S}>", "<input name=csrf_token value=***>")],
)  # fmt: skip
def test_a_new_token_in_an_error_goes(text, redacted):
    """What gives access, in an answer that is refused, is a secret whatever protocol it is of."""
    assert redact(text) == redacted


def test_a_short_number_is_no_part_of_a_longer_one():
    """A PIN goes where a server repeats it, and stays in a timestamp that has its digits by chance."""
    shown = explain_refusal("http://127.0.0.1/?pin=1234", {}, None, "pin 1234 at 1612345 is wrong: 1234")
    assert "pin *** at 1612345 is wrong: ***" in shown
