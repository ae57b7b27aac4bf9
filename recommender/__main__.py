"""`python -m recommender`: the same as the `recommender` command."""

from __future__ import annotations

import sys

from recommender.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
