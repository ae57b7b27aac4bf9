"""Kubernetes objects out of files, folders and streams: YAML, JSON, Lists and cluster dumps.

Every object keeps the place where it stands. What cannot be read becomes a finding that names
the file, the document and the line; nothing is skipped without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.files import contents, files_under, plain_name
from recommender.inventory.looks import KIND, Look, missing_kinds, require_one_cluster
from recommender.inventory.streams import Parsed, parse_json, parse_yaml
from recommender.model.errors import BombError, InputError, ManifestError
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Before every look that has a time.
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Document:
    """One Kubernetes object and where it stands.

    Attributes:
        kind: Its kind; for an item of a typed list that names none, the list's.
        api_version: Its ``apiVersion``; for such an item the list's.
        body: The object itself.
        file: The file as the user named it, ``-`` for standard input.
        index: Number of the document in its file, from 1.
        line: Line where it begins, from 1; 0 where unknown (JSON).
        item: Number of the item within a List, from 1; 0 for a document that is no List.
        taken: When the cluster was looked at; None where the file does not say.
    """

    kind: str
    api_version: str
    body: dict[str, Any]
    file: str
    index: int
    line: int = 0
    item: int = 0
    taken: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same object in several looks: kind, namespace and name."""
        return _key(self.kind, self.body)

    @property
    def where(self) -> str:
        """The place as one text: ``policies.yaml:12, document 2, item 3``."""
        return _where(self.file, self.index, self.line, self.item)


@dataclass(frozen=True, slots=True)
class Documents:
    """What was read, and what could not be.

    Attributes:
        documents: The objects in the order of files and documents.
        findings: Documents that could not be read (errors) and oddities (warnings).
        looks: What each snapshot among them says of itself.
    """

    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]
    looks: tuple[Look, ...] = ()


@dataclass(slots=True)
class _Read:
    """The same while it is being read."""

    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    _known: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def shared(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """The same object of an earlier look where nothing of it has changed: most are such."""
        key = _key(kind, body)
        known = self._known.get(key)
        if known == body:
            return known
        self._known[key] = body
        return body

    def done(self) -> Documents:
        """What was read, the oldest look first.

        Raises:
            InputError: Snapshots of different clusters are among it.
        """
        require_one_cluster(self.looks)
        documents = sorted(self.documents, key=lambda document: document.taken or _LONG_AGO)
        findings = (*self.findings, *missing_kinds(self.looks))
        return Documents(tuple(documents), findings, tuple(self.looks))


def read_documents(paths: Iterable[str | Path]) -> Documents:
    """Read every Kubernetes object under some paths.

    Args:
        paths: Files, also packed ones and tar archives, folders (read through, sorted by name,
            hidden ones left out) or ``-`` for standard input.

    Returns:
        The objects with their places, those without a time first and then the oldest look
        first, and findings for all that is not one.

    Raises:
        InputError: A path does not exist or cannot be read, there is no object in all, or
            snapshots of different clusters are among it.
        BombError: A document expands to far more than its size (aliases of aliases).
    """
    read = _Read()
    names = [str(path) for path in paths]
    for name in names:
        for file in files_under(name):
            for held, raw in contents(file):
                _read_content(held, raw, read)
    if not read.documents and not read.findings and not read.looks:
        raise InputError(
            "no Kubernetes object found",
            where=", ".join(names),
            hint="name a manifest file, a folder of manifests or a kubectl dump",
        )
    return read.done()


def unpack(document: dict[str, Any], name: str) -> Documents:
    """The objects of one document that was not read from a file."""
    read = _Read()
    _unpack(Parsed(document), name, 1, read)
    return read.done()


def _read_content(file: str, raw: bytes, read: _Read) -> None:
    try:
        parsed = _parse(file, raw)
        for index, entry in enumerate(parsed, start=1):
            _read_entry(file, index, entry, read)
    except BombError:
        raise
    except ManifestError as error:
        read.findings.append(
            Finding(
                "unreadable-document",
                Severity.ERROR,
                file,
                error.message,
                hint=error.hint,
                where=error.where,
            ),
        )


def _read_entry(file: str, index: int, entry: Parsed, read: _Read) -> None:
    if entry.value is not None:
        read.findings.extend(
            Finding(
                "duplicate-key",
                Severity.WARNING,
                file,
                f"the key {key!r} stands twice; the last one counts",
                hint="keep one of the two",
                where=f"{file}:{line}",
            )
            for key, line in entry.duplicates
        )
        _unpack(entry, file, index, read)


def _parse(file: str, raw: bytes) -> list[Parsed]:
    start, is_json = raw.lstrip()[:1], plain_name(file).endswith(".json")
    if start in {b"{", b"["} or (is_json and start):
        try:
            return parse_json(raw, where=file)
        except ManifestError:
            # A flow mapping in YAML also begins with a brace.
            if is_json:
                raise
    return parse_yaml(raw, where=file)


def _unpack(entry: Parsed, file: str, index: int, read: _Read) -> None:
    """One document, the items of one List (Lists of Lists too), or the objects of a snapshot."""
    documents, findings, taken = read.documents, read.findings, None
    if isinstance(entry.value, dict) and entry.value.get("kind") == KIND:
        look = Look.of(entry.value, file)
        read.looks.append(look)
        taken = look.taken
        objects = {"kind": "List", "apiVersion": "v1", "items": entry.value.get("objects")}
        entry = Parsed(objects, entry.line)
    stack: list[tuple[Any, str, str, int, int]] = [(entry.value, "", "", entry.line, 0)]
    if isinstance(entry.value, list):
        if not any(isinstance(value, dict) and value.get("kind") for value in entry.value):
            where = _where(file, index, entry.line, 0)
            findings.append(_no_object(where, "a list without any Kubernetes object"))
            return
        stack = [(value, "", "", entry.line, n) for n, value in enumerate(entry.value, 1)][::-1]
    while stack:
        body, kind, version, line, item = stack.pop()
        where = _where(file, index, line, item)
        if not isinstance(body, dict):
            findings.append(_no_object(where, f"a {type(body).__name__} where an object belongs"))
            continue
        kind = body.get("kind") or kind
        version = body.get("apiVersion") or version
        if not isinstance(kind, str) or not isinstance(version, str) or not kind:
            findings.append(_no_object(where, "no Kubernetes object: it has no kind"))
            continue
        items = body.get("items")
        if not kind.endswith("List") or (items is None and "items" not in body):
            if taken is not None:
                body = read.shared(kind, body)
            documents.append(Document(kind, version, body, file, index, line, item, taken))
            continue
        if items is not None and not isinstance(items, list):
            findings.append(_no_object(where, "items: must be a list"))
            continue
        lines = entry.item_lines if body is entry.value else ()
        inner = kind[: -len("List")]
        children = [
            (child, inner, version, lines[n] if n < len(lines) else line, n + 1)
            for n, child in enumerate(items or ())
        ]
        stack.extend(reversed(children))


def _key(kind: str, body: dict[str, Any]) -> tuple[str, str, str]:
    metadata = body.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    return (kind, str(about.get("namespace")), str(about.get("name")))


def _no_object(where: str, message: str) -> Finding:
    return Finding("not-an-object", Severity.WARNING, where, message, where=where)


def _where(file: str, index: int, line: int, item: int) -> str:
    place = f"{file}:{line}" if line else file
    return f"{place}, document {index}" + (f", item {item}" if item else "")
