"""The clock corrects itself: a refusal that names the timestamp is answered by one more attempt, at the right time."""

from __future__ import annotations

import asyncio
import io
import json
import pickle
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import requests
from tables import for_each

import oauth_hook
from oauth_hook import AccessToken, OAuthAdapter, OAuthHook
from oauth_hook.hook.clock import ServerClock
from oauth_hook.protocol.problem_reporting import read_problem, server_time
from oauth_hook.provider import serve

HOUR = 3600


@pytest.fixture(params=[-10 * HOUR, 10 * HOUR], ids=["fast", "slow"])
def provider(request):
    """A provider whose clock is far from ours."""
    with serve(clock=lambda: time.time() + request.param) as provider:
        yield provider


def hook_for(provider, **more):
    token = provider.add_token()
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


@for_each("way", ["call", "session", "pre_request", "adapter"])
@for_each("placement", ["header", "url-encoded"])
def test_a_refused_timestamp_teaches_the_hook(way, placement, provider):
    """The first request is signed anew and sent once more; later ones, of other users too, start right."""
    hook = hook_for(provider, placement=placement)
    with oauth_hook.session() if way == "pre_request" else requests.Session() as session:
        if way == "session":
            session.auth = hook
        elif way == "pre_request":
            session.hooks["pre_request"] = hook
        elif way == "adapter":
            session.mount(provider.url, OAuthAdapter(hook))
        auth = {"auth": hook} if way == "call" else {}
        first = session.post(provider.resource_url, {"a": "1"}, **auth)
        assert first.status_code == 200, first.text
        assert [answer.status_code for answer in first.history] == [401]
        assert "timestamp_refused" in first.history[0].text
        second = session.post(provider.resource_url, {"a": "1"}, **auth)
        assert (second.status_code, second.history) == (200, [])
        user = provider.add_token(user=provider.add_user("bob", "password"))
        other = session.get(provider.resource_url, auth=hook.as_user(user))
        if way in ("call", "session"):
            assert (other.status_code, other.history, other.json()["user"]) == (200, [], "bob")


def test_the_offset_travels_with_a_pickle(provider):
    """A hook that has learned takes its offset along."""
    hook = hook_for(provider, header_auth=True)
    assert requests.get(provider.resource_url, auth=hook).history
    assert not requests.get(provider.resource_url, auth=pickle.loads(pickle.dumps(hook))).history


def test_bodies_that_can_be_rewound_are_sent_again(provider):
    """A file is rewound to where it stood; response hooks of the caller's see the new response only."""
    seen = []
    file = io.BytesIO(b"skip" + b"x" * 100_000)
    file.seek(4)
    response = requests.put(
        provider.resource_url, data=file, auth=hook_for(provider, header_auth=True),
        hooks={"response": lambda answer, **_: seen.append(answer.status_code)},
    )  # fmt: skip
    assert response.json()["body_length"] == 100_000
    assert seen == [200]


def test_bodies_that_cannot_are_not_but_the_hook_learns(provider):
    """A generator is gone: the refusal is the response, and the next request starts right."""
    hook = hook_for(provider, header_auth=True)
    response = requests.put(provider.resource_url, data=iter([b"x"]), auth=hook)
    assert (response.status_code, response.history) == (401, [])
    assert not requests.get(provider.resource_url, auth=hook).history


def test_streamed_answers_are_corrected_by_their_headers(provider):
    """With stream=True the refusal's body is the caller's, and its headers say enough."""
    with requests.get(provider.resource_url, auth=hook_for(provider, header_auth=True), stream=True) as response:
        assert response.status_code == 200
        assert b"alice" in b"".join(response.iter_content(100))


