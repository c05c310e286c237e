"""What is read at a landmark is what one would count by hand, and nothing later."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from discover.conftest import history, project_of
from fireflower.app.project import Project
from fireflower.app.replaying import history_arguments, moment_of
from fireflower.discover.landmarks import Arguments, _shown_from, first_times, happened, sample_at, sample_when, until
from fireflower.language.nodes import (
    Compare,
    Condition,
    Count,
    DistinctDays,
    Events,
    HoldingPoints,
    Last,
    Score,
    Within,
)
from fireflower.model.moments import DAY, NEVER

SIGN_UP = Events(("Signed Up",))
REPORT = Events(("Report Run",))
QUANTITIES = [
    Count(REPORT, Within(SIGN_UP, None)),
    DistinctDays(REPORT, Within(SIGN_UP, None)),
    Count(REPORT, Last(DAY)),
]


def arguments_of(project: Project) -> Arguments:
    return lambda definitions: history_arguments(project, definitions, moment_of(project, None), None)


def by_hand(people: int) -> dict[str, dict[str, list[int]]]:
    times: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for at, event, person in history(people, lift=4.0):
        times[person][event].append(at)
    return times


def test_quantities_at_landmarks_are_those_counted_by_hand(product: Project) -> None:
    ids = next(iter(product.archive.timelines())).vocabulary.people
    times = by_hand(1500)
    ages = [1 * DAY, 3 * DAY]
    for age, sample in zip(
        ages, sample_at(ages, [QUANTITIES] * 2, SIGN_UP, "person", arguments_of(product)), strict=True
    ):
        assert len(sample) == 1500
        for i in range(0, 1500, 7):
            did = times[ids[sample.subject[i]]]
            born, now = did["Signed Up"][0], did["Signed Up"][0] + age
            assert sample.moment[i] == now - 1
            reports = [at for at in did["Report Run"] if born <= at < now]
            assert sample.numbers[0][i] == len(reports)
            assert sample.numbers[1][i] == len({at // DAY for at in reports})
            assert sample.numbers[2][i] == sum(at >= now - DAY for at in reports)


def test_histories_that_end_at_the_last_landmark_say_the_same(product: Project) -> None:
    arguments, ages = arguments_of(product), [1 * DAY, 3 * DAY]
    whole = sample_at(ages, [QUANTITIES] * 2, SIGN_UP, "person", arguments)
    (born,) = first_times([happened(SIGN_UP)], "person", 1500, arguments)
    ended = until(born + 3 * DAY, "person", arguments)
    for one, other in zip(whole, sample_at(ages, [QUANTITIES] * 2, SIGN_UP, "person", ended), strict=True):
        assert one.subject.tolist() == other.subject.tolist() and one.moment.tolist() == other.moment.tolist()
        assert all(np.array_equal(a, b) for a, b in zip(one.numbers, other.numbers, strict=True))
    nobody = until(np.zeros(1500, np.int64), "person", arguments)
    assert len(next(sample_at(ages, [QUANTITIES] * 2, SIGN_UP, "person", nobody))) == 0


def test_the_future_does_not_matter(tmp_path: Path) -> None:
    """Without anything that happened after anybody's day 3, day 3 is the same."""
    every = list(history(300, lift=4.0))
    born = {person: at for at, event, person in every if event == "Signed Up"}
    past = [row for row in every[:-1] if row[0] < born[row[2]] + 3 * DAY]
    samples = []
    for name, rows in (("every", every), ("past", [*past, every[-1]])):
        project = project_of(tmp_path / name, iter(rows))
        ids = next(iter(project.archive.timelines())).vocabulary.people
        (sample,) = sample_at([3 * DAY], [QUANTITIES], SIGN_UP, "person", arguments_of(project))
        samples.append({ids[s]: tuple(float(c[i]) for c in sample.numbers) for i, s in enumerate(sample.subject)})
    assert samples[0] == samples[1]


def test_first_times_and_what_held_when_a_formula_first_held(product: Project) -> None:
    ids = next(iter(product.archive.timelines())).vocabulary.people
    times = by_hand(1500)
    bought, never = first_times(
        [happened(Events(("Bought",))), happened(Events(("Flown",)))], "person", len(ids), arguments_of(product)
    )
    assert bought.tolist() == [times[person]["Bought"][0] if times[person]["Bought"] else NEVER for person in ids]
    assert np.all(never == NEVER)
    sample = sample_when(happened(Events(("Bought",))), [Count(REPORT)], "person", arguments_of(product))
    assert sorted(sample.subject.tolist()) == np.flatnonzero(bought < NEVER).tolist()
    assert sample.numbers[0].tolist() == [len(times[ids[s]]["Report Run"]) for s in sample.subject]


def test_quantities_when_a_score_first_passed(product: Project) -> None:
    """The evidence has the score, and not what it is made of."""
    bought = happened(Events(("Bought",)))
    scored = Condition(
        Score((HoldingPoints(bought, 2), HoldingPoints(happened(Events(("Flown",))), 1))), Compare(">=", 2)
    )
    first, same = (sample_when(each, [Count(REPORT)], "person", arguments_of(product)) for each in (bought, scored))
    assert first.numbers[0].tolist() == same.numbers[0].tolist()


def test_numbers_beyond_half_the_memory_are_kept_as_they_are() -> None:
    """And nobody is warned of them: warnings are errors here."""
    large = np.array([1e39, 1.0, 2.0**24 + 1, 3.0])
    (first, second), _ = _shown_from(np.array([0, 2]), large, [Count(REPORT), Count(SIGN_UP)])
    assert first.tolist() == [1e39, 2.0**24 + 1] and second.tolist() == [1.0, 3.0]
    assert (first.dtype, second.dtype) == (np.float64, np.float32)
