"""What a replay hands over: transitions with their evidence, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from fireflower.evaluate.kernel.layout import NO_ROW, TEXT_VALUE
from fireflower.language.nodes import Condition, Definition, Latest, Quantity, Trait
from fireflower.model.records import Kind
from fireflower.model.timeline import Vocabulary


class Change(IntEnum):
    LEFT = 0
    ENTERED = 1


class Reason(IntEnum):
    """Why a verdict changed; see docs/semantics.md, section 7."""

    QUALIFIED = 0
    LAPSED = 1
    CONVERTED = 2
    LEFT_OUT = 3

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", " ")


class Subject(IntEnum):
    ACCOUNT = 0
    PERSON = 1


Value = float | str | bool | list[float | str | bool] | None


class Evidence(Struct, frozen=True):
    """One condition at one moment.

    Attributes
    ----------
    value : the quantity; microseconds for recency and elapsed; None if missing
    since : since when it has (not) held
    row : the archive row of the record that tipped it; None where time alone did, or nothing yet
    """

    condition: Condition
    holds: bool
    value: Value
    since: int
    row: int | None


TURN = np.dtype([("since", np.int64), ("what", np.int64)])
"""A turn of a condition as the kernel writes it (`layout.TURN_WORDS`)."""


def texts_of(quantities: NDArray[np.float64]) -> NDArray[np.int32]:
    """Which of the kernel's quantities are text: the code of each, or -1."""
    words = quantities.view(np.int64)
    return np.where(words >= TEXT_VALUE, words & 0xFFFFFFFF, -1).astype(np.int32)


@dataclass(frozen=True, eq=False)
class EvidenceRows:
    """Rows of evidence. What one shows others have often shown before, so it is kept once: a *fact* is how a condition
    stands, and what its quantity is then; a *turn* of the condition says the former. Rows, facts and turns lie in lots,
    within which they are numbered, so that small numbers do.

    Attributes
    ----------
    lots : int64[n, 3], the places in `fact`, `quantity` and `turns` where each lot begins
    values : float64, the quantity of each row, where only these were asked for; there is nothing else then
    fact : whole numbers; the fact that each row shows, among those of its lot
    quantity : float64, of each fact
    turn : whole numbers, of each fact; among those of its lot
    turns : TURNs
    """

    lots: NDArray[np.int64]
    values: NDArray[np.float64]
    fact: NDArray[Any]
    quantity: NDArray[np.float64]
    turn: NDArray[Any]
    turns: NDArray[np.void]

    @classmethod
    def none(cls) -> EvidenceRows:
        empty = np.zeros(0)
        numbers = empty.astype(np.uint16)
        return cls(np.zeros((0, 3), np.int64), empty, numbers, empty, numbers, np.zeros(0, TURN))

    def __len__(self) -> int:
        return len(self.values) + len(self.fact)

    def shown(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.void]]:
        """The quantities of these rows, and the turns of their conditions."""
        if len(self.lots) == 1:  # as in what few have shown
            fact = self.fact[rows]
            return self.quantity[fact], self.turns[self.turn[fact]]
        _, facts, turns = self.lots[np.searchsorted(self.lots[:, 0], rows, "right") - 1].T
        fact = self.fact[rows] + facts
        return self.quantity[fact], self.turns[self.turn[fact] + turns]


