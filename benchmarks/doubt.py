"""What doubt catches, what it asks in vain, what a scan costs, and whether decisions last.

Clusters are simulated with injected attacks, so that the truth is known. The seeds are none of
those that the weights were set on (1000 and up).
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import recommender as nr
from recommender.evaluation.judging import Outcome
from recommender.evaluation.replay import replay
from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind
from recommender.review.decisions import Decisions, fingerprint
from recommender.review.items import Decision, rule_key
from recommender.simulation import Settings, simulate
from recommender.simulation.applications import find
from recommender.simulation.dice import NAME_LETTERS
from recommender.simulation.graph import Intent
from recommender.simulation.output import Layout
from recommender.simulation.scaled import scaled
from recommender.simulation.settings import ATTACKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.reporting.policy_set import PolicySet
    from recommender.simulation import Simulation
    from recommender.simulation.graph import Application

SHARES: Final = (0.00001, 0.0001, 0.001, 0.01, 0.05)
MEANT: Final = frozenset({Intent.APPLICATION, Intent.PLATFORM, Intent.PROBE})
MIMICRY: Final = Intent.ATTACK_MIMICRY.value
SCANNED: Final = 10_000
_PLAIN: Final = Layout(compression="none", force=True)
_OUTSIDE: Final = {
    EntityKind.CIDR: "outside",
    EntityKind.NAME: "outside",
    EntityKind.NODE: "host",
    EntityKind.APISERVER: "host",
}

T = TypeVar("T")

#: Client, server, protocol and port in words that truth and log share.
Talk = tuple[str, str, str, int]


def _word(entity: Entity, *, hosted: bool = False) -> str:
    if hosted:
        return "host"
    if entity.is_workload:
        return f"{entity.namespace}/{entity.name}"
    return _OUTSIDE.get(entity.kind, entity.id)


def _truth(simulation: Simulation) -> dict[Talk, set[Intent]]:
    """Why each accepted edge was there; an attacker's address outside keeps its name."""
    found: dict[Talk, set[Intent]] = {}
    for edge, _ in simulation.truth:
        if edge.verdict != "accepted":
            continue
        client = _word(edge.client, hosted="client" in edge.host_network)
        server = _word(edge.server, hosted="server" in edge.host_network)
        if edge.intent.is_attack and edge.server.kind is EntityKind.CIDR:
            server = edge.server.name
        found.setdefault((client, server, edge.protocol, edge.port), set()).add(edge.intent)
    return found


def _kind(edge: Edge, truth: dict[Talk, set[Intent]]) -> str:
    """Why an edge of the log was there: ``meant``, an intent, or nothing that is known."""
    rest = (edge.protocol, edge.port)
    intents = truth.get((_word(edge.client), edge.server.name, *rest), set()) or truth.get(
        (_word(edge.client), _word(edge.server), *rest), set()
    )
    if intents & MEANT:
        return "meant"
    return min(intent.value for intent in intents) if intents else "unknown"


def _application(seed: int) -> Application:
    return find("shop") if seed % 2 else scaled(seed, 24)


