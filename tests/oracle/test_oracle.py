"""Is the oracle itself right? By cases computed by hand, and by what must hold of any history."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from golden.cases import Case, Transition, golden_cases
from hypothesis import given
from hypothesis import strategies as st

from fireflower.language import nodes as n
from fireflower.language.nodes import Settings
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record

from . import scores, strategies
from .measures import happened
from .oracle import Verdict, candidates, holds, quantity, since, subjects_as_of, verdicts
from .whose import History

GOLDEN = golden_cases()
SEMANTICS = (Path(__file__).parents[2] / "docs" / "semantics.md").read_text(encoding="utf-8")


# --- The golden cases, which are computed by hand -----------------------------------------------------------


def in_golden_form(verdict: Verdict) -> tuple:
    evidence = tuple((e.condition.text, e.holds, e.value, e.since) for e in verdict.evidence)
    subject = f"{verdict.kind} {verdict.subject}"
    return verdict.at, verdict.known_at, subject, verdict.change, verdict.reason, evidence


def evidence_of(transition: Transition) -> tuple:
    return tuple((e.condition, e.holds, e.value, e.since) for e in transition.evidence)


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_golden_case(case: Case) -> None:
    found = verdicts([case.definition], case.settings, case.records, case.as_of)
    expected = [(t.at, t.known_at, t.subject, t.change, t.reason, evidence_of(t)) for t in case.transitions]
    assert [in_golden_form(verdict) for verdict in found] == expected


def rows_of_tables() -> set[str]:
    """The first cell of each row of each table of the semantics, without what stands in brackets behind it."""
    rows = re.findall(r"^\| (.+?) +\|", SEMANTICS, re.MULTILINE)
    return {re.sub(r" \(.*\)$", "", row) for row in rows} - {"test", "window", "quantity"}


def test_every_row_and_paragraph_of_the_semantics_has_a_golden_case() -> None:
    shown = {name for case in GOLDEN for name in case.shows}
    paragraphs = {name.strip(" .:") for name in re.findall(r"^\**\*\*([A-Z].+?)\*\*", SEMANTICS, re.MULTILINE)}
    items = set(re.findall(r"^- \*\*(.+?)\*\*", SEMANTICS, re.MULTILINE))
    rows = rows_of_tables()
    assert len(rows) >= 30 and len(paragraphs) >= 8 and len(items) >= 2
    assert (rows | paragraphs | items) - shown == set()


# --- Values at a moment -------------------------------------------------------------------------------------


def opened(day: float, **properties: object) -> Record:
    return Record(round(day * DAY), Kind.EVENT, "open", "u", properties=properties)


def history(*records: Record, days: int = 30) -> History:
    return subjects_as_of(records, Settings(), days * DAY)["person", "u"]


OPEN = n.Events(("open",))


def test_quantities_between_records() -> None:
    h = history(opened(0), opened(3), opened(9))
    week = n.Count(OPEN, n.Last(7 * DAY))
    assert [quantity(week, h, day * DAY) for day in (0, 3, 6, 7, 9, 10, 16)] == [1, 2, 2, 1, 2, 1, 0]
    assert quantity(n.Recency(OPEN), h, 5 * DAY + 1) == 2 * DAY + 1
    assert quantity(n.Ratio(week, n.Number(0.0)), h, 0) is None


def test_streak_day_by_day() -> None:
    h = history(opened(0), opened(1), opened(2), opened(6))
    streak = n.Streak(OPEN)
    assert [quantity(streak, h, day * DAY) for day in range(9)] == [1, 2, 3, 3, 0, 0, 1, 1, 0]


def test_since_spans_the_records_that_change_nothing() -> None:
    h = history(opened(0), opened(3), opened(4), opened(20))
    week = n.Condition(n.Count(OPEN, n.Last(7 * DAY)), n.Compare(">=", 1.0))
    assert [since(week, h, day * DAY) for day in (0, 5, 11, 15, 21)] == [0, 0, 11 * DAY, 11 * DAY, 20 * DAY]


@pytest.mark.parametrize(
    ("w", "days", "expected"),
    [
        (10_000_000, 0, 10_000_000),
        (10_000_000, 2, 5_000_000),
        (-10_000_000, 4, -2_500_000),
        (1, 2, 0),
        (10**12, 124, 0),
    ],
)
def test_fade_over_half_lives_of_two_days(w: int, days: int, expected: int) -> None:
    assert scores.fade(w, days * DAY, 2 * DAY) == expected


def test_the_table_of_fading_is_exact() -> None:
    """x = T[i] is the floor of 2^(22 - i/4096), so x^4096 <= 2^(22*4096 - i) < (x + 1)^4096."""
    table = scores.fractions_of_half_life()
    for i in (0, 1, 2, 1000, 2048, 4095):
        assert table[i] ** 4096 <= 2 ** (22 * 4096 - i) < (table[i] + 1) ** 4096


@given(st.integers(-(10**12), 10**12), st.integers(0, 400 * DAY), st.integers(0, 10 * DAY))
def test_fade_never_grows(w: int, d: int, more: int) -> None:
    assert abs(scores.fade(w, d + more, 7 * DAY)) <= abs(scores.fade(w, d, 7 * DAY)) <= abs(w)


# --- What must hold of any history --------------------------------------------------------------------------


@strategies.examples(100)
@given(strategies.cases(), st.data())
def test_nothing_changes_between_candidate_moments(case: strategies.Case, data: st.DataObject) -> None:
    definitions, settings, records, as_of = case
    for h in subjects_as_of(records, settings, as_of).values():
        for definition in definitions:
            if definition.subject == h.kind:
                moments = candidates(definition.qualified, h)
                t = data.draw(st.integers(h.first, as_of))
                before = max(moment for moment in moments if moment <= t)
                assert holds(definition.qualified, h, t) == holds(definition.qualified, h, before)


@strategies.examples(100)
@given(strategies.histories(most=9), st.none() | strategies.spans)
def test_a_sequence_gets_as_far_as_any_choice_of_steps(records: list[Record], span: int | None) -> None:
    steps = (n.Events(("open",)), n.Events(("run", "open")), n.Events(("pay", "run")))
    as_of = max(record.time for record in records)
    for h in subjects_as_of(records, Settings(), as_of).values():
        events = [item for item in h.items if item.kind == Kind.EVENT and item.counts]
        passing = [{id(event) for event in happened(h, step, as_of)} for step in steps]
        done = [
            k
            for k in (1, 2, 3)
            for chosen in combinations(events, k)
            if all(id(event) in step for event, step in zip(chosen, passing, strict=False))
            and (span is None or chosen[-1].time - chosen[0].time < span)
        ]
        assert quantity(n.Sequence(steps, span), h, as_of) == max(done, default=0)


@strategies.examples(100)
@given(strategies.cases(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(case: strategies.Case, random: Random) -> None:
    definitions, settings, records, as_of = case
    shuffled = list(records)
    random.shuffle(shuffled)
    assert repr(verdicts(definitions, settings, shuffled, as_of)) == repr(
        verdicts(definitions, settings, records, as_of)
    )
