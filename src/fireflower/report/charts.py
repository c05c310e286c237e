"""The report's pictures, drawn as SVG without any script: bars, lines with bands, a dot with its interval, a meter.

Every function returns markup. Marks carry their numbers in `<title>`, and every chart stands beside a table or a
sentence that says the same, so that nothing depends on seeing it. Colours are classes of `assets/theme.css`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, isnan

from fireflower.report.scales import Scale, from_zero
from fireflower.report.svg import chart, element, path, percent, stretched, text

_MANY = 5
_LABEL_GAP = 20
_SINGLE_DOT = 3.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of stacked parts: (class, height), from the bottom up. `tip` says it in words, `label` stands below."""

    label: str
    parts: tuple[tuple[str, float], ...]
    tip: str

    @property
    def height(self) -> float:
        return sum(part for _, part in self.parts)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line with its interval; NaN breaks the line."""

    x: float
    y: float
    low: float
    high: float
    tip: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its band, drawn in the colours of `class_`. `dots` marks the points themselves."""

    class_: str
    points: tuple[Point, ...]
    dots: bool = False


def bars(data: Sequence[Bar], label: str, height: float = 150, labelled_at: float = 0.5) -> str:
    """Stacked bars from 0, side by side. `labelled_at`: where under its bar a label stands, 0 for its left edge."""
    scale = from_zero((bar.height for bar in data), steps=3, least=3, whole=True)
    slot = 1 / max(1, len(data))
    drawn = [_bar(bar, i * slot, slot, scale, height) for i, bar in enumerate(data)]
    names = [((i + labelled_at) * slot, bar.label) for i, bar in enumerate(data) if bar.label]
    return chart(label, height, _grid(scale, height, "{:,.0f}".format), *drawn, _labels_across(names, height))


def lines(
    data: Sequence[Line],
    across: Scale,
    labels: Sequence[tuple[float, str]],
    label: str,
    written: Callable[[float], str],
    up: Scale | None = None,
    mark: float | None = None,
    height: float = 170,
) -> str:
    """Lines with their bands over a number axis.

    Parameters
    ----------
    across : the axis from left to right
    labels : (value, text) to write under it
    written : how a value of the upright axis is written
    up : the upright axis; from 0 to what the bands need by default
    mark : a value on the axis across to be marked by an upright line
    """
    up = up or from_zero(_tops(data), least=0.01)
    marked = "" if mark is None else _mark(across.share(mark), height)
    bands = [
        path(points, f"band {line.class_}", closed=True) for line in data for points in _bands(line, across, up, height)
    ]
    strokes = [path(points, f"line {line.class_}") for line in data for points in _strokes(line, across, up, height)]
    names = [(across.share(value), name) for value, name in labels]
    return chart(
        label,
        height,
        _grid(up, height, written),
        marked,
        stretched(height, *bands, *strokes),
        *(_dots(line, across, up, height) for line in data),
        _labels_across(names, height),
    )


def interval(
    value: float, low: float, high: float, scale: Scale, class_: str, tip: str, beside: float | None = None
) -> str:
    """A dot with its interval in one row of a table; without a known value, an empty row. An upright line stands at the
    value `beside`."""
    if isnan(value):
        return chart(tip, 22, kind="strip")
    ends = scale.share(low), scale.share(high)
    return chart(
        tip,
        22,
        *(element("line", x1=percent(at), x2=percent(at), y1=0, y2=22, class_="grid") for at in _shares(scale)),
        element("line", x1=percent(ends[0]), x2=percent(ends[1]), y1=11, y2=11, class_=f"whisker {class_}"),
        element("circle", cx=percent(scale.share(value)), cy=11, r=5, class_=f"dot {class_}"),
        *([] if beside is None else [_upright(scale.share(beside))]),
        kind="strip",
    )


def _upright(at: float) -> str:
    return element("line", x1=percent(at), x2=percent(at), y1=1, y2=21, class_="beside")


