"""Odd and broken files: what is kept aside, what is refused, and what is said of it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fireflower.history.archive import Archive, importing
from fireflower.history.archive.segments import Dictionaries
from fireflower.history.mapping import Mapping
from fireflower.history.readers.guessing import guess_mapping
from fireflower.history.readers.lines import is_mixed
from fireflower.model.errors import InputError, ProjectError, UnknownSubjectError

FLAT = Mapping(time="time", event="event", person="user")
GOOD = "2026-03-01T12:00:00Z,Edit,ann\n"


def table(tmp_path: Path, text: str | bytes, name: str = "in.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def aside(tmp_path: Path, file: Path, mapping: Mapping = FLAT) -> list[tuple[int, str, str]]:
    archive = Archive.open(tmp_path / "archive")
    report = archive.ingest(file, mapping)
    found = list(archive.rejects())
    assert report.kept_aside == len(found)
    assert all(row.file == str(file) for row in found)
    return [(row.line, row.reason, row.raw) for row in found]


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0), gzip.compress(b"  \n", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = table(tmp_path, content)
    for use in (guess_mapping, lambda file: Archive.open(tmp_path / "archive").ingest(file, FLAT)):
        with pytest.raises(InputError, match=r"in\.csv is empty. Expected a table with a header, JSON, or Parquet"):
            use(file)
    assert not (tmp_path / "archive" / "manifest.json").exists()


def test_a_header_alone_has_nothing_to_guess_by_and_nothing_to_import(tmp_path: Path) -> None:
    file = table(tmp_path, "time,event,user\n")
    with pytest.raises(InputError, match="has a header and no rows"):
        guess_mapping(file)
    report = Archive.open(tmp_path / "archive").ingest(file, FLAT)
    assert (report.read, report.new) == (0, 0)


@pytest.mark.parametrize("content", ["[]", '{"batch": []}', "[[1], [2]]", '{"event": "Edit", "rows": 1e400}\n'])
def test_json_without_an_object_that_can_be_read_is_not_called_a_table(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"in\.json holds no JSON object that can be read. There is nothing to import"):
        guess_mapping(table(tmp_path, content, "in.json"))


def test_a_file_without_users_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = table(tmp_path, "time,event,rows\n2026-03-01,Edit,3\n2026-03-01,Edit,3\n")
    with pytest.raises(InputError, match=r"looks like people or accounts. Its columns are: .*person: user_id"):
        guess_mapping(file)
    with pytest.raises(InputError, match="needs a column of people or accounts"):
        Archive.open(tmp_path / "archive").ingest(file, Mapping(time="time", event="event"))


def test_a_wrong_column_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = table(tmp_path, "time,event,user_id\n" + GOOD)
    with pytest.raises(InputError, match=r"has no column 'userid'. Did you mean 'user_id'"):
        Archive.open(tmp_path / "archive").ingest(file, Mapping(time="time", event="event", person="userid"))


def test_times_that_cannot_be_are_kept_aside(tmp_path: Path) -> None:
    file = table(
        tmp_path,
        "time,event,user\n" + GOOD + "9999-12-31,Edit,ann\n,Edit,ann\nyesterday,Edit,ann\n1969-12-31,Edit,ann\n" + GOOD,
    )
    found = aside(tmp_path, file)
    assert [line for line, _, _ in found] == [3, 4, 5, 6]
    reasons = [reason for _, reason, _ in found]
    assert reasons[0] == (
        "the time '9999-12-31' is outside 1970-01-01 .. 2100-01-01: a mistake of a clock or of the unit"
    )
    assert reasons[1] == "there is no time"
    assert reasons[2].startswith("cannot read the time 'yesterday': expected ISO 8601 or a number since 1970")
    assert "outside" in reasons[3]
    assert found[0][2] == "9999-12-31,Edit,ann"


def test_tables_and_json_give_the_same_reasons(tmp_path: Path) -> None:
    rows = [
        ("9999-12-31", "Edit", "ann"),
        ("", "Edit", "ann"),
        ("soon", "Edit", "ann"),
        ("5", "", "ann"),
        ("5", "Edit", ""),
    ]
    text = "time,event,user\n" + "".join(",".join(row) + "\n" for row in rows)
    in_table = aside(tmp_path / "1", table(tmp_path, text))
    objects = "".join(json.dumps(dict(zip(("time", "event", "user"), row, strict=True))) + "\n" for row in rows)
    in_json = aside(tmp_path / "2", table(tmp_path, objects, "in.jsonl"))
    assert [reason for _, reason, _ in in_table] == [reason for _, reason, _ in in_json]
    assert [line for line, _, _ in in_table] == [line + 1 for line, _, _ in in_json] == [2, 3, 4, 5, 6]


def test_rows_that_name_nobody_are_kept_aside_unless_they_name_an_account(tmp_path: Path) -> None:
    file = table(tmp_path, "time,event,user,org\n2026-03-01,Edit,,acme\n2026-03-01,Edit,,\n")
    mapping = Mapping(time="time", event="event", person="user", account="org")
    assert aside(tmp_path, file, mapping) == [(3, "names no person and no account", "2026-03-01,Edit,,")]
    assert Archive.open(tmp_path / "archive").summary().records == 1


TOO_LONG = "an id has 501 characters, and ids of people and accounts have at most 500: shorten it"


@pytest.mark.parametrize("part", ["user", "visitor", "company"])
@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_ids_by_which_nobody_can_be_asked_for_are_kept_aside(tmp_path: Path, format: str, part: str) -> None:
    """Characters are counted, not bytes; and those of ids, not of other texts."""
    good = {"time": "2026-03-01", "event": "e" * 501, "user": "ä" * 500, "visitor": "v" * 500, "company": "c" * 500}
    rows = [{**good, "id": "m" * 501}, {**good, part: "ä" * 501, "id": "another"}]
    file = tmp_path / f"in.{format}"
    if format == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif format == "jsonl":
        file.write_text("\n".join(map(json.dumps, rows)))
    else:
        file.write_text("\n".join(",".join(row) for row in ([*rows[0]], *(row.values() for row in rows))))
    mapping = Mapping(
        time="time", event="event", person="user", anonymous="visitor", account="company", message_id="id"
    )
    ((line, reason, _),) = aside(tmp_path, file, mapping)
    assert (line, reason) == (3 if format == "csv" else 2, TOO_LONG)
    assert Archive.open(tmp_path / "archive").summary().events == {"e" * 501: 1}


def test_messages_with_such_ids_are_kept_aside_too(tmp_path: Path) -> None:
    track = {"type": "track", "event": "Edit", "timestamp": "2026-03-01"}
    long = [
        {**track, "userId": "u" * 501},
        {**track, "userId": "ann", "context": {"groupId": "g" * 501}},
        {**track, "type": "alias", "userId": "ann", "previousId": "p" * 501},
    ]
    file = table(tmp_path, "\n".join(map(json.dumps, [{**track, "userId": "u" * 500}, *long])), "in.jsonl")
    assert [(line, reason) for line, reason, _ in aside(tmp_path, file, Mapping(form="segment"))] == [
        (line, TOO_LONG) for line in (2, 3, 4)
    ]
    capture = {"event": "Ran", "distinct_id": "ann", "timestamp": "2026-03-01"}
    more = [
        {**capture, "distinct_id": "u" * 501},
        {**capture, "properties": {"$groups": {"company": "g" * 501}}},
        {**capture, "event": "$create_alias", "properties": {"alias": "a" * 501}},
    ]
    file = table(tmp_path, "\n".join(map(json.dumps, [capture, *more])), "more.jsonl")
    report = Archive.open(tmp_path / "archive").ingest(file, Mapping(form="posthog"))
    assert (report.kept_aside, report.files[0].reason) == (3, TOO_LONG)


def test_lines_that_do_not_fit_the_header_are_kept_aside(tmp_path: Path) -> None:
    file = table(tmp_path, b"time,event,user\n" + GOOD.encode() + b"2026-03-01,Edit\n2026,E,a,b,c\n2026,\xff\xfe,a\n")
    found = aside(tmp_path, file)
    assert [line for line, _, _ in found] == [3, 4, 5]
    assert "Expected Number of Columns: 3 Found: 2" in found[0][1]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ends", ["\r\n \n \r\n", "\n \r\n \n", "\r\n \r\n \n", "\r\n \r\r\n \r", "\r \n \r"])
def test_lines_may_end_in_different_ways(tmp_path: Path, ends: str, packed: bool) -> None:
    rows = ["time,event,user,note", "2026-03-01,E,ann,a", "2026-03-02,E,ben,c,d", '2026-03-03,E,cleo,"b\nc"']
    text = "".join(row + end for row, end in zip(rows, [*ends.split(" "), ""], strict=True)).encode()
    file = table(tmp_path, gzip.compress(text, mtime=0) if packed else text)
    guessed = guess_mapping(file).mapping
    found = aside(tmp_path, file, guessed)
    assert [(line, reason) for line, reason, _ in found] == [(3, "Expected Number of Columns: 4 Found: 5")]
    notes = [record.properties["note"] for record in Archive.open(tmp_path / "archive").records([0, 1])]
    assert sorted(notes) == ["a", "b\nc"]


def test_what_the_database_cannot_read_is_refused_in_one_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("fireflower.history.readers.columns.is_mixed", lambda *_: False)
    file = table(tmp_path, "time,event,user\r\n" + GOOD + GOOD)
    for use in (guess_mapping, lambda file: Archive.open(tmp_path / "archive").ingest(file, FLAT)):
        with pytest.raises(InputError, match=r"in.csv is damaged or breaks off \(.*\)\. Copy or export it") as error:
            use(file)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rows", [60, 60_000])
@pytest.mark.parametrize(("first", "then"), [*permutations(["\n", "\r\n", "\r"], 2)])
def test_lines_may_begin_to_end_differently_anywhere(
    tmp_path: Path, first: str, then: str, rows: int, packed: bool, monkeypatch
) -> None:
    """Each row is read once, and what is kept aside stands where it does, before and after that."""
    monkeypatch.setattr("fireflower.history.readers.lines._PIECE", 1 << 10)
    lines = [f'2026-03-01,E,user-{i},"a{first}b"' for i in range(rows)]
    wrong = {3: "soon,E,ann,b", 5: "2026-03-01,E", rows - 5: "2026-03-01", rows - 3: "later,E,ann,\u2028"}
    lines = [wrong.get(number, line) for number, line in enumerate(lines)]
    half = rows // 2
    text = "".join(line + end for line, end in zip(lines, [first] * half + [then] * (rows - half), strict=True))
    text = f"time,event,user,note{first}{text}"
    file = table(tmp_path, gzip.compress(text.encode(), 1) if packed else text)
    found = aside(tmp_path, file)
    assert [raw for _, _, raw in found] == list(wrong.values())
    assert [line for line, _, _ in found] == [2 + 2 * number - sum(each < number for each in wrong) for number in wrong]
    archive = Archive.open(tmp_path / "archive")
    assert archive.summary().events == {"E": rows - 4} and archive.summary().people == rows - 4


@pytest.mark.parametrize(("first", "then"), [*permutations(["\n", "\r\n", "\r"], 2)])
def test_so_may_lines_that_end_with_a_quote_after_many_megabytes(tmp_path: Path, first: str, then: str) -> None:
    """Where the database notices only that a quote is not closed."""
    lines = [f'"2026-03-01","E","user-{i}","{"a" * 8000}"{first if i < 2500 else then}' for i in range(3000)]
    text = f"time,event,user,note{first}{''.join(lines)}"
    report = Archive.open(tmp_path / "archive").ingest(table(tmp_path, text), FLAT)
    assert (report.read, report.new, report.kept_aside) == (3000, 3000, 0)


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 64])
@pytest.mark.parametrize(
    ("rows", "mixed"),
    [
        ('a;"b\r\nc"\nd;e\n', False),
        ('a;"b""\r\n""c"\n"d";"\re"\n', False),
        ('a; "b\r\nc" \nd;""\n', False),
        ('a;5" long\nb;"c\r\nd"\n', False),
        ('a;5" long\nb;6\r\n', True),
        ('a;5" long\nb;"6"\r\n"c";7" long\n', True),
        ('"a";""\n"b";""\r\n', True),
        ('"a";"b"\r"c";"d"\n', True),
        ("a;b\r\nc;d\r\r\n", True),
        ('a;b\r\nc;"d\r\n', False),
        ("a;b\r\nc;d\r", True),
        ("", False),
    ],
)
def test_only_what_is_not_in_quotes_is_an_end_of_a_line(
    tmp_path: Path, rows: str, mixed: bool, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fireflower.history.readers.lines._PIECE", piece)
    assert is_mixed(table(tmp_path, rows.encode()), "", ";") == mixed


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_counted_with_empty_ones_and_those_within_cells(tmp_path: Path, end: str, packed: bool) -> None:
    rows = ["", "time,event,user,note", "2026-03-01,E,ann,a", "", "", "soon,E,ann,b", '2026-03-01,E,ben,"c', "", 'd"']
    text = end.join([*rows, "2026-03-01,E", "", "later,E,ann,e"]).encode()
    found = aside(tmp_path, table(tmp_path, gzip.compress(text, mtime=0) if packed else text))
    assert [(line, raw) for line, _, raw in found] == [
        (6, "soon,E,ann,b"), (10, "2026-03-01,E"), (12, "later,E,ann,e")
    ]  # fmt: skip


def test_broken_json_lines_are_kept_aside(tmp_path: Path) -> None:
    good = {"time": 1772366400, "event": "Edit", "user": "ann"}
    deep = '{"time":1,"event":"E","user":"a","x":' + "[" * 3000 + "]" * 3000 + "}"
    texts = ["{broken", json.dumps(good), "", '"text"', json.dumps({**good, "user": ["a"]}), deep, '{"a":"\x01"}']
    found = aside(tmp_path, table(tmp_path, "\n".join(texts), "in.jsonl"))
    assert [line for line, _, _ in found] == [1, 4, 5, 6, 7]
    assert found[0][1].startswith("not JSON:")
    assert found[2][1] == "expected person to be text or a number, got ['a']"
    assert found[3][2] == deep


def test_bad_segment_messages_are_kept_aside(tmp_path: Path) -> None:
    base = {"timestamp": "2026-03-01T12:00:00Z", "userId": "ann"}
    rows = [
        {**base, "type": "trak"},
        {**base, "type": "group"},
        {**base, "type": "alias"},
        {**base, "type": "track"},
        {"type": "track", "event": "Edit", "timestamp": "2026-03-01"},
        {**base, "type": "track", "event": "Edit", "properties": [1]},
        {**base, "type": "identify", "traits": "x"},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    reasons = [reason for _, reason, _ in aside(tmp_path, table(tmp_path, text, "in.jsonl"), Mapping(form="segment"))]
    for reason, part in zip(
        reasons,
        ("expected type", "groupId", "previousId", "no event", "no person", "to be an object", "traits"),
        strict=True,
    ):
        assert part in reason


def test_properties_that_are_no_object_are_kept_aside(tmp_path: Path) -> None:
    cells = ["{broken", '"[1]"', '"{""x"": 1}"', ""]
    text = "time,event,user,props\n" + "".join(f"2026-03-01,E,a,{cell}\n" for cell in cells)
    mapping = Mapping(time="time", event="event", person="user", properties="props")
    found = aside(tmp_path, table(tmp_path, text), mapping)
    assert [(line, reason) for line, reason, _ in found] == [
        (2, "expected props to be a JSON object"),
        (3, "expected props to be a JSON object"),
    ]


def test_strict_refuses_and_imports_nothing(tmp_path: Path) -> None:
    good = table(tmp_path, "time,event,user\n" + GOOD, "a.csv")
    bad = table(tmp_path, "time,event,user\n" + GOOD + ",Edit,ann\n", "b.csv")
    archive = Archive.open(tmp_path / "archive")
    with pytest.raises(InputError, match=r"b\.csv has rows that cannot be read.*\n  line 3: there is no time"):
        archive.ingest([good, bad], FLAT, strict=True)
    assert archive.summary().records == 0
    assert list((tmp_path / "archive" / "segments").iterdir()) == []


@pytest.mark.parametrize("name", ["in.csv.gz", "in.jsonl.gz"])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, name: str) -> None:
    row = '{"time":"2026-03-01","event":"E","user":"%d"}\n' if "json" in name else "2026-03-01,E,%d\n"
    text = ("" if "json" in name else "time,event,user\n") + "".join(row % (i * 7919) for i in range(20_000))
    packed = gzip.compress(text.encode(), mtime=0)
    archive = Archive.open(tmp_path / "archive")
    with pytest.raises(InputError, match="is damaged or breaks off"):
        archive.ingest(table(tmp_path, packed[: len(packed) // 2], name), FLAT)
    assert archive.summary().records == 0


def test_what_is_no_parquet_inside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is damaged"):
        Archive.open(tmp_path / "archive").ingest(table(tmp_path, b"PAR1 and then nothing", "in.parquet"), FLAT)


def test_a_csv_file_in_latin_1_is_refused_with_a_cure(tmp_path: Path) -> None:
    file = table(tmp_path, "time,event,näme\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"not in UTF-8. Convert the file"):
        Archive.open(tmp_path / "archive").ingest(file, FLAT)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_csv_file_in_utf_16_is_refused_with_its_cure(tmp_path: Path, encoding: str) -> None:
    file = table(tmp_path, ("time\tevent\tuser\n" + GOOD.replace(",", "\t")).encode(encoding), "in.txt")
    for use in (guess_mapping, lambda file: Archive.open(tmp_path / "archive").ingest(file, FLAT)):
        with pytest.raises(InputError, match=r"seems, in UTF-16.*iconv -f utf-16 -t utf-8"):
            use(file)


def test_lines_in_latin_1_are_kept_aside_with_a_cure(tmp_path: Path) -> None:
    file = table(tmp_path, ("time,event,user\n" + GOOD + GOOD.replace("ann", "jürgen")).encode("latin-1"))
    ((line, reason, _),) = aside(tmp_path, file)
    assert (line, reason) == (3, "is not in UTF-8. Convert the file, for example with: iconv -f latin1 -t utf-8")


@pytest.mark.parametrize("first", ["sep=;\r\n", "\ufeffsep=;\n", '"sep=;"\n', "\n\r\n", "  \n\n\nsep=;\n", ""])
def test_what_stands_before_the_header(tmp_path: Path, first: str) -> None:
    note = "a,b,c,d,e" if "sep" in first else "note"  # most of its commas, though they separate nothing
    end = "\r\n" if "\r" in first else "\n"
    rows = [f"time;event;user;{note}", "2026-03-01;E;ann;1", "2026-03-02;E", "soon;E;ben;2", "2026-03-03;E;cleo;3"]
    file = table(tmp_path, first + end.join(rows))
    guess = guess_mapping(file)
    assert {*guess.columns} == {"time", "event", "user", note}
    lines = [line for line, _, _ in aside(tmp_path, file, guess.mapping)]
    assert lines == [first.count("\n") + 3, first.count("\n") + 4]
    assert Archive.open(tmp_path / "archive").summary().records == 2


def test_tables_without_times_need_a_moment(tmp_path: Path) -> None:
    file = table(tmp_path, "id,plan\nacme,pro\n")
    with pytest.raises(InputError, match="has no column of times"):
        Archive.open(tmp_path / "archive").ingest(file, Mapping(table="accounts", account="id"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"persn": "x"}, "has no part 'persn'. Did you mean 'person'"),
        ({"table": "event"}, "Expected table to be one of events, people"),
        ({"timezone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"table": "memberships", "person": "u"}, "needs a column of accounts"),
        ({"time": "t", "event": "e"}, "needs a column of people or accounts"),
        ({"joins": "no"}, "Expected joins to be true or false, got 'no'"),
        ({"timeless": 1}, "Expected timeless to be true or false, got 1"),
        ({"ignore": "notes"}, r"Expected ignore to be a list of texts, such as ignore: \[one, two\], got 'notes'"),
        ({"text": ["zip", 5]}, "Expected text to be a list of texts"),
        ({"account": 5}, "Expected account to be a text, got 5. In YAML, put quotes around it: account: '5'"),
        ({"timezone": 1}, "Expected timezone to be a text"),
        ({"time": ["time"]}, r"Expected time to be a text, got \['time'\]"),
    ],
)
def test_a_wrong_mapping_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Mapping.parse(settings)


def test_ten_megabytes_of_properties_and_all_of_unicode(tmp_path: Path) -> None:
    large, odd = "x" * 10_000_000, "Ünïcödé 🌸\u2028 'quoted\" \\ \t."
    rows = [
        {"time": 1772366400, "event": odd, "user": odd, "text": large, "k\"e'y 🌸": odd},
        {"time": 1772366401, "event": odd, "user": odd, "text": odd},
    ]
    texts = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    archive = Archive.open(tmp_path / "json")
    archive.ingest(table(tmp_path, texts, "in.jsonl"), FLAT)
    (timeline,) = archive.timelines(["text", "k\"e'y 🌸"])
    assert [len(text) for text in timeline.vocabulary.texts["text"]] == [10_000_000, len(odd)]
    assert list(timeline.vocabulary.texts["k\"e'y 🌸"]) == [odd]
    assert [
        record.properties["text"] == text for record, text in zip(archive.records([0, 1]), (large, odd), strict=True)
    ]
    assert archive.history("person", odd)[0].name == odd

    text = f'time,event,user,text\n1772366400,E,ann,"{large}"\n'
    archive = Archive.open(tmp_path / "csv")
    assert archive.ingest(table(tmp_path, text), FLAT).kept_aside == 0
    assert len(archive.records([0])[0].properties["text"]) == 10_000_000


def test_columns_with_awkward_names(tmp_path: Path) -> None:
    rows = {
        "time": [1772366400],
        "event": ["E"],
        "user": ["ann"],
        'it\'s "x"': [5],
        "a.b": ["y"],
        "~row": [1],
        "*": ["z"],
    }
    pq.write_table(pa.table(rows), tmp_path / "in.parquet")
    archive = Archive.open(tmp_path / "archive")
    archive.ingest(tmp_path / "in.parquet", FLAT)
    (timeline,) = archive.timelines(['it\'s "x"', "a.b"])
    assert timeline.numbers['it\'s "x"'].tolist() == [5]
    assert list(timeline.vocabulary.texts["a.b"]) == ["y"]


OWN = ("time", "event", "person", "anonymous", "account", "message_id", "received", "reason", "row", "cells")
"""What readers make of a row."""


@pytest.mark.parametrize("mark", ["~", "~~"])
@pytest.mark.parametrize("format", ["csv", "parquet", "parquet of numbers"])
def test_columns_that_are_called_like_what_is_made_of_them(tmp_path: Path, format: str, mark: str) -> None:
    first = {"time": "2026-03-01", f"{mark}event": "Edit", f"{mark}person": "ann", f"{mark}account": "acme"}
    rows = [{**first, **{f"{mark}{name}": name for name in OWN if f"{mark}{name}" not in first}}]
    rows += [{**rows[0], "time": "soon"}, {**rows[0], f"{mark}person": "bo"}]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    file = tmp_path / f"in.{format[:7]}"
    if format == "csv":
        file.write_text("\n".join(",".join(row) for row in (rows[0], *(row.values() for row in rows))))
    else:
        times = pa.array([1_772_366_400_000_000, None, 1_772_366_400_000_000], pa.timestamp("us", "UTC"))
        numbers = {"spare": pa.array([1, 2, 3], pa.decimal128(5, 0))} if format != "parquet" else {}
        pq.write_table(pa.table({**columns, "time": times, **numbers}), file)
    mapping = Mapping(time="time", event=f"{mark}event", person=f"{mark}person", account=f"{mark}account", joins=True)
    assert len(aside(tmp_path, file, mapping)) == 1
    archive = Archive.open(tmp_path / "archive")
    assert archive.summary().events == {"Edit": 2}
    assert set(archive.vocabulary().people) == {"ann", "bo"} and set(archive.vocabulary().accounts) == {"acme"}
    (timeline,) = archive.timelines([f"{mark}reason", f"{mark}message_id"])
    assert list(timeline.vocabulary.texts[f"{mark}reason"]) == ["reason"]


def test_an_unknown_subject_is_named_with_the_nearest(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "archive")
    with pytest.raises(ProjectError, match="There is no history"):
        archive.subject("person", "ann")
    archive.ingest(table(tmp_path, "time,event,user\n" + GOOD), FLAT)
    with pytest.raises(UnknownSubjectError, match=r"no person 'anne' in the history. Did you mean 'ann'"):
        archive.subject("person", "anne")


def test_rows_that_are_added_while_a_file_is_read_come_with_the_next_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, has_read = table(tmp_path, "time,event,user\n" + GOOD), threading.Event()
    digest, write_added = importing.digest, Dictionaries.write_added

    def digest_later(*arguments: Any) -> str:
        assert has_read.wait(30)
        return digest(*arguments)

    def add(self: Dictionaries, folder: Path) -> None:
        if not has_read.is_set():
            file.write_text(file.read_text() + GOOD.replace("ann", "bob"))
        has_read.set()
        write_added(self, folder)

    monkeypatch.setattr(importing, "digest", digest_later)
    monkeypatch.setattr(Dictionaries, "write_added", add)
    archive = Archive.open(tmp_path / "archive")
    assert [archive.ingest(file, FLAT).new for _ in range(2)] == [1, 1]
    assert archive.ingest(file, FLAT).files[0].known


@pytest.mark.parametrize("how", ["in place", "by another", "not at all", "gone"])
def test_a_file_that_is_written_over_while_it_is_read_is_not_known(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its fingerprint was taken of what it holds then."""
    file, other = table(tmp_path, "time,event,user\n" + GOOD), tmp_path / "other"
    digest, has_read, write_added = importing.digest, threading.Event(), Dictionaries.write_added

    def digest_later(*arguments: Any) -> str:
        assert has_read.wait(30)
        return "gone" if how == "gone" else digest(*arguments)

    def write_over(self: Dictionaries, folder: Path) -> None:
        if not has_read.is_set():
            other.write_text(file.read_text().replace("ann", "bob"))
            if how == "in place":
                file.write_text(other.read_text())
            elif how == "by another":
                other.rename(file)
            elif how == "gone":
                file.unlink()
        has_read.set()
        write_added(self, folder)

    monkeypatch.setattr(importing, "digest", digest_later)
    monkeypatch.setattr(Dictionaries, "write_added", write_over)
    archive, is_changed = Archive.open(tmp_path / "archive"), how != "not at all"
    (report,) = archive.ingest(file, FLAT).files
    assert (report.records, report.changed) == (1, is_changed)
    if how == "gone":
        return
    (again,) = archive.ingest(file, FLAT).files
    assert again.known != is_changed
    assert set(archive.vocabulary().people) == ({"ann", "bob"} if is_changed else {"ann"})
    assert archive.ingest(file, FLAT).files[0].known


