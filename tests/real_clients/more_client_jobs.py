"""The clients that a nightly job adds: what each is there for, as ``client_jobs.py`` has it for the first eleven.

What names no callback when it asks for a request token, which OAuth 1.0a wants, is given a token. Hosts that stand in a
client's code are ``diverted`` before anything is signed.
"""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import time
from urllib.parse import urlencode

from client_jobs import CALLBACK, FILE, Job, check, check_upload, keys, make_rsa_user
from loopback_service import approve_and_read

TEXT = "¡Hola, señor! 100% & more"
TWITTER = {"id": 7, "id_str": "7", "media_id": 7, "name": "Alice"}


def reply_as_twitter(verified):
    return {**TWITTER, "screen_name": verified["user"]}


def check_text(provider, name):
    """Raise where the text of the last form did not arrive as it is."""
    check([name, TEXT] in provider.service.verified[-1]["parameters"], "the text")


def use_atlassian(provider):
    from atlassian import Jira

    consumer, token, pem = make_rsa_user(provider)
    oauth = {"consumer_key": consumer.key, "key_cert": pem, "signature_method": "RSA-SHA1"}
    oauth |= {"access_token": token.key, "access_token_secret": token.secret}
    jira = Jira(url=provider.api, oauth=oauth, cloud=False)

    def read():
        check(jira.myself()["name"] == "alice", "the user")

    def write():
        check(jira.issue_add_comment("KEY-7", TEXT)["name"] == "alice", "the comment")
        jira.add_attachment_object("KEY-7", io.BytesIO(FILE))
        check_upload(provider)

    return Job(lambda verified: {"name": verified["user"]}, read, write)


def use_birdy(provider):
    from birdy.twitter import UserClient

    class Client(UserClient):
        base_api_url = f"{provider.api}/%s"

        def __init__(self, *given):
            super().__init__(*given)
            self.request_token_url, self.access_token_url = provider.request_token_url, provider.access_token_url
            self.base_authorize_url = provider.authorization_url

    client = Client(*keys(provider))

    def get_token():
        new = Client(*keys(provider)[:2])
        back = approve_and_read(provider, new.get_authorize_token(CALLBACK).auth_url)
        check(new.get_access_token(back["oauth_verifier"]).oauth_token, "a token")

    def read():
        check(client.api.account.verify_credentials.get(skip_status=True).data.screen_name == "alice", "the user")

    def write():
        check(client.api.statuses.update.post(status=TEXT).data.id == 7, "the status")
        client.upload.media.upload.post(media=io.BytesIO(FILE))
        check_upload(provider)

    return Job(reply_as_twitter, read, write, get_token)


def use_bricklink(provider):
    from bricklink_py import Bricklink

    client = Bricklink(*keys(provider))

    def read():
        check(client.color.get_color(7)["user"] == "alice", "the color")

    def write():
        check(client.store_inventory.create_store_inventory({"description": TEXT})["user"] == "alice", "the inventory")

    return Job(
        lambda verified: {"meta": {"code": 200}, "data": {"user": verified["user"]}},
        read,
        write,
        diverted={"https://api.bricklink.com": provider.api},
    )


def use_allauth(provider):
    import django
    from django.conf import settings
    from django.test import RequestFactory

    if not settings.configured:
        apps = ["django.contrib.auth", "django.contrib.contenttypes", "allauth", "allauth.account"]
        settings.configure(
            SECRET_KEY="a secret of the test's",
            ALLOWED_HOSTS=["testserver"],
            INSTALLED_APPS=[*apps, "allauth.socialaccount"],
            MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        )
        django.setup()
    from allauth.socialaccount.providers.oauth.client import OAuth, OAuthClient

    prefix = provider.url.partition("://")[2]

    def make_request(**given):
        request = RequestFactory().get("/back", given)
        token = {"oauth_token": provider.token.key, "oauth_token_secret": provider.token.secret}
        request.session = {f"oauth_{prefix}_access_token": token}
        return request

    def get_token():
        urls = provider.request_token_url, provider.access_token_url, "/back"
        client = OAuthClient(make_request(), *keys(provider)[:2], *urls)
        to_service = client.get_redirect(provider.authorization_url, {}).url
        back = approve_and_read(provider, to_service.partition("&")[0])
        returned = make_request(**back)
        returned.session = client.request.session
        again = OAuthClient(returned, *keys(provider)[:2], *urls)
        check(again.is_valid() and again.access_token["oauth_token"], "a token")

    def query(**given):
        oauth = OAuth(make_request(), *keys(provider)[:2], provider.request_token_url)
        return oauth.query(f"{provider.api}/me", **given).json()["user"]

    def read():
        check(query(params={"fields": "Señor"}) == "alice", "the user")

    def write():
        check(query(method="POST", params={"text": TEXT}) == "alice", "the note")

    return Job(lambda verified: {"user": verified["user"]}, read, write, get_token)


