"""Entities, edges, findings, accounts and errors: their texts, keys and promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model import errors
from recommender.model.accounting import Accounting, FileAccount
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity, EntityKind
from recommender.model.errors import InternalError, RecommenderError
from recommender.model.findings import Finding, Severity

WEB = Entity.workload("shop", "Deployment", "web")
CART = Entity.workload("shop", "Deployment", "cart", cluster="east")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EDGE = Edge(WEB, CART, "TCP", 7070, Verdict.ACCEPTED, 1, 2, 0, NOON, NOON, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        (WEB, "shop/Deployment/web"),
        (CART, "east:shop/Deployment/cart"),
        (Entity(EntityKind.SERVICE, namespace="shop", name="db"), "shop/Service/db"),
        (Entity.cidr("10.0.0.0/8"), "cidr:10.0.0.0/8"),
        (Entity.dns_name("example.com"), "name:example.com"),
        (Entity.node(), "node"),
        (Entity.apiserver(), "kube-apiserver"),
        (Entity.unresolved("no-such-pod"), "unresolved:no-such-pod"),
    ],
)
def test_every_kind_of_entity_has_its_text(entity: Entity, text: str) -> None:
    assert entity.id == text
    assert str(entity) == text


def test_only_workloads_can_be_selected_and_only_addresses_and_names_are_external() -> None:
    assert [e.is_workload for e in (WEB, Entity.node(), Entity.cidr("::/0"))] == [
        True,
        False,
        False,
    ]
    assert Entity.cidr("::/0").is_external
    assert Entity.dns_name("a.b").is_external
    assert not Entity.node().is_external
    assert not WEB.is_external


entities = st.builds(
    Entity,
    st.sampled_from(EntityKind),
    st.sampled_from(["", "c"]),
    st.sampled_from(["n", "m"]),
    st.sampled_from(["Pod", "Job"]),
    st.sampled_from(["a", "b"]),
)


@given(entities, entities)
def test_entities_have_one_order(one: Entity, other: Entity) -> None:
    assert (one < other) + (other < one) + (one == other) == 1


def test_an_edge_shows_its_verdict_unless_it_is_accepted() -> None:
    assert EDGE.id == "shop/Deployment/web -> east:shop/Deployment/cart TCP/7070"
    denied = replace(EDGE, verdict=Verdict.DENIED)
    assert denied.id == f"{EDGE.id} [denied]"
    assert denied.key != EDGE.key
    assert replace(EDGE, flows=9).key == EDGE.key


def test_findings_sort_the_gravest_first() -> None:
    note = Finding("a", Severity.NOTE, "x", "m")
    warning = Finding("b", Severity.WARNING, "x", "m")
    error = Finding("c", Severity.ERROR, "x", "m")
    later = Finding("c", Severity.ERROR, "y", "m")
    assert sorted([note, later, warning, error], key=lambda f: f.order) == [
        error,
        later,
        warning,
        note,
    ]


def test_an_account_that_does_not_add_up_is_refused() -> None:
    good = FileAccount("a", "hubble", 6, 3, {"reply": 2}, {"not-json": 1})
    good.check()
    bad = replace(good, accepted=4)
    with pytest.raises(InternalError, match=r"a: accounting does not add up: 6 records, 7"):
        bad.check()
    with pytest.raises(InternalError):
        Accounting((good, bad)).check()


accounts = st.builds(
    lambda accepted, aside, malformed: FileAccount(
        "f",
        "hubble",
        accepted + sum(aside.values()) + sum(malformed.values()),
        accepted,
        aside,
        malformed,
    ),
    st.integers(0, 5),
    st.dictionaries(st.sampled_from("xyz"), st.integers(1, 5)),
    st.dictionaries(st.sampled_from("uvw"), st.integers(1, 5)),
)


@given(st.lists(accounts, max_size=4))
def test_totals_add_up_over_files(files: list[FileAccount]) -> None:
    total = Accounting(tuple(files))
    total.check()
    aside, malformed = sum(total.set_aside.values()), sum(total.malformed.values())
    assert total.records == total.accepted + aside + malformed
    assert list(total.set_aside) == sorted(total.set_aside)
    assert Accounting(tuple(reversed(files))).malformed == total.malformed


def test_a_run_is_complete_when_every_file_is() -> None:
    whole = FileAccount("a", "hubble", 0, 0)
    assert Accounting((whole,)).complete
    assert not Accounting((whole, replace(whole, complete=False))).complete


def subclasses(kind: type[RecommenderError]) -> set[type[RecommenderError]]:
    return {kind} | {found for child in kind.__subclasses__() for found in subclasses(child)}


def test_every_error_has_its_own_code_and_an_exit_code_of_the_design() -> None:
    kinds = {kind for kind in subclasses(RecommenderError) if kind.__module__ == errors.__name__}
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert {kind.exit_code for kind in kinds} <= {1, 2, 3, 4}


def test_an_error_is_one_line_with_place_and_way_out() -> None:
    error = errors.InputError("not a log", where="a.jsonl:3", hint="try --format hubble")
    assert str(error) == "a.jsonl:3: not a log (try --format hubble)"
    assert str(errors.UsageError("no input")) == "no input"
