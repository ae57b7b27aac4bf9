"""Exposure: what is open to peers that do not exist yet.

A peer that does not exist is known only by the selectors of a rule that would match it. Another
rule is taken to match it too where all that the rule requires is required of the peer already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.evaluation.compiling import DIRECTIONS, Match, PodsOf, stage
from recommender.evaluation.folding import Verdictor
from recommender.evaluation.naming import names_workload
from recommender.evaluation.points import pods_of
from recommender.evaluation.ranges import AddressRange
from recommender.evaluation.wording import end_text, ports_text
from recommender.model.labels import NAMESPACE_NAME, LabelSelector, Operator, Requirement
from recommender.model.policies import Direction, Every
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from recommender.evaluation.engine import Engine
    from recommender.evaluation.reach import Reach, ReachRow
    from recommender.model.entities import Entity
    from recommender.model.ports import PortSet

#: The end that stands for any pod of the cluster.
ENTIRE_CLUSTER: Final = "entire-cluster"

#: Longest text of a peer that does not exist yet; selectors can be long.
_MAX_PEER: Final = 2000

#: One requirement in a form that compares: key, operator, values.
Need = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Stranger:
    """A peer that does not exist yet, known by what a rule requires of it.

    Attributes:
        namespace: What is required of its namespace.
        pod: What is required of the pod.
    """

    namespace: frozenset[Need] = frozenset()
    pod: frozenset[Need] = frozenset()

    def __str__(self) -> str:
        """The form of netpol-analyzer: ``[namespace with {a=b}]/[pod with {c=d}]``."""
        if not self.namespace and not self.pod:
            return ENTIRE_CLUSTER
        pods = f"[pod with {{{_needs(self.pod)}}}]" if self.pod else "[all pods]"
        names = [need for need in self.namespace if need[0] == NAMESPACE_NAME]
        if len(self.namespace) == 1 and names and names[0][1] == Operator.IN.value:
            return f"{names[0][2][0]}/{pods}"
        if not self.namespace:
            return f"[all namespaces]/{pods}"
        return f"[namespace with {{{_needs(self.namespace)}}}]/{pods}"


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """What a workload has open to a peer that does not exist yet, or to outside addresses."""

    workload: Entity
    direction: Direction
    peer: str
    ports: PortSet


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is open to peers that do not exist yet.

    Attributes:
        rows: Sorted by direction, workload and peer.
        unprotected: Workloads that no policy speaks of in a direction.
    """

    rows: tuple[ExposureRow, ...]
    unprotected: tuple[tuple[Entity, Direction], ...]

    def lines(self, focus: str | None = None) -> list[str]:
        """The text form of netpol-analyzer."""
        found = ["Exposure Analysis Result:"]
        for direction, arrow in ((Direction.EGRESS, "=>"), (Direction.INGRESS, "<=")):
            rows = [r for r in self.rows if r.direction is direction and _in(r.workload, focus)]
            if rows:
                found.append(f"{direction.value} Exposure:")
                width = max(len(end_text(row.workload)) for row in rows)
                found += sorted(
                    f"{end_text(r.workload):<{width}} \t{arrow} \t{r.peer} : {ports_text(r.ports)}"
                    for r in rows
                )
                found.append("")
        free = [(end, side) for end, side in self.unprotected if _in(end, focus)]
        if free:
            found.append("Workloads not protected by network policies:")
            found += sorted(f"{end_text(e)} is not protected on {d.value}" for e, d in free)
        return found

    def document(self, focus: str | None = None) -> dict[str, list[dict[str, str]]]:
        """The JSON form of netpol-analyzer."""
        found: dict[str, list[dict[str, str]]] = {"egress_exposure": [], "ingress_exposure": []}
        for row in self.rows:
            if not _in(row.workload, focus):
                continue
            own, ports = end_text(row.workload), ports_text(row.ports)
            if row.direction is Direction.EGRESS:
                found["egress_exposure"].append({"src": own, "dst": row.peer, "conn": ports})
            else:
                found["ingress_exposure"].append({"src": row.peer, "dst": own, "conn": ports})
        return found

    def frame(self) -> pd.DataFrame:
        """One row an opening: workload, direction, peer, ports."""
        import pandas as pd

        return pd.DataFrame(
            [
                (end_text(r.workload), r.direction.value, r.peer, ports_text(r.ports))
                for r in self.rows
            ],
            columns=["workload", "direction", "peer", "ports"],
        )


