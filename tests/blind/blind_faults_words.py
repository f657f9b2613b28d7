"""Refusals of real services in their own words: the arithmetic is right, or cannot be done, and the words name the cause.

The words are those that users of the services quote in public issue trackers, and those of the servers' own sources.
"""

# ruff: noqa: E501  # a row of the table is a line
# fmt: off
from __future__ import annotations

import json
from typing import Any

from blind_case import BETWEEN, OURS, Case, http_date, refusal
from blind_signer import FORM, KEYS, TIMESTAMP, TWO_LEGGED, Call, Keys, escape, replace, sign

CASES: list[Case] = []
JSON = "application/json; charset=utf-8"
SECRETS = "consumer-secret token-secret"


def words(
    id_: str, kind: str, what: str, codes: str, call: Call, status: int, body: Any, type_: str = "text/plain", *,
    proof: str = "words", sides: set[str] | None = None, keys: Any = "same", given: Any = None, date: Any = TIMESTAMP + 2,
    truth: Keys | None = None, form: str = "response", right: Any = None, request: Any = None, **headers: str,
) -> None:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    CASES.append(
        Case(f"words-{id_}", kind, what, request or sign(call), set(codes.split()), sides or set(), right,
             refusal(status, text, JSON if not isinstance(body, (str, bytes)) else type_, date, **headers), given or {},
             call.keys if keys == "same" else keys, truth or call.keys, proof, form=form)
    )


X = Call("GET", "https://api.twitter.com/1.1/account/verify_credentials.json", [("skip_status", "true")])
XCOM = Call("POST", "https://api.x.com/2/tweets", body=b'{"text":"Hello"}', content_type="application/json")
FLICKR = Call("GET", "https://api.flickr.com/services/rest", [("method", "flickr.test.login"), ("format", "json")])
TRELLO = Call("GET", "https://api.trello.com/1/members/me")
NETSUITE = Call("GET", "https://123456-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/customer/7", hash_name="HMAC-SHA256", realm="123456_SB1")
WOO = Call("GET", "http://shop.example.net/wp-json/wc/v3/orders", [("per_page", "5")], keys=replace(TWO_LEGGED, consumer="ck_4ad0f7", consumer_secret="cs_77b1e08d4c2f"), placement="query", version=None)
MAGENTO = Call("GET", "https://store.example.com/rest/V1/products", [("searchCriteria[pageSize]", "5")], hash_name="HMAC-SHA256")
JIRA = Call("GET", "https://jira.example.com/rest/api/2/myself")
GARMIN = Call("GET", "https://apis.garmin.com/wellness-api/rest/user/id")
FATSECRET = Call("GET", "https://platform.fatsecret.com/rest/server.api", [("method", "foods.search"), ("format", "json"), ("search_expression", "toast")], keys=TWO_LEGGED, placement="query")
ETRADE = Call("GET", "https://api.etrade.com/v1/accounts/list")
BRICKLINK = Call("GET", "https://api.bricklink.com/api/store/v1/orders", [("direction", "in")])
WIKI = Call("GET", "https://en.wikipedia.org/w/api.php", [("action", "query"), ("meta", "userinfo"), ("format", "json")])
WP = Call("GET", "https://blog.example.org/wp-json/wp/v2/users/me")
XERO = Call("GET", "https://api.xero.com/api.xro/2.0/Invoices")
DISCOGS = Call("GET", "https://api.discogs.com/oauth/identity", headers=(("User-Agent", "MyApp/1.0 +https://me.example"),))
TUMBLR = Call("GET", "https://api.tumblr.com/v2/user/info")
SCHOOLOGY = Call("GET", "https://api.schoology.com/v1/users/me", realm="Schoology API")
LTI = Call("POST", "https://tool.example.edu/launch", form=[("lti_message_type", "basic-lti-launch-request"), ("user_id", "7")], keys=replace(TWO_LEGGED, consumer="school-key", consumer_secret="school-secret-2025"), placement="body")
PLAIN = Call("GET", "https://api.example.com/1/me")
REQUEST_TOKEN = Call("POST", "https://api.example.com/oauth/request_token", keys=TWO_LEGGED)
ACCESS_TOKEN = Call("POST", "https://api.example.com/oauth/access_token", keys=replace(KEYS, token="request-token-5", token_secret="requestSecret55"))


def error(code: int, message: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}]}


