"""Refusals as services write them: those that say little, those of what was lost, of what a service wants, and those
that are about something else than who asks.

The texts are what services and what stands before them say in public, with names and numbers changed. The requests are
right (``faults.py``), so that what is blamed on the signature is blamed wrongly, where nothing else is said here.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from faults import FORM_TYPE, NOW, Signing, answer
from tables import for_each

from oauth_hook import SERVICES, OAuthHook, Service, UsageError, explain
from oauth_hook.services.demands import find_demands

GET = Signing()
FORM = GET.but(method="POST", path="/1/update.json", query="", body="status=hello&lang=en", content_type=FORM_TYPE)
TWO_LEGS = GET.but(token_key=None, token_secret="")
JSON_TYPE, HTML_TYPE = "application/json", "text/html; charset=utf-8"
SHOP = TWO_LEGS.but(host="shop.example.com", path="/wp-json/wc/v3/orders", placement="query")
NETSUITE = GET.but(
    host="123-sb1.restlets.api.netsuite.com", path="/app/site/hosting/restlet.nl", query="script=7&deploy=1",
    realm="123_SB1", signature_method="HMAC-SHA256",
)  # fmt: skip


def x(code: int, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message}]})


def problem(title: str, **more: Any) -> str:
    return json.dumps({"title": title, **more})


def page(title: str, text: str = "") -> str:
    head = f"<html>\r\n<head><title>{title}</title></head>\r\n"
    return f"{head}<body>\r\n<center><h1>{title}</h1></center>{text}\r\n</body></html>"


class Refusal(NamedTuple):
    """What a server says.

    :ivar code: the first finding's, where one is expected.
    """

    name: str
    status: int
    body: str | bytes = ""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    request: Signing = GET
    code: str = ""
    kind: str = ""

    def response(self):
        kind = self.kind or {"<": HTML_TYPE, "{": JSON_TYPE, "[": JSON_TYPE}.get(str(self.body)[:1], "text/plain")
        return answer(self.request.request(), self.body, self.status, kind, **self.headers)


# --- right requests, refused for other reasons, or not refused ---

OTHERS = [
    # limits
    Refusal("X: rate limit", 429, x(88, "Rate limit exceeded")),
    Refusal("X 2: rate limit", 429, problem("Too Many Requests", detail="Too Many Requests", type="about:blank",
        status=429)),
    Refusal("X 2: usage cap", 429, problem("UsageCapExceeded", detail="Usage cap exceeded: Monthly product cap",
        period="Monthly",
            type="https://api.twitter.com/2/problems/usage-capped")),
    Refusal("X: daily limit of updates", 403, x(185, "User is over daily status update limit.")),
    Refusal("X: automated", 403, x(226, "This request looks like it might be automated.")),
    Refusal("Tumblr: limit", 429,
        '{"meta":{"status":429,"msg":"Limit Exceeded"},"response":[],"errors":[{"title":"Limit Exceeded","code":0}]}'),
    Refusal("Discogs: limit", 429, '{"message": "You are making requests too quickly."}', {"Retry_After": "60"}),
    Refusal("Flickr: limit", 429, page("Too Many Requests")),
    Refusal("Trello: limit", 429, "Rate limit exceeded"),
    Refusal("NetSuite: concurrency", 429,
        '{"error":{"code":"SSS_REQUEST_LIMIT_EXCEEDED","message":"Request limit exceeded."}}', request=NETSUITE),
    Refusal("Zotero: limit", 429, "Request limit exceeded"),
    Refusal("Schoology: limit", 429, "Rate limit exceeded"),
    Refusal("Cloudflare 1015", 429, page("Access denied", "<p>Error 1015: You are being rate limited</p>")),
    # permissions and content
    Refusal("X: duplicate", 403, x(187, "Status is a duplicate.")),
    Refusal("X: protected", 403, x(179, "Sorry, you are not authorized to see this status.")),
    Refusal("X: suspended", 403, x(64, "Your account is suspended and is not permitted to access this feature.")),
    Refusal("X: blocked", 403, x(136,
        "You have been blocked from the author of this post from taking the requested action.")),
    Refusal("X 2: access level", 403, problem("Client Forbidden", reason="client-not-enrolled",
        registration_url="https://developer.x.com/",
            detail="When authenticating requests to the API, you must use keys and tokens from a Developer App in a "
            "Project.",
            type="https://api.twitter.com/2/problems/client-forbidden")),
    Refusal(
        "X: access level",
        403,
        x(453, "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints (e.g. media "
          "post, oauth) only."),
    ),
    Refusal("X: messages", 403, x(349, "You cannot send messages to this user.")),
    Refusal("Tumblr: forbidden", 403, '{"meta":{"status":403,"msg":"Forbidden"},"response":[]}'),
    Refusal("WordPress: may not edit", 403,
        '{"code":"rest_cannot_edit","message":"Sorry, you are not allowed to edit this post.","data":{"status":403}}'),
    Refusal("WooCommerce: may not delete", 403,
        '{"code":"woocommerce_rest_cannot_delete","message":"Sorry, you are not allowed to delete this '
        'resource.","data":{"status":403}}', request=SHOP.but(scheme="http")),
    Refusal("Jira: no permission", 403,
        '{"errorMessages":["You do not have permission to create issues in this project."],"errors":{}}'),
    Refusal("Trello: board", 403, "unauthorized board permission requested"),
    Refusal("Zotero: library", 403, "Forbidden"),
    Refusal("NetSuite: role", 403,
        '{"error":{"code":"INSUFFICIENT_PERMISSION","message":"Permission Violation: You need a higher level of the '
        'Lists permission."}}', request=NETSUITE),
    Refusal("MediaWiki: protected page", 200, '{"edit":{"result":"Failure","spamblacklist":"x"}}'),
    Refusal("Etsy: shop", 403, "You do not have permission to see that shop"),
    Refusal("S3-like", 403,
        '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'),
    # not found, wrong method, wrong type
    Refusal("X: not found", 404, x(34, "Sorry, that page does not exist.")),
    Refusal("X: no such user", 404, x(50, "User not found.")),
    Refusal("Tumblr: not found", 404, '{"meta":{"status":404,"msg":"Not Found"},"response":[]}'),
    Refusal("Discogs: not found", 404, '{"message": "The requested resource was not found."}'),
    Refusal("Spring: not found", 404,
        '{"timestamp":"2026-11-20T10:00:00Z","status":404,"error":"Not Found","path":"/1/items"}'),
    Refusal("WordPress: no route", 404,
        '{"code":"rest_no_route","message":"No route was found matching the URL and request '
        'method.","data":{"status":404}}'),
    Refusal("WooCommerce: no product", 404,
        '{"code":"woocommerce_rest_product_invalid_id","message":"Invalid ID.","data":{"status":404}}',
        request=SHOP.but(scheme="http")),
    Refusal("nginx: not found", 404, page("404 Not Found", "<hr><center>nginx/1.24.0</center>")),
    Refusal("Apache: gone", 410, page("410 Gone")),
    Refusal("method not allowed", 405, page("405 Not Allowed"), {"Allow": "GET"}),
    Refusal("not acceptable", 406, '{"message":"Not Acceptable"}'),
    Refusal("unsupported type", 415, '{"error":"Unsupported Media Type"}'),
    Refusal("conflict", 409, '{"message":"Version conflict"}'),
    # parameters
    Refusal("X: text too long", 403, x(186, "Tweet needs to be a bit shorter.")),
    Refusal("X: parameter", 400, x(25, "Query parameters are missing.")),
    Refusal("Tumblr: bad request", 400,
        '{"meta":{"status":400,"msg":"Bad Request"},"response":{"errors":["Post cannot be empty."]}}'),
    Refusal("Flickr: not found, status 200", 200,
        '<?xml version="1.0"?><rsp stat="fail"><err code="1" msg="Photo not found" /></rsp>'),
    Refusal("FatSecret: id, status 200", 200,
        '{"error": {"code": 106, "message": "Invalid ID: food_id \'9\' does not exist"}}'),
    Refusal("Magento: no such entity", 404,
        '{"message":"The product that was requested doesn\'t exist. Verify the product and try again."}'),
    Refusal("Magento: field", 400,
        '{"message":"\\"%fieldName\\" is required. Enter and try again.","parameters":{"fieldName":"sku"}}'),
    Refusal("WordPress: parameter", 400,
        '{"code":"rest_invalid_param","message":"Invalid parameter(s): per_page","data":{"status":400}}'),
    Refusal("WordPress: missing parameter", 400,
        '{"code":"rest_missing_callback_param","message":"Missing parameter(s): title","data":{"status":400}}'),
    Refusal("BrickLink: parameter", 200,
        '{"meta":{"description":"no: 9999-9","message":"PARAMETER_MISSING_OR_INVALID","code":400}}'),
    Refusal("Rails: values", 422, '{"errors":{"name":["can\'t be blank"]}}', request=FORM),
    Refusal("a bare Bad Request", 400, page("400 Bad Request")),
    Refusal("Jira: a field", 400,
        '{"errorMessages":[],"errors":{"summary":"You must specify a summary of the issue."}}', request=FORM),
    # failures, gateways, maintenance
    Refusal("X: over capacity", 503, x(130, "Over capacity")),
    Refusal("X: internal error", 500, x(131, "Internal error")),
    Refusal("nginx: bad gateway", 502, page("502 Bad Gateway", "<hr><center>nginx</center>")),
    Refusal("nginx: gateway time-out", 504, page("504 Gateway Time-out")),
    Refusal("Varnish", 503, page("503 Backend fetch failed", "<p>Guru Meditation:</p><p>XID: 1234</p>")),
    Refusal("Envoy", 503,
        "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
    Refusal("HAProxy", 503,
        "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"),
    Refusal("Cloudflare 521", 521, page("example.com | 521: Web server is down")),
    Refusal("Cloudflare 522", 522, page("example.com | 522: Connection timed out")),
    Refusal("Heroku", 503, page("Application error")),
    Refusal("Django", 500, page("Server Error (500)")),
    Refusal("WordPress: maintenance", 503, page("Maintenance",
        "<p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p>")),
    Refusal("Magento: maintenance", 503, "Service Temporarily Unavailable"),
    Refusal("Flickr: panda", 503, page("Flickr is having a massage")),
    Refusal("IIS", 500, page("500 - Internal server error.")),
    Refusal("PHP", 500, "<br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted"),
    Refusal("AWS gateway: time-out", 504, '{"message": "Endpoint request timed out"}'),
    # proxies and firewalls
    Refusal("a proxy wants a password", 407, page("407 Proxy Authentication Required"),
        {"Proxy_Authenticate": 'Basic realm="corp"'}),
    Refusal("Squid: denied", 403, page("ERROR: The requested URL could not be retrieved",
        "<p>Access control configuration prevents your request</p>")),
    Refusal("Cloudflare: challenge", 403, page("Just a moment...", "<p>Enable JavaScript and cookies to continue</p>")),
    Refusal("Cloudflare 1020", 403, page("Access denied",
        "<p>This website is using a security service to protect itself from online attacks.</p>")),
    Refusal("Akamai", 403, page("Access Denied",
        "You don't have permission to access \"http://api.example.com/\" on this server.<P>Reference #18.abc")),
    Refusal("mod_security", 406, page("Not Acceptable!",
        "<p>An appropriate representation could not be found. This error was generated by Mod_Security.</p>")),
    Refusal("Imperva", 403, page("", "Request unsuccessful. Incapsula incident ID: 12-34")),
    Refusal("nginx: forbidden", 403, page("403 Forbidden", "<hr><center>nginx</center>")),
    Refusal("AWS gateway: no such route", 403, '{"message":"Missing Authentication Token"}'),
    Refusal("AWS gateway: forbidden", 403, '{"message":"Forbidden"}'),
    Refusal("too large", 413, page("413 Request Entity Too Large")),
    Refusal("too long", 414, page("414 Request-URI Too Large")),
    Refusal("headers too large", 431, "Request Header Fields Too Large"),
    Refusal("legal reasons", 451, "Unavailable For Legal Reasons"),
    Refusal("a captive portal", 511, page("Network Authentication Required",
        "<p>You need to log in to gain network access.</p>")),
]  # fmt: skip
TAKEN = [
    Refusal("taken", 200, '{"id": 1}'),
    Refusal("made", 201, '{"id": 1}', request=FORM),
    Refusal("accepted", 202, ""),
    Refusal("nothing in it", 204, ""),
    Refusal("a part of it", 206, b"\x00\x01"),
    Refusal("not modified", 304, ""),
    Refusal("words of OAuth in what was asked for", 200,
        '{"text": "my oauth_token is invalid, 401 Unauthorized, signature mismatch"}'),
    Refusal("a page about OAuth", 200, page("Missing OAuth parameters, explained")),
]  # fmt: skip


# In the shapes of APIs, frameworks and gateways, where OAuth's own nouns mean other things; of different requests.
SIGNED = [
    GET, FORM, TWO_LEGS, GET.but(placement="query"), FORM.but(placement="body"), GET.but(signature_method="PLAINTEXT"),
    FORM.but(body='{"token": "abc", "nonce": 1}', content_type=JSON_TYPE), GET.but(query="token=abc&page_token=x"),
]  # fmt: skip


def read_shapes():
    lines = (Path(__file__).parent / "right_requests.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for at, line in enumerate(lines):
        name, status, kind, body = line.split("\t")
        yield Refusal(name, int(status), body.replace("\\n", "\n"), request=SIGNED[at % len(SIGNED)], kind=kind)


SHAPES = list(read_shapes())


@for_each("row", OTHERS + SHAPES, ids=lambda row: row.name)
def test_a_refusal_for_another_reason_is_not_blamed_on_the_signature(row):
    """With the secrets and without, it has one finding, which says where to look, or that it was a success."""
    for known in ({"consumer": row.request.consumer, "token": row.request.token}, {}):
        explanation = explain(row.response(), **known)
        assert [finding.code for finding in explanation.findings] == ["no-cause-found"], explanation
        (finding,) = explanation.findings
        assert finding.summary
        assert finding.advice
        assert finding.side == ""
        assert "is wrong with the request" not in finding.summary


@for_each("row", TAKEN, ids=lambda row: row.name)
def test_a_success_is_said_to_be_one(row):
    """Whatever its page says: with the secrets, that the signature is right as well."""
    for known, says in (({"consumer": row.request.consumer, "token": row.request.token}, "is right"), ({}, "said")):
        (finding,) = explain(row.response(), **known).findings
        assert finding.code == "no-cause-found"
        assert finding.summary.startswith("The server took the request: it said ")
        assert str(row.status) in finding.summary
        assert says in finding.summary


def test_there_are_enough_of_them():
    """With those of ``test_diagnosis_faults.py`` more than 180, each under a name of its own."""
    assert len({row.name for row in OTHERS + TAKEN + SHAPES}) == len(OTHERS + TAKEN + SHAPES) >= 180


# --- refusals that say little ---

LITTLE = [
    Refusal("nothing", 401),
    Refusal("a word", 401, "Unauthorized"),
    Refusal("a word, and a line feed", 401, "unauthorized\n"),
    Refusal("JSON", 401, '{"message":"Unauthorized"}'),
    Refusal("a title", 401, problem("Unauthorized", status=401)),
    Refusal("X 2", 401, problem("Unauthorized", type="about:blank", status=401, detail="Unauthorized")),
    Refusal("X 32", 401, x(32, "Could not authenticate you.")),
    Refusal("Tumblr 1016", 401,
        '{"meta":{"status":401,"msg":"Unauthorized"},"response":[],"errors":[{"title":"Unauthorized",'
            '"code":1016,"detail":"Unable to authorize"}]}'),
    Refusal("Apache", 401, page("401 Unauthorized",
        "<p>This server could not verify that you are authorized to access the document requested.</p>")),
    Refusal("nginx", 401, page("401 Authorization Required", "<hr><center>nginx</center>")),
    Refusal("Spring", 401,
        '{"timestamp":1700000000000,"status":401,"error":"Unauthorized","message":"Full authentication is required '
        'to access this resource","path":"/1"}'),
    Refusal("a challenge alone", 401, headers={"WWW_Authenticate": "OAuth"}),
    Refusal("a challenge alone, 400", 400, headers={"WWW_Authenticate": 'OAuth realm="api"'}),
    Refusal("a challenge alone, 403", 403, headers={"WWW_Authenticate": "OAuth"}),
    Refusal("about OAuth, 403", 403, "OAuth authentication error"),
    Refusal("German", 401, "Zugriff verweigert: Anmeldung fehlgeschlagen"),
    Refusal("French", 401, '{"message":"Acc\u00e8s non autoris\u00e9"}'),
    Refusal("Japanese", 401, "\u8a8d\u8a3c\u306b\u5931\u6557\u3057\u307e\u3057\u305f"),
    Refusal("Russian", 401, page("\u041d\u0435 \u0430\u0432\u0442\u043e\u0440\u0438\u0437\u043e\u0432\u0430\u043d")),
    Refusal("JSON without words", 401, '{"ok":false}'),
    Refusal("JSON null", 401, "null"),
    Refusal("bytes", 401, b"\x00\xff\xfe"),
    Refusal("NetSuite", 401, problem("Unauthorized",
        type="https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.2", status=401), request=NETSUITE),
    Refusal("PyLTI", 401, "Please check your key and secret"),
    Refusal("the address of a request token", 403, "Forbidden", request=TWO_LEGS.but(method="POST",
        path="/oauth/request_token", query="", extensions=(("oauth_callback", "oob"),))),
]  # fmt: skip


@for_each("row", LITTLE, ids=lambda row: row.name)
def test_a_refusal_that_says_little_gets_candidates(row):
    """They are marked as such, the likeliest first, and one of them says how to decide; nothing is said to be right."""
    for known in ({"consumer": row.request.consumer, "token": row.request.token}, {}):
        explanation = explain(row.response(), **known)
        assert explanation.findings[0].code == "consumer-secret", explanation
        assert all(finding.is_candidate and not finding.proven for finding in explanation.findings)
        assert "To decide, " in explanation.findings[0].advice
        assert "Nothing is wrong" not in str(explanation)
        assert str(explanation).count("(candidate)") == len(explanation.findings) > 1
        codes = {finding.code for finding in explanation.findings}
        assert ("token-secret" in codes) == (row.request.token_key is not None)


def test_a_clock_that_nobody_told_is_a_candidate():
    """Without a Date the clocks cannot be compared; with one they are, and no more is said of them."""
    for date, is_likely in ((None, True), (NOW, False)):
        codes = [
            finding.code for finding in explain(answer(GET.request(), date=date), GET.consumer, GET.token).findings
        ]
        assert ("clock-skew" in codes) is is_likely


def test_a_server_that_asks_for_another_scheme():
    """It has not seen the OAuth parameters, or this is no URL for them."""
    for scheme in ("Basic", "Bearer", "Digest"):
        response = answer(GET.request(), WWW_Authenticate=f'{scheme} realm="x"')
        first = explain(response, GET.consumer, GET.token).findings[0]
        assert (first.code, first.is_candidate) == ("unsigned", True)
        assert scheme in first.summary


ODD_SECRETS = {
    "a space": ("CSkd94hf93k423kf44 ", "secret-whitespace"),
    "a line feed": ("CSkd94hf93k423kf44\n", "secret-whitespace"),
    "quotes": ('"CSkd94hf93k423kf44"', "secret-whitespace"),
    "typographic quotes": ("\u201cCSkd94hf93k423kf44\u201d", "secret-whitespace"),
    "a byte order mark": ("\ufeffCSkd94hf93k423kf44", "secret-whitespace"),
    "a zero-width space within": ("CSkd94hf9\u200b3k423kf44", "secret-whitespace"),
    "a no-break space": ("CSkd94hf93k423kf44\u00a0", "secret-whitespace"),
    "a tab within": ("CSkd94hf9\t3k423kf44", "secret-whitespace"),
    "nothing": ("", "consumer-secret"),
    "the key": (GET.consumer_key, "consumer-secret"),
    "percent-encoding": ("CSkd94%2Fhf93k423kf44", "signing-key-encoding"),
    "base64": ("Q1NrZDk0aGY5M2s0MjNrZjQ0", "signing-key-encoding"),
}


@pytest.mark.usefixtures("short_search")  # what is seen needs none
@for_each("name", ODD_SECRETS)
def test_what_is_seen_in_ones_own_secrets_is_said(name):
    """Proven, whatever the server says, whether the request was signed with it or not; and the secret is not shown."""
    secret, code = ODD_SECRETS[name]
    odd = GET.but(consumer_secret=secret)
    for request in (GET, odd):
        for body, status in (("", 401), ("Unauthorized", 401), ("oauth_problem=signature_invalid", 400)):
            explanation = explain(answer(request.request(), body, status), odd.consumer, odd.token)
            found = [finding for finding in explanation.findings[:2] if finding.code == code]
            assert found, explanation
            assert found[0].proven
            assert found[0].side == "signer"
            assert "CSkd94hf93k423kf44" not in str(explanation)
    taken = explain(answer(odd.request(), "[]", 200), odd.consumer, odd.token)
    assert [finding.code for finding in taken.findings] == ["no-cause-found"]


def test_a_token_that_nobody_gave():
    """A request that names a token, explained without one, is told so: its secret is part of the key."""
    for subject in (GET.request(), answer(GET.request()), answer(GET.request(), "oauth_problem=signature_invalid")):
        first = explain(subject, GET.consumer).findings[0]
        assert (first.code, first.proven) == ("token-missing", True)
        assert GET.token_key in first.evidence[0]
        assert "Give the token too" in first.advice


# --- what was sent, and did not arrive ---

LOST = [
    Refusal("nothing", 401, "No OAuth parameters supplied"),
    Refusal("Magento", 400, "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_consumer_key"),
    Refusal("WooCommerce", 401,
        '{"code":"woocommerce_rest_authentication_error","message":"Consumer key is missing.","data":{"status":401}}',
        request=SHOP.but(placement="header", scheme="http")),
    Refusal("WooCommerce 2", 400,
        '{"errors":[{"code":"woocommerce_api_authentication_error","message":"oauth_consumer_key parameter is '
        'missing"}]}', request=TWO_LEGS),
    Refusal("WooCommerce, not found", 404,
        '{"errors":[{"code":"woocommerce_api_authentication_error","message":"oauth_consumer_key parameter is '
        'missing"}]}', request=TWO_LEGS),
    Refusal("WordPress, by their names", 401, '{"code":"json_oauth1_missing_parameter","message":"Missing OAuth '
        'parameters oauth_consumer_key, oauth_timestamp, oauth_nonce, oauth_signature, oauth_signature_method"}'),
    Refusal("X 215", 400, x(215, "Bad Authentication data.")),
    Refusal("a header", 401, "Missing Authorization header"),
    Refusal("a header, the other way", 401, '{"error":"Authorization header not found"}'),
    Refusal("a header, 403", 403, "No Authorization header was provided"),
    Refusal("Django REST", 401, '{"detail":"Authentication credentials were not provided."}'),
    Refusal("Discogs", 401, '{"message": "You must authenticate to access this resource."}'),
    Refusal("pump.io, in the query", 401, "Not logged in.", request=GET.but(placement="query")),
    Refusal("WordPress", 401,
        '{"code":"rest_not_logged_in","message":"You are not currently logged in.","data":{"status":401}}'),
    Refusal("the nonce", 401, "Missing required parameter: oauth_nonce"),
    Refusal("the signature", 401, "oauth_signature is missing"),
    Refusal("the token, of the form", 401, '{"error":"Missing oauth_token"}', request=FORM.but(placement="body")),
    Refusal("the method", 400, "oauth_signature_method is required"),
]  # fmt: skip


@for_each("row", LOST, ids=lambda row: row.name)
def test_what_was_sent_and_is_missed_was_lost_on_the_way(row):
    """The cause is between the two; the advice is to sign elsewhere, and nobody is told to attach a hook."""
    for known in ({"consumer": row.request.consumer, "token": row.request.token}, {}):
        first = explain(row.response(), **known).findings[0]
        assert (first.code, first.side) == ("unsigned", "between")
        other = "query" if row.request.placement == "header" else "header"
        assert f'placement="{other}"' in first.advice
        assert "Attach the hook" not in first.message
        assert any("went out in its" in line for line in first.evidence)


def test_what_is_missing_indeed_was_not_lost():
    """A token that was not sent is missing, however the server says it."""
    for words in (
        "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_token",
        '{"code":"json_oauth1_missing_parameter","message":"Missing OAuth parameter oauth_token"}',
        "Missing OAuth parameters: oauth_token",
    ):
        response = answer(TWO_LEGS.request(), words)
        assert explain(response, TWO_LEGS.consumer).findings[0].code == "token-missing"


def test_protocol_parameters_that_stand_in_two_places():
    """Copies in header and query are against the RFC: said of a refusal that is about OAuth, and of no other."""
    known = {"consumer": GET.consumer, "token": GET.token}
    copies = f"oauth_consumer_key={GET.consumer_key}&oauth_token={GET.token_key}"
    request = GET.request()
    request.url += f"&{copies}"
    for status, words, code in ((400, "oauth_problem=parameter_rejected", "duplicate-parameters"),
                                (401, "", "duplicate-parameters"), (401, "Nonce already used", "nonce-reused"),
                                (404, "", "no-cause-found"), (200, "", "no-cause-found")):  # fmt: skip
        first = explain(answer(request, words, status), **known).findings[0]
        assert (first.code, first.side) == (code, "signer" if code != "no-cause-found" else ""), first


def test_a_limit_is_no_matter_of_oauth():
    """Xero reports a limit in the extension's fields, with any status; what to do is to wait."""
    words = "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait%20before%20retrying"
    for status in (401, 503):
        (finding,) = explain(answer(GET.request(), words, status), GET.consumer, GET.token).findings
        assert finding.code == "no-cause-found"
        assert finding.advice == explain(answer(GET.request(), "", 429), GET.consumer, GET.token).findings[0].advice


