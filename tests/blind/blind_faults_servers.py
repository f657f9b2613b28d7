"""Faults of servers, and of what stands before them: the request is right, the server reads another one."""

# ruff: noqa: E501  # a row of the table is a line
# fmt: off
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, quote_plus

from blind_case import BETWEEN, THEIRS, Case, refusal
from blind_oracle import oracle_base_string
from blind_signer import (
    FORM,
    KEYS,
    TWO_LEGGED,
    Call,
    Keys,
    Steps,
    base_string,
    escape,
    oauth_pairs,
    replace,
    right_base_string,
    sign,
)

CASES: list[Case] = []
PROXY = {THEIRS, BETWEEN}


def signature_for(base: str, keys: Keys) -> str:
    key = f"{escape(keys.consumer_secret)}&{escape(keys.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def shown(number: int, theirs: str, keys: Keys) -> tuple[Any, dict[str, Any], Keys | None]:
    """In which way the server's base string, or its signature, becomes known; and whether there are secrets."""
    doubled = theirs.replace("&", "\\u0026")
    return [
        (refusal(), {"server_base_string": theirs}, keys),
        (refusal(401, f"oauth_problem=signature_invalid&debug_sbs={theirs}", FORM), {}, keys),
        (refusal(401, f"<html><body>Invalid signature. Expected signature base string: {theirs}</body></html>", "text/html"), {}, keys),
        (None, {"server_signature": signature_for(theirs, keys)}, keys),
        (refusal(400, '{"error": {"id": "INVALID_SIGNATURE", "description": "Invalid signature. Expected signature base string: ' + doubled + '"}}', "application/json"), {}, keys),
        (refusal(401, ""), {"server_base_string": theirs}, keys),
        (refusal(401, f"oauth_signature [x] does not match expected value [{signature_for(theirs, keys)}]"), {"server_signature": signature_for(theirs, keys)}, keys),
        (refusal(401, json.dumps({"Errors": {"Error": [{"Source": "Gateway", "ReasonCode": "AUTHENTICATION_FAILED", "Description": f"OAuth signatures did not match. Acceptable signature base string: {theirs}", "Recoverable": False, "Details": None}]}}), "application/json"), {}, keys),
    ][number % 8]


def fault(
    id_: str, kind: str, what: str, codes: str, call: Call, read: Call | None = None, steps: Steps | None = None, *,
    sides: set[str] | None = None, style: int | None = None, base: Any = None, secrets: bool = True,
) -> None:
    """``read`` is the call as the server takes it, ``steps`` how it makes its base string."""
    request = sign(call)
    oauth = oauth_pairs(call)
    theirs = base_string(read or call, steps or Steps(), oauth)
    if base:
        theirs = base(theirs)
    response, given, keys = shown(len(CASES) if style is None else style, theirs, call.keys)
    held = PROXY if sides is None else sides
    CASES.append(
        Case(f"server-{id_}", kind, what, request, set(codes.split()), held if secrets else set(), None, response,
             {**given, "_theirs": theirs}, keys if secrets else None, call.keys, "server")
    )


S = "https://api.example.com/v1/items"
GET, POST = Call("GET", S, [("page", "2")]), Call("POST", S, form=[("name", "x"), ("n", "1")])


def at(url: str, call: Call = GET) -> Call:
    return replace(call, url=url)


# a proxy in between
for n in range(4):
    fault(f"tls-{n}", "proxy: scheme", "the proxy ends TLS, the server computes with http", "scheme", [GET, POST, GET, GET][n], at(S.replace("https", "http"), [GET, POST, GET, GET][n]), style=[0, 1, 3, 4][n])
