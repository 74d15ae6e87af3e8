"""The package as others get it: what is in it, and what it takes with it."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import hatchling.build
import pytest

PROJECT = Path(__file__).parent.parent
SOURCES = PROJECT / "src"
CHECKOUT = PROJECT.parent


def sources() -> set[str]:
    files = (SOURCES / "signet_verifier").rglob("*")
    return {
        each.relative_to(SOURCES).as_posix() for each in files if each.suffix in (".py", ".typed")
    }


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A wheel and a source archive."""
    monkeypatch.chdir(PROJECT)
    folder = str(tmp_path)
    return (
        tmp_path / hatchling.build.build_wheel(folder),
        tmp_path / hatchling.build.build_sdist(folder),
    )


def test_the_wheel_has_every_source_its_types_and_its_licence(built: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(built[0]).namelist())
    assert "signet_verifier/py.typed" in sources()
    assert {each for each in names if ".dist-info/" not in each} == sources()
    assert any(each.endswith("/licenses/LICENSE") for each in names)
    assert (PROJECT / "LICENSE").read_bytes() == (CHECKOUT / "LICENSE").read_bytes()


def test_from_the_source_archive_the_same_wheel_is_built(
    built: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, archive = built
    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path / archive.name.removesuffix(".tar.gz"))
    again = tmp_path / "again"
    again.mkdir()
    assert (again / hatchling.build.build_wheel(str(again))).read_bytes() == wheel.read_bytes()


def test_no_index_takes_it() -> None:
    assert '"Private :: Do Not Upload"' in (PROJECT / "pyproject.toml").read_text()


def test_by_itself_it_imports_nothing_of_fastapi() -> None:
    program = "import signet_verifier, sys; sys.exit('fastapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
