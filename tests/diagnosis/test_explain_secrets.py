"""No secret is in any form of an explanation's output, wherever the request and the answer have it.

These tests use no network.
"""

from __future__ import annotations

import copy
import html
import json
import pickle
from base64 import b64encode
from string import ascii_letters, digits
from types import SimpleNamespace
from urllib.parse import quote, quote_plus, unquote

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from tables import for_each

from oauth_hook import AccessToken, Consumer, OAuthHook, ProviderError, explain
from oauth_hook.cli.errors import tell

FORM = "application/x-www-form-urlencoded"
URL = "https://api.example.com/things?x=1"
SECRET = "s3cret-hunter2"
OWN = OAuthHook("t", "token-hunter3", "c", "consumer-hunter4", placement="header")


def asked(url=URL, *, method="GET", body=None, **headers):
    """Return a request of no library."""
    fields = {name.replace("_", "-").title(): value for name, value in headers.items() if value is not None}
    return SimpleNamespace(method=method, url=url, body=body, headers=fields)


def answered(request, text="", status=401, **headers):
    """Return the answer to a request."""
    response = requests.Response()
    response.status_code, response._content, response.request = status, text.encode("utf-8", "replace"), request
    response.headers.update({name.replace("_", "-").title(): value for name, value in headers.items()})
    return response


def signed(url=URL, hook=OWN, **more):
    """Return a request that a hook has signed."""
    return hook(requests.Request(more.pop("method", "GET"), url, **more).prepare())


def header(signature, method="HMAC-SHA1"):
    named = f', oauth_signature_method="{method}"' if method else ""
    return (
        f'OAuth oauth_consumer_key="c", oauth_token="t", oauth_signature="{quote(signature, safe="~")}", '
        f'oauth_timestamp="1700000000", oauth_nonce="n"{named}'
    )


def shown(explanation):
    """Return every form of its output, and what each says without its escapes."""
    texts = [
        str(explanation), repr(explanation), explanation.brief, explanation.base_string, explanation.request,
        explanation.response, json.dumps(explanation.to_dict()), json.dumps(explanation.to_dict(), ensure_ascii=False),
        *explanation.ruled_out, *(line for finding in explanation.findings for line in finding.evidence),
        *(str(value) for row in (explanation.comparison.rows if explanation.comparison else ()) for value in row),
        *(finding.message for finding in explanation.findings),
    ]  # fmt: skip
    for _ in range(3):
        texts += [unquote(text) for text in texts] + [html.unescape(text) for text in texts]
        texts = list(dict.fromkeys(texts))
    return "\n".join(texts)


# --- what a server echoes ---


@pytest.mark.usefixtures("short_search")  # what is shown is the same
@for_each(
    ("given", "echoed"),
    [
        (f" {SECRET}\n", SECRET), (f'"{SECRET}"', SECRET), (f"<{SECRET}>", SECRET), (quote(f" {SECRET}\n"), SECRET),
        ("two  hunters\nhunt", "two hunters hunt"), ("hunt%2Fer2%26", "hunt/er2&"), ("hunt/er2&er", "hunt%2Fer2%26er"),
    ],
)  # fmt: skip
@for_each("whose", ["consumer", "token"])
def test_a_secret_that_is_echoed_otherwise_than_it_was_given(given, echoed, whose):
    """What stood around a secret by accident, and its escapes, do not let it through."""
    consumer = Consumer("c", given if whose == "consumer" else "another-one")
    token = AccessToken("t", given if whose == "token" else "another-one")
    response = answered(signed(), f"invalid signature, made with {echoed} by the client")
    assert echoed not in shown(explain(response, consumer, token))
    assert echoed in shown(explain(response))  # which knows of none


@pytest.mark.usefixtures("short_search")  # what is shown is the same
def test_a_secret_at_the_place_where_a_servers_words_are_cut():
    """Secrets are taken out first, and words are cut then: no half of one is left."""
    request = signed(hook=OAuthHook("t", "", "c", SECRET, placement="header"))
    for padding in range(150, 205, 2):
        response = answered(request, "x" * padding + f" {SECRET} and more")
        assert SECRET[:5] not in shown(explain(response, Consumer("c", SECRET), AccessToken("t")))


