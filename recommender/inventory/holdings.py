"""Who held which address when, and what that lets one say of a moment in a log.

A holding is what the cluster's objects prove: from ``start`` to ``end`` this entity had the
address. A log's clock and the cluster's differ by seconds, so a record is joined with a margin:
it is attributed only where every moment that it may stand for lies within the proven time of one
entity and no other entity held the address near it. Everywhere else the answer is a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from recommender.model.entities import Entity

    Integers = NDArray[np.int64]

#: How far the clock of a log may be from the cluster's, where nothing better is known.
MARGIN: Final = timedelta(seconds=10)

#: How much later than its packet a cloud may stamp a record: AWS says up to a minute of ``start``.
LATE: Final = timedelta(seconds=60)

#: Bounds of what is open: microseconds before and after every moment that a log can hold.
OPEN_FROM: Final = -(2**62)
OPEN_UNTIL: Final = 2**62

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Role(StrEnum):
    """What an address is to its holder."""

    POD = "pod"
    NODE = "node"
    APISERVER = "kube-apiserver"
    SERVICE = "service"
    BALANCER = "load-balancer"


class NoHolder(StrEnum):
    """Why an address that is known of the cluster names nobody at some moment.

    ``ip-reused``: two entities held it one after the other, both within the margin.
    ``ip-overlap``: two entities held it at the same time, or the inventory contradicts itself.
    ``ip-gap``: nobody is known to have held it then.
    ``ip-margin``: one entity held it, but the margin reaches beyond the time that is proven.
    """

    REUSED = "ip-reused"
    OVERLAP = "ip-overlap"
    GAP = "ip-gap"
    MARGIN = "ip-margin"


#: The reasons by the number that stands for them in a timeline; 0 is none.
REASONS: Final = ("", *(reason.value for reason in NoHolder))

_REUSED, _OVERLAP, _GAP, _MARGIN = range(1, len(REASONS))


@dataclass(frozen=True, slots=True)
class Holding:
    """One entity had one address, for certain, from start to end.

    Attributes:
        ip: The address in canonical form.
        start: From when, in UTC; None where it is not known to have ever been another's.
        end: Until when, in UTC, exclusive; None where no end is known.
        entity: Who: a workload, the nodes, the API server, a Service.
        pod: Name of the pod; empty where the holder is none.
        role: What the address is to the holder.
    """

    ip: str
    start: datetime | None
    end: datetime | None
    entity: Entity
    pod: str = ""
    role: Role = Role.POD

    @property
    def order(self) -> tuple[str, int, int, Entity, str, str]:
        """Sort key: by address, then by time."""
        start = microseconds(self.start) if self.start else OPEN_FROM
        end = microseconds(self.end) if self.end else OPEN_UNTIL
        return (self.ip, start, end, self.entity, self.pod, self.role.value)


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Every address that is known of a cluster, at every time: its holder or a reason.

    The columns are of one length and sorted by address and time. The intervals of an address are
    disjoint and leave out no moment, so that the last row at or before a moment is the answer.
    An address that has no row is not known of the cluster.

    Attributes:
        addresses: The addresses that have rows, as text, sorted; each has at least one.
        place: Which of them a row is of.
        from_us: Begin of the interval in microseconds since 1970 UTC, inclusive.
        until_us: Its end, exclusive.
        holder: Number of the holding in ``holdings``; -1 where there is none.
        reason: Number of the reason in ``REASONS``; 0 where there is a holder.
        holdings: The holdings that the numbers are of. Where several pods of one entity had the
            address one after the other, the entity is certain and the pod one of them.
        entities: The entities that hold anything, sorted.
        who: Which of them each holding is of.
    """

    addresses: NDArray[Any]
    place: Integers
    from_us: Integers
    until_us: Integers
    holder: Integers
    reason: Integers
    holdings: tuple[Holding, ...]
    entities: tuple[Entity, ...]
    who: Integers

    def __len__(self) -> int:
        """How many intervals there are."""
        return len(self.place)

    @property
    def ip(self) -> NDArray[Any]:
        """The address of each row, as text."""
        return self.addresses[self.place]

    def at(self, ip: str, moment: datetime) -> Holding | NoHolder | None:
        """Who had an address at a moment of a log.

        Args:
            ip: The address in canonical form.
            moment: When, with its zone.

        Returns:
            The holding, or why there is none; None for an address that is not of the cluster.
        """
        import numpy as np

        place = int(np.searchsorted(self.addresses, ip))
        if place == len(self.addresses) or self.addresses[place] != ip:
            return None
        low, high = np.searchsorted(self.place, (place, place + 1))
        found = np.searchsorted(self.from_us[low:high], microseconds(moment), "right") - 1
        row = int(low + found)
        if self.reason[row]:
            return NoHolder(REASONS[int(self.reason[row])])
        return self.holdings[int(self.holder[row])]


