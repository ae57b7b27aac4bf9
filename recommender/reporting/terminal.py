"""The summary that a person reads after a run: what was read, drafted, left open, and what next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from recommender.model.findings import Severity
from recommender.model.policies import Direction
from recommender.model.text import clean
from recommender.rendering.tree import is_default_deny
from recommender.reporting.layout import Style, columns_of, pad, table, wrap
from recommender.reporting.outcome import direction_words, groups, outcomes
from recommender.reporting.times import is_known
from recommender.reporting.waiting import review_text, waiting_rows
from recommender.review.window_findings import window_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy
    from recommender.rendering.files import Written
    from recommender.reporting.outcome import Outcome
    from recommender.reporting.run import Run

_LEAD: Final = 11
_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_MOST_FILES: Final = 5


def summary(
    run: Run,
    written: Written | None = None,
    *,
    width: int = 100,
    colour: bool = False,
    limit: int = 20,
) -> str:
    """The summary as lines of text.

    Args:
        run: What happened.
        written: What was written where, None where nothing was.
        width: Columns of the terminal.
        colour: Whether to colour headings and severities.
        limit: Most rows of each list; what is left out is counted.
    """
    style = Style(colour)
    ends = outcomes(run)
    sections = [
        _read(run, style, width),
        _window(run, style, width),
        _set_aside(run, style, width),
        _drafted(run, ends, style, width, limit),
        _without(ends, style, width, limit),
        _review(run, style, width, limit),
        _found((*run.findings, *run.coverage), style, width, limit),
        _proven(run, style, width),
        _goals(run, style, width),
        _wrote(written, style, width),
        _next(run, written, style),
    ]
    blocks = ["\n".join(lines) for section in sections if (lines := list(section))]
    return "\n\n".join(blocks) + "\n"


def count(number: int, unit: str, units: str = "") -> str:
    """``1 file``, ``2 files``, ``3 policies``."""
    return f"{number:,} {unit if number == 1 else units or f'{unit}s'}"


def _section(name: str, text: str, style: Style, width: int) -> Iterator[str]:
    """A heading in the margin and a sentence beside it."""
    lines = wrap(text, width - _LEAD)
    yield style("bold", pad(name, _LEAD)) + next(lines)
    for line in lines:
        yield " " * _LEAD + line


def _rest(total: int, shown: int, where: str = "report.json") -> Iterator[str]:
    if total > shown:
        yield f"  and {total - shown:,} more in {where}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if is_known(moment) else "unknown"


def _read(run: Run, style: Style, width: int) -> Iterator[str]:
    account = run.accounting
    text = f"{count(len(account.files), 'file')}, {count(account.records, 'record')}"
    if run.window:
        first, last = map(_moment, run.window)
        text += f", from {first} to {last} UTC"
    yield from _section("Read", text, style, width)
    aside, bad = sum(account.set_aside.values()), sum(account.malformed.values())
    told = f"{count(account.accepted, 'record')} made {count(len(run.edges), 'edge')}"
    told += f", {aside:,} set aside, {bad:,} malformed"
    yield from wrap(told, width, first=" " * _LEAD, rest=" " * _LEAD)
    partial = sorted((file for file in account.files if not file.complete), key=lambda f: f.file)
    for file in partial[:_MOST_FILES]:
        text = f"{file.file} was read in part: {file.problem}"
        for line in wrap(text, width, first=" " * _LEAD, rest=" " * _LEAD):
            yield style("yellow", line)
    yield from _rest(len(partial), _MOST_FILES)


def _window(run: Run, style: Style, width: int) -> Iterator[str]:
    if run.window_coverage is not None:
        yield from _section("Window", window_text(run.window_coverage), style, width)


def _set_aside(run: Run, style: Style, width: int) -> Iterator[str]:
    account = run.accounting
    first: dict[str, str] = {}
    for item in account.quarantined:
        first.setdefault(item.reason, f"first: {item.record.file}:{item.record.line}")
    for name, reasons in (("Set aside", account.set_aside), ("Malformed", account.malformed)):
        if reasons:
            yield style("bold", name)
            yield from table(_counted(reasons, first), width, right=frozenset({1}))


def _counted(reasons: Mapping[str, int], first: Mapping[str, str]) -> list[tuple[str, str, str]]:
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [(reason, f"{number:,}", first.get(reason, "")) for reason, number in ordered]


def _drafted(
    run: Run,
    ends: list[Outcome],
    style: Style,
    width: int,
    limit: int,
) -> Iterator[str]:
    got = [end for end in ends if end.policies]
    defaults = sum(map(is_default_deny, run.policies))
    drafts = len(run.policies) - defaults
    text = f"{count(drafts, 'policy', 'policies')} for {len(got):,} of "
    text += count(len(ends), "workload")
    if spaces := len({policy.namespace for policy in run.policies}):
        text += f" in {count(spaces, 'namespace')}"
    text += f", and {count(defaults, 'default-deny', 'default-denies')}" if defaults else ""
    yield from _section("Drafted", text, style, width)
    if got:
        rows = [("WORKLOAD", "INGRESS", "EGRESS", "LOOK TWICE AT"), *map(_row, got[:limit])]
        head, *lines = table(rows, width, right=frozenset())
        yield style("dim", head)
        yield from lines
        yield from _rest(len(got), limit)


def _row(end: Outcome) -> tuple[str, str, str, str]:
    ingress = direction_words(end.policies, Direction.INGRESS)
    egress = direction_words(end.policies, Direction.EGRESS)
    return (end.entity.id, ingress, egress, ", ".join(_marks(end.policies)))


def _marks(policies: Iterable[NetworkPolicy]) -> list[str]:
    rules = [rule for policy in policies for side in Direction for rule in policy.rules(side)]
    return sorted({mark for rule in rules for mark in rule.marks})


def _without(ends: list[Outcome], style: Style, width: int, limit: int) -> Iterator[str]:
    none = [end for end in ends if not end.policies]
    if not none:
        return
    yield style("bold", "No policy")
    shown = none[:limit]
    wide = max(columns_of(clean(end.entity.id)) for end in shown)
    narrow = wide > width // 2
    for end in shown:
        name = clean(end.entity.id)
        if narrow:
            yield f"  {name}"
            yield from wrap(end.reason, width, first="    ", rest="    ")
        else:
            yield from wrap(
                end.reason, width, first=f"  {pad(name, wide)}  ", rest=" " * (wide + 4)
            )
    yield from _rest(len(none), limit)


def _review(run: Run, style: Style, width: int, limit: int) -> Iterator[str]:
    """What waits for a person, and what was decided."""
    if not run.review:
        return
    yield from _section("Review", review_text(run.review), style, width)
    waiting = waiting_rows(run.review)
    if waiting:
        rows = [("DOUBT", "WHY", "EDGE"), *waiting[:limit]]
        head, *lines = table(rows, width, right=frozenset())
        yield style("dim", head)
        yield from lines
        yield from _rest(len(waiting), limit)


def _found(
    findings: tuple[Finding, ...],
    style: Style,
    width: int,
    limit: int,
) -> Iterator[str]:
    gathered = groups(findings)
    if not gathered:
        return
    totals = [
        count(number, severity.value)
        for severity in Severity
        if (number := sum(group.count for group in gathered if group.severity is severity))
    ]
    yield from _section("Findings", ", ".join(totals), style, width)
    for group in gathered[:limit]:
        lead = f"  {pad(group.severity.value, 7)}  "
        times = f" ({group.count:,} times, first:)" if group.count > 1 else ""
        text = f"{group.code}{times} {group.first.subject}: {group.first.message}"
        lines = wrap(text, width, first=lead, rest=" " * len(lead))
        first = next(lines)
        colour = _COLOURS[group.severity]
        yield "  " + style(colour, first[2 : len(lead)]) + first[len(lead) :]
        yield from lines
        if group.first.hint:
            # On one line whatever its length: it is often a command to copy.
            yield " " * len(lead) + style("dim", f"-> {clean(group.first.hint, limit=1000)}")
    yield from _rest(len(gathered), limit)


def _proven(run: Run, style: Style, width: int) -> Iterator[str]:
    if run.replay is None:
        return
    replay = run.replay
    total = replay.allowed + replay.denied + replay.undefined
    text = f"{replay.allowed:,} of {count(total, 'accepted edge')} are allowed by the drafts"
    text += f", {replay.denied:,} denied" if replay.denied else ""
    text += f", {replay.undefined:,} not for a policy to say" if replay.undefined else ""
    yield from _section("Replayed", text, style, width)


def _goals(run: Run, style: Style, width: int) -> Iterator[str]:
    if run.goals is not None and run.goals.outcomes:
        from recommender.review.goal_report import goals_text

        yield from _section("Goals", goals_text(run.goals), style, width)


def _wrote(written: Written | None, style: Style, width: int) -> Iterator[str]:
    if written is None:
        return
    total = len(written.written) + len(written.unchanged)
    parts = [f"{len(written.written):,} written", f"{len(written.unchanged):,} unchanged"]
    parts += [f"{len(written.removed):,} of an earlier run removed"] if written.removed else []
    text = f"{count(total, 'file')} in {written.folder} ({', '.join(parts)})"
    yield from _section("Wrote", text, style, width)
    for path in written.kept[:_MOST_FILES]:
        text = f"kept {path}: it is no longer drafted, but was changed by hand"
        yield from wrap(text, width, first=" " * _LEAD, rest=" " * _LEAD)
    yield from _rest(len(written.kept), _MOST_FILES, ".recommender.json")


def _next(run: Run, written: Written | None, style: Style) -> Iterator[str]:
    if written is None or not run.policies:
        return
    folder = shlex.quote(written.folder)
    page = shlex.quote(f"{written.folder.rstrip('/')}/report.html")
    commands = [page, f"kubectl kustomize {folder}", f"kubectl diff -k {folder}"]
    words = [
        "look at it in a browser: what changes, and what waits",
        "read the drafts",
        "compare them with a cluster",
    ]
    wide = max(map(len, commands))
    for lead, command, word in zip(("Next", "", ""), commands, words, strict=True):
        shown = clean(command, limit=1000)
        yield style("bold", pad(lead, _LEAD)) + f"{pad(shown, wide)}  # {word}"
