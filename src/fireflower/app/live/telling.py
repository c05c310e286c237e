"""From what a step has decided to verdicts as they are recorded, with their evidence in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial

import msgspec

from fireflower.app.explained import finite
from fireflower.app.records import in_words
from fireflower.evaluate.results import Change, Evidence, Reason, Subject, Transitions
from fireflower.history.log.verdicts import Verdict
from fireflower.language.describing import describe_condition
from fireflower.language.fingerprints import fingerprint
from fireflower.language.nodes import Condition, Definition, Settings
from fireflower.model.moments import iso
from fireflower.model.records import Record

Lookup = Callable[[Sequence[int]], Mapping[int, Record]]
"""Records by the numbers of rows; those that cannot be found are not there."""

_CHANGES = {int(change): change.name.lower() for change in Change}
_REASONS = {int(reason): reason.label for reason in Reason}

_DESCRIBED: dict[int, tuple[Condition, str]] = {}
_MOST_DESCRIBED = 10_000


def meaning_of(definition: Definition, settings: Settings) -> str:
    """What decides who is qualified by a definition, as a few letters: its own meaning and that of the settings."""
    return f"{fingerprint(definition)}-{fingerprint(settings)}"


def verdicts_of(found: Transitions, meanings: Mapping[str, str], lookup: Lookup) -> Iterator[Verdict]:
    """The transitions, as verdicts to be recorded, given what definitions mean by their names."""
    whose = {
        Subject.PERSON: ("person", found.vocabulary.people),
        Subject.ACCOUNT: ("account", found.vocabulary.accounts),
    }
    columns = (found.kind, found.subject, found.definition, found.change, found.reason, found.at, found.known_at)
    for i, (of, subject, which, change, reason, at, known_at) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        kind, ids = whose[of]
        definition = found.definitions[which]
        yield Verdict(
            kind=kind,
            subject=ids[subject],
            definition=definition.name,
            meaning=meanings[definition.name],
            change=_CHANGES[change],
            reason=_REASONS[reason],
            at=at,
            known_at=known_at,
            evidence=Shown(definition, partial(found.shown, i), lookup),
        )


class Shown:
    """The evidence of a transition, made when it is asked for.

    Attributes
    ----------
    definition : by which the subject has entered or left
    lookup : looks up the records that tipped conditions
    """

    def __init__(self, definition: Definition, states: Callable[[], list[Evidence]], lookup: Lookup) -> None:
        self.definition, self._states, self.lookup = definition, states, lookup

    @cached_property
    def states(self) -> list[Evidence]:
        """Its conditions, as they were."""
        return self._states()

    @cached_property
    def tipped_by(self) -> dict[int, str]:
        """The records that tipped conditions, in words, by their numbers."""
        records = self.lookup([state.row for state in self.states if state.row is not None])
        return {number: in_words(record) for number, record in records.items()}

    @cached_property
    def text(self) -> str:
        """The evidence as JSON."""
        return self._text()

    def __call__(self) -> str:
        return self.text

    def _text(self) -> str:
        return msgspec.json.encode([_told(state, self.tipped_by) for state in self.states]).decode()

    def make(self, records: Mapping[int, Record]) -> None:
        """Make the text, given the records that tipped conditions."""
        self.tipped_by = {number: in_words(record) for number, record in records.items()}
        self.text = self._text()


def make_evidence(verdicts: Iterable[Verdict], at_once: int = 1_000) -> None:
    """Make the evidence of verdicts that have none yet, so that it need not be made when they are recorded; their
    records are looked up together."""
    found = (each.evidence for each in verdicts)
    shown = [each for each in found if isinstance(each, Shown) and "text" not in vars(each)]
    for start in range(0, len(shown), at_once):
        some = shown[start : start + at_once]
        rows = [[state.row for state in each.states if state.row is not None] for each in some]
        records = some[0].lookup(sorted({row for mine in rows for row in mine}))
        for each, mine in zip(some, rows, strict=True):
            each.make({row: records[row] for row in mine if row in records})


def _told(state: Evidence, tipped_by: Mapping[int, str]) -> dict[str, object]:
    words = _in_words(state.condition)
    return {
        "condition": state.condition.text or words,
        "in_words": words,
        "holds": state.holds,
        "value": finite(state.value),
        "since": iso(state.since),
        "tipped_by": None if state.row is None else tipped_by.get(state.row),
    }


def _in_words(condition: Condition) -> str:
    """A condition in plain English. It is remembered by where it lies: to compare conditions would cost as much."""
    known = _DESCRIBED.get(id(condition))
    if known is not None and known[0] is condition:
        return known[1]
    if len(_DESCRIBED) >= _MOST_DESCRIBED:
        _DESCRIBED.clear()
    words = describe_condition(condition)
    _DESCRIBED[id(condition)] = condition, words
    return words
