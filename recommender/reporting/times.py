"""Times as every report writes them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def is_known(moment: datetime) -> bool:
    """Whether a time was in the log; the epoch stands for one that was not."""
    return moment.timestamp() != 0


def rfc3339(moment: datetime) -> str | None:
    """A time in UTC with as many digits as it has, or None where the log had none."""
    if not is_known(moment):
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