def microseconds(moment: datetime) -> int:
    """A moment as microseconds since 1970 UTC, exactly."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def timeline(
    holdings: Sequence[Holding],
    margin: timedelta = MARGIN,
    *,
    late: timedelta = timedelta(0),
) -> Timeline:
    """What the holdings of addresses say of every moment of a log.

    Args:
        holdings: Who held which address when, in any order.
        margin: How far the clock of the log may be from the cluster's, either way.
        late: How much later than its packet a record may be stamped, for logs that are
            aggregated. So long after its time a holder that is known makes the next one doubtful.

    Returns:
        The disjoint intervals of every address. A sweep over sorted arrays: no loop but one
        over the holdings to read their fields.
    """
    import numpy as np

    told, spans = _read(holdings)
    before, after = margin // _MICROSECOND, (margin + late) // _MICROSECOND
    held = spans.where(spans.start <= spans.end).union()
    near = held.shifted(-before, after).union()
    sure = held.shifted(before, -before)
    sure = sure.where(sure.start < sure.end)
    place, time, holder, reason = _swept(len(told.addresses), held, near, sure)
    until = np.full(len(place), OPEN_UNTIL, np.int64)
    until[:-1] = np.where(place[1:] == place[:-1], time[1:], OPEN_UNTIL)
    return Timeline(
        told.addresses, place, time, until, holder, reason, told.holdings, told.entities, told.who
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Intervals of entities at addresses, as columns."""

    ip: Integers
    entity: Integers
    start: Integers
    end: Integers
    holding: Integers

    def where(self, chosen: NDArray[np.bool_] | Integers) -> _Spans:
        """Some of the rows."""
        columns = (self.ip, self.entity, self.start, self.end, self.holding)
        return _Spans(*(column[chosen] for column in columns))

    def shifted(self, start: int, end: int) -> _Spans:
        """The intervals with both bounds moved; what is open stays open."""
        import numpy as np

        low = np.where(self.start == OPEN_FROM, OPEN_FROM, self.start + start)
        high = np.where(self.end == OPEN_UNTIL, OPEN_UNTIL, self.end + end)
        return _Spans(self.ip, self.entity, low, high, self.holding)

    def union(self) -> _Spans:
        """The same moments in the fewest intervals: those of one entity that meet are one."""
        import numpy as np

        rows = self.where(np.lexsort((self.holding, self.end, self.start, self.entity, self.ip)))
        if not len(rows.ip):
            return rows
        fresh = np.ones(len(rows.ip), bool)
        fresh[1:] = (rows.ip[1:] != rows.ip[:-1]) | (rows.entity[1:] != rows.entity[:-1])
        # The latest end so far, by its rank: a running maximum that begins anew with each group.
        group = np.cumsum(fresh) - 1
        bounds, rank = np.unique(rows.end, return_inverse=True)
        reach = np.maximum.accumulate(group * len(bounds) + rank) - group * len(bounds)
        latest = bounds[reach]
        fresh[1:] |= rows.start[1:] > latest[:-1]
        first = np.flatnonzero(fresh)
        last = np.append(first[1:], len(rows.ip)) - 1
        merged = rows.where(first)
        return _Spans(merged.ip, merged.entity, merged.start, latest[last], merged.holding)


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What the holdings are of: their addresses, themselves in order, and who they are of."""

    addresses: NDArray[Any]
    holdings: tuple[Holding, ...]
    entities: tuple[Entity, ...]
    who: Integers


def _read(holdings: Sequence[Holding]) -> tuple[_Told, _Spans]:
    """Holdings in the order of their addresses, and their intervals as columns."""
    import numpy as np

    addresses, ip = _numbered([held.ip for held in holdings])
    start = _moments([held.start for held in holdings], OPEN_FROM)
    end = _moments([held.end for held in holdings], OPEN_UNTIL)
    entities, who = _entities([held.entity for held in holdings])
    order = np.lexsort((who, end, start, ip))
    columns = np.stack([ip, start, end, who])[:, order]
    if (columns[:, 1:] == columns[:, :-1]).all(axis=0).any():
        _, pod = _numbered([held.pod for held in holdings])
        order = np.lexsort((pod, who, end, start, ip))
    spans = _Spans(ip, who, start, end, np.arange(len(ip), dtype=np.int64)).where(order)
    ordered = tuple([holdings[row] for row in order.tolist()])
    told = _Told(addresses, ordered, entities, spans.entity)
    return told, replace(spans, holding=np.arange(len(ip), dtype=np.int64))


def _numbered(texts: list[str]) -> tuple[NDArray[Any], Integers]:
    """The distinct texts, sorted, and which of them each is."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    codes = pa.array(texts, pa.string()).dictionary_encode()
    distinct = codes.dictionary.to_numpy(zero_copy_only=False)
    # UTF-8 sorts as the characters do.
    order = compute.sort_indices(codes.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[codes.indices.to_numpy()]


def _moments(times: list[datetime | None], open_end: int) -> Integers:
    """Times in microseconds since 1970 UTC."""
    import pyarrow as pa

    found = pa.array(times, pa.timestamp("us", "UTC")).cast(pa.int64())
    moments: Integers = found.fill_null(open_end).to_numpy()
    return moments


def _entities(each: list[Entity]) -> tuple[tuple[Entity, ...], Integers]:
    """The distinct entities, sorted, and which of them each is; few objects stand for many."""
    import numpy as np

    objects = {id(entity): entity for entity in each}
    entities = tuple(sorted(set(objects.values())))
    number = {entity: i for i, entity in enumerate(entities)}
    of_object = {key: number[entity] for key, entity in objects.items()}
    return entities, np.array([of_object[id(entity)] for entity in each], np.int64)


def _swept(
    addresses: int, held: _Spans, near: _Spans, sure: _Spans
) -> tuple[Integers, Integers, Integers, Integers]:
    """One pass over all bounds in order, counting who is there between any two of them.

    Returns:
        Of every interval the address, the begin, the holding (-1: none) and the reason.
    """
    import numpy as np

    every = np.arange(addresses, dtype=np.int64)
    layers = (held, near, sure)
    spans = [(s.ip, s.start, s.end) for s in layers]
    ip = np.concatenate([every, *(column for i, _, _ in spans for column in (i, i))])
    opening = np.full(len(every), OPEN_FROM, np.int64)
    time = np.concatenate([opening, *(column for _, *pair in spans for column in pair)])
    # Sums may go round: what is left of them once all but one have ended is right again.
    steps = np.zeros((4, len(ip)), np.int32)
    at = len(every)
    for layer, span in enumerate(layers):
        for sign in (1, -1):
            rows = slice(at, at + len(span.ip))
            steps[layer, rows] = sign
            if span is sure:
                steps[3, rows] = sign * span.holding
            at = rows.stop
    order = np.lexsort((time, ip))
    ip, time, sums = (
        ip[order],
        time[order],
        np.cumsum(steps.take(order, axis=1), axis=1, dtype=np.int32),
    )
    # Of several bounds at one moment the last has counted them all.
    last = np.append((ip[1:] != ip[:-1]) | (time[1:] != time[:-1]), True)[: len(ip)]
    last &= time < OPEN_UNTIL
    ip, time, (holders, nearby, certain, holder) = ip[last], time[last], sums[:, last]
    alone = nearby == 1
    reason = np.select(
        [alone & (certain == 1), alone, nearby == 0, holders > 1],
        [0, _MARGIN, _GAP, _OVERLAP],
        _REUSED,
    )
    holder = np.where(reason == 0, holder, -1).astype(np.int64)
    # Rows that say the same as the row above are left out.
    news = np.ones(len(ip), bool)
    news[1:] = (ip[1:] != ip[:-1]) | (holder[1:] != holder[:-1]) | (reason[1:] != reason[:-1])
    return ip[news], time[news], holder[news], reason[news]