def test_a_demand_that_the_arithmetic_rules_out_is_no_first_finding():
    """Magento's brackets were signed rightly: where it blames the signature, the secrets go before them."""
    request = GET.but(host="shop.example.com", path="/rest/V1/products", query="searchCriteria%5BpageSize%5D=1")
    response = answer(request.request(), '{"message":"The signature is invalid. Verify and try again."}')
    found = [finding.code for finding in explain(response, GET.consumer, GET.token).findings]
    assert found.index("consumer-secret") < found.index("percent-encoding")
    wrong = answer(request.request(request.but(encode=lambda value: value.decode()).signature()), "Invalid signature")
    assert explain(wrong, GET.consumer, GET.token).findings[0].code == "percent-encoding"


# --- what services are known to want ---

UPDATE = FORM.but(host="api.x.com", path="/1.1/statuses/update.json")
BODY = GET.but(method="POST", query="", body='{"a": 1}', content_type=JSON_TYPE)
BRICKLINK_IP = '{"meta":{"description":"TOKEN_IP_MISMATCHED: the IP","message":"BAD_OAUTH_REQUEST","code":401}}'
WANTED = [
    Refusal("NetSuite without a realm", 401, request=NETSUITE.but(realm=None), code="realm"),
    Refusal("NetSuite, lower case", 401, request=NETSUITE.but(realm="123_sb1"), code="realm"),
    Refusal("NetSuite, a hyphen", 401, request=NETSUITE.but(realm="123-SB1"), code="realm"),
    Refusal("NetSuite, a URL", 401, request=NETSUITE.but(realm="https://123-sb1.restlets.api.netsuite.com"),
        code="realm"),
    Refusal("NetSuite, INVALID_LOGIN", 401,
        '{"error":{"code":"INVALID_LOGIN_ATTEMPT","message":"Invalid login attempt."}}',
        request=NETSUITE.but(realm=None), code="realm"),
    Refusal("NetSuite, SHA-1", 401, request=NETSUITE.but(signature_method="HMAC-SHA1"), code="signature-method"),
    Refusal("X, an exclamation mark", 401, x(32, "Could not authenticate you."),
        request=UPDATE.but(body="status=Hi!"), code="percent-encoding"),
    Refusal("X, brackets", 401, x(32, "Could not authenticate you."), request=UPDATE.but(body="status=a%20(b)*'"),
        code="percent-encoding"),
    Refusal("Schoology, another realm", 401, request=GET.but(host="api.schoology.com", realm="x"), code="realm"),
    Refusal("WooCommerce, in the header", 401, request=SHOP.but(placement="header"), code="unsigned"),
    Refusal("WooCommerce, with a token", 401, request=SHOP.but(token_key="t", token_secret="s"), code="token-missing"),
    Refusal("Discogs, no User-Agent", 403, "", request=GET.but(host="api.discogs.com"), code="no-cause-found"),
    Refusal("Mastercard, no body hash", 401, request=BODY.but(host="api.mastercard.com", token_key=None,
        signature_method="RSA-SHA256"), code="body-changed"),
    Refusal("Magento, brackets of a query", 401, request=GET.but(host="shop.example.com", path="/rest/V1/products",
        query="searchCriteria[pageSize]=1"), code="percent-encoding"),
    Refusal("Garmin, after the end", 401, request=GET.but(host="apis.garmin.com", timestamp="1800000000"),
        code="token-expired"),
    Refusal("OpenStreetMap", 401, request=GET.but(host="api.openstreetmap.org"), code="token-expired"),
    Refusal("MAAS, HMAC", 401, request=GET.but(host="maas.example", path="/MAAS/api/2.0/", consumer_secret=""),
        code="signature-method"),
]  # fmt: skip


