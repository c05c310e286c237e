"""Which records are the same as others. Records with a message id are the same if the id is; of equal records without
one, all files together hold as many as the one file that holds most of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.buckets import Buckets
from fireflower.history.archive.properties import hashes_of
from fireflower.history.archive.rows import CHUNK, Chunk, Rows
from fireflower.history.archive.segments import Segment
from fireflower.history.readers.database import connect
from fireflower.model.records import Kind

_BUCKET = 4_000_000
_CONTENT = ("time", "kind", "name", "person", "account", "value", "received")


def kept(rows: Rows, scratch: Path) -> NDArray[np.bool_]:
    """For each row, whether it stays."""
    keep = np.ones(len(rows), np.bool_)
    count = max(1, -(-len(rows) // _BUCKET))
    for part, picked, resolve in (("ids", _with_ids, _first_of_message), ("loose", _without_ids, _most_in_one_file)):
        if not _needed(rows, part):
            continue
        buckets = Buckets(scratch / part, count, {"row": np.int64, "one": np.uint64, "two": np.uint64})
        for found in picked(rows):
            buckets.add((found["one"] % np.uint64(count)).astype(np.uint16), found)
        for number in range(count):
            resolve(rows, buckets.read(number), keep)
    return keep


def _needed(rows: Rows, part: str) -> bool:
    if part == "ids":
        return any(segment.facts.has_ids for segment in rows.segments)
    return bool(_overlapping(rows.segments))


def _overlapping(segments: Any) -> set[int]:
    """The segments whose records without a message id fall into the same time as those of another."""
    spans = sorted(
        (segment.facts.loose.first, segment.facts.loose.last, position)
        for position, segment in enumerate(segments)
        if segment.facts.loose.records
    )
    found: set[int] = set()
    latest, owner = -1, -1
    for first, last, position in spans:
        if first <= latest:
            found |= {owner, position}
        if last > latest:
            latest, owner = last, position
    return found


def _with_ids(rows: Rows) -> Iterator[dict[str, NDArray[Any]]]:
    """Two numbers for each message id together with what the record says of it."""
    connection = connect()
    for segment, start in zip(rows.segments, rows.starts, strict=False):
        first = 0
        for ids in segment.ids():
            hashed = _hash_ids(connection, ids)
            part = {name: segment.column(name).read(first, first + len(ids)) for name in ("kind", "name", "value")}
            told = _told(part["kind"], part["name"], part["value"])
            given = hashed["given"].to_numpy(zero_copy_only=False)
            yield {
                "row": (start + first + np.arange(len(ids)))[given],
                "one": mix(hashed["one"].to_numpy(), part["kind"], told)[given],
                "two": mix(hashed["two"].to_numpy(), part["kind"], told)[given],
            }
            first += len(ids)


def _hash_ids(connection: Any, ids: Any) -> dict[str, Any]:
    import pyarrow as pa

    connection.register("ids", pa.table({"id": ids}))
    query = "SELECT id <> '' AS given, hash(id) AS one, hash('2' || id) AS two FROM ids"
    table = connection.sql(query).to_arrow_table().combine_chunks()
    return {name: table[name].combine_chunks() for name in table.column_names}


def _told(kind: NDArray[Any], name: NDArray[Any], value: NDArray[Any]) -> NDArray[Any]:
    """What tells the records of one message apart, as `Record.identity` says."""
    is_trait = (kind == Kind.ACCOUNT_TRAIT) | (kind == Kind.PERSON_TRAIT)
    return np.where(is_trait, name, np.where(kind == Kind.IDENTITY, value, 0))


def _without_ids(rows: Rows) -> Iterator[dict[str, NDArray[Any]]]:
    """Two numbers for the content of each record without a message id, of files that overlap in time."""
    positions = _overlapping(rows.segments)
    chunks = (chunk for chunk in rows.chunks(*_CONTENT) if chunk.segment in positions)
    properties: dict[int, Iterator[NDArray[np.uint64]]] = {}
    for chunk in chunks:
        segment = rows.segments[chunk.segment]
        if chunk.segment not in properties:
            properties[chunk.segment] = _in_pieces(segment)
        yield _content(rows, chunk, segment, next(properties[chunk.segment]))


def _content(rows: Rows, chunk: Chunk, segment: Segment, said: NDArray[np.uint64]) -> dict[str, NDArray[Any]]:
    content = [chunk.columns[name] for name in _CONTENT]
    row = chunk.first + np.arange(len(chunk))
    one, two = mix(said, *content), mix(said, *content, np.uint64(2))
    if not segment.facts.has_ids:
        return {"row": row, "one": one, "two": two}
    loose = np.array([not id for id in rows.ids(row)], np.bool_)
    return {"row": row[loose], "one": one[loose], "two": two[loose]}


def _in_pieces(segment: Segment) -> Iterator[NDArray[np.uint64]]:
    """The numbers for a segment's properties, in pieces as long as its chunks."""
    if not (segment.facts.forms and segment.facts.loose.events):
        for start in range(0, len(segment), CHUNK):
            yield np.zeros(min(CHUNK, len(segment) - start), np.uint64)
        return
    waiting = np.zeros(0, np.uint64)
    for piece in hashes_of(segment.properties, segment.facts.forms):
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= CHUNK:
            yield waiting[:CHUNK]
            waiting = waiting[CHUNK:]
    if len(waiting):
        yield waiting


