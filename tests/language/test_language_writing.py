"""What is written means what was meant: any definition, written as YAML and loaded, has the same fingerprint."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireflower.language.checking import check
from fireflower.language.describing import describe
from fireflower.language.expressions import parse_formula
from fireflower.language.fingerprints import canonical, fingerprint
from fireflower.language.loading import load_definition
from fireflower.language.nodes import (
    KINDS,
    Actors,
    All,
    AnyOf,
    AnySpan,
    Between,
    Compare,
    Condition,
    Count,
    Date,
    Definition,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    EventPoints,
    Events,
    Ever,
    Every,
    Extreme,
    FieldTest,
    Formula,
    HoldingPoints,
    Known,
    Last,
    Latest,
    LocalTime,
    Members,
    No,
    Not,
    Number,
    OneOf,
    Property,
    Ratio,
    Recency,
    Role,
    Score,
    Sequence,
    Sessions,
    Skill,
    Some,
    Streak,
    Sum,
    Text,
    TimeSpent,
    Trait,
    Within,
)
from fireflower.language.sentences import write_formula, write_span
from fireflower.language.steps import next_step
from fireflower.language.walking import conditions_of
from fireflower.language.writing import to_yaml
from fireflower.model.errors import NotSupportedError
from fireflower.model.moments import DAY, HOUR

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

TEXTS = st.one_of(
    st.sampled_from(
        ["A", "Report Run", "or", "any", "last 7 days", "where x", "$set", "3", "true", "2026-01-01", 'a"b\\', "é"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4).filter(str.strip),
)
SPANS = st.one_of(st.integers(1, 60).map(DAY.__mul__), st.integers(1, 90 * DAY), st.sampled_from([HOUR, 36 * HOUR]))
NUMBERS = st.one_of(st.integers(-3, 10**6).map(float), st.floats(-1e9, 1e9).filter(bool))
POSITIVE = st.one_of(st.integers(1, 10**6).map(float), st.floats(0.001, 1e9))
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans())


def value_tests() -> st.SearchStrategy[Any]:
    moments = st.integers(0, 2 * 10**15)
    return st.one_of(
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), NUMBERS),
        st.builds(Compare, st.sampled_from(["=", "!="]), SCALARS),
        st.builds(Date, st.sampled_from(["<", ">=", "=", "!="]), moments),
        st.tuples(NUMBERS, NUMBERS).map(lambda ends: Between(*sorted(ends))),
        st.builds(OneOf, st.lists(SCALARS, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(Text, st.sampled_from(["contains", "starts with", "ends with"]), TEXTS, st.booleans()),
        st.builds(Known, st.booleans()),
    )


TESTS = value_tests()
PROPERTIES = st.builds(Property, TEXTS)
FIELD_TESTS = st.one_of(
    st.builds(FieldTest, PROPERTIES, TESTS),
    st.builds(FieldTest, st.just(LocalTime("hour")), st.builds(Between, st.just(9.0), st.integers(9, 22).map(float))),
    st.builds(FieldTest, st.just(LocalTime("weekday")), st.builds(Compare, st.just("="), st.integers(1, 7).map(float))),
    st.builds(FieldTest, st.just(Role()), st.builds(OneOf, st.lists(TEXTS, min_size=1, max_size=2).map(tuple))),
)
WHERES = st.recursive(
    FIELD_TESTS,
    lambda inner: st.one_of(
        st.builds(Every, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, max_size=3).map(tuple)),
        st.builds(No, inner),
    ),
    max_leaves=3,
)
EVENTS = st.builds(Events, st.lists(TEXTS, max_size=2).map(tuple), st.none() | WHERES)
PLAIN_WINDOWS = st.one_of(st.just(Ever()), st.builds(Last, SPANS), st.builds(Within, EVENTS, st.none() | SPANS))
WINDOWS = PLAIN_WINDOWS | st.builds(AnySpan, SPANS)
AT_LEAST = st.builds(Compare, st.sampled_from([">=", ">", "="]), st.sampled_from([1.0, 2.0]))
IN_REACH = st.builds(OneOf, st.lists(NUMBERS, min_size=1, max_size=2).map(tuple), st.just(True))
"""Tests that any range of points can pass and fail."""
NUMERIC = st.one_of(
    st.builds(Count, EVENTS, WINDOWS),
    st.builds(Distinct, PROPERTIES, EVENTS, WINDOWS),
    st.builds(Distinct, st.just(EventName()), st.builds(Events, st.just(()), st.none() | WHERES), WINDOWS),
    st.builds(DistinctDays, EVENTS, WINDOWS),
    st.builds(Sum, PROPERTIES, EVENTS, WINDOWS),
    st.builds(Extreme, st.sampled_from(["min", "max"]), PROPERTIES, EVENTS, PLAIN_WINDOWS),
    st.builds(Members, st.lists(TEXTS, max_size=2).map(tuple)),
    st.builds(Actors, EVENTS, WINDOWS),
    st.builds(Streak, EVENTS, st.booleans()),
    st.builds(Sequence, st.lists(EVENTS, min_size=4, max_size=5).map(tuple), st.none() | SPANS),
    st.builds(Sessions, EVENTS, SPANS, WINDOWS),
    st.builds(TimeSpent, EVENTS, SPANS, WINDOWS),
)
PARTS = st.one_of(NUMERIC, st.builds(Trait, st.just("account"), TEXTS), st.builds(Number, POSITIVE))
RATIOS = st.recursive(
    PARTS,
    lambda inner: st.builds(Ratio, inner, inner),
    max_leaves=3,
).filter(lambda quantity: isinstance(quantity, Ratio))
CONDITIONS = st.one_of(
    st.builds(Condition, NUMERIC, AT_LEAST),
    st.builds(Condition, RATIOS, AT_LEAST),
    st.builds(Condition, st.builds(Difference, PARTS, PARTS), AT_LEAST),
    st.builds(Condition, st.builds(Trait, st.just("account"), TEXTS), TESTS),
    st.builds(Condition, st.builds(Latest, PROPERTIES, EVENTS, PLAIN_WINDOWS), TESTS),
    st.builds(
        Condition,
        st.builds(Recency, EVENTS) | st.builds(Elapsed, EVENTS),
        st.builds(Compare, st.sampled_from(["<", ">="]), SPANS.map(float)),
    ),
)


def formulas(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Formula]:
    return st.recursive(
        conditions,
        lambda inner: st.one_of(
            st.builds(All, st.lists(inner, max_size=3).map(tuple)),
            st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(Not, inner),
        ),
        max_leaves=3,
    )


POINTS = st.integers(-(10**12), 10**12).filter(bool).map(lambda millionths: millionths / 10**6)
SCORES = st.builds(
    Score,
    st.lists(
        st.builds(HoldingPoints, formulas(CONDITIONS), POINTS)
        | st.builds(EventPoints, EVENTS, POINTS, st.none() | st.integers(1, 1000).map(float)),
        min_size=1,
        max_size=3,
        unique=True,
    ).map(tuple),
    st.none() | SPANS,
    st.none() | st.integers(1, 1000).map(float),
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    score = draw(st.none() | SCORES)
    scores = draw(st.lists(SCORES, max_size=1)) + ([] if score is None else [score])
    tested = [st.builds(Condition, st.just(each), IN_REACH) for each in scores]
    conditions = reduce(lambda some, more: some | more, tested, CONDITIONS)
    circles = draw(st.lists(formulas(CONDITIONS), max_size=3))
    return Definition(
        name="d",
        subject="account",
        qualified=draw(formulas(conditions) | st.just(All(tuple(circles)))),
        kind=draw(st.sampled_from(KINDS)),
        circles=tuple(zip(("value", "fit", "intent"), circles, strict=False)),
        goal=draw(st.none() | EVENTS),
        keep_after_goal=draw(st.booleans()),
        cooldown=draw(st.just(0) | SPANS),
        score=score,
        quantities=tuple(draw(st.dictionaries(st.sampled_from(["a", "b-2", "größe"]), NUMERIC, max_size=2)).items()),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(definitions())
def test_a_definition_survives_writing_and_loading(definition: Definition) -> None:
    text = to_yaml(definition)
    loaded = load_definition(text)
    assert canonical(loaded) == canonical(definition), text
    assert fingerprint(loaded) == fingerprint(definition)
    assert {name for name, _ in definition.quantities} <= {name for name, _ in loaded.quantities}
    assert not check([loaded])
    assert fingerprint(load_definition(to_yaml(loaded))) == fingerprint(definition)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(definitions(), st.none() | NUMBERS | TEXTS)
def test_everything_can_be_described(definition: Definition, current: Any) -> None:
    assert definition.name in describe(definition)
    for condition in conditions_of(definition):
        assert next_step(condition, current)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(formulas(CONDITIONS))
def test_a_formula_survives_writing_and_parsing(formula: Formula) -> None:
    assert canonical(parse_formula(write_formula(formula))) == canonical(formula)


EXAMPLES = """\
definition: d
subject: account
value: did(A)
tests:
  - name: one
    history:
      - {at: day 0 09:30, event: A, account: acme, person: 7, times: 2, every: 1 hour, properties: {x: [1, 2.5]}}
      - {at: 2026-01-03, account: acme, traits: {plan: null, size: 3}}
    expect: [{entered: day 0 09:30}, {left: day 3}]
    as_of: day 9
  - {name: two, history: [{at: day 0, event: B, account: acme}], expect: never}
"""


def test_points_for_one_condition_survive_in_whatever_spellings() -> None:
    score = """{points: {did(A): 5, count(A) >= 1: 10}, each: {B: 1, '"B"': {points: 1, cap: 5}}}"""
    definition = load_definition(f"definition: d\nsubject: account\nvalue: score >= 12\nscore: {score}\n")
    assert fingerprint(load_definition(to_yaml(definition))) == fingerprint(definition)


def test_tests_survive_too() -> None:
    definition = load_definition(EXAMPLES)
    assert load_definition(to_yaml(definition)).examples == definition.examples


def test_what_cannot_be_said() -> None:
    definition = load_definition("definition: d\nsubject: account\nvalue: did(A)\n")
    with pytest.raises(NotSupportedError, match="a skill cannot be written"):
        to_yaml(replace(definition, qualified=Condition(Skill("x"), Compare(">=", 1.0))))
    with pytest.raises(NotSupportedError, match="span of -3"):
        write_span(-3)
