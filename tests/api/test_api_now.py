"""What now for this user."""

from __future__ import annotations

import threading
import time

from api.serving import Served
from fireflower.model.moments import DAY


def test_how_a_person_and_their_account_stand(reading: Served) -> None:
    found = reading.get("/api/v1/now", person="cleo")
    person, account = found["subjects"]
    assert (person["subject_kind"], person["subject"]) == ("person", "cleo")
    assert (account["subject_kind"], account["subject"]) == ("account", "birch")
    (team,) = account["verdicts"]
    assert not team["qualified"] and team["done"] == []
    reports, members = team["not_done"]
    assert (reports["condition"], reports["value"], reports["test"], reports["bound"]) == (
        "count(Report Run) >= 3", 1.0, ">=", 3.0,
    )  # fmt: skip
    assert members["share"] == 0.5
    assert team["next_step"] == "add 1 more member"
    assert [prompt["definition"] for prompt in found["prompts"]] == ["active", "team"]


def test_a_person_is_found_by_any_id(reading: Served) -> None:
    found = reading.get("/api/v1/now", person="anon-1")
    assert [each["subject"] for each in found["subjects"]] == ["ann", "acme"]
    assert all(verdict["qualified"] for each in found["subjects"] for verdict in each["verdicts"])
    assert found["prompts"] == []


def test_an_account_alone_and_one_that_is_named(reading: Served) -> None:
    assert [each["subject"] for each in reading.get("/api/v1/now", account="acme")["subjects"]] == ["acme"]
    both = reading.get("/api/v1/now", person="cleo", account="acme")["subjects"]
    assert [each["subject"] for each in both] == ["cleo", "acme"]


def test_nobody_knows_them(reading: Served) -> None:
    assert "'zoe'" in reading.get("/api/v1/now", 404, person="zoe")["message"]
    found = reading.get("/api/v1/now", person="zoe", account="acme")["subjects"]
    assert [each["known"] for each in found] == [False, True]


def test_whom_is_it_about(reading: Served) -> None:
    assert reading.get("/api/v1/now", 422)["code"] == "invalid"


def test_what_is_acknowledged_is_in_the_answer(serving: Served) -> None:
    for count in range(2, 12):
        serving.did("Report Run", "cleo", "birch")
        (team,) = serving.get("/api/v1/now", account="birch")["subjects"][0]["verdicts"]
        there = {each["condition"]: each["value"] for each in team["done"] + team["not_done"]}
        assert there["count(Report Run) >= 3"] == count


def test_asking_changes_nothing(serving: Served) -> None:
    before = serving.get("/api/v1/transitions")
    for person in ("ann", "ben", "cleo") * 3:
        serving.get("/api/v1/now", person=person)
    serving.did("Report Run", "dan", "birch")
    serving.settle()
    assert serving.get("/api/v1/transitions") == before


def test_time_goes_on(serving: Served) -> None:
    """Windows are as of now, though nothing has come."""
    clock, serving.service.clock = serving.service.clock, lambda: clock() + 30 * DAY
    (active,) = serving.get("/api/v1/now", person="ann")["subjects"][0]["verdicts"]
    assert not active["qualified"]
    assert [each["condition"] for each in active["not_done"]] == ["distinct_days(Report Run, last 7 days) >= 2"]
    assert active["not_done"][0]["value"] == 0.0


def test_an_evaluator_that_is_busy_for_long(serving: Served) -> None:
    let_go = threading.Event()
    work = serving.service.evaluator.take
    serving.service.evaluator.take = lambda *what: (let_go.wait(10), work(*what))[1]  # type: ignore[method-assign]
    serving.did("Report Run", "cleo", "birch")
    time.sleep(0.05)
    assert serving.get("/api/v1/now", 503, person="cleo")["code"] == "busy"
    let_go.set()
    serving.settle()
    assert serving.get("/api/v1/now", person="cleo")


def test_nobody_is_prompted_to_what_comes_before_the_goal_after_it(serving: Served) -> None:
    serving.did("Subscription Started", "cleo", "birch")
    found = serving.get("/api/v1/now", account="birch")
    (team,) = found["subjects"][0]["verdicts"]
    assert (team["qualified"], team["reason"], team["next_step"], team["missing"]) == (False, "converted", None, [])
    assert found["prompts"] == []
    (explanation,) = serving.get("/api/v1/subjects/account/birch")["explanations"]
    assert explanation["held_back"]["in_words"].startswith("It has reached the goal Subscription Started (")
