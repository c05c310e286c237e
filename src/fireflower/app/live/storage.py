"""Where a project keeps what it receives, and how its messages are read."""

from __future__ import annotations

from collections.abc import Collection

from fireflower.app.live.database import is_there, opener
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.history.forgotten import Forgotten
from fireflower.history.log.database import Database
from fireflower.history.log.forgotten import EVERYBODY, ForgottenPeople, Settled
from fireflower.history.log.reading import PLAIN, Mappings
from fireflower.history.log.schema import prepare


def existing_log(project: Project) -> Database | None:
    """A connection to the log of a project; None if it has never received anything."""
    if not is_there(project):
        return None
    database = opener(project)()
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def last_received(project: Project) -> int | None:
    """When the last message of a project came live; None if none ever has."""
    database = existing_log(project)
    if database is None:
        return None
    try:
        found = database.rows("SELECT received FROM messages ORDER BY position DESC LIMIT 1")
    finally:
        database.close()
    return int(found[0][0]) if found else None


def forgotten_people(project: Project) -> Forgotten | None:
    """The people of a project who were forgotten; None if nobody was."""
    database = existing_log(project)
    if database is None:
        return None
    try:
        return ForgottenPeople(database, project.folder / HISTORY_FOLDER).now()
    finally:
        database.close()


def of_less_history(project: Project, subjects: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these subjects, (kind, id), whose record says more than what is left of history: somebody was forgotten,
    or what was old has been removed."""
    database = existing_log(project)
    if database is None:
        return set()
    try:
        settled = Settled(database).moments()
    finally:
        database.close()
    return set(subjects) if EVERYBODY in settled else settled.keys() & set(subjects)


def mappings_of(project: Project) -> Mappings:
    """How the messages of a project are read: by whoever evaluates them, and by whoever moves them into the archive."""
    settings = project.settings
    return {form: each.naming(settings.account_email, settings.shared_domains) for form, each in PLAIN.items()}


def value_of(database: Database, name: str) -> str | None:
    """What the log's table `meta` has under a name; None if nothing."""
    found = database.rows("SELECT value FROM meta WHERE name = ?", (name,))
    return str(found[0][0]) if found else None


def keep_value(database: Database, name: str, value: str | None) -> None:
    """Keep something there, in the place of what is there; None removes it."""
    if value is None:
        database.rows("DELETE FROM meta WHERE name = ?", (name,))
        return
    database.rows(
        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
