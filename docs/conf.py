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

extensions = ["sphinx.ext.autodoc", "generated"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports = ["httpie", "pytest"]
maximum_signature_line_length = 80
nitpicky = False
smartquotes = False  # which would make one dash of the two before an option
exclude_patterns = ["_build"]
templates_path = ["_templates"]

html_theme = "alabaster"
html_static_path = ["_static"]
html_sidebars = {"**": ["about.html", "searchfield.html", "pages.html"]}
html_show_sourcelink = False
html_copy_source = False
html_domain_indices = False
pygments_style = "bw"  # the colours of code are in custom.css, for light and dark
html_theme_options = {
    "description": "OAuth 1.0a for requests",
    "page_width": "1160px",
    "sidebar_width": "240px",
    "show_relbar_bottom": True,
    "font_family": "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif",
    "code_font_family": "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    "font_size": "16px",
    "code_font_size": "0.85em",
    # Alabaster writes colours into its style sheet as they are given; custom.css has them for light and dark.
    **{option: f"var(--{colour})" for option, colour in {
        "base_bg": "paper", "body_bg": "paper", "base_text": "ink", "body_text": "ink", "footer_text": "faint",
        "link": "link", "link_hover": "ink", "hr_border": "line", "relbar_border": "line", "table_border": "line",
        "sidebar_header": "ink", "sidebar_text": "faint", "sidebar_link": "ink", "sidebar_list": "ink",
        "sidebar_link_underscore": "line", "sidebar_search_button": "line", "sidebar_hr": "line",
        "anchor": "faint", "anchor_hover_fg": "ink", "anchor_hover_bg": "panel",
        "narrow_sidebar_bg": "panel", "narrow_sidebar_fg": "ink", "narrow_sidebar_link": "ink",
        "pre_bg": "panel", "code_bg": "panel", "code_text": "ink", "code_hover": "panel", "code_highlight": "mark",
        "highlight_bg": "mark", "xref_bg": "panel", "xref_border": "panel",
        "gray_1": "ink", "gray_2": "panel", "gray_3": "line", "shadow": "paper", "topic_bg": "panel",
        "note_bg": "panel", "note_border": "line", "warn_bg": "panel", "warn_border": "line",
    }.items()},
}  # fmt: skip
