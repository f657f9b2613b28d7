"""Faults of signers: other clients' real requests (``data/``), and a small signer with one step replaced."""

# ruff: noqa: E501  # a row of the table is a line
# fmt: off
from __future__ import annotations

import base64
import json
import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from blind_case import OURS, Case, refusal
from blind_oracle import oracle_base_string
from blind_signer import (
    FORM,
    KEYS,
    NONCE,
    TIMESTAMP,
    TWO_LEGGED,
    Call,
    Keys,
    Steps,
    base_string,
    escape,
    oauth_pairs,
    replace,
    sign,
)
from oauthlib.oauth1 import SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_QUERY, Client

DATA = Path(__file__).parent / "data"
EXPECTED = "Invalid signature. Expected signature base string: "


def styles(number: int, base: str) -> tuple[dict[str, Any] | None, dict[str, Any], str]:
    """Return a response, what is given besides the secrets, and what is handed over: each in its turn."""
    sbs = escape(base)
    return [
        (refusal(401, "Invalid signature"), {}, "response"),
        (refusal(401, '{"errors":[{"code":32,"message":"Could not authenticate you."}]}', "application/json"), {}, "response"),
        (refusal(401, "oauth_problem=signature_invalid", "text/plain", WWW_Authenticate='OAuth realm="api", oauth_problem="signature_invalid"'), {}, "response"),
        (None, {}, "prepared"),
        (refusal(401, f"oauth_problem=signature_invalid&debug_sbs={base}", "text/plain;charset=UTF-8"), {}, "response"),
        (refusal(401, "", "text/html", WWW_Authenticate='OAuth realm="https://api.example.com"'), {}, "response"),
        (refusal(400, json.dumps({"error": {"text": "Signature was invalid", "id": "INVALID_SIGNATURE", "description": EXPECTED + base}}), "application/json"), {}, "response"),
        (None, {"server_base_string": base}, "request"),
        (refusal(401, '{"code":"woocommerce_rest_authentication_error","message":"Invalid signature - provided signature does not match.","data":{"status":401}}', "application/json; charset=UTF-8"), {}, "response"),
        (refusal(401, "<!doctype html><html><head><title>HTTP Status 401 \u2013 Unauthorized</title></head><body><h1>HTTP Status 401 \u2013 Unauthorized</h1><p><b>Message</b> oauth_problem=signature_invalid</p></body></html>", "text/html;charset=utf-8"), {}, "response"),
        (refusal(401, f'Verification of signature failed (signature base string was "{base}").', "text/plain"), {}, "response"),
        (refusal(401, f"oauth_problem=signature_invalid&debug_sbs={sbs}", FORM), {}, "response"),
    ][number % 12]


def foreign() -> list[Case]:
    """Requests that signers in other languages made, with the refusals of many servers."""
    made = []
    for path in sorted(DATA.glob("*.json")):
        for each in json.loads(path.read_text(encoding="utf-8")):
            keys = Keys(**each["keys"])
            if not keys.token:
                keys = replace(keys, token=None, token_secret="")
            response, given, form = styles(len(made), oracle_base_string(each["request"]))
            proof = each.get("proof", "signature")
            if proof == "clock":
                response, given, form = refusal(401, "oauth_problem=timestamp_refused"), {}, "response"
            if proof == "body_hash":
                response, given, form = refusal(400, "Bad Request - The provided oauth_body_hash does not match the hash of the request payload."), {}, "response"
            made.append(
                Case(
                    each["id"], each["kind"], each["what"], each["request"], set(each["codes"]), set(each["sides"]),
                    each["right"], response, {**each.get("given", {}), **given}, keys, keys, proof, form=form,
                )
            )
    return made


CASES: list[Case] = []


def fault(
    id_: str, kind: str, what: str, codes: str, call: Call, steps: Steps, *, response: Any = "turn", given: Any = None,
    sides: set[str] | None = None, keys: Keys | None = None, form: str = "response",
) -> None:
    request, right = sign(call, steps), sign(call)
    turn, more, as_ = styles(len(CASES), oracle_base_string(request))
    if response != "turn":
        turn, more, as_ = response, given or {}, form
    more = {**more, **(given or {})}
    if more.get("client_base_string") == "BUILT":
        more["client_base_string"] = base_string(call, steps, oauth_pairs(call))
    CASES.append(
        Case(f"py-{id_}", kind, what, request, set(codes.split()), {OURS} if sides is None else sides, right, turn, more,
             keys or call.keys, call.keys, form=as_)
    )


def raw(safe: str, text: str) -> str:
    return quote(text, safe="-._~" + safe)


def low(text: str) -> str:
    return re.sub("%..", lambda match: match[0].lower(), text)


def cesu(char: str) -> str:
    if ord(char) < 0x10000:
        return escape(char)
    pair = char.encode("utf-16-be")
    return "".join(escape(chr(int.from_bytes(pair[n : n + 2], "big"))) for n in (0, 2))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


GET = Call("GET", "https://api.example.com/1/photos")
POST = Call("POST", "https://api.example.com/1/photos")
SLASHED = replace(GET, query=[("next", "/start/a"), ("n", "1")])

