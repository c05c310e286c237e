"""Seeing what other processes have recorded, for those who follow the record here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.verdicts import News, VerdictLog

_LOOK = 0.5
"""Seconds between two looks."""


class Onlooker:
    """A thread that looks at the record now and then, on a connection of its own.

    Parameters
    ----------
    tell : is called when something has been recorded, by whomever
    """

    def __init__(self, database: Database, tell: Callable[[News], None]) -> None:
        self._record, self._tell = VerdictLog(database), tell
        self._seen = self._record.last_change()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fireflower-onlooker")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK):
            with suppress(StorageError):  # what it does not see now it sees at the next look
                last = self._record.last_change()
                if last != self._seen:
                    self._seen = last
                    self._tell(News())
