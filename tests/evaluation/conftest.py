"""What every test of the evaluator may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from evaluation.judges import JUDGES

if TYPE_CHECKING:
    from evaluation.judges import Judge


@pytest.fixture(params=list(JUDGES), ids=list(JUDGES))
def judge(request: pytest.FixtureRequest) -> Judge:
    """Every evaluator in turn."""
    return JUDGES[request.param]
