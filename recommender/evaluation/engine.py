"""The exact engine: what each class of ends may send and receive, as numbers of port sets.

Points that no policy distinguishes form a class. Pods selected by the same policies form a group
and share one row: for every class of peers the set of ports that the group's policies allow in
one direction. A connection is allowed where the row of its source's egress and the row of its
destination's ingress both hold its port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.evaluation.compiling import (
    DIRECTIONS,
    AddressesOf,
    Compiled,
    Entry,
    Match,
    NamesOf,
    PodsOf,
    policy_name,
    stage,
)
from recommender.evaluation.folding import Verdictor
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.points import Points, Sight
from recommender.evaluation.ports import NamedPorts, numeric_mask
from recommender.model.policies import Direction, NetworkPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from recommender.evaluation.axes import Axes
    from recommender.inventory.types import Inventory

#: Number of the full port set in every table.
_EVERYTHING: Final = 1


class Engine:
    """Verdicts of one set of policies in one settled world.

    Args:
        compiled: The policies.
        inventory: The cluster.
        modes: Answers to the open questions; none that matters here may be undefined.
        axes: The axes; share them to compare engines number by number.
        names: DNS names and addresses of outside hosts to be told apart.

    Attributes:
        classes: The class of each point.
        representative: One point of each class.
        group_of: Per direction the group of each class.
        groups: Per direction the policies of each group; group 0 is of those that none selects.
        rows: Per direction the numbers of port sets, a row a group, a column a class of peers.
    """

    def __init__(
        self,
        compiled: Compiled,
        inventory: Inventory,
        modes: Modes,
        axes: Axes,
        names: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.compiled = compiled
        self.inventory = inventory
        self.modes = modes
        self.axes = axes
        self._names = frozenset(names)
        self._isolating: dict[tuple[Direction, int], tuple[str, ...] | None] = {}
        self.points = Points(
            inventory,
            axes.addresses,
            compiled.selectors(),
            Sight(
                by_address=any(self.on_pods(p) for e in compiled.all_entries() for p in e.peers),
                host_as_pod=modes.host_network_pods is Choice.YES,
                names=self._names,
            ),
        )
        declared = [point.ports for point in self.points.points]
        self._named = NamedPorts(axes.ports, declared, axes.names)
        self._vectors: dict[Match, NDArray[np.bool_]] = {}
        self._classify()
        self.groups: dict[Direction, list[tuple[int, ...]]] = {}
        self.group_of: dict[Direction, NDArray[np.int32]] = {}
        self.rows: dict[Direction, NDArray[np.int32]] = {}
        for direction in DIRECTIONS:
            self._group(direction)

    @property
    def class_count(self) -> int:
        """How many classes there are."""
        return len(self.representative)

    def side(
        self,
        direction: Direction,
        subjects: NDArray[np.int32],
        peers: NDArray[np.int32],
    ) -> NDArray[np.int32]:
        """Numbers of the port sets that one direction alone allows, broadcast over classes."""
        return self.rows[direction][self.group_of[direction][subjects], peers]

    def allowed(
        self,
        sources: NDArray[np.int32],
        destinations: NDArray[np.int32],
    ) -> NDArray[np.int32]:
        """Numbers of the port sets that sources may use to destinations, broadcast."""
        egress = self.side(Direction.EGRESS, sources, destinations)
        ingress = self.side(Direction.INGRESS, destinations, sources)
        left, right = np.broadcast_arrays(egress, ingress)
        return self.axes.table.combine(left, right)

    def allows(self, source: int, destination: int, bit: int) -> bool:
        """Whether one class may reach another on one port atom."""
        return bool(self.axes.table.masks[self.number(source, destination)] & bit)

    def number(self, source: int, destination: int) -> int:
        """The number of the port set that one class may use to another."""
        table = self.axes.table
        egress = self.rows[Direction.EGRESS][self.group_of[Direction.EGRESS][source], destination]
        ingress = self.rows[Direction.INGRESS][
            self.group_of[Direction.INGRESS][destination], source
        ]
        return table.id(table.masks[int(egress)] & table.masks[int(ingress)])

    def vector(self, match: Match) -> NDArray[np.bool_]:
        """Which classes a peer or a subject of a policy matches."""
        return self._vectors[match]

    def matches(self, match: Match, peer: int) -> bool:
        """Whether one peer of a rule matches a class."""
        return bool(self._vectors[match][peer])

    def selects(self, policy: int, subject: int) -> bool:
        """Whether a policy selects the pods of a class."""
        return bool(self._vectors[self.compiled.subject(policy)][subject])

    def mask(self, entry: Entry, direction: Direction, subject: int, peer: int) -> int:
        """The ports of a rule for a subject and a peer, names resolved on the destination."""
        if entry.ports is None:
            return self.axes.ports.full
        server = subject if direction is Direction.INGRESS else peer
        mask = 0
        for port in entry.ports:
            if isinstance(port.port, str):
                identifier = int(self._named_ids[server])
                mask |= self._named.mask(identifier, (port.protocol, port.port))
            else:
                mask |= numeric_mask(port, self.axes.ports, end_port=self.modes.end_port)
        return mask

    def policies_of(self, direction: Direction, subject: int) -> tuple[int, ...]:
        """Numbers of the policies that speak of a class in one direction, in order."""
        return self.groups[direction][int(self.group_of[direction][subject])]

    def isolating(self, direction: Direction, group: int) -> tuple[str, ...] | None:
        """Names of the NetworkPolicies of a group; None where a policy of a tier is among them."""
        key = (direction, group)
        if key not in self._isolating:
            chosen = [self.compiled.policies[number] for number in self.groups[direction][group]]
            plain = all(isinstance(policy, NetworkPolicy) for policy in chosen)
            self._isolating[key] = tuple(map(policy_name, chosen)) if plain else None
        return self._isolating[key]

    def knows_name(self, name: str, address: str) -> bool:
        """Whether an outside host was told apart by its DNS name."""
        return (name, address) in self._names

    def on_pods(self, match: Match) -> bool:
        """Whether a peer matches pods by their addresses."""
        if not isinstance(match, AddressesOf):
            return False
        if match.network_policy:
            return self.modes.ip_block_pods is Choice.YES
        return match.nodes or self.modes.networks_match_pods

    def _vector(self, match: Match) -> NDArray[np.bool_]:
        """Which points a peer or a subject matches."""
        points = self.points
        match match:
            case PodsOf():
                found = points.pods(match)
            case AddressesOf():
                members = self.axes.addresses.members(match.addresses)
                found = points.within(members, pods=self.on_pods(match))
            case NamesOf():
                found = points.named(match.names)
            case _:
                return np.ones(len(points), dtype=bool)
        found[points.anybody] = True
        return found

    def _classify(self) -> None:
        """Put the points that no policy distinguishes into one class."""
        count = len(self.compiled.policies)
        matches: dict[Match, None] = dict.fromkeys(
            self.compiled.subject(number) for number in range(count)
        )
        matches |= dict.fromkeys(p for e in self.compiled.all_entries() for p in e.peers)
        vectors = {match: self._vector(match) for match in matches}
        rows = [*vectors.values(), self.points.is_pod]
        packed = np.packbits(np.array(rows, dtype=bool), axis=0).T
        ids = np.ascontiguousarray(self._named.ids).view(np.uint8).reshape(len(packed), -1)
        signature = np.ascontiguousarray(np.hstack([packed, ids]))
        keys: dict[bytes, int] = {}
        self.classes = np.array(
            [keys.setdefault(row.tobytes(), len(keys)) for row in signature],
            dtype=np.int32,
        )
        _, self.representative = np.unique(self.classes, return_index=True)
        self._vectors = {match: found[self.representative] for match, found in vectors.items()}
        self.is_pod = self.points.is_pod[self.representative]
        self._named_ids = self._named.ids[self.representative]

    def _group(self, direction: Direction) -> None:
        """Group the pods by the policies that select them, and compute the row of each group."""
        compiled = self.compiled
        numbers = [n for n in range(len(compiled.policies)) if compiled.concerns(n, direction)]
        by_name = frozenset(n for n in numbers if self._resolves_on_subject(n, direction))
        selected: list[list[int]] = [[] for _ in range(self.class_count)]
        for number in numbers:
            subjects = np.flatnonzero(self._vectors[compiled.subject(number)] & self.is_pod)
            for place in subjects.tolist():
                selected[place].append(number)
        keys: dict[tuple[tuple[int, ...], int], int] = {((), -1): 0}
        group_of = np.zeros(self.class_count, dtype=np.int32)
        for subject, policies in enumerate(selected):
            named = int(self._named_ids[subject]) if by_name.intersection(policies) else -1
            group_of[subject] = keys.setdefault((tuple(policies), named), len(keys))
        rows = np.full((len(keys), self.class_count), _EVERYTHING, dtype=np.int32)
        for (policies_of, named), number in keys.items():
            if policies_of:
                rows[number] = self._row(policies_of, direction, named)
        self.groups[direction] = [policies_of for policies_of, _ in keys]
        self.group_of[direction] = group_of
        self.rows[direction] = rows

    def _resolves_on_subject(self, number: int, direction: Direction) -> bool:
        return direction is Direction.INGRESS and any(
            isinstance(port.port, str)
            for entry in self.compiled.entries[direction][number]
            for port in entry.ports or ()
        )

    def _row(
        self,
        policies: tuple[int, ...],
        direction: Direction,
        named: int,
    ) -> NDArray[np.int32]:
        """What the policies of one group allow with each class of peers."""
        verdictor = Verdictor(self.axes.ports.full)
        for number in policies:
            when = stage(self.compiled.policies[number])
            verdictor.ask(when)
            for entry in self.compiled.entries[direction][number]:
                peers = np.zeros(self.class_count, dtype=bool)
                for match in entry.peers:
                    peers |= self._vectors[match]
                for mask, places in self._parts(entry, direction, named):
                    verdictor.add(when, entry.action, mask, peers & places)
        return verdictor.row(self.axes.table, self.class_count)

    def _parts(
        self,
        entry: Entry,
        direction: Direction,
        named: int,
    ) -> Iterable[tuple[int, NDArray[np.bool_] | bool]]:
        """The ports of an entry as masks, each with the classes of peers it holds for."""
        if entry.ports is None:
            yield self.axes.ports.full, True
            return
        fixed = 0
        for port in entry.ports:
            if not isinstance(port.port, str):
                fixed |= numeric_mask(port, self.axes.ports, end_port=self.modes.end_port)
            elif direction is Direction.INGRESS:
                fixed |= self._named.mask(named, (port.protocol, port.port))
            else:
                wanted = (port.protocol, port.port)
                yield from self._named.split(self._named_ids, wanted)
        if fixed:
            yield fixed, True
