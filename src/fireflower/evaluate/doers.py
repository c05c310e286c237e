"""Who did what an account qualifies by: whom to talk to there.

What somebody did is what the account's counts would be if only they had done anything: their events are told to the
same kernel as those of an account of their own. So windows and `where` mean what they mean everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import MUTED
from fireflower.evaluate.leaving_out import muted
from fireflower.evaluate.replay import standing
from fireflower.evaluate.results import Evidence
from fireflower.language.fingerprints import canonical, meaning
from fireflower.language.nodes import (
    Actors,
    All,
    AnySpan,
    Compare,
    Condition,
    Count,
    Definition,
    Difference,
    Distinct,
    DistinctDays,
    EventPoints,
    Ever,
    Quantity,
    Ratio,
    Score,
    Sessions,
    Settings,
    Streak,
    Sum,
    TimeSpent,
    Window,
    Within,
)
from fireflower.language.phrases import events as in_words
from fireflower.language.walking import signed, walk
from fireflower.model.records import Kind
from fireflower.model.timeline import TO_ACCOUNT, Timeline, Vocabulary

MOST = 3
"""So many of an account are named."""

_Countable = Count | Distinct | DistinctDays | Sum | Actors | Streak | Sessions | TimeSpent
"""Quantities that more events raise."""


@dataclass(frozen=True, slots=True)
class Deed:
    """How many of the events that a condition looks at are somebody's.

    Attributes
    ----------
    what : the events, or what the definition calls their number
    own, of : theirs, and those of everybody who is known to have done one
    """

    what: str
    own: int
    of: int


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody who did a part of what an account qualifies by.

    Attributes
    ----------
    person : the id
    called : their name, title and e-mail address, as far as known
    role : the one that they have in the account, as it was told last; "" where it never was
    last : when they last did anything there
    deeds : those of which there are any
    """

    person: str
    called: str
    role: str
    last: int
    deeds: tuple[Deed, ...]


def doers(
    definition: Definition,
    settings: Settings,
    timelines: Iterable[Timeline],
    accounts: Mapping[int, Sequence[Evidence]],
    *,
    as_of: int,
    called_by: Sequence[str] = ("name", "title", "email"),
    compiled: bool = False,
    threads: int = 1,
) -> dict[str, tuple[Doer, ...]]:
    """By the ids of accounts, those who did most of what they qualify by, at most three of each. Who is left out as of
    then, or has left the account, is not among them.

    Parameters
    ----------
    timelines : whole blocks, with those in which the people who act in the accounts are evaluated
    accounts : the codes of the accounts, and their evidence
    called_by : the traits of people that tell who they are
    """
    counts = list(_counts(definition))
    if not counts or not accounts:
        return {}
    pieces, out = muted(settings, timelines, as_of, compiled, threads)
    names = _Names(called_by, as_of)
    found: dict[str, list[tuple[_Part, tuple[Deed, ...]]]] = {}
    for piece in pieces:
        names.learn(piece)
        parts, told = _apart(piece, accounts, _anchors(definition), out, as_of)
        values = _values(told, counts, settings, as_of, compiled) if parts else []
        for account, each in groupby(zip(parts, values, strict=True), key=lambda both: both[0].account):
            found[piece.vocabulary.accounts[account]] = _most(list(each), counts, accounts[account])
    return {account: tuple(names.doer(*each) for each in most) for account, most in found.items()}


# --- What is counted --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counted:
    """The events that a condition looks at.

    Attributes
    ----------
    condition : its meaning
    what : how they are called
    is_all : whether the condition asks for this very count
    """

    condition: str
    count: Count
    what: str
    is_all: bool


def _counts(definition: Definition) -> Iterator[_Counted]:
    """What is counted of everybody: the events that the definition asks for."""
    names = {canonical(quantity): name.replace("_", " ") for name, quantity in definition.quantities}
    anchors = _anchors(definition)
    for condition, negated in signed(definition.qualified):
        for quantity in () if negated else _of_events(condition.quantity):
            selection = quantity.events
            if anchors and (not selection.names or anchors & set(selection.names)):
                continue  # with what a window begins is told of everybody, so it is nobody's own
            count = Count(selection, _window(quantity))
            name = names.get(canonical(quantity), "") if count == quantity else ""
            yield _Counted(meaning(condition), count, name or in_words(selection), count == condition.quantity)


