"""DuckDB's answer: rivals/duckdb.sql over the columns, in its own process.

python -m benchmarks.rivals.in_duckdb COLUMNS OUT
"""

from __future__ import annotations

import sys
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from benchmarks.columns import Columns, load
from fireflower.model.records import Kind

SQL = Path(__file__).with_name("duckdb.sql")


def run(columns: Columns, out: Path, threads: int = 2, memory: str = "16GB") -> None:
    """Write the transitions (definition, subject, at, entered) to the Parquet file `out`."""
    connection = duckdb.connect(config={"threads": threads, "memory_limit": memory})
    connection.execute(Template(SQL.read_text()).substitute(_codes(columns)))
    connection.execute(f"copy (from transitions order by all) to '{out}' (format parquet)")


def _codes(columns: Columns) -> dict[str, Any]:
    first, last = columns.events
    employees = columns.account_trait_values("employees")
    plans = columns.account_trait_values("plan")
    events = {name.upper().replace(" ", "_"): code for (kind, name), code in columns.names.items() if kind == 5}
    return events | {
        "ROWS": columns.rows,
        "FIRST_EVENT": first,
        "LAST_EVENT": last,
        "JOIN": columns.kind(Kind.JOIN),
        "LEAVE": columns.kind(Kind.LEAVE),
        "EMPLOYEES": columns.account_trait("employees"),
        "PLAN": columns.account_trait("plan"),
        "PLAN_GB": columns.account_trait("plan_gb"),
        "PLAN_GB_VALUES": columns.account_trait_values("plan_gb"),
        "FITTING_EMPLOYEES": _listed(code for code, value in enumerate(employees) if 10 <= value <= 500),
        "PAID_PLANS": _listed(code for code, value in enumerate(plans) if value in ("team", "business", "enterprise")),
        "SAMPLE": columns.texts["source"].index("sample"),
        "AS_OF": columns.as_of,
    }


def _listed(codes: Any) -> str:
    return ", ".join(map(str, codes)) or "-1"


if __name__ == "__main__":
    run(load(Path(sys.argv[1])), Path(sys.argv[2]))
