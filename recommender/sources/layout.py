"""What a module for a log format offers, and what it found out about one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from recommender.sources.endpoint import EndClass, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recommender.model.findings import Finding
    from recommender.sources.columns import Columns
    from recommender.sources.options import ReadOptions
    from recommender.sources.texts import Text


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file writes its records, told once by its first lines.

    Attributes:
        format: Name of the format.
        form: Which of the format's forms it is, in the words of the format's own module.
        fields: Names of the columns in their order, where a form has them.
        header: Whether the first line is a header.
    """

    format: str
    form: str = ""
    fields: tuple[str, ...] = ()
    header: bool = False


#: The layout of what cannot be told.
UNKNOWN: Final = Layout("")


class Recognise(Protocol):
    """The layout of a file by its first lines, or None where it is of another format."""

    def __call__(self, lines: Sequence[bytes], options: ReadOptions, /) -> Layout | None:
        """Look at the first lines that are not blank."""
        ...


class LinesSQL(Protocol):
    """SQL for the canonical flows of a relation with the columns ``line`` and ``text``.

    A line may give several rows, each a record. A line that is no record, such as a header,
    gives a row whose ``aside`` is :data:`recommender.sources.canonical.NO_RECORD`, or none.
    """

    def __call__(self, layout: Layout, relation: str, /) -> str:
        """The statement."""
        ...


class WholeSQL(Protocol):
    """SQL for the canonical flows of a whole file of sound lines, each of which is one row.

    It is the fast way: where it fails, or gives another number of rows than there are lines, or
    a malformed one, the lines are looked at one by one.
    """

    def __call__(self, layout: Layout, file: str, first_line: int, /) -> str | None:
        """The statement, or None for this layout; lines are numbered from ``first_line`` on."""
        ...


class ReadColumns(Protocol):
    """The records of a block of sound lines column by column, each line one record.

    It is faster still, and for records that mean what their shape says. Where it fails, or gives
    another number of records than there are lines, the block is read in another way.
    """

    def __call__(self, layout: Layout, text: Text, first_line: int, /) -> Iterator[Columns]:
        """The records in pieces; a ``ValueError`` where it fails."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """How a format is read column by column.

    Attributes:
        can_read: Whether it can be, for a layout.
        read: The records of a block.
        flows_sql: SQL for the canonical flows of a relation of ``line`` and some fields.
    """

    can_read: Callable[[Layout], bool]
    read: ReadColumns
    flows_sql: Callable[[str, list[str]], str]


class Unwrap(Protocol):
    """The lines of a file whose content is no lines yet, or None where it is."""

    def __call__(
        self, layout: Layout, name: str, chunks: Iterator[bytes], /
    ) -> Iterator[bytes] | None:
        """Turn the whole content into lines; what is not asked for is not read."""
        ...


class Decode(Protocol):
    """The meaning of what a log wrote of one end."""

    def __call__(self, text: str, /) -> Endpoint:
        """Decode a text of the columns ``src`` and ``dst``."""
        ...


class Remarks(Protocol):
    """What a person should know of the logs of one layout, whatever is in them."""

    def __call__(self, layout: Layout, /, *, cluster_known: bool) -> tuple[Finding, ...]:
        """Findings whose place is left open; ``cluster_known``: whether pods' addresses are."""
        ...


def no_remarks(layout: Layout, /, *, cluster_known: bool) -> tuple[Finding, ...]:
    """Nothing to say."""
    del layout, cluster_known
    return ()


def no_identity(_: str) -> Endpoint:
    """An end that is known by its address alone."""
    return Endpoint(EndClass.NONE)


@dataclass(frozen=True, slots=True)
class LogFormat:
    """What a module for a log format offers.

    Attributes:
        name: Name of the format in accounts and for ``--format``.
        title: What a file of it is called in a sentence, with its article.
        recognise: The layout of a file by its first lines.
        lines_sql: Canonical flows of single lines.
        whole_sql: Canonical flows of a whole file at once; None where there is no faster way.
        columns: How it is read column by column; None where it is not.
        unwrap: Lines of what is no lines; None where a file always is.
        decode: The meaning of an end. Texts other than Hubble's begin with the format's name
            and a colon, which :func:`recommender.sources.formats.decode` takes off.
        platform: Whether a cloud wrote it, which knows addresses and not pods. An end whose text
            is empty is then told by its address and the time.
        remarks: What a person should know of logs of one layout.
    """

    name: str
    title: str
    recognise: Recognise
    lines_sql: LinesSQL
    whole_sql: WholeSQL | None = None
    columns: ColumnReader | None = None
    unwrap: Unwrap | None = None
    decode: Decode = no_identity
    platform: bool = True
    remarks: Remarks = no_remarks

    @property
    def bare(self) -> bool:
        """Whether its logs know addresses alone."""
        return self.decode is no_identity
