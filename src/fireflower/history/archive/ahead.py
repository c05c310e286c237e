"""Work done on several threads, with its results in the order of what it was done on. Most of it is done by numpy and
Arrow, which let other threads run meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = min(os.cpu_count() or 1, 4)
"""No more, because each holds a piece of the rows in memory."""


def in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int = THREADS) -> Iterator[Result]:
    """What the work makes of each item, made a few items ahead of the one that is being looked at.

    After an error, or when it is not wanted to its end, what has begun is not waited for. So the work must not mind
    the removal of what it reads, and must write nothing.

    >>> list(in_order(lambda x: x * x, [3, 1, 2]))
    [9, 1, 4]
    """
    return (wait() for wait in begun(work, items, threads))


def begun(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int = THREADS
) -> Iterator[Callable[[], Result]]:
    """The same, not waited for: what gives it when it is there."""
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result
        while waiting:
            yield waiting.popleft().result
    finally:
        # The collector of garbage may run this on any thread, at any point: to wait for another one could be for ever.
        pool.shutdown(wait=False, cancel_futures=True)


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made while the one before is worked on.

    >>> list(one_ahead(iter([3, 1, 2])))
    [3, 1, 2]
    """
    pool = ThreadPoolExecutor(1)
    try:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
    finally:
        pool.shutdown(wait=False)  # as above


@contextmanager
def one_behind() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Gives what does work while the caller goes on, one piece after the other; at the end, all has been done.

    >>> with one_behind() as do:
    ...     do(lambda: print("first"))
    ...     do(lambda: print("second"))
    first
    second
    """
    with ThreadPoolExecutor(1) as pool:
        before = pool.submit(lambda: None)

        def do(work: Callable[[], None]) -> None:
            nonlocal before
            before.result()
            before = pool.submit(work)

        yield do
        before.result()
