"""Whatever comes in whatever order, in the end the verdicts are those of a replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle import strategies
from oracle.engine import Told, told, told_by_engine, told_by_oracle

import fireflower.evaluate.live
from fireflower.app.live.qualifying import Qualifying
from fireflower.evaluate import pasts
from fireflower.evaluate.live import Step
from fireflower.evaluate.results import Subject
from fireflower.history.arrivals import Arrivals, Numbered
from fireflower.history.assembly import assemble, canonical
from fireflower.language.nodes import Compare, Condition, Count, Definition, Events, OneOf, Settings, Trait
from fireflower.model.moments import DAY, HOUR, MINUTE
from fireflower.model.records import APART, Kind, Record, SubjectKind
from live.messaging import Side, at, make_project, segment, track


class Verdicts:
    """What is remembered of steps: the transitions that stand."""

    def __init__(self) -> None:
        self.standing: dict[tuple[str, str], list[Told]] = defaultdict(list)

    def add(self, step: Step) -> None:
        for (kind, id), since in step.told_again.items():
            who = Subject(kind).name.lower(), id
            self.standing[who] = [row for row in self.standing[who] if row[0] <= since]
        for row in told(step.transitions):
            self.standing[row[2], row[3]].append(row)

    def all(self) -> list[Told]:
        return in_order(row for rows in self.standing.values() for row in rows)


def in_order(rows: Iterable[Told]) -> list[Told]:
    return sorted(rows, key=lambda row: (row[0], *row[2:5]))


class Memory:
    """Records that have come, found by whom they name."""

    def __init__(self) -> None:
        self.records: list[Numbered] = []
        self.asked = 0

    def find(self, people: Collection[str], accounts: Collection[str]) -> list[Numbered]:
        self.asked += 1
        return [
            each
            for each in self.records
            if {each.record.person, each.record.value if isinstance(each.record.value, str) else None} & set(people)
            or each.record.account in accounts
        ]


def live(case: strategies.Case, order: list[int], cuts: list[int], waits: list[int], lateness: int) -> list[Told]:
    """The verdicts after the records have come in this order, in batches that end before these, with these waits
    between them."""
    definitions, settings, records, as_of = case
    memory, verdicts = Memory(), Verdicts()
    qualifying = Qualifying(definitions, settings, memory.find, lateness=lateness)
    numbered = [Numbered(record, number) for number, record in enumerate(canonical(records))]
    numbered = [numbered[i] for i in order if i < len(numbered)]
    edges = sorted({0, len(numbered), *(cut for cut in cuts if cut < len(numbered))})
    now = as_of - sum(waits)
    for number, first in enumerate(edges):
        end = edges[number + 1] if number + 1 < len(edges) else first
        memory.records += numbered[first:end]
        verdicts.add(qualifying.take(Arrivals.of(numbered[first:end]), now))
        now += waits[number] if number < len(waits) else 0
    verdicts.add(qualifying.take(Arrivals.of([]), as_of))
    return verdicts.all()


def begun(case: strategies.Case, order: list[int], cut: int, lateness: int) -> list[Told]:
    """The verdicts where the first of the records are a history to begin with, and the others come."""
    definitions, settings, records, as_of = case
    numbered = [Numbered(record, number) for number, record in enumerate(canonical(records))]
    numbered = [numbered[i] for i in order if i < len(numbered)]
    memory, verdicts = Memory(), Verdicts()
    memory.records = numbered[:cut]
    past = [each.record for each in memory.records]
    timeline = assemble(past, attribution=settings.attribution)
    relations = [record for record in past if record.kind not in (Kind.EVENT, Kind.PERSON_TRAIT)]
    last = min(as_of, max((record.time for record in past), default=0))
    qualifying = Qualifying(definitions, settings, memory.find, timeline.vocabulary, lateness=lateness)
    qualifying.know(relations, last)
    verdicts.add(qualifying.load([timeline], last))
    late = [each for each in memory.records if each.record.time > last]
    memory.records += numbered[cut:]
    verdicts.add(qualifying.take(Arrivals.of([*late, *numbered[cut:]]), as_of))
    return verdicts.all()


@strategies.examples(200)
@given(
    strategies.cases(),
    st.permutations(range(30)),
    st.integers(0, 30),
    st.sampled_from((0, 5 * DAY)),
)
def test_what_comes_after_a_history_that_is_there(
    case: strategies.Case, order: list[int], cut: int, lateness: int
) -> None:
    assert begun(case, order, cut, lateness) == in_order(told_by_engine(case))


@pytest.fixture(params=[(1, 1 << 18), (32, 1 << 18), (1, 5)], ids=["near", "far", "forgetful"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How few rows are enough for a nearer state to be kept, and of how many the whole pasts are."""
    behind, most = request.param
    monkeypatch.setattr(fireflower.evaluate.live, "_BEHIND", behind)
    monkeypatch.setattr(pasts, "MOST", most)
    monkeypatch.setattr(pasts, "_PARTS", 2)


