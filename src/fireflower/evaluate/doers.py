"""Who did what an account qualifies by: whom to talk to there.

What somebody did is what the account's counts would be if only they had done anything: their events are told to the
same kernel as those of an account of their own. So windows and `where` mean what they mean everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import inf

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
    Between,
    Compare,
    Condition,
    Count,
    Definition,
    Difference,
    Distinct,
    DistinctDays,
    EventPoints,
    Ever,
    Known,
    Last,
    OneOf,
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
from fireflower.language.walking import by_meaning, needs, signed, walk
from fireflower.model.moments import NEVER
from fireflower.model.records import Kind
from fireflower.model.timeline import TO_ACCOUNT, Timeline, Vocabulary

MOST = 3
"""So many of an account are named."""

TOLD_APART = 200
"""So many of an account are told apart, those who did most of the events that are counted."""

_CALLED_BY = ("name", "title", "email")
"""The traits of people that tell who they are."""

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
    name, title, email : the traits of these names; "" where none is known that is text
    role : the one that they have in the account, as it was told last; "" where it never was
    last : when they last did anything there
    deeds : those of which there are any
    """

    person: str
    name: str
    title: str
    email: str
    role: str
    last: int
    deeds: tuple[Deed, ...]


def doers_of(
    definition: Definition,
    settings: Settings,
    timelines: Iterable[Timeline],
    accounts: Mapping[int, Sequence[Evidence]],
    *,
    as_of: int,
    compiled: bool = False,
    threads: int = 1,
) -> dict[str, tuple[Doer, ...]]:
    """By the ids of accounts, those who did most of what they qualify by, at most three of each. Who is left out as of
    then, or has left the account, is not among them.

    Parameters
    ----------
    timelines : whole blocks, with those in which the people who act in the accounts are evaluated
    accounts : the codes of the accounts, and their evidence
    """
    counts = list(_counts(definition))
    if not counts or not accounts:
        return {}
    pieces, out = muted(settings, timelines, as_of, compiled, threads)
    people = _People(as_of)
    told = _Told([each.count for each in counts], settings, as_of, compiled)
    found: dict[str, list[_Share]] = {}
    for piece in pieces:
        people.learn(piece)
        parts = list(_apart(piece, accounts, counts, out, as_of))
        if not parts:
            continue
        shared = told.shared(piece, accounts)
        states = told.states(piece, [np.union1d(part.events, shared[part.account]) for part in parts])
        values = [[int(state.value or 0) for state in each] for each in states]  # type: ignore[arg-type]
        for account, each in groupby(zip(parts, values, strict=True), key=lambda both: both[0].account):
            found[piece.vocabulary.accounts[account]] = _most(list(each), counts, accounts[account])
    return {account: people.first(shares) for account, shares in found.items()}


# --- What is counted --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counted:
    """The events that a condition looks at.

    Attributes
    ----------
    condition, negated : its meaning, and whether it is asked not to hold
    what : how they are called
    is_all : whether the condition asks for this very count
    """

    condition: str
    negated: bool
    count: Count
    what: str
    is_all: bool


def _counts(definition: Definition) -> Iterator[_Counted]:
    """What is counted of everybody: the events that the definition asks for."""
    names = {canonical(quantity): name.replace("_", " ") for name, quantity in definition.quantities}
    anchors = _anchors(definition)
    for condition, negated in signed(definition.qualified):
        for quantity in _of_events(condition.quantity) if _is_raised(condition, negated) else ():
            selection = quantity.events
            if anchors and (not selection.names or anchors & set(selection.names)):
                continue  # with what a window begins is told of everybody, so it is nobody's own
            count = Count(selection, _window(quantity))
            name = names.get(canonical(quantity), "") if count == quantity else ""
            yield _Counted(meaning(condition), negated, count, name or in_words(selection), count == condition.quantity)


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
                    wanted = (
                        condition for condition, negated in signed(item.condition) if _is_raised(condition, negated)
                    )
                    yield from (part for condition in wanted for part in _of_events(condition.quantity))


def _is_raised(condition: Condition, negated: bool) -> bool:
    """Whether a condition comes to be as it is asked for by its quantity being high, and not by its being low."""
    match condition.test:
        case Compare(">" | ">="):
            asks_for_more = True
        case Compare("=", bound):
            asks_for_more = bound != 0
        case Compare("!=", bound):
            asks_for_more = bound == 0
        case Between(low, _):
            asks_for_more = low > 0
        case OneOf(values, is_none):
            asks_for_more = (0 in values) == is_none
        case Known(known):
            asks_for_more = known
        case _:
            asks_for_more = False
    return asks_for_more != negated


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
    """What one person did in an account; `is_named` is false of who is left out, or has left it, and of all those
    together who are not told apart, whose person is -1."""

    account: int
    person: int
    role: int
    last: int
    events: NDArray[np.int64]
    is_named: bool