def test_redirect_hops_are_corrected_too(server):
    """A redirect that is refused for its timestamp is signed anew; redirects go on from there."""

    def answer(got):
        if got.target == "/a":
            return 302, {"Location": "/b"}, b""
        if len(server.received) == 2:
            return (
                401,
                {
                    "WWW-Authenticate": 'OAuth oauth_problem="timestamp_refused"',
                    "Date": formatdate(time.time() + 100_000),
                },
                b"",
            )
        return 200, {}, b"done"

    server.answer = answer
    response = requests.get(server.url + "/a", auth=OAuthHook("t", "s", "c", "s", header_auth=True))
    assert response.text == "done"
    assert [got.target for got in server.received] == ["/a", "/b", "/b"]


# --- which refusals ---


def refusing(server, status, headers, body=b""):
    server.answer = lambda got: (status, headers, body)


def attempts(server, **more):
    """Send a request, and return how often it went out, with the hook and the response."""
    hook = OAuthHook("t", "token secret", "c", "consumer secret", header_auth=True, clock=lambda: 1_000_000_000.0)
    server.received.clear()
    response = requests.get(server.url, auth=hook, **more)
    return len(server.received), response


OUR_DATE, FAR_DATE = formatdate(1_000_000_000, usegmt=True), formatdate(1_000_100_000, usegmt=True)
PROBLEM = "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1000099700-1000100300"

NAMED = {
    "the body, form-encoded": (401, {"Date": FAR_DATE}, PROBLEM.encode()),
    "the body, no date": (400, {}, PROBLEM.encode() + b"\n"),
    "the window only": (403, {}, b"oauth_acceptable_timestamps=1000099700-1000100300"),
    "the header": (401, {"WWW-Authenticate": 'OAuth realm="x", oauth_problem="timestamp_refused"',
                         "Date": FAR_DATE}, b""),
    "the header with a window": (
        401, {"WWW-Authenticate": "OAuth oauth_problem=timestamp_refused, "
                                  "oauth_acceptable_timestamps=1000099700-1000100300"}, b""),
    "JSON": (401, {}, json.dumps(
        {"oauth_problem": "timestamp_refused", "oauth_acceptable_timestamps": "1000099700-1000100300"}).encode()),
    "another status": (500, {"Date": FAR_DATE}, b"oauth_problem=timestamp_refused"),
    "a 401 with a far date": (401, {"Date": FAR_DATE}, b"Unauthorized"),
    "a proxy's date beside the window": (401, {"Date": OUR_DATE}, PROBLEM.encode()),
}  # fmt: skip


@for_each("case", NAMED)
def test_refusals_that_name_the_timestamp(case, server):
    """Each way of naming the timestamp gets one more attempt, and no third; the time is the server's."""
    refusing(server, *NAMED[case])
    count, response = attempts(server)
    assert count == 2
    assert response.status_code == NAMED[case][0]
    assert len(response.history) == 1
    first, second = (got.authorization for got in server.received)
    timestamp = int(second.partition('oauth_timestamp="')[2].partition('"')[0])
    assert abs(timestamp - 1_000_100_000) <= 300
    assert first.partition("oauth_nonce")[2] != second.partition("oauth_nonce")[2]


OTHER = {
    "any 401": (401, {"Date": OUR_DATE}, b"Unauthorized"),
    "a date not so far": (401, {"Date": formatdate(1_000_000_200, usegmt=True)}, b""),
    "no date": (401, {}, b""),
    "a senseless date": (401, {"Date": "yesterday"}, b""),
    "a date before all": (401, {"Date": "Fri, 01 Jan 1960 00:00:00 GMT"}, b""),
    "another problem": (401, {"Date": FAR_DATE}, b"oauth_problem=signature_invalid"),
    "a far date on a 400": (400, {"Date": FAR_DATE}, b""),
    "a far date on a 403": (403, {"Date": FAR_DATE}, b"Forbidden"),
    "another scheme": (401, {"WWW-Authenticate": 'Basic realm="oauth_problem=timestamp_refused"'}, b""),
    "named without a time": (401, {}, b"oauth_problem=timestamp_refused"),
    "broken JSON": (401, {}, b'{"oauth_problem": "timestamp_refused"'),
    "a JSON list": (401, {}, b'["oauth_problem"]'),
    "binary": (401, {}, b"\xff\xfeoauth_problem\x00"),
}


