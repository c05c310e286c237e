"""One value in Python and columns in SQL come to the same moment, however a time is written."""

from __future__ import annotations

from datetime import datetime

import pytest

from fireflower.history.mapping import Mapping
from fireflower.history.readers.database import connect_to_read, literal
from fireflower.history.readers.times import TimeReader, time_sql
from fireflower.model.moments import EARLIEST, LATEST, format_moment

BERLIN = {
    "2026-01-05": "2026-01-04 23:00",
    "2026-1-5": "2026-01-04 23:00",
    "20260105": "2026-01-04 23:00",
    "20260105.0": "2026-01-04 23:00",
    "20991231": "2099-12-30 23:00",
    "2026/1/5": "2026-01-04 23:00",
    "2026-01-05T00": "2026-01-04 23:00",
    "2026-01-05 7:05": "2026-01-05 06:05",
    "2026/01/05 07:05": "2026-01-05 06:05",
    " 2026-01-05  07:05\r": "2026-01-05 06:05",
    "\t20260105T0705 \n": "2026-01-05 06:05",
    " 1772366400\t": "2026-03-01 12:00",
    "2026-01-05t07:05:06,123": "2026-01-05 06:05:06.123",
    "2026-01-05 07:05:06.123456789": "2026-01-05 06:05:06.123456",
    "20260105T070506": "2026-01-05 06:05:06",
    "20260105T0705Z": "2026-01-05 07:05",
    "2026-01-05T07:05:06z": "2026-01-05 07:05:06",
    "2026-01-05 07:05:06 UTC": "2026-01-05 07:05:06",
    "2026-01-05 07:05:06 GMT": "2026-01-05 07:05:06",
    "2026-01-05T07:05:06+0530": "2026-01-05 01:35:06",
    "2026-01-05T07:05:06.5 -01": "2026-01-05 08:05:06.5",
    "2026-01-05 07:05:06 America/New_York": "2026-01-05 12:05:06",
    "2026-01-05T24:00": "2026-01-05 23:00",
    "2026-01-05T24:00:00.000000": "2026-01-05 23:00",
    "2026-01-05T24:00:00,0000009": "2026-01-05 23:00",
    "1772366400": "2026-03-01 12:00",
    "1772366400123.5": "2026-03-01 12:00:00.1235",
    # the clocks of Berlin: an hour twice, and one that is left out
    "2026-10-25 01:59:59": "2026-10-24 23:59:59",
    "2026-10-25 02:30:00": "2026-10-25 01:30",
    "2026-10-25 03:00": "2026-10-25 02:00",
    "2026-11-01 01:30 America/New_York": "2026-11-01 06:30",
    "2026-03-29 02:30": "2026-03-29 01:30",
    "2026-03-29 02:30Z": "2026-03-29 02:30",
}  # fmt: skip
NONE = [
    "", "soon", "epoch", "infinity", "now", "2026-01", "2026-02-30", "2026-13-01", "20260230", "20261301", "2026-W02-1",
    "02026-01-05", "2026-01-05Z", "2026-01-05 UTC", "2026-01-05+01:00", "2026-01-05x07:05", "2026-01-05T07:05:",
    "2026-01-05T24:01", "2026-01-05T23:59:60", "2026-01-05T07:05+25:00", "2026-01-05 07:05 AM", "2026-01-05 07:05 EST",
    "2026-01-05 07:05 Mars/Base", "2026-01-05 07:05 Europe/", "1e9", "+5", "-5", "1969-12-31", "2101-01-01",
    # what Python alone would read: other blanks, zones of its own, digits of other scripts
    "\u00a02026-01-05", "2026-01-05\u2003", "1772366400\x0b", "2026-01-05\x85", "2026-01-05 07:05 posix/Europe/Berlin",
    "2026-01-05 07:05 right/Europe/Berlin", "2026-01-05 07:05 europe/berlin", "2026-01-0\uff15", "\u0661\u0667",
]  # fmt: skip


def read(value: str | float, mapping: Mapping) -> tuple[str | None, str | None]:
    """The moment by Python and by SQL; None where a history can have none."""
    try:
        alone: str | None = format_moment(TimeReader(mapping).moment(value))
    except ValueError:
        alone = None
    sql, type = (literal(value), "VARCHAR") if isinstance(value, str) else (repr(value), "DOUBLE")
    query = f"SELECT {time_sql('time', type, mapping)} FROM (SELECT {sql} AS time)"
    (moment,) = connect_to_read(mapping.timezone, None).execute(query).fetchone()
    return alone, format_moment(moment) if moment is not None and EARLIEST <= moment < LATEST else None


@pytest.mark.parametrize(("text", "moment"), [*BERLIN.items(), *((text, None) for text in NONE)])
def test_a_time_is_the_same_alone_and_in_a_column(text: str, moment: str | None) -> None:
    assert read(text, Mapping(timezone="Europe/Berlin")) == (moment, moment)


def test_a_number_that_reads_as_a_day_is_one_unless_its_unit_is_said() -> None:
    for value in (20260105, "20260105"):
        assert read(value, Mapping()) == ("2026-01-05 00:00",) * 2
        assert read(value, Mapping(time_unit="s")) == ("1970-08-23 11:48:25",) * 2


def test_a_number_that_is_almost_a_day_is_no_time() -> None:
    with pytest.raises(ValueError, match="cannot read the time '20260230': expected ISO 8601 or a number since 1970"):
        TimeReader(Mapping()).moment(20260230)
    assert read(20260230.0, Mapping()) == (None, None)


@pytest.mark.parametrize("text", ["2026-10-25 02:30:00", "2026-03-29 02:30:00", "2026-07-01 00:00:00"])
def test_a_time_of_parquet_is_the_same_as_text(text: str) -> None:
    mapping = Mapping(timezone="Europe/Berlin")
    query = f"SELECT {time_sql('time', 'TIMESTAMP', mapping)} FROM (SELECT TIMESTAMP '{text}' AS time)"
    (moment,) = connect_to_read(mapping.timezone, None).execute(query).fetchone()
    assert moment == TimeReader(mapping).moment(text) == TimeReader(mapping).moment(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "format", "moment"),
    [
        ("\t5/1/2026 07:05 \n", "%d/%m/%Y %H:%M", "2026-01-05 07:05"),
        ("2026年1月5日", "%Y年%m月%d日", "2026-01-05 00:00"),
        ("5/1/202\uff16 07:05", "%d/%m/%Y %H:%M", None),
        ("5/1/2026\u00a007:05", "%d/%m/%Y %H:%M", None),
        ("\u00a05/1/2026 07:05", "%d/%m/%Y %H:%M", None),
    ],
)
def test_a_time_in_a_format_is_the_same_alone_and_in_a_column(text: str, format: str, moment: str | None) -> None:
    assert read(text, Mapping(time_format=format)) == (moment, moment)


@pytest.mark.parametrize("number", [1772366400123456.5, 1772366400123457.5])
def test_halves_are_rounded_alike(number: float) -> None:
    alone, column = read(number, Mapping(time_unit="us"))
    assert alone == column == format_moment(round(number))
