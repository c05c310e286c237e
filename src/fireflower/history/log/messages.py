"""The durable log of what was received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import starmap
from typing import Any, get_args

from msgspec import Struct

from fireflower.history.log.database import Database, insert
from fireflower.model.messages import Form, Message, Reject

FORMS: tuple[Form, ...] = get_args(Form)
_NUMBERS: dict[Form, int] = {form: number for number, form in enumerate(FORMS)}
_AT_ONCE = 400
"""Rows in one statement; SQLite takes 32,766 values and is no faster with more than some hundred rows."""

_REMEMBERED = 100_000
"""Keys that are looked up before they are written: a dozen MB."""

_LONGEST, _BEGINNING, _DIGEST = 63, 48, 16
"""Bytes of keys that are stored as they are; of others, bytes of the beginning and of a digest of the whole."""


class Kept(Struct, frozen=True, gc=False):
    """What a message in the log is read by, and its place there. `number` is that of its form."""

    position: int
    number: int
    body: bytes

    @property
    def form(self) -> Form:
        return FORMS[self.number]


def stored_key(key: str) -> bytes:
    """By what a message is known in the database. It begins like the key, also where that is long: most clients put the
    time in front, so that what comes together lies together in the index."""
    text = key.encode()
    return text if len(text) <= _LONGEST else text[:_BEGINNING] + blake2b(text, digest_size=_DIGEST).digest()


class MessageLog:
    """The log, on one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: set[bytes] = set()

    def append(self, messages: Sequence[Message]) -> list[int | None]:
        """Write messages inside of the caller's transaction, and give the place of each; None for one that was there,
        or comes a second time. Places rise.

        Nearly all are new, and a database takes as long to tell of each row that it has written as to write it. What is
        sent again is sent soon: only recent keys are looked up beforehand, and if there were no others that were known,
        the places of all that was written are in a row.
        """
        self._database.in_order("messages")
        before = self.end()
        keys = [stored_key(message.key) for message in messages]
        known = self._known([key for key in keys if key in self._recent])
        self._remember(keys)
        rows: list[tuple[bytearray, int, int, str, bytearray]] = []
        is_new: list[bool] = []
        for key, each in zip(keys, messages, strict=True):
            is_new.append(key not in known)
            if key not in known:
                known.add(key)
                # Of each bytes, but of no bytearray, sqlite3 asks around whether somebody would adapt it.
                rows.append((bytearray(key), _NUMBERS[each.form], each.received, each.source, bytearray(each.body)))
        insert(self._database, "messages (key, form, received, source, body)", rows, "ON CONFLICT (key) DO NOTHING")
        ((count, first, last),) = self._database.rows(
            "SELECT COUNT(*), MIN(position), MAX(position) FROM messages WHERE position > ?", (before,)
        )
        if rows and count == len(rows) == last - first + 1:
            following = iter(range(first, last + 1))
            return [next(following) if each else None for each in is_new]
        written = self._database.rows("SELECT key, position FROM messages WHERE position > ?", (before,))
        places: dict[bytes, int] = {key: position for key, position in written}  # noqa: C416  # rows are of any length
        return [places.pop(key, None) for key in keys]

    def _remember(self, keys: Sequence[bytes]) -> None:
        if len(self._recent) > _REMEMBERED:
            self._recent.clear()
        self._recent.update(keys)

    def _known(self, keys: Sequence[bytes]) -> set[bytes]:
        known: set[bytes] = set()
        for some in _parts(keys):
            places = ", ".join("?" * len(some))
            known.update(
                bytes(key) for (key,) in self._database.rows(f"SELECT key FROM messages WHERE key IN ({places})", some)
            )
        return known

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Keep aside what could not be taken, inside of the caller's transaction."""
        self._database.many(
            "INSERT INTO rejects (received, source, reason, body) VALUES (?, ?, ?, ?)",
            [(each.received, each.source, each.reason, each.body) for each in rejects],
        )

    def after(self, position: int, limit: int = 10_000) -> list[Kept]:
        """The next messages behind a place in the log, in its order; those that the archive has are passed over."""
        return self._kept("position > ? AND body IS NOT NULL ORDER BY position LIMIT ?", (position, limit))

    def whole(self, position: int, limit: int = 10_000) -> list[tuple[int, Message]]:
        """The same with all that is known of them, but for their keys."""
        rows = self._database.rows(
            "SELECT position, form, body, received, source FROM messages WHERE position > ? AND body IS NOT NULL "
            "ORDER BY position LIMIT ?",
            (position, limit),
        )
        return [(position, Message(FORMS[form], "", bytes(body), *others)) for position, form, body, *others in rows]

    def all(self, position: int = 0, limit: int = 10_000) -> Iterator[Kept]:
        """All messages behind a place in the log, read piece by piece."""
        while some := self.after(position, limit):
            yield from some
            position = some[-1].position

    def at(self, positions: Iterable[int]) -> list[Kept]:
        """The messages at these places, in their order, without those that the archive has."""
        kept: list[Kept] = []
        for some in _parts(sorted(positions)):
            places = ", ".join("?" * len(some))
            kept += self._kept(f"position IN ({places}) AND body IS NOT NULL ORDER BY position", some)
        return kept

    def end(self) -> int:
        """The place of the last message; 0 if there is none."""
        return int(self._database.rows("SELECT COALESCE(MAX(position), 0) FROM messages")[0][0])

    def _kept(self, where: str, values: Sequence[object]) -> list[Kept]:
        rows = self._database.rows(f"SELECT position, form, body FROM messages WHERE {where}", values)
        return list(starmap(Kept, rows))


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
