"""Applications: files and their errors, built-in ones, made-up ones, and manifests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml
from simulation.logs import PAIR

from recommender.model.errors import InputError, ManifestError, RecommenderError, UsageError
from recommender.simulation import cron
from recommender.simulation.addressed import addresses, configured
from recommender.simulation.applications import BUILT_IN, find
from recommender.simulation.dumping import dump
from recommender.simulation.graph import Application, TargetKind
from recommender.simulation.graph_files import load, parse
from recommender.simulation.reading import ApplicationError
from recommender.simulation.scaled import scaled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_written_application_reads_back_the_same(name: str) -> None:
    application = find(name)
    assert parse(dump(application)) == application


def test_the_shop_has_every_kind_of_traffic() -> None:
    shop = find("shop")
    assert {workload.kind for workload in shop.workloads} == {
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "CronJob",
    }
    kinds = {call.server.kind for call in shop.calls} | {call.client.kind for call in shop.calls}
    assert kinds == set(TargetKind)
    assert any(workload.host_network for workload in shop.workloads)
    assert {call.outcome.value for call in shop.calls} >= {
        "audit",
        "denied-ingress",
        "denied-egress",
    }


def test_a_file_in_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pair.json"
    path.write_text(
        '{"application": "j", "namespaces": [{"name": "a"}], "workloads": '
        '[{"namespace": "a", "name": "b"}]}',
        encoding="utf-8",
    )
    assert load(path).workloads[0].labels == {"app": "b"}


_MISTAKES = [
    ("- {from: one/client, to: two/server, port: http, rate: -1}", "calls[1].rate", "number"),
    (
        "- {from: one/client, to: two/nobody, port: 80}",
        "calls[1].to",
        "unknown workload two/nobody",
    ),
    ("- {from: one/client, to: two/server, port: 0}", "calls[1].port", "0 is no port"),
    ("- {from: one/client, to: two/server, port: web}", "calls[1].port", "no TCP port named 'web'"),
    ("- {from: one/client, to: two/server, prot: 80}", "calls[1].prot", "did you mean port"),
    ("- {from: one/client, to: somewhere, port: 80}", "calls[1].to", "names no end of a call"),
    ("- {from: world, to: node, port: 80}", "calls[1]", "no end is a workload"),
    ("- {from: one/client, to: 'cidr:10.0.0.1/8', port: 80}", "calls[1].to", "is no CIDR"),
    ("- {from: 'fqdn:a.example', to: two/server, port: 80}", "calls[1].from", "cannot be a client"),
    ("- {from: one/client, to: world, port: 80, outcome: denied-ingress}", "outcome", "no policy"),
    ("- {from: one/client, to: two/server, port: 80, outcome: lost}", "outcome", "unknown value"),
    ("- 7", "calls[1]", "expected a mapping, found 7"),
]


@pytest.mark.parametrize(("call", "where", "what"), _MISTAKES)
def test_an_error_names_the_field_and_what_is_wrong(call: str, where: str, what: str) -> None:
    with pytest.raises(ApplicationError) as raised:
        parse(PAIR + call, where="pair.yaml")
    assert raised.value.where.startswith("pair.yaml.")
    assert where in raised.value.where
    assert what in str(raised.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("application: x\nworkloads: [", "pair.yaml:2: is not YAML"),
        ("[]", "expected a mapping"),
        ("{}", "pair.yaml.application: is missing"),
        ("application: x", "has no workloads"),
        ("application: [x]", "expected text, found a list"),
        (PAIR.replace("name: two}]", "name: one}]"), "'one' is there twice"),
        (PAIR.replace("namespace: two", "namespace: three"), "unknown workload two/server"),
        (PAIR.replace("namespace: one", "namespace: zero"), "unknown namespace 'zero'"),
        (PAIR.replace("kind: Deployment", "kind: Deploy"), "unknown value 'Deploy'"),
        (PAIR.replace("kind: Deployment", "kind: CronJob"), "the schedule of one/client"),
        (
            PAIR.replace("application: pair", "application: pair\nresolver: a/b"),
            "unknown workload a/b",
        ),
    ],
)
def test_a_broken_file_is_refused_in_one_line(text: str, what: str) -> None:
    with pytest.raises(ApplicationError) as raised:
        parse(text, where="pair.yaml")
    assert what in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_an_unknown_name_say_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        find(str(tmp_path / "none.yaml"))
    with pytest.raises(UsageError, match="did you mean shop"):
        find("shopp")


# --- schedules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("0 0 * * *", 7),
        ("*/30 * * * *", 336),
        ("15 2-4 * * 1-5", 15),
        ("0 12 3,5 * *", 2),
        ("0 12 3 * 0", 2),  # the third of March, or a Sunday
        ("0 0 1 1 *", 0),
        ("5/20 1 * * 7", 3),
    ],
)
def test_schedules_fire_as_cron_does(schedule: str, runs: int) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    end = datetime(2026, 3, 9, tzinfo=UTC)
    moments = list(cron.parse(schedule).runs(start, end))
    assert len(moments) == runs
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "60 * * * *", "* * * * x", "*/0 * * * *", "5-1 * * * *"]
)
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cron.parse(schedule)


# --- made up at random ---------------------------------------------------------------------------


@pytest.mark.parametrize("workloads", [12, 37, 150])
def test_a_made_up_application_has_the_size_that_was_asked_for(workloads: int) -> None:
    application = scaled(4, workloads)
    assert len(application.workloads) == workloads
    assert scaled(4, workloads) == application
    assert scaled(5, workloads) != application
    assert parse(dump(application)) == application


def test_teams_share_roles_and_hubs() -> None:
    application = scaled(1, 120, namespaces=6)
    teams = {name for name in _namespaces(application) if name.startswith("team-")}
    assert len(teams) == 6
    for role in ("web", "api", "db", "worker"):
        assert {w.namespace for w in application.workloads if w.labels["role"] == role} == teams
    callers = {call.client.namespace for call in application.calls if call.server.name == "auth"}
    assert teams < callers
    crossing = [
        call
        for call in application.calls
        if call.client.namespace in teams
        and call.server.namespace in teams
        and call.client.namespace != call.server.namespace
    ]
    assert crossing


def _namespaces(application: Application) -> set[str]:
    return {workload.namespace for workload in application.workloads}


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(UsageError, match="12 to 20000"):
        scaled(1, 3)
    with pytest.raises(UsageError, match="fewer namespaces"):
        scaled(1, 20, namespaces=50)


# --- manifests -----------------------------------------------------------------------------------


def test_online_boutique_implies_the_calls_that_its_policies_allow(shared: Path) -> None:
    folder = shared / "experts/online-boutique"
    application = find(str(folder / "kubernetes-manifests"))
    implied = {(call.client.name, call.server.name, call.port) for call in application.calls}
    expected = {("", "frontend", 8080), ("loadgenerator", "frontend", 8080)}
    for path in sorted((folder / "kustomize/components/network-policies").glob("network-*.yaml")):
        policy = yaml.safe_load(path.read_text(encoding="utf-8"))
        server = policy["spec"]["podSelector"].get("matchLabels", {}).get("app")
        for rule in policy["spec"].get("ingress", []):
            for peer in rule.get("from", []):
                client = peer["podSelector"]["matchLabels"]["app"]
                expected |= {(client, server, port["port"]) for port in rule["ports"]}
    assert implied == expected
    kinds = {call.client.kind for call in application.calls if not call.client.name}
    assert kinds == {TargetKind.WORLD}


_MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: x}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: a}
data: {QUEUE: "amqp://user:secret@queue.b.svc", dbhost: db}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        envFrom: [{configMapRef: {name: settings}}]
        env:
        - name: DB_HOST
          valueFrom: {configMapKeyRef: {name: settings, key: dbhost}}
        - {name: DSN, value: "postgres://$(DB_HOST)/shop"}
        - {name: API, value: "https://api.vendor.example/v1"}
        args: ["--peer=web:80", "--listen=0.0.0.0:8080", "--missing=ghost:99"]
        ports: [{containerPort: 8080, name: http}]
        readinessProbe: {httpGet: {port: http}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: a}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: a}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: queue, namespace: b}
  spec: {selector: {app: queue}, ports: [{port: 5672, targetPort: 5671}]}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: queue, namespace: b}
  spec:
    schedule: "0 1 * * *"
    jobTemplate:
      spec: {template: {metadata: {labels: {app: queue}}, spec: {containers: [{name: q}]}}}
"""


