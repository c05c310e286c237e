"""The columns of a CSV or Parquet file, seen through DuckDB: their types, and the SQL that reads them."""

from __future__ import annotations

import csv
import io
import re
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.history.readers.batches import PropertyForm
from fireflower.history.readers.database import literal, parquet_sql, quoted
from fireflower.history.readers.files import Compression, FileFormat, damaged, open_text, read_some
from fireflower.history.readers.lines import LONGEST_LINE, count_lines, evened, is_mixed, records
from fireflower.history.readers.milliseconds import within_reach
from fireflower.model.errors import InputError, did_you_mean

_HEAD = 1 << 20
"""How much of a file is looked at to find its header."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BEFORE = re.compile(rb'(?:[ \t]*(?:\r\n|\r|\n))*(?:"?sep=([^\r\n"])"?(?:\r\n|\r|\n))?')
"""What may stand before a header: empty lines, and one for Excel."""
CONVERT = "Convert the file, for example with: iconv -f latin1 -t utf-8"
"""What to do with a file in another encoding."""
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or one field of a column of structs.

    Attributes
    ----------
    path : its name, with dots for fields
    sql : how SQL names it
    type : its DuckDB type
    """

    path: str
    sql: str
    type: str


class TableFile:
    """A CSV or Parquet file with its columns.

    Parameters
    ----------
    connection : a DuckDB connection for this file alone
    scratch : a folder for such copies; None for that of temporary files

    Attributes
    ----------
    source : what is read: the file, or a copy that can be where the file cannot
    separator : what stands between the cells of a CSV file: what a first line such as `sep=;` says, as Excel writes and
        reads it; else of the usual ones that which its header has most of
    before : how many lines stand before its first row
    names : of its own columns, in their order
    mark : begins the names of what is made of its columns, and no name of a column
    columns : those, with the fields of a column of structs in its place
    """

    def __init__(
        self, connection: Any, path: Path, format: FileFormat, compression: Compression, scratch: Path | None = None
    ) -> None:
        self._connection, self._scratch = connection, scratch
        self.path, self.format = path, format
        self.source, self._compression = path, compression
        self.separator, self.before = ",", 0
        self.relation = self._parquet() if format == "parquet" else self._text()
        described = _relation(connection, self)
        self.names: list[str] = list(described.columns)
        self.mark = "~" * (1 + max(len(name) - len(name.lstrip("~")) for name in self.names))
        self.columns = list(_leaves(zip(described.columns, described.types, strict=True)))

    def _parquet(self) -> str:
        """SQL that reads a Parquet file."""
        copy = within_reach(self.path, self._scratch)
        if copy:
            self._read_instead(copy)
        return parquet_sql(self.source)

    def _read_instead(self, copy: Path) -> None:
        """Read a copy, which is not packed, for as long as this object lives."""
        self.source, self._compression = copy, ""
        weakref.finalize(self, copy.unlink, missing_ok=True)

    def batches(self, selected: str, rows: int) -> Iterator[Any]:
        """What SQL selects from each row of the file, so many rows at a time.

        Raises
        ------
        InputError
            If the file breaks off or is not what it says.
        """
        import duckdb

        try:
            yield from self._connection.sql(f"SELECT {selected} FROM {self.relation}").to_arrow_reader(rows)
        except (duckdb.Error, OSError) as error:
            raise damaged(self.path, error) from None

    def _text(self) -> str:
        """SQL that reads a CSV file."""
        before, header = self._begin()
        if is_mixed(self.source, self._compression, self.separator):
            self._read_instead(evened(self.source, self._compression, self._scratch))
            before, header = self._begin()
        self._header, self.before = before + 1, before + len(header.encode().splitlines())
        return _csv_sql(self.source, self._compression, header, self.separator, before)

    def _begin(self) -> tuple[int, str]:
        """How many lines stand before the header, and the header, which tells what separates cells."""
        before, separator, header = _header(_head(self.source, self._compression), self.path)
        self.separator = separator or max(",\t;|", key=header.count)
        return before, header

    def lines(self, rows: Sequence[int], broken: Sequence[int], read: int) -> tuple[dict[int, int], dict[int, int]]:
        """The lines on which some rows begin, by their number; and those on which broken ones do, by their place among
        all records, as DuckDB counts lines: with empty ones, but those of one record as one.

        Parameters
        ----------
        read : how many rows could be read
        """
        of_rows, of_broken = {row: _after(row + self.before, broken) for row in rows}, {line: line for line in broken}
        if self.format != "csv" or count_lines(self.source, self._compression) == self.before + read + len(broken):
            return of_rows, of_broken
        number, left = 0, len(of_rows) + len(of_broken)
        for place, (line, is_said) in enumerate(records(self.source, self._compression, self.separator), 1):
            is_row = is_said and place > self._header and place not in of_broken
            number += is_row
            if place in of_broken:
                of_broken[place], left = line, left - 1
            elif is_row and number in of_rows:
                of_rows[number], left = line, left - 1
            if not left:
                break
        return of_rows, of_broken

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises
        ------
        InputError
            If there is none.
        """
        for column in self.columns:
            if column.path == name:
                return column
        names = [column.path for column in self.columns]
        raise no_column(self.path, name, names)

    def others(self, mapping: Mapping) -> list[Column]:
        """The columns that play no other part: properties, or traits."""
        taken = {*mapping.columns().values(), *mapping.ignore}
        inner = tuple(f"{name}." for name in taken)
        return [column for column in self.columns if column.path not in taken and not column.path.startswith(inner)]

    def form(self, column: Column, mapping: Mapping) -> tuple[PropertyForm, str]:
        """How a property stands in the column, and the SQL that reads it in that form."""
        sql, type = column.sql, column.type
        if self.format == "csv":
            return "text" if column.path in mapping.text else "cell", sql
        if type in _NUMBERS:
            return "number", sql
        if type.startswith(("DECIMAL", "HUGEINT", "UHUGEINT", "UBIGINT")):
            return "number", f"{sql}::DOUBLE"
        if type == "BOOLEAN":
            return "truth", sql
        if type.startswith("TIMESTAMP"):
            zoned = f"timezone('UTC', {sql})" if type.startswith("TIMESTAMP WITH") else f"{sql}::TIMESTAMP"
            return "text", f"strftime({zoned}, '%Y-%m-%dT%H:%M:%S.%f{'Z' if zoned != f'{sql}::TIMESTAMP' else ''}')"
        if type == "JSON" or type.endswith("]") or type.startswith("MAP"):
            return "json", f"to_json({sql})::VARCHAR"
        return "text", f"{sql}::VARCHAR"


def _after(line: int, broken: Sequence[int]) -> int:
    """The line of what would be on this one without the broken ones."""
    for skipped in broken:
        line += skipped <= line
    return line


def no_column(path: Path, name: str, names: Sequence[str]) -> InputError:
    """A file has no column of that name, but these."""
    return InputError(f"{path} has no column {name!r}.{did_you_mean(name, names)} It has: {', '.join(names)}.")


def _relation(connection: Any, file: TableFile) -> Any:
    import duckdb

    try:
        return connection.sql(f"SELECT * FROM {file.relation}")
    except duckdb.Error as error:
        raise damaged(file.path, error) from None


def _leaves(columns: Any, path: str = "", sql: str = "") -> Iterator[Column]:
    for name, type in columns:
        inner, here = f"{path}{name}", f"{sql}{quoted(name)}"
        if type.id == "struct":
            yield from _leaves(type.children, f"{inner}.", f"{here}.")
        else:
            yield Column(inner, here, str(type))


def _csv_sql(path: Path, compression: Compression, header: str, separator: str, before: int) -> str:
    """SQL that reads a CSV file as text. Lines that do not fit are stored in DuckDB's table of rejects. So many stand
    before the header."""
    names = _distinct(next(csv.reader(io.StringIO(header, newline=""), delimiter=separator)))
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    packing = compression or "none"
    return (
        f"read_csv({literal(str(path))}, auto_detect=false, header=true, skip={before}, columns={{{columns}}},"
        f" delim={literal(separator)},{_line_ends(header)} quote='\"', escape='\"', nullstr='',"
        f" compression='{packing}',"
        f" store_rejects=true, rejects_limit=0, max_line_size={LONGEST_LINE}, buffer_size={2 * LONGEST_LINE})"
    )


def _line_ends(header: str) -> str:
    """What to say of the ends of lines where names hold line breaks: DuckDB takes the first that there is for all, and
    finds no line where it is another."""
    names = header.rstrip("\r\n")
    if "\n" not in names and "\r" not in names:
        return ""
    ends = header[len(names) :].encode("unicode_escape").decode()
    return f" new_line='{ends}'," if ends else ""


def _head(path: Path, compression: Compression) -> bytes:
    with open_text(path, compression) as file:
        head = read_some(file, _HEAD, path)
    if head.startswith(_UTF_16) or b"\0" in head[:1024]:
        raise InputError(
            f"{path} is not in UTF-8 but, it seems, in UTF-16, as what Excel calls 'Unicode Text'. Convert it, for "
            "example with: iconv -f utf-16 -t utf-8"
        )
    return head


def _header(head: bytes, path: Path) -> tuple[int, str, str]:
    """How many lines stand before the header, the separator that they name, and the header itself."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    match = _BEFORE.match(head)
    before, separator = match.group(0, 1) if match else (b"", b"")
    try:
        return len(before.splitlines()), (separator or b"").decode(), _first_record(head[len(before) :]).decode()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not in UTF-8. {CONVERT}") from None


def _first_record(head: bytes) -> bytes:
    """The first line with its end; further ones belong to it as long as quotes are open: names may hold line breaks."""
    record, lines = b"", head.splitlines(keepends=True)
    for line in lines:
        record += line
        if record.count(b'"') % 2 == 0:
            return record
    return lines[0] if lines else b""  # a quote that is never closed is a sign like any other


def _distinct(names: list[str]) -> list[str]:
    """The names of a header; empty ones are numbered, and so are repeated ones, until nothing else has the name. To
    DuckDB names are the same if only their case differs."""
    names = [name.strip() or f"column{position}" for position, name in enumerate(names, 1)]
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    distinct = []
    for name in names:
        free = name
        if name.casefold() in seen:
            numbered = (f"{name}_{number}" for number in count(2))
            free = next(each for each in numbered if each.casefold() not in taken)
        taken.add(free.casefold())
        seen.add(free.casefold())
        distinct.append(free)
    return distinct
