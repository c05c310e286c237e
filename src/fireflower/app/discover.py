"""Which behaviour predicts the goal: from a project's history to an answer and definition files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireflower.app.replaying import Advance, history_arguments, history_of, moment_of, processors
from fireflower.model.errors import DefinitionError, ProjectError, UnknownNameError, did_you_mean
from fireflower.model.moments import DAY, format_span
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.discover.answer import Answer, Given
    from fireflower.discover.histories import Landmark, Lives, Source
    from fireflower.discover.results import Discovery
    from fireflower.history.archive import Summary
    from fireflower.language.nodes import Definition, Events, Formula, Settings

LANDMARKS = (1 * DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY)
_MOST_PROPERTIES = 40
_MAPS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks.

    Attributes
    ----------
    goal : an event, several joined by `or`, or a formula; the project's goal without one
    subject : person or account; accounts where there are any
    horizon : within which span after a landmark the goal counts
    landmarks : ages at which one predicts
    per_week : how many leads can be worked each week
    churn : the event that ends use, so that whoever did it is no longer looked at
    hypothesis : a team's own definition, to be tested beside what is found: its file, or its name if it is one of the
        project's; None for none
    keep : events and traits to look at although they look like leaks
    write : whether to write definitions
    """

    goal: str = ""
    subject: SubjectKind | None = None
    horizon: int = 30 * DAY
    landmarks: tuple[int, ...] = LANDMARKS
    per_week: float | None = None
    churn: str = ""
    keep: tuple[str, ...] = ()
    hypothesis: Path | None = None
    permutations: int = 200
    seed: int = 0
    as_of: int | None = None
    write: bool = True


def discover(project: Project, request: Request, progress: Advance | None = None) -> Discovery:
    """Look for what predicts the goal.

    Raises
    ------
    ProjectError
        If there is no history, or nothing can be asked of it: no goal, one that nobody or everybody reaches, or one
        that comes before the start.
    """
    from fireflower.discover.answer import answer
    from fireflower.discover.study import Question

    source, words = _source(project, request)
    own = _hypothesis(project, request, source)
    question = Question(request.horizon, request.per_week, request.permutations, request.seed, processors())
    found = answer(_read(project, request, source, words), question, progress)
    return _written(project, request, source, _enriched(project, request, source, own, found))


def read(project: Project, request: Request) -> Given:
    """What is read from the history, before anything is searched: everybody at each landmark with all candidates."""
    return _read(project, request, *_source(project, request))


def _read(project: Project, request: Request, source: Source, words: str) -> Given:
    from fireflower.discover.answer import Given
    from fireflower.discover.doubts import of_history, without_a_time
    from fireflower.discover.histories import landmarks, leaking_events, lives
    from fireflower.discover.study import best_of

    found = lives(source)
    _check_goal(source, found, words)
    leaking = leaking_events(source, found)
    at = landmarks(source, found, _ages(project, request, source), request.horizon, [leak.name for leak in leaking])
    looked_at = max(len(each.frame.columns) for each in at)
    at, filled = _without_filled_in(at, request)
    doubts = (*of_history(source.seen, found, looked_at), *without_a_time([each.frame for each in at]))
    return Given(
        words, source.subject, source.as_of, [each.frame for each in at], [each.before for each in at],
        [best_of(each.naive) for each in at], (*leaking, *filled),
        doubts, [each.silence for each in at], source.churn is not None,
    )  # fmt: skip


def _hypothesis(project: Project, request: Request, source: Source) -> Definition | None:
    from fireflower.language.loading import load_definition

    if request.hypothesis is None:
        return None
    if not request.hypothesis.exists() and any(each.name == str(request.hypothesis) for each in project.definitions):
        [own] = project.chosen([str(request.hypothesis)])
    else:
        own = load_definition(request.hypothesis, project.settings)
    if own.subject != source.subject:
        raise ProjectError(
            f"{own.name} is about the {own.subject}, and the question about the {source.subject}: "
            f"ask with the subject {own.subject}."
        )
    return own


def _enriched(project: Project, request: Request, source: Source, own: Definition | None, found: Answer) -> Answer:
    """With what only the history can tell: threshold x window maps, and a team's own definition."""
    from fireflower.discover.circles import complete
    from fireflower.discover.histories import heat_maps
    from fireflower.discover.hypothesis import judged

    ground, result = found.ground, found.discovery
    if ground is None:
        said = (
            ()
            if own is None
            else (f"{own.name} was not measured, as too few reached the goal.", *_doubts(own, project, source))
        )
        return replace(found, discovery=replace(result, cautions=(*result.cautions, *said)))
    if own is not None:
        result = replace(result, hypothesis=judged(own, ground, found.grounds, source))
    names = list(dict.fromkeys(single.rule.parts[0].of for single in result.singles))
    events = [name for name in names if name in source.seen.events][:_MAPS]
    heat = heat_maps(source, ground.frame, events, sorted(set(request.landmarks)), request.horizon)
    circles = complete(result.circles, project.settings)
    result = replace(result, cautions=(*result.cautions, *_beyond(request, result), *_doubts(own, project, source)))
    return replace(found, discovery=replace(result, heat=heat, circles=circles))


