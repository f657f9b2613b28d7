"""Each known service is run: its flow, its API on every host, its refusals, against a provider that behaves as it does.

What each service does is written here by itself, from its documentation, so that a row which says something else fails.
"""

from __future__ import annotations

import threading

import pytest
import requests
from strict_provider import (
    CONSUMER,
    REQUEST,
    TOKEN,
    Particulars,
    Refusal,
    Routed,
    posted_form,
    run_strict_provider,
)
from tables import for_each

from oauth_hook import SERVICES, Account, Consumer, LoopbackReceiver, OAuthFlow, ProviderError, UsageError
from oauth_hook.credentials import AccessToken
from oauth_hook.tokens.accounts import find_credentials, find_origins

rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
pytest.importorskip("jwt")  # with which oauthlib verifies RSA

MANY = {"host": "shop.example"}
TENANTS = {
    "netsuite": {"account": "123_SB1"}, "magento": MANY, "jira": {"host": "Jira.Example:8443"}, "woocommerce": MANY,
    "maas": {"host": "maas.example:5443"}, "oneroster": MANY, "gravityforms": MANY, "openbankproject": MANY,
    "wiki": {"host": "wiki.example"},
}  # fmt: skip


def problem(word: str, status: int = 401) -> Refusal:
    return Refusal(status, f"oauth_problem={word}")


def challenge(word: str, realm: str = "r") -> Refusal:
    return Refusal(401, "", {"WWW-Authenticate": f'OAuth realm="{realm}", oauth_problem="{word}"'})


def page(word: str) -> Refusal:
    return Refusal(401, f"<html><head><title>Error report</title></head><body><p>message {word}</p></body></html>")


def said(text: str, status: int = 401) -> Refusal:
    return Refusal(status, text)


def bricklink(description: str) -> Refusal:
    body = f'{{"meta":{{"description":"{description}","message":"BAD_OAUTH_REQUEST","code":401}},"data":{{}}}}'
    return Refusal(200, body)


def fatsecret(code: int, message: str) -> Refusal:
    return Refusal(200, f'{{"error": {{"code": {code}, "message": "{message}"}}}}')


def wordpress(message: str) -> Refusal:
    return Refusal(
        401, f'{{"code":"woocommerce_rest_authentication_error","message":"{message}","data":{{"status":401}}}}'
    )


def mediawiki(legs: tuple[str, str, str], host: str, hosts: tuple[str, ...]) -> Particulars:
    text = "Error: An error occurred in the OAuth protocol: Invalid signature"
    grant = "The authorization headers in your request are not valid: No approved grant was found for that token."
    return Particulars(
        legs, page={"oauth_token": REQUEST[0], "oauth_consumer_key": CONSUMER[0]}, hosts=(host, *hosts),
        refusals={
            "signature": (Refusal(200, text), "consumer-secret"),
            "token": (Refusal(200, f'{{"error": {{"code": "mwoauth-invalid-authorization", "info": "{grant}"}}}}'),
                      "token-key"),
        },
    )  # fmt: skip


def three(base: str, *paths: str) -> tuple[str, str, str]:
    first, second, third = (path if "://" in path else base + path for path in paths)
    return first, second, third


NO_CALLBACK = {"callback": None, "confirms": False}
ONE_LEGGED = {"tokens": False}
BY_HAND = {}  # a token, and no flow
SIGNATURE = {"signature": (problem("signature_invalid"), "consumer-secret")}
REJECTED = {"token": (problem("token_rejected"), "token-key")}
USUAL = {**SIGNATURE, **REJECTED}
MEDIAWIKI = ("index.php?title=Special:OAuth/initiate", "index.php?title=Special:OAuth/authorize",
             "index.php?title=Special:OAuth/token")  # fmt: skip
WIKIS = ("commons.wikimedia.org", "www.wikidata.org", "www.mediawiki.org", "en.wikipedia.org")

