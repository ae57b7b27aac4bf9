"""ICMP in logs that do not say who asked whom: between whom it was, and how much of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import parse_address
from recommender.model.errors import ModelError
from recommender.model.findings import Finding, Severity
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from recommender.inventory.types import Inventory
    from recommender.model.accounting import Accounting

#: Why such a record is set aside.
REASON: Final = "icmp-without-type"
#: Two addresses, in order.
Pair = tuple[str, str]

# More pairs than anybody would read: a sweep of pings.
_MOST: Final = 10_000
_SHOWN: Final = 5
_PAIRS: Final = f"""
    SELECT least(src_ip, dst_ip), greatest(src_ip, dst_ip), sum(records) FROM grouped
    WHERE aside = '{REASON}' AND src_ip IS NOT NULL AND dst_ip IS NOT NULL GROUP BY ALL
"""


def pairs_of(cursor: duckdb.DuckDBPyConnection) -> Counter[Pair]:
    """Between which addresses the table ``grouped`` has ICMP, and how many records."""
    return Counter(
        {(one, two): int(count) for one, two, count in cursor.execute(_PAIRS).fetchall()}
    )


class Pings:
    """Pairs of addresses with ICMP, counted up to a bound, in whatever order they come."""

    def __init__(self) -> None:
        """None so far."""
        self._counts: Counter[Pair] = Counter()
        self._many = False

    def add(self, counts: Mapping[Pair, int]) -> None:
        """Count more."""
        if not self._many:
            self._counts.update(counts)
            self._many = len(self._counts) > _MOST
        if self._many:
            self._counts.clear()

    def finding(self, accounting: Accounting, inventory: Inventory | None) -> tuple[Finding, ...]:
        """What a person should know of it."""
        count = sum(file.set_aside.get(REASON, 0) for file in accounting.files)
        if not count:
            return ()
        message = (
            f"{count:,} {'record' if count == 1 else 'records'} of ICMP (ping, unreachable, path "
            f"MTU) {self._between(inventory)}make no rule: NetworkPolicy cannot name ICMP, and "
            "these logs do not say who asked whom"
        )
        hint = "know what your network plugin does with ICMP of isolated pods before you enforce"
        return (Finding("icmp-not-writable", Severity.WARNING, "input", message, hint),)

    def _between(self, inventory: Inventory | None) -> str:
        if self._many:
            return f"between more than {_MOST:,} pairs of addresses "
        written = {text: _canonical(text) for pair in self._counts for text in pair}
        names, pairs = _names(inventory, set(written.values())), Counter[tuple[str, ...]]()
        for pair, count in self._counts.items():
            ends = (written[text] for text in pair)
            pairs[tuple(sorted(names.get(ip, ip) for ip in ends))] += count
        shown = sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:_SHOWN]
        told = ", ".join(f"{one} and {two}" for one, two in shown)
        rest = len(pairs) - len(shown)
        return f"between {told}{f' and {rest} more pairs' if rest else ''} " if shown else ""


def _canonical(text: str) -> str:
    try:
        return str(parse_address(text))
    except ModelError:
        return clean(text)


def _names(inventory: Inventory | None, wanted: set[str]) -> dict[str, str]:
    """What those addresses are called that one holder alone ever had."""
    holders: dict[str, set[str]] = defaultdict(set)
    for held in inventory.holdings if inventory else ():
        if held.ip in wanted:
            holders[held.ip].add(held.entity.id)
    return {ip: found.pop() for ip, found in holders.items() if len(found) == 1}
