"""Plain tables of edges and workloads from CSV files."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.model.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def read_table(table: pd.DataFrame | str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file with a header; every cell stays text. A frame stays as it is.

    Args:
        table: A frame, or a file; compressed ones are told by their suffix.

    Raises:
        InputError: The file is not there, is empty, or is no CSV.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    where = os.fspath(table)
    try:
        # A row with more cells than the header is a mistake, not a table with an index.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                table,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                skip_blank_lines=False,
                index_col=False,
            )
    except FileNotFoundError as error:
        raise InputError("no such file", where=where) from error
    except pd.errors.EmptyDataError as error:
        raise InputError(
            "the file is empty", where=where, hint="the first line names the columns"
        ) from error
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        text = str(error).strip().splitlines()
        raise InputError(
            f"cannot be read as CSV: {text[0] if text else error}", where=where
        ) from error
    frame = frame.fillna("")
    frame.columns = [str(name).strip() for name in frame.columns]
    # Empty lines are passed over, but the others keep their numbers for errors.
    frame = frame[(frame != "").any(axis=1)]
    frame.attrs["file"] = where
    return frame


def read_names(path: str | os.PathLike[str]) -> dict[str, str]:
    """The segment of each workload in the JSON of an earlier run.

    Raises:
        InputError: The file is not there or is no such document.
    """
    where = os.fspath(path)
    hint = "give what 'recommender segments -o json' wrote"
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        return {
            str(member): str(segment["name"])
            for segment in document["segments"]
            for member in segment["members"]
        }
    except FileNotFoundError as error:
        raise InputError("no such file", where=where) from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError("is not the JSON of an earlier run", where=where, hint=hint) from error
