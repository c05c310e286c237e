"""A backup is made while the service runs, and what is restored from it is whole."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from log.databases import schema_of
from log.server import Server

from fireflower.app.live.backing_up import back_up, restore
from fireflower.app.live.database import VARIABLE, log_file
from fireflower.app.live.service import Service
from fireflower.app.live.storage import existing_log
from fireflower.app.project import Project
from fireflower.cli.program import program
from fireflower.history.log import schema
from fireflower.history.log.copying import COLUMNS
from fireflower.history.log.database import Database, SQLite, StorageError
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.schema import prepare
from fireflower.model.errors import ProjectError
from fireflower.model.messages import Reject
from live.editing import RECORD, write
from live.messaging import Side, at, make_project, track


@pytest.fixture
def side(tmp_path: Path) -> Side:
    side = Side(make_project(tmp_path / "project"))
    side.take(*[track(f"e{n}", n / 10, f"person {n % 3}", "export", "acme") for n in range(9)], now=at(1))
    side.stop()
    return side


@pytest.mark.parametrize("name", ["b.tar.zst", "b.tar.gz"])
@pytest.mark.parametrize("compacted", [True, False])
def test_what_is_restored_goes_on_where_it_was(side: Side, tmp_path: Path, name: str, compacted: bool) -> None:
    if compacted:
        side.compactor().compact()
    written = back_up(side.project, tmp_path / name, at(1))
    assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert restore(tmp_path / name, tmp_path / "again") == written
    again = Side(Project(tmp_path / "again"), now=at(1))
    assert again.transitions() == side.transitions()
    assert not again.write(track("e1", 0.1, "person 1", "export", "acme"))
    assert again.take(track("e9", 1.1, "person 9", "export"), track("e10", 1.1, "person 9", "export"), now=at(2)).new
    again.stop()


def test_what_the_project_has_git_ignore_is_restored(side: Side, tmp_path: Path) -> None:
    (side.project.folder / ".gitignore").write_text("# mine\n.fireflower/\n")
    back_up(side.project, tmp_path / "b.tar.zst", at(1))
    said = CliRunner().invoke(program, ["restore", str(tmp_path / "b.tar.zst"), str(tmp_path / "again")])
    assert said.exit_code == 0 and "sends to the project's real destinations" in said.output
    assert "'fireflower serve --dry-run'" in said.output
    assert (tmp_path / "again" / ".gitignore").read_text() == "# mine\n.fireflower/\n"


def content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that a log has, but for who was evaluating."""
    tables = {table: columns for table, columns in COLUMNS.items() if table != "leases"}
    found = {
        table: sorted(database.rows(f"SELECT {columns} FROM {table}"), key=repr) for table, columns in tables.items()
    }
    return {**found, "leases": sorted(database.rows("SELECT share, term, position, moment, meanings FROM leases"))}