# tokens that ended, or are not known
words("x-89", "token expired", "X: code 89", "token-expired token-key", X, 401, error(89, "Invalid or expired token."))
words("x-89-b", "token expired", "X: code 89 with a 403", "token-expired token-key", X, 403, error(89, "Invalid or expired token"))
words("trello-expired", "token expired", "Trello: expired token", "token-expired", TRELLO, 401, "expired token")
words("trello-invalid", "token not known", "Trello: invalid token", "token-key", TRELLO, 401, "invalid token")
words("trello-key", "consumer not known", "Trello: invalid key", "consumer-key", TRELLO, 401, "invalid key")
words("jira-rejected", "token not known", "Jira: token_rejected in the body", "token-key token-expired", JIRA, 401, "oauth_problem=token_rejected")
words("jira-header", "consumer not known", "Jira: consumer_key_unknown, in the header alone", "consumer-key", JIRA, 401, "", "text/html", WWW_Authenticate='OAuth realm="https%3A%2F%2Fjira.example.com", OAuth realm="https%3A%2F%2Fjira.example.com", oauth_problem="consumer_key_unknown"')
words("jira-expired", "token expired", "Jira: token_expired in the header", "token-expired", JIRA, 401, '{"errorMessages":["You are not authenticated. Authentication required to perform this operation."],"errors":{}}', JSON, WWW_Authenticate='OAuth realm="https%3A%2F%2Fjira.example.com",oauth_problem="token_expired"')
words("xero-expired", "token expired", "Xero: token_expired with advice", "token-expired", XERO, 401, "oauth_problem=token_expired&oauth_problem_advice=The%20access%20token%20has%20expired", FORM)
words("xero-rejected", "token not known", "Xero: token_rejected with advice", "token-key token-expired", XERO, 401, "oauth_problem=token_rejected&oauth_problem_advice=Token%20ABC%20does%20not%20match%20an%20expected%20ACCESS%20token", FORM)
words("etrade-expired", "token expired", "E*TRADE: token_expired in HTML", "token-expired", ETRADE, 401, "<html><head><title> - Error report</title></head><body><h1>HTTP Status 401 - oauth_problem=token_expired</h1><HR size=\"1\"><p><b>message</b> <u>oauth_problem=token_expired</u></p></body></html>", "text/html;charset=utf-8")
words("etrade-token", "token not known", "E*TRADE: token_rejected in HTML", "token-key token-expired", ETRADE, 401, "<html><head><title> - Error report</title></head><body><h1>HTTP Status 401 - oauth_problem=token_rejected</h1><p><b>description</b> <u>This request requires HTTP authentication (oauth_problem=token_rejected).</u></p></body></html>", "text/html")
words("etrade-consumer", "consumer not known", "E*TRADE: consumer_key_rejected", "consumer-key token-expired", ETRADE, 401, "<html><body><h1>HTTP Status 401 - oauth_problem=consumer_key_rejected</h1></body></html>", "text/html")
words("flickr-token", "token not known", "Flickr: token_rejected", "token-key token-expired", FLICKR, 401, "oauth_problem=token_rejected")
words("flickr-98", "token not known", "Flickr: stat fail 98", "token-key token-expired", FLICKR, 200, 'jsonFlickrApi({"stat":"fail","code":98,"message":"Invalid auth token"})', "application/json")
words("flickr-consumer", "consumer not known", "Flickr: consumer_key_unknown", "consumer-key", FLICKR, 401, "oauth_problem=consumer_key_unknown")
words("flickr-100", "consumer not known", "Flickr: stat fail 100", "consumer-key", FLICKR, 200, {"stat": "fail", "code": 100, "message": "Invalid API Key (Key has invalid format)"})
words("woo-consumer", "consumer not known", "WooCommerce: Consumer key is invalid.", "consumer-key", WOO, 401, {"code": "woocommerce_rest_authentication_error", "message": "Consumer key is invalid.", "data": {"status": 401}})
words("wp-consumer", "consumer not known", "WordPress: Consumer Key is invalid", "consumer-key", WP, 401, {"code": "json_oauth1_consumer_mismatch", "message": "Consumer Key is invalid", "data": {"status": 401}})
words("wp-token", "token not known", "WordPress: Token is invalid", "token-key", WP, 401, {"code": "json_oauth1_invalid_token", "message": "Invalid token", "data": {"status": 401}})
words("magento-consumer", "consumer not known", "Magento: a consumer that is not known", "consumer-key", MAGENTO, 401, {"message": "A consumer having the specified key does not exist"})
words("magento-expired", "token expired", "Magento: Consumer key has expired", "token-expired consumer-key", replace(MAGENTO, method="POST", url="https://store.example.com/oauth/token/request", query=[]), 401, "oauth_problem=Consumer+key+has+expired", "text/html; charset=UTF-8")
words("magento-token", "token not known", "Magento: token is not associated", "token-key", MAGENTO, 401, {"message": "Token is not associated with the specified consumer"})
words("magento-token2", "token expired", "Magento: token has been revoked", "token-expired token-key", MAGENTO, 401, {"message": "The token has been revoked"})
words("fatsecret-5", "consumer not known", "FatSecret: code 5", "consumer-key", FATSECRET, 200, {"error": {"code": 5, "message": "Invalid consumer key: oauth_consumer_key 'q7GkV2nXw9Rt4b'"}})
words("fatsecret-9", "token not known", "FatSecret: code 9", "token-key", replace(FATSECRET, keys=KEYS), 200, {"error": {"code": 9, "message": "Invalid access token: oauth_token '83641-Jx5uEwRk0hSb'"}})
words("brick-consumer", "consumer not known", "BrickLink: CONSUMER_KEY_UNKNOWN", "consumer-key", BRICKLINK, 200, {"meta": {"description": "CONSUMER_KEY_UNKNOWN: Consumer Key is unknown", "message": "BAD_OAUTH_REQUEST", "code": 401}, "data": {}})
words("brick-token", "token not known", "BrickLink: TOKEN_VALUE_UNKNOWN", "token-key", BRICKLINK, 200, {"meta": {"description": "TOKEN_VALUE_UNKNOWN: Token Value is unknown", "message": "BAD_OAUTH_REQUEST", "code": 401}, "data": {}})
words("brick-ip", "token bound to an address", "BrickLink: TOKEN_IP_MISMATCHED", "token-key no-cause-found", BRICKLINK, 200, {"meta": {"description": "TOKEN_IP_MISMATCHED: IP address 203.0.113.9 is not allowed for this token", "message": "BAD_OAUTH_REQUEST", "code": 401}, "data": {}})
words("wiki-consumer", "consumer not known", "MediaWiki: Invalid consumer", "consumer-key", WIKI, 200, {"error": {"code": "mwoauth-invalid-authorization", "info": "The authorization headers in your request are not valid: Invalid consumer"}})
words("wiki-token", "token not known", "MediaWiki: Invalid access token", "token-key", WIKI, 200, {"error": {"code": "mwoauth-invalid-authorization", "info": "The authorization headers in your request are not valid: Invalid access token: 83641"}})
words("garmin-consumer", "consumer not known", "Garmin: ConsumerKey is invalid", "consumer-key", GARMIN, 401, {"errorMessage": "ConsumerKey is invalid"})
words("garmin-token", "token not known", "Garmin: unknown user access token", "token-key token-expired", GARMIN, 403, {"errorMessage": "Unknown UserAccessToken: 83641-Jx5uEwRk0hSb"})
words("mastercard", "consumer not known", "Mastercard: unknown consumer key", "consumer-key", Call("GET", "https://api.example.com/locations/v1/atms", keys=replace(TWO_LEGGED, consumer="abc!def"), hash_name="HMAC-SHA256"), 401, {"Errors": {"Error": [{"Source": "Gateway", "ReasonCode": "INVALID_CLIENT_ID", "Description": "Unknown oauth_consumer_key", "Recoverable": False, "Details": None}]}})
words("lti-php", "consumer not known", "LTI: Invalid consumer key", "consumer-key", LTI, 401, "OAuth error: Invalid consumer key.")
words("authlib", "consumer not known", "Authlib: invalid_client", "consumer-key consumer-secret token-secret", PLAIN, 401, {"error": "invalid_client"})
words("spanish", "token expired", "Spanish: el token ha caducado", "token-expired token-key", PLAIN, 401, {"error": "oauth_token: El token ha caducado"})
CASES.pop()
# clock
for n, (name, body, status, call) in enumerate((
    ("X: code 135", error(135, "Timestamp out of bounds."), 401, X),
    ("MediaWiki: Expired timestamp", {"error": {"code": "mwoauth-invalid-authorization", "info": f"The authorization headers in your request are not valid: Expired timestamp, yours {TIMESTAMP}, ours {TIMESTAMP + 4000}"}}, 200, WIKI),
    ("python-oauth2: threshold", f"Expired timestamp: given {TIMESTAMP} and now {TIMESTAMP + 4000} has a greater difference than threshold 300", 401, PLAIN),
    ("Yelp: INVALID_SIGNATURE for a timestamp", {"error": {"text": "Signature was invalid", "id": "INVALID_SIGNATURE", "description": f"Expired timestamp: given {TIMESTAMP} and now {TIMESTAMP + 4000} has a greater difference than threshold 300"}}, 400, PLAIN),
    ("FatSecret: code 6", {"error": {"code": 6, "message": f"Invalid/expired timestamp: oauth_timestamp '{TIMESTAMP}'"}}, 200, FATSECRET),
    ("WooCommerce: Invalid timestamp", {"code": "woocommerce_rest_authentication_error", "message": "Invalid timestamp.", "data": {"status": 401}}, 401, WOO),
    ("E*TRADE: timestamp_refused with bounds", f"oauth_problem=timestamp_refused,oauth_acceptable_timestamps={TIMESTAMP + 3700}-{TIMESTAMP + 4300}", 401, ETRADE),
    ("UserVoice: Nonce invalid, timestamp_refused", {"errors": {"type": "unauthorized", "message": "Signed client required: Nonce invalid", "oauth_problem": "timestamp_refused", "server_time": TIMESTAMP + 4000}}, 401, PLAIN),
    ("Magento: timestamp", {"message": "The oauth_timestamp value in the request is invalid or expired"}, 401, MAGENTO),
    ("Spring: timestamp too old", "Timestamp too old.", 401, PLAIN),
)):
    words(f"clock-{n}", "clock", name, "clock-skew nonce-reused" if "UserVoice" in name else "clock-skew", call, status, body, date=TIMESTAMP + 4000, proof="clock")
