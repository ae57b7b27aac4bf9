"""The draft of one subject: what each direction has to allow, or why it has to stay open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recommender.model.policies import STAGED, Direction, NetworkPolicy
from recommender.synthesis.dns import DNS, allow_clients, allow_queries, guarded_peers
from recommender.synthesis.minimise import edge_order, rules
from recommender.synthesis.peers import Blocked, PeerGrant, Ruleless
from recommender.synthesis.relation import EXACT, Relation, Widening, relation
from recommender.synthesis.sharing import Sharing
from recommender.synthesis.subjects import MANAGED_BY
from recommender.synthesis.wanted import wanted_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.policies import Rule
    from recommender.synthesis.dns import Resolvers
    from recommender.synthesis.peers import AddressGrant, PeerFinder
    from recommender.synthesis.segment_subjects import Shared
    from recommender.synthesis.settings import Observed, Settings
    from recommender.synthesis.subjects import Subject
    from recommender.synthesis.wanted import Wanted


@dataclass(frozen=True, slots=True)
class SetAside:
    """An accepted edge that no rule was written for although its direction is isolated.

    Attributes:
        edge: The edge.
        direction: On which side no rule was written.
        reason: ``icmp``, ``protocol`` or ``port``: NetworkPolicy cannot say it;
            ``own-node``: it needs no rule.
    """

    edge: Edge
    direction: Direction
    reason: str


@dataclass(frozen=True, slots=True)
class DirectionDraft:
    """What one direction of a subject came to.

    Attributes:
        direction: Ingress or egress.
        covered: Whether the policy isolates it.
        rules: The rules, none where it is not isolated.
        blocked: Edges that no exact rule can allow; they keep the direction open.
        set_aside: Edges without a rule.
        observed: Whether the log would have shown the traffic of every member.
        staged: Whether it stays open only because the window shows too little of it.
    """

    direction: Direction
    covered: bool
    rules: tuple[Rule, ...]
    blocked: tuple[Blocked, ...]
    set_aside: tuple[SetAside, ...]
    observed: bool
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A subject with its two directions, and the policy where there is one.

    Attributes:
        subject: Whose pods it is for.
        ingress: The ingress direction.
        egress: The egress direction.
        seen: Whether any accepted traffic of it was seen.
        shared: The directions in which the policy of its segment isolates it already: what
            stands here only adds to that.
    """

    subject: Subject
    ingress: DirectionDraft
    egress: DirectionDraft
    seen: bool
    shared: frozenset[Direction] = frozenset()

    @property
    def directions(self) -> tuple[DirectionDraft, DirectionDraft]:
        """Both directions, ingress first."""
        return (self.ingress, self.egress)

    @property
    def covered(self) -> frozenset[Direction]:
        """The directions that the policy isolates."""
        return frozenset(draft.direction for draft in self.directions if draft.covered)

    @property
    def policy(self) -> NetworkPolicy | None:
        """The policy; None where no direction can be isolated safely, or nothing is to be said."""
        types = frozenset(
            side.direction
            for side in self.directions
            if side.covered and (side.rules or side.direction not in self.shared)
        )
        if not types:
            return None
        return NetworkPolicy(
            namespace=self.subject.namespace,
            name=self.subject.name,
            subject=self.subject.selector,
            policy_types=types,
            ingress=self.ingress.rules,
            egress=self.egress.rules,
            labels=(MANAGED_BY,),
            annotations=self._annotations,
            origin=" ".join(member.id for member in self.subject.members),
        )

    @property
    def _annotations(self) -> tuple[tuple[str, str], ...]:
        staged = ",".join(draft.direction.value for draft in self.directions if draft.staged)
        return ((STAGED, staged),) if staged else ()