SERVED = {
    "x": Particulars(
        three("https://api.x.com/oauth/", "request_token", "authorize", "access_token"),
        hosts=("api.x.com", "upload.x.com", "ads-api.x.com", "api.twitter.com", "upload.twitter.com",
               "ads-api.twitter.com"),
        refusals={
            "signature": (said('{"errors":[{"code":32,"message":"Could not authenticate you."}]}'), "consumer-secret"),
            "token": (said('{"errors":[{"code":89,"message":"Invalid or expired token."}]}'), "token-expired"),
            "lost": (said('{"errors":[{"code":215,"message":"Bad Authentication data."}]}', 400), "unsigned"),
        },
    ),
    "tumblr": Particulars(
        three("https://www.tumblr.com/oauth/", "request_token", "authorize", "access_token"), ("POST", "GET"), None,
        hosts=("www.tumblr.com", "api.tumblr.com"),
        refusals={"signature": (said("oauth_signature [9E=] does not match expected value [8M=]"), "consumer-secret")},
    ),
    "flickr": Particulars(
        three("https://www.flickr.com/services/oauth/", "request_token", "authorize", "access_token"), ("GET", "GET"),
        hosts=("www.flickr.com", "api.flickr.com", "up.flickr.com"),
        refusals={**SIGNATURE,
                  "token": (Refusal(200, '{"stat":"fail","code":98,"message":"Invalid auth token"}'), "token-key")},
    ),
    "discogs": Particulars(
        three("https://api.discogs.com/oauth/", "request_token", "https://www.discogs.com/oauth/authorize",
              "access_token"),
        ("GET", "POST"), needs_user_agent=True, hosts=("api.discogs.com", "www.discogs.com"),
        refusals={"signature": (said("Invalid signature."), "consumer-secret"),
                  "consumer": (said("Invalid consumer."), "consumer-key")},
    ),
    "mediawiki": mediawiki(three("https://meta.wikimedia.org/w/", *MEDIAWIKI), "meta.wikimedia.org", WIKIS),
    "zotero": Particulars(
        three("https://www.zotero.org/oauth/", "request", "authorize", "access"), signed=False,
        hosts=("www.zotero.org", "api.zotero.org"),
    ),
    "fatsecret": Particulars(
        three("https://authentication.fatsecret.com/oauth/", "request_token", "authorize", "access_token"),
        hosts=("authentication.fatsecret.com", "platform.fatsecret.com"),
        refusals={
            "signature": (fatsecret(8, "Invalid signature: oauth_signature 'YcFEXT='"), "consumer-secret"),
            "clock": (fatsecret(6, "Invalid/expired timestamp: 1401629005"), "clock-skew"),
            "clock, XML": (Refusal(200, "<error><code>6</code><message>Invalid/expired timestamp</message></error>"),
                           "clock-skew"),
        },
    ),
    "etrade": Particulars(
        three("https://api.etrade.com/oauth/", "request_token", "https://us.etrade.com/e/t/etws/authorize",
              "access_token"),
        ("GET", "GET"), page={"key": CONSUMER[0], "token": REQUEST[0]},
        hosts=("api.etrade.com", "us.etrade.com", "apisb.etrade.com"),
        refusals={"signature": (page("oauth_problem=signature_invalid"), "consumer-secret"),
                  "consumer": (page("oauth_problem=consumer_key_rejected"), "consumer-key")},
    ),
    "schoology": Particulars(
        three("https://api.schoology.com/v1/oauth/", "request_token", "https://www.schoology.com/oauth/authorize",
              "access_token"),
        ("GET", "GET"), None, verifier=False, confirms=False, realm="Schoology API",
        hosts=("api.schoology.com", "www.schoology.com"),
        refusals={"nonce": (said("Duplicate timestamp/nonce combination, possible replay attack.  Request rejected."),
                            "nonce-reused")},
    ),
    "launchpad": Particulars(
        three("https://launchpad.net/", "+request-token", "+authorize-token", "+access-token"), verifier=False,
        **NO_CALLBACK, signature_method="PLAINTEXT", consumer_secret="",
        hosts=("launchpad.net", "api.launchpad.net"),
        refusals={"token": (said("Unknown access token (nnch734d)."), "token-key"),
                  "expired": (said("Expired token (nnch734d)."), "token-expired")},
    ),
    "garmin": Particulars(
        three("https://connectapi.garmin.com/oauth-service/oauth/", "request_token",
              "https://connect.garmin.com/oauthConfirm", "access_token"),
        **NO_CALLBACK, hosts=("connectapi.garmin.com", "connect.garmin.com", "apis.garmin.com"),
        refusals={"signature": (page("Invalid Oauth signature"), "consumer-secret"),
                  "consumer": (page("ConsumerKey is invalid"), "consumer-key")},
    ),
    "netsuite": Particulars(
        three("https://123-sb1.restlets.api.netsuite.com/rest/", "requesttoken",
              "https://123-sb1.app.netsuite.com/app/login/secure/authorizetoken.nl", "accesstoken"),
        signature_method="HMAC-SHA256", realm="123_SB1", nonce=(6, 64),
        hosts=("123-sb1.restlets.api.netsuite.com", "123-sb1.app.netsuite.com", "123-sb1.suitetalk.api.netsuite.com"),
        refusals={"token": (challenge("token_rejected", "123_SB1"), "token-key"),
                  "realm": (Refusal(401, '{"error":{"code":"INVALID_LOGIN","message":"Invalid login."}}'),
                            "consumer-secret")},
    ),
    "woocommerce": Particulars(
        **ONE_LEGGED, in_query=True, hosts=("shop.example",),
        refusals={"signature": (wordpress("Invalid signature - provided signature does not match."), "consumer-secret"),
                  "consumer": (wordpress("Consumer key is invalid."), "consumer-key"),
                  "nonce": (wordpress("Invalid nonce - nonce has already been used."), "nonce-reused")},
    ),
    "mastercard": Particulars(
        **ONE_LEGGED, signature_method="RSA-SHA256", needs_body_hash=True,
        hosts=("api.mastercard.com", "sandbox.api.mastercard.com"),
        refusals={"body-hash": (Refusal(400, '{"Errors":{"Error":[{"ReasonCode":"INVALID_BODY_HASH","Description":'
                                '"The provided oauth_body_hash does not match the hash of the request payload."}]}}'),
                                "body-changed")},
    ),
    "instapaper": Particulars(
        ("", "", "https://www.instapaper.com/api/1/oauth/access_token"), xauth=True, verifier=False,
        hosts=("www.instapaper.com",),
        refusals={"signature": (said("Invalid xAuth credentials."), "consumer-secret")},
    ),
    "maas": Particulars(
        signature_method="PLAINTEXT", consumer_secret="", hosts=("maas.example:5443",),
        refusals={"token": (said("Authorization Error: 'Invalid token: k'"), "token-key")},
    ),
    "magento": Particulars(
        ("https://shop.example/oauth/token/request", "", "https://shop.example/oauth/token/access"),
        **NO_CALLBACK, posts_verifier=True, signature_method="HMAC-SHA256", hosts=("shop.example",),
        refusals={
            "signature": (said("oauth_problem=The+signature+is+invalid.+Verify+and+try+again."), "consumer-secret"),
            "consumer": (said("oauth_problem=Consumer+key+has+expired"), "consumer-key"),
            "revoked": (said('{"message":"Access token has been revoked"}'), "token-expired"),
        },
    ),
    "jira": Particulars(
        three("https://jira.example:8443/plugins/servlet/oauth/", "request-token", "authorize", "access-token"),
        signature_method="RSA-SHA1", consumer_secret="", hosts=("jira.example:8443",),
        refusals={**REJECTED, "nonce": (challenge("nonce_used"), "nonce-reused")},
    ),
    "trello": Particulars(
        three("https://trello.com/1/", "OAuthGetRequestToken", "OAuthAuthorizeToken", "OAuthGetAccessToken"),
        hosts=("trello.com", "api.trello.com"),
        refusals={"consumer": (said("invalid key"), "consumer-key"), "token": (said("invalid token"), "token-key"),
                  "signature": (said("Invalid signature", 500), "consumer-secret")},
    ),
    "smugmug": Particulars(
        three("https://api.smugmug.com/services/oauth/1.0a/", "getRequestToken", "authorize", "getAccessToken"),
        hosts=("api.smugmug.com", "upload.smugmug.com"),
        refusals={**USUAL, "callback": (problem("parameter_absent&oauth_parameters_absent=oauth_callback"),
                                        "callback-missing")},
    ),
    "bricklink": Particulars(
        hosts=("api.bricklink.com",),
        refusals={"signature": (bricklink("SIGNATURE_INVALID: Invalid Signature"), "consumer-secret"),
                  "address": (bricklink("TOKEN_IP_MISMATCHED: the address is another one"), "token-key")},
    ),
    "nounproject": Particulars(
        **ONE_LEGGED, nonce=(8, 64), hosts=("api.thenounproject.com",),
        refusals={"signature": (said("Invalid signature"), "consumer-secret")},
    ),
    "immobilienscout24": Particulars(
        three("https://rest.immobilienscout24.de/restapi/security/oauth/", "request_token", "confirm_access",
              "access_token"),
        hosts=("rest.immobilienscout24.de", "rest.sandbox-immobilienscout24.de"),
        refusals={"signature": (said('{"message":"Invalid signature for signature method HMAC-SHA1"}'),
                                "consumer-secret")},
    ),
    "oneroster": Particulars(
        **ONE_LEGGED, signature_method="HMAC-SHA256", hosts=("shop.example",),
        refusals={"clock": (said("Expired timestamp: given 1552895690 and now 1552999863 has a greater difference than "
                                 "threshold 300"), "clock-skew")},
    ),
    "gravityforms": Particulars(
        **ONE_LEGGED, hosts=("shop.example",),
        refusals={"signature": (wordpress("Invalid signature - provided signature does not match."),
                                "consumer-secret")},
    ),
    "plurk": Particulars(
        three("https://www.plurk.com/OAuth/", "request_token", "authorize", "access_token"), hosts=("www.plurk.com",),
        refusals={"signature": (said('{"error_text": "40004:invalid signature"}', 400), "consumer-secret"),
                  "token": (said('{"error_text": "40106:invalid access token"}', 400), "token-key")},
    ),
    "clevercloud": Particulars(
        three("https://api.clever-cloud.com/v2/oauth/", "request_token", "authorize", "access_token"),
        signature_method="HMAC-SHA512", hosts=("api.clever-cloud.com",),
        refusals={"signature": (said('{"id":2001,"message":"The signature is invalid.","type":"error"}'),
                                "consumer-secret")},
    ),
    "evernote": Particulars(
        three("https://www.evernote.com/", "oauth", "OAuth.action", "oauth"), ("GET", "GET"), signed=False,
        hosts=("www.evernote.com",),
        refusals={"consumer": (page("oauth_consumer_key: consumer"), "consumer-key")},
    ),
    "openbankproject": Particulars(
        three("https://shop.example/oauth/", "initiate", "authorize", "token"), signature_method="HMAC-SHA256",
        hosts=("shop.example",),
        refusals={"signature": (said('{"error":"OBP-20009: Invalid signature"}'), "consumer-secret")},
    ),
    "wiki": mediawiki(three("https://wiki.example/w/", *MEDIAWIKI), "wiki.example", ()),
    "openstreetmap": Particulars(
        three("https://www.openstreetmap.org/oauth/", "request_token", "authorize", "access_token"),
        hosts=("www.openstreetmap.org", "api.openstreetmap.org"),
        refusals={"ended": (said("Couldn't authenticate you"), "token-expired")},
    ),
    "yahoo": Particulars(
        three("https://api.login.yahoo.com/oauth/v2/", "get_request_token", "request_auth", "get_token"),
        hosts=("api.login.yahoo.com",),
        refusals={"expired": (said('<?xml version="1.0"?><yahoo:error><yahoo:description>Please provide valid '
                              'credentials. OAuth oauth_problem="token_expired"</yahoo:description></yahoo:error>'),
                              "token-expired")},
    ),
}  # fmt: skip

