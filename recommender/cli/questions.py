"""What the commands that ask the evaluator share: the cluster, and answers to open questions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from recommender.cli.options import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.evaluation.modes import Modes
    from recommender.model.findings import Finding

_ANSWERS: Final = ("undefined", "yes", "no")

Inventories = Annotated[
    list[str] | None,
    typer.Option(
        "--inventory",
        "-i",
        help="The cluster as known, where it is not beside the policies: manifests, kubectl "
        "dumps, or folders of them. May be repeated.",
    ),
]
IPBlockPods = Annotated[
    str,
    Choice("--ip-block-pods", _ANSWERS, "Does an ipBlock match pods by address? Plugins differ"),
]
HostNetworkPods = Annotated[
    str,
    Choice(
        "--host-network-pods",
        _ANSWERS,
        "Do policies see pods of the host network as pods? Plugins differ",
    ),
]


OwnNodeEgress = Annotated[
    str,
    Choice("--own-node-egress", _ANSWERS, "Is traffic of a pod to its own node always allowed"),
]
Hairpin = Annotated[
    str,
    Choice("--hairpin", _ANSWERS, "Is traffic of a pod to itself through a Service always allowed"),
]
NoEndPort = Annotated[
    bool,
    typer.Option(
        "--no-end-port",
        help="The network plugin does not know endPort: a range is its first port.",
    ),
]


def modes(
    ip_block_pods: str,
    host_network_pods: str,
    own_node_egress: str = "undefined",
    hairpin: str = "undefined",
    *,
    no_end_port: bool = False,
) -> Modes:
    """The answers that a user gave to the open questions."""
    from recommender.evaluation.modes import Choice as Answer
    from recommender.evaluation.modes import Modes

    return Modes(
        ip_block_pods=Answer(ip_block_pods),
        host_network_pods=Answer(host_network_pods),
        own_node_egress=Answer(own_node_egress),
        hairpin=Answer(hairpin),
        end_port=not no_end_port,
    )


def warn(findings: Iterable[Finding]) -> None:
    """Tell oddities of the input on standard error."""
    from recommender.model.text import clean

    for finding in findings:
        place = f"{clean(finding.where)}: " if finding.where else ""
        sys.stderr.write(f"{finding.severity.value}: {place}{clean(finding.message)}\n")
