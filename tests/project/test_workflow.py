"""The workflow that releases: what it runs, and with which rights."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RIGHTS_OF_A_RELEASE = {"attestations": "write", "contents": "write", "id-token": "write"}

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))


def steps(job: dict[str, Any], kind: str) -> list[str]:
    """Return the commands (``run``) or the actions (``uses``) of a job."""
    return [step[kind] for step in job["steps"] if kind in step]


@pytest.mark.promise("the-workflow-names-actions-by-commit")
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_named_by_commit(path: Path) -> None:
    """An action is named by its whole commit, which nobody can move, with its version beside it."""
    used = re.findall(r"^ *-? *uses: *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(used) > 10
    assert [
        line for line in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}  # v\d+(\.\d+)*(, .+)?", line)
    ] == []


def test_the_same_pythons_are_named_everywhere(workflow: dict[str, Any]) -> None:
    """What ``setup.cfg`` says to support, tox and the workflow test; and a build without the GIL."""
    classifiers = re.findall(r":: Python :: (3\.\d+)$", (ROOT / "setup.cfg").read_text(encoding="utf-8"), re.MULTILINE)
    tox = re.search(r"py3\{([\d,]+)\}", (ROOT / "tox.ini").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert tox is not None
    assert classifiers == [f"3.{minor}" for minor in tox[1].split(",")] == matrix["python"]
    assert classifiers[-1] == "3.15"
    assert {row["python"] for row in matrix["include"]} - set(classifiers) == {"3.14t"}


@pytest.mark.promise("a-release-is-audited-and-attested")
class TestRelease:
    """The jobs that build and publish."""

    def test_who_may_what(self, workflow: dict[str, Any]) -> None:
        """Only the job that publishes may write or prove who it is, and it installs and builds nothing."""
        assert workflow["permissions"] == {"contents": "read"}
        rights = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
        assert rights == {"publish": RIGHTS_OF_A_RELEASE}
        publish = workflow["jobs"]["publish"]
        assert [command.split()[:3] for command in steps(publish, "run")] == [["gh", "release", "create"]]
        assert not any("checkout" in action for action in steps(publish, "uses"))
        checkouts = [
            step for job in workflow["jobs"].values() for step in job["steps"] if "checkout" in step.get("uses", "")
        ]
        assert all(step["with"] == {"persist-credentials": False} for step in checkouts)

    def test_what_has_to_pass(self, workflow: dict[str, Any]) -> None:
        """What is published was tested and audited first."""
        jobs = workflow["jobs"]
        assert jobs["publish"]["needs"] == "build"
        assert set(jobs["build"]["needs"]) == {"test", "everything", "coverage", "audit"}
        assert any(command.startswith("pip-audit ") for command in steps(jobs["audit"], "run"))
        assert not any("continue-on-error" in text for text in map(str, jobs.values()))

    def test_what_is_published(self, workflow: dict[str, Any]) -> None:
        """Files, their provenance, and an SBOM of what the wheel installs, which is attested too."""
        jobs = workflow["jobs"]
        assert any(command.startswith("cyclonedx-py environment") for command in steps(jobs["build"], "run"))
        actions = [action.partition("@")[0] for action in steps(jobs["publish"], "uses")]
        assert actions == ["actions/download-artifact", *["actions/attest"] * 2, "pypa/gh-action-pypi-publish"]
        attested = [step["with"] for step in jobs["publish"]["steps"] if "attest" in step.get("uses", "")]
        sbom = {"subject-path": "dist/*", "sbom-path": "sbom/${{ github.ref_name }}.cdx.json"}
        assert attested == [{"subject-path": "dist/*"}, sbom]  # without an SBOM, it is the provenance
        assert "sbom/*.json" in steps(jobs["publish"], "run")[0]
