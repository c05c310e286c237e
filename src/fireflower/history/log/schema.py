"""The tables of the log, for SQLite and PostgreSQL alike, and how an older one becomes the present one."""

from __future__ import annotations

from collections.abc import Mapping

from fireflower.history.log.database import Database, SQLite, StorageError

VERSION = 4

_FORGOTTEN = """
CREATE TABLE forgotten (
  id {serial},
  hash {bytes} NOT NULL UNIQUE,
  person BIGINT NOT NULL,
  at BIGINT NOT NULL
);
CREATE TABLE settled (
  kind {text} NOT NULL,
  subject {text} NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
);
"""

_MESSAGES = """
CREATE TABLE messages (
  position {serial},
  key {bytes} NOT NULL {unique},
  form SMALLINT NOT NULL,
  received BIGINT NOT NULL,
  source {text} NOT NULL,
  body {bytes}
);
{key_runs};
"""

TABLES = (
    _MESSAGES
    + """
CREATE TABLE firsts (
  what {bytes} NOT NULL,
  position BIGINT NOT NULL,
  time BIGINT NOT NULL,
  PRIMARY KEY (what, position)
);
CREATE INDEX firsts_position ON firsts (position);
CREATE TABLE rejects (
  id {serial},
  received BIGINT NOT NULL,
  source {text} NOT NULL,
  reason {text} NOT NULL,
  body {bytes} NOT NULL,
  replayed BIGINT
);
CREATE TABLE transitions (
  id {serial},
  kind {text} NOT NULL,
  subject {text} NOT NULL,
  definition {text} NOT NULL,
  meaning {text} NOT NULL,
  change {text} NOT NULL,
  reason {text} NOT NULL,
  at BIGINT NOT NULL,
  known_at BIGINT NOT NULL,
  recorded BIGINT NOT NULL,
  past SMALLINT NOT NULL,
  evidence {text} NOT NULL,
  retracted BIGINT
);
CREATE INDEX transitions_subject ON transitions (kind, subject);
CREATE TABLE standing (
  definition {text} NOT NULL,
  kind {text} NOT NULL,
  subject {text} NOT NULL,
  since BIGINT NOT NULL,
  transition BIGINT NOT NULL,
  PRIMARY KEY (definition, kind, subject)
);
CREATE INDEX standing_definition ON standing (definition, since, subject);
CREATE TABLE changes (
  id {serial},
  transition BIGINT NOT NULL,
  what {text} NOT NULL,
  at BIGINT NOT NULL
);
CREATE TABLE evaluators (
  holder {text} PRIMARY KEY,
  until BIGINT NOT NULL
);
CREATE TABLE leases (
  share SMALLINT PRIMARY KEY,
  holder {text} NOT NULL,
  until BIGINT NOT NULL,
  term BIGINT NOT NULL,
  position BIGINT NOT NULL,
  moment BIGINT NOT NULL,
  meanings {text} NOT NULL,
  basis {text} NOT NULL DEFAULT ''
);
CREATE TABLE definitions (
  name {text} PRIMARY KEY,
  meaning {text} NOT NULL,
  since BIGINT NOT NULL
);
CREATE TABLE tokens (
  name {text} PRIMARY KEY,
  scope {text} NOT NULL,
  digest {bytes} NOT NULL UNIQUE,
  made BIGINT NOT NULL,
  revoked BIGINT
);
CREATE TABLE deliveries (
  key {text} PRIMARY KEY,
  transition BIGINT NOT NULL,
  destination {text} NOT NULL,
  kind {text} NOT NULL,
  subject {text} NOT NULL,
  planned BIGINT NOT NULL,
  state {text} NOT NULL,
  due BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  reason {text} NOT NULL,
  payload {bytes} NOT NULL,
  notice {text} NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due) WHERE state IN ('waiting', 'sending');
CREATE INDEX deliveries_planned ON deliveries (planned, key);
CREATE INDEX deliveries_subject ON deliveries (kind, subject);
CREATE INDEX deliveries_transition ON deliveries (transition);
CREATE TABLE attempts (
  id {serial},
  delivery {text} NOT NULL,
  at BIGINT NOT NULL,
  outcome {text} NOT NULL,
  detail {text} NOT NULL
);
CREATE INDEX attempts_delivery ON attempts (delivery);
"""
    + _FORGOTTEN
)
"""The body of a message is empty once the archive has taken it over; the key stays, so that a resend is still known.
`firsts` has digests of what is told once, such as who is who. `changes` has in their order what was written into the
record of transitions and taken back, for those who follow it. `forgotten` has keyed hashes of the ids of people who
were forgotten, and `settled` up to when the record of a subject stands."""

UPGRADES: Mapping[int, str] = {
    1: _FORGOTTEN,
    2: """
CREATE INDEX deliveries_transition ON deliveries (transition);
ALTER TABLE leases ADD COLUMN basis {text} NOT NULL DEFAULT '';
""",
    3: "{without_index}",
}
"""What makes of the tables of a version those of the next."""

_SQLITE = {
    "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "bytes": "BLOB",
    "text": "TEXT",
    "unique": "",
    "key_runs": "CREATE TABLE key_runs (last INTEGER PRIMARY KEY, entries BLOB NOT NULL)",
}
_SQLITE["without_index"] = f"""
ALTER TABLE messages RENAME TO indexed;
{_MESSAGES.format(**_SQLITE)}
INSERT INTO messages SELECT position, key, form, received, source, body FROM indexed ORDER BY position;
DROP TABLE indexed;
"""
_POSTGRESQL = {
    "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "bytes": "BYTEA",
    "text": 'TEXT COLLATE "C"',
    "unique": "UNIQUE",
    "key_runs": "",
    "without_index": "",
}
"""Where one process writes, messages that are known are found without an index of the database (`keys`). Texts are
ordered by their characters' numbers in both, whatever the language of the server."""


def prepare(database: Database) -> None:
    """Make the tables where there are none, and of those of an older version the present ones. Before that, an SQLite
    log is copied: to `log.sqlite.schema-1` beside it, if that is the version it had.

    Raises
    ------
    StorageError
        If they were made by a later version.
    """
    _save_older(database)
    with database.transaction():
        database.in_order("meta")  # two processes may start at once
        database.rows("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        found = database.rows("SELECT value FROM meta WHERE name = 'schema'")
        if not found:
            _run(database, TABLES)
            database.rows("INSERT INTO meta (name, value) VALUES ('schema', ?)", (str(VERSION),))
            return
        version = int(found[0][0])
        if version > VERSION:
            raise StorageError(
                f"the log was written by a later version of fireflower (its schema is {version}, this version "
                f"knows {VERSION}). Install that version again."
            )
        for before in range(version, VERSION):
            _run(database, UPGRADES[before])
        database.rows("UPDATE meta SET value = ? WHERE name = 'schema'", (str(VERSION),))


def _run(database: Database, statements: str) -> None:
    words = _SQLITE if isinstance(database, SQLite) else _POSTGRESQL
    for statement in statements.format(**words).split(";"):
        if statement.strip():
            database.rows(statement)


def _save_older(database: Database) -> None:
    if not isinstance(database, SQLite) or not database.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'"):
        return
    found = database.rows("SELECT value FROM meta WHERE name = 'schema'")
    if found and int(found[0][0]) < VERSION:
        copy = database.path.with_name(f"{database.path.name}.schema-{found[0][0]}")
        copy.unlink(missing_ok=True)
        database.copy_to(copy)
