"""Redirects: every same-origin redirect carries a signature of its own, and nothing of ours goes cross-origin.

Home is the embedded provider, strict on nonce, timestamp and signature, with a redirect put
in front of its protected resource: it verifies a request first, and redirects it then.
"""

from __future__ import annotations

import copy
import pickle
import time
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
import requests
from redirecting import (
    COPIES,
    LOCATIONS,
    PLACEMENTS,
    PLACES,
    STATUSES,
    copy_to,
    gives_away,
    nothing_of_ours,
    read_sent,
)  # fmt: skip

import oauth_hook
from oauth_hook import (
    OAuthAdapter,
    OAuthHook,
    ProviderError,
    UsageError,
    extract_from_requests,
    inject_into_requests,
    verify,
)
from oauth_hook.hook.attach import SignedRequest
from oauth_hook.hook.redirects import NullHandler, RequestState, Status, strip
from oauth_hook.protocol.message import Message
from oauth_hook.protocol.signing import new_nonce
from oauth_hook.protocol.url import is_same_origin, parse_origin

WAYS = ["call", "stock session", "pre_request", "injected", "adapter", "adapter and auth"]


@contextmanager
def client(way, hook, base):
    """A way to send requests with a hook attached: a callable like ``requests.request``."""
    with oauth_hook.session() if way == "pre_request" else requests.Session() as session:
        if way == "call":
            yield lambda *args, **kwargs: requests.request(*args, auth=hook, timeout=10, **kwargs)
            return
        session.trust_env = False
        if way in ("stock session", "adapter and auth"):
            session.auth = hook
        if way in ("pre_request", "injected"):
            if way == "injected":
                inject_into_requests()
            session.hooks["pre_request"] = hook
        if way.startswith("adapter"):
            session.mount(base, OAuthAdapter(hook))
        try:
            yield lambda *args, **kwargs: session.request(*args, timeout=10, **kwargs)
        finally:
            extract_from_requests()


def hook_for(home, **more):
    return OAuthHook(home.token.key, home.token.secret, home.consumer.key, home.consumer.secret, **more)


def ask(home, hook, way, plan, method="GET", path="/hop", **content):
    """Send a request that is redirected as planned; return the response and what the provider saw."""
    home.redirecting.plan, home.redirecting.seen = list(plan), []
    with client(way, hook, home.url) as request:
        return request(method, home.resource_url + path, **content), home.redirecting.seen


CONTENT = {
    "GET": ("GET", {"params": {"a": "b c"}}),
    "form": ("POST", {"data": {"a": "b c", "é": "1"}}),
    "JSON": ("POST", {"json": {"a": 1}}),
}
HOME = [
    (status, placement, kind)
    for status in STATUSES
    for placement in PLACEMENTS
    for kind in CONTENT
    if not (placement == "body" and kind == "JSON")
]


@pytest.mark.parametrize(("status", "placement", "kind"), HOME)
def test_every_hop_at_home_is_signed_anew(status, placement, kind, home):
    """In every placement, for every status and body, a strict provider accepts each redirect as it arrives."""
    method, content = CONTENT[kind]
    plan = [(status, "/api/resource/hop/2?page=2"), (status, f"{home.resource_url}/end?x=%7e'[]")]
    response, seen = ask(home, hook_for(home, placement=placement), "stock session", plan, method, **content)
    assert [line[2][:3] for line in seen] == ["200", "200", "200"], seen
    assert response.status_code == 200
    assert [hop.status_code for hop in response.history] == [status, status]
    methods = [line[0] for line in seen]
    kept = status in (307, 308) or method == "GET"
    assert methods == [method, method if kept else "GET", method if kept else "GET"]
    echo = response.json()
    assert echo["user"] == "alice"
    assert ["x", "~'[]"] in echo["parameters"]
    if kept and kind == "form":
        assert ["a", "b c"] in echo["parameters"]
    if kept and kind == "JSON":
        assert echo["json"] == {"a": 1}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_way_of_attaching_follows(way, placement, home):
    """auth of a call, a stock session, pre_request, the injection and the adapter: each redirect has its own nonce."""
    plan = [(302, "/api/resource/hop/2"), (307, "//" + urlsplit(home.url).netloc + "/api/resource/end")]
    response, seen = ask(home, hook_for(home, placement=placement), way, plan, "POST", data={"a": "1"})
    assert [line[2][:3] for line in seen] == ["200", "200", "200"], seen
    went_out = [hop.request for hop in response.history] + [response.request]
    nonces = {
        (f"{request.headers.get('Authorization')}{request.url}{request.body}").partition("oauth_nonce=")[2][:26]
        for request in went_out
    }
    assert len(nonces) == 3
    assert [urlsplit(request.url).path for request in went_out] == [
        "/api/resource/hop", "/api/resource/hop/2", "/api/resource/end",
    ]  # fmt: skip


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("location", ["/api/resource/end?{query}", "/api/resource/end?page=2&oauth_nonce=old&{query}"])
def test_stale_parameters_echoed_back_are_replaced(placement, location, home):
    """A Location that echoes the request's own oauth_* parameters is signed without them."""
    response, seen = ask(
        home, hook_for(home, placement=placement), "stock session", [(302, location)], params={"a": "1"}
    )
    assert response.status_code == 200, seen
    assert ["a", "1"] in response.json()["parameters"]
    assert response.request.url.count("oauth_nonce") <= 1


