"""What counts only when it is first said, whichever message says it again: a trait that is set once; who is who, and a
membership, as they are concluded from events. The log remembers by which message it was said, so that every message
means for ever what it meant when it came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from fireflower.history.log.database import Database

_REMEMBERED = 150_000
"""How many different things are not looked up in the database again, and as many that were asked for before them:
together some 85 MB."""

_NEAR = 4
"""How many times as many places there may be between the first and the last, so that it is quicker to ask for all."""


class Firsts:
    """What has been said, on one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[str, ...], int] = {}
        self._older: dict[tuple[str, ...], int] = {}
        self._missing: set[tuple[str, ...]] = set()
        """What was not in the database when it was looked up for what is to be written next. Whoever writes then looks
        it up again (`take_back`), if others have written since."""

    def is_new(self, what: tuple[str, ...], time: int) -> bool:
        """Whether a message that comes now is the first to say it; to say it of an earlier time is new, but for what is
        set once."""
        before = self._before(what)
        return before is None or (what[0] != "set once" and time < before)

    def note(self, what: tuple[str, ...], time: int) -> None:
        """Have `is_new` know of it before it is in the database."""
        self._known[what] = time
        self._missing.discard(what)

    def take_back(self, what: tuple[str, ...]) -> None:
        """Have `is_new` look it up again."""
        self._known.pop(what, None)
        self._older.pop(what, None)
        self._missing.discard(what)

    def told(self, positions: Sequence[int]) -> set[tuple[int, bytes]]:
        """Which messages, of those at these places, were such ones when they came, each with what it said."""
        asked = set(positions)
        if max(asked, default=0) - min(asked, default=0) < _NEAR * len(asked):
            some, values = "BETWEEN ? AND ?", [min(asked), max(asked)]
        else:
            some, values = f"IN ({', '.join('?' * len(asked))})", list(asked)
        rows = self._database.rows(f"SELECT position, what FROM firsts WHERE position {some}", values)
        return {(position, bytes(what)) for position, what in rows if position in asked}

    def add(self, said: Iterable[tuple[tuple[str, ...], int, int]]) -> None:
        """Remember (what, position, time), inside of the caller's transaction."""
        rows = [(digest(what), position, time) for what, position, time in said]
        if rows:
            self._database.many("INSERT INTO firsts (what, position, time) VALUES (?, ?, ?)", rows)
        self._missing.clear()
        if len(self._known) > _REMEMBERED:
            self._known, self._older = {}, self._known

    def forget_known(self) -> None:
        """Look everything up again: what was to be remembered may not have been."""
        self._known.clear()
        self._older.clear()
        self._missing.clear()

    def _before(self, what: tuple[str, ...]) -> int | None:
        if what in self._known:
            return self._known[what]
        if what in self._older:
            self._known[what] = self._older[what]
            return self._known[what]
        if what in self._missing:
            return None
        found = self._database.rows("SELECT MIN(time) FROM firsts WHERE what = ?", (digest(what),))[0][0]
        if found is None:
            self._missing.add(what)
            return None
        self._known[what] = int(found)
        return self._known[what]


def digest(what: tuple[str, ...]) -> bytes:
    """16 bytes by which something that was said is known."""
    return blake2b("\0".join(what).encode(), digest_size=16).digest()
