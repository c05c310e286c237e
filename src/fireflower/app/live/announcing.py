"""From transitions to deliveries: what is news, what there is to tell, and what is planned of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from fireflower.app.live.moving import Subject, moved, subject_of
from fireflower.app.live.telling import Shown
from fireflower.destinations import (
    Delivery,
    Destination,
    Notice,
    Withheld,
    due_at,
    facts_of,
    from_plain,
    next_step_of,
    plan,
    to_plain,
)
from fireflower.history.log.database import Database
from fireflower.history.log.outbox import DRY_RUN, OVER, RETRACTION, Outbox
from fireflower.history.log.postings import Posting
from fireflower.history.log.verdicts import News, Recorded, Verdict, VerdictLog
from fireflower.language.nodes import Definition
from fireflower.model.records import SubjectKind

Traits = Callable[[SubjectKind, str], Mapping[str, Any]]
"""The traits of a subject; of a person also those of the current account, as "account.NAME"."""


class Merged(Protocol):
    """Knows who is who, and what has only moved from one person to another with whom they are found to be the same."""

    def person(self, id: str) -> str:
        """The id by which verdicts name the person who bears or has borne this one."""

    def moved_from(self, each: Recorded) -> Recorded | None:
        """The transition of the other person, evaluated by another process, that a new one was before."""

    def moves(self, each: Recorded) -> bool:
        """Whether a transition that is taken back is, by another process, one of the other person from now on."""


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
        self._record = VerdictLog(database)
        self._own_name = ""

    def announce(
        self, news: News, verdicts: Iterable[Verdict], traits: Traits, now: int, merged: Merged
    ) -> None:  # fmt: skip
        """Plan what follows from news.

        A destination that is told everything gets every change of the record. The others are told what people want to
        know: nothing of transitions that have only moved, and of several of one subject the last.

        Parameters
        ----------
        verdicts : what was recorded; those among them that are news have the evidence
        """
        if not self.destinations or not (news.new or news.retracted):
            return
        standing = self._now_standing(news)
        instead = moved(news, standing, merged.person)
        before = {instead[each.id].id: each for each in news.retracted if each.id in instead}
        self._tell_new(news.new, before, verdicts, traits, now, merged)
        for each in news.retracted:
            self._take_back(each, instead.get(each.id), traits, now, merged)
        for each in standing:
            self._release(each, now)

    def _tell_new(
        self,
        new: Sequence[Recorded],
        before: Mapping[int, Recorded],
        verdicts: Iterable[Verdict],
        traits: Traits,
        now: int,
        merged: Merged,
    ) -> None:
        """Plan what is new, and what was not `before`, at another moment or by another name."""
        shown = {(verdict.kind, verdict.subject, *verdict.what): verdict.evidence for verdict in verdicts}
        latest = _latest(new)
        for each in new:
            evidence = shown.get((each.kind, each.subject, each.definition, each.change, each.reason, each.at))
            concerned = [d for d in self.destinations if self._is_news(each, before.get(each.id), d)]
            if not isinstance(evidence, Shown) or not concerned:
                continue
            if other := merged.moved_from(each):
                concerned = self._without_moved(other, each, concerned)
            notice, is_over = self._notice(each, evidence, traits), latest[subject_of(each)] is not each
            for destination in concerned:
                reason = OVER if is_over and not destination.is_told_everything else ""
                self._plan(each, notice, now, destination, reason)

    def _is_news(self, each: Recorded, before: Recorded | None, destination: Destination) -> bool:
        if destination.is_told_everything and before is not None:
            return not before.past or destination.name in self._outbox.told(before.id)
        return before is None and not each.past

    def _take_back(self, each: Recorded, after: Recorded | None, traits: Traits, now: int, merged: Merged) -> None:
        """Plan that who was told of a transition hears that it was wrong; or let it stand for what it is now."""
        told = self._outbox.told(each.id)
        known = self._outbox.told(after.id) if after is not None else {}
        for destination in self.destinations:
            name = destination.name
            if name not in told:
                continue
            if destination.is_told_everything or name in known or (after is None and not merged.moves(each)):
                self._plan(each, self._retraction(each, told[name], traits), now, destination)
            elif after is not None:
                self._outbox.move(each.id, after.id, name)

    def _release(self, each: Recorded, now: int) -> None:
        """Tell those of a transition who were not told of it as it was over; it is not over any longer."""
        told = self._outbox.told(each.id)
        for destination in self.destinations:
            for posting in self._outbox.held_back(each.id, destination.name):
                if destination.name not in told:
                    self._outbox.release(posting.key, due_at(from_plain(json.loads(posting.notice)), destination, now))

    def _now_standing(self, news: News) -> list[Recorded]:
        """Of subjects of whom something was taken back, what they stand qualified by, where that is not new."""
        new = {each.id for each in news.new}
        found = (self._record.standing_by(*who) for who in dict.fromkeys(map(subject_of, news.retracted)))
        return [each for each in found if each is not None and each.id not in new]

    def _without_moved(self, before: Recorded, each: Recorded, concerned: list[Destination]) -> list[Destination]:
        """Those of the destinations that are to be told of it, though it was another person's before."""
        for destination in concerned:
            if not destination.is_told_everything:
                self._outbox.move(before.id, each.id, destination.name)
        return [destination for destination in concerned if destination.is_told_everything]

    def _plan(self, each: Recorded, notice: Notice, now: int, destination: Destination, reason: str = "") -> None:
        """Plan that a destination is told; or that it is not, for a reason."""
        if self._concerns(destination, notice):
            for planned in plan(notice, [destination], self._outbox, now):
                self._outbox.put([self._posting(planned, each, notice, now, reason)])

    def _posting(
        self, planned: Delivery | Withheld, each: Recorded, notice: Notice, now: int, reason: str
    ) -> Posting:  # fmt: skip
        told = json.dumps(to_plain(notice), ensure_ascii=False)
        place = (planned.key, each.id, planned.destination, planned.subject_kind, planned.subject, now)
        if isinstance(planned, Withheld):
            return Posting(*place, "withheld", now, 0, planned.reason, b"", told)
        if reason or self._dry_run:
            return Posting(*place, "withheld", planned.due, 0, reason or DRY_RUN, planned.payload, told)
        reason = RETRACTION if notice.change == "retracted" else ""
        return Posting(*place, "waiting", planned.due, 0, reason, planned.payload, told)

    def _concerns(self, destination: Destination, notice: Notice) -> bool:
        """Whether the destination is for such notices; what it is not for is no delivery that is withheld."""
        when = destination.when
        return notice.change == "retracted" or (
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

    def _retraction(self, each: Recorded, told: str, traits: Traits) -> Notice:
        kind = cast(SubjectKind, each.kind)
        return Notice(
            id=f"{told}/retracted",
            definition=each.definition,
            subject_kind=kind,
            subject=each.subject,
            change="retracted",
            at=each.at,
            known_at=each.known_at,
            title=each.definition.replace("-", " "),
            reason=each.reason,
            traits=_plain(traits(kind, each.subject)),
            retracts=told,
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


def _latest(new: Iterable[Recorded]) -> dict[Subject, Recorded]:
    """The last of the new ones, of each subject."""
    latest: dict[Subject, Recorded] = {}
    for each in new:
        before = latest.get(subject_of(each))
        if before is None or before.at <= each.at:
            latest[subject_of(each)] = each
    return latest


def _plain(traits: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in traits.items() if value is not None}
