"""Any history, any definition: drawn from a grid so coarse that bounds, expiries and ties meet all the time."""

from __future__ import annotations

import os
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from random import Random
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as how
from hypothesis import strategies as st

from fireflower.language import nodes as n
from fireflower.model.moments import DAY, HOUR, from_datetime
from fireflower.model.records import Kind, Record, SubjectKind

KNOWN = ("ann", "bob", "cy")
ANONYMOUS = ("x1", "x2")
ACCOUNTS = ("acme", "beta", "cola")
NAMES = ("open", "open", "run", "run", "pay", "ask")
ROLES = ("admin", "guest")
ZONES = ("UTC", "America/New_York", "Africa/Cairo", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "Mars/Base")

STARTS = tuple(
    from_datetime(datetime.fromisoformat(text))
    for text in (
        "2024-03-08T05:00:00+00:00",  # midnight in New York, whose clocks go forward on 10 March at 2:00
        "2024-11-01T04:00:00+00:00",  # midnight in New York, whose clocks go back on 3 November at 2:00
        "2024-04-23T22:00:00+00:00",  # midnight in Cairo, whose clocks go forward on 26 April at 0:00
        "2024-10-29T21:00:00+00:00",  # midnight in Cairo, whose clocks go back on 31 October at 24:00
        "2024-03-29T23:00:00+00:00",  # midnight in Berlin, whose clocks go forward on 31 March at 2:00
    )
)
GRID = 6 * HOUR
CELLS = 40


