"""The whole pasts that are kept of subjects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fireflower.evaluate import pasts
from fireflower.evaluate.pasts import Pasts
from fireflower.evaluate.remembered import coded_row

ROW = coded_row(1)


def rows(code: int, *times: int) -> tuple[Any, Any]:
    """Rows of an account at these moments, each with its time as its number; the later in the order of the text of
    its place."""
    coded = np.zeros(len(times), ROW)
    coded["account"], coded["time"], coded["number"] = code, times, np.arange(len(times))
    orders = np.empty(len(times), np.object_)
    orders[:] = [f"m{nth}" for nth in range(len(times))]
    return coded, orders


def added(kept: Pasts, code: int, *times: int) -> None:
    coded, orders = rows(code, *times)
    kept.add(coded["account"], coded, orders)


@pytest.mark.parametrize("parts", [1, 64])
def test_rows_that_come_late_have_their_place(parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasts, "_PARTS", parts)
    kept = Pasts("account")
    kept.keep(3, *rows(3, 10, 30, 50))
    for time in (60, 20, 70, 5):
        added(kept, 3, time)
    for _ in range(2):
        coded, orders = kept.of(3)
        assert coded["time"].tolist() == [5, 10, 20, 30, 50, 60, 70]
        assert orders.tolist() == ["m0", "m0", "m0", "m1", "m2", "m0", "m0"]


def test_at_one_moment_their_places_decide() -> None:
    kept = Pasts("account")
    coded, orders = rows(3, 10, 10, 10)
    kept.keep(3, coded[2:], orders[2:])
    kept.add(coded["account"][:2], coded[:2], orders[:2])
    assert kept.of(3)[1].tolist() == ["m0", "m1", "m2"]


def test_whoever_was_not_told_again_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasts, "MOST", 6)
    kept = Pasts("account")
    for code in (1, 200, 3):
        kept.keep(code, *rows(code, 10, 20))
    kept.forget()
    codes = np.array([0, 1, 2, 3, 200, 201, 10_000])
    assert kept.among(codes).tolist() == [False, True, False, True, True, False, False]
    kept.of(1)  # told again
    added(kept, 3, 30)
    kept.forget()
    assert kept.among(codes).tolist() == [False, True, False, True, False, False, False]
    kept.keep(200, *rows(200, *range(7)))  # more than may be kept of all
    kept.forget()
    assert not kept.among(codes).any()
    kept.keep(2, *rows(2, 1))
    kept.forget()
    assert kept.among(codes).tolist() == [False, False, True, False, False, False, False]
