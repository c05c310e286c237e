"""From transitions to deliveries: what is news, what there is to tell, and what is planned of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from fireflower.app.live.telling import Shown
from fireflower.destinations import (
    Delivery,
    Destination,
    Notice,
    Withheld,
    facts_of,
    key_of,
    next_step_of,
    plan,
    to_plain,
)
from fireflower.history.log.database import Database
from fireflower.history.log.outbox import DRY_RUN, RETRACTION, Outbox
from fireflower.history.log.postings import Posting
from fireflower.history.log.verdicts import News, Recorded, Verdict
from fireflower.language.nodes import Definition
from fireflower.model.records import SubjectKind

Traits = Callable[[SubjectKind, str], Mapping[str, Any]]
"""The traits of a subject; of a person also those of the current account, as "account.NAME"."""


class Merged(Protocol):
    """Tells what has only moved, from one person to another with whom they are found to be the same, where the two are
    evaluated by different processes."""

    def has_moved(self, each: Recorded) -> bool:
        """Whether a transition that is new has been told of the other one."""

    def moves(self, each: Recorded) -> bool:
        """Whether a transition that is taken back is told of the other one."""


class Announcer:
    """Plans deliveries, on one connection, inside of the caller's transaction.

    Attributes
    ----------
    destinations : where transitions are told

    Parameters
    ----------
    dry_run : everything is planned, and withheld
    """

    def __init__(self, database: Database, destinations: Sequence[Destination] = (), *, dry_run: bool = False) -> None:
        self.destinations = tuple(destinations)
        self._database = database
        self._dry_run = dry_run
        self._outbox = Outbox(database, dry_run=dry_run)
        self._own_name = ""

    def announce(
        self, news: News, verdicts: Iterable[Verdict], traits: Traits, now: int, merged: Merged | None = None
    ) -> None:  # fmt: skip
        """Plan what follows from news.

        Parameters
        ----------
        verdicts : what was recorded; those among them that are news have the evidence
        merged : knows of people who are evaluated elsewhere; by default all are evaluated here
        """
        if not self.destinations:
            return
        shown = {(verdict.kind, verdict.subject, *verdict.what): verdict.evidence for verdict in verdicts}
        retracted, fresh = _really_new(news)
        if merged is not None:
            retracted = [each for each in retracted if not merged.moves(each)]
            fresh = [each for each in fresh if not merged.has_moved(each)]
        for each in fresh:
            evidence = shown.get((each.kind, each.subject, each.definition, each.change, each.reason, each.at))
            if isinstance(evidence, Shown):
                self._plan(each, self._notice(each, evidence, traits), now)
        for each in retracted:
            self._plan(each, self._retraction(each, traits), now)

    def _plan(self, each: Recorded, notice: Notice, now: int) -> None:
        concerned = [destination for destination in self.destinations if self._concerns(destination, notice)]
        for planned in plan(notice, concerned, self._outbox, now):
            self._outbox.put([self._posting(planned, each, notice, now)])

    def _posting(self, planned: Delivery | Withheld, each: Recorded, notice: Notice, now: int) -> Posting:
        told = json.dumps(to_plain(notice), ensure_ascii=False)
        place = (planned.key, each.id, planned.destination, planned.subject_kind, planned.subject, now)
        if isinstance(planned, Withheld):
            return Posting(*place, "withheld", now, 0, planned.reason, b"", told)
        if self._dry_run:
            return Posting(*place, "withheld", planned.due, 0, DRY_RUN, planned.payload, told)
        reason = RETRACTION if notice.change == "retracted" else ""
        return Posting(*place, "waiting", planned.due, 0, reason, planned.payload, told)

    def _concerns(self, destination: Destination, notice: Notice) -> bool:
        """Whether the destination is for such notices; what it is not for is no delivery that is withheld."""
        when = destination.when
        if notice.change == "retracted":
            return self._outbox.has(key_of(notice.retracts, destination.name))
        return (
            (not when.definitions or notice.definition in when.definitions)
            and (not when.subjects or notice.subject_kind in when.subjects)
            and notice.change in when.changes
        )

    def _notice(self, each: Recorded, shown: Shown, traits: Traits) -> Notice:
        definition: Definition = shown.definition
        kind = cast(SubjectKind, each.kind)
        return Notice(
            id=self._id(each),
            definition=each.definition,
            subject_kind=kind,
            subject=each.subject,
            change="entered" if each.change == "entered" else "left",
            at=each.at,
            known_at=each.known_at,
            title=each.definition.replace("-", " "),
            kind=definition.kind or "usage",
            reason=each.reason,
            evidence=facts_of(definition, shown.states, shown.tipped_by),
            traits=_plain(traits(kind, each.subject)),
            next_step=next_step_of(definition, shown.states),
        )

    def _retraction(self, each: Recorded, traits: Traits) -> Notice:
        kind = cast(SubjectKind, each.kind)
        return Notice(
            id=f"{self._id(each)}/retracted",
            definition=each.definition,
            subject_kind=kind,
            subject=each.subject,
            change="retracted",
            at=each.at,
            known_at=each.known_at,
            title=each.definition.replace("-", " "),
            reason=each.reason,
            traits=_plain(traits(kind, each.subject)),
            retracts=self._id(each),
        )

    def _id(self, each: Recorded) -> str:
        """The transition's name, which no other database gives to another."""
        if not self._own_name:
            self._database.rows(
                "INSERT INTO meta (name, value) VALUES ('identity', ?) ON CONFLICT (name) DO NOTHING",
                (uuid.uuid4().hex,),
            )
            self._own_name = self._database.rows("SELECT value FROM meta WHERE name = 'identity'")[0][0]
        return f"{self._own_name}/{each.id}"


def _really_new(news: News) -> tuple[list[Recorded], list[Recorded]]:
    """What is to be taken back, and what is to be told. A transition that has only moved, in time or with a merged
    person, is neither; and of several of one subject, the last one is told."""
    latest: dict[tuple[str, str, str], Recorded] = {}
    for each in news.new:
        key = (each.definition, each.kind, each.subject)
        if key not in latest or latest[key].at <= each.at:
            latest[key] = each
    retracted: list[Recorded] = []
    moved: set[int] = set()
    for each in news.retracted:
        instead = next((other for other in latest.values() if other.id not in moved and _same(each, other)), None)
        if instead is None:
            retracted.append(each)
        else:
            moved.add(instead.id)
    return retracted, [each for each in latest.values() if not each.past and each.id not in moved]


def _same(before: Recorded, after: Recorded) -> bool:
    """Whether one is the other at another moment, or by another name."""
    if (before.definition, before.kind, before.change) != (after.definition, after.kind, after.change):
        return False
    return before.subject == after.subject or before.at == after.at


def _plain(traits: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in traits.items() if value is not None}
