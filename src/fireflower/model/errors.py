"""What can go wrong. An error's class says what the caller should do about it; its text says what, where, and
what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class FireflowerError(Exception):
    """Base of every error that a user can mend. The command line prints its text alone, without a stack trace."""


class ProjectError(FireflowerError):
    """The project folder or its settings cannot be used as they are: mend the project."""


class UnknownNameError(ProjectError):
    """A question names an event, trait or column that is not there: ask it with another name."""


class InputError(FireflowerError):
    """A file to import cannot be used at all: mend the file or the mapping. (Single bad rows are kept aside.)"""


class UnknownSubjectError(FireflowerError):
    """No person or account of that name is in the history."""


class NotSupportedError(FireflowerError):
    """The language can say it, this version or engine cannot evaluate it. Never answered by a guess."""


class NotInstalledError(FireflowerError):
    """A library that fireflower otherwise does without is needed: install it."""


class Overloaded(FireflowerError):
    """More comes than can be made durable: slow down, and send the same again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Unavailable(FireflowerError):
    """Nothing can be made durable until a person has mended what the text names: a full disk, a read-only file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one place of one file.

    Attributes
    ----------
    file : path as the user knows it, or "" for a definition built in Python
    line, column : 1-based; 0 where there is no text
    message : what is wrong, what was expected, the nearest match
    severity : "error" (cannot be used) or "warning" (can, but is probably not what was meant)
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    severity: str = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.severity}: {self.message}" if place else f"{self.severity}: {self.message}"


class DefinitionError(FireflowerError):
    """A definition or settings file has faults. All of them are in `faults`, in the order of the text."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words closest to `word`, best first, compared without regard to case."""
    by_lower: dict[str, str] = {}
    for candidate in known:
        by_lower.setdefault(candidate.lower(), candidate)
    return [by_lower[match] for match in get_close_matches(word.lower(), by_lower, n=count, cutoff=0.6)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The clause " Did you mean 'X' or 'Y'?" with a leading space, or "" where nothing is near."""
    matches = nearest(word, known)
    return f" Did you mean {' or '.join(repr(match) for match in matches)}?" if matches else ""