_OFTEN_REFUSED = ("in the header", "brackets of a query")  # and not always: said after a refusal alone


@for_each("row", WANTED, ids=lambda row: row.name)
def test_what_a_service_wants_is_said(row):
    """It is recognized by its URL; what the request does not have is the first finding, with what to do."""
    known = {"consumer": row.request.consumer, "token": row.request.token}
    title = find_demands(None, row.request.url).title.partition(" ")[0]
    is_certain = not row.name.endswith(_OFTEN_REFUSED)
    for subject in (row.response(), row.request.request()) if is_certain else (row.response(),):
        found = [finding for finding in explain(subject, **known).findings if title in finding.summary]
        assert [finding.code for finding in found[:1]] == [row.code], explain(subject, **known)
        assert found[0].proven is (is_certain and row.code != "no-cause-found") or row.code == "no-cause-found"
    assert explain(row.response(), **known).findings[0].code == row.code


HIDDEN = {
    "api.bricklink.com": ("token-key", "IP address"),
    "platform.fatsecret.com": ("clock-skew", "older than the last"),
    "api.schoology.com": ("clock-skew", "older than the last"),
    "api.etrade.com": ("consumer-key", "expire"),
}


@for_each("host", HIDDEN)
def test_what_no_request_shows_is_a_candidate(host):
    """What only the service knows comes after a refusal that says little, and not before it was refused."""
    code, says = HIDDEN[host]
    right = GET.but(host=host)
    explanation = explain(answer(right.request()), right.consumer, right.token)
    assert any(f.code == code and f.is_candidate and says in f.summary for f in explanation.findings), explanation
    assert [f.code for f in explain(right.request(), right.consumer, right.token).findings] == ["no-cause-found"]
    assert [f.code for f in explain(answer(right.request(), "", 404), right.consumer, right.token).findings] == [
        "no-cause-found"
    ]