def use_garth(provider):
    from garth import sso
    from garth.auth_tokens import OAuth1Token
    from garth.http import Client

    sso.OAUTH_CONSUMER.update(consumer_key=provider.consumer.key, consumer_secret=provider.consumer.secret)
    client = Client(domain="garmin.invalid")
    token = OAuth1Token(provider.token.key, provider.token.secret, mfa_token=TEXT)

    def read():  # the ticket that a login ends with
        check(sso.get_oauth1_token("ST-7", client).oauth_token == "alice", "a token")

    def write():
        check(sso.exchange(token, client).access_token == "alice", "a token for OAuth 2")
        check_text(provider, "mfa_token")

    def reply(verified):
        if "preauthorized" in verified["url"]:
            return urlencode({"oauth_token": "alice", "oauth_token_secret": "s"}).encode()
        names = ("scope", "jti", "token_type", "refresh_token")
        times = {"expires_in": 60, "refresh_token_expires_in": 60}
        return {**dict.fromkeys(names, "x"), **times, "access_token": verified["user"]}

    service = "https://connectapi.garmin.invalid"
    diverted = {f"{service}/oauth-service/oauth/preauthorized": f"{provider.two_legged_url}/preauthorized"}
    return Job(reply, read, write, diverted={**diverted, service: provider.api})


def use_mkmsdk(provider):
    from mkmsdk.api_map import _API_MAP
    from mkmsdk.mkm import Mkm

    names = ("app_token", "app_secret", "access_token", "access_token_secret")
    auth = dict(zip(names, keys(provider), strict=True))
    client = Mkm(_API_MAP["2.0"]["api"], provider.api)

    def read():
        check(client.account_management.account(auth=auth).json()["user"] == "alice", "the account")

    def write():
        given = {"data": {"article": {"comments": TEXT}}, "auth": auth}
        check(client.stock_management.add_articles(**given).json()["user"] == "alice", "the article")

    return Job(lambda verified: {"user": verified["user"]}, read, write, redirected=())  # it follows none


def use_mwoauth(provider):
    import jwt
    import mwoauth

    consumer = mwoauth.ConsumerToken(*keys(provider)[:2])

    def get_token():
        _, asked = mwoauth.initiate(provider.request_token_url, consumer, CALLBACK)
        back = provider.approve(f"{provider.authorization_url}?oauth_token={asked.key}")
        check(mwoauth.complete(provider.access_token_url, consumer, asked, back.partition("?")[2]).key, "a token")

    def read():
        token = mwoauth.AccessToken(*keys(provider)[2:])
        check(mwoauth.identify(f"{provider.api}/index.php", consumer, token)["username"] == "alice", "the user")

    def reply(verified):
        about = {"iss": provider.url, "aud": consumer.key, "iat": int(time.time()) - 1, "username": verified["user"]}
        identity = {**about, "nonce": verified.get("oauth", {}).get("nonce", "")}
        return jwt.encode(identity, consumer.secret, "HS256").encode()

    return Job(reply, read, get_token=get_token, redirected=("read",), ends_elsewhere=True)


def use_netsuite(provider):
    from netsuite import Config, NetSuiteRestApi, TokenAuth

    class Api(NetSuiteRestApi):
        def _make_url(self, subpath):
            return f"{provider.api}{subpath}"

    names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    config = Config(account="7", auth=TokenAuth(**dict(zip(names, keys(provider), strict=True))))

    def read():
        read = asyncio.run(Api(config).get("/record/v1/customer", params={"q": "Señor"}))
        check(read["user"] == "alice", "the customer")

    def write():
        check(asyncio.run(Api(config).post("/record/v1/note", json={"text": TEXT}))["user"] == "alice", "the note")
        check(provider.service.verified[-1]["body_length"] > len(TEXT), "the whole note")

    # It follows no redirect, and has registered a signature method of its own with Authlib, which therefore signs.
    return Job(lambda verified: {"user": verified["user"]}, read, write, redirected=())


def use_trello(provider):
    from trello import Board, Card, TrelloClient

    client = TrelloClient(*keys(provider))

    def read():
        check(client.list_boards()[0].name == "alice", "the boards")

    def write():
        card = Card(Board(client, "7"), "7")
        check(card.comment(TEXT)[0]["name"] == "alice", "the comment")
        card.attach(name="picture.png", file=io.BytesIO(FILE))
        check_upload(provider)

    return Job(
        lambda verified: [{"id": "7", "name": verified["user"], "closed": False, "url": ""}],
        read,
        write,
        diverted={"https://api.trello.com": provider.api},
    )


