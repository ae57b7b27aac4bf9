"""What policies leave out: workloads without protection, open egress, missing DNS."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene_scene import listed
from recommender.evaluation.implication import Ports
from recommender.model.findings import Finding, Severity
from recommender.model.labels import NAMESPACE_NAME
from recommender.model.policies import Direction, IPBlock
from recommender.model.tiers import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.evaluation.hygiene_scene import Member, Scene
    from recommender.model.entities import Entity
    from recommender.model.policies import NetworkPolicy, Peer, PodPeer, Rule
    from recommender.model.tiers import TierPolicy

UNPROTECTED: Final = "unprotected-workload"
UNPROTECTED_NAMESPACE: Final = "unprotected-namespace"
NO_OWN_POLICY: Final = "no-own-policy"
OPEN_EGRESS: Final = "open-egress"
MISSING_DNS: Final = "missing-dns"

#: Namespaces of cluster resolvers, and labels of their pods.
_DNS_NAMESPACES: Final = frozenset({"kube-system", "openshift-dns"})
_DNS_LABELS: Final = frozenset(
    {
        ("k8s-app", "kube-dns"),
        ("k8s-app", "coredns"),
        ("app.kubernetes.io/name", "coredns"),
        ("dns.operator.openshift.io/daemonset-dns", "default"),
    }
)
#: Ports on which pods of resolvers listen: the usual one, and OpenShift's.
_DNS_PORTS: Final = (53, 5353)


def unprotected(
    scene: Scene,
    policies: Sequence[NetworkPolicy],
    tiers: Sequence[TierPolicy],
    *,
    spared: set[Entity],
) -> Iterator[Finding]:
    """Workloads whose ingress nothing limits, or only a policy for the whole namespace.

    Args:
        scene: The cluster.
        policies: The NetworkPolicies.
        tiers: The cluster-wide policies: a deny of theirs protects too.
        spared: Workloads that another finding already speaks of.
    """
    by_namespace = _by_namespace(policies)
    for namespace, members in scene.members.items():
        own = by_namespace.get(namespace, [])
        bare, covered = _sort(scene, own, tiers, members)
        workloads = {m.workload.entity for m in members if not m.host_network}
        if bare == workloads and bare:
            yield _bare_namespace(namespace, bare, with_policies=bool(own))
        else:
            for entity in sorted(bare - spared):
                message = "no policy limits who may connect to it"
                hint = f"recommender recommend drafts one for {entity.name} from its traffic"
                yield Finding(UNPROTECTED, Severity.WARNING, entity.id, message, hint)
        if any(not policy.subject.matches_all for policy in own):
            for entity, by in sorted(covered.items()):
                if entity not in spared:
                    yield _no_own_policy(scene, entity, by)


def _sort(
    scene: Scene,
    policies: list[NetworkPolicy],
    tiers: Sequence[TierPolicy],
    members: tuple[Member, ...],
) -> tuple[set[Entity], dict[Entity, list[NetworkPolicy]]]:
    """Workloads that nothing protects, and those that only whole-namespace policies do."""
    bare: set[Entity] = set()
    covered: dict[Entity, list[NetworkPolicy]] = {}
    for member in members:
        if member.host_network:
            continue
        entity, labels = member.workload.entity, dict(member.labels)
        isolating = [p for p in policies if p.isolates(Direction.INGRESS)]
        isolating = [p for p in isolating if p.subject.matches(labels)]
        if not isolating:
            if not any(_denies(scene, tier, member) for tier in tiers):
                bare.add(entity)
        elif all(policy.subject.matches_all for policy in isolating):
            covered[entity] = isolating
    return bare, covered


def _denies(scene: Scene, tier: TierPolicy, member: Member) -> bool:
    namespace = scene.namespace_labels()[member.workload.entity.namespace]
    selected = tier.subject.namespaces.matches(namespace)
    selected = selected and tier.subject.pods.matches(dict(member.labels))
    return selected and any(rule.action is Action.DENY for rule in tier.ingress)


def _bare_namespace(namespace: str, bare: set[Entity], *, with_policies: bool) -> Finding:
    names = listed(entity.name for entity in bare)
    whose = "its policies limit" if with_policies else "no policy limits"
    none = "none" if with_policies else "any"
    message = f"{whose} who may connect to {none} of its workloads ({len(bare)}): {names}"
    hint = "start with a default-deny policy, or let recommender recommend draft one a workload"
    return Finding(UNPROTECTED_NAMESPACE, Severity.WARNING, f"namespace {namespace}", message, hint)


def _no_own_policy(scene: Scene, entity: Entity, by: list[NetworkPolicy]) -> Finding:
    names = listed(policy.name for policy in by)
    lets_in = any(_lets_in(scene, policy, rule) for policy in by for rule in policy.ingress)
    effect = "which lets the same peers in to all" if lets_in else "which lets nobody in"
    message = (
        f"left without a policy of its own: only {names} covers it, with the whole namespace, "
        f"{effect}"
    )
    hint = "give it a policy of its own, as its neighbours have"
    return Finding(NO_OWN_POLICY, Severity.WARNING, entity.id, message, hint)


def _lets_in(scene: Scene, policy: NetworkPolicy, rule: Rule) -> bool:
    return not isinstance(rule.peers, tuple) or any(
        isinstance(peer, IPBlock) or scene.peers(policy, peer) for peer in rule.peers
    )


def open_egress(scene: Scene, policies: Sequence[NetworkPolicy]) -> Iterator[Finding]:
    """Namespaces with policies in which some workload may connect to anything."""
    for namespace, own in sorted(_by_namespace(policies).items()):
        limiting = [policy for policy in own if policy.isolates(Direction.EGRESS)]
        members = [m for m in scene.members.get(namespace, ()) if not m.host_network]
        free = {
            member.workload.entity.name
            for member in members
            if not any(policy.subject.matches(dict(member.labels)) for policy in limiting)
        }
        if free:
            total = len({member.workload.entity for member in members})
            message = f"{len(free)} of {total} workloads may connect to anything: {listed(free)}"
            hint = "add egress rules (with DNS) where data must not leave"
            subject = f"namespace {namespace}"
            yield Finding(OPEN_EGRESS, Severity.NOTE, subject, message, hint)


def missing_dns(scene: Scene, policies: Sequence[NetworkPolicy]) -> Iterator[Finding]:
    """Workloads whose egress is limited to some peers, with no rule that lets them resolve names.

    A workload that may connect to nothing at all is left alone: that is a plain deny.
    """
    resolvers = _resolvers(scene)
    for namespace, own in sorted(_by_namespace(policies).items()):
        limiting = [policy for policy in own if policy.isolates(Direction.EGRESS)]
        mute: dict[str, list[str]] = {}
        for member in scene.members.get(namespace, ()):
            if member.host_network or member in resolvers:
                continue
            labels = dict(member.labels)
            mine = [policy for policy in limiting if policy.subject.matches(labels)]
            rules = [(policy, rule) for policy in mine for rule in policy.egress]
            if rules and not any(_resolves(scene, p, rule, resolvers) for p, rule in rules):
                mute[member.workload.entity.name] = [policy.name for policy in mine]
        if mute:
            by = listed(name for names in mute.values() for name in names)
            message = f"{by} let {listed(mute)} send, but not ask DNS: names do not resolve"
            hint = (
                "allow UDP and TCP 53 to the resolver: namespaceSelector "
                f"{NAMESPACE_NAME}=kube-system, podSelector k8s-app=kube-dns"
            )
            yield Finding(MISSING_DNS, Severity.WARNING, f"namespace {namespace}", message, hint)


def _resolvers(scene: Scene) -> frozenset[Member]:
    return frozenset(
        member
        for namespace in _DNS_NAMESPACES
        for member in scene.members.get(namespace, ())
        if _DNS_LABELS & set(member.labels)
    )


def _resolves(
    scene: Scene, policy: NetworkPolicy, rule: Rule, resolvers: frozenset[Member]
) -> bool:
    ports = Ports.of(rule.ports)
    asked = any(("UDP", port) in ports.numbers for port in _DNS_PORTS)
    if not asked and not any(protocol == "UDP" for protocol, _ in ports.names):
        return False
    if not isinstance(rule.peers, tuple):
        return True
    return any(_may_be_resolver(scene, policy, peer, resolvers) for peer in rule.peers)


def _may_be_resolver(
    scene: Scene, policy: NetworkPolicy, peer: Peer, resolvers: frozenset[Member]
) -> bool:
    """Whether a peer is a resolver; in doubt, where none is known or an address says so, yes."""
    if isinstance(peer, IPBlock):
        return True
    found = scene.peers(policy, peer)
    if any(member in resolvers for member in found):
        return True
    if any(port.port in _DNS_PORTS for member in found for port in member.ports):
        return True
    return not resolvers and peer.namespaces is not None and _usual(scene, peer)


def _usual(scene: Scene, peer: PodPeer) -> bool:
    """Whether a peer would match a resolver as clusters have it, were it among the input."""
    if peer.namespaces is None or not any(peer.pods.matches(dict([p])) for p in _DNS_LABELS):
        return False
    named = any(peer.namespaces.matches({NAMESPACE_NAME: name}) for name in _DNS_NAMESPACES)
    return named or not scene.namespaces(peer.namespaces)


def _by_namespace(policies: Iterable[NetworkPolicy]) -> dict[str, list[NetworkPolicy]]:
    found: defaultdict[str, list[NetworkPolicy]] = defaultdict(list)
    for policy in policies:
        found[policy.namespace].append(policy)
    return dict(found)
