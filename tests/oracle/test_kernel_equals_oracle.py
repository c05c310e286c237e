"""The engine says what the oracle says, of any definition and any history, evidence included.

FIREFLOWER_EXAMPLES=20 runs twenty times as many examples.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from golden.cases import Case as GoldenCase
from golden.cases import golden_cases
from hypothesis import given
from hypothesis import strategies as st

from .engine import (
    pieces_of,
    standing_by_engine,
    standing_by_oracle,
    timeline_of,
    told_by_engine,
    told_by_oracle,
    told_in_batches,
)
from .strategies import QUANTITIES, Case, cases, cases_in_other_words, cases_of_one_quantity, examples

GOLDEN = golden_cases()


def with_all_people(case: Case) -> Case:
    """The case without leaving people out, which a replay that goes on refuses."""
    definitions, settings, records, as_of = case
    accounts_alone = tuple(pair for pair in settings.leave_out if pair[0] == "account")
    return definitions, replace(settings, leave_out=accounts_alone), records, as_of


def as_drawn(golden: GoldenCase) -> Case:
    return [golden.definition], golden.settings, list(golden.records), golden.as_of


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_golden_case(golden: GoldenCase) -> None:
    assert told_by_engine(as_drawn(golden)) == told_by_oracle(as_drawn(golden))


def assert_as_the_oracle(drawn: st.SearchStrategy[Case], count: int) -> None:
    @examples(count)
    @given(drawn)
    def says_what_the_oracle_says(case: Case) -> None:
        assert told_by_engine(case) == told_by_oracle(case)

    says_what_the_oracle_says()


@examples(250)
@given(cases())
def test_any_definitions_on_any_history(case: Case) -> None:
    assert told_by_engine(case) == told_by_oracle(case)


@pytest.mark.parametrize("kind", QUANTITIES)
def test_any_condition_on_a_quantity(kind: str) -> None:
    assert_as_the_oracle(cases(kind), 40)


@pytest.mark.parametrize("kind", QUANTITIES)
def test_several_tests_of_a_quantity(kind: str) -> None:
    assert_as_the_oracle(cases_of_one_quantity(kind), 25)


@pytest.mark.parametrize("kind", QUANTITIES)
def test_one_condition_in_several_wordings(kind: str) -> None:
    assert_as_the_oracle(cases_in_other_words(kind), 15)


@examples(100)
@given(cases())
def test_how_everybody_stands(case: Case) -> None:
    assert standing_by_engine(case) == standing_by_oracle(case)


@examples(100)
@given(cases(), st.data())
def test_pieces_of_whole_blocks(case: Case, data: st.DataObject) -> None:
    blocks = data.draw(st.lists(st.integers(0, timeline_of(case).blocks), max_size=3))
    assert told_by_engine(case, cut=lambda timeline: pieces_of(timeline, blocks)) == told_by_oracle(case)


@examples(150)
@given(cases(), st.data(), st.booleans(), st.booleans())
def test_any_batches_in_order_of_time(case: Case, data: st.DataObject, decide: bool, save: bool) -> None:
    case = with_all_people(case)
    ends = data.draw(st.lists(st.integers(0, len(timeline_of(case))), max_size=6))
    assert told_in_batches(case, ends, decide, save) == told_by_oracle(case)


@examples(60)
@given(cases(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_with_messages_twice(case: Case, random: Random) -> None:
    definitions, settings, records, as_of = case
    again = [record for record in records if record.message_id and random.random() < 0.5]
    arrived = [*records, *again]
    random.shuffle(arrived)
    assert told_by_engine((definitions, settings, arrived, as_of)) == told_by_oracle(case)


# --- Compiled -----------------------------------------------------------------------------------------------


@examples(60)
@given(cases(), st.sampled_from((1, 2)))
def test_compiled(case: Case, threads: int) -> None:
    assert told_by_engine(case, compiled=True, threads=threads) == told_by_oracle(case)


@examples(60)
@given(cases())
def test_compiled_and_plain_are_equal_to_the_bit(case: Case) -> None:
    assert told_by_engine(case, compiled=True) == told_by_engine(case, compiled=False)


# --- The record that tipped it ------------------------------------------------------------------------------


@examples(60)
@given(cases())
def test_the_record_that_tipped_it_is_of_that_moment(case: Case) -> None:
    from fireflower.evaluate.replay import replay

    definitions, settings, _, as_of = case
    timeline = timeline_of(case)
    found = replay(definitions, settings, [timeline], as_of=as_of, compiled=False)
    facts = found.facts()
    tipped = np.flatnonzero(facts.row >= 0)
    assert (timeline.time[facts.row[tipped] - timeline.first_row] == facts.since[tipped]).all()
