"""Right requests: refused for reasons that are not the signature's, the secrets' or the clock's, or not refused at all."""

# ruff: noqa: E501  # a row of the table is a line
# fmt: off
from __future__ import annotations

import json
from typing import Any

from blind_case import Case, refusal
from blind_faults_words import (
    BRICKLINK,
    DISCOGS,
    ETRADE,
    FATSECRET,
    FLICKR,
    GARMIN,
    JIRA,
    LTI,
    MAGENTO,
    NETSUITE,
    PLAIN,
    TRELLO,
    TUMBLR,
    WIKI,
    WOO,
    WP,
    XCOM,
    XERO,
    X,
)
from blind_signer import FORM, TIMESTAMP, TWO_LEGGED, Call, replace, sign

CASES: list[Case] = []
JSON = "application/json; charset=utf-8"


def right(
    id_: str, what: str, call: Call, status: int, body: Any, type_: str = "text/plain", *, also: str = "", given: Any = None,
    keys: Any = "same", date: Any = TIMESTAMP + 2, form: str = "response", history: Any = None, **headers: str,
) -> None:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    CASES.append(
        Case(f"right-{id_}", what.partition(":")[0], what, sign(call), {"no-cause-found", *also.split()}, set(), None,
             refusal(status, text, JSON if not isinstance(body, (str, bytes)) else type_, date, **headers), given or {},
             call.keys if keys == "same" else keys, call.keys, "right", history or [], form)
    )


FORM_POST = Call("POST", "https://api.example.com/1/notes", form=[("text", "a b"), ("n", "1")])
JSON_POST = Call("POST", "https://api.example.com/1/notes", body=b'{"text":"a"}', content_type="application/json")
HTML = "text/html; charset=utf-8"


