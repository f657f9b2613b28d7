"""What the words of a refusal mean: those of the services, those of others, and texts that are made to take long.

The texts are what servers answered, as people have reported them in public, or as the services document them; keys,
tokens and nonces are shortened. What is about something else than OAuth must not be taken for it.
"""

from __future__ import annotations

import json
import time
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import for_each

from oauth_hook import Consumer, OAuthFlow, ProviderError
from oauth_hook.diagnosis.server_messages import SERVER_SAYS, expected_signature, gives_tokens, read_refusal
from oauth_hook.protocol.problem_reporting import PROBLEMS, read_problem

TOKEN = "token-key token-expired"
ENDED = "token-expired token-key"
SBS = "POST&https%3A%2F%2Fapi.example.com%2F1%2Ffiles&oauth_consumer_key%3Dk%26oauth_nonce%3Dn%26oauth_token%3Dt"


class Said(NamedTuple):
    """An answer, and what it names: the codes, the likeliest first; or that it blames the signature alone."""

    service: str
    status: int
    body: str
    codes: str = ""
    blames: bool = False
    challenge: str = ""
    tokens: bool = False  # asked for at an address that gives tokens

    def read(self):
        headers = {"WWW-Authenticate": self.challenge} if self.challenge else {}
        return read_refusal(self.status, headers, self.body, tokens=self.tokens)


def x(code: int, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message}]})


