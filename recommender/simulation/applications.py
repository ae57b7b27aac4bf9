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

#: Names of the applications that come with the program, and what each shows.
BUILT_IN: Final = {
    "shop": "a small shop with every kind of traffic that policies must get right",
    "scaled": "a large application made up at random: teams, roles, hubs",
}

_FILES: Final = frozenset({".yaml", ".yml", ".json"})


def find(application: str, *, seed: int = 1, workloads: int = 100) -> Application:
    """An application by the name of a built-in one or by a path.

    Args:
        application: A name out of `BUILT_IN`, an application file as `dump` writes it, or a
            folder of Kubernetes manifests.
        seed: Number of the run, for the application that is made up at random.
        workloads: How many workloads that one has.

    Raises:
        UsageError: Neither a built-in name nor a path.
        InputError: The file or folder cannot be read or contradicts itself.
    """
    if application == "scaled":
        from recommender.simulation.scaled import scaled

        return scaled(seed, workloads)
    if application in BUILT_IN:
        file = resources.files(__package__).joinpath(f"{application}.yaml")
        return parse(file.read_text(encoding="utf-8"), where=f"{application}.yaml")
    path = Path(application)
    if path.is_dir():
        from recommender.simulation.manifests import load_manifests

        return load_manifests(path)
    if path.is_file() or path.suffix in _FILES:
        return load(path)
    near = difflib.get_close_matches(application, BUILT_IN, n=1)
    hint = f"did you mean {near[0]}?" if near else f"built in: {', '.join(BUILT_IN)}"
    raise UsageError(
        f"no application is called {application!r} and no such path exists",
        hint=hint,
    )
