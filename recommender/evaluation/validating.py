"""Manifests to findings: what the API server refuses, then what is dead or missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene import check_policies
from recommender.evaluation.validation import KIND, validate_network_policy
from recommender.evaluation.validation_tiers import KINDS, validate_tier_policy
from recommender.inventory.documents import read_documents
from recommender.inventory.manifests import inventory_of
from recommender.inventory.policies import POLICY_KINDS, parse_policies
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from recommender.inventory.documents import Document
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge

#: Code of the annotation by which namespaces were isolated before Kubernetes 1.7.
OBSOLETE_ISOLATION: Final = "obsolete-isolation"

_OBSOLETE_ANNOTATION: Final = "net.beta.kubernetes.io/network-policy"


@dataclass(frozen=True, slots=True)
class Validation:
    """What was looked at, and everything found.

    Attributes:
        findings: The gravest first.
        policies: How many policies there are, those that the API server refuses included.
        workloads: How many workloads they were held against.
        edges: How many edges of recorded traffic; None where there was none.
    """

    findings: tuple[Finding, ...]
    policies: int
    workloads: int
    edges: int | None = None

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings that are as grave as this or graver."""
        ranks = list(Severity)
        worst = ranks.index(severity)
        return tuple(each for each in self.findings if ranks.index(each.severity) <= worst)

    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity, the gravest first."""
        return {
            severity.value: sum(each.severity is severity for each in self.findings)
            for severity in Severity
        }

    def frame(self) -> pd.DataFrame:
        """One row a finding: severity, code, subject, message, hint, where."""
        import pandas as pd

        return pd.DataFrame(
            {
                "severity": [each.severity.value for each in self.findings],
                "code": [each.code for each in self.findings],
                "subject": [each.subject for each in self.findings],
                "message": [each.message for each in self.findings],
                "hint": [each.hint for each in self.findings],
                "where": [each.where for each in self.findings],
            },
            dtype="string",
        )


def validate(
    paths: Iterable[str | Path],
    *,
    edges: Sequence[Edge] | None = None,
    inventory: Inventory | None = None,
) -> Validation:
    """Everything that is wrong with the policies under some paths.

    Args:
        paths: Files and folders of manifests, kubectl dumps, or ``-``: the policies, and the
            workloads that they are about.
        edges: Recorded traffic to hold the rules against.
        inventory: The cluster, where it is known from elsewhere; else from the same paths.

    Raises:
        InputError: A path does not exist, or there is no object in all.
    """
    read = read_documents(paths)
    refused: list[Finding] = []
    wrong: set[str] = set()
    for document in read.documents:
        found = _refused(document)
        refused += found
        if any(each.severity is Severity.ERROR for each in found):
            wrong.add(document.where)
        refused += _obsolete(document)
    parsed = parse_policies(read.documents)
    cluster = inventory or inventory_of(read.documents)
    # What a reader stumbled over in a policy that was named above is the same fault once more.
    others = [
        each
        for each in (*parsed.findings, *cluster.findings)
        if not any(each.where.startswith(f"{place},") for place in wrong)
    ]
    hygiene = check_policies(parsed.network, cluster, tiers=parsed.tiers, edges=edges)
    findings = {*read.findings, *refused, *others, *hygiene}
    return Validation(
        tuple(sorted(findings, key=lambda each: each.order)),
        len(parsed.all) + sum(1 for each in parsed.findings if each.severity is Severity.ERROR),
        len(cluster.workloads),
        None if edges is None else len(edges),
    )


def _refused(document: Document) -> tuple[Finding, ...]:
    group = document.api_version.rpartition("/")[0]
    if document.kind == KIND and group in POLICY_KINDS[KIND]:
        return validate_network_policy(_whole(document), where=document.where)
    if document.kind in KINDS and group in POLICY_KINDS[document.kind]:
        return validate_tier_policy(_whole(document), where=document.where)
    return ()


def _whole(document: Document) -> Mapping[str, object]:
    """The body with kind and version, which the items of a typed list leave out."""
    return {"apiVersion": document.api_version, "kind": document.kind, **document.body}


def _obsolete(document: Document) -> list[Finding]:
    if document.kind != "Namespace":
        return []
    metadata = document.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(annotations, Mapping) or _OBSOLETE_ANNOTATION not in annotations:
        return []
    name = str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""
    message = (
        f"the annotation {_OBSOLETE_ANNOTATION} isolates nothing: clusters since Kubernetes 1.7 "
        "ignore it"
    )
    hint = "write a default-deny NetworkPolicy instead"
    where = f"{document.where}: metadata.annotations"
    return [
        Finding(OBSOLETE_ISOLATION, Severity.WARNING, f"namespace {name}", message, hint, where)
    ]
