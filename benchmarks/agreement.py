"""Whether everybody says the same: the transitions that two engines wrote, compared row by row.

    python -m benchmarks.agreement OURS THEIRS [SAMPLE]

With a sample of n, only every n-th subject is compared.
"""

from __future__ import annotations

import sys
from pathlib import Path

Row = tuple[str, int, int, bool]
"""Definition, subject, at, entered."""


def read(path: Path) -> set[Row]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["definition", "subject", "at", "entered"])
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True))


def difference(ours: Path, theirs: Path, sample: int = 1) -> str:
    """What differs, in a sentence; "" if nothing does."""
    expected = {row for row in read(ours) if row[1] % sample == 0}
    given = read(theirs)
    if expected == given:
        return ""
    return (
        f"{theirs.stem} lacks {len(expected - given):,} of the {len(expected):,} transitions of {ours.stem} and has "
        f"{len(given - expected):,} others, such as {sorted(expected ^ given)[:2]}"
    )


if __name__ == "__main__":
    sys.exit(difference(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])) or 0)
