"""The inline form: what it means, and how its faults are told."""

from __future__ import annotations

import pytest

from fireflower.language.cursor import NoNames
from fireflower.language.documents import ScalarNode, parse_yaml
from fireflower.language.expressions import formula_of, parse_formula
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    AnySpan,
    Between,
    Compare,
    Condition,
    Count,
    Date,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    Events,
    Every,
    Extreme,
    FieldTest,
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
    Sequence,
    Sessions,
    Some,
    Streak,
    Sum,
    Text,
    TimeSpent,
    Trait,
    Within,
)
from fireflower.language.places import Notes
from fireflower.model.errors import DefinitionError
from fireflower.model.moments import DAY, HOUR, MINUTE, parse_moment

A, B, C = Events(("A",)), Events(("B",)), Events(("C",))
ANY = Events()


def condition(text: str) -> Condition:
    formula = parse_formula(text)
    assert isinstance(formula, Condition)
    return formula


QUANTITIES = {
    "count(A)": Count(A),
    "count(A, ever)": Count(A),
    "count(A or B)": Count(Events(("A", "B"))),
    "count(any, last 7 days)": Count(ANY, Last(7 * DAY)),
    "count(A, any 36 hours)": Count(A, AnySpan(36 * HOUR)),
    'count(A, within 14 days of "Trial Started")': Count(A, Within(Events(("Trial Started",)), 14 * DAY)),
    "count(A, since (B or C))": Count(A, Within(Events(("B", "C")), None)),
    "distinct(properties.source of A, last 7d)": Distinct(Property("source"), A, Last(7 * DAY)),
    "distinct_days(any, last 7 days)": DistinctDays(ANY, Last(7 * DAY)),
    "sum(properties.minutes of A)": Sum(Property("minutes"), A),
    "min(properties.minutes of A)": Extreme("min", Property("minutes"), A),
    "max(properties.plan.seats of A)": Extreme("max", Property("plan.seats"), A),
    'latest(properties."used GB" of A)': Latest(Property("used GB"), A),
    "members": Members(),
    "members()": Members(),
    "members(any)": Members(),
    'members("any")': Members(("any",)),
    "members(admin, owner)": Members(("admin", "owner")),
    "actors(A, last 1 week)": Actors(A, Last(7 * DAY)),
    "streak(A)": Streak(A),
    "longest_streak(A)": Streak(A, longest=True),
    "sequence(A, B)": Sequence((A, B)),
    "sequence(A, B, C within 3 days)": Sequence((A, B, C), 3 * DAY),
    "sequence(A, B, C, within 3 days)": Sequence((A, B, C), 3 * DAY),
    "sessions(A)": Sessions(A, 30 * MINUTE),
    "sessions(A, gap 1 hour, last 7 days)": Sessions(A, HOUR, Last(7 * DAY)),
    "sessions(A, last 7 days, gap 1 hour)": Sessions(A, HOUR, Last(7 * DAY)),
    "hours_spent(A, gap 30 minutes)": TimeSpent(A, 30 * MINUTE),
    "account.employees": Trait("account", "employees"),
    'account."number of seats"': Trait("account", "number of seats"),
    "count(A) / count(B)": Ratio(Count(A), Count(B)),
    "count(A)/ members / 2": Ratio(Ratio(Count(A), Members()), Number(2.0)),
    "count(A) / (members / 2)": Ratio(Count(A), Ratio(Members(), Number(2.0))),
    "distinct(event of any, last 30 days)": Distinct(EventName(), Events(), Last(30 * DAY)),
    "distinct(event of A or B)": Distinct(EventName(), Events(("A", "B"))),
    "count(A) - count(B)": Difference(Count(A), Count(B)),
    "account.limit - 500": Difference(Trait("account", "limit"), Number(500.0)),
    "500 - (members)": Difference(Number(500.0), Members()),
    "count(Log-in - Retry) - count(B)": Difference(Count(Events(("Log-in - Retry",))), Count(B)),
}


