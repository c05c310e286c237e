"""The codes of many texts are those that a dict gives one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fireflower.history.archive import text_codes
from fireflower.history.archive.dictionaries import Dictionary
from fireflower.history.archive.text_codes import TextCodes

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=30)


@pytest.fixture(params=["by their hashes", "with hashes that are hardly different", "with the same hash"])
def _hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hashes of few values: different texts go to the same place, with the same higher half or another."""
    values = {"by their hashes": 0, "with hashes that are hardly different": 3, "with the same hash": 1}[request.param]
    real = text_codes.hashes

    def few(texts: pa.Array) -> NDArray[np.uint64]:
        spread = real(texts) % np.uint64(values)
        return (spread << np.uint64(32)) | np.uint64(7)

    with pytest.MonkeyPatch.context() as patch:
        if values:
            patch.setattr(text_codes, "hashes", few)
        yield


@pytest.mark.usefixtures("_hashes")
@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_texts_are_found_by_what_they_are(added: list[list[str]], wanted: list[str]) -> None:
    codes, known = TextCodes(), dict[str, int]()
    for texts in added:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known |= {text: len(known) + place for place, text in enumerate(new)}
        codes.add(new)
    assert len(codes) == len(known)
    for kind in (pa.string(), pa.large_string()):
        assert codes.find(pa.array(wanted, kind)).tolist() == [known.get(text, -1) for text in wanted]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.one_of(st.none(), st.text("abc", max_size=2)), max_size=12), max_size=5), st.booleans())
def test_a_dictionary_codes_many_texts_as_it_codes_one(pieces: list[list[str | None]], encoded: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fireflower.history.archive.dictionaries._MANY", 3)
        many, single = Dictionary(["b"]), Dictionary(["b"])
        for start in range(0, len(pieces), 2):
            arrays = [pa.array(piece, pa.string()) for piece in pieces[start : start + 2]]
            column = pa.chunked_array([array.dictionary_encode() if encoded else array for array in arrays])
            texts = [text for piece in pieces[start : start + 2] for text in piece]
            assert many.codes(column).tolist() == [-1 if text is None else single.code(text) for text in texts]
            assert many.texts == single.texts
            assert many.code("c") == single.code("c")


def test_a_text_that_a_dictionary_has_twice_has_one_code() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fireflower.history.archive.dictionaries._MANY", 1)
        column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None, 1], pa.int32()), ["x", "y", "x"])
        dictionary = Dictionary()
        assert dictionary.codes(column).tolist() == [0, 1, 0, -1, 1]
        assert dictionary.texts == ["x", "y"]
