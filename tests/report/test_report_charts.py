"""Charts: marks stand where their numbers say."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_html import Page

from fireflower.report.charts import Bar, Line, Point, bars, interval, lines, meter
from fireflower.report.scales import Scale, from_zero, round_step, spread
from fireflower.report.svg import ACROSS, element, text


def percent(value: str) -> float:
    assert value.endswith("%")
    return float(value[:-1])


def test_bars_stand_on_the_base_and_reach_their_value() -> None:
    drawn = Page(bars([Bar("a", (("accent", 5.0),), ""), Bar("b", (("accent", 10.0),), "")], "l", height=100))
    rects = [rect for rect in drawn.all("rect") if rect["class"] == "bar accent"]
    top = from_zero([10.0], steps=3, least=3, whole=True).high
    assert [float(rect["height"]) for rect in rects] == pytest.approx([500 / top, 1000 / top], abs=0.01)
    assert all(float(rect["y"]) + float(rect["height"]) == pytest.approx(100, abs=0.02) for rect in rects)
    assert percent(rects[0]["x"]) < 50 <= percent(rects[1]["x"])
    assert percent(rects[1]["x"]) + percent(rects[1]["width"]) <= 100


def test_parts_of_a_bar_stand_upon_each_other() -> None:
    drawn = Page(bars([Bar("a", (("accent", 1.0), ("pale", 0.0), ("open", 2.0)), "")], "l", height=90))
    low, high = (rect for rect in drawn.all("rect") if rect["class"].startswith("bar"))
    assert float(high["y"]) + float(high["height"]) == pytest.approx(float(low["y"]))


def test_bars_of_nothing_and_of_zeros_are_drawn() -> None:
    assert Page(bars([], "l")).faults == []
    empty = Page(bars([Bar("a", (("accent", 0.0),), "")], "l"))
    assert not [rect for rect in empty.all("rect") if rect["class"].startswith("bar")]


def test_a_line_breaks_where_nothing_is_known() -> None:
    nan = math.nan
    points = tuple(Point(float(x), y, y, y, "") for x, y in enumerate([0.1, 0.2, nan, 0.3, 0.4]))
    drawn = Page(lines([Line("accent", points)], Scale(0, 4), [], "l", "{:g}".format))
    assert len([path for path in drawn.all("path") if path["class"] == "line accent"]) == 2
    assert not [path for path in drawn.all("path") if "nan" in path["d"].lower()]


def test_a_line_runs_from_edge_to_edge() -> None:
    points = tuple(Point(x, y, 0.0, 1.0, "") for x, y in ((0.0, 0.0), (10.0, 1.0)))
    drawn = Page(lines([Line("accent", points)], Scale(0, 10), [], "l", "{:g}".format, up=Scale(0, 1), height=50))
    (line,) = (path for path in drawn.all("path") if path["class"] == "line accent")
    assert line["d"] == f"M0,50 {ACROSS},0"


def test_the_current_threshold_is_marked() -> None:
    points = (Point(0.0, 0.5, 0.4, 0.6, ""),)
    drawn = Page(lines([Line("accent", points)], Scale(0, 4), [], "l", "{:g}".format, mark=1.0))
    assert drawn.all("line", class_="current")[0]["x1"] == "25%"


def test_interval_and_dot() -> None:
    drawn = Page(interval(0.4, 0.3, 0.6, Scale(0, 0.8), "accent", "tip"))
    whisker = drawn.all("line", class_="whisker accent")[0]
    assert (percent(whisker["x1"]), percent(whisker["x2"])) == pytest.approx((37.5, 75))
    assert percent(drawn.all("circle")[0]["cx"]) == pytest.approx(50)


def test_open_interval_ends_at_the_edge_and_unknown_is_empty() -> None:
    open_ended = Page(interval(0.4, 0.3, math.inf, Scale(0, 0.8), "accent", "tip"))
    assert percent(open_ended.all("line", class_="whisker accent")[0]["x2"]) == 100
    assert not Page(interval(math.nan, math.nan, math.nan, Scale(0, 1), "accent", "unknown")).all("circle")


@pytest.mark.parametrize(("share", "width"), [(0.25, "25%"), (-1.0, "0%"), (7.0, "100%")])
def test_meter_stays_in_its_track(share: float, width: str) -> None:
    assert Page(meter(share, "accent", "l")).all("rect", class_="bar accent")[0]["width"] == width


@given(st.floats(0, 1e12), st.integers(2, 8), st.booleans())
def test_an_axis_from_zero_holds_its_values_at_round_steps(value: float, steps: int, whole: bool) -> None:
    scale = from_zero([value, math.nan, math.inf], steps, whole=whole)
    ticks = scale.ticks()
    assert scale.low == ticks[0] == 0 and ticks[-1] == pytest.approx(scale.high) and scale.high >= value * (1 - 1e-9)
    assert 2 <= len(ticks) <= steps + 1
    assert not whole or all(tick == int(tick) for tick in ticks)


@given(st.floats(1e-6, 1e12))
def test_a_round_step_is_near_and_never_shorter(width: float) -> None:
    assert width * (1 - 1e-6) <= round_step(width) <= 2.5 * width * (1 + 1e-6)


@given(st.integers(0, 500), st.integers(1, 20))
def test_labels_are_few_and_evenly_spread(count: int, shown: int) -> None:
    kept = list(spread(count, shown))
    assert len(kept) <= shown and all(0 <= i < count for i in kept) and (not count or kept[0] == 0)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_share_stays_between_the_ends(value: float) -> None:
    assert 0 <= Scale(-3, 5).share(value) <= 1


def test_a_scale_without_width_does_not_divide_by_it() -> None:
    assert Scale(2, 2).share(2) == 0 and round_step(0) == 1


def test_attributes_and_text_are_escaped() -> None:
    assert element("a", text("<&"), class_='"x"', aria_label=None) == '<a class="&quot;x&quot;">&lt;&amp;</a>'
    assert not re.search("e[+-]", element("a", x=1e-9, y=0.1 + 0.2))
