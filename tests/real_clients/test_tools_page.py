"""The programs of ``docs/howto/tools.rst``, as they stand there, each in a process, against a strict service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest
from loopback_service import encode_reply, serve_as_service
from redirecting import nothing_of_ours

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "tools.rst"
PATIENCE = 60
HOUR = 3600

HOOKS = {"gql": "gql", "zeep": "zeep", "robot": "RequestsLibrary", "locust": "locust", "airflow": "airflow"}
RECIPES = {name: name for name in ("urllib", "scrapy", "urllib3", "curl_cffi", "pycurl")}
COMMANDS = {
    "robot": ["robot", "--output", "NONE"],
    "locust": ["locust", "--headless", "-u", "1", "-r", "10", "-t", "1s", "--stop-timeout", "5", "-f"],
    "scrapy": ["scrapy", "runspider"],
}
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<message name="In"><part name="name" type="x:string"/></message>
<message name="Out"><part name="user" type="x:string"/></message>
<portType name="P"><operation name="GetUser"><input message="t:In"/><output message="t:Out"/></operation></portType>
<binding name="B" type="t:P"><s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="GetUser"><s:operation soapAction="urn:t#GetUser"/>
<input><s:body use="literal" namespace="urn:t"/></input><output><s:body use="literal" namespace="urn:t"/></output>
</operation></binding>
<service name="S"><port name="P" binding="t:B"><s:address location="https://api.example.com/soap"/></port></service>
</definitions>"""
SOAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><r:GetUserResponse xmlns:r="urn:t">'
    "<user>{}</user></r:GetUserResponse></e:Body></e:Envelope>"
)


def installed_tools():
    """Return the tools of the page that are installed, and one in the place of those that are not, which is skipped."""
    tools = {tool: find_spec(module) is not None for tool, module in {**HOOKS, **RECIPES}.items()}
    absent = [tool for tool, is_here in tools.items() if not is_here]
    reason = f"not installed here, see .ci/run --nightly: {', '.join(absent)}"
    others = [pytest.param("", marks=pytest.mark.skip(reason=reason), id="others")] if absent else []
    return [tool for tool, is_here in tools.items() if is_here] + others


def reply(verified):
    """Return what all of the tools' services respond with."""
    if "soap" in verified["url"]:
        return SOAP.format(verified["user"]).encode()
    return {"data": {"user": verified["user"]}} if "graphql" in verified["url"] else {"user": verified["user"]}


def write_programs(provider, folder):
    """Write the programs of the page into a folder, with a provider in the place of their service."""
    host = provider.url.partition("://")[2]
    for name, text in {**read_programs(), "service.wsdl": WSDL}.items():
        text = text.replace("https://api.example.com/", f"{provider.api}/").replace(
            "https://api.example.com", provider.url
        )
        text = text.replace('("https", "api.example.com")', f'("http", "{host}")')
        (folder / (name if "." in name else f"{name}_program.{'robot' if name == 'robot' else 'py'}")).write_text(text)


def read_programs():
    """Return the named programs of the page."""
    blocks = re.findall(
        r"^\.\. code-block:: \w+\n   :name: (?:program-)?(\S+)\n\n((?:(?:   .*)?\n)+)",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {name: textwrap.dedent(text) for name, text in blocks}


def run_program(tool, provider, folder):
    """Run a tool's program, and return what it has ended with, and its output."""
    write_programs(provider, folder)
    keys = {"OAUTH_CONSUMER_KEY": provider.consumer.key, "OAUTH_CONSUMER_SECRET": provider.consumer.secret}
    keys |= {"OAUTH_TOKEN": provider.token.key, "OAUTH_TOKEN_SECRET": provider.token.secret}
    connection = {"conn_type": "http", "host": provider.api, "login": provider.token.key}
    airflow = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW_CONN_SERVICE": json.dumps({**connection, "password": provider.token.secret}),
    }
    command = ["-m", *COMMANDS[tool]] if tool in COMMANDS else []
    program = f"{tool}_program.{'robot' if tool == 'robot' else 'py'}"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", *command, program],
        cwd=folder,
        env={**os.environ, **keys, **(airflow if tool == "airflow" else {}), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return run.returncode, run.stdout + run.stderr


def read_methods(provider):
    """Return the methods of what was verified, sorted, as Scrapy sends several requests at once."""
    return sorted(verified["method"] for verified in provider.service.verified)


def test_the_page_has_a_program_for_each_tool():
    assert read_programs().keys() == {"signing.py", "signed.py", *HOOKS, *RECIPES}


@pytest.mark.parametrize("tool", installed_tools())
def test_a_tool_does_its_job(tool, tmp_path):
    """What it sends is verified, what the page says about text is in it, and no secret is printed."""
    with serve_as_service() as provider:
        provider.service.reply = reply
        ended, output = run_program(tool, provider, tmp_path)
        assert ended == 0, output
        assert provider.service.statuses, output
        assert set(provider.service.statuses) == {200}
        if tool in RECIPES:
            assert read_methods(provider) == ["GET", "POST"]
            assert [["text", "100% & more"]] in [verified["parameters"] for verified in provider.service.verified]
        assert provider.token.secret not in output


@pytest.mark.parametrize("tool", installed_tools())
def test_a_tool_follows_redirects_within_the_origin(tool, tmp_path):
    """Each is signed for its own URL, the body of a 307 too; urllib sends none of those again, and gets a 302."""
    with serve_as_service() as provider:
        provider.service.reply, provider.service.moved_to = reply, provider.url
        if tool == "urllib":
            provider.service.moved_by = "302 Found"
        ended, output = run_program(tool, provider, tmp_path)
        assert ended == 0, output
        assert set(provider.service.statuses) == {200, int(provider.service.moved_by[:3])}
        if tool in RECIPES:
            assert read_methods(provider) == ["GET", "GET", *(["GET"] if tool == "urllib" else []), "POST", "POST"][:4]


@pytest.mark.parametrize("tool", installed_tools())
def test_a_tool_gives_another_origin_nothing(tool, tmp_path, abroad):
    with serve_as_service() as provider:
        provider.service.reply, provider.service.moved_to = reply, abroad.url
        kind, body = encode_reply({"user": "alice"})
        abroad.answer = lambda _: (200, {"Content-Type": kind}, body)
        _, output = run_program(tool, provider, tmp_path)
        assert provider.service.verified, output
        assert [got.target for got in abroad.received if not nothing_of_ours(provider, got)] == []
        assert provider.token.secret not in output
        if tool in HOOKS:
            assert abroad.received


@pytest.mark.parametrize("tool", installed_tools())
def test_a_tool_with_a_wrong_clock(tool, tmp_path):
    """The hook corrects it by the first refusal; ``sign`` knows of none."""
    with serve_as_service(HOUR) as provider:
        provider.service.reply = reply
        ended, output = run_program(tool, provider, tmp_path)
        if tool in HOOKS:
            assert ended == 0, output
            assert provider.service.statuses.count(401) == 1
        else:
            assert set(provider.service.statuses) == {401}, output
