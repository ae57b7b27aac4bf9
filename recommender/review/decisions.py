"""What people decided about traffic: kept by what a rule means, for as long as that holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from recommender.review.items import Decision, rule_key
from recommender.review.weights import MATERIAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from recommender.model.edges import Edge
    from recommender.review.items import Reason


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision.

    Attributes:
        key: What the rule means; see :func:`recommender.review.items.rule_key`.
        decision: What was decided.
        reason: Why, in the person's words.
        by: Who decided.
        evidence: The material grounds for doubt that were known then, sorted; None where the
            decision does not say, and holds whatever comes.
        where: File and line.
    """

    key: str
    decision: Decision
    reason: str = ""
    by: str = ""
    evidence: tuple[str, ...] | None = None
    where: str = field(default="", compare=False)

    def news(self, reasons: Iterable[Reason]) -> tuple[str, ...]:
        """The material grounds that were not known when an edge was accepted.

        Only acceptance can be overtaken: what was rejected or deferred is not drafted anyway.
        """
        if self.evidence is None or self.decision is not Decision.ACCEPT:
            return ()
        return tuple(code for code in fingerprint(reasons) if code not in self.evidence)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions by their keys.

    Attributes:
        rulings: By key.
        file: Where they were read from, empty where they were not.
    """

    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    file: str = ""

    def ruling(self, edge: Edge) -> Ruling | None:
        """The decision that holds for an edge, None where there is none."""
        return self.rulings.get(rule_key(edge))

    def decide(
        self,
        key: str,
        decision: Decision | str,
        *,
        reason: str = "",
        by: str = "",
        evidence: Iterable[str] | None = None,
    ) -> Decisions:
        """These decisions with one more, in the place of one that was there for the key.

        Args:
            key: What the rule means, as an item of the review names it.
            decision: ``accept``, ``reject`` or ``defer``.
            reason: Why.
            by: Who decided.
            evidence: The material grounds that are known, as an item names them.
        """
        known = None if evidence is None else tuple(sorted(evidence))
        ruling = Ruling(key, Decision(decision), reason, by, known)
        return replace(self, rulings={**self.rulings, key: ruling})

    def frame(self) -> pd.DataFrame:
        """One row a decision: ``key``, ``decision``, ``reason``, ``by``, ``evidence``."""
        import pandas as pd

        rows = [
            (one.key, one.decision.value, one.reason, one.by, " ".join(one.evidence or ()))
            for one in sorted(self.rulings.values(), key=lambda one: one.key)
        ]
        return pd.DataFrame(rows, columns=["key", "decision", "reason", "by", "evidence"])


def fingerprint(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """What a decision rests on: the grounds that say what an edge is, sorted.

    Grounds that say when, how often and by how many pods it was seen are not in it: they change
    with every day and every rollout, and do not change what a rule would allow.
    """
    return tuple(sorted({reason.code for reason in reasons if reason.code in MATERIAL}))