@pytest.mark.usefixtures("kept")
@strategies.examples(300)
@given(
    strategies.cases(),
    st.permutations(range(30)),
    st.lists(st.integers(0, 30), max_size=5),
    st.lists(st.sampled_from((0, HOUR, DAY, 5 * DAY)), min_size=1, max_size=5),
    st.sampled_from((0, DAY, 5 * DAY, 100 * DAY)),
)
def test_any_order_any_batches(
    case: strategies.Case, order: list[int], cuts: list[int], waits: list[int], lateness: int
) -> None:
    assert live(case, order, cuts, waits, lateness) == in_order(told_by_engine(case))


@pytest.mark.parametrize("seeds", [range(start, start + 30) for start in range(0, 300, 30)])
def test_what_is_said_again_and_again(seeds: range) -> None:
    """Mostly in the order of time, or in none."""
    for seed in seeds:
        draw = Random(seed)
        case = strategies.repetitive(draw)
        count, spread = len(case[2]), draw.choice((0, 2, 6, 40))
        order = sorted(range(count), key=lambda place, by=spread: place + by * draw.random())  # type: ignore[misc]
        cuts = sorted(draw.sample(range(count), min(count, draw.randrange(1, 15))))
        said = in_order(told_by_engine(case))
        assert live(case, order, cuts, [], draw.choice((0, DAY, 100 * DAY))) == said, seed
        if seed % 10 == 0:
            assert in_order(told_by_oracle(case)) == said, seed


def two_accounts(*later: Record) -> list[Told]:
    """The verdicts on somebody in two accounts, of which the second one is pro, by records that come in this order."""
    records = [join("acme", 2), join("beta", 5), *later]
    pro = Definition("pro", "person", Condition(Trait("account", "plan"), OneOf(("pro",))))
    case = [pro], Settings(), records, 20 * HOUR
    order = [canonical(records).index(record) for record in records]
    assert live(case, order, list(range(9)), [], 5 * DAY) == in_order(told_by_oracle(case))
    return told_by_oracle(case)


def join(account: str, hour: int) -> Record:
    return Record(hour * HOUR, Kind.JOIN, person="ann", account=account)


def plan(account: str, value: str, hour: int, received: int | None = None) -> Record:
    return Record(hour * HOUR, Kind.ACCOUNT_TRAIT, "plan", account=account, value=value, received=received)


def test_who_left_before_sees_nothing_of_later() -> None:
    """They have left the account that was current; that of the other one changed afterwards, and came first."""
    left = Record(9 * HOUR, Kind.LEAVE, person="ann", account="beta")
    (entered,) = two_accounts(plan("acme", "pro", 10), left)
    assert entered[0] == 10 * HOUR


def test_a_late_trait_of_a_former_account_shows_nothing_of_the_present_one() -> None:
    (entered,) = two_accounts(plan("beta", "pro", 12), plan("acme", "free", 11, 11 * HOUR))
    assert entered[0] == 12 * HOUR


@pytest.mark.parametrize("cut", range(5))
def test_who_turns_out_to_be_another_and_another_again(cut: int) -> None:
    """What an anonymous id has done goes on to the last of those who bear it, of whom nothing was known."""
    definition = Definition("d", "person", Condition(Count(Events(("A",))), Compare(">=", 2)))
    records = [
        Record(0, Kind.EVENT, "A", person="x1", message_id="m0"),
        Record(DAY, Kind.IDENTITY, person="ben", value="x1", message_id="m1"),
        Record(2 * DAY, Kind.IDENTITY, person="ann", value="ben", message_id="m2"),
        Record(3 * DAY, Kind.EVENT, "A", person="x1", message_id="m3"),
    ]
    case = ((definition,), Settings(), records, 4 * DAY)
    assert [row[3] for row in told_by_engine(case)] == ["ann"]
    assert live(case, list(range(4)), [cut], [0], 0) == in_order(told_by_engine(case))