@for_each("case", OTHER)
def test_any_other_refusal_is_the_callers(case, server):
    """What does not name the timestamp is handed over untouched, and not repeated."""
    refusing(server, *OTHER[case])
    count, response = attempts(server)
    assert count == 1
    assert (response.status_code, response.content, response.history) == (OTHER[case][0], OTHER[case][2], [])


def test_streamed_refusals_are_untouched(server):
    """With stream=True nothing of a refusal's body is read."""
    refusing(server, 401, {"Date": OUR_DATE}, b"x" * 1000)
    _, response = attempts(server, stream=True)
    with response:
        assert response.raw.read() == b"x" * 1000


def test_a_used_nonce_is_retried_once(server):
    """A nonce refused as used, by a collision or a proxy's repetition, gets one fresh attempt."""
    server.answer = lambda got: (401, {}, b"oauth_problem=nonce_used") if len(server.received) == 1 else (200, {}, b"")
    count, response = attempts(server)
    assert (count, response.status_code) == (2, 200)
    refusing(server, 401, {}, b"oauth_problem=nonce_used")
    assert attempts(server)[0] == 2


@pytest.mark.promise("a-used-nonce-repeats-idempotent-methods-only")
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_not_idempotent_is_not_repeated_for_a_used_nonce(method, server):
    """A POST whose nonce was used may have been executed: urllib3's retries repeat it, nonce and all."""
    server.answer = lambda got: (401, {}, b"oauth_problem=nonce_used") if len(server.received) == 1 else (200, {}, b"")
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    response = requests.request(method, server.url, data={"pay": "5"}, auth=hook)
    assert (len(server.received), response.status_code) == (1, 401)


@pytest.mark.promise("another-origin-sets-no-clock")
def test_an_answer_from_abroad_teaches_nothing(server, abroad):
    """A foreign server cannot set a hook's clock."""
    server.answer = lambda got: (302, {"Location": abroad.url}, b"")
    refusing(abroad, 401, {"Date": FAR_DATE}, PROBLEM.encode())
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    assert requests.get(server.url, auth=hook).status_code == 401
    assert len(abroad.received) == 1
    server.answer = None
    requests.get(server.url, auth=hook)
    timestamp = int(server.last.authorization.partition('oauth_timestamp="')[2].partition('"')[0])
    assert abs(timestamp - time.time()) < 60


def test_cookies_of_a_refusal_are_sent_with_the_second_attempt(server):
    """What the refusal set as a cookie goes along, as with requests' own digest authentication."""

    def answer(got):
        if len(server.received) > 1:
            return 200, {}, b""
        return 401, {"Set-Cookie": "c=1", "Date": FAR_DATE}, b""

    server.answer = answer
    attempts(server)
    assert server.last.headers["cookie"] == "c=1"


def test_threads_refused_at_once_are_all_corrected(server):
    """Refusals that only a Date explains are corrected for every thread, whichever learns first."""
    everybody = threading.Barrier(8)

    def answer(got):
        timestamp = int(got.authorization.partition('oauth_timestamp="')[2].partition('"')[0])
        if abs(timestamp - 1_000_100_000) < 300:
            return 200, {}, b""
        everybody.wait(10)
        return 401, {"Date": FAR_DATE}, b""

    server.answer = answer
    hook = OAuthHook("t", "s", "c", "s", header_auth=True, clock=lambda: 1_000_000_000.0)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: requests.get(server.url, auth=hook, timeout=20).status_code, range(8)))
    assert statuses == [200] * 8


def test_an_answer_without_a_body_is_no_trouble():
    """An adapter of somebody's own may answer with a bare Response, as requests allows."""

    class Bare(requests.adapters.BaseAdapter):
        def send(self, request, **_):
            response = requests.Response()
            response.status_code, response.request, response.url = 401, request, request.url
            response.raw = io.BytesIO()
            response._content = None
            return response

        def close(self):
            pass

    with requests.Session() as session:
        session.mount("http://", Bare())
        assert session.get("http://example.com/", auth=OAuthHook("t", "s", "c", "s")).status_code == 401


