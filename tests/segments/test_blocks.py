"""What is known of blocks is the same, by whatever way it was come by."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from recommender.segments import codes as codes_module
from recommender.segments.blocks import BlockTable, block_table
from recommender.segments.codes import crossed, grouped, renumber
from recommender.segments.counting import ln_choose, log2_choose
from recommender.segments.merging import merge_groups
from recommender.segments.refine import trim
from recommender.segments.stability import linked, overlap
from recommender.segments.traffic import Ints, Traffic

_WORKLOADS, _ENDS, _SERVICES = 9, 12, 3
EDGES = st.sets(
    st.tuples(
        st.integers(0, _ENDS - 1), st.integers(0, _ENDS - 1), st.integers(0, _SERVICES - 1)
    ).filter(lambda edge: edge[0] != edge[1]),
    max_size=60,
)
LABELS = st.lists(st.integers(0, 4), min_size=_WORKLOADS, max_size=_WORKLOADS)


def traffic_of(edges: set[tuple[int, int, int]]) -> Traffic:
    source, destination, service = np.array(sorted(edges) or np.zeros((0, 3)), dtype=np.int64).T
    return Traffic(
        workloads=_WORKLOADS,
        ends=_ENDS,
        services=_SERVICES,
        source=source,
        destination=destination,
        service=service,
        days=np.ones(len(source), dtype=np.int64),
        window=7,
        own=np.zeros((0, 2), dtype=np.int64),
        place=np.zeros(_ENDS, dtype=np.int64),
    )


def groups(labels: list[int]) -> Ints:
    return renumber(np.array(labels, dtype=np.int64))


@given(EDGES, LABELS)
def test_blocks_that_are_kept_are_those_of_their_edges(
    edges: set[tuple[int, int, int]], labels: list[int]
) -> None:
    kept = trim(block_table(traffic_of(edges), groups(labels)))
    anew = block_table(kept.traffic, groups(labels))
    for field in fields(BlockTable):
        if field.name != "traffic":
            np.testing.assert_array_equal(getattr(kept, field.name), getattr(anew, field.name))


@given(EDGES, LABELS)
def test_merging_comes_to_rest(edges: set[tuple[int, int, int]], labels: list[int]) -> None:
    free = np.zeros(_WORKLOADS, dtype=bool)
    merged = merge_groups(block_table(traffic_of(edges), groups(labels)), free)
    again = merge_groups(block_table(merged.traffic, merged.labels), free)
    np.testing.assert_array_equal(again.labels, merged.labels)


@given(EDGES, LABELS)
def test_ways_tell_whom_groups_meet(edges: set[tuple[int, int, int]], labels: list[int]) -> None:
    table = block_table(traffic_of(edges), groups(labels))
    for ways, mine, other in (
        (table.outward, table.source, table.destination),
        (table.inward, table.destination, table.source),
    ):
        inside = mine < table.inner
        met = list(zip(other[inside].tolist(), table.service[inside].tolist(), strict=True))
        number = {way: place for place, way in enumerate(sorted(set(met)))}
        assert ways.way.tolist() == [number[way] for way in met]
        assert ways.count == len(number)
        assert ways.group.tolist() == mine[inside].tolist()
        assert ways.edges.tolist() == table.edges[inside].tolist()


@given(st.lists(st.integers(0, 300), max_size=40), st.sampled_from([0, 10**6]))
def test_codes_are_grouped_alike_by_counting_and_by_sorting(codes: list[int], rare: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes_module, "_RARE", rare)
        values, place, times = grouped(np.array(codes, dtype=np.int64))
    assert values.tolist() == sorted(set(codes))
    assert values[place].tolist() == codes
    assert times.tolist() == [codes.count(value) for value in sorted(set(codes))]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=30))
def test_a_table_counts_what_comes_together(pairs: list[tuple[int, int]]) -> None:
    rows, columns = np.array(pairs or np.zeros((0, 2)), dtype=np.int64).T
    found = crossed(rows, columns, (4, 5))
    assert found.tolist() == [[pairs.count((a, b)) for b in range(5)] for a in range(4)]


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_ways_to_choose_are_the_same_for_one_number_and_for_many(n: int, k: int) -> None:
    many = ln_choose(np.array([n]), np.array([min(k, n)]))[0] / np.log(2.0)
    assert log2_choose(n, min(k, n)) == many


@given(LABELS, LABELS)
def test_the_overlap_of_a_group_is_that_with_the_likest(mine: list[int], others: list[int]) -> None:
    labels, drawn = groups(mine), groups(others)
    sets = [set(np.flatnonzero(drawn == group).tolist()) for group in range(drawn.max() + 1)]
    for group, found in enumerate(overlap(labels, drawn).tolist()):
        members = set(np.flatnonzero(labels == group).tolist())
        assert found == max(len(members & one) / len(members | one) for one in sets)


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=14))
def test_what_is_linked_over_others_is_one_group(links: set[tuple[int, int]]) -> None:
    close = np.eye(10, dtype=bool)
    for a, b in links:
        close[a, b] = close[b, a] = True
    _, wanted = connected_components(close, directed=False)
    np.testing.assert_array_equal(renumber(linked(close)), renumber(wanted.astype(np.int64)))
