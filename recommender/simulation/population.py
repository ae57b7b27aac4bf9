"""The streams of a simulation: what its application, and the cluster by itself, connect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from recommender.simulation.graph import Call, Intent, Target, TargetKind
from recommender.simulation.streams import Stream, spread_quotas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.simulation.cluster import Cluster, Placement
    from recommender.simulation.dice import Dice
    from recommender.simulation.graph import Application

_DAY_NS: Final = 86_400 * 10**9
_HEALTH_PORT: Final = 4240
_NODE: Final = Target(TargetKind.NODE)
# Shares of what the cluster does by itself, of the application's own connections.
_PROBE_SHARE: Final = 0.1
_HEALTH_SHARE: Final = 0.01
_CROSS_CLUSTER_SHARE: Final = 0.1
# Runs connect in the first part of their life and leave time for the answer.
_RUN_SHARE: Final = 0.8


def populate(
    application: Application,
    cluster: Cluster,
    window_ns: int,
    connections: int | None,
    dice: Dice,
) -> list[Stream]:
    """Make the streams of a window.

    Args:
        application: What is simulated.
        cluster: Its nodes and pods.
        window_ns: Length of the window.
        connections: How many connections to make; None follows the rates of the application.
        dice: Decides where between two connections the window begins.

    Returns:
        Streams with quotas, in a stable order.
    """
    out: list[Stream] = []
    names = list(dict.fromkeys(node.cluster for node in cluster.nodes))
    for name in names:
        nodes = sum(node.cluster == name for node in cluster.nodes)
        for call in [*application.calls, *_platform_calls(application, nodes)]:
            out.extend(_streams(call, cluster, name, names))
    for stream in out:
        stream.phase = dice.unit()
        if stream.by_runs and stream.client is not None:
            stream.runs = _run_moments(stream.call, stream.client, window_ns, dice)
    spread_quotas(out, window_ns, connections)
    return out


def _streams(call: Call, cluster: Cluster, name: str, names: list[str]) -> Iterator[Stream]:
    client = _placement(cluster, name, call.client)
    server = _placement(cluster, name, call.server)
    yield Stream(call, name, client, server)
    if client is None or server is None:
        return
    share = replace(call, rate=call.rate * _CROSS_CLUSTER_SHARE)
    for other in names:
        if other != name:
            yield Stream(share, name, client, _placement(cluster, other, call.server))


def _placement(cluster: Cluster, name: str, target: Target) -> Placement | None:
    return cluster.placements.get((name, target.namespace, target.name))


def _platform_calls(application: Application, nodes: int) -> list[Call]:
    """What nodes do by themselves: kubelet probes and health checks of each other."""
    total = sum(call.rate for call in application.calls) or 1.0
    probed = [
        (workload, port)
        for workload in application.workloads
        if not workload.host_network
        for port in workload.probes
    ]
    calls = [
        Call(
            _NODE,
            workload.target,
            port,
            rate=_PROBE_SHARE * total / len(probed),
            intent=Intent.PROBE,
        )
        for workload, port in probed
    ]
    if nodes > 1:
        health = _HEALTH_SHARE * total / 2
        calls += [
            Call(_NODE, _NODE, port, protocol, rate=health, intent=Intent.PLATFORM)
            for protocol, port in (("ICMP", 0), ("TCP", _HEALTH_PORT))
        ]
    return calls


def _run_moments(call: Call, client: Placement, window_ns: int, dice: Dice) -> list[int]:
    """When a Job's or CronJob's pods connect: within each run, as often as the rate says."""
    out: list[int] = []
    for pod in client.pods:
        for _ in range(max(1, round(call.rate))):
            span = min(pod.end, window_ns) - pod.start
            moment = pod.start + int(span * _RUN_SHARE * dice.unit())
            right_day = not call.days or moment // _DAY_NS in call.days
            if 0 <= moment < window_ns and right_day:
                out.append(moment)
    return sorted(out)