def _of_events(quantity: Quantity) -> Iterator[_Countable]:
    """The quantities that more events raise, in another."""
    match quantity:
        case Count() | Distinct() | DistinctDays() | Sum() | Actors() | Streak() | Sessions() | TimeSpent():
            yield quantity
        case Ratio(first, _) | Difference(first, _):
            yield from _of_events(first)
        case Score(items):
            for item in items:
                if isinstance(item, EventPoints):
                    yield from (Count(item.events),) if item.points > 0 else ()
                elif item.points > 0:
                    wanted = (condition for condition, negated in signed(item.condition) if not negated)
                    yield from (part for condition in wanted for part in _of_events(condition.quantity))


def _window(quantity: _Countable) -> Window:
    """When events count for a quantity; what has been greatest at some time is no sum of what each did."""
    window = getattr(quantity, "window", Ever())
    return Ever() if isinstance(window, AnySpan) else window


def _anchors(definition: Definition) -> frozenset[str]:
    """The names of the events with which windows begin."""
    return frozenset(name for node in walk(definition) if isinstance(node, Within) for name in node.anchor.names)


# --- Each by themselves -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """What one person has to do with an account; `is_named` is false of who is left out, or has left it."""

    account: int
    person: int
    role: int
    last: int
    is_named: bool


def _apart(
    piece: Timeline, accounts: Collection[int], anchors: frozenset[str], out: Container[int], as_of: int
) -> tuple[list[_Part], Timeline]:
    """The events of each person in these accounts as those of an account of its own, with what is everybody's: the
    account's traits, and the events with which windows begin."""
    kind = np.array([kind for kind, _ in piece.vocabulary.names], np.int8)
    common = np.array([of == Kind.ACCOUNT_TRAIT or name in anchors for of, name in piece.vocabulary.names], bool)
    parts: list[_Part] = []
    lots: list[NDArray[np.int64]] = []
    for account, rows in _rows_of(piece, accounts, as_of):
        what, person = piece.what[rows], piece.person[rows]
        shared, is_event = rows[common[what]], kind[what] == Kind.EVENT
        for who in np.unique(person[is_event & (person >= 0)]).tolist():
            events = rows[is_event & (person == who)]
            joins, leaves = (rows[(kind[what] == of) & (person == who)] for of in (Kind.JOIN, Kind.LEAVE))
            roles = [role for role in piece.detail[joins].tolist() if role >= 0]
            has_left = leaves.max(initial=-1) > joins.max(initial=-1)
            last = int(piece.time[events[-1]])
            parts.append(_Part(account, who, roles[-1] if roles else -1, last, not has_left and who not in out))
            lots.append(np.union1d(events, shared))
    return parts, _as_accounts(piece, lots)


def _rows_of(piece: Timeline, accounts: Collection[int], as_of: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """The rows of each of these accounts."""
    known = (piece.target & TO_ACCOUNT != 0) & (piece.time <= as_of) & np.isin(piece.account, list(accounts))
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(piece.account[rows], kind="stable")]
    codes, starts = np.unique(piece.account[rows], return_index=True)
    for account, (start, end) in zip(codes.tolist(), pairwise([*starts.tolist(), len(rows)]), strict=True):
        yield account, rows[start:end]


