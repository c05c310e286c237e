"""Work on several threads: in order, with its errors, and left alone when nobody wants it any longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fireflower.history.archive.ahead import in_order, one_ahead


def test_results_come_in_the_order_of_their_items() -> None:
    later = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            later.wait(10)
        else:
            later.set()
        return item

    assert list(in_order(work, range(5), threads=2)) == list(range(5))


def test_an_error_comes_where_its_result_would() -> None:
    results = in_order(lambda item: 6 // item, [3, 2, 0, 1], threads=2)
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_what_is_not_wanted_to_its_end_is_not_waited_for() -> None:
    go_on = threading.Event()
    results = in_order(lambda item: go_on.wait(30) if item else False, range(9), threads=1)
    assert next(results) is False
    results.close()  # type: ignore[attr-defined]
    assert not go_on.is_set()
    go_on.set()


def test_items_are_made_ahead_by_one() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1, 4):
            made.append(item)
            yield item

    for item in one_ahead(items()):
        assert len(made) <= item + 1
    assert made == [1, 2, 3]
