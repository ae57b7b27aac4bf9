"""Break one rule of the policy semantics at a time: no mutant may survive the evaluator's tests.

    python tools/mutants.py [WORD...]

runs the mutants whose rule holds one of the words, all of them without. Hand-written tests come
first; what only the random clusters catch is said. Exits 1 where a mutant survives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from mutants_list import MUTANTS, Mutant

_ROOT: Final = Path(__file__).resolve().parent.parent
_HAND_WRITTEN: Final = (
    "tests/evaluation/test_corner_cases.py",
    "tests/evaluation/test_corner_cases_tiers.py",
    "tests/evaluation/test_truth_tables.py",
)
_RANDOM: Final = ("tests/evaluation/test_naive_agreement.py",)
_CLUSTERS: Final = "300"


def main(words: list[str]) -> int:
    """Run the mutants and say what became of each."""
    chosen = [each for each in MUTANTS if not words or any(word in each.rule for word in words)]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__")
        for name in ("recommender", "tests"):
            shutil.copytree(_ROOT / name, copy / name, ignore=ignore)
        shutil.copy(_ROOT / "pyproject.toml", copy)
        if not (_passes(copy, _HAND_WRITTEN) and _passes(copy, _RANDOM)):
            print("the tests fail before anything is broken")
            return 1
        for number, mutant in enumerate(chosen, 1):
            fate = _fate(copy, mutant)
            survivors += fate in {"SURVIVES", "STALE"}
            print(f"{number:3}/{len(chosen)}  {fate:9}  {mutant.rule}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants were caught")
    return int(survivors > 0)


def _fate(copy: Path, mutant: Mutant) -> str:
    """``caught`` by hand-written tests, ``random`` only by random clusters, or not at all."""
    path = copy / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        return "STALE"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        if not _passes(copy, _HAND_WRITTEN):
            return "caught"
        return "SURVIVES" if _passes(copy, _RANDOM) else "random"
    finally:
        path.write_text(text, encoding="utf-8")


def _passes(copy: Path, tests: tuple[str, ...]) -> bool:
    # Byte code is told apart by size and second: two mutants can share both.
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RECOMMENDER_AGREEMENT_CLUSTERS": _CLUSTERS,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