def test_the_second_answer_has_its_time(server):
    """``elapsed`` is measured for the second attempt too."""
    refusing(server, 401, {"Date": FAR_DATE})
    _, response = attempts(server)
    assert response.elapsed.total_seconds() > 0


# --- whose time it is ---


def with_requests(attach):
    def opened(hook):
        session = requests.Session()
        attach(session, hook)
        return session, lambda response: response

    return opened


def with_niquests(hook):
    session = import_module("niquests").Session()
    session.auth = hook
    return session, lambda response: response


def with_niquests_async(hook):
    loop = asyncio.new_event_loop()
    session = import_module("niquests").AsyncSession()
    session.auth = hook

    def close():
        loop.run_until_complete(type(session).close(session))
        loop.close()

    session.close = close
    return session, loop.run_until_complete


def with_httpx(name, *, alone):
    def opened(hook):
        signing = import_module("oauth_hook.httpx")
        hooks = {} if alone else {"event_hooks": signing.event_hooks(hook)}
        client = import_module(name).Client(auth=signing.OAuth(hook), verify=NO_TLS, trust_env=False, **hooks)
        return client, lambda response: response

    return opened


def with_httpx_async(name):
    def opened(hook):
        signing, loop = import_module("oauth_hook.httpx"), asyncio.new_event_loop()
        client = import_module(name).AsyncClient(
            auth=signing.OAuth(hook), event_hooks=signing.async_event_hooks(hook), verify=NO_TLS, trust_env=False
        )

        def close():
            loop.run_until_complete(client.aclose())
            loop.close()

        return SimpleNamespace(get=client.get, post=client.post, close=close), loop.run_until_complete

    return opened


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # all is plain http
CLIENTS = {
    "requests": ("requests", with_requests(lambda session, hook: setattr(session, "auth", hook))),
    "OAuthAdapter": ("requests", with_requests(lambda session, hook: session.mount("http://", OAuthAdapter(hook)))),
    "niquests": ("niquests", with_niquests),
    "niquests, async": ("niquests", with_niquests_async),
    "httpx, OAuth alone": ("httpx", with_httpx("httpx", alone=True)),
    "httpx": ("httpx", with_httpx("httpx", alone=False)),
    "httpx2, async": ("httpx2", with_httpx_async("httpx2")),
}  # fmt: skip


@pytest.fixture(params=CLIENTS)
def client(request):
    """Return an opener: ``client(hook)`` gives ``call(url)``, which sends a GET and returns its status."""
    package, opener = CLIENTS[request.param]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed here")
    sessions = []

    def opened(hook):
        session, wait = opener(hook)
        sessions.append(session)
        return lambda target, **more: wait(session.get(target, **more)).status_code

    yield opened
    for session in sessions:
        session.close()


def sent_timestamp(got):
    return int(got.authorization.partition('oauth_timestamp="')[2].partition('"')[0])


def checking(server, offset, date):
    """Have a server whose clock and ``Date`` are off check timestamps, and refuse ``/forbidden``."""

    def answer(got):
        is_fresh = abs(sent_timestamp(got) - time.time() - offset) < 300
        status = 200 if is_fresh and got.target != "/forbidden" else 401
        return status, {"Date": formatdate(time.time() + date, usegmt=True)}, b""

    server.answer = answer


@pytest.mark.promise("a-host-sets-its-own-clock-only")
def test_a_foreign_host_sets_no_other_hosts_time(client, server, abroad):
    """One 401 with a Date fifty years ahead changes nothing for the API, nor for other users there."""
    checking(server, 0, 0)
    checking(abroad, 50 * 365 * 24 * HOUR, 50 * 365 * 24 * HOUR)
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    call = client(hook)
    assert [call(abroad.url + "/"), call(server.url + "/"), call(abroad.url + "/")] == [200, 200, 200]
    assert (len(abroad.received), len(server.received)) == (3, 1)  # both are right from then on
    assert client(hook.as_user(AccessToken("u", "s")))(server.url + "/") == 200
    assert len(server.received) == 2


