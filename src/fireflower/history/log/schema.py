"""The tables of the log, for SQLite and PostgreSQL alike, and how an older one becomes the present one."""

from __future__ import annotations

from fireflower.history.log.database import Database, SQLite, StorageError

VERSION = 2

_CHANGES = """
CREATE INDEX standing_definition ON standing (definition, since, subject);
CREATE TABLE changes (
  id {serial},
  transition BIGINT NOT NULL,
  what TEXT NOT NULL,
  at BIGINT NOT NULL
);
"""
"""What has been written into the record of transitions and taken back, in order, for those who follow it."""

TABLES = """
CREATE TABLE messages (
  position {serial},
  key {bytes} NOT NULL UNIQUE,
  form SMALLINT NOT NULL,
  received BIGINT NOT NULL,
  source TEXT NOT NULL,
  person BIGINT,
  other BIGINT,
  account BIGINT,
  body {bytes}
);
CREATE INDEX messages_person ON messages (person) WHERE person IS NOT NULL;
CREATE INDEX messages_other ON messages (other) WHERE other IS NOT NULL;
CREATE INDEX messages_account ON messages (account) WHERE account IS NOT NULL;
CREATE TABLE rejects (
  id {serial},
  received BIGINT NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  body {bytes} NOT NULL,
  replayed BIGINT
);
CREATE TABLE transitions (
  id {serial},
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  definition TEXT NOT NULL,
  meaning TEXT NOT NULL,
  change TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  known_at BIGINT NOT NULL,
  recorded BIGINT NOT NULL,
  past SMALLINT NOT NULL,
  evidence TEXT NOT NULL,
  retracted BIGINT
);
CREATE INDEX transitions_subject ON transitions (kind, subject);
CREATE TABLE standing (
  definition TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  since BIGINT NOT NULL,
  transition BIGINT NOT NULL,
  PRIMARY KEY (definition, kind, subject)
);
CREATE INDEX standing_since ON standing (since);
CREATE TABLE definitions (
  name TEXT PRIMARY KEY,
  meaning TEXT NOT NULL,
  since BIGINT NOT NULL
);
CREATE TABLE tokens (
  name TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  digest {bytes} NOT NULL UNIQUE,
  made BIGINT NOT NULL,
  revoked BIGINT
);
CREATE TABLE deliveries (
  key TEXT PRIMARY KEY,
  transition BIGINT NOT NULL,
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  planned BIGINT NOT NULL,
  state TEXT NOT NULL,
  due BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT NOT NULL,
  payload TEXT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX deliveries_subject ON deliveries (kind, subject);
CREATE TABLE attempts (
  id {serial},
  delivery TEXT NOT NULL,
  at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX attempts_delivery ON attempts (delivery);
"""
"""`messages.person`, `other` and `account` are digests of ids (`messages.digest`): who the message speaks of. A body is
empty once the archive has taken the message over; the key stays, so that a resend is still known."""

UPGRADES = {
    2: _CHANGES
    + """
INSERT INTO changes (transition, what, at) SELECT id, 'recorded', recorded FROM transitions ORDER BY id;
INSERT INTO changes (transition, what, at)
  SELECT id, 'retracted', retracted FROM transitions WHERE retracted IS NOT NULL ORDER BY retracted, id;
""",
}
"""Version -> what makes tables of the version before into tables of it."""

_SQLITE = {"serial": "INTEGER PRIMARY KEY AUTOINCREMENT", "bytes": "BLOB"}
_POSTGRESQL = {"serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "bytes": "BYTEA"}


def prepare(database: Database) -> None:
    """Make the tables where there are none.

    Raises
    ------
    StorageError
        If they were made by a later version.
    """
    with database.transaction():
        database.rows("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        found = database.rows("SELECT value FROM meta WHERE name = 'schema'")
        if not found:
            _run(database, TABLES + _CHANGES)
            database.rows("INSERT INTO meta (name, value) VALUES ('schema', ?)", (str(VERSION),))
            return
        version = int(found[0][0])
        if version > VERSION:
            raise StorageError(
                f"the log was written by a later version of fireflower (its schema is {version}, this version "
                f"knows {VERSION}). Install that version again."
            )
        for later in range(version + 1, VERSION + 1):
            _run(database, UPGRADES[later])
            database.rows("UPDATE meta SET value = ? WHERE name = 'schema'", (str(later),))


def _run(database: Database, statements: str) -> None:
    words = _SQLITE if isinstance(database, SQLite) else _POSTGRESQL
    for statement in statements.format(**words).split(";"):
        if statement.strip():
            database.rows(statement)
