"""What the search counts at a landmark is what a definition, written and read back, selects there."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import fireflower
from discover.conftest import START
from fireflower.app.discover import Request, _source
from fireflower.app.project import Project
from fireflower.discover import boards
from fireflower.discover.drafts import text_of
from fireflower.discover.histories import landmarks, lives
from fireflower.discover.landmarks import first_times, happened, holding_at
from fireflower.language.expressions import parse_formula
from fireflower.language.nodes import Events, Formula, Ratio, Recency, Sequence, Trait
from fireflower.model.moments import DAY, NEVER, iso
from fireflower.model.records import SubjectKind

SETTINGS = """\
project: Small
start: Signed Up
goal: Bought
leave_out:
  people: person.team = "staff"
imports:
  accounts.csv: {table: accounts, account: account, time: time}
  people.csv: {table: people, person: person, time: time}
"""
AGE = 7 * DAY
AS_OF = START + 100 * DAY


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """200 companies with limits, whose people open and export reports in every order. One of each is staff, and another
    is for a time."""
    folder = tmp_path_factory.mktemp("teams")
    (folder / "fireflower.yaml").write_text(SETTINGS)
    rng, people = np.random.default_rng(5), []
    with (folder / "events.csv").open("w", newline="") as file, (folder / "accounts.csv").open("w", newline="") as them:
        events, accounts = csv.writer(file), csv.writer(them)
        events.writerow(("time", "event", "person", "account", "used_gb", "kind"))
        accounts.writerow(("time", "account", "seats", "report_limit", "plan_gb", "plan"))
        for number in range(200):
            born, account = START + int(rng.uniform(0, 200) * DAY), f"a{number}"
            limits = (rng.integers(2, 9), rng.choice(["", 5, 10]), rng.integers(1, 4) * 5, rng.choice(["free", "pro"]))
            accounts.writerow((iso(born), account, *limits))
            people.append(f"{iso(START - DAY)},{account}-3,staff\n")
            people += [f"{iso(at)},{account}-2,{team}\n" for at, team in staff_for_a_time(number, born)]
            for at, event, person, gb, kind in rows(rng):
                events.writerow((iso(born + int(at)), event, f"{account}-{person}", account, gb, kind))
        events.writerow((iso(START + 300 * DAY), "Login", "a0-0", "a0", "", ""))
    (folder / "people.csv").write_text("".join(["time,person,team\n", *people]))
    project = fireflower.open(folder)
    for name in ("accounts.csv", "people.csv", "events.csv"):
        project.import_(folder / name)
    return fireflower.open(folder)


def rows(rng: np.random.Generator) -> Iterator[tuple[float, str, int, object, str]]:
    """Things that happen in the first twelve days; some at one instant, some at a whole number of days."""
    for person in range(4):
        yield 0, "Signed Up", person, "", ""
    for name, mean in (("Report Opened", 8.0), ("Report Exported", 6.0), ("Storage Read", 2.0), ("Login", 8.0)):
        for at in rng.uniform(0, 12, rng.poisson(mean)):
            moment = round(at) * DAY if rng.random() < 0.2 else at * DAY
            used = round(rng.uniform(0, 12), 1) if name == "Storage Read" else ""
            yield moment, name, int(rng.integers(0, 4)), used, str(rng.choice(["mine", "sample"]))
    if rng.random() < 0.2:
        yield 20 * DAY, "Bought", 0, "", ""


def staff_for_a_time(number: int, born: int) -> list[tuple[int, str]]:
    """Never, from day 4 on, until day 5, or from day 3 until day 6."""
    joins, leaves = born + (0, 4, -1, 3)[number % 4] * DAY, born + (0, 50, 5, 6)[number % 4] * DAY
    return [(joins, "staff"), (leaves, "none")] if number % 4 else []


@pytest.mark.parametrize("subject", ["account", "person"])
def test_every_condition_selects_whom_the_search_counted(teams: Project, subject: SubjectKind) -> None:
    source, _ = _source(teams, Request(subject=subject))
    read = landmarks(source, lives(source), [AGE], 30 * DAY, [])[0].frame
    asked: list[tuple[Formula, np.ndarray]] = []
    for column in read.columns:
        tests = list(boards.tests_of(column, 5))
        for test in {*tests[:2], *tests[-2:]}:
            formula = parse_formula(text_of(column.candidate, test), subject)
            asked.append((formula, boards.passes(column, test)))
    kinds = {type(column.candidate.quantity) for column in read.columns}
    assert kinds >= {Sequence, Ratio, Recency, Trait}
    assert len(asked) > 80
    selected = holding_at(AGE, [formula for formula, _ in asked], source.start, subject, source.arguments)
    for (formula, inside), whom in zip(asked, selected, strict=True):
        assert np.array_equal(np.isin(read.subject, whom), inside), formula


def test_shares_of_limits_are_looked_at(teams: Project) -> None:
    source, _ = _source(teams, Request(subject="account"))
    names = [c.candidate.name for c in landmarks(source, lives(source), [AGE], 30 * DAY, [])[0].frame.columns]
    window = 'within 7 days of "Signed Up"'
    for name in (
        "members / account.seats",
        f"count(Report Opened, {window}) / account.report_limit",
        "latest(properties.used_gb of Storage Read) / account.plan_gb",
        f"actors(Login, {window}) / members",
    ):
        assert name in names
    assert not [name for name in names if "account.plan" in name.replace("account.plan_gb", "") and "/" in name]


@pytest.mark.parametrize("subject", ["account", "person"])
def test_events_happened_first_when_the_kernel_says_so(teams: Project, subject: SubjectKind) -> None:
    """Nothing that those who are left out do counts while they are, neither for them nor for their accounts."""
    source, _ = _source(teams, Request(subject=subject))
    read = lives(source)
    names = list(read.events)
    said = first_times([happened(Events((name,))) for name in names], subject, len(source.ids), source.arguments)
    assert all(np.array_equal(read.events[name], first) for name, first in zip(names, said, strict=True))
    assert np.array_equal(read.anything, np.min(said, axis=0))
    nobody = read.anything == NEVER
    assert nobody.sum() == (0 if subject == "account" else 200)
    later = {name: np.where(first > AS_OF, NEVER, first) for name, first in read.events.items()}
    before = lives(replace(source, as_of=AS_OF, arguments=lambda asked: {**source.arguments(asked), "as_of": AS_OF}))
    assert all(np.array_equal(before.events[name], later[name]) for name in names)
