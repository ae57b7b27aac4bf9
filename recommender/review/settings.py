"""What a user can choose about the review."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """The choices of a user that change what is drafted and what waits for a person.

    Attributes:
        doubt_threshold: Edges whose doubt reaches it wait for a person.
        accept_all: Draft every accepted edge whatever its doubt; what was rejected or breaks a
            goal stays out.
    """

    doubt_threshold: float = 0.5
    accept_all: bool = False

    def __post_init__(self) -> None:
        """Refuse thresholds that no score can be held against.

        Raises:
            UsageError: The threshold is not above 0 and at most 1.
        """
        if not 0 < self.doubt_threshold <= 1:
            message = f"a doubt threshold of {self.doubt_threshold}"
            hint = "give more than 0 and at most 1; 1 asks about what is certain to be odd only"
            raise UsageError(message, hint=hint)
