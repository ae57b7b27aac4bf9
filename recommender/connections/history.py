"""The cluster's history as columns of numbers: who held which address when, and what is told of it.

An end that the history names has a negative number: that of a holding, of a reason why nobody can
be named, or of the workload behind a port of a Service. Rows that differ in nothing but the pods
of a workload are drawn together under the number of the workload, ``who``; its pods are bits, so
that they can be counted all the same. A workload of very many pods has several such numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.holdings import REASONS, NoHolder, Role

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from recommender.inventory.holdings import Timeline
    from recommender.model.entities import Entity

    Integers = NDArray[np.integer[Any]]
    Flags = NDArray[np.bool_]

#: Number of the reason why nobody is named for a record that spans the time of several holders.
BEYOND: Final = REASONS.index(NoHolder.MARGIN)
#: Pods of a workload that have one number between them, as bits.
PAGE: Final = 1024


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The intervals of every address, by address and time; they leave out no moment.

    Attributes:
        addresses: The addresses, sorted.
        place: Of each interval: which of the addresses.
        from_us: Its begin in microseconds since 1970 UTC.
        until_us: Its end, exclusive.
        endpoint: The number of the end that it names.
        who: The number of the holder, from 1; below 0 that of the reason why there is none.
        bit: The holder's pod as a bit.
        is_pod: Whether the address is a pod's, or one that nobody can be named for.
        beyond: The end of a record that begins in an interval and ends beyond it.
        entities: The holder of each number, from 1.
        stands: The end that stands for each number, from 1, where pods are drawn together. It is
            the same whatever a log shows.
    """

    addresses: pa.StringArray
    place: Integers
    from_us: Integers
    until_us: Integers
    endpoint: Integers
    who: Integers
    bit: Integers
    is_pod: NDArray[np.bool_]
    beyond: int
    entities: tuple[Entity, ...]
    stands: Integers

    def ends(self, who: Integers) -> Integers:
        """The ends that stand for holders, and those of reasons."""
        import numpy as np

        of_reason = self.beyond + BEYOND + np.minimum(who, 0)
        named = self.stands[np.maximum(who, 1) - 1]
        ends: Integers = np.where(who > 0, named, np.where(who == self.beyond, who, of_reason))
        return ends

    def table(self) -> pa.Table:
        """The intervals as the store keeps them."""
        import pyarrow as pa

        place = pa.array(self.place.astype("int32"))
        return pa.table(
            {
                "ip": pa.DictionaryArray.from_arrays(place, self.addresses),
                "from_us": self.from_us,
                "until_us": self.until_us,
                "endpoint": self.endpoint,
                "who": self.who,
                "bit": self.bit,
                "is_pod": self.is_pod,
                "beyond": pa.repeat(pa.scalar(self.beyond, pa.int32()), len(self.place)),
            }
        )


def history(spans: Timeline) -> History:
    """The timeline of a cluster's addresses as columns."""
    import numpy as np
    import pyarrow as pa  # only who has a history pays for it

    count = len(spans.holdings)
    who, bit, entities = _pages(spans)
    is_pod = np.array([held.role is Role.POD for held in spans.holdings], bool)
    known = spans.holder >= 0
    row = np.where(known, spans.holder, 0)
    endpoint = np.where(known, -1 - spans.holder, -1 - count - spans.reason).astype(np.int32)
    holder = np.where(known, who[row], -spans.reason).astype(np.int32)
    stands = np.zeros(len(entities), np.int32)
    # Of several the last written stays, which is the first in order.
    stands[holder[known][::-1] - 1] = endpoint[known][::-1]
    return History(
        addresses=pa.array(spans.addresses, pa.string()),
        place=spans.place,
        from_us=spans.from_us,
        until_us=spans.until_us,
        endpoint=endpoint,
        who=holder,
        bit=np.where(known, bit[row], 0).astype(np.int32),
        is_pod=~known | is_pod[row],
        beyond=-1 - count - BEYOND,
        entities=entities,
        stands=stands,
    )


def _pages(spans: Timeline) -> tuple[Integers, Integers, tuple[Entity, ...]]:
    """Of each holding the number of its holder and the bit of its pod; whose the numbers are."""
    import numpy as np
    import pyarrow as pa

    # What has no pods, such as a node, has its addresses.
    names = pa.array([held.pod or held.ip for held in spans.holdings], pa.string())
    name = names.dictionary_encode().indices.to_numpy().astype(np.int64)
    pods, pod = np.unique(spans.who * (len(names) + 1) + name, return_inverse=True)
    entity = pods // (len(names) + 1)
    first = np.searchsorted(entity, np.arange(len(spans.entities)))
    place = np.arange(len(pods)) - first[entity]
    begins = place % PAGE == 0
    number = np.cumsum(begins)
    entities = tuple(spans.entities[i] for i in entity[begins].tolist())
    return number[pod], (place % PAGE)[pod], entities
