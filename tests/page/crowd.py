"""One run in which every text of a log, of an inventory and of a person is somebody's choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from reporting.runs import hostile_run

from recommender.evaluation.pairs import ExposureChange, Pairs
from recommender.inventory.types import Inventory
from recommender.model.accounting import Accounting
from recommender.model.entities import Entity
from recommender.reporting.document import build
from recommender.reporting.run import Run
from recommender.review.items import Decision, Item, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.reporting.document import Document


def crowded_run(texts: Sequence[str]) -> Run:
    """A run in which each text stands in every field that holds one.

    It has as many parts, of the same kinds, for any texts of the same number.
    """
    runs = [hostile_run(text) for text in texts]
    ends = [Entity.workload(text, text, text, cluster=text) for text in texts]
    policies = tuple(
        replace(policy, name=f"draft-{at}")
        for at, run in enumerate(runs)
        for policy in run.policies
    )
    return Run(
        tool_version="0.0.0",
        inputs=tuple(texts),
        accounting=Accounting(
            tuple(file for run in runs for file in run.accounting.files),
            tuple(bad for run in runs for bad in run.accounting.quarantined),
        ),
        edges=tuple(found for run in runs for found in run.edges),
        inventory=Inventory(
            workloads={
                end: run.inventory.workloads[end] for end, run in zip(ends, runs, strict=True)
            }
        ),
        observed={end: found for run in runs for end, found in run.observed.items()},
        policies=policies,
        findings=tuple(one for run in runs for one in run.findings),
        coverage=tuple(one for run in runs for one in run.coverage),
        settings={text: text for text in texts},
        review=tuple(map(_item, texts, runs)),
        exposure=ExposureChange(_pairs(ends, texts, 1), _pairs(ends, texts, 0)),
    )


def crowded_document(texts: Sequence[str]) -> Document:
    """The document of such a run, with goals, segments and rules between segments."""
    document = build(crowded_run(texts))
    workloads = [end["id"] for end in document["entities"] if end["workload"]]
    document["goals"] = [
        {"id": text, "text": text, "hint": text or "none", "kind": "forbidden", "status": "broken"}
        for text in texts
    ]
    document["segments"] = [
        {
            "name": text,
            "members": [workload],
            "stability": 0.5,
            "hub": False,
            "labels": {text: text},
            "placed_by_metadata": [],
            "fits_badly": [workload],
            "shares_policy": True,
            "waits_for_label": text,
        }
        for text, workload in zip(texts, workloads, strict=True)
    ]
    document["blocks"] = [
        {
            **dict.fromkeys(("source", "destination", "protocol"), text),
            "port": 1,
            "edges": 1,
            "added": 1,
            "pairs": [[text, text]],
        }
        for text in texts
    ]
    return document


def _item(text: str, run: Run) -> Item:
    found = next(one for one in run.edges if one.protocol == text)
    reasons = (Reason(text, text, 0.5),)
    return Item(text, found, 0.5, reasons, Decision.DEFER, text, decision_by=text)


def _pairs(ends: list[Entity], texts: Sequence[str], open_: int) -> Pairs:
    numbers = np.full((len(ends), len(ends)), open_, dtype=np.int32)
    np.fill_diagonal(numbers, 1)
    return Pairs(tuple((end,) for end in ends), numbers, ("", texts[0]), 0, 0)
