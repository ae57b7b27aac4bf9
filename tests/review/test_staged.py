"""A direction below the bound is left open by the draft, and the run ends with 3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import recommender as nr
from recommender.cli.app import main
from recommender.model.errors import CoverageError
from recommender.model.policies import STAGED, Direction
from recommender.rendering.network_policy import to_yaml

if TYPE_CHECKING:
    from recommender.model.policies import NetworkPolicy

SAMPLE = str(Path(__file__).resolve().parents[2] / "data" / "flows.jsonl.gz")
BOUND = 0.85


@pytest.fixture(scope="module")
def staged() -> nr.PolicySet:
    return nr.recommend(SAMPLE, min_coverage=BOUND)


def half_open(drafts: nr.PolicySet) -> NetworkPolicy:
    """A draft whose egress alone is staged."""
    return next(p for p in drafts.policies if dict(p.annotations) == {STAGED: "Egress"})


def test_the_draft_isolates_the_covered_direction_alone_and_says_so(staged: nr.PolicySet) -> None:
    draft = half_open(staged)
    assert draft.policy_types == {Direction.INGRESS}
    assert "# PARTIAL: egress stays open, the window shows too little of it." in to_yaml(draft)


def test_no_draft_isolates_a_partial_direction_not_even_a_default_deny(
    staged: nr.PolicySet,
) -> None:
    window = staged.run.window_coverage
    assert window is not None
    for entity, directions in window.partial.items():
        for policy in staged.policies:
            whole = policy.namespace == entity.namespace and policy.subject.matches_all
            if whole or entity.id in policy.origin.split():
                assert not policy.policy_types & directions, (entity.id, policy.name)


def test_every_partial_workload_has_a_finding(staged: nr.PolicySet) -> None:
    window = staged.run.window_coverage
    assert window is not None
    told = {finding.subject for finding in staged.findings if finding.code == "workload-partial"}
    assert told == {entity.id for entity in window.partial}


def test_without_a_bound_nothing_is_staged() -> None:
    drafts = nr.recommend(SAMPLE)
    assert not any(policy.annotations for policy in drafts.policies)
    drafts.require_coverage()


def test_the_frame_has_one_row_a_workload_and_direction(staged: nr.PolicySet) -> None:
    frame = staged.coverage()
    assert len(frame) == 2 * frame["workload"].nunique()
    row = frame[(frame["workload"] == half_open(staged).origin) & (frame["direction"] == "Egress")]
    assert row["partial"].tolist() == ["below-bound"]
    assert 0 < row["at_least"].item() < BOUND


def test_the_drafts_are_written_and_the_command_ends_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = main(["recommend", SAMPLE, "-d", str(out), "--min-coverage", str(BOUND)])
    told = capsys.readouterr()
    assert code == 3
    assert list((out / "policies").rglob("*.yaml"))
    (line,) = told.err.splitlines()
    assert "workloads are partial; 85 % was asked for" in line


def test_what_is_below_raises_in_the_library(staged: nr.PolicySet) -> None:
    with pytest.raises(CoverageError, match="partial"):
        staged.require_coverage()


def test_a_percentage_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["recommend", "no-such-file", "--min-coverage", "95"]) == 2
    assert "give a share above 0 and below 1" in capsys.readouterr().err