@pytest.mark.parametrize("text", QUANTITIES)
def test_quantity(text: str) -> None:
    assert condition(f"{text} >= 1").quantity == QUANTITIES[text]


SPANS = {
    "recency(A) >= 7 days": Condition(Recency(A), Compare(">=", 7.0 * DAY)),
    "no A for 7 days": Condition(Recency(A), Compare(">=", 7.0 * DAY)),
    "no A or B where properties.x = 1 for 2h": Condition(
        Recency(Events(("A", "B"), FieldTest(Property("x"), Compare("=", 1.0)))), Compare(">=", 2.0 * HOUR)
    ),
    'elapsed("A") between 1 day and 2 days': Condition(Elapsed(A), Between(1.0 * DAY, 2.0 * DAY)),
    "hours_spent(A) >= 0.5": Condition(TimeSpent(A, 30 * MINUTE), Compare(">=", 0.5)),
    "hours_spent(A) >= 30 minutes": Condition(TimeSpent(A, 30 * MINUTE), Compare(">=", 0.5)),
    "hours_spent(A) >= 30m and always": All(
        (Condition(TimeSpent(A, 30 * MINUTE), Compare(">=", 0.5)), All(())),
    ),
}


@pytest.mark.parametrize("text", SPANS)
def test_span_bound(text: str) -> None:
    assert parse_formula(text) == SPANS[text]


TESTS = {
    "= pro": Compare("=", "pro"),
    "== free trial": Compare("=", "free trial"),
    '!= "and or"': Compare("!=", "and or"),
    r'= "say \"hi\" \\"': Compare("=", 'say "hi" \\'),
    "= 'it'": Compare("=", "it"),
    "= true": Compare("=", True),
    '= "true"': Compare("=", "true"),
    "= /pricing/eu": Compare("=", "/pricing/eu"),
    "< -3.5": Compare("<", -3.5),
    ">= 1e3": Compare(">=", 1000.0),
    ">= 2_000": Compare(">=", 2000.0),
    ">= 90%": Compare(">=", 0.9),
    ">= 90 %": Compare(">=", 0.9),
    "= TRUE": Compare("=", True),
    "= 1.2.3": Compare("=", "1.2.3"),
    "= 50-100": Compare("=", "50-100"),
    "starts with +49": Text("starts with", "+49"),
    "between 25 and 200": Between(25.0, 200.0),
    "in [software, internet services, 3, true]": OneOf(("software", "internet services", 3.0, True)),
    'not in ["a, b", c]': OneOf(("a, b", "c"), negated=True),
    "contains acme": Text("contains", "acme"),
    'ends with "@acme.com"': Text("ends with", "@acme.com"),
    "starts with a b": Text("starts with", "a b"),
    "does not contain x": Text("contains", "x", negated=True),
    "does not end with x": Text("ends with", "x", negated=True),
    "is known": Known(),
    "is missing": Known(False),
    "< 2026-03-01": Date("<", parse_moment("2026-03-01")),
    "= 2026-03-01": Date("=", parse_moment("2026-03-01")),
    ">= 2026-03-01 14:30": Date(">=", parse_moment("2026-03-01T14:30")),
    ">= 2026-03-01T14:30:00+02:00": Date(">=", parse_moment("2026-03-01T12:30")),
    '= "2026-03-01"': Compare("=", "2026-03-01"),
}


@pytest.mark.parametrize("text", TESTS)
def test_test(text: str) -> None:
    found = condition(f"account.x {text}").test
    assert (found, repr(found)) == (TESTS[text], repr(TESTS[text]))


def test_where() -> None:
    quantity = condition(
        'count(Report Run where properties.rows > 0 and not (role = admin or properties."a b" is missing)'
        " and time.hour between 9 and 17 and time.weekday in [monday, 2], last 7 days) >= 3"
    ).quantity
    where = Every(
        (
            FieldTest(Property("rows"), Compare(">", 0.0)),
            No(Some((FieldTest(Role(), Compare("=", "admin")), FieldTest(Property("a b"), Known(False))))),
            FieldTest(LocalTime("hour"), Between(9.0, 17.0)),
            FieldTest(LocalTime("weekday"), OneOf((1.0, 2.0))),
        )
    )
    assert quantity == Count(Events(("Report Run",), where), Last(7 * DAY))


