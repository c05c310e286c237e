"""The whole pasts that are kept of subjects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fireflower.evaluate import pasts
from fireflower.evaluate.kernel.layout import MUTED, TO_ACCOUNT, TO_PERSON
from fireflower.evaluate.pasts import Pasts
from fireflower.evaluate.remembered import coded_row

ROW = coded_row(1)


def rows(code: int, *times: int) -> tuple[Any, Any]:
    """Rows of an account at these moments, each with its time as its number; the later in the order of the text of
    its place."""
    coded = np.zeros(len(times), ROW)
    coded["account"], coded["time"], coded["number"] = code, times, np.arange(len(times))
    coded["target"] = TO_PERSON | TO_ACCOUNT | MUTED
    orders = np.empty(len(times), np.object_)
    orders[:] = [f"m{nth}" for nth in range(len(times))]
    return coded, orders


def added(kept: Pasts, code: int, *times: int) -> None:
    coded, orders = rows(code, *times)
    kept.add(coded["account"], coded, orders)


@pytest.mark.parametrize("parts", [1, 64])
def test_rows_that_come_late_have_their_place(parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasts, "_PARTS", parts)
    kept = Pasts("account", TO_ACCOUNT)
    kept.keep(3, *rows(3, 10, 30, 50))
    for time in (60, 20, 70, 5):
        added(kept, 3, time)
    for _ in range(2):
        coded, orders = kept.of(3)
        assert coded["time"].tolist() == [5, 10, 20, 30, 50, 60, 70]
        assert orders.tolist() == ["m0", "m0", "m0", "m1", "m2", "m0", "m0"]


def test_at_one_moment_their_places_decide() -> None:
    kept = Pasts("account", TO_ACCOUNT)
    coded, orders = rows(3, 10, 10, 10)
    kept.keep(3, coded[2:], orders[2:])
    kept.add(coded["account"][:2], coded[:2], orders[:2])
    assert kept.of(3)[1].tolist() == ["m0", "m1", "m2"]


def test_rows_that_are_kept_are_no_others() -> None:
    kept = Pasts("account", TO_ACCOUNT)
    kept.keep(3, *rows(3, 10))
    added(kept, 3, 20)
    assert kept.of(3)[0]["target"].tolist() == [TO_ACCOUNT | MUTED] * 2


def test_rows_of_several_subjects_that_come_together() -> None:
    kept = Pasts("account", TO_ACCOUNT)
    for code in (3, 7, 5):
        kept.keep(code, *rows(code, 10))
    coded, orders = rows(0, 20, 30, 40, 50)
    coded["account"] = 7, 3, 7, 5
    kept.add(coded["account"], coded, orders)
    assert [kept.of(code)[0]["time"].tolist() for code in (3, 5, 7)] == [[10, 30], [10, 50], [10, 20, 40]]


def test_whoever_was_not_told_again_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasts, "MOST", 6)
    monkeypatch.setattr(pasts, "_BESIDES", 0)
    kept = Pasts("account", TO_ACCOUNT)
    for code in (1, 200, 3):
        kept.keep(code, *rows(code, 10, 20))
    kept.forget()
    codes = np.array([0, 1, 2, 3, 200, 201, 10_000])
    assert codes[kept.among(codes)].tolist() == [1, 3, 200]
    kept.of(1)  # told again
    added(kept, 3, 30)
    kept.forget()
    assert codes[kept.among(codes)].tolist() == [1, 3]


@pytest.mark.parametrize("times", [(), range(7)], ids=["nothing", "too much"])
def test_a_past_that_is_nothing_or_too_much_is_not_kept(
    times: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pasts, "MOST", 6)
    kept = Pasts("account", TO_ACCOUNT)
    for code in (1, 2):
        kept.keep(code, *rows(code, 10))
    kept.keep(2, *rows(2, *times))
    assert kept.among(np.array([1, 2])).tolist() == [True, False]
    for time in range(20, 26):
        added(kept, 1, time)
    assert len(kept.of(1)[0]) == 7  # which is told once more, and then forgotten
    assert not kept.among(np.array([1])).any()
