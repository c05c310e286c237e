"""Texts on disk."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.history.archive.dictionaries import Dictionary, Texts, Values, read_texts, write_texts

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8)


@settings(deadline=None)
@given(TEXTS, st.integers(0, 3), st.sampled_from([pa.string(), pa.large_string()]))
def test_texts_are_a_sequence_like_any_other(texts: list[str], first: int, kind: pa.DataType) -> None:
    found, wanted = Texts(pa.array(texts, kind)[first:]), texts[first:]
    assert len(found) == len(wanted)
    assert list(found) == wanted
    assert found[1:3] == wanted[1:3]
    for place in range(-len(wanted), len(wanted)):
        assert found[place] == wanted[place]
    for place in (len(wanted), -len(wanted) - 1):
        with pytest.raises(IndexError):
            found[place]
    assert all(found.position(text) == wanted.index(text) and text in found for text in wanted)


def test_texts_and_values_that_were_written_are_read_one_by_one(tmp_path: Path) -> None:
    write_texts(tmp_path / "texts.arrow", ["", "Ärger", "\N{SNOWMAN}"], ['"a"', "[1.0, true]", "2.5"])
    texts, values = read_texts(tmp_path / "texts.arrow")
    assert [Texts(texts)[place] for place in range(3)] == ["", "Ärger", "\N{SNOWMAN}"]
    assert [Values(values)[place] for place in range(3)] == ["a", [1.0, True], 2.5]


def test_the_texts_of_all_pieces_together_may_be_longer_than_those_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    coded: list[pa.DataType] = []
    looked_up = Dictionary._looked_up
    monkeypatch.setattr(
        Dictionary, "_looked_up", lambda self, texts: coded.append(texts.type) or looked_up(self, texts)
    )
    column = pa.chunked_array([pa.array(["x", "y"]), pa.array(["z", None, "x"])])
    assert Dictionary().codes(column).tolist() == [0, 1, 2, -1, 0]
    assert coded == [pa.large_string()]  # of 2^31 bytes and more, no others
