"""Everybody whom the world is to hold is there, and behaves as such people do."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from fireflower.simulate.world import CUSTOMERS, OUTSIDERS


def account_of(call):
    return call.get("context", {}).get("groupId")


def zones(year):
    return {
        call["groupId"]: ZoneInfo(call["traits"]["timezone"])
        for call in year.calls
        if call["type"] == "group" and "timezone" in call["traits"]
    }


def test_every_archetype_is_there(year):
    found = Counter(row["archetype"] for row in year.truth("account").values())
    assert set(found) == {kind.name for kind in CUSTOMERS + OUTSIDERS}
    assert found["staff"] == 1
    people = Counter(row["archetype"] for row in year.truth("person").values())
    assert {"consultant", "mover"} <= set(people)


def test_people_work_by_day_and_on_weekdays_of_their_own_zone(year):
    zone = zones(year)
    archetype = {account: row["archetype"] for account, row in year.truth("account").items()}
    hours, weekdays = Counter(), Counter()
    for call in year.events("Signed In"):
        if archetype[account_of(call)] == "grower":
            local = datetime.fromisoformat(call["timestamp"]).astimezone(zone[account_of(call)])
            hours[local.hour] += 1
            weekdays[local.weekday()] += 1
    assert sum(hours[hour] for hour in range(5)) < 0.05 * hours.total()
    assert weekdays[5] + weekdays[6] < 0.12 * weekdays.total()


def test_bots_never_sleep(year):
    bots = {account for account, row in year.truth("account").items() if row["archetype"] == "bot"}
    hours, days = Counter(), Counter()
    for call in year.events("Report Run"):
        if account_of(call) in bots:
            hours[call["timestamp"][11:13]] += 1
            days[call["userId"], call["timestamp"][:10]] += 1
    assert len(hours) == 24 and min(hours.values()) > 0.25 * max(hours.values())
    assert max(days.values()) > 1000


def test_nobody_else_is_nearly_as_busy_as_a_bot(year):
    archetype = {person: row["archetype"] for person, row in year.truth("person").items()}
    days = Counter(
        (call["userId"], call["timestamp"][:10])
        for call in year.events("Report Run")
        if archetype[call["userId"]] != "bot"
    )
    assert max(days.values()) < 200


def test_consultants_work_for_several_accounts_at_a_time(year):
    accounts = defaultdict(set)
    for row in year.table("memberships.csv"):
        accounts[row["person"]].add(row["account"])
    consultants = [person for person, row in year.truth("person").items() if row["archetype"] == "consultant"]
    assert max(len(accounts[person]) for person in consultants) >= 3


def test_movers_leave_and_join_another_account(year):
    rows = defaultdict(list)
    for row in year.table("memberships.csv"):
        rows[row["person"]].append(row)
    movers = [person for person, row in year.truth("person").items() if row["archetype"] == "mover"]
    moved = [person for person in movers if len(rows[person]) == 2]
    assert moved
    for person in moved:
        before, after = sorted(rows[person], key=lambda row: row["joined"])
        assert before["left"] and before["left"] < after["joined"]


def test_staff_and_rivals_are_told_by_their_address(year):
    domain = {
        call["userId"]: call["traits"]["email"].split("@")[1]
        for call in year.calls
        if call["type"] == "identify" and "email" in call["traits"]
    }
    truth = year.truth("person")
    assert set(domain) == set(truth)
    for person, row in truth.items():
        assert (domain[person] == "chartwright.example") == (row["archetype"] == "competitor")
        assert (domain[person] == "lumenreports.example") == (row["archetype"] in ("staff", "test"))


def test_some_visitors_become_known_and_most_do_not(year):
    visitors = {call["anonymousId"] for call in year.calls if call["type"] == "page"}
    known = {
        call["anonymousId"]: call["userId"]
        for call in year.calls
        if call["type"] == "identify" and "anonymousId" in call
    }
    known |= {call["previousId"]: call["userId"] for call in year.calls if call["type"] == "alias"}
    assert 0.1 * len(visitors) < len(visitors & set(known)) < 0.6 * len(visitors)
    assert len(set(known.values())) == len(known)


def test_happy_free_users_come_often_and_never_really_want_to_buy(year):
    truth = year.truth("account")
    activity = Counter(account_of(call) for call in year.events("Report Run"))

    def median(archetype):
        counts = sorted(activity[account] for account, row in truth.items() if row["archetype"] == archetype)
        return counts[len(counts) // 2]

    assert median("happy free") > median("evaluator")
    assert not any(row["ready"] == "true" for row in truth.values() if row["archetype"] == "happy free")


def test_free_accounts_do_not_outgrow_their_seats(year):
    seats, bought = Counter(), {account: row["bought_at"] for account, row in year.truth("account").items()}
    trials = {account_of(call) for call in year.events("Trial Started")}
    for row in year.table("memberships.csv"):
        own = row["role"] not in ("consultant", "support") and not row["left"]
        seats[row["account"]] += own
    staff = next(account for account, row in year.truth("account").items() if row["archetype"] == "staff")
    movers = sum(row["archetype"] == "mover" for row in year.truth("person").values())
    over = [
        a for a, n in seats.items() if n > year.world.free_seats and a not in trials and not bought[a] and a != staff
    ]
    assert len(over) <= movers