def _beyond(request: Request, found: Discovery) -> Iterator[str]:
    """Where even what is rarest comes more often than can be worked."""
    if found.verdict != "signal":
        return
    volumes = [rule.per_week for rule in found.rules[:1]]
    volumes += [at.per_week for card in found.scores for at in card.thresholds if at.bound == card.chosen]
    if request.per_week is not None and max(volumes, default=0.0) > request.per_week:
        yield (
            f"the {request.per_week:g} a week that can be worked are fewer than what is found: conditions that pass "
            "still fewer rest on too few to be looked at. Take the first of each week, or let a message go to the rest."
        )


def _doubts(own: Definition | None, project: Project, source: Source) -> Iterator[str]:
    """What of a team's own definition is probably not meant."""
    from fireflower.discover.landmarks import happened
    from fireflower.language.checking import unseen_names

    if own is None:
        return
    properties = project.archive.summary().property_names
    for _, message in unseen_names([own], source.vocabulary.names, properties):
        yield f"your own definition: {message}"
    if own.goal is not None and happened(own.goal) != source.goal:
        named = " or ".join(own.goal.names)
        yield f"your own definition is to predict {named}; here it was judged by the goal that was asked for."


def _source(project: Project, request: Request) -> tuple[Source, str]:
    from fireflower.discover.candidates import Seen
    from fireflower.discover.circles import declared
    from fireflower.discover.histories import Source
    from fireflower.language.nodes import Events

    summary = history_of(project)
    subject: SubjectKind = request.subject or ("account" if summary.accounts else "person")
    if not summary.events:
        raise ProjectError(
            "the history has no events, only tables. Import what people do: 'fireflower import events.csv'."
        )
    if subject == "account" and not summary.accounts:
        raise ProjectError("nothing in the history names an account. Ask about people (subject person).")
    goal, words = _goal(project, request, summary, subject)
    _check_kept(request, summary, subject)
    start = project.settings.start
    if start is not None and not any(name in summary.events for name in start.names):
        raise ProjectError(
            f"the start {start.names[0]!r} has never happened.{_near(start.names[0], summary)} Correct `start:` in "
            "fireflower.yaml, or take it out there: then everybody starts with the first thing that they do."
        )
    as_of = moment_of(project, request.as_of)
    properties = _properties(summary)

    def arguments(definitions: Sequence[Definition]) -> dict[str, Any]:
        return history_arguments(project, definitions, as_of, None)

    first = next(iter(project.archive.timelines(properties)), None)
    assert first is not None  # there are records
    seen = Seen(summary.events, summary.traits, summary.properties, first.vocabulary.texts)
    churn = _events(request.churn, summary, "churn") if request.churn else None
    leaves_out = any(kind == subject for kind, _ in project.settings.leave_out)
    source = Source(
        seen, first.vocabulary, subject, goal, start or Events(), churn,
        leaves_out, declared(project.settings), frozenset(request.keep), as_of, arguments,
    )  # fmt: skip
    return source, words


def _properties(summary: Summary) -> list[str]:
    """The properties with texts that occur most often."""
    counts: dict[str, int] = {}
    for types in summary.properties.values():
        for path, of in types.items():
            counts[path] = counts.get(path, 0) + of.get("text", 0) + of.get("truth", 0)
    return sorted((path for path, count in counts.items() if count), key=lambda path: -counts[path])[:_MOST_PROPERTIES]


def _goal(project: Project, request: Request, summary: Summary, subject: SubjectKind) -> tuple[Formula, str]:
    from fireflower.discover.landmarks import happened
    from fireflower.language.expressions import parse_formula
    from fireflower.language.sentences import write_events
    from fireflower.language.walking import events_of

    if not request.goal:
        if project.settings.goal is None:
            raise ProjectError(
                'what is to be predicted? Name a goal, such as "Subscription Started", or write `goal:` in '
                "fireflower.yaml. "
                f"Events are: {_some(summary.events)}."
            )
        unseen = [name for name in project.settings.goal.names if name not in summary.events]
        if unseen:
            raise ProjectError(
                f"the goal {unseen[0]!r} has never happened.{_near(unseen[0], summary)} Correct `goal:` in "
                "fireflower.yaml, or ask for another goal."
            )
        return happened(project.settings.goal), write_events(project.settings.goal)
    if request.goal in summary.events:
        return happened(_events(request.goal, summary, "the goal")), request.goal
    if any(sign in request.goal for sign in "(<>="):
        try:
            formula = parse_formula(request.goal, subject, _anchors(project.settings))
        except DefinitionError as error:
            said = f"the goal {request.goal!r} is neither an event nor a formula: {error}"
            raise UnknownNameError(said) from None
        for events in events_of(formula):
            _check_happened(events.names, summary, "the goal")
        return formula, request.goal
    return happened(_events(request.goal, summary, "the goal")), request.goal


