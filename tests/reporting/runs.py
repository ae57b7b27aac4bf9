"""Runs that the reporting tests report on."""

from __future__ import annotations

from dataclasses import replace

from rendering.cases import BOTH, CART, EDGES, IDLE, REDIS, START, WEB, edge, every_form, shop

from recommender.inventory.types import Inventory, Pod, Workload
from recommender.model.accounting import Accounting, FileAccount, Quarantined
from recommender.model.edges import Record, Verdict
from recommender.model.entities import Entity
from recommender.model.findings import Finding, Severity
from recommender.model.labels import LabelSelector
from recommender.reporting.run import Replay, Run

SECRET = "token=s3cret"  # noqa: S105 - what must not come out again


def accounting() -> Accounting:
    whole = FileAccount(
        "flows.jsonl", "hubble", 1000, 900, {"dns-answer": 20, "duplicate": 70}, {"not-json": 10}
    )
    cut = FileAccount("b.jsonl.gz", "hubble", 5, 5, complete=False, problem="ends early")
    bad = Quarantined(Record("flows.jsonl", 12), "not-json", excerpt=f'{{"url": "/?{SECRET}"')
    return Accounting((cut, whole), (bad,))


def workload(entity: Entity, pods: int = 2) -> Workload:
    labels = (("app", entity.name),)
    found = tuple(
        Pod(entity.namespace, f"{entity.name}-{number}", labels) for number in range(pods)
    )
    return Workload(entity, labels, LabelSelector.of(dict(labels)), found, replicas=pods)


def shop_run() -> Run:
    """The run behind the drafts of ``shop``."""
    workloads = {entity: workload(entity) for entity in (WEB, CART, REDIS, IDLE)}
    workloads[IDLE] = replace(workloads[IDLE], selector=None, known_from="flows", replicas=None)
    needs_label = Finding(
        "needs-label",
        Severity.WARNING,
        REDIS.id,
        "no set of stable labels selects its pods and none else of its namespace",
        "kubectl -n shop label statefulset redis app=redis",
    )
    idle = Finding("no-traffic", Severity.NOTE, IDLE.id, "no traffic of it was seen")
    broken = Finding("would-break", Severity.ERROR, EDGES[0].id, "an accepted edge is denied")
    lost = Finding("lost-events", Severity.WARNING, "node-a", "17 events were lost", "read more")
    return Run(
        tool_version="0.0.0",
        inputs=("flows.jsonl", "b.jsonl.gz"),
        accounting=accounting(),
        edges=EDGES,
        inventory=Inventory(workloads=workloads),
        observed={WEB: BOTH, CART: BOTH, REDIS: frozenset()},
        policies=shop(),
        findings=(idle, needs_label, broken),
        coverage=(lost,),
        settings={"port_ranges": False, "cluster": None, "widen_v4": 32},
        replay=Replay(allowed=5, denied=0, undefined=0),
    )


def every_run() -> Run:
    """A run with drafts of every form, and edges without times."""
    epoch = START.fromtimestamp(0, START.tzinfo)
    untimed = edge(WEB, CART, 1, first_seen=epoch, last_seen=epoch, verdict=Verdict.UNKNOWN)
    return replace(shop_run(), policies=(*shop(), *every_form()), edges=(*EDGES, untimed))


def hostile_run(text: str) -> Run:
    """A run in which every string of a log is the given text."""
    ends = [
        Entity.workload(text, text, text, cluster=text),
        Entity.cidr(text),
        Entity.dns_name(text),
        Entity.unresolved(text),
    ]
    samples = (Record(text, 1),)
    found = edge(
        ends[0],
        ends[1],
        80,
        protocol=text,
        observers=(text,),
        addresses=(text,),
        names=(text,),
        samples=samples,
        marks=(text,),
    )
    finding = Finding(text, Severity.ERROR, text, text, text, text)
    policy = shop()[0]
    rule = replace(policy.ingress[0], evidence=(found,), reason=text, marks=(text,))
    return Run(
        tool_version="0.0.0",
        inputs=(text,),
        accounting=Accounting(
            (FileAccount(text, text, 2, 0, {text: 1}, {text: 1}, complete=False, problem=text),),
            (Quarantined(samples[0], text, text),),
        ),
        edges=(found, *(edge(end, ends[0], 1) for end in ends[1:])),
        inventory=Inventory(workloads={ends[0]: Workload(ends[0], ((text, text),))}),
        observed={ends[0]: BOTH},
        policies=(replace(policy, origin=text, ingress=(rule,)),),
        findings=(finding,),
        coverage=(finding,),
        settings={text: text},
    )