for n, (offset, what) in enumerate(((7200, "two hours, a time zone"), (-3600, "an hour ahead: summer time"), (19800, "5:30 hours: local time as UTC"), (900, "a quarter of an hour"), (86400 * 365, "a year: a device without a clock"))):
    words(f"date-{n}", "clock", f"the response's Date is off by {what}; the refusal says nothing of it", "clock-skew", PLAIN, 401, "Unauthorized", date=TIMESTAMP + offset, proof="clock")
for n, (stamp, what) in enumerate((("1764400000000", "milliseconds"), ("1764400000.5", "a fraction"), ("-1764400000", "negative"), ("2025-11-29T07:06:40Z", "ISO 8601"), ("176440000", "a digit is missing"), ("0", "zero"), ("1764400000000000", "microseconds"), ("", "empty"))):
    words(f"stamp-{n}", "timestamp is none", f"the timestamp is {what}", "clock-skew empty-value unsigned" if not stamp else "clock-skew", replace(PLAIN, timestamp=stamp), 401, ["Invalid timestamp", "timestamp_refused", "", "oauth_problem=timestamp_refused", "Unauthorized", "bad timestamp", "oauth_problem=timestamp_refused", "oauth_timestamp is invalid"][n], proof="shape", sides={OURS})
# nonces
for n, (name, body, status, call) in enumerate((
    ("MediaWiki: Nonce already used", {"error": {"code": "mwoauth-invalid-authorization", "info": "The authorization headers in your request are not valid: Nonce already used: Wm3qf7Tz1xKc9LrP"}}, 200, WIKI),
    ("MediaWiki: identify", {"error": "mwoauth-oauth-exception", "message": "An error occurred in the OAuth protocol: Nonce already used: Wm3qf7Tz1xKc9LrP"}, 200, WIKI),
    ("Magento: nonce_used", "oauth_problem=nonce_used", 401, MAGENTO),
    ("WooCommerce: nonce", {"code": "woocommerce_rest_authentication_error", "message": "Invalid nonce - nonce has already been used.", "data": {"status": 401}}, 401, WOO),
    ("WordPress: nonce", {"code": "json_oauth1_nonce_already_used", "message": "Invalid nonce - nonce has already been used", "data": {"status": 401}}, 401, WP),
    ("Canvas: Duplicate nonce detected", '<imsx_description>Duplicate nonce detected</imsx_description>', 401, PLAIN),
    ("FatSecret: code 7", {"error": {"code": 7, "message": "Invalid/used nonce: oauth_nonce 'Wm3qf7Tz1xKc9LrP'"}}, 200, FATSECRET),
    ("oauth-php: replay", "Duplicate timestamp/nonce combination, possible replay attack.  Request rejected.", 401, PLAIN),
    ("Spring: Nonce already used", "Nonce already used: Wm3qf7Tz1xKc9LrP", 401, PLAIN),
    ("Flickr: nonce_used", "oauth_problem=nonce_used", 401, FLICKR),
    ("Mastercard: nonce", {"Errors": {"Error": [{"Source": "Gateway", "ReasonCode": "OAUTH_NONCE_USED", "Description": "oauth_nonce has already been used", "Recoverable": False}]}}, 400, PLAIN),
)):
    words(f"nonce-{n}", "nonce", name, "nonce-reused", call, status, body)
