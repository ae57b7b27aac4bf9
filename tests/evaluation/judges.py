"""The evaluators that every table of expectations is held against: the naive one and the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from evaluation import naive

from recommender.connections.marks import OWN_NODE
from recommender.evaluation.judging import Outcome
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.replay import replay
from recommender.model.addresses import host_network, parse_address
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from evaluation.naive import Attempt, End, World

    from recommender.model.policies import NetworkPolicy
    from recommender.model.tiers import TierPolicy

    Judge = Callable[[World, End, End, str, int], bool]

_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def modes_of(world: World) -> Modes:
    """The engine's modes that settle what the world settles."""

    def choice(answer: bool) -> Choice:  # noqa: FBT001 - an answer to one question
        return Choice.YES if answer else Choice.NO

    return Modes(
        ip_block_pods=choice(world.blocks_match_pods),
        host_network_pods=choice(world.hosts_are_pods),
        own_node_egress=choice(world.own_node_egress),
        hairpin=Choice.YES,
        networks_match_pods=world.networks_match_pods,
        end_port=world.end_port,
    )


def edge_of(world: World, attempt: Attempt) -> Edge:
    """A connection as flows would show it: pods by their workload, nodes and others by address."""
    ends: list[Entity] = []
    seen: list[str] = []
    marks: tuple[str, ...] = ()
    for end, other in (
        (attempt.source, attempt.destination),
        (attempt.destination, attempt.source),
    ):
        if not isinstance(other, str) and naive.on_own_node(world, other, end):
            ends.append(Entity.node())
            seen += [end] if isinstance(end, str) else end.ips
            marks = (OWN_NODE,)
        elif not isinstance(end, str):
            ends.append(Entity.workload(end.namespace, "Pod", end.name))
        elif end in world.names:
            ends.append(Entity.dns_name(world.names[end]))
            seen.append(end)
        else:
            ends.append(Entity.cidr(str(host_network(end))))
            seen.append(str(parse_address(end)))
    return Edge(
        client=ends[0],
        server=ends[1],
        protocol=attempt.protocol,
        port=attempt.port,
        verdict=Verdict.ACCEPTED,
        flows=1,
        records=1,
        bytes=0,
        first_seen=_TIME,
        last_seen=_TIME,
        client_pods=1,
        server_pods=1,
        days=1,
        hours=1,
        addresses=tuple(sorted(seen)),
        marks=marks,
    )


def outcomes(world: World, attempts: Iterable[Attempt]) -> list[Outcome]:
    """What the engine says to connections, all in one replay."""
    edges = [edge_of(world, attempt) for attempt in attempts]
    policies: list[NetworkPolicy | TierPolicy] = [*world.policies, *world.tiers]
    return [row.outcome for row in replay(edges, policies, world.inventory, modes_of(world)).rows]


def engine(world: World, source: End, destination: End, protocol: str, port: int) -> bool:
    """The engine as a judge; what it leaves undefined in a settled world is a failure."""
    attempt = naive.Attempt(source, destination, protocol, port)
    (outcome,) = outcomes(world, [attempt])
    assert outcome is not Outcome.UNDEFINED
    return outcome is Outcome.ALLOWED


JUDGES: Final[dict[str, Judge]] = {"naive": naive.allowed, "engine": engine}


class Says:
    """A judge over one world, in few words: ``says(B, A)`` on TCP 80 unless told."""

    def __init__(self, judge: Judge, world: World) -> None:
        self.judge = judge
        self.world = world

    def __call__(self, source: End, target: End, port: int = 80, protocol: str = "TCP") -> bool:
        return self.judge(self.world, source, target, protocol, port)