def examples(count: int) -> how:
    """Hypothesis's settings for so many examples, times FIREFLOWER_EXAMPLES. Slow machines are no failure."""
    times = float(os.environ.get("FIREFLOWER_EXAMPLES", "1"))
    return how(
        max_examples=max(1, round(count * times)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


# --- Histories ----------------------------------------------------------------------------------------------

ticks = st.sampled_from((0,) * 12 + (-1, 1, -HOUR, HOUR))
spans = st.sampled_from((GRID, 2 * GRID, DAY, DAY, 2 * DAY, 3 * DAY, 5 * DAY, 7 * DAY, 1, DAY + 1, DAY - 1))
maybe_message_id = st.sampled_from(("", "m1", "m2"))
delays = st.sampled_from((None,) * 6 + (0, 1, GRID, 5 * DAY, -DAY))

numbers: st.SearchStrategy[Any] = st.sampled_from(
    (0.0, 1.0, 2.0, 2.0, 3.0, 0.1, 0.2, 2.5, -1.0, 1e-06, 2.5e-06, 0.3000005, 9.3e12, 6e12, -9.3e12)
)
texts: st.SearchStrategy[Any] = st.sampled_from(
    ("pro", "Pro", "free", "", "straße", "STRASSE", "2", "2024-03-10", "2024-03-10T12:00:00+02:00")
)
oddities: st.SearchStrategy[Any] = st.sampled_from((None, float("nan"), True, False, 1, -0.0)) | st.lists(
    st.sampled_from(("pro", "PRO", 2.0, True, "free")), max_size=2
)
numbers_mostly = st.one_of(numbers, numbers, numbers, texts, oddities)
texts_mostly = st.one_of(texts, texts, texts, numbers, oddities)


@st.composite
def properties(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        found["n"] = draw(numbers_mostly)
    if draw(st.booleans()):
        found["s"] = draw(texts_mostly)
    return found


def traits(owner: SubjectKind) -> st.SearchStrategy[tuple[str, Any]]:
    marks = st.tuples(st.just("staff" if owner == "person" else "test"), st.sampled_from((True, True, False, None)))
    return st.one_of(
        st.tuples(st.just("plan"), texts_mostly),
        st.tuples(st.just("seats"), numbers_mostly),
        st.tuples(st.just("tz"), st.sampled_from((*ZONES, None, 3.0))),
        marks,
        marks,
    )


@st.composite
def records(draw: st.DrawFn, start: int, serial: int, people: tuple[str, ...], accounts: tuple[str, ...]) -> Record:
    time = max(0, start + draw(st.integers(0, CELLS)) * GRID + draw(ticks))
    message_id = draw(maybe_message_id)
    delay = draw(delays)
    rest: dict[str, Any] = {
        "message_id": message_id and f"{message_id}-{serial}",
        "received": None if delay is None else time + delay,
    }
    person, account = draw(st.sampled_from(people)), draw(st.sampled_from(accounts))
    kind = draw(st.sampled_from("eeeeeeeeeeeejjjlppaai"))
    if kind == "e":
        named = draw(st.sampled_from((None, None, account)))
        doer = draw(st.sampled_from((person,) * 15 + (None,))) if named else person
        return Record(
            time, Kind.EVENT, draw(st.sampled_from(NAMES)), doer, named, properties=draw(properties()), **rest
        )
    if kind == "j":
        return Record(time, Kind.JOIN, draw(st.sampled_from(("", *ROLES))), person, account, **rest)
    if kind == "l":
        return Record(time, Kind.LEAVE, "", person, account, **rest)
    if kind == "i":
        other = draw(st.sampled_from(ANONYMOUS * 3 + KNOWN))
        known = draw(st.sampled_from([id for id in KNOWN if id != other]))
        name = draw(st.sampled_from(("", "", "", "apart")))
        return Record(time, Kind.IDENTITY, name, known, value=other, **rest)
    name, value = draw(traits("person" if kind == "p" else "account"))
    if kind == "p":
        return Record(time, Kind.PERSON_TRAIT, name, person, value=value, **rest)
    return Record(time, Kind.ACCOUNT_TRAIT, name, account=account, value=value, **rest)


@st.composite
def histories(draw: st.DrawFn, most: int = 24) -> list[Record]:
    """Records of one to five ids in one to three accounts, in any order of arrival."""
    start = draw(st.sampled_from(STARTS))
    people = draw(
        st.sampled_from((("ann", "x1"), ("ann",), ("ann",), ("ann", "bob"), ("ann", "bob", "x1"), KNOWN + ANONYMOUS))
    )
    accounts = draw(st.sampled_from((("acme",), ("acme",), ("acme", "beta"), ACCOUNTS)))
    count = draw(st.one_of(st.integers(1, most), st.integers(most // 2, most)))
    return [draw(records(start, serial, people, accounts)) for serial in range(count)]


@st.composite
def moments_as_of(draw: st.DrawFn, history: list[Record]) -> int:
    """A moment at, after, or (seldom) before the last record, so that some expiry falls exactly on it."""
    last = max(record.time for record in history)
    if draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(sorted(record.time for record in history)))
    return last + draw(st.sampled_from((0, 0, GRID, DAY, 2 * DAY, 7 * DAY, 12 * DAY)))


# --- Filters and windows ------------------------------------------------------------------------------------

orders = st.sampled_from(("<", "<=", ">", ">=", "=", "!="))
scalars: st.SearchStrategy[Any] = st.sampled_from(("pro", "free", "2", 2.0, 1.0, 0.0, True, False))
MOMENTS = tuple(
    from_datetime(datetime.fromisoformat(text)) for text in ("2024-03-10", "2024-03-10T10:00", "2024-03-09")
)


@cache
def value_tests() -> st.SearchStrategy[n.Test]:
    """Tests that make sense of any value, number or text."""
    equality = st.sampled_from(("=", "!="))
    return st.one_of(
        st.builds(n.Compare, orders, st.sampled_from((0.0, 1.0, 2.0, 2.5, 0.1))),
        st.builds(n.Compare, equality, scalars),
        st.builds(n.Date, orders, st.sampled_from(MOMENTS)),
        st.sampled_from((n.Between(1.0, 2.0), n.Between(0.0, 2.5), n.Between(0.1, 0.1))),
        st.builds(n.OneOf, st.lists(scalars, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(
            n.Text,
            st.sampled_from(("contains", "starts with", "ends with")),
            st.sampled_from(("PR", "pro", "o", "strasse", "")),
            st.booleans(),
        ),
        st.builds(n.Known, st.booleans()),
    )


@cache
def field_tests() -> st.SearchStrategy[n.Where]:
    paths = st.sampled_from((*[n.Property("n"), n.Property("s")] * 3, n.Property("never")))
    hours = st.sampled_from((n.Between(9.0, 18.0), n.Compare("<", 6.0), n.Compare("=", 0.0), n.Compare(">=", 12.0)))
    weekdays = st.sampled_from((n.Compare("<=", 5.0), n.OneOf((6.0, 7.0)), n.Compare("=", 7.0)))
    roles = st.sampled_from((n.Compare("=", "admin"), n.Compare("!=", "admin"), n.Known(False), n.OneOf(ROLES)))
    return st.one_of(
        st.builds(n.FieldTest, paths, value_tests()),
        st.builds(n.FieldTest, paths, value_tests()),
        st.builds(n.FieldTest, st.just(n.LocalTime("hour")), hours),
        st.builds(n.FieldTest, st.just(n.LocalTime("weekday")), weekdays),
        st.builds(n.FieldTest, st.just(n.Role()), roles),
    )


@st.composite
def wheres(draw: st.DrawFn, depth: int = 2) -> n.Where:
    how = draw(st.sampled_from(("test", "test", "every", "some", "no"))) if depth else "test"
    if how == "test":
        return draw(field_tests())
    if how == "no":
        return n.No(draw(wheres(depth - 1)))
    parts = tuple(draw(st.lists(wheres(depth - 1), min_size=1, max_size=2)))
    return n.Every(parts) if how == "every" else n.Some(parts)


@cache
def filters() -> st.SearchStrategy[n.Events]:
    names = st.sampled_from(((), (), ("open",), ("open",), ("run",), ("run", "open"), ("pay", "ask"), ("nothing",)))
    where = st.one_of(*[st.none()] * 4, wheres())
    return st.builds(n.Events, names, where)


def windows(any_span: bool = False) -> st.SearchStrategy[n.Window]:
    within = st.builds(n.Within, filters(), st.none() | spans)
    kinds = [st.just(n.Ever()), st.builds(n.Last, spans), st.builds(n.Last, spans), within]
    return st.one_of(*kinds, *([st.builds(n.AnySpan, spans)] * any_span))


# --- Quantities, each with tests whose bounds it can reach --------------------------------------------------

properties_of_events = st.sampled_from((*[n.Property("n")] * 5, *[n.Property("s")] * 2, n.Property("never")))


def compares(*bounds: float) -> st.SearchStrategy[n.Test]:
    return st.one_of(
        st.builds(n.Compare, orders, st.sampled_from(bounds)),
        st.builds(n.Compare, st.sampled_from((">=", ">=", "=", "<")), st.sampled_from(bounds)),
        st.tuples(st.sampled_from(bounds), st.sampled_from(bounds)).map(lambda two: n.Between(min(two), max(two))),
        st.builds(
            n.OneOf, st.lists(st.sampled_from(bounds), min_size=1, max_size=2, unique=True).map(tuple), st.booleans()
        ),
    )


@cache
def plain_quantities(subject: SubjectKind) -> dict[str, tuple[st.SearchStrategy[Any], st.SearchStrategy[n.Test]]]:
    """Name -> (quantity, its tests). Ratios and scores are made of these."""
    few = compares(0.0, 1.0, 2.0, 2.0, 3.0)
    long = compares(*(float(span) for span in (0, 1, GRID, DAY, 2 * DAY, 3 * DAY)))
    any_too, of = windows(any_span=True), properties_of_events
    gaps = st.sampled_from((GRID, DAY, 2 * DAY, GRID + 1))
    owners: st.SearchStrategy[SubjectKind] = (
        st.sampled_from(("account", "person")) if subject == "person" else st.just("account")
    )
    names = st.sampled_from(("plan", "seats", "staff", "test", "never"))
    found = {
        "count": (st.builds(n.Count, filters(), any_too), few),
        "distinct": (st.builds(n.Distinct, of, filters(), any_too), few),
        "distinct_names": (st.builds(n.Distinct, st.just(n.EventName()), filters(), any_too), few),
        "distinct_days": (st.builds(n.DistinctDays, filters(), any_too), few),
        "sum": (st.builds(n.Sum, of, filters(), any_too), compares(0.0, 0.3, 1.0, 2.0, 2.3, 4.0, 2e-06, -1.0)),
        "extreme": (
            st.builds(n.Extreme, st.sampled_from(("min", "max")), of, filters(), windows()),
            st.one_of(compares(0.0, 1.0, 2.0, 2.5), st.builds(n.Known, st.booleans())),
        ),
        "latest": (st.builds(n.Latest, of, filters(), windows()), value_tests()),
        "recency": (st.builds(n.Recency, filters()), long),
        "elapsed": (st.builds(n.Elapsed, filters()), st.one_of(long, st.builds(n.Known, st.booleans()))),
        "streak": (st.builds(n.Streak, filters(), st.booleans()), few),
        "sequence": (
            st.builds(n.Sequence, st.lists(filters(), min_size=1, max_size=3).map(tuple), st.none() | spans),
            few,
        ),
        "sessions": (st.builds(n.Sessions, filters(), gaps, any_too), few),
        "time_spent": (st.builds(n.TimeSpent, filters(), gaps, any_too), compares(0.0, 6.0, 12.0, 24.0)),
        "trait": (st.builds(n.Trait, owners, names), value_tests()),
    }
    if subject == "account":
        found["members"] = (st.builds(n.Members, st.sampled_from(((), ("admin",), ROLES))), few)
        found["actors"] = (st.builds(n.Actors, filters(), any_too), few)
    return found


def ratios(subject: SubjectKind) -> st.SearchStrategy[n.Ratio]:
    plain = plain_quantities(subject)
    names = ("count", "count", "sum", "extreme", "latest", "trait", "distinct_days")
    parts = st.one_of(*(plain[name][0] for name in names), st.sampled_from((n.Number(2.0), n.Number(0.0))))
    return st.builds(n.Ratio, parts, parts)


def differences(subject: SubjectKind) -> st.SearchStrategy[n.Difference]:
    plain = plain_quantities(subject)
    names = ("count", "count", "sum", "latest", "trait", "distinct", "distinct_names", "streak", "sessions")
    parts = st.one_of(*(plain[name][0] for name in names), st.just(n.Number(2.0)))
    return st.builds(n.Difference, parts, parts)


points = st.sampled_from((10.0, 10.0, 5.0, 2.5, 20.0, -3.0, 0.000001))
caps = st.none() | st.sampled_from((10.0, 12.5, 25.0))


@st.composite
def scores(draw: st.DrawFn, subject: SubjectKind, depth: int) -> n.Score:
    items: list[n.HoldingPoints | n.EventPoints] = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            items.append(n.EventPoints(draw(filters()), draw(points), draw(caps)))
        else:
            items.append(n.HoldingPoints(draw(formulas(subject, depth - 1, nested=1)), draw(points)))
    half_life = draw(st.sampled_from((None, DAY, 2 * DAY, 7 * DAY)))
    return n.Score(tuple(items), half_life, draw(caps))


QUANTITIES: dict[str, SubjectKind] = {
    **dict.fromkeys(plain_quantities("account"), "account"),
    **dict.fromkeys(plain_quantities("person"), "person"),
    "ratio": "person",
    "difference": "person",
    "score": "person",
}
"""The kinds of quantities, each with a kind of subject that can have it."""


def all_quantities(
    subject: SubjectKind, depth: int = 1
) -> dict[str, tuple[st.SearchStrategy[Any], st.SearchStrategy[n.Test]]]:
    """For each kind of quantity, strategies of it and of tests of it."""
    return {
        **plain_quantities(subject),
        "ratio": (ratios(subject), compares(0.5, 1.0, 1.5, 2.0)),
        "difference": (differences(subject), compares(-1.0, 0.0, 0.0, 1.0, 2.0)),
        "score": (scores(subject, depth), compares(2.5, 5.0, 7.0, 10.0, 12.5, 20.0)),
    }


@st.composite
def conditions(draw: st.DrawFn, subject: SubjectKind, depth: int = 1, kind: str = "") -> n.Condition:
    """A condition, of one kind if it is named; scores in it are at most `depth` deep in each other."""
    kinds = all_quantities(subject, depth)
    names = [*kinds, "score", "score"] if depth else [name for name in kinds if name != "score"]
    quantity, test = kinds[kind or draw(st.sampled_from(names))]
    return n.Condition(draw(quantity), draw(test))


@st.composite
def formulas(draw: st.DrawFn, subject: SubjectKind, depth: int = 1, nested: int = 2) -> n.Formula:
    how = draw(st.sampled_from(("condition",) * 4 + ("all", "any", "not"))) if nested else "condition"
    if how == "condition":
        return draw(conditions(subject, depth))
    if how == "not":
        return n.Not(draw(formulas(subject, depth, nested - 1)))
    parts = tuple(draw(st.lists(formulas(subject, depth, nested - 1), max_size=3)))
    return n.All(parts) if how == "all" else n.AnyOf(parts)


# --- Definitions and settings -------------------------------------------------------------------------------


def watched(formula: n.Formula) -> n.Formula:
    """A formula that comes and goes with every event, so that there are transitions with evidence all along."""
    pulse = n.Condition(n.Count(n.Events(), n.Last(GRID)), n.Compare(">=", 1.0))
    return n.All((pulse, n.AnyOf((n.All(()), formula))))


def definitions(
    subject: SubjectKind, name: str = "d", qualified: st.SearchStrategy[n.Formula] | None = None
) -> st.SearchStrategy[n.Definition]:
    goals = st.one_of(*[st.none()] * 4, filters(), st.just(n.Events(("pay",))))
    whole = formulas(subject) if qualified is None else qualified
    return st.builds(
        n.Definition,
        name=st.just(name),
        subject=st.just(subject),
        qualified=st.one_of(whole, whole, whole.map(watched)),
        goal=goals,
        keep_after_goal=st.booleans(),
        cooldown=st.sampled_from((0, 0, 0)) | spans,
    )


def leave_outs() -> st.SearchStrategy[tuple[tuple[SubjectKind, n.Formula], ...]]:
    def simple(kind: SubjectKind) -> st.SearchStrategy[n.Formula]:
        mark = n.Trait(kind, "staff" if kind == "person" else "test")
        often = n.Count(n.Events(("open", "run")), n.Last(DAY))
        return st.one_of(
            st.just(n.Condition(mark, n.Compare("=", True))),
            st.just(n.Condition(often, n.Compare(">=", 2.0))),
            conditions(kind, depth=0),
        )

    kinds: tuple[SubjectKind, ...] = ("person", "account")
    pair = st.one_of(*(st.tuples(st.just(kind), simple(kind)) for kind in kinds))
    return st.lists(pair, max_size=2).map(tuple)


def settings() -> st.SearchStrategy[n.Settings]:
    traits_of_zones = st.sampled_from(((), (("person", "tz"),), (("person", "tz"), ("account", "tz"))))
    return st.builds(
        n.Settings,
        leave_out=st.just(()) | leave_outs(),
        timezone=st.sampled_from(ZONES[:-1]),
        timezone_traits=traits_of_zones,
        attribution=st.sampled_from(("only", "only", "all", "latest")),
    )


Case = tuple[list[n.Definition], n.Settings, list[Record], int]
"""What `verdicts` takes: definitions, settings, records, as of."""


@st.composite
def cases(draw: st.DrawFn, kind: str = "") -> Case:
    """A few definitions of both kinds of subject, or each with one condition on a quantity of the kind named."""
    chosen: list[n.Definition] = []
    for i in range(draw(st.integers(1, 5))):
        subjects: tuple[SubjectKind, ...] = ("person", "account")
        if kind and QUANTITIES[kind] == "account":
            subjects = ("account",)
        subject = draw(st.sampled_from(subjects))
        chosen.append(draw(definitions(subject, f"d{i}", conditions(subject, kind=kind) if kind else None)))
    history = draw(histories())
    return chosen, draw(settings()), history, draw(moments_as_of(history))


@st.composite
def in_other_words(draw: st.DrawFn, node: Any) -> Any:
    """A node of the same meaning: what is joined or listed in another order, in other brackets, or said twice."""
    if isinstance(node, tuple):
        return tuple(draw(in_other_words(part)) for part in node)
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes = {part.name: draw(in_other_words(getattr(node, part.name))) for part in fields(node)}
    for name in ("names", "roles", "values", "items"):
        if name in changes:
            changes[name] = tuple(draw(st.permutations(changes[name])))
    if isinstance(node, n.Every | n.Some | n.All | n.AnyOf):
        parts = draw(st.permutations(changes["parts"]))
        cut = draw(st.integers(0, len(parts)))
        nested = (replace(node, parts=tuple(parts[:cut])), *parts[cut:])
        changes["parts"] = draw(st.sampled_from((tuple(parts), nested, (*nested, *parts[:1]))))
    return replace(node, **changes)


@st.composite
def cases_in_other_words(draw: st.DrawFn, kind: str) -> Case:
    """A condition on a quantity of the kind named in several wordings, each a definition, and two of them together."""
    subject: SubjectKind = draw(st.sampled_from(("person", "account"))) if QUANTITIES[kind] != "account" else "account"
    condition = draw(conditions(subject, kind=kind))
    worded: list[n.Formula] = [condition, *(draw(in_other_words(condition)) for _ in range(2))]
    worded.append(n.AnyOf((worded[1], worded[0])))
    chosen = [draw(definitions(subject, f"d{i}", st.just(formula))) for i, formula in enumerate(worded)]
    history = draw(histories())
    return chosen, draw(settings()), history, draw(moments_as_of(history))


@st.composite
def cases_of_one_quantity(draw: st.DrawFn, kind: str) -> Case:
    """Several tests of one quantity of the kind named, each a definition, and two of them together."""
    subject: SubjectKind = draw(st.sampled_from(("person", "account"))) if QUANTITIES[kind] != "account" else "account"
    of, test = all_quantities(subject)[kind]
    quantity = draw(of)
    tested: list[n.Formula] = [n.Condition(quantity, draw(test)) for _ in range(draw(st.integers(2, 5)))]
    tested.append(n.All((tested[0], n.Not(tested[1]))))
    chosen = [draw(definitions(subject, f"d{i}", st.just(formula))) for i, formula in enumerate(tested)]
    history = draw(histories())
    return chosen, draw(settings()), history, draw(moments_as_of(history))


# --- What clients say again and again -----------------------------------------------------------------------


def repetitive(draw: Random) -> Case:
    """A few people who come and go in two accounts, of which the same is said again and again, in few moments."""
    kinds = (*3 * (Kind.JOIN,), Kind.LEAVE, *4 * (Kind.ACCOUNT_TRAIT,), Kind.PERSON_TRAIT, *3 * (Kind.EVENT,))
    messages = draw.randrange(5, 40)
    records = [each for nth in range(messages) for each in _repeated(draw, draw.choice(kinds), f"m{nth}")]
    plan, runs = n.Trait("account", "plan"), n.Count(n.Events(("run",)), n.Last(2 * DAY))
    formulas: list[n.Formula] = [
        *(
            n.Condition(plan, test)
            for test in (n.OneOf(("x",)), n.OneOf((True,)), n.Known(False), n.Compare(">=", 1.0))
        ),
        n.Condition(runs, n.Compare(">=", 2)),
    ]
    own = n.Condition(n.Trait("person", "plan"), n.OneOf(("x",)))
    members = [n.Condition(n.Members(roles), n.Compare(">=", 1)) for roles in ((), ("admin",))]
    definitions = [
        n.Definition(f"{kind} {nth}", kind, formula)
        for kind, its in (("person", [*formulas, own]), ("account", [*formulas, *members]))
        for nth, formula in enumerate(its)
    ]
    settings = n.Settings(attribution=draw.choice(("only", "latest", "all")))
    return definitions, settings, records, STARTS[0] + draw.randrange(8, 18) * GRID


TRAITS = ("plan", "note", "tier")
"""Of which only the first is read."""


def _repeated(draw: Random, kind: Kind, key: str) -> list[Record]:
    """What a message says: of traits several."""
    at = STARTS[0] + draw.randrange(14) * GRID
    received = draw.choice((None, None, at, at + GRID * draw.randrange(9)))
    person, account = draw.choice(KNOWN), draw.choice(("acme", "acme", "acme", "beta"))
    if kind in (Kind.ACCOUNT_TRAIT, Kind.PERSON_TRAIT):
        of = {"account": account} if kind == Kind.ACCOUNT_TRAIT else {"person": person}
        names = draw.choice((("plan",), ("plan",), draw.sample(TRAITS, draw.randrange(1, 4))))
        values = [draw.choice(("x", "x", "x", "y", None, 1.0, True)) for _ in names]
        return [
            Record(at, kind, name, value=value, message_id=key, received=received, **of)
            for name, value in zip(names, values, strict=True)
        ]
    name = ""
    if kind == Kind.EVENT:
        name, account = "run", draw.choice((None, "acme", "beta"))
    elif kind == Kind.JOIN:
        name = draw.choice(("", "", "admin"))
    return [Record(at, kind, name, person, account, message_id=key, received=received)]