@pytest.mark.parametrize(
    "where", ["/api/resource/a[1]", "/api/resource/caf%c3%a9", "/api/resource/caf\u00c3\u00a9", "end"]
)
def test_the_location_is_signed_as_urllib3_sends_it(where, home):
    """What requests and urllib3 make of a Location is what is signed: escapes, raw bytes, relative paths."""
    response, seen = ask(home, hook_for(home, header_auth=True), "stock session", [(302, where)], path="/hop/")
    assert [line[2][:3] for line in seen] == ["200", "200"], seen
    assert response.status_code == 200


def test_files_and_their_hash_follow(home, tmp_path):
    """A file's body is rewound, and its oauth_body_hash made of the whole of it, on each redirect."""
    path = tmp_path / "file"
    path.write_bytes(b"skip" + b"x" * 200_000)
    with path.open("rb") as file:
        file.seek(4)
        response, _ = ask(
            home, hook_for(home, header_auth=True, body_hash="sha256"), "stock session",
            [(307, "/api/resource/end")], "PUT", data=file,
        )  # fmt: skip
    assert response.json()["body_length"] == 200_000
    assert response.json()["oauth"]["body_hash"]


def test_without_redirects_the_answer_is_the_servers(home):
    """allow_redirects=False gives the server's own response; ``response.next`` is signed for where it goes."""
    hook = hook_for(home, header_auth=True)
    response, seen = ask(home, hook, "stock session", [(302, "/api/resource/end")], allow_redirects=False)
    assert (response.status_code, response.headers["Location"], response.history) == (302, "/api/resource/end", [])
    assert len(seen) == 1
    with requests.Session() as session:
        assert session.send(response.next).status_code == 200


