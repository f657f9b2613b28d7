"""Make the page of the documentation that shows the table of faults: ``python tests/diagnosis/faults_page.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # where pytest finds what the tests share

from test_diagnosis_faults import RIGHT, TABLE, outcome

PAGE = Path(__file__).parent.parent.parent / "docs" / "explanation" / "faults.rst"

HEAD = """\
The table of faults
===================

What ``explain`` is held to: each row is a right request with one thing made wrong, on either side, what a person in
that situation has in hand, and the cause that has to be named. Of all rows the cause must be among the first three
findings, and in 98 of 100 it must be the first. The faults are made by a signer that is none of this package's
(``tests/diagnosis/faults.py``), or by clients in JavaScript, Perl and Java
(``tests/diagnosis/clients``); this page is made of the table by
``python tests/diagnosis/faults_page.py``, and a test compares the two.
Where a row expects one cause "or" another, either counts.

In brackets, who is wrong and what is known. ``client``: the request carries a wrong signature. ``mine``: likewise, and
the credentials in hand are the wrong ones that it was signed with. ``+own``: the
client says what it signed. ``server``: the request is right, and the server
computes something else. ``+signature``: the right signature is known, or the server's. ``+base``: the server says what
it signed. ``+answer``: there is nothing but a bare refusal.

{rows} faults, of which the first finding names the cause in {first}; {right} requests that are right, of which
``no-cause-found`` is the only finding.

.. list-table::
   :header-rows: 1

   * - fault
     - cause
     - findings
"""


def page() -> str:
    """Return the page, as it has to be."""
    first, rows = 0, []
    for index, row in enumerate(TABLE):
        codes = outcome(index).codes
        first += codes[0] in row.codes
        expected = " or ".join(row.codes)
        rows.append(f"   * - {_escaped(row.name)}\n     - {expected}\n     - {', '.join(codes[:3])}\n")
    return HEAD.format(rows=len(TABLE), first=first, right=len(RIGHT)) + "".join(rows)


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\*`|_" else c for c in text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
