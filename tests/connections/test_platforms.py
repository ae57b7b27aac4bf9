"""What is said of a cloud's logs, and whose traffic they would have shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import recommender as nr
from recommender.connections.edges import connect
from recommender.connections.icmp import Pings
from recommender.model.accounting import Accounting, FileAccount
from recommender.model.errors import UsageError
from recommender.model.findings import Severity
from recommender.model.policies import Direction
from recommender.simulation import Settings, simulate
from recommender.simulation.graph_files import parse
from recommender.simulation.output import Layout
from recommender.sources.options import AS_FOUND, Snat

if TYPE_CHECKING:
    from recommender.connections.types import Connections

PAIR = """
application: pair
namespaces: [{name: one}, {name: two}]
workloads:
- {namespace: one, kind: Deployment, name: client, replicas: 3, labels: {app: client}}
- {namespace: two, kind: Deployment, name: server, labels: {app: server}, ports: [{number: 8080}]}
calls:
- {from: one/client, to: two/server, port: 8080, rate: 4}
"""
OUTWARD = PAIR + "- {from: one/client, to: 'cidr:192.0.2.0/24', port: 443, rate: 4}\n"
#: A row of AWS: addresses of the interface, ports, addresses of the packet.
ROW = "{} {} {} 443 6 {} {} 9 900 1772445600 1772445659 ACCEPT OK 3\n"
FIELDS = (
    "srcaddr dstaddr srcport dstport protocol pkt-srcaddr pkt-dstaddr packets bytes start end "
    "action log-status tcp-flags\n"
)
SAME_NODE, SNAT, TIMES = "same-node-unseen", "addresses-translated", "coarse-times"
GAPS = {SAME_NODE, SNAT, TIMES, "resolver-unseen", "sampled-input"}


def connected(
    log: str,
    folder: Path,
    *,
    without: str = "",
    application: str = PAIR,
    options: nr.ReadOptions = AS_FOUND,
) -> Connections:
    """A pair of workloads on two nodes as a cloud logs it, without one node's interface."""
    settings = Settings(connections=30, churn=0.0, noise=False, days=1.0, nodes=2, log=log)
    simulation = simulate(parse(application), settings, sampling=1.0, envelope="exporter")
    made = simulation.write(folder, Layout("none", per_node=True))
    logs = [path for path in made.logs if not without or without not in str(path)]
    return connect(logs, inventory=nr.read_inventory(folder / "inventory.json"), options=options)


@pytest.mark.parametrize(
    ("log", "codes"),
    [
        ("hubble", set()),
        ("aws", {SAME_NODE, SNAT, TIMES, "resolver-unseen"}),
        ("gcp", {SAME_NODE, SNAT, TIMES, "sampled-input"}),
        ("azure", {SAME_NODE, SNAT, TIMES}),
        ("ibm", {SAME_NODE, SNAT, TIMES}),
    ],
)
def test_what_a_cloud_cannot_show_is_said_with_the_setting_that_helps(
    log: str, codes: set[str], tmp_path: Path
) -> None:
    findings = connected(log, tmp_path).findings
    found = {finding.code: finding for finding in findings if finding.code in GAPS}
    assert set(found) == codes
    assert all(finding.hint for finding in found.values())
    if SAME_NODE in found:
        assert found[SAME_NODE].severity is Severity.WARNING
    if log == "gcp":
        assert "--enable-intra-node-visibility" in found[SAME_NODE].hint
        assert "--logging-flow-sampling" in found["sampled-input"].hint


@pytest.mark.parametrize("log", ["aws", "aws-noflags", "gcp", "azure", "azure-nsg", "ibm"])
def test_a_pod_is_observed_where_its_own_interface_reports(log: str, tmp_path: Path) -> None:
    observed = connected(log, tmp_path).observed
    assert {entity.name: ways for entity, ways in observed.items()} == {
        "client": frozenset(Direction),
        "server": frozenset(Direction),
    }


