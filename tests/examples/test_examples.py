"""The examples on data that nobody here wrote, against independent computations in pandas."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import fireflower

pytestmark = pytest.mark.xdist_group("examples")
"""In one process, so that each example runs once."""

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


def run(example: str, folder: Path) -> str:
    """What the example's script prints; its project stays in the folder."""
    data = DATA / example
    if not data.is_dir():
        pytest.skip(f"the public data set {example!r} is not here ({data}); the project does not ship it")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    command = [ROOT / "examples" / example / "run", data, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stderr
    return done.stdout


def entered(project: Path, definition: str) -> dict[str, pd.Timestamp]:
    """Subject -> when it entered first."""
    rows = fireflower.open(project).qualify(definition).to_pandas(transitions=True)
    first = rows[rows["change"] == "entered"].groupby("subject")["at"].min()
    return dict(first.dt.tz_localize(None).items())


# --- relax ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def relax(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("relax")
    return folder, run("relax", folder)


@pytest.fixture(scope="module")
def adopted() -> dict[str, pd.Timestamp]:
    """Per user, the third of three different days that lie within seven."""
    logins = pd.read_csv(DATA / "relax" / "user_engagement.csv.gz", parse_dates=["time_stamp"])
    days = logins.assign(day=logins["time_stamp"].dt.normalize())[["user_id", "day"]].drop_duplicates()
    days = days.sort_values(["user_id", "day"])
    before_last = days.groupby("user_id")["day"].shift(2)
    third = days[days["day"] - before_last < pd.Timedelta(days=7)]
    return {str(user): day for user, day in third.groupby("user_id")["day"].min().items()}


@pytest.fixture(scope="module")
def organisations() -> dict[str, list[str]]:
    users = pd.read_csv(DATA / "relax" / "users.csv.gz")
    return {str(org): [str(user) for user in ids] for org, ids in users.groupby("org_id")["object_id"]}


def test_relax_prints_the_figures(relax: tuple[Path, str]) -> None:
    assert "12,000 people, 417 accounts" in relax[1]
    assert "within some 7-day period): 1602 people" in relax[1]
    assert "with an adopter: 400, with three or more: 278" in relax[1]


def test_relax_adopters_have_the_same_first_dates(relax: tuple[Path, str], adopted: dict[str, pd.Timestamp]) -> None:
    assert len(adopted) == 1602
    assert entered(relax[0], "adopted") == adopted


@pytest.mark.parametrize(
    ("definition", "adopters", "expected"), [("has-an-adopter", 1, 400), ("three-adopters", 3, 278)]
)
def test_relax_organisations_have_the_same_dates(
    definition: str,
    adopters: int,
    expected: int,
    relax: tuple[Path, str],
    adopted: dict[str, pd.Timestamp],
    organisations: dict[str, list[str]],
) -> None:
    dates = {org: sorted(adopted[user] for user in users if user in adopted) for org, users in organisations.items()}
    wanted = {org: when[adopters - 1] for org, when in dates.items() if len(when) >= adopters}
    assert len(wanted) == expected
    assert entered(relax[0], definition) == wanted


# --- udacity_trial ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def udacity(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("udacity")
    return folder, run("udacity_trial", folder)


@pytest.fixture(scope="module")
def enrolments() -> pd.DataFrame:
    rows = pd.read_csv(DATA / "udacity_trial" / "enrollments.csv.gz")
    rows["line"] = rows.index + 2
    for column in ("join_date", "cancel_date"):
        rows[column] = pd.to_datetime(rows[column], format="%d/%m/%y")
    rows["stays"] = ~(rows["days_to_cancel"] <= 7)
    return rows[~rows["is_udacity"]]


def leads(project: Path, definition: str) -> set[str]:
    found = fireflower.open(project).qualify(definition, as_of="2015-09-01")
    return {lead.subject for lead in found.leads()}


def test_udacity_prints_the_figures(udacity: tuple[Path, str]) -> None:
    assert "first enrolments that stay past day 7: 936 of 1296 (72.2 %)" in udacity[1]
    assert "all enrolments that stay past day 7: 1215 of 1622 (74.9 %)" in udacity[1]
    assert "people of whom any enrolment stays past day 7: 995 of 1296 (76.8 %)" in udacity[1]


def test_udacity_first_enrolments(udacity: tuple[Path, str], enrolments: pd.DataFrame) -> None:
    start = enrolments.groupby("account_key")["join_date"].transform("min")
    cancelled = enrolments["cancel_date"] - start <= pd.Timedelta(days=7)
    stays = ~cancelled.groupby(enrolments["account_key"]).any()
    assert leads(udacity[0], "first-enrolment-stays") == {str(key) for key in stays[stays].index}


def test_udacity_all_and_any_enrolments(udacity: tuple[Path, str], enrolments: pd.DataFrame) -> None:
    staying = enrolments[enrolments["stays"]]
    assert leads(udacity[0], "enrolment-stays") == {f"enrolment {line}" for line in staying["line"]}
    assert leads(udacity[0], "any-enrolment-stays") == {str(key) for key in staying["account_key"]}
