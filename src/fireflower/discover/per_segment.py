"""Where the rule does not hold alike for all: does a part of the subjects have a rule of its own?

Looked at are the parts that a trait of the rule leaves out (where the rule is for one plan, the other plans); or, if it
has no trait, those by the one trait by which it differs most. Each is searched like everything else: chance on shuffled
outcomes, choice, later rows. As several are searched, each must pass both as if it were that often harder; and it must
gain more in its part than the rule for all does, by as much as chance finds with a single condition, and stand out
further on the later rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import choosing
from fireflower.discover.boards import passes
from fireflower.discover.drafts import part_of
from fireflower.discover.frames import Column, Frame
from fireflower.discover.measuring import measured
from fireflower.discover.results import SegmentRule, SegmentSearch, SegmentTest
from fireflower.discover.search import Rule
from fireflower.discover.segments import Slice, left_out, slices
from fireflower.discover.study import CONFIRMED, Ground, Question, can_be_searched, findings, searched

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Part:
    """One part, searched."""

    slice: Slice
    ground: Ground
    p: float


def per_segment(
    ground: Ground, general: Rule, tests: Sequence[SegmentTest], question: Question
) -> SegmentSearch | None:
    """Rules for parts by one trait; None where the rule holds alike for all.

    Parameters
    ----------
    general : the rule for all
    """
    asked = _asked(ground, general, tests)
    if asked is None:
        return None
    column, wanted = asked
    parts = list(_searched(ground.frame, column, wanted, question))
    rules = [_own(ground, general, column, part, len(parts), question) for part in parts]
    found = tuple(rule for rule in rules if rule is not None)
    return SegmentSearch(column.candidate.name, tuple(part.slice.name for part in parts), found)


def _asked(ground: Ground, rule: Rule, tests: Sequence[SegmentTest]) -> tuple[Column, list[Slice]] | None:
    """Which parts are to be searched, by which trait."""
    on = ground.whole.board
    for term in (on.terms[k] for k in rule.terms):
        column = on.frame.columns[term.column]
        if column.candidate.vocabulary == "fit":
            return column, left_out(column, term.test, rule.any)
    differing = next((test.by for test in tests if test.differs), None)
    found = next((each for each in ground.frame.columns if each.candidate.name == differing), None)
    return None if found is None else (found, list(slices(found)))


def _searched(frame: Frame, column: Column, wanted: Sequence[Slice], question: Question) -> Iterator[_Part]:
    others = [each for each in frame.columns if each.candidate.of != column.candidate.of]
    for each in wanted:
        part = frame.keeping(others).at(np.flatnonzero(each.rows(column)))
        if can_be_searched(part, question.horizon):
            [own], p = searched([part], question)
            yield _Part(each, own, p)


def _own(
    ground: Ground, general: Rule, column: Column, part: _Part, parts: int, question: Question
) -> SegmentRule | None:
    own = part.ground
    found = findings(own, question, min(1.0, parts * part.p))
    rules, then = found.rules, found.rehearsal
    if not rules or rules[0].grade == "unconfirmed" or then is None or parts * then.later.p > CONFIRMED:
        return None
    later = measured(own.split.test, _selected(ground, general, column, own.split.test), question.horizon)
    gained = rules[0].gain - own.whole.gain(_selected(ground, general, column, own.whole.board.frame))
    if gained <= choosing.price(own.chance) or then.later.p >= later.p:
        return None
    among = tuple(part_of(column.candidate, test) for test in part.slice.tests)
    for_all = _selected(ground, general, column, own.followed)
    return SegmentRule(part.slice.name, among, rules[0], measured(own.followed, for_all, question.horizon))


def _selected(ground: Ground, rule: Rule, column: Column, frame: Frame) -> Bools:
    """Which rows of a part pass the rule for all. A condition on the trait by which it is parted, all or none do."""
    known = {id(each.candidate): each for each in frame.columns}
    inside = []
    on = ground.whole.board
    for term in (on.terms[k] for k in rule.terms):
        candidate = on.frame.columns[term.column].candidate
        own = candidate is column.candidate
        inside.append(np.full(len(frame), rule.any) if own else passes(known[id(candidate)], term.test))
    return np.asarray(np.logical_or.reduce(inside) if rule.any else np.logical_and.reduce(inside))
