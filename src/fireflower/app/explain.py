"""Why one subject qualifies, or what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fireflower.app.notes import LateTrait, late_traits
from fireflower.app.replaying import history_of, moment_of
from fireflower.app.subjects import blocks_of, subjects_called
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.evaluate.explain import Explanation


def explain(
    project: Project,
    subject: str,
    names: Sequence[str] = (),
    *,
    kind: SubjectKind | None = None,
    as_of: int | None = None,
) -> tuple[Explanation, ...]:
    """Take the verdicts about one person or account apart: one explanation for each definition about its kind.

    Parameters
    ----------
    subject : its id; of a person, any that they have had, or their e-mail address
    names : of definitions; all, without names
    kind : which kind of subject is meant; by default whichever has this id
    as_of : by default the time of the data's last event, or of what came live last

    Raises
    ------
    UnknownSubjectError
        If the history knows no such subject; the message names those that are near.
    ProjectError
        If there is no such definition, or none about this kind of subject.
    """
    from fireflower.evaluate.explain import explain as run

    definitions = project.chosen(names)
    history_of(project)
    moment = moment_of(project, as_of)
    found: list[Explanation] = []
    for each, id in subjects_called(project, subject, kind):
        timelines = blocks_of(project, each, id, definitions)
        found += [
            run(definition, project.settings, timelines, each, id, as_of=moment)
            for definition in definitions
            if definition.subject == each
        ]
    if not found:
        raise UnknownSubjectError(
            f"{subject!r} is known, but none of the definitions is about its kind of subject: "
            f"{', '.join(f'{definition.name} ({definition.subject})' for definition in definitions)}."
        )
    late = late_traits(project, definitions, moment)
    return tuple(_with_late(explanation, late) for explanation in found)


def _with_late(found: Explanation, late: Sequence[LateTrait]) -> Explanation:
    """The explanation, whose next step, if it is to wait for a trait that is known only later, says so instead."""
    from fireflower.language.nodes import Trait

    for trait in late:
        if found.nearest and found.next_step and found.nearest.condition.quantity == Trait(trait.owner, trait.name):
            return replace(found, next_step=f"{trait.next_step}: it {trait.message.partition(' ')[2]}")
    return found
