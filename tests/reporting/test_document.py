"""The report is one document of a known form, complete, and the same on every run."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from golden import check_golden
from jsonschema import Draft202012Validator
from rendering.cases import CART, REDIS
from rendering.hostile import hostile_strings
from reporting.runs import SECRET, every_run, hostile_run, shop_run

from recommender.rendering.comments import MARKS
from recommender.reporting.document import SCHEMA_VERSION, build, to_json
from recommender.reporting.run import Run

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def schema(repository: Path) -> dict[str, Any]:
    text = (repository / "docs" / "report.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def places(schema: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - JSON
    if isinstance(schema, list):
        return [hit for item in schema for hit in places(item, f"{path}[]")]
    if not isinstance(schema, dict):
        return []
    inner = [hit for key, item in schema.items() for hit in places(item, f"{path}/{key}")]
    return [(path, schema), *inner]


@pytest.mark.parametrize(
    "run", [shop_run(), every_run(), Run("0", ())], ids=["shop", "all", "none"]
)
def test_a_report_has_the_form_of_its_schema(run: Run, validator: Draft202012Validator) -> None:
    validator.validate(json.loads(to_json(build(run))))


@pytest.mark.parametrize("text", [*hostile_strings(), "\ud800"])
def test_no_text_breaks_the_report(text: str, validator: Draft202012Validator) -> None:
    document = build(hostile_run(text))
    written = to_json(document)
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == document
    validator.validate(document)


def test_the_schema_names_every_field_and_says_what_it_means(schema: dict[str, Any]) -> None:
    for path, place in places(schema):
        if place.get("type") == "object" and "properties" in place:
            assert place["additionalProperties"] is False, path
            assert place["required"] == list(place["properties"]), path
            assert place.get("description"), path
    assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_the_guide_explains_every_field_and_mark(repository: Path, schema: dict[str, Any]) -> None:
    guide = (repository / "docs" / "report.md").read_text(encoding="utf-8")
    for word in (*MARKS, *schema["properties"]):
        assert f"`{word}" in guide or word in {"tool", "inputs", "settings"}, word


def test_the_examples_of_the_schema_hold(schema: dict[str, Any]) -> None:
    found = [place for _, place in places(schema) if isinstance(place.get("examples"), list)]
    assert found
    for place in found:
        for example in place["examples"]:
            Draft202012Validator({**place, "$defs": schema["$defs"]}).validate(example)


@pytest.mark.parametrize("wrong", ["extra", "lacking", "type"])
def test_the_schema_refuses_what_is_no_report(wrong: str, validator: Draft202012Validator) -> None:
    document = build(shop_run())
    edge = document["edges"][0]
    if wrong == "extra":
        edge["colour"] = "red"
    elif wrong == "lacking":
        del edge["flows"]
    else:
        edge["flows"] = "many"
    assert not validator.is_valid(document)


def test_the_report_is_as_kept(*, update_golden: bool) -> None:
    files = {"report.json": to_json(build(shop_run()))}
    check_golden(GOLDEN / "document", files, update=update_golden)


def test_the_report_does_not_depend_on_any_order() -> None:
    run = every_run()
    expected = to_json(build(run))
    dice = random.Random(7)  # noqa: S311 - an order, no secret
    for _ in range(20):

        def shuffled(items: Any) -> Any:  # noqa: ANN401 - any tuple
            return tuple(dice.sample(items, len(items)))

        pairs = shuffled(tuple(run.inventory.workloads.items()))
        other = replace(
            run,
            inputs=shuffled(run.inputs),
            accounting=replace(run.accounting, files=shuffled(run.accounting.files)),
            edges=shuffled(run.edges),
            inventory=replace(run.inventory, workloads=dict(pairs)),
            policies=shuffled(run.policies),
            findings=shuffled(run.findings),
            settings=dict(shuffled(tuple(run.settings.items()))),
        )
        assert to_json(build(other)) == expected


def test_the_accounts_add_up_in_the_report() -> None:
    account = build(shop_run())["accounting"]
    for part in (account, *account["files"]):
        spread = sum(part["set_aside"].values()) + sum(part["malformed"].values())
        assert part["records"] == part["accepted"] + spread


def test_the_text_of_a_malformed_record_is_left_out() -> None:
    assert SECRET not in to_json(build(shop_run()))


def test_every_reference_of_the_report_leads_somewhere() -> None:
    document = build(every_run())
    entities = {entity["id"] for entity in document["entities"]}
    edges = {edge["id"] for edge in document["edges"]}
    policies = {f"{policy['namespace']}/{policy['name']}" for policy in document["policies"]}
    for edge in document["edges"]:
        assert {edge["client"], edge["server"]} <= entities
    shop = [policy for policy in document["policies"] if policy["namespace"] == "shop"]
    evidence = {
        item["edge"]
        for policy in shop
        for rule in (*policy["ingress"], *policy["egress"])
        for item in rule["evidence"]
    }
    assert evidence
    assert evidence <= edges
    for entity in document["entities"]:
        assert set((entity["workload"] or {}).get("policies", [])) <= policies


def test_a_workload_names_its_drafts() -> None:
    entities = {entity["id"]: entity for entity in build(shop_run())["entities"]}
    assert entities[CART.id]["workload"]["policies"] == ["shop/cart"]
    assert entities[CART.id]["workload"]["observed"] == ["Ingress", "Egress"]
    assert entities[REDIS.id]["workload"]["policies"] == []


def test_workloads_that_share_a_draft_both_name_it() -> None:
    run = shop_run()
    shared = replace(run.policies[0], origin=f"{CART.id} {REDIS.id}")
    entities = {e["id"]: e for e in build(replace(run, policies=(shared,)))["entities"]}
    assert entities[CART.id]["workload"]["policies"] == ["shop/cart"]
    assert entities[REDIS.id]["workload"]["policies"] == ["shop/cart"]


def test_a_time_that_the_log_lacks_is_null() -> None:
    document = build(every_run())
    untimed = [edge for edge in document["edges"] if edge["first_seen"] is None]
    assert [edge["verdict"] for edge in untimed] == ["unknown"]
    assert document["window"]["first_seen"] == "2026-03-02T09:30:00Z"
    assert document["window"]["last_seen"] == "2026-03-08T09:30:00.500000Z"
