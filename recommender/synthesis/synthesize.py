"""From edges to drafts: the one entry point of this package."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.model.edges import Verdict
from recommender.synthesis import cluster_findings as say
from recommender.synthesis.baseline import factor
from recommender.synthesis.default_deny import namespace_defaults
from recommender.synthesis.dns import resolvers
from recommender.synthesis.drafting import Drafter, by_end
from recommender.synthesis.findings import draft_findings
from recommender.synthesis.minimise import edge_order
from recommender.synthesis.peers import PeerFinder
from recommender.synthesis.segment_drafts import SegmentDrafts, share
from recommender.synthesis.segment_findings import segment_findings
from recommender.synthesis.settings import BOTH, Granularity, Settings
from recommender.synthesis.sharing import nothing_closed
from recommender.synthesis.subjects import foreign_names, roster

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import Direction, NetworkPolicy
    from recommender.segments.types import Segmentation
    from recommender.synthesis.default_deny import NamespaceDefault
    from recommender.synthesis.dns import Resolvers
    from recommender.synthesis.drafting import Draft, SetAside
    from recommender.synthesis.label_drafts import Unlabelled
    from recommender.synthesis.regrouping import Regrouped
    from recommender.synthesis.settings import Observed
    from recommender.synthesis.sharing import Closed, SharedBlock
    from recommender.synthesis.subjects import Roster
    from recommender.synthesis.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Synthesis:
    """Draft policies and what there is to say about them.

    Attributes:
        policies: Sorted by namespace and name; at most one for each workload, and at most one
            ``default-deny`` for each namespace.
        findings: Gravest first.
        roster: Whom policies can select.
        set_aside: Accepted edges for which no rule was written on a side that is isolated, with
            the reason; every other accepted edge is allowed by the policies.
        blocks: The blocks that are written for whole segments, those that add most first.
        labels: Segments that would have a policy if their workloads had a label.
        segments: Names of the segments that have a policy of their own.
        regrouped: How few policies segments take, where as few as possible were asked for.
    """

    policies: tuple[NetworkPolicy, ...]
    findings: tuple[Finding, ...]
    roster: Roster
    set_aside: tuple[SetAside, ...] = ()
    blocks: tuple[SharedBlock, ...] = ()
    labels: tuple[Unlabelled, ...] = ()
    segments: frozenset[str] = frozenset()
    regrouped: Regrouped | None = None


def synthesize(  # noqa: PLR0913 - everything that drafts are made from
    edges: Iterable[Edge],
    inventory: Inventory,
    *,
    observed: Observed | None = None,
    partial: Observed | None = None,
    wanted: Iterable[Wanted] = (),
    settings: Settings | None = None,
    segmentation: Segmentation | None = None,
    closed: Closed = nothing_closed,
) -> Synthesis:
    """Draft least-privilege policies from what was seen.

    Args:
        edges: Who talked to whom; only accepted edges make rules.
        inventory: The cluster as known.
        observed: Per workload the directions in which the log would have shown its traffic; a
            direction that is not in it is never isolated. Without it, see ``observable``.
        partial: Per workload the directions of which the window shows too little: they are
            staged, that is left open.
        wanted: Connections that have to be allowed though nobody saw them.
        settings: The user's choices.
        segmentation: The segments that may share policies; without it, each workload has its own.
        closed: Whether an edge that was not seen must not be allowed by a segment's rule.
    """
    chosen = settings or Settings()
    ordered = sorted(set(edges), key=edge_order)
    accepted = [edge for edge in ordered if edge.verdict is Verdict.ACCEPTED]
    # A log that holds nothing but denied traffic does not show what works.
    seen = frozenset(end for edge in accepted for end in (edge.client, edge.server))
    subjects = roster(inventory, accepted, chosen)
    known = resolvers(accepted, inventory, subjects)
    by_server, by_client = by_end(accepted)
    drafter = Drafter(
        finder=PeerFinder(inventory, subjects),
        known=known,
        observed=observable(ordered, inventory) if observed is None else observed,
        settings=chosen,
        by_server=by_server,
        by_client=by_client,
        seen=seen,
        partial=partial or {},
        wanted=tuple(wanted),
    )
    drafts = [drafter.draft(subject) for subject in subjects.subjects]
    shared = SegmentDrafts(drafts)
    if segmentation is not None and chosen.granularity is not Granularity.WORKLOAD:
        shared = share(segmentation, drafter, drafts, accepted, closed)
    drafts = list(shared.drafts)
    defaults = namespace_defaults(drafts, inventory, subjects, seen, known)
    policies = [default.policy for default in defaults if default.policy]
    if chosen.granularity is Granularity.SEGMENT:
        baselines, drafts = _factored(drafts, defaults, inventory)
        policies += baselines
    policies += [policy for draft in drafts if (policy := draft.policy)]
    outcome = _Outcome(subjects, known, drafts, defaults, shared)
    found = _findings(ordered, inventory, chosen, outcome)
    return Synthesis(
        policies=tuple(sorted(policies, key=lambda policy: (policy.namespace, policy.name))),
        findings=tuple(sorted(set(found), key=lambda finding: finding.order)),
        roster=subjects,
        set_aside=tuple(
            aside
            for draft in drafts
            for side in draft.directions
            if side.covered
            for aside in side.set_aside
        ),
        blocks=shared.sharing.blocks,
        labels=shared.labels,
        regrouped=shared.regrouped,
        segments=frozenset(one.segment.name for one in shared.sharing.shared),
    )


def _factored(
    drafts: Sequence[Draft],
    defaults: Sequence[NamespaceDefault],
    inventory: Inventory,
) -> tuple[list[NetworkPolicy], list[Draft]]:
    """The baselines of all namespaces that have a default-deny, and the drafts beside them."""
    safe = {one.namespace: one.policy.policy_types for one in defaults if one.policy is not None}
    spaces: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        spaces[draft.subject.namespace].append(draft)
    baselines: list[NetworkPolicy] = []
    left: list[Draft] = []
    for namespace, own in sorted(spaces.items()):
        taken = {draft.subject.name for draft in own} | foreign_names(inventory, namespace)
        baseline, rest = factor(namespace, own, safe.get(namespace, frozenset()), taken)
        baselines += [baseline] if baseline is not None else []
        left += rest
    return baselines, left


@dataclass(frozen=True, slots=True)
class _Outcome:
    roster: Roster
    known: Resolvers
    drafts: Sequence[Draft]
    defaults: Sequence[NamespaceDefault]
    shared: SegmentDrafts


def _findings(
    edges: Sequence[Edge],
    inventory: Inventory,
    settings: Settings,
    outcome: _Outcome,
) -> Iterator[Finding]:
    yield from say.roster_findings(outcome.roster, inventory)
    for draft in outcome.drafts:
        yield from draft_findings(draft, settings)
    yield from segment_findings(outcome.shared)
    yield from say.shared_findings(outcome.drafts, outcome.known)
    yield from say.default_findings(outcome.defaults)
    yield from say.verdict_findings(edges)
    yield from say.unknown_findings(edges, inventory)


def observable(edges: Sequence[Edge], inventory: Inventory) -> dict[Entity, frozenset[Direction]]:
    """Both directions of each workload of which at least one node reported, nothing else.

    Replicas do alike, so one reporting node is enough; a workload whose nodes are all silent, or
    not known, was not observed. A log without observers says nothing: then every workload counts.
    """
    reported = {observer for edge in edges for observer in edge.observers}
    return {
        entity: BOTH
        for entity, workload in inventory.workloads.items()
        if not reported or any(pod.node in reported for pod in workload.pods)
    }
