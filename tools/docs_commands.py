"""What documentation says about commands, held against the commands themselves."""

from __future__ import annotations

import contextlib
import io
import os
import re
from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup

from recommender.cli.app import application
from recommender.cli.app import main as recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "check_invocations",
    "check_sections",
    "code_lines",
    "command_options",
    "help_text",
    "with_help",
]

_SECTION: Final = re.compile(
    r"^## recommender ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
_HELP: Final = re.compile(r"^```text\n(Usage: .*?)^```$", re.MULTILINE | re.DOTALL)
_FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_INVOCATION: Final = re.compile(
    r"(?:^|[|&;]\s*|\$ )(?:\.venv/bin/)?recommender ([a-z][^\s|]*)([^|]*)"
)
_OPTION: Final = re.compile(r"(?<=\s)--?[a-zA-Z][a-z-]*")


def command_options() -> dict[str, frozenset[str]]:
    """The options of every command, short and long, by the command's name.

    A command of a group has the group's name in front: ``inventory snapshot``.
    """
    group = typer.main.get_command(application())
    if not isinstance(group, TyperGroup):
        msg = "the application has to be a group of commands"
        raise TypeError(msg)
    return dict(_options(group))


def _options(group: TyperGroup, before: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _options(command, f"{before}{name} ")
            continue
        named = ((*parameter.opts, *parameter.secondary_opts) for parameter in command.params)
        yield before + name, frozenset({"-h", "--help"}.union(*named))


def help_text(command: str) -> str:
    """The help of one command as a terminal of 80 columns shows it."""
    os.environ["COLUMNS"] = "80"
    with contextlib.redirect_stdout(io.StringIO()) as written:
        recommender([*command.split(), "--help"])
    return written.getvalue().strip("\n") + "\n"


def with_help(page: str, helps: Mapping[str, str]) -> str:
    """The page of commands with the help of every section brought up to date."""

    def refreshed(section: re.Match[str]) -> str:
        if section[1] not in helps:
            return section[0]
        block = f"```text\n{helps[section[1]]}```"
        return _HELP.sub(lambda _: block, section[0], count=1)

    return _SECTION.sub(refreshed, page)


def check_sections(page: str, helps: Mapping[str, str]) -> Iterator[str]:
    """Every command has a section with prose and its current help, and every section a command."""
    sections = {match[1]: match[2] for match in _SECTION.finditer(page)}
    for name in sorted(helps.keys() - sections.keys()):
        yield f"no section '## recommender {name}'"
    for name in sorted(sections.keys() - helps.keys()):
        yield f"section '## recommender {name}' is of no command"
    for name in sorted(sections.keys() & helps.keys()):
        shown = _HELP.search(sections[name])
        if shown is None:
            yield f"'{name}' lacks a ```text block that begins with 'Usage: '"
        elif shown[1] != helps[name]:
            yield f"the help of '{name}' is out of date: run `make docs`"
        if not _FENCE.sub("", sections[name]).strip():
            yield f"'{name}' has its help and no word about it"


def code_lines(text: str) -> Iterator[str]:
    """The lines of the fenced and indented code of a page, continued lines joined."""
    fenced = False
    held = ""
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            code = held + line.strip()
            held = code[:-1] if code.endswith("\\") else ""
            if not held:
                yield code


def check_invocations(text: str, options: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Every command line that a page shows names a real command and real options of it."""
    for line in code_lines(text):
        for first, rest in _INVOCATION.findall(line.partition(" #")[0]):
            second, _, after = rest.strip().partition(" ")
            nested = f"{first} {second}" in options
            command, arguments = (f"{first} {second}", f" {after}") if nested else (first, rest)
            if command not in options:
                yield f"shows `recommender {command}`, which is no command"
                continue
            for option in _OPTION.findall(arguments):
                if option not in options[command]:
                    yield f"shows `recommender {command} {option}`, which is no option of it"
