"""Names of segments: from what members share and others do not, and stable from run to run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.text import short_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.segments.tables import Table
    from recommender.segments.traffic import Ints

#: Metadata that names are made of, the most telling first.
_KINDS: Final = ("component", "name", "image", "service account", "part-of")
#: Least harmonic mean of: share of the members that have it, share of those that have it in.
_TELLING: Final = 0.45
_LONGEST: Final = 52
_HASH: Final = 5
_OVERLAP: Final = 0.5


def segment_names(
    table: Table,
    labels: Ints,
    previous: Mapping[str, str] | None = None,
    given: Mapping[int, str] | None = None,
) -> list[str]:
    """A name for each segment.

    Args:
        table: The workloads.
        labels: Number of the segment of each workload.
        previous: Name of the segment of each workload (by its text) in an earlier run. A segment
            that overlaps most with one of then, by half or more, keeps its name.
        given: Names by the number of the segment; they come first.
    """
    names = dict(given or {})
    taken = set(names.values())
    for group, name in kept_names(table.texts, labels, previous or {}).items():
        if group not in names and name not in taken:
            names[group] = name
            taken.add(name)
    count = int(labels.max(initial=-1)) + 1
    stems = {group: stem for group, stem in enumerate(_stems(table, labels)) if group not in names}
    times: dict[str, int] = {}
    for stem in stems.values():
        times[stem] = times.get(stem, 0) + 1
    for group, stem in stems.items():
        name = stem
        if times[stem] > 1 or name in taken:
            first = table.texts[int(np.flatnonzero(labels == group)[0])]
            name = f"{stem}-{short_hash(first, _HASH)}"
        while name in taken:
            name = f"{stem}-{short_hash(name, _HASH)}"
        taken.add(name)
        names[group] = name
    return [names[group] for group in range(count)]


def kept_names(texts: Sequence[str], labels: Ints, previous: Mapping[str, str]) -> dict[int, str]:
    """Names of an earlier run for the segments that overlap most with those of then."""
    old = sorted(set(previous.values()))
    if not old:
        return {}
    from scipy.optimize import linear_sum_assignment

    number = {name: position for position, name in enumerate(old)}
    then = np.array(
        [number.get(previous.get(text, ""), -1) for text in texts[: len(labels)]], dtype=np.int64
    )
    shared = np.zeros((int(labels.max(initial=-1)) + 1, len(old)))
    np.add.at(shared, (labels[then >= 0], then[then >= 0]), 1.0)
    size_now, size_then = np.bincount(labels), np.bincount(then[then >= 0], minlength=len(old))
    jaccard = shared / np.maximum(size_now[:, None] + size_then[None, :] - shared, 1)
    rows, columns = linear_sum_assignment(-jaccard)
    # Half of the smaller is enough: a segment that grew or shrank much is still the same.
    share = shared / np.maximum(np.minimum(size_now[:, None], size_then[None, :]), 1)
    return {
        int(row): old[column]
        for row, column in zip(rows, columns, strict=True)
        if share[row, column] >= _OVERLAP
    }


def _stems(table: Table, labels: Ints) -> list[str]:
    traffic = table.traffic
    count = int(labels.max(initial=-1)) + 1
    sizes = np.bincount(labels, minlength=count)
    best, words = np.full(count, _TELLING), [""] * count
    for kind in _KINDS:
        values = traffic.metadata.get(kind)
        if values is None or not table.values.get(kind):
            continue
        known = values >= 0
        within = np.zeros((count, len(table.values[kind])))
        np.add.at(within, (labels[known], values[known]), 1.0)
        place = _group_place(table, labels, count)
        around = np.zeros((int(place.max(initial=0)) + 1, within.shape[1]))
        np.add.at(around, place, within)
        share, sole = within / sizes[:, None], within / np.maximum(around[place], 1)
        score = 2 * share * sole / np.maximum(share + sole, 1e-12)
        top = np.argmax(score, axis=1)
        better = score[np.arange(count), top] > best + 1e-9
        for group in np.flatnonzero(better).tolist():
            best[group] = score[group, top[group]]
            words[group] = table.values[kind][int(top[group])]
    return [_stem(table, labels, group, words[group]) for group in range(count)]


def _group_place(table: Table, labels: Ints, count: int) -> Ints:
    place = np.zeros(count, dtype=np.int64)
    place[labels] = table.traffic.place[: len(labels)] + 1
    return place


def _stem(table: Table, labels: Ints, group: int, word: str) -> str:
    members = np.flatnonzero(labels == group).tolist()
    places = {table.entities[member].namespace for member in members}
    namespace = places.pop() if len(places) == 1 else ""
    if len(members) == 1:
        word = table.entities[members[0]].name
    if not word:
        word = _main_port(table, np.array(members))
    word = word.rpartition("/")[2]
    text = re.sub(r"[^a-z0-9]+", "-", f"{namespace}-{word}".lower()).strip("-")
    return text[:_LONGEST].strip("-") or "segment"


def _main_port(table: Table, members: Ints) -> str:
    """What a segment without telling metadata is known by: the port it serves, or else calls."""
    traffic = table.traffic
    for end, word in ((traffic.destination, "serves"), (traffic.source, "calls")):
        services = traffic.service[np.isin(end, members)]
        if len(services):
            protocol, port = table.services[int(np.bincount(services).argmax())]
            return f"{word}-{protocol}-{port}"
    return "quiet"
