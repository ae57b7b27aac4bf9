"""What a reviewer settles holds, and the rest is fitted around it."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml
from segments.clusters import TINY, made

import recommender as nr
from recommender.model.errors import InputError
from recommender.segments.types import Segmentation, SegmentSettings

if TYPE_CHECKING:
    from pathlib import Path

QUICK = SegmentSettings(bootstraps=0)


@cache
def _plain() -> Segmentation:
    cluster = made(1, TINY)
    return nr.segment(cluster.edges, cluster.workloads, settings=QUICK)


def _fit(path: Path, text: str) -> dict[str, str]:
    file = path / "segments.yaml"
    file.write_text("version: 1\n" + text)
    cluster = made(1, TINY)
    found = nr.segment(cluster.edges, cluster.workloads, settings=QUICK, corrections=file)
    return {found.texts[m]: segment.name for segment in found.segments for m in segment.members}


def _members(least: int = 4) -> list[list[str]]:
    """Texts of the members of segments of one namespace, largest first."""
    found = _plain()
    some = [s for s in found.segments if len(s.members) >= least and not s.hub]
    some = [s for s in some if s.members[0].namespace == some[0].members[0].namespace]
    return [[found.texts[m] for m in s.members] for s in some]


def test_a_pin_is_exactly_its_workloads(tmp_path: Path) -> None:
    wanted = [_members()[0][0], _members()[1][0]]
    names = _fit(tmp_path, f"pin:\n- name: ours\n  workloads: {wanted}\n")
    assert sorted(text for text, name in names.items() if name == "ours") == sorted(wanted)


def test_merged_segments_are_one(tmp_path: Path) -> None:
    first, second = _members()[:2]
    names = _fit(tmp_path, f"merge:\n- name: both\n  workloads: [{first[0]}, {second[0]}]\n")
    assert {names[text] for text in (*first, *second)} == {"both"}


def test_split_workloads_are_apart(tmp_path: Path) -> None:
    first = _members()[0]
    names = _fit(tmp_path, f"split:\n- [[{first[0]}], [{first[1]}]]\n")
    assert names[first[0]] != names[first[1]]
    assert {names[text] for text in first} == {names[first[0]], names[first[1]]}


def test_a_name_is_given(tmp_path: Path) -> None:
    first = _members()[0]
    names = _fit(tmp_path, f"name:\n- name: storefront\n  workloads: [{first[0]}]\n")
    assert {names[text] for text in first} == {"storefront"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pin:\n- workloads: [nobody]\n", "segments.yaml:3, pin[0]: no workload is called nobody"),
        ("pins: []\n", "did you mean pin?"),
        ("name:\n- workloads: [a]\n", "the name is missing"),
        ("pin:\n- name: Not A Name\n  workloads: [a]\n", "small letters"),
        ("split:\n- [[a]]\n", "two parts or more"),
        ("split:\n- [[a], [a]]\n", "stands in two parts"),
        ("pin:\n- name: x\n", "workloads are missing"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"segments\.yaml:") as error:
        _fit(tmp_path, text)
    assert said in str(error.value)


def test_a_pin_across_namespaces_is_refused(tmp_path: Path) -> None:
    texts = list(made(1, TINY).truth)
    other = next(text for text in texts if text.split("/")[0] != texts[0].split("/")[0])
    with pytest.raises(InputError, match="different namespaces"):
        _fit(tmp_path, f"pin:\n- workloads: [{texts[0]}, {other}]\n")


def test_the_schema_takes_what_the_page_shows(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "segments.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    schema = json.loads((repository / "docs" / "segments.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(example), schema)
    file = tmp_path / "segments.yaml"
    file.write_text(example)
    found = nr.segment_flows(
        repository / "data" / "flows.jsonl.gz",
        repository / "data" / "inventory.json",
        settings=QUICK,
        corrections=file,
    )
    names = {segment.name: len(segment.members) for segment in found.segments}
    assert names["shop-databases"] == 2
    assert "metrics" in names
