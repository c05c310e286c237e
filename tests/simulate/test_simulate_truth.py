"""The hidden truth is consistent with what is seen, and what is seen hints at it without giving it away."""

from __future__ import annotations

from collections import Counter

from fireflower.simulate.world import CUSTOMERS, OUTSIDERS

CUSTOMER_NAMES = {kind.name for kind in CUSTOMERS}


def test_conversion_is_plausible(year):
    assert 0.05 <= year.report.conversion <= 0.12


def test_purchases_are_those_of_the_truth(year):
    seen = {call["context"]["groupId"]: call["timestamp"] for call in year.events("Subscription Started")}
    told = {account: row["bought_at"] for account, row in year.truth("account").items() if row["bought_at"]}
    assert seen == told and len(told) == year.report.buyers


def test_nobody_is_ready_or_buys_before_signing_up(year):
    signed = {}
    for call in year.events("Signed Up"):
        signed.setdefault(call["context"]["groupId"], call["timestamp"])
    for account, row in year.truth("account").items():
        for moment in (row["ready_since"], row["bought_at"]):
            assert not moment or moment > signed[account]


def test_who_was_ready_bought_after_getting_ready(year):
    rows = [row for row in year.truth("account").values() if row["ready"] == "true"]
    assert len(rows) == year.report.ready
    assert all(row["bought_at"] > row["ready_since"] for row in rows if row["bought_at"])
    bought = sum(bool(row["bought_at"]) for row in rows)
    assert 0.5 * len(rows) < bought < len(rows), "most who are ready buy, not all"


def test_some_buy_without_having_been_ready(year):
    whys = Counter(row["why"].split(",")[0] for row in year.truth("account").values())
    assert whys["impulse"] > 0
    assert whys["ready"] > whys["impulse"]


def test_outsiders_are_never_ready_and_never_buy(year):
    outside = {kind.name for kind in OUTSIDERS}
    for row in year.truth("account").values():
        if row["archetype"] in outside:
            assert row["ready"] == "false" and not row["bought_at"] and not row["why"]


def test_a_ready_account_has_one_person_who_would_press_for_it(year):
    ready = sum(row["ready"] == "true" for row in year.truth("person").values())
    assert ready == year.report.ready


def test_intent_shows_on_the_pricing_page_and_not_there_alone(year):
    looks = Counter(call["context"]["groupId"] for call in year.events("Pricing Viewed"))
    truth = year.truth("account")
    ready = [looks[account] for account, row in truth.items() if row["ready"] == "true"]
    others = [
        looks[account]
        for account, row in truth.items()
        if row["archetype"] in CUSTOMER_NAMES and row["ready"] == "false"
    ]
    assert sum(ready) / len(ready) > 2 * sum(others) / len(others)
    assert max(others) > sum(ready) / len(ready), "some look often and have no money"


def test_traits_change_over_time(year):
    plans = Counter(
        call["traits"]["plan"] for call in year.calls if call["type"] == "group" and "plan" in call["traits"]
    )
    assert set(plans) >= {"free", "trial", "team", "business"}
    sizes = Counter(row["account"] for row in year.table("accounts.csv"))
    assert max(sizes.values()) == 2


def test_deals_follow_raised_hands_and_some_are_won(year):
    deals = year.table("deals.csv")
    assert {"won", "lost"} <= {row["stage"] for row in deals}
    assert all(not row["closed"] or row["closed"] > row["opened"] for row in deals)