class Facts(NamedTuple):
    """What rows of evidence say, as columns.

    Attributes
    ----------
    holds : bool, whether the condition held
    quantity : float64, its value then; NaN if it was missing or text
    text : int32, code of the value in the dictionary of its property or trait if it was text, else -1
    since : int64, since when it has held (or not held)
    row : int64, archive row of the record that tipped it; -1 where time alone did, or nothing yet
    """

    holds: NDArray[np.bool_]
    quantity: NDArray[np.float64]
    text: NDArray[np.int32]
    since: NDArray[np.int64]
    row: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Transitions:
    """Changes of verdicts, in the order (at, subject kind, subject id, definition name).

    Attributes
    ----------
    definitions : what `definition` indexes
    conditions : of each definition those that its evidence shows, in this order, in the definition's own words
    vocabulary : whose `people` and `accounts` the `subject` codes index
    as_of : the moment up to which verdicts were decided
    at, known_at : int64 moments
    kind : int8, a Subject
    subject : int32, code in vocabulary.people or vocabulary.accounts
    definition : int32
    change : int8, a Change
    reason : int8, a Reason
    end : uint32, where the evidence rows of each end (`evidence`). They lie as they were written, not in the order of
        the transitions
    counts : uint32, how many rows of evidence a transition of each definition has; none if it was not asked for
    rows : the evidence rows; `facts` tells what they say
    """

    definitions: Sequence[Definition]
    conditions: Sequence[Sequence[Condition]]
    vocabulary: Vocabulary
    as_of: int
    at: NDArray[np.int64]
    known_at: NDArray[np.int64]
    kind: NDArray[np.int8]
    subject: NDArray[np.int32]
    definition: NDArray[np.int32]
    change: NDArray[np.int8]
    reason: NDArray[np.int8]
    end: NDArray[np.uint32]
    counts: NDArray[np.uint32]
    rows: EvidenceRows

    def __len__(self) -> int:
        return len(self.at)

    def value(self, of: Quantity, quantity: float, text: int) -> Value:
        """A quantity of the evidence as people know it: a number, text, truth value or list; None if it was
        missing."""
        if text < 0:
            return None if isnan(quantity) else quantity
        value: Value = self._dictionary(of)[text]
        return value

    def _dictionary(self, quantity: Quantity) -> Sequence[Value]:
        if isinstance(quantity, Trait):
            kind = Kind.ACCOUNT_TRAIT if quantity.owner == "account" else Kind.PERSON_TRAIT
            return self.vocabulary.traits[kind, quantity.name]
        assert isinstance(quantity, Latest)
        return self.vocabulary.texts[quantity.of.path]

    def evidence(self, which: NDArray[np.int64] | slice = slice(None)) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the evidence rows of these transitions begin, and where they end."""
        ends = self.end[which].astype(np.int64)
        return ends - self.counts[self.definition[which]], ends

    def facts(self, rows: NDArray[np.int64] | slice = slice(None)) -> Facts:
        """What these rows of evidence say."""
        numbers = np.arange(len(self.rows))[rows] if isinstance(rows, slice) else rows
        quantity, turns = self.rows.shown(numbers)
        what = turns["what"]
        row = what & NO_ROW
        row[row == NO_ROW] = -1
        return Facts(what < 0, quantity, texts_of(quantity), turns["since"], row)

    def shown(self, i: int) -> list[Evidence]:
        """The evidence of transition i."""
        return self.shown_together([i])[0]

    def shown_together(self, which: ArrayLike) -> list[list[Evidence]]:
        """The evidence of each of these transitions. One by one, it costs several times as much."""
        which = np.asarray(which, np.int64)
        first, last = self.evidence(which)
        counts = last - first
        ends = np.cumsum(counts)
        rows = np.arange(counts.sum()) + np.repeat(last - ends, counts)
        conditions = [
            condition
            for definition, count in zip(self.definition[which].tolist(), counts.tolist(), strict=True)
            for condition in self.conditions[definition][:count]
        ]
        shown = list(map(self._evidence, conditions, *(column.tolist() for column in self.facts(rows))))
        return [shown[end - count : end] for count, end in zip(counts.tolist(), ends.tolist(), strict=True)]

    def _evidence(
        self, condition: Condition, holds: bool, quantity: float, text: int, since: int, row: int
    ) -> Evidence:
        value = self.value(condition.quantity, quantity, text)
        return Evidence(condition, holds, value, since, row if row >= 0 else None)

    def only(self, which: NDArray[np.int64]) -> Transitions:
        """Those at these places, in this order. The rows of evidence are shared."""
        return replace(
            self,
            at=self.at[which],
            known_at=self.known_at[which],
            kind=self.kind[which],
            subject=self.subject[which],
            definition=self.definition[which],
            change=self.change[which],
            reason=self.reason[which],
            end=self.end[which],
        )

    def of(self, kind: Subject, code: int) -> Transitions:
        """Those of one subject."""
        return self.only(np.flatnonzero((self.kind == kind) & (self.subject == code)))

    def subject_id(self, i: int) -> str:
        ids = self.vocabulary.people if self.kind[i] == Subject.PERSON else self.vocabulary.accounts
        return ids[self.subject[i]]
