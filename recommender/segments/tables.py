"""Tables of edges and workloads, checked, and turned into arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from recommender.model.entities import Entity, EntityKind
from recommender.segments.checking import checked_edges, checked_workloads
from recommender.segments.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from recommender.segments.traffic import Ints
    from recommender.segments.types import SegmentSettings

Labels = dict[str, str]
#: A table by the names of its columns, all equally long.
Columns: TypeAlias = "Mapping[str, Sequence[Any]]"

#: Metadata that tells workloads apart, and the labels it is read from: the first that is there.
_FROM_LABELS: Final = {
    "component": ("app.kubernetes.io/component", "component", "role", "tier"),
    "name": ("app.kubernetes.io/name", "app", "k8s-app", "name"),
    "part-of": ("app.kubernetes.io/part-of", "part-of"),
}
_NO_ACCOUNT: Final = frozenset({"", "default"})
_END_PARTS: Final = 3


@dataclass(frozen=True)
class Table:
    """Arrays of a cluster, and what their numbers stand for.

    Attributes:
        traffic: The arrays.
        texts: Text of each end as the input has it; workloads first, each part sorted.
        entities: The same ends as entities.
        services: Protocol and port of each service.
        flows: Connections of each edge.
        first: First day of each edge, as a number.
        last: Last day of each edge.
        own_days: Days on which each edge of a workload to itself was seen.
        own_flows: Connections of it.
        labels: Labels of each workload.
        values: What the numbers of each kind of metadata stand for.
    """

    traffic: Traffic
    texts: tuple[str, ...]
    entities: tuple[Entity, ...]
    services: tuple[tuple[str, int], ...]
    flows: Ints
    first: Ints
    last: Ints
    own_days: Ints
    own_flows: Ints
    labels: tuple[Labels, ...]
    values: dict[str, tuple[str, ...]]


def table(edges: pd.DataFrame, workloads: pd.DataFrame, settings: SegmentSettings) -> Table:
    """Check two tables and turn them into arrays; the order of rows decides nothing.

    Args:
        edges: Columns ``src``, ``dst``, ``protocol``, ``port``, ``flows``, ``days_active``,
            ``first_day``, ``last_day``; ends that are no workload of the other table are never
            grouped.
        workloads: Columns ``workload``, ``namespace``, ``kind``, ``replicas``,
            ``service_account``, ``image``, ``labels`` (JSON).
        settings: Which labels tell of trust.

    Raises:
        InputError: A column is missing or a value cannot be used.
    """
    return arrange(_columns(checked_edges(edges)), _columns(checked_workloads(workloads)), settings)


def _columns(frame: pd.DataFrame) -> Columns:
    return {str(name): frame[name].tolist() for name in frame}


def arrange(seen: Columns, known: Columns, settings: SegmentSettings) -> Table:
    """Turn the columns of two checked tables into arrays.

    Args:
        seen: As :func:`recommender.segments.checking.checked_edges` has them.
        known: As :func:`recommender.segments.checking.checked_workloads` has them.
        settings: Which labels tell of trust.
    """
    names = known["workload"]
    outside = sorted({*seen["src"], *seen["dst"]} - set(names))
    texts = (*names, *outside)
    number = {text: position for position, text in enumerate(texts)}
    services = sorted(set(zip(seen["protocol"], seen["port"], strict=True)))
    service = {pair: position for position, pair in enumerate(services)}
    numbered = {
        "source": [number[text] for text in seen["src"]],
        "destination": [number[text] for text in seen["dst"]],
        "service": [service[pair] for pair in zip(seen["protocol"], seen["port"], strict=True)],
        "days": seen["days"],
        "flows": seen["flows"],
        "first": seen["first_day"],
        "last": seen["last_day"],
    }
    parts = {name: np.asarray(values, dtype=np.int64) for name, values in numbered.items()}
    order = np.lexsort((parts["service"], parts["destination"], parts["source"]))
    parts = {name: values[order] for name, values in parts.items()}
    itself = parts["source"] == parts["destination"]
    mine = {name: values[itself] for name, values in parts.items()}
    parts = {name: values[~itself] for name, values in parts.items()}
    labels = tuple(known["labels"])
    metadata, values = _metadata(known)
    traffic = Traffic(
        workloads=len(names),
        ends=len(texts),
        services=len(services),
        source=parts["source"],
        destination=parts["destination"],
        service=parts["service"],
        days=parts["days"],
        window=int(seen["window"][0]) if seen["window"] else 0,
        own=np.column_stack([mine["source"], mine["service"]]),
        place=np.concatenate([_codes(known["namespace"]), np.full(len(outside), -1)]),
        metadata=metadata,
        trust=_codes(_trust(known, settings.trust_labels)),
    )
    entities = (*_workload_entities(known), *map(_outside, outside))
    return Table(
        traffic=traffic,
        texts=texts,
        entities=entities,
        services=tuple(services),
        flows=parts["flows"],
        first=parts["first"],
        last=parts["last"],
        own_days=mine["days"],
        own_flows=mine["flows"],
        labels=labels,
        values=values,
    )


def _codes(values: Iterable[Any]) -> Ints:
    """Numbers of texts in their order; -1 for an empty one."""
    texts = [str(value) for value in values]
    number = {text: code for code, text in enumerate(sorted(set(texts) - {""}))}
    return np.array([number.get(text, -1) for text in texts], dtype=np.int64)


def _metadata(known: Columns) -> tuple[dict[str, Ints], dict[str, tuple[str, ...]]]:
    """Each kind of metadata as numbers; a value of a single workload tells nothing."""
    columns: dict[str, list[str]] = {
        "kind": list(known["kind"]),
        "image": [_image(text) for text in known["image"]],
        "service account": [
            "" if text in _NO_ACCOUNT else text for text in known["service_account"]
        ],
    }
    for name, keys in _FROM_LABELS.items():
        columns[name] = [_first(labels, keys) for labels in known["labels"]]
    numbers, values = {}, {}
    for name, texts in columns.items():
        count: dict[str, int] = {}
        for text in texts:
            count[text] = count.get(text, 0) + 1
        shared = [text if count[text] > 1 else "" for text in texts]
        numbers[name] = _codes(shared)
        values[name] = tuple(sorted(set(shared) - {""}))
    return numbers, values


def _image(text: str) -> str:
    """An image without its tag and digest."""
    name = text.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _first(labels: Labels, keys: Sequence[str]) -> str:
    return next((labels[key] for key in keys if labels.get(key)), "")


def _trust(known: Columns, keys: Sequence[str]) -> list[str]:
    """What the labels of each workload, or else of its namespace, say of trust."""
    out = []
    for own, around in zip(known["labels"], known["namespace_labels"], strict=True):
        found = {key: own.get(key) or around.get(key) for key in keys}
        levels = {key: value for key, value in found.items() if value}
        out.append(json.dumps(levels, sort_keys=True) if levels else "")
    return out


def _workload_entities(known: Columns) -> list[Entity]:
    columns = (known["workload"], known["namespace"], known["kind"], known["cluster"])
    return [
        Entity.workload(place, kind, _own_name(text, place, kind), cluster=cluster)
        for text, place, kind, cluster in zip(*columns, strict=True)
    ]


def _own_name(text: str, namespace: str, kind: str) -> str:
    """The name of a workload in a text that may carry its namespace and kind as well."""
    text = text.rpartition(":")[2] if f":{namespace}/" in text else text
    for prefix in (f"{namespace}/{kind}/", f"{namespace}/"):
        if text.startswith(prefix) and len(text) > len(prefix):
            return text[len(prefix) :]
    return text


def _outside(text: str) -> Entity:
    """An end that is no workload: by its stable text, as an address, or else as a name."""
    kind, colon, name = text.partition(":")
    for known in (EntityKind.CIDR, EntityKind.NAME, EntityKind.UNRESOLVED):
        if colon and kind == known.value:
            return Entity(known, name=name)
    if text in {EntityKind.NODE.value, EntityKind.APISERVER.value}:
        return Entity(EntityKind(text))
    parts = text.split("/")
    if len(parts) == _END_PARTS and parts[1] == "Service":
        return Entity(EntityKind.SERVICE, namespace=parts[0], name=parts[2])
    try:
        return Entity.cidr(str(ip_network(text, strict=False)))
    except ValueError:
        return Entity.dns_name(text)
