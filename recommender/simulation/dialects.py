"""What different producers make of the same event, and what a line holds around it.

The event handed in is the one of a current Hubble. Each dialect takes away or changes what its
producer writes differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.simulation.lines import Event

_NEW_SINCE_2021: Final = frozenset(
    {
        "uuid",
        "emitter",
        "node_labels",
        "source_names",
        "destination_names",
        "trace_reason",
        "file",
        "is_reply",
        "proxy_port",
        "egress_allowed_by",
        "ingress_allowed_by",
        "source_service",
        "destination_service",
    },
)
_KEPT_BY_MASK: Final = frozenset(
    {"time", "verdict", "IP", "l4", "source", "destination", "node_name", "drop_reason_desc"},
)
_TRACE: Final = 4
_DROP: Final = 1


def dialect(style: str) -> Callable[[Event], Event | None]:
    """The dialect of that style, one of `recommender.simulation.settings.STYLES`."""
    return {"modern": _modern, "old": _old, "retina": _retina, "masked": _masked}[style]


def envelope(kind: str) -> Callable[[Event], Event]:
    """What a line holds, by one of `recommender.simulation.settings.ENVELOPES`."""
    if kind in {"wrapped", "exporter"}:
        return _wrapped
    return _flow_only if kind == "flow-only" else _bare


def _modern(event: Event) -> Event:
    return event


def _old(event: Event) -> Event:
    """Hubble as of 2021: ``reply`` instead of ``is_reply``, nothing known about TO_OVERLAY."""
    out = {name: value for name, value in event.items() if name not in _NEW_SINCE_2021}
    if out.get("trace_observation_point") == "TO_OVERLAY":
        out.pop("reply", None)
        out.pop("traffic_direction", None)
    for side in ("source", "destination"):
        view = out[side]
        slim = {
            key: value for key, value in view.items() if key not in {"cluster_name", "workloads"}
        }
        slim["labels"] = [label for label in view.get("labels", ()) if not label.startswith("gen:")]
        out[side] = slim
    out["node_name"] = out["node_name"].rpartition("/")[2]
    return out


def _retina(event: Event) -> Event | None:
    """Retina without conntrack: no verdict events, the reply flag false on whatever is traced.

    Directions and observation points are those of the packet at the pod, not of the connection.
    """
    kind = event["event_type"]["type"]
    if kind not in {_TRACE, _DROP}:
        return None
    left_out = {"emitter", "reply", "trace_reason", "interface", "is_reply", "ethernet"}
    out = {name: value for name, value in event.items() if name not in left_out}
    for side in ("source", "destination"):
        out[side] = _retina_view(out[side])
    if kind == _TRACE:
        if "traffic_direction" not in event:
            # It watches the wires of pods only.
            return None
        point = event["trace_observation_point"]
        arrives = point == "TO_ENDPOINT"
        changed: dict[str, Any] = {
            "event_type": {"type": _TRACE} if arrives else {"type": _TRACE, "sub_type": 3},
            "traffic_direction": "INGRESS" if arrives else "EGRESS",
            "trace_observation_point": "TO_ENDPOINT" if arrives else "TO_STACK",
            "is_reply": False,
        }
        summary = out.pop("Summary")
        out |= changed
        out["Summary"] = summary
    return out


def _retina_view(view: Event) -> Event:
    out = {key: value for key, value in view.items() if key != "ID"}
    out["labels"] = [
        label
        for label in view.get("labels", ())
        if not label.startswith(("gen:", "k8s:io.cilium.", "k8s:io.kubernetes."))
    ]
    return out


def _masked(event: Event) -> Event:
    """An exporter whose field mask keeps addresses, ports, namespaces and pod names only."""
    out = {name: value for name, value in event.items() if name in _KEPT_BY_MASK}
    for side in ("source", "destination"):
        view = out[side]
        out[side] = {key: view[key] for key in ("namespace", "pod_name") if key in view}
    return out


def _wrapped(event: Event) -> Event:
    return {"flow": event, "node_name": event["node_name"], "time": event["time"]}


def _flow_only(event: Event) -> Event:
    return {"flow": event}


def _bare(event: Event) -> Event:
    return event
