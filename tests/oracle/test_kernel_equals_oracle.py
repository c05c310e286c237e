"""The engine says what the oracle says, of any definition and any history, evidence included.

FIREFLOWER_EXAMPLES=20 runs twenty times as many examples.
"""

from __future__ import annotations

import pytest
from golden.cases import Case, golden_cases
from hypothesis import given

from . import strategies
from .engine import told_by_engine, told_by_oracle

GOLDEN = golden_cases()


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_golden_case(golden: Case) -> None:
    case = ([golden.definition], golden.settings, list(golden.records), golden.as_of)
    assert told_by_engine(case) == told_by_oracle(case)


@strategies.examples(300)
@given(strategies.cases())
def test_any_definitions_on_any_history(case: strategies.Case) -> None:
    assert told_by_engine(case) == told_by_oracle(case)


@pytest.mark.parametrize("kind", strategies.QUANTITIES)
def test_any_condition_on_a_quantity(kind: str) -> None:
    @strategies.examples(60)
    @given(strategies.cases(kind))
    def holds_as_the_oracle_says(case: strategies.Case) -> None:
        assert told_by_engine(case) == told_by_oracle(case)

    holds_as_the_oracle_says()
