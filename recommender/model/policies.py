"""Typed NetworkPolicies (networking.k8s.io/v1): what a policy says, without its YAML.

The types hold every valid NetworkPolicy, and no accidental one: an empty peer list, an empty
port list and an empty subject selector mean "all" in Kubernetes and exist here only under the
names ``ALL_PEERS``, ``ALL_PORTS`` and ``LabelSelector.everything()``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError

if TYPE_CHECKING:
    from recommender.model.edges import Edge
    from recommender.model.labels import LabelSelector


#: Annotation of a draft that names the directions it leaves open until the window shows enough.
STAGED: Final = "recommender/staged"


class Direction(StrEnum):
    """The two directions that a policy can isolate, as ``policyTypes`` spells them."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class Every(Enum):
    """Names for the lists that mean "all" when they are left out."""

    PEERS = "all peers"
    PORTS = "all ports"


#: Every source or destination, inside and outside the cluster.
ALL_PEERS: Final = Every.PEERS
#: Every port of every protocol.
ALL_PORTS: Final = Every.PORTS


@dataclass(frozen=True, slots=True)
class PolicyPort:
    """One entry of a ``ports`` list.

    Attributes:
        protocol: ``TCP``, ``UDP`` or ``SCTP``.
        port: A number, a container port's name, or None for every port of the protocol.
        end_port: Last port of a range that starts at the number ``port``.
    """

    protocol: str
    port: int | str | None = None
    end_port: int | None = None

    @property
    def order(self) -> tuple[str, bool, int, str, int]:
        """Sort key: by protocol, numbers before names."""
        number = self.port if isinstance(self.port, int) else 0
        name = self.port if isinstance(self.port, str) else ""
        return (self.protocol, bool(name), number, name, self.end_port or 0)


@dataclass(frozen=True, slots=True)
class PodPeer:
    """Pods as peers: of the policy's own namespace, or of the namespaces selected.

    Attributes:
        pods: Which pods; ``LabelSelector.everything()`` for all pods of the namespaces.
        namespaces: Which namespaces; None for the policy's own.
    """

    pods: LabelSelector
    namespaces: LabelSelector | None = None


@dataclass(frozen=True, slots=True)
class IPBlock:
    """Addresses as peers: a CIDR without some of its parts."""

    cidr: str
    excluded: tuple[str, ...] = ()


Peer = PodPeer | IPBlock


@dataclass(frozen=True, slots=True)
class Rule:
    """One ingress or egress rule: these peers on these ports.

    Attributes:
        peers: The peers (any of them), or ``ALL_PEERS``.
        ports: The ports (any of them), or ``ALL_PORTS``.
        evidence: The edges that justify the rule; empty for a guardrail and for policies that
            were read from files.
        reason: Why the rule is there when no edge justifies it, for example ``dns``.
        marks: What a reviewer must look at, sorted: ``world``, ``node``, ``kube-apiserver`` ...
    """

    peers: tuple[Peer, ...] | Every
    ports: tuple[PolicyPort, ...] | Every
    evidence: tuple[Edge, ...] = field(default=(), compare=False)
    reason: str = field(default="", compare=False)
    marks: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Refuse the accidental "all".

        Raises:
            ModelError: A list is empty instead of being named ``ALL_PEERS`` or ``ALL_PORTS``.
        """
        if self.peers == () or self.ports == ():
            message = "an empty list means everything: write ALL_PEERS or ALL_PORTS"
            raise ModelError(message)


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """One NetworkPolicy.

    Attributes:
        namespace: Where it lives, and whose pods it selects.
        name: Its name.
        subject: The pods it isolates.
        policy_types: The directions it isolates.
        ingress: Rules for the ingress direction; none isolates and allows nothing.
        egress: Rules for the egress direction.
        labels: Labels of the policy object, sorted pairs.
        annotations: Annotations of the policy object, sorted pairs.
        origin: File and document it was read from, or the entity it was made for.
    """

    namespace: str
    name: str
    subject: LabelSelector
    policy_types: frozenset[Direction]
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    origin: str = field(default="", compare=False)

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        """The rules of one direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress

    def isolates(self, direction: Direction) -> bool:
        """Whether the policy isolates its pods in one direction."""
        return direction in self.policy_types
