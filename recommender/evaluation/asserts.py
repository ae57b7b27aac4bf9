"""Assertions for people's own tests of their policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.evaluation.explain import Explanation, explain
from recommender.evaluation.judging import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.modes import Modes
    from recommender.inventory.types import Inventory


def assert_allows(  # noqa: PLR0913 - two ends, a port, and what they are asked of
    source: str,
    destination: str,
    port: int | str,
    *,
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes | None = None,
    soft: bool = False,
) -> Explanation:
    """Hold that policies allow a connection.

    Args:
        source: As for :func:`recommender.evaluation.explain.explain`.
        destination: The same.
        port: The same.
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster.
        modes: Answers to what the specification leaves open.
        soft: Return the explanation even where the assertion fails.

    Returns:
        How it was decided; its ``frame()`` has one row a rule.

    Raises:
        AssertionError: The connection is denied or undefined, and ``soft`` is not set.
    """
    found = explain(source, destination, port, policies=policies, inventory=inventory, modes=modes)
    if not soft and found.outcome is not Outcome.ALLOWED:
        raise AssertionError(f"expected to be allowed:\n{found}")
    return found


def assert_denies(  # noqa: PLR0913 - two ends, a port, and what they are asked of
    source: str,
    destination: str,
    port: int | str,
    *,
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes | None = None,
    soft: bool = False,
) -> Explanation:
    """Hold that policies deny a connection; the mirror of :func:`assert_allows`.

    Raises:
        AssertionError: The connection is allowed or undefined, and ``soft`` is not set.
    """
    found = explain(source, destination, port, policies=policies, inventory=inventory, modes=modes)
    if not soft and found.outcome is not Outcome.DENIED:
        raise AssertionError(f"expected to be denied:\n{found}")
    return found
