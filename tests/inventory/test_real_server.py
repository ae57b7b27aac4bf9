"""Snapshots of a real API server; run where `kube-apiserver` and `etcd` are on the PATH."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from evaluation.test_validation import ACCEPTED, REFUSED, changed
from inventory import real_server
from inventory.real_server import GUEST, GUEST_TOKEN, RealServer

import recommender as nr
from recommender.evaluation.validation import validate_network_policy
from recommender.inventory import listing
from recommender.inventory.kinds import RESOURCES
from recommender.model.entities import Entity
from recommender.model.errors import InputError
from recommender.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    bool(real_server.missing()),
    reason=f"a real API server needs {real_server.missing()} on the PATH",
)

CORE, APPS = "/api/v1/namespaces", "/apis/apps/v1/namespaces"
PODS = 7
LABELS = {"app": "web"}
SPEC = {"containers": [{"name": "main", "image": "x", "ports": [{"containerPort": 8080}]}]}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": SPEC}
SECRET = "hunter2-in-the-environment"  # noqa: S105 - planted, to be looked for


def _owner(made: dict[str, Any]) -> list[dict[str, Any]]:
    about = {key: made[key] for key in ("apiVersion", "kind")}
    metadata = {key: made["metadata"][key] for key in ("name", "uid")}
    return [about | metadata | {"controller": True}]


def _fill(server: RealServer) -> None:
    """Seven pods of a Deployment, a Service, a node and a policy, in the namespace ``shop``."""
    server.make(CORE, {"metadata": {"name": "shop", "labels": {"team": "shop"}}})
    selector = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
    deployment = server.make(
        f"{APPS}/shop/deployments", {"metadata": {"name": "web"}, "spec": selector}
    )
    replica_set = server.make(
        f"{APPS}/shop/replicasets",
        {"metadata": {"name": "web-5d9c", "ownerReferences": _owner(deployment)}, "spec": selector},
    )
    addresses = [{"type": "InternalIP", "address": "192.168.0.1"}]
    server.make("/api/v1/nodes", {"metadata": {"name": "n1"}, "status": {"addresses": addresses}})
    env = [{"name": "PASSWORD", "value": SECRET}]
    for number in range(1, PODS + 1):
        address = {"podIP": f"10.0.0.{number}", "podIPs": [{"ip": f"10.0.0.{number}"}]}
        started = {"phase": "Running", "startTime": "2026-03-02T08:00:01Z"}
        metadata = {
            "name": f"web-5d9c-{number}",
            "labels": LABELS,
            "ownerReferences": _owner(replica_set),
        }
        spec = {"nodeName": "n1", "containers": [SPEC["containers"][0] | {"env": env}]}
        body = {"metadata": metadata, "spec": spec, "status": started | address}
        server.make(f"{CORE}/shop/pods", body)
    ports = {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8080}]}
    server.make(f"{CORE}/shop/services", {"metadata": {"name": "web"}, "spec": ports})
    policy = {"podSelector": {}, "policyTypes": ["Ingress"]}
    server.make(
        "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies",
        {"metadata": {"name": "deny"}, "spec": policy},
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server.running(tmp_path_factory.mktemp("server")) as found:
        _fill(found)
        yield found


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)


def test_a_snapshot_shows_what_the_server_holds(server: RealServer, tmp_path: Path) -> None:
    path = tmp_path / "real.json.gz"
    taken = nr.snapshot(path, kubeconfig=server.kubeconfig())
    assert taken.look.missing == ()
    assert SECRET not in taken.to_json().decode()
    found = nr.read_inventory(path)
    web = found.workloads[Entity.workload("shop", "Deployment", "web")]
    assert [pod.name for pod in web.pods] == [f"web-5d9c-{n}" for n in range(1, PODS + 1)]
    assert web.selector is not None
    assert "web" in {service.name for service in found.services}
    assert [node.addresses for node in found.nodes] == [("192.168.0.1",)]
    assert [policy.name for policy in found.policies] == ["deny"]
    assert dict(found.namespaces["shop"].labels)["team"] == "shop"
    held = {holding.ip for holding in found.holdings if holding.pod}
    assert held == {f"10.0.0.{number}" for number in range(1, PODS + 1)}


@pytest.mark.usefixtures("small_pages")
def test_pages_together_are_the_whole_list(server: RealServer) -> None:
    pages: list[int] = []
    taken = nr.snapshot(
        kubeconfig=server.kubeconfig(),
        progress=lambda plural, count: pages.append(count) if plural == "pods" else None,
    )
    assert pages == [3, 3, 1]
    assert len([item for item in taken.objects if item["kind"] == "Pod"]) == PODS


@pytest.mark.usefixtures("small_pages")
def test_a_list_whose_token_has_expired_begins_anew(server: RealServer) -> None:
    pages: list[int] = []

    def told(plural: str, count: int) -> None:
        if plural != "pods":
            return
        pages.append(count)
        if len(pages) == 1:
            # Something changes, and the store forgets what was before.
            server.make(CORE, {"metadata": {"name": f"later-{count}"}})
            server.forget()

    taken = nr.snapshot(kubeconfig=server.kubeconfig(), progress=told)
    assert len([item for item in taken.objects if item["kind"] == "Pod"]) == PODS
    assert pages == [3, 3, 3, 1]


def test_the_role_in_deploy_is_all_that_a_snapshot_needs(
    server: RealServer, repository: Path
) -> None:
    mine = server.kubeconfig(GUEST_TOKEN)
    with pytest.raises(InputError, match="cannot be listed"):
        nr.snapshot(kubeconfig=mine)
    _give_role(server, repository, {resource.plural for resource in RESOURCES})
    assert nr.snapshot(kubeconfig=mine).look.missing == ()
    _give_role(server, repository, {resource.plural for resource in RESOURCES} - {"nodes"})
    (gap,) = nr.snapshot(kubeconfig=mine).look.missing
    assert (gap.resource, gap.reason) == ("nodes", "forbidden")


def _give_role(server: RealServer, repository: Path, plurals: set[str]) -> None:
    """Give the guest the role in ``deploy/``, for these kinds alone."""
    root = "/apis/rbac.authorization.k8s.io/v1"
    text = (repository / "deploy/rbac.yaml").read_text()
    found = {body["kind"]: body for body in yaml.safe_load_all(text)}
    role, binding = found["ClusterRole"], found["ClusterRoleBinding"]
    for rule in role["rules"]:
        rule["resources"] = [name for name in rule["resources"] if name in plurals]
    role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
    binding["subjects"] = [{"kind": "User", "name": GUEST, "apiGroup": "rbac.authorization.k8s.io"}]
    for plural, body in (("clusterroles", role), ("clusterrolebindings", binding)):
        server.ask("DELETE", f"{root}/{plural}/{body['metadata']['name']}")
        server.make(f"{root}/{plural}", body)


def test_the_server_accepts_every_draft(server: RealServer, repository: Path) -> None:
    drafts = nr.recommend(repository / "data/flows.jsonl.gz").to_yaml()
    documents = list(yaml.safe_load_all(drafts))
    assert documents
    for body in documents:
        namespace = body["metadata"]["namespace"]
        server.ask("POST", CORE, {"metadata": {"name": namespace}})
        path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
        status, told = server.ask("POST", f"{path}?dryRun=All&fieldValidation=Strict", body)
        assert status == 201, told
        assert told["spec"] == body["spec"]


#: What a file must say, and a request to the server need not: it is in the request's path, or the
#: server sets it itself.
_TOLD_BY_THE_REQUEST = {"apiVersion", "metadata.generation"}


def test_validation_refuses_what_the_server_refuses_and_accepts_what_it_accepts(
    server: RealServer,
) -> None:
    server.ask("POST", CORE, {"metadata": {"name": "shop"}})
    path = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
    wrong = []
    for place, value in [*(row[:2] for row in REFUSED), *ACCEPTED]:
        document = changed(place, value)
        status, told = server.ask("POST", f"{path}?dryRun=All&fieldValidation=Strict", document)
        findings = validate_network_policy(document, where="x.yaml")
        refused = any(finding.severity is Severity.ERROR for finding in findings)
        if refused != (status != 201) and place not in _TOLD_BY_THE_REQUEST:
            wrong.append((place, value, told.get("message")))
    assert wrong == []


#: What the documentation asks kubectl for.
_KINDS = "ns,no,po,svc,endpointslices,deploy,rs,sts,ds,job,cronjob,netpol"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="dumps need kubectl on the PATH")
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("dump.json", ["get", _KINDS, "-A", "-o", "json"]),
        ("dump.yaml", ["get", _KINDS, "-A", "-o", "yaml"]),
        ("dump", ["cluster-info", "dump", "-A", "--output-directory=dump"]),
        ("dump.txt", ["cluster-info", "dump", "-A"]),
    ],
)
def test_what_kubectl_dumps_says_the_same_as_a_snapshot(
    server: RealServer, tmp_path: Path, name: str, command: list[str]
) -> None:
    reach = ["--kubeconfig", str(server.kubeconfig())]
    done = subprocess.run(
        ["kubectl", *reach, *command], cwd=tmp_path, capture_output=True, check=True
    )
    path = tmp_path / name
    if not path.exists():
        path.write_bytes(done.stdout)
    dumped, taken = nr.read_inventory(path), nr.snapshot(kubeconfig=server.kubeconfig()).inventory()
    web = Entity.workload("shop", "Deployment", "web")
    assert dumped.workloads[web].pods == taken.workloads[web].pods
    assert dumped.workloads[web].selector == taken.workloads[web].selector
    held = [{(h.ip, h.start, h.pod) for h in known.holdings if h.pod} for known in (dumped, taken)]
    assert held[0] == held[1]
