"""The kernel's table of a zone's changes agrees with the zone database."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.evaluate.zones import changes
from fireflower.model.moments import EARLIEST, LATEST, SECOND

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZONES), st.integers(EARLIEST // SECOND, LATEST // SECOND - 1))
def test_the_offset_at_any_second(name: str, second: int) -> None:
    table = changes(name)
    assert table is not None
    moments, offsets = table
    told = offsets[bisect_right(moments, second * SECOND) - 1]
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(ZoneInfo(name))
    assert timedelta(microseconds=told) == local.utcoffset()


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "x" * 300])
def test_no_such_zone(name: str) -> None:
    assert changes(name) is None
