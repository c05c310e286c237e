"""Copying a whole log from one database into another, of whichever kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fireflower.history.log.database import Database, SQLite, StorageError

_AT_ONCE = 5_000

COLUMNS = {
    "meta": "name, value",
    "messages": "position, key, form, received, source, body",
    "firsts": "what, position, time",
    "rejects": "id, received, source, reason, body, replayed",
    "transitions": "id, kind, subject, definition, meaning, change, reason, at, known_at, recorded, past, evidence, "
    "retracted",
    "standing": "definition, kind, subject, since, transition",
    "changes": "id, transition, what, at",
    "leases": "share, holder, until, term, position, moment, meanings, basis",
    "definitions": "name, meaning, since",
    "tokens": "name, scope, digest, made, revoked",
    "deliveries": "key, transition, destination, kind, subject, planned, state, due, attempts, reason, payload, notice",
    "attempts": "id, delivery, at, outcome, detail",
    "forgotten": "id, hash, person, at",
    "settled": "kind, subject, until",
}
"""The tables and their columns, but for that of the processes that evaluate, which do so in the old database, and
that of the runs of keys, which are made anew where they are needed."""

_KEYS = {"firsts": 2, "standing": 3, "settled": 2}
"""How many of a table's first columns are its key, where it is not one."""

_NUMBERED = ("messages", "rejects", "transitions", "changes", "attempts", "forgotten")
"""Those whose first column the database counts."""


def is_empty(database: Database) -> bool:
    """Whether a database has the tables of a log, and nothing in them."""
    tables = ("messages", "transitions", "rejects", "tokens", "deliveries")
    return not any(database.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)


def copy(source: Database, target: Database) -> None:
    """Copy a log as of one moment, while others write to it. All of it arrives, or nothing.

    Parameters
    ----------
    target : has the tables, and nothing in them

    Raises
    ------
    StorageError
        If there is something in the target.
    """
    if not is_empty(target):
        raise StorageError("the database has a log already. Name an empty one.")
    with source.transaction(), target.transaction():
        if not isinstance(source, SQLite):  # else nobody writes meanwhile
            source.rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table, columns in COLUMNS.items():
            target.rows(f"DELETE FROM {table}")
            own = "" if isinstance(target, SQLite) or table not in _NUMBERED else "OVERRIDING SYSTEM VALUE"
            places = ", ".join("?" * (columns.count(",") + 1))
            for rows in _pages(source, table, columns):
                target.many(f"INSERT INTO {table} ({columns}) {own} VALUES ({places})", rows)
        target.rows("UPDATE leases SET holder = '', until = 0")
        _count_on(target)


def _pages(database: Database, table: str, columns: str) -> Iterator[list[tuple[Any, ...]]]:
    """All rows of a table, in the order of its key."""
    count = _KEYS.get(table, 1)
    key = ", ".join(columns.split(", ")[:count])
    behind, last = "", tuple[Any, ...]()
    while rows := database.rows(f"SELECT {columns} FROM {table} {behind} ORDER BY {key} LIMIT {_AT_ONCE}", last):
        yield rows
        behind, last = f"WHERE ({key}) > ({', '.join('?' * count)})", rows[-1][:count]


def _count_on(database: Database) -> None:
    """What comes next has the next number. SQLite sees to that itself."""
    if isinstance(database, SQLite):
        return
    for table in _NUMBERED:
        number = COLUMNS[table].partition(",")[0]
        database.rows(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{number}'), MAX({number})) FROM {table} "
            f"HAVING MAX({number}) IS NOT NULL"
        )
