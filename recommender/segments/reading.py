"""Plain tables of edges and workloads from CSV files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from recommender.model.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file with a header; every cell stays text.

    Args:
        path: A file; compressed ones are told by their suffix.

    Raises:
        InputError: The file is not there, is empty, or is no CSV.
    """
    import pandas as pd

    where = os.fspath(path)
    try:
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        )
    except FileNotFoundError as error:
        raise InputError("no such file", where=where) from error
    except pd.errors.EmptyDataError as error:
        raise InputError(
            "the file is empty", where=where, hint="the first line names the columns"
        ) from error
    except (OSError, ValueError, UnicodeError) as error:
        text = str(error).strip().splitlines()
        raise InputError(
            f"cannot be read as CSV: {text[0] if text else error}", where=where
        ) from error
    frame.columns = [str(name).strip() for name in frame.columns]
    frame.attrs["file"] = where
    return frame