def _anchors(settings: Settings) -> dict[str, Events]:
    known = {"start": settings.start, "activation": settings.activation, "goal": settings.goal}
    return {name: events for name, events in known.items() if events is not None}


def _near(name: str, summary: Summary) -> str:
    """The events that may be meant by a name; where none is like it, the most frequent ones."""
    return did_you_mean(name, summary.events) or f" Events are: {_some(summary.events)}."


def _some(names: Iterable[str]) -> str:
    """The most frequent ones."""
    return ", ".join(islice(names, 12))


def _events(said: str, summary: Summary, option: str) -> Events:
    from fireflower.language.nodes import Events

    names = (said,) if said in summary.events else tuple(part.strip() for part in said.split(" or "))
    _check_happened(names, summary, option)
    return Events(names)


def _check_happened(names: Sequence[str], summary: Summary, option: str) -> None:
    for name in names:
        if name not in summary.events:
            said = f"{option} names the event {name!r}, which has never happened.{_near(name, summary)}"
            raise UnknownNameError(said)


def _check_kept(request: Request, summary: Summary, subject: SubjectKind) -> None:
    """A name that is not there would be passed over in silence, and what it was to be kept left out."""
    known = [*summary.events, *(f"{owner}.{name}" for owner, name in summary.traits)]
    for name in request.keep:
        if name not in known:
            near = did_you_mean(name, known) or did_you_mean(f"{subject}.{name}", known)
            near = near or f" There are: {_some(known)}."
            raise UnknownNameError(f"keep names {name!r}, which is no event and no trait of this history.{near}")


def _check_goal(source: Source, found: Lives, words: str) -> None:
    """Refuse a goal that cannot be predicted, and say what to do."""
    lived = found.start <= source.as_of
    reached = lived & (found.goal <= source.as_of)
    kind = "people" if source.subject == "person" else "accounts"
    if not int(lived.sum()):
        raise ProjectError(f"no {kind} of this history ever started. See `start:` in fireflower.yaml.")
    if not int(reached.sum()):
        raise ProjectError(
            f"none of {int(lived.sum()):,} {kind} ever reached the goal {words}. Look at its name and at "
            "the subject that is asked about: an event that names no account belongs to no account."
        )
    if int(reached.sum()) == int(lived.sum()):
        raise ProjectError(
            f"all {int(lived.sum()):,} {kind} reached the goal {words}, so nothing can tell those who do from "
            "those who do "
            "not. Import those who did not buy, too, or name a later goal."
        )
    early = reached & (found.goal <= found.start)
    if int(early.sum()) > 0.5 * int(reached.sum()):
        raise ProjectError(
            f"{int(early.sum()):,} of {int(reached.sum()):,} {kind} reached the goal {words} at or before "
            "their start, so "
            "nothing comes before it. Name another `start:` in fireflower.yaml, or a later goal."
        )


def _ages(project: Project, request: Request, source: Source) -> list[int]:
    """The landmarks that leave room for the horizon in this history."""
    summary = project.archive.summary()
    span = source.as_of - (source.as_of if summary.first is None else summary.first)
    ages = [age for age in sorted(set(request.landmarks)) if age + request.horizon < span]
    if not ages:
        raise ProjectError(
            f"the history spans {format_span(max(span // DAY, 1) * DAY)}, too short for a landmark of "
            f"{format_span(min(request.landmarks))} and a horizon of {format_span(request.horizon)} after it. "
            "Import more, or give a shorter horizon or earlier landmarks."
        )
    return ages


def _without_filled_in(read: Sequence[Landmark], request: Request) -> tuple[list[Landmark], tuple[Any, ...]]:
    """Without traits that somebody filled in because of the goal, at any landmark."""
    from fireflower.discover.leaks import of_columns

    found: dict[str, Any] = {}
    for each in read:
        traits = [column for column in each.frame.columns if column.candidate.vocabulary == "fit"]
        for leak in of_columns(traits, each.frame.reached(request.horizon), frozenset(request.keep)):
            found.setdefault(leak.name, leak)
    return [each.without(found) for each in read], tuple(found.values())


def _written(project: Project, request: Request, source: Source, found: Answer) -> Discovery:
    """The definitions of what holds, written to the project's folder."""
    from fireflower.app.discovered import write_definitions
    from fireflower.discover.drafts import aim_at

    if not request.write or found.discovery.verdict != "signal":
        return found.discovery
    return write_definitions(project, found.discovery, aim_at(source.goal, found.discovery.goal))


def write_page(found: Discovery, path: Path) -> None:
    """Write the answer as one HTML file, whole or not at all."""
    from importlib.metadata import version

    from fireflower.app.outputs import written
    from fireflower.report.discovery import render_discovery

    page = render_discovery(found, version("fireflower"))
    with written(path) as file:
        file.write(page.encode())
