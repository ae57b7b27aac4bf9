"""Whether an application holds together: every name that is used stands for something."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from recommender.simulation import cron
from recommender.simulation.graph import Outcome, TargetKind
from recommender.simulation.reading import ApplicationError

if TYPE_CHECKING:
    from recommender.simulation.graph import Application, Call, Target, Workload


def check(application: Application, *, where: str) -> None:
    """Refuse an application that cannot be simulated.

    Args:
        application: The application.
        where: The file it came from, for errors.

    Raises:
        ApplicationError: A name is used twice or stands for nothing, or a call is impossible.
    """
    namespaces = _unique([namespace.name for namespace in application.namespaces], where)
    workloads: dict[Target, Workload] = {}
    for index, workload in enumerate(application.workloads):
        place = f"{where}.workloads[{index}]"
        if workload.target in workloads:
            raise ApplicationError(
                f"{workload.target} is there twice",
                where=place,
                hint="here a name stands for one workload of its namespace, whatever the kind",
            )
        if workload.namespace not in namespaces:
            raise ApplicationError(f"unknown namespace {workload.namespace!r}", where=place)
        _check_schedule(workload, place)
        workloads[workload.target] = workload
    for index, service in enumerate(application.services):
        place = f"{where}.services[{index}]"
        if service.namespace not in namespaces:
            raise ApplicationError(f"unknown namespace {service.namespace!r}", where=place)
    for index, call in enumerate(application.calls):
        _check_call(call, workloads, f"{where}.calls[{index}]")
    resolver = application.resolver
    if resolver is not None and resolver not in workloads:
        raise ApplicationError(f"unknown workload {resolver}", where=f"{where}.resolver")
    if not workloads:
        raise ApplicationError("has no workloads", where=where)
    if application.apiserver.managed:
        _check_address(application.apiserver.address, f"{where}.apiserver.address")


def _unique(names: list[str], where: str) -> set[str]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise ApplicationError(f"{name!r} is there twice", where=f"{where}.namespaces[{index}]")
        seen.add(name)
    return seen


def _check_schedule(workload: Workload, place: str) -> None:
    if workload.kind != "CronJob":
        return
    try:
        cron.parse(workload.schedule)
    except ValueError as error:
        raise ApplicationError(
            f"the schedule of {workload.target} cannot be read: {error}",
            where=f"{place}.schedule",
            hint="five fields, for example '*/30 * * * *'",
        ) from error


def _check_call(call: Call, workloads: dict[Target, Workload], place: str) -> None:
    for field, target in (("from", call.client), ("to", call.server)):
        if target.kind is TargetKind.WORKLOAD and target not in workloads:
            raise ApplicationError(f"unknown workload {target}", where=f"{place}.{field}")
        if target.kind is TargetKind.CIDR:
            try:
                ip_network(target.name)
            except ValueError as error:
                raise ApplicationError(
                    f"{target.name!r} is no CIDR: {error}",
                    where=f"{place}.{field}",
                ) from error
    if call.client.kind is TargetKind.FQDN:
        raise ApplicationError("a DNS name cannot be a client", where=f"{place}.from")
    if TargetKind.WORKLOAD not in {call.client.kind, call.server.kind}:
        raise ApplicationError(
            "no end is a workload of this cluster",
            where=place,
            hint="Hubble would not see it",
        )
    _check_outcome(call, workloads, place)


def _check_outcome(call: Call, workloads: dict[Target, Workload], place: str) -> None:
    judge = {
        Outcome.DENIED_INGRESS: call.server,
        Outcome.DENIED_EGRESS: call.client,
    }.get(call.outcome)
    if judge is None:
        return
    workload = workloads.get(judge)
    if workload is None or workload.host_network:
        raise ApplicationError(
            f"no policy can select {judge}, so nothing is denied there",
            where=f"{place}.outcome",
        )


def _check_address(text: str, place: str) -> None:
    try:
        ip_address(text)
    except ValueError as error:
        raise ApplicationError(f"{text!r} is no address", where=place) from error
