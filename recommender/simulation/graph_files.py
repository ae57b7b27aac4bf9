"""Application files: an application graph as YAML or JSON, read with clear errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from recommender.model.errors import InputError
from recommender.simulation.checks import check
from recommender.simulation.graph import (
    KINDS,
    PROTOCOLS,
    SERVICE_TYPES,
    ApiServer,
    Application,
    Call,
    ContainerPort,
    Intent,
    Namespace,
    Outcome,
    Service,
    ServicePort,
    Target,
    TargetKind,
    Workload,
)
from recommender.simulation.reading import ApplicationError, Fields

if TYPE_CHECKING:
    from pathlib import Path

_PREFIXED: Final = {"cidr": TargetKind.CIDR, "fqdn": TargetKind.FQDN}
_SINGLE: Final = {
    kind.value: kind for kind in (TargetKind.WORLD, TargetKind.APISERVER, TargetKind.NODE)
}
_MAX_PORT: Final = 65_535


def load(path: Path) -> Application:
    """Read an application file.

    Args:
        path: A YAML or JSON file, as `recommender.simulation.dumping.dump` writes it.

    Raises:
        InputError: The file cannot be read.
        ApplicationError: It is no YAML, or a field is missing, unknown or contradicts another.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be read: {error}",
            where=str(path),
            hint="give the path of an application file",
        ) from error
    return parse(text, where=path.name)


def parse(text: str, *, where: str = "application") -> Application:
    """Read an application from YAML or JSON text.

    Raises:
        ApplicationError: As `load`.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise ApplicationError(f"is not YAML: {problem}", where=f"{where}{line}") from error
    root = Fields.of(document, where)
    root.only(
        "application",
        "cluster",
        "resolver",
        "apiserver",
        "namespaces",
        "workloads",
        "services",
        "calls",
    )
    workloads = tuple(_workload(fields) for fields in root.mappings("workloads"))
    application = Application(
        name=root.text("application"),
        cluster=root.text("cluster", "demo"),
        namespaces=tuple(_namespace(fields) for fields in root.mappings("namespaces")),
        workloads=workloads,
        services=tuple(_service(fields) for fields in root.mappings("services")),
        calls=tuple(_call(fields, workloads) for fields in root.mappings("calls")),
        resolver=_target(root, "resolver") if "resolver" in root.value else None,
        apiserver=_apiserver(root),
    )
    check(application, where=where)
    return application


def _namespace(fields: Fields) -> Namespace:
    fields.only("name", "labels", "enforced", "dnsVisibility")
    return Namespace(
        name=fields.text("name"),
        labels=fields.labels("labels"),
        enforced=fields.flag("enforced"),
        dns_visibility=fields.flag("dnsVisibility"),
    )


def _workload(fields: Fields) -> Workload:
    fields.only(
        "namespace",
        "kind",
        "name",
        "replicas",
        "labels",
        "ports",
        "probes",
        "hostNetwork",
        "schedule",
        "serviceAccount",
        "controlPlane",
    )
    name = fields.text("name")
    return Workload(
        namespace=fields.text("namespace"),
        kind=fields.one_of("kind", KINDS, "Deployment"),
        name=name,
        replicas=fields.integer("replicas", 1),
        labels=fields.labels("labels") if "labels" in fields.value else {"app": name},
        ports=tuple(_container_port(port) for port in fields.mappings("ports")),
        probes=fields.integers("probes"),
        host_network=fields.flag("hostNetwork"),
        schedule=fields.text("schedule", ""),
        service_account=fields.text("serviceAccount", ""),
        control_plane=fields.flag("controlPlane"),
    )


def _container_port(fields: Fields) -> ContainerPort:
    fields.only("number", "protocol", "name")
    return ContainerPort(
        _port(fields, "number"),
        fields.one_of("protocol", PROTOCOLS[:3], "TCP"),
        fields.text("name", ""),
    )


def _service(fields: Fields) -> Service:
    fields.only("namespace", "name", "type", "selector", "ports")
    return Service(
        namespace=fields.text("namespace"),
        name=fields.text("name"),
        selector=fields.labels("selector"),
        ports=tuple(_service_port(port) for port in fields.mappings("ports")),
        type=fields.one_of("type", SERVICE_TYPES, "ClusterIP"),
    )


def _service_port(fields: Fields) -> ServicePort:
    fields.only("port", "target", "protocol", "name")
    number = _port(fields, "port")
    target = fields.value.get("target", number)
    return ServicePort(
        number,
        target if isinstance(target, str) else _port(fields, "target", number),
        fields.one_of("protocol", PROTOCOLS[:3], "TCP"),
        fields.text("name", ""),
    )


def _call(fields: Fields, workloads: tuple[Workload, ...]) -> Call:
    fields.only(
        "from",
        "to",
        "port",
        "protocol",
        "rate",
        "days",
        "outcome",
        "l7",
        "longLived",
        "intent",
    )
    server = _target(fields, "to")
    protocol = fields.one_of("protocol", PROTOCOLS, "TCP")
    return Call(
        client=_target(fields, "from"),
        server=server,
        port=_call_port(fields, server, protocol, workloads),
        protocol=protocol,
        rate=fields.number("rate", 1.0),
        days=fields.integers("days"),
        outcome=fields.enum("outcome", Outcome.ACCEPTED),
        l7=fields.one_of("l7", ("", "http"), ""),
        long_lived=fields.flag("longLived"),
        intent=fields.enum("intent", Intent.APPLICATION),
    )


def _call_port(
    fields: Fields,
    server: Target,
    protocol: str,
    workloads: tuple[Workload, ...],
) -> int:
    if protocol == "ICMP":
        return 0
    value = fields.value.get("port")
    if not isinstance(value, str):
        return _port(fields, "port")
    for workload in workloads:
        if workload.target == server:
            for port in workload.ports:
                if port.name == value and port.protocol == protocol:
                    return port.number
            break
    else:
        raise fields.error("to", f"unknown workload {server}")
    raise fields.error("port", f"{server} has no {protocol} port named {value!r}")


def _port(fields: Fields, field: str, default: int = 0) -> int:
    number = fields.integer(field, default)
    if not 0 < number <= _MAX_PORT:
        raise fields.error(field, f"{number} is no port", "ports are 1 to 65535")
    return number


def _apiserver(root: Fields) -> ApiServer:
    fields = Fields.of(root.value.get("apiserver", {}), f"{root.where}.apiserver")
    fields.only("port", "managed", "address")
    default = ApiServer()
    return ApiServer(
        port=_port(fields, "port", default.port),
        managed=fields.flag("managed"),
        address=fields.text("address", default.address),
    )


def _target(fields: Fields, field: str) -> Target:
    text = fields.text(field)
    prefix, colon, name = text.partition(":")
    if colon and prefix in _PREFIXED and name:
        return Target(_PREFIXED[prefix], name=name)
    if text in _SINGLE:
        return Target(_SINGLE[text])
    namespace, slash, workload = text.partition("/")
    if slash and namespace and workload:
        return Target.workload(namespace, workload)
    raise fields.error(
        field,
        f"{text!r} names no end of a call",
        "write namespace/workload, fqdn:NAME, cidr:NETWORK, world, node or kube-apiserver",
    )
