"""What a reviewer settled about segments holds when policies are drafted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import recommender as nr
from recommender.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

PINNED = """version: 1
pin:
- name: stores
  workloads: [data/StatefulSet/cache, data/StatefulSet/db, data/StatefulSet/queue]
"""


def test_a_pinned_segment_shares_a_policy_of_its_name(repository: Path, tmp_path: Path) -> None:
    wishes = tmp_path / "segments.yaml"
    wishes.write_text(PINNED)
    few = nr.Settings(granularity=nr.Granularity.SEGMENT, max_added=0)
    data = repository / "data"
    drafts = nr.recommend(
        data / "flows.jsonl.gz", data / "inventory.json", settings=few, corrections=wishes
    )
    (stores,) = [one for one in drafts.report()["segments"] if one["name"] == "stores"]
    assert len(stores["members"]) == 3
    assert "stores" in {policy.name for policy in drafts.policies}


def test_a_segments_file_that_says_nonsense_is_named(repository: Path, tmp_path: Path) -> None:
    wishes = tmp_path / "segments.yaml"
    wishes.write_text("version: 1\npin: shop\n")
    with pytest.raises(InputError, match=r"segments\.yaml"):
        nr.recommend(repository / "data" / "flows.jsonl.gz", corrections=wishes)
