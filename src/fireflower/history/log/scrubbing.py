"""Taking people out of the log's database: what was received, decided and sent about them; and their ids out of what
was decided and is to be sent about others."""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from fireflower.history.forgotten import Naming
from fireflower.history.log.database import Database, SQLite
from fireflower.history.log.firsts import digest as digest_of_first
from fireflower.history.log.messages import MessageLog
from fireflower.model.messages import key_for

A_PERSON = "a person who was forgotten"
"""What stands in the place of an id."""

_AT_ONCE = 1_000
"""Rows that are read at once."""

_FEW = 50
"""Rows that are changed in one transaction: others wait for it."""

_DATA = re.compile(rb"(?:\A|&)data=([^&]*)")
_MOST = 1 << 20
"""Bytes that are inflated of a body of which 64 KiB are kept at most."""

_TABLES = ("messages", "firsts", "rejects", "transitions", "standing", "changes", "deliveries", "attempts", "meta")


class Scrubbed(NamedTuple):
    """What has been removed.

    Attributes
    ----------
    messages, rejects, transitions, deliveries : how many about the people
    mentions : how many transitions, deliveries and tries about others have been rid of their ids
    """

    messages: int = 0
    rejects: int = 0
    transitions: int = 0
    deliveries: int = 0
    mentions: int = 0


class _Mentioning(NamedTuple):
    """A table about others that may name them in these columns."""

    table: str
    key: str
    columns: tuple[str, ...]
    has_subject: bool = True


_MENTIONING = (
    _Mentioning("transitions", "id", ("evidence",)),
    _Mentioning("deliveries", "key", ("reason", "payload", "notice")),
    _Mentioning("attempts", "id", ("detail",), has_subject=False),
)


