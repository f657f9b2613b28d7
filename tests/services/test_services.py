"""The services as data: each row is well-formed, says what live services ask for, and travels as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, fields, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tables import for_each

from oauth_hook import Consumer, OAuthFlow, OAuthHook, services
from oauth_hook.errors import OAuthHookError, UsageError
from oauth_hook.services import SERVICES, Service
from oauth_hook.version import __version__

NAMES = [
    "x", "tumblr", "flickr", "discogs", "mediawiki", "zotero", "fatsecret", "etrade", "schoology", "launchpad",
    "garmin", "netsuite", "woocommerce", "mastercard", "instapaper", "maas", "magento", "jira", "trello", "smugmug",
    "bricklink", "nounproject", "immobilienscout24", "oneroster", "gravityforms", "plurk", "clevercloud", "evernote",
    "openbankproject", "wiki", "openstreetmap", "yahoo",
]  # fmt: skip
THREE = ("request_token_url", "authorization_url", "access_token_url")
URLS = (*THREE, "registration_url", "renewal_url", "api_url", "documentation")
WITHOUT_FLOW = {
    "woocommerce", "mastercard", "instapaper", "maas", "bricklink", "nounproject", "oneroster", "gravityforms",
}  # fmt: skip
HOST = {
    "woocommerce",
    "maas",
    "magento",
    "jira",
    "oneroster",
    "gravityforms",
    "openbankproject",
    "wiki",
}  # at each tenant's own

#: What people have to be told, and no field can hold.
TOLD = {
    "x": "x_auth_access_type",
    "tumblr": "Multipart",
    "flickr": "perms",
    "discogs": "64",
    "mediawiki": "status 200",
    "zotero": "API key",
    "fatsecret": "must not go back",
    "etrade": "midnight",
    "launchpad": "secret is empty",
    "garmin": "no newcomers",
    "netsuite": "123_SB1",
    "woocommerce": "/wp-json/wc/v3/",
    "mastercard": "oauth_body_hash",
    "instapaper": "xAuth",
    "maas": "/MAAS/api/2.0/",
    "yahoo": "oauth_session_handle",
    "magento": "POSTs",
    "jira": "application link",
    "trello": "30days",
    "bricklink": "IP address",
    "nounproject": "8 characters",
    "gravityforms": "form_ids[0]=1",
    "plurk": "deviceid",
}

#: What follows OAuth 1 there: a word of the sentence.
FOLLOWS = {
    "x": "oauth-hook migrate x NAME", "mediawiki": "OAuth 2.0", "garmin": "ids", "netsuite": "2027.1",
    "mastercard": "FAPI 2.0", "jira": "OAuth 2.0", "oneroster": "1.2", "openstreetmap": "OAuth 2.0",
    "yahoo": "OAuth 2.0",
}  # fmt: skip


def test_all_are_there():
    """Every service of the project's table is in the mapping, under a short lower-case name, and in its order."""
    assert list(SERVICES) == NAMES
    assert all(name == SERVICES[name].name == name.lower() for name in SERVICES)
    assert len({service.title for service in SERVICES.values()}) == len(SERVICES) == len(NAMES)


@for_each("name", NAMES)
def test_what_people_are_told(name):
    """The notes say what no field can, and the successor what follows; what a service does is in ``test_rows.py``."""
    assert TOLD.get(name, "") in SERVICES[name].notes
    assert bool(SERVICES[name].successor) is (name in FOLLOWS)
    assert FOLLOWS.get(name, "") in SERVICES[name].successor
    assert SERVICES[name].ends == {"garmin": "2026-12-31", "openstreetmap": "2024-06-01"}.get(name)


@for_each("name", NAMES)
def test_rows_are_well_formed(name):
    """Addresses are https, have a host and no secret; a hook and a date can be made of the rest."""
    service = SERVICES[name]
    assert set(service.checked_against.split(", ")) <= {"documentation", "source", "clients"}
    assert service.checked_against
    assert service.successor.endswith(".") or not service.successor
    for field in URLS:
        address = getattr(service, field)
        parts = urlsplit(address or "https://host/")
        assert (parts.scheme, bool(parts.netloc), parts.username) == ("https", True, None), field
        assert re.fullmatch(r"[!-~]*", address or "")
    assert service.documentation
    assert service.title
    assert service.notes.endswith(".")
    assert service.token_method in ("GET", "POST")
    assert service.access_token_method in (None, "GET", "POST")
    assert service.confirmed in ("require", "warn", "ignore")
    assert service.callback in (None, "oob")
    assert service.checked == "" or date.fromisoformat(service.checked) >= date(2026, 11, 21)
    rsa_key = (lambda data: b"") if service.signature_method.startswith("RSA") else None
    OAuthHook(
        None, None, "key", "secret", placement=service.placement, signature_method=service.signature_method,
        realm=service.realm, body_hash=service.body_hash, rsa_key=rsa_key,
    )  # fmt: skip