# Python's own ways to escape
fault("quote-slash", "quote leaves /", "quote() leaves the / of a value", "percent-encoding", SLASHED, Steps(encode=lambda s: raw("/", s)))
fault("quote-slash-form", "quote leaves /", "quote() leaves the / of a form's value", "percent-encoding", replace(POST, form=[("path", "a/b")]), Steps(encode=lambda s: raw("/", s)))
fault("quote-slash-outer", "outer layer: quote leaves /", "quote() leaves the / of the base URL", "percent-encoding", SLASHED, Steps(outer=lambda s: raw("/", s)))
fault("quote-slash-all", "outer layer: quote leaves /", "quote() leaves / everywhere", "percent-encoding", SLASHED, Steps(outer=lambda s: raw("/", s), encode=lambda s: raw("/", s)))
fault("quote-plus", "urlencode", "quote_plus for values", "plus-as-space", replace(GET, query=[("q", "two words")]), Steps(encode=quote_plus))
fault("quote-plus-outer", "outer layer: urlencode", "quote_plus for the outer layer of a string with +", "plus-as-space percent-encoding", replace(GET, query=[("q", "two words")]), Steps(encode=quote_plus, outer=quote_plus))
fault("urlencode-256", "urlencode", "urlencode of a sorted dict, HMAC-SHA256", "plus-as-space", replace(POST, form=[("title", "on the road"), ("id", "4")], hash_name="HMAC-SHA256"), Steps(encode=quote_plus))
fault("urlencode-512", "urlencode", "urlencode of a sorted dict, HMAC-SHA512", "plus-as-space", replace(POST, form=[("title", "on the road")], hash_name="HMAC-SHA512"), Steps(encode=quote_plus))
fault("py2-tilde", "tilde escaped", "Python 2's quote escapes ~", "percent-encoding", replace(GET, query=[("home", "~me/x")]), Steps(encode=lambda s: escape(s).replace("~", "%7E")))
# Swift, .NET, and others
fault("swift", "Swift's urlQueryAllowed", "addingPercentEncoding(.urlQueryAllowed) leaves /?:@!$&'()*+,;=", "percent-encoding", replace(POST, form=[("status", "see http://t.example/?a=1, it's fun!")]), Steps(encode=lambda s: raw("/?:@!$&'()*+,;=", s)))
fault("swift-host", "Swift's urlQueryAllowed", "addingPercentEncoding(.urlHostAllowed) leaves !$&'()*+,;=:[]", "percent-encoding", replace(GET, query=[("tags", "a,b;c"), ("x", "y")]), Steps(encode=lambda s: raw("!$&'()*+,;=:[]", s)))
fault("swift-outer", "outer layer: Swift", "addingPercentEncoding(.urlQueryAllowed) on the outer layer", "percent-encoding", SLASHED, Steps(outer=lambda s: raw("/?:@!$&'()*+,;=", s)))
fault("objc", "CFURLCreateStringByAddingPercentEscapes", "CFURLCreateStringByAddingPercentEscapes escapes only !*'();:@&=+$,/?#[]", "percent-encoding", replace(GET, query=[("a", "x^{y}|z")]), Steps(encode=lambda s: raw("^{}|", s)))
fault("net-escape", "encodeURIComponent", ".NET's Uri.EscapeDataString of old leaves !*'()", "percent-encoding", replace(POST, form=[("message", "Ok (really)!")]), Steps(encode=lambda s: raw("!*'()", s)))
fault("net-lower", "lower case escapes", ".NET's HttpUtility.UrlEncode escapes in lower case", "percent-encoding", replace(GET, query=[("url", "http://a.example")]), Steps(encode=lambda s: low(escape(s))))
fault("net-lower-plus", "two mistakes", ".NET's HttpUtility.UrlEncode: lower case, and + for a space", "percent-encoding plus-as-space", replace(GET, query=[("q", "a/b c")]), Steps(encode=lambda s: low(quote_plus(s, safe="!*()"))))
fault("net-lower-outer", "lower case escapes", "the outer layer in lower case", "percent-encoding", replace(GET, query=[("a", "1")]), Steps(outer=lambda s: low(escape(s))))
fault("net-lower-all", "lower case escapes", "all layers in lower case", "percent-encoding", replace(GET, query=[("a", "b c")]), Steps(outer=lambda s: low(escape(s)), encode=lambda s: low(escape(s))))
fault("vb", "other escapes", "a hand-made escape leaves , and ;", "percent-encoding", replace(GET, query=[("ids", "1,2,3")]), Steps(encode=lambda s: raw(",;", s)))
fault("escape-dot", "other escapes", "a hand-made escape escapes . and -", "percent-encoding", replace(GET, query=[("ver", "1.2-rc")]), Steps(encode=lambda s: escape(s).replace(".", "%2E").replace("-", "%2D")))
fault("escape-under", "other escapes", "a hand-made escape escapes _ in names", "percent-encoding", GET, Steps(encode_key=lambda s: escape(s).replace("_", "%5F")))
fault("only-space", "other escapes", "replaces spaces by %20 and nothing else", "percent-encoding", replace(GET, query=[("q", "a b&c")]), Steps(encode=lambda s: s.replace(" ", "%20")))
fault("space-raw", "other escapes", "leaves spaces as they are", "percent-encoding plus-as-space", replace(GET, query=[("q", "a b")]), Steps(encode=lambda s: escape(s).replace("%20", " ")))
fault("percent-u", "escape()", "%uXXXX for what is not Latin", "percent-encoding charset", replace(GET, query=[("q", "\u65e5\u672c")]), Steps(encode=lambda s: "".join(f"%u{ord(c):04X}" if ord(c) > 255 else escape(c) for c in s)))
fault("surrogates", "charset", "CESU-8: an emoji as two surrogates of three bytes each", "charset percent-encoding", replace(POST, form=[("text", "hi \U0001f600")]), Steps(encode=lambda s: "".join(cesu(c) for c in s)))
fault("keys-joined", "keys joined, then escaped", "name=value is escaped as one string", "percent-encoding double-encoding", replace(GET, query=[("a", "1")]), Steps(join=lambda pairs: "&".join(escape(f"{k}={v}") for k, v in pairs)))
fault("twice-outer", "normalized string twice", "the normalized string is escaped twice", "double-encoding", replace(GET, query=[("a", "1")]), Steps(outer_parameters=lambda s: escape(escape(s))))
fault("twice-url", "outer layer twice", "the base URL is escaped twice", "double-encoding", replace(GET, query=[("a", "1")]), Steps(outer_url=lambda s: escape(escape(s))))
fault("twice-base", "outer layer twice", "the whole base string is escaped again", "double-encoding percent-encoding", GET, Steps(base=lambda s: escape(s)))
fault("no-outer-url", "outer layer missing", "the base URL stands raw in the base string", "percent-encoding", replace(GET, query=[("a", "1")]), Steps(outer_url=lambda s: s))
fault("no-outer-params", "outer layer missing", "the normalized string stands raw in the base string", "percent-encoding", replace(GET, query=[("a", "b c")]), Steps(outer_parameters=lambda s: s))
fault("html-amp", "&amp;", "&amp; between the parameters", "percent-encoding query-changed", replace(GET, query=[("a", "1"), ("b", "2")]), Steps(join=lambda pairs: "&amp;".join(f"{k}={v}" for k, v in pairs)))
fault("semicolons", "separators", "; between the parameters", "percent-encoding query-changed", replace(GET, query=[("a", "1")]), Steps(join=lambda pairs: ";".join(f"{k}={v}" for k, v in pairs)))
# base URL
fault("host-caps", "host", "the host in capitals", "host", replace(GET, url="https://API.EXAMPLE.com/1/photos"), Steps(base_url=lambda u: u))
fault("host-caps-outer", "host", "the host in capitals, of a constant", "host", GET, Steps(base_url=lambda u: u.replace("api.example.com", "Api.Example.Com")))
fault("scheme-caps", "scheme", "the scheme in capitals", "scheme", GET, Steps(base_url=lambda u: u.replace("https", "HTTPS")))
fault("no-scheme", "base URL without scheme", "the base URL without scheme", "scheme host", GET, Steps(base_url=lambda u: u.replace("https://", "")))
fault("path-only", "base URL without host", "the path is the base URL", "host scheme path", GET, Steps(base_url=lambda u: "/1/photos"))
fault("double-slash", "base URL without scheme", "// and host", "scheme", GET, Steps(base_url=lambda u: u.replace("https:", "")))
fault("fragment", "fragment", "the fragment is signed", "path", replace(GET, url="https://api.example.com/1/photos#top"), Steps(base_url=lambda u: "https://api.example.com/1/photos#top"))
fault("port-path", "port and path", "port and path dropped together", "port path host", replace(GET, url="https://api.example.com:8443/1/photos"), Steps(base_url=lambda u: "https://api.example.com/"))
fault("port-default-http", "port", ":80 is signed", "port", replace(GET, url="http://api.example.com/1/photos"), Steps(base_url=lambda u: "http://api.example.com:80/1/photos"))
fault("port-sent-443", "port", ":443 is in the URL and is signed", "port", replace(GET, url="https://api.example.com:443/1/photos"), Steps(base_url=lambda u: "https://api.example.com:443/1/photos"))
fault("port-other", "port", "another port is signed", "port", replace(GET, url="http://localhost:5000/api"), Steps(base_url=lambda u: u.replace("5000", "3000")))
fault("userinfo", "user in URL", "user and password of the URL are signed", "host", replace(GET, url="https://me:pw@api.example.com/1/photos"), Steps(base_url=lambda u: "https://me:pw@api.example.com/1/photos"))
fault("empty-path", "path", "an empty path without its /", "path", replace(GET, url="https://api.example.com"), Steps(base_url=lambda u: "https://api.example.com"))
fault("json-ext", "path", ".json is sent and not signed", "path", replace(GET, url="https://api.example.com/1/me.json"), Steps(base_url=lambda u: u.replace(".json", "")))
fault("version", "path", "another version of the API is signed", "path consumer-secret token-secret", GET, Steps(base_url=lambda u: u.replace("/1/", "/1.1/")))
fault("path-enc", "path", "the escapes of the path are decoded", "path percent-encoding double-encoding", replace(GET, url="https://api.example.com/u/J%C3%B6rg"), Steps(base_url=lambda u: "https://api.example.com/u/J\u00f6rg"))
fault("path-twice", "path", "the escapes of the path are escaped again", "path double-encoding", replace(GET, url="https://api.example.com/u/a%20b"), Steps(base_url=lambda u: u.replace("%20", "%2520")))
fault("matrix", "path", ";jsessionid is sent and not signed", "path", replace(GET, url="https://api.example.com/me;jsessionid=12"), Steps(base_url=lambda u: u.replace(";jsessionid=12", "")))
fault("idn", "host", "an international host is signed as Unicode", "host", replace(GET, url="https://xn--bcher-kva.example/a"), Steps(base_url=lambda u: u.replace("xn--bcher-kva", "b\u00fccher")))
fault("scheme-port", "two mistakes", "http and port 8080 are signed", "scheme port", GET, Steps(base_url=lambda u: "http://api.example.com:8080/1/photos"))
fault("host-path", "two mistakes", "another host and another path are signed", "host path consumer-secret token-secret", GET, Steps(base_url=lambda u: "https://gateway.internal/photos"))
# parameters
fault("sort-values-num", "order", "sorted by number", "parameter-order", replace(GET, query=[("n", "10"), ("n", "9")]), Steps(order=lambda pairs: sorted(pairs, key=lambda p: (p[0], int(p[1]) if p[1].isdigit() else 0))))
fault("oauth-first", "order", "oauth_ parameters first, then the others", "parameter-order", replace(GET, query=[("a", "1"), ("zz", "2")]), Steps(order=lambda pairs: sorted(pairs, key=lambda p: (not p[0].startswith("oauth_"), p))))
fault("oauth-last", "order", "the others first, oauth_ parameters last", "parameter-order", replace(GET, query=[("status", "1"), ("track", "2")]), Steps(order=lambda pairs: sorted(pairs, key=lambda p: (p[0].startswith("oauth_"), p))))
fault("sort-lower", "order", "sorted in small letters", "parameter-order", replace(GET, query=[("Limit", "5"), ("after", "x")]), Steps(order=lambda pairs: sorted(pairs, key=lambda p: p[0].lower())))
fault("sort-desc", "order", "duplicates in descending order", "parameter-order duplicate-parameters", replace(POST, form=[("v", "1"), ("v", "2")]), Steps(order=lambda pairs: sorted(sorted(pairs, reverse=True), key=lambda p: p[0])))
fault("sort-raw2", "order", "sorted before escaping: an umlaut after z", "parameter-order", replace(GET, query=[("\u00e4", "1"), ("z", "2")]), Steps(order_raw=sorted))
fault("brackets", "keys not encoded", "a[b] is not escaped in names", "percent-encoding", replace(GET, query=[("filter[name]", "x")]), Steps(encode_key=lambda s: s))
fault("brackets-once", "keys encoded twice", "names are escaped twice", "double-encoding", replace(GET, query=[("filter[name]", "x")]), Steps(encode_key=lambda s: escape(escape(s))))
fault("magento", "keys not encoded", "Magento's searchCriteria is not escaped in names", "percent-encoding", Call("GET", "https://shop.example.com/rest/V1/orders", [("searchCriteria[pageSize]", "10")], hash_name="HMAC-SHA256"), Steps(encode_key=lambda s: s))
fault("query-missing", "query not signed", "the query is not signed, nothing but the request is there", "query-changed", replace(GET, query=[("page", "2")]), Steps(query=lambda _: []), response=None, form="request")
fault("query-one-missing", "query not signed", "one of three parameters is not signed", "query-changed", replace(GET, query=[("a", "1"), ("b", "2"), ("c", "3")]), Steps(query=lambda p: p[:2]))
fault("query-extra", "query changed", "a parameter is signed that is not sent", "query-changed", replace(GET, query=[("a", "1")]), Steps(query=lambda p: [*p, ("debug", "true")]), given={"client_base_string": "BUILT"})
fault("query-value", "query changed", "True is signed as True and sent as true", "query-changed", replace(GET, query=[("full", "true")]), Steps(query=lambda p: [("full", "True")]), given={"client_base_string": "BUILT"})
fault("query-date", "query changed", "a date is signed in another form than it is sent", "query-changed", replace(GET, query=[("d", "2025-11-29")]), Steps(query=lambda p: [("d", "2025-11-29 00:00:00")]), given={"client_base_string": "BUILT"})
fault("form-space", "body changed", "the form's value is signed with a space at its end", "body-changed", replace(POST, form=[("text", "hello")]), Steps(form=lambda p: [("text", "hello ")]))
fault("form-crlf", "body changed", "line ends are signed as LF and sent as CR LF", "body-changed", replace(POST, form=[("text", "a\r\nb")]), Steps(form=lambda p: [("text", "a\nb")]))
fault("form-file", "body changed", "a field is sent that is not signed", "body-changed body-not-signed", replace(POST, form=[("text", "a"), ("csrf", "Zx9")]), Steps(form=lambda p: p[:1]))
fault("form-only", "form not signed", "the form is not signed, HMAC-SHA256", "body-not-signed", replace(POST, form=[("text", "a")], hash_name="HMAC-SHA256"), Steps(form=lambda _: []))
fault("form-put", "form not signed", "the form of a PUT is not signed", "body-not-signed", replace(POST, method="PUT", form=[("text", "a"), ("more", "b c")]), Steps(form=lambda _: []))
fault("form-body-place", "form not signed", "parameters in the body, the form is not signed", "body-not-signed", replace(POST, form=[("text", "a")], placement="body"), Steps(form=lambda _: []))
fault("form-as-json", "Content-Type", "the form is signed and goes out as text/plain", "content-type body-signed", replace(POST, body=b"text=a&n=1", content_type="text/plain"), Steps(more=(("text", "a"), ("n", "1"))))
fault("form-no-type", "Content-Type", "the form is signed and goes out without a Content-Type", "content-type body-signed", replace(POST, body=b"text=a&n=1"), Steps(more=(("text", "a"), ("n", "1"))))
fault("form-json-type", "Content-Type", "the form is signed and goes out as application/json", "content-type body-signed", replace(POST, body=b"text=a", content_type="application/json"), Steps(more=(("text", "a"),)))
fault("form-multipart-type", "multipart signed", "the fields of a multipart form are signed", "body-signed content-type", replace(POST, body=b'--x\r\nContent-Disposition: form-data; name="tags"\r\n\r\nsea\r\n--x--\r\n', content_type="multipart/form-data; boundary=x"), Steps(more=(("tags", "sea"),)))
fault("json-param", "JSON body signed", "the JSON body is signed as a parameter", "body-signed", replace(POST, body=b'{"n":1}', content_type="application/json"), Steps(more=(('{"n":1}', ""),)))
fault("json-flat", "JSON body signed", "the members of the JSON body are signed", "body-signed", replace(POST, body=b'{"name":"x","n":"1"}', content_type="application/json"), Steps(more=(("name", "x"), ("n", "1"))))
fault("xml-param", "XML body signed", "the XML body is signed as a parameter", "body-signed", replace(POST, body=b"<a>1</a>", content_type="application/xml"), Steps(more=(("<a>1</a>", ""),)))
fault("xml-param2", "XML body signed", "the XML body is signed as the parameter xml (Xero)", "body-signed", replace(POST, body=b"<a>1</a>", content_type="text/xml"), Steps(more=(("xml", "<a>1</a>"),)))
fault("empty-drop", "empty values", "empty values are not signed", "empty-value", replace(GET, query=[("q", ""), ("n", "5")]), Steps(query=lambda p: [x for x in p if x[1]]))
fault("empty-drop-form", "empty values", "empty fields are not signed", "empty-value", replace(POST, form=[("q", ""), ("n", "5")]), Steps(form=lambda p: [x for x in p if x[1]]))
fault("empty-noeq", "empty values", "an empty value is signed without =", "empty-value", replace(GET, query=[("q", ""), ("n", "5")]), Steps(join=lambda pairs: "&".join(f"{k}={v}" if v else k for k, v in pairs)))
fault("empty-none", "empty values", "None is signed as the word None", "empty-value query-changed", replace(GET, query=[("q", "")]), Steps(query=lambda p: [("q", "None")]))
fault("dup-first", "duplicates", "the first of two is signed", "duplicate-parameters", replace(GET, query=[("t", "a"), ("t", "b")]), Steps(query=lambda p: p[:1]))
fault("dup-last-form", "duplicates", "the last of two fields is signed", "duplicate-parameters", replace(POST, form=[("t", "a"), ("t", "b"), ("u", "c")]), Steps(form=lambda p: p[1:]))
fault("dup-list", "duplicates", "a list is signed as Python writes it", "duplicate-parameters query-changed", replace(GET, query=[("t", "a"), ("t", "b")]), Steps(query=lambda p: [("t", "['a', 'b']")]))
fault("dup-both", "duplicates", "a parameter of query and form is signed once", "duplicate-parameters", replace(POST, query=[("id", "1")], form=[("id", "1")]), Steps(form=lambda _: []), sides=set())
fault("dup-query-twice", "duplicates", "the query is signed twice: it is in the URL and in params", "duplicate-parameters query-changed", replace(GET, query=[("id", "1"), ("n", "2")]), Steps(query=lambda p: p + p))
fault("plus-literal", "plus", "a + of a value is signed as a space", "plus-as-space query-changed", replace(GET, query=[("tel", "+4930")]), Steps(query=lambda p: [("tel", " 4930")]))
fault("plus-wire", "plus", "the query is sent with +, and + is signed as %2B", "plus-as-space", replace(GET, query=[("q", "a b")], wire=quote_plus), Steps(query=lambda p: [("q", "a+b")]))
# charset
for n, name in enumerate(("latin-1", "cp1251", "shift_jis", "utf-16-be")):
    text = ("\u00fcber", "\u041c\u0438\u0440", "\u65e5\u672c", "\u00fcber")[n]
    code = "charset" if name != "utf-16-be" else "charset percent-encoding"
    fault(f"charset-{name}", "charset", f"text is signed in {name}", code, replace(POST, form=[("t", text)]), Steps(encode=lambda s, name=name: quote(s.encode(name) if not s.isascii() else s.encode(), safe="-._~")))
