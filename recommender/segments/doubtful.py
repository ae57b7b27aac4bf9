"""Workloads that could as well belong elsewhere: set apart, so that nothing opens on a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.blocks import block_table
from recommender.segments.codes import renumber
from recommender.segments.refine import likelihood, trim

if TYPE_CHECKING:
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic

#: Least probability with which a workload must belong to its group and to no other of its zone.
SURE: Final = 0.9
_LOOKS: Final = 3


def membership(traffic: Traffic, labels: Ints, zone: Ints) -> Floats:
    """Probability that each workload belongs to its group, among the groups of its zone."""
    score = likelihood(trim(block_table(traffic, labels)))
    of_group = np.zeros(score.shape[1], dtype=np.int64)
    of_group[labels] = zone
    score[zone[:, None] != of_group[None, :]] = -np.inf
    score -= score.max(axis=1, keepdims=True)
    weight = np.exp(score)
    mine: Floats = weight[np.arange(len(labels)), labels] / weight.sum(axis=1)
    return mine


def set_apart(traffic: Traffic, labels: Ints, zone: Ints, fixed: Flags) -> Ints:
    """Put workloads that cannot be told into a group of their own in each zone.

    They share what all of a zone do, such as asking for names, and gain no other's rights.

    Returns:
        Group of each workload.
    """
    groups = int(labels.max(initial=-1)) + 1
    # Without the doubtful, what is left of a group may fit others worse: look again.
    for _ in range(_LOOKS):
        apart = labels >= groups
        doubtful = (membership(traffic, renumber(labels), zone) < SURE) & ~fixed & ~apart
        if not doubtful.any():
            break
        labels = np.where(doubtful, groups + zone, labels)
    return renumber(labels)
