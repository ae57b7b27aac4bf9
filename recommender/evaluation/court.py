"""Many edges judged at once: the replay as a join.

Each end of an edge is looked up once and gets a number; edges whose two ends and port no policy
tells apart are one case. Cases of plain ends are judged by indexing the engine's rows, all of
them in a few array operations; the rest one by one.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from recommender.evaluation.engine import Engine
    from recommender.evaluation.modes import Modes
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

#: No such port, in place of the number of a port atom.
_NO_PORT: Final = -1
#: A protocol without ports.
_PORTLESS: Final = 0


class Court:
    """Judges edges, each distinct case once.

    A case is the numbers of two ends and of a port atom, packed into one integer so that a
    million of them are an array.

    Args:
        engines: One for each world that the open questions leave possible.
        modes: The answers to the open questions.
    """

    def __init__(self, engines: tuple[Engine, ...], modes: Modes) -> None:
        self._engines = engines
        self._modes = modes
        self._atoms = engines[0].axes.ports
        self._by_workload: dict[int, int] = {}
        self._by_identity: dict[tuple[int, tuple[str, ...]], int] = {}
        self._by_end: dict[tuple[End, ...], int] = {}
        self._ends: list[tuple[End, ...]] = []
        self._by_port: dict[tuple[str, int], int] = {}
        self._masks: list[int] = [0]
        self._by_mask: dict[int, int] = {0: _PORTLESS}
        self._groups: dict[tuple[int, int], Judgement | None] = {}

    def judge(self, edges: Sequence[Edge]) -> list[Judgement]:
        """The judgement of each edge, in order."""
        numbers = self._look_up(edges)
        clients, servers, ports = (np.array(column, dtype=np.int64) for column in numbers)
        sizes = max(1, len(self._ends)), len(self._masks) + 1
        codes = (clients * sizes[0] + servers) * sizes[1] + ports + 1
        cases, inverse = np.unique(codes, return_inverse=True)
        pairs, atoms = cases // sizes[1], cases % sizes[1] - 1
        known = self._judge_all(pairs // sizes[0], pairs % sizes[0], atoms)
        found = [known[case] for case in inverse.tolist()]
        for index in self._special(edges, numbers[0], numbers[1]):
            found[index] = self._finish(edges[index], found[index])
        return found

    def _look_up(self, edges: Sequence[Edge]) -> tuple[array[int], array[int], array[int]]:
        """The numbers of the two ends and of the port atom of each edge."""
        clients, servers, ports = array("q"), array("q"), array("q")
        workloads, by_port = self._by_workload, self._by_port
        for edge in edges:
            client, server = edge.client, edge.server
            # Edges share their entities, and an object's identity is found far faster.
            number = workloads.get(id(client))
            clients.append(self._number(client, edge.addresses) if number is None else number)
            number = workloads.get(id(server))
            servers.append(self._number(server, edge.addresses) if number is None else number)
            port = by_port.get((edge.protocol, edge.port))
            ports.append(self._port(edge.protocol, edge.port) if port is None else port)
        return clients, servers, ports

    def _number(self, entity: Entity, addresses: tuple[str, ...]) -> int:
        """The number of an end, the same for all that no policy distinguishes."""
        if entity.is_workload:
            return self._by_workload.setdefault(id(entity), self._end(entity, ()))
        key = (id(entity), addresses)
        if key not in self._by_identity:
            self._by_identity[key] = self._end(entity, addresses)
        return self._by_identity[key]

    def _end(self, entity: Entity, addresses: tuple[str, ...]) -> int:
        ends = tuple(end_of(engine, entity, addresses) for engine in self._engines)
        number = self._by_end.setdefault(ends, len(self._ends))
        if number == len(self._ends):
            self._ends.append(ends)
        return number

    def _port(self, protocol: str, port: int) -> int:
        """The number of a port atom."""
        number = _PORTLESS
        if protocol in PROTOCOLS:
            number = _NO_PORT
            if MIN_PORT <= port <= MAX_PORT:
                mask = self._atoms.bit(protocol, port)
                number = self._by_mask.setdefault(mask, len(self._masks))
                if number == len(self._masks):
                    self._masks.append(mask)
        self._by_port[protocol, port] = number
        return number

    def _judge_all(
        self,
        clients: NDArray[np.int64],
        servers: NDArray[np.int64],
        atoms: NDArray[np.int64],
    ) -> list[Judgement]:
        """The judgement of each case: plain ones all at once, the rest one by one."""
        # A family of -1 marks an end that is not a single class in every world.
        families = np.array([_family(ends) for ends in self._ends] or [0], dtype=np.int64)
        left, right = families[clients], families[servers]
        met = (left == ANY_FAMILY) | (right == ANY_FAMILY) | (left == right)
        plain = np.flatnonzero((atoms > _PORTLESS) & (left >= 0) & (right >= 0) & met)
        known: list[Judgement | None] = [None] * len(atoms)
        if len(plain):
            judged = self._judge_plain(clients[plain], servers[plain], atoms[plain])
            for index, judgement in zip(plain.tolist(), judged, strict=True):
                known[index] = judgement
        cases = zip(known, clients.tolist(), servers.tolist(), atoms.tolist(), strict=True)
        return [
            self._judge_one(client, server, atom) if judgement is None else judgement
            for judgement, client, server, atom in cases
        ]

    def _judge_one(self, client: int, server: int, atom: int) -> Judgement:
        if atom == _NO_PORT:
            return undefined("no-port")
        pairs = zip(self._engines, self._ends[client], self._ends[server], strict=True)
        mask = self._masks[atom]
        found = [judge(engine, left, right, mask) for engine, left, right in pairs]
        return merge_worlds(self._engines, found)

    def _judge_plain(
        self,
        clients: NDArray[np.int64],
        servers: NDArray[np.int64],
        atoms: NDArray[np.int64],
    ) -> list[Judgement | None]:
        """Cases of one class each; None for those that need a closer look."""
        allowed = np.empty((len(self._engines), len(atoms)), dtype=bool)
        denials: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        for world, engine in enumerate(self._engines):
            classes = np.array([_class(ends[world]) for ends in self._ends], dtype=np.int32)
            source, target = classes[clients], classes[servers]
            egress = self._side(engine, Direction.EGRESS, (source, target), atoms)
            ingress = self._side(engine, Direction.INGRESS, (target, source), atoms)
            allowed[world] = egress & ingress
            denials.append(
                (
                    np.where(egress, -1, engine.group_of[Direction.EGRESS][source]),
                    np.where(ingress, -1, engine.group_of[Direction.INGRESS][target]),
                ),
            )
        worlds = np.count_nonzero(allowed, axis=0)
        found: list[Judgement | None] = [None] * len(atoms)
        for index in np.flatnonzero(worlds == len(self._engines)).tolist():
            found[index] = ALLOWED
        nowhere = np.flatnonzero(worlds == 0)
        groups = (denials[0][0][nowhere].tolist(), denials[0][1][nowhere].tolist())
        for index, *pair in zip(nowhere.tolist(), *groups, strict=True):
            found[index] = self._no_rule(pair[0], pair[1])
        return found

    def _side(
        self,
        engine: Engine,
        direction: Direction,
        ends: tuple[NDArray[np.int32], NDArray[np.int32]],
        atoms: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Whether one direction allows each case, of its subjects and their peers."""
        numbers = engine.side(direction, *ends).astype(np.int64)
        size = len(self._masks)
        codes, inverse = np.unique(numbers * size + atoms, return_inverse=True)
        masks = engine.axes.table.masks
        hits = [masks[code // size] & self._masks[code % size] != 0 for code in codes.tolist()]
        return np.array(hits, dtype=bool)[inverse]

    def _no_rule(self, egress: int, ingress: int) -> Judgement | None:
        """The denial of two groups by isolation, the same object each time."""
        key = (egress, ingress)
        if key not in self._groups:
            self._groups[key] = no_rule(self._engines[0], egress, ingress)
        return self._groups[key]

    def _special(
        self,
        edges: Sequence[Edge],
        clients: array[int],
        servers: array[int],
    ) -> list[int]:
        """Places of edges that a rule of their own may allow."""
        return [
            index
            for index, edge in enumerate(edges)
            if (edge.marks and OWN_NODE in edge.marks)
            or (clients[index] == servers[index] and edge.client == edge.server)
        ]

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


def _family(ends: tuple[End, ...]) -> int:
    """The one address family of an end that is a single class in every world, else -1."""
    found = set()
    for end in ends:
        if len(end.instances) != 1 or len(end.instances[0]) != 1:
            return -1
        found.add(end.instances[0][0][0])
    # In a world where addresses do not matter a pod has no family; that fits any.
    known = found - {ANY_FAMILY}
    if len(known) > 1:
        return -1
    return known.pop() if known else ANY_FAMILY


def _class(end: End) -> int:
    return end.instances[0][0][1] if end.instances else 0


def _answer(choice: Choice, judgement: Judgement, reason: str) -> Judgement:
    if choice is Choice.YES:
        return ALLOWED
    return judgement if choice is Choice.NO else undefined(reason)