class Scrubbing:
    """Takes people out of a log, on one connection.

    Parameters
    ----------
    ids : all of their ids
    texts : what else is theirs alone, such as addresses
    """

    def __init__(self, database: Database, ids: Sequence[str], texts: Sequence[str] = ()) -> None:
        self._database, self._ids = database, list(ids)
        self._naming = Naming([*ids, *texts])

    def count(self) -> Scrubbed:
        """What would be removed."""
        return Scrubbed(
            0,
            sum(1 for _ in self._rejects()),
            len(self._theirs("transitions", "id")),
            len(self._theirs("deliveries", "key")),
            sum(1 for mentioning in _MENTIONING for _ in self._mentions(mentioning)),
        )

    def scrub(self, messages: Sequence[str] = (), identities: Sequence[tuple[str, str, str]] = ()) -> Scrubbed:
        """Remove what is about them, inside of the caller's transaction.

        Parameters
        ----------
        messages : the ids of messages about them, of which the archive has what they say
        identities : what was said once of the people, as `Firsts` knows it
        """
        if messages:
            MessageLog(self._database).forget_keys(map(key_for, messages))
        self._database.many("DELETE FROM firsts WHERE what = ?", [(digest_of_first(what),) for what in identities])
        transitions = [(id,) for id in self._theirs("transitions", "id")]
        deliveries = [(key,) for key in self._theirs("deliveries", "key")]
        for statement, rows in (
            ("DELETE FROM changes WHERE transition = ?", transitions),
            ("DELETE FROM transitions WHERE id = ?", transitions),
            ("DELETE FROM standing WHERE kind = 'person' AND subject = ?", [(id,) for id in self._ids]),
            ("DELETE FROM attempts WHERE delivery = ?", deliveries),
            ("DELETE FROM deliveries WHERE key = ?", deliveries),
        ):
            self._database.many(statement, rows)
        return Scrubbed(len(messages), 0, len(transitions), len(deliveries))

    def search(self) -> Scrubbed:
        """Remove rejects in which they are named, and take their ids out of what is about others. All of it has to be
        looked through: nobody waits for that, as only what is found is changed in transactions."""
        rejects = mentions = 0
        for found in _some(self._rejects()):
            with self._database.transaction():
                self._database.many("DELETE FROM rejects WHERE id = ?", [(id,) for id in found])
            rejects += len(found)
        for mentioning in _MENTIONING:
            for found in _some(self._mentions(mentioning)):
                with self._database.transaction():
                    self._database.in_order("transitions")
                    mentions += sum(self._take_out(mentioning, key) for key in found)
        return Scrubbed(rejects=rejects, mentions=mentions)

    def _rejects(self) -> Iterator[int]:
        for id, reason, body in self._all("rejects", "id", "reason, body"):
            if self._is_in(reason, *_readings(bytes(body))):
                yield id

    def _theirs(self, table: str, key: str) -> list[Any]:
        places = ", ".join("?" * len(self._ids))
        sql = f"SELECT {key} FROM {table} WHERE kind = 'person' AND subject IN ({places})"
        return [found for (found,) in self._database.rows(sql, self._ids)]

    def _mentions(self, mentioning: _Mentioning) -> Iterator[Any]:
        """The keys of rows about others that name them."""
        whose = "kind, subject, " if mentioning.has_subject else ""
        for row in self._all(mentioning.table, mentioning.key, f"{whose}{', '.join(mentioning.columns)}"):
            if whose and row[1] == "person" and row[2] in self._ids:
                continue
            if self._is_in(*row[3 if whose else 1 :]):
                yield row[0]

    def _take_out(self, mentioning: _Mentioning, key: Any) -> bool:
        """Put something else in the place of their ids in a row, as it is by now."""
        table, where, columns = mentioning.table, f"{mentioning.key} = ?", mentioning.columns
        rows = self._database.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", (key,))
        if not rows or not self._is_in(*rows[0]):
            return False
        told = [self._without(value) for value in rows[0]]
        self._database.rows(f"UPDATE {table} SET {' = ?, '.join(columns)} = ? WHERE {where}", [*told, key])
        return True

    def _is_in(self, *values: Any) -> bool:
        return any(self._naming.is_in(_text(value)) for value in values)

    def _without(self, value: Any) -> Any:
        replaced = self._naming.replaced(_text(value), A_PERSON)
        return replaced if isinstance(value, str) else replaced.encode("utf-8", "surrogateescape")

    def _all(self, table: str, key: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """All rows of a table, in the order of its key, read piece by piece."""
        last: int | str = "" if key == "key" else 0
        sql = f"SELECT {key}, {columns} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {_AT_ONCE}"
        while some := self._database.rows(sql, (last,)):
            last = some[-1][0]
            yield from some


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "surrogateescape")


def _some(found: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(found, _FEW)):
        yield some


def _readings(body: bytes) -> Iterator[str]:
    """What may stand in a body: in it as it is, in the field `data` of a form, and in that which is in base 64, as
    PostHog's clients wrap it. It may have been cut off when it was kept."""
    yield _text(body)
    form = _DATA.search(body)
    text = unquote_to_bytes(form[1].replace(b"+", b" ")) if form else body.strip()
    if form:
        yield _text(text)
    plain = text.replace(b" ", b"+").replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    with suppress(binascii.Error, zlib.error):
        held = b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
        yield _text(zlib.decompressobj(31).decompress(held, _MOST) if held.startswith(b"\x1f\x8b") else held)


def vacuum(database: Database, wait: Callable[[], bool]) -> bool:
    """Have nothing left on disk of what was deleted, as far as the database allows. Others go on reading; who writes
    waits.

    Parameters
    ----------
    wait : waits a moment; False if it has waited long enough

    Returns
    -------
    Whether nothing is left: somebody may read what was for very long.
    """
    if not isinstance(database, SQLite):
        for table in _TABLES:
            database.rows(f"VACUUM {table}")
        return True
    database.rows("VACUUM")
    while database.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
        if not wait():
            return False
    return True
