"""The lookup in arrays says of every moment what the timeline says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recommender.connections.history import history
from recommender.connections.lookup import span_of_history
from recommender.inventory.holdings import Holding, NoHolder, timeline
from recommender.model.entities import Entity

if TYPE_CHECKING:
    from recommender.inventory.holdings import Timeline

_WORKLOADS: Final = tuple(Entity.workload("n", "Deployment", name) for name in "abc")
_BEGIN: Final = datetime.fromtimestamp(1_700_000_000, UTC)
_SECOND: Final = 1_000_000

_moments = st.none() | st.integers(0, 300).map(lambda s: _BEGIN + timedelta(seconds=s))
_holdings = st.lists(
    st.builds(
        Holding,
        st.sampled_from(("10.0.0.1", "10.0.0.2", "fd00::1")),
        _moments,
        _moments,
        st.sampled_from(_WORKLOADS),
        st.sampled_from(("p", "q")),
    ),
    min_size=1,
    max_size=12,
)
_records = st.lists(
    st.tuples(
        st.sampled_from(("10.0.0.1", "10.0.0.2", "fd00::1", "10.0.0.9")),
        st.integers(-30, 400),
        st.integers(0, 90),
    ),
    min_size=1,
    max_size=40,
)


def said(spans: Timeline, ip: str, start: datetime, until: datetime) -> Entity | str | None:
    """Who held an address all through a record, or why nobody can be named."""
    first = spans.at(ip, start)
    if first is None:
        return None
    inside = (spans.ip == ip) & (spans.from_us <= micro(start)) & (spans.until_us > micro(until))
    if not inside.any():
        return NoHolder.MARGIN.value
    return first.value if isinstance(first, NoHolder) else first.entity


def micro(moment: datetime) -> int:
    """A moment in microseconds."""
    return int((moment - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1))


@given(holdings=_holdings, records=_records, wide=st.booleans())
def test_a_lookup_says_what_the_timeline_says(
    *, holdings: list[Holding], records: list[tuple[str, int, int]], wide: bool
) -> None:
    spans = timeline(holdings, timedelta(seconds=5), late=timedelta(seconds=20))
    known = history(spans)
    # One much later makes the slots longer than what an address is held for.
    records = [*records, ("10.0.0.1", 90 * 86_400, 0)] if wide else records
    starts = [_BEGIN + timedelta(seconds=start) for _, start, _ in records]
    ends = [
        start + timedelta(seconds=more) for start, (_, _, more) in zip(starts, records, strict=True)
    ]
    start, until = (np.array([micro(moment) for moment in side]) for side in (starts, ends))
    span = span_of_history(known, int(start.min()), int(start.max()))
    ips = pa.array([ip for ip, _, _ in records]).dictionary_encode()
    held = span.find(ips, start, until)
    for row, (ip, _, _) in enumerate(records):
        who = int(held.who[row])
        if not held.known[row]:
            found: Entity | str | None = None
        elif who > 0:
            found = known.entities[who - 1]
        else:
            end = int(known.ends(np.array([who]))[0])
            found = list(NoHolder)[-end - len(spans.holdings) - 2].value
        assert found == said(spans, ip, starts[row], ends[row])
