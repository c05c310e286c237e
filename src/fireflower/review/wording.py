"""Results in plain English. What was seen, how sure one may be of it, and what the data cannot say; never
why.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fireflower.model.moments import format_moment
from fireflower.review.intervals import Estimate
from fireflower.review.words import PLURAL, count, days, days_interval, days_range, interval, percent, share, times

if TYPE_CHECKING:
    from fireflower.model.records import SubjectKind
    from fireflower.review import results
    from fireflower.review.survival import Spans

FEW = 20
"""Below so many observations a share is called what it is: few."""

_EXPORTED = "If times of receipt are those of an export, import without them."


def _caution(n: int) -> str:
    return " That is few: read the interval, not the share." if n < FEW else ""


# --- Backtest -----------------------------------------------------------------------------------------------


def backtest(result: results.Backtest) -> list[str]:
    if not result.entered:
        return [_nobody(result), *coverage(result.coverage), *_apart(result)]
    return [
        *_precision(result),
        *_time_to_goal(result),
        *coverage(result.coverage),
        *comparison(result.comparison),
        *_apart(result),
    ]


def _nobody(result: results.Backtest) -> str:
    return (
        f"Nobody among {count(result.population, result.subjects)} was known to qualify up to "
        f"{format_moment(result.as_of)} UTC. So nothing can be said about what becomes of those who do."
    )


def _precision(result: results.Backtest) -> list[str]:
    horizon = days(result.horizon_days)
    if not result.followed and not result.pending:
        return [
            f"Whoever qualified ({count(result.entered, result.subjects)}) had reached the goal by the time when "
            "anyone could have known: this definition cannot predict it."
        ]
    if not result.followed:
        return [
            f"{count(result.entered, result.subjects)} qualified, but none can be followed for {horizon} "
            "yet: how many reach the goal cannot be known today."
        ]
    within = f"reached the goal {result.goal} within these {horizon}"
    return [
        f"Of {count(result.followed, result.subjects)} that qualified and could be followed for {horizon}, "
        f"{result.converted:,} ({share(result.precision)}) {within}.{_caution(result.followed)}"
    ]


def _time_to_goal(result: results.Backtest) -> list[str]:
    if not result.converted:
        return []
    return [f"From first qualifying to the goal: {_spans(result.time_to_goal)}."]


def _spans(spans: Spans) -> str:
    if spans.n == 1:
        return f"{days(spans.median.value)} in the only case"
    return (
        f"half took at most {days(spans.median.value)} ({days_interval(spans.median)}), "
        f"the middle half {days_range(spans.quarter, spans.three_quarters)}"
    )


def _apart(result: results.Backtest) -> list[str]:
    """What is in none of the shares, and why."""
    subjects, horizon = result.subjects, days(result.horizon_days)
    said = []
    if result.pending:
        so_far = f"{result.pending_converted:,}" if result.pending_converted else "none"
        said.append(
            f"Counted apart: {count(result.pending, subjects)} qualified less than {horizon} before the "
            f"data's end; {so_far} reached the goal so far."
        )
    if result.pending and result.followed_partly.known:
        said.append(
            "With these for as long as they were followed, the share is "
            f"{share(result.followed_partly)} (Kaplan-Meier)."
        )
    if result.too_late:
        said.append(
            f"Counted apart: {count(result.too_late, subjects)} had reached the goal by the time when "
            "anyone could have known that they qualified."
        )
    said += _known_after_the_end(result.known_later, subjects)
    if result.left_out:
        said.append(
            f"{count(result.left_out, subjects)} came to be left out. Whoever had qualified before counts as not "
            "having reached the goal from then on."
        )
    return said


def _known_after_the_end(subjects: int, kind: SubjectKind) -> list[str]:
    if not subjects:
        return []
    return [f"Left aside: {count(subjects, kind)} whose records were received only after the data's end. {_EXPORTED}"]


def coverage(result: results.Coverage) -> list[str]:
    if not result.reached:
        return [
            f"No {result.subjects} reached the goal, so there is no coverage and no lead time. "
            "Is the goal's event in the data?"
        ]
    said = (
        f"Of {count(result.reached, result.subjects)} that reached the goal, {result.before:,} "
        f"({share(result.share)}) had been qualified before it."
    )
    still = f" {result.still:,} of them still were when they reached it." if result.before else ""
    return [said + still + _caution(result.reached), *lead_times(result.lead_times)]


def lead_times(result: results.LeadTimes) -> list[str]:
    if not result.spans.n:
        return []
    weeks = next((estimate for lead, estimate in result.at_least if lead == 7 and result.spans.n > 1), None)
    ahead = f"; {percent(weeks.value)} had first qualified at least 7 days before" if weeks else ""
    return [f"Lead time, from first qualifying to the goal, whenever it came: {_spans(result.spans)}{ahead}."]


def comparison(result: results.Comparison) -> list[str]:
    said = _unmatched(result)
    if not result.matched:
        return ["There is nobody to compare with: no entry has enough controls of its age.", *said]
    matched = count(result.matched, result.subjects)
    if not result.is_enough:
        return [f"Too few goals among {matched} and their controls to compare the two.", *said]
    horizon = days(result.horizon_days)
    return [
        f"Among {matched} that could be compared, {percent(result.qualified.value)} "
        f"({interval(result.qualified)}) reached the goal within {horizon}; among others of the same age and "
        "starting time, not qualified and without the goal at that moment, "
        f"{percent(result.controls.value)} ({interval(result.controls)}).",
        _verdict(result),
        "This is a comparison, not an experiment: those who qualify may differ in other ways too.",
        *said,
    ]


def _verdict(result: results.Comparison) -> str:
    lift = result.lift
    if not lift.known:
        return "None of the controls reached the goal, so how many times as often it is cannot be said."
    bounds = f"{times(lift.low)} to {times(lift.high)}"
    if math.isinf(lift.high):
        bounds = f"{times(lift.low)} or more"
    said = f"That is {times(lift.value)} times as often (95 % interval {bounds})"
    if result.difference.low > 0 and lift.low > 1:
        return f"{said}: those who qualified reached it more often."
    if result.difference.high < 0 and lift.high < 1:
        return f"{said}: those who qualified reached it less often."
    return f"{said}: these data cannot tell the two apart."


def _unmatched(result: results.Comparison) -> list[str]:
    said = []
    if result.unmatched:
        said.append(f"{count(result.unmatched, result.subjects)} had too few controls and are not in the comparison.")
    if result.ageless:
        said.append(
            f"{count(result.ageless, result.subjects)} had no known start when they qualified and are not in "
            "the comparison."
        )
    return said


# --- Volume, funnel, thresholds, diff -----------------------------------------------------------------------


def weekly_volume(result: results.WeeklyVolume) -> list[str]:
    complete = int(result.complete.sum())
    if not complete:
        return ["The data hold no complete week, so there is no weekly volume."]
    rate = result.per_week
    return [
        f"{rate.value:.1f} {PLURAL[result.subjects]} a week qualify for the first time (95 % interval "
        f"{rate.low:.1f} to {rate.high:.1f}, {complete:,} complete {'week' if complete == 1 else 'weeks'}).",
        f"{count(int(result.qualified[-1]), result.subjects)} "
        f"{'is' if result.qualified[-1] == 1 else 'are'} qualified at the end.",
        *_known_after_the_end(result.known_later, result.subjects),
    ]


def funnel(result: results.Funnel) -> list[str]:
    first, *rest = result.stages
    if not first.reached:
        return [f"No {result.subjects} {first.name}, so there is no funnel."]
    said = [*absent_start(result), f"{count(first.through, result.subjects)} {first.name}."]
    before = first
    for stage in rest:
        said.append(_stage(stage, before))
        before = stage
    return said


def absent_start(result: results.Funnel) -> list[str]:
    """That the project's start is not in the data, and what was taken instead."""
    if not result.absent_start:
        return []
    return [
        f"The start event {result.absent_start} never occurs for any {result.subjects} in these data. The first record "
        f"of each {result.subjects} was taken for its start instead. Is `start` in fireflower.yaml spelled as in the "
        "data?"
    ]


