"""What each client is there for: getting a token where it does, reading, and writing or uploading.

A job is made for a provider, and has three steps; each is a function without arguments. It ends in an exception where
the service has refused it, or where what came back is not what was asked for.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from loopback_service import approve_and_read

CALLBACK = "http://127.0.0.1:9/back"
FILE = bytes(range(256)) * 60
ROOM_FOR_MULTIPART = 2000


@dataclass
class Job:
    """One client at work.

    :ivar reply: what the service responds with, made of what it has verified.
    :ivar get_token: the way to a token; ``None``: the client has none of its own.
    :ivar read: a call that reads.
    :ivar write: a call that writes.
    :ivar redirected: which of the two follow redirects, and can.
    :ivar diverted: where on loopback goes what the client has hosts in its code for, by how such URLs begin.
    :ivar ends_elsewhere: it takes no response of another origin's.
    """

    reply: object
    read: object
    write: object = None
    get_token: object = None
    redirected: tuple[str, ...] = ("read", "write")
    diverted: dict[str, str] = field(default_factory=dict)
    ends_elsewhere: bool = False

    @property
    def steps(self):
        """All that the client does, in order."""
        return [step for step in (self.read, self.write, self.get_token) if step]


def keys(provider):
    """Return consumer key and secret, token and token secret."""
    return provider.consumer.key, provider.consumer.secret, provider.token.key, provider.token.secret


def check(is_so, what):
    """Raise where something is not so, also where asserts are off."""
    if not is_so:
        raise AssertionError(what)


def check_upload(provider):
    """Raise where the last upload did not arrive whole."""
    length = provider.service.verified[-1]["body_length"]
    check(len(FILE) < length < len(FILE) + ROOM_FOR_MULTIPART, f"{length} bytes arrived")


def make_rsa_user(provider):
    """Return a consumer that signs by RSA, a token, and the key in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    consumer = provider.add_consumer("service", rsa_public_key=public)
    return consumer, provider.add_token(consumer), pem.decode()


def use_tweepy(provider):
    import tweepy

    class PlainSession(requests.Session):
        """tweepy has ``https://`` in its code."""

        def request(self, method, url, **given):
            return super().request(method, url.replace("https://", "http://"), **given)

    class Handler(tweepy.OAuth1UserHandler):
        def _get_oauth_url(self, endpoint):
            return f"{provider.url}/oauth/{endpoint}"

    host = provider.api.partition("://")[2]
    api = tweepy.API(tweepy.OAuth1UserHandler(*keys(provider)), host=host)
    api.upload_host, api.session = host, PlainSession()

    def get_token():
        handler = Handler(*keys(provider)[:2], callback=CALLBACK)
        back = approve_and_read(provider, handler.get_authorization_url())
        check(all(handler.get_access_token(back["oauth_verifier"])), "a token")

    def read():
        check(api.verify_credentials(include_email=True).screen_name == "alice", "the user")

    def write():
        check(api.update_status("¡Hola, señor! 100% & more").id == 7, "the status")
        api.simple_upload("picture.png", file=io.BytesIO(FILE))
        check_upload(provider)

    return Job(lambda verified: {"id": 7, "screen_name": verified["user"], "media_id": 7}, read, write, get_token)


def use_twython(provider):
    from twython import Twython

    def make(*given):
        twitter = Twython(*given)
        twitter.api_url = f"{provider.api}/%s"
        twitter.request_token_url, twitter.access_token_url = provider.request_token_url, provider.access_token_url
        twitter.authenticate_url = provider.authorization_url
        return twitter

    twitter = make(*keys(provider))

    def get_token():
        asked = make(*keys(provider)[:2]).get_authentication_tokens(callback_url=CALLBACK)
        back = approve_and_read(provider, asked["auth_url"])
        given = (*keys(provider)[:2], asked["oauth_token"], asked["oauth_token_secret"])
        check(make(*given).get_authorized_tokens(back["oauth_verifier"])["oauth_token"], "a token")

    def read():
        check(twitter.verify_credentials()["screen_name"] == "alice", "the user")

    def write():
        check(twitter.update_status(status="¡Hola, señor! 100% & more")["id"] == 7, "the status")
        twitter.post("media/upload", params={"media": io.BytesIO(FILE)})
        check_upload(provider)

    return Job(lambda verified: {"id": 7, "screen_name": verified["user"]}, read, write, get_token)