fault("charset-twice", "charset", "UTF-8 taken for Latin-1, and encoded again", "charset double-encoding", replace(GET, query=[("t", "na\u00efve")]), Steps(encode=lambda s: escape(s.encode().decode("latin-1"))))
fault("nfkc", "unicode form", "NFKC before signing: a ligature", "charset", replace(GET, query=[("t", "e\ufb03cient")]), Steps(encode=lambda s: escape(unicodedata.normalize("NFKC", s))))
fault("nfc2", "unicode form", "NFC before signing, NFD sent (a name of a file of macOS)", "charset", replace(GET, query=[("f", "Cafe\u0301.txt")]), Steps(encode=lambda s: escape(unicodedata.normalize("NFC", s))))
fault("entities", "HTML escapes", "an umlaut is signed as &uuml;", "charset body-changed percent-encoding", replace(POST, form=[("t", "\u00fcber")]), Steps(form=lambda p: [("t", "&uuml;ber")]), given={"client_base_string": "BUILT"})
fault("question-marks", "charset", "an umlaut is signed as ?", "charset body-changed", replace(POST, form=[("t", "\u00fcber")]), Steps(encode=lambda s: escape(s.encode("ascii", "replace").decode())))
# keys
fault("swap", "secrets swapped", "the secrets are swapped", "consumer-secret token-secret signing-key-encoding", GET, Steps(key=lambda c, t: f"{t}&{c}"))
fault("cs-only", "token secret forgotten", "the token secret is left out", "token-secret token-missing", GET, Steps(key=lambda c, t: f"{c}&"))
fault("ts-only", "consumer secret forgotten", "the consumer secret is left out", "consumer-secret", GET, Steps(key=lambda c, t: f"&{t}"))
fault("no-amp-two", "key without &", "two-legged, no & at the key's end", "signing-key-encoding", replace(GET, keys=TWO_LEGGED, query=[("a", "1")]), Steps(key=lambda c, t: c))
fault("no-amp-three", "key without &", "the secrets are joined without &", "signing-key-encoding", GET, Steps(key=lambda c, t: c + t))
fault("key-hex", "key decoded", "the consumer secret is read as hex", "signing-key-encoding consumer-secret", replace(GET, keys=replace(KEYS, consumer_secret="4a6f686e446f6521")), Steps(consumer_secret=lambda s: bytes.fromhex(s).decode()))
fault("key-b64enc", "key encoded in base64", "the consumer secret is encoded in base64", "signing-key-encoding consumer-secret", GET, Steps(consumer_secret=lambda s: b64(s)))
fault("key-upper", "secret in other case", "the token secret in capitals", "token-secret", GET, Steps(token_secret=str.upper))
fault("key-raw-secret", "key not encoded", "a secret with reserved characters is not escaped", "signing-key-encoding", replace(GET, keys=replace(KEYS, consumer_secret="p@ss/w0rd+key=1")), Steps(consumer_secret=lambda s: s))
fault("key-raw-token", "key not encoded", "a token secret with reserved characters is not escaped", "signing-key-encoding", replace(POST, form=[("a", "1")], keys=replace(KEYS, token_secret="dG9rZW4/c2Vj+cmV0==")), Steps(token_secret=lambda s: s))
fault("key-plus", "key not encoded", "a secret with a space is escaped with +", "signing-key-encoding plus-as-space", replace(GET, keys=replace(KEYS, consumer_secret="two words here")), Steps(consumer_secret=quote_plus))
fault("key-euc", "key not encoded", "encodeURIComponent on a secret with !", "signing-key-encoding percent-encoding", replace(GET, keys=replace(KEYS, consumer_secret="Wow!Secret*1(x)")), Steps(consumer_secret=lambda s: raw("!*'()", s)))
fault("ws-front", "white space in secret", "a space before the consumer secret", "secret-whitespace", GET, Steps(consumer_secret=lambda s: escape(f" {s}")))
fault("ws-raw", "white space in secret", "a line feed after the consumer secret, not escaped", "secret-whitespace", GET, Steps(consumer_secret=lambda s: f"{s}\n"))
fault("ws-crlf", "white space in secret", "CR LF after the token secret", "secret-whitespace", replace(GET, query=[("a", "b")]), Steps(token_secret=lambda s: escape(f"{s}\r\n")))
fault("ws-both", "white space in secret", "line feeds after both secrets", "secret-whitespace", GET, Steps(consumer_secret=lambda s: escape(f"{s}\n"), token_secret=lambda s: escape(f"{s}\n")))
fault("ws-tab", "white space in secret", "a tab after the token secret", "secret-whitespace", replace(POST, form=[("a", "b")]), Steps(token_secret=lambda s: escape(f"{s}\t")))
fault("quotes", "quotes in secret", "single quotes around the consumer secret", "secret-whitespace consumer-secret", GET, Steps(consumer_secret=lambda s: escape(f"'{s}'")))
fault("zwsp", "byte order mark", "a zero-width space in front of the token secret", "secret-whitespace token-secret", GET, Steps(token_secret=lambda s: escape(f"\u200b{s}")))
# methods
fault("m-lower", "method", "the method in small letters", "method", POST, Steps(method=str.lower))
fault("m-title", "method", "the method as Get", "method", replace(GET, query=[("a", "1")]), Steps(method=str.title))
fault("m-override", "method", "POST is sent with X-HTTP-Method-Override, DELETE is signed", "method", replace(POST, headers=(("X-HTTP-Method-Override", "DELETE"),)), Steps(method=lambda _: "DELETE"), sides=set())
fault("m-head", "method", "HEAD is sent, GET is signed", "method", replace(GET, method="HEAD"), Steps(method=lambda _: "GET"))
fault("m-spaces", "method", "the method with a space at its end", "method", GET, Steps(method=lambda m: m + " "))
fault("alg-256", "other digest", "SHA-256 is computed and SHA-1 announced", "signature-method", replace(POST, form=[("a", "1")]), Steps(hash_name="HMAC-SHA256"))
fault("alg-512", "other digest", "SHA-512 is computed and SHA-1 announced", "signature-method", GET, Steps(hash_name="HMAC-SHA512"))
fault("alg-512-1", "other digest", "SHA-1 is computed and SHA-512 announced", "signature-method", replace(GET, hash_name="HMAC-SHA512"), Steps(hash_name="HMAC-SHA1"))
fault("alg-plain", "other digest", "PLAINTEXT's signature, HMAC-SHA1 announced", "signature-method", GET, Steps(hash_name="PLAINTEXT"))
fault("plain-hmac", "other digest", "an HMAC-SHA1, PLAINTEXT announced", "signature-method", replace(GET, hash_name="PLAINTEXT"), Steps(hash_name="HMAC-SHA1"))
fault("plain-no-amp", "PLAINTEXT", "PLAINTEXT without &", "signing-key-encoding", replace(GET, hash_name="PLAINTEXT", keys=TWO_LEGGED), Steps(key=lambda c, t: c))
fault("plain-twice", "PLAINTEXT", "PLAINTEXT's signature is escaped twice", "double-encoding signing-key-encoding", replace(GET, hash_name="PLAINTEXT"), Steps(signature=escape))
fault("plain-swap", "PLAINTEXT", "PLAINTEXT with the secrets swapped", "consumer-secret token-secret signing-key-encoding", replace(GET, hash_name="PLAINTEXT"), Steps(key=lambda c, t: f"{t}&{c}"))
fault("plain-ws", "white space in secret", "PLAINTEXT with a line feed after the token secret", "secret-whitespace", replace(GET, hash_name="PLAINTEXT"), Steps(token_secret=lambda s: escape(f"{s}\n")))
fault("plain-cs", "token secret forgotten", "PLAINTEXT without the token secret", "token-secret token-missing", replace(GET, hash_name="PLAINTEXT"), Steps(key=lambda c, t: f"{c}&"))
fault("sig-twice", "signature escaped twice", "the signature is escaped twice in the header", "double-encoding", replace(GET, query=[("a", "4")]), Steps(signature=escape))
fault("sig-quoted", "quotes in signature", "the signature stands in quotes, escaped with it", "signature-method percent-encoding double-encoding secret-whitespace", GET, Steps(signature=lambda s: f'"{s}"'))
CASES.pop()
# realm, LTI and others
fault("realm", "realm signed", "the realm is signed", "realm", replace(GET, realm="photos"), Steps(more=(("realm", "photos"),)))
fault("realm-url", "realm signed", "the realm, a URL, is signed", "realm", replace(GET, realm="http://api.example.com/", query=[("a", "1")]), Steps(more=(("realm", "http://api.example.com/"),)))
fault("realm-netsuite", "realm signed", "NetSuite: the realm is signed", "realm", Call("GET", "https://123456-sb1.restlets.api.netsuite.com/app/site/hosting/restlet.nl", [("script", "582"), ("deploy", "1")], hash_name="HMAC-SHA256", realm="123456_SB1"), Steps(more=(("realm", "123456_SB1"),)))
fault("netsuite-query", "query not signed", "NetSuite: script and deploy are not signed", "query-changed", Call("GET", "https://123456-sb1.restlets.api.netsuite.com/app/site/hosting/restlet.nl", [("script", "582"), ("deploy", "1")], hash_name="HMAC-SHA256", realm="123456_SB1"), Steps(query=lambda _: []), given={"service": "netsuite"})
LTI = Call("POST", "https://tool.example.edu/lti/launch", form=[("lti_message_type", "basic-lti-launch-request"), ("lti_version", "LTI-1p0"), ("resource_link_id", "120988f929-274612"), ("user_id", "292832126"), ("roles", "Instructor"), ("context_title", "Design of Personal Environments"), ("launch_presentation_return_url", "")], keys=replace(TWO_LEGGED, consumer="lti.example.edu", consumer_secret="lti-secret-of-the-school"), placement="body", extra=(("oauth_callback", "about:blank"),))
fault("lti-empty", "LTI", "an LTI launch: the empty field is not signed", "empty-value", LTI, Steps(form=lambda p: [x for x in p if x[1]]))
fault("lti-http", "LTI", "an LTI launch: http is signed, the browser posts to https", "scheme", LTI, Steps(base_url=lambda u: u.replace("https", "http")))
fault("lti-space", "LTI", "an LTI launch: + for a space", "plus-as-space", LTI, Steps(encode=quote_plus))
fault("lti-query", "LTI", "an LTI launch: the query of the launch URL is not signed", "query-changed", replace(LTI, query=[("custom", "1")]), Steps(query=lambda _: []))
fault("lti-secret", "LTI", "an LTI launch with the secret of another school", "consumer-secret", LTI, Steps(consumer_secret=lambda _: "another-schools-secret"), sides=set())
fault("lti-submit", "LTI", "an LTI launch: the submit button's field is sent and not signed", "body-changed", replace(LTI, form=[*LTI.form, ("ext_submit", "Press to Launch")]), Steps(form=lambda p: p[:-1]))
fault("lti-amp", "key without &", "an LTI launch: no & after the secret", "signing-key-encoding", LTI, Steps(key=lambda c, t: c))
fault("lti-slash", "LTI", "an LTI launch: the tool's URL without its / at the end", "path", replace(LTI, url="https://tool.example.edu/lti/launch/"), Steps(base_url=lambda u: u.rstrip("/")))
fault("empty-token-unsigned", "empty oauth_token", "an empty oauth_token is sent and not signed", "empty-value token-missing", replace(GET, keys=TWO_LEGGED, extra=(("oauth_token", ""),)), Steps(oauth=lambda p: [x for x in p if x[0] != "oauth_token"]))
fault("callback-unsigned", "oauth parameter missing in signature", "oauth_callback is sent and not signed", "callback-missing query-changed", Call("POST", "https://api.example.com/oauth/request_token", keys=TWO_LEGGED, extra=(("oauth_callback", "oob"),)), Steps(oauth=lambda p: [x for x in p if x[0] != "oauth_callback"]))
fault("callback-twice", "values encoded twice", "oauth_callback is signed escaped twice", "double-encoding", Call("POST", "https://api.example.com/oauth/request_token", keys=TWO_LEGGED, extra=(("oauth_callback", "https://me.example/cb?x=1"),)), Steps(encode=lambda s: escape(escape(s)) if "://" in s else escape(s)))
fault("two-urlencode-sort", "two mistakes", "urlencode without sorting", "plus-as-space parameter-order", replace(GET, query=[("z", "a b"), ("b", "c")]), Steps(encode=quote_plus, order=lambda p: p))
fault("two-method-scheme", "two mistakes", "GET and http are signed", "method scheme", POST, Steps(method=lambda _: "GET", base_url=lambda u: u.replace("https", "http")))
fault("two-form-ws", "two mistakes", "the form is not signed, and a line feed in the secret", "body-not-signed secret-whitespace", replace(POST, form=[("a", "1")]), Steps(form=lambda _: [], consumer_secret=lambda s: escape(f"{s}\n")))


