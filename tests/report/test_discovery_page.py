"""The pictures of a discovery's page: axes that fit, cells that can be read, and both of what is compared."""

from __future__ import annotations

import re

import pytest

from fireflower.discover.results import Calibrated, CurvePoint
from fireflower.report.charts import Point
from fireflower.report.discovery import _DARKEST, _up_to, calibration, signal_curve
from fireflower.report.page import page_style
from fireflower.review.intervals import Estimate


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 100, "by hand")


def test_what_was_foretold_is_drawn_beside_what_came() -> None:
    groups = (Calibrated(0.1, estimate(0.12, 0.05, 0.2)), Calibrated(0.4, estimate(0.3, 0.2, 0.5)))
    drawn = calibration(groups)
    assert drawn.count('class="beside"') == len(groups)
    assert re.search(r'x1="16.67%"[^>]* class="beside"', drawn)  # 0.1 on an axis up to 0.6


def test_rates_of_a_few_percent_have_an_axis_of_their_own() -> None:
    points = tuple(CurvePoint(i, estimate(0.04 + i / 100, 0.01, 0.9), 1 - i / 10, 3.0) for i in range(5))
    drawn = signal_curve(points)
    share, coverage = drawn.split('class="chart plot"')[1:]
    assert ">100 %<" not in share and ">100 %<" in coverage
    assert "reach the goal" in drawn and "pass, by threshold" in drawn.replace(": pass", " pass")


def test_the_axis_leaves_room_and_never_goes_beyond_all() -> None:
    assert _up_to([Point(0, 0.08, 0, 1, "")]).high == pytest.approx(0.12, abs=0.03)
    assert _up_to([Point(0, 0.9, 0, 1, "")]).high == 1.0


def colours(theme: str) -> dict[str, tuple[int, ...]]:
    found = re.findall(r"--(page|ink|accent): #([0-9a-f]{6});", theme)
    return {name: tuple(int(code[i : i + 2], 16) for i in (0, 2, 4)) for name, code in found[::-1]}


def luminance(colour: tuple[float, ...]) -> float:
    parts = [c / 255 for c in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_darkest_cell_can_be_read(theme: str) -> None:
    light, _, rest = page_style().partition("@media (prefers-color-scheme: dark)")
    of = colours(light if theme == "light" else rest.partition("@media")[0])
    ground = tuple(_DARKEST * a + (1 - _DARKEST) * p for a, p in zip(of["accent"], of["page"], strict=True))
    bright, dark = sorted((luminance(ground), luminance(of["ink"])), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_a_table_that_goes_on_beyond_an_edge_shows_it() -> None:
    assert "background-attachment: local, local, scroll, scroll" in page_style()
