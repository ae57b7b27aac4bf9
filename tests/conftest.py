"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the working tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real captures and experts' policies beside the repository.

    It is no part of the project, so a test that reads it is skipped where it is absent.
    """
    if not SHARED.is_dir():
        pytest.skip("needs the shared samples beside the repository (../shared)")
    return SHARED