def use_pytumblr(provider):
    import pytumblr

    client = pytumblr.TumblrRestClient(*keys(provider), host=provider.api)

    def read():
        check(client.info()["user"] == "alice", "the user")

    def write():
        check(client.create_text("blog", body="¡Hola, señor! 100% & more")["user"] == "alice", "the post")

    return Job(
        lambda verified: {"meta": {"status": 200}, "response": {"user": verified["user"]}},
        read,
        write,
        redirected=("write",),  # its GET never follows one
    )


TOUCHED = {"touched": "2026-01-01T00:00:00Z"}


def use_mwclient(provider):
    import mwclient

    query = {
        "general": {"generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": {"id": 0, "*": ""}, "6": {"id": 6, "*": "File"}},
        "pages": {"1": {"ns": 6, "pageid": 1, "title": "File:P.png", "lastrevid": 1, "length": 1, **TOUCHED}},
        "tokens": {"csrftoken": "+\\"},
    }

    def reply(verified):
        user = {"name": verified["user"], "groups": [], "rights": ["upload", "writeapi"]}
        return {"query": {**query, "userinfo": user}, "upload": {"result": "Success"}}

    def connect():
        host, path = urlsplit(provider.api).netloc, urlsplit(provider.api).path
        names = ("consumer_token", "consumer_secret", "access_token", "access_secret")
        given = dict(zip(names, keys(provider), strict=True))
        return mwclient.Site(host, path=f"{path}/", scheme="http", force_login=False, **given)

    def read():
        check(connect().username == "alice", "the user")

    def write():
        uploaded = connect().upload(io.BytesIO(FILE), "P.png", "¡Hola, señor!", ignore=True)
        check(uploaded["result"] == "Success", "the upload")
        check_upload(provider)

    return Job(reply, read, write)


def use_flask_dance(provider):
    import flask
    from flask_dance.consumer import OAuth1ConsumerBlueprint
    from flask_dance.consumer.requests import OAuth1Session

    class KeepingSession(OAuth1Session):
        """Flask-Dance forgets the request token's secret between its two pages, which this service does not forgive."""

        def fetch_request_token(self, *args, **given):
            fetched = super().fetch_request_token(*args, **given)
            flask.session["request_token_secret"] = fetched["oauth_token_secret"]
            return fetched

        def fetch_access_token(self, *args, **given):
            self.auth.client.resource_owner_secret = flask.session.pop("request_token_secret")
            return super().fetch_access_token(*args, **given)

    app = flask.Flask("app")
    app.secret_key = "a secret of the test's"
    blueprint = OAuth1ConsumerBlueprint(
        "service",
        "app",
        *keys(provider)[:2],
        base_url=f"{provider.api}/",
        request_token_url=provider.request_token_url,
        authorization_url=provider.authorization_url,
        access_token_url=provider.access_token_url,
        session_class=KeepingSession,
    )
    app.register_blueprint(blueprint, url_prefix="/login")
    browser = app.test_client()

    @app.route("/read")
    def read_page():
        response = blueprint.session.get("me")
        return response.json() if response.ok else ("refused", response.status_code)

    @app.route("/write")
    def write_page():
        response = blueprint.session.post("notes", data={"text": "¡Hola, señor! 100% & more"})
        return response.json() if response.ok else ("refused", response.status_code)

    def get_token():
        to_service = browser.get("/login/service").headers["Location"]
        back = provider.approve(to_service)
        browser.get(back.partition("://")[2].partition("/")[2])
        with browser.session_transaction() as kept:
            check("service_oauth_token" in kept, "a token")

    def log_in():
        with browser.session_transaction() as kept:
            token = {"oauth_token": provider.token.key, "oauth_token_secret": provider.token.secret}
            kept["service_oauth_token"] = token

    def read():
        log_in()
        check((browser.get("/read").json or {}).get("user") == "alice", "the user")

    def write():
        log_in()
        check((browser.get("/write").json or {}).get("user") == "alice", "the note")

    return Job(lambda verified: {"user": verified["user"]}, read, write, get_token)


