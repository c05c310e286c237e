"""Columns on disk, codes for texts, and rows in buckets."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.history.archive.buckets import Buckets
from fireflower.history.archive.dictionaries import Dictionary, ValueDictionary, ranks
from fireflower.history.archive.store import ColumnReader, ColumnWriter, narrowest
from fireflower.model.errors import ProjectError


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([-1, 0, 7, 100]), max_size=5), max_size=5), st.integers(0, 20), st.integers(0, 20)
)
def test_a_column_reads_as_it_was_written(pieces: list[list[int]], start: int, stop: int) -> None:
    values = [value for piece in pieces for value in piece]
    start, stop = sorted((min(start, len(values)), min(stop, len(values))))
    with tempfile.TemporaryDirectory() as folder:
        writer = ColumnWriter(Path(folder) / "x.column", np.int8)
        for piece in pieces:
            writer.append(np.array(piece, np.int8))
        reader = ColumnReader(Path(folder), writer.close())
        assert reader.read(start, stop, np.int32).tolist() == values[start:stop]
        assert reader.read(0, len(values)).dtype == np.int8
        picked = np.arange(len(values))[::-1]
        assert reader.take(picked).tolist() == values[::-1]
        assert (reader.constant is not None) == (len(set(values)) == 1)
        assert (Path(folder) / "x.column").exists() == (len(set(values)) > 1)


@pytest.mark.parametrize("values", [[5], [1, 3, 3, 8], [-1, 4, 90, 91]])
def test_values_are_found_in_a_column_that_rises(values: list[int], tmp_path: Path) -> None:
    writer = ColumnWriter(tmp_path / "x.column", np.int64)
    writer.append(np.array(values))
    found = ColumnReader(tmp_path, writer.close()).find(np.arange(100)).tolist()
    last = {value: row for row, value in enumerate(values)}
    assert found == [last.get(value, -1) for value in range(100)]


def test_a_missing_number_throughout_takes_no_file(tmp_path: Path) -> None:
    writer = ColumnWriter(tmp_path / "x.column", np.float32)
    writer.append(np.array([np.nan, np.nan]))
    writer.append(np.float32(np.nan), 3)
    assert np.isnan(ColumnReader(tmp_path, writer.close()).read(0, 5)).all()
    assert not (tmp_path / "x.column").exists()


def test_a_column_that_is_too_short_is_noticed(tmp_path: Path) -> None:
    writer = ColumnWriter(tmp_path / "x.column", np.int64)
    writer.append(np.arange(5))
    with pytest.raises(ProjectError, match="shorter"):
        ColumnReader(tmp_path, writer.close()).read(0, 6)


@pytest.mark.parametrize(
    ("low", "high", "type"),
    [
        (-1, 5, "int8"),
        (0, 127, "int8"),
        (0, 128, "int16"),
        (-1, 40_000, "int32"),
        (0, 2**31 - 1, "int32"),
        (0, 2**31, "int64"),
    ],
)
def test_the_narrowest_type_that_fits(low: int, high: int, type: str) -> None:
    assert narrowest(low, high) == np.dtype(type)


def test_codes_stay() -> None:
    dictionary = Dictionary(["a", "b"])
    assert dictionary.codes(pa.array(["c", None, "a", "c", "d"])).tolist() == [2, -1, 0, 2, 3]
    assert dictionary.codes(pa.array(["d", "b"]).dictionary_encode()).tolist() == [3, 1]
    assert dictionary.added() == ["c", "d"]
    assert dictionary.added() == []


def test_a_value_has_one_code_however_it_is_written() -> None:
    dictionary = ValueDictionary()
    texts = pa.array(["1", "1.0", '"1"', "true", '{"a": [1]}', '{"a":[1.0]}', "null", "1e0", None])
    assert dictionary.codes(texts).tolist() == [0, 0, 1, 2, 3, 3, -1, 0, -1]
    assert dictionary.texts == ["1.0", '"1"', "true", '{"a":[1.0]}']


def test_ranks_are_those_of_the_texts() -> None:
    texts = ["b", "Z", "ä", "a", "🌸", "\uffff"]
    order = np.argsort(ranks(texts)[: len(texts)])
    assert [texts[i] for i in order] == sorted(texts)
    assert ranks(texts)[-1] == -1


def test_buckets_keep_the_order_in_which_rows_came(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "b", 3, {"x": np.int32, "y": np.uint8})
    for start in (0, 10):
        x = np.arange(start, start + 10)
        buckets.add(buckets.arrange(x % 2, {"x": x, "y": x}))
    assert buckets.read(0)["x"].tolist() == list(range(0, 20, 2))
    assert buckets.read(1)["y"].tolist() == list(range(1, 20, 2))
    assert buckets.read(2)["x"].tolist() == []
    assert list((tmp_path / "b").iterdir()) == []
