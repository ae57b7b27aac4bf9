"""Decisions as the text of a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.rendering.yaml_text import dump
from recommender.review.decision_files import parse_decisions
from recommender.review.nodes import ReviewFileError, parse_nodes

if TYPE_CHECKING:
    from recommender.rendering.yaml_text import Value
    from recommender.review.decisions import Decisions, Ruling

_KEY: Final = re.compile(r"(?s)(.+) -> (.+) ([^ /]+)/(\d+)")


def decisions_yaml(decisions: Decisions) -> str:
    """A decisions file, sorted by key: the same decisions give the same text.

    Raises:
        ModelError: A text holds what no YAML can hold.
    """
    entries: list[Value] = [
        _entry(one) for one in sorted(decisions.rulings.values(), key=lambda one: one.key)
    ]
    return dump({"version": 1, "decisions": entries})


def is_decisions(raw: bytes) -> bool:
    """Whether this is the content of a decisions file, so that a newer one may take its place."""
    try:
        parse_decisions(parse_nodes(raw, "", "decisions"))
    except ReviewFileError:
        return False
    return True


def _entry(ruling: Ruling) -> dict[str, Value]:
    found: dict[str, Value] = {"key": ruling.key}
    if match := _KEY.fullmatch(ruling.key):
        client, server, protocol, port = match.groups()
        found |= {"client": client, "server": server, "protocol": protocol, "port": int(port)}
    found |= {"decision": ruling.decision.value, "reason": ruling.reason}
    if ruling.by:
        found["by"] = ruling.by
    if ruling.evidence is not None:
        found["evidence"] = list(ruling.evidence)
    return found
