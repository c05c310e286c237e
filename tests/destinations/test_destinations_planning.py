"""Planning: filters, caps, quiet hours, retractions, addresses; and that nothing is dropped in silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from destinations.notices_sample import NOW, Memory, destination, notice
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.destinations import Dead, Delivery, Notice, Withheld, attempt, from_plain, key_of, plan, to_plain
from fireflower.destinations.nodes import (
    Cap,
    Channel,
    Email,
    Filter,
    JsonLines,
    QuietHours,
    SlackChannel,
    SlackWebhook,
    Smtp,
    Webhook,
)
from fireflower.destinations.quiet import end_of_quiet, is_quiet
from fireflower.destinations.secret import Secret
from fireflower.model.moments import DAY, HOUR, MINUTE, from_datetime, parse_moment, to_datetime

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata",
    "Africa/Casablanca", "Pacific/Apia", "Asia/Gaza", "America/Sao_Paulo", "Antarctica/Troll",
)  # fmt: skip


def planned(*arguments: object, **settings: object) -> Delivery | Withheld:
    (only,) = plan(*arguments, Memory(), NOW) if not settings else plan(*arguments, **settings)  # type: ignore
    return only


def reason(found: Delivery | Withheld) -> str:
    assert isinstance(found, Withheld), found
    return found.reason


def test_a_notice_is_told() -> None:
    found = planned(notice(), [destination()])
    assert isinstance(found, Delivery)
    assert (found.destination, found.notice_id, found.due, found.attempts) == ("leads", "tr_1", NOW, 0)
    assert found.key == key_of("tr_1", "leads") and found.key.isascii() and "." not in found.key
    assert json.loads(found.payload)["data"]["subject"] == {"kind": "account", "id": "acme", "name": "Acme & Söhne"}


def test_planning_again_gives_the_same() -> None:
    assert planned(notice(), [destination()]) == planned(notice(), [destination()])


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (Filter(definitions=("other",)), "the definition team-ready-to-pay is not for this destination"),
        (Filter(changes=("left",)), "the change 'entered' is not for this destination"),
        (Filter(subjects=("person",)), "subjects of the kind 'account' are not for this destination"),
    ],
)
def test_what_is_filtered_out_is_withheld_with_its_reason(when: Filter, why: str) -> None:
    assert reason(planned(notice(), [destination(when=when)])) == why


# --- Retractions ------------------------------------------------------------------------------------------------------


def test_a_retraction_follows_to_where_the_notice_was_told() -> None:
    ledger, told, not_told = Memory(), destination("told"), destination("not-told")
    ledger.add(plan(notice(), [told], ledger, NOW))
    retraction = notice(id="tr_2", change="retracted", retracts="tr_1")
    first, second = plan(retraction, [told, not_told], ledger, NOW)
    assert isinstance(first, Delivery)
    assert reason(second) == "this destination was not told what is retracted"


def test_a_silent_destination_is_told_no_retraction() -> None:
    found = planned(notice(change="retracted"), [destination(retractions="silent")])
    assert reason(found) == "this destination is silent about retractions"


def test_a_cap_does_not_keep_back_a_retraction() -> None:
    ledger, where = Memory(), destination(caps=(Cap(1, DAY),))
    ledger.add(plan(notice(), [where], ledger, NOW))
    (found,) = plan(notice(id="tr_2", change="retracted", retracts="tr_1"), [where], ledger, NOW)
    assert isinstance(found, Delivery)


# --- Caps -------------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4 * 24), st.sampled_from(["a", "b"])), max_size=25),
    st.integers(1, 3),
    st.integers(1, 36),
    st.sampled_from(["subject", "destination"]),
    st.booleans(),
)
def test_no_span_has_more_than_the_cap(
    notices: list[tuple[int, str]], most: int, hours: int, each: str, quiet: bool
) -> None:
    """In whatever order notices come; and whatever is withheld would have been one too many."""
    cap = Cap(most, hours * HOUR, each)  # type: ignore[arg-type]
    night = QuietHours(20 * 60, 8 * 60, "Europe/Berlin") if quiet else None
    where, ledger = destination(caps=(cap,), quiet_hours=night), Memory()
    for i, (hour, subject) in enumerate(notices):
        told = notice(id=str(i), subject=subject)
        (found,) = plan(told, [where], ledger, NOW + hour * HOUR)
        if isinstance(found, Withheld):
            due = end_of_quiet(night, ZoneInfo("Europe/Berlin"), NOW + hour * HOUR) if night else NOW + hour * HOUR
            assert most_in_a_span([*dues(ledger, subject, each), due], cap.per) > most
        ledger.add([found])
    for subject in ("a", "b"):
        assert most_in_a_span(dues(ledger, subject, each), cap.per) <= most


def dues(ledger: Memory, subject: str, each: str) -> list[int]:
    return [found.due for found, _ in ledger.planned if each == "destination" or found.subject == subject]


def most_in_a_span(moments: list[int], span: int) -> int:
    return max((sum(first <= other < first + span for other in moments) for first in moments), default=0)


# --- Quiet hours ------------------------------------------------------------------------------------------------------


def slow_end(quiet: QuietHours, zone: str, moment: int) -> int:
    """Minute by minute, by the clock on the wall."""
    at = moment
    while True:
        wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone)).time()
        minute = wall.hour * 60 + wall.minute
        over_midnight = quiet.start > quiet.end
        if over_midnight and not (minute >= quiet.start or minute < quiet.end):
            return at
        if not over_midnight and not quiet.start <= minute < quiet.end:
            return at
        at = at - at % MINUTE + MINUTE


CHANGES_OF_CLOCKS = [parse_moment(day) for day in (
    "2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2011-12-30", "2018-11-04",
    "2026-02-15", "2026-03-22", "2024-10-26",
)]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(CHANGES_OF_CLOCKS),
    st.integers(-2 * DAY, 2 * DAY),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(ZONES),
)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(
    day: int, offset: int, start: int, end: int, zone: str
) -> None:
    quiet = QuietHours(start, end)
    assert end_of_quiet(quiet, ZoneInfo(zone), day + offset) == slow_end(quiet, zone, day + offset)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-04 23:30", "2026-03-05 07:00"),  # winter: Berlin is UTC+1
        ("2026-03-28 23:30", "2026-03-29 06:00"),  # the night in which the clock jumps ahead
        ("2026-10-24 23:30", "2026-10-25 07:00"),  # the night with an hour twice
        ("2026-03-05 12:00", "2026-03-05 12:00"),
    ],
)
def test_the_subject_s_own_zone_decides(now: str, due: str) -> None:
    quiet = QuietHours(20 * 60, 8 * 60, "America/New_York", "account.timezone")
    (found,) = plan(notice(), [destination(quiet_hours=quiet)], Memory(), parse_moment(now))
    assert isinstance(found, Delivery) and found.due == parse_moment(due)


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", 7, "../../etc/passwd", "Europe"])
def test_without_a_zone_that_exists_the_destination_s_decides(zone: object) -> None:
    quiet = QuietHours(20 * 60, 8 * 60, "America/New_York", "account.timezone")
    late = parse_moment("2026-03-05 02:00")
    (found,) = plan(notice(traits={"timezone": zone}), [destination(quiet_hours=quiet)], Memory(), late)
    assert isinstance(found, Delivery) and found.due == parse_moment("2026-03-05 13:00")


def test_quiet_hours_from_a_time_to_the_same_are_none() -> None:
    assert not any(is_quiet(QuietHours(60, 60), to_datetime(hour * HOUR)) for hour in range(24))


# --- Addresses --------------------------------------------------------------------------------------------------------

SMTP = Smtp("localhost")


def test_an_address_can_be_a_trait() -> None:
    mail = destination(channel=Email(("account.owner_email", "all@example.com"), "ff@example.com", SMTP))
    found = planned(notice(), [mail])
    assert isinstance(found, Delivery)
    assert json.loads(found.payload)["to"] == ["rep@example.com", "all@example.com"]


@pytest.mark.parametrize(
    ("traits", "why"),
    [
        ({}, "there is nobody to send it to: account.owner_email of acme is missing"),
        ({"owner_email": "ann"}, "account.owner_email is no e-mail address: 'ann'"),
        ({"owner_email": "a@x.com\nBcc: b@x.com"}, "account.owner_email is no e-mail address: 'a@x.com Bcc: b@x.com'"),
        ({"owner_email": "a@x.com, b@x.com"}, "account.owner_email is no e-mail address: 'a@x.com, b@x.com'"),
    ],
)
def test_without_an_address_it_is_withheld(traits: dict[str, object], why: str) -> None:
    mail = destination(channel=Email(("account.owner_email",), "ff@example.com", SMTP))
    assert reason(planned(notice(traits=traits), [mail])) == why


def test_a_channel_can_be_a_trait() -> None:
    slack = destination(channel=SlackChannel(Secret("env", "T"), "account.owner_slack"))
    found = planned(notice(traits={"owner_slack": "U123"}), [slack])
    assert isinstance(found, Delivery) and json.loads(found.payload)["channel"] == "U123"
    assert "is missing" in reason(planned(notice(), [slack]))


CHANNELS = (
    Webhook("https://example.com", (Secret("env", "S"),)), JsonLines("/nowhere/x.jsonl"),
    SlackWebhook(Secret("env", "S")), SlackChannel(Secret("env", "T"), "#leads"),
    Email(("a@example.com",), "ff@example.com", SMTP),
)  # fmt: skip


@pytest.mark.parametrize("before", CHANNELS, ids=lambda channel: type(channel).__name__)
@pytest.mark.parametrize("after", CHANNELS, ids=lambda channel: type(channel).__name__)
def test_what_was_planned_for_another_kind_is_not_sent(before: Channel, after: Channel) -> None:
    found = planned(notice(), [destination(channel=before)])
    assert isinstance(found, Delivery)
    alike = {Webhook, JsonLines} >= {type(before), type(after)} or isinstance(after, type(before))
    alike = alike or (isinstance(before, SlackChannel) and isinstance(after, SlackWebhook))
    if not alike:
        assert attempt(found, destination(channel=after), NOW) == Dead(
            "it was planned when this destination was of another kind: plan it again"
        )


# --- All of it --------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=20),
    st.sampled_from(["entered", "left", "retracted"]),
    st.sampled_from(["person", "account"]),
    st.dictionaries(st.text(max_size=10), JSON, max_size=4),
    st.text(max_size=30),
)
def test_each_destination_gets_exactly_one_decision(
    id: str, change: str, kind: str, traits: dict[str, object], text: str
) -> None:
    told: Notice = notice(id=id, change=change, subject_kind=kind, traits=traits, next_step=text, url=text)
    places = [
        destination("file"),
        destination("mail", Email(("person.email",), "ff@example.com", SMTP)),
        destination("slack", SlackChannel(Secret("env", "T"), "#leads"), message="{{ name }} {{ traits.plan }}"),
        destination("none", when=Filter(definitions=("other",))),
    ]
    found = plan(told, places, Memory(), NOW)
    assert [each.destination for each in found] == ["file", "mail", "slack", "none"]
    for each in found:
        if isinstance(each, Delivery):
            json.loads(each.payload.decode("utf-8"), parse_constant=pytest.fail)
            assert each.due >= NOW and each.key == key_of(id, each.destination)
        else:
            assert each.reason


def test_a_notice_survives_json() -> None:
    assert from_plain(json.loads(json.dumps(to_plain(notice())))) == notice()
    assert from_datetime(to_datetime(NOW)) == NOW
