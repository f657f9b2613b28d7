"""How the documentation is built: ``sphinx-build -W -b html docs docs/_build``."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from oauth_hook.version import __version__


class _Stub:
    """Stands for a class of a client."""

    def freeze(self) -> None:
        """Do nothing, as a ``TraceConfig`` of aiohttp's."""


def _stand_in(client: str, version: str, *names: str) -> None:
    """Put a module with those classes in the place of a client's that is not installed."""
    sys.modules[client] = module = ModuleType(client)
    vars(module).update({name: type(name, (_Stub,), {}) for name in names}, __version__=version)


# Docs need no HTTP client but requests.
if not (find_spec("httpx2") or find_spec("httpx")):
    _stand_in("httpx2", "2.0", "Auth", "ByteStream", "SyncByteStream")
if not find_spec("aiohttp"):
    _stand_in("aiohttp", "3.12", "TraceConfig")
    _stand_in("aiohttp.base_protocol", "", "BaseProtocol")
    _stand_in("aiohttp.payload", "", "IOBasePayload", "Payload")
    _stand_in("aiohttp.tracing", "", "Trace")
    _stand_in("yarl", "", "URL")

project = "oauth_hook"
author = "the oauth_hook authors"
copyright = f"2026, {author}"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton", "generated", "markdown_pages", "search_numbers",
]  # fmt: skip
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports = ["httpie", "pytest"]
maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
nitpicky = False
smartquotes = False  # which would make one dash of the two before an option
exclude_patterns = ["_build"]
templates_path = ["_templates"]

# What is copied from a session can be pasted: without its prompts and what they print.
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
pygments_style, pygments_dark_style = "a11y-light", "a11y-dark"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_copy_source = False
html_domain_indices = False
