"""A team's own definition beside what was found: is it any good, and what single change helps most?

The kernel decides at the landmark for whom the definition's formula holds, and every formula that differs from it in
one place: a bound moved, a condition dropped, one of the best signals joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.frames import Frame
from fireflower.discover.histories import Source, up_to
from fireflower.discover.landmarks import holding_at
from fireflower.discover.measuring import measured
from fireflower.discover.results import Change, HypothesisFound
from fireflower.discover.study import Ground
from fireflower.language.nodes import All, AnyOf, Definition, Formula
from fireflower.language.sentences import write_formula
from fireflower.review.thresholds import variants

CHANGES = 3
Bools = NDArray[np.bool_]


def tested(definition: Definition, ground: Ground, source: Source, signals: Sequence[Formula]) -> HypothesisFound:
    """Measure the definition at the ground's landmark, and the changes that gain most on the rows searched.

    Parameters
    ----------
    signals : conditions that may be joined to it
    """
    assert ground.frame.landmark is not None
    own = definition.qualified
    tried = [("as it is", own), *_changes(definition, signals)]
    formulas = [formula for _, formula in tried]
    arguments = up_to(source, ground.frame)
    holding = holding_at(ground.frame.landmark, formulas, source.start, source.subject, arguments)
    train, test, early = ground.split.train, ground.split.test, ground.early
    gains = [early.gain(_rows(early.board.frame, who)) for who in holding]
    best = [i for i in np.argsort([-gain for gain in gains], kind="stable").tolist() if i and gains[i] > gains[0] + 1]
    changes = []
    for i in best[:CHANGES]:
        later = measured(test, _rows(test, holding[i]), ground.horizon)
        changes.append(Change(tried[i][0], write_formula(formulas[i]), gains[i] - gains[0], later))
    return HypothesisFound(
        name=definition.name,
        text=write_formula(own),
        earlier=measured(train, _rows(train, holding[0]), ground.horizon),
        later=measured(test, _rows(test, holding[0]), ground.horizon),
        gain=gains[0],
        changes=tuple(changes),
    )


def _changes(definition: Definition, signals: Sequence[Formula]) -> Iterator[tuple[str, Formula]]:
    for variant in variants(definition):
        if not variant.is_current:
            yield "another bound", variant.definition.qualified
    own = _flat(definition.qualified)
    for i in range(len(own)) if len(own) > 1 else ():
        yield "without one condition", All((*own[:i], *own[i + 1 :]))
    for signal in signals:
        yield "with one more condition", All((*own, signal))
        yield "or another way in", AnyOf((definition.qualified, signal))


def _flat(formula: Formula) -> tuple[Formula, ...]:
    """What must hold together: the parts of `all` inside `all`."""
    if not isinstance(formula, All):
        return (formula,)
    return tuple(part for inner in formula.parts for part in _flat(inner))


def _rows(frame: Frame, subjects: NDArray[np.int64]) -> Bools:
    return np.isin(frame.subject, subjects)