def use_pyxero(provider):
    from xero import Xero
    from xero.auth import PublicCredentials

    credentials = PublicCredentials(
        *keys(provider)[:2],
        oauth_token=provider.token.key,
        oauth_token_secret=provider.token.secret,
        verified=True,
    )
    credentials.base_url = provider.api
    xero = Xero(credentials)
    xero.contacts.base_url = provider.api

    def read():
        check(xero.contacts.filter(Name="Señor")[0]["Name"] == "alice", "the contact")

    def write():
        xero.contacts.put({"Name": "Señor"})
        xero.contacts.put_attachment_data("7", "picture.png", FILE, "image/png")
        check(provider.service.verified[-1]["body_length"] == len(FILE), "the whole file")

    return Job(lambda verified: {"Status": "OK", "Contacts": [{"Name": verified["user"]}]}, read, write)


def use_fatsecret(provider):
    from fatsecret import Fatsecret

    class Client(Fatsecret):
        REQUEST_TOKEN_URL, ACCESS_TOKEN_URL = provider.request_token_url, provider.access_token_url
        AUTHORIZE_URL, BASE_URL = provider.authorization_url, f"{provider.api}/server.api"

    def connect():
        return Client(*keys(provider)[:2], session_token=keys(provider)[2:])

    def get_token():
        client = Client(*keys(provider)[:2])
        back = approve_and_read(provider, client.get_authorize_url(callback_url=CALLBACK))
        check(all(client.authenticate(back["oauth_verifier"])), "a token")

    def read():
        check(connect().profile.get_v1().goal_weight_kg == 70, "the profile")

    def write():
        connect().weight.update_v1(current_weight_kg=70, comment="¡Hola, señor! 100% & more")
        check(["comment", "¡Hola, señor! 100% & more"] in provider.service.verified[-1]["parameters"], "the comment")

    return Job(lambda verified: {"profile": {"goal_weight_kg": "70"}, "success": 1}, read, write, get_token)


LTI_RESPONSE = b"""<?xml version="1.0"?><imsx_POXEnvelopeResponse><imsx_POXHeader><imsx_POXResponseHeaderInfo>
<imsx_messageIdentifier>1</imsx_messageIdentifier><imsx_statusInfo><imsx_codeMajor>success</imsx_codeMajor>
<imsx_severity>status</imsx_severity><imsx_description>done</imsx_description>
<imsx_messageRefIdentifier>1</imsx_messageRefIdentifier>
<imsx_operationRefIdentifier>readResult</imsx_operationRefIdentifier></imsx_statusInfo></imsx_POXResponseHeaderInfo>
</imsx_POXHeader><imsx_POXBody><readResultResponse><result><resultScore><textString>0.9</textString></resultScore>
</result></readResultResponse></imsx_POXBody></imsx_POXEnvelopeResponse>"""


def use_lti(provider):
    from lti import OutcomeRequest, ToolConsumer

    def ask():
        given = {"consumer_key": keys(provider)[0], "consumer_secret": keys(provider)[1]}
        url = f"{provider.two_legged_url}/outcome"
        return OutcomeRequest({**given, "lis_outcome_service_url": url, "lis_result_sourcedid": "7"})

    def read():
        check(ask().post_read_result().score == "0.9", "the score")

    def write():
        check(ask().post_replace_result("0.9").is_success(), "the score")
        check(provider.service.verified[-1]["oauth"]["body_hash"], "a body hash")
        params = {"lti_message_type": "basic-lti-launch-request", "lti_version": "LTI-1p0", "resource_link_id": "7"}
        params["lis_person_name_full"] = "Señor & Señora"
        launch = ToolConsumer(*keys(provider)[:2], params=params, launch_url=f"{provider.two_legged_url}/launch")
        response = requests.post(launch.launch_url, data=launch.generate_launch_data())
        check(response.status_code == 200, "the launch")

    redirected = ("read",)  # a launch is a form that a browser sends
    return Job(lambda verified: LTI_RESPONSE, read, write, redirected=redirected)


