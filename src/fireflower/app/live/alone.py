"""One subject, evaluated from its own records, where no state of it is kept: another process may evaluate it."""

from __future__ import annotations

from collections.abc import Sequence

from fireflower.app.live.profile import gathered
from fireflower.evaluate.replay import replay, standing
from fireflower.evaluate.results import Change, Subject, Transitions
from fireflower.history.assembly import Telling, assemble, canonical
from fireflower.history.identities import Identities
from fireflower.history.memberships import Memberships
from fireflower.history.ongoing import Find
from fireflower.language.nodes import Definition, Settings
from fireflower.model.codes import NOBODY
from fireflower.model.records import Kind, Record, SubjectKind

_SUBJECTS: dict[SubjectKind, Subject] = {"person": Subject.PERSON, "account": Subject.ACCOUNT}


def standing_alone(
    find: Find, settings: Settings, definitions: Sequence[Definition], kind: SubjectKind, id: str, now: int
) -> Transitions | None:
    """How a subject stands with each definition about its kind; None if nothing is known of it. A person is named as
    verdicts name them."""
    timeline = assemble(_records(find, kind, id, now), attribution=settings.attribution)
    about = [definition for definition in definitions if definition.subject == kind]
    if not about or not len(timeline):
        return None
    found = _of(standing(about, settings, [timeline], as_of=now, everyone=True, compiled=False), kind, id)
    return found if len(found) else None


def transitions_alone(
    find: Find, settings: Settings, definitions: Sequence[Definition], kind: SubjectKind, id: str, now: int
) -> set[tuple[str, str, int]]:
    """The transitions of a subject, each as definition, change and moment."""
    timeline = assemble(_records(find, kind, id, now), attribution=settings.attribution)
    about = [definition for definition in definitions if definition.subject == kind]
    found = _of(replay(about, settings, [timeline], as_of=now, evidence=False, compiled=False), kind, id)
    return {
        (found.definitions[found.definition[i]].name, Change(found.change[i]).name.lower(), int(found.at[i]))
        for i in range(len(found))
    }


def person_alone(find: Find, settings: Settings, id: str, now: int) -> tuple[str, list[str]]:
    """The id by which verdicts name the person who bears or has borne this one, and the accounts of which they are a
    member, the current one first."""
    records = canonical(_records(find, "person", id, now))
    identities = Identities(record for record in records if record.kind == Kind.IDENTITY)
    memberships = Memberships()
    telling = Telling(identities, settings.attribution, memberships)
    for record in records:
        if record.kind != Kind.IDENTITY:
            list(telling.rows(record))
    person = identities.person(id)
    current = memberships.current(person)
    return person, sorted(memberships.accounts(person), key=lambda account: account != current)


def _records(find: Find, kind: SubjectKind, id: str, now: int) -> list[Record]:
    return [each for each in gathered(find, kind, id) if each.time <= now or each.kind == Kind.IDENTITY]


def _of(found: Transitions, kind: SubjectKind, id: str) -> Transitions:
    """Those of one subject."""
    codes = found.vocabulary.people if kind == "person" else found.vocabulary.accounts
    return found.of(_SUBJECTS[kind], list(codes).index(id) if id in codes else NOBODY)
