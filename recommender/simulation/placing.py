"""Putting an application onto nodes: pods with names, lives, addresses and identities."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from recommender.simulation import cron
from recommender.simulation.cluster import (
    FOREVER,
    AddressPool,
    Cluster,
    Identities,
    Node,
    Placement,
    Pod,
)
from recommender.simulation.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recommender.simulation.graph import Application, Workload
    from recommender.simulation.settings import Settings

_SECOND: Final = 10**9
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 24 * _HOUR
_PODS_A_NODE: Final = 60
#: Host part of the ``cilium_host`` address and of the health endpoint of every node.
ROUTER_HOST: Final = 200
HEALTH_HOST: Final = 201


def place(application: Application, settings: Settings) -> Cluster:
    """Lay out the pods of an application for the whole window.

    Args:
        application: What runs.
        settings: Size and window.

    Returns:
        The cluster with every pod that lives at any time of the window.
    """
    dice = Dice(settings.seed, "placing")
    clusters = [application.cluster]
    if settings.multi_cluster:
        clusters.append(f"{application.cluster}-b")
    nodes = _nodes(application, settings, clusters, dice)
    placements: dict[tuple[str, str, str], Placement] = {}
    for cluster in clusters:
        here = [node for node in nodes if node.cluster == cluster]
        for workload in application.workloads:
            placement = Placement(workload, cluster)
            hosts = _hosts(workload, here)
            placement.pods = list(_lives(workload, hosts, settings, dice))
            placement.pods.sort(key=lambda pod: (pod.start, pod.name))
            placements[cluster, workload.namespace, workload.name] = placement
    _address(nodes, [pod for entry in placements.values() for pod in entry.pods], settings, dice)
    for placement in placements.values():
        placement.index()
    return Cluster(nodes, placements)


def _nodes(
    application: Application,
    settings: Settings,
    clusters: list[str],
    dice: Dice,
) -> list[Node]:
    pods = sum(max(1, workload.replicas) for workload in application.workloads)
    workers = settings.nodes or max(3, -(-pods // _PODS_A_NODE))
    out: list[Node] = []
    for cluster in clusters:
        if not application.apiserver.managed:
            out.append(_node(len(out), cluster, "control-1", settings, dice))
        first = len(out)
        out.extend(
            _node(first + number, cluster, f"node-{number + 1}", settings, dice)
            for number in range(workers)
        )
    return out


def _node(index: int, cluster: str, name: str, settings: Settings, dice: Dice) -> Node:
    families = settings.families
    own = {"IPv4": f"172.18.{index // 250}.{index % 250 + 2}", "IPv6": f"fd00:18::{index + 2:x}"}
    routers = {
        "IPv4": f"{_prefix4(index)}{ROUTER_HOST}",
        "IPv6": f"{_prefix6(index)}{ROUTER_HOST:x}",
    }
    control = name.startswith("control")
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
    }
    if control:
        labels["node-role.kubernetes.io/control-plane"] = ""
    return Node(
        index=index,
        cluster=cluster,
        name=name,
        addresses={family: own[family] for family in families},
        routers={family: routers[family] for family in families},
        labels=dict(sorted(labels.items())),
        control_plane=control,
        mac=dice.mac(),
    )


def _prefix4(index: int) -> str:
    return f"10.{244 + index // 256}.{index % 256}."


def _prefix6(index: int) -> str:
    return f"fd00:10:244:{index:x}::"


def _hosts(workload: Workload, nodes: list[Node]) -> list[Node]:
    workers = [node for node in nodes if not node.control_plane]
    if workload.kind == "DaemonSet":
        return nodes if workload.control_plane else workers
    if workload.control_plane:
        return [node for node in nodes if node.control_plane] or workers
    return workers


def _lives(
    workload: Workload,
    nodes: list[Node],
    settings: Settings,
    dice: Dice,
) -> Iterator[Pod]:
    if workload.kind == "CronJob":
        yield from _cron_lives(workload, nodes, settings, dice)
    elif workload.kind == "Job":
        # A Job that ran before the window would leave nothing in the log.
        start = int(settings.window_ns * (0.2 + 0.3 * dice.unit()))
        name = workload.name
        yield from _run(workload, nodes, name, (start, 600 * _SECOND), dice)
    elif workload.kind == "DaemonSet":
        extra = {
            "controller-revision-hash": dice.letters(9),
            "pod-template-generation": "1",
        }
        for node in nodes:
            pod_name = f"{workload.name}-{dice.letters(5)}"
            labels = {**workload.labels, **extra}
            start = -dice.between(2, 30) * _DAY
            yield Pod(workload, node, pod_name, workload.name, labels, start, FOREVER)
    elif workload.kind == "Pod":
        start = -dice.between(2, 30) * _DAY
        labels = dict(workload.labels)
        yield Pod(workload, dice.pick(nodes), workload.name, "", labels, start, FOREVER)
    else:
        yield from _replicas(workload, nodes, settings, dice)


def _replicas(
    workload: Workload,
    nodes: list[Node],
    settings: Settings,
    dice: Dice,
) -> Iterator[Pod]:
    """Pods of a Deployment or StatefulSet, replaced one after the other by each rollout."""
    rollouts = _rollouts(settings, dice)
    offset = dice.below(len(nodes))
    first = -dice.between(2, 30) * _DAY
    bounds = [first, *rollouts, FOREVER]
    for generation in range(len(bounds) - 1):
        template = dice.letters(9)
        for slot in range(workload.replicas):
            start, end = bounds[generation], bounds[generation + 1]
            if generation:
                start += slot * 20 * _SECOND
            if end != FOREVER:
                # A Deployment starts the new pod before it stops the old one.
                gap = 5 if workload.kind == "Deployment" else -3
                end += (slot * 20 + gap) * _SECOND
            node = nodes[(offset + slot + generation) % len(nodes)]
            yield _replica(workload, node, (slot, template, dice), start, end)


def _rollouts(settings: Settings, dice: Dice) -> list[int]:
    count = int(settings.churn * settings.days + dice.unit())
    moments = sorted(int(settings.window_ns * dice.unit()) for _ in range(count))
    spaced: list[int] = []
    for moment in moments:
        if moment > 0 and (not spaced or moment - spaced[-1] > _HOUR):
            spaced.append(moment)
    return spaced


def _replica(
    workload: Workload,
    node: Node,
    which: tuple[int, str, Dice],
    start: int,
    end: int,
) -> Pod:
    slot, template, dice = which
    if workload.kind == "Deployment":
        owner = f"{workload.name}-{template}"
        name = f"{owner}-{dice.letters(5)}"
        extra = {"pod-template-hash": template}
    else:
        owner = workload.name
        name = f"{workload.name}-{slot}"
        extra = {
            "apps.kubernetes.io/pod-index": str(slot),
            "controller-revision-hash": f"{workload.name}-{template}",
            "statefulset.kubernetes.io/pod-name": name,
        }
    return Pod(workload, node, name, owner, {**workload.labels, **extra}, start, end)


def _cron_lives(
    workload: Workload,
    nodes: list[Node],
    settings: Settings,
    dice: Dice,
) -> Iterator[Pod]:
    schedule = cron.parse(workload.schedule)
    start = settings.start.astimezone(UTC)
    end = start + timedelta(microseconds=settings.window_ns // 1000)
    for moment in schedule.runs(start, end):
        offset = int((moment - start).total_seconds()) * _SECOND
        job = f"{workload.name}-{int(moment.timestamp()) // 60}"
        lifetime = dice.between(20, 55) * _SECOND
        yield from _run(workload, nodes, job, (offset + _SECOND, lifetime), dice)


def _run(
    workload: Workload,
    nodes: list[Node],
    job: str,
    life: tuple[int, int],
    dice: Dice,
) -> Iterator[Pod]:
    start, lifetime = life
    uid = _uid(dice)
    extra = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": job,
        "controller-uid": uid,
        "job-name": job,
    }
    for _ in range(max(1, workload.replicas)):
        labels = {**workload.labels, **extra}
        name = f"{job}-{dice.letters(5)}"
        yield Pod(workload, dice.pick(nodes), name, job, labels, start, start + lifetime)


def _address(nodes: list[Node], pods: list[Pod], settings: Settings, dice: Dice) -> None:
    """Give every pod what only the order of starts and ends decides: addresses first."""
    reserved = frozenset({ROUTER_HOST, HEALTH_HOST})
    pools = [AddressPool(_prefixes(node, settings), reserved) for node in nodes]
    identities = Identities()
    numbers = [2 for _ in nodes]
    hosts: dict[int, int] = {}
    # A release comes before a start of the same moment, so that its address can be used again.
    steps = [(pod.start, 1, order) for order, pod in enumerate(pods)]
    steps += [(pod.end, 0, order) for order, pod in enumerate(pods) if pod.end != FOREVER]
    for _, starts, order in sorted(steps):
        pod = pods[order]
        index = pod.node.index
        if not starts:
            if order in hosts:
                pools[index].release(hosts.pop(order))
            continue
        pod.uid = _uid(dice)
        if pod.workload.host_network:
            pod.addresses = pod.node.addresses
            continue
        hosts[order], pod.addresses = pools[index].take()
        numbers[index] += 1 + dice.below(9)
        pod.endpoint_id = (numbers[index] - 1) % 65_535 + 1
        pod.identity = identities.of(pod.node.cluster, pod)
        pod.mac, pod.host_mac = dice.mac(), dice.mac()
        pod.interface = (8 + numbers[index], f"lxc{dice.hexadecimal(12)}")


def _prefixes(node: Node, settings: Settings) -> Mapping[str, str]:
    both = {"IPv4": _prefix4(node.index), "IPv6": _prefix6(node.index)}
    return {family: both[family] for family in settings.families}


def _uid(dice: Dice) -> str:
    digits = dice.hexadecimal(32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
