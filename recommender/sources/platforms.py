"""What the flow logs of each cloud cannot show, whatever is in them, and the setting that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from recommender.sources.layout import Layout


class _Gap(NamedTuple):
    code: str
    severity: Severity
    message: str
    hint: str


_SAME_NODE: Final = (
    "traffic between two pods of one node crosses no network interface and is missing"
)
_TRANSLATED: Final = "towards the internet a node's address stands for those of its pods (SNAT)"


def _same_node(hint: str) -> _Gap:
    return _Gap("same-node-unseen", Severity.WARNING, _SAME_NODE, hint)


def _translated(hint: str) -> _Gap:
    return _Gap("addresses-translated", Severity.NOTE, _TRANSLATED, hint)


def _interval(what: str, hint: str) -> _Gap:
    message = f"{what}, so times and the order of connections are coarse"
    return _Gap("coarse-times", Severity.NOTE, message, hint)


_GAPS: Final = {
    "aws": (
        "AWS VPC flow logs",
        (
            _same_node(
                "no setting of AWS shows it: rules that only such traffic needs have to come from "
                "Hubble flows or from hand"
            ),
            _translated(
                "AWS_VPC_K8S_CNI_EXTERNALSNAT=true on the aws-node DaemonSet keeps the pods' "
                "addresses, where a NAT gateway translates them"
            ),
            _Gap(
                "resolver-unseen",
                Severity.NOTE,
                "queries to the VPC's own resolver, its clock and the metadata service are not "
                "logged",
                "Route 53 Resolver query logging shows them; drafts let every pod ask the "
                "cluster's own DNS",
            ),
            _interval(
                "a row stands for up to ten minutes, on Nitro instances for one",
                "create the flow log with --max-aggregation-interval 60",
            ),
        ),
    ),
    "gcp": (
        "GCP VPC flow logs",
        (
            _same_node("gcloud container clusters update CLUSTER --enable-intra-node-visibility"),
            _translated(
                "name the ranges in nonMasqueradeCIDRs of the ip-masq-agent, or create the cluster "
                "with --disable-default-snat"
            ),
            _Gap(
                "sampled-input",
                Severity.WARNING,
                "about one packet in thirty is captured and a share of the entries is kept: rare "
                "connections may be missing, and counts are estimates",
                "gcloud compute networks subnets update SUBNET --logging-flow-sampling=1.0, and "
                "record longer",
            ),
            _interval(
                "an entry stands for five seconds up to fifteen minutes",
                "gcloud compute networks subnets update SUBNET "
                "--logging-aggregation-interval=interval-5-sec",
            ),
        ),
    ),
    "azure": (
        "Azure flow logs",
        (
            _same_node(
                "no setting of flow logs shows it: container network logs of AKS do, with Advanced "
                "Container Networking Services"
            ),
            _translated(
                "a cluster with a pod subnet (--pod-subnet-id) keeps the pods' addresses inside "
                "the virtual network; with Overlay or kubenet nodes stand for them everywhere "
                "outside the cluster"
            ),
            _interval("counts are written once a minute", "nothing: no setting changes it"),
        ),
    ),
    "ibm": (
        "IBM Cloud flow logs",
        (
            _same_node(
                "no setting of IBM Cloud shows it: rules that only such traffic needs have to come "
                "from elsewhere"
            ),
            _translated("natOutgoing of Calico's IPPool says for which addresses it is so"),
            _interval("an object stands for about five minutes", "nothing: no setting changes it"),
        ),
    ),
}


def remarks(layout: Layout, /, *, cluster_known: bool) -> tuple[Finding, ...]:
    """Findings about a cloud's logs: what they cannot show, with the setting that would help.

    Args:
        layout: How a log of the cloud is written.
        cluster_known: Whether the addresses of pods are known; it makes no difference here.
    """
    del cluster_known
    title, gaps = _GAPS[layout.format]
    return tuple(Finding(gap.code, gap.severity, title, gap.message, gap.hint) for gap in gaps)
