"""Does a rule hold for small and large, for every plan and country?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import rates
from fireflower.discover.boards import passes
from fireflower.discover.frames import Column, Frame
from fireflower.discover.measuring import measured
from fireflower.discover.results import SegmentRow, SegmentTest
from fireflower.language.nodes import Compare, Known, Test

MOST_PARTS = 6
SHOWN = 6
UNLIKE = 0.05
"""With a p-value below this, shared out among all traits that were looked at, the rule does not hold alike."""

_LEAST_HITS = 10
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the subjects: those whose trait passes all these tests."""

    name: str
    tests: tuple[Test, ...]

    def rows(self, column: Column) -> Bools:
        return np.asarray(np.logical_and.reduce([passes(column, test) for test in self.tests]))


def segments(frame: Frame, inside: Bools, horizon: int, used: frozenset[str]) -> tuple[SegmentTest, ...]:
    """The rule in the parts that each trait makes, on rows followed for the horizon; the most unlike first.

    Parameters
    ----------
    used : traits that the rule itself is made of
    """
    tested: list[tuple[str, float, list[SegmentRow]]] = []
    reached = frame.reached(horizon)
    for column in frame.columns:
        candidate = column.candidate
        if candidate.vocabulary == "fit" and candidate.of not in used:
            every = [(part.name, part.rows(column)) for part in slices(column)]
            parts = [(name, part) for name, part in every if _enough(frame, part, inside, horizon)]
            rows = [SegmentRow(candidate.name, name, measured(frame.at(np.flatnonzero(part)), inside[part], horizon))
                    for name, part in parts]  # fmt: skip
            if len(rows) > 1:
                logs = [rates.log_odds_ratio(reached[part], inside[part], frame.cluster[part]) for _, part in parts]
                tested.append((candidate.name, alike(logs), rows))
    tests = [SegmentTest(by, p, p <= UNLIKE / len(tested), tuple(rows)) for by, p, rows in tested]
    return tuple(sorted(tests, key=lambda test: test.p)[:SHOWN])


def _enough(frame: Frame, part: Bools, inside: Bools, horizon: int) -> bool:
    hits = int((part & frame.reached(horizon)).sum())
    return (
        hits >= _LEAST_HITS and int((part & inside).sum()) >= _LEAST_HITS and int((part & ~inside).sum()) >= _LEAST_HITS
    )


def slices(column: Column) -> Iterator[Slice]:
    """The most frequent texts of a trait, or thirds of its numbers."""
    if column.codes is not None and (column.codes >= 0).any():
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
        for code in np.argsort(-counts, kind="stable")[:MOST_PARTS].tolist():
            text = column.texts[code]
            if isinstance(text, str | bool):
                yield Slice(str(text), (Compare("=", text),))
        return
    known = column.numbers[~np.isnan(column.numbers)]
    if len(known) < 4 * _LEAST_HITS:
        return
    low, high = (float(f"{cut:.3g}") for cut in np.quantile(known, (1 / 3, 2 / 3)))
    if low < high:
        yield Slice(f"up to {low:g}", (Compare("<=", low),))
        yield Slice(f"over {low:g}, up to {high:g}", (Compare(">", low), Compare("<=", high)))
        yield Slice(f"over {high:g}", (Compare(">", high),))


def left_out(column: Column, test: Test, any_: bool) -> list[Slice]:
    """The parts of which a rule with this test says nothing: those that fail it or, where one condition is enough
    (`any_`), those that pass it."""
    if any_:
        return _one(test)
    match test:
        case Compare("=", str() | bool()):
            return [each for each in slices(column) if each.tests != (test,)]
        case Compare(">=" | "<" as op, bound):
            return _one(Compare("<" if op == ">=" else ">=", bound))
        case Known(known):
            return _one(Known(not known))
    return []


def _one(test: Test) -> list[Slice]:
    return [Slice(_said(test), (test,))]


def _said(test: Test) -> str:
    match test:
        case Compare("=", bound):
            return str(bound)
        case Compare(op, float() | int() as bound):
            return f"{'from' if op == '>=' else 'below'} {bound:g}"
    return "known" if test == Known(True) else "missing"


def alike(logs: Sequence[tuple[float, float]]) -> float:
    """The p-value of an odds ratio being the same in all parts, by its logarithm in each, with its variance (Woolf
    1955)."""
    value, variance = np.array(logs).T
    weight = 1 / variance
    middle = (weight * value).sum() / weight.sum()
    return chi_square_tail(float((weight * (value - middle) ** 2).sum()), len(logs) - 1)


def chi_square_tail(x: float, degrees: int) -> float:
    """P(chi-square > x), by the recurrence over degrees of freedom (Abramowitz & Stegun 26.4.8).

    >>> round(chi_square_tail(3.841459, 1), 4), round(chi_square_tail(7.814728, 3), 4)
    (0.05, 0.05)
    """
    if x <= 0:
        return 1.0
    if degrees % 2:
        tail, k = math.erfc(math.sqrt(x / 2)), 1
    else:
        tail, k = math.exp(-x / 2), 2
    while k < degrees:
        tail += math.exp(k / 2 * math.log(x / 2) - x / 2 - math.lgamma(k / 2 + 1))
        k += 2
    return min(1.0, tail)