@pytest.mark.parametrize("log", ["aws", "gcp", "azure", "ibm"])
def test_a_pod_behind_an_interface_that_does_not_report_is_not_observed(
    log: str, tmp_path: Path
) -> None:
    settings = Settings(connections=30, churn=0.0, noise=False, days=1.0, nodes=2)
    (server,) = [
        pod for pod in simulate(parse(PAIR), settings).cluster.pods if pod.workload.name == "server"
    ]
    connections = connected(log, tmp_path, without=f"/{server.node.name}/")
    assert {edge.server.name for edge in connections.edges} >= {"server"}
    assert "server" not in {entity.name for entity in connections.observed}
    assert "not-observed" in {finding.code for finding in connections.findings}


@pytest.mark.parametrize("log", ["aws", "gcp", "azure", "ibm"])
def test_egress_is_not_observed_where_nodes_stand_for_their_pods(log: str, tmp_path: Path) -> None:
    connections = connected(log, tmp_path, application=OUTWARD)
    assert {entity.name: ways for entity, ways in connections.observed.items()} == {
        "client": frozenset({Direction.INGRESS}),
        "server": frozenset({Direction.INGRESS}),
    }
    (finding,) = [f for f in connections.findings if f.code == "egress-hidden"]
    assert finding.severity is Severity.WARNING


def test_egress_is_observed_where_pods_keep_their_addresses(tmp_path: Path) -> None:
    simulation = simulate(parse(PAIR), Settings(connections=30, churn=0.0, days=1.0, nodes=2))
    simulation.write(tmp_path, Layout("none"))
    pod = next(pod for pod in simulation.cluster.pods if pod.workload.name == "client")
    node, address = pod.node.addresses["IPv4"], pod.addresses["IPv4"]
    by_node = ROW.format(node, "192.0.2.9", 40000, node, "192.0.2.9")
    by_pod = ROW.format(node, "192.0.2.8", 40001, address, "192.0.2.8")
    inside = ROW.format(node, "10.9.9.9", 40002, address, "10.9.9.9")
    inventory = nr.read_inventory(tmp_path / "inventory.json")
    observed = {}
    for name, rows in {"node": by_node + inside, "both": by_node + by_pod}.items():
        path = tmp_path / f"{name}.log"
        path.write_text(FIELDS + rows)
        connections = connect([path], inventory=inventory)
        observed[name] = {entity.name: ways for entity, ways in connections.observed.items()}
    assert observed["both"]["client"] == frozenset(Direction)
    assert Direction.EGRESS not in observed["node"]["client"]


def codes(connections: Connections) -> set[str]:
    return {finding.code for finding in connections.findings}


def test_who_says_that_pods_keep_their_addresses_gets_egress_drafted_and_is_reminded(
    tmp_path: Path,
) -> None:
    connections = connected(
        "aws", tmp_path, application=OUTWARD, options=nr.ReadOptions(snat=Snat.OFF)
    )
    assert {entity.name: ways for entity, ways in connections.observed.items()} == {
        "client": frozenset(Direction),
        "server": frozenset(Direction),
    }
    assert "egress-as-said" in codes(connections)
    assert "egress-hidden" not in codes(connections)


def test_who_says_that_some_pods_do_not_keep_their_addresses_keeps_egress_open(
    tmp_path: Path,
) -> None:
    connections = connected("aws", tmp_path, options=nr.ReadOptions(snat=Snat.ON))
    assert {way for ways in connections.observed.values() for way in ways} == {Direction.INGRESS}
    assert "egress-hidden" in codes(connections)
    log = Path(__file__).parents[2] / "data/flows.jsonl.gz"
    hubble = connect([log], options=nr.ReadOptions(snat=Snat.ON))
    assert Direction.EGRESS in {way for ways in hubble.observed.values() for way in ways}
    assert "egress-hidden" not in codes(hubble)


