"""Tables in CSV and Parquet files, column by column. No Python runs for a single row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.history.readers.addresses import Addresses
from fireflower.history.readers.batches import OBJECT, Batch, KeptAside, PropertyForm
from fireflower.history.readers.cells import cell
from fireflower.history.readers.columns import CONVERT, Column, TableFile
from fireflower.history.readers.database import connect_to_read, quoted
from fireflower.history.readers.files import Compression, FileFormat, damaged
from fireflower.history.readers.parquet import PlainParquet
from fireflower.history.readers.plain import deal_name
from fireflower.history.readers.times import reason_sql, time_sql
from fireflower.history.readers.told import json_text
from fireflower.model.errors import InputError
from fireflower.model.messages import LONGEST_ID, too_long
from fireflower.model.records import Kind
from fireflower.model.values import flatten, normal

_ROWS = 1_500_000
"""How many rows are worked on at a time: many, because some of the work is done once for each different text."""
_PLAIN_ROWS = 1_000_000
"""The same where texts that repeat come as dictionaries."""
_PIECE = 200_000
_BYTES = 512 << 20
_SUBJECTS = ("person", "anonymous", "account")
_IDS = (*_SUBJECTS, "event", "role", "message_id")


class TableSource:
    """A table of any kind in a CSV or Parquet file.

    Parameters
    ----------
    learned_at : the moment from which rows without a time hold
    scratch : a folder for what does not fit into memory
    """

    def __init__(
        self,
        path: Path,
        format: FileFormat,
        compression: Compression,
        mapping: Mapping,
        learned_at: int | None,
        scratch: Path | None = None,
    ) -> None:
        self._connection = connect_to_read(mapping.timezone, scratch)
        self._file = TableFile(self._connection, path, format, compression, scratch)
        self._mapping = mapping
        self._addresses = Addresses(mapping)
        self._learned_at = learned_at
        self._others = self._file.others(mapping)
        self._selected = self._select()
        plain = PlainParquet(self._file, mapping, self._others) if format == "parquet" else None
        self._plain = plain if plain and plain.serves() else None
        if not mapping.time and learned_at is None and not mapping.timeless:
            raise InputError(
                f"{path} has no column of times. Say from when its rows hold, or name the column of times."
            )

    @property
    def properties(self) -> dict[str, PropertyForm]:
        if self._mapping.table not in ("events", "deals"):
            return {}
        forms = {column.path: self._file.form(column, self._mapping)[0] for column in self._others}
        return {**forms, OBJECT: "json"} if self._mapping.properties else forms

    def batches(self) -> Iterator[Batch]:
        import duckdb

        any_bad, read = False, 0
        try:
            for rows in self._joined():
                read += len(rows)
                reason = self._part(rows, "reason")
                is_good = reason.null_count == len(rows)
                any_bad |= not is_good
                good = rows if is_good else rows.filter(reason.is_null())
                yield from self._read(good, len(rows))
            yield from self._first_times()
            broken = self._broken_lines() if self._file.format == "csv" else []
            bad = self._bad_rows() if any_bad else []
            yield Batch({}, 0, len(broken), kept_aside=self._placed(bad, broken, read))
        except duckdb.Error as error:
            raise damaged(self._file.path, error) from None

    def _joined(self) -> Iterator[Any]:
        """Tables of about as many rows as are worked on at a time."""
        if self._plain:
            return joined(self._plain.batches(), _PLAIN_ROWS)
        return joined(self._file.batches(self._selected, _PIECE), _ROWS)

    def _select(self, *more: str) -> str:
        """What SQL selects: the parts of each row, and its other columns."""
        mapping = self._mapping
        parts = mapping.columns()
        columns = {part: self._file.column(name) for part, name in parts.items() if part != "properties"}
        texts = {part: f"nullif(trim({_id_sql(columns[part])}), '')" for part in _IDS if part in columns}
        times = {
            part: time_sql(columns[part].sql, columns[part].type, mapping)
            for part in ("time", "received", "left")
            if part in columns
        }
        said = {part: texts.get(part, "NULL::VARCHAR") for part in _IDS} | times
        selected = [*more, *(f"{sql} AS {self._own(part)}" for part, sql in said.items())]
        selected += [f"{self._file.form(column, mapping)[1]} AS {quoted(column.path)}" for column in self._others]
        if mapping.properties:
            selected.append(f"{self._object_sql()} AS {quoted(OBJECT)}")
        return f"{', '.join(selected)}, {self._reason(columns)} AS {self._own('reason')}"

    def _own(self, part: str) -> str:
        """How SQL names what is made of a row: unlike any column."""
        return quoted(self._file.mark + part)

    def _anybody(self) -> str:
        """SQL for the id of the person."""
        return f"coalesce({self._own('person')}, {self._own('anonymous')})"

    def _part(self, rows: Any, part: str) -> Any:
        """What has been made of each row."""
        return rows[self._file.mark + part]

    def _object_sql(self) -> str:
        name = self._mapping.properties
        fields = [column for column in self._file.columns if column.path.startswith(f"{name}.")]
        if fields:
            return f"to_json({quoted(name)})::VARCHAR"
        column = self._file.column(name)
        return f"nullif({column.sql}, '')" if column.type == "VARCHAR" else f"to_json({column.sql})::VARCHAR"

    def _reason(self, columns: dict[str, Column]) -> str:
        """SQL for why a row cannot be read, NULL if it can."""
        table, mapping = self._mapping.table, self._mapping
        reasons = []
        for part in ("time", "received", "left"):
            if part in columns:
                needed = part == "time" and table in ("events", "deals")
                moment = self._own(part)
                reasons.append(reason_sql(columns[part].sql, columns[part].type, moment, mapping, needed=needed))
        person, account = self._anybody(), self._own("account")
        lacking = {
            "events": (f"coalesce({person}, {account})", "names no person and no account"),
            "deals": (f"coalesce({person}, {account})", "names no person and no account"),
            "accounts": (account, "names no account"),
        }.get(table, (person, "names no person"))
        reasons.append(_if_null(*lacking))
        if table == "memberships":
            reasons.append(_if_null(account, "names no account"))
        if table == "events" and not mapping.event_name:
            reasons.append(_if_null(self._own("event"), "names no event"))
        reasons += [_if_too_long(self._own(part)) for part in _SUBJECTS if part in columns]
        if mapping.properties:
            object = quoted(OBJECT)
            right = f"coalesce(try(json_valid({object})), false) AND starts_with(ltrim({object}), '{{')"
            wrong = f"{object} IS NOT NULL AND NOT ({right})"
            reasons.append(f"CASE WHEN {wrong} THEN 'expected {mapping.properties} to be a JSON object' END")
        return f"coalesce({', '.join(reasons)})"

    def _read(self, rows: Any, read: int) -> Iterator[Batch]:
        table = self._mapping.table
        base = self._base(rows)
        person = self._part(rows, "person")
        if self._mapping.anonymous:
            person = _coalesce(person, self._part(rows, "anonymous"))
        if table in ("events", "deals"):
            named = {
                **base,
                "kind": Kind.EVENT,
                "name": self._names(rows),
                "person": person,
                "account": self._part(rows, "account"),
            }
            yield Batch(named, len(rows), read, {path: rows[path] for path in self.properties})
            return
        yield Batch({}, 0, read)
        if table in ("people", "memberships") and self._mapping.account:
            yield from self._memberships(rows, base, person)
        if table == "people" and self._mapping.account_email in rows.column_names:
            yield self._by_address(rows, base, person)
        if table == "people":
            yield from self._traits(rows, {**base, "kind": Kind.PERSON_TRAIT, "person": person})
        elif table == "accounts":
            yield from self._traits(rows, {**base, "kind": Kind.ACCOUNT_TRAIT, "account": self._part(rows, "account")})

    def _base(self, rows: Any) -> dict[str, Any]:
        import pyarrow.compute as pc

        base: dict[str, Any] = {"message_id": self._part(rows, "message_id"), "timeless": self._mapping.timeless}
        if self._mapping.received:
            base["received"] = self._part(rows, "received")
        if not self._mapping.time:
            return {**base, "time": self._learned_at or 0, "untimed": True}
        time = self._part(rows, "time")
        if time.null_count and self._learned_at is None and not self._mapping.timeless:
            raise InputError(f"{self._file.path} has rows without a time. Say from when they hold.")
        untimed = pc.is_null(time) if time.null_count else False
        return {
            **base,
            "time": pc.fill_null(time, self._learned_at or 0) if time.null_count else time,
            "untimed": untimed,
        }

    def _names(self, rows: Any) -> Any:
        """The event's name, of each row or of all."""
        import pyarrow as pa

        if self._mapping.table == "events":
            fixed = self._mapping.event_name
            if not self._mapping.event:
                return fixed
            named = self._part(rows, "event")
            return named.fill_null(fixed) if fixed else named
        if not self._mapping.event:
            return deal_name(self._mapping.event_name)
        stages = self._part(rows, "event").fill_null(self._mapping.event_name).combine_chunks().dictionary_encode()
        return pa.DictionaryArray.from_arrays(
            stages.indices, [deal_name(stage) for stage in stages.dictionary.to_pylist()]
        )

    def _memberships(self, rows: Any, base: dict[str, Any], person: Any) -> Iterator[Batch]:
        import pyarrow.compute as pc

        account = self._part(rows, "account")
        named, who = account.is_valid(), {"person": person, "account": account}
        joins = {**base, **who, "kind": Kind.JOIN, "name": self._part(rows, "role").fill_null("")}
        if not self._mapping.left:
            yield _filtered(joins, named)
            return
        ended = self._part(rows, "left")
        leaves = {**base, **who, "kind": Kind.LEAVE, "name": "", "time": ended.fill_null(0), "untimed": False}
        yield _filtered(joins, pc.and_(named, self._lasts(base, ended)))
        yield _filtered(leaves, pc.and_(named, ended.is_valid()))

    def _lasts(self, base: dict[str, Any], ended: Any) -> Any:
        """Whether a membership ends after it began. One that does not is over: nothing would end it once it was joined.
        One that has always held began before."""
        import pyarrow.compute as pc

        lasts = pc.fill_null(pc.greater(ended, base["time"]), True)
        return pc.or_(lasts, base["untimed"]) if self._mapping.timeless else lasts

    def _by_address(self, rows: Any, base: dict[str, Any], person: Any) -> Batch:
        """Members of the accounts that their addresses name."""
        import pyarrow as pa

        named = self._addresses.account
        account = pa.array([named(each) for each in rows[self._addresses.trait].to_pylist()], pa.string())
        joins = {**base, "person": person, "account": account, "kind": Kind.JOIN, "name": ""}
        return _filtered(joins, account.is_valid())

    def _traits(self, rows: Any, base: dict[str, Any]) -> Iterator[Batch]:
        for column in self._others:
            form = self._file.form(column, self._mapping)[0]
            for name, values in trait_columns(column.path, rows[column.path], form):
                yield _filtered({**base, "name": name, "value": values}, values.indices.is_valid())

    def _first_times(self) -> Iterator[Batch]:
        """One record for each person and anonymous id, and for each person and account, if events make members."""
        mapping = self._mapping
        if mapping.person and mapping.anonymous:
            yield self._first(Kind.IDENTITY, self._own("person"), self._own("anonymous"), "other")
        if mapping.joins and mapping.account and mapping.table in ("events", "deals"):
            yield self._first(Kind.JOIN, self._anybody(), self._own("account"), "account")

    def _first(self, kind: Kind, person: str, other: str, part: str) -> Batch:
        time = self._own("time") if self._mapping.time else str(self._learned_at or 0)
        received = self._own("received") if self._mapping.received else "NULL::BIGINT"
        rows = self._connection.sql(
            f"SELECT {person} AS person, {other} AS other, min({time}) AS time, arg_min({received}, {time}) AS received"
            f" FROM (SELECT {self._selected} FROM {self._file.relation})"
            f" WHERE {self._own('reason')} IS NULL AND {person} <> {other} GROUP BY ALL"
        ).to_arrow_table()
        columns = {name: rows[name].combine_chunks() for name in ("person", "time", "received")}
        untimed = {"untimed": True} if not self._mapping.time else {}
        return Batch(
            {"kind": kind, "name": "", part: rows["other"].combine_chunks(), **columns, **untimed}, len(rows), 0
        )

    def _placed(self, bad: list[KeptAside], broken: list[KeptAside], read: int) -> list[KeptAside]:
        """All that is kept aside, with the lines on which it stands."""
        if not bad and not broken:
            return []
        rows, lines = self._file.lines([row.line for row in bad], [row.line for row in broken], read)
        placed = [row._replace(line=rows[row.line]) for row in bad]
        return sorted([*placed, *(row._replace(line=lines[row.line]) for row in broken)])

    def _bad_rows(self) -> list[KeptAside]:
        """The rows with a reason why they cannot be read, by their number. Lines whose cells do not fit the header are
        no rows."""
        cells = ", ".join(f"coalesce({column.sql}::VARCHAR, '')" for column in self._file.columns)
        row, reason, raw = (self._own(name) for name in ("row", "reason", "cells"))
        selected = self._select(f"row_number() OVER () AS {row}", f"[{cells}] AS {raw}")
        reasons = self._connection.execute(
            f"SELECT {row}, {reason}, {raw} FROM (SELECT {selected} FROM {self._file.relation})"
            f" WHERE {reason} IS NOT NULL ORDER BY {row}"
        ).fetchall()  # fmt: skip
        return [KeptAside(row, reason, _written(cells, self._file.separator)) for row, reason, cells in reasons]

    def _broken_lines(self) -> list[KeptAside]:
        rows = self._connection.execute(
            "SELECT line, first(error_message), first(csv_line) FROM reject_errors JOIN reject_scans USING (scan_id)"
            " WHERE file_path = ? GROUP BY line ORDER BY line",
            [str(self._file.source)],
        ).fetchall()  # fmt: skip
        return [KeptAside(line, _why(message), (raw or "").strip("\r\n")) for line, message, raw in rows]


