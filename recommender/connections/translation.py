"""Whether nodes stand for their pods towards the internet (SNAT), as far as a cloud's log shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import NOTHING
from recommender.model.findings import Finding, Severity
from recommender.model.policies import Direction
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass
from recommender.sources.options import Snat

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from recommender.connections.identify import Ends
    from recommender.model.entities import Entity

_POD, _NONE, _WORLD = int(EndClass.POD), int(EndClass.NONE), int(EndClass.WORLD)
_NODES: Final = f"({int(EndClass.NODE)}, {int(EndClass.OWN_NODE)}, {_NONE})"
_CLOUD: Final = f"signs & {int(Sign.PLATFORM)} <> 0"

# What nodes and what pods open towards public addresses.
_OUTWARD: Final = f"""
    SELECT coalesce(bool_or(c_class IN {_NODES} AND c.private), false),
        coalesce(bool_or(c_class = {_POD} AND c_reason = ''), false)
    FROM leg JOIN address c ON c.id = c_ip JOIN address v ON v.id = v_ip
    WHERE turn <> 0 AND verdict = 'accepted' AND {_CLOUD}
      AND v_class IN ({_WORLD}, {_NONE}) AND v_ip <> {NOTHING} AND NOT v.private
"""
_OTHERWISE: Final = f"""
    SELECT DISTINCT n FROM (
        SELECT src AS n, signs FROM flow_group UNION ALL SELECT dst, signs FROM flow_group
    ) WHERE NOT {_CLOUD}
"""


@dataclass(frozen=True, slots=True)
class Translation:
    """What a log shows of connections to the internet.

    Attributes:
        hides: The nodes stand for their pods, and nobody can say for which.
        elsewhere: Numbers of ends that another log than a cloud's tells of.
        seen: Nodes open such connections and no pod does.
    """

    hides: bool = False
    elsewhere: frozenset[int] = frozenset()
    seen: bool = False


def translation(
    connection: duckdb.DuckDBPyConnection, said: Snat = Snat.AUTO, *, clouded: bool
) -> Translation:
    """Look for connections to the internet in a store whose records are oriented.

    Args:
        connection: The store.
        said: What the user knows of it, which counts for more than what is seen.
        clouded: Whether any record is of a cloud's log: another log shows pods on their own nodes.
    """
    if not clouded:
        return Translation()
    ((by_nodes, by_pods),) = connection.execute(_OUTWARD).fetchall()
    seen = by_nodes and not by_pods
    hides = seen if said == Snat.AUTO else said == Snat.ON
    if not hides:
        return Translation(seen=seen)
    others = connection.execute(_OTHERWISE).fetchall()
    elsewhere = frozenset(number for (number,) in others)
    return Translation(hides=True, elsewhere=elsewhere, seen=seen)


def still_observed(
    observed: Mapping[Entity, frozenset[Direction]], ends: Ends, found: Translation
) -> Mapping[Entity, frozenset[Direction]]:
    """The directions that are observed although nodes stand for their pods.

    What a pod opens towards the internet may be missing, so that its egress is not observed,
    unless another log shows all that its node does.
    """
    if not found.hides:
        return observed
    sure = {
        end.entity
        for number, end, described in zip(
            ends.ids, ends.resolution.ends, ends.described, strict=True
        )
        if number in found.elsewhere and described.local
    }
    return {
        entity: ways if entity in sure else ways - {Direction.EGRESS}
        for entity, ways in observed.items()
    }


def hidden_finding(found: Translation) -> tuple[Finding, ...]:
    """What a person should know of it."""
    seen = "nodes open connections to the internet and no pod is seen to"
    if found.hides and found.seen:
        message = f"{seen}: they stand for their pods (SNAT), so egress stays open in the drafts"
        hint = (
            "let pods keep their addresses, see addresses-translated, or add Hubble flows; if they "
            "keep them already, say --snat off"
        )
        return (Finding("egress-hidden", Severity.WARNING, "input", message, hint),)
    if found.hides:
        message = "nodes stand for pods (--snat on), so egress stays open in the drafts"
        hint = "add Hubble flows, which show what each pod calls"
        return (Finding("egress-hidden", Severity.WARNING, "input", message, hint),)
    if found.seen:
        message = f"{seen}; egress is drafted all the same, since pods keep theirs (--snat off)"
        hint = "see that it is so before you enforce egress: what pods call may be missing"
        return (Finding("egress-as-said", Severity.NOTE, "input", message, hint),)
    return ()