def test_a_service_is_named_or_handed_over():
    """By a name, as a ``Service`` of one's own, and through a hook; another name is a ``UsageError``."""
    behind = answer(NETSUITE.but(host="proxy.example", realm=None).request())
    known = {"consumer": NETSUITE.consumer, "token": NETSUITE.token}
    assert explain(behind, **known).findings[0].code == "consumer-secret"
    for service in ("netsuite", SERVICES["netsuite"], Service(name="mine", title="Mine", realm="Main")):
        first = explain(behind, service=service, **known).findings[0]
        assert (first.code, first.proven, first.side) == ("realm", True, "signer")
    hook = OAuthHook(NETSUITE.token_key, NETSUITE.token_secret, NETSUITE.consumer_key, NETSUITE.consumer_secret)
    assert hook.explain(behind, service="netsuite").findings[0].code == "realm"
    hashed = explain(answer(BODY.request()), service=Service(name="mine", body_hash="sha256"), **known)
    assert hashed.findings[0].code == "body-changed"
    for wrong in ("nosuch", 7, b"x"):
        with pytest.raises(UsageError):
            explain(behind, service=wrong, **known)


def test_what_a_service_wants_is_not_blamed_for_another_refusal():
    """X takes what it then calls a duplicate: that comes first, whatever the form has in it."""
    shout = UPDATE.but(body="status=Hi!")
    for body, status in ((x(187, "Status is a duplicate."), 403), (x(34, "Sorry, that page does not exist."), 404)):
        codes = [f.code for f in explain(answer(shout.request(), body, status), shout.consumer, shout.token).findings]
        assert codes == ["no-cause-found", "percent-encoding"]


