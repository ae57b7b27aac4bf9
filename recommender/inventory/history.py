"""What one or several looks at a cluster prove: from sightings of addresses to holdings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.inventory.holdings import Holding, Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from recommender.model.entities import Entity

#: Kind, namespace, name and uid of an object: another object of the same name has another uid.
Holder = tuple[str, str, str, str]


@dataclass(slots=True)
class Seen:
    """When an object was seen as it is: in one look, or in several that follow each other.

    Attributes:
        first: The time of the first of them.
        last: That of the last; grows while the looks are read.
    """

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object as one look at the cluster showed it, or several looks one after the other.

    Attributes:
        holder: Which object.
        entity: What it is as an end of traffic.
        ips: Its addresses, in canonical form.
        start: From when it certainly had them, as it says itself; None where it does not.
        end: Until when, for one that has ended; None for one that goes on.
        seen: When it was seen so; None where no time is known.
        pod: Name of the pod; empty where it is none.
        role: What the addresses are to it.
    """

    holder: Holder
    entity: Entity
    ips: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    seen: Seen | None
    pod: str = ""
    role: Role = Role.POD


def holdings_of(sightings: Iterable[Sighting]) -> tuple[Holding, ...]:
    """Who held which address when, as far as all looks together prove it.

    An object that goes on held its addresses until the last dated look that shows it, and no
    longer for certain: what came after was not seen. In a look without a time it holds them
    without end. The addresses of the API server are its own, also where its nodes have them.
    """
    by_holder: dict[Holder, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_holder[sighting.holder].append(sighting)
    found = {held for seen in by_holder.values() for held in _of_one(seen)}
    apiserver = {held.ip for held in found if held.role is Role.APISERVER}
    kept = (held for held in found if held.role is not Role.NODE or held.ip not in apiserver)
    return tuple(sorted(kept, key=lambda held: held.order))


def _of_one(sightings: list[Sighting]) -> list[Holding]:
    """The holdings of one object."""
    dated = sorted(
        ((look.seen, look) for look in sightings if look.seen is not None),
        key=lambda pair: pair[0].first,
    )
    undated = [look for look in sightings if look.seen is None]
    found = [_holding(look, ip, look.start, look.end) for look in undated for ip in look.ips]
    for ip in dict.fromkeys(ip for _, look in dated for ip in look.ips):
        having = [(seen, look) for seen, look in dated if ip in look.ips]
        first, (last, latest) = having[0][0].first, having[-1]
        starts = [look.start for _, look in having if look.start is not None]
        start = min(starts, default=None)
        lacking = max((seen.last for seen, _ in dated if seen.last < first), default=None)
        if lacking is not None and (start is None or start <= lacking):
            # It was there before without this address: since when it had it is not known.
            start = first
        ends = [look.end for _, look in having if look.end is not None]
        found.append(_holding(latest, ip, start, min(ends, default=last.last)))
    return found


def _holding(look: Sighting, ip: str, start: datetime | None, end: datetime | None) -> Holding:
    return Holding(ip, start, end, look.entity, look.pod, look.role)
