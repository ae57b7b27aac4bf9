"""What a backtest asks for and tells: how a log is cut, and how drafts of its past fared."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from recommender.model.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory
    from recommender.model.policies import NetworkPolicy
    from recommender.review.window import WindowCoverage

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a log is cut into past and future.

    Attributes:
        train: How long the past is that drafts are made from.
        test: How long the future is that is replayed over them.
        step: How far apart the folds are.
        lengths: Lengths of the pasts of the learning curve; every multiple of the step where
            none are given.
    """

    train: timedelta = 7 * _DAY
    test: timedelta = _DAY
    step: timedelta = _DAY
    lengths: tuple[timedelta, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be cut.

        Raises:
            UsageError: A length is not at least an hour, or not whole hours.
        """
        named = (("train", self.train), ("test", self.test), ("step", self.step))
        for name, value in (*named, *(("lengths", one) for one in self.lengths)):
            if value < _HOUR or value % _HOUR:
                raise UsageError(f"--{name} of {value}", hint="give whole hours, such as 7d or 12h")


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice of settings.

    Attributes:
        name: What is special about it, as reports show it.
        granularity: ``auto``, ``workload`` or ``segment``.
        doubt_threshold: Edges whose doubt reaches it are not drafted.
    """

    name: str
    granularity: str = "auto"
    doubt_threshold: float = 0.5


class Made(Protocol):
    """What drafting gives."""

    @property
    def policies(self) -> tuple[NetworkPolicy, ...]:
        """The drafts."""

    @property
    def inventory(self) -> Inventory:
        """The cluster that they are for."""

    @property
    def window_coverage(self) -> WindowCoverage | None:
        """What the window is likely to have missed."""


class Draft(Protocol):
    """Makes drafts of what a log shows."""

    def __call__(self, found: Connections, variant: Variant) -> Made:
        """Draft with the settings of a variant."""


@dataclass(frozen=True, slots=True)
class Fold:
    """How the drafts of one past fared in its future.

    Attributes:
        variant: Name of the settings.
        since: Beginning of the past.
        until: Its end, and the beginning of the future.
        end: End of the future.
        rules: Rules of the drafts.
        policies: Drafts.
        edges: Accepted edges of the future that a policy can speak of.
        denied_edges: Those that would have been denied.
        flows: Their flows.
        denied_flows: Flows that would have been denied.
        first_denied: The first edges that would have been denied, by their flows.
        allowed_pairs: Pairs of workloads that the drafts allow to talk.
        unseen_pairs: Those that neither the past nor the future showed.
        coverage: The coverage that was estimated from the past; None while too early.
        least: What it was said not to be below.
        truth: The share of the future's edges, each counted once a day, that the past had shown.
        sides: Directions of workloads with later traffic for which a coverage was estimated.
        sides_held: Those whose coverage was not below what was said.
    """

    variant: str
    since: datetime
    until: datetime
    end: datetime
    rules: int
    policies: int
    edges: int
    denied_edges: int
    flows: int
    denied_flows: int
    first_denied: tuple[str, ...]
    allowed_pairs: int
    unseen_pairs: int
    coverage: float | None
    least: float | None
    truth: float | None
    sides: int = 0
    sides_held: int = 0

    @property
    def days(self) -> float:
        """Length of the past in days."""
        return (self.until - self.since) / _DAY

    @property
    def denied_share(self) -> float:
        """Share of the future's flows that would have been denied."""
        return self.denied_flows / self.flows if self.flows else 0.0

    @property
    def over_permission(self) -> float:
        """Share of the allowed pairs of workloads that nothing showed."""
        return self.unseen_pairs / self.allowed_pairs if self.allowed_pairs else 0.0


@dataclass(frozen=True, slots=True)
class Backtest:
    """Folds of one length, and a curve over lengths that all begin with the log.

    Attributes:
        plan: How the log was cut.
        folds: The folds by time, each with every variant.
        curve: Pasts that grow by a step from the beginning of the log, each with every variant.
    """

    plan: Plan
    folds: tuple[Fold, ...]
    curve: tuple[Fold, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the settings, in the order given."""
        return tuple(dict.fromkeys(fold.variant for fold in self.folds))

    def frame(self, *, curve: bool = False) -> pd.DataFrame:
        """One row a fold and variant; with ``curve`` one a point of the learning curve.

        Returns:
            The fields of :class:`Fold`, with ``days``, ``denied_share`` and ``over_permission``.
        """
        import pandas as pd

        names = [item.name for item in fields(Fold)]
        derived = ["days", "denied_share", "over_permission"]
        rows = self.curve if curve else self.folds
        return pd.DataFrame(
            [[getattr(row, name) for name in (*names, *derived)] for row in rows],
            columns=[*names, *derived],
        )

    def safe_after(self, variant: str, most: float = 0.0) -> float | None:
        """Days after which no later draft would have denied more; None where there are none.

        Args:
            variant: Name of the settings.
            most: Share of flows that may be denied.
        """
        found: float | None = None
        for point in self.curve:
            if point.variant == variant:
                if point.denied_share > most:
                    found = None
                elif found is None:
                    found = point.days
        return found