def test_what_a_service_gets_is_not_asked_for():
    """A request that has what the service wants, and any other service's, has no such finding."""
    for right in (NETSUITE, UPDATE, SHOP.but(scheme="http"), GET.but(host="api.tumblr.com"), GET.but(host="notx.com")):
        found = explain(right.request(), right.consumer, right.token).findings
        assert [finding.code for finding in found] == ["no-cause-found"]


# --- real servers' words ---

SERVERS = [
    Refusal("Authlib", 401, '{"error": "invalid_client"}', code="consumer-key"),
    Refusal("Authlib, 400", 400,
        '{"error": "invalid_client", "error_description": "Invalid \\"oauth_consumer_key\\""}', code="consumer-key"),
    Refusal("pump.io, an unknown consumer", 401, "Invalid / used nonce", code="consumer-key"),
    Refusal("WordPress, a callback", 500, "Callback URL is invalid", code="callback-missing"),
    Refusal("passport, another method", 400, "Bad Request", request=GET.but(signature_method="HMAC-SHA256"),
        code="signature-method"),
    Refusal("X, reading alone", 401, "Read-only application cannot POST.", code="token-key"),
    Refusal("names twice", 401, "signature_invalid", request=GET.but(query="tag=a&tag=b"), code="duplicate-parameters"),
    Refusal("brackets", 401, "signature_invalid", request=GET.but(query="a%5B0%5D=1"), code="query-changed"),
    Refusal("dots", 401, "signature_invalid", request=FORM.but(body="a.b=1"), code="body-changed"),
    Refusal("multipart", 401, "signature_invalid", request=FORM.but(body="--b\r\n\r\n--b--",
        content_type="multipart/form-data; boundary=b"), code="body-signed"),
    Refusal("a secret of reserved characters", 401, "signature_invalid",
        request=GET.but(consumer_secret="CS+kd94/hf9=3"), code="signing-key-encoding"),
]  # fmt: skip


