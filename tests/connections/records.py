"""Hubble records by hand, as the tests of reading and connecting write them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recommender.connections.edges import connect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recommender.connections.types import Connections

Flow = dict[str, Any]

TIME = "2026-03-02T10:00:00.000000001Z"
NODE = "node-a"


@dataclass(frozen=True)
class End:
    """One end: its address and what Hubble says of it."""

    ip: str
    about: dict[str, Any]

    def local(self, kind: str = "", name: str = "") -> End:
        """The same end as its own node sees it: with an endpoint number, and its workload."""
        workloads = {"workloads": [{"name": name, "kind": kind}]} if name else {}
        return replace(self, about={"ID": 7, **self.about, **workloads})

    def but(self, **about: Any) -> End:  # noqa: ANN401 - any JSON
        """The same end described otherwise; None takes a field away."""
        changed = {**self.about, **about}
        return replace(self, about={k: v for k, v in changed.items() if v is not None})


def pod(namespace: str, name: str, ip: str, *labels: str) -> End:
    """A pod as another node sees it."""
    own = [f"k8s:{label}" for label in labels or (f"app={name.split('-', maxsplit=1)[0]}",)]
    about = {
        "identity": 4711,
        "namespace": namespace,
        "labels": [*own, f"k8s:io.kubernetes.pod.namespace={namespace}"],
        "pod_name": name,
    }
    return End(ip, about)


def reserved(ip: str, *names: str, also: Iterable[str] = ()) -> End:
    """An end of reserved identity, by its labels."""
    return End(ip, {"labels": [*also, *(f"reserved:{name}" for name in names)]})


WEB = pod("shop", "web-5d4f8c7b9c-x2x7k", "10.0.1.10")
CART = pod("shop", "cart-7c9d4b5f66-q8w2z", "10.0.2.20")
WORLD = reserved("93.184.216.34", "world")


def flow(  # noqa: PLR0913 - a packet has that much to say
    source: End,
    destination: End,
    port: int = 8080,
    *,
    at: int = 40000,
    flags: str = "S",
    l4: str = "TCP",
    **fields: Any,  # noqa: ANN401 - any JSON
) -> Flow:
    """A trace event of one packet from the source's port ``at`` to the destination's port.

    Args:
        source: Who sent the packet.
        destination: To whom.
        port: Destination port; the type, for ICMP.
        at: Source port.
        flags: First letters of the TCP flags.
        l4: ``TCP``, ``UDP``, ``SCTP``, ``ICMPv4`` or ``ICMPv6``.
        fields: Further fields, or None to take one away.
    """
    names = {"S": "SYN", "A": "ACK", "F": "FIN", "R": "RST", "P": "PSH"}
    layer: dict[str, Any] = {"source_port": at, "destination_port": port}
    if l4 == "TCP":
        layer["flags"] = {names[flag]: True for flag in flags}
    elif l4.startswith("ICMP"):
        layer = {"type": port} if port else {}
    made: Flow = {
        "time": TIME,
        "verdict": "FORWARDED",
        "IP": {"source": source.ip, "destination": destination.ip, "ipVersion": "IPv4"},
        "l4": {l4: layer},
        "source": source.about,
        "destination": destination.about,
        "Type": "L3_L4",
        "node_name": NODE,
        "event_type": {"type": 4},
        "traffic_direction": "INGRESS",
        "trace_observation_point": "TO_ENDPOINT",
        "is_reply": False,
        **fields,
    }
    return {key: value for key, value in made.items() if value is not None}


def reply(client: End, server: End, port: int = 8080, *, at: int = 40000, **fields: Any) -> Flow:  # noqa: ANN401
    """A packet that the server sends back over the connection from the client's port ``at``."""
    fields = {"flags": "SA", "is_reply": True, **fields}
    return flow(server, client, at, at=port, **fields)


def talk(
    client: End,
    server: End,
    port: int = 8080,
    *,
    at: int = 40000,
    **fields: Any,  # noqa: ANN401 - any JSON
) -> list[Flow]:
    """A whole connection as one node sees it: opened, answered, used, closed."""
    return [
        flow(client, server, port, at=at, flags="S", **fields),
        reply(client, server, port, at=at, **fields),
        flow(client, server, port, at=at, flags="PA", **fields),
        reply(client, server, port, at=at, flags="FA", **fields),
    ]


def verdict(client: End, server: End, word: str, port: int = 8080, **fields: Any) -> Flow:  # noqa: ANN401
    """What a policy said of a new connection."""
    fields = {"event_type": {"type": 5}, "trace_observation_point": None, **fields}
    if word == "DROPPED":
        fields = {"drop_reason_desc": "POLICY_DENIED", "is_reply": None, **fields}
    return flow(client, server, port, verdict=word, **fields)


def wrapped(record: Flow) -> Flow:
    """The envelope of the command line and of the exporter."""
    if "lost_events" in record or "flow" in record:
        return record
    return {"flow": record, "node_name": record.get("node_name", ""), "time": record.get("time")}


def text(records: Iterable[Flow | bytes]) -> bytes:
    """Lines of a log."""
    return b"".join(
        (record if isinstance(record, bytes) else json.dumps(record).encode()) + b"\n"
        for record in records
    )


def read(folder: Path, *records: Flow | bytes, **settings: Any) -> Connections:  # noqa: ANN401
    """The connections in a log of these records."""
    log = folder / "flows.jsonl"
    log.write_bytes(text(r if isinstance(r, bytes) else wrapped(r) for r in records))
    return connect([log], **settings)


def ids(found: Connections) -> list[str]:
    """The edges as text, without what a test does not ask for."""
    return [edge.id for edge in found.edges]


def reconciles(found: Connections, records: int) -> bool:
    """Whether every record is accounted for, in every file."""
    account = found.accounting
    account.check()
    kept = sum(edge.records for edge in found.edges)
    refused = sum(account.malformed.values())
    verdicts = {"denied", "audit", "unanswered"}
    aside = sum(count for why, count in account.set_aside.items() if why not in verdicts)
    return account.records == records and kept + aside + refused == records
