"""One connection between two pods or addresses, with the rules for a pod and its own node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.evaluation.ends import End, outside
from recommender.evaluation.judging import (
    ALLOWED,
    Judgement,
    Outcome,
    judge,
    merge_worlds,
    undefined,
)
from recommender.evaluation.modes import Choice
from recommender.inventory.types import Pod
from recommender.model.addresses import parse_address
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS

if TYPE_CHECKING:
    from recommender.evaluation.engine import Engine


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a source tries to open.

    Attributes:
        source: A pod of the inventory, or an address outside.
        destination: The same for the other end.
        protocol: ``TCP``, ``UDP`` or ``SCTP``; anything else is beyond NetworkPolicy.
        port: Port of the destination, after Service translation.
        name: DNS name of the destination, where it is known by one.
    """

    source: Pod | str
    destination: Pod | str
    protocol: str
    port: int
    name: str = ""


def judge_connection(engines: tuple[Engine, ...], connection: Connection) -> Judgement:
    """What the policies do to one connection.

    Args:
        engines: One for each world that the open questions leave possible.
        connection: The connection.

    Returns:
        The verdict; *undefined* where worlds differ or the input does not tell.
    """
    if connection.source == connection.destination:
        # A policy cannot block a pod's access to itself.
        return ALLOWED
    bit = 0
    if connection.protocol in PROTOCOLS:
        if not MIN_PORT <= connection.port <= MAX_PORT:
            return undefined("no-port")
        bit = engines[0].axes.ports.bit(connection.protocol, connection.port)
    return merge_worlds(engines, [_in_world(engine, connection, bit) for engine in engines])


def pod_end(engine: Engine, pod: Pod) -> End:
    """One pod of the inventory as an end; nothing reaches a pod that has ended."""
    faces = engine.points.of_pod(pod)
    if not faces:
        return End(namespace=pod.namespace, unknown="no-running-pod")
    return End((tuple((family, int(engine.classes[point])) for family, point in faces),))


def _in_world(engine: Engine, connection: Connection, bit: int) -> Judgement:
    source, destination = connection.source, connection.destination
    if _on_own_node(engine, destination, source):
        return ALLOWED
    judgement = judge(
        engine,
        _end(engine, source, ""),
        _end(engine, destination, connection.name),
        bit,
    )
    if judgement.outcome is Outcome.ALLOWED or not _on_own_node(engine, source, destination):
        return judgement
    if engine.modes.own_node_egress is Choice.UNDEFINED:
        return undefined("own-node-egress")
    return ALLOWED if engine.modes.own_node_egress is Choice.YES else judgement


def _end(engine: Engine, end: Pod | str, name: str) -> End:
    return pod_end(engine, end) if isinstance(end, Pod) else outside(engine, (end,), name)


def _on_own_node(engine: Engine, pod: Pod | str, other: Pod | str) -> bool:
    """Whether an end is the node that a pod runs on, or a pod in that node's network."""
    if isinstance(pod, str) or not pod.node or _is_node(engine, pod):
        return False
    if isinstance(other, Pod):
        return _is_node(engine, other) and other.node == pod.node
    addresses = {
        parse_address(address)
        for node in engine.inventory.nodes
        if node.name == pod.node
        for address in node.addresses
    }
    return parse_address(other) in addresses


def _is_node(engine: Engine, pod: Pod) -> bool:
    return pod.host_network and engine.modes.host_network_pods is not Choice.YES
