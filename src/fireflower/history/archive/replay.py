"""The records that decide whose history others belong to, replayed once: identities, memberships, account traits. They
are few; the rest of a history is only looked up in what comes out of them."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.ordering import canonical_order
from fireflower.history.archive.rows import Chunk, Rows
from fireflower.history.archive.segments import TIMELESS, UNTIMED
from fireflower.history.identities import Identities
from fireflower.history.memberships import Memberships
from fireflower.model.records import Kind, Record, SubjectKind
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON

Traits = Collection[tuple[SubjectKind, str]]
"""Traits by owner and name."""


def people_behind(rows: Rows, keep: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Code of an id in `people` -> code of the id that the person bears; at -1, -1."""
    picked = pick(rows, keep, Kind.IDENTITY)
    picked = picked[canonical_order(rows, picked, rows.take("time", picked))]
    known = rows.dictionaries.people
    texts = known.texts
    persons, others = rows.take("person", picked).tolist(), rows.take("value", picked).tolist()
    pairs = zip(persons, others, strict=True)
    identities = Identities(
        Record(0, Kind.IDENTITY, person=texts[person], value=texts[other]) for person, other in pairs
    )  # fmt: skip
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
            _earliest(self._people, self._who[columns["person"]], columns["time"], timed)
            _earliest(self._accounts, columns["account"], columns["time"], timed)
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


