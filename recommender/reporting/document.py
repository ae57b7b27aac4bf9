"""The one document of a run that every other form of report is made from.

Its form is ``docs/report.schema.json``. It is a pure function of the run: sorted throughout,
without the time of the run and without a path that the user did not name. Strings stand as they
were in the log; what shows them to a person has to clean them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from recommender.model.policies import Direction
from recommender.rendering.network_policy import to_yaml
from recommender.rendering.tree import is_default_deny, policy_paths
from recommender.reporting.exposure_part import exposure_part
from recommender.reporting.goals_part import goals_part
from recommender.reporting.parts import (
    account_part,
    edge_part,
    finding_part,
    replay_part,
    rule_part,
    selector_part,
)
from recommender.reporting.review_part import review_part
from recommender.reporting.run import drafts_by_entity
from recommender.reporting.segments_part import blocks_part, segments_part
from recommender.reporting.size_part import size_part
from recommender.reporting.times import rfc3339
from recommender.reporting.window_part import window_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.inventory.types import Workload
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy
    from recommender.reporting.run import Run

#: Grows in its first number when a reader of the document has to change, else in its second.
SCHEMA_VERSION: Final = "1.1"

Document = dict[str, Any]


def build(run: Run, files: Mapping[str, str] | None = None) -> Document:
    """The document of a run: mappings, lists, strings, numbers, booleans and None only.

    Args:
        run: What happened.
        files: The text of the drafts by their path, where it was made already.
    """
    window, policies = run.window, _policies(run, files or {})
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "recommender", "version": run.tool_version},
        "inputs": sorted(run.inputs),
        "window": {
            "first_seen": rfc3339(window[0]) if window else None,
            "last_seen": rfc3339(window[1]) if window else None,
        },
        "settings": dict(sorted(run.settings.items())),
        "accounting": account_part(run.accounting),
        "replay": replay_part(run.replay),
        "entities": _entities(run),
        "edges": [edge_part(edge) for edge in sorted(run.edges, key=lambda edge: edge.key)],
        "policies": policies,
        "size": size_part(run.policies, (policy["yaml"] for policy in policies)),
        "segments": segments_part(run.segments),
        "blocks": blocks_part(run.segments),
        "exposure": exposure_part(run.exposure),
        "review": review_part(run.review),
        "window_coverage": window_part(run.window_coverage, run.cron_jobs),
        "goals": goals_part(run.goals),
        "findings": _findings(run.findings),
        "coverage": _findings(run.coverage),
    }


def to_json(document: Document) -> str:
    """The document as JSON in ASCII: nothing in it steers a terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def _findings(findings: Iterable[Finding]) -> list[Document]:
    return [finding_part(finding) for finding in sorted(findings, key=lambda item: item.order)]


def _entities(run: Run) -> list[Document]:
    ends = {end for edge in run.edges for end in (edge.client, edge.server)}
    found = sorted({*ends, *run.inventory.workloads})
    drafts = drafts_by_entity(run.policies)
    return [_entity(entity, run, drafts.get(entity.id, [])) for entity in found]


def _entity(entity: Entity, run: Run, drafts: list[NetworkPolicy]) -> Document:
    workload = run.inventory.workloads.get(entity)
    return {
        "id": entity.id,
        "kind": entity.kind.value,
        "cluster": entity.cluster,
        "namespace": entity.namespace,
        "workload_kind": entity.workload_kind,
        "name": entity.name,
        "workload": _workload(workload, run, drafts) if workload else None,
    }


def _workload(workload: Workload, run: Run, drafts: list[NetworkPolicy]) -> Document:
    seen = run.observed.get(workload.entity, frozenset())
    return {
        "known_from": workload.known_from,
        "name_inferred": workload.name_inferred,
        "host_network": workload.host_network,
        "pods": len(workload.pods),
        "replicas": workload.replicas,
        "labels": dict(workload.labels),
        "selector": selector_part(workload.selector) if workload.selector else None,
        "observed": [direction.value for direction in Direction if direction in seen],
        "policies": [f"{policy.namespace}/{policy.name}" for policy in drafts],
    }


def _policies(run: Run, files: Mapping[str, str]) -> list[Document]:
    paths = policy_paths(run.policies)
    return [
        _policy(policy, paths[policy.namespace, policy.name], files)
        for policy in sorted(run.policies, key=lambda policy: (policy.namespace, policy.name))
    ]


def _policy(policy: NetworkPolicy, path: str, files: Mapping[str, str]) -> Document:
    return {
        "namespace": policy.namespace,
        "name": policy.name,
        "file": path,
        "origin": policy.origin,
        "default_deny": is_default_deny(policy),
        "selector": selector_part(policy.subject),
        "policy_types": [item.value for item in Direction if policy.isolates(item)],
        "ingress": [rule_part(rule) for rule in policy.ingress],
        "egress": [rule_part(rule) for rule in policy.egress],
        "yaml": files.get(path) or to_yaml(policy),
    }
