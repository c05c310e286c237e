"""All that is known of one subject, from its own records: slower than asking the evaluator, and complete."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fireflower.app.records import in_words
from fireflower.evaluate.explain import Explanation, explain
from fireflower.history.assembly import assemble, canonical
from fireflower.history.identities import Identities
from fireflower.history.ongoing import Find
from fireflower.language.nodes import Definition, Settings
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.records import Kind, Record, SubjectKind

MOST_MEMBERSHIPS = 1000
"""That are listed."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A person as a member of an account."""

    person: str
    account: str
    role: str
    since: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a subject.

    Attributes
    ----------
    id : a person's is the one by which verdicts name them
    ids : all ids that it bears or has borne
    memberships : of the person, or in the account; `members` of them, of which at most so many are listed
    explanations : how it stands with each definition about its kind
    tipped : the records that tipped conditions, in words, by the names of their rows
    """

    kind: SubjectKind
    id: str
    ids: tuple[str, ...]
    as_of: int
    first: int
    last: int
    records: int
    traits: dict[str, Any]
    memberships: tuple[Membership, ...]
    members: int
    explanations: tuple[Explanation, ...]
    tipped: dict[int, str]


def profile(
    find: Find, settings: Settings, definitions: Iterable[Definition], kind: SubjectKind, id: str, now: int
) -> Profile:
    """Look a subject up.

    Parameters
    ----------
    find : looks records up

    Raises
    ------
    UnknownSubjectError
        If there is no record of it up to now.
    """
    records = canonical(record for record in gathered(find, kind, id) if record.time <= now)
    identities = Identities(record for record in records if record.kind == Kind.IDENTITY)
    id = identities.person(id) if kind == "person" else id
    own = [record for record in records if _is_of(record, kind, id, identities)]
    if not own:
        raise UnknownSubjectError(
            f"there is no {kind} {id!r} in the history. Check the id, or whether 'person' or 'account' was meant."
        )
    timeline = assemble(records, attribution=settings.attribution, numbered=True)
    found = tuple(
        explain(definition, settings, [timeline], kind, id, as_of=now)
        for definition in definitions
        if definition.subject == kind
    )
    memberships = list(_memberships(records, kind, id, identities))
    return Profile(
        kind=kind,
        id=id,
        ids=tuple(sorted({each for each in _all_ids(own, kind) if kind == "account" or identities.person(each) == id})),
        as_of=now,
        first=own[0].time,
        last=own[-1].time,
        records=len(own),
        traits=_traits(own, kind),
        memberships=tuple(memberships[:MOST_MEMBERSHIPS]),
        members=len(memberships),
        explanations=found,
        tipped=_tipped(found, records),
    )


def gathered(find: Find, kind: SubjectKind, id: str) -> list[Record]:
    """The records on which the history of a subject rests: its own, and those that decide which are its own, and who
    is left out."""
    found: dict[int, list[Record]] = {}
    people = {id}
    if kind == "account":
        found = _found(find, (), [id])
        people = {record.person for records in found.values() for record in records if record.person}
    asked: set[str] = set()
    while people:
        found |= _found(find, people, ())
        asked |= people
        people = _reached(found, asked) - asked
    accounts = {record.account for records in found.values() for record in records if _is_move(record)}
    for number, records in _found(find, (), {each for each in accounts if each and each != id}).items():
        found.setdefault(number, [record for record in records if record.kind == Kind.ACCOUNT_TRAIT])
    return [record for records in found.values() for record in records]


def _found(find: Find, people: Collection[str], accounts: Collection[str]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    if people or accounts:
        for each in find(people, accounts):
            found.setdefault(each.number, []).append(each.record)
    return found


def _reached(found: dict[int, list[Record]], asked: Collection[str]) -> set[str]:
    """The ids that identity records join with one of these."""
    pairs = [(record.person or "", str(record.value)) for record in _identities(found)]
    return {each for pair in pairs if not set(pair).isdisjoint(asked) for each in pair}


def _identities(found: dict[int, list[Record]]) -> Iterator[Record]:
    return (record for records in found.values() for record in records if record.kind == Kind.IDENTITY)


def _is_move(record: Record) -> bool:
    return record.kind in (Kind.JOIN, Kind.LEAVE)


def _is_of(record: Record, kind: SubjectKind, id: str, identities: Identities) -> bool:
    if kind == "account":
        return record.account == id
    return record.person is not None and identities.person(record.person) == id


def _all_ids(own: Iterable[Record], kind: SubjectKind) -> set[str]:
    return {each for record in own for each in _ids(record, kind)}


def _ids(record: Record, kind: SubjectKind) -> tuple[str, ...]:
    if kind == "account":
        return (record.account or "",)
    return (record.person or "", str(record.value)) if record.kind == Kind.IDENTITY else (record.person or "",)


def _traits(own: Iterable[Record], kind: SubjectKind) -> dict[str, Any]:
    wanted = Kind.PERSON_TRAIT if kind == "person" else Kind.ACCOUNT_TRAIT
    told = {record.name: record.value for record in own if record.kind == wanted}
    return {name: value for name, value in sorted(told.items()) if value is not None}


def _memberships(
    records: Iterable[Record], kind: SubjectKind, id: str, identities: Identities
) -> Iterator[Membership]:  # fmt: skip
    standing: dict[tuple[str, str], Membership] = {}
    for record in records:
        if not (_is_move(record) and _is_of(record, kind, id, identities)):
            continue
        place = identities.person(record.person or ""), record.account or ""
        if record.kind == Kind.LEAVE:
            standing.pop(place, None)
        else:
            since = standing[place].since if place in standing else record.time
            standing[place] = Membership(*place, record.name, since)
    return iter(standing.values())


def _tipped(found: Iterable[Explanation], records: Sequence[Record]) -> dict[int, str]:
    """`records` in canonical order, by their places in which the rows are named."""
    rows = {state.row for each in found for state in (*each.conditions, *each.missing) if state.row is not None}
    return {row: in_words(records[row]) for row in rows}
