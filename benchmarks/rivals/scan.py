"""Decode every column that the definitions need from the rivals' Parquet file, and nothing else.

python -m benchmarks.rivals.scan COLUMNS
"""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.dataset as ds

from benchmarks.columns import PROPERTIES, load

THREADS = 2


def scan(path: str) -> int:
    """How many bytes the columns have when they are decoded."""
    columns = ["time", "what", "person", "account", "target", "detail", *PROPERTIES]
    return sum(batch.nbytes for batch in ds.dataset(path).to_batches(columns=columns))


if __name__ == "__main__":
    from pathlib import Path

    pa.set_cpu_count(THREADS)
    print(scan(load(Path(sys.argv[1])).rows))
