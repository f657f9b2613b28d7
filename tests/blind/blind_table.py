"""The whole table, and the check of it that does not ask ``explain``."""

from __future__ import annotations

import base64
import hashlib
import json
from email.utils import parsedate_to_datetime

import blind_faults_servers
import blind_faults_signers
import blind_faults_words
import blind_rights
from blind_case import Case, as_bytes, refusal
from blind_faults_signers import DATA
from blind_oracle import is_signed, parameters, verifies
from blind_signer import Keys

OTHER_REASONS = [
    refusal(429, '{"message": "Too many requests"}', "application/json", Retry_After="30"),
    refusal(200, '{"id": 1}', "application/json"),
    refusal(404, '{"message": "Not Found"}', "application/json"),
    refusal(403, '{"message": "You are not allowed to do that."}', "application/json"),
    refusal(503, "Service Unavailable"),
]


def rights_of_foreign_clients() -> list[Case]:
    """Some of what other languages' clients sign with the mistake undone, refused for other reasons or not at all."""
    made = []
    for path in sorted(DATA.glob("*.json")):
        for each in json.loads(path.read_text(encoding="utf-8"))[::9]:
            keys = Keys(**each["keys"])
            if not each["right"] or not keys.token:
                continue
            made.append(
                Case(
                    f"right-{each['id']}", "other clients", f"the mistake undone: {each['what']}", each["right"],
                    {"no-cause-found"}, response=OTHER_REASONS[len(made) % 5], given=each.get("given", {}), keys=keys,
                    truth=keys, proof="right",
                )
            )  # fmt: skip
    return made


FAULTS: list[Case] = [*blind_faults_signers.CASES, *blind_faults_servers.CASES, *blind_faults_words.CASES]
RIGHTS: list[Case] = [*blind_rights.CASES, *rights_of_foreign_clients()]


def off_the_clock(case: Case) -> bool:
    stamp = dict(parameters(case.request)).get("oauth_timestamp", "")
    date = dict((case.response or {"headers": []})["headers"]).get("Date")
    if not stamp.isdigit():
        return True
    return date is not None and abs(int(stamp) - parsedate_to_datetime(date).timestamp()) > 300


def body_hash_differs(case: Case) -> bool:
    named = dict(parameters(case.request))
    name = named["oauth_signature_method"].rpartition("SHA")[2]
    digest = hashlib.new(f"sha{name}", as_bytes(case.request["body"]) or b"").digest()
    return base64.b64encode(digest).decode() != named["oauth_body_hash"]


def objection(case: Case) -> str:
    """Tell what is wrong with a case by oauthlib's account; empty: nothing."""
    rsa_key = case.given.get("rsa_key")
    takes = verifies(case.request, case.truth, rsa_key)
    undone = case.right is not None and verifies(case.right, case.truth, rsa_key)
    holds = {
        "signature": not takes and undone,
        "server": takes and not (case.proof == "server" and blind_faults_servers.check_server(case)),
        "words": takes and case.response is not None and not off_the_clock(case),
        "clock": takes and off_the_clock(case),
        "shape": takes and off_the_clock(case),
        "unsigned": not is_signed(case.request) and undone,
        "body_hash": undone and case.proof == "body_hash" and body_hash_differs(case),
        "right": takes and not off_the_clock(case),
    }
    return "" if holds[case.proof] else f"{case.id}: {case.proof}: takes={takes} undone={undone}"


__all__ = ["FAULTS", "RIGHTS", "objection"]
