"""What stands around the lines of a log in its file: a header, or the brackets of one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.simulation.aws_rows import AwsRows

if TYPE_CHECKING:
    from recommender.simulation.settings import Settings

_OPENING: Final = b'{"records":['
_CLOSING: Final = b"]}"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around lines.

    Attributes:
        name: Name of a file that holds the whole log.
        opening: Before the first line.
        between: Between two lines, in place of the line feed; empty where lines stay lines.
        closing: Behind the last one.
        empty: All that a file without lines holds.
        wrapper: What stands around each line by itself and goes where lines become one document.
    """

    name: str
    opening: bytes = b""
    between: bytes = b""
    closing: bytes = b""
    empty: bytes = b""
    wrapper: tuple[bytes, bytes] = (b"", b"")

    def piece(self, line: bytes, *, first: bool) -> bytes:
        """What a line becomes in the file."""
        if not self.between:
            return self.opening + line if first else line
        head, tail = self.wrapper
        bare = line.rstrip(b"\n").removeprefix(head).removesuffix(tail)
        return (self.opening if first else self.between) + bare


def frame_of(settings: Settings) -> Frame:
    """The frame of a log."""
    log, array = settings.log, settings.envelope == "array"
    if log.startswith("aws"):
        header = b"" if settings.envelope == "bare" else AwsRows.header(log)
        return Frame("flows.log", opening=header, empty=header)
    if array and log.startswith("azure"):
        return Frame(
            "flows.json",
            opening=_OPENING,
            between=b",\n",
            closing=_CLOSING + b"\n",
            empty=_OPENING + _CLOSING + b"\n",
            wrapper=(_OPENING, _CLOSING),
        )
    if array:
        return Frame("flows.json", b"[\n", b",\n", b"\n]\n", b"[]\n")
    return Frame("flows.jsonl")
