"""Section 1: whose history does each record belong to?"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fireflower.language.nodes import Settings
from fireflower.model.records import Kind, Record, SubjectKind


@dataclass
class Item:
    """A record as it stands in one subject's history.

    Attributes
    ----------
    person : the person, by the id that they bear after all merging
    role : the role that the person has in the event's account, None for none
    counts : False for what a left-out person does in an account
    """

    record: Record
    person: str | None = None
    role: str | None = None
    counts: bool = True

    @property
    def time(self) -> int:
        return self.record.time

    @property
    def kind(self) -> Kind:
        return self.record.kind


@dataclass(eq=False)
class History:
    """One subject's records in canonical order.

    Attributes
    ----------
    current : of a person, the steps (time, current account) in order of time
    traits : account -> its trait records, of all accounts, but for those that say what was so already
    memory : what has been computed once, by node; a node is kept beside its result, so that its id stays its own
    """

    kind: SubjectKind
    subject: str
    settings: Settings
    as_of: int
    items: list[Item] = field(default_factory=list)
    current: list[tuple[int, str | None]] = field(default_factory=list)
    traits: dict[str, list[Record]] = field(default_factory=dict)
    memory: dict[tuple[str, int], tuple[Any, Any]] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return self.items[0].time

    def instants(self) -> set[int]:
        """The moments of all records that can change anything for the subject, from its first record on."""
        theirs = {record.time for account in self.accounts_until(self.as_of) for record in self.traits[account]}
        return {item.time for item in self.items} | {time for time in theirs if time >= self.first}

    def current_account(self, t: int) -> str | None:
        steps = bisect_right(self.current, t, key=lambda step: step[0])
        return self.current[steps - 1][1] if steps else None

    def accounts_until(self, t: int) -> set[str]:
        """The accounts with traits that have been a person's current account after some record up to t."""
        return {account for time, account in self.current if time <= t and account in self.traits}

    def known_at(self, t: int) -> int:
        records = [item.record for item in self.items]
        before = None
        for time, account in self.current:
            if time <= t and account is not None and account != before:
                records += [record for record in self.traits.get(account, []) if record.time < time]
            before = account
        of_accounts = [record for traits in self.traits.values() for record in traits]
        records += [record for record in of_accounts if self.current_account(record.time) == record.account]
        return max([t] + [r.received for r in records if r.time <= t and r.received is not None])

    def remember(self, what: str, node: Any, compute: Callable[[], Any]) -> Any:
        if (what, id(node)) not in self.memory:
            self.memory[what, id(node)] = (node, compute())
        return self.memory[what, id(node)][1]


def once_each(records: Iterable[Record]) -> list[Record]:
    """The records in canonical order, every message once."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for record in sorted(records, key=lambda r: (r.order(), r.time if r.received is None else r.received)):
        what = record.value if record.kind == Kind.IDENTITY else record.name
        told = None if record.kind in (Kind.EVENT, Kind.JOIN, Kind.LEAVE) else what
        message = (record.message_id, record.kind, told)
        if not record.message_id or message not in seen:
            kept.append(record)
        seen.add(message)
    return kept


class People:
    """Which ids are one person, and which id that person bears."""

    def __init__(self, records: Iterable[Record]) -> None:
        told = [record for record in records if record.kind == Kind.IDENTITY]
        identities = [
            record
            for place, record in enumerate(told)
            if record.name != "apart"
            and not any(
                later.name == "apart" and {later.person, later.value} == {record.person, record.value}
                for later in told[place:]
            )
        ]
        self.bears: dict[str, str] = {}
        known = {record.person for record in identities}
        for record in identities:
            assert record.person is not None
            anonymous = record.value not in known
            if anonymous and record.value in self.bears:
                continue
            mine, other = self.find(record.person), self.find(record.value)
            if mine != other:
                self.bears[other] = mine

    def find(self, person: str) -> str:
        while person in self.bears:
            person = self.bears[person]
        return person


class Memberships:
    """Who is a member of what, record after record."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, tuple[int, str | None]]] = {}

    def apply(self, record: Record, person: str) -> None:
        mine = self.of.setdefault(person, {})
        assert record.account is not None
        if record.kind == Kind.LEAVE:
            mine.pop(record.account, None)
        elif record.kind == Kind.JOIN:
            joined, _ = mine.get(record.account, (record.time, None))
            mine[record.account] = (joined, record.name or None)

    def current(self, person: str) -> str | None:
        """The account joined last; of two joined at one instant, the one whose id is greater."""
        mine = self.of.get(person, {})
        return max(mine, key=lambda account: (mine[account][0], account), default=None)

    def role(self, person: str | None, account: str | None) -> str | None:
        return self.of.get(person or "", {}).get(account or "", (0, None))[1]

    def accounts(self, event: Record, person: str | None, attribution: str) -> list[str]:
        """The accounts that an event belongs to."""
        if event.account is not None:
            return [event.account]
        mine = sorted(self.of.get(person or "", {}))
        if attribution == "all":
            return mine
        if attribution == "latest":
            return [account for account in mine if account == self.current(person or "")]
        return mine if len(mine) == 1 else []


def written(value: Any) -> str:
    """A value in JSON: two that are written alike are one. All numbers are floats, and NaN is null."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(None if value != value else float(value))
    if isinstance(value, list | tuple):
        return f"[{','.join(map(written, value))}]"
    return json.dumps(value)


def histories(records: Sequence[Record], settings: Settings, as_of: int) -> dict[tuple[SubjectKind, str], History]:
    """Every subject's history as of a moment, as (kind, id) -> history."""
    ordered = once_each(records)
    people, memberships = People(ordered), Memberships()
    found: dict[tuple[SubjectKind, str], History] = {}
    traits: dict[str, list[Record]] = {}

    def history(kind: SubjectKind, subject: str) -> History:
        empty = History(kind, subject, settings, as_of, traits=traits)
        return found.setdefault((kind, subject), empty)

    for record in (record for record in ordered if record.time <= as_of):
        person = None if record.person is None else people.find(record.person)
        if record.kind == Kind.ACCOUNT_TRAIT:
            assert record.account is not None
            before = [each.value for each in traits.get(record.account, []) if each.name == record.name]
            if written(record.value) != written(before[-1] if before else None):
                traits.setdefault(record.account, []).append(record)
            history("account", record.account).items.append(Item(record))
        elif record.kind == Kind.EVENT:
            accounts = memberships.accounts(record, person, settings.attribution)
            for account in accounts:
                role = memberships.role(person, account)
                history("account", account).items.append(Item(record, person, role))
            if person is not None:
                current = memberships.current(person)
                own = accounts[0] if len(accounts) == 1 else current if accounts else None
                history("person", person).items.append(Item(record, person, memberships.role(person, own)))
        else:
            assert person is not None
            mine = history("person", person)
            mine.items.append(Item(record, person))
            if record.kind in (Kind.JOIN, Kind.LEAVE):
                assert record.account is not None
                memberships.apply(record, person)
                mine.current.append((record.time, memberships.current(person)))
                history("account", record.account).items.append(Item(record, person))
    return found
