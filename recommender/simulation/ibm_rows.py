"""Objects of IBM Cloud VPC flow logs: one an interface and interval, with a flow a connection.

Flows count both ways and name who opened the connection.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from recommender.simulation.lines import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.simulation.settings import Settings
    from recommender.simulation.windows import Cell, Interface, Interval

_PROTOCOLS: Final = {"TCP": 6, "UDP": 17, "ICMP": 1}
_CRN: Final = "crn:v1:bluemix:public:is:eu-de:a/0123456789abcdef0123456789abcdef:"


class IbmRows:
    """Writes objects.

    Args:
        settings: The first moment of the window.
    """

    seconds = 300

    def __init__(self, settings: Settings) -> None:
        self._start = settings.start

    def lines(self, interval: Interval) -> Iterator[tuple[int, bytes]]:
        """One object with all flows."""
        flows = [
            self._flow(cell) for cell in interval.cells if cell.connection.protocol in _PROTOCOLS
        ]
        if flows:
            yield len(flows), encode(self._object(interval, flows)) + b"\n"

    def idle(self, interface: Interface, start: int, end: int) -> bytes:
        """Nothing."""
        del interface, start, end
        return b""

    skipped = idle

    def _object(self, interval: Interval, flows: list[dict[str, Any]]) -> dict[str, Any]:
        number = interval.interface.number
        return {
            "version": "0.0.1",
            "collector_crn": f"{_CRN}:flow-log-collector:r010-0a1b2c3d",
            "attached_endpoint_type": "vnic",
            "network_interface_id": f"02b7-{number}",
            "instance_crn": f"{_CRN}:instance:02b7_{number}",
            "vpc_crn": f"{_CRN}:vpc:r010-5f607182",
            "capture_start_time": self._time(interval.start),
            "capture_end_time": self._time(interval.end),
            "state": "ok",
            "number_of_flow_logs": len(flows),
            "flow_logs": flows,
        }

    def _flow(self, cell: Cell) -> dict[str, Any]:
        connection = cell.connection
        connection.mark_seen()
        first = min(counted.first for _, counted in cell.rows())
        last = max(counted.last for _, counted in cell.rows())
        new = cell.outbound not in connection.begun
        connection.begun.add(cell.outbound)
        rejected = cell.rejected
        counts = {
            f"{name}_{what}_from_{who}": value
            for name in ("", "cumulative")
            for who, counted in (("initiator", cell.request), ("target", cell.reply))
            for what, value in (("bytes", counted.bytes), ("packets", counted.packets))
        }
        return {
            "start_time": "" if rejected else self._time(first),
            "end_time": "" if rejected else self._time(last),
            "connection_start_time": self._time(first),
            "direction": "O" if cell.outbound else "I",
            "action": "rejected" if rejected else "accepted",
            "initiator_ip": connection.client.address,
            "target_ip": connection.server.address,
            "initiator_port": connection.client_port,
            "target_port": connection.server_port,
            "transport_protocol": _PROTOCOLS[connection.protocol],
            "ether_type": connection.client.family,
            "was_initiated": new,
            "was_terminated": cell.ended,
        } | {name.removeprefix("_"): value for name, value in counts.items()}

    def _time(self, moment: int) -> str:
        when = self._start + timedelta(microseconds=moment // 1000)
        return f"{when:%Y-%m-%dT%H:%M:%SZ}"
