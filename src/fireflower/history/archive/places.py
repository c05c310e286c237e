"""Where each subject lives: its block, and its number. Accounts come first, by id, then the people who have a block of
their own, by id; people are numbered block by block, and within a block by id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.moments import Moments
from fireflower.history.archive.names import NamesSeen
from fireflower.history.archive.rows import Rows
from fireflower.model.records import Kind


@dataclass(frozen=True)
class Places:
    """The blocks of an archive. All codes are those of the dictionaries; at -1 all of these arrays hold -1.

    Attributes
    ----------
    home : code of a person -> the block in which they are evaluated, -1 for who has no records
    person, account : code -> number; the number of an account is its block
    people, accounts : number -> code
    first_person, first_account : the first subject of each block, and at the end how many there are
    load : about how many rows each block will have, never less
    """

    home: NDArray[np.int32]
    person: NDArray[np.int32]
    account: NDArray[np.int32]
    people: NDArray[np.int64]
    accounts: NDArray[np.int64]
    first_person: NDArray[np.int32]
    first_account: NDArray[np.int32]
    load: NDArray[np.int64]

    @property
    def blocks(self) -> int:
        return len(self.load)


@dataclass
class Survey:
    """What one look at all rows tells.

    Attributes
    ----------
    touched : code of a person -> code of an account that their history touches, -1 for none; `MANY` for several
    person_rows, account_rows : about how many rows each subject has, 0 for who has none
    kept : how many records of each segment stay
    first, last : the span of their times
    last_event : the time of the last event, -1 if there is none
    has_received : whether the time of receipt of any record is known
    """

    touched: NDArray[np.int32]
    person_rows: NDArray[np.int64]
    account_rows: NDArray[np.int64]
    names: NamesSeen
    kept: NDArray[np.int64]
    first: int
    last: int
    last_event: int
    has_received: bool


MANY = -2


def survey(rows: Rows, keep: NDArray[np.bool_], who: NDArray[np.int32], moments: Moments) -> Survey:
    """Look at all rows that stay."""
    people, accounts = len(rows.dictionaries.people), len(rows.dictionaries.accounts)
    found = Survey(
        touched=np.full(people + 1, -1, np.int32),
        person_rows=np.zeros(people + 1, np.int64),
        account_rows=np.zeros(accounts + 1, np.int64),
        names=NamesSeen(),
        kept=np.zeros(len(rows.segments), np.int64),
        first=np.iinfo(np.int64).max,
        last=-1,
        last_event=-1,
        has_received=False,
    )
    for chunk in rows.chunks(*moments.COLUMNS, "value", "received"):
        here = keep[chunk.first : chunk.first + len(chunk)]
        columns = chunk.columns if here.all() else {name: column[here] for name, column in chunk.columns.items()}
        count = int(here.sum())
        found.kept[chunk.segment] += count
        if not count:
            continue
        time = moments.of(columns)
        found.first, found.last = min(found.first, int(time.min())), max(found.last, int(time.max()))
        found.has_received |= bool((columns["received"] >= 0).any())
        found.last_event = max(found.last_event, int(time.max(initial=-1, where=columns["kind"] == Kind.EVENT)))
        person = np.where(columns["kind"] == Kind.ACCOUNT_TRAIT, -1, who.take(columns["person"]))
        _touch(found, person, columns["account"])
        found.names.add(columns["kind"], columns["name"], columns["value"])
    return found


def _touch(found: Survey, person: NDArray[np.int32], account: NDArray[np.int32]) -> None:
    for rows, code in ((found.person_rows, person), (found.account_rows, account)):
        rows[:-1] += np.bincount(code + 1, minlength=len(rows))[1:]  # not those of code -1
    both = np.flatnonzero((person >= 0) & (account >= 0))
    if not len(both):
        return
    person, account = person[both], account[both]
    before = found.touched.take(person)
    found.touched[person] = np.where(before == -1, account, before)
    found.touched[person[(found.touched.take(person) != account)]] = MANY


def settle(rows: Rows, found: Survey) -> Places:
    """Give every subject its block and number."""
    codes = np.flatnonzero(found.account_rows[:-1])
    accounts = codes[np.argsort(rows.account_ranks[codes])]
    account = np.full(len(found.account_rows), -1, np.int32)
    account[accounts] = np.arange(len(accounts))

    people = np.flatnonzero(found.person_rows[:-1])
    touched = found.touched[people]
    is_settled = touched >= 0
    wanderers = people[~is_settled]
    wanderers = wanderers[np.argsort(rows.person_ranks[wanderers])]
    home = np.full(len(found.person_rows), -1, np.int32)
    home[people[is_settled]] = account[touched[is_settled]]
    home[wanderers] = len(accounts) + np.arange(len(wanderers))

    people = people[np.lexsort((rows.person_ranks[people], home[people]))]
    person = np.full(len(found.person_rows), -1, np.int32)
    person[people] = np.arange(len(people))
    blocks = len(accounts) + len(wanderers)
    load = np.bincount(home[people], found.person_rows[people], blocks).astype(np.int64)
    load[: len(accounts)] += found.account_rows[accounts]
    return Places(
        home=home,
        person=person,
        account=account,
        people=people,
        accounts=accounts,
        first_person=np.searchsorted(home[people], np.arange(blocks + 1)).astype(np.int32),
        first_account=np.minimum(np.arange(blocks + 1), len(accounts)).astype(np.int32),
        load=load,
    )
