"""The forms of the document, and the command that makes them."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from reporting.runs import every_run, shop_run

import recommender as nr
from recommender.cli.app import main
from recommender.cli.report import _OUTPUTS
from recommender.model.errors import InputError, UsageError
from recommender.reporting.document import build, to_json
from recommender.reporting.forms import FORMS, render
from recommender.reporting.reading import read_document

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(to_json(build(every_run())), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_command_and_the_library_make_the_same(
    form: str, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(written), "-o", form]) == 0
    made = capsys.readouterr().out
    assert made == nr.report(written, form) == render(build(every_run()), form)


def test_the_command_offers_every_form() -> None:
    assert set(_OUTPUTS) == set(FORMS)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_form_is_made_where_it_says(form: str) -> None:
    chosen = FORMS[form]
    assert callable(getattr(import_module(chosen.module), chosen.function))
    assert chosen.about


def test_the_document_comes_back_as_it_was_written(written: Path) -> None:
    assert read_document(written) == build(every_run())
    assert nr.report(written, "json") == written.read_text(encoding="utf-8")


def test_a_form_that_is_none_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="html"):
        nr.report(build(shop_run()), "papyrus")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not a JSON document"),
        ("[" * 100_000, "not a JSON document"),
        ("[]", "no schema_version"),
        ('{"schema_version": "2.0"}', "version 2.0"),
        ('{"schema_version": "1.1"}', "not a whole report"),
        (b"\xff\xfe", "not a JSON document"),
    ],
)
def test_what_is_no_report_is_said_in_one_line(
    text: str | bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["report", str(path)]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_document(tmp_path / "none.json")


@pytest.mark.parametrize("part", sorted(build(shop_run())))
def test_a_page_without_any_one_part_is_made_or_refused_kindly(part: str) -> None:
    document = build(shop_run())
    del document[part]
    try:
        assert render(document, "html").startswith("<!doctype html>")
    except InputError as error:
        assert "not a whole report" in str(error)  # noqa: PT017 - either is right


def test_reports_of_version_1_0_are_still_read() -> None:
    document = build(shop_run())
    for part in ("exposure", "review", "window_coverage", "goals", "segments", "blocks"):
        document.pop(part, None)
    for policy in document["policies"]:
        del policy["yaml"]
    document["schema_version"] = "1.0"
    assert json.dumps(document)
    assert "NetworkPolicies" in render(document, "html")
