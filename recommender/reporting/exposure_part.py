"""The part of the document about who may talk to whom, before the drafts and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from recommender.evaluation.pairs import ExposureChange, Pairs

Part = dict[str, Any]

_DIGITS: Final = 4


def exposure_part(change: ExposureChange | None) -> Part | None:
    """Pairs that may talk, mean reach, and who may reach whom, before and after."""
    if change is None:
        return None
    sides = {"before": change.before, "after": change.after}
    return {
        "workloads": change.before.workloads,
        "pairs_before": change.before.count,
        "pairs_after": change.after.count,
        "removed": None if change.removed is None else round(change.removed, _DIGITS),
        "reach": {name: _reach(side) for name, side in sides.items()},
        "outside": {
            name: {"ingress": side.from_outside, "egress": side.to_outside}
            for name, side in sides.items()
        },
        **{name: _side(side) for name, side in sides.items()},
    }


def _reach(side: Pairs) -> Part:
    mean = side.mean_reach
    found = {"one": mean.one, "two": mean.two, "any": mean.any}
    return {hops: round(number, _DIGITS) for hops, number in found.items()}


def _side(side: Pairs) -> Part:
    """Runs instead of single pairs: a cluster without policies is one run."""
    return {
        "units": [[entity.id for entity in unit] for unit in side.units],
        "ports": list(side.ports),
        "allowed": [
            [number for run in side.runs(unit) for number in run] for unit in range(len(side.units))
        ],
    }
