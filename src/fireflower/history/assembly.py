"""A small history in memory, as a timeline. The archive does the same for large ones, out of core."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from msgspec.structs import replace as changed
from numpy.typing import NDArray

from fireflower.history.identities import Identities
from fireflower.history.memberships import Attribution, Memberships, Seen
from fireflower.model.moments import iso
from fireflower.model.records import ACCOUNT_TRAIT, EVENT, IDENTITY, JOIN, PERSON_TRAIT, TRAITS, Record
from fireflower.model.rows import Row
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Name, Timeline, Vocabulary
from fireflower.model.values import flatten, key_of, normal

_LOGGER = logging.getLogger(__name__)


def assemble(
    records: Iterable[Record], *, attribution: Attribution = "only", numbered: bool = False
) -> Timeline:  # fmt: skip
    """The timeline of these records, in whatever order they come.

    Parameters
    ----------
    records : a whole history; records with the same message id count once
    attribution : to which accounts an event belongs that names none (docs/semantics.md, section 1)
    numbered : whether rows are named by the places of their records among all in canonical order (`Timeline.row`)

    Raises
    ------
    ValueError
        If a record does not name the subject that its kind is about.
    """
    ordered = canonical(map(checked, records))
    identities = Identities(record for record in ordered if record.kind == IDENTITY)
    telling = Telling(identities, attribution, Memberships())
    rows = [row for place, record in enumerate(ordered) for row in _named(telling.rows(record), place)]
    blocks = _Blocks(rows)
    placed = sorted(blocks.place(rows), key=lambda row: (row.block, row.time, row.kind))
    timeline = _columns(placed, blocks)
    return replace(timeline, row=np.array([row.number for row in placed], np.int64)) if numbered else timeline


def _named(rows: Iterable[Row], number: int) -> Iterator[Row]:
    for row in rows:
        row.number = number
        yield row


def canonical(records: Iterable[Record]) -> list[Record]:
    """The records in canonical order. Of those with one message id the first stays (of equals, the first received).

    Records about nobody are passed over: a history may hold some that an earlier version has taken, and everybody
    else's verdicts must not wait for them.
    """
    seen: dict[tuple[str, ...], int] = {}
    kept: list[Record] = []
    for record in _in_order(records):
        if not _is_whole(record):
            _pass_over(record.kind.name, record.message_id)
            continue
        if record.message_id and seen.setdefault(record.identity(), len(kept)) < len(kept):
            continue
        kept.append(record)
    return kept


def _in_order(records: Iterable[Record]) -> Iterator[Record]:
    """Mostly the time tells; only what happens at one instant is compared by all else."""
    for _, some in groupby(sorted(records, key=_time), _time):
        tied = list(some)
        yield from tied if len(tied) == 1 else sorted(tied, key=lambda record: (record.order(), _received(record)))


_time = attrgetter("time")

_NEEDS: tuple[tuple[Callable[[Record], Any], str], ...] = (
    (lambda record: record.person and record.value, "a person and the other id as value"),
    (lambda record: record.person and record.account, "a person and an account"),
    (lambda record: record.person and record.account, "a person and an account"),
    (lambda record: record.account and record.name, "an account and the trait's name"),
    (lambda record: record.person and record.name, "a person and the trait's name"),
    (lambda record: (record.person or record.account) and record.name, "a name, and a person or an account"),
)
"""What a record says at least, by its kind."""


def checked(record: Record) -> Record:
    """The record.

    Raises
    ------
    ValueError
        If it does not name the subject that its kind is about.
    """
    if not _is_whole(record):
        # What is in it may be personal, and errors are logged: it is told by when it happened and what it lacks.
        given = [each for each in ("person", "account", "name", "value") if getattr(record, each)]
        raise ValueError(
            f"a record of kind {record.kind.name} needs {_NEEDS[record.kind][1]}; that of {iso(record.time)} has "
            f"{', '.join(given) or 'none of these'}"
        )
    return record


def _is_whole(record: Record) -> bool:
    return bool(_NEEDS[record.kind][0](record))


@lru_cache
def _pass_over(kind: str, message_id: str) -> None:
    """Say it once of each: the same history is read again and again."""
    _LOGGER.warning("A record of kind %s of the message %r is about nobody, and is passed over.", kind, message_id)


def _received(record: Record) -> int:
    return record.time if record.received is None else record.received


class Telling:
    """Whose history each record of a history belongs to, told record by record in canonical order.

    Parameters
    ----------
    identities : whose ids are whose, over all of history
    memberships : who is a member of what by now
    """

    def __init__(self, identities: Identities, attribution: Attribution, memberships: Memberships) -> None:
        self.identities, self.attribution, self.memberships = identities, attribution, memberships

    def rows(self, record: Record) -> Iterable[Row]:
        """The rows of the timeline that a record makes."""
        person = self.identities.person(record.person) if record.person else None
        if record.kind == EVENT:
            return self.event(record, person)
        return self._change(record, person)

    def know(self, record: Record) -> None:
        """Take in a record that is no event, without telling of it."""
        self.memberships.know(record, self.identities.person(record.person) if record.person else "")

    def is_known(self, record: Record) -> bool:
        """Whether a record says of a membership, or of a trait of an account, what has been so since before."""
        return self.memberships.is_known(record, self.identities.person(record.person) if record.person else "")

    def _apply(self, record: Record, person: str | None) -> list[Seen]:
        return self.memberships.apply(record if record.person == person else changed(record, person=person))

    def _change(self, record: Record, person: str | None) -> Iterator[Row]:
        """The record itself, and what it changes for those who see the traits of an account."""
        yield _about(record, person)
        for seen in self._apply(record, person):
            yield Row(
                time=record.time,
                kind=ACCOUNT_TRAIT,
                name=seen.trait,
                person=seen.person,
                account=seen.account,
                target=TO_PERSON,
                value=seen.value,
                received=seen.received,
            )

    def event(self, record: Record, person: str | None) -> Iterator[Row]:
        """One row for each account to which an event of a person belongs, the person's own among them."""
        own = record.account
        accounts: Sequence[str | None] = (own,)
        if person and not own:
            accounts = self.memberships.attributed(person, self.attribution) or accounts
            own = accounts[0] if len(accounts) == 1 else self.memberships.current(person)
        for account in accounts:
            role = self.memberships.role(person, account) if person and account else ""
            target = (TO_ACCOUNT if account else 0) | (TO_PERSON if person and account == own else 0)
            yield Row(
                record.time, EVENT, record.name, person, account, target, role or None, record.received,
                record.properties,
            )  # fmt: skip


