"""A history that goes on: whose history each record belongs to, as records come, some of them late.

Most records can be told at once, by who is who and who is a member of what *now*. Where a record changes that for the
past (a late membership, two ids found to be one person, a late trait of an account), the subjects concerned are named,
and their past is told again from all of their records.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fireflower.history.arrivals import Arrivals, Numbered, by_number
from fireflower.history.assembly import Telling, canonical
from fireflower.history.identities import Identities, joined
from fireflower.history.memberships import Attribution, Memberships
from fireflower.model.codes import NOBODY, Codes, Numbers
from fireflower.model.records import (
    ACCOUNT_TRAIT,
    APART,
    EVENT,
    IDENTITY,
    JOIN,
    LEAVE,
    PERSON_TRAIT,
    Record,
    SubjectKind,
)
from fireflower.model.rows import Row, Rows, objects
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON

Who = tuple[SubjectKind, str]


Found = dict[int, list[Record]]
"""Records by number; what one message says has one."""

Last = Callable[[SubjectKind, str], int]
Find = Callable[[Collection[str], Collection[str]], Iterable[Numbered]]
"""All records up to now that name one of these people (by any id) or accounts; others may be among them."""


@dataclass(slots=True)
class Arrived:
    """What records have brought.

    Attributes
    ----------
    changed : subjects whose past is another now; rows of theirs may be wrong or lacking
    """

    rows: Rows
    changed: set[Who]


@dataclass(slots=True)
class _Concerned:
    """Whose past is another, as it is noted record by record, and looked up once for all of them.

    Attributes
    ----------
    people : and the accounts in whose history they may have a part
    teams : accounts, and all who have ever been members of them
    accounts : these alone
    """

    people: set[str] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)

    def add(self, person: str, account: str | None) -> None:
        """A person, and the account that their record names."""
        self.people.add(person)
        if account:
            self.accounts.add(account)


class OngoingIdentities(Identities):
    """Who is who, by identity records in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[str, list[Record]] = {}
        """Id -> the records of all ids that are joined with it, a list that they share, in canonical order."""
        self._known: set[str] = set()

    def add(self, record: Record) -> dict[str, str]:
        """Take in a record. Gives the ids that are of another person now, and whose they have been."""
        person, other = _ids(record)
        is_known = person in self._known or person not in self._above
        if is_known and other not in self._records and other != person and record.name != APART:
            return self._give(person, other, record)
        if person not in self._records and self._is_anothers(other, record):
            self._records[person] = self._records[other]
            self._records[other].append(record)
            self._known.add(person)
            return {}
        return self._with([*self._joined((person, other)), record])

    def ids(self, person: str) -> set[str]:
        """All ids of the person who bears or has borne this one, it among them, and perhaps of others with whom an
        anonymous id of theirs has been used."""
        return {person} | {id for record in self._records.get(person, ()) for id in _ids(record)}

    def is_joined(self, one: str, other: str) -> bool:
        """Whether a record joins these two ids, and none has set them apart since."""
        return any(set(pair) == {one, other} for pair in joined(self._records.get(one, ())))

    def _is_anothers(self, id: str, record: Record) -> bool:
        """Whether an anonymous id belongs to somebody already by the time of a record, as in a shared browser."""
        is_given = id in self._above and id not in self._known and record.name != APART
        return is_given and self._records[id][-1].order() < record.order()

    def _give(self, person: str, other: str, record: Record) -> dict[str, str]:
        """An id of which nothing had been said belongs to somebody: that changes nothing else. A person may have
        thousands, as a client makes a new one each time."""
        records = self._records.setdefault(person, [])
        insort(records, record, key=Record.order)
        self._records[other] = records
        self._known.add(person)
        self._above[other] = person
        return {other: other}

    def _joined(self, ids: Iterable[str]) -> list[Record]:
        found: list[list[Record]] = []
        for each in ids:
            records = self._records.get(each)
            if records is not None and not any(records is other for other in found):
                found.append(records)
        return [record for records in found for record in records]

    def _with(self, records: list[Record]) -> dict[str, str]:
        """Put these records, which belong together, in the place of those that their ids had before."""
        concerned = {id for record in records for id in _ids(record)}
        before = {id: self.person(id) for id in concerned}
        records.sort(key=Record.order)
        for id in concerned:
            self._above.pop(id, None)
            self._records[id] = records
        self._above |= Identities(records).merged()
        self._known -= concerned
        self._known |= {person for person, _ in joined(records)}
        return {id: person for id, person in before.items() if self.person(id) != person}


