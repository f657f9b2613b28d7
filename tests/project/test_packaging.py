"""What is published: sdist and wheel, built from a copy of the checkout, listed, checked and installed. No network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from configparser import ConfigParser
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import oauth_hook

ROOT = Path(__file__).parent.parent.parent
NAME = f"requests_oauth_hook-{oauth_hook.__version__}"
PATIENCE = 100  # seconds for a build; it takes a few

# What an sdist has at its top. Its folders are whole.
TOP = {
    "AUTHORS", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "SECURITY.md",
    "pyproject.toml", "setup.cfg", "setup.py", "test_settings.py.template", "tox.ini",
}  # fmt: skip
FOLDERS = {"benchmarks", "docs", "examples", "oauth_hook", "tests", "vectors"}
MADE = {"PKG-INFO", "SOURCES.txt", "dependency_links.txt", "entry_points.txt", "requires.txt", "top_level.txt"}

# What lies about in a checkout where somebody has worked, and what must not be published of it.
LITTER = (
    "test_settings.py", "provider.txt", "examples.sqlite3", ".env", ".venv/lib/site.py", ".venv-other/pyvenv.cfg",
    "build/lib/oauth_hook/old.py", "dist/old.whl", "docs/_build/index.html", "docs/.doctrees/index.doctree",
    "oauth_hook/__pycache__/hook.cpython-310.pyc", "oauth_hook/old.pyc", "oauth_hook/.mypy_cache/cache.db",
    "oauth_hook/protocol/.hook.py.swp", "tests/__pycache__/test_hook.cpython-310.pyc", "tests/.pytest_cache/README.md",
    "examples/__pycache__/shared.cpython-310.opt-1.pyc", "benchmarks/.ruff_cache/x", "tests/.DS_Store", "docs/a.rst~",
    "tests/fuzz.so", ".hypothesis/examples/x", ".coverage",
)  # fmt: skip


def _is_old(package: str, *least: int) -> bool:
    try:
        return tuple(int(number) for number in re.findall(r"\d+", version(package))[:2]) < least
    except PackageNotFoundError:
        return True


pytestmark = [
    pytest.mark.packaging,
    pytest.mark.skipif(_is_old("build", 1, 0), reason="build is not installed: pip install '.[packaging]'"),
    # The first that makes wheels by itself; and what it makes, with no network, is made by what is installed.
    pytest.mark.skipif(
        _is_old("setuptools", 70, 1), reason="setuptools is older than 70.1: pip install '.[packaging]'"
    ),
]


def run(folder: Path, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder where there is nothing to import, and say what it said if it failed."""
    ran = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True, encoding="utf-8", timeout=PATIENCE, cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "200", **environment},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def sources() -> list[str]:
    """Return the files that are somebody's work: what git has or would add; elsewhere, what is no by-product."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], capture_output=True, cwd=ROOT
    ) if shutil.which("git") and (ROOT / ".git").exists() else None  # fmt: skip
    if listed is not None and listed.returncode == 0:
        names = listed.stdout.decode().strip("\0").split("\0")
    else:
        names = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
    return [name for name in names if _is_source(name) and (ROOT / name).is_file()]


def _is_source(name: str) -> bool:
    folder, _, rest = name.partition("/")
    return (folder in FOLDERS if rest else folder in TOP) and not re.search(r"(^|/)(__pycache__|_build|\.[^/]*)/", name)


@dataclass
class Built:
    """What came of a build: files by their names, and where the archives are."""

    sources: list[str]
    folder: Path
    sdist: dict[str, bytes]
    wheel: dict[str, bytes]

    def archives(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def metadata(self) -> Message:
        return Parser().parsestr(self.wheel[f"{NAME}.dist-info/METADATA"].decode("utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build an sdist, and a wheel from that, in a checkout where things lie about."""
    checkout, folder = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    names = sources()
    for name in (*names, *LITTER):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        if name in names:
            shutil.copyfile(ROOT / name, checkout / name)
        else:
            (checkout / name).write_bytes(b"\xff")
    run(folder, "-m", "build", "--no-isolation", "--outdir", folder, checkout)
    with tarfile.open(folder / f"{NAME}.tar.gz") as archive:
        files = [member for member in archive.getmembers() if not member.isdir()]
        assert all(member.isreg() for member in files), "links, or devices"
        sdist = {member.name: archive.extractfile(member).read() for member in files}
    with zipfile.ZipFile(folder / f"{NAME}-py3-none-any.whl") as archive:
        wheel = {name: archive.read(name) for name in archive.namelist()}
    return Built(names, folder, sdist, wheel)


