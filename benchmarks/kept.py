"""Rows of measurements that are kept in a file, so that a long benchmark can be stopped and gone on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Kept:
    """Rows in a file, one a line of JSON. A last line that broke off is cut off: it is measured again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        if lines and not lines[-1].endswith("\n"):
            path.write_text("".join(lines[:-1]))
            del lines[-1]
        self.rows: list[Row] = [json.loads(line) for line in lines]

    def add(self, *rows: Row) -> None:
        """Keep rows, all of them or none."""
        with self._path.open("a") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))
        self.rows += rows
