"""What the shapes of JSON have in common: ids, values, traits, and who was first seen with what when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fireflower.history.readers.batches import Told
from fireflower.model.messages import LONGEST_ID, too_long
from fireflower.model.records import Kind
from fireflower.model.values import flatten

Once = Callable[[tuple[str, ...], int], bool]
"""Of what counts only when it is first said: whether something, said of a time, has not been said before."""

_DEEPEST = 100
"""How deep objects may be nested; DuckDB reads 128."""


def id_text(value: Any, part: str) -> str | None:
    """An id as text, None where it is missing.

    Raises
    ------
    ValueError
        If the value is no id.
    """
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool | list | dict):
        raise ValueError(f"expected {part} to be text or a number, got {value!r:.60}")
    return str(value)


def subject_id(value: Any, part: str) -> str | None:
    """The id of a person or an account as text, None where it is missing.

    Raises
    ------
    ValueError
        If the value is no id, or nobody can be asked for by it.
    """
    id = id_text(value, part)
    if id and len(id) > LONGEST_ID:
        raise ValueError(too_long(len(id)))
    return id


def is_id(value: Any) -> bool:
    """Whether a value is plainly an id, without a closer look."""
    return type(value) is str and value != "" and not value.isspace()


def json_text(value: Any) -> str | None:
    """A value in JSON, None where it is missing."""
    import msgspec

    return None if value is None else msgspec.json.encode(value).decode()


def traits_of(traits: Any) -> dict[str, Any]:
    """The values of an object of traits by their names; null removes one, and wins over what is nested, as the less
    nested does in `flatten`. What has no name is no trait.

    Raises
    ------
    ValueError
        If it is no object.
    """
    if traits is None:
        return {}
    if not isinstance(traits, Mapping):
        raise ValueError(f"expected traits to be an object, got {traits!r:.60}")
    values = flatten(traits)
    if None in traits.values():
        values.update((name, None) for name, value in traits.items() if value is None)
    values.pop("", None)
    return values


def trait_values(traits: Any) -> Iterator[tuple[str, str | None]]:
    """(name, value in JSON) of an object of traits, each name once. See `traits_of`."""
    return ((name, json_text(value)) for name, value in traits_of(traits).items())


def object_text(raw: Any, part: str = "properties") -> bytes | None:
    """A JSON object as it stands in the file, None where it is missing or null.

    Raises
    ------
    ValueError
        If it is something else.
    """
    text = bytes(raw).strip()
    if not text or text == b"null" or text == b"{}":
        return None
    if not text.startswith(b"{"):
        raise ValueError(f"expected {part} to be an object, got {text[:60].decode('utf-8', 'replace')}")
    if text.count(b"{") + text.count(b"[") > _DEEPEST and _depth(text) > _DEEPEST:
        raise ValueError(f"{part} are nested more than {_DEEPEST} deep")
    return text


def _depth(text: bytes) -> int:
    import msgspec

    level, depth = [msgspec.json.decode(text)], 0
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class SaidOnce:
    """Remembers what one file has said."""

    def __init__(self) -> None:
        self._said: set[tuple[str, ...]] = set()

    def __call__(self, what: tuple[str, ...], time: int) -> bool:
        is_new = what not in self._said
        self._said.add(what)
        return is_new


class FirstTimes:
    """When each person was first seen with each anonymous id, or in each account: one record each, not one a row.

    Parameters
    ----------
    once : knows better than this one what has been told
    """

    def __init__(self, once: Once | None = None) -> None:
        self._once = once
        self._first: dict[tuple[Kind, str, str], tuple[int, int | None]] = {}
        self._untold: dict[tuple[Kind, str, str], None] = {}

    def saw(self, kind: Kind, person: str, other: str, time: int, received: int | None) -> None:
        key, before = (kind, person, other), self._first.get((kind, person, other))
        if self._once is not None:
            is_first = self._once((kind.name.lower(), person, other), time)
        else:
            is_first = before is None or time < before[0]
        if is_first:
            self._first[key] = (time, received)
            self._untold[key] = None

    def told(self) -> list[Told]:
        """What has become known since the last call. What is told again later was seen earlier than told before."""
        untold = [(key, self._first[key]) for key in self._untold]
        self._untold.clear()
        if self._once is not None:
            self._first.clear()
        return [
            Told(time, kind, person=person, account=other, received=received)
            if kind == Kind.JOIN
            else Told(time, kind, person=person, other=other, received=received)
            for (kind, person, other), (time, received) in untold
        ]
