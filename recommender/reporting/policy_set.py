"""The result of a recommendation: drafts with everything that stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from recommender.model.errors import CoverageError, InputError, PartialInputError
from recommender.model.policies import Direction, Every, IPBlock, Peer, PodPeer, PolicyPort, Rule
from recommender.rendering.files import Written, write_tree
from recommender.rendering.label_files import label_files
from recommender.rendering.network_policy import to_yaml
from recommender.rendering.review_files import review_files
from recommender.rendering.tree import policy_files
from recommender.reporting.document import build, to_json
from recommender.reporting.forms import render
from recommender.review.window_findings import below_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd

    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy
    from recommender.reporting.run import Run
    from recommender.review.items import Item

#: Name of the versioned document beside the drafts.
REPORT: Final = "report.json"
#: Name of the page made from it.
PAGE: Final = "report.html"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Draft policies, with the run that they came from.

    Attributes:
        run: Inputs, accounting, edges, inventory, policies and findings.
    """

    run: Run

    @property
    def policies(self) -> tuple[NetworkPolicy, ...]:
        """The drafts, sorted by namespace and name."""
        return self.run.policies

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know or decide, the gravest first; coverage included."""
        found = (*self.run.findings, *self.run.coverage)
        return tuple(sorted(found, key=lambda finding: finding.order))

    @property
    def review(self) -> tuple[Item, ...]:
        """What waits for a person, and what was decided; the most doubtful first."""
        return tuple(sorted(self.run.review, key=lambda item: item.order))

    def report(self) -> dict[str, Any]:
        """The versioned document of the run, as written to ``report.json``."""
        return build(self.run)

    def to_yaml(self) -> str:
        """All drafts as one stream of YAML documents."""
        return "---\n".join(to_yaml(policy) for policy in self.policies)

    def to_dir(self, directory: str | os.PathLike[str], *, force: bool = False) -> Written:
        """Write the drafts, their kustomizations, ``review/``, ``report.json``, ``report.html``.

        Args:
            directory: Where to; it is made if it is not there.
            force: Overwrite files that this program did not write.

        Returns:
            The paths written, kept and removed.

        Raises:
            OutputError: A file would be overwritten, or cannot be written.
        """
        files = policy_files(self.policies) | review_files(self.review)
        files |= label_files(self.run.segments.labels)
        document = build(self.run, files)
        files[REPORT] = to_json(document)
        files[PAGE] = render(document, "html")
        return write_tree(directory, files, force=force)

    def frame(self) -> pd.DataFrame:
        """The drafts as a frame, one row a rule, peer and port.

        Returns:
            Columns ``namespace``, ``policy``, ``subject``, ``direction``, ``peer``,
            ``protocol``, ``port`` (text: a number, a range, a name or ``*``), ``flows``,
            ``first_seen``, ``last_seen``, ``reason`` and ``marks``. A policy that isolates a
            direction and allows nothing there has one row with the peer ``none``.
        """
        import pandas as pd

        columns = [
            *("namespace", "policy", "subject", "direction", "peer", "protocol", "port"),
            *("flows", "first_seen", "last_seen", "reason", "marks"),
        ]
        rows = [row for policy in self.policies for row in _rows(policy)]
        return pd.DataFrame(rows, columns=columns)

    def coverage(self) -> pd.DataFrame:
        """How well the window shows each workload, one row a workload and direction.

        Returns:
            Columns ``workload``, ``status``, ``days`` (on which it was seen, at least),
            ``direction``, ``edges``, ``once`` (edges seen on one day), ``total`` (edge-days),
            ``coverage``, ``at_least`` (with a confidence of 90 %; both NaN where nothing can be
            said) and ``partial`` (why it is not covered, or empty).
        """
        from recommender.reporting.window_part import coverage_frame

        return coverage_frame(self.run.window_coverage)

    def require_coverage(self) -> None:
        """Hold that the cluster and every workload seen reach the coverage that was asked for.

        Raises:
            CoverageError: One does not; says nothing where no coverage was asked for.
        """
        window = self.run.window_coverage
        if window is not None and window.chosen and window.below:
            hint = "record longer; what is below it was staged, that is left open"
            raise CoverageError(below_text(window), hint=hint)

    def require_complete(self) -> None:
        """Hold that every input was read to its end.

        Raises:
            PartialInputError: One was not.
        """
        for file in self.run.accounting.files:
            if not file.complete:
                hint = "fetch it again, or pass --allow-partial to use what could be read"
                raise PartialInputError(file.problem, where=file.file, hint=hint)

    def require_records(self) -> None:
        """Hold that the inputs had records at all.

        Raises:
            InputError: Not one record could be read.
        """
        account = self.run.accounting
        if account.records == sum(account.malformed.values()):
            message = "not one record could be read"
            raise InputError(message, where=account.files[0].file, hint="is it a flow log?")


def _rows(policy: NetworkPolicy) -> Iterator[tuple[object, ...]]:
    for direction in Direction:
        if not policy.isolates(direction):
            continue
        head = (policy.namespace, policy.name, str(policy.subject), direction.value)
        rules = policy.rules(direction)
        if not rules:
            yield (*head, "none", "", "", 0, None, None, "", "")
        for rule in rules:
            for peer, protocol, port in _allowed(rule):
                yield (*head, peer, protocol, port, *_evidence(rule))


def _evidence(rule: Rule) -> tuple[object, ...]:
    edges = rule.evidence
    return (
        sum(edge.flows for edge in edges),
        min((edge.first_seen for edge in edges), default=None),
        max((edge.last_seen for edge in edges), default=None),
        rule.reason,
        " ".join(rule.marks),
    )


def _allowed(rule: Rule) -> Iterator[tuple[str, str, str]]:
    peers: list[Peer | None] = [None] if isinstance(rule.peers, Every) else list(rule.peers)
    ports: list[PolicyPort | None] = [None] if isinstance(rule.ports, Every) else list(rule.ports)
    for peer in peers:
        for port in ports:
            protocol, number = _port(port)
            yield _peer(peer), protocol, number


def _peer(peer: Peer | None) -> str:
    if isinstance(peer, IPBlock):
        return peer.cidr
    if isinstance(peer, PodPeer):
        namespaces = f"{peer.namespaces}/" if peer.namespaces else ""
        return f"{namespaces}{peer.pods}"
    return "*"


def _port(port: PolicyPort | None) -> tuple[str, str]:
    if port is None:
        return "*", "*"
    if port.port is None:
        return port.protocol, "*"
    return port.protocol, f"{port.port}-{port.end_port}" if port.end_port else str(port.port)
