"""How large a database is."""

from __future__ import annotations

from fireflower.history.log.database import Database, SQLite


def bytes_of(database: Database) -> int:
    """What it takes on disk."""
    if isinstance(database, SQLite):
        pages, size = database.rows("PRAGMA page_count")[0][0], database.rows("PRAGMA page_size")[0][0]
        return int(pages) * int(size)
    return int(database.rows("SELECT pg_database_size(current_database())")[0][0])
