"""Seeing what other processes have recorded, for those who follow the record here, and by which files they do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from fireflower.app.live.editions import AT_WORK
from fireflower.app.live.storage import value_of
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.verdicts import News, VerdictLog

_LOGGER = logging.getLogger("fireflower.live")

_LOOK = 0.5
"""Seconds between two looks."""


class Onlooker:
    """A thread that looks at the record now and then, on a connection of its own.

    Parameters
    ----------
    tell : is called when something has been recorded, by whomever
    work : is told again and again which edition of the project's files is at work
    """

    def __init__(self, database: Database, tell: Callable[[News], None], work: Callable[[str | None], None]) -> None:
        self._record, self._tell = VerdictLog(database), tell
        self._database, self._work = database, work
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
            try:
                self._work(value_of(self._database, AT_WORK))
                last = self._record.last_change()
                if last != self._seen:
                    self._seen = last
                    self._tell(News())
            except StorageError:
                pass  # what it does not see now it sees at the next look
            except Exception:
                _LOGGER.exception("The record could not be looked at")
