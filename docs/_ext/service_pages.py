"""A page for each known service, made of its row: ``python docs/_ext/service_pages.py`` writes them all anew.

What stands in a page between the lines ``BEGIN`` and ``END`` is kept: where to register, and what goes wrong most
often. A new row gets a page without that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from oauth_hook import AccessToken, Consumer, OAuthFlow, RequestToken
from oauth_hook.services.catalog import SERVICES, Service

FOLDER = Path(__file__).parent.parent / "howto" / "services"
BEGIN, END = ".. begin by hand\n", ".. end by hand\n"

# What a page shows of a row, and what the row's field is called.
PARTICULARS = {
    "Request token": "request_token_url", "Authorization": "authorization_url", "Access token": "access_token_url",
    "Renewal": "renewal_url", "Registration": "registration_url", "API": "api_url", "Origins": "origins",
    "Method of token requests": "token_method", "That of the access token": "access_token_method",
    "Placement": "placement", "Signature method": "signature_method", "Body hash": "body_hash", "Realm": "realm",
    "Callback": "callback", "How the verifier comes to it": "callback_method", "Its confirmation": "confirmed",
    "Name of the token there": "token_parameter", "Parameters of the authorization": "authorization_parameters",
    "Headers": "headers",
}  # fmt: skip
ALWAYS = ("placement", "signature_method")
OF_A_FLOW = ("token_method", "callback", "confirmed")

#: What stands for a tenant's part of a URL in the examples.
TENANTS = {"host": "shop.example", "account": "123_SB1"}
SOURCES = {"documentation": "its documentation", "source": "its source", "clients": "what its clients do"}


def make_page(name: str) -> str:
    """Return the page of a service, as it has to be."""
    service = SERVICES[name]
    title = service.title or name
    blocks = [f".. Made of services.json by docs/_ext/service_pages.py\n\n{title}\n{'=' * len(title)}"]
    for show in (_show_state, _show_command, _show_python, _show_session):
        blocks += show(service)
    if service.notes:
        blocks.append(_escape(service.notes))
    blocks += [f"{BEGIN}{_read_by_hand(name)}{END}".rstrip(), "Particulars\n-----------", _show_particulars(service)]
    return "\n\n".join(blocks) + "\n"


def _read_by_hand(name: str) -> str:
    """Return what was written into a page by hand."""
    path = FOLDER / f"{name}.rst"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text.partition(BEGIN)[2].partition(END)[0] or "\n"


def _show_state(service: Service) -> Iterator[str]:
    """Yield what is known of its end, and what the row rests on."""
    if service.ends or service.successor:
        until = f"OAuth 1.0 ends here on {service.ends}. " if service.ends else ""
        yield f".. note::\n\n   {until}{_escape(service.successor)}".rstrip()
    sources = [SOURCES[source] for source in service.checked_against.split(", ") if source]
    link = f"`its documentation <{service.documentation}>`__"
    checked = " and ".join(sources).replace("its documentation", link)
    if service.checked:
        yield f"Not tried against the live service: compared with {checked} on {service.checked}."
    else:
        yield f"Not tried against the live service: this rests on what its clients do, as {link} was out of reach."


def _show_command(service: Service) -> Iterator[str]:
    """Yield the lines for the shell."""
    tenant = "".join(f" --at {name}={value}" for name, value in _find_tenant(service).items())
    account = service.name
    key = " --rsa-key key.pem" if service.signature_method.startswith("RSA") else ""
    if service.request_token_url:
        first = f"oauth-hook authorize {account}{tenant}{key}"
    elif service.access_token_url:
        first = f"oauth-hook credentials add {account}    # once there is a token: see below"
    else:
        origin = "" if service.origins or tenant else f" --origin https://{TENANTS['host']}"
        first = f"oauth-hook credentials add {account}{tenant}{origin}"
    url = _find_url(service)
    shown = f"'{url}'" if re.search(r"[&?!*]", url) else url
    yield f".. code-block:: sh\n\n   {first}\n   oauth-hook request {account} GET {shown}{key}"


def _show_python(service: Service) -> Iterator[str]:
    """Yield the lines of a program."""
    key = ", rsa_key=key" if service.signature_method.startswith("RSA") else ""
    given = "ask_on_console"
    if service.authorization_url:
        hook = "flow.hook(flow.authorize(ask_on_console))"
    elif service.access_token_url and not service.request_token_url:
        hook, given = "flow.hook(flow.xauth(user_name, password))", ""
    else:
        hook, given = "flow.hook(AccessToken(token, token_secret))    # or flow.hook(), without a token", "AccessToken"
    names = sorted(filter(None, ["Consumer", "OAuthFlow", given]), key=lambda name: (name[0].islower(), name))
    lines = [
        "import requests",
        f"from oauth_hook import SERVICES, {', '.join(names)}",
        "",
        f"service = {_write_service(service)}",
        f"flow = OAuthFlow.for_service(service, Consumer(consumer_key, consumer_secret){key})",
        f"hook = {hook}",
        f'requests.get("{_find_url(service)}", auth=hook)',
    ]
    yield ".. code-block:: python\n\n" + "\n".join(f"   {line}".rstrip() for line in lines)


def _show_session(service: Service) -> Iterator[str]:
    """Yield what runs of it without a network, for the tests, and for what is written by hand."""
    is_rsa, tenant = service.signature_method.startswith("RSA"), _find_tenant(service)
    made = service.at(**tenant) if tenant else service
    flow = OAuthFlow.for_service(made, Consumer("key", "secret"), **({"rsa_key": bytes} if is_rsa else {}))
    if service.authorization_url:
        title, call = "Where the user is sent:", "flow.authorization_url(request_token)"
        shown = flow.authorization_url(RequestToken("request", "secret"))
    else:
        title, call, shown = "The hook that it makes:", "flow.hook(token)", flow.hook(AccessToken("token", "secret"))
    lines = [
        ">>> from oauth_hook import SERVICES, AccessToken, Consumer, OAuthFlow, RequestToken",
        '>>> consumer, token = Consumer("key", "secret"), AccessToken("token", "secret")',
        '>>> request_token = RequestToken("request", "secret")',
        f">>> service = {_write_service(service)}",
        f">>> flow = OAuthFlow.for_service(service, consumer{', rsa_key=bytes' if is_rsa else ''})",
        f">>> {call}",
        repr(shown),
    ]
    yield f"{title}\n\n" + "\n".join(lines)


def _write_service(service: Service) -> str:
    """Return the expression for a service, of one tenant where it has tenants."""
    values = ", ".join(f'{name}="{value}"' for name, value in _find_tenant(service).items())
    return f'SERVICES["{service.name}"]' + (f".at({values})" if values else "")


def _show_particulars(service: Service) -> str:
    """Return the table of what a row says that is not as everywhere, and of what everybody asks for."""
    plain, rows = Service(name=service.name), [".. list-table::\n   :widths: 30 70\n"]
    for label, name in PARTICULARS.items():
        if name in OF_A_FLOW and not service.request_token_url:
            continue
        value = getattr(service, name)
        if value == getattr(plain, name) and name not in (*ALWAYS, *OF_A_FLOW):
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {text}" for key, text in value.items())
        parts = [value] if isinstance(value, str) else list(value or ())
        rows.append(f"   * - {label}\n     - {', '.join(f'``{part}``' for part in parts) or 'none is sent'}")
    return "\n".join(rows)


def _find_tenant(service: Service) -> dict[str, str]:
    """Return an example of what fills the placeholders of a row."""
    return {name: TENANTS.get(name, name) for name in service.placeholders}


def _find_url(service: Service) -> str:
    """Return a URL of the service's API, its placeholders filled as in the examples."""
    url = service.api_url or f"{next(iter(service.origins), 'https://{host}')}/..."
    return url.replace("{host}", TENANTS["host"]).replace("{account}", "123-sb1")


def _escape(text: str) -> str:
    return re.sub(r"[*`|\\]|_(?=\W|$)", r"\\\g<0>", text)


def main() -> None:
    """Write all pages; one without a row goes."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.rst"):
        if path.stem not in list(SERVICES):
            path.unlink()
    for name in SERVICES:
        (FOLDER / f"{name}.rst").write_text(make_page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
