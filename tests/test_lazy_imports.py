"""The command's help and the package's import stay light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import recommender

HEAVY = {
    "duckdb",
    "fsspec",
    "jinja2",
    "kubernetes",
    "networkx",
    "numpy",
    "orjson",
    "pandas",
    "plotly",
    "pyarrow",
    "scipy",
    "sklearn",
    "zstandard",
}

IMPORT = "import recommender"
LIST_NAMES = "import recommender; dir(recommender)"
RUN = "import contextlib, io; from recommender.cli.app import main; main({arguments!r})"


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running some code."""
    report = "import sys; print('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('---'); {report}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.rpartition("---\n")[2].split())


#: What reads logs; everything else is loaded while they are read.
READING = {"duckdb", "fsspec", "orjson", "zstandard"}


@pytest.mark.parametrize(
    "code",
    [
        IMPORT,
        "import recommender.api",
        LIST_NAMES,
        RUN.format(arguments=["--help"]),
        RUN.format(arguments=["--version"]),
        RUN.format(arguments=["no-such-command"]),
    ],
)
def test_loads_no_heavy_library(code: str) -> None:
    loaded = modules_after(code)
    assert "recommender" in loaded
    assert not loaded & HEAVY


def test_reading_starts_without_what_comes_after_it() -> None:
    loaded = modules_after("import recommender.connections.edges")
    assert loaded & HEAVY == READING
    assert "yaml" not in loaded


def test_drafting_a_small_cluster_loads_neither_data_frames_nor_solvers() -> None:
    arguments = ["recommend", "data/flows.jsonl.gz", "-o", "table"]
    loaded = modules_after(RUN.format(arguments=arguments))
    assert "duckdb" in loaded
    assert not loaded & {"networkx", "pandas", "pyarrow", "scipy", "sklearn"}


def test_the_measure_sees_a_heavy_library() -> None:
    assert "numpy" in modules_after("import numpy") & HEAVY


def test_help_of_every_command_loads_no_heavy_library() -> None:
    code = (
        "import typer; from recommender.cli.app import application, main; "
        "[main([name, '--help']) for name in typer.main.get_command(application()).commands]"
    )
    assert not modules_after(code) & HEAVY


@pytest.mark.parametrize("name", sorted(recommender.__all__))
def test_every_public_name_is_there(name: str) -> None:
    assert name in dir(recommender)
    assert getattr(recommender, name) is not None


def test_exports_and_public_names_are_the_same() -> None:
    names = {*recommender._EXPORTS, *recommender._MODULES, "__version__"}
    assert names == set(recommender.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(recommender, "no_such_name")  # noqa: B009 - the type checker knows it is not there
