"""What a case of the table is, and how it becomes the arguments of ``explain``."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any

import requests
from blind_signer import KEYS, TIMESTAMP, Keys
from requests.structures import CaseInsensitiveDict

OURS = "signer"
THEIRS = "server"
BETWEEN = "between"


@dataclass
class Case:
    """One refusal (or success), what is given to ``explain``, and what its first finding may be."""

    id: str
    kind: str
    what: str
    request: dict[str, Any]
    codes: set[str]
    sides: set[str] = field(default_factory=set)  # empty: not held
    right: dict[str, Any] | None = None  # the same with the mistake undone
    response: dict[str, Any] | None = None
    given: dict[str, Any] = field(default_factory=dict)  # further arguments of explain
    keys: Keys | None = KEYS  # what is given as consumer and token; None: nothing
    truth: Keys = KEYS  # what the server has
    proof: str = "signature"  # signature, server, words, clock, unsigned, shape, right
    history: list[dict[str, Any]] = field(default_factory=list)  # responses before this one
    form: str = "response"  # what is handed over: response, prepared, request


def http_date(timestamp: float) -> str:
    return format_datetime(datetime.fromtimestamp(timestamp, timezone.utc), usegmt=True)


def refusal(
    status: int = 401, body: str = "Invalid signature", type_: str = "text/plain", date: float | None = TIMESTAMP + 2,
    **headers: str,
) -> dict[str, Any]:  # fmt: skip
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    when = [("Date", http_date(date))] if date is not None else []
    return {"status": status, "headers": [*when, ("Content-Type", type_), *named], "body": body}


def as_bytes(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, dict):
        return base64.b64decode(body["base64"])
    return str(body).encode("utf-8", "surrogatepass")


def prepared(request: dict[str, Any]) -> requests.PreparedRequest:
    made = requests.PreparedRequest()
    made.method, made.url = request["method"], request["url"]
    made.headers = CaseInsensitiveDict(request["headers"])
    made.body = as_bytes(request["body"])
    made.hooks = {"response": []}
    return made


REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


def response_object(response: dict[str, Any], request: dict[str, Any], history: list[Any]) -> requests.Response:
    made = requests.Response()
    made.status_code = response["status"]
    made.reason = response.get("reason", REASONS.get(response["status"], "Error"))
    made.headers = CaseInsensitiveDict(response["headers"])
    made._content = as_bytes(response["body"]) or b""
    made.url = request["url"]
    made.request = prepared(request)
    made.history = history
    made.encoding = requests.utils.get_encoding_from_headers(made.headers)
    return made


class Plain:
    """A request of another client's, with what it needs and no more."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.method, self.url = request["method"], request["url"]
        self.headers, self.body = dict(request["headers"]), as_bytes(request["body"])


def subject(case: Case) -> Any:
    """Return what is handed to ``explain``."""
    if case.response is None or case.form == "prepared":
        return prepared(case.request)
    if case.form == "request":
        return Plain(case.request)
    past = [response_object(each["response"], each["request"], []) for each in case.history]
    return response_object(case.response, case.request, past)


def arguments(case: Case) -> dict[str, Any]:
    from oauth_hook import AccessToken, Consumer

    named = {name: value for name, value in case.given.items() if not name.startswith("_")}
    if case.keys is not None:
        named["consumer"] = Consumer(case.keys.consumer, case.keys.consumer_secret)
        if case.keys.token is not None:
            named["token"] = AccessToken(case.keys.token, case.keys.token_secret)
    return named