# What a client does wrongly where it follows its habits, and the code that explain gives it.
MISTAKES = {
    "netsuite": ({"realm": "123-sb1"}, "realm"),
    "woocommerce": ({"placement": "header"}, "unsigned"),
    "mastercard": ({"body_hash": None}, "body-changed"),
    "launchpad": ({"consumer_secret": "s"}, "consumer-secret"),
    "maas": ({"consumer_secret": "s"}, "consumer-secret"),
    "schoology": ({"realm": "x"}, "realm"),
    "bricklink": ({"signature_method": "HMAC-SHA256"}, "signature-method"),
    "nounproject": ({"nonce": lambda: "short"}, "nonce-reused"),
    "jira": ({"signature_method": "HMAC-SHA1"}, "signature-method"),
    "trello": ({"signature_method": "HMAC-SHA256"}, "signature-method"),
    "smugmug": ({"signature_method": "HMAC-SHA256"}, "signature-method"),
}


@pytest.fixture(scope="module")
def keys():
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode(), public.decode()


@pytest.fixture(scope="module")
def provider(keys):
    with run_strict_provider(keys[1]) as running:
        yield running


@pytest.fixture(scope="module")
def session(provider):
    with requests.Session() as routed:
        for scheme in ("http://", "https://"):
            routed.mount(scheme, Routed(provider.port))
        yield routed


