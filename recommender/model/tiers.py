"""Typed cluster-wide policies: Admin-, BaselineAdmin- and ClusterNetworkPolicy.

One type holds the three: an AdminNetworkPolicy (v1alpha1) is a policy of the Admin tier, a
BaselineAdminNetworkPolicy one of the Baseline tier, and a ClusterNetworkPolicy (v1alpha2) names
its tier. Source: ``sigs.k8s.io/network-policy-api``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError
from recommender.model.policies import ALL_PORTS, Direction, Every

if TYPE_CHECKING:
    from recommender.model.labels import LabelSelector

#: Priorities of the AdminNetworkPolicy and ClusterNetworkPolicy APIs, both inclusive.
MIN_PRIORITY: Final = 0
MAX_PRIORITY: Final = 1000


class Tier(StrEnum):
    """The tiers around the NetworkPolicies, in the order in which they are asked."""

    ADMIN = "Admin"
    BASELINE = "Baseline"


class Action(StrEnum):
    """What a matching rule does; ``Accept`` is called ``Allow`` in v1alpha1."""

    ACCEPT = "Accept"
    DENY = "Deny"
    PASS = "Pass"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class TierPort:
    """One port match of a rule.

    Attributes:
        protocol: ``TCP``, ``UDP`` or ``SCTP``; None for a named port, which matches the
            container port of that name whatever its protocol.
        port: A number, the first of a range, a container port's name, or None for every port
            of the protocol.
        end_port: Last port of a range that starts at ``port``.
    """

    protocol: str | None
    port: int | str | None = None
    end_port: int | None = None


@dataclass(frozen=True, slots=True)
class TierPods:
    """Pods by the labels of their namespaces and their own; never pods of the host network.

    Attributes:
        namespaces: Which namespaces.
        pods: Which pods in them.
    """

    namespaces: LabelSelector
    pods: LabelSelector


@dataclass(frozen=True, slots=True)
class Networks:
    """CIDRs as an egress peer; they match pods of the cluster by their addresses too."""

    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes by their labels as an egress peer; matched by ``status.addresses``."""

    selector: LabelSelector


@dataclass(frozen=True, slots=True)
class DomainNames:
    """Hosts by DNS name as an egress peer; ``*.`` as a prefix stands for any labels."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownPeer:
    """A peer of a kind that the API of this version does not have: the rule fails closed."""

    key: str


TierPeer = TierPods | Networks | Nodes | DomainNames | UnknownPeer


@dataclass(frozen=True, slots=True)
class TierRule:
    """One rule: what happens to traffic with these peers on these ports.

    Attributes:
        action: What happens.
        peers: The peers, any of them.
        ports: The ports, any of them, or ``ALL_PORTS``.
        name: Its name for reports; may be empty.
    """

    action: Action
    peers: tuple[TierPeer, ...]
    ports: tuple[TierPort, ...] | Every = ALL_PORTS
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse the empty lists that the API refuses.

        Raises:
            ModelError: There is no peer, or the list of ports is empty.
        """
        if not self.peers or self.ports == ():
            message = "a rule of a tier needs at least one peer, and one port where it lists any"
            raise ModelError(message)


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """One policy of the Admin or Baseline tier.

    Attributes:
        kind: ``AdminNetworkPolicy``, ``BaselineAdminNetworkPolicy`` or
            ``ClusterNetworkPolicy``.
        name: Its name, unique for its kind.
        tier: Its tier.
        priority: Lower goes first.
        subject: The pods it speaks of.
        ingress: Rules in their order; the first that matches decides.
        egress: Rules in their order.
        origin: File and document it was read from.
    """

    kind: str
    name: str
    tier: Tier
    priority: int
    subject: TierPods
    ingress: tuple[TierRule, ...] = ()
    egress: tuple[TierRule, ...] = ()
    origin: str = ""

    def rules(self, direction: Direction) -> tuple[TierRule, ...]:
        """The rules of one direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress
