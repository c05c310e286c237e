"""The rows of an archive in their blocks, as columns on disk. A generation is built anew after each import."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.assignment import ROW, Assignment
from fireflower.history.archive.buckets import Buckets
from fireflower.history.archive.dictionaries import write_texts
from fireflower.history.archive.duplicates import kept
from fireflower.history.archive.integrity import seal
from fireflower.history.archive.manifest import sync_folder, write_safely
from fireflower.history.archive.moments import Moments, Traits, kept_columns, people_behind
from fireflower.history.archive.names import Names
from fireflower.history.archive.ordering import break_ties
from fireflower.history.archive.places import Places, Survey, settle, survey
from fireflower.history.archive.replay import Replay
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.store import ColumnWriter, narrowest
from fireflower.history.memberships import Attribution
from fireflower.model.records import Kind

_BUCKET = 2_000_000
"""About how many rows are sorted at a time."""


@dataclass(frozen=True, slots=True)
class GenerationFacts:
    """What is known of a generation without reading its rows.

    Attributes
    ----------
    attribution, timeless : how the history was read
    segments : names of the segments it was built from
    rows, records : how many rows it has, and of how many records
    people, accounts : how many there are
    kept : how many records of each segment are in it; the others are in another, too
    first, last : the span of the records' times; `last` is -1 where there are none
    last_event : the time of the last event, -1 where there is none
    names, counts : the vocabulary's names, as (kind, name), and how many records have each
    roles : the vocabulary's roles
    columns : descriptions for `ColumnReader`
    files : the seal of all other files
    """

    attribution: Attribution
    timeless: list[list[str]]
    segments: list[str]
    rows: int
    records: int
    people: int
    accounts: int
    kept: list[int]
    first: int
    last: int
    last_event: int
    names: list[tuple[int, str]]
    counts: list[int]
    roles: list[str]
    columns: dict[str, dict[str, Any]]
    files: dict[str, list[int]] = field(default_factory=dict)


def build(
    rows: Rows,
    folder: Path,
    scratch: Path,
    *,
    attribution: Attribution,
    timeless: Traits,
    progress: Callable[[str, int, int], None],
) -> GenerationFacts:
    """Build a generation of these rows in an empty folder, out of core.

    Parameters
    ----------
    scratch : a folder for files that are needed meanwhile
    progress : is told what is being done, how many rows are done, and of how many
    """
    progress("looking for duplicates", 0, len(rows))
    keep = kept(rows, scratch)
    who = people_behind(rows, keep)
    moments = Moments(rows, keep, who, timeless)
    replayed = Replay(rows, who).run(keep, moments)
    found = survey(rows, keep, who, moments)
    places = settle(rows, found)
    names = Names(found.names, rows.dictionaries)
    assignment = Assignment(who, replayed.states, places, names, attribution)

    bucket_of = ((np.cumsum(places.load) - places.load) // _BUCKET).astype(np.uint16)
    buckets = Buckets(scratch / "rows", int(bucket_of[-1]) + 1 if places.blocks else 1, ROW)
    for columns in _assigned(rows, keep, moments, assignment, replayed.columns, progress):
        buckets.add(bucket_of[columns["block"]], columns)
    columns, starts = _sort(rows, buckets, bucket_of, places, names, folder, found, progress)
    _write_vocabulary(rows, folder, places, names, who, starts)
    facts = GenerationFacts(
        attribution=attribution,
        timeless=sorted(map(list, timeless)),
        segments=[segment.folder.name for segment in rows.segments],
        rows=int(starts[-1]),
        records=int(keep.sum()),
        people=len(places.people),
        accounts=len(places.accounts),
        kept=found.kept.tolist(),
        first=found.first,
        last=found.last,
        last_event=found.last_event,
        names=[(int(kind), name) for kind, name in names.names],
        counts=names.counts,
        roles=names.roles,
        columns=columns,
        files=seal(folder),
    )
    write_safely(folder / "generation.json", json.dumps(asdict(facts)).encode())
    sync_folder(folder)
    return facts


def _assigned(
    rows: Rows,
    keep: NDArray[np.bool_],
    moments: Moments,
    assignment: Assignment,
    replayed: dict[str, NDArray[Any]],
    progress: Callable[[str, int, int], None],
) -> Any:
    """All rows of the timeline, in pieces."""
    if len(replayed["row"]):
        yield assignment.replayed(replayed)
    for chunk in rows.chunks("time", "kind", "name", "person", "account", "value", "received", "flags"):
        kind = chunk.columns["kind"]
        traits = kept_columns(chunk, keep, kind == Kind.PERSON_TRAIT)
        if len(traits["row"]):
            yield assignment.traits({**traits, "time": moments.of(traits)})
        events = kept_columns(chunk, keep, kind == Kind.EVENT)
        if len(events["row"]):
            yield from assignment.events(events)
        progress("putting records into histories", chunk.first + len(chunk), len(rows))


def _sort(
    rows: Rows,
    buckets: Buckets,
    bucket_of: NDArray[np.uint16],
    places: Places,
    names: Names,
    folder: Path,
    found: Survey,
    progress: Callable[[str, int, int], None],
) -> tuple[dict[str, dict[str, Any]], NDArray[np.int64]]:
    """Sort the buckets, and write the columns one bucket after the other."""
    writers = _writers(rows, places, names, found, folder)
    counts = np.zeros(places.blocks, np.int64)
    first_block = np.searchsorted(bucket_of, np.arange(buckets.count + 1))
    for number in range(buckets.count):
        columns = buckets.read(number)
        block = columns.pop("block") - np.int32(first_block[number])
        order = _canonical(rows, columns, block, names.kinds(), found.first, found.last)
        if "received" in writers:
            columns["received"] = np.where(columns["received"] < 0, columns["time"], columns["received"])
        for name, writer in writers.items():
            writer.append(columns[name][order])
        inside = slice(first_block[number], first_block[number + 1])
        counts[inside] = np.bincount(block, minlength=inside.stop - inside.start)
        progress("sorting", number + 1, buckets.count)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return {name: writer.close() for name, writer in writers.items()}, starts


def _writers(rows: Rows, places: Places, names: Names, found: Survey, folder: Path) -> dict[str, ColumnWriter]:
    types: dict[str, Any] = {
        "time": np.int64,
        "what": narrowest(-1, len(names.names)),
        "person": narrowest(-1, len(places.people)),
        "account": narrowest(-1, len(places.accounts)),
        "target": np.uint8,
        "detail": narrowest(-1, names.widest()),
        "row": narrowest(-1, len(rows)),
    }
    if found.has_received:
        types["received"] = np.int64
    return {name: ColumnWriter(folder / f"{name}.column", type) for name, type in types.items()}


def _canonical(
    rows: Rows,
    columns: dict[str, NDArray[Any]],
    block: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    first: int,
    last: int,
) -> NDArray[np.int64]:
    """Positions of a bucket's rows in the order of their blocks, and in canonical order within each.

    Those rows that come out of the replay are in canonical order already, and stay in it.
    """
    time, kind = columns["time"], kinds[columns["what"]] if len(kinds) else columns["what"]
    order = _by_block(block)
    span = (last - first + 1).bit_length() if last >= first else 1
    if span + 3 + int(block.max(initial=0)).bit_length() <= 63:
        key = (((block.astype(np.int64) << span) | (time - first)) << 3) | kind
        key = key[order]
        if not (key[1:] >= key[:-1]).all():
            resorted = np.argsort(key, kind="stable")
            order, key = order[resorted], key[resorted]
        same = key[1:] == key[:-1]
    else:
        order = np.lexsort((kind, time, block))
        same = np.ones(max(len(order) - 1, 0), np.bool_)
        for column in (kind, time, block):
            same &= column[order][1:] == column[order][:-1]
    return _tie_broken(rows, columns["row"], order, same & (kind[order][1:] >= Kind.PERSON_TRAIT))


def _by_block(block: NDArray[np.int32]) -> NDArray[np.int64]:
    """Positions in the order of blocks, and within each as they are: a sort of packed numbers is faster than one of
    positions."""
    bits = max(len(block), 1).bit_length()
    packed = (block.astype(np.int64) << bits) | np.arange(len(block))
    packed.sort()
    return packed & ((1 << bits) - 1)


def _tie_broken(
    rows: Rows, row: NDArray[np.int64], order: NDArray[np.int64], same: NDArray[np.bool_]
) -> NDArray[np.int64]:  # fmt: skip
    if not same.any():
        return order
    tied = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    groups = np.cumsum(np.concatenate([[True], ~same]))[tied]
    inside = order[tied]
    order = order.copy()
    order[tied] = inside[break_ties(rows, row[inside], groups)]
    return order


def _write_vocabulary(
    rows: Rows, folder: Path, places: Places, names: Names, who: NDArray[np.int32], starts: NDArray[np.int64]
) -> None:
    known = rows.dictionaries
    write_texts(folder / "people.arrow", [known.people.texts[code] for code in places.people.tolist()])
    write_texts(folder / "accounts.arrow", [known.accounts.texts[code] for code in places.accounts.tolist()])
    merged = np.flatnonzero(who[:-1] != np.arange(len(who) - 1))
    texts = [[known.people.texts[code] for code in codes] for codes in (merged.tolist(), who[merged].tolist())]
    write_texts(folder / "merged.arrow", *texts)
    for what, values in names.values.items():
        write_texts(folder / f"trait-{what}.arrow", [known.values.texts[code] for code in values.tolist()])
    for name, array in (
        ("starts", starts),
        ("first_person", places.first_person),
        ("first_account", places.first_account),
    ):
        content = io.BytesIO()
        np.save(content, array)
        write_safely(folder / f"{name}.npy", content.getvalue())