def test_netrc_does_not_displace_the_signature(home, abroad, tmp_path, monkeypatch):
    """A .netrc entry for the host displaces no same-origin signature, and is taken cross-origin as requests would."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    home.redirecting.plan = [(302, "/api/resource/hop/2"), (302, abroad.url)]
    hook = hook_for(home, header_auth=True)
    assert requests.get(home.resource_url + "/hop", auth=hook).status_code == 200
    assert abroad.last.authorization.startswith("Basic ")
    assert home.redirecting.plan == []


def test_cookies_follow_as_ever(home):
    """Cookies that a redirect sets are sent with the next, as requests does it."""
    with requests.Session() as session:
        session.auth = hook_for(home, header_auth=True)
        session.cookies["c"] = "1"
        home.redirecting.plan = [(302, "/api/resource/end")]
        response = session.get(home.resource_url + "/hop")
    assert response.request.headers["Cookie"] == "c=1"


# --- abroad ---

ABROAD = [
    (location, placement, kind, status, method)
    for location in LOCATIONS
    for placement in PLACEMENTS
    for kind, status in (("GET", 302), ("form", 307), ("form", 303))
    for method in ("HMAC-SHA1", "PLAINTEXT")
]


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize(("location", "placement", "kind", "status", "method"), ABROAD)
def test_nothing_of_ours_goes_abroad(location, placement, kind, status, method, home, abroad):
    """Another origin gets no oauth_* parameter of ours, no key and no secret; all else goes there as ever."""
    target = LOCATIONS[location].replace("{abroad}", abroad.url).replace("{netloc}", urlsplit(abroad.url).netloc)
    target = target.replace("{port}", str(urlsplit(abroad.url).port)).replace("{home}", urlsplit(home.url).netloc)
    verb, content = CONTENT[kind]
    hook = hook_for(home, placement=placement, signature_method=method)
    response, seen = ask(home, hook, "stock session", [(status, target)], verb, **content)
    assert seen[0][2].startswith("200"), seen
    assert response.status_code == 200
    assert nothing_of_ours(home, abroad.last), abroad.last
    if status == 307:
        assert parse_qs(abroad.last.body.decode())["a"] == ["b c"]
        assert abroad.last.headers["content-length"] == str(len(abroad.last.body))
    if location == "with a query":
        assert abroad.last.target == "/?page=2"
    if location == "echoing the query" and kind == "GET":
        assert parse_qs(urlsplit(abroad.last.target).query) == {"a": ["b c"]}


def telling_hook(**more):
    """A hook whose keys need escapes, and stand for nothing else."""
    return OAuthHook("token/key +1", "token%secret", "consumer key+of/16", "consumer=secret", **more)


@pytest.mark.promise(
    "what-is-ours-is-found-under-any-name-and-in-any-escape", "a-redirect-with-ours-in-its-path-is-not-followed"
)
@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize("placement", ["header", "query", "body"])
def test_copies_are_found_by_their_values(copied, place, method, placement, server, abroad):
    """Under any name and in any escape: taken out of a query, and where it is a path, the redirect is not followed."""
    server.answer = lambda got: (307, {"Location": copy_to(place, copied, got, abroad.url)}, b"")
    hook = telling_hook(placement=placement, signature_method=method)
    if PLACES[place][1]:
        assert requests.post(server.url, data={"a": "1"}, auth=hook).status_code == 200
        assert gives_away(read_sent(server.last), abroad.last) == []
        assert "page=2" in abroad.last.target
        assert abroad.last.body == b"a=1"
        return
    with pytest.raises(ProviderError, match=r"not followed.*oauth_.*path") as caught:
        requests.post(server.url, data={"a": "1"}, auth=hook)
    assert abroad.received == []
    for _, value in read_sent(server.last):
        assert len(value) < 8 or value not in str(caught.value)


@pytest.mark.promise("what-is-ours-is-found-under-any-name-and-in-any-escape")
@pytest.mark.parametrize("copied", [name for name in COPIES if name not in ("renamed", "values alone")])
def test_short_keys_are_found_beside_their_names(copied, server, abroad):
    """A token, a key and a time that say nothing by themselves are taken out where they are called what they are."""

    def answer(got):
        pairs = [pair for pair in read_sent(got) if pair[0] in ("oauth_token", "oauth_consumer_key", "oauth_timestamp")]
        return 302, {"Location": f"{abroad.url}/?a=1&{COPIES[copied](pairs)}&b=t"}, b""

    server.answer = answer
    requests.get(server.url, auth=OAuthHook("t", "s", "c", "s", header_auth=True))
    assert abroad.last.target == "/?a=1&b=t"


@pytest.mark.promise("a-redirect-with-ours-in-its-path-is-not-followed")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
def test_each_way_of_attaching_follows_no_path_of_ours(way, method, server, abroad):
    """Also where the parameters are those of the request before, and where the chain ends at home again."""

    def answer(got):
        if len(server.received) == 1:
            return 302, {"Location": "/two"}, b""
        return 302, {"Location": copy_to("path", "values alone", server.received[0], abroad.url)}, b""

    server.answer = answer
    with client(way, telling_hook(signature_method=method), "http://") as request:
        with pytest.raises(ProviderError, match="not followed"):
            request("GET", server.url)
        assert [got.target.partition("?")[0] for got in server.received] == ["/", "/two"]
        assert abroad.received == []
        server.received.clear()
        ours = telling_hook().token.key
        server.answer = lambda got: (302, {"Location": abroad.url}, b"")
        abroad.answer = lambda got: (302, {"Location": f"{server.url}/{quote(ours, safe='')}"}, b"")
        with pytest.raises(ProviderError, match="oauth_token"):
            request("GET", server.url)
        assert len(server.received) == 1


class Displacing(requests.Session):
    """A session that gives each redirect other credentials."""

    def rebuild_auth(self, prepared_request, response):
        super().rebuild_auth(prepared_request, response)
        prepared_request.prepare_auth(requests.auth.HTTPBasicAuth("u", "p"))


@pytest.mark.parametrize("kind", [requests.Session, Displacing])
def test_a_redirect_that_is_only_built_is_not_refused(kind, server, abroad):
    """With allow_redirects=False the response is the server's; sending its ``next`` is refused."""
    server.answer = lambda got: (302, {"Location": copy_to("path", "as they came", got, abroad.url)}, b"")
    with kind() as session:
        response = session.get(server.url, auth=telling_hook(), allow_redirects=False)
        assert response.status_code == 302
        with pytest.raises(ProviderError, match="not followed"):
            session.send(response.next)
    assert abroad.received == []