def test_a_log_of_addresses_without_an_inventory_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(FIELDS + ROW.format("10.0.0.1", "10.0.0.2", 40000, "10.0.0.1", "10.0.0.2"))
    (told,) = [found for found in connect([path]).findings if found.code == "inventory-missing"]
    assert "--inventory" in told.hint
    assert "inventory-missing" not in codes(connected("gcp", tmp_path / "gcp"))


def test_an_inventory_of_which_the_log_knows_nobody_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(FIELDS + ROW.format("192.0.2.1", "192.0.2.2", 40000, "192.0.2.1", "192.0.2.2"))
    connected("aws", tmp_path / "made")
    found = connect([path], inventory=nr.read_inventory(tmp_path / "made/inventory.json"))
    assert "inventory-elsewhere" in codes(found)
    assert "inventory-missing" not in codes(found)
    assert "inventory-elsewhere" not in codes(connected("aws", tmp_path / "again"))


def test_icmp_of_a_log_that_does_not_say_who_asked_is_told_with_its_count(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    ping = ROW.format("10.0.0.1", "10.0.0.2", 0, "10.0.0.1", "10.0.0.2").replace(" 443 6 ", " 0 1 ")
    path.write_text(FIELDS + ping * 3)
    connections = connect([path])
    (told,) = [found for found in connections.findings if found.code == "icmp-not-writable"]
    assert told.severity is Severity.WARNING
    assert "3 records of ICMP" in told.message
    assert "between 10.0.0.1 and 10.0.0.2 make no rule" in told.message
    (account,) = connections.accounting.files
    assert account.set_aside["icmp-without-type"] == 3


def test_icmp_names_the_workloads_whose_addresses_the_inventory_knows(tmp_path: Path) -> None:
    connected("aws", tmp_path / "made")
    inventory = nr.read_inventory(tmp_path / "made/inventory.json")
    held = {found.entity.name: found.ip for found in inventory.holdings if found.pod}
    path = tmp_path / "a.log"
    one, two = held["client"], held["server"]
    ping = ROW.replace(" 443 6 ", " 0 1 ")
    path.write_text(
        FIELDS + ping.format(one, two, 0, one, two) + ping.format(two, one, 0, two, one)
    )
    findings = connect([path], inventory=inventory).findings
    (told,) = [found for found in findings if found.code == "icmp-not-writable"]
    assert "between one/Deployment/client and two/Deployment/server make" in told.message


def test_a_sweep_of_pings_is_told_without_its_pairs_in_any_order() -> None:
    pairs = [(f"10.0.{number >> 8}.{number & 255}", "10.9.0.1") for number in range(10_001)]
    account = FileAccount("a.log", "aws", 10_001, 0, {"icmp-without-type": 10_001})
    accounting = Accounting((account,))
    for order in (pairs, pairs[::-1]):
        pings = Pings()
        for pair in order:
            pings.add({pair: 1})
        pings.add({pairs[0]: 1})
        (told,) = pings.finding(accounting, None)
        assert "between more than 10,000 pairs of addresses make" in told.message


def test_a_word_that_says_nothing_about_addresses_is_an_error(tmp_path: Path) -> None:
    word: Any = "maybe"
    with pytest.raises(UsageError, match="none of auto, on, off"):
        connect([tmp_path], options=nr.ReadOptions(snat=word))


def test_another_log_that_shows_all_of_a_node_keeps_egress_observed(tmp_path: Path) -> None:
    inventory = None
    logs = []
    for log in ("aws", "hubble"):
        settings = Settings(connections=30, churn=0.0, noise=False, days=1.0, nodes=2, log=log)
        made = simulate(parse(OUTWARD), settings, datapath="native").write(
            tmp_path / log, Layout("none")
        )
        logs += made.logs
        inventory = nr.read_inventory(tmp_path / log / "inventory.json")
    observed = connect(logs, inventory=inventory).observed
    assert {entity.name: ways for entity, ways in observed.items()} == {
        "client": frozenset(Direction),
        "server": frozenset(Direction),
    }
