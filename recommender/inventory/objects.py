"""Single Kubernetes objects to typed values: pods, namespaces, Services, nodes, endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.inventory.types import (
    ContainerPort,
    Namespace,
    Node,
    Pod,
    Schedule,
    Service,
    ServiceEndpoint,
    ServicePort,
)
from recommender.model.addresses import parse_address
from recommender.model.errors import ModelError
from recommender.model.labels import NAMESPACE_NAME
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS

if TYPE_CHECKING:
    from recommender.inventory.fields import Fields
    from recommender.inventory.types import Labels

#: Where an object without a namespace lives.
DEFAULT_NAMESPACE = "default"

_NODE_ADDRESSES = frozenset({"InternalIP", "ExternalIP"})


def name_of(item: Fields) -> str:
    """The object's name.

    Raises:
        ManifestError: It has none.
    """
    metadata = item.child("metadata")
    return metadata.text("name") or metadata.fail("name", "an object needs a name")


def namespace_of(item: Fields) -> str:
    """The namespace of an object; ``default`` where it names none, as kubectl applies it."""
    return item.child("metadata").text("namespace") or DEFAULT_NAMESPACE


def namespace(item: Fields) -> Namespace:
    """A Namespace, with the label that the API server sets on every one."""
    return bare_namespace(name_of(item), item.child("metadata").labels("labels"))


def bare_namespace(name: str, labels: Labels = ()) -> Namespace:
    """A namespace by its name alone, as the API server would label it."""
    return Namespace(name, tuple(sorted({**dict(labels), NAMESPACE_NAME: name}.items())))


def pod(item: Fields) -> Pod:
    """A Pod with its addresses, phase and declared ports."""
    metadata, spec, status = item.child("metadata"), item.child("spec"), item.child("status")
    listed = [entry.text("ip") for entry in status.children("podIPs")]
    single = status.text("podIP")
    ips = [ip for ip in listed or [single] if ip]
    return Pod(
        namespace_of(item),
        name_of(item),
        metadata.labels("labels"),
        _addresses(status, "podIPs", ips),
        spec.text("nodeName"),
        spec.flag("hostNetwork"),
        status.text("phase"),
        container_ports(spec),
    )


def container_ports(spec: Fields) -> tuple[ContainerPort, ...]:
    """Declared ports in container order, those of sidecar init containers last.

    The order matters: of two ports with one name the first counts (``FindPort`` of the
    endpoint-slice controller).
    """
    containers = spec.children("containers")
    sidecars = [
        entry
        for entry in spec.children("initContainers")
        if entry.text("restartPolicy") == "Always"
    ]
    return tuple(
        ContainerPort(_port(entry, "containerPort"), _protocol(entry), entry.text("name"))
        for container in (*containers, *sidecars)
        for entry in container.children("ports")
    )


def service(item: Fields) -> Service:
    """A Service with its selector, addresses and ports."""
    spec = item.child("spec")
    singles = [spec.text("clusterIP")]
    cluster_ips = [ip for ip in spec.texts("clusterIPs") or singles if ip and ip != "None"]
    balancer = item.child("status").child("loadBalancer").children("ingress")
    external = [*spec.texts("externalIPs"), *(entry.text("ip") for entry in balancer)]
    external.append(spec.text("loadBalancerIP"))
    return Service(
        namespace_of(item),
        name_of(item),
        spec.text("type") or "ClusterIP",
        spec.labels("selector"),
        _addresses(spec, "clusterIPs", cluster_ips),
        tuple(_service_port(entry) for entry in spec.children("ports")),
        tuple(sorted(set(_addresses(spec, "externalIPs", [ip for ip in external if ip])))),
        spec.text("externalTrafficPolicy") or "Cluster",
    )


def node(item: Fields) -> Node:
    """A Node with its addresses and pod ranges; host names are left out."""
    spec = item.child("spec")
    single = spec.text("podCIDR")
    addresses = [
        entry.text("address")
        for entry in item.child("status").children("addresses")
        if entry.text("type") in _NODE_ADDRESSES
    ]
    return Node(
        name_of(item),
        _addresses(item.child("status"), "addresses", addresses),
        spec.texts("podCIDRs") or ((single,) if single else ()),
        item.child("metadata").labels("labels"),
    )


def schedule(item: Fields) -> Schedule:
    """When a CronJob runs, as it is written."""
    spec = item.child("spec")
    return Schedule(spec.text("schedule"), spec.text("timeZone"), spec.flag("suspend"))


def endpoints(item: Fields) -> tuple[ServiceEndpoint, ...]:
    """Addresses and ports of an Endpoints or EndpointSlice object, sorted; names are left out."""
    found = [
        end
        for subset in item.children("subsets")
        for end in _ends(subset, [entry.text("ip") for entry in subset.children("addresses")])
    ]
    if item.text("addressType") in {"", "IPv4", "IPv6"}:
        texts = [text for entry in item.children("endpoints") for text in entry.texts("addresses")]
        found += _ends(item, texts)
    return tuple(sorted(set(found)))


def _ends(fields: Fields, texts: list[str]) -> list[ServiceEndpoint]:
    """Every address at every port; at port 0 where none is named."""
    ports = [
        (entry.number("port") or 0, _protocol(entry), entry.text("name"))
        for entry in fields.children("ports")
    ]
    return [
        ServiceEndpoint(ip, *port)
        for ip in _addresses(fields, "endpoints", [text for text in texts if text])
        for port in ports or [(0, "TCP", "")]
    ]


def _service_port(entry: Fields) -> ServicePort:
    port = _port(entry, "port")
    target = entry.body.get("targetPort")
    named = target if isinstance(target, str) and not target.isdigit() else ""
    number = int(target) if isinstance(target, str) and target.isdigit() else 0
    if target is not None and not isinstance(target, str):
        number = entry.number("targetPort") or 0
    return ServicePort(
        port,
        _protocol(entry),
        entry.text("name"),
        named or number or port,
        entry.number("nodePort") or 0,
    )


def _port(entry: Fields, key: str) -> int:
    number = entry.number(key)
    if number is None or not MIN_PORT <= number <= MAX_PORT:
        entry.fail(key, f"a port is a number from {MIN_PORT} to {MAX_PORT}")
    return number


def _protocol(entry: Fields) -> str:
    protocol = entry.text("protocol") or "TCP"
    if protocol not in PROTOCOLS:
        entry.fail("protocol", f"no such protocol: {protocol!r}", hint=", ".join(PROTOCOLS))
    return protocol


def _addresses(fields: Fields, key: str, texts: list[str]) -> tuple[str, ...]:
    """Addresses in canonical form, each once, in their order."""
    try:
        return tuple(dict.fromkeys(str(parse_address(text)) for text in texts))
    except ModelError as error:
        fields.fail(key, error.message)
