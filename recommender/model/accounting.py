"""Accounting: every record is accepted, set aside with a reason, or malformed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recommender.model.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.model.edges import Record


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that could not be read, and why."""

    record: Record
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What became of the records of one file.

    Attributes:
        file: The file as the user named it.
        format: Name of the log format.
        records: Records read: non-empty lines, or elements of a JSON array.
        accepted: Records that became part of an edge, of whatever verdict.
        set_aside: Records that were understood but make no edge, by reason.
        malformed: Records that could not be read, by reason.
        bytes: Size of the text after decompression.
        complete: False where the file ended early or was corrupt.
        problem: Why it is not complete.
    """

    file: str
    format: str
    records: int
    accepted: int
    set_aside: Mapping[str, int] = field(default_factory=dict)
    malformed: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    complete: bool = True
    problem: str = ""

    def check(self) -> None:
        """Hold the sum.

        Raises:
            InternalError: The counts do not add up to the records read.
        """
        total = self.accepted + sum(self.set_aside.values()) + sum(self.malformed.values())
        if total != self.records:
            message = f"accounting does not add up: {self.records} records, {total} accounted for"
            raise InternalError(message, where=self.file)


@dataclass(frozen=True, slots=True)
class Accounting:
    """The accounts of all files of a run, and a sample of the quarantined records.

    Attributes:
        files: One account a file, sorted by name.
        quarantined: The first malformed records, in order; the counts hold all of them.
    """

    files: tuple[FileAccount, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()

    @property
    def records(self) -> int:
        """Records read."""
        return sum(file.records for file in self.files)

    @property
    def accepted(self) -> int:
        """Records that became part of an edge."""
        return sum(file.accepted for file in self.files)

    @property
    def set_aside(self) -> dict[str, int]:
        """Records set aside, by reason, in order of the reason."""
        return _total(file.set_aside for file in self.files)

    @property
    def malformed(self) -> dict[str, int]:
        """Records that could not be read, by reason, in order of the reason."""
        return _total(file.malformed for file in self.files)

    @property
    def complete(self) -> bool:
        """Whether every file was read to its end."""
        return all(file.complete for file in self.files)

    def check(self) -> None:
        """Hold the sum for every file; raises ``InternalError`` where one does not add up."""
        for file in self.files:
            file.check()


def _total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))
