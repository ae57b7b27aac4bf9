"""Selectors that select nothing, and what their author probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene_scene import about, listed
from recommender.evaluation.implication import is_impossible
from recommender.model.findings import Severity
from recommender.model.labels import NAMESPACE_NAME, LabelSelector, Operator
from recommender.model.policies import Direction, PodPeer
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from recommender.evaluation.hygiene_scene import Member, Scene
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy

SELECTS_NOTHING: Final = "selects-nothing"
PEER_MATCHES_NOTHING: Final = "peer-matches-nothing"
HOST_NETWORK: Final = "host-network-subject"

#: How like two label values must be for the one to be offered for the other (0 to 1).
LIKENESS: Final = 0.75

_PEERS_KEY: Final = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def dead_subjects(
    scene: Scene, policies: Iterable[NetworkPolicy]
) -> tuple[list[Finding], set[Entity]]:
    """Policies that select no pod, or only pods that they have no effect on.

    Returns:
        The findings, and the workloads that the suggestions in them mean: these are without a
        policy only because of the mistake that is already named.
    """
    findings: list[Finding] = []
    meant: set[Entity] = set()
    for policy in policies:
        selected = scene.selected(policy.namespace, policy.subject)
        hosts = [member for member in selected if member.host_network]
        if hosts:
            findings.append(_host_network(policy, hosts, whole=len(hosts) == len(selected)))
        if selected:
            continue
        members = scene.members.get(policy.namespace, ())
        suggestion = _suggest(policy.subject, members)
        if suggestion is not None:
            meant |= {member.workload.entity for member in suggestion[1]}
        message = f"selects no pod: {_why(policy.subject, policy.namespace, members)}"
        hint = suggestion[0] if suggestion else "delete it, or mend its podSelector"
        findings.append(
            about(policy, SELECTS_NOTHING, message, field="spec.podSelector", hint=hint)
        )
    return findings, meant


def dead_peers(scene: Scene, policies: Iterable[NetworkPolicy]) -> Iterator[Finding]:
    """Peers that match no pod: rules that allow nothing now."""
    for policy in policies:
        for field, peer in pod_peers(policy):
            if not scene.peers(policy, peer):
                yield _dead_peer(scene, policy, field, peer)


def pod_peers(policy: NetworkPolicy) -> Iterator[tuple[str, PodPeer]]:
    """Every pod peer of the rules in force, with its field path."""
    for direction in Direction:
        if not policy.isolates(direction):
            continue
        for number, rule in enumerate(policy.rules(direction)):
            if not isinstance(rule.peers, tuple):
                continue
            for index, peer in enumerate(rule.peers):
                if isinstance(peer, PodPeer):
                    place = f"spec.{direction.value.lower()}[{number}]"
                    yield f"{place}.{_PEERS_KEY[direction]}[{index}]", peer


def _host_network(policy: NetworkPolicy, hosts: list[Member], *, whole: bool) -> Finding:
    names = listed(member.workload.entity.id for member in hosts)
    only = "selects only pods" if whole else "selects among others pods"
    message = f"{only} of the host network, on which it has no effect: {names}"
    return about(
        policy,
        HOST_NETWORK,
        message,
        field="spec.podSelector",
        hint="protect them with a host firewall, or take them off the host network",
        severity=Severity.WARNING if whole else Severity.NOTE,
    )


def _dead_peer(scene: Scene, policy: NetworkPolicy, field: str, peer: PodPeer) -> Finding:
    if peer.namespaces is not None and not scene.namespaces(peer.namespaces):
        hint = _suggest_namespace(peer.namespaces, scene.namespace_labels())
        message = f"no known namespace has {_shown(peer.namespaces)}"
        place = f"{field}.namespaceSelector"
        return about(policy, PEER_MATCHES_NOTHING, message, field=place, hint=hint)
    names = [policy.namespace]
    if peer.namespaces is not None:
        names = list(scene.namespaces(peer.namespaces))
    members = [member for name in names for member in scene.members.get(name, ())]
    if any(peer.pods.matches(dict(member.labels)) for member in members):
        message = f"{_shown(peer.pods)} are pods of the host network, which no selector matches"
        hint = "allow their nodes by an ipBlock"
    else:
        message = f"matches no pod: {_why(peer.pods, listed(names), members)}"
        hint = _peer_hint(scene, policy, peer, members)
    return about(policy, PEER_MATCHES_NOTHING, message, field=f"{field}.podSelector", hint=hint)


def _peer_hint(
    scene: Scene, policy: NetworkPolicy, peer: PodPeer, members: Iterable[Member]
) -> str:
    if peer.namespaces is None:
        elsewhere = [
            name
            for name in scene.members
            if name != policy.namespace and scene.selected(name, peer.pods)
        ]
        if elsewhere:
            return (
                f"such pods are in {listed(elsewhere)}: a podSelector alone looks in the "
                "policy's own namespace; put a namespaceSelector beside it"
            )
    suggestion = _suggest(peer.pods, members)
    return suggestion[0] if suggestion else "remove the peer, or mend its podSelector"


def _shown(selector: LabelSelector) -> str:
    return clean(selector)


def _why(selector: LabelSelector, place: str, members: Iterable[Member]) -> str:
    if is_impossible(selector):
        return f"{_shown(selector)} contradicts itself"
    if not list(members):
        return f"there are no pods in {clean(place)}"
    return f"no pod in {clean(place)} has {_shown(selector)}"


def _suggest(selector: LabelSelector, members: Iterable[Member]) -> tuple[str, list[Member]] | None:
    """The change of one label that makes a selector select something, and whom it then selects."""
    known = list(members)
    for key, value in wanted_pairs(selector):
        values = sorted(
            {dict(member.labels)[key] for member in known if key in dict(member.labels)}
        )
        for near in get_close_matches(value, [v for v in values if v != value], 3, LIKENESS):
            chosen = _with(selector, key, value, key, near, known)
            if chosen:
                return f"did you mean `{clean(near)}`? ({clean(key)}={clean(near)})", chosen
        for other in sorted({k for member in known for k, v in member.labels if v == value}):
            chosen = _with(selector, key, value, other, value, known)
            if chosen and other != key:
                return f"did you mean {clean(other)}={clean(value)}?", chosen
    return None


def wanted_pairs(selector: LabelSelector) -> list[tuple[str, str]]:
    """The pairs of key and value that a selector asks for."""
    pairs = list(selector.match_labels)
    for requirement in selector.match_expressions:
        if requirement.operator is Operator.IN:
            pairs += [(requirement.key, value) for value in requirement.values]
    return pairs


def _with(  # noqa: PLR0913, PLR0917 - one pair for another
    selector: LabelSelector, key: str, value: str, new_key: str, new: str, members: list[Member]
) -> list[Member]:
    """The members selected once ``new_key=new`` stands for ``key=value``."""
    rest = {k: v for k, v in selector.match_labels if (k, v) != (key, value)}
    others = [
        requirement
        for requirement in selector.match_expressions
        if not (requirement.operator is Operator.IN and requirement.key == key)
    ]
    mended = LabelSelector.of({**rest, new_key: new}, others)
    return [member for member in members if mended.matches(dict(member.labels))]


def _suggest_namespace(selector: LabelSelector, known: Mapping[str, Mapping[str, str]]) -> str:
    for key, value in wanted_pairs(selector):
        values = sorted({labels[key] for labels in known.values() if key in labels})
        for near in get_close_matches(value, values, 1, LIKENESS):
            return f"did you mean `{clean(near)}`? ({clean(key)}={clean(near)})"
        if value in known:
            return f"namespaces carry their name as {NAMESPACE_NAME}={clean(value)}"
    return "remove the peer, mend its namespaceSelector, or label the namespace"
