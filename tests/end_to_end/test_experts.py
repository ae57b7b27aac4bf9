"""Real applications whose maintainers wrote policies by hand: ours are theirs, and no wider."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from end_to_end.commands import succeed
from end_to_end.permissions import Permission, between, into, one_pod_each
from evaluation.naive import Attempt, World, side_allows

from recommender.inventory import read_inventory, read_policies
from recommender.model.policies import ALL_PEERS, ALL_PORTS, Direction
from recommender.simulation import Settings, simulate
from recommender.simulation.graph import Call, Target
from recommender.simulation.manifests import load_manifests

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.inventory.types import Inventory
    from recommender.model.policies import NetworkPolicy, PolicyPort

VISITOR: Final = "198.51.100.77"
RESOLVER: Final = "kube-system/coredns"


def ports_of(inventory: Inventory, *more: int) -> set[tuple[str, int]]:
    """Every port that anything listens on, and some on which nothing does."""
    declared = {
        (port.protocol, port.port)
        for workload in inventory.workloads.values()
        for port in workload.ports
    }
    return declared | {("TCP", port) for port in more} | {("UDP", 53), ("TCP", 53)}


def application_of(permissions: set[Permission]) -> set[Permission]:
    """Without what concerns the resolver, which the experts leave to the cluster."""
    return {one for one in permissions if RESOLVER not in {one.client, one.server}}


def explicit(policies: tuple[NetworkPolicy, ...]) -> tuple[NetworkPolicy, ...]:
    """The policies without rules that let in everybody: these name no edge."""
    return tuple(
        replace(
            policy,
            ingress=tuple(rule for rule in policy.ingress if rule.peers is not ALL_PEERS),
        )
        for policy in policies
    )


# --- Online Boutique -----------------------------------------------------------------------------

BOUTIQUE: Final = "experts/online-boutique/kubernetes-manifests"
BOUTIQUE_POLICIES: Final = "experts/online-boutique/kustomize/components/network-policies"


@pytest.fixture(scope="module")
def boutique(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week of the traffic that the manifests of Online Boutique imply."""
    folder = tmp_path_factory.mktemp("boutique") / "log"
    succeed("simulate", shared / BOUTIQUE, "-d", folder, "--flows", "3000", "--no-noise")
    return folder


