"""A small project to run commands on, and a way to run them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fireflower.cli.program import program

SETTINGS = """\
project: Shop
start: Signed Up
activation: Report Run
goal: Subscription Started
leave_out:
  people: count(any, any 1 day) >= 5000
"""

TEAM = """\
definition: team
subject: account
value: count(Report Run) >= 3
intent: did(Pricing Viewed, last 30 days)
tests:
  - name: looks at prices
    subject: acme
    history:
      - {at: day 0, event: Report Run, person: ann, account: acme, times: 3, every: 1 day}
      - {at: day 5, event: Pricing Viewed, person: ann, account: acme}
    expect:
      - entered: day 5
"""

ACTIVE = """\
definition: active
subject: person
value: distinct_days(Report Run, any 7 days) >= 2
goal: none
"""

EVENTS = [
    ("2026-01-01T09:00:00Z", "Signed Up", "ann", "acme"),
    ("2026-01-01T10:00:00Z", "Report Run", "ann", "acme"),
    ("2026-01-02T10:00:00Z", "Report Run", "ann", "acme"),
    ("2026-01-03T10:00:00Z", "Report Run", "ben", "acme"),
    ("2026-01-04T10:00:00Z", "Pricing Viewed", "ann", "acme"),
    ("2026-01-02T10:00:00Z", "Signed Up", "cleo", "birch"),
    ("2026-01-05T10:00:00Z", "Report Run", "cleo", "birch"),
    ("2026-01-06T10:00:00Z", "Signed Up", "dan", "cedar"),
    ("2026-01-06T11:00:00Z", "Subscription Started", "dan", "cedar"),
]

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run a command: `run("qualify", "--json", project=folder)`; unless told otherwise it must succeed."""

    def run(*arguments: object, project: Path | None = None, fails: int = 0, input: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        if project is not None:
            words += ["--project", str(project)]
        result = CliRunner().invoke(program, words, input=input, prog_name="fireflower")
        assert result.exit_code == fails, result.output
        return result

    return run


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    """A project whose definitions are fine, and that has no history."""
    folder = tmp_path / "shop"
    (folder / "definitions").mkdir(parents=True)
    (folder / "fireflower.yaml").write_text(SETTINGS)
    (folder / "definitions" / "team.yaml").write_text(TEAM)
    (folder / "definitions" / "active.yaml").write_text(ACTIVE)
    return folder


@pytest.fixture
def events_file(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    lines = (
        {"timestamp": time, "event": event, "user_id": person, "account_id": account}
        for time, event, person, account in EVENTS
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def project(empty_project: Path, events_file: Path, run: Run) -> Path:
    """The same with a history."""
    run("import", events_file, "--yes", project=empty_project)
    return empty_project