@dataclass(frozen=True, slots=True)
class Drafter:
    """Drafts subjects one by one from the same evidence.

    Attributes:
        finder: Turns edges into grants.
        known: The cluster's resolvers.
        observed: What the log could have shown.
        settings: The user's choices.
        by_server: Accepted edges of each server.
        by_client: Accepted edges of each client.
        seen: Ends of accepted edges.
        partial: Per workload the directions of which the window shows too little.
        sharing: Which rules stand in the policies of whole segments.
        wanted: Connections that have to be allowed though nobody saw them.
    """

    finder: PeerFinder
    known: Resolvers
    observed: Observed
    settings: Settings
    by_server: Mapping[Entity, Sequence[Edge]]
    by_client: Mapping[Entity, Sequence[Edge]]
    seen: frozenset[Entity]
    partial: Observed = field(default_factory=dict)
    sharing: Sharing = field(default_factory=Sharing)
    wanted: tuple[Wanted, ...] = ()

    def draft(self, subject: Subject, shared: frozenset[Direction] = frozenset()) -> Draft:
        """Draft one subject: a workload, or variants of one.

        Args:
            subject: Whose pods the policy is for.
            shared: The directions in which the policy of its segment isolates it already.
        """
        seen = any(member in self.seen for member in subject.members)
        ingress, egress = (
            self._direction(subject, direction, self.wanted, seen=seen, shared=direction in shared)
            for direction in (Direction.INGRESS, Direction.EGRESS)
        )
        return Draft(subject, ingress, egress, seen, shared)

    def draft_segment(self, segment: Shared) -> Draft:
        """Draft the policy that the members of a segment share."""
        ingress, egress = (
            self._direction(segment.subject, direction, (), seen=direction in segment.covers)
            for direction in (Direction.INGRESS, Direction.EGRESS)
        )
        return Draft(segment.subject, ingress, egress, seen=True)

    def _direction(
        self,
        subject: Subject,
        direction: Direction,
        wanted: tuple[Wanted, ...],
        *,
        seen: bool,
        shared: bool = False,
    ) -> DirectionDraft:
        observed = all(
            direction in self.observed.get(member, frozenset()) for member in subject.members
        )
        side = self.by_server if direction is Direction.INGRESS else self.by_client
        edges = [edge for member in subject.members for edge in side.get(member, ())]
        edges = self.sharing.carried(subject, direction, edges)
        main, dns, blocked, aside = self._sorted(subject, direction, edges)
        partial = any(
            direction in self.partial.get(member, frozenset()) for member in subject.members
        )
        drafted = observed and seen and not blocked
        covered = drafted and not partial
        found: tuple[Rule, ...] = ()
        if covered:
            ranges = self.settings.port_ranges
            found = rules(main, port_ranges=ranges)
            if not shared:
                found += rules(dns, port_ranges=ranges, reason=DNS)
            found += tuple(wanted_rules(wanted, subject, direction, self.finder.roster))
        return DirectionDraft(
            direction=direction,
            covered=covered,
            rules=found,
            blocked=tuple(sorted(blocked, key=lambda one: (one.reason, edge_order(one.edge)))),
            set_aside=tuple(sorted(aside, key=lambda one: (one.reason, edge_order(one.edge)))),
            observed=observed,
            staged=drafted and partial,
        )

    def _sorted(
        self,
        subject: Subject,
        direction: Direction,
        edges: list[Edge],
    ) -> tuple[Relation, Relation, list[Blocked], list[SetAside]]:
        dns = self._guardrail(subject, direction)
        peers: list[PeerGrant] = []
        addresses: list[AddressGrant] = []
        blocked: list[Blocked] = []
        aside: list[SetAside] = []
        for edge in edges:
            segment = self.sharing.peer.get((edge.key, direction))
            outcome = self.finder.outcome(edge, direction, subject.namespace, segment)
            guarded = guarded_peers(dns, outcome, self.known, direction)
            for peer in guarded:
                dns.add(peer, (edge.protocol, edge.port), {edge})
            if guarded:
                continue
            if isinstance(outcome, Ruleless):
                aside.append(SetAside(edge, direction, outcome.reason))
            elif isinstance(outcome, Blocked):
                blocked.append(outcome)
            elif isinstance(outcome, PeerGrant):
                peers.append(outcome)
            else:
                addresses.append(outcome)
        widening = EXACT
        if direction is Direction.EGRESS:
            widening = Widening(self.settings.widen_v4, self.settings.widen_v6)
        return relation(peers, addresses, widening), dns, blocked, aside

    def _guardrail(self, subject: Subject, direction: Direction) -> Relation:
        dns = Relation()
        if direction is Direction.EGRESS:
            allow_queries(dns, self.known, subject.namespace)
        else:
            allow_clients(dns, self.known, subject)
        return dns


def by_end(edges: Sequence[Edge]) -> tuple[dict[Entity, list[Edge]], dict[Entity, list[Edge]]]:
    """Edges by their server and by their client, in the order given."""
    by_server: defaultdict[Entity, list[Edge]] = defaultdict(list)
    by_client: defaultdict[Entity, list[Edge]] = defaultdict(list)
    for edge in edges:
        by_server[edge.server].append(edge)
        by_client[edge.client].append(edge)
    return dict(by_server), dict(by_client)
