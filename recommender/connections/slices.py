"""One log read once, and the edges of any span of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from recommender.connections.gathering import gather
from recommender.connections.holders import hold
from recommender.connections.ingest import ingest
from recommender.connections.store import Store, engine_errors
from recommender.connections.types import WORLD_THRESHOLD, Gathering
from recommender.sources.discovery import find_inputs
from recommender.sources.formats import require_known
from recommender.sources.options import AS_FOUND, ReadOptions, ReplyFlag
from recommender.sources.reader import reading

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    from recommender.connections.ingested import Ingested
    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)

# Temporary tables come before those of the store where a statement names either, so that a span
# of the log takes the place of the whole. Ends that the span does not show are not known in it.
_SPAN: Final = (
    "CREATE TEMP TABLE flow_group AS SELECT * FROM main.flow_group WHERE hour >= ? AND hour < ?"
)
_ENDS: Final = """
    CREATE TEMP TABLE {name} AS SELECT * FROM main.{name} WHERE {column} IN (
        SELECT src FROM flow_group UNION SELECT dst FROM flow_group)
"""
# Records without a time stand at the epoch and tell nothing.
_BOUNDS: Final = "SELECT min(hour), max(hour) FROM flow_group WHERE hour > 0"
_TEMPORARY: Final = """
    SELECT 'VIEW', view_name FROM duckdb_views() WHERE temporary AND NOT internal
    UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables() WHERE temporary
"""


@dataclass(frozen=True, slots=True)
class Log:
    """A log in the store.

    Attributes:
        first: The first hour with a record, as its beginning.
        last: The last one.
    """

    first: datetime
    last: datetime
    _store: Store
    _ingested: Ingested
    _gathering: Gathering

    def between(self, since: datetime, until: datetime) -> Connections:
        """What the log shows from one time up to another, in whole hours.

        Nothing of the rest is known in it: no end, no label, no name. The accounting, which is
        of whole files, is empty.

        Args:
            since: The first hour.
            until: The hour after the last.
        """
        connection = self._store.connection
        try:
            connection.execute(_SPAN, [_hours(since), _hours(until)])
            connection.execute(_ENDS.format(name="endpoint", column="id"))
            connection.execute(_ENDS.format(name="dns_name", column="endpoint"))
            return gather(connection, self._ingested, self._gathering, whole=False)
        finally:
            for kind, name in connection.execute(_TEMPORARY).fetchall():
                connection.execute(f'DROP {kind} temp."{name}"')


@contextmanager
def open_log(  # noqa: PLR0913 - as connect
    paths: Iterable[str | os.PathLike[str]],
    *,
    inventory: Inventory | None = None,
    options: ReadOptions = AS_FOUND,
    reply_flag: ReplyFlag = ReplyFlag.AUTO,
    world_threshold: int = WORLD_THRESHOLD,
    progress: Callable[[str, int], None] | None = None,
) -> Iterator[Log | None]:
    """Read a log once, to make the edges of spans of it; None where no record has a time.

    Arguments and errors are those of :func:`recommender.connections.edges.connect`.
    """
    require_known(options)
    files = find_inputs(paths)
    with engine_errors(), Store() as store, reading(files, options) as parts:
        holders = hold(store.connection, inventory)
        ingested = ingest(store, parts, drawer=holders.drawer, progress=progress)
        ((first, last),) = store.connection.execute(_BOUNDS).fetchall()
        gathering = Gathering(inventory, holders, reply_flag, world_threshold, options.snat)
        if first is None:
            yield None
        else:
            yield Log(_time(first), _time(last), store, ingested, gathering)


def _hours(moment: datetime) -> int:
    return (moment - _EPOCH) // _HOUR


def _time(hours: int) -> datetime:
    return _EPOCH + hours * _HOUR
