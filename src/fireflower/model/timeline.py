"""Many records as columns, in the order in which the kernel replays them.

The rows lie in *blocks*. A block holds every row of one account and of those people whose whole history touches that
account alone; a person whose history touches several accounts (or none) has a block of their own. So both kinds of
subject find all of their rows inside one block, in canonical order, whoever knows whom, and a block is the unit of
memory and of parallel work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.model.records import Kind, SubjectKind

TO_PERSON = 1
TO_ACCOUNT = 2
"""Bits of `Timeline.target`: whose history a row belongs to."""

Name = tuple[Kind, str]
"""What a row is: (kind, event or trait name). The name of LEAVE, JOIN and IDENTITY rows is ""."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The dictionaries behind the integer codes of a timeline. A code is a position in the list.

    Attributes
    ----------
    names : code -> (kind, name), the dictionary of `what`
    people, accounts : code -> id as the user knows it
    texts : property -> code -> value (str, bool or list), the dictionaries of `Timeline.codes`
    traits : name of `names` with a trait kind -> code -> value (str, float, bool, list), the dictionaries of `detail`
    roles : code -> role, the dictionary of `detail` on JOIN rows and on events
    """

    names: Sequence[Name]
    people: Sequence[str]
    accounts: Sequence[str]
    texts: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    traits: Mapping[Name, Sequence[Any]] = field(default_factory=dict)
    roles: Sequence[str] = ()


NOTHING = Vocabulary((), (), ())
"""The vocabulary of a history in which nothing has happened."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Rows of whole blocks.

    Attributes
    ----------
    vocabulary : the dictionaries
    time : int64, event time (a moment)
    what : int32, code in `vocabulary.names`
    person : int32, the person who did it or whose trait or membership it is; -1 for none. People are numbered block
        by block, so that those evaluated in block b are [first_person[b], first_person[b + 1])
    account : int32, the account that it belongs to; -1 for none. Numbered block by block likewise
    target : uint8, TO_PERSON and TO_ACCOUNT bits
    detail : int32. Trait rows: code of the new value, -1 for removed. JOIN rows: code of the role, -1 for none.
        EVENT rows: code of the role that the person has in the account at this moment, -1 for none
    received : int64, or None where no row's time of receipt is known (then it is the event time)
    numbers : property -> float64, NaN where the property is missing or not a number. No column where it never is one
    codes : property -> int32 code in `vocabulary.texts`, -1 where the property is missing or a number. No column where
        it never has another value
    starts : int64[blocks + 1], row at which each block begins
    first_person, first_account : int32[blocks + 1], the first subject of each kind that is evaluated in a block
    first_row : position of row 0 in the whole archive, so that `first_row + i` names a row for good
    row : int64, the names of rows that do not lie next to each other, as those that come live
    """

    vocabulary: Vocabulary
    time: NDArray[np.int64]
    what: NDArray[np.int32]
    person: NDArray[np.int32]
    account: NDArray[np.int32]
    target: NDArray[np.uint8]
    detail: NDArray[np.int32]
    starts: NDArray[np.int64]
    first_person: NDArray[np.int32]
    first_account: NDArray[np.int32]
    received: NDArray[np.int64] | None = None
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    codes: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    first_row: int = 0
    row: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def blocks(self) -> int:
        return len(self.starts) - 1

    def of(self, kind: SubjectKind) -> tuple[NDArray[np.int32], int]:
        """The subjects of a kind to whom the rows may belong, and the bit of `target` that says whether they do."""
        return (self.person, TO_PERSON) if kind == "person" else (self.account, TO_ACCOUNT)
