"""Fireflower takes the worlds as they are, and its verdicts by the true rule are the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fireflower
from benchmarks.proving import Rule, World, build, kind
from benchmarks.proving.frames import snapshot, tables, write
from benchmarks.proving.history import NEVER, SIGN_UP
from benchmarks.proving.scoring import Finding, Named, score, selected_at

WORD = {"count": "count", "days": "distinct_days"}


def definition(world: World, rule: Rule) -> str:
    """The rule in fireflower's language."""
    tests = [
        f'{WORD[each.quantity]}({each.event}, within {each.within} days of "{SIGN_UP}") >= {each.at_least}'
        for each in rule.conditions
    ]
    head = f"definition: true\nsubject: {world.kind.subject}\nkind: usage\ngoal: none\n"
    if rule.form == "points":
        items = "".join(f"    '{test}': {each.points}\n" for each, test in zip(rule.conditions, tests, strict=True))
        return f"{head}value: score >= {rule.bar}\nscore:\n  points:\n{items}"
    return f"{head}value: {(' and ' if rule.form == 'all' else ' or ').join(tests)}\n"


@pytest.mark.parametrize("name", ["and", "points", "window", "bursts", "accounts", "teams"])
def test_verdicts_by_the_true_rule_are_the_truth(name: str) -> None:
    world = build(kind(name, conversions=50, events=12), 4)
    rule = world.truth.rule_at(world.cut)
    assert rule is not None
    found = fireflower.qualify(definition(world, rule), **tables(world, NEVER)).to_arrow(transitions=True)
    entered = found["change"].to_numpy(zero_copy_only=False) == "entered"
    at = found["at"].cast("int64").to_numpy()
    assert entered.all()
    holds_from = np.full(len(world.ids), NEVER)
    number = {id: place for place, id in enumerate(world.ids)}
    holds_from[[number[id] for id in found["subject"].to_pylist()]] = at
    assert (holds_from == world.truth.holds_from).all()
    selected = selected_at(world, 7, found["subject"].to_pylist(), at, entered)
    judged = score(
        Finding("true", tuple(Named(e.event, e.at_least, e.quantity, e.within) for e in rule.conditions), selected),
        world,
    )
    assert judged.jaccard == 1 and judged.thresholds_recovered and not judged.false


def test_tables_hold_what_was_recorded_before_the_cut() -> None:
    world = build(kind("leaks", conversions=50, events=12), 4)
    found = tables(world)
    assert set(found) == {"events", "people"}
    for table in found.values():
        assert table["time"].cast("int64").to_numpy().max() < world.cut
    assert found["events"].num_rows < tables(world, NEVER)["events"].num_rows
    assert found["people"].column_names == ["time", "person", "region", "size", "status"]
    flat = tables(world, timed=False)["people"]
    assert flat.equals(snapshot(world))
    assert flat.num_rows == (world.history.signed_up < world.cut).sum()
    assert flat["status"].null_count > 0 and flat["region"].null_count == 0


def test_members_act_after_they_have_joined() -> None:
    world = build(kind("accounts", conversions=50, events=12), 4)
    found = tables(world)
    joined = dict(
        zip(
            found["memberships"]["person"].to_pylist(),
            found["memberships"]["time"].cast("int64").to_pylist(),
            strict=True,
        )
    )
    people, time = found["events"]["person"].to_pylist(), found["events"]["time"].cast("int64").to_pylist()
    assert all(joined[person] <= moment for person, moment in zip(people, time, strict=True))
    assert len(set(people)) > 1.5 * len(world.ids) * 0.5


@pytest.mark.parametrize(("name", "timed"), [("accounts", True), ("teams", False)])
def test_a_project_imports_what_is_written(name: str, timed: bool, tmp_path: Path) -> None:
    world = build(kind(name, conversions=50, events=12, traps=("status",)), 4)
    write(world, tmp_path, timed=timed)
    project = fireflower.open(tmp_path)
    reports = project.import_()
    assert sum(report.kept_aside for report in reports) == 0
    rows = sum(table.num_rows for table in tables(world, timed=timed).values())
    assert sum(report.read for report in reports) == rows
    assert len(project.archive.vocabulary().people) > 0.5 * len(world.ids)
