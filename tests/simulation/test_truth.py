"""The truth says what the log shows, and the same seed says it again."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.logs import PAIR, Log, of, shop

from recommender.simulation import Settings, simulate
from recommender.simulation.graph import Intent, Outcome, TargetKind
from recommender.simulation.graph_files import parse
from recommender.simulation.reading import ApplicationError


@pytest.fixture(scope="module")
def log() -> Log:
    return shop()


def test_connections_of_the_truth_are_the_first_packets_of_the_log() -> None:
    log = of(PAIR.replace("name: client,", "name: client, replicas: 3,"))
    first = [
        flow
        for flow in log.flows
        if flow["trace_reason"] == "NEW" and flow["trace_observation_point"] == "TO_ENDPOINT"
    ]
    (edge, tally), *rest = [item for item in log.simulation.truth if item[0].port == 8080]
    assert not rest
    assert edge.client.id == "one/Deployment/client"
    assert edge.server.id == "two/Deployment/server"
    assert tally.connections == len(first)
    assert tally.clients == {flow["source"]["pod_name"] for flow in first}
    assert tally.days == {int(flow["time"][8:10]) - 2 for flow in first}


def test_every_call_of_the_application_is_made(log: Log) -> None:
    truth = {
        (edge.client.namespace, edge.client.name, edge.server.name, edge.port, edge.outcome)
        for edge, _ in log.simulation.truth
    }
    for call in log.simulation.application.calls:
        client, server = call.client, call.server
        if TargetKind.WORKLOAD is client.kind and TargetKind.WORKLOAD is server.kind:
            assert (client.namespace, client.name, server.name, call.port, call.outcome) in truth


def test_rare_calls_are_seen_more_than_once(log: Log) -> None:
    for edge, tally in log.simulation.truth:
        if edge.intent is Intent.APPLICATION:
            assert tally.connections >= 2, edge


def test_a_call_of_some_days_happens_on_those_days() -> None:
    log = of(PAIR.replace("rate: 4", "rate: 4, days: [1, 5]"))
    days = {flow["time"][:10] for flow in log.flows}
    assert days == {"2026-03-03", "2026-03-07"}


def test_people_work_by_day_and_the_platform_at_any_hour() -> None:
    log = of(PAIR, connections=800)
    hours = Counter(int(flow["time"][11:13]) for flow in log.flows)
    assert sum(hours[hour] for hour in range(9, 17)) > 3 * sum(hours[hour] for hour in range(6))


def test_verdict_classes_follow_what_the_datapath_does(log: Log) -> None:
    verdicts = {edge.outcome: edge.verdict for edge, _ in log.simulation.truth}
    assert verdicts == {
        Outcome.ACCEPTED: "accepted",
        Outcome.REFUSED: "accepted",
        Outcome.AUDIT: "audit",
        Outcome.DENIED_INGRESS: "denied",
        Outcome.DENIED_EGRESS: "denied",
    }


def test_noise_is_told_from_what_the_application_does(log: Log) -> None:
    truth = log.simulation.truth
    intents = {edge.intent for edge, _ in truth}
    natural = {intent for intent in Intent if not intent.is_attack}
    assert intents == natural
    everything = truth.edges(application=False)
    assert truth.edges() < everything
    assert not [edge for edge in truth.edges() if edge.intent in {Intent.SCAN, Intent.DEBUG}]
    quiet = shop(noise=False).simulation.truth
    assert {edge.intent for edge, _ in quiet} == natural - {Intent.SCAN, Intent.DEBUG}


def test_the_same_settings_make_the_same_bytes_and_another_seed_others(log: Log) -> None:
    assert shop().lines == log.lines
    assert shop(seed=6).lines != log.lines


def test_lines_can_be_made_again_from_one_simulation(log: Log) -> None:
    assert [line for _, line in log.simulation.lines()] == log.lines


_HASH = """
import hashlib
from recommender.simulation import simulate
digest = hashlib.sha256()
for application, options in (("shop", {"family": "dual", "multi_cluster": True}), ("scaled", {})):
    for _, line in simulate(application, flows=None, connections=150, **options).lines():
        digest.update(line)
print(digest.hexdigest())
"""


def test_the_bytes_do_not_hang_on_the_order_of_sets() -> None:
    made = {
        subprocess.run(
            [sys.executable, "-c", _HASH],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


@pytest.mark.parametrize(("flows", "share"), [(4_000, 0.1), (30_000, 0.03)])
def test_about_as_many_lines_are_made_as_were_asked_for(flows: int, share: float) -> None:
    made = sum(1 for _ in simulate("shop", flows=flows, seed=3).lines())
    assert abs(made - flows) < flows * share


def test_without_a_size_the_rates_decide() -> None:
    simulation = simulate(parse(PAIR), Settings(days=2.0, noise=False))
    tally = next(tally for edge, tally in simulation.truth if edge.port == 8080)
    assert tally.connections == 4 * 24 * 2


def test_the_truth_document_says_who_held_which_address_when(log: Log) -> None:
    document: dict[str, Any] = log.simulation.truth_document()
    assert document["schema"] == "simulation-truth/1"
    assert document["connections"] == sum(edge["connections"] for edge in document["edges"])
    runs = [pod for pod in document["pods"] if pod["workload"]["kind"] == "CronJob"]
    assert all(pod["start"] < pod["end"] for pod in runs)
    assert runs[0]["start"] == "2026-03-02T02:15:01Z"


def test_an_ipv6_network_is_out_of_reach_without_ipv6() -> None:
    text = PAIR + "- {from: one/client, to: 'cidr:2001:db8::/64', port: 443}\n"
    with pytest.raises(ApplicationError, match="cannot be reached from a cluster without IPv6"):
        of(text)
    reached = of(text, family="dual").simulation.truth
    assert "cidr:2001:db8::/64" in {edge.server.id for edge, _ in reached}


def test_an_ipv6_cluster_reaches_ipv4_through_nat64() -> None:
    text = PAIR + "- {from: one/client, to: 'cidr:192.0.2.64/28', port: 443}\n"
    truth = of(text, family="ipv6").simulation.truth
    assert "cidr:64:ff9b::c000:240/124" in {edge.server.id for edge, _ in truth}


@given(seed=st.integers(0, 2**63), days=st.floats(0.02, 9))
@settings(max_examples=15)
def test_any_seed_and_window_make_a_sound_log(seed: int, days: float) -> None:
    simulation = simulate("shop", Settings(seed=seed, days=days, connections=20))
    times = []
    for number, line in simulation.lines():
        flow = orjson.loads(line)["flow"]
        assert flow["node_name"] == simulation.nodes[number].log_name
        times.append(datetime.fromisoformat(flow["time"]))
    assert times == sorted(times)
    assert times[0] >= simulation.settings.start
    # A connection that starts at the very end takes a while to end.
    assert times[-1] <= simulation.settings.start + timedelta(days=days, minutes=1)
