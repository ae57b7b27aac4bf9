"""Edges of what is in the store, with everything learned on the way: from records to the model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from recommender.connections.aggregate import aggregate
from recommender.connections.coverage import coverage_findings, observed_directions, outdated
from recommender.connections.identify import Ends, identify
from recommender.connections.numbering import number_texts
from recommender.connections.orient import orient
from recommender.connections.places import Named, Places
from recommender.connections.presence import presence
from recommender.connections.traits import traits
from recommender.connections.translation import hidden_finding, still_observed, translation
from recommender.connections.typed import typed_edges
from recommender.connections.types import Connections
from recommender.inventory.derived import derive_inventory
from recommender.model.accounting import Accounting, FileAccount
from recommender.model.edges import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from recommender.connections.ingested import Ingested
    from recommender.connections.types import Gathering
    from recommender.model.entities import Entity
    from recommender.sources.endpoint import Endpoint

_EPOCH_YEAR: Final = 1970


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
