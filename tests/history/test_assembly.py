"""A small history as a timeline: whose history each record belongs to, and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from fireflower.history.assembly import assemble, canonical
from fireflower.model.records import Kind, Record
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Timeline


def event(time: int, name: str, person: str | None = None, account: str | None = None, **more: object) -> Record:
    return Record(time, Kind.EVENT, name, person, account, **more)  # type: ignore[arg-type]


def join(time: int, person: str, account: str, role: str = "", **more: object) -> Record:
    return Record(time, Kind.JOIN, role, person, account, **more)  # type: ignore[arg-type]


def leave(time: int, person: str, account: str) -> Record:
    return Record(time, Kind.LEAVE, "", person, account)


def account_trait(time: int, account: str, name: str, value: object, **more: object) -> Record:
    return Record(time, Kind.ACCOUNT_TRAIT, name, None, account, value, **more)  # type: ignore[arg-type]


def seen_by(timeline: Timeline, bit: int, id: str) -> list[tuple[int, str, object]]:
    """(time, kind, name or detail) of the rows in one subject's history, found in the subject's own block."""
    vocabulary = timeline.vocabulary
    ids, first, column = (
        (vocabulary.people, timeline.first_person, timeline.person)
        if bit == TO_PERSON
        else (vocabulary.accounts, timeline.first_account, timeline.account)
    )
    number = list(ids).index(id)
    block = int(np.searchsorted(first, number, side="right")) - 1
    rows = range(timeline.starts[block], timeline.starts[block + 1])
    return [_row(timeline, row) for row in rows if timeline.target[row] & bit and column[row] == number]


def _row(timeline: Timeline, row: int) -> tuple[int, str, object]:
    kind, name = timeline.vocabulary.names[timeline.what[row]]
    detail = timeline.detail[row]
    if kind in (Kind.ACCOUNT_TRAIT, Kind.PERSON_TRAIT):
        value = timeline.vocabulary.traits[kind, name][detail] if detail >= 0 else None
        return int(timeline.time[row]), name, value
    role = timeline.vocabulary.roles[detail] if detail >= 0 else ""
    return int(timeline.time[row]), name or kind.name, role


def test_people_of_one_account_share_its_block_and_rows_are_not_doubled() -> None:
    timeline = assemble([join(1, "ann", "acme"), event(2, "Edit", "ann"), event(3, "Edit", "bob", "acme")])
    assert timeline.blocks == 1
    assert timeline.target.tolist() == [TO_PERSON | TO_ACCOUNT] * 3
    assert timeline.vocabulary.people == ["ann", "bob"]


def test_who_touches_two_accounts_has_a_block_of_their_own() -> None:
    timeline = assemble([event(1, "Edit", "ann", "acme"), event(2, "Edit", "ann", "bolt"), event(3, "Edit", "bob")])
    assert timeline.blocks == 4
    assert timeline.first_account.tolist() == [0, 1, 2, 2, 2]
    assert timeline.first_person.tolist() == [0, 0, 0, 1, 2]
    assert seen_by(timeline, TO_PERSON, "ann") == [(1, "Edit", ""), (2, "Edit", "")]
    assert seen_by(timeline, TO_ACCOUNT, "bolt") == [(2, "Edit", "")]
    assert timeline.target.tolist() == [TO_ACCOUNT, TO_ACCOUNT, TO_PERSON, TO_PERSON, TO_PERSON]


@pytest.mark.parametrize(
    ("attribution", "acme", "bolt"),
    [("only", ["early"], []), ("latest", ["early"], ["late"]), ("all", ["early", "late"], ["late"])],
)
def test_events_that_name_no_account_are_attributed(attribution: str, acme: list[str], bolt: list[str]) -> None:
    records = [
        event(0, "before", "ann"),
        join(1, "ann", "acme"),
        event(1, "early", "ann"),
        join(2, "ann", "bolt"),
        event(3, "late", "ann"),
    ]
    timeline = assemble(records, attribution=attribution)  # type: ignore[arg-type]
    assert [name for _, name, _ in seen_by(timeline, TO_ACCOUNT, "acme") if name != "JOIN"] == acme
    assert [name for _, name, _ in seen_by(timeline, TO_ACCOUNT, "bolt") if name != "JOIN"] == bolt
    own = [name for _, name, _ in seen_by(timeline, TO_PERSON, "ann") if name != "JOIN"]
    assert own == ["before", "early", "late"]


def test_the_role_on_an_event_is_the_one_at_that_moment_in_that_account() -> None:
    records = [
        join(1, "ann", "acme", "viewer"),
        event(1, "Edit", "ann", "acme"),
        join(2, "ann", "acme", "admin"),
        event(2, "Edit", "ann"),
        event(3, "Edit", "ann", "bolt"),
        leave(4, "ann", "acme"),
        event(5, "Edit", "ann", "acme"),
    ]
    edits = [role for _, name, role in seen_by(assemble(records), TO_PERSON, "ann") if name == "Edit"]
    assert edits == ["viewer", "admin", "", ""]


def test_a_person_sees_the_traits_of_the_account_joined_last() -> None:
    records = [
        account_trait(0, "acme", "plan", "free"),
        account_trait(0, "bolt", "plan", "pro"),
        account_trait(0, "bolt", "seats", 5),
        join(1, "ann", "acme"),
        join(2, "ann", "bolt"),
        join(3, "ann", "acme", "admin"),
        account_trait(4, "acme", "plan", "team"),
        account_trait(5, "bolt", "plan", None),
        leave(6, "ann", "bolt"),
        leave(7, "ann", "acme"),
    ]
    traits = [row for row in seen_by(assemble(records), TO_PERSON, "ann") if row[1] in ("plan", "seats")]
    assert traits == [
        (1, "plan", "free"),
        (2, "plan", "pro"),
        (2, "seats", 5.0),
        (5, "plan", None),
        (6, "plan", "team"),
        (6, "seats", None),
        (7, "plan", None),
    ]


def test_of_two_accounts_joined_at_one_instant_the_greater_id_is_current() -> None:
    records = [account_trait(0, name, "plan", name) for name in ("acme", "bolt")]
    records += [join(1, "ann", "bolt"), join(1, "ann", "acme")]
    assert seen_by(assemble(records), TO_PERSON, "ann")[-1] == (1, "plan", "bolt")


def test_traits_of_an_instant_come_after_joins_and_before_events() -> None:
    records = [
        event(1, "Edit", "ann"),
        join(1, "ann", "acme"),
        account_trait(1, "acme", "plan", "free"),
        leave(1, "ann", "bolt"),
    ]
    rows = [name for _, name, _ in seen_by(assemble(records), TO_PERSON, "ann")]
    assert rows == ["LEAVE", "JOIN", "plan", "Edit"]


def test_receipt_of_an_accounts_traits_counts_for_those_who_see_them() -> None:
    """When they change, and when somebody joins; not afterwards, and not if they are as they were."""
    records = [
        account_trait(0, "acme", "plan", "free", received=50),
        join(1, "ann", "acme"),
        account_trait(2, "acme", "plan", "free", received=70),
        leave(3, "ann", "acme"),
        account_trait(4, "acme", "plan", "pro", received=90),
    ]
    timeline = assemble(records)
    assert timeline.received is not None
    mine = (timeline.target & TO_PERSON) > 0
    assert timeline.received[mine].tolist() == [1, 50, 3, 3]
    assert seen_by(timeline, TO_PERSON, "ann")[-1] == (3, "plan", None)
    assert timeline.received[(timeline.target & TO_ACCOUNT) > 0].tolist() == [50, 1, 70, 3, 90]


def test_an_identity_record_is_one_of_the_persons_own() -> None:
    records = [Record(5, Kind.IDENTITY, person="ann", value="anon-1"), event(2, "Visit", "anon-1", "acme")]
    timeline = assemble(records)
    assert timeline.vocabulary.people == ["ann"]
    assert seen_by(timeline, TO_PERSON, "ann") == [(2, "Visit", ""), (5, "IDENTITY", "")]


def test_events_without_a_person_belong_to_their_account_alone() -> None:
    timeline = assemble([event(1, "Invoice Paid", None, "acme")])
    assert timeline.person.tolist() == [-1]
    assert timeline.target.tolist() == [TO_ACCOUNT]
    assert timeline.vocabulary.people == []


def test_a_message_counts_once_and_all_that_it_says_counts() -> None:
    said_twice = [
        Record(1, Kind.PERSON_TRAIT, name, "ann", value=1, message_id="m", received=received)
        for name in ("plan", "seats")
        for received in (9, 5)
    ]
    timeline = assemble([*said_twice, event(2, "Edit", "ann"), event(2, "Edit", "ann")])
    assert len(timeline) == 4
    assert timeline.received is not None and timeline.received.tolist() == [5, 5, 2, 2]


def test_properties_are_numbers_or_codes_by_dotted_path() -> None:
    records = [
        event(1, "Edit", "ann", properties={"rows": 3, "plan": {"name": "free"}, "empty": None}),
        event(2, "Edit", "ann", properties={"rows": "many", "ok": True, "tags": ["a", 1]}),
        event(3, "Edit", "ann", properties={"rows": float("nan"), "plan.name": "pro"}),
    ]
    timeline = assemble(records)
    assert timeline.numbers["rows"][0] == 3
    assert np.isnan(timeline.numbers["rows"][1:]).all()
    assert timeline.codes["rows"].tolist() == [-1, 0, -1]
    assert timeline.vocabulary.texts == {
        "plan.name": ["free", "pro"],
        "rows": ["many"],
        "ok": [True],
        "tags": [["a", 1.0]],
    }
    assert timeline.codes["plan.name"].tolist() == [0, -1, 1]
    assert set(timeline.numbers) == {"rows"}


def test_truth_and_one_are_different_trait_values() -> None:
    records = [Record(i, Kind.PERSON_TRAIT, "vip", "ann", value=value) for i, value in enumerate([1, True, "1", None])]
    timeline = assemble(records)
    assert timeline.detail.tolist() == [0, 1, 2, -1]
    assert list(timeline.vocabulary.traits.values()) == [[1.0, True, "1"]]


def test_nothing_at_all_is_a_timeline_without_blocks() -> None:
    timeline = assemble([])
    assert (len(timeline), timeline.blocks) == (0, 0)


def test_a_record_about_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match=r"JOIN needs a person and an account; that of 1970-01-01T.* has person$"):
        assemble([Record(1, Kind.JOIN, person="ann")])


def test_a_record_about_nobody_in_a_history_that_is_there_is_passed_over_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nameless = account_trait(1, "acme", "", "x", message_id="nameless")
    for _ in range(2):
        assert canonical([nameless, event(2, "login", "ann")]) == [event(2, "login", "ann")]
    (warning,) = caplog.messages
    assert "ACCOUNT_TRAIT of the message 'nameless'" in warning
