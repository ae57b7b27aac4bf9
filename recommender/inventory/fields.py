"""Fields of a Kubernetes object, read with their types and named by their path when wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from recommender.model.errors import ManifestError
from recommender.model.labels import LabelSelector, Operator, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.inventory.documents import Document
    from recommender.inventory.types import Labels


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping inside an object, with the path that leads to it.

    Attributes:
        body: The mapping.
        where: Place of the object: file, line, document.
        path: Path of the mapping inside the object, empty for the object itself.
    """

    body: dict[str, Any]
    where: str
    path: str = ""

    @classmethod
    def of(cls, document: Document) -> Fields:
        """The whole object of a document."""
        return cls(document.body, document.where)

    def at(self, key: str) -> str:
        """The path of one field: ``spec.ingress[0].ports``."""
        return f"{self.path}.{key}" if self.path else key

    def fail(self, key: str, message: str, *, hint: str = "") -> NoReturn:
        """Refuse the object because of one field.

        Raises:
            ManifestError: Always, with file, document and field.
        """
        field = self.at(key) if key else self.path
        raise ManifestError(message, where=f"{self.where}, field {field}", hint=hint)

    def has(self, key: str) -> bool:
        """Whether a field is there and not null, as the API server's decoder sees it."""
        return self.body.get(key) is not None

    def only(self, *keys: str) -> None:
        """Refuse fields that the API does not know: the server would drop or refuse them."""
        for key in self.body:
            if key not in keys:
                self.fail(str(key), "unknown field", hint=f"known here: {', '.join(sorted(keys))}")

    def text(self, key: str, default: str = "") -> str:
        """A field that holds text."""
        value = self.body.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fail(key, f"must be text, not {_shown(value)}", hint="quote the value")
        return value

    def number(self, key: str) -> int | None:
        """A field that holds a whole number; None where it is missing."""
        value = self.body.get(key)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(key, f"must be a whole number, not {_shown(value)}")
        return value

    def flag(self, key: str) -> bool:
        """A field that holds true or false; missing is false."""
        value = self.body.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {_shown(value)}")
        return value

    def moment(self, key: str) -> datetime | None:
        """A field that holds a time with its zone, in UTC; None where it is missing."""
        text = self.text(key)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else self._no_time(key, text)
        except (ValueError, OverflowError):
            return self._no_time(key, text)

    def _no_time(self, key: str, text: str) -> NoReturn:
        self.fail(key, f"not a time: {text[:80]!r}", hint="as in 2026-03-02T10:00:00Z")

    def child(self, key: str) -> Fields:
        """A field that holds a mapping; a missing one is empty."""
        value = self.body.get(key)
        if value is None:
            return Fields({}, self.where, self.at(key))
        if not isinstance(value, dict):
            self.fail(key, f"must be a mapping, not {_shown(value)}")
        return Fields(value, self.where, self.at(key))

    def children(self, key: str) -> list[Fields]:
        """A field that holds a list of mappings; a missing one is empty."""
        found = []
        for index, value in enumerate(self._list(key)):
            if value is not None and not isinstance(value, dict):
                self.fail(f"{key}[{index}]", f"must be a mapping, not {_shown(value)}")
            found.append(Fields(value or {}, self.where, self.at(f"{key}[{index}]")))
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A field that holds a list of texts; a missing one is empty."""
        # Go reads a null in a list of texts as the empty text.
        values = ["" if value is None else value for value in self._list(key)]
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.fail(f"{key}[{index}]", f"must be text, not {_shown(value)}")
        return tuple(values)

    def labels(self, key: str) -> Labels:
        """A field that holds a map of labels, as sorted pairs."""
        inner = self.child(key)
        pairs = []
        for name, value in inner.body.items():
            if not isinstance(name, str):
                self.fail(key, f"a key must be text, not {_shown(name)}", hint="quote the key")
            # Go reads a null into a map of texts as the empty text.
            text = "" if value is None else value
            if not isinstance(text, str):
                inner.fail(name, f"must be text, not {_shown(value)}", hint="quote the value")
            pairs.append((name, text))
        return tuple(sorted(pairs))

    def selector(self, key: str) -> LabelSelector:
        """A field that holds a label selector; missing and empty select everything.

        Raises:
            ManifestError: An operator or its values are not those of the API.
        """
        inner = self.child(key)
        inner.only("matchLabels", "matchExpressions")
        expressions = [_requirement(entry) for entry in inner.children("matchExpressions")]
        pairs = dict(inner.labels("matchLabels"))
        if not pairs and not expressions:
            return LabelSelector.everything()
        return LabelSelector.of(pairs, expressions)

    def _list(self, key: str) -> list[Any]:
        value = self.body.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(key, f"must be a list, not {_shown(value)}")
        return value


def exactly_one(fields: Fields, keys: Iterable[str]) -> str:
    """The one key of a choice that is set; an explicit empty mapping counts as set.

    Raises:
        ManifestError: None is set, or more than one.
    """
    known = tuple(keys)
    present = [key for key in known if fields.has(key)]
    if len(present) != 1:
        found = f"{' and '.join(present)} are" if present else "none is"
        fields.fail("", f"exactly one of {', '.join(known)} must be set; {found}")
    return present[0]


def _requirement(entry: Fields) -> Requirement:
    entry.only("key", "operator", "values")
    key, name = entry.text("key"), entry.text("operator")
    values = entry.texts("values")
    if not key:
        entry.fail("key", "a label key is required")
    try:
        operator = Operator(name)
    except ValueError:
        known = ", ".join(operator.value for operator in Operator)
        entry.fail("operator", f"no such operator: {name!r}", hint=f"known are {known}")
    needs_values = operator in {Operator.IN, Operator.NOT_IN}
    if needs_values and not values:
        entry.fail("values", f"{name} needs at least one value")
    if values and not needs_values:
        entry.fail("values", f"{name} takes no values")
    return Requirement(key, operator, tuple(sorted(set(values))))


def _shown(value: object) -> str:
    return f"{type(value).__name__} {value!r}"[:80]
