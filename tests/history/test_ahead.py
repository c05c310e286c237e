"""Work on several threads: in order, with its errors, and left alone when nobody wants it any longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from fireflower.history.archive.ahead import begun, in_order, one_ahead, one_behind


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


def test_what_is_begun_is_waited_for_only_when_it_is_asked_for() -> None:
    go_on = threading.Event()
    first, second = begun(lambda item: go_on.wait(30) and item, [1, 2], threads=2)
    go_on.set()
    assert [second(), first()] == [2, 1]


def test_work_is_done_behind_in_its_order_and_to_its_end() -> None:
    done: list[int] = []
    with one_behind() as beside:
        for item in range(4):
            beside(partial(done.append, item))
            assert len(done) >= item
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_behind_comes_with_the_next_piece_or_at_the_end(failing: int) -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == failing:
            raise ZeroDivisionError
        done.append(item)

    def run() -> None:
        with one_behind() as beside:
            for item in range(2):
                beside(partial(work, item))

    with pytest.raises(ZeroDivisionError):
        run()
    assert done == list(range(failing))
