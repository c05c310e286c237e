"""What was discovered, as definition files of a project."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import isnan, nan
from typing import TYPE_CHECKING

from fireflower.app.discovered_files import Proposal, Shelf
from fireflower.discover.drafts import Aim, Draft, rule_file, score_file
from fireflower.review.words import percent

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.discover.results import Discovery, RuleFound, ScoreFound, SegmentRule


def write_definitions(project: Project, found: Discovery, aim: Aim) -> Discovery:
    """Write the first rule, each score and each part's own rule; the answer with their names.

    Parameters
    ----------
    aim : what the definitions are to predict
    """
    folder = project.folder / "definitions"
    folder.mkdir(exist_ok=True)
    shelf, drafts = Shelf(folder, project.settings), _Drafts(found, aim)
    first = [rule for rule in found.rules[:1] if rule.grade != "unconfirmed"]
    own = () if found.per_segment is None else found.per_segment.rules
    proposals = (*map(drafts.rule, first), *map(drafts.score, found.scores), *map(drafts.part, own))
    names = iter(shelf.put(proposals))
    project.reread()
    rules = [replace(rule, name=next(names)) for rule in first]
    scores = [replace(score, name=next(names)) for score in found.scores]
    own = tuple(replace(each, rule=replace(each.rule, name=next(names))) for each in own)
    return replace(
        found,
        rules=(*rules, *found.rules[len(rules) :]),
        scores=tuple(scores),
        per_segment=None if found.per_segment is None else replace(found.per_segment, rules=own),
        files=tuple(shelf.files),
        has_goal=aim.events is not None,
        next_steps=(*found.next_steps, shelf.said(), *([] if aim.events else [_without_goal(aim, rules[0].name)])),
    )


def _without_goal(aim: Aim, name: str) -> str:
    return (
        f"The definitions have no goal, as `goal:` takes events only and not {aim.said}; so 'fireflower backtest' has "
        f"nothing to count. 'fireflower qualify -d {name}' tells whom they select."
    )


@dataclass(frozen=True, slots=True)
class _Drafts:
    """Definitions of one answer, not yet written."""

    found: Discovery
    aim: Aim

    def rule(self, rule: RuleFound) -> Proposal:
        said = self._expected(rule)
        return Proposal("discovered-rule", lambda name: rule_file(self._draft(name, said), rule.parts, rule.any))

    def score(self, score: ScoreFound) -> Proposal:
        share = next((each.share.value for each in score.thresholds if each.bound == score.chosen), nan)
        said = f"{percent(share)} of those who passed it{self._by()} {self.aim.reached}{self._within()}."
        return Proposal("discovered-score", lambda name: score_file(self._draft(name, said), score.parts, score.chosen))

    def part(self, own: SegmentRule) -> Proposal:
        rule, wanted = own.rule, f"discovered-rule-{_slug(own.part)}".removesuffix("-")
        said = self._expected(rule)
        return Proposal(wanted, lambda name: rule_file(self._draft(name, said), rule.parts, rule.any, own.among))

    def _draft(self, name: str, description: str) -> Draft:
        return Draft(name, self.found.subjects, self.aim.events, description, self.aim.said)

    def _expected(self, rule: RuleFound) -> str:
        share = percent(rule.expected.value)
        by = self._by() or ","
        return f"Of those who pass it{by} {share} are expected to {self.aim.reach}{self._within()}."

    def _by(self) -> str:
        if isnan(self.found.landmark_days):
            return ""
        return f" by day {self.found.landmark_days:g}, still active and without the goal then,"

    def _within(self) -> str:
        return "" if isnan(self.found.landmark_days) else f" within {self.found.horizon_days:g} days"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
