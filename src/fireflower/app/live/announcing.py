"""From transitions to deliveries: what is news, what there is to tell, and what is planned of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, cast
from urllib.parse import quote

from fireflower.app.live.moving import Subject, moved, subject_of
from fireflower.app.live.telling import Shown
from fireflower.destinations import (
    Delivery,
    Destination,
    Notice,
    Withheld,
    facts_of,
    from_plain,
    next_step_of,
    plan,
    to_plain,
)
from fireflower.history.log.database import Database
from fireflower.history.log.outbox import DRY_RUN, OVER, RETRACTION, Known, Outbox
from fireflower.history.log.postings import Posting
from fireflower.history.log.verdicts import News, Recorded, Verdict, VerdictLog
from fireflower.language.nodes import Definition
from fireflower.model.records import SubjectKind

Traits = Callable[[SubjectKind, str], Mapping[str, Any]]
"""The traits of a subject; of a person also those of the current account, as "account.NAME"."""


IDENTITY = "identity"
"""Under this name the log's table `meta` has what sets its transitions apart from those of any other log."""


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

    A destination that is told everything gets every change of the record. Any other is for people: it is not told again
    of what has only moved, nor of what is over before it could be told.

    Attributes
    ----------
    destinations : where transitions are told
    links : the URL of a subject's page, with {id} in it, by the kind of subject

    Parameters
    ----------
    dry_run : everything is planned, and withheld
    """

    def __init__(self, database: Database, destinations: Sequence[Destination] = (), *, dry_run: bool = False) -> None:
        self.destinations = tuple(destinations)
        self.links: Mapping[str, str] = {}
        self._database = database
        self._dry_run = dry_run
        self._outbox = Outbox(database, dry_run=dry_run)
        self._record = VerdictLog(database)
        self._own_name = ""

    def announce(
        self, news: News, verdicts: Iterable[Verdict], traits: Traits, now: int, merged: Merged
    ) -> None:  # fmt: skip
        """Plan what follows from news.

        Parameters
        ----------
        verdicts : what was recorded; those among them that are news have the evidence
        """
        if not self.destinations or not (news.new or news.retracted):
            return
        standing = self._now_standing(news)
        instead = moved(news, standing, merged.person)
        self._tell_new(news, instead, verdicts, traits, now, merged)
        for each in news.retracted:
            self._take_back(each, instead.get(each.id), traits, now, merged)
        for each in standing:
            self._release(each, now)

    def _tell_new(
        self,
        news: News,
        instead: Mapping[int, Recorded],
        verdicts: Iterable[Verdict],
        traits: Traits,
        now: int,
        merged: Merged,
    ) -> None:
        """Plan what is new, or let what was told before stand for it."""
        before = {instead[each.id].id: each for each in news.retracted if each.id in instead}
        shown = {(verdict.kind, verdict.subject, *verdict.what): verdict.evidence for verdict in verdicts}
        latest, over = _latest(news.new), set[tuple[Subject, str]]()
        for each in sorted(news.new, key=lambda each: each.at):
            evidence = shown.get((each.kind, each.subject, each.definition, each.change, each.reason, each.at))
            earlier = before.get(each.id) or merged.moved_from(each)
            known = self._outbox.known(earlier.id) if earlier is not None else {}
            for destination in self.destinations:
                whose = (subject_of(each), destination.name)
                is_over = latest[subject_of(each)] is not each or (each.change == "left" and whose in over)
                fate = _fate(each, earlier, known.get(destination.name), destination, is_over)
                if fate == "move" and earlier is not None:
                    self._outbox.move(earlier.id, each.id, destination.name)
                elif fate != "nothing" and isinstance(evidence, Shown):
                    reason = OVER if fate == "hold" else ""
                    self._plan(each, self._notice(each, evidence, traits), now, destination, reason)
                over = over | {whose} if fate == "hold" else over - {whose}

    def _take_back(self, each: Recorded, after: Recorded | None, traits: Traits, now: int, merged: Merged) -> None:
        """Plan that who was told of a transition hears that it was wrong; or let it stand for what it is now. What has
        not been sent yet is not sent."""
        known = self._outbox.known(each.id)
        now_known = self._outbox.known(after.id) if after is not None else {}
        for destination in self.destinations:
            told = known.get(destination.name)
            if told is None:
                self._give_up(each, after, destination)
            if told is None or told.is_held or (not destination.is_told_everything and merged.moves(each)):
                continue
            if after is not None and not destination.is_told_everything and destination.name not in now_known:
                self._outbox.move(each.id, after.id, destination.name)
            elif not self._outbox.cancel(told.key):
                self._plan(each, self._retraction(each, told.notice, traits), now, destination)

    def _give_up(self, each: Recorded, after: Recorded | None, destination: Destination) -> None:
        """What could not be told of a transition that was wrong is not to be told later, but for what it is now."""
        if after is not None and not destination.is_told_everything:
            self._outbox.move(each.id, after.id, destination.name)
        else:
            self._outbox.void(each.id, destination.name)

    def _release(self, each: Recorded, now: int) -> None:
        """Tell those of a transition who were not told of it as it was over; it is not over any longer."""
        known = self._outbox.known(each.id)
        for destination in self.destinations:
            held = known.get(destination.name)
            if held is not None and held.is_held:
                for planned in plan(from_plain(self._outbox.notice(held.key)), [destination], self._outbox, now):
                    if isinstance(planned, Delivery):
                        self._outbox.release(held.key, planned.due)
                    else:
                        self._outbox.withhold(held.key, planned.reason)

    def _now_standing(self, news: News) -> list[Recorded]:
        """Of subjects of whom something was taken back, what they stand qualified by, where that is not new."""
        new = {each.id for each in news.new}
        found = (self._record.standing_by(*who) for who in dict.fromkeys(map(subject_of, news.retracted)))
        return [each for each in found if each is not None and each.id not in new]

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
            url=self.links.get(kind, "").replace("{id}", quote(each.subject, safe="")),
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
                "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                (IDENTITY, uuid.uuid4().hex),
            )
            self._own_name = self._database.rows("SELECT value FROM meta WHERE name = ?", (IDENTITY,))[0][0]
        return f"{self._own_name}/{each.id}"


Fate = Literal["tell", "hold", "move", "nothing"]
"""What becomes of something new at a destination: it is told; it is held back, as it is over; what was told before
stands for it; or nothing."""


def _fate(
    each: Recorded, before: Recorded | None, known: Known | None, destination: Destination, is_over: bool
) -> Fate:  # fmt: skip
    """
    Parameters
    ----------
    before : what it was before it moved, or before two people were found to be one
    known : what the destination knows of that
    """
    is_told = known is not None and not known.is_held
    if destination.is_told_everything:
        past = each.past if before is None else before.past and not is_told
        return "nothing" if past else "tell"
    if is_told:
        return "move"
    if known is None and (before is not None or each.past):
        return "nothing"
    return "hold" if is_over else "tell"


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
