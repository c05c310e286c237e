"""What must be known of rows before anything else: which stay, who they are about, and when they happened."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.ordering import canonical_order
from fireflower.history.archive.rows import Chunk, Rows
from fireflower.history.archive.segments import TIMELESS, UNTIMED
from fireflower.history.identities import Identities
from fireflower.model.records import Kind, Record, SubjectKind

Traits = Collection[tuple[SubjectKind, str]]
"""Traits by owner and name."""


def people_behind(rows: Rows, keep: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Code of an id in `people` -> code of the id that the person bears; at -1, -1."""
    picked = pick(rows, keep, Kind.IDENTITY)
    picked = picked[canonical_order(rows, picked, rows.take("time", picked))]
    known, words = rows.dictionaries.people, rows.dictionaries.words.texts
    texts = known.texts
    columns = (rows.take(name, picked).tolist() for name in ("name", "person", "value"))
    identities = Identities(
        Record(0, Kind.IDENTITY, words[name], person=texts[person], value=texts[other])
        for name, person, other in zip(*columns, strict=True)
    )
    who = np.append(np.arange(len(texts), dtype=np.int32), np.int32(-1))
    for id, person in identities.merged().items():
        who[known.code(id)] = known.code(person)
    return who


def pick(rows: Rows, keep: NDArray[np.bool_], *kinds: Kind) -> NDArray[np.int64]:
    """The rows of these kinds, of those that stay."""
    found = [np.zeros(0, np.int64)]
    for chunk in rows.chunks("kind"):
        here = np.isin(chunk.columns["kind"], kinds) & keep[chunk.first : chunk.first + len(chunk)]
        found.append(chunk.first + np.flatnonzero(here))
    return np.concatenate(found)


class Moments:
    """The moments of rows. What holds from a subject's beginning has the time of the subject's first other record; of a
    subject that has none, that of the archive's first.

    Parameters
    ----------
    who : the people behind ids
    timeless : traits that hold from the beginning where their table has no times
    """

    def __init__(self, rows: Rows, keep: NDArray[np.bool_], who: NDArray[np.int32], timeless: Traits) -> None:
        self._rows, self._who = rows, who
        words = rows.dictionaries.words
        self._names = {
            kind: [words.code(name) for owner, name in timeless if owner == subject]
            for kind, subject in ((Kind.PERSON_TRAIT, "person"), (Kind.ACCOUNT_TRAIT, "account"))
        }
        self._people = np.full(len(rows.dictionaries.people) + 1, -1, np.int64)
        self._accounts = np.full(len(rows.dictionaries.accounts) + 1, -1, np.int64)
        untimed = any(segment.column("flags").constant != 0 for segment in rows.segments)
        self.any = untimed and self._look(keep)

    COLUMNS = ("time", "flags", "kind", "name", "person", "account")

    def of(self, columns: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
        """The moments of rows of which these are the columns, those of COLUMNS among them."""
        if not self.any:
            return columns["time"]
        about_account = columns["kind"] == Kind.ACCOUNT_TRAIT
        first = np.where(
            about_account, self._accounts[columns["account"]], self._people[self._who[columns["person"]]]
        )  # fmt: skip
        return np.where(self._timeless(columns) & (first >= 0), first, columns["time"])

    def of_rows(self, picked: NDArray[np.int64]) -> NDArray[np.int64]:
        """The moments of single rows."""
        return self.of({name: self._rows.take(name, picked) for name in self.COLUMNS})

    def _timeless(self, columns: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
        found = (columns["flags"] & TIMELESS) > 0
        for kind, names in self._names.items():
            found = found | ((columns["kind"] == kind) & np.isin(columns["name"], names))
        return found & ((columns["flags"] & UNTIMED) > 0) & (columns["kind"] != Kind.IDENTITY)

    def _look(self, keep: NDArray[np.bool_]) -> bool:
        """Find each subject's first record; that of an account may be a membership that holds from its person's."""
        found = False
        late = np.iinfo(np.int64).max
        self._people[:] = self._accounts[:] = late
        for chunk in self._rows.chunks(*self.COLUMNS):
            columns = chunk.columns
            timeless = self._timeless(columns)
            found |= bool(timeless.any())
            timed = keep[chunk.first : chunk.first + len(chunk)] & ~timeless
            time = columns["time"] - (columns["kind"] == Kind.LEAVE)  # who leaves was a member before
            _earliest(self._people, self._who[columns["person"]], time, timed)
            _earliest(self._accounts, columns["account"], time, timed)
        for chunk in self._rows.chunks(*self.COLUMNS) if found else ():
            columns = chunk.columns
            joins = self._timeless(columns) & (columns["kind"] == Kind.JOIN)
            begun = self._people[self._who[columns["person"]]]
            _earliest(self._accounts, columns["account"], begun, joins & keep[chunk.first : chunk.first + len(chunk)])
        begin = min(int(self._people.min()), int(self._accounts.min()))
        for first in (self._people, self._accounts):
            first[first == late] = -1 if begin == late else begin
        return found


def _earliest(
    first: NDArray[np.int64], code: NDArray[np.int32], time: NDArray[np.int64], mask: NDArray[np.bool_]
) -> None:  # fmt: skip
    mask = mask & (code >= 0)
    np.minimum.at(first, code[mask], time[mask])


def kept_columns(chunk: Chunk, keep: NDArray[np.bool_], mask: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The columns of a chunk's rows that stay and for which the mask is true, with `row` among them."""
    picked = np.flatnonzero(keep[chunk.first : chunk.first + len(chunk)] & mask)
    if len(picked) == len(chunk):
        return {**chunk.columns, "row": chunk.first + picked}
    return {**{name: column[picked] for name, column in chunk.columns.items()}, "row": chunk.first + picked}
