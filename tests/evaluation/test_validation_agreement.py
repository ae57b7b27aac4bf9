"""The validator and the typed reader agree on what a policy's spec may say."""

from __future__ import annotations

import copy
from random import Random
from typing import TYPE_CHECKING, Any

from evaluation.test_validation import VALID

from recommender.evaluation.validation import validate_network_policy
from recommender.inventory.fields import Fields
from recommender.inventory.policies import network_policy
from recommender.model.errors import ManifestError
from recommender.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a mutation puts in the place of a value.
JUNK: list[Any] = [
    None,
    "",
    "x",
    "80",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "In",
    "TCP",
    0,
    1,
    80,
    65536,
    True,
    [],
    {},
    [None],
    [{}],
    {"app": "web"},
    {"a": 1},
]


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every container and key of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield value, key
            yield from places(item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from places(item)


def mutated(random: Random) -> dict[str, Any]:
    document = copy.deepcopy(VALID)
    for _ in range(random.randint(1, 2)):
        found = list(places(document["spec"]))
        container, key = found[random.randrange(len(found))]
        if isinstance(container, dict) and random.random() < 0.1:
            container["strange"] = container.pop(key)
        else:
            container[key] = copy.deepcopy(JUNK[random.randrange(len(JUNK))])
    return document


def readable(document: dict[str, Any]) -> bool:
    try:
        network_policy(Fields(document, ""))
    except ManifestError:
        return False
    return True


def test_both_refuse_or_both_accept() -> None:
    random = Random(7)  # noqa: S311 - no secret
    counts = {True: 0, False: 0}
    for _ in range(4000):
        document = mutated(random)
        errors = [
            finding
            for finding in validate_network_policy(document, where="")
            if finding.severity is Severity.ERROR
        ]
        # The reader takes any text as a label: what matters to it is what labels match.
        grave = [each for each in errors if " is no label " not in each.message]
        accepted = readable(document)
        assert not grave if accepted else errors, document["spec"]
        counts[accepted] += 1
    assert counts[False] > 1000
    assert counts[True] > 200
