"""The durable log of what was received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, get_args

from fireflower.history.log.database import Database
from fireflower.model.messages import Form, Message, Reject

FORMS: tuple[Form, ...] = get_args(Form)
_AT_ONCE = 400
"""Values in one statement; SQLite takes 32,766 and is no faster with more than some hundred."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in the log, and its place there."""

    position: int
    message: Message


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Whom a message speaks of: a person, another id of theirs, an account; None where it names none."""

    person: str | None = None
    other: str | None = None
    account: str | None = None


def digest(kind: str, id: str) -> int:
    """64 bits by which messages about a subject are found. Two subjects may share one: whoever asks looks again."""
    return int.from_bytes(blake2b(id.encode(), digest_size=8, person=kind.encode()).digest(), "big", signed=True)


def key_digest(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()


class MessageLog:
    """The log, on one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, messages: Sequence[Message], mentioned: Sequence[Mentioned]) -> list[Kept]:
        """Write messages inside of the caller's transaction, and give those that were new, in the order of the log."""
        new: dict[bytes, int] = {}
        first: dict[bytes, int] = {}
        for number, message in enumerate(messages):
            first.setdefault(key_digest(message.key), number)
        rows = [
            (key, FORMS.index(messages[i].form), messages[i].received, messages[i].source, *_digests(mentioned[i]),
             messages[i].body)
            for key, i in first.items()
        ]  # fmt: skip
        self._database.in_order("messages")
        for some in _parts(rows):
            places = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(some))
            new |= dict(
                self._database.rows(
                    "INSERT INTO messages (key, form, received, source, person, other, account, body) "
                    f"VALUES {places} ON CONFLICT (key) DO NOTHING RETURNING key, position",
                    [value for row in some for value in row],
                )
            )
        kept = [Kept(position, messages[first[bytes(key)]]) for key, position in new.items()]
        return sorted(kept, key=lambda each: each.position)

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Keep aside what could not be taken, inside of the caller's transaction."""
        self._database.many(
            "INSERT INTO rejects (received, source, reason, body) VALUES (?, ?, ?, ?)",
            [(each.received, each.source, each.reason, each.body) for each in rejects],
        )

    def after(self, position: int, limit: int = 10_000) -> list[Kept]:
        """The next messages behind a place in the log, in its order; those that the archive has are passed over."""
        return self._kept("position > ? AND body IS NOT NULL ORDER BY position LIMIT ?", (position, limit))

    def all(self, position: int = 0, limit: int = 10_000) -> Iterator[Kept]:
        """All messages behind a place in the log, read piece by piece."""
        while some := self.after(position, limit):
            yield from some
            position = some[-1].position

    def about(self, people: Iterable[str] = (), accounts: Iterable[str] = ()) -> list[Kept]:
        """The messages that speak of any of these, and perhaps a few others."""
        found: dict[int, Kept] = {}
        for columns, kind, ids in (("person other", "person", people), ("account", "account", accounts)):
            for some in _parts([digest(kind, id) for id in ids]):
                places = ", ".join("?" * len(some))
                for column in columns.split():
                    kept = self._kept(f"{column} IN ({places}) AND body IS NOT NULL", some)
                    found |= {each.position: each for each in kept}
        return [found[position] for position in sorted(found)]

    def at(self, positions: Iterable[int]) -> list[Kept]:
        """The messages at these places, without those that the archive has."""
        kept: list[Kept] = []
        for some in _parts(list(positions)):
            kept += self._kept(f"position IN ({', '.join('?' * len(some))}) AND body IS NOT NULL", some)
        return kept

    def end(self) -> int:
        """The place of the last message; 0 if there is none."""
        return int(self._database.rows("SELECT COALESCE(MAX(position), 0) FROM messages")[0][0])

    def _kept(self, where: str, values: Sequence[object]) -> list[Kept]:
        rows = self._database.rows(
            f"SELECT position, form, body, received, source FROM messages WHERE {where}", values
        )  # fmt: skip
        return [
            Kept(position, Message(FORMS[form], "", bytes(body), received, source))
            for position, form, body, received, source in rows
        ]


def _digests(who: Mentioned) -> tuple[int | None, int | None, int | None]:
    return (
        None if who.person is None else digest("person", who.person),
        None if who.other is None else digest("person", who.other),
        None if who.account is None else digest("account", who.account),
    )


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