def while_it_is_read(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Something that happens to the next file that is imported."""
    write_added = Dictionaries.write_added

    def write(self: Dictionaries, folder: Path) -> None:
        monkeypatch.undo()
        do()
        write_added(self, folder)

    monkeypatch.setattr(Dictionaries, "write_added", write)


@pytest.mark.parametrize("more", ["bob", ""])
def test_what_was_read_of_a_file_while_it_was_written_to_can_be_replaced(
    tmp_path: Path, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, archive = table(tmp_path, "time,event,user\n" + GOOD), Archive.open(tmp_path / "archive")
    other = table(tmp_path, "time,event,user\n" + GOOD.replace("ann", "cy"), "other.csv")
    archive.ingest(other, FLAT)
    text = "time,event,user\n" + GOOD.replace("ann", more or "ann")
    while_it_is_read(monkeypatch, lambda: file.write_text(text))
    (changed,) = archive.ingest(file, FLAT).files
    assert changed.changed and not changed.known
    report = archive.ingest(file, FLAT, replace=True)
    assert (report.new, report.files[0].changed, report.files[0].elsewise) == (1, False, False)
    assert archive.summary().events == {"Edit": 2}
    assert [Path(each.file).name for each in archive.summary().files] == ["other.csv", "in.csv"]
    assert archive.ingest(file, FLAT).files[0].known


def test_a_file_that_gets_another_name_or_right_while_it_is_read_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, archive = table(tmp_path, "time,event,user\n" + GOOD), Archive.open(tmp_path / "archive")

    def handle() -> None:
        file.chmod(0o600)
        (tmp_path / "link.csv").hardlink_to(file)

    while_it_is_read(monkeypatch, handle)
    assert not archive.ingest(file, FLAT).files[0].changed
    assert archive.ingest(file, FLAT).files[0].known
