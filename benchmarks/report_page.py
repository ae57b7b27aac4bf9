"""Measure the page of a large cluster: its size, when it can be used, and how smoothly it filters.

    python benchmarks/report_page.py [--workloads 2000] [--edges 20000] [--rounds 3]

Makes up a cluster, drafts for it, writes its page and opens it in Chromium from the disk. The
floor is a page that holds the same data, reads it and does nothing else.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import sync_playwright

from recommender.evaluation.pairs import exposure_change
from recommender.inventory.types import Inventory, Namespace, Pod, Workload
from recommender.model.accounting import Accounting, FileAccount
from recommender.model.edges import Edge, Record, Verdict
from recommender.model.entities import Entity
from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction
from recommender.reporting.document import build
from recommender.reporting.forms import render
from recommender.reporting.html.island import data_of, to_island
from recommender.reporting.run import Run
from recommender.review.settings import ReviewSettings
from recommender.review.sorting import sort_out
from recommender.synthesis.synthesize import synthesize

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
)
#: As doubtful as this goes to review; few of what is made up here are doubted more.
_DOUBT: Final = 0.3
_RARE: Final = 0.03
_START: Final = datetime(2026, 3, 2, tzinfo=UTC)
_DAYS: Final = 14
_SPACE: Final = 20
_MEGABYTE: Final = 1_000_000
_FLOOR: Final = (
    '<!doctype html><meta charset="utf-8"><script type="application/json" id="data">{island}'
    '</script><script type="module">JSON.parse(document.getElementById("data").textContent);'
    'document.documentElement.dataset.ready = "yes";</script>'
)

#: Keeps the longest time between two frames, and the longest task.
_WATCH: Final = """() => {
    window.longest = 0;
    let last = performance.now();
    const frame = (now) => {
        window.longest = Math.max(window.longest, now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""


def main() -> None:
    """Parse, make the page, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workloads", type=int, default=2_000)
    parser.add_argument("--edges", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    document = build(_run(options.workloads, options.edges))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        page, floor = Path(name) / "report.html", Path(name) / "floor.html"
        page.write_text(render(document, "html"), encoding="utf-8")
        floor.write_text(_FLOOR.format(island=to_island(data_of(document))), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*_QUIET]
        )
        ours = [_open(browser, page) for _ in range(options.rounds)]
        least = [_open(browser, floor) for _ in range(options.rounds)]
        frames = [_filter(browser, page) for _ in range(options.rounds)]
        browser.close()
        size = page.stat().st_size
    ready, base = statistics.median(ours), statistics.median(least)
    print(
        f"{len(document['entities']):,} ends, {len(document['edges']):,} edges, "
        f"{len(document['policies']):,} drafts, {len(document['review']):,} in review"
    )
    print(f"  size of the page         {size / _MEGABYTE:8.2f} MB")
    print(
        f"  usable after             {ready:8.2f} s   "
        f"the floor {base:.2f} s, {ready / base:.1f} times"
    )
    for step in frames[0]:
        longest = statistics.median(round_[step] for round_ in frames)
        print(f"  longest frame, {step:<10}{longest:8.0f} ms")


def _open(browser: Browser, path: Path) -> float:
    """Seconds from asking for a page until it says that it is ready."""
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready]", state="attached")
    tab.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    seconds: float = tab.evaluate("performance.now() / 1000")
    tab.close()
    return seconds


def _filter(browser: Browser, path: Path) -> dict[str, float]:
    """The longest frame of each step of a search, in milliseconds."""
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready]")
    tab.evaluate(_WATCH)
    tab.wait_for_timeout(500)
    steps: dict[str, Any] = {
        "typing": lambda: tab.locator("[name=text]").press_sequentially("web-1", delay=60),
        "clearing": lambda: tab.locator("[type=reset]").click(),
        "namespace": lambda: tab.locator("[name=namespace]").select_option(index=3),
        "direction": lambda: tab.locator("[name=direction]").select_option("ingress"),
        "a question": lambda: tab.locator(".item").first.press("a"),
        "doubt": lambda: tab.locator("[name=doubt]").select_option("0"),
        "all again": lambda: tab.locator("[type=reset]").click(),
        "a group": tab.locator(".panel button.link").first.click,
        "a workload": tab.locator(".list tbody button").first.click,
    }
    found = {name: _longest(tab, step) for name, step in steps.items()}
    tab.close()
    return found


def _longest(tab: Page, step: Any) -> float:  # noqa: ANN401 - whatever a step is
    tab.evaluate("window.longest = 0")
    step()
    tab.wait_for_timeout(700)
    longest: float = tab.evaluate("window.longest")
    return longest


def _run(workloads: int, edges: int) -> Run:
    """Workloads in namespaces that mostly talk among themselves, with drafts for all of it."""
    dice = random.Random(7)  # noqa: S311 - a recipe, no secret
    known = {
        entity: _workload(entity, at) for at, entity in enumerate(map(_entity, range(workloads)))
    }
    names = sorted({entity.namespace for entity in known})
    inventory = Inventory(
        namespaces={
            name: Namespace(name, (("kubernetes.io/metadata.name", name),)) for name in names
        },
        workloads=known,
        complete=True,
    )
    seen = _edges(dice, list(known), edges)
    both = {entity: frozenset(Direction) for entity in known}
    window = (_START, _START + timedelta(days=_DAYS))
    chosen = sort_out(
        seen, inventory, window=window, settings=ReviewSettings(doubt_threshold=_DOUBT)
    )
    drafts = synthesize(chosen.drafted, inventory, observed=both)
    records = sum(edge.records for edge in seen)
    return Run(
        tool_version="0",
        inputs=("flows.jsonl.gz",),
        accounting=Accounting((FileAccount("flows.jsonl.gz", "hubble", records, records),)),
        edges=tuple(seen),
        inventory=inventory,
        observed=both,
        policies=drafts.policies,
        findings=(*chosen.findings, *drafts.findings),
        review=chosen.items,
        exposure=exposure_change(drafts.policies, inventory),
    )


def _entity(at: int) -> Entity:
    return Entity.workload(
        f"team-{at // _SPACE:03}", "Deployment", f"{['web', 'api', 'db', 'job'][at % 4]}-{at}"
    )


def _workload(entity: Entity, at: int) -> Workload:
    labels = (("app", entity.name),)
    address = f"10.{at // 65_536}.{at // 256 % 256}.{at % 256}"
    pod = Pod(entity.namespace, f"{entity.name}-0", labels, (address,), phase="Running")
    return Workload(entity, labels, LabelSelector.of(dict(labels)), (pod,), replicas=1)


def _edges(dice: random.Random, ends: list[Entity], count: int) -> list[Edge]:
    found: dict[tuple[Entity, Entity, int], Edge] = {}
    while len(found) < count:
        client = dice.randrange(len(ends))
        near = client // _SPACE * _SPACE + dice.randrange(_SPACE)
        server = near if dice.random() < 0.8 else dice.randrange(len(ends))  # noqa: PLR2004
        port = dice.choice((80, 443, 5432, 6379, 8080))
        if server == client or server >= len(ends):
            continue
        key = (ends[client], ends[server], port)
        found[key] = _edge(dice, *key, line=len(found) + 1)
    return list(found.values())


def _edge(dice: random.Random, client: Entity, server: Entity, port: int, *, line: int) -> Edge:
    first = _START + timedelta(days=dice.random() * _DAYS / 2)
    rare = dice.random() < _RARE
    days = 1 if rare else dice.randint(1, _DAYS // 2)
    flows = 1 if rare else days * dice.randint(1, 40)
    return Edge(
        client=client,
        server=server,
        protocol="TCP",
        port=port,
        verdict=Verdict.ACCEPTED,
        flows=flows,
        records=flows,
        bytes=0,
        first_seen=first,
        last_seen=first + timedelta(days=days - 1, seconds=10),
        client_pods=1,
        server_pods=1,
        days=days,
        hours=days,
        observers=("node-a",),
        samples=(Record("flows.jsonl.gz", line),),
    )


if __name__ == "__main__":
    main()