@for_each("row", SERVERS, ids=lambda row: row.name)
def test_what_real_servers_say_is_read(row):
    """The first finding is what it means there."""
    explanation = explain(row.response(), row.request.consumer, row.request.token)
    assert explanation.findings[0].code == row.code, explanation


def test_what_a_service_is_known_to_mean_is_said_with_its_words():
    """BrickLink's word for a token is about an IP address, E*TRADE's for a key that it does not know about its end."""
    ip = '{"meta":{"description":"TOKEN_IP_MISMATCHED: 192.0.2.1","message":"BAD_OAUTH_REQUEST","code":401}}'
    for host, body, status, code, says in (
        ("api.bricklink.com", ip, 200, "token-key", "IP address"),
        ("api.etrade.com", "oauth_problem=consumer_key_unknown", 401, "consumer-key", "new consumer key"),
        ("api.etrade.com", "oauth_problem=token_expired", 401, "token-expired", "Renew"),
        ("platform.fatsecret.com", '{"error":{"code":6,"message":"Invalid/expired timestamp"}}', 200, "clock-skew",
         "one clock"),
    ):  # fmt: skip
        request = GET.but(host=host).request()
        first = explain(answer(request, body, status), GET.consumer, GET.token).findings[0]
        assert (first.code, first.proven) == (code, False)
        assert says in first.advice


