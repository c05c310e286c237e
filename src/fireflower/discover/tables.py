"""A table without events, one row a lead. Nothing in it says what was known when, so landmarks do not apply, and what
was filled in later can only be told by its looks (`leaks.of_columns`)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.candidates import Candidate
from fireflower.discover.frames import Column, Frame
from fireflower.language.lexing import quoted
from fireflower.language.nodes import Circle, Trait
from fireflower.language.sentences import write_quantity
from fireflower.model.errors import InputError, UnknownNameError, did_you_mean
from fireflower.model.moments import NEVER, parse_moment
from fireflower.model.records import SubjectKind

_OWN = "each row has a value of its own, which says nothing of others"
_NESTED = "its cells hold several values each"
_BYTES = "its values are neither texts nor numbers"
_YES = frozenset({"1", "1.0", "true", "yes", "y", "t", "won", "converted"})
_NO = frozenset({"0", "0.0", "false", "no", "n", "f", "lost"})
_EMPTY = frozenset({"", "none", "na", "n/a", "nan", "null", "-"})
_MOST_TEXTS = 2000
_IDENTIFIES = 0.5
_HEADER = 1 << 16
_BETWEEN = ",;\t"
"""What may stand between fields: the first of these that the header has."""


@dataclass(frozen=True, eq=False)
class Leads:
    """A table as a frame.

    Attributes
    ----------
    names : of all of its columns
    passed_over : columns that are not looked at -> why
    doubts : what was taken for what, where the table does not say
    """

    frame: Frame
    names: tuple[str, ...]
    passed_over: Mapping[str, str]
    doubts: tuple[str, ...]


def read_leads(
    path: Path,
    goal: str,
    time: str = "",
    owner: SubjectKind | None = None,
    circles: Mapping[str, Circle] | None = None,
) -> Leads:
    """Read a table of leads.

    Parameters
    ----------
    path : CSV or Parquet; CSV may be packed with gzip
    goal : the column that says who reached the goal; or "column = value", where one of several values says so
    time : the column by which rows are ordered; by default they are taken to be in the order of time
    owner : whose traits the columns are; None where they are nobody's
    circles : of which circle traits speak, by their owner and name

    Raises
    ------
    InputError
        If the file cannot be read.
    UnknownNameError
        If it has no such columns.
    """
    table = _table(path)
    goal, won = _goal(goal, table.column_names)
    for name in (goal, *([time] if time else [])):
        if name not in table.column_names:
            if len(table.column_names) == 1:
                only = f"It has one column only, {table.column_names[0]!r}: fields are to be separated by commas."
                raise InputError(f"{path} has no column {name!r}. {only}")
            near = did_you_mean(name, table.column_names) or f" There are: {', '.join(table.column_names)}."
            raise UnknownNameError(f"{path} has no column {name!r}.{near}")
    reached, known, doubts = _reached(path, goal, won, table.column(goal))
    table, reached = table.filter(known), reached[known]
    if time:
        order, without = _in_order(path, time, table.column(time))
        table, reached, doubts = table.take(order), reached[order], (*doubts, *without)
    columns, passed_over = [], {}
    for name in table.column_names:
        if name in (goal, time):
            continue
        column = _column(_candidate(name, owner, circles or {}), table.column(name))
        if isinstance(column, str):
            passed_over[name] = column
        else:
            columns.append(column)
    n = len(reached)
    rows = np.arange(n, dtype=np.int64)
    never = np.full(n, NEVER, np.int64)
    wait = np.where(reached, 0, NEVER)
    frame = Frame(None, rows, rows, wait, never, never, rows, tuple(columns))
    return Leads(frame, tuple(table.column_names), passed_over, doubts)


def _table(path: Path) -> Any:
    import pyarrow as pa

    try:
        table = _read(path)
        names = table.column_names
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error).rstrip(".")
        raise InputError(f"{path} cannot be read: {said}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not in UTF-8. Save it as CSV in UTF-8.") from None
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        said = str(error).rstrip(".")
        raise InputError(f"{path} cannot be read as a table: {said}. Expected CSV with a header, or Parquet.") from None
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InputError(f"{path} has two columns {name!r}. Give one of them another name.")
        if path.suffix != ".parquet" and pa.types.is_binary(table.column(number).type):
            raise InputError(f"the column {name!r} of {path} is not in UTF-8. Save the table as CSV in UTF-8.")
    return table


def _read(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if path.suffix == ".parquet":
        return _plain(pyarrow.parquet.read_table(path))
    with pa.input_stream(str(path), compression="detect") as file:
        header = file.read(_HEADER).partition(b"\n")[0].decode("utf-8", "replace")
    between = next((mark for mark in _BETWEEN if mark in header), ",")
    with pa.input_stream(str(path), compression="detect") as file:
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
        parse = pyarrow.csv.ParseOptions(delimiter=between)
        return pyarrow.csv.read_csv(file, parse_options=parse, convert_options=options)


def _plain(table: Any) -> Any:
    """With columns of codes as what they stand for."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table


