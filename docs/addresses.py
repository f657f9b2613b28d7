"""Give what is published the address of its repository: ``python docs/addresses.py https://HOST/OWNER/NAME v1.2.3``.

In a clone the README leads to its pictures and pages by where they are, and nothing names a host. A package index has
no such files. So the workflow, which knows where it runs, changes four files before it builds a release, and these
changes are not committed: the links of ``README.md``, where ``SECURITY.md`` and ``docs/security.rst`` say how to report
a vulnerability and how to check a release, and ``project_urls`` in ``setup.cfg``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPORT = "/security/advisories/new"  # where a vulnerability is reported, below the repository


def readme(text: str, repository: str, tag: str) -> str:
    """Return the README with whole addresses: pictures as files, everything else as pages."""
    text = re.sub(r"(!\[[^]]*\]\()(?!https?:)", rf"\g<1>{repository}/raw/{tag}/", text)
    return re.sub(r"(\]\()(?!https?:)", rf"\g<1>{repository}/blob/{tag}/", text)


def security(text: str, repository: str, tag: str) -> str:
    """Return a page on security that names the repository: its form for reports, its pages, and its name."""
    text = text.replace(f"](../..{REPORT})", f"]({repository}{REPORT})")
    text = text.replace('"Report a vulnerability" button', f"`form for reports <{repository}{REPORT}>`__")
    return readme(text, repository, tag).replace("OWNER/NAME", "/".join(repository.split("/")[-2:]))


def metadata(text: str, repository: str, tag: str) -> str:
    """Return ``setup.cfg`` with the addresses that an index shows."""
    urls = f"""project_urls =
    Source = {repository}
    Documentation = {repository}/blob/{tag}/docs/index.rst
    Changes = {repository}/blob/{tag}/CHANGELOG.md
    Issues = {repository}/issues
"""
    return re.sub(r"(?m)^(?=license = )", urls, text, count=1)


CHANGES = {"README.md": readme, "SECURITY.md": security, "docs/security.rst": security, "setup.cfg": metadata}


def main() -> None:
    """Change them all."""
    repository, tag = sys.argv[1].rstrip("/"), sys.argv[2]
    for name, change in CHANGES.items():
        path = ROOT / name
        path.write_text(change(path.read_text(encoding="utf-8"), repository, tag), encoding="utf-8")


if __name__ == "__main__":
    main()
