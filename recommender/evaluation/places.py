"""Ends by the texts that people type: workloads, pods, Services, addresses, DNS names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.evaluation.ends import End, end_of, outside, pod_end
from recommender.evaluation.naming import find_workloads
from recommender.evaluation.ports import resolve
from recommender.evaluation.wording import end_text
from recommender.model.addresses import parse_address
from recommender.model.errors import ModelError, UsageError
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS
from recommender.model.text import clean

if TYPE_CHECKING:
    from recommender.evaluation.engine import Engine
    from recommender.inventory.types import Inventory, Pod, Service
    from recommender.model.entities import Entity

_THREE: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a question.

    Attributes:
        text: The end for people.
        workload: The workload, where it is one.
        pods: The pods, where it is one pod or the pods of a Service.
        address: The outside address, where it is one.
        name: The DNS name, where it is one.
    """

    text: str
    workload: Entity | None = None
    pods: tuple[Pod, ...] = ()
    address: str = ""
    name: str = ""

    def end(self, engine: Engine) -> End:
        """What it is to an engine."""
        if self.workload is not None:
            return end_of(engine, self.workload)
        if self.pods:
            ends = [pod_end(engine, pod) for pod in self.pods]
            instances = {instance for end in ends for instance in end.instances}
            return End(
                tuple(sorted(instances)), ends[0].namespace, "" if instances else "no-running-pod"
            )
        return outside(engine, (self.address,) if self.address else (), self.name)

    def names(self) -> tuple[tuple[str, str], ...]:
        """The DNS name with its address, for policies that speak of names."""
        return ((self.name, self.address),) if self.name else ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection goes: an end with a protocol and a pod's port.

    Attributes:
        text: The end for people.
        place: The end.
        protocol: The protocol.
        port: The pod's port; None for all.
    """

    text: str
    place: Place
    protocol: str
    port: int | None


def find_place(inventory: Inventory, text: str) -> Place:
    """The end that a text names.

    Raises:
        UsageError: There is none.
    """
    try:
        address = str(parse_address(text))
    except ModelError:
        pass
    else:
        return Place(f"{address}[External]", address=address)
    pod = _pod(inventory, text)
    if pod is not None:
        return Place(clean(f"{pod.namespace}/{pod.name}[Pod]"), pods=(pod,))
    try:
        found = find_workloads(inventory.workloads, text)
    except UsageError:
        if "/" not in text and "." in text:
            return Place(clean(f"{text}[External]"), name=text.rstrip(".").lower())
        raise
    if len(found) > 1:
        names = ", ".join(entity.id for entity in found[:5])
        raise UsageError(f"{text} names several workloads: {names}", hint="write one in full")
    return Place(end_text(found[0]), workload=found[0])


def find_target(inventory: Inventory, text: str, port: int | str | None) -> Target:
    """The end and the pod's port that a destination and a port mean; Services are resolved.

    Raises:
        UsageError: There is no such end or port.
    """
    protocol, wanted = _split(port)
    service = _service(inventory, text)
    if service is not None:
        return _behind(inventory, service, protocol, wanted)
    place = find_place(inventory, text)
    if isinstance(wanted, str):
        pods = place.pods or _pods_of(inventory, place.workload)
        numbers = {pair for pod in pods for pair in resolve(pod.ports, (protocol or None, wanted))}
        if len(numbers) != 1:
            known = "no" if not numbers else "more than one"
            raise UsageError(f"{place.text} has {known} port named {wanted}", hint="give a number")
        protocol, wanted = numbers.pop()
    return Target(place.text, place, protocol or "TCP", wanted)


def _split(port: int | str | None) -> tuple[str, int | str | None]:
    """Protocol (empty where not said) and port of ``80``, ``UDP/53``, ``http``."""
    if port is None or isinstance(port, int):
        return "", _checked(port)
    protocol, slash, rest = port.rpartition("/")
    if slash and protocol.upper() not in PROTOCOLS:
        raise UsageError(f"no such protocol: {protocol}", hint=", ".join(PROTOCOLS))
    return protocol.upper(), _checked(int(rest)) if rest.isdigit() else rest


def _checked(port: int | None) -> int | None:
    if port is not None and not MIN_PORT <= port <= MAX_PORT:
        raise UsageError(f"no such port: {port}", hint=f"{MIN_PORT} to {MAX_PORT}")
    return port


def _pod(inventory: Inventory, text: str) -> Pod | None:
    parts = text.split("/")
    if len(parts) != _THREE or parts[1].lower() != "pod":
        return None
    for workload in inventory.workloads.values():
        for pod in workload.pods:
            if (pod.namespace, pod.name) == (parts[0], parts[2]):
                return pod
    return None


def _pods_of(inventory: Inventory, entity: Entity | None) -> tuple[Pod, ...]:
    return inventory.workloads[entity].pods if entity is not None else ()


def _service(inventory: Inventory, text: str) -> Service | None:
    parts = text.split("/")
    if len(parts) != _THREE or parts[1].lower() not in {"service", "svc"}:
        return None
    for service in inventory.services:
        if (service.namespace, service.name) == (parts[0], parts[2]):
            return service
    raise UsageError(f"no such Service: {parts[0]}/{parts[2]}")


def _behind(
    inventory: Inventory,
    service: Service,
    protocol: str,
    wanted: int | str | None,
) -> Target:
    """The pods behind a Service, and the port of theirs that one of its ports leads to."""
    text = clean(f"{service.namespace}/{service.name}[Service]")
    pods = tuple(
        pod
        for workload in inventory.workloads.values()
        for pod in workload.pods
        if service.selector
        and pod.namespace == service.namespace
        and set(service.selector) <= set(pod.labels)
    )
    if not pods:
        raise UsageError(f"{text} leads to no pod")
    place = Place(text, pods=pods)
    if wanted is None:
        return Target(text, place, protocol or "TCP", None)
    for port in service.ports:
        if wanted not in {port.port, port.name} or protocol not in {"", port.protocol}:
            continue
        if isinstance(port.target_port, int):
            return Target(text, place, port.protocol, port.target_port)
        wanted_name = (port.protocol, port.target_port)
        numbers = {number for pod in pods for _, number in resolve(pod.ports, wanted_name)}
        if len(numbers) != 1:
            raise UsageError(f"{text} leads to {len(numbers)} pod ports named {port.target_port}")
        return Target(text, place, port.protocol, numbers.pop())
    raise UsageError(f"{text} has no port {wanted}")
