"""Counting bits is counting rows."""

from __future__ import annotations

import numpy as np
import pytest

from fireflower.discover.tallies import packed, tally, unpacked


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 1000])
def test_counts_are_those_of_the_rows(rows: int) -> None:
    rng = np.random.default_rng(rows)
    x, masks = rng.random((7, rows)) < 0.4, rng.random((3, rows)) < 0.5
    reached = rng.random((1, rows)) < 0.2
    words = packed(x).shape[1]
    edges = np.array([0, words // 2, words], np.int64)
    found, hits = tally(packed(x), packed(masks), edges, packed(reached)[0])
    for b, mask in enumerate(masks):
        both = x & mask
        assert found[b, :, 0].tolist() == both[:, : words // 2 * 64].sum(axis=1).tolist()
        assert found[b].sum(axis=1).tolist() == both.sum(axis=1).tolist()
        assert hits[b].tolist() == (both & reached).sum(axis=1).tolist()


def test_packing_is_undone_by_unpacking() -> None:
    x = np.random.default_rng(0).random((1, 130)) < 0.5
    assert unpacked(packed(x)[0], 130).tolist() == x[0].tolist()
