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
        said = self._expected(rule)
        name = self._write("discovered-rule", said, lambda draft: rule_file(draft, rule.parts, rule.any))
        return replace(rule, name=name)

    def score(self, score: ScoreFound) -> ScoreFound:
        share = next((each.share.value for each in score.thresholds if each.bound == score.chosen), nan)
        said = f"{100 * share:.1f} % of those who passed it{self._by()} reached the goal{self._within()}."
        name = self._write("discovered-score", said, lambda draft: score_file(draft, score.parts, score.chosen))
        return replace(score, name=name)

    def part(self, own: SegmentRule) -> SegmentRule:
        rule, wanted = own.rule, f"discovered-rule-{_slug(own.part)}".removesuffix("-")
        said = self._expected(rule)
        name = self._write(wanted, said, lambda draft: rule_file(draft, rule.parts, rule.any, own.among))
        return replace(own, rule=replace(rule, name=name))

    def _expected(self, rule: RuleFound) -> str:
        share = 100 * rule.expected.value
        return f"Of those who pass it{self._by() or ','} {share:.1f} % are expected to reach the goal{self._within()}."

    def _by(self) -> str:
        if isnan(self.found.landmark_days):
            return ""
        return f" by day {self.found.landmark_days:g}, still active and without the goal then,"

    def _within(self) -> str:
        return "" if isnan(self.found.landmark_days) else f" within {self.found.horizon_days:g} days"

    def _write(self, wanted: str, description: str, text: Callable[[Draft], str]) -> str:
        name = free_name(wanted, self.taken)
        self.taken.add(name)
        path = self.folder / f"{name}.yaml"
        draft = Draft(name, self.found.subjects, self.goal, description)
        with written(path) as file:
            file.write(text(draft).encode())
        self.files.append(str(path))
        return name


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
