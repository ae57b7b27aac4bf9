"""Application files, written: the text that `recommender.simulation.graph_files` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from recommender.simulation.graph import Intent, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.simulation.graph import Application, Call, Service, Workload


def dump(application: Application) -> str:
    """An application as the text of a YAML file that `load` reads back to the same."""
    document: dict[str, Any] = {
        "application": application.name,
        "cluster": application.cluster,
    }
    if application.resolver is not None:
        document["resolver"] = str(application.resolver)
    server = application.apiserver
    document["apiserver"] = _slim(
        {"port": server.port, "managed": server.managed},
    ) | ({"address": server.address} if server.managed else {})
    document["namespaces"] = [
        _slim(
            {
                "name": namespace.name,
                "labels": dict(namespace.labels),
                "enforced": namespace.enforced,
                "dnsVisibility": namespace.dns_visibility,
            },
        )
        for namespace in application.namespaces
    ]
    document["workloads"] = [_workload_entry(workload) for workload in application.workloads]
    document["services"] = [_service_entry(service) for service in application.services]
    document["calls"] = [_call_entry(call) for call in application.calls]
    return yaml.safe_dump(
        document,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )


def _workload_entry(workload: Workload) -> dict[str, Any]:
    return (
        _slim(
            {
                "namespace": workload.namespace,
                "kind": workload.kind,
                "name": workload.name,
                "replicas": workload.replicas if workload.replicas != 1 else None,
            },
        )
        | {"labels": dict(workload.labels)}
        | _slim(
            {
                "ports": [
                    {"number": port.number}
                    | _slim({"protocol": _not_tcp(port.protocol), "name": port.name})
                    for port in workload.ports
                ],
                "probes": list(workload.probes),
                "hostNetwork": workload.host_network,
                "schedule": workload.schedule,
                "serviceAccount": workload.service_account,
                "controlPlane": workload.control_plane,
            },
        )
    )


def _service_entry(service: Service) -> dict[str, Any]:
    return {
        "namespace": service.namespace,
        "name": service.name,
        "type": service.type,
        "selector": dict(service.selector),
        "ports": [
            {"port": port.port, "target": port.target}
            | _slim({"protocol": _not_tcp(port.protocol), "name": port.name})
            for port in service.ports
        ],
    }


def _call_entry(call: Call) -> dict[str, Any]:
    return {"from": str(call.client), "to": str(call.server)} | _slim(
        {
            "port": call.port,
            "protocol": _not_tcp(call.protocol),
            "rate": call.rate if call.rate != 1.0 else None,
            "days": list(call.days),
            "outcome": call.outcome.value if call.outcome is not Outcome.ACCEPTED else "",
            "l7": call.l7,
            "longLived": call.long_lived,
            "intent": call.intent.value if call.intent is not Intent.APPLICATION else "",
        },
    )


def _not_tcp(protocol: str) -> str:
    return "" if protocol == "TCP" else protocol


def _slim(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says no more than its absence."""
    return {key: value for key, value in entry.items() if value not in ("", None, False, [], {}, 0)}
