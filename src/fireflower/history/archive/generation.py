"""The rows of an archive in their blocks, as columns on disk. A generation is built anew after each import."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.ahead import in_order
from fireflower.history.archive.assignment import Assignment, Columns, row_types
from fireflower.history.archive.buckets import Arranged, Buckets
from fireflower.history.archive.dictionaries import write_texts
from fireflower.history.archive.duplicates import kept
from fireflower.history.archive.integrity import seal
from fireflower.history.archive.manifest import write_safely
from fireflower.history.archive.moments import Moments, Traits, kept_columns, people_behind
from fireflower.history.archive.names import Names
from fireflower.history.archive.places import Places, settle, survey
from fireflower.history.archive.replay import Replay
from fireflower.history.archive.rows import Rows, Span
from fireflower.history.archive.sorting import Ordered, Sorting
from fireflower.history.archive.store import ColumnWriter
from fireflower.history.memberships import Attribution
from fireflower.model.records import Kind

_BUCKET = 1_000_000
"""About how many rows are sorted at a time, by each of several threads."""

_COLUMNS = ("time", "kind", "name", "person", "account", "value", "received", "flags")


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
    with ThreadPoolExecutor(1) as pool:  # a replay is plain Python, and a survey is none
        surveyed = pool.submit(survey, rows, keep, who, moments)
        replayed = Replay(rows, who).run(keep, moments)
        found = surveyed.result()
    places = settle(rows, found)
    names = Names(found.names, rows.dictionaries)
    assignment = Assignment(who, replayed.states, places, names, attribution)

    bucket_of = ((np.cumsum(places.load) - places.load) // _BUCKET).astype(np.uint16)
    types = row_types(places, names, len(rows), has_received=found.has_received)
    buckets = Buckets(scratch / "rows", int(bucket_of[-1]) + 1 if places.blocks else 1, types)
    _fill(buckets, bucket_of, assignment, rows, keep, moments, replayed.columns, progress)
    sorting = Sorting(rows, bucket_of, names.kinds(), found.first, found.last)
    ordered = _counted(sorting.all(buckets), lambda done: progress("sorting", done, buckets.count))
    del types["block"]
    columns, starts = _write(ordered, folder, types)
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
    return facts


def _fill(
    buckets: Buckets,
    bucket_of: NDArray[np.uint16],
    assignment: Assignment,
    rows: Rows,
    keep: NDArray[np.bool_],
    moments: Moments,
    replayed: Columns,
    progress: Callable[[str, int, int], None],
) -> None:
    """Put all rows of the timeline into buckets."""

    def arranged(span: Span) -> list[Arranged]:
        chunk = rows.chunk(span, *_COLUMNS)
        kind = chunk.columns["kind"]
        traits = kept_columns(chunk, keep, kind == Kind.PERSON_TRAIT)
        events = kept_columns(chunk, keep, kind == Kind.EVENT)
        told = list(assignment.events(events)) if len(events["row"]) else []
        if len(traits["row"]):
            told.append(assignment.traits({**traits, "time": moments.of(traits)}))
        return [buckets.arrange(bucket_of.take(each["block"]), each) for each in told]

    told = assignment.replayed(replayed)
    buckets.add(buckets.arrange(bucket_of[told["block"]], told))
    done = 0
    for span, pieces in zip(rows.spans(), in_order(arranged, rows.spans()), strict=True):
        for piece in pieces:
            buckets.add(piece)
        done += span.stop - span.start
        progress("putting records into histories", done, len(rows))


def _counted(items: Iterator[Ordered], progress: Callable[[int], None]) -> Iterator[Ordered]:
    for done, item in enumerate(items, 1):
        progress(done)
        yield item


def _write(
    ordered: Iterable[Ordered], folder: Path, types: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], NDArray[np.int64]]:
    """Write the columns one bucket after the other; the result describes them, and tells where blocks begin."""
    writers = {name: ColumnWriter(folder / f"{name}.column", type) for name, type in types.items()}
    counts = [np.zeros(1, np.int64)]
    for piece in ordered:
        for name, writer in writers.items():
            writer.append(piece.columns[name])
        counts.append(piece.counts)
    return {name: writer.close() for name, writer in writers.items()}, np.cumsum(np.concatenate(counts))


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