# large ones
MANY = [(f"item.{n:04}", f"value {n}!") for n in range(1500)]
fault("big-query", "encodeURIComponent", "1,500 parameters with encodeURIComponent", "percent-encoding", replace(GET, query=MANY), Steps(encode=lambda s: raw("!*'()", s)), response=refusal(401, "Invalid signature"))
fault("big-form", "urlencode", "a form of 1,500 fields with +", "plus-as-space", replace(POST, form=MANY), Steps(encode=quote_plus), response=refusal())
fault("big-order", "order", "600 fields in the order of a dict", "parameter-order", replace(POST, form=MANY[600:0:-1]), Steps(order=lambda pairs: pairs), response=refusal())
fault("big-json", "method", "a JSON body of a megabyte, GET is signed", "method", replace(POST, body=json.dumps(["x" * 1000] * 1000).encode(), content_type="application/json"), Steps(method=lambda _: "GET"), response=refusal())
fault("big-dup", "duplicates", "500 times one name, the last is signed", "duplicate-parameters", replace(POST, form=[("id", str(n)) for n in range(500)]), Steps(form=lambda p: p[-1:]), response=refusal())
# clients of Python, told the wrong thing
U = "https://api.example.com/1/photos"


def client(method: str, url: str, body: str | None = None, type_: str | None = None, **more: Any) -> Any:
    keys = more.pop("keys", KEYS)
    made = Client(
        keys.consumer, keys.consumer_secret, keys.token, keys.token_secret, nonce=NONCE, timestamp=str(TIMESTAMP), **more
    )
    return made.sign(url, method, body, {"Content-Type": type_} if type_ else {})