def _stage(stage: results.FunnelStage, before: results.FunnelStage) -> str:
    if not before.through:
        return f"Whether they {stage.name} cannot be asked: nobody {before.name}."
    if not stage.through:
        return f"None of the {before.through:,} that {before.name} {stage.name} after that."
    return (
        f"Of the {before.through:,} that {before.name}, {stage.through:,} ({share(stage.of_previous)}) "
        f"{stage.name}, half of them within {days(stage.days.median.value)}."
    )


def time_to_value(result: results.TimeToValue) -> list[str]:
    said = []
    for name, curve in result.curves:
        if not curve.happened:
            said.append(f"No {result.subjects} {name}, so how long it takes cannot be said.")
        elif curve.median.known:
            said.append(
                f"Half of all {PLURAL[result.subjects]} {name} within {days(curve.median.value)} of their start."
            )
        else:
            said.append(f"Fewer than half of all {PLURAL[result.subjects]} {name} while they could be followed.")
    return said


def threshold_curve(result: results.ThresholdCurve) -> list[str]:
    places = sorted({0, result.current, len(result.thresholds) - 1})
    return [f"{result.label}: " + "; ".join(_point(result, i) for i in places) + "."]


def _point(result: results.ThresholdCurve, i: int) -> str:
    precision, coverage = result.precision[i], result.coverage[i]
    bound = f"{result.thresholds[i]:g} {result.unit}".strip()
    now = " (now)" if i == result.current else ""
    volume = "no complete week" if math.isnan(result.per_week[i]) else f"{result.per_week[i]:.1f} a week"
    reach = f"{percent(precision.value)} reach the goal" if precision.known else "nobody to follow"
    ahead = f"coverage {percent(coverage.value)}" if coverage.known else "no coverage"
    return f"at {bound}{now} {volume}, {reach}, {ahead}"


