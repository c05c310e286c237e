"""After which silence subjects count as gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from discover.conftest import START, project_of
from fireflower.app.discover import Request, discover
from fireflower.app.project import Project
from fireflower.discover import candidates
from fireflower.discover.silence import LONGEST, idle_after
from fireflower.model.moments import DAY


def of(rate: float, seed: int = 0, n: int = 4000) -> tuple[int, np.ndarray, np.ndarray]:
    """People who do something `rate` times a day; a fifth have left at some moment before day 7."""
    rng = np.random.default_rng(seed)
    moment = np.arange(n) * DAY // 10 + 7 * DAY
    gone = rng.random(n) < 0.2
    leaves = np.where(gone, rng.uniform(0, 7, n), 1e9)
    last_before = np.maximum(0, np.minimum(leaves, 7) - rng.exponential(1 / rate, n))
    silent = ((7 - last_before) * DAY).astype(np.int64)
    last = np.where(gone, moment - silent, moment + 20 * DAY)
    return idle_after(silent.astype(float), moment, last, int(moment.max()) + 60 * DAY), silent, gone


def test_where_people_come_daily_two_days_of_silence_say_that_they_have_left() -> None:
    span, silent, gone = of(rate=3.0)
    assert span in (1 * DAY, 2 * DAY)
    assert gone[silent >= span].mean() > 0.75 and (silent[gone] >= span).mean() > 0.7


def test_where_people_come_weekly_they_are_waited_for() -> None:
    span, silent, _ = of(rate=1 / 7)
    assert not (silent >= span).any()


def test_who_could_not_come_back_yet_says_nothing() -> None:
    moment = np.full(500, 100 * DAY)
    silent, last = np.full(500, 0.5 * DAY), moment + DAY
    assert idle_after(silent, moment, last, 101 * DAY) == LONGEST
    assert idle_after(silent, moment, last, 200 * DAY) == DAY


def test_where_most_never_come_back_those_who_do_are_not_taken_for_gone() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    moment = np.full(n, 100 * DAY)
    stays = rng.random(n) < 0.15
    silent = np.where(stays, rng.uniform(0, 14, n), rng.uniform(10, 14, n)) * DAY
    assert idle_after(silent, moment, np.where(stays, moment + DAY, moment - DAY), 200 * DAY) == LONGEST


def test_who_has_left_is_known_though_there_are_too_many_candidates_to_look_at_all(
    product: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST_CANDIDATES", 2)
    found = product.discover(landmarks=["7 days"], permutations=40, write=False)
    assert found.landmarks[0].at_risk > 0


def test_what_happens_after_the_moment_asked_about_changes_nothing(tmp_path: Path) -> None:
    """Half leave after a day, and come back long after that moment."""
    as_of, past, later = START + 150 * DAY, [], []
    for i in range(400):
        born, person, stays = START + i * DAY // 4, f"p{i:03}", i % 2
        past += [(born, "Signed Up", person), (born + (6 if stays else 1) * DAY, "Login", person)]
        past += [(born + day * DAY, "Report Run", person) for day in (2, 9) if stays and i % 3]
        past += [(born + 20 * DAY, "Bought", person)] if i % 6 == 1 else [(born + 9 * DAY, "Login", person)] * stays
        later += [(as_of + i + 1, name, person) for name in ("Login", "Bought")]
    asked = Request(landmarks=(7 * DAY,), permutations=40, as_of=as_of, write=False)
    known, more = (
        discover(project_of(tmp_path / name, iter(sorted(rows))), asked)
        for name, rows in (("known", past), ("more", [*past, *later]))
    )
    assert known.landmarks[0].left_before == 200 and known.landmarks[0].hits >= 50
    assert repr(known) == repr(more)
