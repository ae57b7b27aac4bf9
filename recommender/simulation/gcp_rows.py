"""Entries of GCP VPC flow logs: one a direction, reporter and interval, as Cloud Logging has them.

About one packet in thirty is captured, and half of the entries are kept; the counts are made up
for both. Entries say neither flags nor verdicts. Ingress that the firewall denies leaves nothing;
egress is captured before the firewall.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from recommender.simulation.dice import Dice
from recommender.simulation.emitter import Clock
from recommender.simulation.lines import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.simulation.ends import End
    from recommender.simulation.lookups import ServiceAddresses
    from recommender.simulation.settings import Settings
    from recommender.simulation.windows import Cell, Counted, Interface, Interval

#: Share of the entries that are kept where packets are sampled.
KEPT: Final = 0.5

_PROJECT: Final = "demo-project"
_REGION: Final = "europe-west1"
_ZONE: Final = f"{_REGION}-b"
_SUBNET: Final = {"subnetwork_name": "nodes", "project_id": _PROJECT, "vpc_name": "demo"}
_PROTOCOLS: Final = {"TCP": 6, "UDP": 17, "ICMP": 1}
_ICMP6: Final = 58
_TYPES: Final = {
    "Deployment": "DEPLOYMENT",
    "StatefulSet": "STATEFUL_SET",
    "DaemonSet": "DAEMON_SET",
    "Job": "JOB",
    "CronJob": "CRON_JOB",
}


class GcpRows:
    """Writes entries.

    Args:
        settings: Sampling and the first moment of the window.
        services: The Services, which entries name beside the pods.
    """

    seconds = 5

    def __init__(self, settings: Settings, services: ServiceAddresses) -> None:
        self._services = services
        self._share = settings.captured
        self._kept = KEPT if self._share < 1.0 else 1.0
        self._clock = Clock(settings.start)
        self._dice = Dice(settings.seed, "entries")
        self._start = settings.start
        self._known: dict[End, dict[str, Any]] = {}

    def lines(self, interval: Interval) -> Iterator[tuple[int, bytes]]:
        """An entry for each direction of each connection."""
        for cell in interval.cells:
            unseen = cell.rejected and not cell.outbound
            if unseen or cell.connection.protocol not in _PROTOCOLS:
                continue
            for reply, counted in cell.rows():
                if self._kept < 1.0 and not self._dice.chance(self._kept):
                    continue
                cell.connection.mark_seen()
                yield 1, encode(self._entry(interval, cell, counted, reply=reply)) + b"\n"

    def idle(self, interface: Interface, start: int, end: int) -> bytes:
        """Nothing."""
        del interface, start, end
        return b""

    skipped = idle

    def _entry(
        self, interval: Interval, cell: Cell, counted: Counted, *, reply: bool
    ) -> dict[str, Any]:
        connection = cell.connection
        ends = [
            (connection.client, connection.client_port),
            (connection.server, connection.server_port),
        ]
        source, target = reversed(ends) if reply else ends
        protocol = _PROTOCOLS[connection.protocol]
        if protocol == 1 and connection.client.family == "IPv6":
            protocol = _ICMP6
        scale = 1.0 / (self._share * self._kept)
        payload: dict[str, Any] = {
            "connection": {
                "src_ip": source[0].address,
                "src_port": source[1],
                "dest_ip": target[0].address,
                "dest_port": target[1],
                "protocol": protocol,
            },
            "reporter": "SRC" if cell.outbound != reply else "DEST",
            "bytes_sent": str(round(counted.payload * scale)),
            "packets_sent": str(round(counted.packets * scale)),
            "start_time": self._stamp(counted.first),
            "end_time": self._stamp(counted.last),
        }
        if protocol == _PROTOCOLS["TCP"]:
            payload["rtt_msec"] = str(self._dice.between(1, 4))
        for side, (end, _) in (("src", source), ("dest", target)):
            payload |= {f"{side}_{name}": value for name, value in self._about(end).items()}
        written = self._stamp(interval.end + 2 * 10**9)
        return {
            "insertId": self._dice.hexadecimal(13),
            "jsonPayload": payload,
            "resource": {
                "type": "gce_subnetwork",
                "labels": {
                    "project_id": _PROJECT,
                    "location": _ZONE,
                    "subnetwork_name": "nodes",
                    "subnetwork_id": "7391841923847193847",
                },
            },
            "timestamp": written,
            "logName": f"projects/{_PROJECT}/logs/compute.googleapis.com%2Fvpc_flows",
            "receiveTimestamp": written,
        }

    def _stamp(self, moment: int) -> str:
        if moment < 0:  # an interval may begin before the window
            return (self._start + timedelta(microseconds=moment // 1000)).isoformat()
        return self._clock.stamp(moment).decode()

    def _about(self, end: End) -> dict[str, Any]:
        """What an entry says of an end beside its address."""
        found = self._known.get(end)
        if found is None:
            found = self._known[end] = self._described(end)
        return found

    def _described(self, end: End) -> dict[str, Any]:
        if end.node is None:
            return {"location": {"asn": 64500, "continent": "Europe", "country": "nld"}}
        details: dict[str, Any] = {
            "cluster": {"cluster_name": end.node.cluster, "cluster_location": _REGION}
        }
        if end.pod is not None:
            workload = end.pod.workload
            details["pod"] = {"pod_name": end.pod.name, "pod_namespace": workload.namespace}
            if workload.kind in _TYPES:
                details["pod"]["pod_workload"] = {
                    "workload_name": workload.name,
                    "workload_type": _TYPES[workload.kind],
                }
            services = [
                {"service_name": service.name, "service_namespace": service.namespace}
                for service in self._services.selecting(workload.target)
            ]
            if services:
                details["service"] = services
        return {
            "instance": {
                "project_id": _PROJECT,
                "region": _REGION,
                "vm_name": end.node.name,
                "zone": _ZONE,
            },
            "vpc": _SUBNET,
            "gke_details": details,
        }
