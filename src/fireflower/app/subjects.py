"""Which people and accounts a history knows, and where it has what they did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fireflower.model.errors import UnknownSubjectError
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.language.nodes import Definition
    from fireflower.model.timeline import Timeline


def kinds_of(project: Project, subject: str, kind: SubjectKind | None = None) -> list[SubjectKind]:
    """The kinds of which the history has a subject with this id, accounts first.

    Raises
    ------
    UnknownSubjectError
        If there is none; the message names those that are near.
    """
    kinds: list[SubjectKind] = []
    unknown: list[str] = []
    for each in (kind,) if kind else ("account", "person"):
        try:
            project.archive.subject(each, subject)
            kinds.append(each)
        except UnknownSubjectError as error:
            unknown.append(str(error))
    if not kinds:
        raise UnknownSubjectError("\n".join(unknown))
    return kinds


def blocks_of(project: Project, kind: SubjectKind, subject: str, definitions: Sequence[Definition]) -> list[Timeline]:
    """The block in which a subject is evaluated, and those of the people who act in it but are evaluated elsewhere:
    whether they are left out decides whether what they did counts."""
    from fireflower.language.walking import needs

    properties = needs(definitions, project.settings).properties
    own = project.archive.subject(kind, subject, properties)
    if not project.settings.leave_out:
        return [own]
    inside = range(int(own.first_person[0]), int(own.first_person[-1]))
    others = sorted({code for code in own.person.tolist() if code >= 0 and code not in inside})
    ids = (own.vocabulary.people[code] for code in others)
    return [own, *(project.archive.subject("person", each, properties) for each in ids)]
