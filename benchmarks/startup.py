"""What importing ``OAuthHook`` costs over ``import requests``, and what it loads, in fresh interpreters.

It is the import of the name that is measured: the package loads its parts when they
are asked for, so that ``import oauth_hook`` by itself would look better than it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from statistics import median
from typing import NamedTuple

from .timing import Ratio

__all__ = ["HEAVY", "Startup", "startup"]

#: What is to be loaded on first use only, if at all.
HEAVY = ("oauthlib", "sqlite3", "http.server", "cryptography", "asyncio")

_PROGRAM = """
import json, sys, time
start = time.perf_counter()
import requests
between = time.perf_counter()
already = set(sys.modules)
again = time.perf_counter()
from oauth_hook import OAuthHook
end = time.perf_counter()
print(json.dumps([between - start, end - again, sorted(set(sys.modules) - already)]))
"""


class Startup(NamedTuple):
    """What starting takes."""

    requests: float  #: milliseconds of ``import requests``
    ours: Ratio  #: milliseconds that ``from oauth_hook import OAuthHook`` takes after that
    heavy: list[str]  #: what of ``HEAVY`` that loaded; ``requests`` may have loaded some already


def startup(rounds: int) -> Startup:
    """Start interpreters and measure in them.

    The first one only warms up: it compiles what is imported, as ``pip install`` does,
    into a directory of its own, for an environment may forbid to leave that in the checkout.
    """
    with tempfile.TemporaryDirectory() as compiled:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        measured = [_start(environment) for _ in range(rounds + 1)][1:]
    ours = [1000 * ours for _, ours, _ in measured]
    loaded = {name for _, _, names in measured for name in names}
    return Startup(
        median([1000 * first for first, _, _ in measured]),
        Ratio(median(ours), min(ours), max(ours)),
        [name for name in HEAVY if name in loaded],
    )


def _start(environment: dict[str, str]) -> tuple[float, float, list[str]]:
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, env=environment)  # noqa: S603
    first, ours, names = json.loads(ran.stdout)
    return first, ours, names
