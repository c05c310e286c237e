"""The page about Python: its code runs, and it names everything that is public."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pyarrow as pa
import pytest

import fireflower
from fireflower.app.init import init

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

EVENTS = """\
time,event,user_id,account_id
2026-01-01T09:00:00Z,Report Run,ann,acme
2026-01-02T09:00:00Z,Report Run,ben,acme
2026-01-03T09:00:00Z,Subscription Started,ben,acme
"""


def test_its_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path / "shop")
    (tmp_path / "events.csv").write_text(EVENTS)
    columns = {"time": "time", "event": "event", "person": "user_id", "account": "account_id"}
    fireflower.open(tmp_path / "shop").import_(tmp_path / "events.csv", **columns)
    monkeypatch.chdir(tmp_path)
    assert len(BLOCKS) >= 3
    namespace: dict[str, object] = {}
    for block in BLOCKS:
        exec(block, namespace)
    printed = capsys.readouterr().out
    assert "working-team" in printed
    assert printed.endswith("\n1\n")


def test_it_names_every_method_of_a_project() -> None:
    methods = [name for name, _ in inspect.getmembers(fireflower.Project, inspect.isfunction) if name[0] != "_"]
    assert [
        name for name in methods if f"`{name}" not in PAGE and name not in ("definition", "chosen", "open_archive")
    ] == []


def test_it_names_every_column() -> None:
    found = fireflower.qualify(
        "definition: once\nsubject: person\nvalue: count(Login) >= 1\n",
        pa.table({"event": ["Login"], "time": ["2026-01-01"], "person": ["ann"]}),
    )
    tables = (found.to_arrow(), found.to_arrow(transitions=True))
    columns = {name for table in tables for name in table.column_names}
    fields = {field.name for field in tables[0].schema.field("evidence").type.value_type}
    assert [name for name in columns | fields if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("name", sorted(set(fireflower.__all__) - {"__version__"}))
def test_it_names_everything_public(name: str) -> None:
    assert name in PAGE
