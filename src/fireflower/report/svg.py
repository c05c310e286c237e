"""SVG as text: one function for an element, and lengths that follow the page's width.

A chart has a fixed height in pixels and the width of its column. Its marks are therefore placed in percent across and
in pixels down, so that lines and letters keep their size on a phone and on a wide screen. Only paths cannot be placed
in percent; `stretched` gives them a coordinate system that is pulled to the width.
"""

from __future__ import annotations

from html import escape

ACROSS = 1000
"""Units across in `stretched`."""


def element(name: str, *children: str, **attributes: object) -> str:
    """One element. Underscores become hyphens (`text_anchor`), `class_` is `class`, None leaves an attribute out.

    Values of attributes are escaped. Children are markup already: pass text through `text`.

    >>> element("rect", x=1, class_="bar")
    '<rect x="1" class="bar"/>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def text(content: str) -> str:
    """Text as the child of an element."""
    return escape(content, quote=False)


def percent(share: float) -> str:
    """A place across: 0 is the left edge of the chart, 1 its right edge."""
    return f"{_plain(100 * share)}%"


def chart(label: str, height: float, *children: str, kind: str = "plot") -> str:
    """The outermost element: as wide as its column, `height` pixels high, to a screen reader one picture: `label`."""
    return element("svg", *children, class_=f"chart {kind}", role="img", aria_label=label, width="100%", height=height)


def stretched(height: float, *children: str) -> str:
    """Paths with `ACROSS` units across and pixels down."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {ACROSS} {_plain(height)}",
        width="100%",
        height=height,
        preserveAspectRatio="none",
    )


def path(points: list[tuple[float, float]], class_: str, closed: bool = False) -> str:
    """A line through (share across, pixels down), inside `stretched`."""
    steps = " ".join(f"{_plain(ACROSS * x)},{_plain(y)}" for x, y in points)
    end = "Z" if closed else ""
    return element("path", d=f"M{steps}{end}", class_=class_, vector_effect="non-scaling-stroke")


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
