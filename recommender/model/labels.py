"""Label selectors of Kubernetes and the grammar of labels.

Source: ``k8s.io/apimachinery/pkg/labels`` and ``pkg/util/validation``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The label that the API server sets on every namespace.
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
#: Labels that name an environment, the likeliest first.
ENVIRONMENT_LABELS: Final = ("environment", "env", "stage", "app.kubernetes.io/environment")
#: Labels in which workloads of different trust differ: by environment, and by whom they serve.
TRUST_LABELS: Final = (*ENVIRONMENT_LABELS, "tenant", "customer")

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_MAX_PREFIX: Final = 253


class Operator(StrEnum):
    """The operators of a label requirement."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


def is_label_key(key: str) -> bool:
    """Whether a string is a qualified name as label keys must be."""
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > _MAX_PREFIX or _PREFIX.fullmatch(prefix) is None):
        return False
    return _NAME.fullmatch(name) is not None


def is_label_value(value: str) -> bool:
    """Whether a string may be the value of a label (the empty string may)."""
    return value == "" or _NAME.fullmatch(value) is not None


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """One ``matchExpressions`` entry: a key, an operator and its sorted values."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a label map fulfils this requirement (``NotIn`` holds on an absent key)."""
        match self.operator:
            case Operator.IN:
                return self.key in labels and labels[self.key] in self.values
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A selector over labels: pairs that must be equal, and expressions; all must hold.

    An empty selector matches everything in Kubernetes. Here it exists only as
    ``LabelSelector.everything()``, so that a forgotten label never widens a policy.

    Attributes:
        match_labels: Sorted pairs of key and value.
        match_expressions: Requirements, in their order of writing.
        matches_all: True only for ``everything()``.
    """

    match_labels: tuple[tuple[str, str], ...] = ()
    match_expressions: tuple[Requirement, ...] = ()
    matches_all: bool = False

    def __post_init__(self) -> None:
        """Refuse the accidental empty selector.

        Raises:
            ModelError: Nothing is required and ``everything()`` was not named.
        """
        empty = not self.match_labels and not self.match_expressions
        if empty != self.matches_all:
            message = "an empty selector must be written as LabelSelector.everything()"
            raise ModelError(message)

    @classmethod
    def everything(cls) -> LabelSelector:
        """The selector that matches every object: written out, never by accident."""
        return cls(matches_all=True)

    @classmethod
    def of(
        cls,
        labels: Mapping[str, str],
        expressions: Iterable[Requirement] = (),
    ) -> LabelSelector:
        """A selector for these labels; raises ``ModelError`` where nothing is required."""
        return cls(tuple(sorted(labels.items())), tuple(expressions))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )

    def keys(self) -> frozenset[str]:
        """Every label key that the selector speaks of."""
        return frozenset(key for key, _ in self.match_labels) | frozenset(
            requirement.key for requirement in self.match_expressions
        )

    def __str__(self) -> str:
        """The selector as ``kubectl -l`` writes it; ``*`` for everything."""
        parts = [f"{key}={value}" for key, value in self.match_labels]
        for requirement in self.match_expressions:
            values = ",".join(requirement.values)
            parts.append(
                {
                    Operator.IN: f"{requirement.key} in ({values})",
                    Operator.NOT_IN: f"{requirement.key} notin ({values})",
                    Operator.EXISTS: requirement.key,
                    Operator.DOES_NOT_EXIST: f"!{requirement.key}",
                }[requirement.operator],
            )
        return ",".join(parts) or "*"


def namespace_selector(name: str) -> LabelSelector:
    """The selector of one namespace by the label that the API server guarantees."""
    return LabelSelector.of({NAMESPACE_NAME: name})
