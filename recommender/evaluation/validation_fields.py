"""Reading a raw manifest as the API server's strict decoder does, and noting what it refuses.

JSON as Go decodes it: a null is the same as an absent field, keys are compared by case, an
unknown key is an error under ``kubectl apply`` (strict field validation), and no value changes
its type on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from recommender.model.findings import Finding, Severity
from recommender.model.text import clean

#: Stable codes of the API server's refusals, named after its own error types.
REQUIRED: Final = "api-required"
INVALID: Final = "api-invalid"
FORBIDDEN: Final = "api-forbidden"
NOT_SUPPORTED: Final = "api-not-supported"
TOO_LONG: Final = "api-too-long"
WRONG_TYPE: Final = "api-wrong-type"
UNKNOWN_FIELD: Final = "api-unknown-field"
#: Code of a null that the API server reads as "everything".
NULL_MEANS_ALL: Final = "null-means-all"

_INT32: Final = 2**31
_SHOWN: Final = 80


def shown(value: object) -> str:
    """A value of a manifest as it may stand in a message: quoted, cleaned and cut."""
    return f'"{clean(value, limit=_SHOWN)}"'


def key_text(key: object) -> str | None:
    """A YAML key as the JSON key that kubectl sends; None for what it cannot send."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    return None


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return f"a {type(value).__name__}"


@dataclass(slots=True)
class Checker:
    """Collects what is wrong with one document.

    Attributes:
        subject: The object as a stable text, for example ``NetworkPolicy shop/web``.
        where: File and document, put before every field path.
        findings: What was found so far, in the order of reading.
    """

    subject: str
    where: str
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, code: str, path: str, message: str, hint: str = "") -> None:
        """Note what makes the API server refuse the object."""
        self._add(code, Severity.ERROR, path, message, hint)

    def warn(self, code: str, path: str, message: str, hint: str = "") -> None:
        """Note what the API server accepts and a person probably did not mean."""
        self._add(code, Severity.WARNING, path, message, hint)

    def mapping(
        self, value: object, path: str, known: frozenset[str] | None = None
    ) -> dict[str, object]:
        """The fields of a mapping; empty for null and for what is no mapping.

        Args:
            value: What stands at ``path``.
            path: Field path, for example ``spec.ingress[0]``.
            known: The fields that exist there; None where keys are free, as in labels.
        """
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self._wrong_type(path, value, "a mapping")
            return {}
        fields: dict[str, object] = {}
        for key, item in value.items():
            name = key_text(key)
            if name is None:
                self.refuse(WRONG_TYPE, path, f"{shown(key)} cannot be the name of a field")
            elif known is not None and name not in known:
                self._unknown(name, path, known)
            else:
                fields[name] = item
        return fields

    def items(self, value: object, path: str) -> list[tuple[str, object]]:
        """The items of a list with their field paths; empty for null and for what is no list."""
        if value is None:
            return []
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            self._wrong_type(path, value, "a list", "start the item with a dash")
            return []
        return [(f"{path}[{index}]", item) for index, item in enumerate(value)]

    def string(self, value: object, path: str) -> str | None:
        """A string; null is the empty string; None for anything else."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong_type(path, value, "a string", f"put it in quotes: {shown(value)}")
            return None
        return value

    def int32(self, value: object, path: str) -> int | None:
        """A 32-bit integer, or None."""
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong_type(path, value, "an integer")
            return None
        if not -_INT32 <= value < _INT32:
            self.refuse(WRONG_TYPE, path, f"{value} does not fit a 32-bit integer")
            return None
        return value

    def _unknown(self, name: str, path: str, known: frozenset[str]) -> None:
        near = get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
        place = f"{path}.{clean(name)}" if path else clean(name)
        self.refuse(UNKNOWN_FIELD, place, f"there is no field {shown(name)} here", hint)

    def _wrong_type(self, path: str, value: object, wanted: str, hint: str = "") -> None:
        message = f"must be {wanted}, not {_kind_of(value)}: {shown(value)}"
        self.refuse(WRONG_TYPE, path, message, hint)

    def _add(self, code: str, severity: Severity, path: str, message: str, hint: str) -> None:
        where = ": ".join(part for part in (self.where, path) if part)
        self.findings.append(Finding(code, severity, self.subject, message, hint, where))
