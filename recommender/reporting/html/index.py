"""Numbers for the strings of a document, and strings made fit for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

Part = dict[str, Any]

#: Longest text of one line, and of a sentence.
NAME: Final = 200
SENTENCE: Final = 1000

#: Ends that have no namespace, by kind, in the words of the page.
_ELSEWHERE: Final = {
    "cidr": "outside the cluster",
    "name": "outside the cluster",
    "node": "nodes",
    "kube-apiserver": "API server",
    "unresolved": "not told",
}


class Numbers:
    """Gives every distinct string a number, in the order in which they come."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._numbers: dict[str, int] = {}
        for text in known:
            self.of(text)

    def of(self, text: str) -> int:
        """The number of a string."""
        return self._numbers.setdefault(text, len(self._numbers))

    def get(self, text: str) -> int:
        """The number of a string, -1 where it has none."""
        return self._numbers.get(text, -1)

    @property
    def shown(self) -> list[str]:
        """The strings by number, fit for a page."""
        return [clean(text, limit=NAME) for text in self._numbers]


def place_of(entity: Part) -> str:
    """Namespace of an end, or what stands for it."""
    return entity["namespace"] or _ELSEWHERE.get(entity["kind"], "no namespace")


def sentence(text: object) -> str:
    """A message of the document, fit for a page."""
    return clean(text, limit=SENTENCE)