def find(name):
    return SERVICES[name].at(**TENANTS.get(name, {}))


def get_token(name, provider, session, rsa_key):
    """Go through the legs of a service that has some, as its user would; return the token, or the one made by hand."""
    service, served = find(name), SERVED[name]
    consumer = Consumer(CONSUMER[0], served.consumer_secret)
    if not service.access_token_url:
        return consumer, AccessToken(*TOKEN) if served.tokens else None
    flow = OAuthFlow.for_service(service, consumer, session=session, rsa_key=rsa_key)
    if served.xauth:
        return consumer, flow.xauth("name", "password")
    if not served.posts_verifier:

        def visit(url):
            answer = session.get(url)
            assert answer.ok, answer.text
            return answer.text or answer.headers["X-Back"]

        return consumer, flow.authorize(visit)
    with LoopbackReceiver(timeout=20) as receiver:
        post = threading.Thread(target=requests.post, args=(receiver.callback_url, posted_form()), kwargs={
            "headers": {"Content-Type": "application/x-www-form-urlencoded"}, "timeout": 20})  # fmt: skip
        post.start()
        token = flow.authorize(receiver)
        post.join(20)
    return consumer, token


def make_hook(name, provider, session, rsa_key):
    """Return the hook of the account that a store would have."""
    consumer, token = get_token(name, provider, session, rsa_key)
    account = Account(consumer, token, find(name).reference)
    is_rsa = find(name).signature_method.startswith("RSA")
    return find_credentials("me", {"me": account}).make_hook(rsa_key=rsa_key if is_rsa else None)


