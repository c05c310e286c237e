"""Reading a score: points while a condition holds, points for each event."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.language import keys
from fireflower.language.documents import MapNode, Node, ScalarNode
from fireflower.language.expressions import UNKNOWN
from fireflower.language.forms import Reading, events_from, formula_from
from fireflower.language.nodes import EventPoints, HoldingPoints, Quantity, Score
from fireflower.language.trees import mapping_of, number_of, shown, span_of


def score_from(node: Node, reading: Reading) -> Quantity:
    """A mapping with `points`, `each`, `half_life` and `cap`; `UNKNOWN` if it has faults, which have been noted."""
    faults = len(reading.notes.faults)
    form = mapping_of(node, keys.SCORE, "a score", reading.notes)
    if form is None:
        return UNKNOWN
    half_life, cap = form.get("half_life"), form.get("cap")
    score = Score(
        (*_holding_points(form.get("points"), reading), *_event_points(form.get("each"), reading)),
        None if half_life is None else span_of(half_life, "a half-life", reading.notes),
        None if cap is None else number_of(cap, "the cap", reading.notes),
    )
    if len(reading.notes.faults) == faults:
        reading.obey(score, node)
    return score if len(reading.notes.faults) == faults else UNKNOWN


def _holding_points(node: Node | None, reading: Reading) -> Iterator[HoldingPoints]:
    for key, value in _pairs(node, "formula: points", reading):
        item = HoldingPoints(formula_from(key, reading), _points(value, reading))
        reading.obey(item, value)
        yield item


def _event_points(node: Node | None, reading: Reading) -> Iterator[EventPoints]:
    for key, value in _pairs(node, "event: points", reading):
        points, cap = _capped_points(value, reading)
        item = EventPoints(events_from(key, reading), points, cap)
        reading.obey(item, value)
        yield item


def _pairs(node: Node | None, what: str, reading: Reading) -> tuple[tuple[ScalarNode, Node], ...]:
    if isinstance(node, MapNode):
        return node.entries
    if node is not None:
        reading.fault(node, f"expected lines of '{what}', got {shown(node)}.")
    return ()


def _capped_points(node: Node, reading: Reading) -> tuple[float, float | None]:
    if isinstance(node, ScalarNode):
        return _points(node, reading), None
    form = mapping_of(node, keys.EACH, "points for each event", reading.notes)
    points, cap = (form.get("points"), form.get("cap")) if form else (None, None)
    if form and points is None:
        reading.fault(form, "expected the key 'points' with the points for each event.")
    return (
        1.0 if points is None else _points(points, reading),
        None if cap is None else number_of(cap, "the cap", reading.notes),
    )


def _points(node: Node, reading: Reading) -> float:
    points = number_of(node, "points", reading.notes)
    return 1.0 if points is None else points
