"""Manifests to an inventory: pods find their owners, templates stand for pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.inventory import read_inventory
from recommender.inventory.types import ContainerPort, ServicePort
from recommender.model.entities import Entity
from recommender.model.labels import LabelSelector

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.inventory import Inventory

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      serviceAccountName: web
      containers:
      - name: main
        ports: [{name: http, containerPort: 8080}]
"""
POD = """
apiVersion: v1
kind: Pod
metadata:
  name: web-5d9c-abcde
  namespace: shop
  labels: {app: web, pod-template-hash: 5d9c}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d9c, controller: true}]
spec: {nodeName: node-1, containers: [{name: main, ports: [{containerPort: 8080}]}]}
status: {phase: Running, podIP: 10.0.0.7, podIPs: [{ip: 10.0.0.7}, {ip: "fd00::7"}]}
"""
REPLICA_SET = """
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-5d9c
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}
"""


def read(folder: Path, *objects: str, infer_owners: bool = True) -> Inventory:
    path = folder / "objects.yaml"
    path.write_text("\n---\n".join(objects))
    return read_inventory([path], infer_owners=infer_owners)


def test_a_controller_without_pods_stands_as_one_virtual_pod(tmp_path: Path) -> None:
    inventory = read(tmp_path, DEPLOYMENT)
    (workload,) = inventory.workloads.values()
    assert workload.entity == Entity.workload("shop", "Deployment", "web")
    assert workload.selector == LabelSelector.of({"app": "web"})
    assert (workload.replicas, workload.service_account) == (3, "web")
    (pod,) = workload.pods
    assert dict(pod.labels) == {"app": "web", "tier": "front"}
    assert pod.ports == (ContainerPort(8080, "TCP", "http"),)


def test_pods_are_found_through_the_replica_set_of_their_deployment(tmp_path: Path) -> None:
    inventory = read(tmp_path, POD, REPLICA_SET, DEPLOYMENT)
    (workload,) = inventory.workloads.values()
    assert workload.entity.workload_kind == "Deployment"
    assert [pod.name for pod in workload.pods] == ["web-5d9c-abcde"]
    assert workload.pods[0].ips == ("10.0.0.7", "fd00::7")


def test_a_deployment_is_told_from_the_pods_own_hash(tmp_path: Path) -> None:
    (workload,) = read(tmp_path, POD).workloads.values()
    assert workload.entity == Entity.workload("shop", "Deployment", "web")
    assert workload.name_inferred


def test_without_inference_the_direct_owner_stands(tmp_path: Path) -> None:
    (workload,) = read(tmp_path, POD, infer_owners=False).workloads.values()
    assert workload.entity == Entity.workload("shop", "ReplicaSet", "web-5d9c")
    assert not workload.name_inferred


def test_a_hash_that_does_not_fit_infers_nothing(tmp_path: Path) -> None:
    pod = POD.replace("pod-template-hash: 5d9c", "pod-template-hash: other")
    (workload,) = read(tmp_path, pod).workloads.values()
    assert workload.entity.workload_kind == "ReplicaSet"


def test_a_job_of_a_schedule_belongs_to_its_cron_job(tmp_path: Path) -> None:
    pod = POD.replace("ReplicaSet, name: web-5d9c", "Job, name: backup-28912345")
    (workload,) = read(tmp_path, pod).workloads.values()
    assert workload.entity == Entity.workload("shop", "CronJob", "backup")


def test_a_static_pod_is_its_own_workload(tmp_path: Path) -> None:
    pod = POD.replace("ReplicaSet, name: web-5d9c", "Node, name: node-1")
    (workload,) = read(tmp_path, pod).workloads.values()
    assert workload.entity == Entity.workload("shop", "Pod", "web-5d9c-abcde")


def test_owners_in_a_circle_end(tmp_path: Path) -> None:
    loop = REPLICA_SET.replace("kind: Deployment, name: web", "kind: ReplicaSet, name: web-5d9c")
    (workload,) = read(tmp_path, loop).workloads.values()
    assert workload.entity.name == "web-5d9c"


