"""Edges from logs: the whole way from files to typed edges, with everything learned on it."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from recommender.connections.aggregate import aggregate
from recommender.connections.coverage import coverage_findings, observed_directions, outdated
from recommender.connections.holders import Holders, hold
from recommender.connections.identify import Ends, identify
from recommender.connections.ingest import ingest
from recommender.connections.numbering import number_texts
from recommender.connections.orient import ReplyFlag, orient
from recommender.connections.places import Named, Places
from recommender.connections.presence import Presence, presence
from recommender.connections.store import Store
from recommender.connections.traits import traits
from recommender.connections.translation import hidden_finding, still_observed, translation
from recommender.connections.typed import typed_edges
from recommender.inventory.derived import derive_inventory
from recommender.model.accounting import Accounting, FileAccount
from recommender.model.edges import Verdict
from recommender.model.errors import InputError
from recommender.sources.discovery import find_inputs
from recommender.sources.formats import require_known
from recommender.sources.options import AS_FOUND, Snat
from recommender.sources.reader import reading

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from recommender.connections.ingested import Ingested
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import Direction
    from recommender.sources.endpoint import Endpoint
    from recommender.sources.options import ReadOptions

#: Distinct public addresses that may reach one port of a workload before the rule says "world".
WORLD_THRESHOLD: Final = 16


@dataclass(frozen=True, slots=True)
class Connections:
    """Everything that logs told.

    Attributes:
        edges: All edges of whatever verdict, sorted by key.
        inventory: The cluster as the flows show it.
        observed: The directions in which each workload's traffic would have been logged.
        accounting: What became of every record.
        findings: Coverage: losses, gaps, nodes without logs, files passed over.
        clusters: Clusters whose nodes reported, sorted; empty where the log names none.
        first_seen: Time of the first record that makes an edge; None where there is none.
        last_seen: Time of the last one.
        reply_flag_trusted: Whether the log's reply flag was believed.
        presence: When the log as a whole reported, then each node.
    """

    edges: tuple[Edge, ...]
    inventory: Inventory
    observed: Mapping[Entity, frozenset[Direction]]
    accounting: Accounting
    findings: tuple[Finding, ...] = ()
    clusters: tuple[str, ...] = ()
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    reply_flag_trusted: bool = True
    presence: tuple[Presence, ...] = ()

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """Time of the first and the last record that made an edge, None where none has one."""
        if self.first_seen is None or self.last_seen is None:
            return None
        return self.first_seen, self.last_seen


def connect(  # noqa: PLR0913 - a caller chooses what the commands' options choose
    paths: Iterable[str | os.PathLike[str]],
    *,
    inventory: Inventory | None = None,
    options: ReadOptions = AS_FOUND,
    reply_flag: ReplyFlag = ReplyFlag.AUTO,
    world_threshold: int = WORLD_THRESHOLD,
    progress: Callable[[str, int], None] | None = None,
) -> Connections:
    """Read logs and make edges of them.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known; names pods and Services that the log does not.
        options: What the user said about the logs.
        reply_flag: Whether to believe the log's reply flag.
        world_threshold: Distinct public addresses that may reach one port of a workload before
            they are drawn together to everywhere.
        progress: Called after each block with the file's name and its bytes.

    Raises:
        InputError: An input cannot be used.
        InternalError: The accounting does not add up.
    """
    require_known(options)
    files = find_inputs(paths)
    with engine_errors(), Store() as store, reading(files, options) as parts:
        holders = hold(store.connection, inventory)
        ingested = ingest(store, parts, drawer=holders.drawer, progress=progress)
        gathering = Gathering(inventory, holders, reply_flag, world_threshold, options.snat)
        return gather(store.connection, ingested, gathering)


@dataclass(frozen=True, slots=True)
class Gathering:
    """How edges are made of what is in the store.

    Attributes:
        inventory: The cluster as known.
        holders: Who held which address when, as the store has it.
        reply_flag: Whether to believe the log's reply flag.
        world_threshold: As for :func:`connect`.
        snat: Whether nodes stand for their pods towards the internet.
    """

    inventory: Inventory | None
    holders: Holders
    reply_flag: ReplyFlag = ReplyFlag.AUTO
    world_threshold: int = WORLD_THRESHOLD
    snat: Snat = Snat.AUTO


def gather(
    connection: duckdb.DuckDBPyConnection,
    ingested: Ingested,
    how: Gathering,
    *,
    whole: bool = True,
) -> Connections:
    """Make edges of the records in the store.

    Args:
        connection: The store.
        ingested: What reading told.
        how: How edges are made.
        whole: Whether all records are in it; of a part, the accounting stays empty.

    Raises:
        InternalError: The accounting does not add up.
    """
    log = traits(connection)
    ends = identify(connection, how.inventory, how.holders, clouded=log.clouded)
    number_texts(connection)
    trusted = orient(connection, how.reply_flag, log, ends)
    reported = presence(connection)
    outward = translation(connection, how.snat, clouded=log.clouded)
    rows, fates = aggregate(connection, log, world_threshold=how.world_threshold)
    accounting = _account(ingested, fates) if whole else Accounting()
    accounting.check()
    places = Places(_names(connection, ends), how.inventory)
    edges = typed_edges(rows, ends, ingested, places)
    derived = derive_inventory(_sightings(ends), ends.resolution.inferred)
    accepted = [edge for edge in edges if edge.first_seen.year > _EPOCH_YEAR]
    return Connections(
        edges=edges,
        inventory=derived,
        observed=still_observed(
            observed_directions(ends.described, ends.resolution, edges), ends, outward
        ),
        accounting=accounting,
        findings=(
            *hidden_finding(outward),
            *ingested.pings.finding(accounting, how.inventory),
            *coverage_findings(ingested, ends, edges, accounting, cluster_known=how.holders.knows),
            *outdated(how.inventory, reported, accounting),
        ),
        clusters=ends.resolution.clusters,
        first_seen=min((edge.first_seen for edge in accepted), default=None),
        last_seen=max((edge.last_seen for edge in accepted), default=None),
        reply_flag_trusted=trusted,
        presence=reported,
    )


_EPOCH_YEAR: Final = 1970


@contextmanager
def engine_errors() -> Iterator[None]:
    """Say in a user's words that the engine's memory or the disk it spills to ran out."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        message = f"the log does not fit: {str(error).splitlines()[0]}"
        hint = "make room in the folder for temporary files (TMPDIR), or read fewer files at a time"
        raise InputError(message, hint=hint) from error


