"""Files of JSON: one object a line, or one array, or one document around an array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from fireflower.history.readers.batches import OBJECT, Batch, KeptAside, PropertyForm, Told, collect
from fireflower.history.readers.files import Compression, open_text, read_some
from fireflower.model.errors import InputError

_CHUNK = 4 << 20
_ROWS = 50_000
_BYTES = 64 << 20
_WRAPPERS = ("batch", "results", "data", "events", "rows")


class Shape(Protocol):
    """How one object says what happened."""

    def read(self, raw: bytes) -> list[Told]:
        """Its records. Raises ValueError with the reason if it cannot be read."""

    def finish(self) -> list[Told]:
        """What is known only after all objects."""


class JsonSource:
    """JSON objects of one shape.

    Parameters
    ----------
    texts : (line, text) of each object
    """

    def __init__(self, texts: Iterable[tuple[int, bytes]], shape: Shape, *, timeless: bool = False) -> None:
        self._texts, self._shape, self._timeless = texts, shape, timeless

    @property
    def properties(self) -> dict[str, PropertyForm]:
        return {OBJECT: "json"}

    def batches(self) -> Iterator[Batch]:
        import msgspec

        told: list[Told] = []
        kept_aside: list[KeptAside] = []
        read = size = 0
        for line, raw in self._texts:
            read, size = read + 1, size + len(raw)
            try:
                told.extend(self._shape.read(raw))
            except (ValueError, RecursionError, msgspec.MsgspecError) as error:
                kept_aside.append(KeptAside(line, _reason(error), raw.decode("utf-8", "replace")))
            if len(told) >= _ROWS or size >= _BYTES:
                yield collect(told, read, kept_aside, timeless=self._timeless)
                told, kept_aside, read, size = [], [], 0, 0
        yield collect([*told, *self._shape.finish()], read, kept_aside, timeless=self._timeless)


def _reason(error: Exception) -> str:
    import msgspec

    if isinstance(error, msgspec.ValidationError):
        return f"not of the expected form: {error}"
    return f"not JSON: {error}" if isinstance(error, msgspec.MsgspecError | UnicodeError) else str(error)


def objects(path: Path, compression: Compression) -> Iterator[tuple[int, bytes]]:
    """(line, text) of every object in the file; in an array the position stands for the line."""
    lines = _lines(path, compression)
    line, first = next(((number, text) for number, text in lines if text), (0, b""))
    if not first:
        raise InputError(f"{path} holds no JSON objects. Expected one object a line, or an array of objects.")
    whole = _is_json(first)
    if first.startswith(b"[") or not (whole or _lines_follow(path, compression)):
        yield from enumerate(_document(path, compression), 1)
        return
    if whole and (inner := _unwrapped(first)) is not None and next(lines, None) is None:
        yield from enumerate(inner, 1)
        return
    for number, text in _lines(path, compression):
        if number >= line and text:
            yield number, text


def _lines(path: Path, compression: Compression) -> Iterator[tuple[int, bytes]]:
    """(number, text) of every line, without white space around it and without a byte order mark."""
    number, rest = 0, [b""]
    with open_text(path, compression) as file:
        while chunk := read_some(file, _CHUNK, path):
            *whole, last = chunk.split(b"\n")
            if whole:
                whole[0] = b"".join([*rest, whole[0]])
                rest = []
                for text in whole:
                    number += 1
                    yield number, text.strip() if number > 1 else text.removeprefix(b"\xef\xbb\xbf").strip()
            rest.append(last)
    if text := b"".join(rest).strip():
        yield number + 1, text.removeprefix(b"\xef\xbb\xbf")


def _is_json(text: bytes) -> bool:
    import msgspec

    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


def _lines_follow(path: Path, compression: Compression) -> bool:
    """Whether a later line is an object by itself, so that the first one is merely broken."""
    some = (text for _, (_, text) in zip(range(1000), _lines(path, compression), strict=False))
    return any(text.startswith(b"{") and _is_json(text) for text in some)


def _document(path: Path, compression: Compression) -> list[bytes]:
    import msgspec

    with open_text(path, compression) as file:
        text = b"".join(iter(lambda: read_some(file, _CHUNK, path), b"")).removeprefix(b"\xef\xbb\xbf").strip()
    try:
        inner = _unwrapped(text)
        return (
            inner if inner is not None else [bytes(item) for item in msgspec.json.decode(text, type=list[msgspec.Raw])]
        )
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}. Expected one object a line, or an array of objects.") from None


def _unwrapped(text: bytes) -> list[bytes] | None:
    """The objects in a document such as {"batch": [..]}; None if it is no such document."""
    import msgspec

    if not text.startswith(b"{"):
        return None
    document = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    lists = [
        bytes(value) for key, value in document.items() if key in _WRAPPERS and bytes(value).lstrip().startswith(b"[")
    ]
    if len(lists) != 1 or "event" in document:
        return None
    return [bytes(item) for item in msgspec.json.decode(lists[0], type=list[msgspec.Raw])]