@pytest.mark.promise("a-wrong-date-does-not-lock-out")
def test_a_wrong_date_does_not_lock_out(client, server):
    """A 401 that is about something else, by a server whose Date is an hour off: the time that it takes stays."""
    checking(server, 0, HOUR)
    call = client(OAuthHook("t", "s", "c", "s", header_auth=True))
    targets = ["/", "/forbidden", "/", "/forbidden", "/"]
    assert [call(server.url + target) for target in targets] == [200, 401, 200, 401, 200]
    assert [got.target for got in server.received] == ["/", *["/forbidden"] * 2, "/", *["/forbidden"] * 2, "/"]


@pytest.mark.promise("a-wrong-date-does-not-lock-out")
def test_a_learned_offset_survives_a_wrong_date(client, server):
    """What has helped comes back, too, where a later Date is wrong."""
    checking(server, 2 * HOUR, 2 * HOUR)
    call = client(OAuthHook("t", "s", "c", "s", header_auth=True))
    assert call(server.url + "/") == 200
    checking(server, 2 * HOUR, 9 * HOUR)
    assert [call(server.url + target) for target in ("/forbidden", "/")] == [401, 200]
    assert len(server.received) == 5


def test_a_later_correction_is_followed(client, server):
    """A server whose clock is set, or ours, teaches a new offset, which displaces the old one."""
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    call = client(hook)
    for offset in (2 * HOUR, -2 * HOUR, 0):
        checking(server, offset, offset)
        assert [call(server.url + "/"), call(server.url + "/")] == [200, 200]
    assert len(server.received) == 3 + 3 + 3


def test_a_strict_server_may_set_the_time_back_by_a_little(server):
    """A window of ten seconds, first ahead of our clock and then less so, is met each time."""
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    for offset in (200, 100, 40):

        def answer(got, offset=offset):
            now = time.time() + offset
            window = f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps={int(now) - 5}-{int(now) + 5}"
            return (200, {}, b"") if abs(sent_timestamp(got) - now) < 6 else (401, {}, window.encode())

        server.answer = answer
        assert [requests.get(server.url, auth=hook).status_code for _ in range(2)] == [200, 200]
    assert len(server.received) == 9


@pytest.mark.promise("a-wrong-date-does-not-lock-out")
@for_each(("second", "is_kept"), [(200, True), (302, True), (404, True), (401, False), (503, False)])
def test_an_offset_is_kept_where_the_second_attempt_was_not_refused(client, second, is_kept, server):
    """A 404 has looked at the signature, as the first attempt was a 401; a 503 may not have."""
    far = time.time() + HOUR

    def answer(got):
        status = 401 if len(server.received) == 1 else second
        return (status if got.target == "/" else 200), {"Date": formatdate(far, usegmt=True), "Location": "/to"}, b""

    server.answer = answer
    call = client(OAuthHook("t", "s", "c", "s", header_auth=True))
    call(server.url + "/")
    assert len(server.received) in (2, 3)
    call(server.url + "/after")
    assert (abs(sent_timestamp(server.last) - far) < 60) is is_kept


def test_an_offset_that_could_not_be_tried_at_once_is_tried_by_the_next_request(server):
    """A generator's refusal is tried out by the next request, which is sent once more where that was wrong."""
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    checking(server, 0, HOUR)
    assert requests.put(server.url + "/forbidden", data=iter([b"x"]), auth=hook).status_code == 401
    response = requests.get(server.url + "/", auth=hook)
    assert (response.status_code, len(response.history)) == (200, 1)
    response = requests.get(server.url + "/", auth=hook)
    assert (response.status_code, len(response.history)) == (200, 0)