@pytest.mark.promise("what-is-ours-is-found-under-any-name-and-in-any-escape")
@pytest.mark.parametrize("name", ["Cookie", "X-Verify-Credentials-Authorization"])
def test_headers_with_ours_in_them_stay_at_home(name, server, abroad):
    """A cookie that another port of the machine gets, too, and a header of the caller's; all others go on."""

    def answer(got):
        return 302, {"Location": abroad.url, "Set-Cookie": f"c={dict(read_sent(got))['oauth_signature']}"}, b""

    server.answer = answer
    ours = f'OAuth oauth_token="{quote(telling_hook().token.key, safe="")}"'
    headers = {"X-Verify-Credentials-Authorization": ours, "X-Other": "stays"}
    with requests.Session() as session:
        assert session.get(server.url, auth=telling_hook(), headers=headers).status_code == 200
    assert name.lower() not in abroad.last.headers
    assert abroad.last.headers["x-other"] == "stays"
    assert gives_away(read_sent(server.received[0]), abroad.last) == []


@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize(
    "path",
    ["/t/s/c", "/launchpadlib/x", "/at/{oauth_timestamp}", "/cb?u={oauth_callback}", "/{oauth_body_hash}",
     "/HMAC-SHA1/PLAINTEXT/1.0", "/oauth_token/theirs?oauth_token=theirs", "/?oauth_nonce=&oauth_token=t-shirt"],
)  # fmt: skip
def test_innocent_redirects_are_followed_as_they_are(method, path, server, abroad):
    """One-letter keys and secrets, words, the time, the callback and a body's hash stand in URLs by chance."""
    url = []

    def answer(got):
        url.append(path.format(**dict(read_sent(got))))
        return 302, {"Location": abroad.url + url[-1]}, b""

    server.answer = answer
    settings = {"body_hash": "sha256", "callback": "https://app.example/cb", "header_auth": True}
    for keys in (("t", "s", "c", "s"), ("t", "", "launchpadlib", "")):
        requests.post(server.url, data=b"body", auth=OAuthHook(*keys, signature_method=method, **settings))
        assert abroad.last.target == url[-1]


@pytest.mark.promise("strangers-are-read-in-linear-time")
@pytest.mark.parametrize(
    "unit",
    [
        "%",
        "%25",
        "%2525",
        "&",
        "&amp;",
        "a&",
        "\\\\",
        "[]",
        "oauth_token=",
        "oauth_timestamp]]]]]]]=",
        "1&oauth_token=t&",
    ],
)
@pytest.mark.parametrize("beginning", ["", "?"])
def test_a_long_location_is_read_in_linear_time(unit, beginning):
    """What a header may have at most takes a fraction of a second, after thirty redirects too."""
    sent = [("oauth_token", "t"), ("oauth_signature", "ab%2Bcd" * 6)]
    sent += [("oauth_nonce", f"{i:024}") for i in range(30)] + [
        ("oauth_timestamp", str(1 << 30 | i)) for i in range(30)
    ]
    state = RequestState(Status.CROSS_ORIGIN, NullHandler(), sent=frozenset(sent))

    def seconds(size):
        begin = time.process_time()
        with suppress(ProviderError):
            strip(Message("GET", f"http://a.example/{beginning}{unit * (size // len(unit))}"), {}, state)
        return time.process_time() - begin

    seconds(1000)
    assert seconds(1 << 16) < 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.promise("nothing-is-signed-after-another-origin")
def test_no_way_of_attaching_signs_abroad(way, placement, home, abroad):
    """Whichever way the hook is attached, even where the adapter is mounted for every host."""
    hook = hook_for(home, placement=placement)
    home.redirecting.plan, home.redirecting.seen = [(307, abroad.url + "/?{query}")], []
    with client(way, hook, "http://") as request:
        assert request("POST", home.resource_url + "/hop", data={"a": "1"}).status_code == 200
    assert home.redirecting.seen[0][2].startswith("200")
    assert nothing_of_ours(home, abroad.last)
    assert abroad.last.body == b"a=1"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.promise("nothing-is-signed-after-another-origin")
