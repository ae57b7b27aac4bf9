"""Connections that have to be allowed whether or not they were seen: scrapes, backups, break-glass.

They become rules of every draft that isolates the direction, without evidence: the reason is
``goal``, and a mark names which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import IPSet
from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, IPBlock, PodPeer, PolicyPort, Rule
from recommender.model.ports import MAX_PORT, MIN_PORT
from recommender.synthesis.minimise import peer_order
from recommender.synthesis.peers import pod_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.model.entities import Entity
    from recommender.model.policies import Peer
    from recommender.model.ports import PortSet
    from recommender.synthesis.subjects import Roster, Subject

#: Why such a rule is there.
GOAL: Final = "goal"
#: What its mark begins with; the name of the goal follows.
GOAL_MARK: Final = "goal:"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of wanted connections.

    Attributes:
        workloads: The workloads; None for every pod of the cluster, also those of tomorrow.
        addresses: Addresses outside.
    """

    workloads: frozenset[Entity] | None = frozenset()
    addresses: IPSet = field(default_factory=IPSet)

    def has(self, subject: Subject) -> bool:
        """Whether a policy's pods are on this side."""
        return self.workloads is None or not self.workloads.isdisjoint(subject.members)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Connections that have to be allowed.

    Attributes:
        name: What asks for them.
        clients: Who connects.
        servers: Who is connected to.
        ports: On which ports.
    """

    name: str
    clients: Side
    servers: Side
    ports: PortSet


def wanted_rules(
    wanted: tuple[Wanted, ...], subject: Subject, direction: Direction, roster: Roster
) -> Iterator[Rule]:
    """The rules that a policy needs for what is wanted of its pods in one direction."""
    for one in wanted:
        own, other = one.servers, one.clients
        if direction is Direction.EGRESS:
            own, other = other, own
        peers = tuple(_peers(other, subject, roster)) if own.has(subject) else ()
        if peers:
            yield Rule(
                peers=peers,
                ports=policy_ports(one.ports),
                reason=GOAL,
                marks=(f"{GOAL_MARK}{one.name}",),
            )


def policy_ports(ports: PortSet) -> tuple[PolicyPort, ...]:
    """Ports as the entries of a rule: ranges, and a protocol alone where it is all of it."""
    return tuple(
        PolicyPort(protocol)
        if (low, high) == (MIN_PORT, MAX_PORT)
        else PolicyPort(protocol, low, high if high > low else None)
        for protocol, low, high in ports
    )


def blocks(addresses: IPSet) -> tuple[IPBlock, ...]:
    """Addresses as peers: their CIDRs, or everything but the rest where that is shorter."""
    found: list[IPBlock] = []
    for family, everything in (
        (IPSet(v4=addresses.v4), "0.0.0.0/0"),
        (IPSet(v6=addresses.v6), "::/0"),
    ):
        plain = family.networks()
        if not plain:
            continue
        rest = (IPSet.of(everything) - family).networks()
        if len(rest) < len(plain):
            found.append(IPBlock(everything, tuple(map(str, rest))))
        else:
            found += [IPBlock(str(network)) for network in plain]
    return tuple(found)


def _peers(side: Side, subject: Subject, roster: Roster) -> list[Peer]:
    if side.workloads is None:
        pods: set[Peer] = {PodPeer(LabelSelector.everything(), LabelSelector.everything())}
    else:
        subjects = {roster.subject_of.get(entity) for entity in side.workloads}
        pods = {pod_peer(one, subject.namespace) for one in subjects if one is not None}
    return sorted({*pods, *blocks(side.addresses)}, key=peer_order)