def _apart(
    piece: Timeline, accounts: Collection[int], counts: Sequence[_Counted], out: Container[int], as_of: int
) -> Iterator[_Part]:
    """The events of each account by who did them. Only those who may be named are told apart, and of many those who did
    most of the events that are counted."""
    kinds = np.array([kind for kind, _ in piece.vocabulary.names], np.int8)
    counted = _named(piece.vocabulary, counts)
    for account, rows in _rows_of(piece, accounts, as_of):
        known = rows[piece.person[rows] >= 0]
        parts = [_part(piece, kinds, account, who, theirs, who in out) for who, theirs in _grouped(piece.person, known)]
        parts = [part for part in parts if len(part.events)]
        parts.sort(key=lambda part: (-np.count_nonzero(counted[piece.what[part.events]]), -part.last))
        named = [part for part in parts if part.is_named]
        yield from named[:TOLD_APART]
        others = [part.events for part in parts if not part.is_named] + [part.events for part in named[TOLD_APART:]]
        if others:
            yield _Part(account, -1, -1, 0, np.concatenate(others), is_named=False)


def _part(
    piece: Timeline, kinds: NDArray[np.int8], account: int, who: int, rows: NDArray[np.int64], is_out: bool
) -> _Part:
    """What somebody did in an account, by their rows there."""
    events, joins, leaves = (rows[kinds[piece.what[rows]] == kind] for kind in (Kind.EVENT, Kind.JOIN, Kind.LEAVE))
    roles = [role for role in piece.detail[joins].tolist() if role >= 0]
    has_left = leaves.max(initial=-1) > joins.max(initial=-1)
    last = int(piece.time[events[-1]]) if len(events) else 0
    return _Part(account, who, roles[-1] if roles else -1, last, events, not (is_out or has_left))


def _named(vocabulary: Vocabulary, counts: Iterable[_Counted]) -> NDArray[np.bool_]:
    """Of each name whether it is one of the events that are counted, whatever `where` says of them."""
    selections = [each.count.events for each in counts]
    wanted = {name for events in selections for name in events.names}
    any_name = not all(events.names for events in selections)
    return np.array([of == Kind.EVENT and (any_name or name in wanted) for of, name in vocabulary.names], bool)


