"""Golden files: what an input must become, kept as files and brought up to date on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def check_golden(folder: Path, files: Mapping[str, str], *, update: bool) -> None:
    """Hold that a folder has exactly these files with this text; with ``update``, make it so."""
    if update:
        for path in _files(folder):
            (folder / path).unlink()
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
    expected = {path: (folder / path).read_text(encoding="utf-8") for path in _files(folder)}
    assert expected, f"no golden files in {folder}: run pytest --update-golden"
    assert sorted(files) == sorted(expected)
    for path, text in sorted(files.items()):
        assert text == expected[path], f"{path} differs; pytest --update-golden accepts it"


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
