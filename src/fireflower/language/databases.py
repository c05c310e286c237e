"""Where a project keeps its log: what fireflower.yaml may say of it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from fireflower.language.documents import Node
from fireflower.language.places import Notes
from fireflower.language.trees import text_of

_EXPECTED = "env:NAME (a variable of the environment), postgresql://USER@HOST/DATABASE, sqlite:///PATH or a path"
_SCHEMES = ("postgresql", "postgres", "sqlite")


def database_from(node: Node | None, notes: Notes) -> str:
    """The database that is named; "" if none is, or not as it should be."""
    if node is None:
        return ""
    text = text_of(node, f"a database: {_EXPECTED}", notes)
    fault = _fault(text)
    if fault:
        notes.fault(node.place, fault)
        return ""
    return text


def _fault(text: str) -> str:
    if text.startswith("env:"):
        named = re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", text)
        return "" if named else f"{text!r} names no variable of the environment. Expected env:NAME."
    scheme, mark, _ = text.partition("://")
    if mark and scheme not in _SCHEMES:
        return f"there is no database of the kind {scheme!r}. Expected {_EXPECTED}."
    if mark and _has_password(text):
        return (
            "a password has no place in a file that is kept in git. Put the URL into a variable of the environment "
            "and write: database: env:DATABASE_URL"
        )
    return ""


def _has_password(url: str) -> bool:
    parts = urlsplit(url)
    login, mark, _ = parts.netloc.rpartition("@")
    return bool(mark and ":" in login) or "password" in parse_qs(parts.query)
