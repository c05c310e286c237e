"""Discovery on data that nobody here wrote, against what is known of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("discovery-examples")

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
QUICK = ("--permutations", "40", "--json")


def answer(example: str, data: str, *arguments: str | Path) -> dict[str, Any]:
    """What the example's script finds."""
    if not (DATA / data).is_dir():
        pytest.skip(f"the public data set {data!r} is not here ({DATA / data}); the project does not ship it")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    command = [ROOT / "examples" / example / "run", DATA / data, *arguments, *QUICK]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("\n{\n") if not done.stdout.startswith("{") else 0 :])


def best_auc(found: dict[str, Any]) -> float:
    return max(each["auc"]["value"] for each in [*found["ceilings"], *found["scores"]])


def test_xeducation_the_leaks_are_named_unasked() -> None:
    found = answer("xeducation", "xeducation")
    named = {leak["name"] for leak in found["left_out"] if leak["kind"] != "own"}
    asymmetrique = {f"Asymmetrique {what} {kind}" for what in ("Activity", "Profile") for kind in ("Index", "Score")}
    assert named == {"Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity", *asymmetrique}
    assert best_auc(found) >= 0.88
    assert found["horizon_days"] is None


def test_relax_adoption_from_the_first_two_weeks(tmp_path: Path) -> None:
    found = answer("relax_discover", "relax", tmp_path)
    (landmark,) = found["landmarks"]
    assert 0.104 <= landmark["hits"] / landmark["followed"] <= 0.12
    assert best_auc(found) >= 0.79
    assert found["scores"][0]["auc"]["value"] >= 0.77
    assert "person.last_session_creation_time" in {leak["name"] for leak in found["left_out"]}


def test_udacity_the_leak_of_day_7_is_named_and_day_3_is_honest(tmp_path: Path) -> None:
    found = answer("udacity_discover", "udacity_trial", tmp_path)
    third, seventh = found["landmarks"]
    assert third["hits"] / third["followed"] == pytest.approx(0.81, abs=0.01)
    assert any(said.startswith("who had left or bought before day 7") for said in found["cautions"])
    assert seventh["naive_auc"] > third["auc"] + 0.05
    assert found["landmark_days"] == 3
    assert best_auc(found) >= 0.60
