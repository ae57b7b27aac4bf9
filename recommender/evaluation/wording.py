"""Ends and ports in the words of netpol-analyzer, by which people compare tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.evaluation.ranges import AddressRange
from recommender.model.text import clean

if TYPE_CHECKING:
    from recommender.model.entities import Entity
    from recommender.model.ports import PortSet

#: Order in which the analyzer's text names the protocols.
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")


def end_text(end: Entity | AddressRange) -> str:
    """An end as ``shop/web[Deployment]`` or ``10.0.0.0-10.0.0.255[External]``."""
    if isinstance(end, AddressRange):
        return f"{end}[External]"
    return clean(f"{end.namespace}/{end.name}[{end.workload_kind}]")


def ports_text(ports: PortSet) -> str:
    """Ports as ``All Connections`` or ``TCP 80,8000-8010,UDP 53``, protocols by name."""
    if ports.is_every:
        return "All Connections"
    found: dict[str, list[str]] = {}
    for protocol, low, high in ports:
        found.setdefault(protocol, []).append(str(low) if low == high else f"{low}-{high}")
    parts = [f"{name} {','.join(found[name])}" for name in _PROTOCOLS if name in found]
    return ",".join(parts) or "No Connections"
