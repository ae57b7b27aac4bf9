"""What a reviewer corrects: workloads that are pinned, merged, split or named."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recommender.model.errors import InputError
from recommender.model.text import clean
from recommender.segments.blocks import block_table
from recommender.segments.codes import renumber
from recommender.segments.refine import likelihood, trim

if TYPE_CHECKING:
    from recommender.segments.tables import Table
    from recommender.segments.traffic import Flags, Ints


@dataclass(frozen=True, slots=True)
class Wish:
    """Workloads that something is wished for.

    Attributes:
        workloads: Their texts, as the tables have them.
        name: Name of their segment; may be empty.
        where: Where the wish stands, for errors.
    """

    workloads: tuple[str, ...]
    name: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Corrections:
    """All wishes of a reviewer; the rest is fitted around them.

    Attributes:
        pins: Segments that are exactly these workloads.
        merges: Workloads whose segments are one.
        splits: Parts that lie in different segments: each a list of parts.
        names: Workloads whose segments have a name.
    """

    pins: tuple[Wish, ...] = ()
    merges: tuple[Wish, ...] = ()
    splits: tuple[tuple[Wish, ...], ...] = ()
    names: tuple[Wish, ...] = ()


def pinned(table: Table, corrections: Corrections, zone: Ints) -> Table:
    """The same table, with the workloads that are pinned in groups of their own.

    Raises:
        InputError: A workload is not there, is pinned twice, or a pin crosses a border.
    """
    groups = np.full(table.traffic.workloads, -1, dtype=np.int64)
    for number, wish in enumerate(corrections.pins):
        members = _found(table, wish)
        if (groups[members] >= 0).any():
            raise InputError("a workload is pinned twice", where=wish.where)
        _same_zone(zone, members, wish)
        groups[members] = number
    return replace(table, traffic=replace(table.traffic, pinned=groups))


def corrected(
    table: Table, labels: Ints, corrections: Corrections, zone: Ints
) -> tuple[Ints, Flags]:
    """The partition with merges and splits, and which workloads lie in a group so made.

    Raises:
        InputError: A workload is not there, or a merge crosses a border.
    """
    pins = table.traffic.pinned
    touched = pins >= 0 if len(pins) else np.zeros(len(labels), dtype=bool)
    for wish in corrections.merges:
        members = _found(table, wish)
        _same_zone(zone, members, wish)
        joined = np.isin(labels, labels[members])
        labels = np.where(joined, labels[members[0]], labels)
        touched = touched | joined
    for parts in corrections.splits:
        labels, changed = _split(table, labels, [_found(table, part) for part in parts])
        touched = touched | changed
    return renumber(labels), touched


def named(table: Table, labels: Ints, corrections: Corrections) -> dict[int, str]:
    """Names that the reviewer gives, by the number of the segment.

    Raises:
        InputError: A workload is not there, or those that share a name lie in several segments.
    """
    out: dict[int, str] = {}
    for wish in (*corrections.pins, *corrections.merges, *corrections.names):
        if wish.name:
            groups = set(labels[_found(table, wish)].tolist())
            if len(groups) > 1:
                message = f"the workloads to be named {clean(wish.name)} lie in several segments"
                raise InputError(message, where=wish.where, hint="merge or pin them")
            out[groups.pop()] = wish.name
    return out


def _split(table: Table, labels: Ints, parts: list[Ints]) -> tuple[Ints, Flags]:
    """Give each part a group of its own wherever two share one; others go to the likeliest."""
    shared = [set(labels[part].tolist()) for part in parts]
    changed = np.zeros(len(labels), dtype=bool)
    for group in sorted(set.union(*shared)):
        inside = [part[labels[part] == group] for part in parts]
        inside = [part for part in inside if len(part)]
        if len(inside) < 2:  # noqa: PLR2004 - nothing to split
            continue
        mask = labels == group
        first = int(labels.max()) + 1
        fresh = labels.copy()
        for number, part in enumerate(inside):
            fresh[part] = first + number
        rest = np.flatnonzero(mask & (fresh == group))
        if len(rest):
            fresh[rest] = first + _likeliest(table, fresh, rest, len(inside), first)
        labels, changed = fresh, changed | mask
    return labels, changed


def _likeliest(table: Table, labels: Ints, rest: Ints, parts: int, first: int) -> Ints:
    """Which of the new groups is likeliest for each of the rest."""
    whole = renumber(labels)
    numbers = [int(whole[np.flatnonzero(labels == first + part)[0]]) for part in range(parts)]
    score = likelihood(trim(block_table(table.traffic, whole)))
    best: Ints = np.argmax(score[rest][:, numbers], axis=1)
    return best


def _found(table: Table, wish: Wish) -> Ints:
    number = {text: place for place, text in enumerate(table.texts[: table.traffic.workloads])}
    # A workload of a table may go by a short name; its stable text is understood as well.
    number |= {
        entity.id: place for place, entity in enumerate(table.entities[: table.traffic.workloads])
    }
    for text in wish.workloads:
        if text not in number:
            near = difflib.get_close_matches(text, number, n=1)
            hint = f"did you mean {clean(near[0])}?" if near else "see the members of the segments"
            raise InputError(f"no workload is called {clean(text)}", where=wish.where, hint=hint)
    return np.unique([number[text] for text in wish.workloads])


def _same_zone(zone: Ints, members: Ints, wish: Wish) -> None:
    if len(set(zone[members].tolist())) > 1:
        hint = "a policy selects pods of one namespace; make one segment in each"
        message = "the workloads lie in different namespaces or levels of trust"
        raise InputError(message, where=wish.where, hint=hint)
