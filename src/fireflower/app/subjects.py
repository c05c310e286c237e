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


def subjects_called(project: Project, subject: str, kind: SubjectKind | None = None) -> list[tuple[SubjectKind, str]]:
    """The account and the person of this id, a person by any that they have had; else the person of this e-mail address
    (the trait `email`). With the ids by which verdicts name them.

    Raises
    ------
    UnknownSubjectError
        If there is none; the message names those that are near. If several people have had the address.
    """
    subjects: list[tuple[SubjectKind, str]] = []
    unknown: list[str] = []
    for each in (kind,) if kind else ("account", "person"):
        try:
            project.archive.subject(each, subject)
            subjects.append((each, project.archive.resolve(each, subject)))
        except UnknownSubjectError as error:
            unknown.append(str(error))
    if subjects:
        return subjects
    people = project.archive.people_with("email", subject) if "@" in subject and kind != "account" else []
    if len(people) > 1:
        raise UnknownSubjectError(f"{subject} has been the e-mail address of several people: {', '.join(people[:10])}.")
    if not people:
        raise UnknownSubjectError("\n".join(unknown))
    return [("person", people[0])]


def blocks_of(project: Project, kind: SubjectKind, subject: str, definitions: Sequence[Definition]) -> list[Timeline]:
    """The block in which a subject is evaluated, and those of the people who act in it but are evaluated elsewhere:
    whether they are left out decides whether what they did counts, and an account tells whom to talk to."""
    from fireflower.language.walking import needs

    properties = needs(definitions, project.settings).properties
    own = project.archive.subject(kind, subject, properties)
    if kind == "person" and not project.settings.leave_out:
        return [own]
    inside = range(int(own.first_person[0]), int(own.first_person[-1]))
    others = sorted({code for code in own.person.tolist() if code >= 0 and code not in inside})
    ids = (own.vocabulary.people[code] for code in others)
    return [own, *(project.archive.subject("person", each, properties) for each in ids)]