def test_logic() -> None:
    a, b, c = (Condition(Count(events), Compare(">=", 1.0)) for events in (A, B, C))
    assert parse_formula("did(A) or did(B) and not did(C)") == AnyOf((a, All((b, Not(c)))))
    assert parse_formula("(did(A) or did(B)) and did(C)") == All((AnyOf((a, b)), c))
    assert parse_formula("always and never") == All((All(()), AnyOf(())))


NAMES = [
    "Logged In For Life",
    "$pageview",
    "checkout.completed",
    "User's Report",
    "Invoice/Paid",
    "404",
    "Opt in",
    "Größe",
]


@pytest.mark.parametrize("name", [*NAMES, "Days since Signup"])
def test_event_names_without_quotes(name: str) -> None:
    assert condition(f"count({name}, last 7 days) >= 2").quantity == Count(Events((name,)), Last(7 * DAY))


def test_event_names_with_quotes() -> None:
    assert condition('count("Sign up, or in (EU)" or "last 7 days") >= 2').quantity == Count(
        Events(("Sign up, or in (EU)", "last 7 days"))
    )


def test_a_name_may_have_since_in_it_where_no_anchor_follows() -> None:
    with pytest.raises(DefinitionError, match="expected ',' before 'since'"):
        parse_formula("count(Report Run since trial) >= 3", anchors={"trial": A})
    assert parse_formula('count("Report Run since trial") >= 3', anchors={"trial": A})
    assert parse_formula("count(Days since Signup) >= 3", anchors={"trial": A})


def test_a_value_may_begin_like_a_window() -> None:
    where = FieldTest(Property("range"), Compare("=", "last 30 days"))
    assert condition("count(A where properties.range = last 30 days) >= 1").quantity == Count(Events(("A",), where))


def test_condition_keeps_its_text() -> None:
    formula = parse_formula("did( A )  and\n count(B)   >=   2")
    assert isinstance(formula, All)
    assert [part.text for part in formula.parts if isinstance(part, Condition)] == ["did( A )", "count(B) >= 2"]