def event(time: int, person: str) -> Record:
    return Record(time, Kind.EVENT, "A", person=person, message_id=f"{person} {time}")


TEN = 10 * HOUR


@pytest.mark.parametrize(
    ("subject", "person", "first"),
    [
        (
            "person",
            "ann",
            [
                (TEN, [event(HOUR + i, "ann") for i in range(5)]),
                (TEN + 1, [event(2 * HOUR + i, "x1") for i in range(5)]),
                (TEN + 2, [Record(10, Kind.IDENTITY, person="ann", value="x1", message_id="together")]),
                (TEN + MINUTE, [Record(11, Kind.IDENTITY, APART, person="ann", value="x1", message_id="apart")]),
            ],
        ),
        (
            "account",
            "bob",
            [
                (
                    TEN,
                    [Record(5, Kind.JOIN, person="bob", account="acme"), *(event(HOUR + i, "bob") for i in range(5))],
                ),
                (TEN + 1, [event(2 * HOUR + i, "ann") for i in range(5)]),
                (TEN + 2, [Record(8, Kind.JOIN, person="ann", account="acme", message_id="joins")]),
                (TEN + MINUTE, [Record(9, Kind.LEAVE, person="ann", account="acme", message_id="leaves")]),
            ],
        ),
    ],
    ids=["people", "accounts"],
)
def test_what_turns_out_not_to_be_somebodys_is_not_told_again(
    subject: SubjectKind, person: str, first: list[tuple[int, list[Record]]]
) -> None:
    """Nor is it when states of a while ago follow, and something comes late after that."""
    definition = Definition("d", subject, Condition(Count(Events(("A",))), Compare(">=", 12)))
    memory, verdicts = Memory(), Verdicts()
    qualifying = Qualifying([definition], Settings(), memory.find)
    late = (TEN + 6 * MINUTE, [event(TEN + 4 * MINUTE, person)])
    since = [(TEN + minute * MINUTE, [event(TEN + minute * MINUTE, person)]) for minute in (2, 5, 7)]
    for now, records in sorted([*first, *since, late], key=lambda batch: batch[0]):
        fresh = [Numbered(record, len(memory.records) + nth) for nth, record in enumerate(records)]
        memory.records += fresh
        verdicts.add(qualifying.take(Arrivals.of(fresh), now))
    case = ((definition,), Settings(), [each.record for each in memory.records], TEN + 7 * MINUTE)
    assert verdicts.all() == in_order(told_by_engine(case)) == []


def test_who_is_evaluated_elsewhere_now_did_what_was_evaluated_here() -> None:
    definition = Definition("d", "account", Condition(Count(Events(("A",))), Compare(">=", 1)))
    memory, verdicts = Memory(), Verdicts()
    qualifying = Qualifying([definition], Settings(), memory.find, concerns=lambda kind, id: True)
    batches = (
        event(80 * MINUTE, "ann"),
        Record(50 * MINUTE, Kind.EVENT, "B", person="ann", message_id="late"),
        Record(70 * MINUTE, Kind.JOIN, person="ann", account="acme", message_id="joins"),
    )
    for number, record in enumerate(batches):
        memory.records.append(Numbered(record, number))
        verdicts.add(qualifying.take(Arrivals.of(memory.records[-1:]), TEN + number))
        qualifying.concern(lambda kind, id: kind == "account")
    assert [row[2:6] for row in verdicts.all()] == [("account", "acme", "d", "entered")]


MANY = 200


