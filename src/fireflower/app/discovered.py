"""What was discovered, as definition files of a project."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.app.outputs import written
from fireflower.discover.drafts import Draft, free_name, rule_file, score_file

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.discover.results import Discovery, RuleFound, ScoreFound, SegmentRule
    from fireflower.language.nodes import Events


def write_definitions(project: Project, found: Discovery, goal: Events | None) -> Discovery:
    """Write the first rule, each score and each part's own rule; the answer with their names.

    Parameters
    ----------
    goal : the event that the definitions are to predict; None where the goal is more than an event
    """
    folder = project.folder / "definitions"
    folder.mkdir(exist_ok=True)
    taken = {path.stem for path in folder.glob("*.y*ml")} | {definition.name for definition in project.definitions}
    writer = _Writer(folder, found, goal, taken)
    rules = [writer.rule(rule) if rule.grade != "unconfirmed" else rule for rule in found.rules[:1]]
    scores = [writer.score(score) for score in found.scores]
    parts = found.per_segment
    if parts is not None:
        parts = replace(parts, rules=tuple(writer.part(own) for own in parts.rules))
    return replace(
        found, rules=(*rules, *found.rules[1:]), scores=tuple(scores), per_segment=parts, files=tuple(writer.files)
    )


@dataclass
class _Writer:
    """Writes definitions of one answer, each under a name of its own."""

    folder: Path
    found: Discovery
    goal: Events | None
    taken: set[str]
    files: list[str] = field(default_factory=list)

    def rule(self, rule: RuleFound) -> RuleFound:
        share = rule.later.inside.value
        name = self._write("discovered-rule", share, lambda draft: rule_file(draft, rule.parts, rule.any))
        return replace(rule, name=name)

    def score(self, score: ScoreFound) -> ScoreFound:
        share = next((each.share.value for each in score.thresholds if each.bound == score.chosen), nan)
        name = self._write("discovered-score", share, lambda draft: score_file(draft, score.parts, score.chosen))
        return replace(score, name=name)

    def part(self, own: SegmentRule) -> SegmentRule:
        rule, wanted = own.rule, f"discovered-rule-{_slug(own.part)}".removesuffix("-")
        name = self._write(
            wanted, rule.later.inside.value, lambda draft: rule_file(draft, rule.parts, rule.any, own.among)
        )
        return replace(own, rule=replace(rule, name=name))

    def _write(self, wanted: str, share: float, text: Callable[[Draft], str]) -> str:
        name = free_name(wanted, self.taken)
        self.taken.add(name)
        path = self.folder / f"{name}.yaml"
        draft = Draft(name, self.found.subjects, self.goal, _description(share, self.found))
        with written(path) as file:
            file.write(text(draft).encode())
        self.files.append(str(path))
        return name


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _description(share: float, found: Discovery) -> str:
    if isnan(found.landmark_days):
        return f"{100 * share:.1f} % of those who passed it reached the goal, on rows that the search had not seen."
    return (
        f"{100 * share:.1f} % of those who passed it by day {found.landmark_days:g} reached the goal within "
        f"{found.horizon_days:g} days, on data that the search had not seen."
    )