def test_who_was_abroad_is_not_signed_on_return(way, home, abroad):
    """A foreign server cannot redirect to the provider and have that signed: credentials are not its to use."""
    abroad.answer = lambda got: (302, {"Location": home.resource_url + "/end?delete=all"}, b"")
    home.redirecting.plan, home.redirecting.seen = [(302, abroad.url)], []
    with client(way, hook_for(home, header_auth=True), "http://") as request:
        response = request("GET", home.resource_url + "/hop")
    assert response.status_code == 401
    assert [line[2][:3] for line in home.redirecting.seen] == ["200", "401"]


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_ours_on_later_hops_abroad(way, home, abroad):
    """Cross-origin stays cross-origin on the next redirect; an echo that comes a redirect later is stripped too."""
    hook = hook_for(home, placement="query")
    echo = []
    home.redirecting.plan, home.redirecting.seen = [(307, "/api/resource/hop/2"), (307, abroad.url + "/first")], []

    def answer(got):
        echo.append(got)
        if len(echo) > 1:
            return 200, {}, b""
        query = "&".join(line[1].partition("?")[2] for line in home.redirecting.seen)
        return 307, {"Location": f"/second?{query}"}, b""

    abroad.answer = answer
    with client(way, hook, "http://") as request:
        assert request("POST", home.resource_url + "/hop", data={"a": "1"}).status_code == 200
    assert [got.target.partition("?")[0] for got in echo] == ["/first", "/second"]
    assert all(nothing_of_ours(home, got) for got in echo)
    assert echo[1].body == b"a=1"


@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize(
    "content",
    [{"json": {"password": "s", "u": "http://x/?a=1&oauth_token=t&b=2"}}, {"files": {"f": b"has s and t"}},
     {"data": b"s=t&oauth_token=t"}],
)  # fmt: skip
def test_bodies_that_are_no_forms_go_abroad_untouched(method, content, server, abroad):
    """JSON, multipart and binary bodies are never touched, whatever is in them (promise 1)."""
    server.answer = lambda got: (307, {"Location": abroad.url}, b"")
    hook = OAuthHook("t", "s", "c", "s", header_auth=True, signature_method=method)
    requests.post(server.url, auth=hook, **content)
    assert abroad.last.body == server.last.body
    assert not abroad.last.authorization


@pytest.mark.parametrize("token_secret", ["s", ""])
def test_short_keys_and_secrets_take_nothing_of_others_along(token_secret, server, abroad):
    """Where a key or secret is one letter, the parameters of others stay as they are."""
    target = "/?things=2&page=1&x=oauth_tokens&sort=asc"
    server.answer = lambda got: (302, {"Location": abroad.url + target}, b"")
    hook = OAuthHook("t", token_secret, "c", "s", header_auth=True, signature_method="PLAINTEXT")
    requests.get(server.url, auth=hook)
    assert abroad.last.target == target
    server.answer = lambda got: (302, {"Location": abroad.url + "/?oauth_token=theirs&x=1"}, b"")
    requests.get(server.url, auth=OAuthHook("t", "s", "c", "s"))
    assert abroad.last.target == "/?oauth_token=theirs&x=1"


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize("echo", ["?h={header}", "?j={json}", "?{amp}", "?oauth_timestamp={timestamp}&z=1"])
def test_other_echoes_are_stripped_too(echo, server, abroad):
    """The header as a parameter, JSON, an HTML-escaped query, the timestamp alone: nothing of ours arrives."""

    def answer(got):
        pairs = dict(part.split("=") for part in got.target.partition("?")[2].split("&"))
        header = "OAuth " + ", ".join(f'{name}="{value}"' for name, value in pairs.items())
        text = '{"oauth_token": "token key"}'
        location = echo.format(header=quote(header), json=quote(text), timestamp=pairs["oauth_timestamp"],
                               amp=got.target.partition("?")[2].replace("&", "&amp;"))  # fmt: skip
        return 302, {"Location": abroad.url + "/" + location}, b""

    server.answer = answer
    requests.get(server.url, auth=OAuthHook("token key", "s", "c", "s"))
    assert "oauth_" not in unquote(abroad.last.target)


def test_a_hop_out_of_the_pins_is_stripped():
    """Where http leads to its https, which is none of the origins, the old signature does not go along."""
    hook = OAuthHook("t", "s", "c", "s", origins="http://api.example.com", placement="body")
    source = hook(requests.Request("POST", "http://api.example.com/", data={"x": "1"}).prepare())
    hop = source.copy()
    hop.url = "https://api.example.com/"
    hop.prepare_cookies(hop._cookies)
    assert hop.path_url == "/"
    assert (hop.body, hop.oauth_state.status) == ("x=1", Status.UNSIGNED)
    empty = hook(requests.Request("POST", "http://api.example.com/").prepare()).copy()
    empty.url = "http://elsewhere.example/"
    empty.prepare_cookies(empty._cookies)
    assert empty.hooks
    assert (empty.body, empty.headers["Content-Length"]) == ("", "0")


def test_preparing_again_is_signing_again():
    """A PreparedRequest that is used for another request, or for another user, is signed for that."""
    prepared = requests.PreparedRequest()
    for number in (1, 2):
        prepared.prepare("GET", f"http://example.com/{number}", auth=OAuthHook("t", "s", "c", "s", header_auth=True))
        assert "oauth_signature" in prepared.headers["Authorization"]
    prepared.prepare_auth(OAuthHook("other", "s", "c", "s", header_auth=True))
    assert 'oauth_token="other"' in prepared.headers["Authorization"]
    prepared.prepare("GET", "http://example.com/", auth=("me", "password"))
    assert prepared.headers["Authorization"].startswith("Basic ")


