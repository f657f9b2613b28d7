"""The version of the package, and where its documentation is."""

from functools import cache

__version__ = "1.0.0"

__all__ = ["__version__", "find_documentation"]


@cache
def find_documentation() -> str:
    """Return where the pages of the documentation are: a release's metadata have a URL, a clone has its folder."""
    from importlib.metadata import PackageNotFoundError, metadata  # few need it

    try:
        urls = metadata("requests-oauth-hook").get_all("Project-URL", [])
    except PackageNotFoundError:
        return "docs"
    pages = [url.partition(", ")[2] for url in urls if url.startswith("Documentation, ")]
    return pages[0].rpartition("/")[0] if pages else "docs"
