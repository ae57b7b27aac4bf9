"""The API server's validation of label selectors.

Source: ``k8s.io/apimachinery/pkg/apis/meta/v1/validation`` (``ValidateLabelSelector``), with
the values of expressions checked too, as for every new object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.evaluation.validation_fields import (
    FORBIDDEN,
    INVALID,
    NULL_MEANS_ALL,
    REQUIRED,
    shown,
)
from recommender.evaluation.validation_names import (
    check_label_key,
    check_label_value,
    check_labels,
)
from recommender.model.labels import Operator

if TYPE_CHECKING:
    from recommender.evaluation.validation_fields import Checker

_SELECTOR_FIELDS: Final = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION_FIELDS: Final = frozenset({"key", "operator", "values"})
_WITH_VALUES: Final = frozenset({Operator.IN.value, Operator.NOT_IN.value})
_WITHOUT_VALUES: Final = frozenset({Operator.EXISTS.value, Operator.DOES_NOT_EXIST.value})


def check_selector(checker: Checker, value: object, path: str) -> None:
    """A label selector; an empty one is valid and selects everything."""
    fields = checker.mapping(value, path, _SELECTOR_FIELDS)
    if fields and all(item is None for item in fields.values()):
        message = f"{' and '.join(sorted(fields))} is null: this selects everything"
        checker.warn(NULL_MEANS_ALL, path, message, "write {} if that is meant")
    check_labels(checker, fields.get("matchLabels"), f"{path}.matchLabels")
    expressions = checker.items(fields.get("matchExpressions"), f"{path}.matchExpressions")
    for place, item in expressions:
        _check_expression(checker, item, place)


def _check_expression(checker: Checker, value: object, path: str) -> None:
    fields = checker.mapping(value, path, _EXPRESSION_FIELDS)
    operator = checker.string(fields.get("operator"), f"{path}.operator")
    values = checker.items(fields.get("values"), f"{path}.values")
    if operator in _WITH_VALUES and not values:
        checker.refuse(REQUIRED, f"{path}.values", f"{operator} needs values")
    elif operator in _WITHOUT_VALUES and values:
        checker.refuse(FORBIDDEN, f"{path}.values", f"{operator} takes no values")
    elif operator is not None and operator not in _WITH_VALUES | _WITHOUT_VALUES:
        hint = ", ".join(item.value for item in Operator)
        checker.refuse(INVALID, f"{path}.operator", f"{shown(operator)} is no operator", hint)
    key = checker.string(fields.get("key"), f"{path}.key")
    if key is not None:
        check_label_key(checker, key, f"{path}.key")
    for place, item in values:
        text = checker.string(item, place)
        if text is not None:
            check_label_value(checker, text, place)