def use_pyetrade(provider):
    import pyetrade

    def get_token():
        oauth = pyetrade.ETradeOAuth(*keys(provider)[:2], CALLBACK)
        token = oauth.get_request_token().rpartition("=")[2]
        back = approve_and_read(provider, f"{provider.authorization_url}?oauth_token={token}")
        check(oauth.get_access_token(back["oauth_verifier"])["oauth_token"], "a token")

    def read():
        read = pyetrade.ETradeMarket(*keys(provider)).get_quote(["GOOG", "IBM"])
        check(read["Response"]["user"] == "alice", "the quotes")

    def write():
        order = {"accountIdKey": "7", "symbol": "GOOG", "orderAction": "BUY", "clientOrderId": "7", "quantity": 1}
        order |= {"priceType": "MARKET", "orderTerm": "GOOD_FOR_DAY", "marketSession": "REGULAR", "previewId": 7}
        placed = pyetrade.ETradeOrder(*keys(provider)).place_equity_order(**order)
        check(placed["Response"]["user"] == "alice", "the order")

    diverted = {
        "https://api.etrade.com/oauth/request_token": provider.request_token_url,
        "https://api.etrade.com/oauth/access_token": provider.access_token_url,
        "https://apisb.etrade.com": provider.api,
    }
    return Job(
        lambda verified: f"<Response><user>{verified['user']}</user></Response>".encode(),
        read,
        write,
        get_token,
        diverted=diverted,
    )


def use_pytumblr2(provider):
    import pytumblr2

    client = pytumblr2.TumblrRestClient(*keys(provider), host=provider.api)

    def read():
        check(client.info()["user"] == "alice", "the user")

    def write():
        content = [{"type": "text", "text": TEXT}]
        check(client.create_post("blog", content=content)["user"] == "alice", "the post")

    return Job(
        lambda verified: {"meta": {"status": 200}, "response": {"user": verified["user"]}},
        read,
        write,
        redirected=("write",),  # its GET never follows one
    )


def use_tumblpy(provider):
    from tumblpy import Tumblpy

    def make(*given):
        client = Tumblpy(*given)
        client.api_url = f"{provider.api}/v2/"
        client.request_token_url, client.access_token_url = provider.request_token_url, provider.access_token_url
        client.authenticate_url = provider.authorization_url
        return client

    def get_token():
        asked = make(*keys(provider)[:2]).get_authentication_tokens(CALLBACK)
        back = approve_and_read(provider, asked["auth_url"].partition("&")[0])
        given = (*keys(provider)[:2], asked["oauth_token"], asked["oauth_token_secret"])
        check(make(*given).get_authorized_tokens(back["oauth_verifier"])["oauth_token"], "a token")

    def read():
        check(make(*keys(provider)).get("user/info", params={"q": "Señor"})["user"] == "alice", "the user")

    def write():
        written = make(*keys(provider)).post("post", "blog", params={"type": "text", "body": TEXT})
        check(written["user"] == "alice", "the post")
        check_text(provider, "body")

    return Job(lambda verified: {"response": {"user": verified["user"]}}, read, write, get_token, redirected=())


def use_python_twitter(provider):
    import twitter

    api = twitter.Api(*keys(provider), base_url=provider.api, upload_url=provider.api)

    def read():
        check(api.VerifyCredentials().screen_name == "alice", "the user")

    def write():
        check(api.PostUpdate("¡Hola, señor! 100% & more").id == 7, "the status")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(FILE)
            file.seek(0)
            api.UploadMediaSimple(file)
        check_upload(provider)

    return Job(reply_as_twitter, read, write)


def use_upwork(provider):
    import upwork

    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    client = upwork.Client(upwork.Config(dict(zip(names, keys(provider), strict=True))))

    def read():
        check(client.get("/profiles/v2/search/jobs", {"q": "Señor"})["user"] == "alice", "the jobs")

    def write():
        check(client.post("/messages/v3/7/rooms", {"text": TEXT})["user"] == "alice", "the message")

    return Job(
        lambda verified: {"user": verified["user"]},
        read,
        write,
        diverted={"https://www.upwork.com": provider.api},
    )