@pytest.fixture(scope="module", params=["flows", "manifests", "dump"])
def drafted(
    request: pytest.FixtureRequest,
    boutique: Path,
    shared: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[NetworkPolicy, ...]:
    """The drafts, from the flows alone and with each kind of inventory."""
    out = tmp_path_factory.mktemp("drafts")
    known = {"flows": None, "manifests": shared / BOUTIQUE, "dump": boutique / "inventory.json"}
    inventory = known[request.param]
    more: list[str | Path] = [] if inventory is None else ["--inventory", inventory]
    succeed("recommend", boutique / "flows.jsonl.gz", "-d", out, *more)
    return read_policies([out / "policies"]).require().network


@pytest.fixture(scope="module")
def cluster(boutique: Path) -> Inventory:
    """The pods of the simulated cluster, as a dump of it lists them."""
    return read_inventory([boutique / "inventory.json"])


@pytest.fixture(scope="module")
def experts(shared: Path) -> tuple[NetworkPolicy, ...]:
    return read_policies([shared / BOUTIQUE_POLICIES]).require().network


def test_every_ingress_edge_of_the_experts_is_reproduced(
    drafted: tuple[NetworkPolicy, ...],
    experts: tuple[NetworkPolicy, ...],
    cluster: Inventory,
) -> None:
    ports = ports_of(cluster, 80, 443, 5000)
    theirs = application_of(into(explicit(experts), cluster, ports))
    # The frontend of the experts is open to everybody: its one caller in the cluster is known.
    wanted = theirs | {Permission("default/loadgenerator", "default/frontend", "TCP", 8080)}
    assert len(theirs) == 15
    assert application_of(between(drafted, cluster, ports)) == wanted


def test_no_draft_is_wider_than_the_experts(
    drafted: tuple[NetworkPolicy, ...],
    experts: tuple[NetworkPolicy, ...],
    cluster: Inventory,
) -> None:
    ports = ports_of(cluster, 1, 22, 80, 443, 5000, 65535)
    ours, theirs = (into(policies, cluster, ports) for policies in (drafted, experts))
    assert application_of(ours) < application_of(theirs)


def test_rules_name_the_ports_of_pods_and_not_those_of_services(
    drafted: tuple[NetworkPolicy, ...],
) -> None:
    (email,) = [policy for policy in drafted if policy.name == "emailservice"]
    (rule,) = email.ingress
    assert isinstance(rule.ports, tuple)
    # Its Service listens on 5000 and leads to 8080.
    assert [(port.protocol, port.port) for port in rule.ports] == [("TCP", 8080)]


def test_only_the_frontend_is_open_to_the_world(
    drafted: tuple[NetworkPolicy, ...],
    cluster: Inventory,
) -> None:
    world = World(cluster, drafted)
    open_to_all = {
        (name, port)
        for name, pod in one_pod_each(cluster).items()
        for protocol, port in ports_of(cluster, 80, 443)
        if side_allows(world, Direction.INGRESS, Attempt(VISITOR, pod, protocol, port))
    }
    assert open_to_all == {("default/frontend", 8080)}


def test_nothing_may_leave_for_the_world(
    drafted: tuple[NetworkPolicy, ...],
    cluster: Inventory,
) -> None:
    world = World(cluster, drafted)
    assert not any(
        side_allows(world, Direction.EGRESS, Attempt(pod, VISITOR, protocol, port))
        for pod in one_pod_each(cluster).values()
        for protocol, port in ports_of(cluster, 80, 443)
    )


def test_everybody_resolves_names(
    drafted: tuple[NetworkPolicy, ...],
    cluster: Inventory,
) -> None:
    names = (("UDP", 53), ("TCP", 53))
    found = between(drafted, cluster, names)
    clients = set(one_pod_each(cluster)) - {RESOLVER}
    assert {one.client for one in found if one.server == RESOLVER} == clients
    assert {one.server for one in found} == {RESOLVER}


def test_each_workload_has_one_policy_with_its_own_selector(
    drafted: tuple[NetworkPolicy, ...],
    cluster: Inventory,
) -> None:
    for name, pod in one_pod_each(cluster).items():
        namespace, _, workload = name.partition("/")
        own = [
            policy
            for policy in drafted
            if policy.namespace == namespace
            and not policy.subject.matches_all
            and policy.subject.matches(dict(pod.labels))
        ]
        assert [policy.name for policy in own] == [workload]
        assert own[0].policy_types == frozenset(Direction)


# --- Sock Shop -----------------------------------------------------------------------------------

SOCK_SHOP: Final = "experts/sock-shop/deploy/kubernetes/manifests"
SOCK_SHOP_POLICIES: Final = "experts/sock-shop/deploy/kubernetes/manifests-policy"


def numbers(policies: tuple[NetworkPolicy, ...]) -> set[tuple[str, int]]:
    """Every port that a rule names."""
    ports: list[PolicyPort] = [
        port
        for policy in policies
        for rule in policy.ingress
        if rule.ports is not ALL_PORTS and isinstance(rule.ports, tuple)
        for port in rule.ports
    ]
    return {(port.protocol, port.port) for port in ports if isinstance(port.port, int)}


def test_traffic_that_uses_every_permission_of_sock_shop_gives_the_permissions_back(
    shared: Path,
    tmp_path: Path,
) -> None:
    """The manifests say little of who calls whom, so the traffic is that of the experts' rules."""
    application = load_manifests(shared / SOCK_SHOP)
    inventory = read_inventory([shared / SOCK_SHOP])
    experts = explicit(read_policies([shared / SOCK_SHOP_POLICIES]).require().network)
    ports = numbers(experts)
    theirs = {one for one in into(experts, inventory, ports) if one.server != RESOLVER}
    called = {one.server for one in theirs}
    # Their policies speak of "cart", the pods are labelled "carts": nobody may call these.
    assert {"sock-shop/carts", "sock-shop/carts-db"}.isdisjoint(called)
    assert len(theirs) == 11
    calls = tuple(
        Call(
            Target.workload(*one.client.split("/")),
            Target.workload(*one.server.split("/")),
            one.port,
            one.protocol,
            rate=30,
        )
        for one in sorted(theirs)
    )
    settings = Settings(flows=2500, days=3, noise=False)
    written = simulate(replace(application, calls=calls), settings).write(tmp_path / "log")
    out = tmp_path / "drafts"
    succeed("recommend", *written.logs, "-d", out, "--inventory", tmp_path / "log/inventory.json")
    drafted = read_policies([out / "policies"]).require().network
    cluster = read_inventory([tmp_path / "log/inventory.json"])
    checked = ports | {("TCP", 81), ("TCP", 443)}
    ours = {one for one in between(drafted, cluster, checked) if one.server in called}
    assert ours == theirs
