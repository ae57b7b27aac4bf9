"""What reading tells beside the groups of records in the store: counts, and places of records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recommender.connections.icmp import Pings
from recommender.model.edges import Record
from recommender.sources.layout import UNKNOWN, Layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.accounting import Quarantined

#: Quarantined lines kept with their text; the counts hold all of them.
MAX_QUARANTINED: Final = 1000


@dataclass(slots=True)
class FileTally:
    """Counts of one file while it is read.

    Attributes:
        file: The file as the user named it.
        format: Name of its format.
        records: Records read.
        set_aside: Records set aside while reading, by reason.
        malformed: Records that could not be read, by reason.
        bytes: Unpacked size.
        problem: Why it is not complete; empty where it is.
        layout: How it writes its records.
    """

    file: str
    format: str = ""
    records: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    malformed: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    problem: str = ""
    layout: Layout = UNKNOWN


@dataclass(slots=True)
class BlockTally:
    """One block of a file.

    Attributes:
        file: Number of its file.
        counted: Whether its lines were numbered as in the file before it was read.
        lines: How many lines it has, once it was read.
        before: Lines of the file before those that its lines are numbered from, once all is read.
    """

    file: int
    counted: bool
    lines: int = 0
    before: int = 0


@dataclass(slots=True)
class Ingested:
    """What reading told beside the groups in the store.

    Attributes:
        files: Tallies in the order in which the files were read.
        blocks: Tallies in the order of the block numbers in the store.
        lost: Lost events by (observer, where they were lost).
        pings: ICMP of which nobody knows who asked.
        skipped: Files of folders that are no flow logs, as (name, why).
    """

    files: list[FileTally] = field(default_factory=list)
    blocks: list[BlockTally] = field(default_factory=list)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    pings: Pings = field(default_factory=Pings)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    _malformed: list[tuple[int, Quarantined]] = field(default_factory=list)

    def record(self, block: int, line: int) -> Record:
        """Where a record is that the store knows by its block and its line there."""
        place = self.blocks[block]
        return Record(self.files[place.file].file, place.before + line)

    @property
    def quarantined(self) -> list[Quarantined]:
        """The first malformed lines, in order."""
        placed = (
            replace(item, record=self.record(block, item.record.line))
            for block, item in self._malformed
        )
        return sorted(placed, key=lambda item: item.record)

    def quarantine(self, block: int, items: Iterable[Quarantined]) -> None:
        """Keep malformed lines of a block, unless there are many before them."""
        self._malformed += ((block, item) for item in items)
        # The first by file and line, whichever block came first.
        self._malformed.sort(key=lambda one: (one[1].record.file, one[0], one[1].record.line))
        del self._malformed[MAX_QUARANTINED:]

    def number_lines(self) -> None:
        """Find out what line of its file each block begins with, once all blocks were read."""
        file, lines = -1, 0
        for block in self.blocks:
            if block.file != file:
                file, lines = block.file, 0
            if not block.counted:
                block.before = lines
            lines += block.lines
