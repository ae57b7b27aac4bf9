"""Clusters of roles with known truth: workloads, segments, and what each segment may call.

Made for segmentation: tables of workloads and edges instead of log lines, at any size. Workloads
play roles; most roles exist once in each tenant, in the tenant's own namespace, the others once
for all. Every workload also meets hubs: resolvers, metrics, ingress, logs. A *segment* is a role
of a tenant: the largest set of workloads with the same role and the same permitted peers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.errors import UsageError
from recommender.simulation.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Mapping

Service = tuple[str, int]

#: Fewest workloads that leave room for the hubs and a few roles.
FEWEST: Final = 60
_PORTS: Final = (8080, 8000, 5432, 6379, 9092, 8443, 3306, 50051, 5672, 27017)
#: Name, namespace, how many of 1,000 workloads, and the port it listens on.
_HUBS: Final = (
    ("dns", "kube-system", 3, ("UDP", 53)),
    ("metrics", "monitoring", 2, ("TCP", 9090)),
    ("ingress", "ingress", 3, ("TCP", 8080)),
    ("logs", "logging", 2, ("TCP", 4317)),
)
_SCRAPED: Final = ("TCP", 9100)
_KINDS: Final = ("Deployment", "Deployment", "Deployment", "StatefulSet")
_TWO_CALLS: Final = 0.6
_SHARED_ROLES: Final = 0.3
_OWN_ACCOUNT: Final = 0.3


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """The shape of a cluster of roles.

    Attributes:
        workloads: How many workloads, hubs included.
        roles: How many roles besides the hubs.
        tenants: How many tenants, each with a namespace of its own.
        fanout: Most members of one role that a workload calls.
        labelled: Share of workloads with labels and an image that tell their role.
        mislabelled: Share of these where they tell another role.
        quiet: Share of workloads with hardly any traffic.
        churn: Share of workloads that appear only after the window, and as many that leave.
        noise: Edges that nothing permits, as a share of the permitted ones.
        attackers: Workloads that sweep 40 peers on one day and then keep three of them.
        days: Length of the window to learn from.
        later: Length of the window after it.
    """

    workloads: int = 1000
    roles: int = 20
    tenants: int = 3
    fanout: int = 12
    labelled: float = 0.6
    mislabelled: float = 0.03
    quiet: float = 0.05
    churn: float = 0.03
    noise: float = 0.05
    attackers: int = 5
    days: int = 14
    later: int = 14


@dataclass(frozen=True, slots=True)
class RoleWorkload:
    """A workload, as a table of workloads shows it, and its true segment."""

    name: str
    namespace: str
    kind: str
    replicas: int
    service_account: str
    image: str
    labels: Mapping[str, str]
    segment: int
    quiet: bool

    @property
    def id(self) -> str:
        """Its stable text, as in every output."""
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Permission:
    """What the truth permits: each member of a segment may call each of another.

    Attributes:
        source: Number of the calling segment.
        destination: Number of the called one.
        service: Protocol and port.
        taking_part: Share of the callers that do.
        everyone: Whether a caller meets all of them, whatever the fan-out.
    """

    source: int
    destination: int
    service: Service
    taking_part: float = 1.0
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class RoleCluster:
    """Workloads with their true segments, and what is permitted between segments."""

    settings: RoleSettings
    workloads: tuple[RoleWorkload, ...]
    segments: tuple[str, ...]
    permissions: tuple[Permission, ...]

    def members(self) -> list[list[int]]:
        """The numbers of the workloads of each segment."""
        out: list[list[int]] = [[] for _ in self.segments]
        for number, workload in enumerate(self.workloads):
            out[workload.segment].append(number)
        return out


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    service: Service
    kind: str
    shared: bool
    weight: float
    calls: tuple[tuple[int, float], ...]
    exposed: bool


def role_cluster(seed: int, settings: RoleSettings | None = None) -> RoleCluster:
    """Make up a cluster.

    Args:
        seed: Number of the run.
        settings: Its shape.

    Raises:
        UsageError: Fewer workloads than the shape needs.
    """
    chosen = settings or RoleSettings()
    if chosen.workloads < FEWEST or chosen.workloads < 2 * chosen.roles * chosen.tenants:
        hint = f"at least {FEWEST}, and two for each role and tenant"
        raise UsageError(f"{chosen.workloads} workloads", hint=hint)
    dice = Dice(seed, "roles")
    roles = _roles(dice, chosen)
    names = [f"{hub[0]}" for hub in _HUBS]
    places: dict[tuple[int, int], int] = {}
    for number, role in enumerate(roles):
        for tenant in range(1 if role.shared else chosen.tenants):
            places[number, tenant] = len(names)
            names.append(role.name if role.shared else f"{role.name}@{tenant}")
    workloads = [*_hub_workloads(chosen), *_role_workloads(dice, chosen, roles, places)]
    permissions = (*_hub_permissions(roles, places, names), *_calls(roles, places))
    return RoleCluster(chosen, tuple(workloads), tuple(names), permissions)


def _roles(dice: Dice, settings: RoleSettings) -> list[_Role]:
    """Roles in layers: each calls one or two of those after it; shared ones come last."""
    total = settings.roles
    first_shared = total - max(1, round(total * _SHARED_ROLES))
    out = []
    for number in range(total):
        below = dice.shuffled(range(max(number + 1, 0), total))[: 1 + dice.chance(_TWO_CALLS)]
        calls = tuple((other, 0.85 if dice.chance(0.25) else 1.0) for other in sorted(below))
        out.append(
            _Role(
                f"role-{number:02}",
                ("TCP", dice.pick(_PORTS)),
                dice.pick(_KINDS),
                number >= first_shared,
                0.4 + 2.6 * dice.unit() ** 2,
                calls,
                number < total // 3 and dice.chance(0.6),
            )
        )
    return out


def _hub_workloads(settings: RoleSettings) -> list[RoleWorkload]:
    out = []
    for segment, (name, namespace, per_thousand, _) in enumerate(_HUBS):
        for number in range(max(1, round(per_thousand * min(settings.workloads, 1000) / 1000))):
            labels = {"app.kubernetes.io/component": name, "app.kubernetes.io/part-of": "platform"}
            out.append(
                RoleWorkload(
                    f"{name}-{number}", namespace, "Deployment", 2, name, f"hub/{name}",
                    labels, segment, quiet=False,
                )
            )  # fmt: skip
    return out


def _role_workloads(
    dice: Dice,
    settings: RoleSettings,
    roles: list[_Role],
    places: dict[tuple[int, int], int],
) -> list[RoleWorkload]:
    hubs = len(_hub_workloads(settings))
    weights = {place: roles[place[0]].weight * (0.6 + 0.8 * dice.unit()) for place in places}
    scale = (settings.workloads - hubs - 2 * len(places)) / sum(weights.values())
    sizes = {place: 2 + int(weight * scale) for place, weight in weights.items()}
    for place in sorted(places)[: settings.workloads - hubs - sum(sizes.values())]:
        sizes[place] += 1
    owners = dice.shuffled([place for place in places for _ in range(sizes[place])])
    out = []
    for number, (role_number, tenant) in enumerate(owners):
        role = roles[role_number]
        told = role
        if dice.chance(settings.mislabelled):
            told = dice.pick(roles)
        labelled = dice.chance(settings.labelled)
        namespace = "shared" if role.shared else f"tenant-{tenant}"
        labels = {"app.kubernetes.io/instance": f"w{number}"}
        if labelled:
            labels["app.kubernetes.io/component"] = told.name
            labels["app.kubernetes.io/part-of"] = namespace
        image = f"team/{told.name}" if labelled else f"team/w{number}"
        account = role.name if labelled and dice.chance(_OWN_ACCOUNT) else "default"
        out.append(
            RoleWorkload(
                f"w{number:05}", namespace, role.kind, dice.between(1, 4), account, image,
                labels, places[role_number, tenant], dice.chance(settings.quiet),
            )
        )  # fmt: skip
    return out


def _hub_permissions(
    roles: list[_Role], places: dict[tuple[int, int], int], names: list[str]
) -> list[Permission]:
    dns, metrics, ingress, logs = range(len(_HUBS))
    out = []
    for segment in range(len(names)):
        if segment != dns:
            out.append(Permission(segment, dns, _HUBS[dns][3]))
        if segment not in {logs, dns}:
            out.append(Permission(segment, logs, _HUBS[logs][3]))
        if segment != metrics:
            out.append(Permission(metrics, segment, _SCRAPED, everyone=True))
    out.extend(
        Permission(ingress, place, roles[number].service, everyone=True)
        for (number, _), place in places.items()
        if roles[number].exposed
    )
    return out


def _calls(roles: list[_Role], places: dict[tuple[int, int], int]) -> list[Permission]:
    """Within a tenant, or from a tenant to what is shared; never from one tenant to another."""
    out = []
    for (number, tenant), place in places.items():
        for other, taking_part in roles[number].calls:
            there = places[other, 0 if roles[other].shared else tenant]
            out.append(Permission(place, there, roles[other].service, taking_part))
    return out
