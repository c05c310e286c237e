"""Write keys and API tokens: only digests of them are kept. They are long and random, so that a plain digest is as hard
to turn back as a slow one."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from fireflower.history.log.database import Database
from fireflower.model.errors import ProjectError

Scope = Literal["write", "read", "admin"]
SCOPES: tuple[Scope, ...] = ("write", "read", "admin")


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; never the token itself."""

    name: str
    scope: Scope
    made: int
    revoked: int | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A token as it is compared."""

    name: str
    scope: Scope
    digest: bytes


class Tokens:
    """The tokens of a project, on one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, name: str, scope: Scope, now: int) -> str:
        """A new token, which is shown this once.

        Raises
        ------
        ProjectError
            If there is one of that name that has not been revoked.
        """
        if self._database.rows("SELECT 1 FROM tokens WHERE name = ? AND revoked IS NULL", (name,)):
            raise ProjectError(f"there is a token named {name!r} already. Choose another name, or revoke it first.")
        self._database.rows("DELETE FROM tokens WHERE name = ?", (name,))
        token = f"ff_{scope}_{secrets.token_urlsafe(24)}"
        self._database.rows(
            "INSERT INTO tokens (name, scope, digest, made) VALUES (?, ?, ?, ?)", (name, scope, _digest(token), now)
        )
        return token

    def revoke(self, name: str, now: int) -> None:
        """No longer accept a token.

        Raises
        ------
        ProjectError
            If there is none of that name.
        """
        if not self._database.rows("SELECT 1 FROM tokens WHERE name = ?", (name,)):
            known = ", ".join(token.name for token in self.all()) or "none"
            raise ProjectError(f"there is no token named {name!r}. There are: {known}.")
        self._database.rows("UPDATE tokens SET revoked = ? WHERE name = ? AND revoked IS NULL", (now, name))

    def all(self) -> list[Token]:
        """All tokens, by name."""
        rows = self._database.rows("SELECT name, scope, made, revoked FROM tokens ORDER BY name")
        return [Token(*row) for row in rows]

    def find(self, token: str, scopes: tuple[Scope, ...]) -> str | None:
        """The name of a token that is accepted for one of these scopes; None if it is not."""
        found = matching(token, self.accepted())
        return found.name if found is not None and found.scope in scopes else None

    def accepted(self) -> list[Accepted]:
        """The tokens that have not been revoked."""
        rows = self._database.rows("SELECT name, scope, digest FROM tokens WHERE revoked IS NULL ORDER BY name")
        return [Accepted(name, scope, bytes(digest)) for name, scope, digest in rows]


def matching(token: str, accepted: Iterable[Accepted]) -> Accepted | None:
    """The one that a token is. All are compared, in constant time, so that how long it takes says nothing."""
    digest = _digest(token)
    found = None
    for each in accepted:
        if hmac.compare_digest(digest, each.digest):
            found = each
    return found


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
