"""Columns that grow, and the order of what comes out of the kernel."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fireflower.evaluate import collecting, growing
from fireflower.evaluate.collecting import collect
from fireflower.evaluate.growing import Column
from fireflower.evaluate.machine import WHO, Written
from fireflower.evaluate.results import TURN, EvidenceRows
from fireflower.language.nodes import Compare, Condition, Count, Definition, Events
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


def _written(rows: list[tuple[int, int, int, int]]) -> Any:
    """A machine that has written these: (at, definition, subject, rows of evidence). Those at odd moments are known a
    moment later."""
    who = np.array([(subject, definition, 0, 0) for _, definition, subject, _ in rows], WHO)
    at = np.array([row[0] for row in rows], np.int64)
    late = np.flatnonzero(at % 2)
    written = Written(at, who.view(np.int64), late, at[late] + 1)
    quantities = np.repeat(np.arange(len(rows), dtype=np.float64), [row[-1] for row in rows])
    shown = EvidenceRows(quantities, np.zeros(len(quantities), np.uint32), np.zeros(1, TURN))
    counts = np.array(SHOWN, np.uint32)
    return SimpleNamespace(take=lambda: (written, shown), shown=lambda: counts, program=SimpleNamespace(conditions=()))


@pytest.mark.parametrize("piece", [1, 2, 7, 1 << 15])
def test_the_order_is_time_then_kind_then_id_then_name(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_PIECE", piece)
    rng = random.Random(piece)
    possible = [
        (at, number, subject)
        for at in range(40)
        for number, definition in enumerate(DEFINITIONS)
        for subject in range(len(PEOPLE if definition.subject == "person" else ACCOUNTS))
    ]
    rows = [(*row, SHOWN[row[1]]) for row in rng.sample(possible, 250)]
    found = collect(_written(rows), DEFINITIONS, VOCABULARY, 40)

    def wanted(row: tuple[int, int, int, int]) -> tuple[int, bool, str, str]:
        at, number, subject, _ = row
        is_person = DEFINITIONS[number].subject == "person"
        return at, is_person, (PEOPLE if is_person else ACCOUNTS)[subject], DEFINITIONS[number].name

    ordered = sorted(rows, key=wanted)
    columns = (found.at, found.definition, found.subject, found.evidence[:, 1] - found.evidence[:, 0])
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == ordered
    assert np.array_equal(found.known_at, found.at + found.at % 2)
    for i, row in enumerate(ordered):  # each evidence row was written with the number of its transition
        assert set(found.rows.quantities[slice(*found.evidence[i].tolist())].tolist()) <= {rows.index(row)}
        assert [found.kind[i] == 1, found.subject_id(i)] == list(wanted(row)[1:3])
