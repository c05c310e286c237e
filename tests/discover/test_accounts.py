"""Accounts: what their people do together; and people of one account, who are not independent of each other."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import fireflower
from discover.conftest import SETTINGS, START
from fireflower.app.discover import Request, _source
from fireflower.app.project import Project
from fireflower.discover.histories import lives
from fireflower.discover.landmarks import note_clusters
from fireflower.model.moments import DAY, NEVER, iso
from fireflower.model.timeline import Timeline


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """700 companies of one to four people. Where two of them run reports in the first week, they buy more often."""
    folder = tmp_path_factory.mktemp("companies") / "project"
    folder.mkdir()
    (folder / "fireflower.yaml").write_text(SETTINGS)
    rng = np.random.default_rng(3)
    with (folder / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "event", "person", "account"))
        for number in range(700):
            born, account = START + int(rng.uniform(0, 300) * DAY), f"a{number}"
            writer.writerow((iso(born), "Signed Up", f"{account}-0", account))
            readers = 0
            for person in range(rng.integers(1, 5)):
                reports = rng.poisson(1.0)
                readers += reports > 0
                for at in rng.uniform(0.1, 7, reports):
                    writer.writerow((iso(born + int(at * DAY)), "Report Run", f"{account}-{person}", account))
                writer.writerow((iso(born + 2 * DAY), "Login", f"{account}-{person}", account))
            if rng.random() < (0.45 if readers >= 2 else 0.1):
                writer.writerow((iso(born + int(rng.uniform(8, 27) * DAY)), "Bought", f"{account}-0", account))
        writer.writerow((iso(START + 360 * DAY), "Login", "a0-0", "a0"))
    project = fireflower.open(folder)
    project.import_(folder / "events.csv")
    return fireflower.open(folder)


def test_how_many_people_did_it_is_found(companies: Project) -> None:
    found = companies.discover(landmarks=["7 days"], permutations=40, write=False)
    assert found.subjects == "account"
    assert found.verdict == "signal"
    assert found.rules[0].text == 'actors(Report Run, within 7 days of "Signed Up") >= 2'
    assert found.rules[0].later.inside.low < 0.45 < found.rules[0].later.inside.high


def test_people_of_one_account_are_one_cluster(companies: Project) -> None:
    timelines = list(companies.archive.timelines())
    people = timelines[0].vocabulary.people
    cluster = np.arange(len(people), dtype=np.int64)
    for timeline in timelines:
        note_clusters(cluster, timeline, NEVER)
    by_account: dict[str, set[int]] = {}
    for person, number in zip(people, cluster.tolist(), strict=True):
        by_account.setdefault(person.split("-")[0], set()).add(number)
    assert len(by_account) == 700
    assert all(len(numbers) == 1 for numbers in by_account.values())
    assert len(set.union(*by_account.values())) == 700


def test_whoever_has_several_accounts_is_of_one_cluster_however_timelines_are_cut(tmp_path: Path) -> None:
    """p is met in all three; an account that comes later is not known yet."""
    (tmp_path / "fireflower.yaml").write_text(SETTINGS)
    met = [(0, "q", "a"), (1, "p", "c"), (2, "r", "b"), (3, "p", "b"), (4, "p", "a"), (5, "s", "c"), (9, "t", "a")]
    rows = [f"{iso(START + day * DAY)},Login,{person},{account}\n" for day, person, account in met]
    (tmp_path / "events.csv").write_text("".join(["time,event,person,account\n", *rows]))
    project = fireflower.open(tmp_path)
    project.import_(tmp_path / "events.csv")
    (whole,) = project.archive.timelines()
    found = []
    for cuts in ([], [int(row) for row in whole.starts[1:-1]]):
        cluster = np.arange(len(whole.vocabulary.people), dtype=np.int64)
        for first, last in pairwise([0, *cuts, len(whole)]):
            note_clusters(cluster, _rows(whole, slice(first, last)), START + 6 * DAY)
        found.append(dict(zip(whole.vocabulary.people, cluster.tolist(), strict=True)))
    assert len(whole.starts) > 3 and found[0] == found[1]
    assert found[0]["p"] in {found[0][other] for other in "qrs"} and found[0]["t"] < len(whole.vocabulary.people)


def _rows(timeline: Timeline, rows: slice) -> Timeline:
    return replace(
        timeline, time=timeline.time[rows], person=timeline.person[rows], account=timeline.account[rows],
    )  # fmt: skip


def test_an_account_was_not_seen_when_only_those_who_are_left_out_were(tmp_path: Path) -> None:
    """s, who is staff, comes to a and to b long after the others."""
    people = "imports: {people.csv: {table: people, person: person, timeless: true}}"
    (tmp_path / "fireflower.yaml").write_text(f'project: x\nleave_out: {{people: person.team = "staff"}}\n{people}\n')
    (tmp_path / "people.csv").write_text("person,team\ns,staff\n")
    met = [(0, "p", "a"), (3, "p", "a"), (4, "q", "b"), (30, "s", "a"), (31, "s", "b")]
    rows = [f"{iso(START + day * DAY)},Login,{person},{account}\n" for day, person, account in met]
    (tmp_path / "events.csv").write_text("".join(["time,event,person,account\n", *rows]))
    project = fireflower.open(tmp_path)
    for name in ("people.csv", "events.csv"):
        project.import_(tmp_path / name)
    source, _ = _source(fireflower.open(tmp_path), Request(goal="Login", subject="account"))
    assert [(seen - START) // DAY for seen in lives(source).seen] == [3, 4]
