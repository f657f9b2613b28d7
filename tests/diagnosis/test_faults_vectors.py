"""The faults of ``vectors/oauth1.json`` are those of the table."""

from __future__ import annotations

import json

from faults_vectors import FILE, list_faults


def test_the_vectors_have_the_faults_of_the_table():
    """Other languages test with what ``explain`` is tested with."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))["faults"]
    assert kept == list_faults(), "make them anew: python tests/diagnosis/faults_vectors.py"
