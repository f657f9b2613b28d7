"""For people's tests: responses, requests-mock, vcrpy and what scrubs its cassettes, the ``oauth_provider`` fixture."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import os
import subprocess
import sys
import textwrap
import time
import zlib
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import requests

from oauth_hook import (
    AccessToken,
    Consumer,
    OAuthAdapter,
    OAuthFlow,
    OAuthHook,
    ProviderError,
    UsageError,
    verify,
)
from oauth_hook.cassettes import scrub_request, scrub_response, scrub_text
from oauth_hook.provider import serve

URL = "https://api.example.com/1/account.json"
NOW = int(time.time())
OLD = "Sat, 01 Jan 2000 00:00:00 GMT"
SECONDS = 5  # of this thread, on a processor that is shared: what is quadratic takes minutes


def hook(**more):
    return OAuthHook("token", "token secret", "consumer", "consumer secret", **{"header_auth": True, **more})


# --- responses and requests-mock ---


@pytest.fixture(params=["responses", "requests-mock"])
def kit(request):
    """Either kit: ``answer`` says what comes next for a URL, ``calls`` are the requests that went out."""
    if request.param == "responses":
        package = pytest.importorskip("responses", reason="responses is not installed")
        with package.RequestsMock() as mock:
            yield SimpleNamespace(
                name=request.param,
                answer=lambda url, status=200, headers=None, body="": mock.add(
                    package.GET, url, status=status, headers=headers, body=body
                ),
                calls=lambda: [call.request for call in mock.calls],
            )
    else:
        package = pytest.importorskip("requests_mock", reason="requests-mock is not installed")
        with package.Mocker() as mock:
            planned = {}

            def answer(url, status=200, headers=None, body=""):
                listed = planned.setdefault(url, [])
                listed.append({"status_code": status, "headers": headers or {}, "text": body})
                mock.get(url, listed)

            yield SimpleNamespace(name=request.param, answer=answer, calls=lambda: list(mock.request_history))


def test_a_signed_header_is_visible_as_str(kit):
    """What a test sees of a request is text, and verifies."""
    kit.answer(URL, body="here")
    assert requests.get(URL, params={"a": "b c"}, auth=hook()).text == "here"
    (call,) = kit.calls()
    assert type(call.headers["Authorization"]) is str
    assert call.headers["Authorization"].startswith("OAuth oauth_consumer_key=")
    assert verify(
        "GET", call.url, headers=dict(call.headers), consumer=hook().consumer, token=hook().token
    )  # fmt: skip


def test_a_fixed_nonce_and_clock_make_a_request_predictable(kit):
    """With both given a test can compare the whole header (the signature is oauthlib's)."""
    kit.answer(URL)
    requests.get(URL, auth=hook(nonce=lambda: "n", clock=lambda: 1_000_000_000))
    assert kit.calls()[0].headers["Authorization"] == (
        'OAuth oauth_consumer_key="consumer", oauth_token="token", oauth_signature_method="HMAC-SHA1", '
        'oauth_version="1.0", oauth_nonce="n", oauth_timestamp="1000000000", '
        'oauth_signature="9p4DVfJ3vNUqKpv3wzkC33EmHC8%3D"'
    )


def test_redirects_are_followed_as_on_the_wire(kit):
    """A same-origin redirect is signed for its own URL, one to another host goes unsigned."""
    kit.answer(URL, 302, {"Location": "/2"})
    kit.answer("https://api.example.com/2", 302, {"Location": "https://elsewhere.example/"})
    kit.answer("https://elsewhere.example/")
    assert requests.get(URL, auth=hook()).status_code == 200
    first, second, third = kit.calls()
    assert len({first.headers["Authorization"], second.headers["Authorization"]}) == 2
    assert "Authorization" not in third.headers


def test_a_refused_timestamp_can_be_played(kit):
    """A 401 of another time is answered by one more attempt with responses; requests-mock has nothing to send it by."""
    kit.answer(URL, 401, {"Date": OLD})
    kit.answer(URL, 200)
    response = requests.get(URL, auth=hook())
    statuses = [answer.status_code for answer in (*response.history, response)]
    assert statuses == ([401, 200] if kit.name == "responses" else [401])
    if kit.name == "responses":
        assert 'oauth_timestamp="9466' in kit.calls()[1].headers["Authorization"]


def test_what_the_adapter_signs_is_not_seen(kit):
    """Both kits stand in for adapters: a request that ``OAuthAdapter`` would sign is seen without a signature."""
    kit.answer(URL)
    with requests.Session() as session:
        session.mount("https://api.example.com/", OAuthAdapter(hook()))
        session.get(URL)
    assert "Authorization" not in kit.calls()[0].headers


# --- cassettes ---


@pytest.fixture
def cassette(tmp_path):
    """Record, or replay: ``cassette(name, **settings)`` is vcrpy's context manager, a new recording as ``again``."""
    vcr = pytest.importorskip("vcr", reason="vcrpy is not installed")
    recorder = vcr.VCR(cassette_library_dir=str(tmp_path), record_mode="once")
    recorder.register_matcher("authorization", _same_authorization)
    return SimpleNamespace(
        use=lambda name="cassette.yaml", **settings: recorder.use_cassette(name, **settings),
        text=lambda name="cassette.yaml": (tmp_path / name).read_text(encoding="utf-8"),
    )


def _same_authorization(one, other):
    assert one.headers.get("Authorization") == other.headers.get("Authorization")


SCRUBBING = {"before_record_request": scrub_request, "before_record_response": scrub_response}
EVERYTHING = ["method", "scheme", "host", "port", "path", "query", "body", "authorization"]


@pytest.mark.parametrize("placement", ["header", "query", "body"])
def test_a_fixed_nonce_and_clock_make_cassettes_stable(placement, cassette, server):
    """Recorded twice, a cassette is the same to the last byte; replayed, each request matches it in full."""
    server.answer = lambda request: (200, {"Content-Type": "text/plain"}, b"here")
    fixed = hook(placement=placement, nonce=lambda: "n", clock=lambda: 1_000_000_000)
    for name in ("one.yaml", "two.yaml"):
        with cassette.use(name, match_on=EVERYTHING):
            requests.post(server.url, {"a": "1"}, auth=fixed)
    assert cassette.text("one.yaml") == cassette.text("two.yaml")
    with cassette.use("one.yaml", match_on=EVERYTHING) as replayed:
        assert requests.post(server.url, {"a": "1"}, auth=fixed).text == "here"
    assert (replayed.play_count, len(server.received)) == (1, 2)


def flow_of(consumer, root, placement):
    return OAuthFlow(
        consumer, f"{root}/oauth/request_token", f"{root}/oauth/authorize", f"{root}/oauth/access_token",
        placement=placement,
    )  # fmt: skip


@pytest.mark.promise("recordings-have-no-credentials")
@pytest.mark.parametrize("placement", ["header", "query", "url-encoded"])
def test_scrubbed_cassettes_of_three_legs_replay(placement, cassette):
    """Nothing that was secret, and no key, is in the file; without a server and with other credentials it replays."""

    def without_the_page(request):
        return None if "/oauth/authorize" in request.path else scrub_request(request)

    def legs(flow, ask):
        token = flow.authorize(ask)
        seen.append(token)
        signs = flow.hook(token)
        answer = requests.get(f"{root}/api/resource", params={"q": "1"}, auth=signs)
        form = requests.post(f"{root}/api/resource", {"q": "2"}, auth=signs)
        return answer.json()["parameters"], form.json()["parameters"], answer.json()["user"]

    seen = []
    with serve() as provider:
        root, asked = provider.url, []
        scrubbing = {
            "before_record_request": without_the_page,
            "before_record_response": partial(scrub_response, secrets=[provider.consumer.key]),
        }
        with cassette.use(match_on=EVERYTHING, **scrubbing):
            live = legs(
                flow_of(provider.consumer, root, placement), lambda url: asked.append(provider.approve(url)) or asked[0]
            )
    text = cassette.text()
    for secret in (provider.consumer.key, provider.consumer.secret, seen[0].secret, asked[0]):
        assert secret not in text
    with cassette.use(match_on=EVERYTHING, **scrubbing) as replayed:
        assert legs(flow_of(Consumer("another", "one"), root, placement), lambda url: "123456") == live
    assert (seen[1].key, seen[1].secret) == ("***", "***")
    assert (replayed.play_count, live) == (4, ([["q", "1"]], [["q", "2"]], "alice"))


def every_spelling(secret):
    """Return how a secret may stand in a file."""
    octets = secret.encode()
    escaped = quote(secret, safe="~")
    return {secret, escaped, quote(escaped, safe="~"), octets.hex(), base64.b64encode(octets).decode().rstrip("=")}


@pytest.mark.promise("recordings-have-no-credentials")
@pytest.mark.parametrize("placement", ["header", "query", "body"])
def test_a_whole_dance_is_recorded_without_secrets_and_the_same_each_time(placement, cassette):
    """With the page, the password, a denial and refusals in it: no secret in any spelling, and twice the same."""
    seen = []

    def refused(signs, *, auth=None):
        with requests.Session() as session:
            session.auth = auth or signs
            session.cookies.set("sid", "the cookie's secret")
            return session.post(root + "/api/resource", {"q": "1", "password": "pass+word"}).status_code

    def dance(consumer, approve, deny):
        flow = OAuthFlow(
            consumer, f"{root}/oauth/request_token", f"{root}/oauth/authorize", f"{root}/oauth/access_token",
            placement=placement, callback="https://app.example/back",
        )  # fmt: skip
        request_token = flow.fetch_request_token()
        back = approve(flow.authorization_url(request_token))
        verifier = flow.parse_callback(back, request_token)
        token = flow.fetch_access_token(request_token, verifier)
        denied = flow.fetch_request_token()
        with pytest.raises(ProviderError) as caught:
            flow.parse_callback(deny(flow.authorization_url(denied)), denied)
        seen.extend(
            [request_token.secret, verifier, token.secret, denied.secret, token.key, request_token.key, denied.key]
        )
        wrong = refused(flow.hook(AccessToken(token.key, "another secret")))
        return caught.value.problem, wrong, refused(None, auth=("alice", "basic pass"))

    with serve(clock=lambda: NOW) as provider:
        root = provider.url
        secrets = [
            provider.consumer.secret,
            provider.user.password,
            "pass+word",
            "the cookie's secret",
            "alice:basic pass",
        ]
        for name in ("one.yaml", "two.yaml"):
            with cassette.use(name, match_on=EVERYTHING, **SCRUBBING):
                live = dance(provider.consumer, provider.approve, provider.deny)
    assert live == ("user_refused", 401, 401)
    for name in ("one.yaml", "two.yaml"):
        for secret in [*secrets, *seen, provider.consumer.key]:
            assert not [spelling for spelling in every_spelling(secret) if spelling in cassette.text(name)]
    assert cassette.text("one.yaml") == cassette.text("two.yaml")
    with cassette.use("one.yaml", match_on=EVERYTHING, **SCRUBBING) as replayed:
        assert dance(Consumer("another", "one"), provider.approve, provider.deny) == live
    assert replayed.all_played


def test_scrubbing_leaves_what_is_sent_and_received_alone(cassette, oauth_provider):
    """While it records, the server gets real credentials, and the caller the real response."""
    flow = flow_of(oauth_provider.consumer, oauth_provider.url, "header")
    with cassette.use(**SCRUBBING):
        token = flow.fetch_request_token()
    assert oauth_provider.approve(flow.authorization_url(token))
    assert token.secret not in cassette.text()


def test_responses_recorder_is_scrubbed_as_text(tmp_path, oauth_provider):
    """A file of responses' recorder goes through ``scrub_text`` as it is, and replays."""
    responses = pytest.importorskip("responses", reason="responses is not installed")
    recording = pytest.importorskip("responses._recorder", reason="this responses has no recorder")
    file, consumer = tmp_path / "answers.yaml", oauth_provider.consumer
    signs = OAuthHook(None, None, consumer.key, consumer.secret, header_auth=True, callback="oob")

    @recording.record(file_path=file)
    def record():
        return requests.post(oauth_provider.request_token_url, auth=signs).text

    secret = record().partition("oauth_token_secret=")[2].partition("&")[0]
    assert secret in file.read_text()
    file.write_text(scrub_text(file.read_text()))
    assert secret not in file.read_text()
    with responses.RequestsMock() as mock:
        mock._add_from_file(file)
        answer = requests.post(oauth_provider.request_token_url, auth=signs).text
    assert answer.strip() == "oauth_token=***&oauth_token_secret=***&oauth_callback_confirmed=true"


SCRUBBED = [
    (  # the header; what is no credential stays
        'OAuth realm="R", oauth_consumer_key="c", oauth_token="t%20", oauth_signature_method="HMAC-SHA1", '
        'oauth_version="1.0", oauth_nonce="n", oauth_timestamp="1", oauth_signature="a%2Bb%3D"',
        'OAuth realm="R", oauth_consumer_key="***", oauth_token="***", oauth_signature_method="HMAC-SHA1", '
        'oauth_version="1.0", oauth_nonce="***", oauth_timestamp="***", oauth_signature="***"',
    ),
    ("OAuth oauth_token=abc, oauth_version=1.0", "OAuth oauth_token=***, oauth_version=1.0"),
    (  # an address; the rest of it stays as it is spelled
        "https://h/p;x=1?a=%7e&oauth_token=t&b&oauth_signature=s%3D&c=+",
        "https://h/p;x=1?a=%7e&oauth_token=***&b&oauth_signature=***&c=+",
    ),
    ("https://h/cb?oauth_token=t&oauth_verifier=v", "https://h/cb?oauth_token=***&oauth_verifier=***"),
    (  # a token's answer, sloppily escaped, with a line feed
        "oauth_token=a,b;'c&oauth_token_secret=x}y&oauth_callback_confirmed=true&user_id=1\n",
        "oauth_token=***&oauth_token_secret=***&oauth_callback_confirmed=true&user_id=1\n",
    ),
    ("a=1&oauth%5Ftoken=t&oauth_problem=token_rejected", "a=1&oauth%5Ftoken=***&oauth_problem=token_rejected"),
    ("x_auth_username=u&x_auth_password=p&x_auth_mode=m", "x_auth_username=***&x_auth_password=***&x_auth_mode=m"),
    (  # JSON stays JSON
        '{"oauth_token": "a\\/b\\"c", "oauth_token_secret":12, "my_oauth_token": "x", "oauth_verifier": null}',
        '{"oauth_token": "***", "oauth_token_secret":"***", "my_oauth_token": "x", "oauth_verifier": null}',
    ),
    ('{"client_id": "i", "client_secret": "s"}', '{"client_id": "***", "client_secret": "***"}'),
    (r'{"body": "{\"oauth_token\": \"a,b\", \"b\": 1}"}', r'{"body": "{\"oauth_token\": \"***\", \"b\": 1}"}'),
    (  # a base string, by itself and in a refusal
        "GET&http%3A%2F%2Fh%2F&a%3D1%26oauth_nonce%3Dn%26oauth_signature_method%3DPLAINTEXT%26oauth_token%3Dt",
        "GET&http%3A%2F%2Fh%2F&a%3D1%26oauth_nonce%3D***%26oauth_signature_method%3DPLAINTEXT%26oauth_token%3D***",
    ),
    (
        "oauth_problem=signature_invalid&sbs=GET%26http%253A%252F%252Fh%26oauth_token%253Dt%2526x%253D1",
        "oauth_problem=signature_invalid&sbs=GET%26http%253A%252F%252Fh%26oauth_token%253D***%2526x%253D1",
    ),
    ('<a href="/cb?oauth_token=t&amp;oauth_verifier=1">', '<a href="/cb?oauth_token=***&amp;oauth_verifier=***">'),
    # what a user comes back with: behind a fragment, as a denial
    ("https://h/cb#oauth_verifier=v&a=1", "https://h/cb#oauth_verifier=***&a=1"),
    ("https://h/cb?a=1#oauth_verifier=v", "https://h/cb?a=1#oauth_verifier=***"),
    ("https://h/cb?denied=t", "https://h/cb?denied=***"),
    ('<a href="/cb?denied=t&amp;a=1">', '<a href="/cb?denied=***&amp;a=1">'),
    (
        '{"denied": true, "denied_count": 2, "token": "a word"}',
        '{"denied": true, "denied_count": 2, "token": "a word"}',
    ),
    # E*TRADE's names; a key by itself is none of ours
    ("https://us.etrade.example/authorize?key=k&token=t", "https://us.etrade.example/authorize?key=***&token=***"),
    ("https://h/find?key=colour&sort_key=a", "https://h/find?key=colour&sort_key=a"),
    # XML, with and without a namespace, and what is in HTML forms
    (
        "<r><oauth_token>t</oauth_token><o:oauth_token_secret a='1'>s</o:oauth_token_secret><oauth_version>1.0"
        "</oauth_version><oauth_token><![CDATA[t]]></oauth_token><oauth_verifier/></r>",
        "<r><oauth_token>***</oauth_token><o:oauth_token_secret a='1'>***</o:oauth_token_secret><oauth_version>1.0"
        "</oauth_version><oauth_token>***</oauth_token><oauth_verifier/></r>",
    ),
    ('<input type="hidden" name="oauth_token" value="t"/>', '<input type="hidden" name="oauth_token" value="***"/>'),
    ("<input value='p' name=password>", "<input value='***' name=password>"),
    ('<input name="q" value="oauth_token">', '<input name="q" value="oauth_token">'),
    (  # repr
        "{'oauth_token': 't,', b'oauth_token_secret': b's\\'', 'oauth_verifier': None, 'oauth_version': '1.0'}",
        "{'oauth_token': '***', b'oauth_token_secret': b'***', 'oauth_verifier': None, 'oauth_version': '1.0'}",
    ),
    ("{'oauth_nonce': 12, 'a': 1}", "{'oauth_nonce': '***', 'a': 1}"),
    # passwords, and keys by other names
    ("name=alice&password=p%26&answer=allow", "name=alice&password=***&answer=allow"),
    ('{"name": "alice", "new_password": "p"}', '{"name": "alice", "new_password": "***"}'),
    ('{"consumer_key": "k", "consumerSecret": "s"}', '{"consumer_key": "***", "consumerSecret": "***"}'),
    (
        '{"access_token": "t", "tokens": 2, "next_page_token": "n"}',
        '{"access_token": "***", "tokens": 2, "next_page_token": "n"}',
    ),
    ("https://alice:p@h/x?a=b@c", "https://***@h/x?a=b@c"),
    ("see https://alice:p@h/ and mail a@b", "see https://***@h/ and mail a@b"),
    ("  Authorization:\n  - Basic YWxpY2U6cA==\n", "  Authorization:\n  - Basic ***\n"),
    ("the authorization: basic rules, a password is needed", "the authorization: basic ***, a password is needed"),
    # headers in a text: lines of HTTP, members of JSON
    (
        "GET / HTTP/1.1\r\nCookie: sid=s1; a=b\r\nX-Api-Key: k\r\n",
        "GET / HTTP/1.1\r\nCookie: sid=***; a=***\r\nX-Api-Key: ***\r\n",
    ),
    ('Authorization: Digest username="u", response="6629f"', "Authorization: Digest ***"),
    (
        '{"headers": {"X-Auth-Token": ["t1"], "Authorization": "ApiKey a1", "Cookie": "sid=\\"s\\"", "Accept": "*/*"}}',
        '{"headers": {"X-Auth-Token": ["***"], "Authorization": "ApiKey ***", "Cookie": "sid=***", "Accept": "*/*"}}',
    ),
    ("x-auth-service-provider: https://h/verify", "x-auth-service-provider: https://h/verify"),
    # escaped names, and headers within JSON
    ("a=1&oauth%5Ftoken=t%20u,v&b=2", "a=1&oauth%5Ftoken=***&b=2"),
    (
        r'{"headers": "Authorization: OAuth realm=\"r\", oauth_token=\"t\", oauth_version=\"1.0\""}',
        r'{"headers": "Authorization: OAuth realm=\"r\", oauth_token=\"***\", oauth_version=\"1.0\""}',
    ),
    ('{"oauth_token": ["t", "u"], "a": 1}', '{"oauth_token": "***", "a": 1}'),
    ("<input value='p&amp;q' name=password>", "<input value='***' name=password>"),
    # what ends where it seems to end twice
    ("<oauth_token_secret><![CDATA[a]b]]></oauth_token_secret>", "<oauth_token_secret>***</oauth_token_secret>"),
    ("https://user:p@ss@host/", "https://***@host/"),
    ("nothing of ours: secret=1", "nothing of ours: secret=1"),
    ("", ""),
]


@pytest.mark.promise("recordings-have-no-credentials")
@pytest.mark.parametrize(("text", "scrubbed"), SCRUBBED)
def test_what_is_scrubbed(text, scrubbed):
    """Credentials go, all else stays byte for byte; scrubbing twice is scrubbing once."""
    assert scrub_text(text) == scrubbed
    assert scrub_text(scrubbed) == scrubbed


@pytest.mark.promise("strangers-are-read-in-linear-time")
@pytest.mark.parametrize(
    "text",
    ["<oauth_token><![CDATA[" * 20_000, "Cookie: " + " " * 60_000, "http://" * 20_000, "Cookie:" * 20_000,
     '{"cookie":' + " " * 60_000, '{"cookie": [' + " " * 60_000, ('{"cookie":' + " " * 300) * 200, "<" * 60_000,
     '"authorization"' + " " * 60_000, "oauth_" * 10_000, "oauth_a%3D" + "%25" * 20_000, "x-" * 30_000 + "=",
     '"x-' + "a-" * 30_000, "authorization:" + " " * 60_000, "a_secret" + " " * 60_000, "secret" * 10_000 + " = ",
     "<oauth_token>" * 5_000, "name=" * 12_000, "?a" * 30_000, "//a" * 20_000, "oauth_a='\\" * 10_000,
     "\nCookie: a" * 20_000, '"cookie": "' * 20_000, "oauth_token" * 20_000, "<input name=" * 20_000],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_scrubbing_takes_no_longer_than_the_text_is_long(text):
    """What looks like the beginning of a credential again and again is read in a few seconds at most."""
    start = time.thread_time()
    scrub_text(text)
    assert time.thread_time() - start < SECONDS


def test_a_cookie_of_spaces_takes_no_longer():
    """A header of spaces is read once."""
    request = SimpleNamespace(uri="http://h/", headers={"Cookie": " " * 60_000}, body=None)
    start = time.thread_time()
    scrub_request(request)
    assert time.thread_time() - start < SECONDS


def test_more_can_be_named():
    """What a server repeats under another name goes where it is said, escaped or not."""
    assert scrub_text('{"token": "to/ken", "q": "to%2Fken"}', ["to/ken"]) == '{"token": "***", "q": "***"}'
    response = {"status": {"code": 200}, "headers": {"X-Token": ["to/ken"]}, "body": {"string": b"for to/ken"}}
    assert scrub_response(response, ["to/ken"]) == {
        "status": {"code": 200}, "headers": {"X-Token": ["***"]}, "body": {"string": b"for ***"},
    }  # fmt: skip


HEADERS = [
    ("Authorization", "Basic YWxpY2U6cA==", "Basic ***"),
    ("authorization", "Bearer t", "Bearer ***"),
    ("Authorization", "t", "***"),
    ("Proxy-Authorization", 'Digest username="alice", response="r"', "Digest ***"),
    ("Authorization", 'OAuth oauth_token="t", oauth_version="1.0"', 'OAuth oauth_token="***", oauth_version="1.0"'),
    ("X-Verify-Credentials-Authorization", 'OAuth oauth_token="t"', 'OAuth oauth_token="***"'),
    ("X-Auth-Service-Provider", "https://h/1/me.json", "https://h/1/me.json"),
    ("X-Auth-Token", "t", "***"),
    ("X-Auth-Key", "k", "***"),
    ("X-Api-Key", "k", "***"),
    ("X-CSRF-Token", "t", "***"),
    ("Token", "t", "***"),
    ("X-Token-Count", "2", "2"),
    ("Cookie", "sid=s; lang=en", "sid=***; lang=***"),
    ("Set-Cookie", "sid=s=1; Path=/; HttpOnly", "sid=***; Path=/; HttpOnly"),
    ("Set-Cookie", "sid=; Path=/; Max-Age=0", "sid=; Path=/; Max-Age=0"),
    ("Location", "https://h/cb?a=1&oauth_verifier=v", "https://h/cb?a=1&oauth_verifier=***"),
    ("Referer", "https://h/cb?denied=t", "https://h/cb?denied=***"),
    ("WWW-Authenticate", 'OAuth realm="r", oauth_problem="x"', 'OAuth realm="r", oauth_problem="x"'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "scrubbed"), HEADERS)
def test_which_headers_are_scrubbed(name, value, scrubbed):
    """Other schemes' credentials and cookies go, in requests and responses; their schemes and names stay."""
    made = scrub_response({"headers": {name: [value], "X-Else": value.encode()}, "body": {"string": b""}})
    assert made["headers"][name] == [scrubbed]
    request = SimpleNamespace(uri="https://h/", headers={name: value, name.upper(): value.encode()}, body=None)
    assert scrub_request(request).headers == {name: scrubbed, name.upper(): scrubbed.encode()}


def answer_of(body, coding, length=True):
    headers = {"Content-Type": ["text/plain"], "content-encoding": [coding]}
    return {
        "status": {"code": 200, "message": "OK"},
        "headers": headers | ({"Content-Length": [str(len(body))]} if length else {}),
        "body": {"string": body},
    }


ANSWER = b"oauth_token=t&oauth_token_secret=s"
CODINGS = {
    "gzip": gzip.compress(ANSWER),
    "GZIP ": gzip.compress(ANSWER),
    "deflate": zlib.compress(ANSWER),
    "identity": ANSWER,
    "deflate raw": zlib.compress(ANSWER)[2:-4],
    "gzip that vcrpy has decoded": ANSWER,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_compressed_answers_are_scrubbed(coding):
    """What was compressed is kept plain, with the right length; the given response is not changed."""
    given = answer_of(CODINGS[coding], coding.partition(" ")[0] if " " in coding.strip() else coding)
    before = json.dumps(given, default=repr)
    scrubbed = scrub_response(given)
    assert scrubbed["body"]["string"] == b"oauth_token=***&oauth_token_secret=***"
    assert scrubbed["headers"] == {"Content-Type": ["text/plain"], "Content-Length": ["38"]}
    assert json.dumps(given, default=repr) == before


def test_compressed_answers_without_credentials_stay_compressed():
    """Where there is nothing to take out, the bytes are as they were."""
    given = answer_of(gzip.compress(b"a=1"), "gzip")
    assert scrub_response(given) == given


def test_what_nobody_can_look_into_is_refused():
    """A coding that is not known here might hide credentials: an error says what to set."""
    with pytest.raises(UsageError, match="decode_compressed_response"):
        scrub_response(answer_of(base64.b64encode(ANSWER), "br"))
    assert scrub_response(answer_of(b"", "br"))["body"]["string"] == b""


def test_bodies_that_are_no_text_stay(cassette, server):
    """Octets of any kind, and streams, are recorded as they are."""
    octets = bytes(range(256)) * 10
    server.answer = lambda request: (200, {"Content-Type": "image/png"}, octets)
    with cassette.use(**SCRUBBING):
        assert requests.post(server.url, data=iter([b"\xff", b"\0"]), auth=hook()).content == octets
    with cassette.use(**SCRUBBING):
        assert requests.post(server.url, data=iter([b"\xff", b"\0"]), auth=hook()).content == octets
    assert (server.last.body, len(server.received)) == (b"\xff\0", 1)


# --- the fixture ---

PAGE = Path(__file__).parent.parent.parent / "docs" / "howto" / "tests.rst"

MORE = """

@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_its_own(number, oauth_provider, request):
    request.config.seen = [*getattr(request.config, "seen", []), oauth_provider.consumer.key]
    assert len(set(request.config.seen)) == number
"""


def project_of_the_page():
    """Return the test file that the page on tests shows."""
    block = PAGE.read_text(encoding="utf-8").partition(":caption: test_mine.py\n")[2]
    lines = itertools.takewhile(lambda line: not line.strip() or line.startswith("   "), block.splitlines())
    return textwrap.dedent("\n".join(lines)) + MORE


def pytest_in(folder, *arguments, **environment):
    """Run pytest in a project of somebody's."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OAUTH_", "COVERAGE_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments], cwd=folder,
        capture_output=True, text=True, timeout=100, check=False, env={**clean, **environment},
    )  # fmt: skip


def test_the_fixture_in_a_project_of_ones_own(tmp_path):
    """The file on the page runs: authorized without a browser, denied, several users; each test has a provider."""
    (tmp_path / "test_mine.py").write_text(project_of_the_page())
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    done = pytest_in(tmp_path, NO_PROXY="127.0.0.1")
    assert "7 passed" in done.stdout, (done.stdout, done.stderr)


def test_the_fixture_costs_nothing_where_it_is_not_used(tmp_path):
    """Then neither requests, oauthlib, sqlite3 nor the provider is loaded, by the plugin alone."""
    (tmp_path / "test_mine.py").write_text("def test_nothing():\n    pass\n")
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent("""
            import sys

            def pytest_unconfigure():
                names = ("requests", "oauthlib", "sqlite3", "http.server", "oauth_hook")
                print("LOADED", sorted(n for n in sys.modules if n.startswith(names)))
            """)
    )
    done = pytest_in(tmp_path, "-p", "oauth_hook.provider.pytest_plugin", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert "1 passed" in done.stdout, (done.stdout, done.stderr)
    loaded = done.stdout.partition("LOADED ")[2].splitlines()[0]
    ours = ["oauth_hook", "oauth_hook.provider", "oauth_hook.provider.pytest_plugin", "oauth_hook.version"]
    assert loaded == repr(ours)
