"""Dictionaries that grow: codes for values, in the order in which they come."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from fireflower.model.timeline import Vocabulary
from fireflower.model.values import key_of

NOBODY = -1
"""The code of no subject, no role, no value."""


class Codes:
    """A dictionary: codes for values, in the order in which they come. True is not 1.0.

    Attributes
    ----------
    of_texts : the codes of texts; one that is asked for and has none gets one. None has the code NOBODY
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.values: list[Any] = list(values)
        self.of_texts: dict[Hashable, int] = _Growing(self.values)
        self.of_texts.update((key_of(value), code) for code, value in enumerate(self.values))
        self.of_texts[None] = NOBODY

    def __len__(self) -> int:
        return len(self.values)

    def code(self, value: Any) -> int:
        """The value's code, a new one if need be."""
        if value.__class__ is str:
            return self.of_texts[value]
        key = key_of(value)
        code = self.of_texts.get(key)
        if code is None:
            code = self.of_texts[key] = len(self.values)
            self.values.append(value)
        return code

    def known(self, value: Any) -> int:
        """The value's code, -1 if it has none."""
        return self.of_texts.get(key_of(value), NOBODY)


class _Growing(dict[Hashable, int]):
    """Gives a text that it does not have the next code."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def __missing__(self, text: Hashable) -> int:
        code = self[text] = len(self._values)
        self._values.append(text)
        return code


@dataclass(frozen=True, eq=False, slots=True)
class Numbers:
    """By which numbers people, accounts and roles go, for all who read one history that goes on. An id that a person
    does not bear has a number, too."""

    people: Codes
    accounts: Codes
    roles: Codes

    @classmethod
    def of(cls, begun: Vocabulary) -> Numbers:
        """Those that a history begins with."""
        return cls(Codes(begun.people), Codes(begun.accounts), Codes(begun.roles))
