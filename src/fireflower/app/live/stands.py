"""What now for a user: how a person and their accounts stand, from the states that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.parts import Stood
from fireflower.evaluate.explain import Way, can_still, way_to
from fireflower.evaluate.results import Evidence, Reason, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.records import SubjectKind

_MOST_ACCOUNTS = 10
"""Accounts of one person that an answer speaks of."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a subject stands with a definition.

    Attributes
    ----------
    since : since when it is (not) qualified; its first record, if that never changed
    reason : why it is not qualified: left out, the goal reached, or lapsed; None if it is, or if only its conditions
        keep it from that and always have
    conditions : every condition of the definition, as it stands
    way : what is not yet, on the shortest way to qualifying; empty for those whom nothing can lead there
    """

    definition: Definition
    qualified: bool
    since: int
    reason: Reason | None
    conditions: tuple[Evidence, ...]
    way: Way


@dataclass(frozen=True, slots=True)
class Stands:
    """How a subject stands with each definition about its kind.

    Attributes
    ----------
    id : a person's is the one by which verdicts name them
    known : whether anything is known of it
    """

    kind: SubjectKind
    id: str
    known: bool
    stands: tuple[Stand, ...]


@dataclass(frozen=True, slots=True)
class Now:
    """How a person and their accounts stand.

    Attributes
    ----------
    more_accounts : accounts of the person that are left out, as they are many
    """

    as_of: int
    subjects: tuple[Stands, ...]
    more_accounts: int

    def steps(self) -> list[tuple[Stands, Stand]]:
        """The next steps, the nearest first."""
        open_ = [(each, stand) for each in self.subjects for stand in each.stands if stand.way.next_step]
        return sorted(open_, key=lambda step: (len(step[1].way.missing), step[1].way.gap))


@dataclass(frozen=True, slots=True)
class Found:
    """The same, as it comes from the evaluator's thread, which is not to be kept for longer than need be.

    Attributes
    ----------
    subjects : with None for those who are evaluated elsewhere
    """

    as_of: int
    subjects: Sequence[tuple[SubjectKind, str, Stood | None]]
    more_accounts: int

    @property
    def elsewhere(self) -> bool:
        """Whether somebody is evaluated elsewhere."""
        return any(parts is None for _, _, parts in self.subjects)

    def completed(
        self, stands: Callable[[SubjectKind, str], Transitions | None], names: frozenset[str]
    ) -> Found:  # fmt: skip
        """With those who are evaluated elsewhere."""

        def parts(kind: SubjectKind, id: str) -> Stood:
            found = stands(kind, id)
            return [] if found is None else [(found, names)]

        subjects = [(kind, id, parts(kind, id) if known is None else known) for kind, id, known in self.subjects]
        return replace(self, subjects=subjects)

    def read(self) -> Now:
        """In the words of definitions and conditions."""
        return Now(
            self.as_of, tuple(_read(kind, id, parts or ()) for kind, id, parts in self.subjects), self.more_accounts
        )


@dataclass(frozen=True, slots=True)
class Whom:
    """The subjects whom a question is about."""

    subjects: Sequence[tuple[SubjectKind, str]]
    more_accounts: int

    def at(self, now: int, stands: Mapping[tuple[SubjectKind, str], Stood]) -> Found:
        """How they stand at a moment, as far as it is known."""
        return Found(now, [(*each, stands.get(each)) for each in self.subjects], self.more_accounts)


def whom(known: Callable[[str], tuple[str, Sequence[str]]], person: str | None, account: str | None) -> Whom:
    """A person, an account or both. Without an account, those of which the person is a member.

    Parameters
    ----------
    known : gives the id by which verdicts name a person, and the person's accounts
    """
    wanted: list[tuple[SubjectKind, str]] = []
    more = 0
    accounts: Sequence[str] = ()
    if person is not None:
        person, accounts = known(person)
        wanted.append(("person", person))
    if account is not None:
        wanted.append(("account", account))
    else:
        more = max(0, len(accounts) - _MOST_ACCOUNTS)
        wanted += [("account", each) for each in accounts[:_MOST_ACCOUNTS]]
    return Whom(wanted, more)


def look(evaluator: Evaluator, person: str | None, account: str | None, now: int) -> Found:
    """Ask how a person, an account or both stand. Without an account, those of which the person is a member."""
    asked = whom(evaluator.known, person, account)
    held = [each for each in asked.subjects if evaluator.holds(*each)]
    return asked.at(now, dict(zip(held, evaluator.standing(held, now), strict=True)))


def _read(kind: SubjectKind, id: str, parts: Stood) -> Stands:
    stands = [stand for found, names in parts for stand in _stands(found, names)]
    return Stands(kind, id, bool(parts), tuple(stands))


def _stands(found: Transitions, names: frozenset[str]) -> Iterator[Stand]:
    rows = _in_order(found, names)
    for i, conditions in zip(rows, found.shown_together(rows), strict=True):
        yield _stand(found, i, tuple(conditions))


def _in_order(found: Transitions, names: frozenset[str]) -> list[int]:
    """The rows of definitions that count, in the order of these."""
    rows = sorted(range(len(found)), key=lambda i: int(found.definition[i]))
    return [i for i in rows if found.definitions[found.definition[i]].name in names]


def _stand(found: Transitions, i: int, conditions: tuple[Evidence, ...]) -> Stand:
    definition, qualified = found.definitions[found.definition[i]], bool(found.change[i])
    reason = Reason(int(found.reason[i])) if not qualified and found.reason[i] >= 0 else None
    return Stand(
        definition=definition,
        qualified=qualified,
        since=int(found.at[i]),
        reason=reason,
        conditions=conditions,
        way=way_to(definition, conditions) if not qualified and can_still(reason) else Way(),
    )
