"""Which peer may use which port, and why: what one direction of a policy has to say.

Rules are read off this relation only at the end, so that how edges arrive, and in which order,
cannot show in the result.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.model.policies import IPBlock
from recommender.synthesis.external import cover

if TYPE_CHECKING:
    from recommender.model.addresses import Address
    from recommender.model.edges import Edge
    from recommender.model.policies import Peer
    from recommender.synthesis.peers import AddressGrant, PeerGrant, Place

#: Protocol and port of a server's pod.
Port = tuple[str, int]


@dataclass(slots=True)
class Relation:
    """Pairs of peer and port, each with the edges behind it.

    Attributes:
        cells: Per peer and port the edges that justify it; none for a guardrail.
        marks: Per peer what a reviewer must look at.
        added: Per widened CIDR how many addresses it holds that were not seen.
    """

    cells: dict[Peer, dict[Port, set[Edge]]] = field(default_factory=dict)
    marks: dict[Peer, set[str]] = field(default_factory=dict)
    added: dict[Peer, int] = field(default_factory=dict)

    def add(
        self,
        peer: Peer,
        port: Port,
        edges: set[Edge] | frozenset[Edge] = frozenset(),
        marks: tuple[str, ...] = (),
    ) -> None:
        """Allow a peer on a port."""
        self.cells.setdefault(peer, {}).setdefault(port, set()).update(edges)
        self.marks.setdefault(peer, set()).update(marks)

    def ports(self, peer: Peer) -> frozenset[Port]:
        """The ports of one peer."""
        return frozenset(self.cells.get(peer, ()))

    def __bool__(self) -> bool:
        return bool(self.cells)


@dataclass(frozen=True, slots=True)
class Widening:
    """Shortest prefix lengths that covered addresses may be widened to, per family."""

    v4: int
    v6: int


#: No address that was not seen.
EXACT: Final = Widening(32, 128)


def relation(
    peers: list[PeerGrant],
    addresses: list[AddressGrant],
    widening: Widening,
) -> Relation:
    """Gather grants into one relation; addresses with equal ports are covered together.

    Args:
        peers: Edges with a peer that can be named as it is.
        addresses: Edges of single addresses.
        widening: How far external addresses may be widened; nodes and the API server never are.
    """
    found = Relation()
    for grant in peers:
        port = (grant.edge.protocol, grant.edge.port)
        found.add(grant.peer, port, {grant.edge}, grant.marks)
    _cover_addresses(found, addresses, widening)
    return found


def _cover_addresses(found: Relation, grants: list[AddressGrant], widening: Widening) -> None:
    ports: defaultdict[tuple[Place, Address], dict[Port, set[Edge]]] = defaultdict(dict)
    marks: defaultdict[tuple[Place, Address], set[str]] = defaultdict(set)
    for grant in grants:
        for address in grant.addresses:
            key = (grant.place, address)
            edges = ports[key].setdefault((grant.edge.protocol, grant.edge.port), set())
            edges.add(grant.edge)
            marks[key] |= {*grant.marks, grant.place.value} - {""}
    alike: defaultdict[tuple[Place, frozenset[Port]], list[Address]] = defaultdict(list)
    for (place, address), cells in ports.items():
        alike[place, frozenset(cells)].append(address)
    for (place, group), members in alike.items():
        wide = EXACT if place else widening
        for block in cover(members, wide.v4, wide.v6):
            peer = IPBlock(str(block.network))
            noted = set().union(*(marks[place, address] for address in block.addresses))
            if block.added:
                found.added[peer] = block.added
            for port in group:
                edges = set().union(*(ports[place, address][port] for address in block.addresses))
                found.add(peer, port, edges, tuple(noted))
    _drop_covered(found)


def _drop_covered(found: Relation) -> None:
    """Leave out what the world may already do: its evidence moves to the wider block."""
    for wide in (IPBlock("0.0.0.0/0"), IPBlock("::/0")):
        if wide not in found.cells:
            continue
        family = ":" in wide.cidr
        for peer in [p for p in found.cells if isinstance(p, IPBlock) and p != wide]:
            if (":" in peer.cidr) != family:
                continue
            for port in found.ports(peer) & found.ports(wide):
                found.cells[wide][port] |= found.cells[peer].pop(port)
            if not found.cells[peer]:
                del found.cells[peer], found.marks[peer]