@pytest.mark.parametrize(
    "late",
    [
        [Record(i, Kind.EVENT, "A", person="ann", account="acme") for i in range(MANY)],
        [Record(i, Kind.JOIN, person="ann", account=f"account {i}") for i in range(MANY)],
        [Record(i, Kind.ACCOUNT_TRAIT, "plan", account="acme", value=str(i)) for i in range(MANY)],
        [Record(DAY + i, Kind.IDENTITY, person="ann", value=f"x{i}") for i in range(MANY)],
    ],
    ids=["events", "memberships", "traits", "identities"],
)
def test_much_that_is_late_at_once_is_looked_up_once(late: list[Record]) -> None:
    definition = Definition("d", "person", Condition(Count(Events(("A",))), Compare(">=", 2)))
    known = [
        Record(DAY, Kind.JOIN, person="ann", account="acme"),
        Record(DAY, Kind.ACCOUNT_TRAIT, "plan", account="acme", value="pro"),
        *(Record(DAY, Kind.EVENT, "A", person=f"x{i}") for i in range(MANY)),
    ]
    memory = Memory()
    qualifying = Qualifying([definition], Settings(), memory.find)
    for some in (known, late):
        fresh = [Numbered(record, len(memory.records) + nth) for nth, record in enumerate(some)]
        memory.records += fresh
        asked = memory.asked
        qualifying.take(Arrivals.of(fresh), 2 * DAY)
    assert 0 < memory.asked - asked < 10


@pytest.mark.parametrize("most", [0, 1000])
def test_who_is_late_again_is_told_from_what_is_kept(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasts, "MOST", most)
    definition = Definition("d", "account", Condition(Count(Events(("A",))), Compare(">=", 5)))
    memory, verdicts = Memory(), Verdicts()
    qualifying = Qualifying([definition], Settings(), memory.find)
    asked = []
    for hour, now in ((40, 40), (41, 41), (10, 42), (43, 43), (5, 44), (20, 44), (44, 44), (6, 45)):
        record = Record(hour * HOUR, Kind.EVENT, "A", person="ann", account="acme")
        memory.records.append(Numbered(record, len(memory.records)))
        before = memory.asked
        verdicts.add(qualifying.take(Arrivals.of(memory.records[-1:]), now * HOUR))
        asked.append(memory.asked > before)
        case = [definition], Settings(), [each.record for each in memory.records], now * HOUR
        assert verdicts.all() == in_order(told_by_engine(case))
    late = [False, False, True, False, True, True, False, True]
    assert asked == (late if most == 0 else [False, False, True, *[False] * 5])


def test_what_is_kept_of_an_account_happens_to_nobody_else() -> None:
    """Acme is told again from what is kept, ann is not; then her rows are settled, and she is late by minutes."""
    definitions = [
        Definition(f"{subject} {count}", subject, Condition(Count(Events(("A",))), Compare(">=", count)))
        for subject in ("person", "account")
        for count in range(1, 9)
    ]
    memory, verdicts = Memory(), Verdicts()
    qualifying = Qualifying(definitions, Settings(), memory.find)
    hours = [
        (40, "ann", 40),
        (40.5, "zoe", 40.5),
        (40.6, "zoe", 40.9),
        (10, "bob", 41),
        (50, "ann", 50),
        (5, "bob", 50.02),
    ]
    for time, person, now in [*hours, (50.23, "ann", 50.25), (50.2, "ann", 50.27)]:
        record = Record(round(time * HOUR), Kind.EVENT, "A", person=person, account="acme")
        memory.records.append(Numbered(record, len(memory.records)))
        verdicts.add(qualifying.take(Arrivals.of(memory.records[-1:]), round(now * HOUR)))
        case = definitions, Settings(), [each.record for each in memory.records], round(now * HOUR)
        assert verdicts.all() == in_order(told_by_engine(case))


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize(
    "hours",
    [(10, 20, 30), (10, 101, 101, 101, 102), (20, 10, 101, 100, 100), (99.9, 99.95, 100.05, 100.05)],
    ids=["before history ends", "at one moment", "in no order", "around its end"],
)
def test_a_log_is_told_in_parts_though_all_of_it_is_found(hours: tuple[float, ...], count: int) -> None:
    definitions = [
        Definition(f"{count}", "person", Condition(Count(Events(("A",))), Compare(">=", count)))
        for count in range(1, 9)
    ]
    records = [
        Record(round(hour * HOUR), Kind.EVENT, "A", person="ann", account="acme", message_id=f"m{nth}")
        for nth, hour in enumerate((1, 100, *hours))
    ]
    memory, verdicts, last = Memory(), Verdicts(), 100 * HOUR
    timeline = assemble(records[:2])
    qualifying = Qualifying(definitions, Settings(), memory.find, timeline.vocabulary)
    verdicts.add(qualifying.load([timeline], last))
    memory.records = [Numbered(record, number) for number, record in enumerate(records)]
    for some in Arrivals.of(memory.records[2:]).in_time(count, qualifying.decided):
        verdicts.add(qualifying.take(some, some.latest()))
    now = max(last, *(record.time for record in records))
    assert verdicts.all() == in_order(told_by_engine((definitions, Settings(), records, now)))


