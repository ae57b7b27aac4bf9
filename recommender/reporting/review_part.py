"""The part of the document about what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recommender.rendering.review_files import review_paths
from recommender.review.decisions import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.review.items import Item, Reason

Part = dict[str, Any]


def review_part(items: Iterable[Item]) -> list[Part]:
    """One entry an item, what nobody has decided first, then the most doubtful."""
    ordered = sorted(items, key=lambda item: item.order)
    paths = review_paths(ordered)
    return [_item(item, paths.get(item.key)) for item in ordered]


def _item(item: Item, path: str | None) -> Part:
    edge = item.edge
    return {
        "key": item.key,
        "edge": edge.id,
        "client": edge.client.id,
        "server": edge.server.id,
        "protocol": edge.protocol,
        "port": edge.port,
        "score": item.score,
        "reasons": [_reason(reason) for reason in item.reasons],
        "decision": item.decision.value if item.decision else None,
        "decision_reason": item.decision_reason,
        "decision_by": item.decision_by,
        "evidence": list(fingerprint(item.reasons)),
        "stale": item.stale,
        "forbidden": item.forbidden,
        "drafted": item.drafted,
        "still_allowed": item.still_allowed,
        "file": path,
    }


def _reason(reason: Reason) -> Part:
    return {"code": reason.code, "text": reason.text, "weight": reason.weight}