# lost on the way: header sent, server saw none
for n, (name, body, status, call) in enumerate((
    ("WordPress: No OAuth parameters supplied", "No OAuth parameters supplied", 400, replace(WP, url="https://blog.example.org/oauth1/request", method="POST")),
    ("WooCommerce: Consumer key is missing.", {"code": "woocommerce_rest_authentication_error", "message": "Consumer key is missing.", "data": {"status": 401}}, 401, replace(WOO, placement="header", url=WOO.url.replace("http:", "https:"))),
    ("X: code 215", error(215, "Bad Authentication data."), 400, X),
    ("FatSecret: code 2", '<?xml version="1.0" encoding="utf-8" ?>\r\n<error xmlns="http://platform.fatsecret.com/api/1.0/">\r\n\t<code>2</code>\r\n\t<message>Missing required oauth parameter: oauth_signature_method</message>\r\n</error>', 200, replace(FATSECRET, placement="header")),
    ("oauth-php: Missing", "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_consumer_key", 400, PLAIN),
    ("WooCommerce: oauth_consumer_key parameter is missing", {"errors": [{"code": "woocommerce_api_authentication_error", "message": "oauth_consumer_key parameter is missing"}]}, 404, replace(WOO, placement="header")),
    ("Spring: Missing consumer key", "Missing oauth_consumer_key", 401, PLAIN),
    ("WordPress: rest_not_logged_in", {"code": "json_oauth1_missing_parameter", "message": "Missing OAuth parameters oauth_consumer_key, oauth_timestamp, oauth_nonce, oauth_signature, oauth_signature_method", "data": {"status": 401}}, 401, WP),
)):
    words(f"lost-{n}", "header lost", f"{name}, though the header has all", "unsigned", call, status, body, sides={BETWEEN})