def test_calls_come_from_variables_maps_and_arguments(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(_MANIFESTS, encoding="utf-8")
    application = find(str(tmp_path))
    calls = {(str(call.client), str(call.server), call.port) for call in application.calls}
    assert calls == {
        ("world", "a/web", 8080),
        ("a/web", "a/web", 8080),
        ("a/web", "a/db", 5432),
        ("a/web", "b/queue", 5671),
        ("a/web", "fqdn:api.vendor.example", 443),
    }
    web = application.workloads[0]
    assert (web.replicas, web.probes, web.labels) == (2, (8080,), {"app": "web"})
    assert str(application.resolver) == "kube-system/coredns"
    assert {entry.name: entry.labels for entry in application.namespaces}["a"] == {"team": "x"}
    assert next(w for w in application.workloads if w.name == "queue").schedule == "0 1 * * *"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("redis-cart:6379", [("redis-cart", 6379)]),
        ("http://svc.ns.svc.cluster.local:8080/path", [("svc.ns.svc.cluster.local", 8080)]),
        ("https://api.example", [("api.example", 443)]),
        ("a:1,b:2", [("a", 1), ("b", 2)]),
        ("--addr=cache:11211", [("cache", 11211)]),
        ("mysql://root:pw@db/shop", [("db", 3306)]),
        ("10.0.0.1:80 127.0.0.1:9 localhost:8080", []),
        ("12:30:45", []),
        ("image/name:1", []),
        ("ftp://files.example", []),
        ("plain text", []),
        ("host:99999", []),
    ],
)
def test_addresses_are_found_in_texts(value: str, found: list[tuple[str, int]]) -> None:
    assert addresses(value) == found


def test_references_to_unknown_variables_stay_as_they_are() -> None:
    template = {"spec": {"containers": [{"env": [{"name": "A", "value": "$(NONE):80"}]}]}}
    assert list(configured(template, "a", {})) == ["$(NONE):80"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("kind: Service\nmetadata: {name: a}", "holds no workload"),
        ("a: [", "is not YAML"),
        (
            "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{ports: [{name: x}]}]}",
            "unexpected form",
        ),
        ("kind: Pod\nmetadata: {name: a}\nspec: {containers: 7}", "unexpected form"),
    ],
)
def test_manifests_that_say_nothing_usable_are_refused(
    tmp_path: Path, content: str, what: str
) -> None:
    (tmp_path / "x.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ManifestError, match=what):
        find(str(tmp_path))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecommenderError, match="holds no manifests"):
        find(str(tmp_path))
