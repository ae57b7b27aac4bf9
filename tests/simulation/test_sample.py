"""The sample in data/ is what its recipe says."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from recommender.cli.app import main

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = (DATA / "README.md").read_text(encoding="utf-8")
    command = next(line for line in recipe.splitlines() if line.startswith("    recommender"))
    directory = tmp_path_factory.mktemp("data")
    arguments = command.split()[1:]
    arguments[arguments.index("-d") + 1] = str(directory)
    assert main(arguments) == 0
    return directory


@pytest.mark.parametrize("name", ["inventory.json", "truth.json", "truth.csv", "shop.yaml"])
def test_the_recipe_makes_the_same_file(regenerated: Path, name: str) -> None:
    assert (regenerated / name).read_bytes() == (DATA / name).read_bytes()


def test_the_recipe_makes_the_same_log(regenerated: Path) -> None:
    # The lines are compared, not the archive: another zlib may pack them into other bytes.
    made = gzip.decompress((regenerated / "flows.jsonl.gz").read_bytes())
    assert made == gzip.decompress((DATA / "flows.jsonl.gz").read_bytes())


def test_the_archive_holds_no_time_and_no_name() -> None:
    header = (DATA / "flows.jsonl.gz").read_bytes()[:10]
    assert header[:4] == b"\x1f\x8b\x08\x00"
    assert header[4:8] == bytes(4)


def test_the_log_stays_small() -> None:
    assert (DATA / "flows.jsonl.gz").stat().st_size < 400_000