def _goal(goal: str, names: Sequence[str]) -> tuple[str, str]:
    """The column that says who reached the goal, and the value that says so; "" where it says yes or no."""
    column, equals, value = (part.strip(" \"'") for part in goal.partition("="))
    return (column, value) if goal not in names and equals and value and column in names else (goal, "")


def _in_order(path: Path, name: str, values: Any) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The places of rows in the order of a column, without those that have nothing there, and what was left out."""
    import pyarrow as pa

    kind, rows = values.type, np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    left = len(values) - len(rows)
    said = f"of {len(values):,} rows, {left:,} have nothing in {name!r}: these are left out, as they have no order."
    known = values.take(rows)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        keys = np.array([_moment(path, name, text) for text in known.to_pylist()], np.int64)
    elif pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        keys = known.to_numpy()
    else:
        raise InputError(f"rows cannot be ordered by the column {name!r} of {path}: {_ORDERED}, got {kind}.")
    return rows[np.argsort(keys, kind="stable")], (said,) if left else ()


_ORDERED = "expected numbers, or dates and times such as 2026-03-01 or 2026-03-01T14:30"


def _moment(path: Path, name: str, text: str) -> int:
    try:
        return parse_moment(text)
    except ValueError:
        said = f"rows cannot be ordered by the column {name!r} of {path}: {_ORDERED}, got {text!r}"
        raise InputError(f"{said}. Write its times like that.") from None


def _reached(
    path: Path, goal: str, won: str, values: Any
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], tuple[str, ...]]:
    """Who reached the goal, of which rows that is known, and what was taken for what. Where nothing but yes is ever
    written, an empty cell means no; elsewhere it is not known what became of that row."""
    written = ["" if value is None else str(value).strip() for value in values.to_pylist()]
    texts = [text.lower() for text in written]
    yes, no = ({won.lower()}, set(texts) - {won.lower()} - _EMPTY) if won else (_YES, _NO)
    odd = next((text for text in written if text.lower() not in yes | no | _EMPTY), None)
    if odd is not None:
        raise InputError(
            f"the column {goal!r} of {path} has the value {odd!r}: expected 1 or 0, true or false, yes or no. If one "
            f'of its values says that the goal was reached, name it, such as --goal "{goal} = {odd}".'
        )
    if won and won.lower() not in texts:
        near = did_you_mean(won, set(written)) or f" There are: {', '.join(sorted(set(written) - {''})[:12])}."
        raise UnknownNameError(f"no row of {path} has {won!r} in the column {goal!r}.{near}")
    reached, empty = (np.array([text in those for text in texts], np.bool_) for those in (yes, _EMPTY))
    if not empty.any():
        return reached, ~empty, ()
    said = f"of {len(texts):,} rows, {int(empty.sum()):,} have nothing in {goal!r}: "
    if (reached | empty).all():
        return reached, np.ones(len(texts), np.bool_), (said + "these were taken not to have reached it.",)
    return reached, ~empty, (said + "these are left out, as nobody knows what became of them.",)


def _candidate(name: str, owner: SubjectKind | None, circles: Mapping[str, Circle]) -> Candidate:
    if owner is None:
        shown = name if name.replace(" ", "").isalnum() else quoted(name)
        return Candidate(shown, None, None, "fit", "fit", True, name)
    trait, known = Trait(owner, name), circles.get(f"{owner}.{name}")
    return Candidate(write_quantity(trait), trait, trait, "fit", known or "fit", True, name, known is not None)


def _column(candidate: Candidate, values: Any) -> Column | str:
    """The column, or why it is passed over."""
    import pyarrow as pa

    if pa.types.is_nested(values.type):
        return _NESTED
    nowhere = np.full(len(values), np.nan)
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        numbers = values.cast(pa.float64(), safe=False).to_numpy()  # ids beyond 2^53 lose their last digits
        return Column(candidate, np.where(np.isfinite(numbers), numbers, np.nan))
    if pa.types.is_null(values.type):
        return Column(candidate, nowhere)
    if pa.types.is_boolean(values.type):
        texts = values.to_pylist()
        codes = [-1 if value is None else int(value) for value in texts]
        return Column(candidate, nowhere, np.array(codes, np.int32), (False, True))
    try:
        coded = values.cast(pa.string()).combine_chunks().dictionary_encode()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _BYTES
    if len(coded.dictionary) > min(_MOST_TEXTS, _IDENTIFIES * len(values)):
        return _OWN
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Column(candidate, nowhere, codes, coded.dictionary.to_pylist())
