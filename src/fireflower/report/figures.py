"""The results of a review as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from typing import Any

from numpy.typing import NDArray

from fireflower.language.phrases import is_share
from fireflower.report import wording
from fireflower.report.charts import Bar, Line, Point, bars, interval, interval_axis, lines, meter
from fireflower.report.scales import Scale, from_zero, round_step, spread
from fireflower.review.intervals import Estimate
from fireflower.review.results import Backtest, FunnelStage, ThresholdCurve, TimeToValue, WeeklyCohort, WeeklyVolume
from fireflower.review.survival import Curve, Spans

_STAGE_COLOURS = {"activated": "quiet", "qualified": "accent", "reached the goal": "flame"}
_WEEKS = 53
_TIPS = 24


def stage_colour(stage: str) -> str:
    """The colour class of a stage, the same in every picture."""
    return _STAGE_COLOURS.get(stage, "quiet")


def weekly_outcomes(backtest: Backtest) -> str:
    """New leads a week, and what became of them."""
    noun = backtest.subjects
    data = [_cohort_bar(week, noun) for week in backtest.weeks[-_WEEKS:]]
    return bars(
        _thinned(data), f"New {wording.plural(noun)} qualified each week, and how many of them reached the goal"
    )


def weekly_entries(volume: WeeklyVolume) -> str:
    """New leads a week, where there is no goal."""
    data = [
        Bar(
            wording.short_day(week),
            (("accent" if whole else "open", float(first)),),
            f"Week of {wording.day(week)}: {first} new",
        )
        for week, first, whole in _last_weeks(volume.weeks, volume.first, volume.complete)
    ]
    return bars(_thinned(data), f"New {wording.plural(volume.subjects)} qualified each week")


def weekly_stock(volume: WeeklyVolume) -> str:
    """How many were qualified at the end of each week."""
    data = [
        Bar(
            wording.short_day(week),
            (("pale", float(stock)),),
            f"End of the week of {wording.day(week)}: {stock:,} qualified, {left} left in it",
        )
        for week, stock, left in _last_weeks(volume.weeks, volume.qualified, volume.left)
    ]
    return bars(
        _thinned(data), f"{wording.plural(volume.subjects).capitalize()} qualified at the end of each week", height=110
    )


def stage_meter(stage: FunnelStage, first: FunnelStage) -> str:
    """One stage of the funnel as a part of its first."""
    of = stage.through / first.through if first.through else 0.0
    return meter(of, stage_colour(stage.name), f"{wording.share(of)} of those that {first.name}", height=18)


def time_to_stage(result: TimeToValue, position: int) -> str:
    """The share that got to one stage, by days since the start, on a scale of its own: few get to the later ones, and
    their curves would lie on each other."""
    stage, curve = result.curves[position]
    label = f"Share of {wording.plural(result.subjects)} that {stage}, by days since the start"
    return _curve(curve, stage, stage_colour(stage), label, ticks=4, height=130)


def got_to(curve: Curve) -> str:
    """Where a curve ends: "64.5 % within 90 days"."""
    if not len(curve.days) or isnan(curve.share[-1]):
        return "unknown"
    return f"{wording.share(float(curve.share[-1]))} within {wording.days(float(curve.days[-1]))}"


def after_entry(backtest: Backtest) -> str:
    """The share that has reached the goal, by days since it qualified."""
    label = "Share that reached the goal, by days since it qualified"
    return _curve(backtest.curve, "reached the goal", "accent", label)


def histogram(spans: Spans, label: str, noun: str) -> str:
    """How a length of time is distributed."""
    edges = [wording.days(float(edge)) if edge else "0" for edge in spans.edges]
    data = [
        Bar(edges[i], (("accent", float(n)),), f"{edges[i]} to {edges[i + 1]}: {wording.count(int(n), noun)}")
        for i, n in enumerate(spans.counts)
    ]
    return bars(_thinned(data, 5), label, height=110, labelled_at=0.0)


def share_scale(estimates: Sequence[Estimate]) -> Scale:
    """One axis for several shares with their intervals."""
    top = from_zero((estimate.high for estimate in estimates if estimate.known), least=0.05)
    return Scale(0.0, min(1.0, top.high), top.step)


def share_interval(estimate: Estimate, scale: Scale, colour: str) -> str:
    """A share with its interval as a row of a table."""
    tip = f"{wording.share(estimate.value)}, {wording.share_range(estimate)}" if estimate.known else "unknown"
    return interval(estimate.value, estimate.low, estimate.high, scale, colour, tip)


def share_axis(scale: Scale) -> str:
    """The axis under rows of `share_interval`."""
    return interval_axis(scale, wording.round_share)


def threshold_shares(curve: ThresholdCurve) -> str:
    """Precision and coverage over the bounds tried."""
    data = [_threshold_line(curve, "accent", "precision", curve.precision)]
    data += [_threshold_line(curve, "flame", "coverage", curve.coverage)]
    return lines(
        data,
        _bounds_scale(curve),
        _bound_labels(curve),
        f"Precision and coverage of {curve.label} over its bound",
        wording.round_share,
        up=share_scale([*curve.precision, *curve.coverage]),
        mark=float(curve.current),
        height=140,
    )


def threshold_volume(curve: ThresholdCurve) -> str:
    """New leads a week over the bounds tried."""
    labels = {round(at): name for at, name in _bound_labels(curve)}
    data = [
        Bar(
            labels.get(i, ""),
            (("flame" if i == curve.current else "quiet", per_week),),
            f"{bound_text(curve, i)}: {wording.number(per_week)} new leads a week",
        )
        for i, per_week in enumerate(curve.per_week)
    ]
    return bars(data, f"New leads a week over the bound of {curve.label}", height=64)


def bound_text(curve: ThresholdCurve, position: int) -> str:
    """One of the bounds tried, with its unit."""
    bound = curve.thresholds[position]
    if curve.unit == "days":
        return wording.days(bound)
    if is_share(curve.condition):
        return wording.unbroken(f"{wording.number(100 * bound)}%")
    return wording.unbroken(
        f"{wording.number(bound)} {curve.unit.removesuffix('s') if bound == 1 else curve.unit}".rstrip()
    )


def _cohort_bar(week: WeeklyCohort, noun: str) -> Bar:
    parts = (
        ("accent", float(week.converted)),
        ("pale", float(week.followed - week.converted)),
        ("open", float(week.pending)),
        ("quiet", float(week.too_late)),
    )
    words = [
        f"Week of {wording.day(week.week)}: {wording.count(week.entered, noun)} qualified",
        f"{week.converted} of {week.followed} followed reached the goal" if week.followed else "",
        f"{week.pending} still open" if week.pending else "",
        f"{week.too_late} reached the goal before it was known" if week.too_late else "",
    ]
    return Bar(wording.short_day(week.week), parts, "; ".join(word for word in words if word))


def _curve(curve: Curve, stage: str, colour: str, label: str, ticks: int = 6, height: float = 170) -> str:
    last = float(curve.days[-1]) if len(curve.days) else 1.0
    across = Scale(0.0, last, round_step(last / ticks))
    labels = [(tick, _by(tick)) for tick in across.ticks()]
    line = Line(colour, tuple(_curve_points(curve, stage)))
    return lines([line], across, labels, label, wording.round_share, height=height)


def _curve_points(curve: Curve, stage: str) -> list[Point]:
    told = set(spread(len(curve.days), _TIPS))
    points = []
    for i, (x, y, low, high) in enumerate(zip(curve.days, curve.share, curve.low, curve.high, strict=True)):
        tip = f"{wording.share(y)} {stage} by {_by(x)} ({wording.share(low)} to {wording.share(high)})"
        points.append(Point(float(x), float(y), float(low), float(high), tip if i in told else ""))
    return points


def _by(days: float) -> str:
    return wording.days(days) if days else "day 0"


def _threshold_line(curve: ThresholdCurve, colour: str, what: str, estimates: Sequence[Estimate]) -> Line:
    points = [
        Point(
            float(i),
            e.value,
            e.low,
            e.high,
            f"{bound_text(curve, i)}: {what} {wording.share(e.value)} ({wording.share_range(e)})",
        )
        for i, e in enumerate(estimates)
    ]
    return Line(colour, tuple(points), dots=True)


def _bounds_scale(curve: ThresholdCurve) -> Scale:
    """The bounds at even steps, each in the middle of its slot, as the bars below stand."""
    return Scale(-0.5, len(curve.thresholds) - 0.5)


def _bound_labels(curve: ThresholdCurve) -> list[tuple[float, str]]:
    """The current bound, and others that leave it room."""
    last = len(curve.thresholds) - 1
    room = max(1, round(last / 5))
    shown = {i for i in spread(last + 1, 5) if abs(i - curve.current) > room} | {curve.current}
    return [(float(i), bound_text(curve, i)) for i in sorted(shown)]


def _thinned(data: Sequence[Bar], labels: int = 8) -> list[Bar]:
    """The same bars, with no more labels than there is room for."""
    kept = spread(len(data), labels)
    return [bar if i in kept else replace(bar, label="") for i, bar in enumerate(data)]


def _last_weeks(*columns: NDArray[Any]) -> list[tuple[int, ...]]:
    return [tuple(int(value) for value in row) for row in zip(*(column[-_WEEKS:] for column in columns), strict=True)]


def known(estimates: Sequence[Estimate]) -> bool:
    """Whether there is anything to draw."""
    return any(not isnan(estimate.value) for estimate in estimates)
