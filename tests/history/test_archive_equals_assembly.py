"""The archive and `assemble` are two ways to one timeline, in any order of arrival and any split into files."""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireflower.history.archive import Archive
from fireflower.history.assembly import assemble
from fireflower.history.mapping import Mapping
from fireflower.history.memberships import ATTRIBUTIONS, Attribution
from fireflower.model.records import Kind, Record
from fireflower.model.timeline import Timeline

PEOPLE = ["ann", "bob", "cyd", "Ünal", "device-1", "device-2"]
ACCOUNTS = ["acme", "bolt", "çelik"]
TIMES = st.integers(0, 6).map(lambda hour: hour * 3_600_000_000)
VALUES = st.sampled_from([1, 1.0, 2.5, "free", "pro", "", True, False, None, ["a", 1], float("nan")])
PROPERTIES = st.dictionaries(st.sampled_from(["rows", "plan", "plan.name"]), VALUES, max_size=2)
NESTED = st.one_of(
    PROPERTIES, st.fixed_dictionaries({"plan": st.fixed_dictionaries({"name": VALUES, "seats": VALUES})})
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(list(Kind)))
    person, account = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(ACCOUNTS))
    more: dict[str, Any] = {"received": draw(st.sampled_from([None, None, 5 * 3_600_000_000, 9 * 3_600_000_000]))}
    time = draw(TIMES)
    if kind == Kind.IDENTITY:
        return Record(time, kind, person=person, value=draw(st.sampled_from(PEOPLE)), **more)
    if kind == Kind.EVENT:
        names_account, names_person = draw(st.sampled_from([(0, 1), (1, 1), (1, 0)]))
        name = draw(st.sampled_from(["Edit", "Share"]))
        who = {"person": person if names_person else None, "account": account if names_account else None}
        return Record(time, kind, name, **who, properties=draw(NESTED), **more)
    if kind == Kind.PERSON_TRAIT:
        return Record(time, kind, draw(st.sampled_from(["plan", "age"])), person, None, draw(VALUES), **more)
    if kind == Kind.ACCOUNT_TRAIT:
        return Record(time, kind, draw(st.sampled_from(["plan", "seats"])), None, account, draw(VALUES), **more)
    role = draw(st.sampled_from(["", "admin", "viewer"])) if kind == Kind.JOIN else ""
    return Record(time, kind, role, person, account, **more)


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Some records; some have a message id of their own."""
    found = draw(st.lists(records(), max_size=25))
    with_ids = draw(st.integers(0, len(found)))
    numbers = draw(st.permutations(range(with_ids)))
    named = [with_id(record, f"m{number}") for record, number in zip(found[:with_ids], numbers, strict=True)]
    return named + found[with_ids:]


def with_id(record: Record, id: str) -> Record:
    fields = {name: getattr(record, name) for name in Record.__struct_fields__}
    return Record(**{**fields, "message_id": id})


def as_json(record: Record) -> str:
    said = {name: getattr(record, name) for name in Record.__struct_fields__}
    said["kind"] = record.kind.name.lower().replace("_", " ")
    text = json.dumps({key: value for key, value in said.items() if value is not None}, ensure_ascii=False)
    return text.replace("NaN", "null")


def write(folder: Path, parts: list[list[Record]]) -> list[Path]:
    files = []
    for number, part in enumerate(parts):
        if part:
            files.append(folder / f"{number}.jsonl")
            files[-1].write_text("".join(as_json(record) + "\n" for record in part), encoding="utf-8")
    return files


def plain(timeline: Timeline) -> dict[str, Any]:
    """A timeline in words, so that timelines with different codes compare."""
    words = timeline.vocabulary
    rows = []
    for i in range(len(timeline)):
        kind, name = words.names[timeline.what[i]]
        detail = int(timeline.detail[i])
        values = words.traits[kind, name] if "TRAIT" in kind.name else words.roles
        person, account = int(timeline.person[i]), int(timeline.account[i])
        said = {path: float(column[i]) for path, column in timeline.numbers.items() if not np.isnan(column[i])}
        said |= {path: words.texts[path][column[i]] for path, column in timeline.codes.items() if column[i] >= 0}
        rows.append(
            (
                int(timeline.time[i]),
                kind.name,
                name,
                words.people[person] if person >= 0 else None,
                words.accounts[account] if account >= 0 else None,
                int(timeline.target[i]),
                repr(values[detail]) if detail >= 0 else None,
                None if timeline.received is None else int(timeline.received[i]),
                repr(sorted(said.items())),
            )
        )
    return {
        "rows": rows,
        "names": list(words.names),
        "people": list(words.people),
        "accounts": list(words.accounts),
        "starts": timeline.starts.tolist(),
        "first_person": timeline.first_person.tolist(),
        "first_account": timeline.first_account.tolist(),
    }


def whole(archive: Archive) -> Timeline:
    (timeline,) = archive.timelines(["rows", "plan", "plan.name", "plan.seats"])
    return timeline


@pytest.fixture(autouse=True, scope="module")
def hasty() -> Iterator[None]:
    """These tests kill nothing, so nothing need be waited for on disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True, scope="module", params=["usual sizes", "a few rows at a time"])