@pytest.mark.parametrize("before", ["sqlite", "postgresql"])
@pytest.mark.parametrize("after", ["sqlite", "postgresql"])
def test_from_one_database_into_another(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    urls = [
        schema_of(server) if kind == "postgresql" else str(tmp_path / f"{nth}.sqlite")
        for nth, kind in enumerate((before, after))
    ]
    monkeypatch.setenv(VARIABLE, urls[0])
    side = Side(make_project(tmp_path / "project"))
    write(side.project.folder, "destinations/record.yaml", RECORD)
    side.take(*[track(f"e{n}", n / 10, f"pers\0n {n % 3}", "export", "acme") for n in range(9)], now=at(1))
    with side.database.transaction():
        MessageLog(side.database).reject([Reject("no", b"\0", at(1), "web")])
    side.stop()
    was = content(side.database)
    assert len(was["messages"]) == 9 and was["transitions"] and was["firsts"] is not None
    written = back_up(side.project, tmp_path / "b.tar.zst", at(1))
    with pytest.raises(StorageError, match="has a log already"):
        restore(tmp_path / "b.tar.zst", tmp_path / "again")
    assert not (tmp_path / "again").exists()
    monkeypatch.setenv(VARIABLE, urls[1])
    assert restore(tmp_path / "b.tar.zst", tmp_path / "again") == written
    assert (tmp_path / "again" / "destinations" / "record.yaml").exists()
    again = Side(Project(tmp_path / "again"), now=at(1))
    now = content(again.database)
    assert {table: now[table] for table in now if table != "leases"} == {
        table: was[table] for table in was if table != "leases"
    }
    assert not again.write(track("e1", 0.1, "pers\0n 1", "export", "acme"))
    assert again.take(track("e9", 1.1, "person 9", "export"), track("e10", 1.1, "person 9", "export"), now=at(2)).new
    again.close()
    side.close()


def test_a_project_says_where_its_log_is(side: Side, tmp_path: Path) -> None:
    """Else whoever forgets the variable begins another log."""
    back_up(side.project, tmp_path / "b.tar.zst", at(1))
    again = tmp_path / "again"
    named = ["--database", f"sqlite:///{tmp_path}/log.sqlite"]
    done = CliRunner().invoke(program, ["restore", str(tmp_path / "b.tar.zst"), str(again), *named])
    assert done.exit_code == 0 and "FIREFLOWER_DATABASE" in done.output, done.output
    assert not log_file(Project(again)).exists() and (tmp_path / "log.sqlite").exists()
    refused = CliRunner().invoke(program, ["qualify", "-p", str(again)])
    assert refused.exit_code and "which is not set" in refused.output


def test_the_columns_are_those_of_the_tables(side: Side) -> None:
    for table, columns in COLUMNS.items():
        assert columns.split(", ") == [row[1] for row in side.database.rows(f"PRAGMA table_info({table})")]
    tables = side.database.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert {name for (name,) in tables} == {*COLUMNS, "evaluators", "key_runs"}


def test_while_the_service_runs_and_compacts(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    service = Service(project, compiled=False, clock=lambda: at(2))
    service.start()
    stopped, sent = threading.Event(), [0]

    def send() -> None:
        while not stopped.is_set():
            service.submit([track(f"m{sent[0]}", 1, f"person {sent[0] % 7}", "export")]).result()
            sent[0] += 1

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for number in range(3):
            before = sent[0]
            back_up(project, tmp_path / "b.tar.zst", at(2))
            _ = Project(project.folder).archive  # compacts
            restored = Project(tmp_path / f"again {number}")
            restore(tmp_path / "b.tar.zst", restored.folder)
            events = restored.archive.summary().events
            assert before <= sum(events.values()) <= sent[0] + 1
    finally:
        stopped.set()
        sender.join()
        service.stop()


def test_what_is_damaged_is_refused_and_leaves_nothing(side: Side, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.zst"
    back_up(side.project, file, at(1))
    whole = file.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:-20], b"", b"something else", whole[:99] + b"?" + whole[100:]):
        file.write_bytes(broken)
        with pytest.raises(ProjectError, match="Nothing has been restored"):
            restore(file, tmp_path / "again")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.zst", "project"]


def test_a_folder_with_something_in_it_is_refused(side: Side, tmp_path: Path) -> None:
    back_up(side.project, tmp_path / "b.tar.zst", at(1))
    with pytest.raises(ProjectError, match="is not empty"):
        restore(tmp_path / "b.tar.zst", side.project.folder)


def test_a_log_without_its_archive_is_refused(side: Side, tmp_path: Path) -> None:
    side.compactor().compact()
    (side.project.folder / ".fireflower" / "manifest.json").unlink()
    with pytest.raises(ProjectError, match="lacks what the log has moved there: messages 1 to 9"):
        back_up(side.project, tmp_path / "b.tar.zst", at(1))


def test_a_migration_makes_a_copy_first(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.VERSION
    monkeypatch.setattr(schema, "VERSION", before + 1)
    monkeypatch.setattr(schema, "UPGRADES", {before: "ALTER TABLE messages ADD COLUMN more {bytes}"})
    database = existing_log(side.project)
    assert database is not None
    prepare(database)
    prepare(database)
    assert database.rows("SELECT value FROM meta WHERE name = 'schema'") == [(str(before + 1),)]
    assert database.rows("SELECT COUNT(more) FROM messages") == [(0,)]
    database.close()
    copy = SQLite(log_file(side.project).with_name(f"log.sqlite.schema-{before}"))
    assert copy.rows("SELECT value FROM meta WHERE name = 'schema'") == [(str(before),)]
    assert copy.rows("SELECT COUNT(*) FROM messages") == [(9,)]
    copy.close()
