"""Typed access to the fields of a parsed application file, with errors that name the field."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from recommender.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import Enum

E = TypeVar("E", bound="Enum")


class ApplicationError(InputError):
    """An application file, or an application built by hand, contradicts itself."""

    code = "invalid-application"


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of an application file and the place where it stands.

    Attributes:
        value: The mapping.
        where: File and path of the mapping, for errors.
    """

    value: Mapping[str, object]
    where: str

    @classmethod
    def of(cls, value: object, where: str) -> Fields:
        """Take a parsed value as a mapping.

        Raises:
            ApplicationError: The value is no mapping, or a key is no text.
        """
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ApplicationError(f"expected a mapping, found {_kind(value)}", where=where)
        return cls(cast("dict[str, object]", value), where)

    def error(self, field: str, message: str, hint: str = "") -> ApplicationError:
        """An error at one field of this mapping."""
        return ApplicationError(message, where=f"{self.where}.{field}", hint=hint)

    def only(self, *names: str) -> None:
        """Refuse fields of other names.

        Raises:
            ApplicationError: There is one; the nearest known name is suggested.
        """
        for field in self.value:
            if field not in names:
                near = difflib.get_close_matches(field, names, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
                raise self.error(field, "unknown field", hint)

    def text(self, field: str, default: str | None = None) -> str:
        """A text; required when no default is given."""
        value = self.value.get(field, default)
        if value is None:
            raise self.error(field, "is missing")
        if not isinstance(value, str):
            raise self.error(field, f"expected text, found {_kind(value)}", "put it in quotes")
        return value

    def integer(self, field: str, default: int) -> int:
        """An integer of at least 0."""
        value = self.value.get(field, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(field, f"expected a whole number, found {_kind(value)}")
        return value

    def number(self, field: str, default: float) -> float:
        """A number of at least 0."""
        value = self.value.get(field, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
            raise self.error(field, f"expected a number, found {_kind(value)}")
        return float(value)

    def flag(self, field: str) -> bool:
        """True or false; false where it is absent."""
        value = self.value.get(field, False)
        if not isinstance(value, bool):
            raise self.error(field, f"expected true or false, found {_kind(value)}")
        return value

    def labels(self, field: str) -> dict[str, str]:
        """A mapping of text to text; empty where it is absent."""
        inner = Fields.of(self.value.get(field, {}), f"{self.where}.{field}")
        return {key: inner.text(key) for key in inner.value}

    def one_of(self, field: str, choices: tuple[str, ...], default: str) -> str:
        """One of the given texts."""
        value = self.text(field, default)
        if value not in choices:
            raise self.error(field, f"unknown value {value!r}", f"one of {', '.join(choices)}")
        return value

    def enum(self, field: str, default: E) -> E:
        """A member of the enumeration that the default belongs to."""
        members = type(default)
        choices = tuple(str(member.value) for member in members)
        return members(self.one_of(field, choices, str(default.value)))

    def items(self, field: str) -> Iterator[tuple[object, str]]:
        """The entries of a list and the place of each; nothing where the list is absent."""
        value = self.value.get(field, [])
        if not isinstance(value, list):
            raise self.error(field, f"expected a list, found {_kind(value)}")
        for index, entry in enumerate(value):
            yield entry, f"{self.where}.{field}[{index}]"

    def mappings(self, field: str) -> Iterator[Fields]:
        """The entries of a list of mappings."""
        for entry, where in self.items(field):
            yield Fields.of(entry, where)

    def integers(self, field: str) -> tuple[int, ...]:
        """A list of integers of at least 0."""
        out = []
        for entry, where in self.items(field):
            if not isinstance(entry, int) or isinstance(entry, bool) or entry < 0:
                raise ApplicationError(
                    f"expected a whole number, found {_kind(entry)}",
                    where=where,
                )
            out.append(entry)
        return tuple(out)


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}
    if value is None:
        return "nothing"
    return names.get(type(value), f"{value!r}")