def page(title: str, text: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"


# successes
right("ok", "success: 200 JSON", PLAIN, 200, {"id": 7})
right("ok-empty", "success: 204", replace(PLAIN, method="DELETE"), 204, "")
right("ok-created", "success: 201", FORM_POST, 201, {"id": 8}, Location="https://api.example.com/1/notes/8")
right("ok-202", "success: 202", JSON_POST, 202, "")
right("ok-304", "success: 304", PLAIN, 304, "")
right("ok-206", "success: 206", PLAIN, 206, b"\x00\x01\xff", "application/octet-stream")
right("ok-query", "success: in the query", replace(PLAIN, placement="query"), 200, "ok")
right("ok-body", "success: in the body", replace(FORM_POST, placement="body"), 200, "ok")
right("ok-brackets", "success: brackets and duplicates", replace(PLAIN, query=[("a[0]", "1"), ("a[1]", "2"), ("t", "x"), ("t", "x"), ("e", "")]), 200, "[]")
right("ok-unicode", "success: Unicode", replace(FORM_POST, form=[("text", "\u00fcber \U0001f600 e\u0301 !*'()~")]), 200, "{}")
right("ok-256", "success: HMAC-SHA256", replace(PLAIN, hash_name="HMAC-SHA256"), 200, "{}")
right("ok-512", "success: HMAC-SHA512", replace(PLAIN, hash_name="HMAC-SHA512"), 200, "{}")
right("ok-plain", "success: PLAINTEXT", replace(PLAIN, hash_name="PLAINTEXT"), 200, "{}")
right("ok-port", "success: a port", replace(PLAIN, url="https://api.example.com:8443/me"), 200, "{}")
right("ok-upper", "success: capitals in the host", replace(PLAIN, url="https://API.example.com/me"), 200, "{}")
right("ok-words", "success: a text that talks of signatures", PLAIN, 200, {"title": "Why is my oauth_signature invalid?", "tags": ["invalid signature", "401", "token expired"]})
right("ok-error-word", "success: a list with an error in it", PLAIN, 200, {"jobs": [{"id": 1, "status": "failed", "error": "timestamp out of bounds"}]})
right("ok-token", "success: a token answer", replace(PLAIN, method="POST", url="https://api.example.com/oauth/request_token", keys=TWO_LEGGED, extra=(("oauth_callback", "oob"),)), 200, "oauth_token=abc&oauth_token_secret=never-to-be-shown-1&oauth_callback_confirmed=true", FORM, given={"_secret": "never-to-be-shown-1"})
right("ok-lti", "success: LTI launch", LTI, 200, page("Course", "Welcome"), HTML)
right("ok-302", "success: LTI launch that redirects", LTI, 302, "", Location="https://tool.example.edu/course/7")
right("ok-wiki", "success: MediaWiki", WIKI, 200, {"batchcomplete": "", "query": {"userinfo": {"id": 1, "name": "Me"}}})
right("ok-brick", "success: BrickLink", BRICKLINK, 200, {"meta": {"description": "OK", "message": "OK", "code": 200}, "data": []})
right("ok-fatsecret", "success: FatSecret", FATSECRET, 200, {"foods": {"total_results": "0"}})
right("ok-woo", "success: WooCommerce", WOO, 200, "[]", JSON)
right("ok-netsuite", "success: NetSuite", NETSUITE, 200, {"id": "7"})
right("ok-nodate", "success: no Date", PLAIN, 200, "{}", date=None)
right("ok-unknown", "success: no secrets given", PLAIN, 200, "{}", keys=None)
# limits
right("429", "rate limit: 429", PLAIN, 429, "", Retry_After="60")
right("429-x", "rate limit: X 88", X, 429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, x_rate_limit_remaining="0")
right("429-xv2", "rate limit: X v2", XCOM, 429, {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429})
right("429-cap", "rate limit: X usage capped", XCOM, 429, {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap", "type": "https://api.twitter.com/2/problems/usage-capped"})
right("429-tumblr", "rate limit: Tumblr", TUMBLR, 429, {"meta": {"status": 429, "msg": "Limit Exceeded"}, "response": [], "errors": [{"title": "Limit Exceeded", "code": 0, "detail": "Our server had a hiccup. Please try again."}]})
right("429-discogs", "rate limit: Discogs", DISCOGS, 429, {"message": "You are making requests too quickly."}, X_Discogs_Ratelimit_Remaining="0")
right("429-trello", "rate limit: Trello", TRELLO, 429, {"error": "API_TOKEN_LIMIT_EXCEEDED", "message": "Rate limit exceeded"})
right("401-xero", "rate limit: Xero, with a 401", XERO, 401, "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait%20before%20retrying%20the%20xero%20api", FORM)
right("503-xero", "rate limit: Xero, with a 503", XERO, 503, "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait%20before%20retrying%20the%20xero%20api", FORM)
right("420", "rate limit: 420", X, 420, {"error": "Enhance Your Calm"})
right("403-limit", "rate limit: with a 403", PLAIN, 403, {"message": "API rate limit exceeded for user."})
right("fatsecret-12", "rate limit: FatSecret 12", FATSECRET, 200, {"error": {"code": 12, "message": "User is performing too many actions"}})
right("wiki-ratelimited", "rate limit: MediaWiki", WIKI, 200, {"error": {"code": "ratelimited", "info": "You've exceeded your rate limit. Please wait some time and try again."}})
right("wiki-maxlag", "rate limit: MediaWiki maxlag", WIKI, 200, {"error": {"code": "maxlag", "info": "Waiting for 10.64.48.23: 6.2 seconds lagged."}}, Retry_After="5")
right("netsuite-429", "rate limit: NetSuite concurrency", NETSUITE, 429, {"title": "Concurrency limit exceeded. Request blocked.", "status": 429, "o:errorDetails": [{"detail": "Concurrency limit exceeded.", "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"}]})
# permissions, plans, policies
right("x-453", "permission: X 453", X, 403, {"errors": [{"message": "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints (e.g. media post, oauth) only. If you need access to this endpoint, you may need a different access level. You can learn more here: https://developer.x.com/en/portal/product", "code": 453}]})
right("x-enrolled", "permission: X client-not-enrolled", XCOM, 403, {"client_id": "123", "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Twitter developer App that is attached to a Project. You can create a project via the developer portal.", "registration_url": "https://developer.twitter.com/en/docs/projects/overview", "title": "Client Forbidden", "required_enrollment": "Appropriate Level of API Access", "reason": "client-not-enrolled", "type": "https://api.twitter.com/2/problems/client-forbidden"})
right("x-oauth1-perm", "permission: X app without write permission", XCOM, 403, {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."})
right("x-261", "permission: X 261", X, 403, {"errors": [{"code": 261, "message": "Application cannot perform write actions. Contact Twitter Platform Operations through https://help.twitter.com/forms/platform."}]})
right("x-64", "permission: X 64", X, 403, {"errors": [{"code": 64, "message": "Your account is suspended and is not permitted to access this feature"}]})
right("x-326", "permission: X 326", X, 403, {"errors": [{"code": 326, "message": "To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://twitter.com to unlock your account."}]})
right("x-179", "permission: X 179", X, 403, {"errors": [{"code": 179, "message": "Sorry, you are not authorized to see this status."}]})
right("x-187", "validation: X 187", replace(X, method="POST", url="https://api.twitter.com/1.1/statuses/update.json", query=[], form=[("status", "again")]), 403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]})
right("x-186", "validation: X 186", replace(X, method="POST", url="https://api.twitter.com/1.1/statuses/update.json", query=[], form=[("status", "long")]), 403, {"errors": [{"code": 186, "message": "Tweet needs to be a bit shorter."}]})
right("x-324", "validation: X 324", X, 400, {"errors": [{"code": 324, "message": "The validation of media ids failed."}]})
right("discogs-403", "permission: Discogs owner", DISCOGS, 403, {"message": "You don't have permission to access this resource."})
right("403", "permission: a plain 403", PLAIN, 403, {"error": "forbidden", "message": "You do not have permission to perform this action."})
right("403-scope", "permission: scope", PLAIN, 403, {"error": "insufficient_scope", "scope": "notes.write"})
right("403-html", "permission: HTML", PLAIN, 403, page("403 Forbidden", "You don't have permission to access this resource."), HTML)
right("netsuite-403", "permission: NetSuite", NETSUITE, 403, {"title": "Forbidden", "status": 403, "o:errorDetails": [{"detail": "Permission Violation: You need the 'Lists -> Customers' permission to access this page.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]})
right("woo-403", "permission: WooCommerce", WOO, 403, {"code": "woocommerce_rest_cannot_create", "message": "Sorry, you are not allowed to create resources.", "data": {"status": 403}})
right("magento-acl", "permission: Magento", MAGENTO, 403, {"message": "The consumer isn't authorized to access %resources.", "parameters": {"resources": "Magento_Catalog::products"}})
right("jira-403", "permission: Jira", JIRA, 403, {"errorMessages": ["You do not have the permission to see the specified issue"], "errors": {}})
right("jira-captcha", "permission: Jira CAPTCHA", JIRA, 403, page("Forbidden (403)", "CAPTCHA_CHALLENGE"), HTML, X_Authentication_Denied_Reason="CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp")
right("jira-xsrf", "permission: Jira XSRF", replace(JIRA, method="POST"), 403, "XSRF check failed")
right("wiki-badtoken", "permission: MediaWiki badtoken", replace(WIKI, method="POST", query=[], form=[("action", "edit"), ("token", "+\\")]), 200, {"error": {"code": "badtoken", "info": "Invalid CSRF token."}})
right("wiki-permission", "permission: MediaWiki", WIKI, 200, {"error": {"code": "permissiondenied", "info": "You don't have permission to delete pages."}})
right("wiki-protected", "permission: MediaWiki protected page", WIKI, 200, {"error": {"code": "protectedpage", "info": "This page has been protected to prevent editing or other actions."}})
right("fatsecret-21", "permission: FatSecret IP address", FATSECRET, 200, {"error": {"code": 21, "message": "Invalid IP address detected:  '203.0.113.7'"}})
right("flickr-99", "permission: Flickr 99", FLICKR, 200, {"stat": "fail", "code": 99, "message": "Insufficient permissions. Method requires write privileges; read granted."})
right("402", "payment: 402", PLAIN, 402, {"message": "Your trial has expired. Please upgrade your plan."})
right("402-403", "payment: expired subscription", PLAIN, 403, {"error": "subscription_expired", "message": "Your subscription expired on 2025-10-01."})
right("451", "law: 451", PLAIN, 451, {"message": "Unavailable For Legal Reasons"})
right("garmin-403", "permission: Garmin", GARMIN, 403, {"errorMessage": "User permission not granted for this endpoint"})
right("etrade-403", "permission: E*TRADE", ETRADE, 403, "<Error><code>102</code><message>Please accept the user agreement before placing orders.</message></Error>", "application/xml")
# not there, not allowed, not valid
right("404", "not there: 404 JSON", PLAIN, 404, {"message": "Not Found"})
right("404-html", "not there: 404 HTML", PLAIN, 404, page("404 Not Found", "nginx/1.24.0"), HTML)
right("404-x", "not there: X 34", X, 404, {"errors": [{"code": 34, "message": "Sorry, that page does not exist."}]})
right("404-wp", "not there: WordPress rest_no_route", WP, 404, {"code": "rest_no_route", "message": "No route was found matching the URL and request method.", "data": {"status": 404}})
right("404-kafka", "not there: consumer not found (of a message queue)", PLAIN, 404, {"error_code": 40403, "message": "Consumer instance not found."})
right("405", "method of HTTP: 405", FORM_POST, 405, {"detail": "Method \"POST\" not allowed."}, Allow="GET")
right("406", "negotiation: 406", PLAIN, 406, "Not Acceptable")
right("409", "conflict: 409", JSON_POST, 409, {"message": "The resource was changed since; version mismatch"})
right("410", "not there: 410", PLAIN, 410, {"errors": [{"message": "The Twitter REST API v1 is no longer active. Please migrate to API v1.1.", "code": 64}]})
right("412", "conflict: 412", PLAIN, 412, "Precondition Failed")
right("413", "validation: 413", JSON_POST, 413, page("413 Request Entity Too Large", "nginx"), HTML)
right("414", "validation: 414", PLAIN, 414, page("414 Request-URI Too Large", "nginx"), HTML)
right("415", "validation: 415", JSON_POST, 415, {"detail": "Unsupported media type \"application/json\" in request."}, also="content-type")
right("422", "validation: 422 Rails", FORM_POST, 422, {"errors": {"text": ["can't be blank"]}})
right("400-field", "validation: a field", FORM_POST, 400, {"text": ["This field is required."]})
right("400-signature", "validation: a field called signature", JSON_POST, 400, {"errors": [{"field": "signature", "message": "signature image is required to sign this document"}]})
right("400-timestamp", "validation: a field called timestamp", JSON_POST, 400, {"error": "timestamp must be in ISO 8601 format", "field": "timestamp"})
right("400-token", "validation: page token", PLAIN, 400, {"error": "Invalid page token", "field": "pageToken"})
right("400-key", "validation: sort key", PLAIN, 400, {"error": "Invalid key: 'sort'"})
right("400-json", "validation: JSON", JSON_POST, 400, {"message": "Problems parsing JSON: Unexpected token } in JSON at position 17"})
right("400-magento", "validation: Magento", MAGENTO, 400, {"message": "\"%fieldName\" is required. Enter and try again.", "parameters": {"fieldName": "searchCriteria"}})
right("400-woo", "validation: WooCommerce", WOO, 400, {"code": "rest_invalid_param", "message": "Invalid parameter(s): per_page", "data": {"status": 400, "params": {"per_page": "per_page must be between 1 (inclusive) and 100 (inclusive)"}}})
right("400-netsuite", "validation: NetSuite", NETSUITE, 400, {"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": "Error while accessing a resource. Invalid content in the request body.", "o:errorCode": "INVALID_CONTENT"}]})
right("400-xero", "validation: Xero", XERO, 400, {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"})
right("400-flickr", "validation: Flickr 1", FLICKR, 200, {"stat": "fail", "code": 1, "message": "Photo not found"})
right("400-brick", "validation: BrickLink", BRICKLINK, 200, {"meta": {"description": "item.no: invalid", "message": "PARAMETER_MISSING_OR_INVALID", "code": 400}, "data": {}})
right("404-brick", "not there: BrickLink", BRICKLINK, 200, {"meta": {"description": "ITEM NOT FOUND", "message": "RESOURCE_NOT_FOUND", "code": 404}, "data": {}})
right("400-fatsecret", "validation: FatSecret 106", FATSECRET, 200, {"error": {"code": 106, "message": "Invalid ID: food_id '0'"}})
right("400-trello", "validation: Trello", TRELLO, 400, "invalid id")
right("400-tumblr", "validation: Tumblr", TUMBLR, 400, {"meta": {"status": 400, "msg": "Bad Request"}, "response": {"errors": ["Post cannot be empty."]}})
# failures, proxies, firewalls
right("500", "failure: 500", PLAIN, 500, page("500 Internal Server Error", "Something went wrong."), HTML)
right("500-empty", "failure: 500, empty", FORM_POST, 500, "")
right("500-trace", "failure: a stack trace with signature in it", PLAIN, 500, "java.lang.NullPointerException\n\tat com.example.SignatureVerifier.audit(SignatureVerifier.java:31)\n\tat com.example.TokenStore.get(TokenStore.java:9)")
right("502", "failure: 502", PLAIN, 502, page("502 Bad Gateway", "nginx"), HTML)
right("503", "failure: 503", X, 503, {"errors": [{"code": 130, "message": "Over capacity"}]}, Retry_After="120")
right("503-maint", "failure: maintenance", PLAIN, 503, page("Down for maintenance", "We will be back soon."), HTML)
right("504", "failure: 504", PLAIN, 504, page("504 Gateway Time-out", ""), HTML)
right("520", "failure: Cloudflare 520", PLAIN, 520, page("api.example.com | 520: Web server is returning an unknown error", "Cloudflare"), HTML, Server="cloudflare")
right("cf-1020", "firewall: Cloudflare 1020", PLAIN, 403, page("Access denied | api.example.com used Cloudflare to restrict access", "Error code 1020. Ray ID: 8f0c2a"), HTML, Server="cloudflare")
right("cf-challenge", "firewall: Cloudflare challenge", PLAIN, 403, page("Just a moment...", "Enable JavaScript and cookies to continue"), HTML, Server="cloudflare", cf_mitigated="challenge")
right("akamai", "firewall: Akamai", PLAIN, 403, "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nYou don't have permission to access \"http&#58;&#47;&#47;api&#46;example&#46;com\" on this server.<P>\nReference&#32;&#35;18&#46;2d351ab8", "text/html", Server="AkamaiGHost")
right("incapsula", "firewall: Incapsula", PLAIN, 403, "<html><head><META NAME=\"robots\" CONTENT=\"noindex,nofollow\"></head><iframe src=\"/_Incapsula_Resource?CWUDNSAI=9\">Request unsuccessful. Incapsula incident ID: 877-1</iframe></html>", "text/html")
right("modsec", "firewall: mod_security", FORM_POST, 406, page("Not Acceptable!", "An appropriate representation of the requested resource could not be found on this server. This error was generated by Mod_Security."), HTML)
right("aws-waf", "firewall: AWS", PLAIN, 403, page("403 Forbidden", ""), HTML, Server="awselb/2.0")
right("aws-sig", "firewall: AWS API Gateway's Missing Authentication Token", PLAIN, 403, {"message": "Missing Authentication Token"}, also="unsigned path", x_amzn_errortype="MissingAuthenticationTokenException")
right("wordfence", "firewall: Wordfence", WP, 503, page("Your access to this site has been limited", "Your access to this service has been limited. (HTTP response code 503) Generated by Wordfence"), HTML)
right("wp-disabled", "firewall: REST API disabled", WP, 403, {"code": "rest_disabled", "message": "The WordPress REST API has been disabled.", "data": {"status": 403}})
right("407", "proxy: 407", PLAIN, 407, page("407 Proxy Authentication Required", "squid"), HTML, Proxy_Authenticate='Basic realm="squid"')
right("squid", "proxy: Squid denies", PLAIN, 403, page("ERROR: The requested URL could not be retrieved", "Access Denied. Access control configuration prevents your request from being allowed at this time."), HTML, X_Squid_Error="ERR_ACCESS_DENIED 0")
right("511", "portal: 511", PLAIN, 511, page("Network Authentication Required", "You need to sign in to this network."), HTML)
right("portal", "portal: 200 with a login page", replace(PLAIN, url="http://api.example.com/1/me"), 200, page("Hotel WiFi", "Please log in to use the internet. <form action=/login><input name=room></form>"), HTML)
right("parked", "portal: a parked domain", PLAIN, 200, page("example.com is for sale", "Buy this domain"), HTML)
right("paywall", "portal: a paywall", PLAIN, 200, page("Subscribe to continue reading", "Log in or subscribe"), HTML)
right("zscaler", "proxy: Zscaler", PLAIN, 403, page("Internet Security by Zscaler", "Not allowed to browse this category"), HTML, Server="Zscaler/6.2")
right("301", "redirect: 301 to https, not followed", replace(PLAIN, url="http://api.example.com/1/me"), 301, "", also="redirected scheme", Location="https://api.example.com/1/me")
right("400-header", "proxy: header too large", PLAIN, 400, page("400 Bad Request", "Request Header Or Cookie Too Large"), HTML)
right("400-https", "proxy: plain HTTP to HTTPS port", replace(PLAIN, url="http://api.example.com:443/1/me"), 400, page("400 The plain HTTP request was sent to HTTPS port", "nginx"), HTML, also="scheme insecure-transport port")
right("421", "proxy: 421", PLAIN, 421, "Misdirected Request")
right("426", "proxy: 426", PLAIN, 426, "Upgrade Required")
right("401-basic", "proxy: the staging site's Basic", PLAIN, 401, page("401 Authorization Required", "nginx"), HTML, also="unsigned consumer-secret token-secret", WWW_Authenticate='Basic realm="Staging"')
CASES.pop()
right("404-no-secrets", "not there: no secrets given", PLAIN, 404, {"message": "Not Found"}, keys=None)
right("429-no-secrets", "rate limit: no secrets given", PLAIN, 429, "Too Many Requests", keys=None)
right("500-no-secrets", "failure: no secrets given", FORM_POST, 500, "", keys=None)
right("403-binary", "firewall: a binary body", PLAIN, 403, b"\x1f\x8b\x08\x00\xff\xfe garbage", "application/octet-stream")
right("503-none", "failure: 503 without any header", PLAIN, 503, "", date=None)
right("404-redirected", "not there: after a redirect that signed anew", PLAIN, 404, {"message": "Not Found"}, also="redirected", history=[{"request": sign(replace(PLAIN, url="https://api.example.com/1/old")), "response": {**refusal(302, ""), "headers": [("Location", "/1/me")]}}])
# nothing was answered
CASES.append(Case("right-prepared", "no response", "a request alone, and it is right", sign(FORM_POST), {"no-cause-found"}, proof="right"))
CASES.append(Case("right-plain", "no response", "a request of another client's alone, and it is right", sign(PLAIN), {"no-cause-found"}, proof="right", form="request"))
CASES.append(Case("right-base", "no response", "a right request and the server's base string, which is equal, and a success", sign(PLAIN), {"no-cause-found"}, response=refusal(200, "{}"), proof="right"))
