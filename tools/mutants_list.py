"""The rules of NetworkPolicy semantics, each with the change to the code that breaks it.

A change is a piece of a file that stands there once, and what to put in its place. Where the code
moves on, the run says which piece it no longer finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_COMPILING: Final = "recommender/evaluation/compiling.py"
_POINTS: Final = "recommender/evaluation/points.py"
_SELECTING: Final = "recommender/evaluation/selecting.py"
_FOLDING: Final = "recommender/evaluation/folding.py"
_ENGINE: Final = "recommender/evaluation/engine.py"
_PORTS: Final = "recommender/evaluation/ports.py"
_ATOMS: Final = "recommender/evaluation/atoms.py"
_COURT: Final = "recommender/evaluation/court.py"
_READER: Final = "recommender/inventory/policies.py"
_FIELDS: Final = "recommender/inventory/fields.py"
_TIERS: Final = "recommender/inventory/tiers.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule.

    Attributes:
        rule: The rule that it breaks.
        file: The file to change.
        old: The piece to replace.
        new: What to put there.
    """

    rule: str
    file: str
    old: str
    new: str


MUTANTS: Final = (
    # who is selected
    Mutant(
        "a podSelector alone means the policy's own namespace",
        _COMPILING,
        "namespace if peer.namespaces is None else peer.namespaces, peer.pods",
        "LabelSelector.everything() if peer.namespaces is None else peer.namespaces, peer.pods",
    ),
    Mutant(
        "both selectors of one item must hold",
        _POINTS,
        "chosen & self._label_matrix.matches(pods)[self._labels]",
        "chosen | self._label_matrix.matches(pods)[self._labels]",
    ),
    Mutant(
        "the pod selector of a peer counts",
        _POINTS,
        "chosen & self._label_matrix.matches(pods)[self._labels]",
        "chosen",
    ),
    Mutant(
        "a selector never selects what is no pod",
        _POINTS,
        "        found &= self.is_pod\n",
        "",
    ),
    Mutant(
        "the tiers never select pods of the host network",
        _POINTS,
        "found & ~self._host if match.tier else found",
        "found",
    ),
    Mutant(
        "a namespace without object has the label of its name",
        _POINTS,
        "bare = ((NAMESPACE_NAME, name),)",
        "bare = ()",
    ),
    Mutant(
        "an empty selector selects everything",
        _FIELDS,
        "return LabelSelector.everything()",
        'return LabelSelector.of({"": ""})',
    ),
    Mutant(
        "a missing or empty list of peers is all peers",
        _READER,
        "Rule(peers or ALL_PEERS, ports or ALL_PORTS)",
        'Rule(peers or (IPBlock("0.0.0.0/32"),), ports or ALL_PORTS)',
    ),
    Mutant(
        "a missing or empty list of ports is all ports",
        _READER,
        "Rule(peers or ALL_PEERS, ports or ALL_PORTS)",
        'Rule(peers or ALL_PEERS, ports or (PolicyPort("TCP"),))',
    ),
    # labels
    Mutant(
        "In needs the value",
        _SELECTING,
        "            case Operator.IN:\n"
        "                return self._equal(requirement.key, requirement.values)",
        "            case Operator.IN:\n                return self._columns[requirement.key] >= 0",
    ),
    Mutant(
        "NotIn holds where the key is missing",
        _SELECTING,
        "return ~self._equal(requirement.key, requirement.values)",
        "return ~self._equal(requirement.key, requirement.values) & "
        "(self._columns[requirement.key] >= 0)",
    ),
    Mutant(
        "Exists asks for the key",
        _SELECTING,
        "return self._columns[requirement.key] >= 0",
        "return self._columns[requirement.key] > 0",
    ),
    Mutant(
        "DoesNotExist asks for no key",
        _SELECTING,
        "return self._columns[requirement.key] < 0",
        "return self._columns[requirement.key] <= 0",
    ),
    Mutant(
        "pairs and expressions must all hold",
        _SELECTING,
        "known &= self._fulfils(requirement)",
        "known |= self._fulfils(requirement)",
    ),
    Mutant(
        "every pair must hold",
        _SELECTING,
        "known &= self._equal(key, (value,))",
        "known = self._equal(key, (value,))",
    ),
    # isolation
    Mutant(
        "without policyTypes, Ingress is always isolated",
        _READER,
        "defaults = {Direction.INGRESS, *([Direction.EGRESS] if has_egress else ())}",
        "defaults = {Direction.EGRESS} if has_egress else {Direction.INGRESS}",
    ),
    Mutant(
        "without policyTypes, egress rules isolate egress",
        _READER,
        "defaults = {Direction.INGRESS, *([Direction.EGRESS] if has_egress else ())}",
        "defaults = {Direction.INGRESS}",
    ),
    Mutant(
        "without policyTypes, an empty egress list does not isolate",
        _READER,
        "_policy_types(spec, has_egress=bool(egress))",
        '_policy_types(spec, has_egress="egress" in spec.body)',
    ),
    Mutant(
        "isolation is per direction",
        _COMPILING,
        "return policy.isolates(direction)\n        return bool(policy.rules(direction))",
        "return True\n        return bool(policy.rules(direction))",
    ),
    Mutant(
        "an isolated pod gets what rules allow and nothing else",
        _FOLDING,
        "return accepted | (rest & allowed)",
        "return accepted | rest",
    ),
    Mutant(
        "a policy without rules isolates",
        _FOLDING,
        "self._isolated = self._isolated or stage == NETWORK",
        "pass",
    ),
    Mutant(
        "policies add up",
        _FOLDING,
        "                allowed |= mask\n",
        "                allowed = mask\n",
    ),
    Mutant(
        "a connection needs the egress side",
        _COURT,
        "allowed[world] = egress & ingress",
        "allowed[world] = ingress",
    ),
    Mutant(
        "a connection needs the ingress side",
        _COURT,
        "allowed[world] = egress & ingress",
        "allowed[world] = egress",
    ),
    # ports
    Mutant(
        "a missing protocol is TCP",
        _READER,
        'protocol = entry.text("protocol", "TCP")',
        'protocol = entry.text("protocol", "UDP")',
    ),
    Mutant(
        "a protocol without port is that protocol alone",
        _PORTS,
        "return atoms.whole(port.protocol) if port.protocol else atoms.full",
        "return atoms.full",
    ),
    Mutant(
        "endPort is included",
        _PORTS,
        "last = port.end_port if ranges",
        "last = max(first, port.end_port - 1) if ranges",
    ),
    Mutant(
        "endPort counts",
        _PORTS,
        "last = port.end_port if ranges and port.end_port is not None else first",
        "last = first",
    ),
    Mutant(
        "a plugin without endPort takes the first port",
        _PORTS,
        "ranges = end_port or isinstance(port, TierPort)",
        "ranges = True",
    ),
    Mutant(
        "ranges of the tiers are always understood",
        _PORTS,
        "ranges = end_port or isinstance(port, TierPort)",
        "ranges = end_port",
    ),
    Mutant(
        "a named port needs its protocol",
        _PORTS,
        "if port.name == name and protocol in {None, port.protocol}:",
        "if port.name == name:",
    ),
    Mutant(
        "of two ports with one name the first counts",
        _PORTS,
        "found.setdefault(port.protocol, port.port)",
        "found[port.protocol] = port.port",
    ),
    Mutant(
        "an entry matches its own protocol",
        _ATOMS,
        "starts, offset = self._starts[protocol], self._offsets[protocol]\n        first, last",
        'starts, offset = self._starts[protocol], self._offsets["TCP"]\n        first, last',
    ),
    # addresses
    Mutant(
        "an exception is not in the block",
        _COMPILING,
        "AddressesOf(inside - outside, network_policy=True)",
        "AddressesOf(inside, network_policy=True)",
    ),
    Mutant(
        "whether a block matches pods is the plugin's choice",
        _ENGINE,
        "return self.modes.ip_block_pods is Choice.YES",
        "return False",
    ),
    Mutant(
        "where the plugin says no, a block matches no pods",
        _ENGINE,
        "return self.modes.ip_block_pods is Choice.YES",
        "return True",
    ),
    Mutant(
        "networks match pods",
        _ENGINE,
        "return match.nodes or self.modes.networks_match_pods",
        "return match.nodes",
    ),
    Mutant(
        "addresses of one family are not those of the other",
        _ATOMS,
        "offset = 0 if address.version == _V4 else self.v4_count",
        "offset = 0",
    ),
    Mutant(
        "a pod of the host network is its node's address",
        _POINTS,
        "host = pod.host_network and not self._host_as_pod",
        "host = False",
    ),
    Mutant(
        "a plugin may see the host network's pods as pods",
        _POINTS,
        "host = pod.host_network and not self._host_as_pod",
        "host = pod.host_network",
    ),
    Mutant(
        "the own node always reaches its pods",
        _COURT,
        "if edge.client.kind is EntityKind.NODE:",
        "if False:",
    ),
    # the tiers
    Mutant(
        "lower priority numbers go first",
        _COMPILING,
        "(stage(policy), policy.priority, policy.name, policy.kind)",
        "(stage(policy), -policy.priority, policy.name, policy.kind)",
    ),
    Mutant(
        "the Admin tier goes before NetworkPolicies",
        _COMPILING,
        "return 0 if policy.tier is Tier.ADMIN else 2",
        "return 2",
    ),
    Mutant(
        "the Baseline tier comes last",
        _COMPILING,
        "return 0 if policy.tier is Tier.ADMIN else 2",
        "return 0",
    ),
    Mutant(
        "the first matching rule of a tier decides",
        _FOLDING,
        "undecided &= ~mask",
        "undecided &= ~(mask if action is not Action.DENY else 0)",
    ),
    Mutant(
        "Pass goes to the next tier",
        _FOLDING,
        "return accepted, undecided | passed",
        "return accepted | passed, undecided",
    ),
    Mutant(
        "Pass skips the rest of its tier",
        _FOLDING,
        "        undecided &= ~mask\n",
        "        undecided &= ~(0 if action is Action.PASS else mask)\n",
    ),
    Mutant(
        "what no tier decides is allowed",
        _FOLDING,
        "return accepted | baseline | undecided",
        "return accepted | baseline",
    ),
    Mutant(
        "a tier isolates nothing",
        _FOLDING,
        "self._isolated = self._isolated or stage == NETWORK",
        "self._isolated = True",
    ),
    Mutant(
        "the Baseline tier decides for pods that no policy isolates",
        _FOLDING,
        "_first_match(by_stage[BASELINE], rest)",
        "_first_match([], rest)",
    ),
    Mutant(
        "an unknown peer of an Accept matches nothing",
        _COMPILING,
        "() if rule.action is Action.ACCEPT else (ALL_PEERS,)",
        "(ALL_PEERS,)",
    ),
    Mutant(
        "an unknown peer of a Deny or Pass denies everything",
        _COMPILING,
        "() if rule.action is Action.ACCEPT else (ALL_PEERS,)",
        "()",
    ),
    Mutant(
        "an unknown peer makes a Pass a Deny",
        _COMPILING,
        "return Action.ACCEPT if action is Action.ACCEPT else Action.DENY",
        "return action",
    ),
    Mutant(
        "nodes are chosen by their labels",
        _COMPILING,
        "if peer.selector.matches(dict(n.labels))]",
        "if n.labels or not n.labels]",
    ),
    Mutant(
        "a star stands for one label or more",
        _POINTS,
        'name.endswith(pattern[1:]) if pattern.startswith("*.") else',
        'name.endswith(pattern[2:]) if pattern.startswith("*.") else',
    ),
    Mutant(
        "a named port of a tier is of any protocol",
        _TIERS,
        "return TierPort(None, _port_name(entry, key))",
        'return TierPort("TCP", _port_name(entry, key))',
    ),
)
