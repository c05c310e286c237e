"""Who was forgotten, as the log's database knows it: keyed hashes of their ids, and up to when the record of others is
settled, whatever history says without them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fireflower.history.forgotten import KEY_FILE, Forgotten, keyed, make_secret, read_secret
from fireflower.history.log.database import Database, StorageError

_CHECK = "forgotten key"
"""Under this name `meta` has by which secret the hashes were made, as a hash."""

EVERYBODY = ("", "")
"""For whom a record is settled if it is for all."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One person who was forgotten.

    Attributes
    ----------
    at : when
    ids : how many ids they had
    """

    at: int
    ids: int


class ForgottenPeople:
    """The people who were forgotten, on one connection.

    Parameters
    ----------
    folder : of the project's history, where the secret is
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder
        self._seen = 0
        self._people: Forgotten | None = None

    def now(self) -> Forgotten | None:
        """As they are now; None if nobody has been forgotten. Inside of a transaction that holds what `add` holds, it
        stays so until the end of it.

        Raises
        ------
        StorageError
            If the secret is not the one by which they were hashed: they could not be known again.
        """
        last = self._last()
        if last != self._seen:
            rows = self._database.rows("SELECT hash FROM forgotten")
            self._people = Forgotten(self._secret(), [bytes(hash) for (hash,) in rows])
            self._seen = last
        return self._people

    def add(self, ids: Iterable[str], at: int) -> None:
        """Know a person's ids from now on, inside of the caller's transaction. Ids that are known stay as they are."""
        self._database.in_order("messages")
        secret = make_secret(self._folder)
        check = self._database.rows("SELECT value FROM meta WHERE name = ?", (_CHECK,))
        if not check:
            self._database.rows("INSERT INTO meta (name, value) VALUES (?, ?)", (_CHECK, _checked(secret)))
        self._secret()
        hashes = [keyed(secret, id) for id in ids]
        places = ", ".join("?" * len(hashes))
        known = self._database.rows(f"SELECT MIN(person) FROM forgotten WHERE hash IN ({places})", hashes)[0][0]
        person = self._last() + 1 if known is None else known
        self._database.many(
            "INSERT INTO forgotten (hash, person, at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
            [(hash, person, at) for hash in hashes],
        )

    def listed(self) -> list[Forgetting]:
        """One by one, the first who was forgotten first."""
        rows = self._database.rows("SELECT MIN(at), COUNT(*) FROM forgotten GROUP BY person ORDER BY person")
        return [Forgetting(at, ids) for at, ids in rows]

    def _last(self) -> int:
        return int(self._database.rows("SELECT COALESCE(MAX(id), 0) FROM forgotten")[0][0])

    def _secret(self) -> bytes:
        secret = read_secret(self._folder)
        check = self._database.rows("SELECT value FROM meta WHERE name = ?", (_CHECK,))
        if secret is None or check != [(_checked(secret),)]:
            raise StorageError(
                f"people have been forgotten in this log, and {self._folder / KEY_FILE}, by which they are known "
                f"again, "
                f"is {'missing' if secret is None else 'another'}. Copy it from the machine on which they were "
                "forgotten, or from a backup. Until then nothing is taken in."
            )
        return secret


def _checked(secret: bytes) -> str:
    return keyed(secret, _CHECK).hex()


class Settled:
    """Up to which moments the record of transitions stands as it is, on one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settle(self, subjects: Iterable[tuple[str, str]], until: int) -> None:
        """What is recorded of these subjects, (kind, id), up to a moment stands from now on, inside of the caller's
        transaction."""
        for kind, subject in subjects:
            self._database.rows(
                "INSERT INTO settled (kind, subject, until) VALUES (?, ?, ?) ON CONFLICT (kind, subject) "
                "DO UPDATE SET until = excluded.until",
                (kind, subject, until),
            )

    def moments(self) -> dict[tuple[str, str], int]:
        """Of each subject that is settled; `EVERYBODY` may be among them."""
        rows = self._database.rows("SELECT kind, subject, until FROM settled")
        return {(kind, subject): until for kind, subject, until in rows}

    def definitions(self) -> Sequence[tuple[str, int]]:
        """The definitions that there are, and since when each means what it means."""
        return [(name, since) for name, since in self._database.rows("SELECT name, since FROM definitions")]
