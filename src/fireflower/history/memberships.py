"""Who is a member of what, in which role, and which account's traits a person has. docs/semantics.md, section 1.

The one place that knows it: `assembly` and the archive feed it a whole history, record by record in canonical order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from fireflower.model.records import ACCOUNT_TRAIT, JOIN, LEAVE, Record
from fireflower.model.values import key_of, normal

Attribution = Literal["only", "all", "latest"]
ATTRIBUTIONS: tuple[Attribution, ...] = ("only", "all", "latest")


class Seen(NamedTuple):
    """From now on this person has this value of an account trait.

    Attributes
    ----------
    account : the account whose record or whose coming or going brought it about
    value : the new value; None for missing
    received : when the latest of what it rests on was received, or None where nobody recorded it
    """

    person: str
    account: str
    trait: str
    value: Any
    received: int | None


@dataclass(slots=True)
class _Member:
    """A membership, and the moment since which its role has been the same."""

    since: int
    role: str
    unchanged: int


@dataclass(slots=True)
class _Trait:
    """The value of a trait, and the moment since which it has been the same."""

    value: Any
    unchanged: int


class Memberships:
    """The memberships and account traits of a history up to now."""

    def __init__(self) -> None:
        self._accounts: dict[str, dict[str, _Member]] = defaultdict(dict)
        self._current: dict[str, str] = {}
        self._traits: dict[str, dict[str, _Trait]] = defaultdict(dict)
        self._received: dict[str, int] = {}
        self._viewers: dict[str, set[str]] = defaultdict(set)

    def apply(self, record: Record) -> list[Seen]:
        """Take in the next record, in canonical order, and tell which account traits it changes for people. Kinds that
        change no membership and no account trait are passed over."""
        person, account, received = record.person or "", record.account or "", record.received
        if record.kind == JOIN:
            return self.join(person, account, record.time, record.name, received)
        if record.kind == LEAVE:
            return self.leave(person, account, received)
        if record.kind == ACCOUNT_TRAIT:
            return self.change(account, record.name, normal(record.value), record.time, received)
        return []

    def is_known(self, record: Record, person: str) -> bool:
        """Whether a record says what has been so since before its moment, until now: clients say again and again what
        they know of accounts. Then it changes nothing, however late it comes.

        Parameters
        ----------
        person : who bears the id that the record names
        """
        account = record.account or ""
        if record.kind == JOIN:
            member = self._accounts.get(person, {}).get(account)
            return member is not None and member.role == record.name and member.unchanged < record.time
        if record.kind == ACCOUNT_TRAIT:
            trait, value = self._traits.get(account, {}).get(record.name), normal(record.value)
            return trait is not None and trait.unchanged < record.time and key_of(trait.value) == key_of(value)
        return False

    def know(self, record: Record, person: str) -> None:
        """The same as `apply`, for whom nobody asks what it changes: that is most of the work.

        Parameters
        ----------
        person : who bears the id that the record names
        """
        account = record.account or ""
        if record.kind == JOIN:
            self._let_join(person, account, record.time, record.name)
            self._follow(person, account)
        elif record.kind == LEAVE:
            self._accounts[person].pop(account, None)
            self._follow(person, account)
        elif record.kind == ACCOUNT_TRAIT:
            self._set(account, record.name, normal(record.value), record.time, record.received)

    def join(self, person: str, account: str, time: int, role: str, received: int | None) -> list[Seen]:
        """A person is a member from now on, or has another role."""
        self._let_join(person, account, time, role)
        return self._move(person, account, received)

    def leave(self, person: str, account: str, received: int | None) -> list[Seen]:
        """A person is no member any longer."""
        self._accounts[person].pop(account, None)
        return self._move(person, account, received)

    def change(self, account: str, trait: str, value: Any, time: int, received: int | None) -> list[Seen]:
        """A trait of the account changes for those whose current account it is. One that is as it was is nothing to
        them."""
        if not self._set(account, trait, value, time, received):
            return []
        return [
            Seen(person, account, trait, value, received)
            for person in sorted(self._viewers.get(account, ()))
            if self._current.get(person) == account
        ]

    def current(self, person: str) -> str | None:
        """The account that they joined last among those of which they are a member."""
        return self._current.get(person)

    def accounts(self, person: str) -> list[str]:
        """The accounts of which they are a member."""
        return list(self._accounts.get(person, ()))

    def count(self, person: str) -> int:
        """Of how many accounts they are a member."""
        return len(self._accounts.get(person, ()))

    def is_member(self, person: str, account: str) -> bool:
        return account in self._accounts.get(person, ())

    def attributed(self, person: str, attribution: Attribution) -> list[str]:
        """The accounts to which an event of theirs belongs that names none."""
        accounts = self.accounts(person)
        if attribution == "all" or len(accounts) <= 1:
            return accounts
        return [] if attribution == "only" else [self._current[person]]

    def traits(self, account: str) -> Mapping[str, Any]:
        """The traits of an account, with None for those that were removed."""
        return {name: trait.value for name, trait in self._traits.get(account, {}).items()}

    def role(self, person: str, account: str) -> str:
        """The role of the person in the account, "" for none."""
        joined = self._accounts.get(person)
        member = joined.get(account) if joined else None
        return member.role if member is not None else ""

    def viewers(self, account: str) -> set[str]:
        """The people whose current account it is or has been."""
        return self._viewers.get(account, set())

    def adopt(
        self, other: Memberships, people: Iterable[str], accounts: Iterable[str], joined: Iterable[str]
    ) -> None:  # fmt: skip
        """Take over from another history how these people and the traits of these accounts stand.

        Parameters
        ----------
        joined : the accounts of which these people have ever been members
        """
        people = set(people)
        for person in people:
            self._accounts[person] = other._accounts.get(person, {})
            self._current.pop(person, None)
            if person in other._current:
                self._current[person] = other._current[person]
        for account in joined:
            self._viewers[account] -= people
            self._viewers[account] |= people & other._viewers.get(account, set())
        for account in accounts:
            self._traits[account] = other._traits.get(account, {})
            self._received.pop(account, None)
            if account in other._received:
                self._received[account] = other._received[account]

    def _let_join(self, person: str, account: str, time: int, role: str) -> None:
        joined = self._accounts[person]
        member = joined.get(account)
        if member is None:
            joined[account] = _Member(time, role, time)
        elif member.role != role:
            member.role, member.unchanged = role, time

    def _set(self, account: str, name: str, value: Any, time: int, received: int | None) -> bool:
        """Whether the trait has another value now."""
        traits = self._traits[account]
        before = traits.get(name)
        if key_of(None if before is None else before.value) == key_of(value):
            return False
        traits[name] = _Trait(value, time)
        if received is not None:
            self._received[account] = max(received, self._received.get(account, received))
        return True

    def _move(self, person: str, cause: str, received: int | None) -> list[Seen]:
        """Find the current account anew; if it is another, the person has other traits."""
        old, new = self._follow(person, cause)
        if new == old:
            return []
        if new is not None:
            received = _later(received, self._received.get(new))
        before, after = self.traits(old or ""), self.traits(new or "")
        return [Seen(person, cause, trait, after.get(trait), received) for trait in sorted({*before, *after})]

    def _follow(self, person: str, cause: str) -> tuple[str | None, str | None]:
        """Find the current account anew. Gives the one before, and the one now."""
        old = self._current.get(person)
        new = self._latest(person, old, cause)
        if new is None:
            self._current.pop(person, None)
        elif new != old:
            self._current[person] = new
            self._viewers[new].add(person)
        return old, new

    def _latest(self, person: str, old: str | None, moved: str) -> str | None:
        """The account joined last. Unless that was left, only the one that moved can win over it."""
        joined = self._accounts[person]
        if len(joined) < 2:
            return next(iter(joined), None)
        rivals = joined if old not in joined else {old, moved} & joined.keys()
        return max(rivals, key=lambda account: (joined[account].since, account))


def _later(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
