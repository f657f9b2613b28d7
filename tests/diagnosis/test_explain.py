"""Where people meet an explanation: the hook, a refused token request, the demo, the command."""

from __future__ import annotations

import contextlib
import enum
import json
import pickle
import time
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import for_each

import oauth_hook
from oauth_hook import AccessToken, Consumer, OAuthFlow, OAuthHook, ProviderError, UsageError, cli, explain

DATA = {"status": "Yay! It works!", "a": ["1", "2"], "empty": ""}


@pytest.fixture
def token(oauth_provider):
    return oauth_provider.add_token()


def hook_of(provider, token, **more):
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


@for_each("placement", ["header", "query", "url-encoded", "header+url-encoded"])
@for_each(
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
        assert "with a space after the token's secret" in requests.utils.unquote(response.text)
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


def test_the_demo_explains_its_refusals(capsys):
    """The demo's changed requests are refused, and each is explained."""
    assert cli.main(["demo"]) == 0
    out = capsys.readouterr().out
    assert out.count("amount: 10 was signed, 99 was sent") == 2
    assert "why: query-changed (proven)" in out
    assert "why: body-changed (proven)" in out


def test_the_command_explains_a_refusal_by_itself(oauth_provider, token, monkeypatch, capsys):
    """``oauth-hook request`` says on standard error why it was refused; standard output has the answer alone."""
    environment = {
        "OAUTH_CONSUMER_KEY": oauth_provider.consumer.key, "OAUTH_CONSUMER_SECRET": oauth_provider.consumer.secret,
        "OAUTH_TOKEN": token.key, "OAUTH_TOKEN_SECRET": f"{token.secret} ",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["request", "GET", oauth_provider.resource_url]) == 1
    done = capsys.readouterr()
    assert "1. secret-whitespace" in done.err
    assert done.out.startswith("oauth_problem=signature_invalid")
    assert token.secret not in done.out + done.err
    assert cli.main(["request", "GET", f"{oauth_provider.url}/none"]) == 1
    said = capsys.readouterr().err
    assert "1. no-cause-found" in said  # OAuth has nothing to do with it: where to look is said
    assert "Look at the URL" in said


def test_a_server_cannot_steer_the_terminal(server):
    """What a server says is shown without its control characters."""
    server.answer = lambda request: (401, {"Content-Type": "text/plain"}, b"no \x1b[2J\x07 signature \xc2\x9b31m")
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    with requests.get(server.url, auth=hook) as response:
        explanation = hook.explain(response)
    assert all(c.isprintable() or c == "\n" for c in str(explanation) + explanation.brief)


# --- what is left as it is ---


def test_a_callers_files_are_left_unread(tmp_path):
    """``prepare`` would read files and leave them at their end: an explanation of a Request does not."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 1000)
    stream = (piece for piece in [b"one", b"two"])
    with path.open("rb") as first, path.open("rb") as second, path.open("rb") as third:
        second.seek(10)
        hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
        requests_of_a_caller = [
            requests.Request("POST", "https://h.example/a", files={"a": first, "b": ("n", second)}, auth=hook),
            requests.Request("POST", "https://h.example/a", files=[("a", ("n", first, "text/plain"))], data={"x": "1"}),
            requests.Request("POST", "https://h.example/a", data=third),
            requests.Request("POST", "https://h.example/a", data=stream),
        ]
        for request in requests_of_a_caller:
            before = dict(vars(request))
            explain(request)
            assert vars(request) == before
        assert [first.tell(), second.tell(), third.tell()] == [0, 10, 0]
        assert explain(requests_of_a_caller[0]).findings[0].code == "no-cause-found"
    assert list(stream) == [b"one", b"two"]


@for_each(
    "what",
    [
        {"params": iter([("a", "1")])}, {"data": {"a": iter("12")}}, {"data": [("a", iter("12"))]},
        {"files": iter([("a", b"x")])}, {"data": iter([b"x"]), "files": {"a": b"x"}}, {"json": object()},
        {"json": {"a": float("nan")}}, {"headers": {"a": 5}}, {"files": {"a": b"x"}, "data": "x"}, {"cookies": 5},
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_prepared_is_not_used_up(what):
    """What can be read once is a UsageError rather than read; and so is what requests refuses."""
    once = [value for value in what.values() if hasattr(value, "__next__")]
    with pytest.raises(UsageError, match="prepare"):
        explain(requests.Request("POST", "https://h.example/a", **what))
    assert all(list(value) for value in once)


# --- what it was never meant for ---

TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from([
        "", "\ud800", "OAuth \udcff", 'OAuth oauth_signature="x"', 'OAuth oauth_timestamp="1", oauth_signature="%ff"',
        'OAuth oauth_signature="x", oauth_timestamp="' + "9" * 5000 + '"', 'OAuth oauth_token="\ud800"', "Basic \udcff",
        "&#" + "9" * 5000 + ";", "http://[", "http://[::1]@/", "https://h:99999999/", "https://h.example/?a=\udfff",
        "https://h.example/a?oauth_signature=" + quote("a&b"), "GET&https%3A%2F%2Fh%2F&a%3D1", "GET&http%3A%2F%2F&",
        "application/x-www-form-urlencoded", "Thu, 99 Jan 99999 99:99:99 +9999", "oauth_problem=timestamp_refused&x",
        '{"error": {"message": "\\ud800"}}', "{" * 5000, "[" * 70000, '{"error": ' + "9" * 5000 + "}", "%" * 50,
    ]),
)  # fmt: skip
ODD = st.one_of(
    st.none(), st.integers(), st.floats(), TEXT, st.binary(max_size=20), st.just(object()), st.lists(TEXT, max_size=2),
    st.builds(bytearray, st.binary(max_size=20)), TEXT.map(type("Text", (str,), {"__str__": lambda _: "another"})),
)  # fmt: skip
HEADERS = st.one_of(
    st.dictionaries(
        st.sampled_from(["Authorization", b"authorization", "Content-Type", "Host", "Date", "WWW-Authenticate", None]),
        st.one_of(TEXT, ODD),
    ),
    ODD,
)
THINGS = st.fixed_dictionaries(
    {"method": st.one_of(st.sampled_from(["GET", b"POST"]), ODD), "url": st.one_of(TEXT, ODD), "headers": HEADERS},
    optional={"body": ODD, "_content": ODD, "base_string": ODD, "is_cross_origin": ODD},
)
ANSWERS = st.fixed_dictionaries(
    {"status_code": st.one_of(st.sampled_from([200, 302, 400, 401, 500]), ODD)},
    optional={
        "headers": HEADERS, "reason": ODD, "_content": st.one_of(ODD, TEXT.map(lambda t: t.encode("utf-8", "replace"))),
        "history": ODD, "raw": ODD,
    },
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(THINGS, ANSWERS, st.booleans(), st.one_of(st.none(), TEXT), st.one_of(st.none(), TEXT))
def test_nothing_raises(request, answer, loops, base_string, signature):
    """Whatever attributes a request and an answer have, there is an explanation, or a UsageError."""
    asked = SimpleNamespace(**request)
    answered = SimpleNamespace(**{"history": [], **answer, "request": asked})
    if loops and isinstance(answered.history, list):
        answered.history += [answered, None, SimpleNamespace(request=5), answered]
    for thing in (asked, answered):
        with contextlib.suppress(UsageError):
            explanation = explain(thing, Consumer("c", "consumer-hunter2"), None, base_string, signature)
            assert explanation.findings
            f"{explanation}{explanation.brief}{json.dumps(explanation.to_dict())}{explanation.to_html()}".encode()


class Unready:
    """What httpx has: attributes that raise until they are there."""

    method, url, status_code = "GET", "https://h.example/", 401

    @property
    def request(self):
        raise RuntimeError("not set")

    body = headers = history = _content = raw = request


def test_attributes_that_cannot_be_had_yet():
    """An attribute that raises is taken for absent."""
    assert explain(Unready()).findings[0].code == "no-cause-found"
    asked = type("Asked", (Unready,), {"status_code": property(lambda self: {}["absent"])})
    assert explain(asked()).findings[0].code == "unsigned"


@for_each(
    "arguments",
    [
        {"consumer": Consumer("\ud800", "x")}, {"token": AccessToken("\ud800", "x")}, {"signing_key": 5},
        {"signing_key": "\ud800"}, {"server_base_string": "\ud800"}, {"server_signature": "\ud800"},
    ],
)  # fmt: skip
def test_arguments_that_nothing_could_sign_with(arguments):
    """They are a UsageError."""
    with pytest.raises(UsageError):
        explain(requests.Request("GET", "https://h.example/").prepare(), **arguments)


@pytest.mark.parametrize("text", ["&#{};", "<h1>&#{};</h1>", "GET&https%3A%2F%2Fh%2F&a%3D&#{};", '{{"error": {}}}'])
def test_a_number_without_end(text):
    """``int`` refuses thousands of digits with an error, and ``html.unescape`` with it: an explanation does not."""
    text = text.format("9" * 5000)
    response = of_status(401, "", HOOK(requests.Request("GET", "https://h.example/").prepare()))
    response._content = text.encode()
    response.headers["WWW-Authenticate"] = f'OAuth oauth_problem="{text}", error="{text}"'
    assert explain(response, server_base_string=text).findings
    endless = f'oauth_timestamp="{"9" * 5000}'
    response.request.headers["Authorization"] = AUTHORIZATION.replace('oauth_timestamp="', endless)
    assert explain(response, token=AccessToken("t", "x", expires_at=1.0)).findings


def test_what_a_server_says_can_be_carried_on():
    """JSON may put lone surrogates into words, which no encoding can carry: they are not in what is said of them."""
    response = of_status(401, "", HOOK(requests.Request("GET", "https://h.example/").prepare()))
    response._content = b'{"error": "bad", "message": "no \\ud800 token"}'
    explanation = explain(response)
    assert "no ? token" in explanation.response.encode().decode()
    json.dumps(explanation.to_dict(), ensure_ascii=False).encode()


def test_a_long_value_is_cut_short():
    """A line of evidence stays one that people can read."""
    for key in ("k" * 100_000, "k " * 50_000):
        request = HOOK(requests.Request("GET", "https://h.example/").prepare())
        request.headers["Authorization"] = AUTHORIZATION.replace('consumer_key="c"', f'consumer_key="{key}"')
        first = explain(request, Consumer("c", "consumer-hunter2")).findings[0]
        assert first.code == "consumer-key"
        assert all(len(line) <= 2000 for line in first.evidence)


def test_what_no_header_could_carry():
    """A HAR may have lone surrogates: that is why such a request cannot be read."""
    for request in (
        SimpleNamespace(
            method="GET\ud800", url="https://h.example/", headers={"Authorization": 'OAuth oauth_token="t"'}
        ),
        SimpleNamespace(method="GET", url="https://h.example/\ud800", headers={}),
        SimpleNamespace(
            method="GET", url="https://h.example/", headers={"Authorization": 'OAuth oauth_token="\ud800"'}
        ),
    ):
        first = explain(request).findings[0]
        assert (first.code, "surrogate" in first.evidence[0]) == ("unsigned", True)


def test_methods_in_bytes_and_of_ones_own_type():
    """niquests and httpx have bytes in places; enumerations are text that says something else of itself."""
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2", placement="header")
    signed = hook(requests.Request("GET", "https://h.example/a?b=1").prepare())
    methods = enum.Enum("Method", {"GET": "GET"}, type=str)
    for method in (b"GET", methods.GET):
        headers = {name.encode(): value.encode() for name, value in signed.headers.items()}
        request = SimpleNamespace(method=method, url=signed.url, headers=headers, body=None)
        assert [finding.code for finding in hook.explain(request).findings] == ["no-cause-found"]


# --- what else it says ---


def of_status(status, location, request):
    response = requests.Response()
    response.status_code, response._content, response.request = status, b"", request
    response.headers["Location"] = location
    return response


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_that_nobody_followed(status):
    """One for good names another address; one for the time being is no cause of anything."""
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    request = hook(requests.Request("GET", "https://h.example/a?b=1").prepare())
    found = hook.explain(of_status(status, "https://other.example/c?d=1", request)).findings[0]
    assert found.code == ("redirected" if status in (301, 307, 308) else "no-cause-found")
    assert ("https://other.example/c" in str(found.evidence)) == (status in (301, 307, 308))


def test_a_request_that_a_redirect_led_abroad(server, abroad):
    """The request that arrived abroad is told so by itself, without the answers before it."""
    server.answer = lambda request: (302, {"Location": f"{abroad.url}/there"}, b"")
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    with requests.get(server.url, auth=hook) as response:
        found = explain(response.request).findings[0]
    assert (found.code, found.evidence) == ("redirected", ())


@pytest.mark.parametrize(
    ("off", "code"), [(0, "consumer-secret"), (299, "consumer-secret"), (301, "clock-skew"), (-301, "clock-skew")]
)
def test_a_clock_that_is_five_minutes_off(off, code):
    """A server takes that much; what is further off may be the cause."""
    consumer, date = Consumer("c", "consumer-hunter2"), "Tue, 14 Nov 2023 22:13:20 GMT"
    signed = oauth_hook.sign("GET", "https://h.example/", consumer=consumer, timestamp=1_700_000_000 + off)
    request = SimpleNamespace(method="GET", url=signed.url, headers=signed.headers, body=None)
    response = of_status(401, "", request)
    response.headers["Date"] = date
    explanation = explain(response, consumer)
    assert explanation.findings[0].code == code
    assert any("the clock" in text for text in explanation.ruled_out) == (code != "clock-skew")


def test_a_reason_that_echoes_a_secret(oauth_provider):
    """The answer in a line has the reason phrase, and no secret in it."""
    response = of_status(401, "", requests.Request("GET", "https://h.example/").prepare())
    response.reason = "No consumer-hunter2 Here"
    assert explain(response, Consumer("c", "consumer-hunter2")).response == "401 No *** Here"
    assert explain(response).response == "401 No consumer-hunter2 Here"


def test_the_table_where_nothing_was_compared():
    """It has the request's own parts, once; the base string is there to be compared by hand."""
    request = OAuthHook("t", "x", "c", "y")(requests.Request("GET", "https://h.example/p?b=2&a=1&password=p").prepare())
    request.oauth_state = request.oauth_state._replace(base_string="")
    explanation = explain(request)
    rows = [(row.name, row.left) for row in explanation.comparison.rows][:9]
    assert rows[:5] == [("method", "GET"), ("scheme", "https"), ("host", "h.example"), ("port", ""), ("path", "/p")]
    assert rows[5:7] == [("a", "1"), ("b", "2")]
    assert not any(row.differs for row in explanation.comparison.rows)
    assert (explanation.comparison.left, explanation.comparison.right) == ("the request", "the request")
    assert explanation.base_string.startswith(
        "GET&https%3A%2F%2Fh.example%2Fp&a%3D1%26b%3D2%26oauth_consumer_key%3Dc%26"
    )
    assert explanation.base_string.endswith("%26password%3D***")
    assert str(explanation).count("h.example") == 2  # the request's line, and the table


def test_an_answer_that_was_not_read_yet(server):
    """With ``stream=True`` the body is the caller's to read: it is left alone, and said so."""
    server.answer = lambda request: (401, {}, b"timestamp refused")
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    with requests.get(server.url, auth=hook, stream=True) as response:
        explanation = hook.explain(response)
        assert any("stream=True" in line for line in explanation.findings[0].evidence)
        assert response.content == b"timestamp refused"
        assert not any("stream=True" in line for line in hook.explain(response).findings[0].evidence)


def test_words_of_an_address_that_gives_tokens():
    """There, an answer is about OAuth, whatever it says else."""
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    for path, code in (("oauth/access_token", "token-key"), ("things", "no-cause-found")):
        request = hook(requests.Request("GET", f"https://h.example/{path}?oauth_verifier=x").prepare())
        response = of_status(403, "", request)
        response._content = b"Sorry, we could not go on with what you sent: your key has an unknown token"
        assert hook.explain(response).findings[0].code == code


# --- what is large ---

MANY = 1 << 18
HOOK = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2", placement="header")
AUTHORIZATION = HOOK(requests.Request("GET", "https://h.example/").prepare()).headers["Authorization"]
LARGE = {
    "header of one value": {"headers": {"Authorization": f'{AUTHORIZATION}, x="{"y" * MANY}"'}},
    "header of many values": {
        "headers": {"Authorization": f"{AUTHORIZATION}, " + ", ".join(f'n{i}="v"' for i in range(MANY // 12))}
    },
    "header of no sense": {"headers": {"Authorization": "x" * MANY}},
    "path": {"url": "https://h.example/" + "a/" * (MANY // 2)},
    "path of escapes": {"url": "https://h.example/" + "%2525" * (MANY // 5)},
    "query": {"url": "https://h.example/?" + "&".join(f"n{i}=v{i}" for i in range(MANY // 12))},
    "query of one name": {"url": "https://h.example/?" + "a=b&" * (MANY // 4)},
    "colons": {"url": "https://h.example/" + ":" * MANY + "@"},
    "passwords": {"url": "https://h.example/?" + "&".join(f"password{i}=v{i:05}" for i in range(MANY // 20))},
    "headers": {"headers": {"Authorization": AUTHORIZATION} | {f"x-{i}": "v" * 50 for i in range(10_000)}},
    "JSON": {"body": json.dumps({f"password{i}": f"v{i:05}" for i in range(9000)})},
}
K = 1 << 16
PAGES = [
    "%25" * (K // 3), "\\" * K, "&amp;" * (K // 5), 'secret="' * (K // 8), '{"secret":"' * (K // 11), "<" * K,
    "<secret " * (K // 8), "//a@" * (K // 4), "secret" + " " * K, "GET&https%3A%2F%2F" * (K // 18), "a" * K,
    "consumer-hunter2 " * (K // 17), "".join(f"%{o:02x}" for o in b"consumer-hunter2") * (K // 48), "&#" + "0" * K,
]  # fmt: skip


def explain_timed(*arguments):
    """Return an explanation and how long it takes, in this thread's time: other processes do not count."""
    begin = time.thread_time()
    explanation = explain(*arguments)
    _ = str(explanation), explanation.to_dict()
    return explanation, time.thread_time() - begin


@for_each("what", LARGE.values(), ids=LARGE)
def test_a_large_request(what):
    """A quarter of a megabyte is explained in a quarter of a second, and what is shown of it stays small."""
    usual = {"method": "POST", "url": "https://h.example/", "headers": {"Authorization": AUTHORIZATION}, "body": None}
    request = SimpleNamespace(**{**usual, **what})
    explanation, seconds = explain_timed(request)
    assert seconds < SLOW
    assert len(str(explanation)) < 125_000
    assert len(explanation.base_string) < 125_000


@pytest.mark.parametrize("length", [3, 30, 200])
def test_a_large_answer(length):
    """64 KB of what secrets are hard to take out of are explained in a quarter of a second, apart from the search."""
    token = AccessToken("t", ("%25" * length)[:length])
    hook = OAuthHook("t", token.secret, "c", "a" * length, placement="header")
    request = hook(requests.Request("GET", "https://h.example/").prepare())  # rightly: nothing is to be searched
    for page in PAGES:
        response = of_status(401, "", request)
        response._content = page.encode()
        assert explain_timed(response, Consumer("c", "a" * length), token)[1] < SLOW


def test_a_long_history():
    """The last hops of a chain are read."""
    responses = [of_status(302, "", HOOK(requests.Request("GET", "https://h.example/").prepare())) for _ in range(3)]
    responses[-1].history = responses[:2] * 50_000
    assert explain_timed(responses[-1])[1] < SLOW


# A quarter of it, on a machine that has nothing else to do: two processes on one core slow each other down, too.
SLOW = 1
