"""Segments of clusters with known truth: what is promised, at a small size."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from segments.clusters import SMALL, TINY, Made, made
from sklearn.metrics import adjusted_rand_score

from recommender.connections.edges import connect
from recommender.segments import candidates
from recommender.segments.candidates import FEW
from recommender.segments.forms import as_json, as_segments_csv
from recommender.segments.frames import edge_table, workload_table
from recommender.segments.rules import as_csv, review_frame, rule_frame
from recommender.segments.segmenting import segment_edges, segment_tables
from recommender.segments.types import Segmentation, SegmentSettings

ROOT = Path(__file__).resolve().parents[2]


@cache
def found(cluster: str = "small") -> Segmentation:
    return segment_tables(*_tables(CLUSTERS[cluster]))


def _tables(cluster: Made) -> tuple[pd.DataFrame, pd.DataFrame]:
    return cluster.edges, cluster.workloads


CLUSTERS = {"small": made(1, SMALL), "unlabelled": made(1, replace(SMALL, labelled=0.0))}


def _by_text(segmentation: Segmentation) -> dict[str, str]:
    return {
        segmentation.texts[member]: segment.name
        for segment in segmentation.segments
        for member in segment.members
    }


def _rand(cluster: str) -> float:
    truth, names = CLUSTERS[cluster].truth, _by_text(found(cluster))
    return float(adjusted_rand_score([truth[text] for text in truth], [names[t] for t in truth]))


@pytest.mark.parametrize("cluster", ["small", "unlabelled"])
def test_segments_are_those_of_the_truth(cluster: str) -> None:
    assert _rand(cluster) >= 0.9


def test_few_pairs_are_permitted_that_the_truth_forbids() -> None:
    rules, cluster = rule_frame(found()), CLUSTERS["small"]
    traffic = cluster.traffic
    known = traffic.cluster.workloads
    permitted = {(one.source, one.destination, one.service) for one in traffic.cluster.permissions}
    exceptions = {(known[a].id, known[b].id, service) for a, b, service in traffic.exceptions}
    truth = cluster.truth
    rows = list(zip(rules.src, rules.dst, rules.protocol, rules.port, strict=True))
    wrong = [
        row
        for row in rows
        if (truth[row[0]], truth[row[1]], row[2:]) not in permitted
        and (row[0], row[1], row[2:]) not in exceptions
    ]
    assert len(wrong) / len(rows) <= 0.02


def test_later_edges_that_are_in_order_are_allowed() -> None:
    rules, traffic = rule_frame(found()), CLUSTERS["small"].traffic
    known = traffic.cluster.workloads
    allowed = set(zip(rules.src, rules.dst, rules.protocol, rules.port, strict=True))
    later = {
        (known[edge.source].id, known[edge.destination].id, *edge.service)
        for edge in traffic.future
    }
    assert len(later - allowed) / len(later) <= 0.01


def test_few_edges_of_attackers_are_admitted() -> None:
    rules, traffic = rule_frame(found()), CLUSTERS["small"].traffic
    known = traffic.cluster.workloads
    allowed = set(zip(rules.src, rules.dst, rules.protocol, rules.port, strict=True))
    attacks = {(known[a].id, known[b].id, *service) for a, b, service in traffic.attacks}
    assert len(attacks & allowed) / len(attacks) <= 0.1


def test_every_edge_is_in_a_rule_or_left_to_review() -> None:
    segmentation, cluster = found(), CLUSTERS["small"]
    keys = ["src", "dst", "protocol", "port"]
    rules = set(map(tuple, rule_frame(segmentation)[keys].to_numpy().tolist()))
    review = set(map(tuple, review_frame(segmentation)[keys].to_numpy().tolist()))
    edges = set(map(tuple, cluster.edges[keys].to_numpy().tolist()))
    assert edges <= rules | review
    assert not rules & review


def test_added_pairs_are_counted() -> None:
    segmentation, cluster = found(), CLUSTERS["small"]
    keys = ["src", "dst", "protocol", "port"]
    rules = set(map(tuple, rule_frame(segmentation)[keys].to_numpy().tolist()))
    edges = set(map(tuple, cluster.edges[keys].to_numpy().tolist()))
    assert segmentation.admission.added == len(rules - edges)


def test_no_segment_crosses_a_namespace() -> None:
    for segment in found().segments:
        assert len({member.namespace for member in segment.members}) == 1


def test_the_order_of_rows_changes_no_byte() -> None:
    edges, workloads = _tables(made(2, TINY))
    shuffled = segment_tables(
        edges.sample(frac=1, random_state=1), workloads.sample(frac=1, random_state=2)
    )
    plain = segment_tables(edges, workloads)
    assert as_json(shuffled) == as_json(plain)
    assert as_segments_csv(shuffled) == as_segments_csv(plain)
    assert as_csv(rule_frame(shuffled)) == as_csv(rule_frame(plain))


def test_one_added_member_moves_no_others() -> None:
    edges, workloads = _tables(CLUSTERS["small"])
    before = _by_text(found())
    first = next(s for s in found().segments if len(s.members) > 10 and not s.hub)
    twin = found().texts[first.members[4]]
    new = f"{twin}-twin"
    row = workloads[workloads.workload == twin].assign(workload=new)
    same = edges[(edges.src == twin) | (edges.dst == twin)].replace({twin: new})
    after = _by_text(
        segment_tables(
            pd.concat([edges, same]),
            pd.concat([workloads, row]),
            previous=before,
        )
    )
    assert after.pop(new) == first.name
    assert after == before


def test_names_stay_when_segments_do() -> None:
    edges, workloads = _tables(made(2, TINY))
    names = _by_text(segment_tables(edges, workloads))
    renamed = {text: f"our-{name}" for text, name in names.items()}
    again = _by_text(segment_tables(edges, workloads, previous=renamed))
    assert again == renamed


def test_names_are_made_of_what_members_share() -> None:
    names = {segment.name for segment in found().segments}
    assert any(name.startswith("tenant-0-role-") for name in names)
    assert "kube-system-dns-0" in names


def test_a_window_under_two_days_gives_exact_rules_only() -> None:
    edges, workloads = _tables(made(2, TINY))
    one_day = edges.assign(days_active=1, first_day=1, last_day=1)
    segmentation = segment_tables(one_day, workloads)
    assert segmentation.admission.blocks == ()
    assert segmentation.admission.review == ()
    assert len(segmentation.admission.pairs) == len(edges)
    assert all(segment.stability is None for segment in segmentation.segments)


def test_an_unstable_segment_gets_exact_rules_only() -> None:
    edges, workloads = _tables(made(2, TINY))
    segmentation = segment_tables(edges, workloads, SegmentSettings(min_stability=1.01))
    sides = {
        side.name
        for block in segmentation.admission.blocks
        for side in (block.source, block.destination)
        if hasattr(side, "members") and len(side.members) > 1
    }
    assert sides == set()


def test_segments_end_at_labels_of_trust() -> None:
    edges, workloads = _tables(made(2, TINY))
    marked = workloads.assign(
        labels=[
            '{"environment": "prod"}' if number % 2 else '{"environment": "test"}'
            for number in range(len(workloads))
        ]
    )
    segmentation = segment_tables(edges, marked, SegmentSettings(bootstraps=0))
    by_text = dict(zip(marked.workload, marked.labels, strict=True))
    for segment in segmentation.segments:
        assert len({by_text[segmentation.texts[member]] for member in segment.members}) == 1


def test_edges_segment_as_their_tables_do() -> None:
    log = connect([ROOT / "data" / "flows.jsonl.gz"])
    edges = [*log.edges, *log.edges[:9]]  # an edge may come in parts
    tables = edge_table(edges), workload_table(log.inventory)
    assert segment_edges(edges, log.inventory) == segment_tables(*tables)


def _few() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Eight of one role, six of another, and what they call."""
    calls = [(f"shop/web-{n}", f"data/{to}", port) for n in range(8) for to, port in _WEB]
    calls += [(f"shop/job-{n}", "data/queue", 5672) for n in range(6)]
    edges = pd.DataFrame(
        [(src, dst, "TCP", port, 20, 7, "2026-01-01", "2026-01-07") for src, dst, port in calls],
        columns=["src", "dst", "protocol", "port", "flows", "days_active", "first_day", "last_day"],
    )
    names = sorted({name for call in calls for name in call[:2]})
    workloads = pd.DataFrame(
        {
            "workload": names,
            "namespace": [name.partition("/")[0] for name in names],
            "kind": "Deployment",
            "replicas": 1,
            "service_account": "default",
            "image": "",
            "labels": "{}",
        }
    )
    return edges, workloads


_WEB = (("db", 5432), ("cache", 6379))


@pytest.mark.parametrize("few", [FEW, 0])
def test_a_small_cluster_has_the_same_segments_whatever_it_starts_from(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FEW", few)
    segmentation = segment_tables(*_few())
    together = sorted(
        sorted(segmentation.texts[member] for member in segment.members)
        for segment in segmentation.segments
        if len(segment.members) > 1
    )
    assert together == [
        [f"shop/job-{n}" for n in range(6)],
        [f"shop/web-{n}" for n in range(8)],
    ]
    assert any(one.name.startswith("each alone") for one in segmentation.candidates) == bool(few)
