"""Check that the documentation says what the code does.

    python tools/check_docs.py [--write]

Holds that every command has a section in docs/commands.md with its current help, that commands
and options shown in Markdown exist, that links between our own pages resolve, and that no
tracked file names a package registry or a path of somebody's machine. With `--write` the help
texts in docs/commands.md are brought up to date first.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs_commands import (
    check_invocations,
    check_sections,
    command_options,
    help_text,
    with_help,
)
from docs_links import check_links, check_private

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
COMMANDS_PAGE: Final = Path("docs", "commands.md")


def tracked_files() -> list[Path]:
    """The files of the repository that git tracks and that are present, relative to its root."""
    listed = subprocess.run(
        # A build machine may check out as another user than the one that runs this.
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],  # noqa: S607 - any git will do
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(file: Path) -> str:
    """The text of a tracked file; empty for a binary one."""
    data = (ROOT / file).read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", "replace")


def problems() -> Iterator[str]:
    """Everything wrong with the documentation, each with its page."""
    options = command_options()
    helps = {name: help_text(name) for name in options}
    for problem in check_sections(text_of(COMMANDS_PAGE), helps):
        yield f"{COMMANDS_PAGE}: {problem}"
    for file in tracked_files():
        text = text_of(file)
        for problem in check_private(text):
            yield f"{file}: {problem}"
        if file.suffix == ".md":
            for problem in check_links(ROOT / file, ROOT):
                yield f"{file}: {problem}"
            for problem in check_invocations(text, options):
                yield f"{file}: {problem}"


def write_helps() -> None:
    """Bring the help texts of the page of commands up to date."""
    helps = {name: help_text(name) for name in command_options()}
    page = ROOT / COMMANDS_PAGE
    page.write_text(with_help(page.read_text(encoding="utf-8"), helps), encoding="utf-8")


def main() -> int:
    """Print the problems, one a line; 1 where there are any."""
    if "--write" in sys.argv[1:]:
        write_helps()
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"docs: {len(found)} problems", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
