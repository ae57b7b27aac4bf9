"""Logs of small simulations for the tests beside this file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import orjson

from recommender.simulation import Simulation, simulate
from recommender.simulation.graph_files import parse
from recommender.simulation.settings import Settings

if TYPE_CHECKING:
    from recommender.simulation.settings import Options

#: Two pods that talk, in the shortest application file.
PAIR = """
application: pair
namespaces: [{name: one, labels: {tier: a}}, {name: two}]
workloads:
- {namespace: one, kind: Deployment, name: client, labels: {app: client}}
- {namespace: two, kind: Deployment, name: server, labels: {app: server},
   ports: [{number: 8080, name: http}]}
calls:
- {from: one/client, to: two/server, port: http, rate: 4}
"""


class Log:
    """A simulation and the lines of its log."""

    def __init__(self, simulation: Simulation, *, without: bytes = b"\n\n") -> None:
        self.simulation = simulation
        self.lines = [line for _, line in simulation.lines() if without not in line]

    @cached_property
    def flows(self) -> list[dict[str, Any]]:
        """The flow of every line that holds one."""
        documents = [orjson.loads(line) for line in self.lines]
        found = [document.get("flow", document) for document in documents]
        return [flow for flow in found if "verdict" in flow]


def shop(**options: Unpack[Options]) -> Log:
    """The log of the built-in shop."""
    return Log(simulate("shop", Settings(connections=400, seed=5), **options))


def of(text: str, **options: Unpack[Options]) -> Log:
    """The log of an application written in a test, without what nodes do among themselves."""
    settings = Settings(connections=40, churn=0.0, noise=False)
    return Log(simulate(parse(text), settings, **options), without=b"reserved:health")
