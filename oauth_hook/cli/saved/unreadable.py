"""What does not hold a request, by name, and what to save instead."""

from __future__ import annotations

import re

__all__ = ["name_unreadable"]

_SAVE_INSTEAD = "save the request as it was sent, with curl --trace-ascii FILE, as a HAR file, or from a proxy"

_KINDS = (
    (
        rb"(?m)^[^\n]{0,300}?\"[A-Z]{3,10} \S{1,4000}(?: HTTP/[\d.]{1,3})?\" \d{3}\b",
        "this is a line of an access log, which has neither headers nor body, so that the signature is not in it",
    ),
    (
        rb"(?m)^[ \t]*(?:\$ )?(?:wget|https?|xh|twurl|xurl|Invoke-WebRequest|Invoke-RestMethod|\$session)(?=\s)",
        "this is a command of another tool, which does not say what it sends: copy the request as cURL (bash or cmd)",
    ),
    (
        rb"(?m)^(?:type:[ \t]*[\"']?collection\.insomnia|_type: export|__export_format:)",
        "this is an export of Insomnia in YAML, which is not read here, and seldom has a signature in it: copy the "
        "timeline of the request, which shows what was sent, or export it as HAR or as Insomnia v4 (JSON)",
    ),
    (
        rb"\A\s*<(?:\?xml|[A-Za-z!])",
        "this is XML or HTML, such as a proxy's session or a page",
    ),
    (
        rb"(?m)^[ \t]*(?:import |from \w{1,80} import |const |let |var |using |package |use |require|#include|<\?php|"
        rb"func |def |public |class |await fetch\(|fetch\()|\b(?:requests|axios|session|client|oauth|http)\.\w{1,40}\(",
        "this is source code, which says how a request is made, not what was sent",
    ),
    (
        rb"(?m)^HTTP/\d(?:\.\d)? \d{3}",
        "this is a response without its request",
    ),
    (
        rb"\A\s*(?:https?://|OAuth |Authorization:)",
        "this has a URL or a header alone: put METHOD URL in the first line (GET https://...), and headers below it",
    ),
)
_kinds = [(re.compile(pattern).search, message) for pattern, message in _KINDS]


def name_unreadable(data: bytes) -> str:
    """Return what to tell a person who saved this; nothing of it is repeated."""
    if not data.strip():
        return f"there is no request in what was saved, which is empty: {_SAVE_INSTEAD}"
    start = data[:4096]
    if b"\0" in start or len(start.decode("utf-8", "ignore").encode()) < 0.7 * len(start):
        return f"this is binary data, such as a capture or a compressed file: {_SAVE_INSTEAD}"
    for search, message in _kinds:
        if search(data):
            return message if message.count(":") else f"{message}: {_SAVE_INSTEAD}"
    return (
        "this is neither raw HTTP (METHOD TARGET, headers, an empty line, the body) nor a curl command line nor HAR, "
        f"nor a transcript that is known: {_SAVE_INSTEAD}"
    )
