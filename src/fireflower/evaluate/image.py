"""The kernel's memory as it is written: words, and what the programs of both kinds of subject share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numpy as np

from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.zones import changes
from fireflower.language.nodes import Settings
from fireflower.model.errors import ProjectError

Dictionary = tuple[str, Any]
"""Which of a vocabulary's dictionaries: ("text", property), ("trait", name), ("role", ""); ("none", "") is none."""


class Outgrown(Exception):
    """The program has no room for something that has come since: it has to be compiled again, with more."""


@dataclass(frozen=True, slots=True)
class Table:
    """A list in the memory with a word for each code of a dictionary: `word` gives that of a value."""

    dictionary: Dictionary
    at: int
    word: Callable[[Any], int]


class Image:
    """The memory as it grows: words, and what both programs share."""

    def __init__(self, settings: Settings) -> None:
        self.words: list[int] = [0] * k.MEMORY_HEAD
        self.tables: list[Table] = []
        self.default_zone = settings.timezone
        self.zones: dict[str, int] = {}
        self.zone_number(settings.timezone)

    def reserve(self, words: int) -> int:
        position = len(self.words)
        self.words.extend([0] * words)
        return position

    def list(self, values: Iterable[int]) -> tuple[int, int]:
        start = len(self.words)
        self.words.extend(values)
        return start, len(self.words)

    def table(self, dictionary: Dictionary, values: Iterable[Any], word: Callable[[Any], int]) -> int:
        """A list with a word for each value of a dictionary."""
        at = self.list(word(value) for value in values)[0]
        self.tables.append(Table(dictionary, at, word))
        return at

    def floats(self, values: Sequence[float]) -> int:
        return self.list(np.array(values, np.float64).view(np.int64).tolist())[0]

    def zone_number(self, name: Any) -> int:
        """The number of a zone; an unknown name counts as the project's zone."""
        if not isinstance(name, str) or changes(name) is None:
            name = self.default_zone
        if changes(name) is None:
            raise ProjectError(
                f"timezone: there is no time zone {name!r}. Use a name such as 'Europe/Berlin' or 'UTC'."
            )
        return self.zones.setdefault(name, len(self.zones))

    def finish(self) -> None:
        self.words[k.FADE] = self.list(_fade_table())[0]
        positions = [self.list(zone_words(name))[0] for name in self.zones]
        self.words[k.ZONES] = self.list([*positions, *[0] * (MOST_ZONES - len(positions))])[0]


MOST_ZONES = 1024
"""Room in the zone index; the time zone database knows some 600 names."""


def zone_words(name: str) -> list[int]:
    """A zone, as the kernel reads it: the number of its changes, their moments, and the offsets around them."""
    moments, offsets = changes(name) or ((), ())
    return [len(moments), *moments, *offsets]


@cache
def _fade_table() -> tuple[int, ...]:
    """floor(2**22 * 2**(-i / 4096)) for i in 0 .. 4095, exactly."""
    with localcontext() as context:
        context.prec = 50
        step = (Decimal(2).ln() / 4096).copy_negate()
        return tuple(int((1 << 22) * (step * i).exp()) for i in range(4096))


def float_word(number: float) -> int:
    """The bits of a float, as an integer."""
    return int(np.float64(number).view(np.int64))
