"""Findings: what a person should know or decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters, the gravest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, with the way to mend it.

    Attributes:
        code: Stable reason, for example ``needs-label``.
        severity: How much it matters.
        subject: What it is about: an entity, edge, policy or file, as its stable text.
        message: One sentence for a person.
        hint: What to do, often a command line; may be empty.
        where: File, line or field, where there is one.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    hint: str = ""
    where: str = ""

    @property
    def order(self) -> tuple[int, str, str, str, str]:
        """Sort key: gravest first, then by code and subject."""
        rank = list(Severity).index(self.severity)
        return (rank, self.code, self.subject, self.message, self.where)
