"""From what a step has decided to verdicts as they are recorded, with their evidence in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

import msgspec
from msgspec import Struct

from fireflower.app.records import in_words
from fireflower.evaluate.results import Change, Evidence, Reason, Subject, Transitions, Value
from fireflower.history.log.verdicts import Verdict
from fireflower.language.describing import describe_condition
from fireflower.language.fingerprints import fingerprint
from fireflower.language.nodes import Condition, Definition, Settings
from fireflower.model.moments import to_datetime
from fireflower.model.records import Record

Lookup = Callable[[Sequence[int]], Mapping[int, Record]]
"""Records by the numbers of rows; those that cannot be found are not there."""

_CHANGES = {int(change): change.name.lower() for change in Change}
_REASONS = {int(reason): reason.label for reason in Reason}

_encode = msgspec.json.Encoder().encode

_DESCRIBED: dict[int, tuple[Condition, tuple[str, str]]] = {}
_MOST_DESCRIBED = 10_000


def meaning_of(definition: Definition, settings: Settings) -> str:
    """What decides who is qualified by a definition, as a few letters: its own meaning and that of the settings."""
    return f"{fingerprint(definition)}-{fingerprint(settings)}"


def verdicts_of(found: Transitions, meanings: Mapping[str, str], lookup: Lookup) -> list[Verdict]:
    """The transitions, as verdicts to be recorded, given what definitions mean by their names."""
    whose = {
        Subject.PERSON: ("person", found.vocabulary.people),
        Subject.ACCOUNT: ("account", found.vocabulary.accounts),
    }
    names = [definition.name for definition in found.definitions]
    columns = (found.kind, found.subject, found.definition, found.change, found.reason, found.at, found.known_at)
    verdicts: list[Verdict] = []
    for i, (of, subject, which, change, reason, at, known_at) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        kind, ids = whose[of]
        verdicts.append(
            Verdict(
                kind=kind,
                subject=ids[subject],
                definition=names[which],
                meaning=meanings[names[which]],
                change=_CHANGES[change],
                reason=_REASONS[reason],
                at=at,
                known_at=known_at,
                evidence=Shown(found, i, lookup),
            )
        )
    return verdicts


class Shown(Struct):
    """The evidence of a transition, made when it is asked for.

    Attributes
    ----------
    found, nth : the transition
    lookup : looks up the records that tipped conditions
    """

    found: Transitions
    nth: int
    lookup: Lookup
    _states: list[Evidence] | None = None
    _tipped_by: Mapping[int, str] | None = None
    _text: str = ""

    @property
    def definition(self) -> Definition:
        """By which the subject has entered or left."""
        return self.found.definitions[self.found.definition[self.nth]]

    @property
    def states(self) -> list[Evidence]:
        """Its conditions, as they were."""
        if self._states is None:
            _make([self])
        return self._states or []

    @property
    def tipped_by(self) -> Mapping[int, str]:
        """The records that tipped conditions, in words, by their numbers; perhaps others, too."""
        if self._tipped_by is None:
            _make([self])
        return self._tipped_by or {}

    def __call__(self) -> str:
        """The evidence as JSON."""
        if not self._text:
            _make([self])
        return self._text

    @property
    def is_made(self) -> bool:
        """Whether it has been asked for."""
        return self._text != ""

    def make(self, states: list[Evidence], tipped_by: Mapping[int, str]) -> None:
        """Make it, given its conditions, and the records that tipped them."""
        self._states, self._tipped_by = states, tipped_by
        self._text = _encode([_told(state, tipped_by) for state in states]).decode()


def make_evidence(verdicts: Iterable[Verdict], at_once: int = 1_000) -> None:
    """Make the evidence of verdicts that have none yet, so that it need not be made when they are recorded; so many at
    once, as together they cost a fraction."""
    found = (each.evidence for each in verdicts)
    shown = [each for each in found if isinstance(each, Shown) and not each.is_made]
    for start in range(0, len(shown), at_once):
        _make(shown[start : start + at_once])


def _make(shown: Sequence[Shown]) -> None:
    states = [
        each
        for found, some in groupby(shown, attrgetter("found"))
        for each in found.shown_together([one.nth for one in some])
    ]
    rows = {state.row for each in states for state in each if state.row is not None}
    records = shown[0].lookup(sorted(rows)) if rows else {}
    tipped_by = {number: in_words(record) for number, record in records.items()}
    for each, its in zip(shown, states, strict=True):
        each.make(its, tipped_by)


class _Told(Struct):
    """A condition, as it is recorded; numbers that JSON does not know become null."""

    condition: str
    in_words: str
    holds: bool
    value: Value
    since: datetime
    tipped_by: str | None


def _told(state: Evidence, tipped_by: Mapping[int, str]) -> _Told:
    condition, words = _in_words(state.condition)
    since = to_datetime(state.since)
    return _Told(
        condition, words, state.holds, state.value, since, None if state.row is None else tipped_by.get(state.row)
    )


def _in_words(condition: Condition) -> tuple[str, str]:
    """A condition as its author wrote it, and in plain English. They are remembered by where it lies: to compare
    conditions would cost as much."""
    known = _DESCRIBED.get(id(condition))
    if known is not None and known[0] is condition:
        return known[1]
    if len(_DESCRIBED) >= _MOST_DESCRIBED:
        _DESCRIBED.clear()
    words = describe_condition(condition)
    _DESCRIBED[id(condition)] = condition, (condition.text or words, words)
    return condition.text or words, words