def test_a_server_that_keeps_what_its_language_can_hold():
    """PECL's OAuthProvider renames brackets and dots, and drops what stands in query and form: on the server's side."""
    twice = FORM.but(query="tag=1", body="tag=2")
    for right, base, code in (
        (GET.but(query="a%5B0%5D=1&x=2"), GET.but(query="a=1&x=2"), "query-changed"),
        (FORM.but(body="a.b=1&x=2"), FORM.but(body="a_b=1&x=2"), "body-changed"),
        (twice, twice.but(body=""), "duplicate-parameters"),
        (twice, twice.but(query=""), "duplicate-parameters"),
        (FORM.but(query="tag=1&x=1", body="tag=1"), FORM.but(query="tag=1&x=1", body=""), "duplicate-parameters"),
    ):
        first = explain(right.request(), right.consumer, right.token, server_base_string=base.base()).findings[0]
        assert (first.code, first.side, first.proven) == (code, "server", True)
        assert "Many servers" in first.advice
        assert "Sign last" not in first.message


# --- sides, and words ---


CHARSET = FORM.but(content_type=f"{FORM.content_type}; charset=utf-8")


def test_the_side_and_the_advice_fit():
    """Whoever is wrong, the advice is for that side, and does not contradict what is seen."""
    plus = GET.but(encode=lambda value: GET.encode(value).replace("%20", "+"))
    lower, capitals = GET.base().replace("GET&", "get&"), GET.but(uri=lambda uri: uri.replace("api.", "API."))
    tests: list[tuple[Any, dict[str, Any], str, str, str, str]] = [
        (GET.request(GET.but(scheme="http").signature()), {}, "scheme", "signer", "Sign the URL that is requested",
            "proxy"),
        (GET.request(), {"server_base_string": GET.but(scheme="http").base()}, "scheme", "between", "proxy",
            "is requested"),
        (GET.request(), {"server_base_string": capitals.base()}, "host", "server", "report", "proxy"),
        (GET.request(), {"server_base_string": lower}, "method", "server", "report", "override"),
        (CHARSET.request(CHARSET.but(signs_body=False).signature()), {}, "body-not-signed", "signer", "Sign the fields",
            "with nothing after it"),
        (CHARSET.request(), {"server_base_string": CHARSET.but(signs_body=False).base()}, "content-type", "server",
            "not even a charset", "Sign the fields"),
        (GET.request(plus.signature()), {}, "plus-as-space", "signer", "a space is %20", "report"),
        (GET.request(), {"server_base_string": plus.base()}, "plus-as-space", "server", "report this",
            "Send spaces as %20"),
        (FORM.request(FORM.but(signs_body=False).signature()), {}, "body-not-signed", "signer", "Sign the fields",
            "send them as a form"),
        (FORM.request(), {"server_base_string": FORM.but(signs_body=False).base()}, "body-not-signed", "server",
            "into the query", "as a form"),
        (GET.but(timestamp=f"{NOW}000").request(), {}, "clock-skew", "signer", "Math.floor", "machine's clock"),
    ]  # fmt: skip
    for subject, given, code, side, says, does_not_say in tests:
        first = explain(subject, GET.consumer, GET.token, **given).findings[0]
        assert (first.code, first.side, first.proven) == (code, side, True)
        assert says in first.advice
        assert does_not_say not in first.message
        assert first.to_dict()["side"] == side