def test_parameters_of_somebody_elses_stay(home, abroad):
    """A Location with oauth_* parameters that are not ours goes out as the server wrote it."""
    target = "/authorize?oauth_token=theirs&oauth_version=1.0&b=2"
    response, _ = ask(home, hook_for(home), "stock session", [(302, abroad.url + target)])
    assert response.status_code == 200
    assert abroad.last.target == target


@pytest.mark.promise("origins-pin-a-hook")
def test_origins_hold_on_hops(home, abroad, server):
    """A pinned hook does not sign a request elsewhere, nor where that is redirected to."""
    hook = hook_for(home, header_auth=True, origins=[home.url])
    server.answer = lambda got: (302, {"Location": home.resource_url}, b"")
    for way in WAYS:
        with client(way, hook, "http://") as request:
            assert request("GET", server.url).status_code == 401
        assert not server.last.authorization
    _, seen = ask(home, hook, "call", [(302, "/api/resource/hop/2"), (302, abroad.url)])
    assert [line[2][:3] for line in seen] == ["200", "200"]
    assert nothing_of_ours(home, abroad.last)


@pytest.mark.promise("pinned-origins-trust-each-other-and-nobody-else")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_pinned_origins_trust_each_other(way, placement, server, abroad, recorders, tmp_path, monkeypatch):
    """From one of a hook's own origins to another it is signed, .netrc or not; and to elsewhere it is stripped."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    third = recorders[2]
    third.received.clear()
    third.answer = lambda got: (302, {"Location": server.url + "/back"}, b"")
    server.answer = lambda got: (
        (200, {}, b"")
        if got.target == "/back"
        else (307, {"Location": abroad.url + "/two?" + got.target.partition("?")[2]}, b"")
    )
    abroad.answer = lambda got: (307, {"Location": third.url + "/?" + got.target.partition("?")[2]}, b"")
    hook = telling_hook(placement=placement, origins=[server.url, abroad.url])
    with client(way, hook, "http://") as request:
        request("POST", server.url + "/", data={"a": "1"})
        for received, url in ((server.received[0], server.url), (abroad.last, abroad.url)):
            verdict = verify(
                "POST", url + received.target, headers=received.headers, body=received.body,
                consumer=hook.consumer, token=hook.token, allow_copies=True,
            )  # fmt: skip
            assert verdict, verdict.reason
        for source in (server.received[0], abroad.last):
            assert gives_away(read_sent(source), third.received[0]) == []
        assert "oauth_" not in str(server.received[1:])  # back from elsewhere


@pytest.mark.promise("pinned-origins-trust-each-other-and-nobody-else")
@pytest.mark.parametrize("pinned", ["https://b\u00fccher.example", "HTTPS://B\u00dcCHER.example:443/"])
def test_pins_are_compared_as_they_go_out(pinned):
    """A name beyond ASCII is encoded as requests does it (IDNA), in the pin, in a request and in a redirect."""
    for pin in (pinned, "https://xn--bcher-kva.example"):
        for hook in (telling_hook(origins=pin), telling_hook(origins=pin).replace(realm="r")):
            for url in (pinned, "https://xn--bcher-kva.example/a"):
                source = hook(requests.Request("GET", url).prepare())
                assert "oauth_signature" in source.url
            by_hand = requests.Request("GET", "https://a.example").prepare()
            by_hand.url = "https://b\u00fccher.example/"
            assert "oauth_signature" in hook(by_hand).url
            redirect = source.copy()
            redirect.url = "https://b\u00fccher.example/b"
            redirect.prepare_cookies(redirect._cookies)
            assert "oauth_signature" in redirect.path_url
            assert "oauth_" not in hook(requests.Request("GET", "https://bucher.example").prepare()).url
    with pytest.raises(UsageError, match="host"):
        telling_hook(origins="https://\u2603.example")


@pytest.mark.parametrize(
    ("old", "new", "home"),
    [
        ("http://a.example/", "https://a.example/", True),
        ("http://a.example:80/", "https://a.example:443/", True),
        ("http://a.example/", "http://A.example:80/x", True),
        ("https://a.example/", "http://a.example/", False),
        ("http://a.example:8080/", "https://a.example:8443/", False),
        ("http://a.example:8080/", "https://a.example/", False),
        ("http://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.a.example/", False),
        ("https://a.example/", "https://a.example.evil/", False),
        ("https://a.example/", "https://a.example@evil.example/", False),
        ("https://a.example/", "https://evil.example\\@a.example/", False),
        ("https://a.example/", "ftp://a.example/", False),
        ("https://a.example/", "https://a.example:/", False),
        ("https://a.example/", "", False),
    ],
)
def test_what_home_is(old, new, home):
    """The same scheme, host and port; and http to https on the default ports of one host. Nothing else."""
    assert is_same_origin(parse_origin(old), parse_origin(new)) is home
    if new.startswith("http") and "@" not in new and home:
        assert not requests.Session().should_strip_auth(old, new)


# --- what requests would raise, and nothing else ---


@pytest.mark.parametrize(
    "location",
    ["ftp://example.invalid/", "mailto:me@example.invalid", "http://", "http://[::1/",
     "http://127.0.0.1:99999/", "http://*.example/", "http://127.0.0.1:port/", "//"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["stock session", "pre_request", "adapter"])
def test_senseless_redirects_raise_what_requests_raises(location, way, home, server):
    """A Location that makes no sense is the same error, or response, with a hook as without."""

    def outcome(request, url):
        try:
            return request("GET", url).status_code
        except Exception as error:
            return type(error)

    server.answer = lambda got: (302, {"Location": location}, b"") if len(server.received) == 1 else (200, {}, b"")
    home.redirecting.plan = [(302, location)]
    with client(way, hook_for(home), home.url) as request:
        ours = outcome(request, home.resource_url + "/hop")
    with requests.Session() as session:
        assert ours == outcome(session.request, server.url + "/hop")
    assert ours != oauth_hook.UsageError


def test_redirects_for_ever_end_as_ever(home):
    """max_redirects holds: TooManyRedirects, with the redirects in the history."""
    home.redirecting.plan = [(302, "/api/resource/hop")] * 20
    with requests.Session() as session:
        session.auth, session.max_redirects = hook_for(home, header_auth=True), 5
        with pytest.raises(requests.TooManyRedirects) as caught:
            session.get(home.resource_url + "/hop")
    assert len(caught.value.response.history) == 5


# --- the request that is followed ---


@pytest.mark.promise("a-signed-request-pickles-without-secrets")
def test_a_signed_request_is_a_prepared_request_and_pickles_without_secrets(home):
    """It copies as it is, pickles as a plain request, and carries no secret of the hook's along."""
    hook = hook_for(home, header_auth=True)
    prepared = hook(requests.Request("GET", "http://example.com/?a=1").prepare())
    assert isinstance(prepared, requests.PreparedRequest)
    copied = prepared.copy()
    assert (copied.url, copied.headers) == (prepared.url, prepared.headers)
    data = pickle.dumps(prepared)
    assert home.token.secret.encode() not in data
    assert home.consumer.secret.encode() not in data
    again = pickle.loads(data)
    assert type(again) is requests.PreparedRequest
    assert (again.url, again.headers, again.hooks) == (prepared.url, prepared.headers, {"response": []})


