"""Deliveries, for those who run the service: looking at them, sending them once more, trying a destination."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from fireflower.app.live.database import opener
from fireflower.app.live.service import now
from fireflower.app.project import Project
from fireflower.destinations import (
    DESTINATIONS_FOLDER,
    Delivery,
    Destination,
    Notice,
    Outcome,
    attempt,
    key_of,
    load_destinations,
)
from fireflower.destinations.loading import load_destination
from fireflower.destinations.payloads import Unaddressed, payload_of
from fireflower.destinations.samples import ENTERED
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting, Which
from fireflower.history.log.schema import prepare
from fireflower.model.errors import DefinitionError, ProjectError, did_you_mean


@dataclass(frozen=True, slots=True)
class Trial:
    """A sample that was sent.

    Attributes
    ----------
    key : by which the receiver knows it
    payload : what was sent
    """

    destination: Destination
    key: str
    payload: bytes
    outcome: Outcome


def deliveries_of(project: Project, which: Which, limit: int) -> list[Posting]:
    """The latest deliveries, with what came of each try."""
    with _outbox(project) as outbox:
        return outbox.page(which, None, limit)


def deliver_again(project: Project, which: Which) -> int:
    """Let deliveries wait to be sent once more; the running server looks after a few seconds. Gives how many."""
    with _outbox(project) as outbox:
        return outbox.replay(which, now())


def try_out(project: Project, name: str, traits: Mapping[str, Any]) -> Trial:
    """Send a sample to a destination now, and see what comes of it. It stands in no record.

    Parameters
    ----------
    traits : of the sample's subject, beside those that it has; of its own kind (account.plan) or the other

    Raises
    ------
    DefinitionError
        With every fault of the destinations' files, if that destination cannot be read.
    ProjectError
        If there is no such destination, or if it is addressed by a trait that the sample has not.
    """
    destination = _named(project, name)
    notice = _sample(destination, traits)
    key = key_of(notice.id, destination.name)
    try:
        payload = payload_of(notice, destination, key)
    except Unaddressed as error:
        raise ProjectError(f"{error}. Say what it is for the sample: --trait NAME=VALUE.") from None
    moment = now()
    sent = Delivery(key, destination.name, notice.id, notice.subject_kind, notice.subject, moment, payload)
    return Trial(destination, key, payload, attempt(sent, destination, moment))


def _named(project: Project, name: str) -> Destination:
    """A destination whose own file is in order, whatever is wrong with others."""
    names, timezone = _beside(project)
    try:
        found = load_destinations(project.folder, names, timezone)
    except DefinitionError as error:
        found = tuple(_readable(project, names, timezone))
        if [each.name for each in found].count(name) != 1:
            raise error from None
    destinations = {each.name: each for each in found}
    if name not in destinations:
        known = did_you_mean(name, destinations) or f" There are: {', '.join(sorted(destinations)) or 'none'}."
        raise ProjectError(f"no destination is named {name!r}.{known}")
    return destinations[name]


def _beside(project: Project) -> tuple[list[str] | None, str]:
    """What destinations are checked against: the names of the definitions, if they can be read, and the time zone."""
    try:
        return [definition.name for definition in project.definitions], project.settings.timezone
    except DefinitionError:
        return None, "UTC"


def _readable(project: Project, names: list[str] | None, timezone: str) -> Iterator[Destination]:
    for path in sorted((project.folder / DESTINATIONS_FOLDER).glob("*.y*ml")):
        with suppress(DefinitionError, OSError, UnicodeError):
            yield load_destination(path.read_text("utf-8-sig"), project.folder, names, timezone, str(path))


def _sample(destination: Destination, traits: Mapping[str, Any]) -> Notice:
    """One of its own kind: of a definition and a kind of subject that it is for."""
    when, moment = destination.when, now()
    kind = when.subjects[0] if when.subjects else ENTERED.subject_kind
    own = {name.removeprefix(f"{kind}."): value for name, value in traits.items()}
    return replace(
        ENTERED,
        id=f"sample/{uuid.uuid4()}",
        title=f"Sample: {ENTERED.title}",
        definition=when.definitions[0] if when.definitions else ENTERED.definition,
        subject_kind=kind,
        at=moment,
        known_at=moment,
        traits={**ENTERED.traits, **own},
        url="",
    )


@contextmanager
def _outbox(project: Project) -> Iterator[Outbox]:
    database = opener(project)()
    try:
        prepare(database)
        with database.transaction():
            yield Outbox(database)
    finally:
        database.close()