def test_what_was_executed_or_lost_is_not_sent_again_for_a_wrong_offset(server):
    """A POST that happens to try out an offset, and fails for another reason, is not repeated."""
    for status in (404, 409, 500, 503):
        hook = OAuthHook("t", "s", "c", "s", header_auth=True)
        checking(server, 0, HOUR)
        requests.put(server.url + "/forbidden", data=iter([b"x"]), auth=hook)
        refusing(server, status, {})
        server.received.clear()
        assert requests.post(server.url, {"pay": "5"}, auth=hook).status_code == status
        assert len(server.received) == 1


WORDS = {
    "Authlib": (400, "application/x-www-form-urlencoded",
                "error=invalid_request&error_description=Invalid+%22oauth_timestamp%22+value"),
    "X": (401, "application/json", '{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}'),
    "plain text": (400, "text/plain", "Expired timestamp"),
    "a page": (403, "text/html", "<html><h1>Bad request</h1><p>oauth_timestamp is too old</p></html>"),
    "a parameter": (400, "text/plain", "oauth_problem=parameter_rejected&oauth_parameters_rejected=oauth_timestamp"),
}  # fmt: skip


@for_each("case", WORDS)
def test_a_service_may_say_it_in_its_own_words(client, case, server):
    """What ``explain`` reads as a refused timestamp, the clock does; a Date that is ours is not to blame."""
    status, kind, text = WORDS[case]

    def answer(got):
        is_fresh = abs(sent_timestamp(got) - time.time() - 100) < 20
        headers = {"Date": formatdate(time.time() + 100, usegmt=True), "Content-Type": kind}
        return (200, {}, b"") if is_fresh else (status, headers, text.encode())

    server.answer = answer
    call = client(OAuthHook("t", "s", "c", "s", header_auth=True))
    assert [call(server.url + "/"), call(server.url + "/")] == [200, 200]
    assert len(server.received) == 3
    refusing(server, status, {"Date": formatdate(time.time() + 100, usegmt=True), "Content-Type": kind}, text.encode())
    assert call(server.url + "/") == status
    assert len(server.received) == 4


@pytest.mark.parametrize("text", ["timestamp must be a number", '{"error": "start: timestamp is in the past"}'])
def test_a_timestamp_of_the_applications_own_is_none_of_ours(text, server):
    """A form's field may be called like that, and is refused by a 400 that has nothing to do with OAuth."""
    refusing(server, 400, {"Date": formatdate(time.time() + HOUR, usegmt=True)}, text.encode())
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    assert requests.post(server.url, {"start": "1"}, auth=hook).status_code == 400
    assert len(server.received) == 1


def test_origins_do_not_add_up_without_end():
    """A hook that goes everywhere keeps the latest origins only."""
    clock = ServerClock(lambda: 1000.0)
    for number in range(1500):
        clock.learn(5000.0, f"https://h{number}.example/")
        clock.propose(f"https://h{number}.example/", 1.0)
    assert len(clock._learned) == len(clock.trials) == 1000
    assert [clock.timestamp(f"https://h{number}.example/a?b") for number in (0, 1499)] == ["1000", "5000"]


