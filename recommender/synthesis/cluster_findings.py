"""What a person should know about the drafts as a whole: who got none, what they share."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from recommender.connections.marks import OWN_NODE
from recommender.model.edges import Verdict
from recommender.model.findings import Finding, Severity
from recommender.model.policies import Direction
from recommender.model.volatile_labels import Volatility, volatility
from recommender.synthesis.dns import ASSUMED
from recommender.synthesis.findings import counted, some, words
from recommender.synthesis.mending import mending_line
from recommender.synthesis.subjects import foreign_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.synthesis.default_deny import NamespaceDefault
    from recommender.synthesis.dns import Resolvers
    from recommender.synthesis.drafting import Draft
    from recommender.synthesis.subjects import Roster, Subject

_VERDICT_WORDS: Final = {
    Verdict.DENIED: ("denied-traffic", "was denied"),
    Verdict.AUDIT: ("audit-traffic", "was let through by a policy in audit mode only"),
    Verdict.UNANSWERED: ("unanswered-traffic", "never got an answer"),
    Verdict.UNKNOWN: ("unknown-verdict", "has no verdict in the log"),
}


def roster_findings(roster: Roster, inventory: Inventory) -> Iterator[Finding]:
    """Workloads without a selector, and those that share one."""
    elsewhere = [entity for entity, why in roster.refused.items() if why == "other-cluster"]
    if elsewhere:
        clusters = {entity.cluster for entity in elsewhere}
        yield Finding(
            "other-cluster",
            Severity.WARNING,
            some(clusters),
            f"{counted(len(elsewhere), 'workload')} of other clusters got no draft: policies are "
            "drafted for one cluster at a time",
            hint="run again for each cluster by its name",
        )
    for entity, why in roster.refused.items():
        if why == "needs-label":
            yield Finding(
                why,
                Severity.WARNING,
                entity.id,
                "no set of stable labels selects its pods and none else of its namespace, so it "
                "got no policy",
                hint=mending_line(inventory.workloads[entity]),
            )
        elif why == "host-network":
            yield Finding(
                why,
                Severity.NOTE,
                entity.id,
                "its pods use the node's network, which no NetworkPolicy isolates",
            )
        elif why == "invalid-namespace":
            yield Finding(
                why,
                Severity.WARNING,
                entity.id,
                "its namespace has a name that the API server would refuse",
            )
    for subject in roster.subjects:
        if len(subject.members) > 1:
            yield _shared(subject)
        wanted = subject.members[0].name
        if subject.name != wanted and wanted in foreign_names(inventory, subject.namespace):
            yield Finding(
                "name-taken",
                Severity.NOTE,
                subject.id,
                f"a policy called {wanted} is there already and is not replaced; both will hold, "
                "and what either allows is allowed",
                hint="delete the other policy once the draft has taken its place",
            )
        keys = subject.selector.keys()
        if any(volatility(key) is Volatility.VERSION for key in keys):
            yield Finding(
                "version-in-selector",
                Severity.NOTE,
                subject.id,
                f"the controller's own selector names a version ({subject.selector}): the draft "
                "ends with that controller",
            )


def _shared(subject: Subject) -> Finding:
    grown = subject.added > 0
    return Finding(
        "shared-selector",
        Severity.WARNING if grown else Severity.NOTE,
        subject.id,
        f"{some(member.name for member in subject.members)} differ in no stable label and share "
        f"one policy ({subject.selector}), which "
        + (
            f"grants {counted(subject.added, 'conversation')} to members not seen to have them"
            if grown
            else "adds nothing to what each of them was seen to do"
        ),
        hint="a stable label on each pod template gives each its own policy" if grown else "",
    )


def shared_findings(drafts: Sequence[Draft], known: Resolvers) -> Iterator[Finding]:
    """Findings that many drafts have in common, one for all of them."""
    egress = [d.subject.id for d in drafts if Direction.EGRESS in d.covered]
    if known.assumed and egress:
        yield Finding(
            ASSUMED,
            Severity.WARNING,
            "cluster",
            "no DNS resolver was seen or is known; the usual one is assumed in "
            f"{counted(len(egress), 'policy', 'policies')}: pods with k8s-app=kube-dns in "
            "kube-system on port 53",
            hint="check it: kubectl -n kube-system get pods -l k8s-app=kube-dns",
        )
    for subject, ports in known.pods:
        if any(d.subject == subject and Direction.INGRESS in d.covered for d in drafts):
            yield Finding(
                "dns-open-to-cluster",
                Severity.NOTE,
                subject.id,
                f"as the cluster's resolver it answers every pod on {some(map(str, ports))}, so "
                "that a new workload can resolve names",
            )
    marked = {
        draft.subject.id
        for draft in drafts
        for side in draft.directions
        if any("node" in rule.marks for rule in side.rules)
    }
    if marked:
        yield Finding(
            "node-addresses",
            Severity.NOTE,
            "cluster",
            f"node addresses stand in {counted(len(marked), 'policy', 'policies')} "
            f"({some(marked)}): a new node needs a new draft",
        )
    probed = {
        draft.subject.id
        for draft in drafts
        for side in draft.directions
        if any(aside.reason == OWN_NODE for aside in side.set_aside)
    }
    if probed:
        yield Finding(
            OWN_NODE,
            Severity.NOTE,
            "cluster",
            f"traffic from their own node (kubelet probes) to {counted(len(probed), 'workload')} "
            "needs no rule: Kubernetes always allows it",
        )


def default_findings(defaults: Sequence[NamespaceDefault]) -> Iterator[Finding]:
    """Namespaces whose default-deny leaves a direction out, or may hit what was never seen."""
    for default in defaults:
        alike: defaultdict[tuple[Entity, ...], list[Direction]] = defaultdict(list)
        for direction, entities in default.spared:
            alike[entities].append(direction)
        for entities, directions in alike.items():
            yield Finding(
                "default-deny-reduced" if default.policy else "default-deny-left-out",
                Severity.WARNING,
                default.namespace,
                (
                    f"its default-deny leaves {words(directions)} open"
                    if default.policy
                    else f"it gets no default-deny for {words(directions)}"
                )
                + ", which would cut off "
                + (some(entity.id for entity in entities) or "platform pods that were not seen"),
                hint="" if entities else "give an inventory of the cluster to get one",
                where=",".join(direction.value for direction in directions),
            )
    unsure = [d.namespace for d in defaults if d.policy and d.from_flows]
    if unsure:
        yield Finding(
            "default-deny-unseen",
            Severity.WARNING,
            "cluster",
            f"the default-deny of {', '.join(unsure)} also isolates pods that these logs never "
            "showed",
            hint="give an inventory of the cluster, or compare with kubectl get pods first",
        )


def verdict_findings(edges: Sequence[Edge]) -> Iterator[Finding]:
    """Traffic that made no rule since it was not accepted, one finding a server and verdict."""
    groups: defaultdict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.verdict is not Verdict.ACCEPTED:
            about = _about(edge)
            groups[edge.verdict.value, about.id].append(edge)
    for (verdict, about_id), group in sorted(groups.items()):
        code, fate = _VERDICT_WORDS[Verdict(verdict)]
        flows = sum(edge.flows for edge in group)
        ports = some(f"{edge.protocol}/{edge.port}" for edge in group)
        ends = some(e.client.id if e.server.id == about_id else e.server.id for e in group)
        yield Finding(
            code,
            Severity.NOTE,
            about_id,
            f"traffic of {counted(flows, 'flow')} on {ports} with {ends} {fate}; it made no rule",
        )


def _about(edge: Edge) -> Entity:
    return edge.client if edge.client.is_workload and not edge.server.is_workload else edge.server


def unknown_findings(edges: Sequence[Edge], inventory: Inventory) -> Iterator[Finding]:
    """Workloads that were seen and that the inventory does not hold."""
    ends = {end for edge in edges for end in (edge.client, edge.server) if end.is_workload}
    for entity in sorted(ends - set(inventory.workloads)):
        yield Finding(
            "unknown-workload",
            Severity.WARNING,
            entity.id,
            "it was seen in the flows and is not in the inventory, so it got no policy",
            hint="take the inventory while the workload runs, or leave it if it is gone for good",
        )
