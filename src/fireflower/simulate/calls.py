"""Calls of the Segment spec as columns, and their rendering as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fireflower.simulate.draws import Bools, Ints

CallType = Literal["track", "page", "identify", "group", "alias"]


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of values by their position in a list, so that each value is rendered once."""

    codes: Ints
    values: Sequence[Any]


Column = NDArray[Any] | Coded


@dataclass(frozen=True, eq=False)
class Calls:
    """Calls of one type and name.

    Attributes
    ----------
    type : as in the Segment spec
    name : the event's or page's name; "" for calls that have none
    time : moments
    account : whose account each belongs to, by number; -1 for none. Tells the region that it comes from
    fields : dotted path -> column: "userId", "properties.rows", "traits.plan"
    """

    type: CallType
    name: str
    time: Ints
    account: Ints
    fields: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.time)

    def where(self, kept: Bools) -> Calls:
        """Those of the calls for which `kept` is true."""
        return Calls(
            self.type, self.name, self.time[kept], self.account[kept],
            {path: _rows(column, kept) for path, column in self.fields.items()},
        )  # fmt: skip


def _rows(column: Column, kept: Bools) -> Column:
    return Coded(column.codes[kept], column.values) if isinstance(column, Coded) else column[kept]


def render(calls: Calls, message_ids: Sequence[str], received: Ints) -> Iterable[str]:
    """One line of JSON for each call."""
    columns: dict[str, Iterable[Any]] = {
        "messageId": (f'"{each}"' for each in message_ids),
        "timestamp": _stamps(calls.time),
        "receivedAt": _stamps(received),
    }
    columns |= {path: _tokens(column) for path, column in calls.fields.items()}
    line = _template(calls, list(columns))
    return map(line.__mod__, zip(*columns.values(), strict=True))


def _stamps(moments: Ints) -> Iterator[str]:
    """Moments as JSON text, to the millisecond."""
    texts = np.datetime_as_string(moments.astype("datetime64[us]").astype("datetime64[ms]"))
    return map('"%sZ"'.__mod__, texts.tolist())


def _tokens(column: Column) -> Iterable[Any]:
    """The values of a column as what JSON writes for them."""
    if isinstance(column, Coded):
        texts = [json.dumps(value, ensure_ascii=False) for value in column.values]
        return map(texts.__getitem__, column.codes.tolist())
    if column.dtype == np.bool_:
        return map(("false", "true").__getitem__, column.tolist())
    return iter(column.tolist())


def _template(calls: Calls, paths: Iterable[str]) -> str:
    """A line of JSON with a %s for each path."""
    tree: dict[str, Any] = {"type": calls.type}
    if calls.name:
        tree["event" if calls.type == "track" else "name"] = calls.name
    for path in paths:
        *parents, leaf = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = "%s"
    return json.dumps(tree, separators=(",", ":")).replace('"%s"', "%s") + "\n"
