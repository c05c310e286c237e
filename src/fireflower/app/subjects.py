"""Which people and accounts a history knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fireflower.model.errors import UnknownSubjectError, did_you_mean
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    from fireflower.app.project import Project


def kinds_of(project: Project, subject: str, kind: SubjectKind | None = None) -> list[SubjectKind]:
    """The kinds of which the history has a subject with this id, accounts first.

    Raises
    ------
    UnknownSubjectError
        If there is none; the message names those that are near.
    """
    vocabulary = project.archive.vocabulary()
    ids = {"account": vocabulary.accounts, "person": vocabulary.people}
    wanted: list[SubjectKind] = ["account", "person"] if kind is None else [kind]
    kinds = [each for each in wanted if subject in ids[each]]
    if not kinds:
        near = next((text for each in wanted if (text := did_you_mean(subject, ids[each]))), "")
        what = "person or account" if kind is None else kind
        raise UnknownSubjectError(f"the history knows no {what} {subject!r}.{near}")
    return kinds
