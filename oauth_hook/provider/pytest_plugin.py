"""The pytest fixture ``oauth_provider``: a provider of one's own for each test.

It is function-scoped, because a provider starts in a few milliseconds, and what one test has
issued, spent or used up would otherwise be another test's surprise.  The provider is imported
with the first test that asks for it, so that loading this plugin costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .server import Provider

__all__ = ["oauth_provider"]


@pytest.fixture
def oauth_provider() -> Iterator[Provider]:
    """A running OAuth 1.0a provider on loopback; see :class:`oauth_hook.provider.Provider`."""
    from .server import serve

    with serve() as provider:
        yield provider
