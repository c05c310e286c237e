"""The mark of the project: a flower that throws light. Drawn, so that it needs no file."""

from __future__ import annotations

from fireflower.report.svg import element

_PETALS = 8


def flower(size: int = 26) -> str:
    """The mark as an inline picture without a name: it stands beside the word."""
    petals = [
        element("ellipse", cx=16, cy=7, rx=3.4, ry=6.4, transform=f"rotate({360 * i // _PETALS} 16 16)")
        for i in range(_PETALS)
    ]
    heart = element("circle", cx=16, cy=16, r=4.2, class_="heart")
    return element(
        "svg", *petals, heart, class_="flower", viewBox="0 0 32 32", width=size, height=size, aria_hidden="true"
    )
