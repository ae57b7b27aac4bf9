"""Writing a simulation: the log, compressed, split and rotated, the inventory and the truth."""

from __future__ import annotations

import csv
import gzip
import io
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final, Self, cast

import orjson

from recommender.model.errors import OutputError, UsageError
from recommender.model.text import csv_cell, file_stem
from recommender.simulation.aggregation import aggregated
from recommender.simulation.dumping import dump
from recommender.simulation.framing import frame_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from recommender.simulation.framing import Frame
    from recommender.simulation.simulation import Simulation

#: How files of the log can be compressed, and the ending of each.
COMPRESSIONS: Final = {"none": "", "gzip": ".gz", "zstd": ".zst"}

_REPORT_EVERY: Final = 5_000
_BUFFER: Final = 1 << 20
_COLUMNS: Final = (
    "client",
    "server",
    "protocol",
    "port",
    "verdict",
    "outcome",
    "intent",
    "connections",
    "clients",
    "firstSeen",
    "lastSeen",
    "days",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a simulation is laid out on disk.

    Attributes:
        compression: ``none``, ``gzip`` or ``zstd``, for files of the log.
        per_node: One folder a node, as the exporters of a cluster leave them.
        rotate_bytes: Start a new file when the log of a node has grown to so many bytes; 0 for
            never. The files before the current one carry the moment at which they were closed.
        force: Replace files that are there already.
    """

    compression: str = "gzip"
    per_node: bool = False
    rotate_bytes: int = 0
    force: bool = False

    def __post_init__(self) -> None:
        if self.compression not in COMPRESSIONS:
            hint = f"one of {', '.join(COMPRESSIONS)}"
            raise UsageError(f"unknown compression {self.compression!r}", hint=hint)


@dataclass(slots=True)
class Written:
    """What was written.

    Attributes:
        files: The files, in the order in which they were finished.
        logs: Those of them that hold the log.
        lines: Lines of the log.
        bytes: Bytes of the log before compression.
    """

    files: list[Path] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    lines: int = 0
    bytes: int = 0


def write(
    simulation: Simulation,
    directory: Path,
    layout: Layout | None = None,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Write the log, the inventory, the truth and the application.

    Args:
        simulation: What to write.
        directory: Where; made when it is not there.
        layout: Compression, splitting and rotation.
        progress: Called now and then with the number of lines made so far.

    Returns:
        What was written.

    Raises:
        OutputError: A file is there already, or cannot be written.
    """
    layout = layout or Layout()
    written = Written()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_log(simulation, directory, layout, written, progress)
        _write_rest(simulation, directory, layout, written)
    except OSError as error:
        where = str(error.filename or directory)
        raise OutputError(f"cannot be written: {error.strerror}", where=where) from error
    return written


def _write_log(
    simulation: Simulation,
    directory: Path,
    layout: Layout,
    written: Written,
    progress: Callable[[int], None] | None,
) -> None:
    lines = simulation.lines()
    if simulation.settings.aggregate and simulation.settings.log == "hubble":
        lines = aggregated(lines, simulation.settings.aggregate)
    frame = frame_of(simulation.settings)
    with ExitStack() as stack:
        if layout.per_node:
            names = [
                directory / file_stem(node.cluster) / file_stem(node.name) / "events.log"
                for node in simulation.nodes
            ]
        else:
            names = [directory / frame.name]
        logs = [stack.enter_context(_Log(name, layout, written, frame)) for name in names]
        for node, line in lines:
            logs[node if layout.per_node else 0].add(line)
            written.lines += 1
            written.bytes += len(line)
            if progress is not None and written.lines % _REPORT_EVERY == 0:
                progress(written.lines)


def _write_rest(
    simulation: Simulation,
    directory: Path,
    layout: Layout,
    written: Written,
) -> None:
    clusters = sorted({node.cluster for node in simulation.nodes})
    for cluster in clusters:
        name = "inventory.json" if len(clusters) == 1 else f"inventory-{file_stem(cluster)}.json"
        listed = simulation.inventory(cluster=cluster)
        _whole(directory / name, _json(listed), layout, written)
    document = simulation.truth_document()
    _whole(directory / "truth.json", _json(document), layout, written)
    _whole(directory / "truth.csv", _csv(document["edges"]).encode(), layout, written)
    text = dump(simulation.application)
    name = f"{file_stem(simulation.application.name)}.yaml"
    _whole(directory / name, text.encode("utf-8", "surrogatepass"), layout, written)


def _json(document: object) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _csv(edges: Iterable[dict[str, object]]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for edge in edges:
        days = " ".join(map(str, cast("list[int]", edge["days"])))
        rows.writerow([csv_cell(edge[name]) for name in _COLUMNS[:-1]] + [days])
    return out.getvalue()


def _whole(path: Path, content: bytes, layout: Layout, written: Written) -> None:
    with _replacing(path, force=layout.force) as stream:
        stream.write(content)
    written.files.append(path)


@contextmanager
def _replacing(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """A new file that takes its name only when it is complete and on disk."""
    if path.exists() and not force:
        raise OutputError("is there already", where=str(path), hint="use --force to replace it")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb", buffering=_BUFFER) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Log:
    """The log of the cluster or of one node, in one file after the other."""

    def __init__(self, path: Path, layout: Layout, written: Written, frame: Frame) -> None:
        self._path = path
        self._layout = layout
        self._written = written
        self._frame = frame
        self._ending = COMPRESSIONS[layout.compression]
        self._size = 0
        self._number = 0
        self._stack = ExitStack()
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *failure: object) -> None:
        if failure[0] is None:
            self._close(last=True)
        else:
            self._stack.__exit__(*failure)  # type: ignore[arg-type]

    def add(self, line: bytes) -> None:
        """Append a line."""
        limit = self._layout.rotate_bytes
        if limit and self._size and self._size + len(line) > limit:
            self._close(last=False)
            self._open()
        stream = cast("IO[bytes]", self._stream)
        stream.write(self._frame.piece(line, first=not self._size))
        self._size += len(line)

    def _open(self) -> None:
        self._stack = ExitStack()
        self._size = 0
        name = self._path.name + self._ending
        target = self._path.with_name(f"{name}.open" if self._layout.rotate_bytes else name)
        plain = self._stack.enter_context(_replacing(target, force=self._layout.force))
        self._target = target
        self._stream = self._stack.enter_context(_compressor(plain, self._layout.compression))

    def _close(self, *, last: bool) -> None:
        if self._stream is not None:
            self._stream.write(self._frame.closing if self._size else self._frame.empty)
        self._stack.close()
        path = self._target
        if self._layout.rotate_bytes:
            # The current file of an exporter keeps the plain name, older ones are numbered.
            stem, dot, suffix = self._path.name.partition(".")
            numbered = f"{stem}-{self._number:04d}{dot}{suffix}{self._ending}"
            final = self._path.name + self._ending if last else numbered
            path = self._target.with_name(final)
            if path.exists() and not self._layout.force:
                raise OutputError(
                    "is there already",
                    where=str(path),
                    hint="use --force to replace it",
                )
            self._target.replace(path)
            self._number += 1
        self._written.files.append(path)
        self._written.logs.append(path)


@contextmanager
def _compressor(plain: IO[bytes], compression: str) -> Iterator[IO[bytes]]:
    if compression == "gzip":
        # No name and no time in the header: the same lines make the same bytes.
        with gzip.GzipFile("", "wb", 6, plain, mtime=0) as stream:
            yield cast("IO[bytes]", stream)
    elif compression == "zstd":
        import zstandard

        with zstandard.ZstdCompressor(level=3).stream_writer(plain, closefd=False) as writer:
            yield cast("IO[bytes]", writer)
    else:
        yield plain