def test_a_signing_key_of_ones_own():
    """It is hidden, and so are its halves."""
    response = answered(signed(), "the key is hunter-left&hunter-right, and one half is hunter-right")
    assert "hunter-" not in shown(explain(response, Consumer("c", "x"), signing_key="hunter-left&hunter-right"))
    assert "hunter-" not in shown(explain(response, server_signature="hunter-left&hunter-right"))  # PLAINTEXT


@pytest.mark.usefixtures("short_search")  # what is shown is the same
@pytest.mark.parametrize("passphrase", [None, "hunter2-phrase"])
def test_a_private_key(passphrase):
    """No line of an RSA key is shown, nor its passphrase; the hook lends its own."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    cipher = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, cipher
    )
    lines = pem.decode().splitlines()[1:-1]
    hook = OAuthHook("t", "", "c", "", signature_method="RSA-SHA1", rsa_key=(pem, passphrase) if passphrase else pem)
    for echoed in (lines[3], "".join(lines), json.dumps(pem.decode()), passphrase or lines[1]):
        text = shown(hook.explain(answered(signed(), f'{{"error": "bad", "message": "a key such as {echoed}"}}')))
        assert not any(line in text for line in [*lines, "hunter2-phrase"])


# --- what a request carries ---


@pytest.mark.usefixtures("short_search")  # what is shown is the same
@for_each("method", ["HMAC-SHA1", "", "PLAINTEXT", "RSA-SHA1", "plain"])
@for_each("left", ["hunter-left", "hunter/left&", "hunter léft"])
def test_a_plaintext_signature_under_any_name(method, left):
    """Both secrets stand in it: neither is shown, whatever oauth_signature_method says."""
    signature = f"{quote(left, safe='~')}&hunter-right"
    base = quote(f"a=1&oauth_nonce=n&oauth_signature={quote(signature, safe='~')}", safe="~")
    for request in (
        asked(authorization=header(signature, method)),
        asked(f"{URL}&oauth_nonce=n&oauth_signature={quote(signature)}&oauth_signature_method={method}"),
        asked(authorization=header(signature, method), body=f"echo={quote(left, safe='')}&x={left}", content_type=FORM),
    ):
        echo = f"I have hunter-right and {left} and {signature}: GET&https%3A%2F%2Fapi.example.com%2Fthings&{base}"
        text = shown(explain(answered(request, echo), Consumer("c", "abcd"), AccessToken("t", "efgh")))
        assert "hunter-right" not in text
        assert left not in text


@pytest.mark.parametrize(
    "address",
    ["https://user:{}@api.example.com/a", "https://{}@api.example.com/a?x=y", "https://user:{}/more@h/@me"],
)
def test_userinfo(address):
    """User name and password are left out of every address that is shown."""
    hop = answered(asked(address.format(SECRET), authorization=header("x" * 27 + "=")))
    last = answered(asked(URL), f"what is {SECRET}?")
    last.history = [hop]
    responses = [hop, last, answered(signed(), "", 301, location=address.format(SECRET))]
    hop.history = [answered(asked(address.format("another-hunter2"), authorization=header("x" * 27 + "=")))]
    for response in responses:
        text = shown(explain(response))
        assert "hunter2" not in text
        assert "***@" not in text
        assert any(host in text for host in ("api.example.com/a", "//h/@me", "//api.example.com/things"))


def test_the_address_that_was_asked():
    """It is shown without its query and its fragment."""
    request = signed(f"https://u:{SECRET}@api.example.com/things?code=hunter9#hunter8", lambda request: request)
    assert explain(request).request == "GET https://api.example.com/things"
    assert "hunter" not in shown(explain(request))


@pytest.mark.parametrize("authorization", [SECRET, f"{SECRET} ", f"s3cret_hunter2 {SECRET}", f"Bearer {SECRET}"])
def test_another_authorization(authorization):
    """The scheme is shown where there is one; a token by itself is none."""
    explanation = explain(answered(asked(authorization=authorization), f"unknown token {SECRET}"))
    assert "hunter2" not in shown(explanation)
    assert ("(Bearer)" in str(explanation)) == authorization.startswith("Bearer")
    assert "another scheme" in str(explanation)
    assert "scheme (***" not in str(explanation)


def test_the_password_of_basic():
    """What a server decodes is hidden, too."""
    basic = f"Basic {b64encode(f'user:{SECRET}'.encode()).decode()}"
    assert SECRET not in shown(explain(answered(asked(authorization=basic), f"wrong password {SECRET}")))


PART = '--b\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b--\r\n'
BODIES = {
    "application/json": '{{"user": "u", "password": "{}", "more": [{{"token_secret": {{"of": ["{}"]}}}}]}}',
    "multipart/form-data; boundary=b": PART,
    FORM: "user=u&client_secret={}",
    "text/json": '  [{{"oauth_verifier": "{}"}}]',
}


@for_each("sent_as", [None, FORM])
@for_each("body", BODIES.values())
def test_the_fields_of_a_body(body, sent_as):
    """What has a secret's name in a form, in JSON, in multipart is hidden where it is echoed, and in the table."""
    secret = "s3cret-hunter2" if sent_as is None else "s3cret=hunter2"
    other = secret[::-1]
    data = body.format(secret, other).encode()
    request = signed(method="POST", data=data, headers={"Content-Type": sent_as or "text/x"})
    echo = f"invalid signature; I saw {secret}" + (f" and {other}" if other.encode() in data else "")
    for response in (request, answered(request, echo)):
        text = shown(explain(response, OWN.consumer, OWN.token))
        assert "hunter2" not in text
        assert "2retnuh" not in text


