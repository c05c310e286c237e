"""The answer of a discovery as one HTML page: what it says in words, with curves and threshold x window maps."""

from __future__ import annotations

from math import isfinite, nan

from fireflower.discover.results import Calibrated, CurvePoint, Discovery, Heat, HeatCell
from fireflower.discover.wording import (
    EVERYWHERE,
    NEARLY,
    RULE,
    SINGLES,
    circles,
    facts,
    judged,
    judged_like,
    name_of_score,
    not_enough,
    sections,
    thinned,
    title,
    verdict,
)
from fireflower.report.charts import Line, Point, interval, interval_axis, lines
from fireflower.report.page import encodable, page_style, policy
from fireflower.report.scales import Scale, from_zero, spread
from fireflower.report.svg import chart, element, percent, text
from fireflower.report.templating import environment, trusted
from fireflower.review.words import percent as in_percent

_ROW = 30
_LEFT = 0.12
_LABELS = 7
_ROOM = 1.3
"""How far the axis of shares reaches beyond the greatest."""

_PALEST, _DARKEST = 0.08, 0.5
"""How much of the colour cells have; in the darkest, ink can still be read in both themes (contrast above 4.5)."""

REACH, PASS = "Of those who pass: reach the goal", "Of those who reach the goal: pass"


def render_discovery(found: Discovery, version: str) -> str:
    """The answer as one HTML page that needs nothing else and runs nothing."""
    style = page_style()
    page = (
        environment()
        .get_template("discovery.html")
        .render(
            found=found,
            version=version,
            title=title(found),
            verdict=list(verdict(found)),
            sections=[(name, list(said)) for name, said in sections(found)],
            circles=circles(found),
            tables={
                NEARLY: [(rule, nan) for rule in found.rules[1:]],
                SINGLES: [(s.rule, s.q) for s in found.different],
            },
            scores={
                name_of_score(i): (
                    score,
                    thinned(score),
                    list(judged(score, found)),
                    trusted(calibration(score.calibration)) if judged_like(score, found) is None else "",
                )
                for i, score in enumerate(found.scores)
            },
            notes={SINGLES: not_enough(found)},
            everywhere=EVERYWHERE,
            first=RULE,
            facts=list(facts(found.rules[0], found)) if found.rules else [],
            curves=[
                (single.rule.said, trusted(signal_curve(single.curve)))
                for single in found.different
                if len(single.curve) > 1
            ],
            maps=[(heat.event, trusted(heat_map(heat)), heat) for heat in found.heat if heat.cells],
            style=trusted(style),
            policy=policy(style),
        )
    )
    return encodable(page)


def signal_curve(points: tuple[CurvePoint, ...]) -> str:
    """Share and coverage at each threshold, one above the other, evenly spaced, since thresholds grow by factors."""
    share = [
        Point(
            float(i),
            p.share.value,
            p.share.low,
            p.share.high,
            f"{p.threshold:g}: {in_percent(p.share.value)} reach the goal",
        )
        for i, p in enumerate(points)
    ]
    covered = [
        Point(float(i), p.coverage, p.coverage, p.coverage, f"{p.threshold:g}: {in_percent(p.coverage)} of the goals")
        for i, p in enumerate(points)
    ]
    across = Scale(0.0, float(max(len(points) - 1, 1)))
    labels = [(float(i), f"{points[i].threshold:g}") for i in spread(len(points), _LABELS)]
    # Two axes, as rates of a few percent would lie at the bottom of one that holds coverage, too.
    drawn = (
        (f"{REACH}, by threshold", Line("accent", tuple(share), dots=True), _up_to(share), 150.0),
        (f"{PASS}, by threshold", Line("flame", tuple(covered)), Scale(0.0, 1.0, 0.5), 70.0),
    )
    return "".join(
        element("p", text(label), class_="soft small")
        + lines([line], across, labels, label, in_percent, up=up, height=height)
        for label, line, up, height in drawn
    )


def _up_to(share: list[Point]) -> Scale:
    """An axis for the shares themselves. Bands of few subjects reach far beyond them, and are cut off there."""
    return from_zero([min(1.0, _ROOM * point.y) for point in share], least=0.01)


def heat_map(heat: Heat) -> str:
    """Windows from the top down, thresholds across; the darker, the greater the share that reaches the goal."""
    windows = sorted({cell.window_days for cell in heat.cells})
    bounds = sorted({cell.threshold for cell in heat.cells})
    most = max((cell.share.value for cell in heat.cells if cell.share.known), default=0.0)
    drawn = [
        _cell(cell, windows.index(cell.window_days), bounds.index(cell.threshold), len(bounds), most)
        for cell in heat.cells
    ]
    names = [
        element("text", text(f"{days:g} d"), x=0, y=_ROW * row + 19, class_="soft") for row, days in enumerate(windows)
    ]
    under = [
        element(
            "text",
            text(f"≥ {bound:g}"),
            x=percent(_across(column + 0.5, len(bounds))),
            y=_ROW * len(windows) + 16,
            text_anchor="middle",
        )
        for column, bound in enumerate(bounds)
    ]
    return chart(
        f"{heat.event}: share that reaches the goal, by threshold and window",
        _ROW * len(windows) + 20,
        *drawn,
        *names,
        *under,
        kind="map",
    )


def _across(place: float, columns: int) -> float:
    return _LEFT + (1 - _LEFT) * place / columns


def _cell(cell: HeatCell, row: int, column: int, columns: int, most: float) -> str:
    left, width = _across(column, columns), (1 - _LEFT) / columns
    if not cell.share.known:
        return ""
    strength = cell.share.value / most if most > 0 else 0.0
    said = (
        f"at least {cell.threshold:g} within {cell.window_days:g} days: {in_percent(cell.share.value)} reach the goal, "
        f"{in_percent(cell.coverage)} of the goals, {cell.per_week:.1f} a week"
    )
    box = {"x": percent(left), "y": _ROW * row, "width": percent(width * 0.97), "height": _ROW - 2, "rx": 3}
    middle = {"x": percent(left + width * 0.485), "y": _ROW * row + 19, "text_anchor": "middle", "class_": "cell"}
    return element(
        "g",
        element("title", text(said)),
        element("rect", **box, class_="bar accent", fill_opacity=round(_PALEST + (_DARKEST - _PALEST) * strength, 3)),
        element("text", text(in_percent(cell.share.value)), **middle),
    )


def calibration(groups: tuple[Calibrated, ...]) -> str:
    """For each group of scores the share that came, a dot with its interval, and an upright line at the one that was
    foretold."""
    tops = [value for each in groups for value in (each.foretold, each.came.high) if isfinite(value)]
    scale = from_zero(tops, least=0.01)
    rows = []
    for each in groups:
        said = f"foretold {in_percent(each.foretold)}, came {in_percent(each.came.value)}"
        rows.append(element("p", text(said), class_="soft small"))
        rows.append(interval(each.came.value, each.came.low, each.came.high, scale, "accent", said, each.foretold))
    return "".join(rows) + interval_axis(scale, in_percent)
