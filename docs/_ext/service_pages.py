"""A page for each known service, made of its row: ``python docs/_ext/service_pages.py`` writes them all anew.

What stands in a page between the lines ``BEGIN`` and ``END`` is kept, in two places: where to register, and after the
samples what goes wrong most often. A new row gets a page without that.
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
    "Method of token requests": "token_method", "Method of the access token request": "access_token_method",
    "Placement": "placement", "Signature method": "signature_method", "Body hash": "body_hash", "Realm": "realm",
    "Callback": "callback", "The verifier reaches the callback by": "callback_method",
    "If the callback is not confirmed": "confirmed", "Token's name in the authorization URL": "token_parameter",
    "Parameters of the authorization URL": "authorization_parameters", "Headers": "headers",
}  # fmt: skip
ALWAYS = ("placement", "signature_method")
OF_A_FLOW = ("token_method", "callback", "confirmed")

#: What stands for a tenant's part of a URL in the examples; a host is the service's own name, or one of these.
ACCOUNT = "123_SB1"
HOSTS = {
    "magento": "shop", "woocommerce": "shop", "gravityforms": "site", "openbankproject": "bank",
    "oneroster": "district",
}  # fmt: skip
METHODS = {"instapaper": "POST"}  # of the API, where GET is not taken
UNSIGNED = ("evernote", "zotero")  # whose API takes the token by itself
SOURCES = {"documentation": "its documentation", "source": "its source", "clients": "what its clients do"}


def make_page(name: str) -> str:
    """Return the page of a service, as it has to be."""
    service = SERVICES[name]
    title = service.title or name
    register, more = _read_by_hand(name)
    blocks = [f".. Made of services.json by docs/_ext/service_pages.py\n\n{title}\n{'=' * len(title)}"]
    blocks += [*_show_state(service), register, "Your first request\n------------------"]
    for show in (_show_command, _show_python, _show_session):
        blocks += show(service)
    if service.notes:
        blocks.append(_escape(service.notes))
    blocks += [more, "Particulars\n-----------", _show_particulars(service)]
    return "\n\n".join(blocks) + "\n"


def _read_by_hand(name: str) -> tuple[str, str]:
    """Return what was written into a page by hand, in its two places, with the lines around it."""
    path = FOLDER / f"{name}.rst"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    register, more = re.findall(f"{BEGIN}.*?{END}", text, re.DOTALL) or [f"{BEGIN}\n{END}"] * 2
    return register.rstrip(), more.rstrip()


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
    headers = " -H 'User-Agent: MyApp/1.0'" if "User-Agent" in service.headers else ""
    key = " --rsa-key key.pem" if service.signature_method.startswith("RSA") else ""
    if service.request_token_url:
        first = f"oauth-hook authorize {account}{tenant}{key}"
    elif service.access_token_url:
        first = f"oauth-hook credentials add {account}    # once there is a token: see below"
    else:
        origin = "" if service.origins or tenant else f" --origin https://{_find_host(service)}"
        first = f"oauth-hook credentials add {account}{tenant}{origin}"
    lines = [f"   {first}"]
    if account not in UNSIGNED:
        url, method = _find_url(service), METHODS.get(account, "GET")
        shown = f"'{url}'" if re.search(r"[&?!*]", url) else url
        lines.append(f"   oauth-hook request {account} {method} {shown}{headers}{key}")
    yield "\n".join([".. code-block:: sh\n", *lines])


def _show_python(service: Service) -> Iterator[str]:
    """Yield the lines of a program."""
    key = ", rsa_key=key" if service.signature_method.startswith("RSA") else ""
    headers = ", headers=headers" if "User-Agent" in service.headers else ""
    once = "    # once: keep token.key and token.secret"
    given, token = "", "token"
    if service.authorization_url:
        given, made = "ask_on_console", f"flow.authorize(ask_on_console){once}"
    elif service.access_token_url and not service.request_token_url:
        made = f"flow.xauth(user_name, password){once}"
    elif _is_one_legged(service):
        token, made = "", ""
    else:
        given, made = "AccessToken", "AccessToken(token_key, token_secret)"
    names = sorted(filter(None, ["Consumer", "OAuthFlow", given]), key=lambda name: (name[0].islower(), name))
    lines = [
        "import requests",
        f"from oauth_hook import SERVICES, {', '.join(names)}",
        "",
        f"service = {_write_service(service)}",
        *(['headers = {"User-Agent": "MyApp/1.0"}'] if headers else []),
        f"flow = OAuthFlow.for_service(service, Consumer(consumer_key, consumer_secret){key}{headers})",
        *([f"token = {made}"] if made else []),
    ]
    if service.name in UNSIGNED:
        lines.remove("import requests")
    else:
        call = f"requests.{METHODS.get(service.name, 'GET').lower()}"
        lines.append(f'{call}("{_find_url(service)}", auth=flow.hook({token}){headers})')
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
        given, token = ("", None) if _is_one_legged(service) else ("token", AccessToken("token", "secret"))
        title, call, shown = "The hook that it makes:", f"flow.hook({given})", flow.hook(token)
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
    return {name: {"host": _find_host(service), "account": ACCOUNT}.get(name, name) for name in service.placeholders}


def _find_host(service: Service) -> str:
    return f"{HOSTS.get(service.name, service.name)}.example"


def _is_one_legged(service: Service) -> bool:
    """Whether requests are signed by the consumer alone, as the row's notes say."""
    return service.notes.startswith("One-legged")


def _find_url(service: Service) -> str:
    """Return a URL of the service's API, its placeholders filled as in the examples."""
    url = service.api_url or f"{next(iter(service.origins), 'https://{host}')}/..."
    return url.replace("{host}", _find_host(service)).replace("{account}", "123-sb1")


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