def test_a_number():
    """JSON may have a secret as a number."""
    request = asked(method="POST", body=json.dumps({"passwd": 8675309, "n": 1.5}), authorization=header("x" * 27 + "="))
    assert "8675309" not in shown(explain(answered(request, "no 8675309")))


def test_a_response_without_a_request():
    """A response that has lost its request shows no secret either."""
    response = answered(None, f"bad signature {SECRET}, password=hunter9")
    explanation = explain(response, Consumer("c", SECRET))
    assert [finding.code for finding in explanation.findings] == ["no-cause-found"]
    assert "bad signature" in str(explanation)
    assert "hunter" not in shown(explanation)


def test_two_secrets_that_differ_are_told_apart_without_being_shown():
    """A parameter that is a secret by its name, or has one of ours in it, is said to differ, and not how."""
    request = signed(f"{URL}&password=hunter-left&note=a-{SECRET}")
    base = request.base_string.replace("hunter-left", "hunter-right").replace(f"a-{SECRET}", f"a-{SECRET}-b")
    explanation = explain(request, Consumer("c", SECRET), server_base_string=base)
    rows = {row.name: row for row in explanation.comparison.rows}
    assert (rows["password"].left, rows["password"].right) == ("***", "*** (another)")
    assert rows["note"].differs
    assert "hunter" not in shown(explanation)


# --- errors ---


@pytest.mark.parametrize("said", ["Invalid URL '{}': No host supplied", "no adapters for {!r}", '{{"url": "{}"}}'])
def test_what_the_command_says_of_a_url(said):
    """requests puts whole URLs into its sentences: user name and password are taken out of them.

    Where the URL itself was wrong, nothing of it is repeated: it may be a secret in the wrong place.
    """
    for url in (f"https://user:{SECRET}@h.example/a?b=c@d", quote(f"https://{SECRET}@h.example/@me", safe="")):
        text = tell(requests.exceptions.RetryError(said.format(url)))
        assert SECRET not in text
        assert "***@h.example/" in unquote(text)
        text = tell(requests.exceptions.InvalidURL(said.format(url)))
        assert text == "the URL cannot be requested: look at its host and its port"
    assert "https://h.example/@me //a" in tell(requests.exceptions.RetryError("https://h.example/@me //a @b"))


