"""What files of each format and form say, record by record."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from fireflower.history.archive import Archive
from fireflower.history.mapping import Mapping
from fireflower.history.readers.guessing import guess_mapping
from fireflower.history.readers.plain import deal_name
from fireflower.model.errors import InputError
from fireflower.model.moments import from_datetime, parse_moment
from fireflower.model.records import Kind, Record

NOON = parse_moment("2026-03-01T12:00:00Z")
HOUR = 3_600_000_000
FLAT = Mapping(time="time", event="event", person="user", account="company")


def read(tmp_path: Path, file: Path, mapping: Mapping, **more: Any) -> tuple[list[Record], list[tuple[int, str]]]:
    """The records of a file in canonical order, and (line, reason) of the rows kept aside."""
    archive = Archive.open(tmp_path / "archive")
    archive.ingest(file, mapping, **more)
    blocks = [timeline.first_row + row for timeline in archive.timelines() for row in range(len(timeline))]
    found = {repr(record): record for record in archive.records(blocks)}
    aside = [(row.line, row.reason) for row in archive.rejects()]
    return sorted(found.values(), key=Record.order), aside


def lines(tmp_path: Path, *rows: Any, name: str = "in.jsonl") -> Path:
    file = tmp_path / name
    file.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def table(tmp_path: Path, text: str, name: str = "in.csv") -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


EVENTS = [
    Record(NOON, Kind.EVENT, "Edit", "ann", "acme", properties={"rows": 3.0, "plan": "free"}),
    Record(NOON + HOUR, Kind.EVENT, "Share", "bob", None, properties={"plan": "007"}),
]
CSV = (
    "time,event,user,company,rows,plan\n"
    "2026-03-01T12:00:00Z,Edit,ann,acme,3,free\n"
    "2026-03-01 14:00:00+01:00,Share,bob,,,007\n"
)  # fmt: skip


def test_csv(tmp_path: Path) -> None:
    assert read(tmp_path, table(tmp_path, CSV), FLAT) == (EVENTS, [])


@pytest.mark.parametrize("inside", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_names_of_columns_may_hold_line_breaks(tmp_path: Path, inside: str, end: str) -> None:
    file = tmp_path / "in.csv"
    rows = ('time,event,user,"how' + inside + 'many"', '2025-01-01,"Report Run",u1,3', "2025-01-02,Login,u2,4")
    file.write_bytes("".join(row + end for row in rows).encode())
    found, rejected = read(tmp_path, file, Mapping(time="time", event="event", person="user"))
    assert [record.name for record in found] == ["Report Run", "Login"] and not rejected
    assert [dict(record.properties) for record in found] == [{f"how{inside}many": 3}, {f"how{inside}many": 4}]


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_other_separators_are_found_in_the_header(tmp_path: Path, separator: str) -> None:
    file = table(tmp_path, CSV.replace(",", separator), "in.tsv")
    assert read(tmp_path, file, FLAT) == (EVENTS, [])


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("Plan,plan", ["Plan", "plan_2"]),
        ("a,a,a_2", ["a", "a_3", "a_2"]),
        ("a,A_2,a,a", ["a", "A_2", "a_3", "a_4"]),
        (",column4, ,Column4", ["column4", "column4_2", "column6", "Column4_3"]),
    ],
)
def test_names_that_come_twice_are_numbered_until_one_is_free(tmp_path: Path, header: str, names: list[str]) -> None:
    cells = ",".join(f"v{i}" for i in range(len(names)))
    file = table(tmp_path, f"time,event,user,{header}\n1000,E,ann,{cells}\n")
    (record,), aside = read(tmp_path, file, Mapping(time="time", event="event", person="user"))
    assert (record.properties, aside) == ({name: f"v{i}" for i, name in enumerate(names)}, [])


def test_gzip_and_zstd(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    with pa.CompressedOutputStream(str(tmp_path / "b.csv.zst"), "zstd") as file:
        file.write(CSV.encode())
    archive = Archive.open(tmp_path / "archive")
    report = archive.ingest([tmp_path / "a.csv.gz", tmp_path / "b.csv.zst"], FLAT)
    assert (report.read, report.new, report.duplicates) == (4, 2, 2)


def test_folders_and_globs(tmp_path: Path) -> None:
    (tmp_path / "export" / "day").mkdir(parents=True)
    table(tmp_path, CSV, "export/day/a.csv")
    table(tmp_path, CSV.replace("ann", "cyd"), "export/b.csv")
    table(tmp_path, "not data", "export/readme.md")
    assert Archive.open(tmp_path / "one").ingest(tmp_path / "export", FLAT).read == 4
    assert Archive.open(tmp_path / "two").ingest(str(tmp_path / "export" / "*.csv"), FLAT).read == 2
    with pytest.raises(InputError, match="No file to import at"):
        Archive.open(tmp_path / "three").ingest(str(tmp_path / "*.parquet"), FLAT)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    rows = {
        "time": pa.array([datetime(2026, 3, 1, 12, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
        "event": ["Edit"],
        "user": pa.array([17], pa.int64()),
        "rows": pa.array([3], pa.int32()),
        "plan": ["007"],
        "ok": [True],
        "tags": [["a", "b"]],
        "where": pa.array([{"city": "Köln", "at": {"zip": 5}}]),
        "day": pa.array([datetime(2026, 1, 2).date()], pa.date32()),
        "price": pa.array(["1.50"]).cast(pa.float64()).cast(pa.decimal128(8, 2)),
    }
    pq.write_table(pa.table(rows), tmp_path / "in.parquet")
    mapping = Mapping(time="time", event="event", person="user")
    (record,), aside = read(tmp_path, tmp_path / "in.parquet", mapping)
    assert (record.time, record.person, aside) == (NOON, "17", [])
    assert record.properties == {
        "rows": 3.0,
        "plan": "007",
        "ok": True,
        "tags": ["a", "b"],
        "where.city": "Köln",
        "where.at.zip": 5.0,
        "day": "2026-01-02",
        "price": 1.5,
    }


def test_json_lines_and_arrays_say_the_same(tmp_path: Path) -> None:
    rows = [
        {"time": "2026-03-01T12:00:00Z", "event": "Edit", "user": "ann", "company": "acme", "rows": 3, "plan": "free"},
        {"time": (NOON + HOUR) / 1e6, "event": "Share", "user": "bob", "plan": "007", "note": None},
    ]
    as_lines = read(tmp_path / "one", lines(tmp_path, *rows), FLAT)
    for name, document in (("two", rows), ("three", {"batch": rows}), ("four", {"results": rows, "next": None})):
        file = table(tmp_path, json.dumps(document, indent=1), f"{name}.json")
        assert read(tmp_path / name, file, FLAT) == as_lines == (EVENTS, [])


def test_a_property_is_found_however_it_is_nested(tmp_path: Path) -> None:
    mapping = Mapping(time="t", event="e", person="u", properties="p")
    rows = [
        {"t": 1000, "e": "E", "u": "ann", "p": {"plan": {"name": "free"}}},
        {"t": 2000, "e": "E", "u": "ann", "p": {"plan.name": "pro"}},
        {"t": 3000, "e": "E", "u": "ann", "p": {"plan": {"name": None}, "plan.name": 5}},
    ]
    archive = Archive.open(tmp_path / "archive")
    archive.ingest(lines(tmp_path, *rows), mapping)
    (timeline,) = archive.timelines(["plan.name"])
    texts = timeline.vocabulary.texts["plan.name"]
    assert [texts[code] if code >= 0 else None for code in timeline.codes["plan.name"]] == ["free", "pro", None]
    assert timeline.numbers["plan.name"].tolist()[2] == 5
    assert archive.summary().properties == {"E": {"plan.name": {"text": 2, "number": 1}}}


@pytest.mark.parametrize(
    "name",
    ["Invoice No.", "a..b", ".a", ".", "", "*", "[0]", "$", "$.a", "a\\b", 'a "b"', "it's", "a\nb", "#", "0", "/"],
)
def test_a_property_may_have_any_name(tmp_path: Path, name: str) -> None:
    archive = Archive.open(tmp_path / "archive")
    rows = [{"t": 1000, "e": "E", "u": "ann", "p": {name: 7, "list": [5]}}, {"t": 2000, "e": "E", "u": "ann", "p": {}}]
    archive.ingest(lines(tmp_path, *rows), Mapping(time="t", event="e", person="u", properties="p"))
    (timeline,) = archive.timelines([name, f"list.{name}"])
    assert str(timeline.numbers[name].tolist()) == "[7.0, nan]"
    assert f"list.{name}" not in timeline.numbers
    assert archive.records([0])[0].properties == {name: 7, "list": [5]}


SEGMENT = Mapping(form="segment")


def segment(type: str, **more: Any) -> dict[str, Any]:
    return {"type": type, "timestamp": "2026-03-01T12:00:00Z", **more}


def test_segment_calls(tmp_path: Path) -> None:
    file = lines(
        tmp_path,
        segment(
            "track", event="Edit", anonymousId="a1", messageId="m1", properties={"rows": 3}, context={"groupId": "acme"}
        ),
        segment("page", name="Pricing", userId="u1", messageId="m2", properties={"path": "/pricing"}),
        segment(
            "identify",
            userId="u1",
            anonymousId="a1",
            messageId="m3",
            traits={"plan": "pro"},
            context={"traits": {"age": 5}},
        ),
        segment("group", userId="u1", groupId="acme", messageId="m4", traits={"seats": 5, "address": {"city": "Köln"}}),
        segment("alias", userId="u1", previousId="u0", messageId="m5"),
    )
    records, aside = read(tmp_path, file, SEGMENT)
    assert aside == []
    assert [(record.kind, record.name, record.person, record.account, record.value) for record in records] == [
        (Kind.IDENTITY, "", "u1", None, "a1"),
        (Kind.IDENTITY, "", "u1", None, "u0"),
        (Kind.JOIN, "", "u1", "acme", None),
        (Kind.ACCOUNT_TRAIT, "address.city", None, "acme", "Köln"),
        (Kind.ACCOUNT_TRAIT, "seats", None, "acme", 5.0),
        (Kind.PERSON_TRAIT, "age", "u1", None, 5.0),
        (Kind.PERSON_TRAIT, "plan", "u1", None, "pro"),
        (Kind.EVENT, "Edit", "a1", "acme", None),
        (Kind.EVENT, "Page Viewed", "u1", None, None),
    ]
    assert records[-1].properties == {"name": "Pricing", "path": "/pricing"}


@pytest.mark.parametrize(
    ("times", "hour"),
    [
        ({"timestamp": "2026-03-01T12:00:00Z"}, 12),
        ({"timestamp": "2026-03-01T12:00:00Z", "originalTimestamp": "2026-03-01T15:00:00Z"}, 12),
        ({"originalTimestamp": "2026-03-01T15:00:00Z"}, 15),
        (
            {
                "originalTimestamp": "2026-03-01T15:00:00Z",
                "sentAt": "2026-03-01T15:30:00Z",
                "receivedAt": "2026-03-01T12:30:00Z",
            },
            12,
        ),
        (
            {
                "timestamp": "2026-03-01T15:00:00Z",
                "sentAt": "2026-03-01T15:30:00Z",
                "receivedAt": "2026-03-01T12:30:00Z",
            },
            12,
        ),
    ],
)
def test_a_senders_clock_is_set_right(tmp_path: Path, times: dict[str, str], hour: int) -> None:
    (record,), _ = read(tmp_path, lines(tmp_path, {"event": "Edit", "userId": "u", **times}), SEGMENT)
    assert record.time == NOON + (hour - 12) * HOUR


def test_segment_in_a_table(tmp_path: Path) -> None:
    rows = {
        "type": ["track"],
        "message_id": ["m1"],
        "user_id": ["u1"],
        "context_group_id": ["acme"],
        "event": ["Edit"],
        "timestamp": ["2026-03-01 12:00:00 UTC"],
        "properties": ['{"rows": 3}'],
    }
    pq.write_table(pa.table(rows), tmp_path / "in.parquet")
    (record,), _ = read(tmp_path, tmp_path / "in.parquet", SEGMENT)
    assert record == Record(NOON, Kind.EVENT, "Edit", "u1", "acme", properties={"rows": 3.0}, message_id="m1")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_segment_in_a_table_whose_columns_have_dots(tmp_path: Path, suffix: str) -> None:
    """As whoever flattens objects writes them."""
    rows = {
        "type": ["track", "track"],
        "event": ["Upload", "Upload"],
        "messageId": ["m1", "m2"],
        "userId": ["u1", "u2"],
        "timestamp": ["2026-01-05T10:00:00Z"] * 2,
        "properties": ['{"kind": "pdf"}', None],
        "properties.used_gb": [3.5, 4.0],
        "properties.page.url": ["/a", "007"],
        "context.groupId": ["acme", None],
    }
    file = tmp_path / f"in.{suffix}"
    if suffix == "csv":
        csv.write_csv(pa.table(rows), file)
    else:
        pq.write_table(pa.table(rows), file)
    found, rejects = read(tmp_path, file, SEGMENT)
    first, second = (each for each in found if each.name == "Upload")
    assert not rejects
    assert first.properties == {"kind": "pdf", "used_gb": 3.5, "page.url": "/a"} and first.account == "acme"
    assert second.properties == {"used_gb": 4.0, "page.url": "007"} and second.account is None


def test_ids_in_columns_with_dots_are_texts(tmp_path: Path) -> None:
    ids = ["10", "1e1", "10.0", "5e3", "null", "true", "0042"]
    head = "type,event,messageId,userId,timestamp,context.groupId,context.locale,properties.n"
    rows = [f"track,Ran,m{i},u1,2026-01-05T10:00:00Z,{id},de,{id}" for i, id in enumerate(ids)]
    found, rejects = read(tmp_path, table(tmp_path, "\n".join([head, *rows]) + "\n"), SEGMENT)
    events = [each for each in found if each.name == "Ran"]
    assert not rejects and [each.account for each in events] == ids
    assert [each.properties.get("n") for each in events] == [10, 10, 10, 5000, None, True, "0042"]


def test_an_account_is_found_beside_other_columns_of_the_context(tmp_path: Path) -> None:
    for name in ("context_group_id", "contextGroupId", "context.group_id", "context.groupId"):
        text = f"type,event,messageId,userId,timestamp,context.locale,{name}\n"
        text += "track,Ran,m1,u1,2026-01-05T10:00:00Z,de,acme\n"
        found, _ = read(tmp_path, table(tmp_path, text), SEGMENT)
        assert next(each for each in found if each.name == "Ran").account == "acme", name


def test_a_broken_object_beside_a_column_with_dots_is_kept_aside(tmp_path: Path) -> None:
    text = "type,event,messageId,userId,timestamp,properties,properties.x\n"
    text += "track,Ran,m1,u1,2026-01-05T10:00:00Z,{oops,1\n"
    text += f"track,Ran,m2,u1,2026-01-05T10:00:00Z,,{'[' * 5000}\n"
    text += "track,Ran,m3,u1,2026-01-05T10:00:00Z,,1\n"
    found, rejects = read(tmp_path, table(tmp_path, text), SEGMENT)
    assert [line for line, _ in rejects] == [2]
    assert [each.message_id for each in found if each.name == "Ran"] == ["m2", "m3"]


def test_no_number_is_none_in_a_column_with_dots(tmp_path: Path) -> None:
    rows = {
        "type": ["track"] * 3, "event": ["Ran"] * 3, "messageId": ["m1", "m2", "m3"], "userId": ["u1"] * 3,
        "timestamp": ["2026-01-05T10:00:00Z"] * 3, "properties.x": [float("nan"), float("inf"), 2.5],
    }  # fmt: skip
    file = tmp_path / "in.parquet"
    pq.write_table(pa.table(rows), file)
    found, _ = read(tmp_path, file, SEGMENT)
    assert [each.properties for each in found if each.name == "Ran"] == [{}, {}, {"x": 2.5}]


def test_a_table_whose_columns_have_dots_is_guessed(tmp_path: Path) -> None:
    file = table(tmp_path, "event,userId,timestamp,properties.used_gb\nUpload,u1,2026-01-05T10:00:00Z,3.5\n")
    guess = guess_mapping(file)
    found, _ = read(tmp_path, file, guess.mapping)
    assert guess.sure and found[0].properties == {"properties.used_gb": 3.5}


def posthog(event: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"event": event, "distinct_id": "u1", "timestamp": "2026-03-01T12:00:00Z", "properties": properties, **more}


def test_posthog_export(tmp_path: Path) -> None:
    file = lines(
        tmp_path,
        posthog("Edit", {"rows": 3, "$groups": {"company": "acme", "project": "p"}, "$set": {"plan": "pro"}}, uuid="1"),
        posthog("$identify", {"$anon_distinct_id": "a1", "$set_once": {"source": "ads"}}, uuid="2"),
        posthog("$set", {"$set_once": {"source": "mail"}, "$unset": ["plan"]}, uuid="3"),
        posthog("$create_alias", {"alias": "u0"}, uuid="4"),
        posthog(
            "$groupidentify", {"$group_type": "company", "$group_key": "acme", "$group_set": {"seats": 5}}, uuid="5"
        ),
        posthog("$groupidentify", {"$group_type": "project", "$group_key": "p", "$group_set": {"x": 5}}, uuid="6"),
    )
    records, aside = read(tmp_path, file, Mapping(form="posthog", group_type="company"))
    assert aside == []
    assert [(record.kind, record.name, record.person, record.account, record.value) for record in records] == [
        (Kind.IDENTITY, "", "u1", None, "a1"),
        (Kind.IDENTITY, "", "u1", None, "u0"),
        (Kind.ACCOUNT_TRAIT, "seats", None, "acme", 5.0),
        (Kind.PERSON_TRAIT, "plan", "u1", None, "pro"),
        (Kind.PERSON_TRAIT, "source", "u1", None, "ads"),
        (Kind.PERSON_TRAIT, "plan", "u1", None, None),
        (Kind.EVENT, "Edit", "u1", "acme", None),
    ]


@pytest.mark.parametrize("name", ["csv", "json"])
@pytest.mark.parametrize(("types", "account"), [(("company", "project"), "company"), (("a", "project"), "project")])
def test_groups_of_one_type_are_accounts(name: str, types: tuple[str, str], account: str, tmp_path: Path) -> None:
    one, other = types
    rows = [
        posthog("Edit", {"$groups": {one: "1", other: "2"}}),
        posthog("$groupidentify", {"$group_type": other, "$group_key": "2", "$group_set": {"x": 5}}),
        posthog("Edit", {"$groups": {other: "3"}}),
    ]
    file = lines(tmp_path, *rows)
    if name == "csv":
        cells = [{**row, "properties": json.dumps(row["properties"])} for row in rows]
        file = tmp_path / "in.csv"
        csv.write_csv(pa.Table.from_pylist(cells), file)
    guess = guess_mapping(file)
    assert guess.mapping.group_type == account and not guess.sure and "--map group_type=" in guess.doubts[0]
    assert guess_mapping(file, {"group_type": other}).sure
    records, _ = read(tmp_path, file, guess.mapping)
    found = {record.account for record in records if record.account}
    assert found == ({"1"} if account == one else {"2", "3"})


def test_posthog_in_a_csv_file(tmp_path: Path) -> None:
    text = 'uuid,event,properties,distinct_id,timestamp\n1,Edit,"{""rows"": 3}",u1,2026-03-01T12:00:00Z\n'
    (record,), _ = read(tmp_path, table(tmp_path, text), Mapping(form="posthog"))
    assert (record.person, record.properties, record.message_id) == ("u1", {"rows": 3.0}, "1")


def test_rows_with_both_ids_identify_once_at_the_first_time(tmp_path: Path) -> None:
    text = (
        "time,event,user,device\n"
        "2026-03-01T14:00Z,Edit,ann,d1\n2026-03-01T13:00Z,Edit,ann,d1\n2026-03-01T12:00Z,Visit,,d1\n"
    )  # fmt: skip
    mapping = Mapping(time="time", event="event", person="user", anonymous="device")
    rows = [dict(zip(text.splitlines()[0].split(","), line.split(","), strict=True)) for line in text.splitlines()[1:]]
    for name, file in (("csv", table(tmp_path, text)), ("json", lines(tmp_path, *rows))):
        records, _ = read(tmp_path / name, file, mapping)
        assert [(record.time, record.kind.name, record.person, record.value) for record in records] == [
            (NOON, "EVENT", "d1", None),
            (NOON + HOUR, "IDENTITY", "ann", "d1"),
            (NOON + HOUR, "EVENT", "ann", None),
            (NOON + 2 * HOUR, "EVENT", "ann", None),
        ]


def test_events_can_make_members(tmp_path: Path) -> None:
    text = "time,event,user,company\n2026-03-01T14:00Z,Edit,ann,acme\n2026-03-01T13:00Z,Edit,ann,acme\n"
    mapping = Mapping(time="time", event="event", person="user", account="company", joins=True)
    records, _ = read(tmp_path, table(tmp_path, text), mapping)
    assert [(record.time, record.kind) for record in records] == [
        (NOON + HOUR, Kind.JOIN),
        (NOON + HOUR, Kind.EVENT),
        (NOON + 2 * HOUR, Kind.EVENT),
    ]


def test_tables_of_people_accounts_and_memberships(tmp_path: Path) -> None:
    people = table(tmp_path, "id,org,job,since\nann,acme,cto,2026-03-01\nbob,,,\n", "people.csv")
    mapping = Mapping(table="people", person="id", account="org", role="job", time="since")
    records, _ = read(tmp_path / "1", people, mapping, learned_at=NOON)
    assert [(record.time, record.kind, record.name, record.account) for record in records] == [
        (NOON - 12 * HOUR, Kind.JOIN, "cto", "acme")
    ]
    accounts = table(tmp_path, "id,plan,seats,blank\nacme,pro,5,\n", "accounts.csv")
    records, _ = read(tmp_path / "2", accounts, Mapping(table="accounts", account="id"), learned_at=NOON)
    assert [(record.time, record.name, record.value) for record in records] == [
        (NOON, "plan", "pro"),
        (NOON, "seats", 5.0),
    ]
    members = table(tmp_path, "u,a,r,f,t\nann,acme,admin,2026-03-01,2026-03-02\n", "members.csv")
    mapping = Mapping(table="memberships", person="u", account="a", role="r", time="f", left="t")
    records, _ = read(tmp_path / "3", members, mapping)
    assert [(record.time, record.kind, record.name) for record in records] == [
        (NOON - 12 * HOUR, Kind.JOIN, "admin"),
        (NOON + 12 * HOUR, Kind.LEAVE, ""),
    ]


@pytest.mark.parametrize("name", ["csv", "json"])
@pytest.mark.parametrize(
    ("row", "timeless", "kinds"),
    [
        (("acme", "2026-03-01", "2026-03-02"), False, ["JOIN", "LEAVE"]),
        (("acme", "2026-03-01", "2026-03-01"), False, ["LEAVE"]),
        (("acme", "2026-03-01", "2026-02-01"), False, ["LEAVE"]),
        (("acme", "", "2025-06-01"), False, ["LEAVE"]),
        (("acme", "", "2027-06-01"), False, ["JOIN", "LEAVE"]),
        (("acme", "", "2025-06-01"), True, ["JOIN", "LEAVE"]),
        (("", "2026-03-01", "2026-03-02"), False, []),
    ],
)
def test_a_membership_that_does_not_end_after_it_began_is_over(
    name: str, row: tuple[str, ...], timeless: bool, kinds: list[str], tmp_path: Path
) -> None:
    cells = dict(zip(("org", "since", "left"), row, strict=True))
    file = table(tmp_path, f"id,org,since,left\nann,{','.join(row)}\n")
    if name == "json":
        file = lines(tmp_path, {"id": "ann", **cells})
    mapping = Mapping(table="people", person="id", account="org", time="since", left="left", timeless=timeless)
    archive = Archive.open(tmp_path / "archive")
    assert archive.ingest(file, mapping, learned_at=NOON).kept_aside == 0
    found = [
        [timeline.vocabulary.names[what][0].name for what in timeline.what]
        for timeline in archive.timelines()
        if timeline.vocabulary.people
    ]
    assert found[:1] == ([kinds] if kinds else [])


def test_deals_become_events(tmp_path: Path) -> None:
    deals = table(
        tmp_path, "account,stage,amount,closed\nacme,closedwon,500,2026-03-01\nbolt,Closed Lost,1,2026-03-02\n"
    )
    mapping = Mapping(table="deals", account="account", event="stage", time="closed")
    records, _ = read(tmp_path, deals, mapping)
    assert [(record.name, record.account, record.properties) for record in records] == [
        ("Deal Won", "acme", {"amount": 500.0}),
        ("Deal Lost", "bolt", {"amount": 1.0}),
    ]


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("ClosedWon", "Deal Won"),
        ("dealwon", "Deal Won"),
        ("Closed - Won (100%)", "Deal Won"),
        ("closed_lost", "Deal Lost"),
        ("Lost: not interested", "Deal Lost"),
        ("not won", "Deal Not Won"),
        ("Not yet won", "Deal Not Yet Won"),
        ("Lost, competitor won", "Deal Lost, Competitor Won"),
        ("Almost", "Deal Almost"),
    ],
)
def test_only_a_stage_that_says_so_is_won_or_lost(stage: str, name: str) -> None:
    assert deal_name(stage) == name


def test_timeless_traits_hold_from_the_first_record(tmp_path: Path) -> None:
    events = table(tmp_path, "time,event,user,company\n2026-03-01T12:00Z,Edit,ann,acme\n2026-03-01T10:00Z,Edit,bob,\n")
    people = table(tmp_path, "id,job\nann,cto\ncyd,dev\n", "people.csv")
    later = NOON + 500 * HOUR
    mapping = Mapping(table="people", person="id")
    expected = {
        (): [later, later],
        (("person", "job"),): [NOON, NOON - 2 * HOUR],
    }
    for timeless, times in expected.items():
        archive = Archive.open(tmp_path / str(len(timeless)), timeless=timeless)
        archive.ingest(events, FLAT)
        archive.ingest(people, mapping, learned_at=later)
        found = {}
        for timeline in archive.timelines():
            for row in range(len(timeline)):
                if timeline.vocabulary.names[timeline.what[row]][0] == Kind.PERSON_TRAIT:
                    found[timeline.vocabulary.people[timeline.person[row]]] = int(timeline.time[row])
        assert [found["ann"], found["cyd"]] == times


def test_another_reading_builds_the_blocks_anew(tmp_path: Path) -> None:
    rows = [
        {"time": 0, "kind": "join", "person": "ann", "account": "acme"},
        {"time": 0, "kind": "join", "person": "ann", "account": "bolt"},
        {"time": 1, "kind": "event", "name": "Edit", "person": "ann"},
    ]
    Archive.open(tmp_path / "archive").ingest(lines(tmp_path, *rows), Mapping(table="records"))
    belongs = {}
    for attribution in ("only", "latest", "only"):
        archive = Archive.open(tmp_path / "archive", attribution=attribution)  # type: ignore[arg-type]
        (timeline,) = archive.timelines()
        belongs[attribution] = len(timeline)
    assert belongs == {"only": 5, "latest": 6}


DAY_FIRST = "01.03.2026 13:00"


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("1772366400", {}),
        ("1772366400.0", {}),
        ("1772366400000", {}),
        ("1772366400000000", {}),
        ("1772366400000000000", {}),
        ("2026-03-01T12:00:00.000Z", {}),
        ("2026-03-01 12:00:00 UTC", {}),
        ("2026-03-01 12:00", {}),
        ("2026-03-01T04:00:00-08:00", {}),
        ("2026-03-01 13:00", {"timezone": "Europe/Berlin"}),
        ("2026-03-01 12:00+00", {"timezone": "Europe/Berlin"}),
        (DAY_FIRST, {"time_format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"}),
        ("2026-03-01 13:00 +0100", {"time_format": "%Y-%m-%d %H:%M %z"}),
        ("1772366.4", {"time_unit": "ms", "shift": True}),
    ],
)
def test_times_are_read_alike_in_tables_and_in_json(tmp_path: Path, text: str, settings: dict[str, Any]) -> None:
    wanted = 1_772_366_400 if settings.pop("shift", False) else NOON
    mapping = Mapping(time="time", event="event", person="user", **settings)
    files = [
        table(tmp_path, f"time,event,user\n{text},Edit,ann\n"),
        lines(tmp_path, {"time": text, "event": "Edit", "user": "ann"}),
    ]
    for number, file in enumerate(files):
        (record,), aside = read(tmp_path / str(number), file, mapping)
        assert (record.time, aside) == (wanted, [])


def test_times_in_parquet(tmp_path: Path) -> None:
    noon = datetime(2026, 3, 1, 12)
    columns = {
        "seconds": pa.array([NOON // 1_000_000]),
        "float": pa.array([NOON / 1e6]),
        "nanoseconds": pa.array([noon], pa.timestamp("ns")),
        "zoned": pa.array([noon], pa.timestamp("s", "America/New_York")),
        "date": pa.array([noon.date()], pa.date32()),
    }
    for name, column in columns.items():
        file = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"time": column, "event": ["Edit"], "user": ["ann"]}), file)
        (record,), _ = read(tmp_path / name, file, Mapping(time="time", event="event", person="user"))
        assert record.time == (from_datetime(datetime(2026, 3, 1)) if name == "date" else NOON)