def _ids(record: Record) -> tuple[str, str]:
    return record.person or "", str(record.value)


_UNKNOWN, _SEVERAL = -2, -3

_Number = TypeVar("_Number", np.int32, np.int64)


class _People:
    """What decides whose history an event is, in columns by the numbers of ids, so that it is found for many events at
    once. The last place of a column is nobody's.

    Attributes
    ----------
    bearer : the number of the person who bears an id
    home : of a person, the account to which events belong that name none; NOBODY if there is none, or _SEVERAL
    account, role : an account, and the person's role in it
    moved : the last moment of which a coming or going is known
    """

    def __init__(self, numbers: Codes) -> None:
        self._numbers = numbers
        self.bearer, self.home, self.account, self.role = (np.full(1, NOBODY, np.int32) for _ in range(4))
        self.moved = np.full(1, NOBODY, np.int64)

    def make_room(self) -> None:
        """Room for all ids that have a number by now."""
        count = len(self._numbers)
        if count < len(self.bearer):
            return
        more = count + (count >> 1) + 64
        self.bearer, self.home, self.account = (
            _longer(column, more, _UNKNOWN) for column in (self.bearer, self.home, self.account)
        )
        self.role = _longer(self.role, more, NOBODY)
        self.moved = _longer(self.moved, more, NOBODY)

    def move(self, person: str, time: int) -> None:
        """They come or go then, so that all is to be found out anew."""
        number = self._number(person)
        self.moved[number] = max(self.moved[number], time)
        self.home[number] = self.account[number] = _UNKNOWN

    def forget(self, people: Iterable[str]) -> None:
        """Find out anew who bears these ids, and of what they are members."""
        for each in people:
            number = self._number(each)
            self.bearer[number] = self.home[number] = self.account[number] = _UNKNOWN

    def _number(self, person: str) -> int:
        number = self._numbers.code(person)
        self.make_room()
        return number


def _longer(column: NDArray[_Number], places: int, filling: int) -> NDArray[_Number]:
    """The column with room for more before the place of nobody."""
    return np.concatenate([column[:-1], np.full(places - len(column), filling, column.dtype), column[-1:]])