def diff(result: results.Diff) -> list[str]:
    now, subjects = result.now, result.subjects
    moment = format_moment(result.as_of)
    return [
        f"As of {moment} UTC, {count(len(now.enter), subjects)} would enter, {len(now.leave):,} would leave, "
        f"and {now.stay:,} would stay.",
        f"Over history {count(result.both, subjects)} qualified under both, {result.only_new:,} under "
        f"{result.new} alone, {result.only_old:,} under {result.old} alone. Of those under both, "
        f"{result.earlier:,} would have been known earlier and {result.later:,} later.",
        *_changed_by_goal(result),
        _changed_rate(result.per_week),
        *_known_later(result),
    ]


def _changed_by_goal(result: results.Diff) -> list[str]:
    if not result.goal:
        return [
            f"Which of the two foretells better cannot be said, as {result.new} has no goal: add `goal:` to it or to "
            "fireflower.yaml, with the event that it is to predict."
        ]
    return [
        _changed(f"Share that reaches the goal {result.goal} within {days(result.horizon_days)}", result.precision),
        _changed("Coverage", result.coverage),
    ]


def _known_later(result: results.Diff) -> list[str]:
    old, new = result.known_later
    if not old and not new:
        return []
    return [
        f"Left aside: {count(old, result.subjects)} under {result.old} and {new:,} under {result.new} whose records "
        f"were received only after this moment. {_EXPORTED}"
    ]


def _changed(what: str, parts: tuple[Estimate, Estimate, Estimate]) -> str:
    old, new, change = parts
    if not change.known:
        return f"{what}: cannot be compared, too little is known under one of the two."
    if _none(change):
        return f"{what}: {percent(new.value)}, no change."
    return (
        f"{what}: {percent(old.value)} -> {percent(new.value)}, a change of {_points(change.value)} points "
        f"(95 % interval {_points(change.low)} to {_points(change.high)}){_sure(change)}."
    )


def _changed_rate(parts: tuple[Estimate, Estimate, Estimate]) -> str:
    old, new, change = parts
    if not change.known:
        return "Weekly volume: the data hold no complete week."
    if _none(change):
        return f"First entries per week: {new.value:.1f}, no change."
    return (
        f"First entries per week: {old.value:.1f} -> {new.value:.1f}, a change of {change.value:+.1f} "
        f"(95 % interval {change.low:+.1f} to {change.high:+.1f}){_sure(change)}."
    )


def _points(change: float) -> str:
    return f"{100 * change:+.1f}"


def _none(change: Estimate) -> bool:
    """Whether both are of the same subjects, so that nothing can have changed."""
    return change.low == change.high == 0


def _sure(change: Estimate) -> str:
    return "; these data cannot tell the two apart" if change.low <= 0 <= change.high else ""
