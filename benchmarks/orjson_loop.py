"""A peer: a plain Python loop with orjson that collects the distinct edges of a Hubble log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson


def name(end: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    """Namespace, pod and labels of one end."""
    return (end.get("namespace", ""), end.get("pod_name", ""), tuple(end.get("labels", ())))


def main() -> None:
    """Print how many distinct edges the log named on the command line has."""
    edges = set()
    with Path(sys.argv[1]).open("rb") as file:
        for line in file:
            flow = orjson.loads(line).get("flow") or {}
            l4 = flow.get("l4") or {}
            protocol = next(iter(l4), "")
            ports = l4.get(protocol, {})
            source, destination = flow.get("source") or {}, flow.get("destination") or {}
            if flow.get("is_reply"):
                source, destination = destination, source
                port = ports.get("source_port", 0)
            else:
                port = ports.get("destination_port", 0)
            edges.add((name(source), name(destination), protocol, port, flow.get("verdict")))
    print(len(edges))


if __name__ == "__main__":
    main()
