"""fireflower deliveries: looking, sending once more, trying; and destinations in check and schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fireflower.app.live.database import opener
from fireflower.app.project import open_project
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting, Which
from fireflower.history.log.schema import prepare
from fireflower.model.moments import DAY, parse_moment

MARCH = parse_moment("2026-03-01")


@pytest.fixture
def planned(empty_project: Path) -> Path:
    """A project with a few deliveries."""
    database = opener(open_project(empty_project))()
    prepare(database)
    outbox = Outbox(database)
    with database.transaction():
        for number, (destination, subject, state, reason) in enumerate(
            [
                ("slack", "acme", "dead", "channel_not_found"),
                ("slack", "birch", "unsure", "it may have arrived"),
                ("crm", "acme", "sent", ""),
                ("crm", "cedar", "withheld", "dry run"),
                ("crm", "dill", "parked", "401"),
            ]
        ):
            outbox.put(
                [
                    Posting(
                        f"k{number}", number, destination, "account", subject, MARCH + number * DAY, state,
                        MARCH, 0, reason, b"{}", '{"definition": "team"}',
                    )
                ]
            )  # fmt: skip
        outbox.tell("k0", "waiting", MARCH, MARCH, "retry", "503")
        outbox.tell("k0", "waiting", MARCH, MARCH, "retry", "503")
        outbox.tell("k0", "dead", MARCH, MARCH, "dead", "channel_not_found")
    database.close()
    return empty_project


def states(folder: Path) -> dict[str, str]:
    database = opener(open_project(folder))()
    found = {each.key: each.state for each in Outbox(database).page(Which(), None, 100)}
    database.close()
    return found


def test_looking(planned: Path, run) -> None:
    lines = run("deliveries", project=planned).output.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["crm", "crm", "crm", "slack", "slack"]
    assert lines[-1].split()[-4:] == ["team", "dead", "3", "channel_not_found"]
    (dead,) = json.loads(run("deliveries", "--state", "dead", "--json", project=planned).output)
    assert [each["outcome"] for each in dead["tries"]] == ["retry", "retry", "dead"]
    assert dead["planned"] == "2026-03-01T00:00:00Z"
    some = run("deliveries", "--destination", "crm", "--since", "2026-03-03", "--limit", 1, project=planned).output
    assert "dill" in some and "and more" in some and "cedar" not in some
    assert "no such" in run("deliveries", "--subject", "nobody", project=planned).output


def test_sending_once_more(planned: Path, run) -> None:
    assert "Say which" in run("deliveries", "replay", project=planned, fails=2).output
    assert "2 deliveries wait" in run("deliveries", "replay", "--since", "2026-03-01", project=planned).output
    assert states(planned) == {"k0": "waiting", "k1": "unsure", "k2": "sent", "k3": "withheld", "k4": "waiting"}
    one = ("--state", "unsure", "--subject", "birch", "--destination", "slack", "--json")
    assert json.loads(run("deliveries", "replay", *one, project=planned).output) == {"deliveries": 1}
    assert states(planned)["k1"] == "waiting"


def destination(folder: Path, text: str) -> None:
    (folder / "destinations").mkdir(exist_ok=True)
    (folder / "destinations" / "one.yaml").write_text(text)


def test_trying(empty_project: Path, run) -> None:
    destination(empty_project, "destination: record\nfile: {path: out.jsonl}\nwhen: {definitions: team}\n")
    said = run("deliveries", "test", "record", "--trait", "account.plan=pro", project=empty_project).output
    assert said.startswith("sent") and "bytes to record" in said
    (line,) = (empty_project / "out.jsonl").read_text().splitlines()
    sample = json.loads(line)["data"]
    assert (sample["definition"]["name"], sample["traits"]["plan"]) == ("team", "pro")
    assert sample["definition"]["title"].startswith("Sample: ")
    failed = run("deliveries", "test", "recrod", project=empty_project, fails=1)
    assert "Did you mean 'record'?" in failed.output


def test_a_fault_elsewhere_hinders_no_trial(empty_project: Path, run) -> None:
    destination(empty_project, "destination: record\nfile: {path: out.jsonl}\n")
    (empty_project / "destinations" / "two.yaml").write_text("destination: other\nfile: {pth: out.jsonl}\n")
    (empty_project / "definitions" / "team.yaml").write_text("definition: team\nsubject: acount\n")
    assert run("deliveries", "test", "record", project=empty_project).output.startswith("sent")
    own = run("deliveries", "test", "other", project=empty_project, fails=1).output
    assert "'pth'" in own and "team.yaml" not in own
    (empty_project / "destinations" / "two.yaml").write_text("destination: record\nfile: {path: other.jsonl}\n")
    assert "names must differ" in run("deliveries", "test", "record", project=empty_project, fails=1).output


def test_what_came_of_a_trial_is_said(empty_project: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    destination(empty_project, "destination: crm\nwebhook: {url: 'https://example.com/hook', secret: env:HOOK}\n")
    found = json.loads(run("deliveries", "test", "crm", "--json", project=empty_project, fails=1).output)
    assert found["outcome"] == "parked" and "HOOK" in found["detail"]
    mail = "{to: account.owner_email, from: ff@example.com, smtp: {host: smtp.example.com}}"
    destination(empty_project, f"destination: owner\nemail: {mail}\n")
    assert "--trait NAME=VALUE" in run("deliveries", "test", "owner", project=empty_project, fails=1).output


def test_check_reads_destinations_too(empty_project: Path, run) -> None:
    destination(empty_project, "destination: record\nfile: {path: out.jsonl}\nwhen: {definitions: team}\n")
    assert "2 definitions and 1 destination can be used" in run("check", project=empty_project).output
    destination(empty_project, "destination: record\nfile: {path: out.jsonl}\nwhen: {definitions: taem}\n")
    assert "there is no definition 'taem'. Did you mean 'team'?" in run("check", project=empty_project, fails=1).output
    (empty_project / "definitions" / "team.yaml").write_text(
        "definition: team\nsubject: account\nvalue: cuont(a) > 1\n"
    )
    (empty_project / "fireflower.yaml").write_text("timezone: Nowhere\n")
    found = json.loads(run("check", "--json", project=empty_project, fails=1).output)
    assert {Path(fault["file"]).name for fault in found["faults"]} >= {"team.yaml", "fireflower.yaml"}
    destination(empty_project, "destination: record\nfile: {pth: out.jsonl}\n")
    found = json.loads(run("check", "--json", project=empty_project, fails=1).output)
    assert {Path(each["file"]).name for each in found["faults"]} >= {"team.yaml", "fireflower.yaml", "one.yaml"}


def test_the_schema_of_destinations(run) -> None:
    schema = json.loads(run("schema", "destination").output)
    assert "A destination" in schema["title"] and "webhook" in schema["properties"]
