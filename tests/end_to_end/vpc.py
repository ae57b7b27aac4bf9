"""A cluster in a VPC for tests: its objects, looks at it, and AWS rows of its connections."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Body = dict[str, Any]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SYN, SYN_ACK = 2, 18
_FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start "
    "end action log-status tcp-flags pkt-srcaddr pkt-dstaddr flow-direction"
)


def stamp(seconds: float) -> str:
    """A moment some seconds after noon, as the API server writes it."""
    return (NOON + timedelta(seconds=int(seconds))).isoformat().replace("+00:00", "Z")


def thing(kind: str, name: str, namespace: str = "shop", **parts: Any) -> Body:  # noqa: ANN401
    """One object; ``labels`` and ``owner`` go into its metadata."""
    metadata: Body = {"name": name, "uid": f"{kind}-{namespace}-{name}"}
    if namespace:
        metadata["namespace"] = namespace
    metadata["creationTimestamp"] = stamp(-86_400)
    metadata |= {key: parts.pop(key) for key in ("labels", "annotations") if key in parts}
    if owner := parts.pop("owner", None):
        metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return {"kind": kind, "apiVersion": "v1", "metadata": metadata, **parts}


@dataclass
class Vpc:
    """Objects of a cluster, and rows of a log."""

    objects: list[Body] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)

    def workload(  # noqa: PLR0913 - what a workload has
        self,
        name: str,
        *ips: str,
        namespace: str = "shop",
        port: int = 8080,
        port_name: str = "",
        host_network: bool = False,
        node: str = "node-1",
    ) -> None:
        """A StatefulSet whose pods have these addresses, since yesterday."""
        labels = {"app": name}
        container = {"name": "main", "ports": [{"containerPort": port, "name": port_name or "p"}]}
        spec: Body = {"containers": [container], "hostNetwork": host_network}
        template = {"metadata": {"labels": labels}, "spec": spec}
        selector = {"matchLabels": labels}
        self.objects.append(
            thing(
                "StatefulSet",
                name,
                namespace,
                spec={"selector": selector, "template": template, "replicas": len(ips)},
            )
        )
        for number, ip in enumerate(ips):
            self.objects.append(
                thing(
                    "Pod",
                    f"{name}-{number}",
                    namespace,
                    labels=labels,
                    owner=("StatefulSet", name),
                    spec={**spec, "nodeName": node},
                    status={
                        "phase": "Running",
                        "podIPs": [{"ip": ip}],
                        "startTime": stamp(-86_400),
                        "containerStatuses": [
                            {"restartCount": 0, "state": {"running": {"startedAt": stamp(-86_390)}}}
                        ],
                    },
                )
            )

    def node(self, name: str, *ips: str) -> None:
        """A node with these internal addresses."""
        addresses = [{"type": "InternalIP", "address": ip} for ip in ips]
        self.objects.append(thing("Node", name, "", status={"addresses": addresses}))

    def service(self, name: str, namespace: str = "shop", **parts: Any) -> None:  # noqa: ANN401
        """A Service; ``status`` and ``labels`` beside the fields of its spec."""
        about = {key: parts.pop(key) for key in ("status", "labels") if key in parts}
        self.objects.append(thing("Service", name, namespace, spec=parts, **about))

    def endpoints(self, service: str, namespace: str, port: int, *ips: str, name: str = "") -> None:
        """An EndpointSlice of a Service."""
        self.objects.append(
            thing(
                "EndpointSlice",
                f"{service}-abcde",
                namespace,
                labels={"kubernetes.io/service-name": service},
                addressType="IPv6" if ":" in ips[0] else "IPv4",
                endpoints=[{"addresses": list(ips)}],
                ports=[{"name": name, "port": port, "protocol": "TCP"}],
            )
        )

    def row(  # noqa: PLR0913 - a row has that much to say
        self,
        source: tuple[str, int],
        target: tuple[str, int],
        *,
        at: float = 0,
        flags: int | str = "-",
        protocol: int = 6,
        action: str = "ACCEPT",
    ) -> None:
        """One row: the packets of one way of a connection, seen in a minute."""
        start = int((NOON + timedelta(seconds=at)).timestamp())
        ends = f"{source[0]} {target[0]} {source[1]} {target[1]} {protocol}"
        packet = f"{flags} {source[0]} {target[0]}"
        self.rows.append(f"5 1 eni-1 {ends} 4 400 {start} {start} {action} OK {packet} egress")

    def call(
        self, client: str, server: str, port: int, *, source_port: int = 40_000, at: float = 0
    ) -> None:
        """A connection with its opening packet and its answer, which say who opened it."""
        ends = (client, source_port), (server, port)
        self.row(*ends, at=at, flags=SYN)
        self.row(ends[1], ends[0], at=at, flags=SYN_ACK)

    def snapshot(self, taken: float = 3600, **parts: Any) -> Body:  # noqa: ANN401 - any field
        """A look at the cluster."""
        return {
            "kind": "InventorySnapshot",
            "schema_version": "1.0",
            "tool": {"name": "recommender", "version": "0"},
            "taken": stamp(taken),
            "cluster": "one",
            "namespaces": [],
            "missing": [],
            "objects": self.objects,
            **parts,
        }

    def write(self, folder: Path, *looks: Body) -> tuple[Path, Path]:
        """The log and the folder of looks (one taken an hour after noon, without any)."""
        log, snapshots = folder / "flows.log", folder / "snapshots"
        log.write_text("\n".join([_FIELDS, *self.rows]) + "\n")
        snapshots.mkdir()
        for number, body in enumerate(looks or [self.snapshot()]):
            (snapshots / f"{number:04}.json").write_text(json.dumps(body))
        return log, snapshots
