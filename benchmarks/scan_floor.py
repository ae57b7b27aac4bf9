"""The floor: DuckDB reads the columns that the main job reads, and counts them. Nothing else."""

from __future__ import annotations

import sys

import duckdb

from recommender.sources.hubble import columns_sql, leaf_paths


def main() -> None:
    """Count every value of the log named on the command line."""
    counts = ", ".join(f"count({path})" for path in leaf_paths())
    query = f"""
        SELECT count(*), {counts} FROM read_json(?, format = 'newline_delimited',
            maximum_object_size = 8388608, columns = {columns_sql()})
    """
    print(*duckdb.execute(query, [sys.argv[1]]).fetchall())


if __name__ == "__main__":
    main()
