"""What the NetworkPolicy specification leaves open, as named choices, and the worlds they span.

A settled question has one answer everywhere. For an open one a user can name the answer of the
network plugin at hand; where none is named, every answer is tried, and a verdict on which they
differ is *undefined*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product


class Choice(StrEnum):
    """An answer to a question that the specification leaves open."""

    YES = "yes"
    NO = "no"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Modes:
    """Answers to the open questions.

    Attributes:
        ip_block_pods: Does an ``ipBlock`` of a NetworkPolicy match pods by their addresses? The
            documentation says it should be external, the upstream e2e suite demands a match,
            Cilium does not match.
        host_network_pods: Do policies see pods of the host network as pods? NO: they are the
            node's addresses, never selected. The specification calls it undefined.
        own_node_egress: Is traffic from a pod to its own node always allowed? Ingress from the
            own node is, everywhere.
        hairpin: Is traffic of a pod to itself through a Service always allowed?
        networks_match_pods: Does the ``networks`` peer of the cluster-wide policies match pods
            by their addresses? The API says that it does; some tools do not.
        end_port: False for a network plugin without support of ``endPort``: a range is its
            first port.
        ipv6: Whether IPv6 addresses exist here; None for "where the input has any".
    """

    ip_block_pods: Choice = Choice.UNDEFINED
    host_network_pods: Choice = Choice.UNDEFINED
    own_node_egress: Choice = Choice.UNDEFINED
    hairpin: Choice = Choice.UNDEFINED
    networks_match_pods: bool = True
    end_port: bool = True
    ipv6: bool | None = None

    def worlds(self, *, addresses: bool = True, host_network: bool = True) -> tuple[Modes, ...]:
        """Every way of settling the questions that a matrix of verdicts depends on.

        Args:
            addresses: Whether any ``ipBlock`` could match any pod.
            host_network: Whether there is any pod of the host network.

        Returns:
            Modes in which neither ``ip_block_pods`` nor ``host_network_pods`` is undefined; one
            where a question is settled or does not arise.
        """
        blocks = _answers(self.ip_block_pods, asked=addresses)
        hosts = _answers(self.host_network_pods, asked=host_network)
        return tuple(
            replace(self, ip_block_pods=block, host_network_pods=host)
            for block, host in product(blocks, hosts)
        )


def _answers(choice: Choice, *, asked: bool) -> tuple[Choice, ...]:
    if choice is not Choice.UNDEFINED:
        return (choice,)
    return (Choice.NO, Choice.YES) if asked else (Choice.NO,)