class Mine(requests.PreparedRequest):
    """Somebody's own kind of request: an argument, a slot, and a ``copy`` of its own."""

    __slots__ = ("name", "unset")

    def __init__(self, name):
        super().__init__()
        self.name = name

    def greet(self):
        return f"hello, {self.name}"

    def copy(self):
        copied = type(self)(self.name)
        vars(copied).update(vars(super().copy()))
        return copied


class Reduced(Mine):
    """One that pickles in its own way."""

    def __reduce__(self):
        return _rebuilt, (self.name, self.url)


def _rebuilt(name, url):
    request = Reduced(name.upper())
    request.prepare("GET", url)
    return request


class Given(Mine):
    """One whose ``__new__`` wants an argument by name, and is told by ``__getnewargs_ex__``."""

    def __new__(cls, *_args, name="", **_named):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (), {"name": self.name}


@pytest.mark.parametrize("kind", [Mine, Reduced, Given])
@pytest.mark.parametrize("again", [lambda r: pickle.loads(pickle.dumps(r)), copy.copy, copy.deepcopy])
def test_a_request_of_a_subclass_pickles_and_copies_as_before(kind, again, home):
    """Arguments, slots and a ``__reduce__`` of its own: what comes back is what would without a hook."""
    plain, mine = kind("me"), kind("me")
    plain.prepare("GET", "http://example.com/")
    mine.prepare("GET", "http://example.com/", auth=hook_for(home, header_auth=True))
    assert isinstance(mine, SignedRequest)
    assert mine.greet() == mine.copy().greet() == "hello, me"
    expected, found = again(plain), again(mine)
    assert (type(found), found.name, found.hooks) == (type(expected), expected.name, expected.hooks)
    assert found.url == expected.url
    assert hasattr(found, "unset") is False
    if kind is Mine:
        assert found.headers == mine.headers


