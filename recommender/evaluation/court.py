"""Many edges judged at once: the replay as a join.

Each end of an edge is looked up once and gets a number; edges whose two ends and port no policy
tells apart are one case. Cases of plain ends are judged by indexing the engine's rows, all of
them in a few array operations; the rest one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.connections.marks import OWN_NODE
from recommender.evaluation.ends import ANY_FAMILY, End, end_of, find_workload
from recommender.evaluation.judging import (
    ALLOWED,
    Judgement,
    Outcome,
    judge,
    merge_worlds,
    no_rule,
    undefined,
)
from recommender.evaluation.modes import Choice
from recommender.model.entities import EntityKind
from recommender.model.policies import Direction
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from recommender.evaluation.engine import Engine
    from recommender.evaluation.modes import Modes
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

#: Numbers of the two ends, and the mask of the port atom (0: a protocol without ports).
Case = tuple[int, int, int]


class Court:
    """Judges edges, each distinct case once.

    Args:
        engines: One for each world that the open questions leave possible.
        modes: The answers to the open questions.
    """

    def __init__(self, engines: tuple[Engine, ...], modes: Modes) -> None:
        self._engines = engines
        self._modes = modes
        self._ports = engines[0].axes.ports
        self._by_identity: dict[tuple[int, tuple[str, ...]], int] = {}
        self._by_end: dict[tuple[End, ...], int] = {}
        self._ends: list[tuple[End, ...]] = []

    def judge(self, edges: list[Edge]) -> list[Judgement]:
        """The judgement of each edge, in order."""
        cases = [self._case(edge) for edge in edges]
        known = self._judge_all({case for case in cases if case is not None})
        return [
            self._finish(edge, known[case]) if case is not None else undefined("no-port")
            for edge, case in zip(edges, cases, strict=True)
        ]

    def _case(self, edge: Edge) -> Case | None:
        bit = self._bit(edge.protocol, edge.port)
        if bit is None:
            return None
        addresses = edge.addresses
        return self._number(edge.client, addresses), self._number(edge.server, addresses), bit

    def _bit(self, protocol: str, port: int) -> int | None:
        if protocol not in PROTOCOLS:
            return 0
        return self._ports.bit(protocol, port) if MIN_PORT <= port <= MAX_PORT else None

    def _number(self, entity: Entity, addresses: tuple[str, ...]) -> int:
        """The number of an end, the same for all that no policy distinguishes."""
        seen = () if entity.is_workload else addresses
        # Edges share their entities, and hashing an object's identity is far cheaper.
        key = (id(entity), seen)
        number = self._by_identity.get(key)
        if number is None:
            ends = tuple(end_of(engine, entity, seen) for engine in self._engines)
            number = self._by_end.setdefault(ends, len(self._ends))
            if number == len(self._ends):
                self._ends.append(ends)
            self._by_identity[key] = number
        return number

    def _judge_all(self, cases: set[Case]) -> dict[Case, Judgement]:
        families = [_family(ends) for ends in self._ends]
        fast = [case for case in cases if case[2] and _meet(families[case[0]], families[case[1]])]
        known = self._judge_plain(fast)
        for case in cases - known.keys():
            known[case] = self._judge_one(case)
        return known

    def _judge_one(self, case: Case) -> Judgement:
        client, server, bit = case
        pairs = zip(self._engines, self._ends[client], self._ends[server], strict=True)
        found = [judge(engine, left, right, bit) for engine, left, right in pairs]
        return merge_worlds(self._engines, found)

    def _judge_plain(self, cases: list[Case]) -> dict[Case, Judgement]:
        """Cases of one class each: every world in a few array operations."""
        if not cases:
            return {}
        allowed = np.empty((len(self._engines), len(cases)), dtype=bool)
        denials: list[list[tuple[int, int]]] = []
        for world, engine in enumerate(self._engines):
            egress, ingress, groups = self._sides(engine, world, cases)
            allowed[world] = egress & ingress
            denials.append(
                list(
                    zip(
                        np.where(egress, -1, groups[0]).tolist(),
                        np.where(ingress, -1, groups[1]).tolist(),
                        strict=True,
                    ),
                ),
            )
        known: dict[Case, Judgement] = {}
        texts: dict[tuple[int, int], Judgement | None] = {}
        # How many worlds allow each case.
        worlds = np.count_nonzero(allowed, axis=0).tolist()
        for index, case in enumerate(cases):
            if worlds[index] == len(self._engines):
                known[case] = ALLOWED
            elif worlds[index] == 0:
                groups_of = denials[0][index]
                if groups_of not in texts:
                    texts[groups_of] = no_rule(self._engines[0], *groups_of)
                known[case] = texts[groups_of] or self._judge_one(case)
            else:
                known[case] = self._judge_one(case)
        return known

    def _sides(
        self,
        engine: Engine,
        world: int,
        cases: list[Case],
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Whether each side of each case allows it, and the groups of the subjects."""
        plain = np.array([_class(ends[world]) for ends in self._ends], dtype=np.int32)
        clients = plain[[case[0] for case in cases]]
        servers = plain[[case[1] for case in cases]]
        bits: dict[int, int] = {}
        ports = np.array([bits.setdefault(case[2], len(bits)) for case in cases], dtype=np.int64)
        outcomes = []
        for direction, subjects, peers in (
            (Direction.EGRESS, clients, servers),
            (Direction.INGRESS, servers, clients),
        ):
            numbers = engine.side(direction, subjects, peers)
            codes, inverse = np.unique(numbers * len(bits) + ports, return_inverse=True)
            masks, wanted = engine.axes.table.masks, list(bits)
            hits = [masks[c // len(bits)] & wanted[c % len(bits)] != 0 for c in codes.tolist()]
            outcomes.append(np.array(hits, dtype=bool)[inverse])
        groups = (
            engine.group_of[Direction.EGRESS][clients],
            engine.group_of[Direction.INGRESS][servers],
        )
        return outcomes[0], outcomes[1], groups

    def _finish(self, edge: Edge, judgement: Judgement) -> Judgement:
        """The special cases of a pod with its own node, and of a pod with itself."""
        if judgement.outcome is Outcome.ALLOWED:
            return judgement
        if OWN_NODE in edge.marks:
            if edge.client.kind is EntityKind.NODE:
                # Kubelet probes and other traffic of the pod's own node cannot be blocked.
                return ALLOWED
            if edge.server.kind is EntityKind.NODE:
                return _answer(self._modes.own_node_egress, judgement, "own-node-egress")
        if edge.client.is_workload and edge.client == edge.server:
            workload = find_workload(self._engines[0].inventory, edge.client)
            if workload is not None and len(workload.pods) == 1 and edge.client_pods <= 1:
                return _answer(self._modes.hairpin, judgement, "hairpin")
        return judgement


def _family(ends: tuple[End, ...]) -> int | None:
    """The one address family of an end that is a single class in every world, else None."""
    found = {
        end.instances[0][0][0] if len(end.instances) == 1 and len(end.instances[0]) == 1 else None
        for end in ends
    }
    # In a world where addresses do not matter a pod has no family; that fits any.
    known = found - {ANY_FAMILY}
    if len(known) > 1:
        return None
    return known.pop() if known else ANY_FAMILY


def _meet(left: int | None, right: int | None) -> bool:
    if left is None or right is None:
        return False
    return ANY_FAMILY in {left, right} or left == right


def _class(end: End) -> int:
    return end.instances[0][0][1] if end.instances else 0


def _answer(choice: Choice, judgement: Judgement, reason: str) -> Judgement:
    if choice is Choice.YES:
        return ALLOWED
    return judgement if choice is Choice.NO else undefined(reason)