def _rows_of(piece: Timeline, accounts: Collection[int], as_of: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """The rows of each of these accounts."""
    known = (piece.target & TO_ACCOUNT != 0) & (piece.time <= as_of) & np.isin(piece.account, list(accounts))
    return _grouped(piece.account, np.flatnonzero(known))


def _grouped(column: NDArray[np.int32], rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Rows by what a column says of them, each lot in their order."""
    rows = rows[np.argsort(column[rows], kind="stable")]
    codes, starts = np.unique(column[rows], return_index=True)
    for code, (start, end) in zip(codes.tolist(), pairwise([*starts.tolist(), len(rows)]), strict=True):
        yield code, rows[start:end]


# --- Told to the kernel -----------------------------------------------------------------------------------------------


class _Told:
    """Lots of rows, told to the kernel as accounts of their own."""

    def __init__(self, counts: Iterable[Count], settings: Settings, as_of: int, compiled: bool) -> None:
        self.counts = list(counts)
        self.settings = replace(settings, leave_out=())
        self.as_of = as_of
        self.compiled = compiled

    @property
    def asked(self) -> Definition:
        conditions = tuple(Condition(count, Compare(">=", 1)) for count in self.counts)
        return Definition("(doers)", "account", All(conditions), keep_after_goal=True)

    def states(self, piece: Timeline, lots: Sequence[NDArray[np.int64]]) -> list[list[Evidence]]:
        """Of each lot, how there being any stands with each of the counts; nothing of one without rows."""
        found = standing(
            [self.asked], self.settings, [_as_accounts(piece, lots)],
            as_of=self.as_of, everyone=True, compiled=self.compiled,
        )  # fmt: skip
        states: list[list[Evidence]] = [[]] * len(lots)
        for lot, shown in zip(found.subject.tolist(), found.shown_together(range(len(found))), strict=True):
            by_count = {meaning(state.condition.quantity): state for state in shown}
            states[lot] = [by_count[meaning(count)] for count in self.counts]
        return states

    def shared(self, piece: Timeline, accounts: Collection[int]) -> dict[int, NDArray[np.int64]]:
        """The rows of each account on which it hangs whether an event counts, whoever did it: the traits that name its
        time zone, where that matters, and the events with which windows began."""
        zones = {name for owner, name in needs([self.asked], self.settings).traits if owner == "account"}
        anchors = [count.window.anchor for count in self.counts if isinstance(count.window, Within)]
        names = {name for anchor in anchors for name in anchor.names}
        is_zone = np.array([of == Kind.ACCOUNT_TRAIT and name in zones for of, name in piece.vocabulary.names], bool)
        is_anchor = np.array([of == Kind.EVENT and name in names for of, name in piece.vocabulary.names], bool)
        read = is_zone | is_anchor
        lots = {account: rows[read[piece.what[rows]]] for account, rows in _rows_of(piece, accounts, self.as_of)}
        if not anchors:
            return lots
        firsts = _Told(map(Count, by_meaning(anchors).values()), self.settings, self.as_of, self.compiled)
        for (account, rows), states in zip(lots.items(), firsts.states(piece, list(lots.values())), strict=True):
            began = [state.since for state in states if state.holds]
            lots[account] = rows[is_zone[piece.what[rows]] | np.isin(piece.time[rows], began)]
        return lots


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


# --- Who did most -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Share:
    """What somebody did of what holds in an account."""

    part: _Part
    deeds: tuple[Deed, ...]

    @property
    def size(self) -> float:
        return sum(deed.own / deed.of for deed in self.deeds)


def _most(
    parts: Sequence[tuple[_Part, list[int]]], counts: Sequence[_Counted], evidence: Sequence[Evidence]
) -> list[_Share]:
    """Those of one account who did most of what holds there, and who did as much as the last of them. Of several
    windows of the same events the longest tells."""
    states = {meaning(state.condition): state for state in evidence}
    sums = np.array([values for _, values in parts]).sum(axis=0).tolist()
    holding = [i for i, each in enumerate(counts) if states[each.condition].holds != each.negated]
    holding.sort(key=lambda i: (_length(counts[i].count.window), counts[i].is_all, -i))
    longest = sorted({meaning(counts[i].count.events): i for i in holding}.values())
    whole = [(i, _whole(counts[i], sums[i], states[counts[i].condition])) for i in longest]
    shares = [
        _Share(part, tuple(Deed(counts[i].what, values[i], of) for i, of in whole if values[i]))
        for part, values in parts
        if part.is_named
    ]
    least = sorted((share.size for share in shares), reverse=True)[:MOST][-1:]
    return [share for share in shares if share.deeds and [share.size] >= least]


def _whole(counted: _Counted, sum_of_all: int, state: Evidence) -> int:
    """How many there are, those of nobody known among them if the condition tells how many that makes."""
    return max(sum_of_all, int(state.value)) if counted.is_all else sum_of_all  # type: ignore[arg-type]


def _length(window: Window) -> float:
    """How long a window is, so that of several of the same events the longest is told; one without an end is shorter if
    it has a beginning."""
    match window:
        case Last(span) | Within(_, int(span)):
            return span
        case Within():
            return NEVER
    return inf


class _People:
    """What people are called, learnt piece by piece."""

    def __init__(self, as_of: int) -> None:
        self.as_of = as_of
        self.known: dict[str, NDArray[np.int32]] = {}
        self.vocabulary: Vocabulary | None = None

    def learn(self, piece: Timeline) -> None:
        self.vocabulary = piece.vocabulary
        names = list(piece.vocabulary.names)
        for trait in _CALLED_BY:
            if (Kind.PERSON_TRAIT, trait) in names:
                code = names.index((Kind.PERSON_TRAIT, trait))
                rows = np.flatnonzero((piece.what == code) & (piece.time <= self.as_of))
                known = self.known.setdefault(trait, np.full(len(piece.vocabulary.people), -1, np.int32))
                known[piece.person[rows]] = piece.detail[rows]

    def first(self, shares: Iterable[_Share]) -> tuple[Doer, ...]:
        """Who did most; of those who did as much, who can be called or written to, then who was seen last."""
        ranked = [(-share.size, self._doer(share)) for share in shares]
        ranked.sort(key=lambda each: (each[0], not (each[1].name or each[1].email), -each[1].last))
        return tuple(doer for _, doer in ranked[:MOST])

    def _doer(self, share: _Share) -> Doer:
        assert self.vocabulary is not None
        part = share.part
        role = self.vocabulary.roles[part.role] if part.role >= 0 else ""
        name, title, email = (self._text(trait, part.person) for trait in _CALLED_BY)
        return Doer(self.vocabulary.people[part.person], name, title, email, role, part.last, share.deeds)

    def _text(self, trait: str, person: int) -> str:
        """What a trait says of somebody; "" where that is nothing, or no text."""
        assert self.vocabulary is not None
        code = self.known[trait][person] if trait in self.known else -1
        value = self.vocabulary.traits[Kind.PERSON_TRAIT, trait][code] if code >= 0 else ""
        return value.strip() if isinstance(value, str) else ""
