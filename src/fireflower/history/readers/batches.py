"""What every reader hands over, whatever it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from fireflower.model.records import Kind

PropertyForm = Literal["number", "text", "truth", "cell", "json"]
"""How a column holds a property. "cell": text of a CSV file, that may be a number. "json": any value, as JSON."""

OBJECT = "*"
"""The property column that holds all other properties, as one JSON object in text."""


class KeptAside(NamedTuple):
    """A row that could not be read. `line` counts from 1; in a Parquet file or JSON array it is the row."""

    line: int
    reason: str
    raw: str


@dataclass(slots=True)
class Batch:
    """Some rows of a file, as records.

    Attributes
    ----------
    columns : an Arrow array each, or one plain value where all records have it: `time` and `received` (moments),
        `kind`, `name`, `person`, `account`, `value` (a trait's, in JSON), `other` (an identity's other id),
        `message_id`, `untimed` (whether the time is only when it was learned), `number` (of one that came live) and
        `timeless` (whether such a record holds from the subject's beginning). A column that is not there is missing
        throughout
    properties : by path, an Arrow array each; OBJECT for all in one
    size : how many records
    read : how many rows of the file they and the ones kept aside come from
    """

    columns: dict[str, Any]
    size: int
    read: int
    properties: dict[str, Any] = field(default_factory=dict)
    kept_aside: list[KeptAside] = field(default_factory=list)


class Source(Protocol):
    """A file that has been opened for reading."""

    @property
    def properties(self) -> dict[str, PropertyForm]:
        """The property columns that its batches may have."""

    def batches(self) -> Iterator[Batch]:
        """All of its records, in the order of the file."""


class Told(NamedTuple):
    """One record, in the form in which readers of JSON collect them. Texts are "" and moments None where missing."""

    time: int
    kind: Kind
    name: str = ""
    person: str | None = None
    account: str | None = None
    value: str | None = None
    other: str | None = None
    message_id: str | None = None
    received: int | None = None
    properties: bytes | None = None
    untimed: bool = False
    number: int | None = None


def collect(told: list[Told], read: int, kept_aside: list[KeptAside], *, timeless: bool = False) -> Batch:
    """The records as a batch."""
    arrays = columns_of(told)
    properties = arrays.pop("properties")
    return Batch({**arrays, "timeless": timeless}, len(told), read, {OBJECT: properties}, kept_aside)


def columns_of(told: list[Told]) -> dict[str, Any]:
    """The records as Arrow arrays, by what `Told` calls them."""
    import pyarrow as pa

    types = {
        "time": pa.int64(),
        "kind": pa.uint8(),
        "name": pa.string(),
        "person": pa.string(),
        "account": pa.string(),
        "value": pa.large_string(),
        "other": pa.string(),
        "message_id": pa.string(),
        "received": pa.int64(),
        "properties": pa.large_string(),
        "untimed": pa.bool_(),
        "number": pa.int64(),
    }
    columns = dict(zip(Told._fields, zip(*told, strict=True), strict=True)) if told else dict.fromkeys(Told._fields, ())
    return {name: pa.array(columns[name], type) for name, type in types.items()}
