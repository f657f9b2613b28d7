"""How the documentation is built: ``sphinx-build -W docs docs/_build``."""

from oauth_hook.version import __version__

project = "oauth_hook"
author = "the oauth_hook authors"
copyright = f"2026, {author}"
version = release = __version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
nitpicky = False
html_theme = "alabaster"
html_theme_options = {"description": "OAuth 1.0a for requests", "page_width": "1000px"}
exclude_patterns = ["_build"]
