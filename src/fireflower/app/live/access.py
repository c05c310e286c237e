"""Write keys and API tokens of a project, for those who manage them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fireflower.app.live.database import opener
from fireflower.app.live.service import now
from fireflower.app.project import Project
from fireflower.history.log.schema import prepare
from fireflower.history.log.tokens import Scope, Token, Tokens


@contextmanager
def tokens_of(project: Project) -> Iterator[Tokens]:
    """The tokens of a project; a running server sees within a second what becomes of them."""
    database = opener(project)()
    try:
        prepare(database)
        with database.transaction():
            yield Tokens(database)
    finally:
        database.close()


def make_token(project: Project, name: str, scope: Scope) -> str:
    """A new token, which is shown this once."""
    with tokens_of(project) as tokens:
        return tokens.make(name, scope, now())


def first_write_key(project: Project) -> str | None:
    """A write key for a project that has none yet, made now; None if it has one."""
    with tokens_of(project) as tokens:
        if any(token.scope == "write" and token.revoked is None for token in tokens.all()):
            return None
        taken = {token.name for token in tokens.all()}
        name = next(name for name in ("default", *(f"default-{i}" for i in range(2, 1000))) if name not in taken)
        return tokens.make(name, "write", now())


def revoke_token(project: Project, name: str) -> None:
    """No longer accept a token."""
    with tokens_of(project) as tokens:
        tokens.revoke(name, now())


def list_tokens(project: Project) -> list[Token]:
    """All tokens, by name."""
    with tokens_of(project) as tokens:
        return tokens.all()
