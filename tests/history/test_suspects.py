"""Rows that share a key with others come to light, all those of a key together."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.history.archive.rows import Span
from fireflower.history.archive.suspects import Keys, suspects

KEYS = st.integers(0, 2**64 - 1)


class Listed:
    """Keys in spans of three rows; the first row of each span is none of those among which the same are looked for."""

    def __init__(self, keys: list[int]) -> None:
        self._keys = np.array(keys, np.uint64)

    def spans(self) -> list[Span]:
        return [Span(0, start, min(start + 3, len(self._keys))) for start in range(0, len(self._keys), 3)]

    def keys(self, span: Span) -> Keys:
        row = np.arange(span.start + 1, span.stop)
        return Keys(row, self._keys[row])


@settings(max_examples=60, deadline=None)
@given(st.lists(KEYS, max_size=8), st.lists(st.integers(0, 7), max_size=30))
def test_rows_that_share_a_key_come_together(pool: list[int], picks: list[int]) -> None:
    keys = [pool[pick % len(pool)] for pick in picks] if pool else []
    asked = [row for row in range(len(keys)) if row % 3]
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr("fireflower.history.archive.suspects._BUCKET", 4)
        found = [piece.tolist() for piece in suspects(Listed(keys), len(keys), Path(folder) / "scratch")]
    counts = Counter(keys[row] for row in asked)
    assert {row for row in asked if counts[keys[row]] > 1} <= {row for piece in found for row in piece}
    for piece in found:
        assert piece == sorted(piece)
        for key in {keys[row] for row in piece}:
            assert [row for row in asked if keys[row] == key] == [row for row in piece if keys[row] == key]


def test_keys_that_differ_in_their_highest_bits_are_not_suspected(tmp_path: Path) -> None:
    keys = [number << 40 for number in range(2, 300)]
    assert list(suspects(Listed(keys), len(keys), tmp_path / "scratch")) == []