def interval_axis(scale: Scale, written: Callable[[float], str]) -> str:
    """The axis under rows of `interval`."""
    names = [(scale.share(tick), written(tick)) for tick in scale.ticks()]
    return chart("Axis", 16, _labels_across(names, -4), kind="strip")


def meter(share: float, class_: str, label: str, height: float = 8) -> str:
    """How much of a whole: a bar in a track."""
    filled = element("rect", width=percent(min(1.0, max(0.0, share))), height=height, rx=2, class_=f"bar {class_}")
    return chart(
        label, height, element("rect", width="100%", height=height, rx=2, class_="track"), filled, kind="meter"
    )


def _bar(bar: Bar, left: float, slot: float, scale: Scale, height: float) -> str:
    base, drawn = height, []
    for class_, part in bar.parts:
        tall = height * scale.share(part)
        base -= tall
        if tall > 0:
            place = {"x": percent(left + slot * 0.12), "width": percent(slot * 0.76), "y": base, "height": tall}
            drawn.append(element("rect", **place, class_=f"bar {class_}"))
    return element("g", *drawn, _hit(bar.tip, left, slot, height), class_="mark")


def _hit(tip: str, left: float, width: float, height: float) -> str:
    """An unseen area, easier to point at than a thin bar or a small dot."""
    title = element("title", text(tip))
    return element("rect", title, x=percent(left), width=percent(width), y=0, height=height, class_="hit")


def _grid(scale: Scale, height: float, written: Callable[[float], str]) -> str:
    drawn = []
    for tick in scale.ticks():
        y = height * (1 - scale.share(tick))
        drawn.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_="grid" if tick else "base"))
        drawn.append(element("text", text(written(tick)), x=-8, y=y + 4, text_anchor="end"))
    return "".join(drawn)


def _labels_across(names: Sequence[tuple[float, str]], height: float) -> str:
    """Labels under a chart; at its ends they lean inwards. Of many, narrow screens hide every second one (`minor`)."""
    return "".join(
        element(
            "text",
            text(name),
            x=percent(at),
            y=height + _LABEL_GAP,
            text_anchor="start" if at < 0.02 else "end" if at > 0.98 else "middle",
            class_="minor" if i % 2 and len(names) > _MANY else None,
        )
        for i, (at, name) in enumerate(names)
    )


def _mark(at: float, height: float) -> str:
    return element("line", x1=percent(at), x2=percent(at), y1=-6, y2=height, class_="current")


def _dots(line: Line, across: Scale, up: Scale, height: float) -> str:
    known = [point for point in line.points if not isnan(point.y)]
    return "".join(
        element(
            "circle",
            element("title", text(point.tip)),
            cx=percent(across.share(point.x)),
            cy=height * (1 - up.share(point.y)),
            r=_SINGLE_DOT if line.dots or len(known) == 1 else 6,
            class_=f"dot {line.class_}" if line.dots or len(known) == 1 else "hit",
        )
        for point in known
    )


def _strokes(line: Line, across: Scale, up: Scale, height: float) -> Iterable[list[tuple[float, float]]]:
    for run in _runs(line.points, lambda point: not isnan(point.y)):
        yield [(across.share(p.x), height * (1 - up.share(p.y))) for p in run]


def _bands(line: Line, across: Scale, up: Scale, height: float) -> Iterable[list[tuple[float, float]]]:
    for run in _runs(line.points, lambda point: not (isnan(point.low) or isnan(point.high))):
        above = [(across.share(p.x), height * (1 - up.share(p.high))) for p in run]
        below = [(across.share(p.x), height * (1 - up.share(p.low))) for p in reversed(run)]
        yield above + below


def _runs(points: Sequence[Point], known: Callable[[Point], bool]) -> Iterable[list[Point]]:
    """Stretches of points that are known; single ones make no line."""
    run: list[Point] = []
    for point in points:
        if known(point):
            run.append(point)
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run


def _tops(data: Sequence[Line]) -> Iterable[float]:
    for line in data:
        for point in line.points:
            yield from (value for value in (point.y, point.high) if isfinite(value))


def _shares(scale: Scale) -> list[float]:
    return [scale.share(tick) for tick in scale.ticks()]
