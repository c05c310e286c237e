"""Leads as the report shows them, from a history on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fireflower
from fireflower.app.explained import doer_in_words, explanation_json
from fireflower.app.report import report, report_data
from fireflower.model.moments import parse_moment

EVENTS = """timestamp,event,user_id,account_id
2026-01-01T09:00:00Z,Report Run,ann,acme
2026-01-02T09:00:00Z,Report Run,ann,acme
2026-01-03T09:00:00Z,Export,ben,acme
"""
HEAD = "definition: team\nsubject: account\nvalue: count(Report Run) >= 2\n"


def lead(folder: Path, definition: str, settings: str = "project: Shop\n"):
    (folder / "definitions").mkdir()
    (folder / "fireflower.yaml").write_text(settings)
    (folder / "definitions" / "team.yaml").write_text(HEAD + definition)
    (folder / "events.csv").write_text(EVENTS)
    project = fireflower.open(folder)
    project.import_(folder / "events.csv")
    [made] = report_data(project).definitions
    assert len(made.leads) == 1
    return made


@pytest.mark.parametrize(
    ("definition", "step"),
    [
        ("", ""),
        ("qualified: value or count(Pricing Viewed) >= 2\n", ""),
        ("intent: count(Pricing Viewed) >= 2\nqualified: value or intent\n", ""),
        ("intent: count(Pricing Viewed) >= 2\nqualified: value\n", "Do Pricing Viewed 2 times"),
        ("intent: {any: [count(Pricing Viewed) >= 2, did(Export)]}\nqualified: value\n", ""),
        ("intent: {all: [did(Export), count(Export) >= 2]}\nqualified: value\n", "Do Export once more"),
        ("fit: account.size >= 3\nqualified: value\n", ""),
    ],
)
def test_the_next_step_of_a_lead_is_beyond_what_qualifies_it(definition: str, step: str, tmp_path: Path) -> None:
    assert lead(tmp_path, definition).leads[0].next_step == step


def test_a_start_event_that_never_happens_is_said(tmp_path: Path) -> None:
    made = lead(tmp_path, "", "start: Signed up\n")
    assert made.funnel and made.funnel.absent_start == "'Signed up'"
    assert "The start event &#39;Signed up&#39; never occurs" in Path(fireflower.open(tmp_path).report()).read_text()


def test_who_has_left_is_named_as_they_were_called_then(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(
        "account_id,name,time\nacme,Acme Ltd,2026-01-01T08:00:00Z\nacme,Acme Inc,2026-01-02T09:00:00Z\n"
    )
    (tmp_path / "definitions").mkdir()
    (tmp_path / "fireflower.yaml").write_text("project: Shop\n")
    (tmp_path / "definitions" / "team.yaml").write_text(HEAD.replace(") >= 2", ", last 25 hours) >= 2"))
    (tmp_path / "events.csv").write_text(EVENTS)
    project = fireflower.open(tmp_path)
    project.import_(tmp_path / "accounts.csv", table="accounts")
    project.import_(tmp_path / "events.csv")
    left, entered = report_data(project).definitions[0].changes
    assert (left.change, left.name, entered.change, entered.name) == ("left", "Acme Inc", "entered", "Acme Inc")
    assert "Report Run" in entered.tipped and "by 'Report Run' of ann" in entered.tipped


def test_a_lead_says_whom_to_talk_to(tmp_path: Path) -> None:
    (doer,) = lead(tmp_path, "").leads[0].doers
    assert (doer.called, doer.did, doer.last) == ("ann", "Report Run 2 of 2", parse_moment("2026-01-02T09:00"))


def test_without_people_a_report_names_nobody_of_an_account(tmp_path: Path) -> None:
    lead(tmp_path, "")
    project = fireflower.open(tmp_path)
    (definition,) = report_data(project, people=False).definitions
    assert definition.leads[0].doers == ()
    assert "by 'Report Run'" in definition.changes[0].tipped and "ann" not in definition.changes[0].tipped
    assert "ann" in report_data(project).definitions[0].changes[0].tipped
    for people in (True, False):
        page = report(project, path=tmp_path / "page.html", people=people).read_text()
        assert bool(re.search(r"\bann\b", page)) == people


def test_who_is_left_out_is_nobody_to_talk_to(tmp_path: Path) -> None:
    settings = "project: Shop\nleave_out:\n  people: did(Export)\n"
    (doer,) = lead(tmp_path, "qualified: value or did(Export)\n", settings).leads[0].doers
    assert doer.called == "ann"


def test_somebody_of_several_accounts_is_called_the_same_in_the_report_and_in_an_explanation(tmp_path: Path) -> None:
    told = "user_id,name,email,time\nann,Ann Lee,ann@lee.example,2026-01-01T08:00:00Z\n"
    (tmp_path / "people.csv").write_text(told)
    (tmp_path / "more.csv").write_text("timestamp,event,user_id,account_id\n2026-01-02T10:00:00Z,Login,ann,other\n")
    made = lead(tmp_path, "")
    project = fireflower.open(tmp_path)
    project.import_(tmp_path / "people.csv", table="people")
    project.import_(tmp_path / "more.csv")
    (doer,) = report_data(project).definitions[0].leads[0].doers
    (explanation,) = project.explain("acme")
    assert made.leads[0].doers[0].called == "ann"
    assert doer.called == doer_in_words(explanation.doers[0]) == "Ann Lee, ann@lee.example"
    (told,) = explanation_json(explanation, {})["doers"]
    assert (told["name"], told["title"], told["email"]) == ("Ann Lee", None, "ann@lee.example")
