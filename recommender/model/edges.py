"""Edges: who talked to whom on which port, with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from recommender.model.entities import Entity


class Verdict(StrEnum):
    """What became of the traffic of an edge.

    ``accepted`` alone makes rules. ``unanswered`` is traffic that was let through and never
    got a reply where a reply would have been seen. ``unknown`` is a log that does not say.
    """

    ACCEPTED = "accepted"
    DENIED = "denied"
    AUDIT = "audit"
    UNANSWERED = "unanswered"
    UNKNOWN = "unknown"


class Record(NamedTuple):
    """Where a record stands: the file as the user named it, and its line (from 1)."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A client entity talking to a server entity on one protocol and server port.

    Attributes:
        client: Who opens connections.
        server: Who accepts them.
        protocol: ``TCP``, ``UDP``, ``SCTP``, ``ICMP`` or ``ICMPv6``.
        port: Port of the server's pod, after Service translation; 0 for ICMP.
        verdict: What became of the traffic.
        flows: Distinct connections (5-tuples, duplicates of several observers undone;
            aggregated records weigh by their counts).
        records: Log records behind it.
        bytes: Bytes in both directions; 0 where the log does not say.
        first_seen: Time of the first record, UTC.
        last_seen: Time of the last record, UTC.
        client_pods: Distinct pods (or addresses) on the client's side.
        server_pods: Distinct pods (or addresses) on the server's side.
        days: Distinct calendar days (UTC) with a record.
        hours: Distinct clock hours (UTC) with a record.
        observers: Names of the nodes that reported it, sorted.
        addresses: For ends outside the cluster, nodes and the API server: the addresses seen
            on that end, sorted; empty where both ends are workloads.
        names: Names known for these addresses, sorted: in DNS, and those of named ranges.
        samples: A few records to look at, in order.
        marks: What a reader must know, sorted: ``aggregated``, ``direction-inferred``,
            ``own-node``, ``first-in-policy-log`` and so on; the words are in
            ``recommender.connections.marks``.
    """

    client: Entity
    server: Entity
    protocol: str
    port: int
    verdict: Verdict
    flows: int
    records: int
    bytes: int
    first_seen: datetime
    last_seen: datetime
    client_pods: int
    server_pods: int
    days: int
    hours: int
    observers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    samples: tuple[Record, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[Entity, Entity, str, int, str]:
        """What makes two edges the same edge."""
        return (self.client, self.server, self.protocol, self.port, self.verdict.value)

    @property
    def id(self) -> str:
        """A stable text for it: ``shop/Deployment/web -> shop/Deployment/cart TCP/7070``."""
        suffix = "" if self.verdict is Verdict.ACCEPTED else f" [{self.verdict.value}]"
        return f"{self.client.id} -> {self.server.id} {self.protocol}/{self.port}{suffix}"
