"""Columns that grow, and the order of what comes out of the kernel."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fireflower.evaluate import collecting, growing, written
from fireflower.evaluate.collecting import collect
from fireflower.evaluate.growing import Column
from fireflower.evaluate.written import WHO, Output, Shown
from fireflower.language.nodes import Compare, Condition, Count, Definition, Events
from fireflower.model.errors import NotSupportedError
from fireflower.model.timeline import Vocabulary

OFTEN = Condition(Count(Events()), Compare(">=", 1.0))
DEFINITIONS = [
    Definition(name, subject, OFTEN)
    for name, subject in (("c", "person"), ("a", "account"), ("d", "account"), ("b", "person"))
]
PEOPLE, ACCOUNTS = (["p9", "p1", "p5", "p3", "p7"], ["x2", "x3", "x1"])
SHOWN = (3, 0, 1, 2)
"""How many rows of evidence each definition has."""
VOCABULARY = Vocabulary(names=[], people=PEOPLE, accounts=ACCOUNTS, texts={}, traits={}, roles=[])


# --- Columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("large", [0, 10_000, 1 << 22])
def test_a_column_holds_what_was_added_in_its_own_type(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "_LARGE", large)
    column = Column(np.int32)
    parts = [np.arange(size, dtype=np.int64) for size in (3, 0, 1000, 5, 40_000)]
    for part in parts:
        column.append(part)
    taken = column.take()
    assert taken.dtype == np.int32
    assert taken.tolist() == np.concatenate(parts).tolist()


def test_what_was_taken_is_nobody_elses() -> None:
    column = Column(np.int64)
    column.append(np.array([1, 2]))
    taken = column.take()
    column.append(np.array([3, 4, 5]))
    assert taken.tolist() == [1, 2]
    assert column.take().tolist() == [3, 4, 5]
    assert column.take().tolist() == []


# --- Order ------------------------------------------------------------------------------------------------------------


def _written(rows: list[tuple[int, int, int, int]], parts: int) -> Any:
    """A machine that has written these in so many parts: (at, definition, subject, rows of evidence). Those at odd
    moments are known a moment later."""
    output, counts = Output(), np.array(SHOWN, np.uint32)
    for part in np.array_split(np.arange(len(rows)), parts):
        who = np.array([(rows[i][2], rows[i][1], 0, 0) for i in part], WHO)
        at = np.array([rows[i][0] for i in part], np.int64)
        shown = counts[who["definition"]]
        none = np.zeros(0, np.int64)
        values = Shown(np.repeat(part.astype(np.float64), shown), none, np.zeros(0), none, none)
        output.add(np.stack([at, at + at % 2, who.view(np.int64)]), shown, values)
    return SimpleNamespace(take=output.take, shown=counts, program=SimpleNamespace(conditions=()))


@pytest.mark.parametrize("piece", [1, 2, 7, 100, 1 << 15])
def test_the_order_is_time_then_kind_then_id_then_name(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (collecting, written):
        monkeypatch.setattr(module, "SORTED_TOGETHER", piece)
    monkeypatch.setattr(written, "_PUT_AWAY_TOGETHER", piece)
    monkeypatch.setattr(written, "_SPAN_BITS", 3)
    rng = random.Random(piece)
    possible = [
        (at, number, subject)
        for at in range(40)
        for number, definition in enumerate(DEFINITIONS)
        for subject in range(len(PEOPLE if definition.subject == "person" else ACCOUNTS))
    ]
    rows = [(*row, SHOWN[row[1]]) for row in rng.sample(possible, 250)]
    found = collect(_written(rows, 8), DEFINITIONS, VOCABULARY, 40)

    def wanted(row: tuple[int, int, int, int]) -> tuple[int, bool, str, str]:
        at, number, subject, _ = row
        is_person = DEFINITIONS[number].subject == "person"
        return at, is_person, (PEOPLE if is_person else ACCOUNTS)[subject], DEFINITIONS[number].name

    ordered = sorted(rows, key=wanted)
    first, last = found.evidence()
    columns = (found.at, found.definition, found.subject, last - first)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == ordered
    assert np.array_equal(found.known_at, found.at + found.at % 2)
    for i, row in enumerate(ordered):  # each evidence row was written with the number of its transition
        assert set(found.rows.values[slice(first[i], last[i])].tolist()) <= {rows.index(row)}
        assert [found.kind[i] == 1, found.subject_id(i)] == list(wanted(row)[1:3])


def test_evidence_beyond_what_places_can_tell_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "_MOST_EVIDENCE", 3)
    _written([(1, 3, 0, 2)], 1)
    with pytest.raises(NotSupportedError, match="evaluate fewer definitions"):
        _written([(1, 3, 0, 2), (2, 3, 0, 2)], 2)
