"""Definitions written as YAML, so that loading gives the same meaning again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import (
    All,
    AnyOf,
    Definition,
    EventPoints,
    Example,
    Formula,
    Quantity,
    Score,
)
from fireflower.language.sentences import Names, write_events, write_formula, write_quantity, write_span
from fireflower.language.walking import walk
from fireflower.model.moments import to_datetime


def to_yaml(definition: Definition) -> str:
    """The definition as the text of a YAML file. Loaded again, it has the same fingerprint.

    Names of quantities are kept, but conditions are written out in full. A goal that came from the project's settings
    is written into the definition.

    Raises
    ------
    NotSupportedError
        For skills, and for spans that are not positive.
    """
    return dumped(dict(_definition(definition)))


def dumped(values: dict[str, Any]) -> str:
    """Plain values as YAML, in the layout of definitions."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(values, out)
    return out.getvalue()


def _definition(definition: Definition) -> Iterator[tuple[str, Any]]:
    scores = _score_names(definition)
    circles = {canonical(formula): circle for circle, formula in definition.circles}
    yield "definition", definition.name
    yield "subject", definition.subject
    yield "kind", definition.kind
    yield from _given(description=definition.description, owner=definition.owner)
    yield from _given(quantities=dict(_quantities(definition, scores)))
    for circle, formula in definition.circles:
        yield circle, _formula(formula, scores)
    yield "qualified", _formula(definition.qualified, {**scores, **circles})
    if definition.score is not None:
        yield "score", _score(definition.score, scores)
    yield "goal", "none" if definition.goal is None else {"event": write_events(definition.goal)}
    yield "keep_after_goal", definition.keep_after_goal
    yield from _given(cooldown=write_span(definition.cooldown) if definition.cooldown else "")
    yield from _given(tests=[_example(example) for example in definition.examples])


def _given(**values: Any) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in values.items() if value)


def _score_names(definition: Definition) -> Names:
    """A name for each score that a condition tests; the definition's own is called `score`."""
    own = None if definition.score is None else canonical(definition.score)
    others = dict.fromkeys(canonical(node) for node in walk(definition) if isinstance(node, Score))
    named = {text: f"score-{number}" for number, text in enumerate(others, 2) if text != own}
    return named if own is None else {**named, own: "score"}


def _quantities(definition: Definition, scores: Names) -> Iterator[tuple[str, Any]]:
    for name, quantity in definition.quantities:
        if canonical(quantity) not in scores:
            yield name, _quantity(quantity, scores)
    for node in walk(definition):
        if isinstance(node, Score) and scores[canonical(node)] != "score":
            yield scores[canonical(node)], _score(node, scores)


def _quantity(quantity: Quantity, scores: Names) -> Any:
    return _score(quantity, scores) if isinstance(quantity, Score) else write_quantity(quantity, scores)


def _formula(formula: Formula, names: Names) -> Any:
    """A list under `all` or `any` where the formula is one, else a text."""
    if isinstance(formula, All | AnyOf) and len(formula.parts) > 1 and canonical(formula) not in names:
        key = "all" if isinstance(formula, All) else "any"
        return {key: [write_formula(part, names) for part in formula.parts]}
    return write_formula(formula, names)


def _score(score: Score, names: Names) -> dict[str, Any]:
    holding = [item for item in score.items if not isinstance(item, EventPoints)]
    points = _mapping((write_formula(item.condition, names), _plain(item.points)) for item in holding)
    each = _mapping((write_events(item.events), _capped(item)) for item in score.items if isinstance(item, EventPoints))
    half_life = "" if score.half_life is None else write_span(score.half_life)
    return dict(_given(points=points, each=each, half_life=half_life, cap=score.cap and _plain(score.cap)))


def _mapping(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a mapping, none lost: a key that stands there already gets a blank, which means nothing."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        while key in found:
            key += " "
        found[key] = value
    return found


def _capped(item: EventPoints) -> Any:
    points = _plain(item.points)
    return points if item.cap is None else {"points": points, "cap": _plain(item.cap)}


def _plain(number: float) -> float:
    """10 rather than 10.0."""
    return int(number) if float(number).is_integer() else number


def _example(example: Example) -> dict[str, Any]:
    expect = [{change: _moment(at)} for change, at in example.expect] or "never"
    as_of = {} if example.as_of is None else {"as_of": _moment(example.as_of)}
    history = [dict(line) for line in example.history]
    return {"name": example.name, "subject": example.subject, "history": history, "expect": expect, **as_of}


def _moment(at: int) -> str:
    return to_datetime(at).replace(tzinfo=None).isoformat(sep=" ")
