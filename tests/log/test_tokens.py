"""Tokens, on each database."""

from __future__ import annotations

import pytest

from fireflower.history.log.database import Database
from fireflower.history.log.tokens import Token, Tokens
from fireflower.model.errors import ProjectError


def test_made_found_revoked(database: Database) -> None:
    tokens = Tokens(database)
    web, reader = tokens.make("web", "write", 5), tokens.make("reader", "read", 6)
    assert web != reader and web.startswith("ff_write_")
    assert tokens.find(web, ("write",)) == tokens.find(web, ("admin", "write")) == "web"
    assert tokens.find(web, ("read",)) is None and tokens.find(web + "x", ("write",)) is None
    tokens.revoke("web", 7)
    tokens.revoke("web", 8)
    assert tokens.find(web, ("write",)) is None and tokens.find(reader, ("read",)) == "reader"
    assert tokens.all() == [Token("reader", "read", 6, None), Token("web", "write", 5, 7)]


def test_names_are_unique_and_known(database: Database) -> None:
    tokens = Tokens(database)
    tokens.make("web", "write", 5)
    with pytest.raises(ProjectError, match=r"there is a token named 'web' already"):
        tokens.make("web", "read", 6)
    tokens.revoke("web", 7)
    again = tokens.make("web", "write", 8)
    assert tokens.find(again, ("write",)) == "web" and tokens.all() == [Token("web", "write", 8, None)]
    with pytest.raises(ProjectError, match=r"there is no token named 'app'. There are: web."):
        tokens.revoke("app", 7)


def test_the_token_itself_is_not_kept(database: Database) -> None:
    token = Tokens(database).make("web", "write", 5)
    assert token.encode() not in b"".join(bytes(str(row), "utf-8") for row in database.rows("SELECT * FROM tokens"))


def test_in_the_order_of_their_characters(database: Database) -> None:
    tokens = Tokens(database)
    names = ["b", "B", "ä", "a", "_", "1"]
    for name in names:
        tokens.make(name, "write", 5)
    assert [token.name for token in tokens.all()] == sorted(names)
