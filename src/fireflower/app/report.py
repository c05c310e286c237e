"""The report: one page about all definitions, to be sent around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.app.outputs import written
from fireflower.app.qualify import read_truth
from fireflower.app.replaying import Advance, reviewed, standing_of, transitions_of
from fireflower.model.moments import DAY

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.app.report_leads import Facts
    from fireflower.evaluate.results import Transitions
    from fireflower.language.nodes import Definition
    from fireflower.report import DefinitionReport, ReportData, Unmoved
    from fireflower.review.moments import Moments
    from fireflower.review.results import ThresholdCurve

RECENT_DAYS = 14


def report(
    project: Project,
    names: Sequence[str] = (),
    *,
    path: Path | None = None,
    as_of: int | None = None,
    horizon: int | None = None,
    truth: Path | None = None,
    people: bool = True,
    progress: Advance | None = None,
) -> Path:
    """Write the report as one HTML file, whole or not at all, and return where it is.

    Parameters
    ----------
    names : of definitions, the most important first; all, without names
    path : by default report.html in the project's folder
    horizon : within which span after an entry the goal counts; 30 days by default
    truth : the truth.csv of a simulated project, to be shown beside the leads
    people : whether to name people of accounts: whom to talk to, and whose records tipped a change
    """
    from fireflower.report import render

    page = render(
        report_data(project, names, as_of=as_of, horizon=horizon, truth=truth, people=people, progress=progress)
    )
    path = path or project.folder / "report.html"
    with written(path) as file:
        file.write(page.encode())
    return path


def report_data(
    project: Project,
    names: Sequence[str] = (),
    *,
    as_of: int | None = None,
    horizon: int | None = None,
    truth: Path | None = None,
    people: bool = True,
    progress: Advance | None = None,
) -> ReportData:
    """Everything that the report says, as data."""
    from importlib.metadata import version

    from fireflower.app.naming import naming
    from fireflower.app.report_data import data_summary
    from fireflower.app.report_leads import Facts
    from fireflower.report import ReportData

    definitions = project.chosen(names)
    facts = [Facts.of(definition, project.archive.vocabulary()) for definition in definitions]
    named = [naming(definition, each.name) for each, definition in zip(facts, definitions, strict=True)]
    transitions = transitions_of(project, named, as_of=as_of, evidence=True, progress=progress)
    known = {} if truth is None else read_truth(truth)
    return ReportData(
        project=project.settings.name or project.folder.resolve().name,
        as_of=transitions.as_of,
        version=version("fireflower"),
        definitions=_definitions(project, definitions, facts, transitions, horizon, known, people),
        data=data_summary(project, transitions.as_of),
        recent_days=RECENT_DAYS,
        simulated=truth is not None,
    )


def _definitions(
    project: Project,
    definitions: Sequence[Definition],
    facts: Sequence[Facts],
    transitions: Transitions,
    horizon: int | None,
    truth: Mapping[tuple[str, str], str],
    people: bool,
) -> tuple[DefinitionReport, ...]:
    beside = [fact.beside(definition) for fact, definition in zip(facts, definitions, strict=True)]
    standing = standing_of(project, beside, as_of=transitions.as_of)
    reviews = _reviewing(project, definitions, transitions.as_of)
    return tuple(
        _definition(project, definition, transitions, standing, fact, reviews, horizon, truth, people)
        for definition, fact in zip(definitions, facts, strict=True)
    )


def _reviewing(project: Project, definitions: Sequence[Definition], as_of: int) -> Transitions:
    """What statistics need beside the definitions: starts, goals, and every bound moved."""
    from fireflower.review.thresholds import variants

    moved = [variant.definition for definition in definitions for variant in variants(definition)]
    needed = (*reviewed(project, *definitions), *moved)
    return transitions_of(project, needed, as_of=as_of)


def _definition(
    project: Project,
    definition: Definition,
    transitions: Transitions,
    standing: Transitions,
    facts: Facts,
    reviews: Transitions,
    horizon: int | None,
    truth: Mapping[tuple[str, str], str],
    people: bool,
) -> DefinitionReport:
    from fireflower.app.report_leads import changes, criteria, doers_standing, leads
    from fireflower.language.describing import describe
    from fireflower.report import DefinitionReport
    from fireflower.review.backtest import HORIZON, backtest
    from fireflower.review.funnel import funnel, time_to_value
    from fireflower.review.moments import moments, spells
    from fireflower.review.volume import weekly_volume

    wanted = criteria(definition)
    people = people or definition.subject == "person"
    doers = doers_standing(project, standing, definition) if people else {}
    found = leads(standing, definition, wanted, facts, truth, doers)
    recently = transitions.as_of - RECENT_DAYS * DAY
    when, own = moments(reviews, definition), spells(transitions, definition.name)
    span, has_goal = horizon or HORIZON, bool(when.goal_words)
    curves, unmoved = _thresholds(when, definition, reviews, span) if has_goal else ((), ())
    return DefinitionReport(
        name=definition.name,
        subjects=definition.subject,
        kind=definition.kind,
        description=definition.description,
        english=_english(describe(definition)),
        goal=when.goal_words,
        criteria=wanted,
        leads=found,
        changes=changes(project, transitions, definition, recently, facts, people),
        volume=weekly_volume(when, own),
        funnel=funnel(when, own),
        time_to_value=time_to_value(when, own),
        backtest=backtest(when, own, definition=definition.name, horizon=span) if has_goal else None,
        thresholds=curves,
        unmoved=unmoved,
    )


def _thresholds(
    when: Moments, definition: Definition, reviews: Transitions, horizon: int
) -> tuple[tuple[ThresholdCurve, ...], tuple[Unmoved, ...]]:
    """The threshold curves that tell something, and the bounds whose curves would not."""
    from fireflower.report import Unmoved
    from fireflower.review.moments import spells
    from fireflower.review.telling import tells_nothing, trimmed
    from fireflower.review.thresholds import threshold_curves, variants

    found = threshold_curves(when, variants(definition), lambda name: spells(reviews, name), horizon=horizon)
    curves = [(curve, tells_nothing(curve, definition.subject)) for curve in map(trimmed, found)]
    unmoved = (Unmoved(curve.label, curve.bound, why) for curve, why in curves if why)
    return tuple(curve for curve, why in curves if not why), tuple(unmoved)


def _english(described: str) -> tuple[str, ...]:
    """Without the title and the description, which the report has of its own."""
    _, _, criteria = described.partition("\n\n")
    return tuple(line for line in criteria.splitlines() if line)
