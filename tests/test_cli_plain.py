"""Values that need no check come out as Typer would hand them on, and its errors stay its own."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated, Any

import pytest
import typer

from recommender.cli.plain import hand_on_plain_values


def outcome(arguments: list[str], *, plain: bool) -> dict[str, Any] | str:
    """What a command with an option of every type gets, or the error."""
    got: dict[str, Any] = {}
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

    @app.callback()
    def root(*, loud: bool = False) -> None:
        got["loud"] = loud

    @app.command("work")
    def work(  # noqa: PLR0913 - an option of every type
        names: Annotated[list[str], typer.Argument()],
        *,
        word: str = "auto",
        many: Annotated[list[str] | None, typer.Option()] = None,
        number: Annotated[int, typer.Option(min=1, max=32)] = 16,
        maybe: int | None = None,
        share: float = 0.5,
        flag: bool = False,
        path: Path | None = None,
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        folder: Annotated[Path | None, typer.Option(file_okay=False)] = None,
    ) -> None:
        got.update(locals())

    command = typer.main.get_command(app)
    if plain:
        hand_on_plain_values(command)
    try:
        with command.make_context("program", [*arguments]) as context:
            command.invoke(context)
    except typer.TyperException as error:
        return error.format_message()
    return {name: value for name, value in got.items() if name != "got"}


@pytest.mark.parametrize(
    "given",
    [
        "work a",
        "--loud work a b",
        "work",
        "work a --word x --many 1 --many 2",
        "work a --number 7 --maybe 3 --share 1 --flag",
        "work a --number 33",
        "work a --number many",
        "work a --share much",
        "work a --path nowhere/at/all --there nowhere",
        "work a --path nowhere/at/all",
        "work a --path . --there . --folder .",
        "work a --path pyproject.toml --there pyproject.toml --folder pyproject.toml",
        "work a --path ''",
        "work a --word",
        "work a --no-such-option",
    ],
)
def test_a_value_is_the_one_that_typer_makes(given: str) -> None:
    arguments = given.replace("''", "").split(" ")
    plain, usual = outcome(arguments, plain=True), outcome(arguments, plain=False)
    assert plain == usual
    if isinstance(plain, dict) and isinstance(usual, dict):
        assert {k: type(v) for k, v in plain.items()} == {k: type(v) for k, v in usual.items()}


def test_a_path_that_cannot_be_read_is_still_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    arguments = ["work", "a", "--path", str(tmp_path)]
    assert "not readable" in str(outcome(arguments, plain=True))
    assert outcome(arguments, plain=True) == outcome(arguments, plain=False)