def _about(record: Record, person: str | None) -> Row:
    """The record itself, which is no event, as a row."""
    time, kind, received = record.time, record.kind, record.received
    if kind == ACCOUNT_TRAIT:
        return Row(time, kind, record.name, None, record.account, TO_ACCOUNT, normal(record.value), received)
    if kind == PERSON_TRAIT:
        return Row(time, kind, record.name, person, None, TO_PERSON, normal(record.value), received)
    if kind == IDENTITY:
        return Row(time, kind, "", person, None, TO_PERSON, None, received)
    role = record.name if kind == JOIN else ""
    return Row(time, kind, "", person, record.account, TO_PERSON | TO_ACCOUNT, role or None, received)


class _Blocks:
    """Which block each subject is evaluated in: accounts first, then people with a block of their own; each by id."""

    def __init__(self, rows: Sequence[Row]) -> None:
        touched: dict[str, set[str]] = defaultdict(set)
        accounts: set[str] = set()
        for row in rows:
            if row.account:
                accounts.add(row.account)
            if row.person:
                touched[row.person].update([row.account] if row.account else [])
        self.accounts = sorted(accounts)
        wanderers = sorted(person for person, seen in touched.items() if len(seen) != 1)
        self.of_account = {account: block for block, account in enumerate(self.accounts)}
        self.of_person = {person: len(self.accounts) + i for i, person in enumerate(wanderers)}
        for person in touched.keys() - self.of_person.keys():
            self.of_person[person] = self.of_account[next(iter(touched[person]))]
        self.people = sorted(touched, key=lambda person: (self.of_person[person], person))
        self.count = len(self.accounts) + len(wanderers)

    def place(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows in their blocks; a row that concerns subjects of two blocks comes twice."""
        for row in rows:
            home = self.of_person[row.person] if row.person and row.target & TO_PERSON else None
            away = self.of_account[row.account] if row.account and row.target & TO_ACCOUNT else None
            if home == away or away is None or home is None:
                row.block = away if home is None else home  # type: ignore[assignment]
                yield row
            else:
                yield row.copy(TO_ACCOUNT, away)
                yield row.copy(TO_PERSON, home)

    def first_subjects(self, blocks: Sequence[int]) -> NDArray[np.int32]:
        """The first subject of each block, given every subject's block in ascending order."""
        return np.searchsorted(np.asarray(blocks, np.int64), np.arange(self.count + 1)).astype(np.int32)


class _Dictionary:
    """Codes for values, in the order in which they come. Values of different types are different: True is not 1.0."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._codes: dict[Hashable, int] = {}

    def code(self, value: Any) -> int:
        """The value's code; -1 for a missing one."""
        if value is None:
            return -1
        code = self._codes.setdefault(key_of(value), len(self.values))
        if code == len(self.values):
            self.values.append(value)
        return code


def _columns(rows: Sequence[Row], blocks: _Blocks) -> Timeline:
    names: list[Name] = sorted({(row.kind, row.name) for row in rows})
    what = {name: code for code, name in enumerate(names)}
    person = {id: number for number, id in enumerate(blocks.people)}
    traits: dict[Name, _Dictionary] = {name: _Dictionary() for name in names if _is_trait(name)}
    roles = _Dictionary()
    detail = [traits.get((row.kind, row.name), roles).code(row.value) for row in rows]
    numbers, codes, texts = _property_columns(rows)
    received = [_received_or_time(row) for row in rows]
    return Timeline(
        vocabulary=Vocabulary(
            names=names,
            people=blocks.people,
            accounts=blocks.accounts,
            texts=texts,
            traits={name: dictionary.values for name, dictionary in traits.items()},
            roles=roles.values,
        ),
        time=np.array([row.time for row in rows], np.int64),
        what=np.array([what[row.kind, row.name] for row in rows], np.int32),
        person=np.array([person.get(row.person or "", -1) for row in rows], np.int32),
        account=np.array([blocks.of_account.get(row.account or "", -1) for row in rows], np.int32),
        target=np.array([row.target for row in rows], np.uint8),
        detail=np.array(detail, np.int32),
        starts=np.searchsorted(np.array([row.block for row in rows], np.int64), np.arange(blocks.count + 1)),
        first_person=blocks.first_subjects([blocks.of_person[id] for id in blocks.people]),
        first_account=blocks.first_subjects(range(len(blocks.accounts))),
        received=np.array(received, np.int64) if any(row.received is not None for row in rows) else None,
        numbers=numbers,
        codes=codes,
    )


def _is_trait(name: Name) -> bool:
    return name[0] in TRAITS


def _received_or_time(row: Row) -> int:
    return row.time if row.received is None else row.received


def _property_columns(
    rows: Sequence[Row],
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.int32]], dict[str, list[Any]]]:
    numbers: dict[str, NDArray[np.float64]] = {}
    codes: dict[str, NDArray[np.int32]] = {}
    dictionaries: dict[str, _Dictionary] = defaultdict(_Dictionary)
    for i, row in enumerate(rows):
        for path, value in flatten(row.properties).items() if row.properties else ():
            if isinstance(value, float):
                numbers.setdefault(path, np.full(len(rows), np.nan))[i] = value
            else:
                codes.setdefault(path, np.full(len(rows), -1, np.int32))[i] = dictionaries[path].code(value)
    return numbers, codes, {path: dictionary.values for path, dictionary in dictionaries.items()}
