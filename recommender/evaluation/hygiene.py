"""What is wrong with policies that the API server accepts: dead, inert, redundant, missing.

All of it is told from the policies and the cluster as known; where the traffic is known too,
rules that it never used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene_coverage import missing_dns, open_egress, unprotected
from recommender.evaluation.hygiene_ports import odd_ports
from recommender.evaluation.hygiene_rules import inert_rules, needless
from recommender.evaluation.hygiene_scene import Scene
from recommender.evaluation.hygiene_selectors import dead_peers, dead_subjects
from recommender.evaluation.hygiene_tiers import shadowed_rules
from recommender.evaluation.hygiene_traffic import unused_rules
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy
    from recommender.model.tiers import TierPolicy

#: Code of the note that selectors could not be looked at.
NO_WORKLOADS: Final = "no-workloads"


def check_policies(
    policies: Sequence[NetworkPolicy],
    inventory: Inventory,
    *,
    tiers: Sequence[TierPolicy] = (),
    edges: Sequence[Edge] | None = None,
) -> tuple[Finding, ...]:
    """Everything worth saying about policies that are valid.

    Args:
        policies: The NetworkPolicies.
        inventory: The cluster; where it holds no workload, selectors are not looked at.
        tiers: Cluster-wide policies beside them.
        edges: Recorded traffic; None where there is none to hold the rules against.

    Returns:
        Findings, the gravest first, each placed at file and field.
    """
    scene = Scene(inventory)
    findings: list[Finding] = [*inert_rules(policies), *needless(policies)]
    findings += shadowed_rules(tiers)
    if scene.is_empty:
        findings.append(_no_workloads())
    else:
        dead, meant = dead_subjects(scene, policies)
        findings += dead
        findings += dead_peers(scene, policies)
        findings += odd_ports(scene, policies)
        findings += unprotected(scene, policies, tiers, spared=meant)
        findings += open_egress(scene, policies)
        findings += missing_dns(scene, policies)
        if edges is not None:
            findings += unused_rules(scene, policies, edges)
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _no_workloads() -> Finding:
    message = "no workloads among the manifests: what the selectors select was not looked at"
    hint = "name the application's manifests or a kubectl dump beside the policies"
    return Finding(NO_WORKLOADS, Severity.NOTE, "input", message, hint)
