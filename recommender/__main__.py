"""`python -m recommender`: the same as the `recommender` command."""

from __future__ import annotations

from recommender.cli.app import run

if __name__ == "__main__":
    run()
