"""Workloads as units, and the matrix of port sets between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.evaluation.ends import ANY_FAMILY, Face
from recommender.evaluation.points import pods_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from recommender.evaluation.engine import Engine
    from recommender.model.entities import Entity

_FAMILIES = (4, 6)


class Units:
    """Workloads that every policy treats alike, in every world, as one unit.

    Args:
        engines: One for each world.

    Attributes:
        workloads: Workloads with a running pod.
        of: The unit of each workload.
    """

    def __init__(self, engines: tuple[Engine, ...]) -> None:
        self._faces: list[tuple[tuple[Face, ...], ...]] = []
        self.of: dict[Entity, int] = {}
        known: dict[tuple[tuple[Face, ...], ...], int] = {}
        for entity, workload in engines[0].inventory.workloads.items():
            worlds = tuple(
                tuple(
                    sorted(
                        {
                            (family, int(engine.classes[point]))
                            for pod in pods_of(workload)
                            for family, point in engine.points.of_pod(pod)
                        },
                    ),
                )
                for engine in engines
            )
            if not worlds[0]:
                continue
            self.of[entity] = known.setdefault(worlds, len(known))
            if len(known) > len(self._faces):
                self._faces.append(worlds)
        self.workloads = tuple(self.of)

    def faces(self, world: int) -> list[tuple[Face, ...]]:
        """The faces of each unit in one world."""
        return [faces[world] for faces in self._faces]

    def classes_in_worlds(self, unit: int) -> tuple[tuple[int, ...], ...]:
        """The classes of one unit in each world."""
        return tuple(tuple(sorted({place for _, place in faces})) for faces in self._faces[unit])


def pair_matrix(engine: Engine, units: Sequence[tuple[Face, ...]]) -> NDArray[np.int32]:
    """Numbers of the port sets between units: the union over their pods and address families.

    Args:
        engine: Where it is allowed.
        units: The faces of each unit.
    """
    if all(len(faces) == 1 for faces in units) and _one_family(units):
        places = np.array([faces[0][1] for faces in units], dtype=np.int32)
        return engine.allowed(places[:, None], places[None, :])
    found: NDArray[np.int32] | None = None
    for family in _FAMILIES:
        layer = _layer(engine, [_of_family(faces, family) for faces in units])
        if layer is not None:
            table = engine.axes.table
            found = layer if found is None else table.combine(found, layer, union=True)
    return np.zeros((len(units), len(units)), dtype=np.int32) if found is None else found


def _one_family(units: Sequence[tuple[Face, ...]]) -> bool:
    return len({family for faces in units for family, _ in faces} - {ANY_FAMILY}) <= 1


def _of_family(faces: tuple[Face, ...], family: int) -> tuple[int, ...]:
    return tuple(place for known, place in faces if known in {ANY_FAMILY, family})


def _layer(engine: Engine, classes: list[tuple[int, ...]]) -> NDArray[np.int32] | None:
    """The matrix of one address family; None where no unit has it."""
    if not any(classes):
        return None
    table = engine.axes.table
    first = np.array([own[0] if own else 0 for own in classes], dtype=np.int32)
    absent = np.array([not own for own in classes])
    matrix = engine.allowed(first[:, None], first[None, :])
    several = [unit for unit, own in enumerate(classes) if len(own) > 1]
    for unit in several:
        for place in classes[unit][1:]:
            one = np.array([place], dtype=np.int32)
            matrix[unit] = table.combine(matrix[unit], engine.allowed(one, first), union=True)
            column = engine.allowed(first, one)
            matrix[:, unit] = table.combine(matrix[:, unit], column, union=True)
    for unit in several:
        for other in several:
            left = np.array(classes[unit], dtype=np.int32)
            right = np.array(classes[other], dtype=np.int32)
            mask = 0
            for number in np.unique(engine.allowed(left[:, None], right[None, :])).tolist():
                mask |= table.masks[number]
            matrix[unit, other] = table.id(mask)
    matrix[absent] = 0
    matrix[:, absent] = 0
    return matrix