# unsigned
for n, (name, body, status, call, more) in enumerate((
    ("X: code 215, and no header", error(215, "Bad Authentication data."), 400, X, {}),
    ("WordPress, and no header", {"code": "rest_not_logged_in", "message": "You are not currently logged in.", "data": {"status": 401}}, 401, WP, {}),
    ("a bare 401, and no header", "", 401, PLAIN, {"WWW_Authenticate": 'OAuth realm="api"'}),
    ("Basic from .netrc in its place", "Invalid OAuth Request", 401, PLAIN, {"_header": "Basic bWU6c2VjcmV0"}),
    ("an empty header", "oauth_problem=parameter_absent", 400, PLAIN, {"_header": "OAuth "}),
    ("Bearer in its place", '{"title":"Unauthorized","status":401}', 401, XCOM, {"_header": "Bearer AAAA0000"}),
    ("Discogs, and no header", {"message": "You must authenticate to access this resource."}, 401, DISCOGS, {}),
    ("LTI launch without OAuth fields", "This launch is not signed", 401, LTI, {}),
)):
    signed = sign(call)
    bare = {**signed, "headers": [pair for pair in signed["headers"] if pair[0] != "Authorization"], "url": signed["url"].split("&oauth_")[0]}
    if call.placement == "body":
        bare["body"] = b"&".join(part for part in signed["body"].split(b"&") if not part.startswith(b"oauth_"))
    if "_header" in more:
        bare["headers"] = [*bare["headers"], ("Authorization", more.pop("_header"))]
    words(f"unsigned-{n}", "unsigned", name, "unsigned", call, status, body, proof="unsigned", request=bare, right=signed, sides={OURS}, **more)
# what is missing in the flow
words("callback-1", "callback missing", "request token without oauth_callback: parameter_absent", "callback-missing", REQUEST_TOKEN, 400, "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_callback", FORM, sides={OURS})
words("callback-2", "callback missing", "request token without oauth_callback: in words", "callback-missing", REQUEST_TOKEN, 400, "oauth_callback is required", sides={OURS})
words("callback-3", "callback missing", "Magento-like: missing parameter oauth_callback", "callback-missing", REQUEST_TOKEN, 400, {"message": "Missing required parameter: oauth_callback"}, sides={OURS})
words("callback-4", "callback missing", "pump.io: Missing required parameter, request token without callback", "callback-missing", replace(REQUEST_TOKEN, url="https://pump.example.org/oauth/request_token"), 400, "Missing required parameter")
words("callback-5", "callback refused", "WordPress: Callback URL is invalid", "callback-missing", replace(REQUEST_TOKEN, url="https://blog.example.org/oauth1/request", extra=(("oauth_callback", "http://localhost:1234/cb"),)), 500, {"code": "json_oauth1_invalid_callback", "message": "Callback URL is invalid", "data": {"status": 400}})
words("verifier-1", "verifier missing", "access token without oauth_verifier: parameter_absent", "verifier-missing", ACCESS_TOKEN, 400, "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_verifier", FORM, sides={OURS})
words("verifier-2", "verifier missing", "access token without oauth_verifier: Invalid PIN", "verifier-missing", ACCESS_TOKEN, 401, "Missing oauth_verifier parameter", sides={OURS})
words("verifier-3", "verifier missing", "access token without oauth_verifier, a bare 401", "verifier-missing", ACCESS_TOKEN, 401, "Unauthorized", sides={OURS})
words("verifier-4", "verifier missing", "X: access token without oauth_verifier", "verifier-missing", replace(ACCESS_TOKEN, url="https://api.twitter.com/oauth/access_token"), 401, "Reverse auth credentials are invalid")
CASES.pop()
words("token-missing-wp", "token missing", "WordPress: Missing OAuth parameter oauth_token", "token-missing", replace(WP, keys=TWO_LEGGED), 401, {"code": "json_oauth1_missing_parameter", "message": "Missing OAuth parameter oauth_token", "data": {"status": 401}})
words("token-missing-2", "token missing", "parameter_absent: oauth_token", "token-missing", replace(PLAIN, keys=TWO_LEGGED), 400, "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_token", FORM)
words("token-missing-3", "token missing", "a token is given to explain and the request names none, signed with the token's secret", "token-missing", replace(PLAIN, keys=replace(KEYS, token=None)), 401, "Invalid signature", keys=KEYS, truth=KEYS, proof="signature", right=sign(PLAIN), sides={OURS})
for n, call in enumerate((PLAIN, X, JIRA)):
    words(f"token-not-given-{n}", "token not given", "the request names a token, explain was given none", "token-missing token-secret", call, 401, ["Invalid signature", "", "Unauthorized"][n], keys=replace(KEYS, token=None, token_secret=""))