def _sightings(ends: Ends) -> list[tuple[Endpoint, Entity, str]]:
    return [
        (described, end.entity, described.pod)
        for described, end in zip(ends.described, ends.resolution.ends, strict=True)
        if end.entity is not None and end.entity.is_workload
    ]


def _names(connection: duckdb.DuckDBPyConnection, ends: Ends) -> list[Named]:
    """Who knows which address by which DNS name: by DNS answers, or by FQDN identities."""
    client = dict(zip(ends.ids, (end.entity for end in ends.resolution.ends), strict=True))
    told = connection.execute("SELECT DISTINCT endpoint, ip, name FROM dns_name").fetchall()
    names = [Named(client.get(number), ip, name) for number, ip, name in told]
    named = {
        number: described.names
        for number, described in zip(ends.ids, ends.described, strict=True)
        if described.names
    }
    if named:
        query = """
            WITH named AS (SELECT unnest($ends) AS id)
            SELECT src, src_ip FROM flow_group WHERE src IN (FROM named)
            UNION SELECT dst, dst_ip FROM flow_group WHERE dst IN (FROM named)
        """
        for number, ip in connection.execute(query, {"ends": list(named)}).fetchall():
            names.extend(Named(None, ip, name) for name in named[number])
    return names


def _account(ingested: Ingested, fates: Sequence[tuple[int, str, int]]) -> Accounting:
    accepted: Counter[int] = Counter()
    aside = [Counter(tally.set_aside) for tally in ingested.files]
    for block, fate, records in fates:
        number = ingested.blocks[block].file
        if fate == Verdict.ACCEPTED.value:
            accepted[number] += int(records)
        else:
            aside[number][fate] += int(records)
    accounts = [
        FileAccount(
            file=tally.file,
            format=tally.format,
            records=tally.records,
            accepted=accepted[number],
            set_aside=dict(sorted(aside[number].items())),
            malformed=dict(sorted(tally.malformed.items())),
            bytes=tally.bytes,
            complete=not tally.problem,
            problem=tally.problem,
        )
        for number, tally in enumerate(ingested.files)
    ]
    return Accounting(tuple(sorted(accounts, key=lambda a: a.file)), tuple(ingested.quarantined))