FAULTS = {
    "coun(A) >= 2": ["1 there is no quantity coun(..). Did you mean 'count'?"],
    "coun(A) >= 2 and foo >= 3": ["1 there is no quantity coun(..)", "18 there is no quantity 'foo'"],
    "count >= 3": ["1 count needs brackets: count(Report Run)"],
    "Report Run >= 3": ["1 there is no quantity 'Report Run'", "write count(Report Run)"],
    "properties.rows > 3": ["1 properties.rows belongs to events"],
    "count(A) >= 2,000": ["14 expected nothing more after ') >= 2', got ','. Numbers are written without commas"],
    "count(A) >= nan": ["10 NaN and infinity are no bounds; expected a finite number"],
    "count(A) >= 1e999": ["10 NaN and infinity are no bounds"],
    "account.x >= 1e99999999999999999999%": ["11 NaN and infinity are no bounds"],
    "account.x > .inf": ["11 NaN and infinity are no bounds"],
    "account.x >= pro": ["11 text and truth values are compared with = and != only"],
    "count(A) >= lots": ["10 expected a number to compare with, got 'lots'"],
    "count(A) contains x": ["10 expected a number to compare with"],
    "count(A) is missing": ["10 this always has a value"],
    "count(A) < 0": ["10 this can never hold: the value is 0 or more"],
    "count(A) >= 0": ["10 this always holds: the value is 0 or more"],
    "sequence(A, B) >= 3": ["16 this can never hold: the value is 0 to 2"],
    "distinct_days(A, last 7 days) >= 30": ["31 this can never hold"],
    "count(A where time.hour = 24) >= 1": ["25 this can never hold: the value is 0 to 23"],
    "account.x between 200 and 25": ["11 no value lies between 200 and 25"],
    "account.x in []": ["11 the list is empty"],
    "recency(A) >= 7": ["15 expected a span such as '7 days', got '7'"],
    "recency(A) >= soon": ["12 expected a span such as '7 days' to compare with, got 'soon'"],
    "count(A, last 3 months) >= 1": ["15 expected a span such as", "Months differ in length: write 30 days"],
    "count(A, last 2 years) >= 1": ["Years and quarters differ in length"],
    "acount.employees >= 2": ["1 there is no 'acount.employees'. Did you mean 'account.employees'?"],
    "count(A, last 7 dasy) >= 1": ["15 expected a span such as", "Did you mean 'days'?"],
    "count(A, last 0 days) >= 1": ["15 expected a span longer than nothing"],
    "count(A, last 900000 days) >= 1": ["15 '900000 days' is longer than 100 years"],
    "count(A, last 500 ms) >= 1": ["15 expected a span such as", "Seconds are the shortest unit"],
    "no A for 5 hs": ["10 expected a span such as"],
    "count(A, last -3 days) >= 1": ["15 expected a span such as", "got '-3 days'.\n"],
    "count(A last 7 days) >= 1": ["9 expected ',' before 'last'. (If it belongs to the name, put the name in quotes.)"],
    "count(A where properties.x != b c last 7 days) >= 1": ["35 expected ',' before 'last'. (If it belongs to"],
    "count(A where properties.x = 5 last 7 days) >= 1": ["32 expected ',' before 'last'"],
    "count(A where properties.x between 1 and 5 any 7 days) >= 1": ["44 expected ',' before 'any'"],
    "count(A where properties.x = b within 7 days of A) >= 1": ["32 expected ',' before 'within'"],
    'count("A" last 7 days) >= 1': ["11 expected ',' before 'last'"],
    "count(A, wihtin 7 days) >= 1": ["10 expected a window ('last 7 days'"],
    "count(A, within 7 days) >= 1": ["23 expected 'of' and an anchor"],
    "count(A, within 7 days of trial) >= 1": ["27 there is no anchor 'trial'. Name it under `anchors:`"],
    "streak(A, last 7 days) >= 1": ["9 streak has no window"],
    "max(properties.x of A, any 7 days) >= 1": ["1 `any ..` has no meaning for max"],
    "sum(minutes of A) >= 1": ["5 expected a property such as properties.rows after 'sum', got 'minutes'"],
    "sum(properties.minutes) >= 1": ["23 expected 'of' and an event"],
    "count(A where account.plan = pro) >= 1": ["15 account.plan is a trait; `where` tests the event itself"],
    "count(A where rows > 1) >= 1": ["15 expected properties.NAME, time.hour, time.weekday or role in `where`"],
    "count(A where role > 1) >= 1": ["20 a role is text"],
    "count(any or A) >= 1": ["7 `any` stands for every event already"],
    "count() >= 1": ["7 expected the name of an event, or 'any', got ')'"],
    'count("") >= 1': ["7 the name of an event is empty"],
    "count(A >= 1": ["9 expected ')' to close the bracket of 'count', got '>='"],
    "did(A) && did(B)": ["8 expected nothing more after '(A)', got '&&'. Write 'and'"],
    "count(A) > 10 && count(A) < 500": ["15 expected nothing more after ') > 10', got '&&'. Write 'and'"],
    "count(A)>1||did(B)": ["11 expected nothing more after ')>1', got '||'. Write 'or'"],
    "did(A) and! did(B)": ["11 '!' means nothing by itself: write 'not'"],
    "count(A) >= 5%": ["10 count(A) is a count, no share: write a number, or divide by what it is a share of."],
    "members between 5 % and 10": ["9 members is a count, no share"],
    "account.x = .5": ["13 '.5' is no number: write it as in 2000, -3, 0.5 or 90%; put a text in quotes"],
    "account.x in [1, 5.]": ["18 '5.' is no number"],
    "account.x != +5": ["14 '+5' is no number"],
    "account.x = 10 000": ["13 '10 000' is no number"],
    "count(A) >= - 5": ["13 '- 5' is no number"],
    'count(A) >= "5"': ["13 in quotes this is a text: leave out the quotes, count(A) >= 5."],
    'account.x >= "20"': ["14 in quotes this is a text: leave out the quotes, account.x >= 20."],
    'recency(A) >= "7 days"': ["15 in quotes this is a text: leave out the quotes"],
    'account.x between "20" and 30': ["19 expected a number after 'between', got '20'. Leave out the quotes."],
    "account.editors > = 2": ["17 '> =' is no comparison: did you mean '>='?"],
    "account.editors => 2": ["17 '=>' is no comparison: did you mean '>='?"],
    "account.editors =< 2": ["17 '=<' is no comparison: did you mean '<='?"],
    "account.editors <> 2": ["17 '<>' is no comparison: did you mean '!='?"],
    "did(A) and": ["11 expected a quantity such as count(Report Run), or account.employees, got the end"],
    "(did(A) or did(B)": ["18 expected ')' to close the bracket, got the end"],
    "did(A) >= 2": ["8 expected nothing more"],
    "did(A) / 2 >= 1": ["8 expected nothing more"],
    "count(A)": ["9 expected a comparison such as '>= 3'"],
    "account.x is not known": ["18 expected 'is known' or 'is missing'; for 'is not x' write '!= x'"],
    "account.x is pro": ["14 expected 'is known' or 'is missing', got 'pro'; for 'is x' write '= x'"],
    'count("A) >= 1': ['7 the quote " is never closed'],
    "!did(A)": ["1 '!' means nothing by itself: write 'not'"],
    "sequence(A) >= 1": ["1 a sequence needs at least two steps"],
    "recency(A) / 2 >= 1": ["1 recency cannot be part of a ratio"],
    "count(A) - recency(A) >= 1": ["1 recency cannot be part of a difference"],
    "count(A) - members / 2 >= 1": ["1 a difference cannot be part of a ratio"],
    "count(A) - count(B) - 1 >= 1": ["1 a difference cannot be part of a difference"],
    "count(A) -count(B) >= 1": ["10 expected a comparison", "A minus has blanks on both sides"],
    "distinct(event of A or B) >= 3": ["27 this can never hold: the value is 0 to 2"],
    "sum(event of A) >= 1": ["5 expected a property such as properties.rows after 'sum', got 'event'"],
    "count(A) / 0 >= 1": ["1 nothing can be divided by 0"],
    "5 >= 3": ["3 a number alone is no quantity"],
    "person.plan = pro": ["1 person.plan is a trait of a person"],
    "account. = pro": ["expected a name after 'account.'"],
    "skill(reporting) >= 0.8": ["1 skills cannot be evaluated by this version of fireflower yet"],
    "qualified(other)": ["1 qualified(..): a definition cannot read another one's verdict"],
    "score >= 10": ["1 there is no quantity 'score'"],
    "value and did(A)": ["1 'value' is not declared. Add `value:` to the definition"],
    "": ["1 expected a quantity"],
}


@pytest.mark.parametrize("text", FAULTS)
def test_fault(text: str) -> None:
    notes = Notes()
    node = parse_yaml("|\n  " + text + "\n", "", notes)
    assert isinstance(node, ScalarNode)
    formula_of(node, NoNames("account"), notes)
    shown = "".join(f"{fault.column - 2} {fault.message}\n" for fault in notes.faults)
    for expected in FAULTS[text]:
        assert expected in shown


@pytest.mark.parametrize("text", ["members >= 3", "actors(A) >= 1"])
def test_quantities_of_an_account_are_refused_for_a_person(text: str) -> None:
    with pytest.raises(DefinitionError, match="counts the people of an account"):
        parse_formula(text, subject="person")


def test_a_span_of_nothing_in_a_right_unit_needs_no_hint() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_formula("count(A, last 0 days) >= 1")
    assert "expected a span longer than nothing, got '0 days'." in str(caught.value)
    assert "Did you mean" not in str(caught.value)