def exposure(reached: Reach) -> Exposure:
    """What is open to peers that do not exist yet, in the first settled world.

    Args:
        reached: What is allowed between the ends that exist.
    """
    engine = reached.engines[0]
    strangers = sorted(_strangers(engine), key=str)
    rows: list[ExposureRow] = []
    free: list[tuple[Entity, Direction]] = []
    known: dict[tuple[Direction, int], list[tuple[str, PortSet]]] = {}
    for workload in reached.workloads:
        pods = pods_of(engine.inventory.workloads[workload])
        points = [point for pod in pods for _, point in engine.points.of_pod(pod)]
        subject = int(engine.classes[points[0]])
        for direction in DIRECTIONS:
            if not engine.policies_of(direction, subject):
                free.append((workload, direction))
            group = int(engine.group_of[direction][subject])
            if (direction, group) not in known:
                known[direction, group] = list(_openings(engine, direction, subject, strangers))
            rows += [
                ExposureRow(workload, direction, peer, ports)
                for peer, ports in known[direction, group]
            ]
    # Outside addresses do exist; they are repeated beside what is open to strangers, as the
    # analyzer does, for workloads that have anything open to these.
    opened = {row.workload for row in rows}
    for each in reached.outside_rows():
        rows += [row for row in _outside(each) if row.workload in opened]
    ordered = sorted(rows, key=lambda r: (r.direction.value, r.workload, r.peer))
    return Exposure(tuple(ordered), tuple(sorted(free)))


def _outside(row: ReachRow) -> Iterator[ExposureRow]:
    if isinstance(row.destination, AddressRange) and not isinstance(row.source, AddressRange):
        yield ExposureRow(row.source, Direction.EGRESS, end_text(row.destination), row.ports)
    if isinstance(row.source, AddressRange) and not isinstance(row.destination, AddressRange):
        yield ExposureRow(row.destination, Direction.INGRESS, end_text(row.source), row.ports)


def _openings(
    engine: Engine,
    direction: Direction,
    subject: int,
    strangers: list[Stranger],
) -> Iterator[tuple[str, PortSet]]:
    """What one group has open to each stranger, where it is more or less than to any pod."""
    table = engine.axes.table
    anyone = _mask(engine, direction, subject, Stranger())
    if anyone:
        yield ENTIRE_CLUSTER, table.ports(table.id(anyone))
    for stranger in strangers:
        mask = _mask(engine, direction, subject, stranger)
        if mask and mask != anyone:
            yield clean(stranger, limit=_MAX_PEER), table.ports(table.id(mask))


def _mask(engine: Engine, direction: Direction, subject: int, stranger: Stranger) -> int:
    verdictor = Verdictor(engine.axes.ports.full)
    matching = []
    nobody = int(engine.classes[engine.points.nobody])
    index = 0
    for number in engine.policies_of(direction, subject):
        when = stage(engine.compiled.policies[number])
        verdictor.ask(when)
        for entry in engine.compiled.entries[direction][number]:
            mask = engine.mask(entry, direction, subject, nobody)
            verdictor.add(when, entry.action, mask, engine.is_pod)
            if any(_covers(match, stranger) for match in entry.peers):
                matching.append(index)
            index += 1
    return verdictor.verdict(matching)


def _covers(match: Match, stranger: Stranger) -> bool:
    """Whether a peer surely matches a stranger: it requires nothing that is not known of it."""
    if isinstance(match, Every):
        return True
    if not isinstance(match, PodsOf):
        return False
    needed = _stranger(match)
    return needed.namespace <= stranger.namespace and needed.pod <= stranger.pod


def _strangers(engine: Engine) -> set[Stranger]:
    """The peers of all rules, but those that a pod of the cluster matches by its labels.

    Kept all the same are peers that mean every pod of a namespace, and peers with expressions:
    there will be others like them.
    """
    found: set[Stranger] = set()
    for entry in engine.compiled.all_entries():
        for match in entry.peers:
            if not isinstance(match, PodsOf):
                continue
            stranger = _stranger(match)
            simple = stranger.pod and not (
                _expressions(match.namespaces) or match.pods.match_expressions
            )
            if not (simple and bool((engine.vector(match) & engine.is_pod).any())):
                found.add(stranger)
    found.discard(Stranger())
    return found


def _expressions(selector: LabelSelector | str) -> bool:
    return isinstance(selector, LabelSelector) and bool(selector.match_expressions)


def _stranger(match: PodsOf) -> Stranger:
    namespaces = match.namespaces
    if isinstance(namespaces, str):
        return Stranger(frozenset({(NAMESPACE_NAME, "In", (namespaces,))}), _wants(match.pods))
    return Stranger(_wants(namespaces), _wants(match.pods))


def _wants(selector: LabelSelector) -> frozenset[Need]:
    equal = {(key, Operator.IN.value, (value,)) for key, value in selector.match_labels}
    return frozenset(equal | {_need(requirement) for requirement in selector.match_expressions})


def _need(requirement: Requirement) -> Need:
    return (requirement.key, requirement.operator.value, requirement.values)  # noqa: PD011


def _needs(needs: frozenset[Need]) -> str:
    """Requirements as netpol-analyzer writes them, plain labels first."""
    plain = sorted(n for n in needs if n[1] == Operator.IN.value and len(n[2]) == 1)
    rest = sorted(needs - frozenset(plain))
    return ",".join(
        [f"{key}={values[0]}" for key, _, values in plain]
        + [
            f"{{Key:{key},Operator:{operator},Values:[{' '.join(values)}],}}"
            for key, operator, values in rest
        ],
    )


def _in(workload: Entity, focus: str | None) -> bool:
    return not focus or names_workload(focus, workload)