def test_a_browsers_request_is_told_of_no_hook():
    """What a browser or curl sent cannot be attached to; what Python sent can."""
    for agent, is_python in (("Mozilla/5.0 (X11)", False), ("curl/8.5.0", False), ("python-requests/2.34", True)):
        unsigned = GET.but(headers=(("User-Agent", agent),)).unsigned()
        first = explain(unsigned).findings[0]
        assert (first.code, first.side) == ("unsigned", "signer")
        assert ("session.auth" in first.advice) is is_python


def test_two_mistakes_show_their_evidence_once():
    """One comparison shows both."""
    wrong = GET.but(scheme="http", host="inner.example.com:8080")
    findings = explain(GET.request(), GET.consumer, GET.token, server_base_string=wrong.base()).findings
    lines = [line for finding in findings for line in finding.evidence]
    assert len(findings) == 3
    assert len(set(lines)) == len(lines) == 3


def test_keys_that_differ_at_their_end_are_told_apart():
    """However long they are, the place where they differ is shown."""
    ours, theirs = (GET.but(consumer_key="ck-" + "z" * 600 + end) for end in "12")
    (line, *_) = explain(ours.request(), theirs.consumer, theirs.token).findings[0].evidence
    assert "zz1'" in line
    assert "zz2'" in line
    base = explain(ours.request(), ours.consumer, ours.token, server_base_string=theirs.base()).findings[0].evidence
    assert any(line.count("zzz") and "z1" in line and "z2" in line for line in base)


def test_a_secret_that_is_a_common_word_does_not_blank_prose():
    """A word of our sentences tells nobody anything; where the server or the request has it, it is not shown."""
    common = GET.but(consumer_secret="secret", token_secret="signature")
    explanation = explain(answer(common.request(), "the secret signature"), common.consumer, common.token)
    assert not any("***" in finding.message for finding in explanation.findings)
    assert not any("***" in text for text in explanation.ruled_out)
    assert "oauth_signature_method" in str(explanation)
    assert "*** ***" in explanation.response


@pytest.mark.parametrize("kind", ["about:blank", "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.2"])
def test_the_type_of_a_problem_is_no_heading(kind):
    """A problem's type (RFC 9457) is a URL for machines; its title and detail are for people."""
    body = problem(
        "Unauthorized",
        type=kind,
        status=401,
        **{"o:errorDetails": [{"detail": "Invalid login attempt.", "o:errorCode": "INVALID_LOGIN"}]},
    )
    for text, says in ((body, "INVALID_LOGIN: Invalid login attempt."), (problem("Forbidden", type=kind), "Forbidden")):
        assert explain(answer(GET.request(), text)).response == f"401 Unauthorized: {says}"


def test_it_is_quick():
    """All of this takes two milliseconds a piece, and what a stranger sent takes no longer than it is long."""
    seconds = []
    for row in OTHERS + TAKEN + LITTLE + LOST + WANTED:
        response = row.response()
        start = time.thread_time()
        explain(response, row.request.consumer, row.request.token)
        seconds.append(time.thread_time() - start)
    assert statistics.median(seconds) < 0.008  # four times as much as on a machine of one's own
    for word in (
        "no oauth ",
        "missing the ",
        "authorization header is ",
        "callback is ",
        "U+200B \u200b",
        "not authorized ",
    ):
        start = time.thread_time()
        explain(answer(GET.request(), word * 100_000), GET.consumer, GET.token)
        assert time.thread_time() - start < 1
