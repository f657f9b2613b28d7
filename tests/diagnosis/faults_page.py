"""Make the page of the documentation that shows the table of faults: ``python tests/diagnosis/faults_page.py``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # where pytest finds what the tests share

from test_diagnosis_faults import RIGHT, TABLE, outcome
from test_refusals import LITTLE, LOST, OTHERS, SERVERS, SHAPES, TAKEN, WANTED

from oauth_hook import explain

PAGE = Path(__file__).parent.parent.parent / "docs" / "explanation" / "faults.rst"

HEAD = """\
The table of faults
===================

What ``explain`` is held to, in two tables.

The first was written blind (``tests/blind``): by somebody who had not read the code of ``explain``, with clients in
eight languages, and judged by oauthlib. It has 731 faults in 154 kinds, and 171 right requests that were taken, or
refused for other reasons. As first run, on 2026-11-29, the first finding named the cause of 668 faults of 731 (91.4%),
one of the first three findings that of 687 (94.0%), and 5 of the 171 right requests were blamed. These are the figures
to go by: your fault is as new to ``explain`` as those were. Since then a few expectations were corrected
(``tests/blind/CORRECTIONS.txt``), and what the run had shown was mended: it is all of 731 now, with none of the 171
blamed, and that is no longer blind. A test holds it to 98% and 99.5%, and to no blame.

The second was written along with the code, and is the table below: each row is a right request with one thing made
wrong, on either side, what a person in that situation has in hand, and the cause that has to be named. Of all rows the
cause must be among the first three findings, and in 98 of 100 it must be the first. The faults are made by a signer
that is none of this package's (``tests/diagnosis/faults.py``), or by clients in JavaScript, Perl and Java
(``tests/diagnosis/clients``); this page is made of the table by
``python tests/diagnosis/faults_page.py``, and a test compares the two.
Where a row expects one cause "or" another, either counts.

In brackets, who is wrong and what is known. ``client``: the request carries a wrong signature. ``mine``: likewise, and
the credentials in hand are the wrong ones that it was signed with. ``+own``: the
client says what it signed. ``server``: the request is right, and the server
computes something else. ``+signature``: the right signature is known, or the server's. ``+base``: the server says what
it signed. ``+answer``: there is nothing but a bare refusal.

{rows} faults, of which the first finding names the cause in {first}; {right} requests that are right, taken or refused
for other reasons, of which ``no-cause-found`` is the only finding.

.. list-table::
   :header-rows: 1

   * - fault
     - cause
     - findings
"""

REFUSALS = """

Refusals of right requests
--------------------------

{intro}

.. list-table::
   :header-rows: 1

   * - refusal
     - status
     - findings
"""

# Each is refused for who asks, with a request that is right by the RFC: what is said of it, and by whom it is tested.
KINDS = [
    ("Those that say little: candidates, the likeliest first, with the step that decides.", LITTLE),
    ("Those of what was sent, and did not arrive.", LOST),
    ("Those of what a service is known to want, and the request does not have.", WANTED),
    ("Those of servers that were run: Authlib's, pump.io, WordPress and so on.", SERVERS),
]


def page() -> str:
    """Return the page, as it has to be."""
    first, rows = 0, []
    for index, row in enumerate(TABLE):
        codes = outcome(index).codes
        first += codes[0] in row.codes
        expected = " or ".join(row.codes)
        rows.append(f"   * - {_escaped(row.name)}\n     - {expected}\n     - {', '.join(codes[:3])}\n")
    right = len(RIGHT + OTHERS + TAKEN + SHAPES)
    return HEAD.format(rows=len(TABLE), first=first, right=right) + "".join(rows) + "".join(_refusals())


def _refusals() -> Iterator[str]:
    head, _, table = REFUSALS.partition("{intro}")
    yield head.rstrip() + "\n"
    for intro, refusals in KINDS:
        yield f"\n{intro}{table}"
        for row in refusals:
            found = explain(row.response(), row.request.consumer, row.request.token).findings[:3]
            codes = ", ".join(finding.code for finding in found)
            yield f"   * - {_escaped(row.name)}\n     - {row.status}\n     - {codes}\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\*`|_" else c for c in text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
