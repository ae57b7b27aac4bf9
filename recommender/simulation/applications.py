"""Applications that come with the program, by name, and those of files and manifest folders."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recommender.model.errors import UsageError
from recommender.simulation.graph_files import load, parse

if TYPE_CHECKING:
    from recommender.simulation.graph import Application

__all__ = ["BUILT_IN", "built_in", "find"]

#: Names of the applications that come with the program, and what each shows.
BUILT_IN: Final = {
    "shop": "a small shop with every kind of traffic that policies must get right",
}


def built_in(name: str) -> str:
    """The text of the file of a built-in application.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in BUILT_IN:
        near = difflib.get_close_matches(name, BUILT_IN, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(BUILT_IN)}"
        raise UsageError(f"no application is called {name!r}", hint=hint)
    return resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def find(application: str) -> Application:
    """An application by the name of a built-in one or the path of a file.

    Raises:
        UsageError: Neither a built-in name nor a path.
        InputError: The file cannot be read or contradicts itself.
    """
    path = Path(application)
    if path.suffix in {".yaml", ".yml", ".json"} or path.is_file():
        return load(path)
    return parse(built_in(application), where=f"{application}.yaml")
