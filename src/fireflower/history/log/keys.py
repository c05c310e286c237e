"""Which messages the log has, by their keys.

Clients choose keys, and many choose them at random. An index of the database, which is a tree in the order of its keys,
then has to change another page for nearly every message: written to disk, that is 30 kB for each of 600 bytes, and
seven times the work (docs/benchmarks.md). So where one process writes at a time, as to SQLite, keys are known by sorted
runs, as in a log-structured merge-tree (P. O'Neil et al., 1996): each is written once, behind the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from secrets import token_bytes
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fireflower.history.log.database import Database

Entries = NDArray[np.uint64]
"""Keys and places: the upper half of each word is of the key's hash, the lower half of its message's place."""

_RUN = 1 << 16
"""Keys that are kept as they are, a dozen MB, before they become a run."""

_VOLUME = 1 << 6
"""Runs that are looked through together."""

_WORDS = 1 << 20
"""Words of a volume's filter: 16 bits for each of its keys, so that one of a hundred that are not there seems to be."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 by the golden ratio, which spreads what it multiplies (D. Knuth, The Art of Computer Programming 3, 6.4)."""

_HALF, _PLACE = np.uint64(32), np.uint64((1 << 32) - 1)

_AT_ONCE = 400
"""Values that one statement is given; SQLite takes 32,766, and is no faster with more than some hundred."""

_REMEMBERED = 100_000
"""Keys that are looked up before they are written: a dozen MB."""


class Keys(Protocol):
    """What is asked before messages are written, and told afterwards, inside of their transaction.

    Attributes
    ----------
    otherwise : what the database does about a message whose key it turns out to have
    """

    @property
    def otherwise(self) -> str: ...

    def load(self) -> None:
        """Load what there is; anywhere, and else when it is first needed."""

    def of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Those of these keys that the log has, with the places of their messages."""

    def likely(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The same, but for those of which the database itself will find that it has them."""

    def add(self, places: Mapping[bytes, int]) -> None:
        """Messages have been written at these places, which rise."""

    def forget(self, places: Sequence[int]) -> None:
        """The messages at these places have other keys now: nothing of the former is kept."""