def _as_accounts(piece: Timeline, lots: Sequence[NDArray[np.int64]]) -> Timeline:
    """Rows in lots, each as the history of one account, in one block."""
    rows = np.concatenate(lots) if lots else np.zeros(0, np.int64)
    sizes = np.array([len(lot) for lot in lots], np.int64)
    return Timeline(
        vocabulary=replace(piece.vocabulary, accounts=[str(i) for i in range(len(lots))]),
        time=piece.time[rows],
        what=piece.what[rows],
        person=piece.person[rows],
        account=np.repeat(np.arange(len(lots), dtype=np.int32), sizes),
        target=piece.target[rows] & np.uint8(TO_ACCOUNT | MUTED),
        detail=piece.detail[rows],
        starts=np.array([0, len(rows)], np.int64),
        first_person=np.zeros(2, np.int32),
        first_account=np.array([0, len(lots)], np.int32),
        received=None if piece.received is None else piece.received[rows],
        numbers={name: column[rows] for name, column in piece.numbers.items()},
        codes={name: column[rows] for name, column in piece.codes.items()},
    )


def _values(
    told: Timeline, counts: Sequence[_Counted], settings: Settings, as_of: int, compiled: bool
) -> list[list[int]]:
    """Of each part what is counted."""
    asked = All(tuple(Condition(each.count, Compare(">=", 1)) for each in counts))
    definition = Definition("(doers)", "account", asked, keep_after_goal=True)
    alone = replace(settings, leave_out=())
    found = standing([definition], alone, [told], as_of=as_of, everyone=True, compiled=compiled)
    values: list[list[int]] = [[0] * len(counts)] * len(told.vocabulary.accounts)
    for subject, shown in zip(found.subject.tolist(), found.shown_together(range(len(found))), strict=True):
        by_count = {canonical(state.condition.quantity): int(state.value or 0) for state in shown}  # type: ignore[arg-type]
        values[subject] = [by_count[canonical(each.count)] for each in counts]
    return values


# --- Who did most -----------------------------------------------------------------------------------------------------


def _most(
    parts: Sequence[tuple[_Part, list[int]]], counts: Sequence[_Counted], evidence: Sequence[Evidence]
) -> list[tuple[_Part, tuple[Deed, ...]]]:
    """Those of one account who did most of what holds there."""
    holding = {meaning(state.condition): state.value for state in evidence if state.holds}
    sums = np.array([values for _, values in parts]).sum(axis=0).tolist()
    kept: dict[str, tuple[int, int]] = {}
    for i, each in enumerate(counts):
        if each.condition in holding:
            of = max(sums[i], int(holding[each.condition])) if each.is_all else sums[i]  # type: ignore[arg-type]
            kept.setdefault(canonical(each.count), (i, of))
    done = [
        (part, tuple(Deed(counts[i].what, values[i], of) for i, of in kept.values() if values[i]))
        for part, values in parts
        if part.is_named
    ]
    done = [(part, deeds) for part, deeds in done if deeds]
    return sorted(done, key=lambda each: (-sum(deed.own / deed.of for deed in each[1]), -each[0].last))[:MOST]


class _Names:
    """What people are called, learnt piece by piece."""

    def __init__(self, traits: Sequence[str], as_of: int) -> None:
        self.traits = traits
        self.as_of = as_of
        self.known: dict[str, NDArray[np.int32]] = {}
        self.vocabulary: Vocabulary | None = None

    def learn(self, piece: Timeline) -> None:
        self.vocabulary = piece.vocabulary
        names = list(piece.vocabulary.names)
        for trait in self.traits:
            if (Kind.PERSON_TRAIT, trait) in names:
                code = names.index((Kind.PERSON_TRAIT, trait))
                rows = np.flatnonzero((piece.what == code) & (piece.time <= self.as_of))
                known = self.known.setdefault(trait, np.full(len(piece.vocabulary.people), -1, np.int32))
                known[piece.person[rows]] = piece.detail[rows]

    def doer(self, part: _Part, deeds: tuple[Deed, ...]) -> Doer:
        assert self.vocabulary is not None
        role = self.vocabulary.roles[part.role] if part.role >= 0 else ""
        return Doer(self.vocabulary.people[part.person], self._called(part.person), role, part.last, deeds)

    def _called(self, person: int) -> str:
        assert self.vocabulary is not None
        values = self.vocabulary.traits
        told = [(trait, known[person]) for trait, known in self.known.items() if known[person] >= 0]
        return ", ".join(str(values[Kind.PERSON_TRAIT, trait][code]) for trait, code in told)