def x_xml(code: int, message: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><errors><error code="{code}">{message}</error></errors>'


def error(message: str) -> str:
    return json.dumps({"error": message})


def message(text: str, **more: object) -> str:
    return json.dumps({"message": text, **more})


def coded(code: int | str, text: str) -> str:
    return json.dumps({"error": {"code": code, "message": text}})


def wordpress(code: str, text: str, status: int = 401) -> str:
    return json.dumps({"code": code, "message": text, "data": {"status": status}})


def mediawiki(code: str, info: str) -> str:
    return json.dumps({"error": {"code": code, "info": info, "*": "See https://wiki.example/w/api.php for API usage."}})


def flickr(code: int, text: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8" ?>\n<rsp stat="fail">\n\t<err code="{code}" msg="{text}" />\n</rsp>'


def mastercard(reason: str, description: str) -> str:
    fields = {"Source": "Gateway", "ReasonCode": reason, "Description": description, "Recoverable": False}
    return json.dumps({"Errors": {"Error": [fields | {"Details": None}]}})


def linkedin(text: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<error>\n  <status>401</status>\n'
        f"  <timestamp>1392084765723</timestamp>\n  <error-code>0</error-code>\n  <message>{text}</message>\n</error>"
    )


def tomcat(text: str, about: str = "This request requires HTTP authentication ({}).") -> str:
    return (
        "<html><head><title>Apache Tomcat/6.0.14 - Error report</title><style><!--H1 {font-family:Tahoma;}--></style>"
        f"</head><body><h1>HTTP Status 401 - {text}</h1><HR size='1' noshade='noshade'><p><b>type</b> Status report</p>"
        f"<p><b>message</b> <u>{text}</u></p><p><b>description</b> <u>{about.format(text)}</u></p></body></html>"
    )


def xero(problem: str, advice: str) -> str:
    return f"oauth_problem={problem}&oauth_problem_advice={advice.replace(' ', '%20')}"


def netsuite(error: str, description: str) -> str:
    return f'OAuth realm="123_SB1", error="{error}", error_description="{description}"'


SERVICES = [
    Said("X 32", 401, x(32, "Could not authenticate you."), blames=True),
    Said("X 89", 401, x(89, "Invalid or expired token."), ENDED),
    Said("X 135", 401, x(135, "Timestamp out of bounds."), "clock-skew"),
    Said("X 215", 400, x(215, "Bad Authentication data.")),
    Said("X 92", 403, x(92, "SSL is required"), "insecure-transport"),
    Said("X 415", 403, x_xml(415, "Callback URL not approved for this client application. Approved callback URLs can "
         "be adjusted in your application settings"), "callback-missing"),
    Said("X 417", 401, x_xml(417, "Desktop applications only support the oauth_callback value 'oob'"),
         "callback-missing"),
    Said("X, request token", 401, "Failed to validate oauth signature and token", blames=True, tokens=True),
    Said("X, access token", 401, "Invalid request token.", TOKEN, tokens=True),
    Said("X, verifier", 401, "Error processing your OAuth request: Invalid oauth_verifier parameter",
         "verifier-missing", tokens=True),
    Said("X version 1, nonce", 401, r'{"request":"\/1\/update.json","error":"Invalid \/ used nonce"}',
         "nonce-reused consumer-key"),
    Said("X version 1, token", 401, r'{"request":"\/1\/update.json","error":"Invalid \/ expired Token"}', ENDED),
    Said("X version 1", 401, error("Could not authenticate with OAuth."), blames=True),
    Said("X version 1, permission", 401, error("Read-only application cannot POST")),
    Said("X version 2, permission", 403, json.dumps({"title": "Forbidden", "status": 403, "detail": "Your client app "
         "is not configured with the appropriate oauth1 app permissions for this endpoint.",
         "type": "https://api.x.example/2/problems/oauth1-permissions"})),
    Said("X 220", 403, x(220, "Your credentials do not allow access to this resource.")),
    Said("X 261", 403, x(261, "Application cannot perform write actions. Contact Platform Operations.")),
    Said("Tumblr, signature", 401, "oauth_signature [9ExDk1=] does not match expected value [8M3R+n=]", blames=True),
    Said("Tumblr, clock", 401, "oauth_timestamp is too far away; we believe it is now 1401629005, you sent 1401620000, "
         "9005 seconds away", "clock-skew"),
    Said("Tumblr, callback", 400, 'Out-of-band ("oob") callbacks are not supported by this implementation.',
         "callback-missing", tokens=True),
    Said("Tumblr", 401, json.dumps({"meta": {"status": 401, "msg": "Unauthorized"}, "response": [],
         "errors": [{"title": "Unauthorized", "code": 1016, "detail": "Unable to authorize"}]})),
    Said("Flickr, signature", 401, f"oauth_problem=signature_invalid&debug_sbs={SBS}", blames=True),
    Said("Flickr, nonce", 401, "oauth_problem=nonce_used", "nonce-reused"),
    Said("Flickr, callback", 400, "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_callback",
         "callback-missing"),
    Said("Flickr 98", 200, '{"stat":"fail","code":98,"message":"Invalid auth token"}', TOKEN),
    Said("Flickr 98, JSONP", 200, 'jsonFlickrApi({"stat":"fail","code":98,"message":"Invalid auth token"})', TOKEN),
    Said("Flickr 98, JSONP with a mark", 200, '/**/a.b({"stat":"fail","message":"Invalid auth token"});\n', TOKEN),
    Said("a key that nobody has", 401, error("Consumer key not found or inactive"), "consumer-key"),
    Said("an application", 401, "Application suspended", "consumer-key"),
    Said("X 416", 403, x(416, "Invalid / suspended application"), "consumer-key"),
    Said("X 32 of a 400", 400, x(32, "Could not authenticate you."), blames=True),
    Said("a nonce", 401, "Nonce reuse detected", "nonce-reused"),
    Said("twice", 401, "Duplicate request", "nonce-reused"),
    Said("too late", 401, "Request has expired", "clock-skew"),
    Said("a token that waits", 401, "Token not yet authorized by user", TOKEN),
    Said("a PIN", 401, "Invalid PIN", "verifier-missing"),
    Said("another callback", 401, "Callback URL mismatch", "callback-missing"),
    Said("the old method", 401, "HMAC-SHA1 is no longer supported", "signature-method"),
    Said("the new method", 400, error("This endpoint only supports HMAC-SHA256"), "signature-method"),
    Said("two legs", 401, "two-legged OAuth is not allowed for this consumer", "token-missing"),
    Said("a realm", 401, "Invalid realm", "realm"),
    Said("Flickr 98, XML", 200, flickr(98, "Invalid auth token"), TOKEN),
    Said("Flickr 100", 200, flickr(100, "Invalid API Key (Key has invalid format)"), "consumer-key"),
    Said("Flickr 96", 200, flickr(96, "Invalid signature"), blames=True),
    Said("Flickr 95", 200, flickr(95, "SSL is required"), "insecure-transport"),
    Said("Discogs, consumer", 401, "Invalid consumer.", "consumer-key"),
    Said("Discogs, consumer token", 401, message("Invalid consumer token. Please register an app before making "
         "requests."), "consumer-key"),
    Said("Discogs, signature", 401, f"Invalid signature. Expected signature base string: {SBS}", blames=True),
    Said("Discogs, parameter", 401, "Parameter not found: oauth_consumer_key", "consumer-key"),
    Said("Discogs, unsigned", 401, message("You must authenticate to access this resource.")),
    Said("MediaWiki, nonce", 200, mediawiki("mwoauth-invalid-authorization", "The authorization headers in your "
         "request are not valid: Nonce already used: wIjqox"), "nonce-reused"),
    Said("MediaWiki, clock", 200, mediawiki("mwoauth-invalid-authorization", "The authorization headers in your "
         "request are not valid: Expired timestamp, yours 1401629005, ours 1401636205"), "clock-skew"),
    Said("MediaWiki, signature", 200, mediawiki("mwoauth-invalid-authorization", "The authorization headers in your "
         "request are not valid: Invalid signature"), blames=True),
    Said("MediaWiki, token", 200, mediawiki("mwoauth-invalid-authorization", "The authorization headers in your "
         "request are not valid: No approved grant was found for that authorization token."), TOKEN),
    Said("MediaWiki, consumer", 200, '{"error":"mwoauth-oauth-exception","message":"An error occurred in the OAuth '
         'protocol: Invalid consumer"}', "consumer-key"),
    Said("MediaWiki, callback", 200, '{"error":"mwoauth-callback-not-oob","message":"oauth_callback must be set, and '
         'must '
         'be set to \\"oob\\" (case-sensitive)"}', "callback-missing"),
    Said("Zotero", 403, "Forbidden"),
    Said("NetSuite, token", 401, coded("INVALID_LOGIN_ATTEMPT", "Invalid login attempt."), TOKEN,
         challenge=netsuite("token_rejected", "Invalid login attempt.")),
    Said("NetSuite, consumer", 401, "", "consumer-key",
         challenge=netsuite("consumer_key_unknown", "Invalid login attempt.")),
    Said("NetSuite, nonce", 401, "", "nonce-reused", challenge=netsuite("nonce_used", "NonceUsed")),
    Said("NetSuite, REST", 401, json.dumps({"title": "Unauthorized", "status": 401,
    "o:errorDetails": [{"detail": "Invalid"
         " login attempt. For more details, see the Login Audit Trail in the NetSuite UI.",
         "o:errorCode": "INVALID_LOGIN"}]}), blames=True),
    Said("NetSuite, permission", 403, coded("INSUFFICIENT_PERMISSION", "Permission Violation: You need the 'Lists -> "
         "Customers' permission to access this page.")),
    Said("Magento 1", 401, '{"messages":{"error":[{"code":401,"message":"oauth_problem=consumer_key_rejected"}]}}',
         "consumer-key"),
    Said("Magento 2, signature", 401, "oauth_problem=The+signature+is+invalid.+Verify+and+try+again.", blames=True),
    Said("Magento 2, API signature", 401, message("The signature is invalid. Verify and try again."), blames=True),
    Said("Magento 2, consumer", 401, "oauth_problem=Consumer+key+has+expired", "consumer-key"),
    Said("Magento 2, no such consumer", 401, "oauth_problem=A+consumer+having+the+specified+key+does+not+exist",
         "consumer-key"),
    Said("Magento 2, length", 401, message("Consumer key is not the correct length"), "consumer-key"),
    Said("Magento 2, nonce", 401, message("The nonce is already being used by the consumer with ID %1",
         parameters=["65"]), "nonce-reused"),
    Said("Magento 2, clock", 400, message("The timestamp value in the oauth_timestamp parameter is incorrect. Verify "
         "the value and try again."), "clock-skew"),
    Said("Magento 2, method", 400, message("Signature method %1 is not supported", parameters=["PLAINTEXT"]),
         "signature-method"),
    Said("Magento 2, no such token", 401, message("Specified token does not exist"), TOKEN),
    Said("Magento 2, other consumer", 401, message("Token is not associated with the specified consumer"), TOKEN),
    Said("Magento 2, revoked", 401, message("Access token has been revoked"), "token-expired"),
    Said("Magento 2, verifier", 401, "oauth_problem=Token+verifier+and+verifier+token+do+not+match",
    "verifier-missing"),
    Said("Magento 2, absent", 400, message('"%fieldName" is required. Enter and try again.',
         parameters={"fieldName": "oauth_verifier"}), "verifier-missing"),
    Said("Magento 2, permission", 401, message("The consumer isn't authorized to access %resources.",
         parameters={"resources": "Magento_Sales::actions_view"})),
    Said("WooCommerce, consumer", 401, wordpress("woocommerce_rest_authentication_error", "Consumer key is invalid."),
         "consumer-key"),
    Said("WooCommerce, clock", 401, wordpress("woocommerce_rest_authentication_error", "Invalid timestamp."),
         "clock-skew"),
    Said("WooCommerce, nonce", 401, wordpress("woocommerce_rest_authentication_error",
         "Invalid nonce - nonce has already been used."), "nonce-reused"),
    Said("WooCommerce, signature", 401, wordpress("woocommerce_rest_authentication_error",
         "Invalid signature - provided signature does not match."), blames=True),
    Said("WooCommerce, method", 401, wordpress("woocommerce_rest_authentication_error",
         "Invalid signature - signature method is invalid."), "signature-method"),
    Said("WooCommerce, absent", 401, x(0, "oauth_timestamp parameter is missing"), "clock-skew"),
    Said("WooCommerce, in French", 401, x(0, "Le paramètre oauth_consumer_key est manquant"), "consumer-key"),
    Said("WooCommerce, header lost", 401, wordpress("woocommerce_rest_authentication_missing_parameter", "Missing "
         "OAuth parameters oauth_timestamp, oauth_nonce, oauth_signature, oauth_signature_method"), "unsigned"),
    Said("WooCommerce, permission", 401, wordpress("woocommerce_rest_authentication_error",
         "The API key provided does not have write permissions.")),
    Said("WooCommerce, unsigned", 401, wordpress("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")),
    Said("WordPress, signature", 401, wordpress("json_oauth1_signature_mismatch", "OAuth signature does not match"),
         blames=True),
    Said("WordPress, token", 401, wordpress("json_oauth1_unauthorized_token", "OAuth token has not been authorized"),
         TOKEN),
    Said("WordPress, no such token", 403, wordpress("json_oauth1_invalid_token", "Access token does not exist"), TOKEN),
    Said("WordPress, verifier", 400, wordpress("json_oauth1_invalid_verifier", "OAuth verifier does not match", 400),
         "verifier-missing"),
    Said("WordPress, method", 401, wordpress("json_oauth1_invalid_signature_method", "Signature method is invalid"),
         "signature-method"),
    Said("WordPress, absent", 401, wordpress("json_oauth1_missing_parameter", "Missing OAuth parameter oauth_token"),
         "token-missing"),
    Said("WordPress, clock", 403, wordpress("json_oauth1_invalid_timestamp", "Invalid timestamp", 403), "clock-skew"),
    Said("WordPress, nonce", 403, wordpress("json_oauth1_nonce_already_used",
         "Invalid nonce - nonce has already been used", 403), "nonce-reused"),
    Said("E*TRADE, signature", 401, tomcat("oauth_problem=signature_invalid"), blames=True),
    Said("E*TRADE, token", 401, tomcat("oauth_problem=token_rejected"), TOKEN),
    Said("E*TRADE, consumer", 401, tomcat("oauth_problem=consumer_key_rejected"), "consumer-key"),
    Said("E*TRADE, clock", 401,
    tomcat("oauth_problem=timestamp_refused,oauth_acceptable_timestamps=1636665132-16366687"),
         "clock-skew"),
    Said("Schoology, nonce", 401, "Duplicate timestamp/nonce combination, possible replay attack.  Request rejected.",
         "nonce-reused"),
    Said("Mastercard, signature", 401, mastercard("AUTHENTICATION_FAILED", "OAuth signatures did not match. Acceptable "
         f"signature base string: {SBS}"), blames=True),
    Said("Mastercard, signature 400", 400, mastercard("AUTHENTICATION_FAILED", "The request contains an incomplete or "
         "invalid oauth_signature."), blames=True),
    Said("Mastercard, signature 403", 403, mastercard("AUTHENTICATION_FAILED", "OAuth Signature parameter failed "
         f"verification. Acceptable signature base string: {SBS}"), blames=True),
    Said("Mastercard, body", 400, mastercard("INVALID_BODY_HASH", "Bad Request - The provided oauth_body_hash does not "
         "match the RSA-SHA256 hash of the request payload. Calculated: x++p2P=, Received: Lpxca="), "body-changed"),
    Said("Mastercard, permission", 403, mastercard("PERMISSION_DENIED", "Unauthorized - Access Not Granted")),
    Said("Xero, access token", 401, xero("token_rejected", "Token does not match an expected ACCESS token"), TOKEN),
    Said("Xero, token", 401, xero("token_expired", "The access token has expired"), "token-expired"),
    Said("Xero, consumer", 401, xero("consumer_key_unknown", "Unknown Consumer (Realm: , Key: D3C4A4)"),
    "consumer-key"),
    Said("Xero, signature", 401, xero("signature_invalid", "Failed to validate signature"), blames=True),
    Said("Xero, limit with a 401", 401, xero("rate%20limit%20exceeded", "please wait before retrying the xero api")),
    Said("Xero, limit", 503, xero("rate%20limit%20exceeded", "please wait before retrying the xero api")),
    Said("LinkedIn, token", 401, linkedin("[unauthorized]. The token used in the OAuth request is not valid. "
         "consumerKey: 'k'"), TOKEN),
    Said("LinkedIn, expired", 401, linkedin("[unauthorized]. Expired access token. Timestamp: 1401629005911"),
         "token-expired"),
    Said("LinkedIn, consumer", 401, linkedin("[unauthorized]. No consumer found for key"), "consumer-key"),
    Said("Etsy", 403, "oauth_problem=token_rejected", TOKEN),
    Said("Etsy, signature", 403, "oauth_problem=signature_invalid&debug_sbs=GET&http://openapi.example.com/v2/users/"
         "__SELF__&oauth_consumer_key=k&oauth_nonce=n&oauth_token=t", blames=True),
    Said("Dropbox, base string", 403, f"Invalid signature. Expected signature base string: {SBS}", blames=True),
    Said("Dropbox, signature", 403, error("Invalid or missing signature"), blames=True),
    Said("Dropbox, PLAINTEXT", 401, error("Bad oauth_signature for oauth_signature_method 'PLAINTEXT'"), blames=True),
    Said("Dropbox, retired", 400, error("v1_retired")),
    Said("Plurk, token", 400, '{"error_text": "40106:invalid access token"}', TOKEN),
    Said("Trello, signature", 500, "Invalid signature", blames=True),
    Said("Trello, key", 401, "invalid key", "consumer-key"),
    Said("Trello, token", 401, "invalid token", TOKEN),
    Said("Trello, expired", 401, "expired token", "token-expired"),
    Said("Trello, permission", 401, "unauthorized permission requested"),
    Said("Garmin, consumer", 401, tomcat("ConsumerKey is invalid"), "consumer-key"),
    Said("Garmin, token", 403, '{"errorMessage": "Unknown UserAccessToken: 83641-Jx5uEw"}', TOKEN),
    Said("Garmin, signature", 401, tomcat("Invalid Oauth signature"), blames=True),
    Said("Jira, signature", 401, f"oauth_problem=signature_invalid&oauth_signature=ivO30f&oauth_signature_base_string="
         f"{SBS}&oauth_signature_method=RSA-SHA1", blames=True),
    Said("Jira, not approved", 401, "oauth_problem=permission_unknown", "token-key"),
    Said("Jira, nonce", 401, "", "nonce-reused",
         challenge='OAuth realm="https%3A%2F%2Fjira.example", oauth_problem="nonce_used"'),
    Said("Jira, XSRF", 403, "XSRF check failed"),
    Said("Opencast (Spring), signature", 401, "<html><head><title>Error 401</title></head><body><h2>HTTP ERROR 401</h2>"
         "<p>Problem accessing /lti. Reason:<pre>    Invalid signature for signature method HMAC-SHA1</pre></p>"
         "<hr><i><small>Powered by Jetty://</small></i></body></html>", blames=True),
    Said("Spring, nonce", 401, tomcat("Nonce already used: wIjqox"), "nonce-reused"),
    Said("Spring, token", 401, tomcat("Invalid token: nnch734d"), TOKEN),
    Said("LTI, clock", 401, "Expired timestamp: given 1552895690 and now 1552999863 has a greater difference than "
         "threshold 300", "clock-skew"),
    Said("Canvas, nonce", 401, "<imsx_statusInfo><imsx_codeMajor>failure</imsx_codeMajor><imsx_description>Duplicate "
         "nonce detected</imsx_description></imsx_statusInfo>", "nonce-reused"),
    Said("openEQUELLA, nonce", 403, "Unauthorised: OAuth nonce has already been used.", "nonce-reused"),
    Said("Instapaper", 401, "Invalid xAuth credentials.", blames=True, tokens=True),
    Said("Instapaper, limit", 400, '[{"type":"error","error_code":1040,"message":"Rate-limit exceeded"}]'),
    Said("FatSecret 2", 200, coded(2, "Missing required oauth parameter: oauth_timestamp"), "clock-skew"),
    Said("FatSecret 4", 200, coded(4, "Invalid signature method: 'HMAC-SHA256'"), "signature-method"),
    Said("FatSecret 5", 200, coded(5, "Invalid consumer key: k"), "consumer-key"),
    Said("FatSecret 6", 200, coded(6, "Invalid/expired timestamp: 1401629005"), "clock-skew"),
    Said("FatSecret 7", 200, coded(7, "Invalid/used nonce: wIjqox"), "nonce-reused"),
    Said("FatSecret 8", 200, coded(8, "Invalid signature: oauth_signature 'YcFEXT='"), blames=True),
    Said("FatSecret 9", 200, coded(9, "Invalid access token: 639aa3c8"), TOKEN),
    Said("FatSecret 106", 200, coded(106, "Invalid ID: food_id '0' does not exist")),
    Said("Launchpad, token", 401, "Expired token (nnch734d).", "token-expired"),
    Said("Launchpad, consumer", 401, "Unknown consumer (dpf43f3p).", "consumer-key"),
    Said("Launchpad, no such token", 401, "Unknown access token (nnch734d).", TOKEN),
    Said("Yahoo, token", 401, '<?xml version="1.0"?><yahoo:error><yahoo:description>Please provide valid credentials. '
         'OAuth'
         ' oauth_problem="token_expired", realm="yahooapis.com"</yahoo:description></yahoo:error>', "token-expired"),
    Said("Yahoo, signature", 401, json.dumps({"error": {"lang": "en-US", "description": "Please provide valid "
         "credentials. "
         'OAuth oauth_problem="OST_OAUTH_SIGNATURE_INVALID_ERROR", realm="yahooapis.com"'}}), blames=True),
    Said("Yahoo, consumer", 401, "oauth_problem=consumer_key_rejected", "consumer-key"),
    Said("Vimeo, signature", 200, '{"stat":"fail","err":{"code":"96","expl":"The api_sig passed was not valid.",'
         '"msg":"Invalid signature"}}', blames=True),
    Said("500px", 401, '{"error":"Consumer key missing.","status":401}', "consumer-key"),
    Said("500px, unsigned", 401, '{"error":"Authorization required","status":401}'),
    Said("Goodreads", 401, "Invalid API key.", "consumer-key"),
    Said("Evernote, consumer", 401, tomcat("oauth_consumer_key: jejeteq"), "consumer-key"),
    Said("TripIt, signature", 401, "<Response><Error><code>401</code><detailed_error_code>104.1</detailed_error_code>"
         "<description>invalid signature</description></Error></Response>", blames=True),
    Said("Fitbit, token", 401, json.dumps({"errors": [{"errorType": "oauth", "fieldName": "oauth_access_token",
    "message":
         "Invalid signature or token 'WXdJ' or token '76db9d'"}], "success": False}), TOKEN),
    Said("Withings, signature", 200, '{"status":342,"error":"The signature (using Oauth) is invalid"}', blames=True),
    Said("BrickLink, signature", 200, json.dumps({"meta": {"description": "SIGNATURE_INVALID: Invalid Signature",
    "message":
         "BAD_OAUTH_REQUEST", "code": 401}, "data": {}}), blames=True),
    Said("BrickLink, address", 200, json.dumps({"meta": {"description": "TOKEN_IP_MISMATCHED: the address is another "
         "one",
         "message": "BAD_OAUTH_REQUEST", "code": 401}, "data": {}}), TOKEN),
    Said("OpenStreetMap", 401, "Couldn't authenticate you", blames=True),
    Said("pump.io, consumer", 400, "Invalid Consumer Key", "consumer-key", tokens=True),
    Said("pump.io, token", 400, "Invalid / expired Token", ENDED, tokens=True),
    Said("pump.io, signature on the API", 400, "Invalid signature", blames=True),
    Said("pump.io, unknown consumer on the API", 401, "Invalid / used nonce", "nonce-reused consumer-key"),
    Said("oauthlib, clock", 400,
    "error=invalid_request&error_description=Timestamp+given+is+invalid%2C+differ+from+allowed"
         "+by+over+600+seconds.", "clock-skew", tokens=True),
    Said("oauthlib, method", 400, "error=invalid_signature_method&error_description=Invalid+signature+method.",
         "signature-method", tokens=True),
    Said("OAuth.php, method", 401, "Signature method 'RSA-SHA1' not supported try one of the following: HMAC-SHA1",
         "signature-method"),
    Said("OAuth.php, version", 401, "OAuth version '2.0' not supported"),
    Said("NetSuite, clock", 403, coded("InvalidTimestamp", "The timestamp is not in the allowed range."), "clock-skew"),
    Said("a clock to look at", 401, "There was a problem with your timestamp. Please check your current system time. "
         "Server time is 1699999999.2", "clock-skew"),
    Said("FatSecret 7, XML", 200, '<?xml version="1.0" encoding="utf-8" ?><error xmlns="http://platform.example/api">'
         "<code>7</code><message>Invalid/used nonce: oauth_nonce wIjqox</message></error>", "nonce-reused"),
    Said("FatSecret 9, expired", 200, coded(9, "Invalid/expired access token"), ENDED),
    Said("OKAPI, nonce", 400, json.dumps({"error": {"developer_message": "Nonce already used", "reason_stack":
         ["bad_request", "invalid_oauth_request", "nonce_already_used"], "status": 400}}), "nonce-reused"),
    Said("pump.io, token on the API", 400, "Invalid / expired Token", ENDED),
    Said("oauthlib, http", 400, "error=insecure_transport&error_description=Only+HTTPS+connections+are+permitted.",
         "insecure-transport"),
    Said("an API of https", 403, "This API requires HTTPS.", "insecure-transport"),
    Said("a token that was taken back", 403, message("The access token has been revoked."), "token-expired"),
    Said("a form with a charset", 400, "The Content-Type must be application/x-www-form-urlencoded", "content-type"),
    Said("nginx", 400, "<html><head><title>400 The plain HTTP request was sent to HTTPS "
         "port</title></head><body><center>"
         "<h1>400 Bad Request</h1></center><center>The plain HTTP request was sent to HTTPS "
         "port</center></body></html>",
         "insecure-transport"),
]  # fmt: skip

OTHERS = [
    Said("JSON", 400, error("invalid token in JSON at position 5")),
    Said("JSON 2", 400, message("Unexpected token < in JSON at position 0")),
    Said("a query language", 400, error("Invalid token 'FROM' in query")),
    Said("a webhook", 400, error("Callback URL is required for webhooks")),
    Said("a webhook's address", 400, message("callback_url is missing or invalid")),
    Said("JSONP", 400, "Missing required parameter: callback"),
    Said("a webhook's signature", 400, error("The signature of your webhook payload is invalid")),
    Said("a PDF", 400, message("The digital signature of the PDF is invalid")),
    Said("an e-mail", 400, message("Validation failed: signature is too long (maximum is 500 characters)")),
    Said("a certificate", 400, error("Only SSL certificates are accepted")),
    Said("a client's certificate", 400, "<html><head><title>400 No required SSL certificate was "
         "sent</title></head><body><center><h1>400 Bad Request</h1></center><center>No required SSL certificate was "
         "sent</center></body></html>"),
    Said("a database", 400, message("SSL mode is required for this connection string")),
    Said("an image", 400, error("An image needs a URL that uses https")),
    Said("a form field", 400, error("Duplicate nonce field in form")),
    Said("WordPress, cookies", 403, wordpress("rest_cookie_invalid_nonce", "Cookie nonce is invalid", 403)),
    Said("WordPress, a link", 403, "<html><body><p>The link you followed has expired.</p></body></html>"),
    Said("a cart", 400, error("Your session has expired products in the cart")),
    Said("a game", 403, message("This game session has expired")),
    Said("a gift", 403, message("This gift token has expired")),
    Said("a coupon", 400, error("The coupon token SPRING is invalid")),
    Said("a password", 400, '{"error":"token_expired","message":"Password reset token has expired"}'),
    Said("a phone", 400, message("Bad device token", reason="BadDeviceToken")),
    Said("a page", 400, coded("invalidParameter", "Invalid page token: CAUQAA")),
    Said("a token as a resource", 400, message("Validation Failed", errors=[{"resource": "Token", "code": "missing"}])),
    Said("CSRF", 403, message("CSRF token mismatch.")),
    Said("CSRF, Django", 403, "<h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p>"
         "<p>CSRF token missing or incorrect.</p>"),
    Said("MediaWiki, CSRF", 200, mediawiki("badtoken", "Invalid CSRF token.")),
    Said("MediaWiki, no CSRF", 200, mediawiki("missingparam", 'The "token" parameter must be set.')),
    Said("MediaWiki, the file", 200, mediawiki("verification-error", "File extension does not match the MIME type.")),
    Said("Flickr 1", 200, flickr(1, "User not found")),
    Said("Flickr 99", 200, flickr(99, "User not logged in / Insufficient permissions")),
    Said("an upload", 400, error("Content-Type must be image/png")),
    Said("an avatar", 400, message("Unsupported media type for avatar")),
    Said("a date", 400, error("Invalid timestamp format for 'since': use ISO 8601")),
    Said("a date to come", 400, message("timestamp must not be in the future")),
    Said("a range", 400, message("clock value out of range")),
    Said("a client's name", 400, message("Invalid client name: it must not be empty")),
    Said("a client's number", 400, message("Client id 442 not found among your customers")),
    Said("a client's bill", 403, message("This client is suspended because of unpaid invoices")),
    Said("a consumer group", 400, message("Unknown consumer group 'billing'")),
    Said("a loan", 400, message("Invalid consumer: must be 18 or older")),
    Said("a notary", 400, message("verifier is required to be a notary")),
    Said("a body", 400, error("Invalid application/json body")),
    Said("a limit", 401, message("API rate limit exceeded for this access token, which is not expired")),
    Said("too many", 400, message("Too many requests: the token may be used 60 times in a minute")),
    Said("a parser", 400, error("Unknown token")),
    Said("a quota", 403, coded("dailyLimitExceeded", "Daily limit exceeded for this API")),
    Said("X 25", 400, x(25, "Query parameters are missing.")),
    Said("X 187", 403, x(187, "Status is a duplicate.")),
    Said("X 324", 400, x(324, "The validation of media ids failed.")),
    Said("X 326", 403, x(326, "To protect our users from spam, this account is temporarily locked. Please log in to "
         "https://x.example to unlock your account.")),
    Said("X 453", 403, x(453, "You currently have access to a subset of API endpoints and limited v1.1 endpoints "
         "only.")),
    Said("a CAPTCHA", 403, "<html><head><title>Forbidden (403)</title></head><body><p>Your login attempt needs a "
         "CAPTCHA </p></body></html>"),
    Said("in German", 400, message("Das Sitzungs-Token ist ungültig; die Signatur fehlt")),
    Said("in French", 403, message("Le jeton CSRF est invalide, veuillez réessayer")),
    Said("in Spanish", 400, message("El token de la sesión es inválido")),
    Said("in Dutch", 401, message("De sessie is verlopen: token ongeldig")),
    Said("in Japanese", 401, message("トークンが無効です")),
    Said("an invitation", 400, error("Invalid invitation token")),
    Said("a confirmation", 400, message("Confirmation token is invalid or has expired")),
    Said("a card", 400, coded("resource_missing", "No such token: tok_1Nxyz")),
    Said("a required token", 400, message("token is required")),
    Said("a required token of a form", 403, error("Missing token")),
    Said("a required signature", 400, message("signature is required")),
    Said("a parser", 400, error("Invalid token: FROM")),
    Said("a parser's place", 400, error("Invalid token (line 1, column 5)")),
    Said("a parser's token", 400, error("Unexpected token 'u'")),
    Said("a path of a gateway", 403, message("Missing Authentication Token")),
    Said("another cloud's signature", 403, "<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature "
         "we calculated does not match the signature you provided.</Message></Error>"),
    Said("another cloud's clock", 403, "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the "
         "request time and the current time is too large.</Message></Error>"),
    Said("another cloud's token", 403, message("The security token included in the request is invalid.")),
    Said("push messages", 403, '{"reason":"ExpiredProviderToken"}'),
    Said("Rails", 400, error("ActionController::InvalidAuthenticityToken")),
    Said("a shop's session", 403, message("Storefront session token expired")),
    Said("a shop's checkout", 400, wordpress("woocommerce_rest_invalid_nonce", "Nonce is invalid.", 400)),
    Said("WordPress, a form", 403, error("Invalid nonce")),
    Said("WordPress, a form's check", 403, error("Nonce verification failed")),
    Said("WordPress, a form's field", 403, message("nonce field required")),
    Said("a date of ISO 8601", 400, coded("invalid_timestamp", "timestamp must be ISO 8601")),
    Said("a date's parameter", 400, error("Invalid timestamp parameter 'since'")),
    Said("a date's format", 400, error("Invalid timestamp format")),
    Said("an event's time", 400, message("Event timestamp is too old")),
    Said("a video", 400, error("timestamp out of range of the video")),
    Said("a continuation", 400, coded("BadRequest", "The continuation token is invalid or has expired.")),
    Said("a next page", 400, coded("INVALID_ARGUMENT", "Invalid next_page_token")),
    Said("a sync", 400, coded("fullSyncRequired", "Sync token is no longer valid, a full sync is required.")),
    Said("another key", 400, coded(400, "API key not valid. Please pass a valid API key.")),
    Said("a key of a map", 403, error("Invalid key")),
    Said("a key of a document", 400, error("Invalid key: 'a.b' must not contain dots")),
    Said("a mail service's key", 400, message("Invalid API key for your mail service")),
    Said("an upload's signature", 400, error("Invalid signature of the uploaded package")),
    Said("a picture's address", 400, error("Only https URLs are permitted for avatars")),
    Said("a site's address", 400, message("site_url: HTTPS is required for web hooks")),
    Said("a petition", 400, message("This signature has already been used")),
    Said("JWT", 400, error("jwt malformed: invalid token claims")),
    Said("two factors", 403, error("Invalid two-factor token")),
    Said("a unique index", 400, message("Duplicate consumer: this e-mail is used already")),
    Said("a token of a pool", 400, message("Token symbol is already used")),
    Said("an unprocessable entity", 422, message("Invalid token")),
    Said("a list, with errors in it", 200, '{"items":[],"errors":[{"message":"Invalid timestamp column in row 7"}]}'),
]  # fmt: skip


def by_name(rows: list[Said]):
    return for_each("row", rows, ids=[row.service for row in rows])


@by_name(SERVICES)
def test_what_services_say_is_understood(row):
    """A refusal of a real service names what it names, or blames the signature, or names nothing."""
    words = row.read()
    assert (" ".join(words.codes[: len(row.codes.split()) or None]), words.blames_signature) == (row.codes, row.blames)


@by_name(OTHERS)
def test_what_is_not_about_oauth_names_nothing(row):
    """A refusal for another reason blames neither tokens, keys, nonces nor signatures, whatever words it uses."""
    words = row.read()
    assert (words.codes, words.blames_signature) == ((), False)
    assert words.phrase  # and is still shown


WORDS = {
    "invalid_consumer": "consumer-key", "consumer_key_refused": "consumer-key", "invalid-token": TOKEN,
    "access-token-not-found": TOKEN,
    "token_revoke": "token-expired", "expired_token": "token-expired", "nonce_used": "nonce-reused",
    "INVALID_TIMESTAMP": "clock-skew", "timestamp_refused": "clock-skew",
    "invalid_signature_method": "signature-method",
    "invalid_verifier": "verifier-missing", "invalid_callback": "callback-missing",
    "NonceUsed": "nonce-reused", "TokenRejected": TOKEN, "InvalidTimestamp": "clock-skew",
    "UnknownConsumerKey": "consumer-key",
}  # fmt: skip


@for_each("word", WORDS)
def test_a_word_of_a_services_own_is_read_like_words(word):
    """A code in a 401 is read as the words that it is made of, in JSON as in plain text."""
    for body in (word, error(word), coded(word, "Unauthorized"), f"<error><code>{word}</code></error>"):
        assert " ".join(read_refusal(401, {}, body).codes) == WORDS[word]


# What each word of the OAuth Problem Reporting extension names. Empty: nothing about the request is wrong that signing
# it otherwise could mend, or (of signature_invalid) it is the signature that has to be computed anew.
EXTENSION = {
    "version_rejected": "",
    "parameter_absent": "",
    "parameter_rejected": "",
    "timestamp_refused": "clock-skew",
    "nonce_used": "nonce-reused",
    "signature_method_rejected": "signature-method",
    "signature_invalid": "",
    "consumer_key_unknown": "consumer-key",
    "consumer_key_rejected": "consumer-key",
    "consumer_key_refused": "consumer-key",
    "token_used": TOKEN,
    "token_expired": "token-expired",
    "token_revoked": ENDED,
    "token_rejected": TOKEN,
    "token_not_authorized": "token-key",
    "verifier_invalid": "verifier-missing",
    "additional_authorization_required": "",
    "permission_unknown": "token-key",  # the user has not said yes to this token yet
    "permission_denied": "",
    "user_refused": "",
    "body_hash_invalid": "body-changed",
}


def test_the_list_of_the_extension_is_whole():
    """Each word of the extension has an answer here, and what it names can be put into words."""
    assert set(EXTENSION) == PROBLEMS
    assert {code for codes in EXTENSION.values() for code in codes.split()} <= set(SERVER_SAYS)


@for_each("problem", EXTENSION)
@for_each("status", [200, 400, 401, 403, 404, 500, 503])
def test_the_words_of_the_extension(problem, status):
    """The extension's words mean the same in the body, in WWW-Authenticate and in JSON, whatever the status."""
    for headers, body in (
        ({}, f"oauth_problem={problem}"),
        ({"WWW-Authenticate": f'OAuth realm="", oauth_problem="{problem}"'}, ""),
        ({}, json.dumps({"oauth_problem": problem})),
    ):
        words = read_refusal(status, headers, body)
        codes = EXTENSION[problem].split()
        # Of several, the likeliest is first; one alone may stand for more.
        assert list(words.codes) == codes
        assert words.blames_signature == (problem == "signature_invalid")
        assert words.problem == problem


@for_each(
    ("fields", "codes"),
    [
        ("oauth_problem=parameter_absent&oauth_parameters_absent=oauth_token", "token-missing"),
        ("oauth_problem=parameter_absent&oauth_parameters_absent=oauth_verifier%26oauth_callback",
         "verifier-missing callback-missing"),
        ("oauth_problem=parameter_absent&oauth_parameters_absent=oauth_consumer_key%26oauth_signature%26oauth_nonce",
         "unsigned"),
        ("oauth_problem=parameter_absent&oauth_parameters_absent=scope", ""),
        ("oauth_problem=parameter_rejected&oauth_parameters_rejected=oauth_callback%3Dhttp%253A%252F%252Fa.example",
         "callback-missing"),
        ("oauth_problem=parameter_rejected&oauth_parameters_rejected=oauth_nonce%3D12&oauth_acceptable_timestamps=1-2",
         "clock-skew nonce-reused"),
        ("oauth_problem=token_rejected&oauth_acceptable_timestamps=1-2", f"clock-skew {TOKEN}"),
        ("oauth_problem=signature_invalid&oauth_acceptable_timestamps=1-2", "clock-skew"),
        ("oauth_problem=version_rejected&oauth_acceptable_versions=1.0-1.0", ""),
    ],
)  # fmt: skip
def test_the_companions_of_the_words(fields, codes):
    """Which parameters are missed or not taken, and which timestamps are taken, names the cause."""
    assert " ".join(read_refusal(401, {}, fields).codes) == codes


@for_each("status", [404, 405, 406, 409, 410, 415, 422, 429, 500, 502, 503, 504])
def test_not_found_too_many_and_broken_are_no_refusals(status):
    """What says by its status that it is about something else names nothing, at an address of tokens neither."""
    for body in ("Invalid consumer key", "Invalid OAuth signature", error("token expired"), "Nonce already used: x"):
        for tokens in (False, True):
            words = read_refusal(status, {"WWW-Authenticate": "OAuth"}, body, tokens=tokens)
            assert (words.codes, words.blames_signature) == ((), False)
            assert words.phrase


@for_each("status", [400, 401, 403])
@for_each(
    "base",
    [
        "GET&https%3A%2F%2Fapi.example.com%2F&oauth_nonce%3Dn%26oauth_timestamp%3D1%26q%3Dinvalid%2520used%2520expired",
        "oauth_nonce%3Dn%26oauth_token%3Dt%26q%3Dexpired%2520token%2520invalid%2520consumer%2520key",
        "GET&http://api.example.com/1&oauth_nonce=n&oauth_token=t&q=invalid-used-expired-timestamp",
    ],
)
def test_a_base_string_that_is_handed_back_names_nothing(base, status):
    """The names and values in a base string are the request's own: they are not what the server says of it."""
    for text in ("Invalid signature. Base string: {}", "OAuth signature mismatch, expected {} here"):
        words = read_refusal(status, {}, text.format(base))
        assert (words.codes, words.blames_signature) == ((), True)


def test_a_challenge_makes_a_refusal_one_about_oauth():
    """Where a 403 asks for OAuth, and where a 400 comes from an address that gives tokens, words count as in a 401."""
    for text, code in (("Token mismatch", "token-key"), ("Session expired", "token-expired")):
        assert read_refusal(403, {}, text).codes == ()
        assert read_refusal(403, {"WWW-Authenticate": 'Bearer realm="oauth"'}, text).codes == ()
        assert read_refusal(403, {"WWW-Authenticate": 'OAuth realm="a"'}, text).codes[0] == code
        assert read_refusal(400, {}, text, tokens=True).codes[0] == code
        assert read_refusal(401, {}, text).codes[0] == code


BARE = {
    "Invalid token": TOKEN, "The access token has expired.": "token-expired", "Nonce already used": "nonce-reused",
    "Timestamp refused": "clock-skew", "Unknown consumer": "consumer-key", "HTTPS is required": "insecure-transport",
}  # fmt: skip


@for_each("text", BARE)
@for_each("status", [400, 403])
def test_what_is_all_that_is_said(status, text):
    """What is wrong with a thing of OAuth's counts in a 400 and a 403 where nothing is said besides, and there only."""
    for body in (text, error(text), coded(216, text), f"<h1>400 Bad Request</h1><p>{text}</p>"):
        assert " ".join(read_refusal(status, {}, body).codes) == BARE[text]
    for more in (f"{text}, says the bank", f"Card: {text}", f"{text} (line 5)", f"{text}; upload another file"):
        assert read_refusal(status, {}, more).codes == ()
    assert read_refusal(404, {}, text).codes == ()


@for_each(
    ("sent", "is_its_own"),
    [
        ("https://api.example.com/1/items", False),
        ("https://token.example.com/?oauth_token=t&oauth_callback=https%3A%2F%2Fa.example%2Ftoken", False),
        ('https://api.example.com/1/items {"text":"my token is lost"}', False),
        ("https://api.example.com/confirm?token=abc", True),
        ("https://api.example.com/1/items?oauth_token=t&page_token=abc", True),
        ("https://api.example.com/tokens/17", True),
        ("https://api.example.com/token", True),
        ("https://api.example.com/ pushToken=abc&a=1", True),
        ('https://api.example.com/ {"device-token":"abc"}', True),
    ],
)
def test_a_token_of_the_requests_own(sent, is_its_own):
    """Where the request has a token that is not OAuth's, "invalid token" in a 400 may be about that; a 401 is not."""
    assert (read_refusal(400, {}, "Invalid token", sent=sent).codes == ()) is is_its_own
    assert read_refusal(401, {}, "Invalid token", sent=sent).codes[0] == "token-key"
    assert read_refusal(400, {}, "Invalid OAuth token", sent=sent).codes[0] == "token-key"


OURS, THEIRS = "h8/vM0SmYq+4kTn0k6c2Zb1W0tE=", "b/Zr8vNcYQ1mXd7B+9Fz2Qp4k0E="
SHA256 = "q8uZ1dYp0vTqkq0nGm0T0r0K5tq8w2uY3y5N1Zk9/+A="


@for_each(
    "text",
    [
        f"oauth_signature [{OURS}] does not match expected value [{THEIRS}]",
        json.dumps({"error": "invalid_signature", "expected_signature": THEIRS}),
        json.dumps({"expected_signature": THEIRS}).replace("/", "\\/").replace("=", "\\u003d"),
        f"Signature mismatch. Expected: {THEIRS}, received: {OURS}",
        f"Invalid signature: received {OURS}, calculated {THEIRS}.",
        f"Your signature {OURS} should be {THEIRS}",
        "error=bad_signature&expected=b%2FZr8vNcYQ1mXd7B%2B9Fz2Qp4k0E%3D&base=GET%26http",
        f"<p>Expected signature: <b>{THEIRS}</b></p>",
        f"<p>Expected signature: {THEIRS}</p>".replace("/Z", "&#x2F;Z").replace("=<", "&#x3D;<"),
        f"expected {OURS}? No, expected {THEIRS}",
    ],
)
def test_the_signature_that_was_expected(text):
    """The signature that a refusal names as the right one is found, in the escapes of JSON, forms and HTML."""
    assert expected_signature(text, OURS) == THEIRS


@for_each(
    "text",
    [
        "",
        "Invalid signature",
        f"Invalid signature: {OURS}",
        f"Invalid signature: {THEIRS}",
        f"Expected signature: {OURS}",
        f"Expected signature base string: {SBS}",
        f"The provided oauth_body_hash does not match. Calculated: {THEIRS}, Received: {OURS}",
        f"expected{'.' * 50}{THEIRS}",
        f"expected\n{THEIRS}",
        f"expected a{THEIRS}",
        f"expected {THEIRS}=",
        f"expected consumer%26secret and {THEIRS[:20]}",
    ],
)
def test_no_signature_was_expected(text):
    """Ours, one that is not called the right one, a hash of the body, and what is no digest are none."""
    assert expected_signature(text, OURS) is None


def test_a_longer_signature_that_was_expected():
    """The signatures of HMAC-SHA256 and HMAC-SHA512 are found, too."""
    for signature in (SHA256, SHA256[:-1] + SHA256[:-2] + "w=="):
        assert expected_signature(f"expected value [{signature}]", OURS) == signature


@for_each(
    ("url", "gives"),
    [
        ("https://api.x.com/oauth/request_token", True),
        ("https://api.etrade.com/oauth/access_token?oauth_token=a", True),
        ("https://www.zotero.org/oauth/request", True),
        ("https://www.zotero.org/oauth/access", True),
        ("https://launchpad.net/+request-token", True),
        ("https://api.xero.com/oauth/RequestToken", True),
        ("https://openapi.example.com/oauth/initiate", True),
        ("https://shop.example/oauth/token", True),
        ("https://shop.example/oauth/token/request/", True),
        ("https://api.example.com/1/items?oauth_token=request_token", False),
        ("https://api.example.com/oauth/clients", False),
        ("https://api.example.com/v1/tokens", False),
        ("", False),
    ],
)
def test_where_tokens_are_given(url, gives):
    """An address of tokens is known by its path."""
    assert gives_tokens(url) is gives


def test_a_page_is_read_without_its_scripts_and_styles():
    """What a browser would not show is not what a server says; what comes after it, however long, is."""
    rules, code = "h1 {color: red} " * 3000, 'var nonce = "invalid token"; '
    page = "<html><head><{0}>{1}</{0}></head><body><{2}>{3}</{2}><p>{4}</p></body></html>"
    for text, codes in (("Invalid consumer key", ("consumer-key",)), ("Unauthorized", ())):
        for names in (("style", "script"), ("STYLE", "SCRIPT")):
            words = read_refusal(401, {}, page.format(names[0], rules, names[1], code, text))
            assert (words.codes, words.text or words.phrase) == (codes, text)
    assert read_refusal(401, {}, f"<p>Unauthorized</p><script>{code}").phrase == "Unauthorized"


def test_lines_and_echoes_of_a_plain_text():
    """All lines of a text count; a parameter that is echoed with its value is not named as what is wrong."""
    assert read_refusal(401, {}, "Unauthorized\r\nThe oauth_nonce is none\n").codes == ("nonce-reused",)
    assert read_refusal(401, {}, "401 Unauthorized (oauth_nonce=wIjqox)\n").codes == ()
    assert read_refusal(401, {}, 'Unauthorized\nAuthorization: OAuth oauth_consumer_key="k"').codes == ()


def test_what_is_said_to_people_is_found():
    """The word and the sentence of a refusal are read in capitals, and in a form, too."""
    words = read_refusal(400, {}, mastercard("INVALID_BODY_HASH", "Bad Request"))
    assert words[:2] == ("INVALID_BODY_HASH", "Bad Request")
    assert read_refusal(400, {}, "error=invalid_request&error_description=Too+old%2C+by+far")[:2] == (
        "invalid_request",
        "Too old, by far",
    )


HTML = {"Content-Type": "text/html"}
CALLBACK = (
    'Error: oauth_callback must be set, and must be set to "oob" (case-sensitive), or the configured callback must be '
    "a prefix of the supplied callback."
)
MEDIAWIKI = "Error: An error occurred in the OAuth protocol: "


@for_each(
    ("status", "body", "problem", "text", "code"),
    [
        (401, "<html><title>No</title><p>oauth_problem=token_rejected</p></html>", "token_rejected",
         "No oauth_problem=token_rejected", "token-key"),
        (401, "<error><code>X1</code><message>Invalid consumer key</message></error>", "X1", "Invalid consumer key",
         "consumer-key"),
        (401, '{"developer_message": "Invalid nonce"}', None, "Invalid nonce", "nonce-reused"),
        (200, f"{MEDIAWIKI}Nonce already used: abc", "nonce_used", f"{MEDIAWIKI}Nonce already used: abc",
         "nonce-reused"),
        (200, f"<html><title>Error</title><body><p>{MEDIAWIKI}Nonce already used: abc</p></body></html>", "nonce_used",
         f"{MEDIAWIKI}Nonce already used: abc", "nonce-reused"),
        (200, f"{MEDIAWIKI}Consumer does not exist", "consumer_key_unknown", f"{MEDIAWIKI}Consumer does not exist",
         "consumer-key"),
        (200, f"{MEDIAWIKI}Expired timestamp, yours 1401629005, ours 1401636205", "timestamp_refused",
         f"{MEDIAWIKI}Expired timestamp, yours 1401629005, ours 1401636205", "clock-skew"),
        (200, f"{MEDIAWIKI}Invalid signature", "signature_invalid", f"{MEDIAWIKI}Invalid signature", None),
        (200, CALLBACK, "parameter_rejected", CALLBACK, "callback-missing"),
    ],
)  # fmt: skip
def test_all_who_ask_read_the_same(status, body, problem, text, code, server):
    """The reader, the error of a flow and the explanation of its response agree on a refusal's words."""
    words = read_refusal(status, HTML, body)
    assert (words.problem, words.text, words.codes[:1]) == (problem, text, (code,) if code else ())
    server.answer = lambda got: (status, HTML, body.encode())
    flow = OAuthFlow(Consumer("c", "consumer-secret"), server.url, server.url, server.url)
    with pytest.raises(ProviderError) as caught:
        flow.fetch_request_token()
    assert caught.value.problem == problem
    assert f": {words.phrase}" in str(caught.value)  # and what it means in this step
    explanation = caught.value.explanation
    assert code is None or code in [finding.code for finding in explanation.findings]
    assert words.phrase[:60] in str(explanation.response)


def test_the_clock_reads_a_page_too():
    """The fields of a refusal that stand in a page for people are those that a hook learns the time from."""
    page = tomcat("oauth_problem=timestamp_refused,oauth_acceptable_timestamps=1636665132-1636668732")
    fields = read_problem({}, page, anywhere=True)
    assert fields["oauth_problem"] == "timestamp_refused" == read_refusal(401, {}, page).problem
    assert fields["oauth_acceptable_timestamps"] == "1636665132-1636668732"
    assert read_problem({}, page) == {}


def test_a_page_that_speaks_of_mediawikis_errors_is_no_refusal():
    """A page of status 200 that quotes such a sentence somewhere, or the word of a problem, is a page."""
    for body in (f"<p>{'How it works. ' * 30}</p><p>{MEDIAWIKI}Invalid signature</p>", "see oauth_problem=nonce_used",
                 "<p>oauth_problem=token_rejected</p>", "Error: none"):  # fmt: skip
        assert read_refusal(200, HTML, body).phrase == ""


def test_fields_are_texts():
    """What stands in JSON under the name of a field, and is no text, is no field."""
    assert read_problem({}, '{"oauth_problem": ["nonce_used"], "oauth_token": {"a": 1}, "oauth_a": null}') == {}
    assert read_problem({}, '{"oauth_problem": "nonce_used", "oauth_x": 1}') == {
        "oauth_problem": "nonce_used",
        "oauth_x": "1",
    }


# --- whatever it is, it is read, and soon ---

# A quarter of what is looked at, in a sixteenth of what that may take in quadratic time: a second.
_LENGTH, _SECONDS = 1 << 14, 0.0625
SHAPES = [
    '<err msg="', '<err ', '<err msg="x" ', '<rsp stat="fail"><err msg="a', "<", ">", "<>", "< >", "<<a", "</", "<!--",
    "<script>", "<style>", "<script><style>", "</script>", "<script></style>", "<title>", "<h1>", "<h1 ", "<h1><h1 a=",
    "<title></title>", "<h1>&lt;</h1>", "&", "&#", "&#1", "&amp", "&lt;", "&#x1", "<p>&#99999999", "&CounterClockwise",
    "timestamp ", "timestamp invali ", "clock clock", "token token ", "token not ", "no no no ", "no ", "nonce ",
    "nonce-",
    "invalid ", "bad api,,,", "bad consume", "invalid client ", "api key not ", "expired ", "session authorisation ",
    "required callback ", "verifier verifie", "missing_required_", "signature_method ", "for signature method not",
    "only use requires ", "content type ", "replay", "oauth_", "oauth_token ", "oauth_problem", "oauth_problem=",
    "oauth_problem = ", "oauth_problem=a&", "oauth_a=%41&", "oauth_&", "a&", "=", "%", "%41", "a=%", "error=",
    'error="',
    '{"error":"', '{"error', '{"error":', '{"errors":[', '{"a":', '{"oauth_a":', '{"oauth_a":[', "[", "{",
    '["error":"\\',
    '{"error_error_', '{"a_', '"error" ', '"error":"\\', '"message":"a",', "1", "-1", '{"a":1', "1e9", "\\", '"', "'",
    " ",
    "aaB", "aB", "a1", "12345678", "expected", "expected ", f"expected {'a' * 26}", f"expected {'a' * 30} ",
    "should be ", "%41%", "\\u0041", "\\u00", "oauth_a=", "oauth_a=&", "tokens", "token=", "access tokens/",
    "\n", "\r\n", "\t ", "\0", "\ufeff", "é", "İ", "\U0001f600", "\ud800", ".", "..a", ",", ";", "a.1", "not a", "1.0 ",
]  # fmt: skip
STARTS = ["", "<p>", '{"message":"', '{"oauth_problem":', "oauth_problem=", "error=", "invalid "]


def seconds(call, *arguments, **more):
    """Return how long it takes; what seems to take long is tried again, for a processor that is shared."""
    for _ in range(3):
        start = time.thread_time()
        call(*arguments, **more)
        took = time.thread_time() - start
        if took < _SECONDS:
            break
    return took


@pytest.mark.promise("strangers-are-read-in-linear-time")
@for_each("shape", SHAPES)
def test_no_text_takes_long(shape):
    """A text that is made to take long is read like another, in the body and in a header."""
    text = (shape * _LENGTH)[:_LENGTH]
    took = [seconds(read_refusal, 401, {}, start + text) for start in STARTS]
    took += [seconds(expected_signature, start + text, OURS) for start in ("", "expected ")]
    took += [seconds(read_refusal, 400, {}, "Invalid token", sent=start + text) for start in ("", "https://a.example/")]
    took += [
        seconds(read_problem, {}, text, anywhere=True),
        seconds(read_refusal, 200, {}, text),
    ]
    for start in ("OAuth ", 'OAuth oauth_problem="', 'error="'):
        took.append(seconds(read_refusal, 403, {"WWW-Authenticate": start + text}, text[:4096]))
    assert max(took) < _SECONDS


@for_each(
    "text",
    [
        "1" * 60_000,
        '{"a":' + "1" * 60_000 + "}",
        '{"error":{"code":' + "9" * 60_000 + "}}",
        "<p>&#" + "1" * 60_000 + ";</p>",
        "<h1>&#" + "1" * 450 + ";" + "&#" + "7" * 5000,
        "<p>&#x" + "f" * 60_000 + ";</p>",
        '{"error":1e999,"errors":NaN}',
        '{"meta":{"code":-Infinity},"stat":["fail"]}',
        '{"errors":[[]],"error":{}}',
        '{"errors":{"errors":{}},"error":[null],"":0}',
        "[" * 60_000,
        '{"a":' * 10_000,
        '{"error":' + "[" * 60_000,
    ],
)
@for_each("status", [200, 400, 401, 500])
def test_numbers_and_nests_without_end(text, status):
    """Numbers of thousands of digits, and brackets in brackets, raise nothing and take no time."""
    assert seconds(read_refusal, status, {}, text) < 1
    assert read_refusal(status, {}, text).codes == ()


@for_each("depth", [10, 100, 300, 450, 500, 700, 900, 950, 980, 990, 1000, 1500, 5000, 20_000])
def test_every_depth(depth):
    """What json just reads can be shown, too."""
    for name in ("oauth_problem", "error", "errors", "message", "meta"):
        for left, right in (("[", "]"), ('{"error":', "}")):
            body = f'{{"oauth_x":1,"{name}":{left * depth}1{right * depth}}}'
            for status in (200, 401):
                repr(read_refusal(status, {}, body).phrase)
            assert all(isinstance(value, str) for value in read_problem({}, body).values())


piece = st.one_of(
    st.sampled_from(SHAPES),
    st.sampled_from(
        ["</script>", "</style>", "</title>", "</h1>", "/>", '">', '"', '"}', "]", "}", ":", ",", ";", "null"]
    ),
    st.sampled_from([row.body for row in (*SERVICES, *OTHERS)]),
    st.text(max_size=8),
)
text = st.lists(piece, max_size=12).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 700), st.one_of(st.just(""), text), text, st.booleans())
def test_nothing_raises(status, challenge, body, tokens):
    """Whatever is answered is read, and what comes of it can be shown."""
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    words = read_refusal(status, headers, body, tokens=tokens)
    assert set(words.codes) <= set(SERVER_SAYS)
    assert not (words.codes and words.blames_signature) or "oauth_acceptable" in challenge + body
    assert isinstance(words.phrase, str)
    assert isinstance(expected_signature(challenge + body, OURS), str | None)
    assert words.problem is None or isinstance(words.problem, str)
    assert isinstance(words.text, str)
    assert all(isinstance(value, str) for value in read_problem(headers, body).values())


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>HTTP Status 401 - oauth_problem=token_rejected</body></html>",
        "<html><body><a href='/login?oauth_problem=token_rejected&amp;x=1'>log in</a></body></html>",
        "<html><!-- oauth_problem=token_rejected --><body>Unauthorized</body></html>",
        "<html><body>oauth_problem: <b>token_rejected</b></body></html>",
    ],
)
def test_a_page_names_the_problem_somewhere(page):
    """A page's own word for what was wrong counts wherever it stands: in its text, in a link, in a comment."""
    words = read_refusal(401, {"Content-Type": "text/html"}, page, refused=True)
    assert words.problem == "token_rejected"
    assert read_problem({}, page, anywhere=True)["oauth_problem"] == "token_rejected"
