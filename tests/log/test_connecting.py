"""Which database is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fireflower.app.live.database import VARIABLE, opener
from fireflower.app.project import Project
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database, SQLite, StorageError
from fireflower.history.log.schema import prepare
from fireflower.language.loading import load_settings
from fireflower.model.errors import DefinitionError, NotInstalledError, ProjectError


def made(database: Database) -> None:
    prepare(database)
    database.close()


def test_a_path_and_sqlites_urls(tmp_path: Path) -> None:
    for url in ("a/log.sqlite", "sqlite:///b/log.sqlite", f"sqlite:///{tmp_path}/c/log.sqlite", tmp_path / "d.sqlite"):
        database = connect(url, tmp_path)
        assert isinstance(database, SQLite)
        made(database)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.sqlite")} == {
        "a/log.sqlite",
        "b/log.sqlite",
        "c/log.sqlite",
        "d.sqlite",
    }


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://log.sqlite", "sqlite:log.sqlite", "sqlite:///", ""])
def test_others_are_refused(url: str) -> None:
    with pytest.raises(StorageError, match=r"there is no database of the kind .* Expected postgresql://"):
        connect(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_text("no database, though long enough to look like one" * 100)
    with pytest.raises(StorageError, match=r"log\.sqlite is not a database that fireflower can read"):
        connect(tmp_path / "log.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"file cannot be made: .*\. Make it, or name another"):
        connect(tmp_path / "file" / "log.sqlite")


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(NotInstalledError, match=r"pip install 'fireflower\[postgresql\]'"):
        connect("postgresql://localhost/leads")


# --- What a project says ------------------------------------------------------------------------------------


def project(folder: Path, said: str = "") -> Project:
    (folder / "fireflower.yaml").write_text(f"project: acme\n{said}")
    return Project(folder)


def test_by_default_a_file_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    made(opener(Project(Path()), {})())
    assert (tmp_path / ".fireflower" / "log.sqlite").is_file()


def test_what_the_project_says(tmp_path: Path) -> None:
    made(opener(project(tmp_path, "database: logs/live.sqlite\n"), {})())
    assert (tmp_path / "logs" / "live.sqlite").is_file()


def test_what_the_environment_says(tmp_path: Path) -> None:
    acme = project(tmp_path, "database: env:LIVE\n")
    made(opener(acme, {"LIVE": "sqlite:///one.sqlite"})())
    made(opener(acme, {"LIVE": "sqlite:///one.sqlite", VARIABLE: "two.sqlite"})())
    assert (tmp_path / "one.sqlite").is_file() and (tmp_path / "two.sqlite").is_file()
    with pytest.raises(ProjectError, match=r"as LIVE, which is not set. Set it, such as LIVE=postgresql://"):
        opener(acme, {"LIVE": ""})


def test_postgresql_by_the_environment(tmp_path: Path, postgresql: str) -> None:
    database = opener(project(tmp_path), {VARIABLE: postgresql})()
    prepare(database)
    assert database.rows("SELECT COUNT(*) FROM messages") == [(0,)]
    database.close()


@pytest.mark.parametrize(
    "said", ["env:DATABASE_URL", "postgresql://me@host:5432/leads?sslmode=require", "sqlite:///x", "x/y.sqlite"]
)
def test_settings(said: str) -> None:
    assert load_settings(f"project: acme\ndatabase: {said}\n").database == said


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("postgresql://me:secret@host/leads", "1:11: error: a password has no place in a file that is kept in git"),
        ("postgres://host/leads?user=me&password=secret", "write: database: env:DATABASE_URL"),
        ("env:MY DB", "'env:MY DB' names no variable of the environment. Expected env:NAME."),
        ("mysql://host/leads", "there is no database of the kind 'mysql'. Expected env:NAME"),
        ("[a]", "expected a database: env:NAME"),
    ],
)
def test_faults_of_settings(said: str, fault: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_settings(f"database: {said}\nproject: acme\n")
    assert fault in str(caught.value) and "secret" not in str(caught.value)
