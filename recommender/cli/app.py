"""The `recommender` command: its options, its commands, and the boundary of the process.

Command modules live beside this one, each with a function `register(app)`. They import the
library when they run and not before, so that `recommender --help` stays light.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from recommender._version import __version__
from recommender.model.errors import RecommenderError
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DEBUG_VARIABLE", "application", "main", "run"]

#: Set to anything, this environment variable makes every error show where it came from.
DEBUG_VARIABLE: Final = "RECOMMENDER_DEBUG"

_PROGRAM: Final = "recommender"
_EXIT_USAGE: Final = 2
_EXIT_INTERNAL: Final = 4
# 128 + SIGINT and 128 + SIGPIPE: what a shell reports for a program that the signal ended.
_EXIT_INTERRUPTED: Final = 130
_EXIT_BROKEN_PIPE: Final = 141
_MAX_MESSAGE: Final = 1000
# Threads that wait for linear algebra go to sleep at once: the little there is of it would keep
# processors busy with waiting that read logs meanwhile.
_NO_BUSY_WAITING: Final = ("OPENBLAS_THREAD_TIMEOUT", "4")
# Objects that are new before the interpreter looks for cycles among them. Nearly all that a command
# makes lives until it ends, and modules alone make hundreds of thousands.
_NEW_OBJECTS: Final = 1_000_000

#: Every command, in the order in which the help lists them; each has a module of its name.
_COMMANDS: Final = (
    "recommend",
    "report",
    "replay",
    "backtest",
    "reach",
    "diff",
    "explain",
    "validate",
    "inventory",
    "segments",
    "goals",
    "decisions",
    "simulate",
    "simulate-roles",
)


def application(commands: Iterable[str] = _COMMANDS) -> typer.Typer:
    """The program with these commands.

    To run one takes that one alone: to declare the options of all others takes longer than some
    commands run.
    """
    app = typer.Typer(
        name=_PROGRAM,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for name in commands:
        import_module(f"recommender.cli.{name.replace('-', '_')}").register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{_PROGRAM} {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Draft least-privilege Kubernetes NetworkPolicies from observed traffic."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(_EXIT_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command as a process would: results on stdout, one line on stderr for an error.

    Args:
        arguments: What follows the program's name; the process's own where not given.

    Returns:
        The exit code: 0 fine, 1 a gate found something, 2 usage, 3 input unusable, 4 internal
        error, 130 interrupted, 141 where the reader of stdout went away.
    """
    try:
        code = _invoke(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_stdout()
        return _EXIT_BROKEN_PIPE
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        return _EXIT_INTERRUPTED
    except typer.TyperException as error:
        _complain(f"{error.format_message().rstrip('.')} ({_where_help_is(error)})")
        return error.exit_code
    except RecommenderError as error:
        _complain(str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the boundary of the process
        _complain(
            f"internal error: {type(error).__name__}: {error} "
            f"(please report it; {DEBUG_VARIABLE}=1 shows where it came from)"
        )
        return _EXIT_INTERNAL
    return code


def run() -> NoReturn:
    """Be the process: run one command and end, without taking apart what the system frees anyway.

    Everything is written and closed by then; the interpreter's own way out takes a fifth of a
    second with the libraries that a run loads.
    """
    os.environ.setdefault(*_NO_BUSY_WAITING)
    gc.set_threshold(_NEW_OBJECTS)
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def _invoke(arguments: list[str]) -> int:
    """Parse and run; the exit code is what the command returned, raised, or else 0."""
    # Typer's own `main` turns a broken pipe into exit code 1, which here means a failed gate.
    named = arguments[:1]
    app = application(named if named and named[0] in _COMMANDS else _COMMANDS)
    command = typer.main.get_command(app)
    try:
        with command.make_context(_PROGRAM, arguments) as context:
            result = command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return result if isinstance(result, int) else 0


def _complain(message: str) -> None:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exc()
    typer.echo(f"error: {clean(message, limit=_MAX_MESSAGE)}", err=True)


def _where_help_is(error: typer.TyperException) -> str:
    # Only some of typer's errors know the command that they are about.
    path = getattr(getattr(error, "ctx", None), "command_path", _PROGRAM)
    return f"see '{path} --help'"


def _discard_stdout() -> None:
    """Point stdout at nothing, or the interpreter complains when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
