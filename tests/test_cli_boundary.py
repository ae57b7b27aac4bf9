"""The boundary of the process: exit codes, one line for an error, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
import typer

from recommender import __version__
from recommender.cli import app as boundary
from recommender.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[Callable[[], object]], "Outcome"]


class Outcome(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a function as the command `work` of an application, behind the real boundary."""

    def run_as_command(function: Callable[[], object]) -> Outcome:
        application = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        application.callback()(boundary._root)
        application.command("work")(function)
        monkeypatch.setattr(boundary, "application", lambda _: application)
        code = boundary.main(["work"])
        return Outcome(code, *capsys.readouterr())

    return run_as_command


def raising(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def test_version_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert boundary.main(["--version"]) == 0
    assert capsys.readouterr().out == f"recommender {__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_goes_to_stdout(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert boundary.main([flag]) == 0
    assert capsys.readouterr().out.startswith("Usage: recommender ")


def test_no_command_is_a_usage_error_that_shows_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert boundary.main([]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("Usage: recommender ")


@pytest.mark.parametrize("arguments", [["no-such-command"], ["--no-such-option"]])
def test_a_usage_error_is_one_line_that_names_the_help(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert boundary.main(arguments) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("error: ")
    assert written.err.endswith("(see 'recommender --help')\n")
    assert arguments[0] in written.err
    assert written.err.count("\n") == 1


def test_a_usage_error_of_a_command_names_the_help_of_that_command(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(lambda: None).code == 0
    assert boundary.main(["work", "--nope"]) == 2
    assert "(see 'recommender work --help')" in capsys.readouterr().err


def test_an_error_of_the_user_is_one_line_with_its_exit_code(run: Run) -> None:
    outcome = run(raising(InputError("the file is empty", where="a.jsonl", hint="export again")))
    assert outcome == Outcome(3, "", "error: a.jsonl: the file is empty (export again)\n")
    assert run(raising(UsageError("no such format"))).code == 2


def test_hostile_text_in_an_error_cannot_steer_the_terminal(run: Run) -> None:
    outcome = run(raising(InputError("bad name \x1b[2J\nerror: all fine\u202e")))
    assert outcome.err.count("\n") == 1
    assert "\x1b" not in outcome.err
    assert "\u202e" not in outcome.err


def test_an_unforeseen_error_is_one_line_and_exit_code_4(run: Run) -> None:
    outcome = run(raising(ZeroDivisionError("division by zero")))
    assert outcome.code == 4
    assert outcome.err.startswith("error: internal error: ZeroDivisionError: division by zero ")
    assert boundary.DEBUG_VARIABLE in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_debug_variable_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(boundary.DEBUG_VARIABLE, "1")
    outcome = run(raising(ZeroDivisionError("division by zero")))
    assert outcome.code == 4
    assert "Traceback (most recent call last)" in outcome.err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interrupt_is_130(run: Run, error: BaseException) -> None:
    assert run(raising(error)) == Outcome(130, "", "error: interrupted\n")


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1)])
def test_the_exit_code_is_what_the_command_returns(run: Run, result: int | None, code: int) -> None:
    assert run(lambda: result).code == code


def test_the_exit_code_is_what_the_command_asks_for(run: Run) -> None:
    assert run(raising(typer.Exit(1))).code == 1


def test_a_reader_that_goes_away_is_no_error() -> None:
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import sys; sys.stdin.read(); "
                "from recommender.cli.app import main; sys.exit(main(['--help']))"
            ),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writer.stdout is not None
    writer.stdout.close()
    _, err = writer.communicate(b"")
    assert writer.returncode == 141
    assert err == b""


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recommender", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"recommender {__version__}\n"


def test_the_process_ends_with_the_exit_code_and_all_that_was_written() -> None:
    # A command that writes and then finds a gate shut: what it wrote is not flushed by then.
    command = (
        "import sys; from recommender.cli import app; from recommender.model.errors import *"
        "\ndef work(arguments): sys.stdout.write('drafts\\n' * 9); raise InputError('shut')"
        "\napp._invoke = work; app.run()"
    )
    line = [sys.executable, "-c", command]
    # Unbuffered, nothing could be lost.
    known = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(line, check=False, capture_output=True, text=True, env=known)
    assert done.returncode == InputError("shut").exit_code != 0
    assert done.stdout == "drafts\n" * 9
    assert done.stderr == "error: shut\n"


@pytest.mark.parametrize(("said", "kept"), [("", "4"), ("9", "9")])
def test_threads_of_linear_algebra_never_wait_at_work_unless_the_user_says_so(
    said: str, kept: str
) -> None:
    command = (
        "import os; from recommender.cli import app"
        "\napp._invoke = lambda _: print(os.environ['OPENBLAS_THREAD_TIMEOUT']) or 0; app.run()"
    )
    known = {key: value for key, value in os.environ.items() if key != "OPENBLAS_THREAD_TIMEOUT"}
    known |= {"OPENBLAS_THREAD_TIMEOUT": said} if said else {}
    line = [sys.executable, "-c", command]
    done = subprocess.run(line, check=True, capture_output=True, text=True, env=known)
    assert done.stdout == f"{kept}\n"