def sizes(request: pytest.FixtureRequest) -> Iterator[None]:
    """In pieces of a few rows, small histories go through all that large ones do."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "usual sizes":
            patch.setattr("fireflower.history.archive.rows.CHUNK", 5)
            patch.setattr("fireflower.history.archive.generation._BUCKET", 4)
            patch.setattr("fireflower.history.archive.suspects._BUCKET", 3)
        yield


RECORDS = Mapping(table="records")
QUIET = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@QUIET
@given(histories(), st.integers(0, 2**32), st.sampled_from(ATTRIBUTIONS))
def test_any_split_and_order_gives_the_assembled_timeline(
    history: list[Record], seed: int, attribution: Attribution
) -> None:  # fmt: skip
    chance = random.Random(seed)
    shuffled = history[:]
    chance.shuffle(shuffled)
    parts: list[list[Record]] = [[], [], []]
    for record in shuffled:
        parts[chance.randrange(3)].append(record)
    expected = as_many_as_the_fullest_file_has(parts)
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(Path(folder) / "archive", attribution=attribution)
        for file in write(Path(folder), parts):
            archive.ingest(file, RECORDS)
        if not history:
            assert list(archive.timelines()) == []
            return
        assert plain(whole(archive)) == plain(assemble(expected, attribution=attribution))


def as_many_as_the_fullest_file_has(parts: list[list[Record]]) -> list[Record]:
    """Records with a message id once; of equal ones without, as many as the file has that has most."""
    most: Counter[Any] = Counter()
    found: dict[Any, Record] = {}
    for part in parts:
        keys = [content(record) for record in part]
        found.update(zip(keys, part, strict=True))
        most |= Counter(keys)
    return [found[key] for key, count in most.items() for _ in range(1 if found[key].message_id else count)]


def content(record: Record) -> Any:
    return (record.order(), record.received)


@QUIET
@given(histories(), st.integers(0, 2**32))
def test_overlapping_exports_change_nothing(history: list[Record], seed: int) -> None:
    chance = random.Random(seed)
    parts = [[record for record in history if chance.random() < 0.7] for _ in range(2)] + [history]
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(Path(folder) / "archive")
        files = write(Path(folder), parts)
        if not files:
            return
        archive.ingest(files, RECORDS)
        assert plain(whole(archive)) == plain(assemble(history))
        before = archive.summary()
        again = archive.ingest(files, RECORDS)
        assert (again.new, [file.known for file in again.files]) == (0, [True] * len(files))
        assert archive.summary() == before


@QUIET
@given(st.lists(records(), min_size=2, max_size=6), st.integers(0, 2**32))
def test_of_different_records_with_one_message_id_the_first_in_canonical_order_stays(
    found: list[Record], seed: int
) -> None:  # fmt: skip
    alike = [with_id(record, "m") for record in found]
    shuffled = alike[:]
    random.Random(seed).shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(Path(folder) / "archive")
        for file in write(Path(folder), [[record] for record in shuffled]):
            archive.ingest(file, RECORDS)
        assert plain(whole(archive)) == plain(assemble(alike))


@QUIET
@given(histories())
def test_a_subjects_own_block_and_history_are_those_of_the_whole(history: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(Path(folder) / "archive")
        for file in write(Path(folder), [history]):
            archive.ingest(file, RECORDS)
        people = archive.vocabulary().people
        for id in people:
            own = archive.subject("person", id)
            rows = range(own.first_row, own.first_row + len(own))
            behind = archive.records(rows)
            assert [record.time for record in behind] == own.time.tolist()
            records = archive.history("person", id)
            assert [record.time for record in records] == sorted(record.time for record in records)
