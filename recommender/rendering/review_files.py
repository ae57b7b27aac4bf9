"""The files of what waits for a person: one ready-made rule each, in ``review/``.

No kustomization names them: a rule is added by applying its file, or by accepting it in
``decisions.yaml``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.model.text import short_hash
from recommender.rendering.network_policy import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.review.items import Item

REVIEW: Final = "review"

_UNFIT: Final = re.compile(r"[^a-z0-9]+")
_READABLE: Final = 60
_HASH: Final = 32


def review_paths(items: Iterable[Item]) -> dict[str, str]:
    """The file of every item that has a ready-made rule, by the item's key."""
    return {item.key: f"{REVIEW}/{_stem(item)}.yaml" for item in items if item.policies}


def review_files(items: Iterable[Item]) -> dict[str, str]:
    """The text of every file by its path relative to the output folder.

    Raises:
        ModelError: A policy holds text that the API server refuses.
    """
    offered = [item for item in items if item.policies]
    paths = review_paths(offered)
    return {
        paths[item.key]: "---\n".join(to_yaml(policy) for policy in item.policies)
        for item in offered
    }


def _stem(item: Item) -> str:
    """Readable where the names allow it, and unique for the key whatever they are."""
    edge = item.edge
    words = f"{edge.client.name} {edge.server.name} {edge.protocol} {edge.port}"
    readable = _UNFIT.sub("-", words.lower())[:_READABLE].strip("-")
    return f"{readable or 'x'}--{short_hash(item.key, _HASH)}"
