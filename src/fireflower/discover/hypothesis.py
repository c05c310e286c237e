"""A team's own definition beside what was found: is it any good, and what single change helps most?

The kernel decides at the landmark for whom the definition's formula holds, and every formula that differs from it in
one place: a bound moved, a condition dropped, one of the best signals joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import choosing
from fireflower.discover.frames import Frame
from fireflower.discover.histories import Source, up_to
from fireflower.discover.landmarks import holding_at
from fireflower.discover.measuring import coverage, measured, told_apart, weeks
from fireflower.discover.results import ENOUGH, Change, HypothesisFound
from fireflower.discover.study import Ground, parts_of
from fireflower.language.expressions import parse_formula
from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import All, AnyOf, Definition, Formula, Score
from fireflower.language.sentences import write_formula
from fireflower.language.walking import walk
from fireflower.model.moments import DAY
from fireflower.review.thresholds import variants

CHANGES = 3
SIGNALS = 5
"""How many of the best signals are joined to it, one at a time."""

Bools = NDArray[np.bool_]


def judged(definition: Definition, ground: Ground, grounds: Sequence[Ground], source: Source) -> HypothesisFound:
    """Measure the definition at the landmark of the rule that was found; or, where hardly anybody passes it by then, as
    its windows are longer, at the landmark at which most do."""
    found = tested(definition, ground, source)
    others = [each for each in grounds if each is not ground] if found.seen.inside_rows < ENOUGH else []
    every = [found, *(tested(definition, each, source) for each in others)]
    return max(every, key=lambda each: each.seen.inside_rows)


def tested(definition: Definition, ground: Ground, source: Source) -> HypothesisFound:
    """Measure the definition at the ground's landmark, and the changes that gain most on the earlier rows. The signals
    that are joined to it were chosen on these, too."""
    assert ground.frame.landmark is not None
    own = definition.qualified
    tried = [_Tried("as it is", own, own), *_changes(definition, _signals(ground, source))]
    formulas = [each.formula for each in tried]
    arguments = up_to(source, ground.frame)
    holding = holding_at(ground.frame.landmark, formulas, source.start, source.subject, arguments)
    train, test, early, both = ground.split.train, ground.split.test, ground.early, ground.followed
    horizon, own_later = ground.horizon, measured(test, _rows(test, holding[0]), ground.horizon)
    gains = [early.gain(_rows(early.board.frame, who)) for who in holding]
    different = _different([_rows(ground.frame, who) for who in holding])
    better = sorted((i for i in different if i and gains[i] > gains[0] + 1), key=lambda i: -gains[i])
    changes = []
    for i in better[:CHANGES]:
        later = measured(test, _rows(test, holding[i]), horizon)
        earlier = measured(train, _rows(train, holding[i]), horizon)
        more = told_apart(later) - told_apart(own_later)
        part, whole = _text(tried[i].part), _text(tried[i].formula)
        changes.append(Change(tried[i].what, part, whole, gains[i] - gains[0], earlier, later, more))
    inside = _rows(both, holding[0])
    return HypothesisFound(
        landmark_days=ground.frame.landmark / DAY,
        name=definition.name,
        text=_text(own),
        seen=measured(both, inside, horizon),
        earlier=measured(train, _rows(train, holding[0]), horizon),
        later=own_later,
        coverage=coverage(both, inside, horizon),
        per_week=float(_rows(ground.frame, holding[0]).sum()) / weeks(ground.frame),
        gain=gains[0],
        changes=tuple(changes),
    )


def _signals(ground: Ground, source: Source) -> list[Formula]:
    """The best single conditions of the earlier rows."""
    on = ground.early.board
    best = choosing.best_of_columns(on, ground.early.found["1"])[:SIGNALS]
    return [parse_formula(part.text, source.subject) for rule in best for part in parts_of(on, rule)]


def _text(formula: Formula) -> str:
    """A formula as text, in which a definition's score goes by that name."""
    return write_formula(formula, {canonical(node): "score" for node in walk(formula) if isinstance(node, Score)})


def _different(selected: Sequence[Bools]) -> list[int]:
    """The first of each set of rows: whatever selects the same is the same in other words."""
    places: dict[bytes, int] = {}
    for place, rows in enumerate(selected):
        places.setdefault(rows.tobytes(), place)
    return list(places.values())


@dataclass(frozen=True, slots=True)
class _Tried:
    """A formula to be tried: what is changed, the part that is changed, the whole."""

    what: str
    part: Formula
    formula: Formula


def _changes(definition: Definition, signals: Sequence[Formula]) -> Iterator[_Tried]:
    for variant in variants(definition):
        if not variant.is_current:
            yield _Tried("another bound", variant.moved, variant.definition.qualified)
    own = _flat(definition.qualified)
    for i in range(len(own)) if len(own) > 1 else ():
        yield _Tried("without one condition", own[i], All((*own[:i], *own[i + 1 :])))
    for signal in signals:
        yield _Tried("with one more condition", signal, All((*own, signal)))
        yield _Tried("or another way in", signal, AnyOf((definition.qualified, signal)))


def _flat(formula: Formula) -> tuple[Formula, ...]:
    """What must hold together: the parts of `all` inside `all`."""
    if not isinstance(formula, All):
        return (formula,)
    return tuple(part for inner in formula.parts for part in _flat(inner))


def _rows(frame: Frame, subjects: NDArray[np.int64]) -> Bools:
    return np.isin(frame.subject, subjects)