def library(id_: str, kind: str, what: str, codes: str, wrong: Any, right: Any, **sent: Any) -> None:
    """The signature of one call of oauthlib on the request of another."""

    def build(signed: Any) -> dict[str, Any]:
        headers = {**signed[1], **sent.get("headers", {})}
        request = {"method": sent.get("method", "GET"), "url": sent.get("url", U), "headers": list(headers.items()), "body": sent.get("body")}
        if sent.get("place") == "query":
            request["url"] = request["url"] + ("&" if "?" in request["url"] else "?") + "&".join(x for x in signed[0].partition("?")[2].split("&") if x.startswith("oauth_"))
        return request

    response, given, form = styles(len(CASES), oracle_base_string(build(right)))
    CASES.append(Case(f"oauthlib-{id_}", kind, what, build(wrong), set(codes.split()), set() if "secret" in codes else {OURS}, build(right), response, given, form=form))


library("params", "query changed", "requests: session.params is changed after auth", "query-changed consumer-secret token-secret", client("GET", U + "?page=1"), client("GET", U + "?page=2"), url=U + "?page=2")
library("data", "form not signed", "requests-oauthlib: the body is set without its Content-Type", "body-not-signed", client("POST", U), client("POST", U, "a=1&b=2", FORM), method="POST", body="a=1&b=2", headers={"Content-Type": FORM})
library("hsts", "scheme", "a hook turns http into https after auth", "scheme", client("GET", U.replace("https", "http")), client("GET", U))
library("base", "host", "a hook puts in another base URL after auth", "host consumer-secret token-secret", client("GET", "https://staging.example.com/1/photos"), client("GET", U))
library("lower", "method", "the method is changed after auth", "method", client("GET", U), client("PATCH", U), method="PATCH")
library("json", "JSON body signed", "a form is signed, the body is made JSON afterwards", "body-signed", client("POST", U, "a=1", FORM), client("POST", U), method="POST", body='{"a": "1"}', headers={"Content-Type": "application/json"})
library("alg", "other digest", "HMAC-SHA256 is computed, the header is rewritten to HMAC-SHA1", "signature-method", [None, {"Authorization": client("GET", U, signature_method="HMAC-SHA256")[1]["Authorization"].replace("HMAC-SHA256", "HMAC-SHA1")}], client("GET", U))
library("query", "query not signed", "parameters in the query: a further one is added afterwards", "query-changed", client("GET", U, signature_type=SIGNATURE_TYPE_QUERY), client("GET", U + "?a=1", signature_type=SIGNATURE_TYPE_QUERY), url=U + "?a=1", place="query")
library("ts", "secret of another account", "the token of one account and the secret of another, oauthlib", "token-secret consumer-secret", client("GET", U, keys=replace(KEYS, token_secret="theSecretOfBob42")), client("GET", U))
library("slash", "path", "a slash is added after auth", "path", client("GET", U), client("GET", U + "/"), url=U + "/")
library("xml", "body changed", "the form is serialized anew after auth, in another order of two equal names", "body-changed duplicate-parameters consumer-secret token-secret", client("POST", U, "a=1&a=2", FORM), client("POST", U, "a=1&a=3", FORM), method="POST", body="a=1&a=3", headers={"Content-Type": FORM})
_signed = client("POST", U, "status=hello", FORM, signature_type=SIGNATURE_TYPE_BODY)
_changed = client("POST", U, "status=hello%21", FORM, signature_type=SIGNATURE_TYPE_BODY)
CASES.append(Case("oauthlib-body", "body changed", "parameters in the body: the text is changed afterwards", {"method": "POST", "url": U, "headers": [("Content-Type", FORM)], "body": _signed[2].replace("hello", "hello%21")}, {"body-changed", "consumer-secret", "token-secret"}, set(), {"method": "POST", "url": U, "headers": [("Content-Type", FORM)], "body": _changed[2]}, refusal()))
CASES.extend(foreign())
