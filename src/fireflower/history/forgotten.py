"""People who were forgotten: their ids are known by keyed hashes alone, so that what comes again is left out."""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from fireflower.model.errors import ProjectError

KEY_FILE = "forgotten.key"
"""The secret by which ids are hashed, in the folder of a project's history."""

_LENGTH = 32
_REMEMBERED = 200_000
"""How many ids are not hashed again: some dozen MB."""

_TEXTS = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s",;:|<>()\[\]{}]+)')
"""The words and texts in quotation marks that may be ids, in a row or body of whatever form."""


class Forgotten:
    """The ids of people who were forgotten.

    Parameters
    ----------
    secret : by which they are hashed
    hashes : of each of the ids
    """

    def __init__(self, secret: bytes, hashes: Collection[bytes]) -> None:
        self._secret, self._hashes = secret, frozenset(hashes)
        self._known: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, str):
            return False
        found = self._known.get(id)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[id] = keyed(self._secret, id) in self._hashes
        return found

    def is_named_in(self, text: str) -> bool:
        """Whether one of the ids stands in a text by itself: between quotation marks, or as a word."""
        return any((quoted or word) in self for quoted, word in _TEXTS.findall(text)) or text.strip() in self


def keyed(secret: bytes, id: str) -> bytes:
    """The hash of an id, which says nothing to whoever lacks the secret."""
    return hmac.digest(secret, id.encode("utf-8", "surrogatepass"), "sha256")


def read_secret(folder: Path) -> bytes | None:
    """The secret of a project, from the folder of its history; None if nobody has been forgotten here."""
    try:
        secret = bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except (ValueError, UnicodeError):
        secret = b""
    if len(secret) != _LENGTH:
        raise ProjectError(
            f"{folder / KEY_FILE} is damaged: it has the secret by which people who were forgotten are known again, "
            f"{_LENGTH} bytes in hexadecimal. Put it back from a backup."
        )
    return secret


def make_secret(folder: Path) -> bytes:
    """The secret of a project; it is made where there is none, and only its owner can read it."""
    found = read_secret(folder)
    if found is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    made = secrets.token_bytes(_LENGTH)
    part = folder / f"{KEY_FILE}.{secrets.token_hex(4)}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(made.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(part, folder / KEY_FILE)  # whoever is first decides
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return read_secret(folder) or made


class Naming:
    """Finds ids in text, where they stand by themselves: "ann" is not found in "ann@example.com" or "ann-marie".

    Parameters
    ----------
    ids : at least one
    """

    def __init__(self, ids: Iterable[str]) -> None:
        written = {form for id in ids for form in _written(id)}
        self._words = frozenset(form for form in written if _WORD.fullmatch(form))
        self._others = _pattern(written - self._words)
        self._all = _pattern(written)

    def is_in(self, text: str) -> bool:
        """Whether one of them stands in a text. Most ids are words: to look those of a text up takes a hundredth of
        the time that it takes to look for each id."""
        return (
            not self._words.isdisjoint(_WORD.findall(text))
            or not self._words.isdisjoint(_before_dots(text))
            or (self._others is not None and self._others.search(text) is not None)
        )

    def replaced(self, text: str, by: str) -> str:
        """The text with something else in their place."""
        return text if self._all is None else self._all.sub(lambda _: by, text)


_WORD = re.compile(r"[\w@+.-]+")
_DOT = re.compile(r"\.(?!\w)")


def _before_dots(text: str) -> Iterator[str]:
    """The words of a text without a dot at their end that may be that of a sentence, and what follows it."""
    if _DOT.search(text):
        for word in _WORD.findall(text):
            yield from (word[: dot.start()] for dot in _DOT.finditer(word))


def _pattern(ids: Collection[str]) -> re.Pattern[str] | None:
    longest_first = sorted(ids, key=lambda id: (-len(id), id))
    words = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w@+.-])(?:{words})(?![\w@+-]|\.\w)") if ids else None


def _written(id: str) -> set[str]:
    """An id as it stands in plain text, in JSON, and in the markup of messages."""
    marked = id.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {id, json.dumps(id)[1:-1], json.dumps(id, ensure_ascii=False)[1:-1], marked}