def test_a_clock_is_pickled_while_it_learns():
    """Threads may learn of new origins while another one takes a copy."""
    clock, end = ServerClock(), threading.Event()

    def learn():
        for number in count():
            clock.learn(5000.0, f"https://h{number}.example/")
            clock.timestamp(f"https://h{number}.example/")
            if end.is_set():
                return

    threads = [threading.Thread(target=learn) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            copied = pickle.loads(pickle.dumps(clock))
            assert abs(int(copied.timestamp("https://elsewhere.example/")) - time.time()) < 60
    finally:
        end.set()
        for thread in threads:
            thread.join(10)


# --- the request as it is by then ---


@pytest.mark.parametrize(
    "value", ['OAuth oauth_timestamp="soon"', "OAuth", "Bearer x", f"OAuth oauth_timestamp={'9' * 5000}"]
)
def test_an_edited_header_leaves_the_refusal_as_it_is(value, server):
    """Who changes a request after it was signed gets the server's response, and no error of ours."""
    refusing(server, 401, {"Date": FAR_DATE}, b"no")
    request = OAuthHook("t", "s", "c", "s", header_auth=True)(requests.Request("GET", server.url).prepare())
    request.headers["Authorization"] = value
    with requests.Session() as session:
        assert session.send(request).content == b"no"


@pytest.mark.parametrize("named", [True, False])
def test_a_request_that_cannot_be_signed_any_more_leaves_the_refusal_as_it_is(named, server):
    """So does what has become unsignable since, though the refusal would be answered by another attempt."""
    refusing(server, 401, {"Date": FAR_DATE}, PROBLEM.encode() if named else b"no")
    body = io.BytesIO(b"a=1")
    request = OAuthHook("t", "s", "c", "s", header_auth=True)(requests.Request("PUT", server.url, data=body).prepare())
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    with requests.Session() as session:
        response = session.send(request)
    assert (response.status_code, response.history, len(server.received)) == (401, [], 1)


def test_a_closed_file_leaves_the_refusal_as_it_is(server):
    """A body that is gone by the time of the refusal is not sent again."""

    class Closing(requests.adapters.HTTPAdapter):
        def send(self, request, **more):
            response = super().send(request, **more)
            request.body.close()
            return response

    refusing(server, 401, {"Date": FAR_DATE}, PROBLEM.encode())
    with requests.Session() as session:
        session.mount("http://", Closing())
        hook = OAuthHook("t", "s", "c", "s", header_auth=True)
        assert session.put(server.url, data=io.BytesIO(b"x"), auth=hook).status_code == 401
    assert len(server.received) == 1


@pytest.mark.parametrize("jar", [{}, {"k": "jar"}])
def test_a_cookie_header_of_the_callers_own_is_sent_again(jar, server):
    """It stands in the second attempt as it stood in the first, whatever the session's jar and the refusal have."""
    server.answer = lambda got: (
        401 if len(server.received) == 1 else 200,
        {"Date": FAR_DATE, "Set-Cookie": "c=1"},
        b"",
    )
    with requests.Session() as session:
        session.cookies.update(jar)
        session.auth = OAuthHook("t", "s", "c", "s", header_auth=True)
        assert session.get(server.url, headers={"Cookie": "own=1; other=2"}).status_code == 200
        assert [got.headers["cookie"] for got in server.received] == ["own=1; other=2"] * 2
        server.received.clear()
        session.auth = OAuthHook("t", "s", "c", "s", header_auth=True)
        session.cookies.clear()
        session.cookies.update(jar)
        assert session.get(server.url).status_code == 200
    assert server.last.headers["cookie"] == "; ".join(f"{name}={value}" for name, value in {**jar, "c": "1"}.items())


# --- the clock itself ---


def test_the_clock_is_monotonic_once_it_has_learned():
    """After an offset was learned, timestamps never go back, though the local clock may."""
    now = [1000.0]
    clock = ServerClock(lambda: now[0])
    assert clock.timestamp() == "1000"
    now[0] = 900.0
    assert clock.timestamp() == "900"
    clock.learn(5000.0)
    assert clock.timestamp() == "5000"
    now[0] += 10
    assert clock.timestamp() == "5010"
    now[0] -= 100
    assert clock.timestamp() == "5010"
    clock.learn(5005.0)
    assert clock.timestamp() == "5010"
    clock.learn(4000.0)
    assert clock.timestamp() == "4000"


def test_reading_problem_reports():
    """Reports are read from the challenge, a form and JSON; what is none has no fields."""
    assert read_problem({"WWW-Authenticate": 'OAuth realm="a", oauth_problem="token%5Frejected"'}) == {
        "oauth_problem": "token_rejected"
    }
    assert read_problem({}, urlencode({"oauth_problem": "a b", "x": "y"})) == {"oauth_problem": "a b"}
    assert read_problem({}, "<html>oauth_problem</html>") == {}
    assert server_time({"Date": FAR_DATE}) == 1_000_100_000
    assert server_time({}, "10-20") == 15
    assert server_time({}, "later") is None
