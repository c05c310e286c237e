"""Transitions as Arrow tables, for files and data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.results import Change, Facts, Reason, Subject, Transitions
from fireflower.language.describing import as_written
from fireflower.language.nodes import Condition

if TYPE_CHECKING:
    import pyarrow as pa


def leads_table(standing: Transitions, names: Sequence[str]) -> pa.Table:
    """Who is qualified, the most recent first.

    Columns: subject_kind, subject, definition, since, name, evidence. The evidence is a list of structs, one a
    condition: condition, holds, number, text, since, record (the position in the archive of the record that tipped it).
    """
    import pyarrow as pa

    columns = {
        **_subject(standing),
        "since": _times(standing.at),
        "name": pa.array([name or None for name in names], pa.string()),
        "evidence": _evidence(standing),
    }
    newest_first = np.argsort(-standing.at, kind="stable")
    return pa.table(columns).take(newest_first)


def transitions_table(transitions: Transitions) -> pa.Table:
    """Every change of a verdict, in the order (at, subject kind, subject, definition).

    Columns: at, known_at, change, reason, subject_kind, subject, definition, evidence.
    """
    import pyarrow as pa

    changes = [Change(code).name.lower() for code in sorted(Change)]
    reasons = [Reason(code).label for code in sorted(Reason)]
    columns = {
        "at": _times(transitions.at),
        "known_at": _times(transitions.known_at),
        "change": _named(transitions.change, changes),
        "reason": _named(transitions.reason, reasons),
        **_subject(transitions),
        "evidence": _evidence(transitions),
    }
    return pa.table(columns)


def only(table: pa.Table, subjects: Sequence[str]) -> pa.Table:
    """The rows about these subjects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return table.filter(pc.is_in(table.column("subject"), pa.array(subjects, pa.string())))


def _subject(found: Transitions) -> dict[str, Any]:
    kinds = [kind.name.lower() for kind in sorted(Subject)]
    names = [definition.name for definition in found.definitions]
    return {
        "subject_kind": _named(found.kind, kinds),
        "subject": _ids(found),
        "definition": _named(found.definition, names),
    }


def _ids(found: Transitions) -> pa.Array:
    """Each subject's id is looked up once, however often it occurs."""
    import pyarrow as pa

    places = np.stack([found.kind, found.subject]) if len(found) else np.empty((2, 0), np.int64)
    unique, inverse = np.unique(places, axis=1, return_inverse=True)
    ids = {Subject.PERSON: found.vocabulary.people, Subject.ACCOUNT: found.vocabulary.accounts}
    texts = pa.array([ids[Subject(kind)][code] for kind, code in unique.T.tolist()], pa.string())
    return texts.take(pa.array(inverse.ravel()))


def _evidence(found: Transitions) -> pa.Array:
    import pyarrow as pa

    first, end = found.evidence()
    counts = end - first
    offsets = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    conditions = [condition for each in found.conditions for condition in each]
    firsts = np.cumsum([0, *map(len, found.conditions)])
    which = np.repeat(firsts[found.definition], counts) + places
    facts = found.facts(np.repeat(first, counts) + places)
    states = {
        "condition": _named(which, [as_written(condition) for condition in conditions]),
        "holds": pa.array(facts.holds),
        "number": pa.array(facts.quantity, mask=np.isnan(facts.quantity)),
        "text": pa.array(_texts(found, facts, conditions, which), pa.string()),
        "since": _times(facts.since),
        "record": pa.array(facts.row, mask=facts.row < 0),
    }
    struct = pa.StructArray.from_arrays(list(states.values()), names=list(states))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct)


def _texts(
    found: Transitions, facts: Facts, conditions: Sequence[Condition], which: NDArray[np.int64]
) -> list[str | None]:
    """Values that are no numbers, as text."""
    texts: list[str | None] = [None] * len(facts.text)
    for row in np.flatnonzero(facts.text >= 0).tolist():
        texts[row] = str(found.value(conditions[which[row]].quantity, np.nan, int(facts.text[row])))
    return texts


def _times(moments: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array(moments, pa.int64()).cast(pa.timestamp("us", "UTC"))


def _named(codes: Any, names: Sequence[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(names, pa.string()).take(pa.array(codes))
