"""The validator and the typed reader agree on what a policy's spec may say."""

from __future__ import annotations

import copy
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from evaluation.test_validation import VALID
from evaluation.test_validation_tiers import ADMIN, CLUSTER

from recommender.evaluation.validation import validate_network_policy
from recommender.evaluation.validation_tiers import validate_tier_policy
from recommender.inventory.fields import Fields
from recommender.inventory.policies import network_policy
from recommender.inventory.tiers import tier_policy
from recommender.model.errors import ManifestError
from recommender.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.model.findings import Finding

_LENIENT = (" is no label ", " is no domain name", " stands in the list twice")

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


def mutated(random: Random, valid: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(valid)
    for _ in range(random.randint(1, 2)):
        found = list(places(document["spec"]))
        container, key = found[random.randrange(len(found))]
        if isinstance(container, dict) and random.random() < 0.1:
            container["strange"] = container.pop(key)
        else:
            container[key] = copy.deepcopy(JUNK[random.randrange(len(JUNK))])
    return document


def readable(document: dict[str, Any]) -> bool:
    fields = Fields(document, "")
    try:
        if document["kind"] == "NetworkPolicy":
            network_policy(fields)
        else:
            tier_policy(document["kind"], fields)
    except ManifestError:
        return False
    return True


def refusals(document: dict[str, Any]) -> list[Finding]:
    check = validate_network_policy if document["kind"] == "NetworkPolicy" else validate_tier_policy
    return [each for each in check(document, where="") if each.severity is Severity.ERROR]


@pytest.mark.parametrize("valid", [VALID, CLUSTER, ADMIN], ids=lambda each: each["kind"])
def test_both_refuse_or_both_accept(valid: dict[str, Any]) -> None:
    random = Random(7)  # noqa: S311 - no secret
    counts = {True: 0, False: 0}
    for _ in range(3000):
        document = mutated(random, valid)
        errors = refusals(document)
        # The reader takes any text as a label or a host: what matters to it is what they match.
        grave = [each for each in errors if not any(word in each.message for word in _LENIENT)]
        accepted = readable(document)
        assert not grave if accepted else errors, document["spec"]
        counts[accepted] += 1
    assert counts[False] > 700
    assert counts[True] > 100