def test_a_request_of_a_subclass_is_signed_on_each_redirect(home):
    """Its copies are of its kind, as its own ``copy`` has it, and each is signed."""
    home.redirecting.plan, home.redirecting.seen = [(302, "/api/resource/end")], []
    mine = Mine("me")
    mine.prepare("GET", home.resource_url + "/hop", auth=hook_for(home))
    with requests.Session() as session:
        response = session.send(mine)
    assert response.status_code == 200
    assert response.request.greet() == "hello, me"


def counting(home, **more):
    """Return a hook, and the nonces that it has asked for."""
    nonces = []

    def nonce():
        nonces.append(new_nonce())
        return nonces[-1]

    return hook_for(home, nonce=nonce, **more), nonces


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_chain_of_n_requests_makes_n_signatures(way, placement, home):
    """Each request that goes out is signed once, whichever way the hook is attached."""
    hook, nonces = counting(home, placement=placement)
    plan = [(307, "/api/resource/hop/2"), (307, "/api/resource/hop/3"), (307, "/api/resource/end")]
    response, seen = ask(home, hook, way, plan, "POST", data={"a": "1"})
    assert (response.status_code, len(seen)) == (200, 4)
    # Where a session has the hook and its adapter too, the first request is signed by both.
    assert len(nonces) == 4 + (way == "adapter and auth")


@pytest.mark.parametrize("way", WAYS)
def test_a_redirect_that_is_not_followed_costs_nothing(way, home, server):
    """No signature, no nonce, no call of an RSA callable, and no error; it is signed where it is sent after all."""
    calls, signed_once = [], 1 + (way == "adapter and auth")

    def sign(text):
        calls.append(text)
        if len(calls) > signed_once:
            raise RuntimeError("the key is gone")
        return b"signature"

    hook, nonces = counting(home, signature_method="RSA-SHA1", rsa_key=sign, header_auth=True)
    server.answer = lambda got: (302, {"Location": "/end"}, b"")
    with requests.Session() as session:
        with client(way, hook, server.url) as request:
            response = request("GET", server.url, allow_redirects=False)
        assert response.status_code == 302
        assert response.next.url.endswith("/end")
        assert (len(calls), len(nonces)) == (signed_once, signed_once)
        with pytest.raises(RuntimeError, match="the key is gone"):
            session.send(response.next)


def test_other_credentials_that_rebuild_auth_sets_are_obeyed(server, abroad, tmp_path, monkeypatch):
    """A header, a pair, a callable or another hook; ours goes out of the form; and later redirects keep to it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    other = OAuthHook("other", "s", "c", "s", header_auth=True)

    def bearer(prepared):
        prepared.headers["Authorization"] = "Bearer x"

    ways = {
        "Bearer x": bearer,
        "Basic dTpw": lambda prepared: prepared.prepare_auth(("u", "p")),
        "Basic dTpx": lambda prepared: prepared.prepare_auth(requests.auth.HTTPBasicAuth("u", "q")),
        "OAuth": lambda prepared: prepared.prepare_auth(other),
    }
    for placement in ("header", "body"):
        for target in (server.url, abroad.url):
            for expected, change in ways.items():

                class Session(requests.Session):
                    def rebuild_auth(self, prepared_request, response, change=change):
                        super().rebuild_auth(prepared_request, response)
                        change(prepared_request)

                server.received.clear()
                abroad.received.clear()
                server.answer = lambda got, to=target: (
                    (307, {"Location": f"{to}/two"}, b"") if got.target == "/" else _third(got)
                )
                abroad.answer = _third
                with Session() as session:
                    session.auth = OAuthHook("mine", "s", "c", "s", placement=placement)
                    session.post(server.url + "/", data={"a": "1"})
                received = server.received[1:] if target == server.url else abroad.received
                assert [got.target for got in received] == ["/two", "/three"]
                for got in received:
                    assert got.authorization.startswith(expected), (placement, expected)
                    assert "mine" not in got.authorization
                    assert got.body == b"a=1"


def _third(got):
    return (307, {"Location": "/three"}, b"") if got.target == "/two" else (200, {}, b"")


def test_signing_explicitly_is_always_signing(home):
    """A copy that is signed again by hand, for any URL, is signed: only redirects are followed."""
    hook = hook_for(home)
    copied = hook(requests.Request("GET", "http://example.com/").prepare()).copy()
    copied.url = "http://other.example/"
    assert "oauth_signature" in hook(copied).url
