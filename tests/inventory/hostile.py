"""A cluster that hides who is who: addresses change hands every few minutes, clocks are wrong.

Pods live for minutes and hand their address on within seconds. Nodes stamp what they report with
clocks of their own, looks at the cluster are taken once a minute, and some of them are lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORKLOADS = 12


def moment(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return moment(int(seconds)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Life:
    """One pod, as it really was, in seconds from the beginning.

    Attributes:
        made: When its object appeared.
        got: When it got its address.
        ended: When its last container ended.
        gone: When its object vanished; a pod that completed stays for a while.
        skew: How far its node's clock is ahead.
    """

    number: int
    workload: int
    ip: str
    made: float
    got: float
    ran: float
    ended: float
    gone: float
    skew: float
    completes: bool
    tells_network: bool
    restarts: int

    @property
    def name(self) -> str:
        return f"w{self.workload}-{self.number}"

    def seen(self, now: float) -> dict[str, Any]:
        """The object as the API server shows it at a moment."""
        status: dict[str, Any] = {"phase": "Pending", "startTime": stamp(self.made + self.skew)}
        if now >= self.got and self.tells_network:
            status["conditions"] = [
                {
                    "type": "PodReadyToStartContainers",
                    "status": "True",
                    "lastTransitionTime": stamp(self.got + self.skew + 1),
                }
            ]
        if now >= self.ran:
            status |= {"phase": "Running", "podIPs": [{"ip": self.ip}]}
            started = stamp((self.ran if not self.restarts else (self.ran + now) / 2) + self.skew)
            state: dict[str, Any] = {"running": {"startedAt": started}}
            if now >= self.ended and self.completes:
                status["phase"] = "Succeeded"
                times = {"startedAt": started, "finishedAt": stamp(self.ended + self.skew)}
                state = {"terminated": times}
            status["containerStatuses"] = [{"state": state, "restartCount": self.restarts}]
        metadata = {
            "name": self.name,
            "namespace": "shop",
            "uid": f"uid-{self.number}",
            "creationTimestamp": stamp(self.made),
            "ownerReferences": [
                {"kind": "StatefulSet", "name": f"w{self.workload}", "controller": True}
            ],
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"containers": []},
            "status": status,
        }


@dataclass
class History:
    """The lives of all pods, and what was seen of them.

    Attributes:
        lives: Every pod, in the order of numbers.
        looks: The moments of the looks that were not lost.
    """

    lives: list[Life] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    def snapshots(self) -> list[dict[str, Any]]:
        """What the looks saw, as the documents that the command writes."""
        return [
            {
                "kind": "InventorySnapshot",
                "schema_version": "1.0",
                "tool": {"name": "recommender", "version": "0"},
                "taken": stamp(now),
                "cluster": "one",
                "namespaces": [],
                "missing": [],
                "objects": [life.seen(now) for life in self.lives if life.made <= now < life.gone],
            }
            for now in self.looks
        ]


def simulate(seed: int, *, addresses: int = 8, seconds: int = 3600, skew: float = 4) -> History:
    """A history: one look a minute, one look in ten lost, each address reused again and again."""
    dice, history = Random(seed), History()  # noqa: S311 - dice, no secret
    for place in range(addresses):
        now = dice.uniform(0, 60)
        while now < seconds:
            made = now - dice.uniform(1, 60)
            ran = now + dice.uniform(0.5, 8)
            ended = ran + dice.uniform(20, 360)
            completes = dice.random() < 0.4
            released = ended + dice.uniform(0, 2)
            gone = released + (dice.uniform(0, 900) if completes else 0)
            life = Life(
                number=len(history.lives),
                workload=dice.randrange(WORKLOADS),
                ip=f"10.0.0.{place + 1}",
                made=made,
                got=now,
                ran=ran,
                ended=ended,
                gone=gone,
                skew=dice.uniform(-skew, skew),
                completes=completes,
                tells_network=dice.random() < 0.5,
                restarts=dice.choice([0, 0, 0, 1, 5]),
            )
            history.lives.append(life)
            # Somebody else has it at once, or after some seconds.
            now = released + dice.choice([0.0, 0.0, dice.uniform(0, 30)])
    history.looks = [now for now in range(30, seconds, 60) if dice.random() > 0.1]
    return history
