"""Every condition that a rule may be made of, as bits over the rows of a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.frames import Column, Frame
from fireflower.discover.tallies import Words, packed
from fireflower.language.nodes import Compare, Known, Ratio, Recency, Test
from fireflower.language.nodes import Sequence as Steps
from fireflower.model.moments import DAY, HOUR

STRATA = 8
"""Stretches of the calendar within which rates are compared, so that neither a trend nor how long subjects have been
followed makes a signal; fewer where there are not 64 rows for each."""

_EXACT = 24
"""Up to so many different values, each is a threshold."""

_CUTS = 32
SPANS = (1 * HOUR, 6 * HOUR, 12 * HOUR, 1 * DAY, 2 * DAY, 3 * DAY, 5 * DAY, 7 * DAY, 10 * DAY, 14 * DAY)
RATIOS = (0.1, 0.25, 0.5, 0.75, 0.9, 1, 1.5, 2, 3, 5, 10)
"""Thresholds of spans and of ratios: those that one would say, and few, so that chance is not fed."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a column and a test of it."""

    column: int
    test: Test


@dataclass(frozen=True, eq=False)
class Board:
    """Conditions over the rows of a frame.

    Attributes
    ----------
    frame : rows in the order of time
    reached : bool[n]
    terms, bits : the conditions, and [conditions, words] what they pass
    column : int64[conditions], of which column each is
    edges : [strata + 1], the word at which each stretch of the calendar begins
    """

    frame: Frame
    reached: NDArray[np.bool_]
    terms: tuple[Term, ...]
    bits: Words
    edges: NDArray[np.int64]
    column: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", np.array([term.column for term in self.terms], np.int64))

    @property
    def stratum(self) -> NDArray[np.int64]:
        """int64[n], the stretch of the calendar that each row lies in."""
        return np.searchsorted(self.edges * 64, np.arange(len(self.frame)), side="right") - 1

    @property
    def everyone(self) -> Words:
        return packed(np.ones((1, len(self.frame)), np.bool_))[0]


def passes(column: Column, test: Test) -> NDArray[np.bool_]:
    """Which rows pass a test, as the language has it: what is missing passes none but `is missing`."""
    numbers = column.numbers
    match test:
        case Compare("=", str() | bool() as bound):
            if column.codes is None:
                return np.zeros(len(numbers), np.bool_)
            wanted = [code for code, text in enumerate(column.texts) if type(text) is type(bound) and text == bound]
            return np.isin(column.codes, wanted)
        case Compare(op, float() | int() as bound):
            compared = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less, "=": np.equal}
            with np.errstate(invalid="ignore"):
                return np.asarray(compared[op](numbers, bound), np.bool_)
        case Known(known):
            there = ~np.isnan(numbers)
            if column.codes is not None:
                there |= column.codes >= 0
            return there if known else ~there
    raise TypeError(f"not a test that discovery makes: {test!r}")


def board(frame: Frame, reached: NDArray[np.bool_], least: int) -> Board:
    """All conditions that at least `least` rows pass and at least `least` do not.

    Parameters
    ----------
    reached : bool[n], who reached the goal
    """
    terms: list[Term] = []
    rows: list[NDArray[np.bool_]] = []
    bits: list[Words] = []
    for number, column in enumerate(frame.columns):
        for test in tests_of(column, least):
            passing = passes(column, test)
            if least <= int(passing.sum()) <= len(frame) - least:
                terms.append(Term(number, test))
                rows.append(passing)
        if rows:
            bits.append(packed(np.stack(rows)))
            rows = []
    words = -(-len(frame) // 64)
    edges = np.linspace(0, words, min(STRATA, max(1, words)) + 1).astype(np.int64)
    return Board(frame, reached, tuple(terms), np.concatenate(bits) if bits else np.zeros((0, words), np.uint64), edges)


def tests_of(column: Column, least: int) -> Iterator[Test]:
    """The tests of one column: thresholds where it has numbers, equality where it has texts, and whether it is known
    where some rows lack it."""
    bounds = bounds_of(column)
    for cut in bounds:
        yield Compare(">=", cut)
    if column.candidate.both_ways:
        for cut in bounds:
            yield Compare("<", cut)
        if np.isnan(column.numbers).any():
            yield from _texts(column, least)


def bounds_of(column: Column) -> list[float]:
    """The thresholds of a column."""
    numbers = column.numbers[~np.isnan(column.numbers)]
    match column.candidate.quantity:
        case Recency():
            return _inside(numbers, SPANS)
        case Ratio():
            return _inside(numbers, RATIOS)
        case Steps(steps):  # fewer steps than all say no more than that the first of them was done
            return [float(len(steps))]
    return cuts(numbers)


def _texts(column: Column, least: int) -> Iterator[Test]:
    yield Known(True)
    yield Known(False)
    if column.codes is None:
        return
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
    for code in np.flatnonzero(counts >= least).tolist():
        if isinstance(column.texts[code], str | bool):
            yield Compare("=", column.texts[code])


def _inside(numbers: NDArray[np.float64], bounds: Sequence[float]) -> list[float]:
    return [float(bound) for bound in bounds if len(numbers) and numbers.min() < bound <= numbers.max()]


def cuts(numbers: NDArray[np.float64]) -> list[float]:
    """Thresholds: each value that occurs where these are few, else about evenly many rows apart, in numbers that can be
    said aloud; whole ones for whole numbers."""
    values = np.unique(numbers)
    if len(values) < 2:
        return []
    whole = bool(np.all(values == np.round(values)))
    if len(values) <= _EXACT + 1:
        return [float(v) if whole else _between(float(below), float(v)) for below, v in pairwise(values)]
    above = np.quantile(numbers[numbers > values[0]], np.linspace(0, 1, _CUTS + 1)[:-1])
    if whole:
        small = values[(values > values[0]) & (values <= 10)]
        return sorted({float(v) for v in small} | {float(np.ceil(v)) for v in above} - {float(values[0])})
    return sorted({_round(float(v)) for v in above if v > values[0]})


def _between(below: float, value: float) -> float:
    """The value, in as few digits as tell it from the one below: 0.3333 becomes 0.3, if nothing lies between them."""
    for digits in range(1, 17):
        shorter = float(f"{value:.{digits}g}")
        if below < shorter <= value:
            return shorter
    return value


def _round(value: float) -> float:
    """To three digits that matter."""
    return float(f"{value:.3g}")
