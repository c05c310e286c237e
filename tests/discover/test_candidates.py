"""What is looked at, and that all of it can be written as a definition says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from discover.conftest import START
from fireflower.app.discover import Request, _source
from fireflower.app.project import Project
from fireflower.discover.candidates import MOST_CANDIDATES, Candidate, Seen, candidates
from fireflower.discover.circles import block, circle_of, declared, spoken
from fireflower.discover.doubts import of_history
from fireflower.discover.drafts import Draft, aim_at, condition_of, rule_file, score_file, text_of
from fireflower.discover.histories import MOST_NAMES, Lives, landmarks, lives
from fireflower.discover.orders import Order
from fireflower.discover.results import Part
from fireflower.language.expressions import parse_formula
from fireflower.language.fingerprints import canonical
from fireflower.language.loading import load_definition, load_settings
from fireflower.language.nodes import Compare, Condition, Events, Known, Ratio, Recency, Test, Trait, Within
from fireflower.language.nodes import Sequence as Steps
from fireflower.model.moments import DAY, NEVER
from fireflower.model.records import SubjectKind

ODD = ['Search, then "Filter"', "or", "Report Run", "Überblick geöffnet", "a = b", "last 7 days", "{{ x }}", "#1: go"]
SEEN = Seen(
    events=dict.fromkeys(ODD, 10),
    traits={
        ("account", "plan"): 5,
        ("account", "company size"): 5,
        ("account", "report rows limit"): 5,
        ("account", "seats"): 5,
        ("person", "e-mail"): 5,
    },
    properties={"Report Run": {"rows": {"number": 9}, "source kind": {"text": 9}, "id": {"text": 9}}},
    texts={"source kind": ["sample", 'own "data"', True], "id": [f"x{i}" for i in range(5000)]},
)


PAIRS = [Order("or", "Report Run", 9), Order('Search, then "Filter"', "last 7 days", 9)]


def asked_of(candidate: Candidate) -> list[Test]:
    match candidate.quantity:
        case Trait():
            return [Compare(">=", 3.0), Compare("<", 2.5), Known(False), Compare("=", 'a "b" or c')]
        case Recency():
            return [Compare("<", 3.0 * DAY)]
        case Steps():
            return [Compare(">=", 2.0)]
    return [Compare(">=", 3.0)]


@pytest.mark.parametrize("subject", ["person", "account"])
@pytest.mark.parametrize("start", [Events(("Signed Up",)), Events(("or",)), Events()])
def test_every_condition_reads_back_as_itself(subject: SubjectKind, start: Events) -> None:
    found = candidates(SEEN, subject, start, 14 * DAY, frozenset(), PAIRS)
    assert len(found) > 30
    assert {Steps, Ratio, Recency} <= {type(candidate.quantity) for candidate in found}
    for candidate in found:
        for test in asked_of(candidate):
            condition = condition_of(candidate, test)
            assert isinstance(condition, Condition)
            read = parse_formula(text_of(candidate, test), subject)
            assert canonical(read) == canonical(condition), candidate.name


def test_each_meaning_once_and_what_is_left_out_stays_out() -> None:
    found = candidates(SEEN, "account", Events(("Signed Up",)), 7 * DAY, frozenset({"Report Run"}))
    meanings = [canonical(candidate.quantity) for candidate in found]
    assert len(set(meanings)) == len(meanings)
    assert not [candidate for candidate in found if candidate.of == "Report Run"]


def test_what_is_made_of_two_is_known_to_be() -> None:
    found = candidates(SEEN, "account", Events(("Signed Up",)), 7 * DAY, frozenset(), PAIRS)
    made_of = {candidate.name: candidate.made_of for candidate in found}
    assert made_of['sequence("or", Report Run within 3 days)'] == {"or", "Report Run"}
    assert made_of["members / account.seats"] == {"members", "account.seats"}
    assert made_of['count(Report Run, within 7 days of "Signed Up")'] == {"Report Run"}


def test_values_are_looked_at_only_where_there_are_few() -> None:
    names = [c.name for c in candidates(SEEN, "person", Events(("Signed Up",)), 7 * DAY, frozenset())]
    assert any("sample" in name for name in names)
    assert not any("x17" in name for name in names)


def test_many_traits_leave_room_for_what_is_done() -> None:
    many = Seen(SEEN.events, {("person", f"t{i}"): 5 for i in range(2 * MOST_CANDIDATES)}, SEEN.properties, SEEN.texts)
    found = candidates(many, "person", Events(("Signed Up",)), 7 * DAY, frozenset())
    assert len(found) == MOST_CANDIDATES
    assert {candidate.of for candidate in found} > set(ODD)
    assert sum(isinstance(candidate.quantity, Trait) for candidate in found) >= MOST_CANDIDATES // 2


def test_it_is_said_when_not_all_was_looked_at() -> None:
    never = np.full(2, NEVER, np.int64)
    lives = Lives(never, never, never, never, never, never, {})
    assert not any("more to look at" in doubt for doubt in of_history(SEEN, lives, MOST_CANDIDATES - 1))
    assert any("more to look at" in doubt for doubt in of_history(SEEN, lives, MOST_CANDIDATES))


def test_names_that_hold_an_id_cost_nothing_and_it_is_said(make: Callable[..., Project]) -> None:
    """Of the most frequent it is read when they happened, and of the goal, however rare it is."""
    pages = [(START + day * DAY, f"Page {page}", f"p{page % 5}") for page in range(MOST_NAMES) for day in (1, 2)]
    project = make([*pages, *((START, "Signed Up", f"p{i}") for i in range(5)), (START + 60 * DAY, "Bought", "p1")])
    source, _ = _source(project, Request(subject="person"))
    found = lives(source)
    assert {"Signed Up", "Bought"} < set(found.events) and len(found.events) == MOST_NAMES + 1
    assert list(found.events)[-1] == "Bought" and found.events["Bought"].min() == START + 60 * DAY
    assert len(landmarks(source, found, [3 * DAY], 30 * DAY, [])[0].frame.columns) <= MOST_CANDIDATES
    assert any(f"{MOST_NAMES + 2} kinds of events" in doubt for doubt in of_history(source.seen, found, 0))


def test_what_is_read_at_all_landmarks_is_the_same_quantity() -> None:
    early, late = (candidates(SEEN, "person", Events(("Signed Up",)), age, frozenset()) for age in (3 * DAY, 7 * DAY))
    read = {canonical(c.read) for c in early if isinstance(getattr(c.quantity, "window", None), Within)}
    assert read <= {canonical(c.read) for c in late}


def test_files_say_what_was_found() -> None:
    parts = (
        Part('count("or", within 7 days of "Signed Up") >= 3', "value", "or", 2),
        Part('account.plan = "a: b"', "fit", "account.plan", 4),
    )
    goal: Any = Events(("Bought",))
    rule = load_definition(rule_file(Draft("found", "account", goal, "x: 4 % # of them"), parts, False))
    assert [circle for circle, _ in rule.circles] == ["value", "fit"] and rule.goal == goal
    either = load_definition(rule_file(Draft("found", "account", None, "y"), parts, True))
    assert [circle for circle, _ in either.circles] == ["value"] and either.goal is None
    text = score_file(Draft("found", "account", goal, "z"), parts, 4)
    assert "# Points, at most: 2 for value?, 4 for fit?." in text
    score = load_definition(score_file(Draft("found", "account", goal, "z"), parts, 4))
    assert score.score is not None and [item.points for item in score.score.items] == [2, 4]


@pytest.mark.parametrize(
    ("goal", "names"),
    [
        ("did(A)", ("A",)),
        ("count(A) >= 1 or did(B)", ("A", "B")),
        ("count(A) >= 2", None),
        ("did(A, last 3 days)", None),
        ("did(A) and did(B)", None),
        ("did(A) or members >= 2", None),
    ],
)
def test_a_formula_is_written_as_a_goal_where_it_is_one_of_some_events(
    goal: str, names: tuple[str, ...] | None
) -> None:
    assert aim_at(parse_formula(goal, "account"), goal).events == (None if names is None else Events(names))


def test_circles_are_guessed_by_names() -> None:
    assert (circle_of("Pricing Page Viewed"), circle_of("Report Run")) == ("intent", "value")


def test_circles_are_as_declared_else_guessed_and_can_be_copied_to_confirm_them() -> None:
    settings = "circles: {fit: [Report Run], intent: [account.plan, Überblick geöffnet]}\n"
    known = declared(load_settings(settings))
    found = candidates(SEEN, "account", Events(("Signed Up",)), 7 * DAY, frozenset(), circles=known)
    by_name = {candidate.of: candidate for candidate in found}
    assert (by_name["Report Run"].circle, by_name["Report Run"].declared) == ("fit", True)
    assert (by_name["account.plan"].circle, by_name["account.plan"].declared) == ("intent", True)
    assert (by_name["or"].circle, by_name["or"].declared) == ("value", False)
    lines = block(spoken(candidate for candidate in found if candidate.of != "any"))
    assert "    - Report Run" in lines and "    - '\"or\"'   # ?" in lines
    again = declared(load_settings("\n".join(lines)))
    assert again == {candidate.of: candidate.circle for candidate in reversed(found) if candidate.of != "any"}


def test_what_looks_like_a_trait_and_is_an_event_can_be_copied_too() -> None:
    (odd,) = candidates(Seen({"account.seen": 9}, {}, {}, {}), "person", Events(("A",)), DAY, frozenset())[:1]
    assert declared(load_settings("\n".join(block(spoken([odd]))))) == {"account.seen": "value"}
