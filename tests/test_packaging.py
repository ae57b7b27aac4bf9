"""What is installed is pinned, hashed, and names no place it comes from."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

import recommender

if TYPE_CHECKING:
    from pathlib import Path

LOCKS = ("runtime", "build", "dev")

PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9a-z.]*)(?: ; [^;\\]+)? \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}(?: \\)?")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: Path) -> set[tuple[str, str]]:
    matches = map(PIN.fullmatch, lock.read_text(encoding="utf-8").splitlines())
    return {(match["name"], match["version"]) for match in matches if match}


@pytest.fixture
def project(repository: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(repository: Path, name: str) -> None:
    lines = (repository / "requirements" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
    kinds = [
        "#" if line.startswith("#") else PIN.fullmatch(line) or HASH.fullmatch(line)
        for line in lines
    ]
    assert [line for line, kind in zip(lines, kinds, strict=True) if not kind] == []
    assert not any("://" in line or "index" in line for line in lines)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(repository: Path, name: str) -> None:
    lines = (repository / "requirements" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
    following = [after for line, after in pairwise(lines) if PIN.fullmatch(line)]
    assert following
    assert all(HASH.fullmatch(line) for line in following)


@pytest.mark.parametrize("name", ["runtime", "build"])
def test_the_development_lock_holds_the_same_versions(repository: Path, name: str) -> None:
    folder = repository / "requirements"
    assert pins(folder / f"{name}.lock") <= pins(folder / "dev.lock")


def test_every_declared_dependency_is_locked(
    repository: Path, project: dict[str, dict[str, object]]
) -> None:
    declared = project["project"]["dependencies"]
    assert isinstance(declared, list)
    names = {normalised(re.split(r"[^\w.-]", requirement)[0]) for requirement in declared}
    assert names <= {name for name, _ in pins(repository / "requirements" / "runtime.lock")}


def test_the_build_backend_is_locked(
    repository: Path, project: dict[str, dict[str, object]]
) -> None:
    assert project["build-system"]["requires"] == ["hatchling>=1.27"]
    assert "hatchling" in {name for name, _ in pins(repository / "requirements" / "build.lock")}


def test_the_installed_version_is_the_one_in_the_code() -> None:
    assert metadata.version("recommender") == recommender.__version__


def test_the_package_says_that_it_is_typed(repository: Path) -> None:
    assert (repository / "recommender" / "py.typed").is_file()