fault("tls-nosecret", "proxy: scheme", "the same, no secrets are given", "scheme", GET, at(S.replace("https", "http")), style=0, secrets=False)
fault("to-https", "proxy: scheme", "the server believes in https, http was sent", "scheme", at(S.replace("https", "http")), GET)
fault("port-8080", "proxy: port", "the port of the inside, 8080", "port", GET, at("https://api.example.com:8080/v1/items"))
fault("port-http80", "proxy: scheme", "http and no port", "scheme", POST, at(S.replace("https", "http"), POST), style=6)
fault("scheme-port", "proxy: scheme and port", "http and the port 8080 of the inside", "scheme port", GET, at("http://api.example.com:8080/v1/items"))
fault("https-80", "proxy: port", "https and the port 80 of the inside", "port", GET, at("https://api.example.com:80/v1/items"))
fault("port-lost", "proxy: port", "the proxy drops :8443 of the Host header", "port", at("https://api.example.com:8443/v1/items"), GET)
fault("host-inside", "proxy: host", "the name of the upstream", "host", GET, at("https://backend/v1/items"), style=0)
fault("host-local", "proxy: host", "localhost:3000, http", "host scheme port", GET, at("http://localhost:3000/v1/items"))
fault("host-ip", "proxy: host", "the container's address", "host", POST, at("https://10.0.3.7/v1/items", POST))
fault("host-www", "proxy: host", "a redirect inside adds www.", "host", GET, at("https://www.api.example.com/v1/items"))
fault("host-nosecret", "proxy: host", "the name of the upstream, no secrets are given", "host", GET, at("https://backend/v1/items"), style=1, secrets=False)
fault("path-stripped", "proxy: path", "the gateway strips /v1", "path", GET, at("https://api.example.com/items"))
fault("path-added", "proxy: path", "the gateway puts /backend in front", "path", GET, at("https://api.example.com/backend/v1/items"))
fault("path-php", "proxy: path", "the rewritten path: /index.php/v1/items", "path", POST, at("https://api.example.com/index.php/v1/items", POST))
fault("path-php2", "proxy: path", "the rewritten path: /index.php", "path", GET, at("https://api.example.com/index.php"))
fault("path-slash", "server: path", "a slash at the end is dropped", "path", at(S + "/"), GET)
fault("path-slash-added", "server: path", "a slash at the end is added", "path", GET, at(S + "/"))
fault("path-fold", "server: path", "the path in small letters", "path", at("https://api.example.com/V1/Items"), GET)
fault("path-decode", "server: path", "the escapes of the path are decoded", "path percent-encoding double-encoding", at("https://api.example.com/v1/a%20b"), at("https://api.example.com/v1/a b"))
fault("path-decode-slash", "server: path", "nginx decodes %2F of the path", "path percent-encoding double-encoding", at("https://api.example.com/v1/a%2Fb"), at("https://api.example.com/v1/a/b"))
fault("path-recode", "server: path", "the escapes of the path are escaped again", "path double-encoding", at("https://api.example.com/v1/caf%C3%A9"), at("https://api.example.com/v1/caf%25C3%25A9"))
fault("path-merge", "server: path", "nginx merges slashes", "path", at("https://api.example.com/v1//items"), GET)
fault("path-dots", "server: path", "the server takes .. out", "path", at("https://api.example.com/v0/../v1/items"), GET)
fault("path-semicolon", "server: path", "Tomcat takes ;v=1 out of the path", "path", at("https://api.example.com/v1/items;v=1"), GET)
# the query
fault("php-brackets", "server renames", "PHP: a[0] is a", "query-changed", replace(GET, query=[("a[0]", "1"), ("b", "2")]), replace(GET, query=[("a", "1"), ("b", "2")]), sides={THEIRS}, style=1)
fault("php-dots", "server renames", "PHP: a.b is a_b", "query-changed", replace(GET, query=[("a.b", "1")]), replace(GET, query=[("a_b", "1")]), sides={THEIRS}, style=1)
fault("php-space", "server renames", "PHP: a b is a_b", "query-changed", replace(GET, query=[("a b", "1")]), replace(GET, query=[("a_b", "1")]), sides={THEIRS})
fault("php-form", "server renames", "PHP: fields a.b are a_b", "body-changed", replace(POST, form=[("a.b", "1"), ("c", "2")]), replace(POST, form=[("a_b", "1"), ("c", "2")]), sides={THEIRS}, style=1)
fault("php-form-brackets", "server renames", "PHP: the field a[x] is a", "body-changed", replace(POST, form=[("a[x]", "1"), ("c", "2")]), replace(POST, form=[("a", "1"), ("c", "2")]), sides={THEIRS}, style=0)
fault("php-list", "server renames", "PHP: a[] becomes a[0], a[1]", "query-changed duplicate-parameters", replace(GET, query=[("a[]", "1"), ("a[]", "2")]), replace(GET, query=[("a[0]", "1"), ("a[1]", "2")]), sides={THEIRS})
fault("dup-query-form", "server: duplicates", "PECL: what stands in query and form counts once", "duplicate-parameters", replace(POST, query=[("id", "7")], form=[("id", "7"), ("a", "b")]), replace(POST, query=[], form=[("id", "7"), ("a", "b")]), sides={THEIRS}, style=1)
fault("dup-last", "server: duplicates", "the last of two wins", "duplicate-parameters", replace(GET, query=[("t", "a"), ("t", "b")]), replace(GET, query=[("t", "b")]), sides={THEIRS})
fault("dup-first", "server: duplicates", "the first of two wins", "duplicate-parameters", replace(GET, query=[("t", "a"), ("t", "b")]), replace(GET, query=[("t", "a")]), sides={THEIRS})
fault("dup-comma", "server: duplicates", "ASP.NET joins two by a comma", "duplicate-parameters", replace(GET, query=[("t", "a"), ("t", "b")]), replace(GET, query=[("t", "a,b")]), sides={THEIRS})
fault("dup-form", "server: duplicates", "the last of two fields wins", "duplicate-parameters", replace(POST, form=[("t", "a"), ("t", "b")]), replace(POST, form=[("t", "b")]), sides={THEIRS})
fault("dup-equal", "server: duplicates", "two equal parameters count once", "duplicate-parameters", replace(GET, query=[("t", "a"), ("t", "a")]), replace(GET, query=[("t", "a")]), sides={THEIRS}, style=0)
fault("twice", "server: query twice", "the query counts twice", "duplicate-parameters query-changed", GET, replace(GET, query=[("page", "2"), ("page", "2")]))
fault("route", "server adds", "Drupal's q=v1/items is counted", "query-changed", GET, replace(GET, query=[("page", "2"), ("q", "v1/items")]))
fault("route-wp", "server adds", "WordPress' rest_route is counted", "query-changed", GET, replace(GET, query=[("page", "2"), ("rest_route", "/v1/items")]), style=0)
fault("cdn-strips", "between: query", "the CDN strips utm_source", "query-changed", replace(GET, query=[("page", "2"), ("utm_source", "x")]), GET)
fault("cdn-adds", "between: query", "a gateway adds apikey", "query-changed", GET, replace(GET, query=[("page", "2"), ("apikey", "k-77")]))
fault("query-ignored", "server ignores", "the query is not counted", "query-changed", GET, replace(GET, query=[]), sides={THEIRS, BETWEEN}, style=0)
fault("query-ignored-post", "server ignores", "the query of a POST is not counted", "query-changed", replace(POST, query=[("v", "2")]), POST)
fault("trim", "server changes values", "values are trimmed", "query-changed", replace(GET, query=[("q", " a ")]), replace(GET, query=[("q", "a")]))
fault("fold", "server changes values", "names are made small", "query-changed", replace(GET, query=[("Page", "2")]), replace(GET, query=[("page", "2")]))
fault("empty-drop", "server: empty values", "empty values are dropped", "empty-value", replace(GET, query=[("q", ""), ("n", "1")]), replace(GET, query=[("n", "1")]), sides={THEIRS})
fault("empty-drop-form", "server: empty values", "empty fields are dropped", "empty-value", replace(POST, form=[("q", ""), ("n", "1")]), replace(POST, form=[("n", "1")]), sides={THEIRS})
fault("empty-noeq", "server: empty values", "an empty value stands without =", "empty-value", replace(GET, query=[("q", ""), ("n", "1")]), steps=Steps(join=lambda pairs: "&".join(f"{k}={v}" if v else k for k, v in pairs)), sides={THEIRS})
fault("empty-null", "server: empty values", "Rails: an empty value is null and left out of a form", "empty-value", replace(POST, form=[("name", ""), ("a", "b")]), replace(POST, form=[("a", "b")]), sides={THEIRS}, style=0)
# escapes
fault("plus", "server escapes", "a space is escaped as +", "plus-as-space", replace(GET, query=[("q", "a b")]), steps=Steps(encode=quote_plus), sides={THEIRS})
fault("plus-form", "server escapes", "a space of the form is escaped as +", "plus-as-space", replace(POST, form=[("q", "a b")]), steps=Steps(encode=quote_plus), sides={THEIRS})
fault("plus-literal", "server escapes", "the + of the query is not read as a space", "plus-as-space", replace(GET, query=[("q", "a b")], wire=quote_plus), replace(GET, query=[("q", "a+b")]), sides={THEIRS, BETWEEN})
fault("plus-decoded", "server escapes", "%2B is read as a space", "plus-as-space query-changed", replace(GET, query=[("tel", "+49")]), replace(GET, query=[("tel", " 49")]))
fault("tilde", "server escapes", "~ is escaped", "percent-encoding", replace(GET, query=[("q", "~a")]), steps=Steps(encode=lambda s: escape(s).replace("~", "%7E")), sides={THEIRS})
fault("lower", "server escapes", "escapes in lower case", "percent-encoding", replace(GET, query=[("q", "a/b")]), steps=Steps(encode=lambda s: escape(s).replace("%2F", "%2f")), sides={THEIRS})
fault("euc", "server escapes", "encodeURIComponent", "percent-encoding", replace(GET, query=[("q", "it's (ok)")]), steps=Steps(encode=lambda s: quote(s, safe="-._~!*'()")), sides={THEIRS})
fault("euc-form", "server escapes", "encodeURIComponent for a form", "percent-encoding", replace(POST, form=[("q", "wow!")]), steps=Steps(encode=lambda s: quote(s, safe="-._~!*'()")), sides={THEIRS})
fault("slash-raw", "server escapes", "quote leaves the /", "percent-encoding", replace(GET, query=[("q", "a/b")]), steps=Steps(encode=lambda s: quote(s, safe="-._~/")), sides={THEIRS})
fault("not-decoded", "server escapes", "values are taken as they stand in the query, escaped, and escaped again", "double-encoding", replace(GET, query=[("q", "a/b")]), steps=Steps(encode=lambda s: escape(escape(s))), sides={THEIRS})
fault("keys-raw", "server escapes", "names are not escaped", "percent-encoding", replace(GET, query=[("a[b]", "1")]), steps=Steps(encode_key=lambda s: s), sides={THEIRS})
fault("outer-raw", "server escapes", "the outer layer is missing", "percent-encoding", GET, steps=Steps(outer_parameters=lambda s: s), sides={THEIRS}, style=0)
fault("order", "server: order", "sorted without regard to case", "parameter-order", replace(GET, query=[("B", "1"), ("a", "2")]), steps=Steps(order=lambda pairs: sorted(pairs, key=lambda p: p[0].lower())), sides={THEIRS})
fault("order-raw", "server: order", "sorted before escaping", "parameter-order", replace(GET, query=[("a[x]", "1"), ("aB", "2")]), steps=Steps(order_raw=sorted), sides={THEIRS})
fault("order-num", "server: order", "values of one name sorted by number", "parameter-order", replace(GET, query=[("n", "10"), ("n", "9")]), steps=Steps(order=lambda pairs: sorted(pairs, key=lambda p: (p[0], int(p[1]) if p[1].isdigit() and p[0] == "n" else 0))), sides={THEIRS})
fault("latin", "server: charset", "the form is read as Latin-1", "charset double-encoding", replace(POST, form=[("q", "\u00e9t\u00e9")]), steps=Steps(encode=lambda s: escape(s.encode().decode("latin-1"))), sides={THEIRS})
fault("latin-out", "server: charset", "the base string is made in Latin-1", "charset", replace(GET, query=[("q", "\u00e9")]), steps=Steps(encode=lambda s: quote(s.encode("latin-1"), safe="-._~")), sides={THEIRS})
fault("nfc", "server: charset", "the server composes characters (NFC)", "charset", replace(GET, query=[("q", "e\u0301")]), replace(GET, query=[("q", "\u00e9")]), sides={THEIRS})
# body, method, oauth
fault("form-ignored", "server ignores", "the form is not counted", "body-not-signed", POST, replace(POST, form=[]), sides={THEIRS})
fault("form-ignored-put", "server ignores", "the form of a PUT is not counted", "body-not-signed", replace(POST, method="PUT"), replace(POST, method="PUT", form=[]), sides={THEIRS}, style=3)
fault("form-charset", "server ignores", "the form is not counted where its type has a charset", "body-not-signed content-type", replace(POST, content_type=FORM + "; charset=utf-8"), replace(POST, form=[]), sides={THEIRS})
fault("json-counted", "server counts", "the members of the JSON body are counted", "body-signed", Call("POST", S, body=b'{"name":"x"}', content_type="application/json"), Call("POST", S, form=[("name", "x")]), sides={THEIRS}, style=0)
fault("multipart-counted", "server counts", "the fields of multipart are counted", "body-signed", Call("POST", S, body=b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nsea\r\n--x--\r\n', content_type="multipart/form-data; boundary=x"), Call("POST", S, form=[("title", "sea")]), sides={THEIRS}, style=0)
fault("field-added", "between: body", "a firewall adds a field to the form", "body-changed query-changed", POST, replace(POST, form=[*POST.form, ("_waf", "1")]))
fault("field-changed", "between: body", "a filter changes a value of the form", "body-changed", replace(POST, form=[("text", "<b>hi</b>"), ("n", "1")]), replace(POST, form=[("text", "hi"), ("n", "1")]), style=0)
fault("head", "server: method", "HEAD counts as GET", "method", replace(GET, method="HEAD"), GET)
fault("override", "server: method", "the method of X-HTTP-Method-Override counts", "method", replace(POST, headers=(("X-HTTP-Method-Override", "PUT"),)), replace(POST, method="PUT"), sides=set())
fault("method-lower", "server: method", "the method in small letters", "method", GET, steps=Steps(method=str.lower), sides={THEIRS})
fault("proxy-method", "server: method", "a proxy makes GET of POST after a redirect inside", "method", Call("POST", S), Call("GET", S))
fault("realm", "server: realm", "the realm is counted", "realm", replace(GET, realm="Photos"), steps=Steps(more=(("realm", "Photos"),)), sides={THEIRS})
fault("realm2", "server: realm", "the realm is counted, two-legged", "realm", replace(GET, realm="https://api.example.com", keys=TWO_LEGGED), steps=Steps(more=(("realm", "https://api.example.com"),)), sides={THEIRS}, style=0)
fault("fragment", "server: path", "the fragment is counted", "path", at(S + "?page=2#x", replace(GET, query=[])), replace(GET, query=[("page", "2")]), steps=Steps(base_url=lambda _: S + "#x"), sides=set())
# the base strings are equal: the secrets differ
for n, (codes, call) in enumerate((("consumer-secret token-secret", GET), ("consumer-secret token-secret", POST), ("consumer-secret", replace(GET, keys=TWO_LEGGED)), ("consumer-secret token-secret", replace(POST, placement="body")), ("consumer-secret token-secret", replace(GET, placement="query")))):
    fault(f"equal-{n}", "equal base strings", "the server's base string is that of the request: its secrets are others", codes, call, style=[0, 1, 4, 7, 2][n], sides=set())
fault("equal-reserved", "equal base strings", "equal base strings, and a secret with reserved characters: the server uses the key raw", "signing-key-encoding consumer-secret", replace(GET, keys=replace(KEYS, consumer_secret="aB3/x+Y=90zz")), style=0, sides=set())
fault("equal-other-token", "base string of another request", "the server has another token", "token-key query-changed", GET, style=0, base=lambda b: b.replace(str(KEYS.token), "77-other"), sides=set())
# junk
for n, text in enumerate(("see the log", "GET https://api.example.com/v1/items", "&&&")):
    fault(f"junk-{n}", "junk as base string", "what is given as base string is none", "no-cause-found consumer-secret token-secret", GET, style=0, base=lambda _, text=text: text, sides=set())


def client_side(id_: str, kind: str, what: str, codes: str, call: Call, steps: Steps, *, secrets: bool, sides: set[str]) -> None:
    """What another client says that it signed, and the request as it went out."""
    request = sign(call, steps)
    ours = base_string(call, steps, oauth_pairs(call))
    CASES.append(
        Case(f"client-{id_}", kind, what, request, set(codes.split()), sides, sign(call), refusal(),
             {"client_base_string": ours}, call.keys if secrets else None, call.keys)
    )


for n, (codes, call, steps) in enumerate((
    ("scheme", GET, Steps(base_url=lambda u: u.replace("https", "http"))),
    ("method", POST, Steps(method=lambda _: "GET")),
    ("query-changed", GET, Steps(query=lambda _: [])),
    ("body-not-signed", POST, Steps(form=lambda _: [])),
    ("percent-encoding", replace(GET, query=[("q", "a!b")]), Steps(encode=lambda s: quote(s, safe="-._~!*'()"))),
    ("plus-as-space", replace(GET, query=[("q", "a b")]), Steps(encode=quote_plus)),
    ("double-encoding", replace(GET, query=[("q", "a/b")]), Steps(encode=lambda s: escape(escape(s)))),
    ("parameter-order", replace(GET, query=[("z", "1"), ("a", "2")]), Steps(order=lambda p: p)),
    ("host", GET, Steps(base_url=lambda u: u.replace("api.", "www."))),
    ("path", GET, Steps(base_url=lambda u: u + "/")),
    ("empty-value", replace(GET, query=[("q", ""), ("a", "b")]), Steps(query=lambda p: p[1:])),
    ("duplicate-parameters", replace(GET, query=[("t", "1"), ("t", "2")]), Steps(query=lambda p: p[1:])),
)):
    client_side(f"given-{n}", f"client base string: {codes}", "the client's base string is given, no secrets", codes, call, steps, secrets=n % 3 == 2, sides=set())


def check_server(case: Case) -> str:
    """Tell what is wrong with a case of this table, if anything: the request has to be right, and the server's not it."""
    theirs, right = case.given["_theirs"], oracle_base_string(case.request)
    equal = "equal" in case.kind
    if equal != (theirs == right):
        return "the server's base string " + ("differs" if equal else "is the right one")
    return ""


__all__ = ["CASES", "check_server", "right_base_string"]
