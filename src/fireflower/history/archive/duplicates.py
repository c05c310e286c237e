"""Which records are the same as others. Records with a message id are the same if the id is; of equal records without
one, all files together hold as many as the one file that holds most of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.buckets import Buckets
from fireflower.history.archive.contents import Contents, mix
from fireflower.history.archive.rows import Rows
from fireflower.history.readers.database import connect
from fireflower.model.records import Kind

_BUCKET = 4_000_000
_CONTENT = ("time", "kind", "name", "person", "account", "value", "received")


def kept(rows: Rows, scratch: Path) -> NDArray[np.bool_]:
    """For each row, whether it stays."""
    keep = np.ones(len(rows), np.bool_)
    count = max(1, -(-len(rows) // _BUCKET))
    contents = Contents(rows, scratch / "contents")
    for part, picked, resolve in (("ids", _with_ids, _first_of_message), ("loose", _without_ids, _most_in_one_file)):
        if not _needed(rows, part):
            continue
        buckets = Buckets(scratch / part, count, {"row": np.int64, "one": np.uint64, "two": np.uint64})
        for found in picked(rows, contents):
            buckets.add((found["one"] % np.uint64(count)).astype(np.uint16), found)
        for number in range(count):
            resolve(rows, contents, buckets.read(number), keep)
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


def _with_ids(rows: Rows, contents: Contents) -> Iterator[dict[str, NDArray[Any]]]:
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


def _without_ids(rows: Rows, contents: Contents) -> Iterator[dict[str, NDArray[Any]]]:
    """Two numbers for the content of each record without a message id, of files that overlap in time."""
    overlapping = _overlapping(rows.segments)
    loose = {position: rows.segments[position].loose() for position in overlapping}
    for chunk in rows.chunks(*_CONTENT):
        if chunk.segment not in overlapping:
            continue
        start = chunk.first - int(rows.starts[chunk.segment])
        said = contents.column(chunk.segment).read(start, start + len(chunk))
        picked = np.flatnonzero(loose[chunk.segment][start : start + len(chunk)])
        content = [said[picked], *(chunk.columns[name][picked] for name in _CONTENT)]
        yield {"row": chunk.first + picked, "one": mix(*content), "two": mix(*content, np.uint64(2))}


def _first_of_message(
    rows: Rows, contents: Contents, found: dict[str, NDArray[Any]], keep: NDArray[np.bool_]
) -> None:  # fmt: skip
    """Of the records with one message id the first in canonical order stays; of equals, the one received first."""
    picked, group = _doubles(found)
    if not len(picked):
        return
    time, received = rows.take("time", picked), rows.take("received", picked)
    keys = [
        rows.account_ranks[rows.take("account", picked)],
        rows.person_ranks[rows.take("person", picked)],
        rows.word_ranks[rows.take("name", picked)],
        time,
        group,
    ]
    order = np.lexsort((picked, np.where(received < 0, time, received), *keys))
    alike = _repeats(*(key[order] for key in keys))
    said = mix(contents.take(picked), rows.take("value", picked))[order]
    order = _by_content(rows, picked, order, alike, said)
    keep[picked[order[_repeats(group[order])]]] = False


def _by_content(
    rows: Rows, picked: NDArray[np.int64], order: NDArray[np.int64], alike: NDArray[np.bool_], said: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """The same order, but of records that are alike and yet say something else, in the order of that."""
    order = order.copy()
    run = np.cumsum(~alike)
    differs = np.concatenate([[False], said[1:] != said[:-1]]) & alike
    for number in np.unique(run[differs]):
        inside = slice(*np.searchsorted(run, [number, number + 1]))
        tied = order[inside]
        records = rows.records(picked[tied])
        order[inside] = tied[sorted(range(len(tied)), key=lambda i: records[i].order())]
    return order


def _most_in_one_file(
    rows: Rows, contents: Contents, found: dict[str, NDArray[Any]], keep: NDArray[np.bool_]
) -> None:  # fmt: skip
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
