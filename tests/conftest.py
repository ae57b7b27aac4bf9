"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A test says what is right, never how fast a shared machine has to be.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that accepts what golden tests produce."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what golden tests produce instead of comparing it",
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))
