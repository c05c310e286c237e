"""What is known about a person is found wherever it is, and nothing about others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fireflower.app.live.exporting import export
from fireflower.app.project import Project
from fireflower.cli.program import program
from fireflower.history.log.messages import MessageLog
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.messages import Reject
from live.messaging import JOINING, Side, at, make_project, segment, track


@pytest.fixture
def project(tmp_path: Path) -> Project:
    side = Side(make_project(tmp_path / "project"))
    path = side.project.folder / "a.jsonl"
    bad = b'{"type": "track", "userId": "cem", "event": "x", "timestamp": "no time"}'
    path.write_bytes(b"\n".join([track("f1", 0.1, "cem", "export").body, track("f2", 0.1, "ann", "x").body, bad]))
    side.project.open_archive().ingest(path, JOINING["segment"])
    side.take(
        track("e1", 0.2, "ann", "export"),
        segment("e2", 0.3, type="track", event="export", userId="cem", anonymousId="a-1"),
        segment("e3", 0.4, type="track", event="login", anonymousId="a-1"),
        now=at(1),
    )
    with side.database.transaction():
        MessageLog(side.database).reject(
            [Reject("too large", b'{"userId":"cem"}', at(1), "web"), Reject("no", b'{"userId":"cemal"}', at(1), "web")]
        )
        side.database.rows(
            "INSERT INTO deliveries (key, transition, destination, kind, subject, planned, state, due, attempts, "
            "reason, payload, notice) VALUES ('d1', 1, 'crm', 'person', 'cem', 5, 'sent', 5, 1, '', ?, '{}'), "
            "('d2', 1, 'crm', 'account', 'acme', 6, 'sent', 6, 1, '', ?, '{}'), "
            "('d3', 1, 'crm', 'account', 'beta', 6, 'sent', 6, 1, '', ?, '{}')",
            (b'{"id": "cem"}', b'{"people": ["cem"]}', b'{"people": ["dan"]}'),
        )
        side.database.rows("INSERT INTO attempts (delivery, at, outcome, detail) VALUES ('d1', 6, 'sent', '200')")
    side.stop()
    return side.project


@pytest.mark.parametrize("id", ["cem", "a-1"])
def test_everything_about_a_person_and_nobody_else(project: Project, id: str) -> None:
    found = list(export(Project(project.folder), id))
    assert found[0] == {"what": "ids", "from": "history", "ids": ["cem", "a-1"]}
    records = {(each.get("message_id"), each["from"].split("/")[-1]) for each in found if each["what"] == "record"}
    assert {("f1", "a.jsonl"), ("e2", "live"), ("e3", "live")} <= records
    others = [each["what"] for each in found if each["what"] not in ("record", "ids")]
    assert others == ["row kept aside", "rejected message", "transition", "delivery", "attempt", "delivery"]
    assert '"ann"' not in json.dumps(found) and "cemal" not in json.dumps(found)


def test_nobody(project: Project) -> None:
    with pytest.raises(UnknownSubjectError, match="nothing is known about 'nobody'"):
        list(export(Project(project.folder), "nobody"))


def test_the_command(project: Project, tmp_path: Path) -> None:
    where = ["-p", str(project.folder)]
    shown = CliRunner().invoke(program, ["export", "cem", *where])
    assert shown.exit_code == 0, shown.output
    kept = CliRunner().invoke(program, ["export", "cem", *where, "-o", str(tmp_path / "cem.jsonl")])
    assert kept.exit_code == 0, kept.output
    assert (tmp_path / "cem.jsonl").read_text() == shown.output
    assert CliRunner().invoke(program, ["export", "nobody", *where]).exit_code == 1


def test_backup_and_restore_by_command(project: Project, tmp_path: Path) -> None:
    file = str(tmp_path / "b.tar.zst")
    made = CliRunner().invoke(program, ["backup", file, "-p", str(project.folder)])
    assert made.exit_code == 0 and "3 messages in the log" in made.output, made.output
    again = CliRunner().invoke(program, ["restore", file, str(tmp_path / "again")])
    assert again.exit_code == 0, again.output
    assert CliRunner().invoke(program, ["restore", file, str(tmp_path / "again")]).exit_code == 1
    assert list(export(Project(tmp_path / "again"), "cem"))