@for_each("name", NAMES)
def test_origins_are_where_the_api_is(name):
    """Each is https and a host, and nothing else; a hook can be pinned to them, and the API's own URL is at one."""
    service = SERVICES[name]
    plain_http = ("http://{host}",) if name in ("woocommerce", "maas") else ()
    places = [origin for origin in service.origins if origin not in plain_http]
    assert all(re.fullmatch(r"https://(?:[a-z0-9.-]|\{(?:host|account)\})+", origin) for origin in places)
    assert service.placeholders == (("host",) if name in HOST else ("account",) if name == "netsuite" else ())
    assert len({*service.origins}) == len(service.origins)
    if service.origins:
        OAuthHook(None, None, "key", "secret", origins=service.origins)
    if service.api_url:
        assert service.api_url.startswith(tuple(f"{origin}/" for origin in service.origins))


def test_an_api_that_is_elsewhere_is_among_the_origins():
    """Where the API is not on the host of the three legs, the table says where it is."""
    for name, origin in {
        "launchpad": "https://api.launchpad.net", "tumblr": "https://api.tumblr.com", "x": "https://api.twitter.com",
        "flickr": "https://up.flickr.com", "garmin": "https://apis.garmin.com", "zotero": "https://api.zotero.org",
    }.items():  # fmt: skip
        assert origin in SERVICES[name].origins
        assert origin in SERVICES[name].to_dict()["origins"]


@for_each("name", NAMES)
def test_three_legs_or_none(name):
    """A service has all three addresses, unless it is one that has no flow."""
    present = [bool(getattr(SERVICES[name], field)) for field in THREE]
    if SERVICES[name].callback_method == "POST":
        present[1] = not present[1]  # there is no page for the user
    assert all(present) is (name not in WITHOUT_FLOW)
    assert present[:2] in ([True, True], [False, False])


def test_the_consumer_key_is_a_placeholder():
    """What the authorization address wants of the consumer is named, and never a key itself."""
    used = {value for service in SERVICES.values() for value in service.authorization_parameters.values()}
    assert used == {"{consumer_key}"}


def test_discogs_gets_a_user_agent():
    """Discogs refuses requests that do not name the application; so token requests do."""
    assert SERVICES["discogs"].headers["User-Agent"].startswith("requests-oauth-hook/")


def test_former_names():
    """A service is found under the name that it had, and listed under the one that it has."""
    assert SERVICES["twitter"] is SERVICES["x"]
    assert "wikimedia" in SERVICES
    assert SERVICES["confluence"] is SERVICES["bitbucket"] is SERVICES["jira"]
    assert SERVICES["thenounproject"] is SERVICES["nounproject"]
    assert "twitter" not in list(SERVICES)


