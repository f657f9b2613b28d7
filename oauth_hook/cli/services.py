"""``oauth-hook services``: the services that are known."""

from __future__ import annotations

import argparse

from ..services.catalog import SERVICES, Service
from .console import DONE, find_service, print_result, read_options

__all__ = ["services"]


class _Options:
    name: str | None
    json: bool


def services(arguments: argparse.Namespace) -> int:
    """List the known services, or show what is known about one."""
    options = read_options(_Options, arguments)
    if options.name is None:
        titles = {name: service.title for name, service in sorted(SERVICES.items())}
        lines = [f"{name:<19}{title}{_tell_end(SERVICES[name])}" for name, title in titles.items()]
        print_result("\n".join(lines), titles, as_json=options.json)
        return DONE
    service = find_service(options.name)
    fields = service.to_dict()
    lines = [f"{name}: {_in_words(value)}" for name, value in fields.items() if value not in (None, "", {}, [])]
    lines += [f"--at {name}=... says where it is" for name in service.placeholders]
    print_result("\n".join(lines), fields, as_json=options.json)
    return DONE


def _tell_end(service: Service) -> str:
    if service.ends is None:
        return ""
    return f" (OAuth 1 {'ended' if service.has_ended() else 'ends'} on {service.ends})"


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        value = [f"{name}: {text}" for name, text in value.items()]
    return ", ".join(value) if isinstance(value, list) else str(value)
