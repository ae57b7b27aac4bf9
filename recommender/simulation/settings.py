"""What a simulation can be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypedDict

from recommender.model.errors import UsageError

#: The first moment of a window when none is given: a Monday, so that days read easily.
DEFAULT_START: Final = datetime(2026, 3, 2, tzinfo=UTC)
#: What writes the log: Hubble, or a cloud's network; see `Settings.log`.
LOGS: Final = (
    "hubble",
    "aws",
    "aws-noflags",
    "aws-default",
    "gcp",
    "azure",
    "azure-nsg",
    "ibm",
)
#: How the log marks replies; see `Settings.style`.
STYLES: Final = ("modern", "old", "retina", "masked")
#: What a line of the log holds; see `Settings.envelope`.
ENVELOPES: Final = ("wrapped", "exporter", "bare", "flow-only", "array")
#: Address families of the cluster.
FAMILIES: Final = ("ipv4", "ipv6", "dual")
#: How packets travel between nodes.
DATAPATHS: Final = ("tunnel", "native")
#: Where Service addresses are translated; see `Settings.service_lb`.
SERVICE_LBS: Final = ("socket", "packet")

#: Attacks that can be injected; see `Settings.attacks`.
ATTACKS: Final = ("port-scan", "lateral-ssh", "dns-tunnel", "miner", "slow-scan", "mimicry")

#: Node networks are /24 of 10.244.0.0 to 10.255.255.255.
MAX_NODES: Final = 1500

# What GCP captures where the settings say nothing else: one packet in thirty.
_CAPTURED: Final = 1 / 30
_DAY_NS: Final = 86_400 * 10**9


class Options(TypedDict, total=False):
    """The fields of `Settings` as keywords of a call."""

    seed: int
    flows: int | None
    connections: int | None
    start: datetime
    days: float
    nodes: int
    churn: float
    family: str
    log: str
    sampling: float | None
    datapath: str
    service_lb: str
    style: str
    envelope: str
    aggregate: int
    multi_cluster: bool
    noise: bool
    lost_events: int
    attacks: tuple[str, ...]
    attack_share: float


@dataclass(frozen=True, slots=True)
class Settings:
    """The size, the window and the kind of log of a simulation.

    Attributes:
        seed: The same seed and settings give the same bytes.
        flows: About how many log lines to make; takes precedence over ``connections``.
        connections: How many connections of the application to make. With neither, the rates of
            the application decide.
        start: First moment of the window, UTC.
        days: Length of the window.
        nodes: Worker nodes; 0 chooses by the number of pods.
        churn: Rollouts of a Deployment or StatefulSet a day, on average.
        family: One of `FAMILIES`.
        log: ``hubble``, or the flow log of a cloud's network: ``aws`` (with the packets' addresses
            and TCP flags), ``aws-noflags`` (without the flags), ``aws-default`` (the fields of
            version 2 alone), ``gcp``, ``azure`` (VNet flow logs), ``azure-nsg`` or ``ibm``. The
            same settings make the same connections in each.
        sampling: Share of the packets that GCP captures; one in thirty where not given.
        datapath: ``tunnel`` (VXLAN between nodes) or ``native`` routing.
        service_lb: ``socket`` translates Service addresses before the packet is made, so that
            the log shows pods and pod ports only; ``packet`` translates in the datapath, so that
            replies delivered to a client carry the Service's address and port.
        style: How Hubble writes: ``modern`` (Hubble 1.20), ``old`` (2021: ``reply`` and no
            ``is_reply``, no workloads), ``retina`` (``is_reply`` always false) or ``masked`` (a
            field mask that keeps addresses, namespaces and pod names).
        envelope: ``wrapped`` or ``exporter`` (both ``{"flow":…,"node_name":…,"time":…}``),
            ``bare`` flows, ``flow-only`` (no outer fields), or one JSON ``array`` of bare flows.
            Logs of clouds know three: ``wrapped`` lines, ``bare`` ones (AWS, without the line
            that names the fields) and one whole ``array`` (the others).
        aggregate: Seconds of a window of the exporter's own aggregation, 0 for none; for clouds
            the length of the aggregation interval, 0 for what each does by itself.
        multi_cluster: Run the application in a second cluster as well, with calls between them.
        noise: Add a port scan, one connection made by hand and packets dropped for other reasons
            than policy.
        lost_events: How often in the window a node reports lost events.
        attacks: Which of `ATTACKS` to inject; the truth labels their edges.
        attack_share: Connections that each of them makes, as a share of the application's; a
            scan tries at least twenty ports, and a slow scan one a day whatever the share.
    """

    seed: int = 1
    flows: int | None = None
    connections: int | None = None
    start: datetime = field(default=DEFAULT_START)
    days: float = 7.0
    nodes: int = 0
    churn: float = 0.15
    family: str = "ipv4"
    log: str = "hubble"
    sampling: float | None = None
    datapath: str = "tunnel"
    service_lb: str = "socket"
    style: str = "modern"
    envelope: str = "wrapped"
    aggregate: int = 0
    multi_cluster: bool = False
    noise: bool = True
    lost_events: int = 0
    attacks: tuple[str, ...] = ()
    attack_share: float = 0.001

    def __post_init__(self) -> None:
        for name, choices in (
            ("family", FAMILIES),
            ("log", LOGS),
            ("datapath", DATAPATHS),
            ("service_lb", SERVICE_LBS),
            ("style", STYLES),
            ("envelope", ENVELOPES),
        ):
            value = getattr(self, name)
            if value not in choices:
                hint = f"one of {', '.join(choices)}"
                raise UsageError(f"unknown {name.replace('_', '-')} {value!r}", hint=hint)
        self._check_attacks()
        if not 0 < self.days <= 3660:  # noqa: PLR2004 - ten years
            raise UsageError(f"a window of {self.days} days", hint="give more than 0 days")
        for name in ("flows", "connections", "nodes", "churn", "aggregate", "lost_events"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise UsageError(f"{name.replace('_', '-')} must not be negative")
        if self.log != "hubble":
            self._check_cloud()
        if self.sampling is not None and not 0 < self.sampling <= 1:
            raise UsageError(f"a sampling of {self.sampling}", hint="more than 0, at most 1")
        if self.nodes > MAX_NODES:
            raise UsageError(f"{self.nodes} nodes", hint=f"at most {MAX_NODES}")
        if self.start.tzinfo is None:
            raise UsageError("the start of the window has no time zone", hint="end it with Z")

    def _check_attacks(self) -> None:
        for name in self.attacks:
            if name not in ATTACKS:
                raise UsageError(f"unknown attack {name!r}", hint=f"one of {', '.join(ATTACKS)}")
        if not 0 < self.attack_share <= 1:
            hint = "more than 0, at most 1"
            raise UsageError(f"an attack share of {self.attack_share}", hint=hint)

    def _check_cloud(self) -> None:
        aws = self.log.startswith("aws")
        fitting = ("wrapped", "exporter", "bare") if aws else ("wrapped", "exporter", "array")
        if self.envelope not in fitting:
            message = f"the log {self.log!r} has no envelope {self.envelope!r}"
            raise UsageError(message, hint=f"one of {', '.join(fitting)}")
        if self.style != "modern":
            raise UsageError(f"the style {self.style!r} is of Hubble, not of {self.log!r}")

    @property
    def through_tunnel(self) -> bool:
        """Whether packets between nodes are in a tunnel; in a cloud's own network they are not."""
        return self.datapath == "tunnel" and self.log == "hubble"

    @property
    def captured(self) -> float:
        """Share of the packets that the log is made of."""
        if self.log != "gcp":
            return 1.0
        return _CAPTURED if self.sampling is None else self.sampling

    @property
    def window_ns(self) -> int:
        """Length of the window in nanoseconds."""
        return int(self.days * _DAY_NS)

    @property
    def families(self) -> tuple[str, ...]:
        """The address families of the cluster: ``IPv4``, ``IPv6`` or both."""
        return {"ipv4": ("IPv4",), "ipv6": ("IPv6",), "dual": ("IPv4", "IPv6")}[self.family]