def use_pywikibot(provider):
    os.environ["PYWIKIBOT_NO_USER_CONFIG"] = "2"
    from pywikibot import config
    from pywikibot.comms import http

    config.authenticate[provider.url.rpartition("/")[2]] = keys(provider)

    def fetch(method, **given):
        response = http.fetch(f"{provider.api}/api.php", method, headers={"user-agent": "test"}, **given)
        check(response.json()["user"] == "alice", "the user")

    def read():
        fetch("GET", params={"action": "query", "titles": "Señor"})

    def write():
        fetch("POST", data={"action": "edit", "text": TEXT})
        check_text(provider, "text")
        fetch("POST", params={"action": "upload"}, files={"file": ("P.png", io.BytesIO(FILE))})
        check_upload(provider)

    return Job(lambda verified: {"user": verified["user"]}, read, write)


def use_schoolopy(provider):
    import schoolopy

    class Auth(schoolopy.Auth):
        def _request_header(self):  # it names the real host, and signs for it
            header = super()._request_header()
            del header["Host"]
            return header

    def connect():
        auth = Auth(*keys(provider)[:2])
        auth.oauth.token = {"oauth_token": provider.token.key, "oauth_token_secret": provider.token.secret}
        return schoolopy.Schoology(auth, f"{provider.api}/")

    def read():
        check(connect().get_me().name_display == "alice", "the user")

    def write():
        school = connect().create_school(schoolopy.School({"title": TEXT}))
        check(school.name_display == "alice", "the school")

    return Job(lambda verified: {"name_display": verified["user"]}, read, write)


def use_semantics3(provider):
    from semantics3 import Products

    products = Products(*keys(provider)[:2], api_base=f"{provider.two_legged_url}/")

    def read():
        products.field("search", "Señor & Señora")
        check(products.get_products()["code"] == "OK", "the products")

    def write():
        check(products.run_query("webhooks", "POST", {"text": TEXT})["code"] == "OK", "the webhook")

    return Job(lambda verified: {"code": "OK"}, read, write)


def make_social_strategy(**settings):
    """Return what social-auth-core keeps its settings and its session in."""
    from social_core.storage import BaseStorage
    from social_core.strategy import BaseStrategy

    class Strategy(BaseStrategy):
        def get_setting(self, name):
            return settings[name]

        def session_get(self, name, default=None):
            return settings.get(name, default)

        def session_set(self, name, value):
            settings[name] = value

        def request_data(self, merge=True):
            return {}

        def absolute_uri(self, path=None):
            return path

    return Strategy(BaseStorage)


def use_social_auth(provider):
    from social_core.backends.oauth import BaseOAuth1

    class Service(BaseOAuth1):
        name = "service"
        AUTHORIZATION_URL = provider.authorization_url
        REQUEST_TOKEN_URL, REQUEST_TOKEN_METHOD = provider.request_token_url, "POST"
        ACCESS_TOKEN_URL = provider.access_token_url

    token = {"oauth_token": provider.token.key, "oauth_token_secret": provider.token.secret}

    def connect():
        settings = dict(zip(("SOCIAL_AUTH_SERVICE_KEY", "SOCIAL_AUTH_SERVICE_SECRET"), keys(provider)[:2], strict=True))
        return Service(make_social_strategy(**settings), CALLBACK)

    def get_token():
        backend = connect()
        backend.data = approve_and_read(provider, backend.auth_url().replace("redirect_uri", "ignored"))
        check(backend.access_token(backend.get_unauthorized_token())["oauth_token"], "a token")

    def ask(**given):
        response = connect().oauth_request(token, f"{provider.api}/me", **given)
        check(response.json()["user"] == "alice", "the user")

    def read():
        ask(params={"q": "Señor"})

    def write():
        ask(params={"text": TEXT}, method="POST")

    return Job(lambda verified: {"user": verified["user"]}, read, write, get_token)


def use_tellduslive(provider):
    import tellduslive

    session = tellduslive.Session(*keys(provider))

    def ask(path, **given):
        check((session._request(path, **given) or {}).get("user") == "alice", "the user")

    def read():
        ask("devices/list", supportedMethods=951)

    def write():
        ask("device/setName", id=7, name=TEXT)

    return Job(
        lambda verified: {"user": verified["user"]},
        read,
        write,
        diverted={"https://pa-api.telldus.com": provider.api},
    )


def use_trovebox(provider):
    from trovebox import Trovebox

    client = Trovebox(None, provider.url, *keys(provider))

    def read():
        check(client.system.version()["user"] == "alice", "the version")

    def write():
        client.post("/photo/7/comment.json", text=TEXT)
        check_text(provider, "text")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(FILE)
            file.flush()
            client.photo.upload(file.name, title=TEXT)
        check_upload(provider)

    return Job(
        lambda verified: {"code": 200, "message": "", "result": {"id": "7", "user": verified["user"]}},
        read,
        write,
        diverted={f"{provider.url}/{part}": f"{provider.api}/{part}" for part in ("photo", "system")},
    )