class IndexedKeys:
    """Keys in an index of the database, which several processes write to at the same time.

    Most keys are new, so looking them up beforehand would be for nothing; what is sent again is sent soon, so only
    recent ones are.
    """

    otherwise = "ON CONFLICT (key) DO NOTHING"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: set[bytes] = set()

    def load(self) -> None:
        """Nothing: the database looks keys up."""

    def of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        for some in parts(keys):
            places = ", ".join("?" * len(some))
            rows = self._database.rows(f"SELECT key, position FROM messages WHERE key IN ({places})", some)
            found.update((bytes(key), position) for key, position in rows)
        return found

    def likely(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        found = self.of([key for key in keys if key in self._recent])
        if len(self._recent) > _REMEMBERED:
            self._recent.clear()
        self._recent.update(keys)
        return found

    def add(self, places: Mapping[bytes, int]) -> None:
        """As it is: the index has them."""

    def forget(self, places: Sequence[int]) -> None:
        """As it is: the index has the keys that the messages have."""


class SortedKeys:
    """Keys in sorted runs. Their entries are in the table `key_runs` and, 10 bytes each, in memory from when they are
    first asked for; the latest keys are in memory alone, and after a start, or where another process has written them,
    read from the messages themselves.

    Two keys may have one entry, so what has been found there is compared with what the message has.

    Whenever keys have been forgotten, another mark is in the row of place 0: who knows some of them begins anew.
    """

    otherwise = ""
    """All that it has is known; what it has all the same is a fault that must be seen."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begin()

    def _begin(self) -> None:
        self._volumes: list[_Volume] = []
        self._latest: dict[bytes, int] = {}
        self._until, self._undone, self._mark = 0, self._database.undone, b""

    def of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        self._catch_up()
        latest = {key: self._latest[key] for key in keys if key in self._latest}
        return latest | self._in_runs(keys)

    likely = of

    def add(self, places: Mapping[bytes, int]) -> None:
        self._latest.update(places)
        self._until = max(self._until, max(places.values(), default=0))
        if len(self._latest) >= _RUN:
            self._save()

    def _catch_up(self) -> None:
        """Know all keys up to the log's end, and none that are not there: those of a transaction that was given up, and
        those that were forgotten. To begin anew takes a tenth of a second for each million keys."""
        if self._undone != self._database.undone or self._mark != self._current_mark():
            self._begin()
        self.load()
        while rows := self._database.rows(
            "SELECT key, position FROM messages WHERE position > ? ORDER BY position LIMIT ?", (self._until, _RUN)
        ):
            self.add({bytes(key): position for key, position in rows})

    def forget(self, places: Sequence[int]) -> None:
        remaining = np.unique(np.array(places, np.uint64))
        behind = "SELECT last, entries FROM key_runs WHERE last >= ? ORDER BY last LIMIT 1"
        while len(remaining) and (rows := self._database.rows(behind, (int(remaining[0]),))):
            ((last, stored),) = rows
            entries, gone = np.frombuffer(stored, "<u8"), remaining <= last
            kept = entries[~np.isin(entries & _PLACE, remaining[gone] & _PLACE)]
            self._database.rows("UPDATE key_runs SET entries = ? WHERE last = ?", (kept.tobytes(), last))
            remaining = remaining[~gone]
        self._database.rows("DELETE FROM key_runs WHERE last = 0")
        self._database.rows("INSERT INTO key_runs (last, entries) VALUES (0, ?)", (token_bytes(8),))

    def _current_mark(self) -> bytes:
        rows = self._database.rows("SELECT entries FROM key_runs WHERE last = 0")
        return rows[0][0] if rows else b""

    def load(self) -> None:
        if self._until:
            return
        self._mark = self._current_mark()
        while rows := self._database.rows(
            "SELECT last, entries FROM key_runs WHERE last > ? ORDER BY last LIMIT ?", (self._until, _VOLUME)
        ):
            for last, entries in rows:
                self._keep(np.frombuffer(entries, "<u8").astype(np.uint64))
                self._until = last

    def _save(self) -> None:
        """Make a run of the latest keys. What of them another process has saved is there already."""
        places = np.fromiter(self._latest.values(), np.uint64, len(self._latest))
        entries = _hashes(list(self._latest)) | places & _PLACE
        ((saved,),) = self._database.rows("SELECT COALESCE(MAX(last), 0) FROM key_runs")
        own = np.sort(entries[places > saved])
        if len(own):
            run = (self._until, own.astype("<u8").tobytes())
            self._database.rows("INSERT INTO key_runs (last, entries) VALUES (?, ?)", run)
        self._latest = {}
        self._keep(np.sort(entries))

    def _keep(self, run: Entries) -> None:
        if not self._volumes or self._volumes[-1].is_full:
            self._volumes.append(_Volume())
        self._volumes[-1].add(run)

    def _in_runs(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        hashes, wanted = _hashes(keys), set(keys)
        found: dict[bytes, int] = {}
        places = {place for volume in self._volumes for place in volume.places(hashes)}
        for some in parts([at for place in places for at in range(place, self._until + 1, 1 << 32)]):
            those = ", ".join("?" * len(some))
            rows = self._database.rows(f"SELECT key, position FROM messages WHERE position IN ({those})", some)
            found.update((key, position) for key, position in rows if key in wanted)
        return found


class _Volume:
    """Runs that are looked through together, behind a filter (B. Bloom, Space/time trade-offs in hash coding, 1970): a
    key whose bits are not all set is not there, and most are found not to be there by looking at one word."""

    def __init__(self) -> None:
        self._filter = np.zeros(_WORDS, np.uint64)
        self._runs: list[Entries] = []
        self._count = 0

    @property
    def is_full(self) -> bool:
        return self._count == _VOLUME

    def add(self, run: Entries) -> None:
        """Add a run, in ascending order."""
        words = _words(run)
        first = np.flatnonzero(np.diff(words, prepend=-1))
        self._filter[words[first]] |= np.bitwise_or.reduceat(_bits(run), first)
        self._runs.append(run)
        self._count += 1
        if self.is_full:
            self._runs = [np.sort(np.concatenate(self._runs))]

    def places(self, hashes: Entries) -> Iterator[int]:
        """The lower halves of the places where keys may be that have these hashes."""
        bits = _bits(hashes)
        some = np.sort(hashes[self._filter[_words(hashes)] & bits == bits])
        for run in self._runs:
            ends = run.searchsorted(some | _PLACE, "right").tolist()
            for first, end in zip(run.searchsorted(some).tolist(), ends, strict=True):
                yield from (run[first:end] & _PLACE).tolist()


def _words(hashes: Entries) -> NDArray[np.int64]:
    """Where in a filter each looks."""
    return (hashes >> np.uint64(64 - _WORDS.bit_length() + 1)).astype(np.int64)


def _bits(hashes: Entries) -> Entries:
    """The bits there of each, by the upper half of the hash."""
    mixed = (hashes >> _HALF) * _ODD
    bits = np.zeros(len(hashes), np.uint64)
    for shift in (58, 52, 46, 40):
        bits |= np.uint64(1) << (mixed >> np.uint64(shift) & np.uint64(63))
    return bits


def _hashes(keys: Sequence[bytes]) -> Entries:
    """Half of a hash of each key, in the upper half. It stays the same for ever, as it is stored."""
    mixed = np.zeros(len(keys), np.uint64)
    if keys:
        for word in np.array(keys, "S64").view("<u8").reshape(len(keys), 8).T:
            mixed = (mixed ^ word) * _ODD
            mixed ^= mixed >> np.uint64(29)
    return mixed & ~_PLACE


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """As many at a time as one statement is given."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