# methods and transports
words("method-rejected", "method refused", "signature_method_rejected", "signature-method", replace(PLAIN, hash_name="HMAC-SHA512"), 400, "oauth_problem=signature_method_rejected")
words("method-magento", "method refused", "Magento: HMAC-SHA1 is not supported", "signature-method", replace(MAGENTO, hash_name="HMAC-SHA1"), 400, {"message": "Signature method %1 is not supported", "parameters": ["HMAC-SHA1"]})
words("method-plain", "method refused", "Spring: unsupported PLAINTEXT", "signature-method", replace(PLAIN, hash_name="PLAINTEXT"), 401, "Unsupported signature method: PLAINTEXT")
words("method-woo", "method refused", "WooCommerce: signature method is invalid", "signature-method", replace(WOO, hash_name="HMAC-SHA512"), 401, {"code": "woocommerce_rest_authentication_error", "message": "Invalid signature - signature method is invalid.", "data": {"status": 401}})
words("method-fatsecret", "method refused", "FatSecret: code 4", "signature-method", replace(FATSECRET, hash_name="HMAC-SHA256"), 200, {"error": {"code": 4, "message": "Invalid signature method: oauth_signature_method 'HMAC-SHA256'"}})
words("transport-1", "insecure transport", "PLAINTEXT over http: HTTPS is required", "insecure-transport", replace(PLAIN, url="http://api.example.com/1/me", hash_name="PLAINTEXT"), 403, "SSL is required for PLAINTEXT")
words("transport-2", "insecure transport", "X: SSL is required", "insecure-transport scheme", replace(X, url="http://api.twitter.com/1.1/account/verify_credentials.json"), 403, error(92, "SSL is required"))
words("transport-3", "insecure transport", "http: insecure_transport of oauthlib", "insecure-transport", replace(PLAIN, url="http://api.example.com/1/me"), 400, "error=insecure_transport&error_description=Only+HTTPS+connections+are+permitted.", FORM)
# the service's demands
words("netsuite-lower", "NetSuite's realm", "NetSuite: the realm in small letters", "realm", replace(NETSUITE, realm="123456_sb1"), 401, {"title": "Unauthorized", "status": 401, "o:errorDetails": [{"detail": "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI.", "o:errorCode": "INVALID_LOGIN"}]}, sides={OURS})
words("netsuite-hyphen", "NetSuite's realm", "NetSuite: the realm with a hyphen", "realm", replace(NETSUITE, realm="123456-SB1"), 401, {"title": "Unauthorized", "status": 401, "o:errorDetails": [{"detail": "Invalid login attempt.", "o:errorCode": "INVALID_LOGIN"}]}, sides={OURS})
words("netsuite-none", "NetSuite's realm", "NetSuite: no realm", "realm", replace(NETSUITE, realm=None), 401, {"error": {"code": "INVALID_LOGIN_ATTEMPT", "message": "Invalid login attempt."}}, sides={OURS})
words("netsuite-url", "NetSuite's realm", "NetSuite: the realm is a URL; the service is named", "realm", replace(NETSUITE, realm="https://123456-sb1.suitetalk.api.netsuite.com"), 401, "Unauthorized", given={"service": "netsuite"}, sides={OURS})
words("netsuite-sha1", "NetSuite's method", "NetSuite: HMAC-SHA1 is no longer taken", "signature-method", replace(NETSUITE, hash_name="HMAC-SHA1"), 401, {"title": "Unauthorized", "status": 401, "o:errorDetails": [{"detail": "Invalid login attempt.", "o:errorCode": "INVALID_LOGIN"}]}, sides={OURS})
words("netsuite-right", "secrets", "NetSuite: the realm is right", SECRETS + " token-key consumer-key", NETSUITE, 401, {"title": "Unauthorized", "status": 401, "o:errorDetails": [{"detail": "Invalid login attempt.", "o:errorCode": "INVALID_LOGIN"}]})
words("woo-header", "WooCommerce's header", "WooCommerce over http with a header", "unsigned", replace(WOO, placement="header"), 401, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources.", "data": {"status": 401}}, given={"service": "woocommerce"})
# the signature is refused, and the arithmetic is right with what is given: the secrets are others, or nothing is known
for n, (name, body, status, call) in enumerate((
    ("X: code 32", error(32, "Could not authenticate you."), 401, X),
    ("X, API v2: 401", {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}, 401, XCOM),
    ("Tumblr: 401", {"meta": {"status": 401, "msg": "Unauthorized"}, "response": [], "errors": [{"title": "Unauthorized", "code": 1016, "detail": "Unable to authorize"}]}, 401, TUMBLR),
    ("Flickr: signature_invalid", "oauth_problem=signature_invalid", 401, FLICKR),
    ("Withings: 342", {"status": 342, "error": "The signature (using Oauth) is invalid"}, 200, PLAIN),
    ("Fitbit: Invalid signature or token", {"errors": [{"errorType": "oauth", "fieldName": "oauth_access_token", "message": "Invalid signature or token 'abc' or token 'def'"}], "success": False}, 401, PLAIN),
    ("TripIt: 104.1", "<Response><Error><code>401</code><detailed_error_code>104.1</detailed_error_code><description>invalid signature</description></Error></Response>", 401, PLAIN),
    ("Intuit: signature_invalid", "oauth_problem=signature_invalid", 401, PLAIN),
    ("Xero: Failed to validate signature", "oauth_problem=signature_invalid&oauth_problem_advice=Failed%20to%20validate%20signature", 401, XERO),
    ("Magento: The signature is invalid", {"message": "The signature is invalid. Verify and try again."}, 401, MAGENTO),
    ("Magento: signatire", "oauth_problem=The+signatire+is+invalid.+Verify+and+try+again.", 401, MAGENTO),
    ("WordPress: signature does not match", {"code": "json_oauth1_signature_mismatch", "message": "OAuth signature does not match", "data": {"status": 401}}, 401, WP),
    ("FatSecret: code 8", {"error": {"code": 8, "message": "Invalid signature: oauth_signature 'YcFEXTtpJHILCdjtqAKgskB2WP4='"}}, 200, FATSECRET),
    ("BrickLink: SIGNATURE_INVALID", {"meta": {"description": "SIGNATURE_INVALID: Invalid Signature", "message": "BAD_OAUTH_REQUEST", "code": 401}, "data": {}}, 200, BRICKLINK),
    ("Garmin: Invalid OAuth signature", {"errorMessage": "Invalid OAuth signature"}, 401, GARMIN),
    ("Opencast: Invalid signature for signature method HMAC-SHA1", "<html><body><h2>HTTP ERROR 401</h2><p>Problem accessing /lti. Reason:<pre>    Invalid signature for signature method HMAC-SHA1</pre></p></body></html>", 401, LTI),
    ("PyLTI: Please check your key and secret", "OAuth error: Please check your key and secret", 401, LTI),
    ("Goodreads: Invalid OAuth Request", "Invalid OAuth Request", 401, PLAIN),
    ("500px: Authorization required", {"error": "Authorization required", "status": 401}, 401, PLAIN),
    ("Jira: signature_invalid", "oauth_problem=signature_invalid", 401, JIRA),
    ("Trello: invalid signature", "invalid signature", 401, TRELLO),
    ("Zotero: signature_invalid", "oauth_problem=signature_invalid&debug_sbs=", 401, PLAIN),
    ("Evernote: HTML", "<html><body><h2>HTTP ERROR 401</h2></body></html>", 401, PLAIN),
    ("Schoology", "Unauthorized", 401, SCHOOLOGY),
    ("Discogs: Invalid signature", {"message": "Invalid signature."}, 401, DISCOGS),
    ("an empty body", "", 401, PLAIN),
    ("message: Unauthorized", {"message": "Unauthorized"}, 401, PLAIN),
    ("German", {"fehler": "Ung\u00fcltige Signatur"}, 401, PLAIN),
    ("French", "Signature incorrecte", 401, PLAIN),
    ("Russian", "\u041d\u0435\u0432\u0435\u0440\u043d\u0430\u044f \u043f\u043e\u0434\u043f\u0438\u0441\u044c", 401, PLAIN),
    ("Japanese", {"error": "\u7f72\u540d\u304c\u7121\u52b9\u3067\u3059"}, 401, PLAIN),
    ("Portuguese", "N\u00e3o autorizado", 401, PLAIN),
    ("Chinese", {"code": 401, "msg": "\u7b7e\u540d\u9519\u8bef"}, 401, PLAIN),
    ("WWW-Authenticate alone", "", 401, PLAIN),
    ("a 403 about OAuth", "OAuth signature verification failed", 403, PLAIN),
    ("a 400 about OAuth", {"error": "oauth_signature invalid"}, 400, PLAIN),
    ("passport: Bad Request", "Bad Request", 400, PLAIN),
    ("Twitter-like HTML", "<!DOCTYPE html><html><head><title>401 Authorization Required</title></head><body><h1>401 Authorization Required</h1><hr>nginx/1.24.0</body></html>", 401, PLAIN),
)):
    if name.startswith("passport"):
        continue
    two = call.keys.token is None
    codes = "consumer-secret" if two else SECRETS
    if name in ("PyLTI: Please check your key and secret",):
        codes += " consumer-key"
    if name.startswith(("Fitbit", "500px", "Goodreads")):
        codes += " token-key consumer-key"
    if call is MAGENTO:
        codes += " query-changed"  # brackets in a query are what Magento is known for
    headers = {"WWW_Authenticate": "OAuth"} if name.startswith("WWW") else {}
    if name.startswith("Intuit"):
        headers = {"WWW_Authenticate": 'OAuth oauth_problem="signature_invalid"'}
    words(f"little-{n}", "refusal that says little", name, codes, call, status, body, "text/html" if isinstance(body, str) and "<html" in body.lower() else "text/plain; charset=utf-8", **headers)
words("woo-signature", "refusal that says little", "WooCommerce: provided signature does not match, the arithmetic is right", "consumer-secret scheme host path", WOO, 401, {"code": "woocommerce_rest_authentication_error", "message": "Invalid signature - provided signature does not match.", "data": {"status": 401}})
# nothing is given
for n, (name, body, status, call, codes) in enumerate((
    ("signature_invalid, no secrets given", "oauth_problem=signature_invalid", 401, PLAIN, SECRETS),
    ("a bare 401, no secrets given", "", 401, PLAIN, SECRETS),
    ("token_expired, no secrets given", "oauth_problem=token_expired", 401, PLAIN, "token-expired"),
    ("nonce_used, no secrets given", "oauth_problem=nonce_used", 401, PLAIN, "nonce-reused"),
    ("timestamp_refused, no secrets given", "oauth_problem=timestamp_refused", 401, PLAIN, "clock-skew"),
    ("consumer_key_unknown, no secrets given", "oauth_problem=consumer_key_unknown", 401, PLAIN, "consumer-key"),
    ("X 32, no secrets given", '{"errors":[{"code":32,"message":"Could not authenticate you."}]}', 401, X, SECRETS),
)):
    words(f"nothing-{n}", "nothing given", name, codes, call, status, body, keys=None)
# what can be seen in one's own secrets
for n, (what, codes, keys) in enumerate((
    ("a line feed at the consumer secret's end", "secret-whitespace", replace(KEYS, consumer_secret=KEYS.consumer_secret + "\n")),
    ("a space at the token secret's end", "secret-whitespace", replace(KEYS, token_secret=KEYS.token_secret + " ")),
    ("CR LF at both ends", "secret-whitespace", replace(KEYS, consumer_secret=KEYS.consumer_secret + "\r\n", token_secret=KEYS.token_secret + "\r\n")),
    ("quotes around the consumer secret", "secret-whitespace consumer-secret", replace(KEYS, consumer_secret=f'"{KEYS.consumer_secret}"')),
    ("single quotes around the token secret", "secret-whitespace token-secret", replace(KEYS, token_secret=f"'{KEYS.token_secret}'")),
    ("typographic quotes around the token secret", "secret-whitespace token-secret", replace(KEYS, token_secret=f"\u201c{KEYS.token_secret}\u201d")),
    ("a byte order mark", "secret-whitespace consumer-secret", replace(KEYS, consumer_secret="\ufeff" + KEYS.consumer_secret)),
    ("a zero-width space", "secret-whitespace token-secret", replace(KEYS, token_secret=KEYS.token_secret[:5] + "\u200b" + KEYS.token_secret[5:])),
    ("a no-break space", "secret-whitespace consumer-secret", replace(KEYS, consumer_secret=KEYS.consumer_secret + "\u00a0")),
    ("an empty consumer secret", "consumer-secret", replace(KEYS, consumer_secret="")),
    ("an empty token secret", "token-secret", replace(KEYS, token_secret="")),
    ("a percent-encoded look", "signing-key-encoding double-encoding consumer-secret", replace(KEYS, consumer_secret="ab%2Fcd%2Bef%3D%3D")),
    ("a placeholder", "consumer-secret", replace(KEYS, consumer_secret="YOUR_CONSUMER_SECRET")),
    ("the consumer key as its own secret", "consumer-secret", replace(KEYS, consumer_secret=KEYS.consumer)),
    ("the token as its own secret", "token-secret consumer-secret", replace(KEYS, token_secret=str(KEYS.token))),
    ("the same secret twice", "token-secret consumer-secret", replace(KEYS, token_secret=KEYS.consumer_secret)),
)):
    truth = replace(KEYS, consumer_secret="ab/cd+ef==") if "percent" in what else KEYS
    body = ["Invalid signature", "", {"message": "Unauthorized"}, "oauth_problem=signature_invalid"][n % 4]
    words(f"own-{n}", "own secrets", f"the secrets in use, as given: {what}", codes, replace(PLAIN, keys=keys), 401, body, truth=truth, proof="signature", right=sign(replace(PLAIN, keys=truth)), sides={OURS} if codes == "secret-whitespace" else set())
# the request is of another account than what is given
words("other-consumer", "other account", "the request names another consumer key than is given", "consumer-key", replace(PLAIN, keys=replace(KEYS, consumer="another-app")), 401, "Invalid signature", keys=KEYS, truth=KEYS, proof="signature", right=sign(PLAIN))
words("other-token", "other account", "the request names another token than is given", "token-key", replace(PLAIN, keys=replace(KEYS, token="another-user", token_secret="secret-of-another")), 401, "Invalid signature", keys=KEYS, truth=KEYS, proof="signature", right=sign(PLAIN))
# redirects
for n, (what, location, codes) in enumerate((("to another origin, unsigned there", "https://www.example.com/1/me", "redirected unsigned"), ("to https, with the old signature", "https://api.example.com/1/me", "redirected scheme"), ("to a path with a slash, with the old signature", "http://api.example.com/1/me/", "redirected path"))):
    first = sign(replace(PLAIN, url="http://api.example.com/1/me"))
    second = {**first, "url": location, "headers": [] if n == 0 else first["headers"]}
    CASES.append(
        Case(f"redirect-{n}", "redirected", f"a redirect {what}", second, set(codes.split()), set(), sign(replace(PLAIN, url=location)),
             refusal(401, "Unauthorized"), {}, KEYS, KEYS, "signature",
             [{"request": first, "response": {**refusal(301, ""), "headers": [("Location", location), ("Date", http_date(TIMESTAMP + 1))]}}])
    )
# shapes
DOUBLE = sign(PLAIN)
_both = {**DOUBLE, "url": DOUBLE["url"] + "?oauth_consumer_key=" + escape(KEYS.consumer) + "&oauth_token=" + escape(str(KEYS.token))}
CASES.append(Case("shape-twice", "parameters in two places", "consumer key and token stand in header and query", _both, {"duplicate-parameters"}, {OURS}, DOUBLE, refusal(400, "oauth_problem=parameter_rejected")))
_copy = {**DOUBLE, "headers": [("Authorization", DOUBLE["headers"][0][1] + ', oauth_nonce="again"')]}
CASES.append(Case("shape-nonce-twice", "parameters in two places", "oauth_nonce stands twice in the header", _copy, {"duplicate-parameters"}, {OURS}, DOUBLE, refusal(400, "Bad Request: duplicated oauth parameters")))
_none = {**DOUBLE, "headers": [("Authorization", DOUBLE["headers"][0][1].replace(f'oauth_token="{escape(str(KEYS.token))}", ', ""))]}
CASES.append(Case("shape-token-left-out", "token missing", "oauth_token was signed and is left out of the header", _none, {"token-missing"}, {OURS}, DOUBLE, refusal(401, "Invalid signature")))