def mix(first: NDArray[Any], *more: Any) -> NDArray[np.uint64]:
    """One well-mixed number for several: each is scattered as in the generator splitmix64."""
    mixed = np.asarray(first).astype(np.uint64)
    for column in more:
        mixed = mixed ^ (np.asarray(column).astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _first_of_message(rows: Rows, found: dict[str, NDArray[Any]], keep: NDArray[np.bool_]) -> None:
    """Of the records with one message id the first in canonical order stays; of equals, the one received first."""
    picked, group = _doubles(found)
    if not len(picked):
        return
    time = rows.take("time", picked)
    received = rows.take("received", picked)
    received = np.where(received < 0, time, received)
    names = rows.word_ranks[rows.take("name", picked)]
    people = rows.person_ranks[rows.take("person", picked)]
    accounts = rows.account_ranks[rows.take("account", picked)]
    order = np.lexsort((picked, received, accounts, people, names, time, group))
    keep[picked[order[_repeats(group[order])]]] = False


def _most_in_one_file(rows: Rows, found: dict[str, NDArray[Any]], keep: NDArray[np.bool_]) -> None:
    """Of records with the same content, as many stay as the file has that has most of them."""
    picked, group = _doubles(found)
    segment = np.searchsorted(rows.starts, picked, side="right")
    counted = ~_repeats(group, segment)
    begins = np.maximum.accumulate(np.where(counted, np.arange(len(picked)), 0))
    occurrence = np.arange(len(picked)) - begins
    order = np.lexsort((picked, occurrence, group))
    keep[picked[order[_repeats(group[order], occurrence[order])]]] = False


def _doubles(found: dict[str, NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that share both numbers with another, and a number for each group; in the order of group and row."""
    in_order = np.sort(found["one"])
    if not (in_order[1:] == in_order[:-1]).any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.lexsort((found["row"], found["two"], found["one"]))
    same = _repeats(found["one"][order], found["two"][order])
    shared = same | np.concatenate([same[1:], [False]])
    return found["row"][order][shared], np.cumsum(~same)[shared]


def _repeats(*keys: NDArray[Any]) -> NDArray[np.bool_]:
    """For each row, whether it has the same keys as the one before."""
    same = np.ones(len(keys[0]), np.bool_)
    same[:1] = False
    for key in keys:
        same[1:] &= key[1:] == key[:-1]
    return same
