"""What the service does by itself now and then, in a thread of its own: it moves messages into the archive, and removes
what is older than the project keeps it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from fireflower.app.live.compacting import Compactor
from fireflower.app.live.retaining import Retainer
from fireflower.model.moments import DAY, iso

_LOGGER = logging.getLogger("fireflower.live")


@dataclass(frozen=True, slots=True)
class Compaction:
    """When the log moves into the archive.

    Attributes
    ----------
    after : microseconds after which a message moves at the latest
    messages : as soon as the log has so many
    every : seconds between two looks whether it is time
    """

    after: int = DAY
    messages: int = 1_000_000
    every: float = 60.0

    def is_due(self, waiting: int, oldest: int | None, now: int) -> bool:
        """Whether so many messages, the oldest of which was received then, are to be moved."""
        return oldest is not None and (waiting >= self.messages or now - oldest >= self.after)


class Housekeeper:
    """A thread that compacts when it is due.

    Parameters
    ----------
    evaluated : up to which place the log has been evaluated; what is behind stays in the log
    retainer : removes what is too old; None if everything is kept
    """

    def __init__(
        self,
        compactor: Compactor,
        when: Compaction,
        evaluated: Callable[[], int],
        clock: Callable[[], int],
        retainer: Retainer | None = None,
    ) -> None:
        self._compactor, self._when, self._evaluated, self._clock = compactor, when, evaluated, clock
        self._retainer, self._retained = retainer, 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fireflower-housekeeper")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End, after what is being done and cannot be broken off."""
        self._stopped.set()
        self._compactor.stop()
        self._thread.join()

    def look_around(self) -> int:
        """Do what is due. Gives how many records have moved."""
        if not self._when.is_due(*self._compactor.waiting(), self._clock()):
            return 0
        return self._compactor.compact(self._evaluated())

    def retain(self) -> None:
        """Remove what is too old, once a day."""
        now = self._clock()
        if self._retainer is None or now - self._retained < DAY:
            return
        if self._retainer.is_due(now):
            gone = self._retainer.retain(now, self._evaluated())
            _LOGGER.info("%d events from before %s have been removed.", gone.events, iso(gone.before))
        self._retained = now

    def _run(self) -> None:
        while not self._stopped.wait(self._when.every):
            try:
                moved = self.look_around()
                self.retain()
            except Exception:
                if self._stopped.is_set():
                    break
                _LOGGER.exception("The log has not been compacted; it is tried again in a minute.")
            else:
                if moved:
                    _LOGGER.info("%d records have moved into the archive.", moved)