class States:
    """Of which accounts each person is a member, in which role, from when on.

    Attributes
    ----------
    first, last : per state, its entries [first, last) in the next three
    account, role, current : code of the account; code of the role in words, -1 for none; whether the account is the
        current one. At -1, the first two hold -1
    """

    def __init__(self, states: Sequence[array[int]], entries: Sequence[array[int]], people: int) -> None:
        persons, since, stops = (np.array(column, np.int64) for column in states)
        order = np.argsort(persons, kind="stable")
        self._begin = np.append(np.searchsorted(persons[order], np.arange(people + 1)), 0)
        self._since = since[order]
        self.first = np.concatenate([[0], stops[:-1]]).astype(np.int64)[order]
        self.last = stops[order]
        self.account, self.role = (np.append(np.array(column, np.int32), np.int32(-1)) for column in entries[:2])
        self.current = np.array(entries[2], np.bool_)

    def __len__(self) -> int:
        return len(self._since)

    def at(self, person: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.int64]:
        """The state of each person at each moment, -1 for none."""
        begin = np.where(person < 0, 0, self._begin[person])
        low, high = begin.copy(), np.where(person < 0, 0, self._begin[person + 1])
        while (open_ := low < high).any():
            middle = np.where(open_, (low + high) // 2, 0)
            passed = open_ & (self._since[middle] <= time)
            low = np.where(passed, middle + 1, low)
            high = np.where(open_ & ~passed, middle, high)
        return np.where(low > begin, low - 1, -1)

    def role_in(self, state: NDArray[np.int64], account: NDArray[np.int32]) -> NDArray[np.int32]:
        """The role that a person in this state has in this account, -1 for none."""
        role = np.full(len(state), -1, np.int32)
        asked = np.flatnonzero((state >= 0) & (account >= 0))
        entry = self.first[state[asked]]
        last = self.last[state[asked]]
        while len(asked):
            inside = entry < last
            asked, entry, last = asked[inside], entry[inside], last[inside]
            found = self.account[entry] == account[asked]
            role[asked[found]] = self.role[entry[found]]
            asked, entry, last = asked[~found], entry[~found] + 1, last[~found]
        return role


@dataclass(frozen=True)
class Replayed:
    """What comes out of a replay.

    Attributes
    ----------
    columns : rows of the timeline, in canonical order: `time`, `kind`, `name`, `person`, `account` (codes), `target`,
        `value` (code of the new value, or of the role), `received`, `row`
    states : the memberships
    """

    columns: dict[str, NDArray[np.int64]]
    states: States


_OUT = ("time", "kind", "name", "person", "account", "target", "value", "received", "row")


class Replay:
    """Replays the memberships and account traits of an archive."""

    def __init__(self, rows: Rows, who: NDArray[np.int32]) -> None:
        self._rows, self._who = rows, who
        self._memberships = Memberships()
        self._people: dict[str, int] = {}
        self._accounts: dict[str, int] = {}
        self._out = {name: array("q") for name in _OUT}
        self._states = [array("q") for _ in range(3)]
        self._entries = [array("q") for _ in range(3)]

    def run(self, keep: NDArray[np.bool_], moments: Moments) -> Replayed:
        """Replay everything."""
        picked = pick(self._rows, keep, Kind.IDENTITY, Kind.LEAVE, Kind.JOIN, Kind.ACCOUNT_TRAIT)
        time = moments.of_rows(picked)
        order = canonical_order(self._rows, picked, time)
        for record, codes in self._records(picked[order], time[order]):
            self._apply(record, codes)
        people = len(self._rows.dictionaries.people)
        columns = {name: np.array(values, np.int64) for name, values in self._out.items()}
        return Replayed(columns, States(self._states, self._entries, people))

    def _records(self, picked: NDArray[np.int64], time: NDArray[np.int64]) -> Iterator[tuple[Record, dict[str, int]]]:
        """Each record, with codes in place of values: nothing here looks into a value."""
        known = self._rows.dictionaries
        names = ("kind", "name", "person", "account", "value", "received")
        columns = [self._rows.take(name, picked) for name in names]
        columns[2] = self._who[columns[2]]
        for row in zip(time.tolist(), *(column.tolist() for column in columns), picked.tolist(), strict=True):
            codes = dict(zip(("time", *names, "row"), row, strict=True))
            person, account = codes["person"], codes["account"]
            yield (
                Record(
                    time=codes["time"],
                    kind=Kind(codes["kind"]),
                    name=known.words.texts[codes["name"]],
                    person=known.people.texts[person] if person >= 0 else None,
                    account=known.accounts.texts[account] if account >= 0 else None,
                    value=codes["value"] if codes["value"] >= 0 else None,
                    received=codes["received"] if codes["received"] >= 0 else None,
                ),
                codes,
            )

    def _apply(self, record: Record, codes: dict[str, int]) -> None:
        known = self._rows.dictionaries
        self._people.setdefault(record.person or "", codes["person"])
        self._accounts.setdefault(record.account or "", codes["account"])
        if record.kind == Kind.ACCOUNT_TRAIT:
            self._emit(codes, TO_ACCOUNT, person=-1)
        elif record.kind == Kind.IDENTITY:
            self._emit(codes, TO_PERSON, name=known.words.code(""), account=-1, value=-1)
        else:
            role = codes["name"] if record.kind == Kind.JOIN and record.name else -1
            self._emit(codes, TO_PERSON | TO_ACCOUNT, name=known.words.code(""), value=role)
        for seen in self._memberships.apply(record):
            self._emit(
                codes,
                TO_PERSON,
                kind=Kind.ACCOUNT_TRAIT,
                name=known.words.code(seen.trait),
                person=self._people[seen.person],
                account=self._accounts[seen.account],
                value=-1 if seen.value is None else int(seen.value),
                received=-1 if seen.received is None else seen.received,
            )
        if record.kind in (Kind.JOIN, Kind.LEAVE) and record.person:
            self._note_state(record.person, codes)

    def _emit(self, codes: dict[str, int], target: int, **changed: int) -> None:
        row = {**codes, "target": target, **changed}
        for name, column in self._out.items():
            column.append(row[name])

    def _note_state(self, person: str, codes: dict[str, int]) -> None:
        known = self._rows.dictionaries
        current = self._memberships.current(person)
        accounts, roles, is_current = self._entries
        for account in self._memberships.accounts(person):
            role = self._memberships.role(person, account)
            accounts.append(self._accounts[account])
            roles.append(known.words.code(role) if role else -1)
            is_current.append(account == current)
        for column, value in zip(self._states, (codes["person"], codes["time"], len(accounts)), strict=True):
            column.append(value)


def kept_columns(chunk: Chunk, keep: NDArray[np.bool_], mask: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The columns of a chunk's rows that stay and for which the mask is true, with `row` among them."""
    picked = np.flatnonzero(keep[chunk.first : chunk.first + len(chunk)] & mask)
    if len(picked) == len(chunk):
        return {**chunk.columns, "row": chunk.first + picked}
    return {**{name: column[picked] for name, column in chunk.columns.items()}, "row": chunk.first + picked}