def test_the_labels_of_a_workload_are_those_of_all_its_pods(tmp_path: Path) -> None:
    other = POD.replace("web-5d9c-abcde", "web-5d9c-fghij").replace("app: web", "app: other")
    (workload,) = read(tmp_path, POD, other).workloads.values()
    assert workload.labels == (("pod-template-hash", "5d9c"),)


def test_a_cron_job_is_read_through_its_job_template(tmp_path: Path) -> None:
    text = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  jobTemplate:
    spec: {template: {metadata: {labels: {app: backup}}, spec: {containers: []}}}
"""
    (workload,) = read(tmp_path, text).workloads.values()
    assert (workload.entity.namespace, workload.labels) == ("default", (("app", "backup"),))


def test_sidecar_init_containers_declare_ports_and_others_do_not(tmp_path: Path) -> None:
    pod = POD.replace(
        "containers: [",
        "initContainers: [{restartPolicy: Always, ports: [{containerPort: 15090}]}, "
        "{ports: [{containerPort: 1}]}], containers: [",
    )
    (workload,) = read(tmp_path, pod).workloads.values()
    assert [port.port for port in workload.pods[0].ports] == [8080, 15090]


def test_a_namespace_always_has_its_name_as_a_label(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n"
    inventory = read(tmp_path, text, DEPLOYMENT.replace("shop", "other"))
    assert dict(inventory.namespaces["shop"].labels) == {
        "kubernetes.io/metadata.name": "shop",
        "team": "a",
    }
    assert "other" in inventory.namespaces


def test_a_service_leads_to_its_target_ports(tmp_path: Path) -> None:
    text = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: web}
  clusterIP: 10.96.0.9
  ports:
  - {name: http, port: 80, targetPort: http, nodePort: 30080}
  - {name: dns, port: 53, protocol: UDP}
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
"""
    (service,) = read(tmp_path, text).services
    assert service.cluster_ips == ("10.96.0.9",)
    assert service.external_ips == ("192.0.2.1",)
    assert service.ports == (
        ServicePort(80, "TCP", "http", "http", 30080),
        ServicePort(53, "UDP", "dns", 53),
    )


def test_a_headless_service_has_no_address(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
        "spec: {clusterIP: None, clusterIPs: [None], selector: {app: db}}\n"
    )
    (service,) = read(tmp_path, text).services
    assert service.cluster_ips == ()


def test_nodes_and_the_api_servers_endpoints(tmp_path: Path) -> None:
    node = """
apiVersion: v1
kind: Node
metadata: {name: node-1, labels: {zone: a}}
spec: {podCIDR: 10.0.0.0/24}
status:
  addresses:
  - {type: Hostname, address: node-1}
  - {type: InternalIP, address: 192.168.0.4}
"""
    slice_ = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  {name: kubernetes-x, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
endpoints: [{addresses: [192.168.0.2]}]
"""
    inventory = read(tmp_path, node, slice_)
    assert inventory.nodes[0].addresses == ("192.168.0.4",)
    assert inventory.nodes[0].pod_cidrs == ("10.0.0.0/24",)
    assert inventory.apiserver_addresses == ("192.168.0.2",)


def test_an_object_with_a_wrong_type_is_named_with_its_field(tmp_path: Path) -> None:
    inventory = read(tmp_path, POD.replace("containerPort: 8080", "containerPort: http"))
    (finding,) = inventory.findings
    assert finding.subject == "Pod web-5d9c-abcde"
    assert "field spec.containers[0].ports[0].containerPort" in finding.where
    assert inventory.workloads == {}


def test_label_values_that_yaml_reads_as_numbers_are_named(tmp_path: Path) -> None:
    inventory = read(tmp_path, POD.replace("app: web,", "app: 5,"))
    assert "metadata.labels.app" in inventory.findings[0].where