@pytest.mark.parametrize("made", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_of_an_error_has_the_explanation_and_no_secret(made):
    """What makes an explanation knows the secrets, and stays with the error itself."""
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    response = answered(signed(), "oauth_problem=timestamp_refused")
    error = ProviderError("refused", status=401, response=response, explain=lambda: hook.explain(response))
    again = made(error)
    assert again.explanation == error.explanation
    assert (str(again), again.status, again.response.text) == ("refused", 401, response.text)
    assert b"hunter2" not in pickle.dumps(again)
    assert b"hunter2" not in pickle.dumps(error)
    assert made(ProviderError("no answer", problem="x")).explanation is None


# --- all ways at once ---

# None is a word that stands in an explanation by itself.
WORDS = st.text(ascii_letters + digits, min_size=6, max_size=40).map("9q{}".format)
SPECIAL = st.builds("{}{}{}".format, WORDS, st.sampled_from(list("&%+=/\"'<>\\ ;,?#é\u4e2d😀")), WORDS)
SPACED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "\n", "\t", '"']),
    WORDS | SPECIAL,
    st.sampled_from(["", " ", "\r\n", '"']),
)
ECHOES = {
    "raw": str, "percent": lambda text: quote(text, safe=""), "twice": lambda text: quote(quote(text)),
    "form": quote_plus, "stripped": str.strip, "JSON": lambda text: json.dumps(text)[1:-1], "HTML": html.escape,
    "unquoted": unquote, "JSON in HTML": lambda text: html.escape(json.dumps(text)),
}  # fmt: skip
PAGES = [
    "invalid signature {}", '{{"error": "bad", "message": "no {} signature"}}', "<h1>401 {}</h1><p>signature {}</p>",
    "oauth_problem=signature_invalid&oauth_problem_advice={}&debug={}", "{}", "x" * 190 + "{}",
    "GET&https%3A%2F%2Fapi.example.com%2Fthings&note%3D{}%26oauth_nonce%3Dn",
]  # fmt: skip


def wire(secret, place):
    """Return a request that carries a secret in a place."""
    escaped = quote(secret, safe="")
    authorization = header("no-digest")
    return {
        "hook": lambda: signed(hook=OAuthHook("t", secret, "c", secret, placement="header")),
        "PLAINTEXT": lambda: asked(authorization=header(f"{escaped}&{escaped}", "PLAINTEXT")),
        "another method": lambda: asked(authorization=header(f"{escaped}&x")),
        "no method": lambda: asked(f"{URL}&oauth_signature={quote(escaped)}%26&oauth_nonce=n"),
        "userinfo": lambda: asked(f"https://user:{escaped}@api.example.com/things", authorization=authorization),
        "bearer": lambda: asked(authorization=f"Bearer {secret}"),
        "query": lambda: asked(f"{URL}&oauth_verifier={escaped}", authorization=authorization),
        "form": lambda: asked(body=f"a=1&password={escaped}", content_type=FORM, authorization=authorization),
        "JSON": lambda: asked(body=json.dumps({"secret": secret}), authorization=authorization),
        "JSON as a form": lambda: asked(
            body=json.dumps({"secret": secret}), content_type=FORM, authorization=authorization
        ),
        "multipart": lambda: asked(body=PART.format(secret).encode(), authorization=authorization),
    }[place]()  # fmt: skip


PLACES = [
    "hook", "PLAINTEXT", "another method", "no method", "userinfo", "bearer", "query", "form", "JSON",
    "JSON as a form", "multipart",
]  # fmt: skip


@pytest.mark.promise("explain-shows-no-secret")
@example("9q000000 ", "no method", "stripped", "invalid signature {}", 401, False, False)
@given(
    st.one_of(WORDS, SPECIAL, SPACED), st.sampled_from(PLACES), st.sampled_from(sorted(ECHOES)),
    st.sampled_from(PAGES), st.sampled_from([401, 302, 200]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_no_secret_in_any_form_of_output(secret, place, echo, page, status, knows, says):
    """Wherever a secret is sent, given and echoed, no output has it in any form."""
    request = wire(secret, place)
    echoed = ECHOES[echo](secret)
    text = page.replace("{{", "{").replace("}}", "}").replace("{}", echoed)
    location = {"location": f"https://u:{quote(secret, safe='')}@h.example/{quote(secret, safe='')}"} if knows else {}
    response = answered(request, text, status, www_authenticate=f'OAuth realm="{quote(echoed)}"', **location)
    given = (Consumer("c", secret), AccessToken("t", secret)) if knows or place == "hook" else ()
    more = {"server_base_string": text, "server_signature": f"{quote(secret)}&x"} if says else {}
    output = shown(explain(response, *given, **more)) + shown(explain(request, *given, **more))
    for form in {secret, secret.strip(), unquote(secret), quote(secret, safe=""), secret.strip().strip('"')}:
        assert form not in output
