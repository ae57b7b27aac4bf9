"""What segmentation is for: goals that traffic and drafts are held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from recommender.model.addresses import IPSet
    from recommender.model.ports import PortSet

#: Every workload of the cluster.
ANY: Final = "any"
#: Addresses and names outside the cluster that are not private.
INTERNET: Final = "internet"
#: Everything outside the cluster.
OUTSIDE: Final = "outside"
#: The nodes, and pods in their network.
NODES: Final = "nodes"
#: The API server.
APISERVER: Final = "kube-apiserver"
#: Groups that need no definition.
WORDS: Final = (ANY, INTERNET, OUTSIDE, NODES, APISERVER)


class Kind(StrEnum):
    """The kinds of goals."""

    SENSITIVE = "sensitive"
    FORBIDDEN = "forbidden"
    MUST_ALLOW = "must-allow"
    INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Choice:
    """Workloads that fulfil all of what is said.

    Attributes:
        namespaces: Names of namespaces, with ``*`` and ``?`` as in a shell; empty for any.
        namespace_labels: Labels that the namespace has.
        labels: Labels that the workload's pods have.
        names: ``namespace/name`` or ``namespace/kind/name``, with ``*`` and ``?``; empty for any.
    """

    namespaces: tuple[str, ...] = ()
    namespace_labels: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of ends: workloads by any of several choices, or addresses outside.

    Attributes:
        name: Its name.
        choices: The workloads.
        addresses: Addresses outside the cluster; None where the group has none.
        hosts: DNS names outside, with ``*`` and ``?``.
        line: Where it is defined.
    """

    name: str
    choices: tuple[Choice, ...] = ()
    addresses: IPSet | None = None
    hosts: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """From some groups to some groups, on some ports.

    Attributes:
        sources: Names of groups that connect.
        targets: Names of groups that are connected to.
        ports: On which ports; None for all, of every protocol.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    ports: PortSet | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal.

    Attributes:
        id: Its name in the file.
        kind: What it says of its ways: ``sensitive`` lets these into the group and nobody else,
            ``internet`` lets these out and nobody else, ``forbidden`` forbids them, ``must-allow``
            allows them.
        text: What it is for, in the words of whoever wrote it.
        ways: From whom to whom.
        guarded: For ``sensitive``: the group that is guarded.
        ports: For ``sensitive``: the ports that are guarded; None for all.
        line: Where it stands.
    """

    id: str
    kind: Kind
    text: str
    ways: tuple[Way, ...]
    guarded: str = ""
    ports: PortSet | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception to a goal, for a time.

    Attributes:
        goal: Id of the goal.
        way: What it lets through.
        owner: Who answers for it.
        reason: Why it is there.
        expires: Its last day.
        line: Where it stands.
    """

    goal: str
    way: Way
    owner: str
    reason: str
    expires: date
    line: int = 0


@dataclass(frozen=True, slots=True)
class Goals:
    """A goals file.

    Attributes:
        file: The file as the user named it.
        groups: The groups by name.
        goals: The goals in the order of the file.
        waivers: The exceptions in the order of the file.
    """

    file: str
    groups: dict[str, Group] = field(default_factory=dict)
    goals: tuple[Goal, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    def valid(self, goal: str, day: date | None) -> tuple[Waiver, ...]:
        """The exceptions to a goal that hold on a day; all of them where no day is known."""
        return tuple(
            waiver
            for waiver in self.waivers
            if waiver.goal == goal and (day is None or day <= waiver.expires)
        )

    def expired(self, day: date | None) -> tuple[Waiver, ...]:
        """The exceptions that hold no more on a day."""
        return tuple(waiver for waiver in self.waivers if day is not None and day > waiver.expires)
