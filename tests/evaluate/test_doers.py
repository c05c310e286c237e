"""Whom to talk to in an account: who did what it qualifies by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fireflower.app.explained import doer_in_words
from fireflower.evaluate.doers import TOLD_APART, Deed, Doer, _Told
from fireflower.evaluate.explain import explain
from fireflower.history.assembly import assemble
from fireflower.language.expressions import parse_formula
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Compare, Count, Events, FieldTest, LocalTime, Settings, Within
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record


def event(day: float, name: str, person: str | None = "ann", account: str = "acme", **properties: object) -> Record:
    at = int(day * DAY)
    return Record(
        at, Kind.EVENT, name, person=person, account=account, properties=properties, message_id=f"{name}{day}{person}"
    )


def runs(person: str, *days: float, **properties: object) -> list[Record]:
    return [event(day, "Report Run", person, **properties) for day in days]


def move(day: float, person: str, role: str = "", kind: Kind = Kind.JOIN) -> Record:
    return Record(int(day * DAY), kind, role, person=person, account="acme")


def trait(name: str, value: object, person: str = "ann", day: int = 0) -> Record:
    return Record(day * DAY, Kind.PERSON_TRAIT, name, person=person, value=value)


NOTHING = Settings()


def found(value: str, records: Sequence[Record], settings: Settings = NOTHING, **more: str) -> tuple[Doer, ...]:
    parts = {"definition": "d", "subject": "account", **more, "value": value}
    definition = load_definition("".join(f"{key}: {part}\n" for key, part in parts.items()))
    return explain(definition, settings, [assemble(records)], "account", "acme", as_of=20 * DAY).doers


def deeds(doers: Sequence[Doer]) -> dict[str, list[tuple[str, int, int]]]:
    return {doer.person: [(deed.what, deed.own, deed.of) for deed in doer.deeds] for doer in doers}


def test_those_who_did_most_come_first_with_what_they_did() -> None:
    records = [*runs("ann", 1, 2), *runs("ben", 3, 4, 5), event(6, "Pricing Viewed", "ann"), event(7, "Login", "cid")]
    doers = found("{all: [count(Report Run) >= 5, did(Pricing Viewed)]}", records)
    assert deeds(doers) == {
        "ann": [("Report Run", 2, 5), ("Pricing Viewed", 1, 1)],
        "ben": [("Report Run", 3, 5)],
    }
    assert [doer.last for doer in doers] == [6 * DAY, 5 * DAY]


def test_at_most_three_are_named_the_latest_of_equals() -> None:
    doers = found("count(Report Run) >= 5", [each for i, who in enumerate("abcde") for each in runs(who, i + 1)])
    assert [doer.person for doer in doers] == ["e", "d", "c"]


def test_windows_and_where_mean_what_they_mean_for_the_account() -> None:
    records = [
        *runs("ann", 1, 2, 3, rows=0),
        *runs("ann", 12, rows=5),
        *runs("ben", 15, 16, rows=7),
        *runs("ben", 2, rows=7),
    ]
    doers = found("count(Report Run where properties.rows > 0, last 10 days) >= 3", records)
    (first, second) = doers
    assert (first.person, first.deeds[0].own, first.deeds[0].of) == ("ben", 2, 3)
    assert (second.person, second.deeds[0].own) == ("ann", 1)


def test_a_window_that_begins_with_somebody_elses_event() -> None:
    records = [event(1, "Trial Started", "eva"), *runs("ann", 2, 3), *runs("ann", 18), *runs("ben", 4)]
    doers = found('count(Report Run, within 7 days of "Trial Started") >= 3', records)
    assert deeds(doers) == {"ann": [("Report Run", 2, 3)], "ben": [("Report Run", 1, 3)]}
    both = 'count(Report Run, within 7 days of "Trial Started") >= 3 and did(Trial Started)'
    assert deeds(found(both, records)) == deeds(doers)  # the trial is told of everybody, so it is nobody's own


def test_of_very_many_people_those_who_did_most_are_told_apart() -> None:
    many = [each for i in range(TOLD_APART + 5) for each in runs(f"p{i}", 10 + i / 100)]
    records = [event(1, "Trial Started", "eva"), *runs("ann", 2, 3, 4), *runs("ben", 5, 6), *many]
    windows = ("ever", 'within 19 days of "Trial Started"')
    for window in windows:
        first, second, third = found(f"count(Report Run, {window}) >= 3", records)
        of = TOLD_APART + 10
        assert [(each.person, each.deeds[0].own) for each in (first, second)] == [("ann", 3), ("ben", 2)]
        assert (third.person, third.deeds) == (f"p{TOLD_APART + 4}", (Deed("Report Run", 1, of),))


def test_what_is_told_of_everybody_is_little() -> None:
    logins = [event(day, "Login", who) for day in (2, 3, 4) for who in ("ann", "ben")]
    traits = [
        Record(i, Kind.ACCOUNT_TRAIT, name, account="acme", value=str(i))
        for i in range(5)
        for name in ("plan", "timezone")
    ]
    piece = assemble([*logins, *runs("ann", 2), *traits])
    report, login = Events(("Report Run",)), Events(("Login",))
    late = replace(report, where=FieldTest(LocalTime("hour"), Compare(">", 20)))
    zones = Settings(timezone_traits=(("account", "timezone"),))
    for count, rows in ((Count(report), 0), (Count(report, Within(login, 7 * DAY)), 2), (Count(late), 5)):
        told = _Told([count], zones, 20 * DAY, False)
        assert len(told.shared(piece, [0])[0]) == rows  # both logins of the first instant


def test_only_what_holds_and_is_wanted_counts() -> None:
    records = [*runs("ann", 1, 2, 3), event(4, "Asked", "ben"), event(5, "Export", "cid")]
    value = "{all: [count(Report Run) >= 3, not (count(Export) >= 2), count(Asked) >= 2 or count(Report Run) >= 1]}"
    assert list(deeds(found(value, records))) == ["ann"]


def test_the_same_events_in_several_windows_are_one_deed_in_the_longest() -> None:
    records = [event(1, "Trial Started", "eva"), *runs("ann", 2, 19), *runs("ben", 3, 4, 5)]
    lately = "count(Report Run, last 3 days) >= 1"
    early = 'count(Report Run, within 17 days of "Trial Started") >= 3'
    days = "distinct_days(Report Run, last 19 days) >= 2"
    since = 'count(Report Run, since "Trial Started") >= 1'
    assert deeds(found(f"{lately} and {early}", records)) == {
        "ben": [("Report Run", 3, 4)],
        "ann": [("Report Run", 1, 4)],
    }
    for value in (f"{lately} and {days} and {early}", f"{since} and {early}", f"did(Report Run) and {since}"):
        assert deeds(found(value, records)) == {"ben": [("Report Run", 3, 5)], "ann": [("Report Run", 2, 5)]}, value


def test_what_is_asked_to_be_little_is_nobodys_deed() -> None:
    records = [*runs("ann", 1), event(2, "Cancelled", "eve")]
    for bound in ("<= 1", "< 2", "between 0 and 3", "in [0, 1]", "not in [2, 3]", "!= 2"):
        assert list(deeds(found(f"did(Report Run) and count(Cancelled) {bound}", records))) == ["ann"], bound
    for refused in ("count(Cancelled) > 1", "count(Cancelled) = 3", "count(Cancelled) between 2 and 3"):
        assert list(deeds(found(f"did(Report Run) and not ({refused})", records))) == ["ann"], refused


def test_what_is_asked_not_to_be_little_is_a_deed() -> None:
    records = [*runs("ann", 1), event(2, "Asked", "eve")]
    for bound in ("= 1", "between 1 and 3", "in [1, 2]", "!= 0", "not in [0, 2]"):
        assert list(deeds(found(f"did(Report Run) and count(Asked) {bound}", records))) == ["eve", "ann"], bound
    for refused in ("count(Asked) < 1", "count(Asked) = 0", "count(Asked) between 0 and 0"):
        assert list(deeds(found(f"did(Report Run) and not ({refused})", records))) == ["eve", "ann"], refused


def test_other_quantities_are_told_by_the_events_that_they_look_at() -> None:
    records = [*runs("ann", 1, 2, 3), *runs("ben", 4)]
    for value in ("actors(Report Run) >= 2", "distinct_days(Report Run) >= 4", "count(Report Run, any 7 days) >= 3",
                  "count(Report Run) / 2 >= 2"):  # fmt: skip
        assert deeds(found(value, records)) == {"ann": [("Report Run", 3, 4)], "ben": [("Report Run", 1, 4)]}, value
    score = "{each: {Report Run: {points: 5}, Complained: {points: -1}}}"
    assert list(deeds(found("score >= 10", records, score=score))) == ["ann", "ben"]


def test_what_the_definition_calls_a_count() -> None:
    doers = found("own_reports >= 2", runs("ann", 1, 2), quantities="{own_reports: count(Report Run)}")
    assert doers[0].deeds == (Deed("own reports", 2, 2),)


def test_events_of_nobody_known_are_part_of_the_whole() -> None:
    doers = found("count(Report Run) >= 3", [*runs("ann", 1, 2), event(3, "Report Run", None)])
    assert deeds(doers) == {"ann": [("Report Run", 2, 3)]}


def test_who_has_left_or_is_left_out_is_not_named() -> None:
    records = [
        move(0, "ann"), move(0, "ben"), move(0, "cid"), *runs("ann", 1, 2), *runs("ben", 3), *runs("cid", 4, 5),
        move(9, "ben", kind=Kind.LEAVE), move(9, "cid", kind=Kind.LEAVE), move(10, "cid"), trait("staff", True, "dan"),
        *runs("dan", 6, 7, 8), *runs("eva", 8),
        trait("staff", True, "zed"), *runs("zed", 6),
        Record(19 * DAY, Kind.PERSON_TRAIT, "staff", person="eva", value=True),
    ]  # fmt: skip
    staff = Settings(leave_out=(("person", parse_formula("person.staff = true", "person")),))
    assert deeds(found("count(Report Run) >= 5", records, staff)) == {
        "cid": [("Report Run", 2, 6)],  # ann's 2, ben's 1 and eva's 1, from before she was found to be staff, count too
        "ann": [("Report Run", 2, 6)],
    }


def test_who_they_are() -> None:
    records = [
        trait("name", "Ann Lee"), trait("email", "ann@acme.example"), move(1, "ann", "owner"), move(2, "ann"),
        *runs("ann", 3),
    ]  # fmt: skip
    (doer,) = found("did(Report Run)", records)
    assert (doer.name, doer.title, doer.email, doer.role) == ("Ann Lee", "", "ann@acme.example", "owner")
    (unknown,) = found("did(Report Run)", runs("ben", 3))
    assert (unknown.person, unknown.name, unknown.email, unknown.role) == ("ben", "", "", "")


def test_what_is_blank_or_no_text_is_nobodys_name() -> None:
    records = [trait("name", " "), trait("title", ["a", "b"]), trait("email", 12.0), *runs("ann", 3)]
    (doer,) = found("did(Report Run)", records)
    assert (doer.name, doer.title, doer.email, doer_in_words(doer)) == ("", "", "", "ann")
    (doer,) = found("did(Report Run)", [*records, trait("email", "ann@acme.example ", day=1)])
    assert doer_in_words(doer) == "ann@acme.example"


def test_of_those_who_did_as_much_who_can_be_reached_comes_first() -> None:
    records = [each for i, who in enumerate("abcde") for each in runs(who, i + 1)]
    known = [trait("email", "a@acme.example", "a"), trait("name", "Bo", "b"), trait("title", "CTO", "c")]
    assert [each.person for each in found("count(Report Run) >= 5", [*records, *known])] == ["b", "a", "e"]
    assert [each.person for each in found("did(Report Run)", [*records, *known, *runs("e", 9)])] == ["e", "b", "a"]


def test_nobody_is_named_where_nobody_did_it_or_it_is_not_qualified() -> None:
    size = Record(0, Kind.ACCOUNT_TRAIT, "employees", account="acme", value=50)
    assert found("account.employees >= 20", [size, *runs("ann", 1)]) == ()
    assert found("count(Report Run) >= 2", runs("ann", 1)) == ()


def test_somebody_of_several_accounts_is_named_for_what_they_did_in_this_one() -> None:
    records = [*runs("ann", 1, 2), event(3, "Report Run", "ann", "other"), trait("name", "Ann Lee")]
    (doer,) = found("count(Report Run) >= 2", records)
    assert (doer.name, doer.last, doer.deeds[0].own) == ("Ann Lee", 2 * DAY, 2)