def use_twarc(provider):
    from twarc import Twarc

    client = Twarc(*keys(provider), validate_keys=False)

    def read():
        check(next(client.search("Señor"))["screen_name"] == "alice", "the status")

    def write():
        check(next(client.hydrate(["7"]))["screen_name"] == "alice", "the status")

    def reply(verified):
        statuses = [reply_as_twitter(verified)]
        return {"statuses": statuses} if "search" in verified["url"] else statuses

    return Job(reply, read, write, diverted={"https://api.twitter.com": provider.api})


def use_twitter_ads(provider):
    from twitter_ads.client import Client
    from twitter_ads.http import Request

    client = Client(*keys(provider))

    def read():
        check(client.accounts("7").name == "alice", "the account")

    def write():
        written = Request(client, "post", "/11/accounts/7/media_library", params={"text": TEXT}).perform()
        check(written.body["data"]["name"] == "alice", "the entry")
        Request(client, "post", "/1.1/media/upload.json", files={"media": io.BytesIO(FILE)}).perform()
        check_upload(provider)

    return Job(
        lambda verified: {"data": {"id": "7", "name": verified["user"]}},
        read,
        write,
        diverted={"https://ads-api.twitter.com": provider.api},
    )


def use_twitter_api(provider):
    from TwitterAPI import TwitterAPI

    api = TwitterAPI(*keys(provider))

    def ask(resource, *given):
        response = api.request(resource, *given)
        check(response.status_code == 200 and response.json()["screen_name"] == "alice", "the user")

    def read():
        ask("account/verify_credentials", {"skip_status": True})

    def write():
        ask("statuses/update", {"status": TEXT})
        check_text(provider, "status")
        ask("media/upload", None, {"media": FILE})
        check_upload(provider)

    diverted = {f"https://{host}.twitter.com": provider.api for host in ("api", "upload")}
    return Job(reply_as_twitter, read, write, diverted=diverted)


def use_uservoice(provider):
    import uservoice

    def connect(*token):
        return uservoice.Client("forum", *keys(provider)[:2], *token, callback=CALLBACK)

    def get_token():
        client = connect()
        client.authorize_url()
        url = f"{provider.authorization_url}?oauth_token={client.request_token.token}"
        check(client.login_with_verifier(approve_and_read(provider, url)["oauth_verifier"]).token, "a token")

    def read():
        check(
            connect(*keys(provider)[2:]).get("/api/v1/users/current.json?q=Se%C3%B1or")["user"] == "alice", "the user"
        )

    def write():
        check(
            connect(*keys(provider)[2:]).post("/api/v1/tickets.json", {"text": TEXT})["user"] == "alice", "the ticket"
        )

    service = "https://forum.uservoice.com"
    diverted = {
        f"{service}/oauth/request_token": provider.request_token_url,
        f"{service}/oauth/access_token": provider.access_token_url,
        service: provider.api,
    }
    return Job(lambda verified: {"user": verified["user"]}, read, write, get_token, diverted=diverted)


MORE_CLIENTS = {
    "atlassian-python-api": ("atlassian", use_atlassian),
    "birdy": ("birdy", use_birdy),
    "bricklink-py": ("bricklink_py", use_bricklink),
    "django-allauth": ("allauth", use_allauth),
    "garth": ("garth", use_garth),
    "mkmsdk": ("mkmsdk", use_mkmsdk),
    "mwoauth": ("mwoauth", use_mwoauth),
    "netsuite": ("netsuite", use_netsuite),
    "py-trello": ("trello", use_trello),
    "pyetrade": ("pyetrade", use_pyetrade),
    "PyTumblr2": ("pytumblr2", use_pytumblr2),
    "python-tumblpy": ("tumblpy", use_tumblpy),
    "python-twitter": ("twitter", use_python_twitter),
    "python-upwork": ("upwork", use_upwork),
    "pywikibot": ("pywikibot", use_pywikibot),
    "schoolopy": ("schoolopy", use_schoolopy),
    "semantics3": ("semantics3", use_semantics3),
    "social-auth-core": ("social_core", use_social_auth),
    "tellduslive": ("tellduslive", use_tellduslive),
    "trovebox": ("trovebox", use_trovebox),
    "twarc": ("twarc", use_twarc),
    "twitter-ads": ("twitter_ads", use_twitter_ads),
    "TwitterAPI": ("TwitterAPI", use_twitter_api),
    "uservoice": ("uservoice", use_uservoice),
}
"""As ``CLIENTS`` of ``client_jobs.py``."""
