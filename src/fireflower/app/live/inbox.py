"""What the evaluator's thread is to do next: messages to take in, and questions to answer between steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from fireflower.app.live.evaluating import Evaluator
from fireflower.history.log.durable import Durable
from fireflower.model.errors import FireflowerError

Answer = TypeVar("Answer")

_AT_ONCE = 10_000
_WHILE_ASKED = 100
"""Messages that one step takes in at most. While somebody asks, few: whoever asks waits for the step."""

_ROOM = 2 * _AT_ONCE
"""Messages from which on those that others have written stay in the log for a while."""

_ASKED_LATELY = 5.0
"""Seconds."""


class NotReady(FireflowerError):
    """History has not been evaluated yet, or not again: ask later."""


class Question(Generic[Answer]):
    """Something that the evaluator is asked."""

    def __init__(self, ask: Callable[[Evaluator], Answer]) -> None:
        self._ask = ask
        self.done: Future[Answer] = Future()

    def answer(self, evaluator: Evaluator) -> None:
        """Answer it, unless nobody waits for it any longer."""
        if not self.done.set_running_or_notify_cancel():
            return
        try:
            self.done.set_result(self._ask(evaluator))
        except Exception as error:
            self.done.set_exception(error)


class Inbox:
    """What is durable and has not been evaluated yet, and what is asked.

    The evaluator is busy but while it waits in `get`. Who asks meanwhile, and nothing else is to be done, asks the idle
    evaluator in their own thread, which spares two changes of threads; all others wait in a queue.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = threading.Lock()
        self._busy.acquire()
        self._durable: list[Durable] = []
        self._waiting = 0
        self._questions: list[Question[Any]] = []
        self._asked = float("-inf")
        self._closed = self._woken = False
        self.stopped = False
        self._is_resting = False
        self.when_idle: Callable[[], None] = lambda: None
        """Is called when there is nothing to do."""

    def put(self, durable: Durable) -> None:
        with self._changed:
            if not self._closed:  # else nobody takes them in here
                self._durable.append(durable)
                self._waiting += len(durable)
            self._changed.notify()

    def ask(self, ask: Callable[[Evaluator], Answer], evaluator: Evaluator) -> Future[Answer]:
        question = Question(ask)
        with self._changed:
            if self._closed:
                raise NotReady("the service has been stopped.")
            self._asked = time.monotonic()
            is_idle = not self._durable and not self._questions and self._busy.acquire(blocking=False)
            if not is_idle:
                self._questions.append(question)
                self._changed.notify()
        if is_idle:
            try:
                self.answer([question], evaluator)
            finally:
                self._busy.release()
        return question.done

    def answer(self, questions: Sequence[Question[Any]], evaluator: Evaluator) -> None:
        """Answer what is asked. What others have written is read meanwhile: else whoever is asked all the time would
        never follow it."""
        for question in questions:
            with self.resting():
                question.answer(evaluator)

    def stop(self) -> None:
        with self._changed:
            self.stopped = True
            self._changed.notify()

    def wake(self) -> None:
        """Have whoever waits look around."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def waiting(self) -> int:
        """How many messages wait."""
        return self._waiting

    def has_room(self) -> bool:
        """Whether messages that need not be taken in just now may be."""
        return self.waiting() < _ROOM

    def is_idle(self) -> bool:
        """Whether the evaluator has nothing to do, or rests, and has nothing to do after that."""
        return not self._durable and (self._is_resting or not self._busy.locked())

    @contextmanager
    def resting(self) -> Iterator[None]:
        """The evaluator waits for the database meanwhile, or answers."""
        self._is_resting = True
        self.when_idle()
        try:
            yield
        finally:
            self._is_resting = False

    def is_done(self) -> bool:
        """Whether it is stopped and empty."""
        return self.stopped and not self._durable

    def get(self, wait: float) -> tuple[Durable, list[Question[Any]]]:
        """What is to be done next; waits for it for some seconds at most. Called by the evaluator's thread alone."""
        self._busy.release()
        with self._changed:
            if not (self._durable or self._questions or self._woken or self.stopped):
                self.when_idle()
                self._changed.wait(wait)
        self._busy.acquire()  # who asks the idle evaluator just now is answered first, and keeps nobody else waiting
        with self._changed:
            self._woken = False
            most = _WHILE_ASKED if time.monotonic() - self._asked < _ASKED_LATELY else _AT_ONCE
            questions, self._questions = self._questions, []
            return self._next(most), questions

    def _next(self, most: int) -> Durable:
        """What comes next of what is durable: so many messages at most."""
        some: list[Durable] = []
        room = most
        while self._durable and room:
            first, rest = self._durable.pop(0).parted(room)
            some.append(first)
            room -= len(first)
            if len(rest):
                self._durable.insert(0, rest)
        self._waiting -= most - room
        return Durable.together(some)

    def close(self) -> None:
        """Answer nothing any longer."""
        with self._changed:
            self._closed = True
            self._durable.clear()
            self._waiting = 0
            for question in self._questions:
                question.done.set_exception(NotReady("the service has been stopped."))
            self._questions.clear()
