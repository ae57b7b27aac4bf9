"""Random small clusters, policies and connections: few labels and ports, so that much collides.

One function serves both kinds of randomness: a seeded ``Random`` for many cases, and the one of
hypothesis, which shrinks what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluation.clusters import cluster, pod, policy, tier
from evaluation.naive import Attempt, World, on_own_node

from recommender.inventory.types import ContainerPort, Node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random
    from typing import Any, TypeVar

    from evaluation.naive import End

    from recommender.inventory.types import Pod
    from recommender.model.policies import NetworkPolicy
    from recommender.model.tiers import TierPolicy

    Item = TypeVar("Item")
    Spec = dict[str, Any]

NAMESPACES: Final = ("x", "y", "z")
KEYS: Final = ("app", "tier")
VALUES: Final = ("a", "b", "")
NAMES: Final = ("http", "dns")
PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
PORTS: Final = (53, 80, 81, 8080, 65535)
NODES: Final = (
    Node("n1", addresses=("192.168.0.1", "2001:db8:1::1"), labels=(("role", "gpu"),)),
    Node("n2", addresses=("192.168.0.2",)),
)
OUTSIDE: Final = ("203.0.113.7", "203.0.113.8", "10.0.0.200", "2001:db8:2::1", "192.168.0.1")
CIDRS: Final = (
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "10.0.0.0/28",
    "10.0.0.5/32",
    "203.0.113.0/24",
    "203.0.113.7/32",
    "192.168.0.0/24",
    "2001:db8::/32",
    "2001:db8::/64",
)
INNER: Final = {
    "0.0.0.0/0": ("10.0.0.0/29", "203.0.113.7/32", "0.0.0.0/1"),
    "::/0": ("2001:db8::/48",),
    "10.0.0.0/8": ("10.0.0.0/30", "10.0.0.4/32"),
    "203.0.113.0/24": ("203.0.113.8/32",),
    "2001:db8::/32": ("2001:db8:2::/48", "2001:db8::2/128"),
}


class Dice:
    """Draws worlds and connections from a source of randomness."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.random.randrange(len(items))]

    def some(self, items: Sequence[Item], least: int, most: int) -> list[Item]:
        return [self.pick(items) for _ in range(self.random.randint(least, most))]

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def world(self) -> World:
        pods = [self.pod(number) for number in range(self.random.randint(2, 6))]
        spaces = {name: self.labels() for name in NAMESPACES if self.chance(80)}
        return World(
            cluster(*pods, namespaces=spaces, nodes=NODES),
            tuple(self.network_policy(n) for n in range(self.random.randint(0, 4))),
            tuple(self.tier_policy(n) for n in range(self.random.randint(-2, 3))),
            blocks_match_pods=self.chance(50),
            networks_match_pods=self.chance(70),
            hosts_are_pods=self.chance(30),
            own_node_egress=self.chance(50),
            end_port=self.chance(80),
        )

    def attempts(self, world: World, count: int) -> list[Attempt]:
        pods = [pod for workload in world.inventory.workloads.values() for pod in workload.pods]
        ends: list[End] = [each for each in pods if each.phase == "Running"]
        found = []
        for _ in range(count if ends else 0):
            source, destination = self.pick(ends), self.pick(ends)
            if self.chance(30):
                outside = self.pick(OUTSIDE)
                source, destination = self.pick([(outside, destination), (source, outside)])
            if _on_own_node(world, source, destination):
                # Flows show these as the node, by an address of one family.
                continue
            found.append(Attempt(source, destination, self.pick(PROTOCOLS), self.pick(PORTS)))
        return found

    def labels(self) -> dict[str, str]:
        return {key: self.pick(VALUES) for key in KEYS if self.chance(60)}

    def pod(self, number: int) -> Pod:
        ips = [f"10.0.0.{number + 1}"] if self.chance(80) else []
        ips += [f"2001:db8::{number + 1:x}"] if self.chance(30) else []
        host = self.chance(10)
        node = self.pick(NODES)
        return pod(
            f"{self.pick(NAMESPACES)}/p{number}",
            self.labels(),
            ips=node.addresses if host else tuple(ips),
            ports=[self.container_port() for _ in range(self.random.randint(0, 3))],
            host_network=host,
            phase=self.pick(["Running"] * 9 + ["Succeeded"]),
            node=node.name if host or self.chance(50) else "",
        )

    def container_port(self) -> ContainerPort:
        name = self.pick([*NAMES, ""])
        return ContainerPort(self.pick(PORTS), self.pick(PROTOCOLS), name)

    def selector(self) -> Spec:
        pairs = {key: self.pick(VALUES) for key in KEYS if self.chance(30)}
        expressions = [self.expression() for _ in range(self.pick([0, 0, 0, 1, 2]))]
        return {"matchLabels": pairs, "matchExpressions": expressions}

    def expression(self) -> Spec:
        key = self.pick(KEYS)
        if self.chance(40):
            return {"key": key, "operator": self.pick(["Exists", "DoesNotExist"])}
        values = self.some(VALUES, 1, 2)
        return {"key": key, "operator": self.pick(["In", "NotIn"]), "values": values}

    def namespaces(self) -> Spec:
        if self.chance(30):
            return {"matchLabels": {"kubernetes.io/metadata.name": self.pick(NAMESPACES)}}
        return self.selector()

    # --- NetworkPolicies ---------------------------------------------------------------------

    def network_policy(self, number: int) -> NetworkPolicy:
        spec: Spec = {"podSelector": self.selector() if self.chance(70) else {}}
        types = self.pick([None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"]])
        if types is not None:
            spec["policyTypes"] = types
        for side, peers in (("ingress", "from"), ("egress", "to")):
            if self.chance(80):
                spec[side] = [self.rule(peers) for _ in range(self.random.randint(0, 2))]
        return policy(f"np{number}", spec, namespace=self.pick(NAMESPACES))

    def rule(self, peers: str) -> Spec:
        rule: Spec = {}
        if self.chance(85):
            rule[peers] = [self.peer() for _ in range(self.pick([0, 1, 1, 2]))]
        if self.chance(70):
            rule["ports"] = [self.port() for _ in range(self.pick([0, 1, 1, 2]))]
        return rule

    def peer(self) -> Spec:
        if self.chance(35):
            cidr = self.pick(CIDRS)
            inner = INNER.get(cidr, ())
            excluded = self.some(inner, 0, 1) if inner else []
            return {"ipBlock": {"cidr": cidr, "except": excluded}}
        return self.pick(
            [
                {"podSelector": self.selector()},
                {"namespaceSelector": self.namespaces()},
                {"podSelector": self.selector(), "namespaceSelector": self.namespaces()},
            ]
        )

    def port(self) -> Spec:
        port: Spec = {"protocol": self.pick(PROTOCOLS)} if self.chance(70) else {}
        if self.chance(30):
            return {**port, "port": self.pick(NAMES)}
        if self.chance(80):
            port["port"] = self.pick(PORTS)
            if self.chance(30):
                port["endPort"] = min(65535, port["port"] + self.pick([0, 1, 9000]))
        return port

    # --- the tiers around them ---------------------------------------------------------------

    def tier_policy(self, number: int) -> TierPolicy:
        spec = {
            "tier": self.pick(["Admin", "Baseline"]),
            "priority": self.random.randint(0, 3),
            "subject": self.tier_pods(),
            "ingress": [self.tier_rule("from") for _ in range(self.random.randint(0, 2))],
            "egress": [self.tier_rule("to") for _ in range(self.random.randint(0, 2))],
        }
        return tier("ClusterNetworkPolicy", f"cnp{number}", spec)

    def tier_rule(self, side: str) -> Spec:
        peers = [self.tier_pods() for _ in range(self.random.randint(1, 2))]
        outside = side == "to" and self.chance(40)
        if outside:
            peers.append(
                self.pick(
                    [
                        {"networks": self.some(CIDRS, 1, 2)},
                        {"nodes": self.pick([{}, {"matchLabels": {"role": "gpu"}}])},
                    ]
                )
            )
        if self.chance(4):
            peers.append({"services": {}})
        rule = {"action": self.pick(["Accept", "Deny", "Pass"]), side: peers}
        if self.chance(60):
            rule["protocols"] = [
                self.tier_port(named=not outside) for _ in range(self.random.randint(1, 2))
            ]
        return rule

    def tier_pods(self) -> Spec:
        if self.chance(40):
            return {"namespaces": self.namespaces()}
        return {"pods": {"namespaceSelector": self.namespaces(), "podSelector": self.selector()}}

    def tier_port(self, *, named: bool) -> Spec:
        if named and self.chance(25):
            return {"destinationNamedPort": self.pick(NAMES)}
        low = self.pick(PORTS[:-1])
        ports: Spec = {"number": low}
        if self.chance(30):
            ports = {"range": {"start": low, "end": low + self.pick([1, 9000])}}
        return {self.pick(["tcp", "udp", "sctp"]): {"destinationPort": ports}}


def _on_own_node(world: World, source: End, destination: End) -> bool:
    pods = [end for end in (source, destination) if not isinstance(end, str)]
    return len(pods) > 1 and any(
        on_own_node(world, one, other) for one, other in (pods, pods[::-1])
    )