def test_what_a_message_of_the_future_says_more_than_it_has_numbers_for_waits(tmp_path: Path) -> None:
    side = Side(make_project(tmp_path / "project"))
    traits = {f"trait{number}": number for number in range(300)} | {"!": {"b": 1}, "!.b": None}
    side.take(segment("g", 0.5, received=0.1, type="group", userId="ann", groupId="acme", traits=traits), now=at(0.1))
    side.take(segment("h", 0.5, received=0.2, type="group", userId="bob", groupId="acme", traits=traits), now=at(0.2))
    news = side.take(now=at(0.6))
    assert [(each.definition, each.subject) for each in news.new] == [("teams", "acme")]
    side.close()


def test_a_doubtful_event_of_who_comes_just_now_is_one_row() -> None:
    memory = Memory()
    qualifying = Qualifying([], Settings(), memory.find)
    records = [Record(1, Kind.JOIN, person="ann", account="acme"), Record(2, Kind.EVENT, "login", "ann", None)]
    memory.records = [Numbered(record, number) for number, record in enumerate(records)]
    rows = qualifying.history.take(Arrivals.of(memory.records), {1}).rows
    assert rows.kind.tolist().count(Kind.EVENT) == 1


def test_records_of_one_place_wait_in_the_order_in_which_they_came() -> None:
    qualifying = Qualifying([], Settings(), Memory().find)
    record = Record(HOUR, Kind.ACCOUNT_TRAIT, "plan", account="acme", message_id="m")
    qualifying.take(Arrivals.of([Numbered(record, 7), Numbered(replace(record, value="pro"), 7)]), now=0)
    assert qualifying.next_due == HOUR
    qualifying.take(Arrivals.of([]), now=HOUR)
    assert qualifying.history.memberships.traits("acme") == {"plan": "pro"}


def test_whoever_is_told_of_an_account_is_told_all_that_it_is_like(tmp_path: Path) -> None:
    side = Side(make_project(tmp_path / "project"))
    traits = {"name": "Acme", "owner_email": "old@acme.example", "plan": "pro"}
    side.take(segment("g1", 0.1, type="group", userId="ann", groupId="acme", traits=traits), now=at(0.2))
    assert side.evaluator.traits("account", "acme") == traits
    late = {"userId": "bob", "groupId": "acme", "traits": {"plan": "free"}}
    side.take(segment("late", 0.05, received=0.3, type="group", **late), now=at(0.3))
    again = {"userId": "ann", "groupId": "acme", "traits": {"owner_email": "new@acme.example"}}
    side.take(segment("g2", 0.4, type="group", **again), now=at(0.4))
    assert side.evaluator.traits("account", "acme") == {**traits, "owner_email": "new@acme.example"}
    side.restart(at(0.5))
    assert side.evaluator.traits("account", "acme") == {**traits, "owner_email": "new@acme.example"}
    side.close()


def test_of_traits_that_nobody_reads_it_is_not_doubted_for_ever() -> None:
    paying = Definition("paying", "person", Condition(Trait("person", "plan"), OneOf(("pro",))))
    memory = Memory()
    qualifying = Qualifying([paying], Settings(), memory.find)
    for message in range(10):
        names = ("name", "plan", "title", "seats")
        said = [
            Record(message, Kind.PERSON_TRAIT, name, "ann", value="pro", message_id=f"m{message}") for name in names
        ]
        numbered = [Numbered(record, 256 * message + nth) for nth, record in enumerate(said)]
        memory.records += numbered
        qualifying.take(Arrivals.of(numbered), now=message, doubtful={each.number for each in numbered})
    assert not qualifying._doubtful


def test_a_trait_without_a_name_holds_nobody_up(tmp_path: Path) -> None:
    side = Side(make_project(tmp_path / "project"))
    side.take(track("e", 0.2, "ann", "login"), now=at(0.2))
    said = {"userId": "ann", "groupId": "acme", "traits": {"": "x", "plan": "pro"}}
    news = side.take(segment("late", 0.1, received=0.3, type="group", **said), now=at(0.3))
    assert [(each.definition, each.subject) for each in news.new] == [("paying-people", "ann")]
    side.close()
