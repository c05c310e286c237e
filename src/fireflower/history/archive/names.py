"""The names of records, and the values of traits, as the codes of a timeline's vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.segments import Dictionaries
from fireflower.model.records import TRAITS, Kind
from fireflower.model.timeline import Name

_SHIFT = np.int64(32)


class NamesSeen:
    """Collects the names, trait values and roles that occur."""

    def __init__(self) -> None:
        self.counts: dict[Kind, NDArray[np.int64]] = {kind: np.zeros(0, np.int64) for kind in Kind}
        self._values: dict[Kind, list[NDArray[np.int64]]] = {kind: [] for kind in TRAITS}

    def add(self, kind: NDArray[np.uint8], name: NDArray[np.int32], value: NDArray[np.int32]) -> None:
        """Take in records: their kinds, their names as codes of words, and their values' codes."""
        present = np.flatnonzero(np.bincount(kind, minlength=len(Kind)))
        for one in map(Kind, present.tolist()):
            inside = slice(None) if len(present) == 1 else kind == one
            self.counts[one] = _sum(self.counts[one], np.bincount(name[inside]))
            if one in TRAITS:
                pairs = (name[inside].astype(np.int64) << _SHIFT) | value[inside].astype(np.uint32)
                self._values[one].append(np.unique(pairs))

    def values(self, kind: Kind) -> NDArray[np.int64]:
        """Each pair of a trait's name and value, as name x 2^32 + value, in ascending order."""
        pairs = np.unique(np.concatenate([np.zeros(0, np.int64), *self._values[kind]]))
        return pairs[(pairs & 0xFFFFFFFF) != 0xFFFFFFFF]


def _sum(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    short, long = sorted((one, other), key=len)
    total = long.copy()
    total[: len(short)] += short
    return total


class Names:
    """The vocabulary's names and dictionaries, and how the archive's codes become theirs.

    Attributes
    ----------
    names : code of `what` -> (kind, name), in their order
    values : code of `what` of a trait -> codes of its values, in the order of their codes in `detail`
    roles : code of a role -> role
    counts : code of `what` -> how many records
    """

    def __init__(self, seen: NamesSeen, dictionaries: Dictionaries) -> None:
        words = dictionaries.words
        found = {(kind, int(code)) for kind in Kind for code in np.flatnonzero(seen.counts[kind])}
        blank = words.code("")
        counted: dict[tuple[Kind, int], int] = {}
        for kind, code in found:
            key = (kind, code if kind >= Kind.ACCOUNT_TRAIT else blank)
            counted[key] = counted.get(key, 0) + int(seen.counts[kind][code])
        ordered = sorted(counted, key=lambda key: (key[0], words.texts[key[1]]))
        self.names: list[Name] = [(kind, words.texts[code]) for kind, code in ordered]
        self.counts = [counted[key] for key in ordered]
        self._what = np.full((len(Kind), len(words)), -1, np.int32)
        for what, (kind, code) in enumerate(ordered):
            self._what[kind, code] = what
        roles = sorted(words.texts[code] for kind, code in found if kind == Kind.JOIN and code != blank)
        self.roles = roles
        self._role = np.full(len(words) + 1, -1, np.int32)
        self._role[[words.code(role) for role in roles]] = np.arange(len(roles))
        self._pairs = {kind: seen.values(kind) for kind in TRAITS}
        self.values = {
            what: self._pairs[kind][(self._pairs[kind] >> _SHIFT) == code] & 0xFFFFFFFF
            for what, (kind, code) in enumerate(ordered)
            if kind in TRAITS
        }

    def what(self, kind: NDArray[Any] | Kind, name: NDArray[Any]) -> NDArray[np.int32]:
        """The codes of names."""
        return self._what[kind].take(name) if isinstance(kind, Kind) else self._what[kind, name]

    def kinds(self) -> NDArray[np.uint8]:
        """Code of `what` -> kind."""
        return np.array([kind for kind, _ in self.names], np.uint8)

    def value(self, kind: Kind, name: NDArray[Any], value: NDArray[Any]) -> NDArray[np.int32]:
        """The codes in `detail` of traits' values; -1 for a removed one."""
        pairs = self._pairs[kind]
        name = name.astype(np.int64) << _SHIFT
        position = np.searchsorted(pairs, name | value.astype(np.uint32)) - np.searchsorted(pairs, name)
        return np.where(value < 0, -1, position).astype(np.int32)

    def role(self, word: NDArray[Any]) -> NDArray[np.int32]:
        """The codes in `detail` of roles."""
        return self._role.take(word)

    def widest(self) -> int:
        """The greatest code in `detail`."""
        return max([len(self.roles), *(len(values) for values in self.values.values())], default=0)
