"""Rivals' arithmetic against published results, and that each of them is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.proving import build, kind, score
from benchmarks.proving.chance import Floats
from benchmarks.proving.compare import MARKS, RIVALS, compare, main, row
from benchmarks.proving.compare_report import METHODS, SCORE, TREES, markdown
from benchmarks.proving.features import Table, at_landmark, before_buying, ever, first_days
from benchmarks.proving.rivals import missing, run
from benchmarks.proving.rivals.plain import PLAIN, bayes_chance, naive_bayes, odds_ratios
from benchmarks.proving.rivals.rival import Rival, named, phi
from benchmarks.proving.scoring import Named


def table(did: Floats, outcome: list[bool]) -> Table:
    names = tuple("abcdef"[: did.shape[1]])
    return Table(names, did, np.array(outcome), np.arange(len(outcome)))


@pytest.mark.parametrize(
    ("s", "of", "f", "others", "ratio"),
    [(10, 10, 1, 2, 11), (0, 10, 1, 2, 1 / 11), (2, 2, 1, 2, 3), (11, 11, 6, 6, 12 / 7)],
)
def test_odds_ratios_as_published(s: int, of: int, f: int, others: int, ratio: float) -> None:
    did = np.array([1.0] * s + [0.0] * (of - s) + [1.0] * f + [0.0] * (others - f))[:, None]
    assert odds_ratios(table(did, [True] * of + [False] * others))[0] == pytest.approx(ratio)


def test_naive_bayes_by_hand() -> None:
    learned = naive_bayes(table(np.array([[1.0], [1.0], [0.0], [0.0]]), [True, False, False, False]))
    won, lost = 0.25 * 1.1 / 1.2, 0.75 * 1.1 / 3.2
    assert bayes_chance(learned, np.array([[1.0]]))[0] == pytest.approx(won / (won + lost))
    certain = (0.5, np.full(99, 0.999), np.full(99, 0.001))
    assert bayes_chance(certain, np.ones((1, 99)))[0] == 0.9999


def test_phi_is_pearsons() -> None:
    one, other = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 0, 0, 1], bool)
    assert phi(one, other) == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert phi(one | True, other) == 0


def test_tables_differ_in_what_they_look_at() -> None:
    world = build(kind("leaks", conversions=100, events=24), 3)
    honest, all_of_it, half = at_landmark(world, 7), ever(world), before_buying(world)
    trap = next(name for name, why in world.truth.traps.items() if why == "after")
    column = honest.names.index(trap)
    assert not honest.values[:, column].any() and not half.values[:, column].any()
    assert (all_of_it.values[:, column] > 0).sum() > 0.8 * all_of_it.outcome.sum()
    assert first_days(world, 14).values[:, column].any()
    assert len(honest.subject) < len(all_of_it.subject)
    later = at_landmark(world, 7, unseen=True)
    assert not set(later.subject) & set(all_of_it.subject)


def test_looking_at_everything_ever_falls_into_traps() -> None:
    for seed in (1, 2):
        world = build(kind("leaks", conversions=60, events=24), seed)
        for rival in PLAIN[:2]:
            assert len(score(run(rival, world), world).traps) >= 2


def test_columns_are_named_by_trait_and_by_whole_counts() -> None:
    assert named("status = b", 1.0) == Named("status")
    assert named("Report Opened", 2.5, more=False) == Named("Report Opened", 3.0, more=False)


def test_a_rival_that_is_not_installed_says_so() -> None:
    assert "no_such_library" in missing(Rival("x", "X", lambda table: run, needs=("no_such_library",)))
    assert missing(PLAIN[0]) == ""
    assert len(RIVALS) >= 10 and len({rival.name for rival in RIVALS}) == len(RIVALS)


INSTALLED = [rival for rival in RIVALS if not missing(rival)]
"""Those of libraries that contradict each other's needs are tried where somebody has installed them."""


@pytest.mark.parametrize("rival", INSTALLED, ids=lambda rival: rival.name)
def test_every_rival_finds_something_and_is_judged(rival: Rival) -> None:
    world = build(kind("and", conversions=50, events=12), 1)
    judged = score(run(rival, world), world)
    assert judged.method == rival.name and judged.true_events == 3
    assert rival.name == "skope" or judged.declared


def test_each_method_in_a_world_is_a_row() -> None:
    world = build(kind("null", conversions=50), 1)
    rows = [row(judged, 50) for scores in compare(world, PLAIN[:2]) for judged in scores]
    assert [(each["kind"], each["seed"], each["method"]) for each in rows] == [
        ("null", 1, PLAIN[0].name), ("null", 1, PLAIN[1].name),
    ]  # fmt: skip
    assert all(each["true_events"] == 0 and each["auc"] is None and each["at_risk"] > 0 for each in rows)


def test_what_was_measured_is_kept_and_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, page = tmp_path / "rivals.jsonl", tmp_path / "page.md"
    page.write_text("before\n" + "\n".join(MARKS) + "\nafter\n")
    asked = ["--worlds", "1", "--conversions", "50", "--data", str(data), "--publish", str(page), "--kinds"]
    assert main([*asked, "and", "--rivals", "odds", "bayes"]) == 0
    first = data.read_text()
    data.write_text(first + '{"kind": "broken of')
    assert main([*asked, "and", "null", "--rivals", "odds"]) == 0
    assert data.read_text().startswith(first) and data.read_text().count("\n") == 3
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "| `and` (3) |" in text and "| `null` |" in text
    assert capsys.readouterr().out.count("| `and` (3) |") == 2


def test_chances_are_compared_in_worlds_in_which_both_give_them_to_the_same_people() -> None:
    def measured(method: str, seed: int, auc: float | None, at_risk: int = 90) -> dict[str, Any]:
        return {
            "kind": "drift", "seed": seed, "method": method, "declared": auc is not None, "true_events": 0, "found": 0,
            "false": 1, "traps": 0, "jaccard": None, "at_risk": at_risk, "auc": auc, "log_loss": auc, "seconds": 1.0,
        }  # fmt: skip

    ours = [measured(SCORE, 1, 0.5), measured(SCORE, 2, None), measured(SCORE, 3, 0.9, at_risk=80)]
    trees = [measured(TREES, seed, auc) for seed, auc in ((1, 0.5), (2, 0.7), (3, 0.6))]
    text = markdown([*ours, *trees])
    assert "| `drift` | 1 | 0.500, 0.500 (+0.000) | 0.500, 0.500 | 0 |" in text
    assert "| `drift` |  | in 2 of 3 |" in text
    assert set(METHODS) >= {rival.name for rival in RIVALS}
    assert markdown([measured("points", 1, 0.5)]) == "\n"