class OngoingHistory:
    """Whose history records belong to, as they come.

    Parameters
    ----------
    find : looks records up
    last : the last instant of a subject that has been told; -1 for one who is not known
    numbers : by which the rows name people, accounts and roles
    """

    def __init__(self, attribution: Attribution, find: Find, last: Last, numbers: Numbers) -> None:
        self.identities = OngoingIdentities()
        self.memberships = Memberships()
        self._numbers = numbers
        self._people = _People(numbers.people)
        self._telling = Telling(self.identities, attribution, self.memberships)
        self._attribution = attribution
        self._find, self._last = find, last
        self._told: dict[str, int] = defaultdict(lambda: -1)

    def find_by(self, find: Find) -> None:
        """Look records up in another way from now on."""
        self._find = find

    def begin(self, records: Iterable[Record]) -> None:
        """Who is who and a member of what by now: the records of a history that are no events and no traits of people,
        in canonical order. Nothing is told of them."""
        records = list(records)
        for record in records:
            if record.kind == IDENTITY:
                self.identities.add(record)
        for record in records:
            if record.kind != IDENTITY:
                self._note(record, self._telling.is_known(record))
                self._telling.know(record)

    def identify(self, records: Iterable[Record]) -> set[Who]:
        """Who is who, by identity records that have come, of whatever time. Gives those whose past is another, as ids
        are found to be of another person than it had seemed."""
        concerned: set[str] = set()
        for record in records:
            others = self.identities.add(record)
            self._people.forget(others)
            if any(before in concerned or self._last("person", before) >= 0 for before in others.values()):
                concerned |= {
                    person for id, before in others.items() for person in (before, self.identities.person(id))
                }
        return self.around(concerned)

    def take(self, arrivals: Arrivals, doubtful: Collection[int] = ()) -> Arrived:
        """Records that have come, whenever they happened, after `identify` has had those that say who is who.

        Parameters
        ----------
        doubtful : numbers of records whose messages may be in the history already: the past of all whom they concern is
            told again, in which every message counts once
        """
        concerned = _Concerned()
        arrivals, apart = arrivals.apart(self._moving(arrivals, doubtful))
        rows, unclear = self._events(arrivals, concerned)
        others = sorted([*arrivals.others, *apart, *unclear], key=by_number)
        rows = rows.and_(Rows.of(self._one_by_one(others, doubtful, concerned), self._numbers))
        changed = self.around(concerned.people) | self._members(concerned.teams)
        return Arrived(rows, changed | set(map(_account, concerned.accounts)))

    def _moving(self, arrivals: Arrivals, doubtful: Collection[int]) -> set[int]:
        """The events of people who come or go just now, and those of which it is doubtful whether they are new."""
        moves = (each.record for each in arrivals.others if each.record.kind in (JOIN, LEAVE))
        moving = {self._bearer(record) for record in moves if not self._telling.is_known(record)}
        if not moving and not doubtful:
            return set()
        found = {nth for nth, number in enumerate(arrivals.numbers.tolist()) if number in doubtful}
        if moving:
            people = enumerate(arrivals.events.person)
            found |= {nth for nth, person in people if self.identities.person(person or "") in moving}
        return found

    def _events(self, arrivals: Arrivals, concerned: _Concerned) -> tuple[Rows, list[Numbered]]:
        """The rows of events, and those events whose accounts are several, or none of several."""
        events, count, time = arrivals.events, len(arrivals.numbers), arrivals.events.time
        people, accounts = self._numbers.people.of_texts, self._numbers.accounts.of_texts
        person = self._bearers(np.fromiter(map(people.__getitem__, events.person), np.int32, count))
        account = np.fromiter(map(accounts.__getitem__, events.account), np.int32, count)
        for place in np.flatnonzero((time < self._people.moved[person]) & (person != NOBODY)).tolist():
            concerned.add(self._numbers.people.values[person[place]], events.account[place])
        account, unclear = self._at_home(person, account)
        is_of = TO_PERSON * (person != NOBODY) | TO_ACCOUNT * (account != NOBODY)
        rows = Rows(
            time=time,
            kind=np.full(count, EVENT, np.uint8),
            name=objects(events.name),
            person=person,
            account=account,
            target=is_of.astype(np.uint8),
            role=self._roles(person, account),
            value=np.full(count, None),
            received=events.received,
            properties=objects(events.properties),
            order=objects([id or events.record(place).order() for place, id in enumerate(events.message_id)]),
            number=arrivals.numbers,
        )
        if not len(unclear):
            return rows, []
        clear = np.setdiff1d(np.arange(count), unclear)
        return rows.at(clear), arrivals.apart(unclear.tolist())[1]

    def _bearers(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """Who bears the ids of these numbers."""
        people = self._people
        people.make_room()
        found = people.bearer[numbers]
        unknown = np.flatnonzero(found == _UNKNOWN)
        if len(unknown):
            for number in set(numbers[unknown].tolist()):
                id = self._numbers.people.values[number]
                bearer = self.identities.person(id)
                known = number if bearer == id else self._numbers.people.code(bearer)
                people.make_room()
                people.bearer[number] = known
            found = people.bearer[numbers]
        return found

    def _at_home(
        self, person: NDArray[np.int32], account: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The accounts to which events belong, given those that they name; and the places of those of which that must
        be asked one by one."""
        lacking = np.flatnonzero((account == NOBODY) & (person != NOBODY))
        if not len(lacking):
            return account, lacking
        people, home = person[lacking], self._people.home
        for number in set(people[home[people] == _UNKNOWN].tolist()):
            accounts = self.memberships.accounts(self._numbers.people.values[number])
            known = self._numbers.accounts.code(accounts[0]) if accounts else NOBODY
            home[number] = known if len(accounts) < 2 else _SEVERAL
        account[lacking] = home[people]
        return account, lacking[home[people] == _SEVERAL]

    def _roles(self, person: NDArray[np.int32], account: NDArray[np.int32]) -> NDArray[np.int32]:
        """The roles of people in accounts."""
        people, numbers = self._people, self._numbers
        roles = np.where(people.account[person] == account, people.role[person], NOBODY)
        unknown = np.flatnonzero((people.account[person] != account) & (person != NOBODY) & (account >= 0))
        for place, who, of in zip(unknown.tolist(), person[unknown].tolist(), account[unknown].tolist(), strict=True):
            role = self.memberships.role(numbers.people.values[who], numbers.accounts.values[of])
            roles[place] = numbers.roles.of_texts[role or None]
            people.account[who], people.role[who] = of, roles[place]
        return roles

    def _one_by_one(
        self, numbered: Sequence[Numbered], doubtful: Collection[int], concerned: _Concerned
    ) -> list[Row]:  # fmt: skip
        """The rows of records, told in canonical order, as what one says may change whose the next is. A trait that is
        as it was has none, if another record of the account happened, and was received, at the same moment: nothing
        follows from it."""
        rows: list[Row] = []
        told: set[str] = set()
        seen: set[tuple[str | None, int, int | None]] = set()
        places = [place(each.record) for each in numbered]
        for nth in sorted(range(len(numbered)), key=places.__getitem__):
            record, number = numbered[nth].record, numbered[nth].number
            is_known = self._telling.is_known(record)
            if record.kind in (EVENT, PERSON_TRAIT, IDENTITY):
                if record.person and record.time < self._moved(self._bearer(record)):
                    concerned.add(self._bearer(record), record.account)
            else:
                self._change(record, is_known, told, concerned)
            if number in doubtful:
                self._doubt(record, concerned)
            of = (record.account, record.time, record.received)
            if not (is_known and record.kind == ACCOUNT_TRAIT and of in seen):
                rows += _placed(self._telling.rows(record), places[nth], number)
            if record.kind in (JOIN, ACCOUNT_TRAIT):
                seen.add(of)
            self._note(record, is_known)
        return rows

    def _change(self, record: Record, is_known: bool, told: set[str], concerned: _Concerned) -> None:
        """Note whose past is another, as a membership or a trait of an account comes late, unless it is known. Accounts
        of which traits have come just now are added to `told`."""
        account = record.account or ""
        if record.kind in (JOIN, LEAVE):
            if not is_known and self._is_late_move(record):
                concerned.add(self._bearer(record), account)
        elif not is_known:
            if self._is_late_trait(record, told):
                concerned.teams.add(account)
            told.add(account)
        elif record.time > self._told[account]:  # else its instant may have been decided
            told.add(account)

    def past(self, subjects: Collection[Who], until: int) -> dict[Who, list[Row]]:
        """All rows of these subjects up to and including `until`, in canonical order, from all of their records."""
        people = {id for kind, id in subjects if kind == "person"}
        accounts = {id for kind, id in subjects if kind == "account"}
        found = self._found(people, accounts)
        members = {self.identities.person(record.person or "") for record in _moves(found, accounts)}
        found |= self._found(members - people, ())
        own = (record for record in _moves(found) if self.identities.person(record.person or "") in people)
        elsewhere = {record.account or "" for record in own} - accounts
        for number, records in self._found((), elsewhere).items():
            found.setdefault(number, [record for record in records if record.kind == ACCOUNT_TRAIT])
        telling = Telling(self.identities, self._attribution, Memberships())
        rows: dict[Who, list[Row]] = {who: [] for who in subjects}
        moves: list[Record] = []
        for each in _ordered(found, until):
            if each.record.kind in (JOIN, LEAVE) and not telling.is_known(each.record):
                moves.append(each.record)
            for row in _placed(telling.rows(each.record), place(each.record), each.number):
                for who in whose(row):
                    if who in rows:
                        rows[who].append(row)
        self._adopt(telling.memberships, people | members, accounts, moves)
        return rows

    def around(self, people: Collection[str]) -> set[Who]:
        """People, and the accounts in whose history they may have a part."""
        records = (record for records in self._found(people, ()).values() for record in records)
        return {*map(_person, people), *(_account(record.account) for record in records if record.account)}

    # --- What is late -------------------------------------------------------------------------------------------------

    def _is_late_move(self, record: Record) -> bool:
        """Which account is current may be another now, so that its traits count, too."""
        person = self._bearer(record)
        accounts = {record.account or "", *self.memberships.accounts(person)}
        latest = max(self._last("person", person), self._moved(person))
        return record.time <= latest or any(record.time < self._told.get(account, -1) for account in accounts)

    def _is_late_trait(self, record: Record, told: Collection[str]) -> bool:
        """`told`: accounts of which traits have come just now."""
        account = record.account or ""
        latest = self._told.get(account, -1)
        if record.time < latest or (record.time == latest and account not in told):
            return True
        return any(self._moved(person) > record.time for person in self.memberships.viewers(account))

    def _note(self, record: Record, is_known: bool = False) -> None:
        """Note when traits of accounts have been told, known ones too, as what comes before them late makes news of
        them; and when people come or go, which those that are known do not."""
        if record.kind == ACCOUNT_TRAIT:
            account = record.account or ""
            self._told[account] = max(self._told[account], record.time)
        elif record.kind in (JOIN, LEAVE) and not is_known:
            self._people.move(self._bearer(record), record.time)

    def _moved(self, person: str) -> int:
        number = self._numbers.people.known(person)
        return int(self._people.moved[number]) if number < len(self._people.moved) - 1 else NOBODY

    def _doubt(self, record: Record, concerned: _Concerned) -> None:
        """Note all in whose history a record may have a part."""
        if record.person:
            concerned.add(self._bearer(record), record.account)
        if record.kind == ACCOUNT_TRAIT:
            concerned.teams.add(record.account or "")
        elif record.account:
            concerned.accounts.add(record.account)

    def _members(self, accounts: Collection[str]) -> set[Who]:
        """Accounts and all who have ever been members of them."""
        moves = _moves(self._found((), accounts), accounts)
        return {*map(_account, accounts), *(_person(self._bearer(record)) for record in moves)}

    # --- Records ------------------------------------------------------------------------------------------------------

    def _bearer(self, record: Record) -> str:
        return self.identities.person(record.person or "")

    def _found(self, people: Iterable[str], accounts: Collection[str]) -> Found:
        ids: set[str] = set()
        for person in people:
            if person not in ids:  # else all that are joined with it are there
                ids |= self.identities.ids(person)
        found: Found = {}
        if ids or accounts:
            for each in self._find(ids, accounts):
                found.setdefault(each.number, []).append(each.record)
        return found

    def _adopt(
        self, memberships: Memberships, people: Collection[str], accounts: Iterable[str], moves: Iterable[Record]
    ) -> None:
        """Who is a member of what by now, as it has come out for those all of whose records were looked at; `moves` are
        their comings and goings."""
        self.memberships.adopt(memberships, people, accounts, {record.account or "" for record in moves})
        self._people.forget(people)
        for record in moves:
            self._note(record)


def _person(id: str) -> Who:
    return "person", id


def _account(id: str) -> Who:
    return "account", id


def _moves(found: Found, accounts: Collection[str] | None = None) -> list[Record]:
    """The records by which somebody joins or leaves one of these accounts."""
    return [
        record
        for records in found.values()
        for record in records
        if record.kind in (JOIN, LEAVE) and (accounts is None or record.account in accounts)
    ]


def _ordered(found: Found, until: int) -> list[Numbered]:
    """The records up to and including `until` in canonical order, every message once."""
    numbers = {id(record): number for number, records in found.items() for record in records}
    ordered = canonical(record for records in found.values() for record in records)
    return [Numbered(record, numbers[id(record)]) for record in ordered if record.time <= until]


def place(record: Record) -> tuple[object, ...]:
    """The place of a record in canonical order; shorter than `Record.order` where a message id decides."""
    if record.message_id:
        return record.time, record.kind, record.message_id, record.name, record.person or "", record.account or ""
    return record.order()


def whose(row: Row) -> list[Who]:
    """Whose history the row belongs to."""
    found: list[Who] = []
    if row.target & TO_PERSON and row.person is not None:
        found.append(("person", row.person))
    if row.target & TO_ACCOUNT and row.account is not None:
        found.append(("account", row.account))
    return found


def _placed(rows: Iterable[Row], order: tuple[object, ...], number: int) -> list[Row]:
    """The rows that a record makes, with its place in the history, and its number."""
    placed = list(rows)
    for row in placed:
        row.order, row.number = order, number
    return placed
