"""Large applications made up at random: teams whose workloads play roles, and hubs they share.

Every workload of a role listens on the role's ports and calls the roles that it usually calls,
so that the graph has the structure that segmentation looks for, with exceptions at random.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from recommender.model.errors import UsageError
from recommender.simulation.dice import Dice
from recommender.simulation.graph import (
    Application,
    Call,
    ContainerPort,
    Namespace,
    Outcome,
    Service,
    ServicePort,
    Target,
    TargetKind,
    Workload,
)

#: The smallest application that has every hub and one team.
FEWEST: Final = 12

_METRICS: Final = ContainerPort(9090, "TCP", "metrics")
_TEAM_SIZE: Final = 12
_LARGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Role:
    """What workloads of a role have in common.

    Attributes:
        kind: Kind of workload.
        port: What it listens on; None when nothing calls it.
        replicas: Fewest and most pods.
        share: How many of a team's workloads have the role, relative to the other roles.
        calls: Which roles of its own team it calls, with the chance that it calls one.
        rate: Connections an hour of each of its calls.
    """

    kind: str
    port: ContainerPort | None
    replicas: tuple[int, int]
    share: int
    calls: tuple[tuple[str, float], ...] = ()
    rate: float = 20.0


_ROLES: Final = {
    "web": _Role(
        "Deployment",
        ContainerPort(8080, "TCP", "http"),
        (2, 4),
        3,
        (("api", 1.0), ("api", 0.7), ("cache", 0.2)),
        60.0,
    ),
    "api": _Role(
        "Deployment",
        ContainerPort(8000, "TCP", "http"),
        (2, 3),
        4,
        (("db", 0.8), ("cache", 0.6), ("queue", 0.4), ("api", 0.3)),
        30.0,
    ),
    "worker": _Role("Deployment", None, (1, 3), 2, (("queue", 1.0), ("db", 0.6)), 15.0),
    "db": _Role("StatefulSet", ContainerPort(5432, "TCP", "sql"), (1, 3), 1, (("db", 0.5),), 4.0),
    "cache": _Role("StatefulSet", ContainerPort(6379, "TCP", "redis"), (1, 3), 1),
    "queue": _Role("StatefulSet", ContainerPort(5672, "TCP", "amqp"), (1, 3), 1),
    "batch": _Role("CronJob", None, (1, 1), 1, (("db", 1.0),), 2.0),
}
_ORDER: Final = ("web", "api", "db", "worker", "cache", "queue", "batch")
_EDGE: Final = Target.workload("edge", "gateway")
_AUTH: Final = Target.workload("platform", "auth")
_FLAGS: Final = Target.workload("platform", "flags")
_PROMETHEUS: Final = Target.workload("monitoring", "prometheus")
_SHIPPER: Final = Target.workload("monitoring", "log-shipper")
_RESOLVER: Final = Target.workload("kube-system", "coredns")


def scaled(seed: int, workloads: int = 100, namespaces: int = 0) -> Application:
    """Make up an application.

    Args:
        seed: Number of the run.
        workloads: How many workloads it has, hubs included.
        namespaces: How many teams with a namespace each; 0 makes one for every dozen workloads.

    Returns:
        The application: hubs (gateway, sign-in, flags, monitoring, DNS) and teams.

    Raises:
        UsageError: Too few or too many workloads, or more teams than workloads.
    """
    if not FEWEST <= workloads <= _LARGEST:
        raise UsageError(f"{workloads} workloads", hint=f"{FEWEST} to {_LARGEST}")
    made = _Made(Dice(seed, "scaled"))
    _add_hubs(made)
    rest = workloads - len(made.workloads)
    teams = namespaces or max(1, round(workloads / _TEAM_SIZE))
    if teams > rest:
        raise UsageError(f"{teams} teams for {rest} workloads", hint="ask for fewer namespaces")
    for number in range(teams):
        size = rest // teams + (number < rest % teams)
        _add_team(made, f"team-{number + 1:02}", size)
    _add_exceptions(made)
    names = sorted({workload.namespace for workload in made.workloads})
    return Application(
        name="scaled",
        namespaces=tuple(Namespace(name, {"team": name}) for name in names),
        workloads=tuple(made.workloads),
        services=tuple(made.services),
        calls=tuple({_same(call): call for call in reversed(made.calls)}.values())[::-1],
        resolver=_RESOLVER,
    )


@dataclass(slots=True)
class _Made:
    dice: Dice
    workloads: list[Workload] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    apis: list[Workload] = field(default_factory=list)

    def add(self, workload: Workload) -> Workload:
        """Add a workload, and a Service for what it listens on besides metrics."""
        self.workloads.append(workload)
        ports = tuple(
            ServicePort(
                80 if port.name == "http" else port.number,
                port.name,
                port.protocol,
                port.name,
            )
            for port in workload.ports
            if port != _METRICS
        )
        if ports:
            name = "kube-dns" if workload.target == _RESOLVER else workload.name
            kind = "Headless" if workload.kind == "StatefulSet" else "ClusterIP"
            self.services.append(
                Service(workload.namespace, name, dict(workload.labels), ports, kind),
            )
        return workload

    def call(self, client: Target, server: Workload, rate: float) -> None:
        """Let one workload call the first port of another."""
        port = server.ports[0]
        long_lived = server.kind == "StatefulSet"
        self.calls.append(
            Call(
                client,
                server.target,
                port.number,
                port.protocol,
                rate,
                long_lived=long_lived,
            ),
        )


def _same(call: Call) -> tuple[object, ...]:
    return call.client, call.server, call.port, call.protocol


def _hub(target: Target, kind: str, replicas: int, ports: tuple[ContainerPort, ...]) -> Workload:
    return Workload(
        target.namespace,
        kind,
        target.name,
        replicas,
        {"app": target.name, "role": "hub"},
        ports,
        probes=tuple(port.number for port in ports[:1] if port.protocol == "TCP"),
    )


def _add_hubs(made: _Made) -> None:
    http = ContainerPort(8080, "TCP", "http")
    gateway = made.add(_hub(_EDGE, "Deployment", 3, (http, _METRICS)))
    auth = made.add(_hub(_AUTH, "Deployment", 3, (http, _METRICS)))
    made.add(_hub(_FLAGS, "Deployment", 2, (ContainerPort(7000, "TCP", "grpc"), _METRICS)))
    prometheus = made.add(_hub(_PROMETHEUS, "StatefulSet", 1, (ContainerPort(9090, name="web"),)))
    shipper = made.add(_hub(_SHIPPER, "DaemonSet", 1, ()))
    dns = (ContainerPort(53, "UDP", "dns"), ContainerPort(53, "TCP", "dns-tcp"), _METRICS)
    made.add(_hub(_RESOLVER, "Deployment", 2, dns))
    logs = Target(TargetKind.FQDN, name="logs.vendor.example")
    made.calls += [
        Call(Target(TargetKind.WORLD), gateway.target, http.number, rate=200.0),
        Call(gateway.target, auth.target, http.number, rate=60.0),
        Call(shipper.target, logs, 443, rate=10.0),
        Call(prometheus.target, Target(TargetKind.NODE), 10_250, rate=4.0),
    ]
    made.calls += [
        Call(prometheus.target, hub.target, _METRICS.number, rate=4.0)
        for hub in made.workloads
        if _METRICS in hub.ports
    ]


def _roles(size: int) -> list[str]:
    """The roles of a team's workloads: one of each first, then by their shares."""
    by_share = [role for role in _ORDER for _ in range(_ROLES[role].share)]
    return [*_ORDER, *by_share * (size // len(by_share) + 1)][:size]


def _add_team(made: _Made, team: str, size: int) -> None:
    dice = made.dice
    members: dict[str, list[Workload]] = {role: [] for role in _ROLES}
    for role_name in _roles(size):
        role = _ROLES[role_name]
        number = len(members[role_name]) + 1
        name = f"{role_name}-{number}"
        ports: tuple[ContainerPort, ...] = (role.port,) if role.port else ()
        if role.port and role.kind == "Deployment":
            ports += (_METRICS,)
        workload = made.add(
            Workload(
                team,
                role.kind,
                name,
                dice.between(*role.replicas),
                {"app": name, "role": role_name},
                ports,
                probes=(role.port.number,) if role.port else (),
                schedule=f"{dice.below(60)} {dice.below(24)} * * *" if role_name == "batch" else "",
            ),
        )
        members[role_name].append(workload)
    made.apis += members["api"]
    for role_name, clients in members.items():
        for client in clients:
            _call_by_role(made, client, _ROLES[role_name], members)


def _call_by_role(
    made: _Made,
    client: Workload,
    role: _Role,
    members: dict[str, list[Workload]],
) -> None:
    dice = made.dice
    for wanted, chance in role.calls:
        servers = [server for server in members[wanted] if server is not client]
        if wanted == "db" and client.labels["role"] == "db":
            servers = [client] if client.replicas > 1 else []
        if servers and dice.chance(chance):
            made.call(client.target, dice.pick(servers), role.rate * (0.5 + dice.unit()))
    kind = client.labels["role"]
    by_name = {workload.target: workload for workload in made.workloads[:FEWEST]}
    if kind == "web":
        made.call(_EDGE, client, role.rate)
        made.call(client.target, by_name[_AUTH], 10.0)
    if kind in {"api", "worker"} and dice.chance(0.7):
        made.call(client.target, by_name[_FLAGS], 6.0)
    if _METRICS in client.ports:
        made.calls.append(Call(_PROMETHEUS, client.target, _METRICS.number, rate=4.0))
    if kind in {"worker", "api"} and dice.chance(0.15):
        number = dice.between(1, 40)
        made.calls.append(
            Call(
                client.target, Target(TargetKind.FQDN, name=f"api-{number}.example"), 443, rate=8.0
            ),
        )


def _add_exceptions(made: _Made) -> None:
    """Calls across teams, to old addresses outside, and a few that policy stops."""
    dice = made.dice
    if len(made.apis) < 2:  # noqa: PLR2004 - nothing to cross
        return
    for _ in range(max(1, len(made.workloads) // 25)):
        client, server = dice.pick(made.apis), dice.pick(made.apis)
        if client.namespace != server.namespace:
            made.call(client.target, server, 5.0)
    for _ in range(max(1, len(made.workloads) // 60)):
        client = dice.pick(made.apis)
        old = Target(TargetKind.CIDR, name=f"192.0.2.{16 * dice.below(16)}/28")
        made.calls.append(Call(client.target, old, 1521, rate=6.0, long_lived=True))
        other = dice.pick(made.apis)
        if other.namespace != client.namespace:
            made.calls.append(
                Call(
                    client.target,
                    other.target,
                    other.ports[0].number,
                    rate=1.0,
                    outcome=Outcome.DENIED_INGRESS,
                ),
            )