def _why(message: str) -> str:
    """Why DuckDB cannot read a line."""
    return f"is not in UTF-8. {CONVERT}" if "unicode" in message else message.partition("\n")[0]


def _written(cells: list[str], separator: str) -> str:
    """Cells as a line of CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="").writerow(cells)
    return text.getvalue()


def _id_sql(column: Column) -> str:
    """An id as text; whole numbers that some tool has written as floats come without their point, NaN is missing."""
    if column.type in ("DOUBLE", "FLOAT"):
        whole = f"CASE WHEN {column.sql} = trunc({column.sql}) THEN TRY_CAST({column.sql} AS HUGEINT)::VARCHAR END"
        return f"nullif(coalesce({whole}, {column.sql}::VARCHAR), 'nan')"
    return f"{column.sql}::VARCHAR"


def _if_null(sql: str, reason: str) -> str:
    return f"CASE WHEN {sql} IS NULL THEN '{reason}' END"


def _if_too_long(id: str) -> str:
    reason = too_long(f"' || length({id}) || '")
    return f"CASE WHEN length({id}) > {LONGEST_ID} THEN '{reason}' END"


def _coalesce(first: Any, second: Any) -> Any:
    import pyarrow.compute as pc

    return pc.coalesce(first, second) if first.null_count else first


def joined(pieces: Iterable[Any], rows: int) -> Iterator[Any]:
    """Record batches, as tables of about so many rows."""
    import pyarrow as pa

    waiting: list[Any] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(map(len, waiting)) >= rows or sum(each.nbytes for each in waiting) >= _BYTES:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _filtered(columns: dict[str, Any], mask: Any) -> Batch:
    """The records for which the mask is true."""
    import pyarrow.compute as pc

    kept = {name: column.filter(mask) if hasattr(column, "filter") else column for name, column in columns.items()}
    return Batch(kept, pc.sum(mask).as_py() or 0, 0)


def trait_columns(path: str, column: Any, form: PropertyForm) -> Iterator[tuple[str, Any]]:
    """(trait, values in JSON as a dictionary array) of a column; a column of objects holds several traits."""
    import msgspec
    import pyarrow as pa

    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    if form == "json":
        values = [msgspec.json.decode(text) for text in values]
    elif form == "cell":
        values = [cell(text) for text in values]
    flat = [flatten({path: normal(value)}) for value in values]
    for name in sorted({name for value in flat for name in value}):
        codes = pa.array([None if name not in value else i for i, value in enumerate(flat)], pa.int32())
        texts = pa.array([json_text(value.get(name)) or "null" for value in flat], pa.large_string())
        yield name, pa.DictionaryArray.from_arrays(codes.take(encoded.indices), texts)
