"""Whose turn it is to write the record of verdicts: one process at a time, the one that began last."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from fireflower.history.log.database import Database
from fireflower.model.errors import FireflowerError


class SupersededError(FireflowerError):
    """Another process has begun to write the record: leave it to that one."""


class Turn:
    """One process's turn. What an earlier one has under way is finished or refused, never mixed with this one's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = secrets.token_hex(8)
        self._taken = False

    def take(self) -> None:
        """From now on, nobody who took it before can write. It is taken once: who has lost it cannot take it back."""
        if self._taken:
            return
        with self._database.transaction():
            self._database.in_order("transitions")
            self._database.rows("DELETE FROM meta WHERE name = 'turn'")
            self._database.rows("INSERT INTO meta (name, value) VALUES ('turn', ?)", (self._name,))
        self._taken = True

    @contextmanager
    def recording(self) -> Iterator[None]:
        """A transaction in which the record is written.

        Raises
        ------
        SupersededError
            If somebody else has taken the turn.
        """
        with self._database.transaction():
            self._database.in_order("transitions")
            if self._database.rows("SELECT value FROM meta WHERE name = 'turn'") != [(self._name,)]:
                raise SupersededError(
                    "another process has begun to evaluate this log, and goes on with it. This one still takes "
                    "messages in. To have it evaluate again, stop the other and start this one anew."
                )
            yield