def _settings(seed: int, **more: object) -> Settings:
    lines = (8_000, 16_000) if seed % 2 else (16_000, 24_000)
    share = SHARES[(seed // 2) % len(SHARES)]
    settings = Settings(seed=seed, flows=lines[seed // 2 % 2], attacks=ATTACKS, attack_share=share)
    return replace(settings, **more)  # type: ignore[arg-type]  # fields of several types


# --- what is caught ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Caught:
    """Edges of one seed by kind: all, held back, and allowed by the drafts all the same."""

    seen: Counter[str]
    held: Counter[str]
    allowed: Counter[str]


def caught(seed: int) -> Caught:
    """Simulate a week with every attack, recommend, and count."""
    with tempfile.TemporaryDirectory() as folder:
        simulation = simulate(_application(seed), _settings(seed))
        logs = simulation.write(Path(folder), _PLAIN).logs
        result = nr.recommend(logs, Path(folder) / "inventory.json")
    truth = _truth(simulation)
    held = {item.edge for item in result.review if not item.drafted}
    accepted = [edge for edge in result.run.edges if edge.verdict is Verdict.ACCEPTED]
    kinds = {edge: _kind(edge, truth) for edge in accepted}
    strays = [edge for edge in accepted if kinds[edge] not in {"meant", "unknown"}]
    replayed = replay(strays, result.policies, result.run.inventory)
    open_ = [row.edge for row in replayed.rows if row.outcome is Outcome.ALLOWED]
    return Caught(
        Counter(kinds.values()),
        Counter(kinds[edge] for edge in held),
        Counter(kinds[edge] for edge in open_),
    )


def report_caught(found: Iterable[Caught]) -> None:
    """Print what became of each kind, all seeds together."""
    seen, held, allowed = Counter[str](), Counter[str](), Counter[str]()
    for one in found:
        seen += one.seen
        held += one.held
        allowed += one.allowed
    print(f"{'edges':22}{'seen':>8}{'not drafted':>13}{'share':>9}{'still allowed':>15}")
    for kind in sorted(seen, key=lambda kind: (not kind.startswith("attack"), kind)):
        share = held[kind] / seen[kind]
        print(f"{kind:22}{seen[kind]:8}{held[kind]:13}{share:9.2%}{allowed[kind]:15}")
    injected = [kind for kind in seen if kind.startswith("attack") and kind != MIMICRY]
    total, stopped = sum(seen[kind] for kind in injected), sum(held[kind] for kind in injected)
    print(f"\ninjected, mimicry apart: {stopped} of {total} not drafted ({stopped / total:.2%})")
    print(f"meant, sent to review: {held['meant']} of {seen['meant']} ", end="")
    print(f"({held['meant'] / seen['meant']:.2%})\n")


# --- whether decisions last -------------------------------------------------------------------


def lasted(seed: int) -> Counter[str]:
    """Decide on every accepted edge of a week, and look again at three other logs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        graph = _application(seed)
        longer = simulate(graph, _settings(seed, days=8.0, flows=6_000))
        lines = list(longer.lines())
        week = _until(lines, longer, 7)
        inventory = folder / "inventory.json"
        longer.write(folder, _PLAIN)
        first = _recommend(folder / "week.jsonl", week, inventory)
        decisions = _decide(first)
        mixed = week[:]
        random.Random(seed).shuffle(mixed)  # noqa: S311 - made to be repeatable
        moved = folder / "moved.json"
        anew = _redeployment(longer)
        moved.write_bytes(anew(inventory.read_bytes()))
        again = {
            "shuffled": (mixed, inventory),
            "one more day": ([line for _, line in lines], inventory),
            "redeployed": ([anew(line) for line in week], moved),
        }
        found: Counter[str] = Counter()
        for word, (log, known) in again.items():
            result = _recommend(folder / "again.jsonl", log, known, decisions)
            found += _compared(word, result, decisions)
    return found


def _redeployment(simulation: Simulation) -> Callable[[bytes], bytes]:
    """Other generated names of pods and ReplicaSets, and other addresses, for the same cluster."""
    generated = re.compile(rf".+-([{NAME_LETTERS}]{{8,10}})-[{NAME_LETTERS}]{{5}}")
    names = [pod["name"] for pod in simulation.truth_document()["pods"]]
    hashes = sorted({match.group(1) for name in names if (match := generated.fullmatch(name))})
    found = re.compile(rf"\b({'|'.join(hashes)})(-[{NAME_LETTERS}]{{5}})?\b".encode())
    turned = bytes.maketrans(NAME_LETTERS.encode(), (NAME_LETTERS[7:] + NAME_LETTERS[:7]).encode())

    def anew(text: bytes) -> bytes:
        renamed = found.sub(lambda match: match.group().translate(turned), text)
        return renamed.replace(b'"10.244.', b'"10.201.')

    return anew


def _until(lines: list[tuple[int, bytes]], simulation: Simulation, days: int) -> list[bytes]:
    start = simulation.settings.start
    end = start.replace(day=start.day + days).isoformat().replace("+00:00", "").encode()
    marker = b'"time":"'
    return [line for _, line in lines if line[line.rindex(marker) + len(marker) :][:19] < end]


def _recommend(
    path: Path, lines: list[bytes], inventory: Path, decisions: Decisions | None = None
) -> PolicySet:
    path.write_bytes(b"".join(lines))
    return nr.recommend(path, inventory, decisions=decisions)


def _decide(result: PolicySet) -> Decisions:
    """Every item and every other accepted edge, accepted and rejected by turns."""
    evidence = {item.key: fingerprint(item.reasons) for item in result.review}
    accepted = [edge for edge in result.run.edges if edge.verdict is Verdict.ACCEPTED]
    decisions = Decisions()
    for number, key in enumerate(sorted(map(rule_key, accepted))):
        word = Decision.REJECT if number % 3 == 0 else Decision.ACCEPT
        reason = "not meant" if word is Decision.REJECT else ""
        decisions = decisions.decide(key, word, reason=reason, evidence=evidence.get(key, ()))
    return decisions


def _compared(word: str, result: PolicySet, decisions: Decisions) -> Counter[str]:
    items = {item.key: item for item in result.review}
    found: Counter[str] = Counter()
    for edge in result.run.edges:
        ruling = decisions.ruling(edge)
        if edge.verdict is not Verdict.ACCEPTED or ruling is None:
            continue
        item = items.get(rule_key(edge))
        found[f"{word}: decided and seen"] += 1
        found[f"{word}: asked again"] += item is not None and item.decision is None
        found[f"{word}: lost"] += item is None or (
            item.decision is not None and item.drafted is not (ruling.decision is Decision.ACCEPT)
        )
    return found


# --- what a scan costs ------------------------------------------------------------------------

_RUN: Final = """
import resource, sys, recommender as nr
made = nr.recommend(sys.argv[1], sys.argv[2])
made.to_dir(sys.argv[3])
rules = sum(len(policy.ingress) + len(policy.egress) for policy in made.policies)
print(rules, len(made.run.edges), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def scan() -> None:
    """Recommend with and without a scan of ten thousand ports in the log."""
    connections = 20_000
    plain = Settings(seed=1, connections=connections, noise=False)
    scanned = replace(plain, attacks=("port-scan",), attack_share=SCANNED / connections)
    figures = {}
    for name, settings in (("without", plain), ("with", scanned)):
        with tempfile.TemporaryDirectory() as folder:
            made = simulate("shop", settings).write(Path(folder), _PLAIN)
            out = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    _RUN,
                    made.logs[0],
                    f"{folder}/inventory.json",
                    f"{folder}/o",
                ],
                check=True,
                capture_output=True,
                text=True,
            )
        figures[name] = tuple(map(int, out.stdout.split()))
        rules, edges, memory = figures[name]
        print(f"{name:8} a scan of {SCANNED:,} ports: {rules} rules, {edges} edges, ", end="")
        print(f"{memory / 1024:.0f} MB")
    ratio = figures["with"][2] / figures["without"][2]
    print(f"rules added: {figures['with'][0] - figures['without'][0]}, memory: {ratio:.2f} times\n")


def _several(work: Callable[[int], T], seeds: range, workers: int) -> Iterator[T]:
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(work, seeds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    seeds = range(1, chosen.seeds + 1)
    scan()
    report_caught(_several(caught, seeds, chosen.workers))
    total: Counter[str] = Counter()
    for found in _several(lasted, seeds, chosen.workers):
        total.update(found)
    for word, number in total.items():
        print(f"{word:32}{number:8}")


if __name__ == "__main__":
    main()
