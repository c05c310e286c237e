"""From what a step has decided to verdicts as they are recorded, with their evidence in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from fireflower.app.explained import asked, finite, iso
from fireflower.app.records import in_words
from fireflower.evaluate.results import Change, Evidence, Reason, Subject, Transitions
from fireflower.history.log.verdicts import Verdict
from fireflower.language.describing import describe_condition
from fireflower.language.fingerprints import fingerprint
from fireflower.language.nodes import Definition
from fireflower.model.records import Record

Lookup = Callable[[Sequence[int]], Mapping[int, Record]]
"""Records by the numbers of rows; those that cannot be found are not there."""


def verdicts_of(found: Transitions, lookup: Lookup) -> Iterator[Verdict]:
    """The transitions, as verdicts to be recorded."""
    meanings = [fingerprint(definition) for definition in found.definitions]
    for i in range(len(found)):
        definition = found.definitions[found.definition[i]]
        yield Verdict(
            kind=Subject(found.kind[i]).name.lower(),
            subject=found.subject_id(i),
            definition=definition.name,
            meaning=meanings[found.definition[i]],
            change=Change(found.change[i]).name.lower(),
            reason=Reason(int(found.reason[i])).label,
            at=int(found.at[i]),
            known_at=int(found.known_at[i]),
            evidence=partial(_evidence, found, i, definition, lookup),
        )


def _evidence(found: Transitions, i: int, definition: Definition, lookup: Lookup) -> str:
    shown = found.shown(i)
    records = lookup([state.row for state in shown if state.row is not None])
    return json.dumps([_told(state, records) for state in shown], ensure_ascii=False)


def _told(state: Evidence, records: Mapping[int, Record]) -> dict[str, object]:
    by = records.get(state.row) if state.row is not None else None
    return {
        "condition": asked(state),
        "in_words": describe_condition(state.condition),
        "holds": state.holds,
        "value": finite(state.value),
        "since": iso(state.since),
        "tipped_by": None if by is None else in_words(by),
    }
