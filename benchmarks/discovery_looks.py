"""`fireflower discover` in one world whose truth is known, judged by it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import fireflower
from benchmarks.proving.frames import tables, write
from benchmarks.proving.history import NEVER
from benchmarks.proving.kinds import kind
from benchmarks.proving.scoring import Finding, Named, Score, score, selected_at
from benchmarks.proving.world import World, build
from fireflower.language.expressions import parse_formula
from fireflower.language.nodes import Compare, Condition, Count, DistinctDays, Within
from fireflower.model.moments import DAY

if TYPE_CHECKING:
    from fireflower.discover.results import Discovery, ScoreFound
    from fireflower.model.records import SubjectKind

PERMUTATIONS = 100
"""Half as many as `discover` makes: p is coarser then, but as true."""


@dataclass(frozen=True, order=True)
class Asked:
    """One world to search in."""

    kind: str
    conversions: int
    seed: int


def look(asked: Asked) -> dict[str, Any]:
    """Search one world, and judge the rule and the score that were found, as data for JSON."""
    world = build(kind(asked.kind, conversions=asked.conversions), asked.seed)
    found, findings = search(world)
    return {
        "kind": asked.kind, "conversions": asked.conversions, "seed": asked.seed,
        "seconds": round(findings[0].seconds, 2),
        "verdict": found.verdict, "p": round(found.p, 4), "rule": found.rules[0].text if found.rules else "",
        "left_out": [leak.name for leak in found.left_out],
        "by": {each.method: _row(score(each, world), each) for each in findings},
    }  # fmt: skip


def search(world: World) -> tuple[Discovery, list[Finding]]:
    """What `discover` says of a world that was imported as a project, and its rule and its score as findings; their
    seconds are of processor time, for all of it."""
    with TemporaryDirectory(prefix="fireflower-world-") as folder:
        fireflower.open(write(world, Path(folder))).import_()
        started = time.process_time()
        found = fireflower.open(folder).discover(
            subject=world.kind.subject, landmarks=[f"{days} days" for days in _landmarks(world)],
            horizon=f"{world.kind.horizon} days", permutations=PERMUTATIONS,
        )  # fmt: skip
        seconds = time.process_time() - started
        return found, [replace(each, seconds=seconds) for each in _findings(found, world, Path(folder))]


def _landmarks(world: World) -> list[int]:
    """The days on which to look: the world's own, and where its true rule counts fewer, the end of these too, as who
    leaves `--landmarks` alone looks on both."""
    rule = world.truth.rule_at(world.cut)
    return sorted({world.kind.landmark, *(each.within for each in rule.conditions)} if rule else {world.kind.landmark})


def _findings(found: Discovery, world: World, folder: Path) -> list[Finding]:
    if found.verdict != "signal":
        return [Finding("rule", landmark=world.kind.landmark)]
    landmark = found.landmark_days
    rule, listed = found.rules[0], [each.rule for each in found.singles if each.rule.grade != "unconfirmed"]
    cards = found.scores[:1]
    drafts = {rule.name: _text(folder, rule.name)}
    subject = world.kind.subject
    for card in cards:
        drafts |= _at_bounds(card, _text(folder, card.name))
    selected = _selected(world, folder, drafts, landmark)
    made = [
        Finding(
            "rule", tuple(_named(part.text, part.of, subject) for part in rule.parts), selected[rule.name],
            landmark, tuple(_named(each.text, each.parts[0].of, subject) for each in listed),
            (rule.expected.value, rule.expected.low, rule.expected.high), grade=rule.grade,
        )
    ]  # fmt: skip
    for card in cards:
        named = tuple(replace(_named(part.text, part.of, subject), more=part.points > 0) for part in card.parts)
        chosen = selected[_name_at(card, card.chosen)]
        made.append(Finding("score", named, chosen, landmark, chance=_chances(card, world, selected)))
    return made


def _text(folder: Path, name: str) -> str:
    return (folder / "definitions" / f"{name}.yaml").read_text()


def _name_at(card: ScoreFound, bound: float) -> str:
    return f"{card.name}-at-{bound:g}".replace("-at--", "-at-minus-").replace(".", "-")


def _at_bounds(card: ScoreFound, text: str) -> dict[str, str]:
    """The score's definition with every bound: together they tell how many points a subject has."""
    made = {}
    for bound in sorted({card.chosen, *(each.bound for each in card.thresholds)}):
        name = _name_at(card, bound)
        other = re.sub(r"^definition: .*$", f"definition: {name}", text, count=1, flags=re.MULTILINE)
        made[name] = re.sub(r"score >= [-0-9.e]+", f"score >= {bound:g}", other, count=1)
    return made


def _chances(card: ScoreFound, world: World, selected: dict[str, list[str]]) -> dict[str, float]:
    """Each subject's chance by the highest bound that it passes; below all of them, by one point less."""
    bounds = sorted(each.bound for each in card.thresholds)
    lowest = bounds[0] - 1 if bounds else 0.0
    points = dict.fromkeys(world.ids, lowest)
    for bound in bounds:
        points.update(dict.fromkeys(selected[_name_at(card, bound)], bound))
    return {id: float(1 / (1 + np.exp(-(card.base + card.scale * total)))) for id, total in points.items()}


def _named(text: str, of: str, subject: SubjectKind) -> Named:
    """A condition in the words of the proving ground, where it has words for it."""
    match parse_formula(text, subject):
        case Condition(Count() | DistinctDays() as quantity, Compare(">=", float() | int() as bound)):
            window = quantity.window
            if isinstance(window, Within) and window.span is not None:
                name = "count" if isinstance(quantity, Count) else "days"
                return Named(of, float(bound), name, window.span / DAY)
    return Named(of.removeprefix("person.").removeprefix("account."), quantity="other")


def _selected(world: World, folder: Path, drafts: dict[str, str], landmark: float) -> dict[str, list[str]]:
    """Whom definitions select at the landmark, of those who sign up after the cut."""
    found = tables(world, NEVER)
    subject = world.kind.subject
    unseen = np.array(world.ids)[world.unseen(landmark)]
    for name in ("events", "people", "accounts"):
        if name in found and subject in found[name].column_names:
            found[name] = found[name].filter(pc.is_in(found[name][subject], pa.array(unseen)))
    made = fireflower.qualify(list(drafts.values()), settings=folder / "fireflower.yaml", **found)
    rows = made.to_arrow(transitions=True)
    of, who = np.array(rows["definition"].to_pylist()), np.array(rows["subject"].to_pylist())
    at = rows["at"].cast("int64").to_numpy()
    entered = np.array(rows["change"].to_pylist()) == "entered"
    return {
        name: selected_at(world, landmark, who[of == name].tolist(), at[of == name], entered[of == name])
        for name in drafts
    }


def _row(judged: Score, finding: Finding) -> dict[str, Any]:
    """What the report needs of a score, as data for JSON."""
    return {
        "declared": judged.declared, "true_events": judged.true_events, "found": len(judged.found),
        "recovered": judged.recovered, "thresholds": judged.thresholds_recovered,
        "false": list(judged.false), "traps": sorted(judged.traps), "decoys": sorted(judged.decoys),
        "named": [each.name for each in finding.named], "jaccard": judged.jaccard, "selected": judged.selected,
        "realised": judged.realised, "expected": judged.expected, "lift": judged.lift, "claimed": finding.claimed,
        "claim_true": judged.claim_true, "grade": judged.grade, "auc": judged.auc, "log_loss": judged.log_loss,
        "best_auc": judged.best_auc, "best_log_loss": judged.best_log_loss,
    }  # fmt: skip
