"""Ports of rules as masks: numbers, ranges, whole protocols, and names resolved pod by pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.ports import PROTOCOLS
from recommender.model.tiers import TierPort

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from recommender.evaluation.atoms import PortAtoms
    from recommender.inventory.types import ContainerPort
    from recommender.model.policies import PolicyPort

#: A port's name with the protocol it must have; None for any protocol.
PortName = tuple[str | None, str]

_NO_PORTS: Final = 0


def range_of(port: PolicyPort | TierPort, *, end_port: bool) -> tuple[str, int, int]:
    """Protocol, first and last port of a numeric entry.

    Args:
        port: An entry with a number.
        end_port: Whether the ``endPort`` of a NetworkPolicy is understood; otherwise it is its
            first port. The ranges of the tiers always are: they are no later addition.
    """
    first = port.port if isinstance(port.port, int) else 0
    ranges = end_port or isinstance(port, TierPort)
    last = port.end_port if ranges and port.end_port is not None else first
    return port.protocol or "", first, last


def numeric_mask(port: PolicyPort | TierPort, atoms: PortAtoms, *, end_port: bool) -> int:
    """The mask of an entry without a name: a number, a range, or a whole protocol."""
    if port.port is None:
        return atoms.whole(port.protocol) if port.protocol else atoms.full
    return atoms.mask(*range_of(port, end_port=end_port))


def resolve(ports: Iterable[ContainerPort], wanted: PortName) -> list[tuple[str, int]]:
    """The (protocol, number) pairs that a port's name means on one pod.

    Name and protocol must both agree; of several the first in container order counts, for each
    protocol. Empty where the pod has no such port: the rule then matches nothing there.
    """
    protocol, name = wanted
    found: dict[str, int] = {}
    for port in ports:
        if port.name == name and protocol in {None, port.protocol}:
            found.setdefault(port.protocol, port.port)
    return [(each, found[each]) for each in PROTOCOLS if each in found]


class NamedPorts:
    """What port names mean on each point.

    Args:
        atoms: The port axis.
        declared: The declared ports of each point.
        names: Every name that a policy uses.
    """

    def __init__(
        self,
        atoms: PortAtoms,
        declared: Sequence[tuple[ContainerPort, ...]],
        names: Iterable[PortName],
    ) -> None:
        self._names = {name: index for index, name in enumerate(sorted(set(names), key=repr))}
        distinct: dict[tuple[int, ...], int] = {}
        by_ports: dict[tuple[ContainerPort, ...], int] = {}
        ids = []
        for ports in declared:
            if ports not in by_ports:
                masks = tuple(_mask(ports, name, atoms) for name in self._names)
                by_ports[ports] = distinct.setdefault(masks, len(distinct))
            ids.append(by_ports[ports])
        #: A number for each point, equal where every name means the same.
        self.ids: NDArray[np.int32] = np.array(ids, dtype=np.int32)
        self._masks = list(distinct)

    def mask(self, identifier: int, wanted: PortName) -> int:
        """What a name means on the points with one number."""
        return self._masks[identifier][self._names[wanted]]

    def split(
        self,
        ids: NDArray[np.int32],
        wanted: PortName,
    ) -> list[tuple[int, NDArray[np.bool_]]]:
        """Each meaning of a name with the places that have it; those without are left out."""
        found: dict[int, NDArray[np.bool_]] = {}
        for identifier in np.unique(ids).tolist():
            mask = self.mask(identifier, wanted)
            if mask != _NO_PORTS:
                places = ids == identifier
                found[mask] = found[mask] | places if mask in found else places
        return list(found.items())


def _mask(ports: Iterable[ContainerPort], name: PortName, atoms: PortAtoms) -> int:
    mask = _NO_PORTS
    for protocol, number in resolve(ports, name):
        mask |= atoms.bit(protocol, number)
    return mask
