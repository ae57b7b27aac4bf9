"""What a person should know about the coverage of the window."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from recommender.model.findings import Finding, Severity
from recommender.review.window import COVERED, FEWEST_DAYS, NEVER_SEEN, TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.review.window import WindowCoverage, WorkloadCoverage

_SHOWN: Final = 5
_WORDS: Final = {
    "too-early": f"the window is shorter than {FEWEST_DAYS} days",
    "hardly-seen": f"it was seen on fewer than {FEWEST_DAYS} days",
    "below-bound": "the window shows too little of it",
}


def percent(share: float) -> str:
    """A share as people read it, never rounded up to 100: ``93.2 %``."""
    shown = min(share, 0.9999) if share < 1.0 else share
    digits = 1 if shown < 0.99 else 2  # noqa: PLR2004 - where the first digit says nothing
    scale = 10**digits
    return f"{int(shown * 100 * scale + 1e-9) / scale:g} %"


def window_findings(window: WindowCoverage) -> Iterator[Finding]:
    """The cluster's coverage, workloads hardly seen, and those under a bound that was given."""
    if window.first_seen is None:
        return
    yield _cluster(window)
    if window.early:
        return
    hardly = [one for one in window.workloads if one.status == "hardly-seen"]
    if hardly and not window.chosen:
        names = ", ".join(one.entity.id for one in hardly[:_SHOWN])
        more = f" and {len(hardly) - _SHOWN} more" if len(hardly) > _SHOWN else ""
        count = f"{len(hardly)} workload{'' if len(hardly) == 1 else 's'}"
        yield Finding(
            "hardly-seen",
            Severity.NOTE,
            "window",
            f"{count} had traffic on fewer than {FEWEST_DAYS} days: {names}{more}",
            hint="record longer, or stage their drafts with --min-coverage",
        )
    if window.chosen:
        yield from map(_workload, (one for one in window.workloads if one.days and one.partial))


def window_text(window: WindowCoverage) -> str:
    """The coverage of the window as the summary says it."""
    if window.coverage is None or window.least is None:
        return f"too early to say what it has missed: less than {FEWEST_DAYS} days"
    text = f"shows {percent(window.coverage)} of what a day to come will hold, at least "
    text += percent(window.least)
    counts = Counter(one.status for one in window.workloads)
    seen = sum(number for status, number in counts.items() if status != NEVER_SEEN)
    partial = seen - counts[COVERED]
    if partial:
        text += f"; below {percent(window.bound)} for {partial:,} of {seen:,} workloads seen"
    if never := counts[NEVER_SEEN]:
        text += f"; {never:,} never seen"
    if wanted := window.more_days:
        target = percent(max(TARGET, window.bound))
        text += f"; {wanted:,} more day{'' if wanted == 1 else 's'} for {target}"
    return text


def below_text(window: WindowCoverage) -> str:
    """In one line why a window is below the bound that the user gave."""
    if window.least is None:
        return f"it is too early: below {FEWEST_DAYS} days nothing can be said of the coverage"
    told = f"the cluster's coverage is at least {percent(window.least)}"
    partial = len(window.partial)
    verb = "workload is" if partial == 1 else "workloads are"
    return f"{told}, and {partial:,} {verb} partial; {percent(window.bound)} was asked for"


def _cluster(window: WindowCoverage) -> Finding:
    if window.coverage is None or window.least is None:
        return Finding(
            "window-too-early",
            Severity.WARNING,
            "window",
            f"the logs span less than {FEWEST_DAYS} days, too little to say what they have missed",
            hint="record a week; apply nothing that denies before",
        )
    low, high = window.days.unseen_interval()
    message = (
        f"an edge that is active on a day to come was seen with a chance of "
        f"{percent(window.coverage)}, at least {percent(window.least)}; "
        f"about {window.days.unseen:.0f} edges were not seen yet ({low:.0f} to {high:.0f})"
    )
    wanted = window.more_days
    days = f"{wanted} more day{'' if wanted == 1 else 's'}"
    target = percent(max(TARGET, window.bound))
    hint = f"record {days} to bring it to {target}" if wanted else ""
    grave = window.least < window.bound
    return Finding(
        "window-coverage",
        Severity.WARNING if grave else Severity.NOTE,
        "window",
        message,
        hint=hint,
    )


def _workload(one: WorkloadCoverage) -> Finding:
    parts = []
    for side in one.sides:
        if side.partial:
            known = "" if side.least is None else f" (at least {percent(side.least)})"
            parts.append(f"its {side.direction.value.lower()} stays open{known}")
    why = next(side.partial for side in one.sides if side.partial)
    return Finding(
        "workload-partial",
        Severity.WARNING,
        one.entity.id,
        f"{' and '.join(parts)}: {_WORDS[why]}",
        hint="record longer, or look at what was seen and draft with a lower --min-coverage",
        where=",".join(side.direction.value for side in one.sides if side.partial),
    )