def use_flickrapi(provider):
    import flickrapi
    from flickrapi.auth import FlickrAccessToken

    provider.service.token_extra = b"&fullname=Alice&user_nsid=7&username=alice"

    def connect(token):
        flickr = flickrapi.FlickrAPI(*keys(provider)[:2], token=token, store_token=False)
        flickr.REST_URL = f"{provider.api}/rest/"
        oauth = flickr.flickr_oauth
        oauth.REQUEST_TOKEN_URL, oauth.AUTHORIZE_URL = provider.request_token_url, provider.authorization_url
        oauth.ACCESS_TOKEN_URL = provider.access_token_url
        return flickr

    flickr = connect(FlickrAccessToken(*keys(provider)[2:], "write"))

    def get_token():
        new = connect(None)
        new.get_request_token(oauth_callback=CALLBACK)
        back = approve_and_read(provider, new.auth_url("read").replace("&perms=read", ""))
        new.flickr_oauth.verifier = back["oauth_verifier"]
        new.get_access_token()
        check(new.token_cache.token.username == "alice", "a token")

    def read():
        check(flickr.test.login().find("user").text == "alice", "the user")

    def write():  # its uploads leave the rest of a multipart form signed, as Flickr alone wants them
        check(flickr.photos.comments.addComment(photo_id="7", comment_text="¡Hola, señor!") is not None, "the comment")

    return Job(
        lambda verified: f'<rsp stat="ok"><user>{verified["user"]}</user></rsp>'.encode(), read, write, get_token
    )


def use_splitwise(provider):
    from requests_oauthlib import OAuth1Session
    from splitwise import Splitwise

    for name, url in vars(Splitwise).items():
        if name.endswith("_URL"):
            setattr(Splitwise, name, f"{provider.api}{urlsplit(url).path}")
    Splitwise.ACCESS_TOKEN_URL = provider.access_token_url
    client = Splitwise(*keys(provider)[:2])
    client.setAccessToken({"oauth_token": provider.token.key, "oauth_token_secret": provider.token.secret})

    def get_token():
        session = OAuth1Session(*keys(provider)[:2], callback_uri="oob")  # splitwise itself names no callback
        asked = session.fetch_request_token(provider.request_token_url)
        verifier = provider.approve(session.authorization_url(provider.authorization_url))
        given = client.getAccessToken(asked["oauth_token"], asked["oauth_token_secret"], verifier)
        check(all(given.values()), "a token")

    def read():
        check(client.getCurrentUser().getFirstName() == "alice", "the user")

    def write():
        check(client.createComment(7, "¡Hola, señor! 100% & more")[0].getId() == 7, "the comment")

    def reply(verified):
        settings = dict.fromkeys(("default_currency", "locale", "date_format", "default_group_id"))
        user = {"id": 7, "first_name": verified["user"], "last_name": "", **settings}
        about = dict.fromkeys(("content", "comment_type", "relation_type", "relation_id", "created_at", "deleted_at"))
        return {"user": user, "comment": {"id": 7, "user": user, **about}}

    return Job(reply, read, write, get_token)


def use_jira(provider):
    import jira

    consumer, token, pem = make_rsa_user(provider)

    def connect():
        given = {"access_token": token.key, "access_token_secret": token.secret, "signature_method": "RSA-SHA1"}
        oauth = {**given, "consumer_key": consumer.key, "key_cert": pem}
        return jira.JIRA(provider.api, oauth=oauth, get_server_info=False, max_retries=0)

    def read():
        check(connect().myself()["name"] == "alice", "the user")

    def write():
        client = connect()
        client.add_comment("KEY-7", "¡Hola, señor! 100% & more")
        client.add_attachment("KEY-7", io.BytesIO(FILE), "picture.png")
        check_upload(provider)

    def reply(verified):
        shown = {"id": "7", "self": provider.api, "name": verified["user"], "size": len(FILE)}
        return [shown] if "attachments" in verified["url"] else shown

    return Job(reply, read, write, redirected=("read",))  # its upload is a stream, which can be read once


CLIENTS = {
    "fatsecret": ("fatsecret", use_fatsecret),
    "Flask-Dance": ("flask_dance", use_flask_dance),
    "flickrapi": ("flickrapi", use_flickrapi),
    "jira": ("jira", use_jira),
    "lti": ("lti", use_lti),
    "mwclient": ("mwclient", use_mwclient),
    "PyTumblr": ("pytumblr", use_pytumblr),
    "pyxero": ("xero", use_pyxero),
    "splitwise": ("splitwise", use_splitwise),
    "tweepy": ("tweepy", use_tweepy),
    "Twython": ("twython", use_twython),
}
"""What the page calls a client: the module that it is installed as, and its job."""
