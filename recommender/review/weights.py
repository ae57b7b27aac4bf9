"""The grounds for doubt: their words, and how much each adds.

The weights were set on some seeds of the simulation and are measured on others; see
``benchmarks/doubt.py``. Two grounds that are common in a healthy cluster stay below the usual
threshold together, one that hardly ever has a good explanation reaches it alone.
"""

from __future__ import annotations

from typing import Final

from recommender.review.items import Reason

#: How much each ground adds, by its code.
WEIGHTS: Final = {
    # when it was seen
    "one-burst": 0.5,
    "few-days": 0.35,
    "hardly-seen": 0.5,
    "new-in-window": 0.35,
    # who opens it
    "few-replicas": 0.35,
    "no-controller": 0.25,
    # who talks to whom
    "fan-out": 0.6,
    "folded": 0.95,
    "probing": 0.2,
    "strange-namespaces": 0.2,
    "other-environment": 0.45,
    "unlike-siblings": 0.1,
    "also-denied": 0.2,
    # where to
    "raw-address": 0.25,
    "raw-address-later": 0.3,
    "odd-outside-port": 0.3,
    "mining-port": 0.5,
    "foreign-resolver": 0.5,
    # on which port
    "remote-shell": 0.5,
    "control-plane-port": 0.4,
    "kubelet-port": 0.2,
    "foreign-database": 0.15,
    "undeclared-port": 0.35,
}

#: The grounds that say what an edge is, and not when, how often or by how many it was seen: a
#: decision rests on them, and is asked again when another of them comes up.
MATERIAL: Final = (
    "also-denied",
    "control-plane-port",
    "fan-out",
    "folded",
    "foreign-database",
    "foreign-resolver",
    "kubelet-port",
    "mining-port",
    "no-controller",
    "odd-outside-port",
    "other-environment",
    "remote-shell",
    "undeclared-port",
)


def ground(code: str, text: str, share: float = 1.0) -> Reason:
    """A reason of a known code.

    Args:
        code: One of ``WEIGHTS``.
        text: One sentence with the figures it rests on.
        share: How much of the weight counts here.
    """
    return Reason(code, text, round(WEIGHTS[code] * share, 4))