def origins_of(name):
    """Where its API can be asked: not over plain http with PLAINTEXT, which this package refuses."""
    plaintext = SERVED[name].signature_method == "PLAINTEXT"
    return [origin for origin in find_origins(find(name)) if not (plaintext and origin.startswith("http:"))]


def test_every_service_is_run():
    """No row is left out, and there are 27 or more."""
    assert list(SERVED) == [name for name in SERVED if name in SERVICES]
    assert set(SERVED) == set(SERVICES)
    assert len(SERVED) >= 27


@for_each("name", SERVED)
def test_a_service_is_gone_through(name, provider, session, keys):
    """Its legs, one GET on each of its hosts, one form and one JSON document are taken by a strict provider."""
    served = SERVED[name]
    provider.play(served)
    hook = make_hook(name, provider, session, keys[0])
    legs = ["request token", "page", "access token"] if served.legs[0] else []
    legs = ["access token"] if served.xauth else [step for step in legs if step != "page" or served.legs[1]]
    assert provider.steps == legs
    api = {"auth": hook} if served.signed else {"headers": {"api-key": str(hook.token.secret)}}
    for origin in origins_of(name):
        answer = session.get(f"{origin}/api/thing?q=a%20b&q=c", **api)
        assert answer.ok, (origin, answer.text)
    first = origins_of(name)[0]
    for body in ({"data": {"status": "hello you"}}, {"json": {"a": 1}}):
        if served.signed and not (served.needs_body_hash and "data" in body):  # forms have no hash
            answer = session.post(f"{first}/api/thing", **api, **body)
            assert answer.ok, answer.text
    assert provider.hosts == set(served.hosts)
    if served.signed:
        with pytest.raises(UsageError, match=r"is not for https://elsewhere\.example"):
            session.get("https://elsewhere.example/", auth=hook)


@for_each("name", [name for name in SERVED if SERVED[name].refusals])
def test_its_refusals_are_named(name, provider, session, keys):
    """Whatever shape and status a service says no in, ``explain`` names the cause first."""
    provider.play(SERVED[name])
    hook = make_hook(name, provider, session, keys[0])
    for cause, (_, code) in SERVED[name].refusals.items():
        provider.fault = cause
        answer = session.get(f"{origins_of(name)[0]}/api/thing", auth=hook)
        found = hook.explain(answer).findings[0].code
        assert found == code, (cause, str(hook.explain(answer)))


@for_each("name", [name for name in SERVED if SERVED[name].refusals and SERVED[name].legs[2]])
def test_a_refused_token_request_is_explained(name, provider, session, keys):
    """So is a refusal at the URLs of the flow; it is a ``ProviderError``, whatever its status."""
    served = SERVED[name]
    provider.play(served)
    provider.fault, (_, code) = next(iter(served.refusals.items()))
    flow = OAuthFlow.for_service(find(name), Consumer(CONSUMER[0], served.consumer_secret), session=session,
                                 rsa_key=keys[0])  # fmt: skip
    with pytest.raises(ProviderError) as caught:
        flow.xauth("name", "password") if served.xauth else flow.fetch_request_token()
    assert caught.value.explanation.findings[0].code == code, str(caught.value.explanation)


@for_each("name", MISTAKES)
def test_a_usual_mistake_is_named(name, provider, session, keys):
    """The strict provider refuses it, and what the service is known to want is said first."""
    provider.play(SERVED[name])
    hook = make_hook(name, provider, session, keys[0])
    arguments, code = MISTAKES[name]
    wrong = hook.replace(**arguments)
    answer = session.post(f"{origins_of(name)[0]}/api/thing", json={"a": 1}, auth=wrong)
    assert not answer.ok
    assert wrong.explain(answer, service=name).findings[0].code == code, str(wrong.explain(answer, service=name))
