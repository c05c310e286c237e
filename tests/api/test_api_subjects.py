"""All that is known of a subject."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from api.serving import Served, served, shop, token
from fireflower.app.live.service import now
from fireflower.cli.program import program
from fireflower.model.moments import DAY, iso


def test_a_person(reading: Served) -> None:
    found = reading.get("/api/v1/subjects/person/anon-1")
    assert (found["subject"], found["ids"], found["traits"]) == ("ann", ["ann", "anon-1"], {"plan": "pro"})
    assert [each["account"] for each in found["memberships"]] == ["acme"]
    assert [each["definition"] for each in found["explanations"]] == ["active"]
    assert list(found["qualified"]) == ["active"]
    (transition,) = found["transitions"]
    assert transition["change"] == "entered" and transition["evidence"][1]["tipped_by"] == "plan = pro"


def test_an_account(reading: Served) -> None:
    found = reading.get("/api/v1/subjects/account/acme")
    assert found["traits"] == {"name": "Acme"}
    assert ([each["person"] for each in found["memberships"]], found["members"]) == (["ann", "ben"], 2)
    (team,) = found["explanations"]
    assert team["circles"] == {"value": True, "fit": True}
    assert team["conditions"][0]["tipped_by"] == "'Report Run' of ben"


def test_nobody_of_that_name(reading: Served) -> None:
    assert reading.get("/api/v1/subjects/person/zoe", 404)["code"] == "unknown_subject"
    assert reading.get("/api/v1/subjects/team/acme", 422)["code"] == "invalid"
    assert reading.get("/api/v1/subjects/account/a%2Fb", 404)["message"].startswith("there is no account 'a/b'")


def test_the_evaluator_agrees_with_the_records(reading: Served) -> None:
    for kind, id in (("person", "ann"), ("person", "cleo"), ("account", "acme"), ("account", "birch")):
        (stands, *_) = reading.get("/api/v1/now", **{kind: id})["subjects"]
        explained = reading.get(f"/api/v1/subjects/{kind}/{id}")["explanations"]
        for verdict, full in zip(stands["verdicts"], explained, strict=True):
            assert (verdict["qualified"], verdict["since"]) == (full["qualified"], full["since"])
            assert verdict["next_step"] == full["next_step"]
            assert verdict["missing"] == [state["condition"] for state in full["missing"]]
            states = {state["condition"]: (state["value"], state["since"]) for state in full["conditions"]}
            shown = {
                state["condition"]: (state["value"], state["since"]) for state in verdict["done"] + verdict["not_done"]
            }
            assert shown == states


def test_an_archive_and_a_log_are_one_history(tmp_path: Path) -> None:
    """What was imported explains like what has come; what `fireflower explain` says is said here."""
    folder, begun = shop(tmp_path / "shop"), now()
    (folder / "fireflower.yaml").write_text("project: Shop\ngoal: Subscription Started\n")
    rows = [
        (6, "join", "ann"),
        (6, "join", "ben"),
        (5, "Report Run", "ann"),
        (5, "Report Run", "ben"),
        (5, "Report Run", "cleo"),
    ]
    events = tmp_path / "events.jsonl"
    lines = [
        {"timestamp": iso(begun - days * DAY), "event": event, "user_id": person, "account_id": "acme"}
        for days, event, person in rows
    ]
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = CliRunner().invoke(program, ["import", str(events), "--yes", "--project", str(folder)])
    assert run.exit_code == 0, run.output
    with served(folder, bearer=token(folder, "reader", "read")) as found:
        found.did("Report Run", "ann", "acme")
        found.did("Report Run", "cleo", "birch")
        found.settle()
        account = found.get("/api/v1/subjects/account/acme")
        assert account["explanations"][0]["conditions"][0]["value"] == 4.0
        (team,) = found.get("/api/v1/now", account="acme")["subjects"][0]["verdicts"]
        assert next(each for each in team["done"] if "count" in each["condition"])["value"] == 4.0
