"""An application out of a folder of Kubernetes manifests.

Workloads and Services are taken as they stand. Calls are what the manifests imply: addresses in
environment variables, ConfigMaps and arguments of containers that name a Service or a host
outside, and clients outside for every Service that takes them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from recommender.model.errors import ManifestError
from recommender.simulation.addressed import configured
from recommender.simulation.checks import check
from recommender.simulation.graph import (
    Application,
    ContainerPort,
    Namespace,
    Service,
    ServicePort,
    Target,
    Workload,
)
from recommender.simulation.implied import from_outside, implied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Object = dict[str, Any]

_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")
_RESOLVER: Final = Target.workload("kube-system", "coredns")


def load_manifests(path: Path) -> Application:
    """Read a folder of manifests, or one file of them.

    Args:
        path: A folder, read with the folders below it, or a file; ``.yaml``, ``.yml``, ``.json``.

    Returns:
        The application, named after the folder or file. A DNS resolver is added where the
        manifests have none.

    Raises:
        ManifestError: A file cannot be read, is no YAML, or nothing in them is a workload.
    """
    objects = [item for file in _files(path) for item in _objects(file)]
    try:
        application = _application(path, objects)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ManifestError(
            f"a manifest has a field of an unexpected form: {error}",
            where=str(path),
            hint="check it with kubectl apply --dry-run=server",
        ) from error
    check(application, where=path.name)
    return application


def _application(path: Path, objects: list[Object]) -> Application:
    maps = {
        (_namespace_of(item), _name_of(item)): item.get("data") or {}
        for item in objects
        if item.get("kind") == "ConfigMap"
    }
    pods = [(item, _pod_template(item)) for item in objects if item.get("kind") in _KINDS]
    workloads = [_workload(item, template) for item, template in pods]
    if not workloads:
        raise ManifestError(
            "holds no workload",
            where=str(path),
            hint="a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod",
        )
    services = [_service(item) for item in objects if item.get("kind") == "Service"]
    services = [service for service in services if service.selector]
    calls = list(from_outside(services, workloads))
    for (_, template), client in zip(pods, workloads, strict=True):
        calls.extend(
            implied(client, configured(template, client.namespace, maps), services, workloads)
        )
    _add_resolver(workloads, services)
    return Application(
        name=path.resolve().name.partition(".")[0],
        namespaces=_namespaces(objects, workloads, services),
        workloads=tuple(workloads),
        services=tuple(services),
        calls=tuple(dict.fromkeys(calls)),
        resolver=next(entry.target for entry in workloads if _is_resolver(entry)),
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = [file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file()]
    if not found:
        raise ManifestError("holds no manifests", where=str(path), hint="YAML or JSON files")
    return sorted(found)


def _objects(file: Path) -> Iterator[Object]:
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot be read: {error}", where=str(file)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise ManifestError(f"is not YAML: {problem}", where=f"{file}{line}") from error
    for document in documents:
        if isinstance(document, dict):
            items = document.get("items") if document.get("kind") == "List" else [document]
            yield from (item for item in items or [] if isinstance(item, dict))


def _name_of(item: Object) -> str:
    return str((item.get("metadata") or {}).get("name", ""))


def _namespace_of(item: Object) -> str:
    return str((item.get("metadata") or {}).get("namespace") or "default")


# --- workloads and Services ----------------------------------------------------------------------


def _pod_template(item: Object) -> Object:
    """Labels and spec of the pods that an object makes."""
    if item["kind"] == "Pod":
        return item
    spec = item.get("spec") or {}
    if item["kind"] == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template: Object = spec.get("template") or {}
    return template


def _workload(item: Object, template: Object) -> Workload:
    spec = item.get("spec") or {}
    pod_spec = template.get("spec") or {}
    containers = pod_spec.get("containers") or []
    ports = tuple(
        ContainerPort(
            int(port["containerPort"]),
            str(port.get("protocol") or "TCP"),
            str(port.get("name") or ""),
        )
        for container in containers
        for port in container.get("ports") or []
    )
    labels = (template.get("metadata") or {}).get("labels") or {}
    replicas = spec.get("replicas")
    return Workload(
        namespace=_namespace_of(item),
        kind=str(item["kind"]),
        name=_name_of(item),
        replicas=1 if replicas is None else int(replicas),
        labels={str(key): str(value) for key, value in labels.items()},
        ports=tuple(dict.fromkeys(ports)),
        probes=_probes(containers, ports),
        host_network=bool(pod_spec.get("hostNetwork")),
        schedule=str(spec.get("schedule") or ""),
        service_account=str(pod_spec.get("serviceAccountName") or ""),
    )


def _probes(containers: list[Object], ports: Iterable[ContainerPort]) -> tuple[int, ...]:
    """The port numbers that the kubelet connects to."""
    names = {port.name: port.number for port in ports if port.name}
    found: set[int] = set()
    for container in containers:
        for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
            probe = container.get(kind) or {}
            for action in ("httpGet", "tcpSocket", "grpc"):
                port = (probe.get(action) or {}).get("port")
                number = names.get(port) if isinstance(port, str) else port
                if isinstance(number, int):
                    found.add(number)
    return tuple(sorted(found))


def _service(item: Object) -> Service:
    spec = item.get("spec") or {}
    kind = str(spec.get("type") or "ClusterIP")
    selector = spec.get("selector") or {}
    return Service(
        namespace=_namespace_of(item),
        name=_name_of(item),
        selector={str(key): str(value) for key, value in selector.items()},
        ports=tuple(
            ServicePort(
                int(port["port"]),
                port.get("targetPort", port["port"]),
                str(port.get("protocol") or "TCP"),
                str(port.get("name") or ""),
            )
            for port in spec.get("ports") or []
        ),
        type="Headless" if spec.get("clusterIP") == "None" else kind,
    )


def _namespaces(
    objects: list[Object],
    workloads: list[Workload],
    services: list[Service],
) -> tuple[Namespace, ...]:
    names = {entry.namespace for entry in workloads} | {entry.namespace for entry in services}
    labels: dict[str, Mapping[str, str]] = {}
    for item in objects:
        if item.get("kind") == "Namespace":
            names.add(_name_of(item))
            given = (item.get("metadata") or {}).get("labels") or {}
            labels[_name_of(item)] = {str(key): str(value) for key, value in given.items()}
    return tuple(Namespace(name, labels.get(name, {})) for name in sorted(names))


def _is_resolver(workload: Workload) -> bool:
    return workload.labels.get("k8s-app") == "kube-dns" or workload.target == _RESOLVER


def _add_resolver(workloads: list[Workload], services: list[Service]) -> None:
    if any(_is_resolver(workload) for workload in workloads):
        return
    labels = {"k8s-app": "kube-dns"}
    ports = (ContainerPort(53, "UDP", "dns"), ContainerPort(53, "TCP", "dns-tcp"))
    workloads.append(
        Workload(
            _RESOLVER.namespace,
            "Deployment",
            _RESOLVER.name,
            2,
            labels,
            ports,
            service_account="coredns",
        ),
    )
    leads = (ServicePort(53, "dns", "UDP", "dns"), ServicePort(53, "dns-tcp", "TCP", "dns-tcp"))
    services.append(Service(_RESOLVER.namespace, "kube-dns", labels, leads))
