"""The archive's columns as Parquet, for rivals: the same rows, in the same order, with the same integer codes.

`rows.parquet` has a timeline's columns under their own names, properties as they are called; `vocabulary.json` has what
the codes mean. Rivals get them ready-made; the time that it takes is not counted against them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fireflower.model.records import Kind
from fireflower.model.timeline import Timeline, Vocabulary

PROPERTIES = ("rows", "source", "used_gb")
"""The properties that the benchmark's definitions read."""

ROWS_A_GROUP = 1_000_000


@dataclass(frozen=True)
class Columns:
    """A folder written by `export`.

    Attributes
    ----------
    rows : path of the Parquet file
    names : (kind, name) -> code in the column `what`
    texts : property -> values by code
    traits : (kind, name) -> values by code in the column `detail`
    as_of : moment of the last event
    """

    rows: str
    names: dict[tuple[int, str], int]
    texts: dict[str, list[Any]]
    traits: dict[tuple[int, str], list[Any]]
    as_of: int

    def event(self, name: str) -> int:
        """The code of the event in `what`; -1, which no row has, if it never happened."""
        return self.names.get((Kind.EVENT, name), -1)

    def account_trait(self, name: str) -> int:
        return self.names.get((Kind.ACCOUNT_TRAIT, name), -1)

    def account_trait_values(self, name: str) -> list[Any]:
        return self.traits.get((Kind.ACCOUNT_TRAIT, name), [])

    def kind(self, kind: Kind) -> int:
        """The code of JOIN or LEAVE rows in `what`."""
        return self.names.get((kind, ""), -1)

    @property
    def events(self) -> tuple[int, int]:
        """The first and the last code of events: names are sorted by kind, and events are the last kind."""
        codes = [code for (kind, _), code in self.names.items() if kind == Kind.EVENT]
        assert len(codes) == max(codes) - min(codes) + 1, "the codes of events are not one range"
        return min(codes), max(codes)


def export(timelines: Iterable[Timeline], folder: Path) -> Columns:
    """Write the timelines' rows and vocabulary, and return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rows.parquet"
    writer = None
    vocabulary: Vocabulary | None = None
    as_of = 0
    for timeline in timelines:
        table = _table(timeline)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table, row_group_size=ROWS_A_GROUP)
        vocabulary = timeline.vocabulary
        as_of = max(as_of, int(timeline.time.max(initial=0)))
    if writer is None or vocabulary is None:
        raise ValueError(f"no rows to export to {folder}")
    writer.close()
    (folder / "vocabulary.json").write_text(json.dumps(_vocabulary(vocabulary, as_of)))
    return load(folder)


def load(folder: Path) -> Columns:
    """The columns that `export` wrote into the folder."""
    said = json.loads((folder / "vocabulary.json").read_text())
    return Columns(
        rows=str(folder / "rows.parquet"),
        names={(kind, name): code for code, (kind, name) in enumerate(said["names"])},
        texts=said["texts"],
        traits={(kind, name): values for kind, name, values in said["traits"]},
        as_of=said["as_of"],
    )


def _table(timeline: Timeline) -> pa.Table:
    columns = {
        name: pa.array(getattr(timeline, name)) for name in ("time", "what", "person", "account", "target", "detail")
    }
    for name in PROPERTIES:
        if name in timeline.numbers:
            columns[name] = pa.array(timeline.numbers[name], from_pandas=True)
        elif name in timeline.codes:
            columns[name] = pa.array(timeline.codes[name])
    return pa.table(columns)


def _vocabulary(vocabulary: Vocabulary, as_of: int) -> dict[str, Any]:
    return {
        "names": [[int(kind), name] for kind, name in vocabulary.names],
        "texts": {name: list(values) for name, values in vocabulary.texts.items()},
        "traits": [[int(kind), name, list(values)] for (kind, name), values in vocabulary.traits.items()],
        "as_of": as_of,
    }
