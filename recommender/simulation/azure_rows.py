"""Records of Azure flow logs: one an interface and interval, with a tuple a state of a connection.

VNet flow logs are version 4, NSG flow logs version 2. A tuple counts both ways, its source is who
opened the connection: B for its beginning, C while it lasts, E for its end, D where it is denied.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from recommender.simulation.lines import encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from recommender.simulation.settings import Settings
    from recommender.simulation.windows import Cell, Counted, Interface, Interval

_MS: Final = 10**6
_NUMBERS: Final = {"TCP": "6", "UDP": "17", "ICMP": "1"}
_LETTERS: Final = {"TCP": "T", "UDP": "U"}
_ETHERNET: Final = 14
_SCOPE: Final = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/demo/providers"


class AzureRows:
    """Writes records.

    Args:
        settings: Which of the two kinds, and the first moment of the window.
    """

    seconds = 60

    def __init__(self, settings: Settings) -> None:
        self._vnet = settings.log == "azure"
        self._protocols = _NUMBERS if self._vnet else _LETTERS
        self._start = settings.start

    def lines(self, interval: Interval) -> Iterator[tuple[int, bytes]]:
        """One record with all tuples."""
        rules: dict[str, list[str]] = {}
        count = 0
        for cell in interval.cells:
            if cell.connection.protocol not in self._protocols:
                continue
            for item in self._tuples(cell, interval.interface.node.index):
                rules.setdefault(_rule(cell), []).append(item)
                count += 1
        if count:
            record = self._vnet_record if self._vnet else self._nsg_record
            yield count, encode({"records": [record(interval, rules)]}) + b"\n"

    def idle(self, interface: Interface, start: int, end: int) -> bytes:
        """Nothing."""
        del interface, start, end
        return b""

    skipped = idle

    def _tuples(self, cell: Cell, interface: int) -> Iterator[str]:
        connection = cell.connection
        connection.mark_seen()
        first = min(counted.first for _, counted in cell.rows())
        last = max(counted.last for _, counted in cell.rows())
        if cell.rejected:
            yield self._tuple(cell, first, "D", None)
            return
        if interface not in connection.begun:
            connection.begun.add(interface)
            yield self._tuple(cell, first, "B", None)
        counts = (cell.request, cell.reply)
        yield self._tuple(cell, last, "E" if cell.ended else "C", counts)

    def _tuple(
        self, cell: Cell, moment: int, state: str, counts: tuple[Counted, Counted] | None
    ) -> str:
        connection = cell.connection
        epoch = int(self._start.timestamp() * 1000) + moment // _MS
        parts = [
            str(epoch if self._vnet else epoch // 1000),
            connection.client.address,
            connection.server.address,
            str(connection.client_port),
            str(connection.server_port),
            self._protocols[connection.protocol],
            "O" if cell.outbound else "I",
        ]
        if self._vnet:
            parts += [state, "NX"]
        else:
            parts += ["D" if state == "D" else "A", "B" if state == "D" else state]
        for counted in counts or ():
            size = counted.bytes + _ETHERNET * counted.packets
            parts += [str(counted.packets), str(size)]
        if counts is None:
            parts += ["0" if self._vnet else ""] * 4
        return ",".join(parts)

    def _vnet_record(self, interval: Interval, rules: dict[str, list[str]]) -> dict[str, Any]:
        groups = [{"rule": rule, "flowTuples": tuples} for rule, tuples in rules.items()]
        return {
            "time": _time(self._start, interval.end),
            "flowLogVersion": 4,
            "flowLogGUID": "5a1c2b3d-0000-4000-8000-0a1b2c3d4e5f",
            "macAddress": interval.interface.mac,
            "category": "FlowLogFlowEvent",
            "flowLogResourceID": f"{_SCOPE}/Microsoft.Network/networkWatchers/nw/flowLogs/demo",
            "targetResourceID": f"{_SCOPE}/Microsoft.Network/virtualNetworks/demo",
            "operationName": "FlowLogFlowEvent",
            "flowRecords": {
                "flows": [{"aclID": "9f8e7d6c-0000-4000-8000-0a1b2c3d4e5f", "flowGroups": groups}]
            },
        }

    def _nsg_record(self, interval: Interval, rules: dict[str, list[str]]) -> dict[str, Any]:
        mac = interval.interface.mac
        flows = [
            {"rule": rule, "flows": [{"mac": mac, "flowTuples": tuples}]}
            for rule, tuples in rules.items()
        ]
        group = f"{_SCOPE}/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/DEMO-NSG"
        return {
            "time": _time(self._start, interval.end),
            "systemId": "1b2c3d4e-0000-4000-8000-0a1b2c3d4e5f",
            "macAddress": mac,
            "category": "NetworkSecurityGroupFlowEvent",
            "resourceId": group.upper(),
            "operationName": "NetworkSecurityGroupFlowEvents",
            "properties": {"Version": 2, "flows": flows},
        }


def _rule(cell: Cell) -> str:
    inside = all(end.node is not None for end in (cell.connection.client, cell.connection.server))
    what = "Deny" if cell.rejected else "Allow"
    where = "All" if cell.rejected else "Vnet" if inside else "Internet"
    return f"DefaultRule_{what}{where}{'OutBound' if cell.outbound else 'InBound'}"


def _time(start: datetime, moment: int) -> str:
    when = start + timedelta(microseconds=moment // 1000)
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}0Z"