def test_the_table_is_data_in_the_form_of_a_file_of_ones_own(tmp_path):
    """Each row of ``services.json`` is by itself what ``--service FILE`` takes, and says no more than it must."""
    rows = json.loads(Path(services.__file__).with_name("services.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in rows] == list(SERVICES)
    usual = Service(name="").to_dict()
    for row in rows:
        path = tmp_path / "service.json"
        path.write_text(json.dumps(row), encoding="utf-8")
        assert Service.from_file(path) == SERVICES[row["name"]]
        assert [field for field, value in row.items() if usual[field] == value] == []


def test_this_packages_version_in_headers(tmp_path):
    """A header may name this package with the version that is running."""
    path = tmp_path / "service.json"
    path.write_text('{"name": "mine", "headers": {"User-Agent": "app/1 oauth-hook/{version}"}}', encoding="utf-8")
    assert Service.from_file(path).headers == {"User-Agent": f"app/1 oauth-hook/{__version__}"}


@for_each("name", ["friendface", "", "X", None, 3, ("x",), ["x"]])
def test_unknown_names(name):
    """An unknown name is an error of ours that lists what is known; the mapping behaves as any mapping."""
    assert name not in SERVICES
    assert SERVICES.get(name) is None
    for kind in (UsageError, KeyError, OAuthHookError, ValueError):
        with pytest.raises(kind, match=r"^there is no service of that name.* known ones are x, tumblr, .*yahoo$"):
            SERVICES[name]


def test_a_secret_in_the_place_of_a_name_is_not_repeated():
    """What was typed may be a secret; only a known name is shown, which it nearly is."""
    with pytest.raises(UsageError) as caught:
        SERVICES["consumer-secret-of-somebody"]
    assert "somebody" not in str(caught.value)
    with pytest.raises(UsageError, match="did you mean 'tumblr'"):
        OAuthFlow.for_service("tumbler", Consumer("key", "secret"))


def test_a_traceback_names_a_public_error():
    """Whoever reads the traceback finds the name in the documentation, and can catch it."""
    with pytest.raises(services.UnknownServiceError) as caught:
        OAuthFlow.for_service("friendface", Consumer("key", "secret"))
    assert caught.type.__name__ in services.__all__


def test_the_mapping_is_read_only():
    """Nobody changes the services for everybody else."""
    with pytest.raises(TypeError):
        SERVICES["x"] = SERVICES["tumblr"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        SERVICES["x"].name = "twitter"  # type: ignore[misc]
    assert repr(SERVICES).startswith("<services: x, tumblr")


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name, tmp_path):
    """A service travels as a dict, as JSON, and in a file."""
    service = SERVICES[name]
    assert Service.from_dict(service.to_dict()) == service
    assert Service.from_dict(json.loads(json.dumps(service.to_dict()))) == service
    path = tmp_path / "service.json"
    path.write_text(json.dumps(service.to_dict()), encoding="utf-8")
    assert Service.from_file(path) == Service.from_file(str(path)) == service
    assert hash(Service.from_file(path)) == hash(service)


def test_a_service_of_ones_own(tmp_path):
    """A file needs to say what differs from the defaults; text in it is UTF-8."""
    path = tmp_path / "service.json"
    path.write_text('{"name": "mine", "title": "Meins ü", "realm": null, "headers": {"A": "b"}}', encoding="utf-8")
    assert Service.from_file(path) == Service(name="mine", title="Meins ü", headers={"A": "b"})


def test_a_service_keeps_its_mappings():
    """What a service was made of, or gives away, may change without changing it."""
    headers = {"A": "b"}
    service = Service(name="mine", headers=headers)
    headers["A"] = "c"
    service.to_dict()["headers"]["A"] = "d"
    assert service.headers == {"A": "b"}
    assert replace(service, headers={}) != service


@for_each("field", [item.name for item in fields(Service)])
@for_each("value", [3, b"x", ["x"], {"a": 1}, {1: "a"}, True])
def test_wrong_types(field, value):
    """A value of the wrong type is refused when the service is made, and the message names the field."""
    with pytest.raises(UsageError, match=field):
        Service(**{"name": "mine", field: value})


@for_each("field", ["name", "title", *THREE, "placement", "token_method", "notes"])
def test_none_where_there_must_be_text(field):
    """``None`` stands only where it means something."""
    with pytest.raises(UsageError, match=field):
        Service(**{"name": "mine", field: None})


@for_each(
    ("data", "complaint"),
    [
        ({}, "needs a name"),
        ({"name": "mine", "nme": "x", "a": 1}, "no field a, nme"),
        ({"name": "mine", 3: "x"}, "no field 3"),
        ([("name", "mine")], "a mapping"),
        ("mine", "a mapping"),
        (None, "a mapping"),
    ],
)
def test_bad_dicts(data, complaint):
    """A dict that describes no service is refused, and the message says why."""
    with pytest.raises(UsageError, match=complaint):
        Service.from_dict(data)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"name: mine", b'{"name": "\xff"}', b"[" * 200_000, b'["mine"]', b'{"name": 3}', b"null"]
)
def test_bad_files(tmp_path, content):
    """A file that describes no service is refused, whatever is in it."""
    path = tmp_path / "service.json"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        Service.from_file(path)


def test_files_that_cannot_be_read(tmp_path):
    """A file that is not there, or is none, is an error of ours that names it."""
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(UsageError, match=re.escape(str(path))):
            Service.from_file(path)


def test_how_tokens_are_asked_for():
    """Who refuses 'oob', or speaks OAuth 1.0, is told no callback; who documents GET for tokens is asked by GET."""
    flows = {name: service for name, service in SERVICES.items() if service.request_token_url}
    without = {"tumblr", "schoology", "launchpad", "garmin", "magento"}
    assert {name for name in flows if flows[name].callback is None} == without
    assert {name for name in flows if flows[name].confirmed == "ignore"} == {"schoology", "launchpad", "magento"}
    methods = {name: (each.token_method, each.access_token_method or each.token_method) for name, each in flows.items()}
    assert {name: both for name, both in methods.items() if "GET" in both} == {
        "tumblr": ("POST", "GET"), "discogs": ("GET", "POST"),
        "flickr": ("GET", "GET"), "etrade": ("GET", "GET"), "schoology": ("GET", "GET"), "evernote": ("GET", "GET"),
    }  # fmt: skip
