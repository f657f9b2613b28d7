"""Clients that sign by requests-oauthlib, as they are and with our signer in it: what the page says of them."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from client_jobs import CLIENTS
from loopback_service import divert, encode_reply, serve_as_service
from more_client_jobs import MORE_CLIENTS
from redirecting import nothing_of_ours

from oauth_hook import requests_oauthlib

PAGE = Path(__file__).parents[2] / "docs" / "coming-from" / "requests-oauthlib.rst"
HOUR = 3600
SITUATIONS = ["its job", "a redirect within the origin", "a redirect elsewhere", "a clock an hour off"]
SIGN_THEMSELVES = {"netsuite"}  # it has registered a signature method of its own with Authlib
INJECTED = ["works", "works", "nothing", "works"]

pytestmark = pytest.mark.filterwarnings("ignore")  # the clients' own


ALL_CLIENTS = {**CLIENTS, **MORE_CLIENTS}


@contextmanager
def injected():
    """Have our signer in all that the clients here sign by: requests-oauthlib, allauth's copy of it, and Authlib."""
    copies = []
    with suppress(ImportError):
        from allauth.socialaccount.providers.oauth import oauth1_auth

        copies.append(oauth1_auth.OAuth1)
    requests_oauthlib.inject(*copies)
    with suppress(ImportError):
        requests_oauthlib.inject_into_authlib()
    yield
    requests_oauthlib.extract()
    requests_oauthlib.extract_from_authlib()


@pytest.fixture(params=["stock", "injected"])
def signer(request):
    """Whose signer is at work: requests-oauthlib's own, or ours in its place."""
    with ExitStack() as stack:
        if request.param == "injected":
            stack.enter_context(injected())
        yield request.param


def installed_clients(but=()):
    """Return the clients that are installed, and one in the place of those that are not, which is skipped."""
    clients = {
        client: find_spec(module) is not None for client, (module, _) in ALL_CLIENTS.items() if client not in but
    }
    absent = [client for client, is_here in clients.items() if not is_here]
    reason = f"not installed here, see .ci/run and .ci/run --nightly: {', '.join(absent)}"
    others = [pytest.param("", marks=pytest.mark.skip(reason=reason), id="others")] if absent else []
    return [client for client, is_here in clients.items() if is_here] + others


def run(provider, *steps):
    """Return "works", or the status of the refusal that a client has ended with.

    :raises Exception: it has ended with something else.
    """
    try:
        for step in steps:
            step()
    except Exception:
        if provider.service.statuses[-1] not in (400, 401):
            raise
        return str(provider.service.statuses[-1])
    return "works"


def measure(client, situation, abroad):
    """Return how a client fares in a situation: the text of its cell."""
    with serve_as_service(HOUR if "clock" in situation else 0) as provider, prepare_job(client, provider) as job:
        if "redirect" not in situation:
            return run(provider, *job.steps)
        calls = [getattr(job, name) for name in job.redirected]
        if not calls:
            return "not followed"
        if "within" in situation:
            provider.service.moved_to = provider.url
            return run(provider, *calls)
        provider.service.moved_to = abroad.url
        abroad.answer = partial(respond_elsewhere, job)
        for call in calls:
            with suppress(Exception) if job.ends_elsewhere else nullcontext():
                call()
        assert len(abroad.received) >= len(calls)
        return "nothing" if all(nothing_of_ours(provider, got) for got in abroad.received) else "key and signature"


@contextmanager
def prepare_job(client, provider):
    """Return the job of a client, for a provider that answers as its service does."""
    job = ALL_CLIENTS[client][1](provider)
    provider.service.reply = job.reply
    with divert(job.diverted):
        yield job


def respond_elsewhere(job, got):
    """Return the response of another origin, as if it had verified the request."""
    kind, body = encode_reply(job.reply({"user": "alice", "url": got.target}))
    return 200, {"Content-Type": kind}, body


def read_cells(client):
    """Return what the page says of a client without our signer, situation by situation."""
    text = PAGE.read_text(encoding="utf-8")
    row = re.search(rf"^   \* - {re.escape(client)}\n((?:     - .*\n)+)", text, re.MULTILINE)
    assert row is not None, client
    return dict(zip(SITUATIONS, re.findall("- (.*)", row[1]), strict=True))


def test_the_page_has_every_client():
    """Each client has a row, and each row says something of each situation."""
    for client in ALL_CLIENTS:
        assert set(read_cells(client).values()) <= {
            "works",
            "400",
            "401",
            "nothing",
            "key and signature",
            "not followed",
        }


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("client", installed_clients())
def test_a_cell_of_the_table(client, situation, signer, abroad):
    """With requests-oauthlib's own signer a client fares as the page says; with ours, it gets everything right."""
    said, got = read_cells(client)[situation], measure(client, situation, abroad)
    if signer == "injected" and said != "not followed" and client not in SIGN_THEMSELVES:
        said = INJECTED[SITUATIONS.index(situation)]
    assert got == said


@pytest.mark.parametrize("client", installed_clients(but=SIGN_THEMSELVES))
def test_a_wrong_clock_costs_one_request(client):
    """The first refusal corrects the clock for all that a client does, also where it makes an object for each call."""
    with injected(), serve_as_service(HOUR) as provider, prepare_job(client, provider) as job:
        for step in job.steps:
            step()
        assert [status for status in provider.service.statuses if status >= 400] == [401]