class TestContents:
    """What is in them, and what is not."""

    def test_the_wheel(self, built: Built) -> None:
        """The wheel has the package, whole, and what describes it: no tests, no examples, no by-products."""
        package = {name for name in built.wheel if not name.startswith(f"{NAME}.dist-info/")}
        assert package == {name for name in built.sources if name.startswith("oauth_hook/")}
        assert {Path(name).suffix for name in package} == {".py", ".typed", ".json"}
        assert "oauth_hook/py.typed" in package
        about = {name.removeprefix(f"{NAME}.dist-info/") for name in built.wheel.keys() - package}
        licences = {"AUTHORS", "LICENSE"}  # newer setuptools give them a folder (PEP 639)
        assert {name.removeprefix("licenses/") for name in about} == licences | {
            "METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt",
        }  # fmt: skip
        assert built.wheel[f"{NAME}.dist-info/top_level.txt"].split() == [b"oauth_hook"]

    def test_the_sdist(self, built: Built) -> None:
        """The sdist has all that the tests, the documentation and the benchmarks need, and no by-products."""
        assert all(name.startswith(f"{NAME}/") for name in built.sdist)
        found = {name.removeprefix(f"{NAME}/") for name in built.sdist}
        egg = "requests_oauth_hook.egg-info"
        assert {name for name in found if "/" not in name} == TOP
        assert {name for name in found if name.startswith(egg)} == {f"{egg}/{name}" for name in MADE}
        whole = {name for name in built.sources if name.partition("/")[0] in FOLDERS}
        assert {name for name in found if "/" in name and not name.startswith(egg)} == whole
        for folder in FOLDERS:
            assert any(name.startswith(f"{folder}/") for name in whole), folder

    def test_a_file_is_as_it_was(self, built: Built) -> None:
        """Nothing is changed on the way but ``setup.cfg``, to which setuptools adds a section of its own."""
        for name in built.sources:
            if name not in ("setup.cfg", "PKG-INFO"):
                assert built.sdist[f"{NAME}/{name}"] == (ROOT / name).read_bytes(), name
                assert built.wheel.get(name, built.sdist[f"{NAME}/{name}"]) == built.sdist[f"{NAME}/{name}"], name

    @pytest.mark.parametrize("which", ["sdist", "wheel"])
    def test_nothing_of_this_machine_is_in_it(self, built: Built, which: str) -> None:
        """Everything but pictures is text in UTF-8, and nothing names a folder of whoever built it."""
        homes = "|".join(("work", "root", "tmp", "home", "Users"))
        of_machines = re.compile(rf"(?<![\w.:/~-])/(?:{homes})(?![\w.-])")
        here = {str(ROOT), str(Path.home()), tempfile.gettempdir(), str(built.folder)} - {"/"}
        for name, octets in getattr(built, which).items():
            text = octets.decode("latin-1" if name.endswith(".webp") else "utf-8")
            assert not of_machines.search(text), f"{name}: {of_machines.search(text)}"
            assert not any(place in text for place in here), name


class TestMetadata:
    """What an index and pip are told."""

    def test_who_it_is(self, built: Built) -> None:
        """Name, version, licence, Python, and the README as the description."""
        said = built.metadata()
        assert (said["Name"], said["Version"]) == ("requests-oauth-hook", oauth_hook.__version__)
        assert (said["License-Expression"] or said["License"]) == "BSD-3-Clause"
        assert said["Requires-Python"] == ">=3.10"
        assert said["Description-Content-Type"] == "text/markdown"
        assert said.get_payload().strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()
        classifiers = said.get_all("Classifier")
        assert "Typing :: Typed" in classifiers
        assert [f"Programming Language :: Python :: 3.{minor}" in classifiers for minor in range(10, 15)] == [True] * 5

    def test_what_it_needs(self, built: Built) -> None:
        """Two packages at run time; all else is an extra."""
        said = built.metadata()
        needs = [need.replace(" ", "") for need in said.get_all("Requires-Dist")]
        assert {need for need in needs if ";" not in need} == {"requests>=2.32.2", "oauthlib>=3.2.2"}
        assert set(said.get_all("Provides-Extra")) == {
            "rsa", "httpx", "aiohttp", "niquests", "keyring", "test", "packaging", "coverage", "lint", "docs", "bench",
        }  # fmt: skip

    def test_where_it_begins(self, built: Built) -> None:
        """The command, the fixture of pytest, and the plugin of HTTPie."""
        parser = ConfigParser(delimiters=("=",))
        parser.read_string(built.wheel[f"{NAME}.dist-info/entry_points.txt"].decode("utf-8"))
        assert {name: dict(parser[name]) for name in parser.sections()} == {
            "console_scripts": {"oauth-hook": "oauth_hook.cli:main"},
            "pytest11": {"oauth_hook": "oauth_hook.provider.pytest_plugin"},
            "httpie.plugins.auth.v1": {"oauth-hook": "oauth_hook.cli.httpie:OAuthPlugin"},
        }

    @pytest.mark.skipif(_is_old("twine", 6, 1), reason="twine is older than 6.1: pip install '.[packaging]'")
    def test_an_index_would_take_it(self, built: Built) -> None:
        """``twine check --strict`` has nothing to complain of."""
        ran = run(built.folder, "-m", "twine", "check", "--strict", *built.archives())
        assert ran.stdout.count("PASSED") == 2


LOOK = """
import sys
from importlib.metadata import distribution
import oauth_hook
print(oauth_hook.__file__)
for point in distribution("requests-oauth-hook").entry_points:
    print(point.group, point.name)
    if not point.group.startswith("httpie"):
        point.load()
"""


def test_it_can_be_installed_and_run(built: Built, tmp_path: Path) -> None:
    """pip installs the wheel, the command says its version from there, and what the entry points name is there."""
    pytest.importorskip("pip", reason="pip is not installed here")
    (wheel,) = built.folder.glob("*.whl")
    alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    run(
        built.folder, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", tmp_path, wheel, **alone
    )
    ran = run(built.folder, "-m", "oauth_hook", "--version", PYTHONPATH=str(tmp_path))
    assert ran.stdout == f"oauth-hook {oauth_hook.__version__}\n"
    place, *points = run(built.folder, "-c", LOOK, PYTHONPATH=str(tmp_path)).stdout.splitlines()
    assert Path(place) == tmp_path / "oauth_hook" / "__init__.py"
    assert sorted(points) == ["console_scripts oauth-hook", "httpie.plugins.auth.v1 oauth-hook", "pytest11 oauth_hook"]
