"""The record of verdicts: every transition, with what took it back if history no longer supports it, and who is
qualified now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fireflower.history.log.database import Database, insert
from fireflower.history.log.forgotten import EVERYBODY, ForgottenPeople, Settled
from fireflower.history.log.leases import ALL_SHARES, share_of

Who = tuple[str, str]
"""(kind, id) of a subject."""

Which = tuple[str, str, str, str, str, int]
"""(kind, id, definition, change, reason, at) of a transition."""

REMOVED = "history removed"
"""The reason of a transition that follows from what was removed from history, such as a person who was forgotten. Such
transitions are no news."""

_NEVER = -1

_AT_ONCE = 1000
"""Transitions written in one go: making their evidence takes time, in which a server would think us frozen."""

_COLUMNS = "kind, subject, definition, meaning, change, reason, at, known_at, recorded, past, evidence"


class Verdict(Struct, frozen=True):
    """A transition, as it is to be recorded.

    Attributes
    ----------
    meaning : fingerprint of the definition
    evidence : gives its evidence as JSON; it is asked only of what has not been recorded yet
    """

    kind: str
    subject: str
    definition: str
    meaning: str
    change: str
    reason: str
    at: int
    known_at: int
    evidence: Callable[[], str]

    @property
    def what(self) -> tuple[str, str, str, int]:
        """By which it is the same as another of the same subject."""
        return self.definition, self.change, self.reason, self.at

    @property
    def which(self) -> Which:
        """By which it is the same as another of anybody."""
        return self.kind, self.subject, *self.what


class Recorded(Struct, frozen=True):
    """A transition in the record.

    Attributes
    ----------
    past : whether it was found when a definition was put to history, and is no news
    recorded, retracted : when it was written down, and when it was taken back
    """

    id: int
    kind: str
    subject: str
    definition: str
    meaning: str
    change: str
    reason: str
    at: int
    known_at: int
    recorded: int
    past: bool
    evidence: str
    retracted: int | None = None

    def as_news(self) -> Recorded:
        """The same, as if it had not been found in the past."""
        return replace(self, past=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of the record: a transition has been written down, or taken back.

    Attributes
    ----------
    id : its place among all changes; those behind it have come later
    what : "recorded" or "retracted"
    at : when
    transition : as the record has it now
    """

    id: int
    what: str
    at: int
    transition: Recorded


@dataclass(slots=True)
class News:
    """What has been written into the record."""

    new: list[Recorded] = field(default_factory=list)
    retracted: list[Recorded] = field(default_factory=list)

    def add(self, other: News) -> None:
        self.new += other.new
        self.retracted += other.retracted

    def without(self, definitions: Collection[str]) -> News:
        """What is not about these definitions."""
        return News(
            [each for each in self.new if each.definition not in definitions],
            [each for each in self.retracted if each.definition not in definitions],
        )


class VerdictLog:
    """The record, on one connection. Writing is done inside of the caller's transaction.

    Parameters
    ----------
    announce : is told of verdicts whose evidence is about to be asked for, so that it can be looked up together
    people : who was forgotten; nothing is written about them
    """

    def __init__(
        self,
        database: Database,
        announce: Callable[[Sequence[Verdict]], None] = lambda verdicts: None,
        people: ForgottenPeople | None = None,
    ) -> None:
        self._database, self._announce, self._people = database, announce, people
        self._settled = Settled(database)

    def record(self, verdicts: Iterable[Verdict], told_again: Mapping[Who, int], now: int, of: Collection[str]) -> News:
        """Write down verdicts.

        Parameters
        ----------
        of : the definitions that were evaluated
        told_again : subjects whose past has been told again, with the moment up to which earlier transitions stand:
            of later ones, those that `verdicts` has not are taken back, and those that it has are not written twice
        """
        news = News()
        fresh: list[Verdict] = []
        again: dict[Who, list[Verdict]] = {who: [] for who in told_again}
        for verdict in self._of_others(verdicts):
            again.get((verdict.kind, verdict.subject), fresh).append(verdict)
        settled = self._settled_of(of) if told_again else {}
        for who, since, later in self._later(told_again):
            recorded = [each for each in later if each.definition in of]
            until = _until(settled, who)
            fresh += self._reconcile(recorded, again[who], now, news, until)
            if until and since < 0:
                fresh += _brought_in_line(who, until, recorded, again[who])
        self._note_retracted(news, now)
        self._write(fresh, now, (), news)
        self._stand(news, told_again.keys())
        return news

    def may_change(self, told_again: Mapping[Who, int]) -> bool:
        """Whether anything would be written of subjects whose past has been told again, each with the moment up to
        which earlier transitions stand, if there are no later ones. It may be asked outside of a transaction by whoever
        alone records what is about them."""
        if any(since < 0 for since in told_again.values()) and self._settled.moments():
            return True
        return any(later for _, _, later in self._later(told_again))

    def record_all(
        self,
        verdicts: Sequence[Verdict],
        now: int,
        of: Collection[str],
        past: Collection[str] = (),
        known: Collection[Which] = (),
        shares: Collection[int] = ALL_SHARES,
    ) -> News:
        """Write down all the verdicts of some definitions on everybody: what is recorded of these and not among them is
        taken back.

        Parameters
        ----------
        of : the definitions
        past : those of them whose transitions are no news
        known : transitions that are no news either
        shares : into which everybody falls whom it is about
        """
        news = News()
        recorded: dict[Who, list[Recorded]] = defaultdict(list)
        wanted = f"retracted IS NULL AND definition IN ({_places(of)}) ORDER BY at, id"
        for each in self._select(wanted, list(of)) if of else ():
            if share_of(each.kind, each.subject) in shares:
                recorded[each.kind, each.subject].append(each)
        by_subject: dict[Who, list[Verdict]] = defaultdict(list)
        for verdict in self._of_others(verdicts):
            by_subject[verdict.kind, verdict.subject].append(verdict)
        settled = self._settled_of(set(of) - set(past))
        fresh: list[Verdict] = []
        for who in recorded.keys() | by_subject.keys():
            until, theirs = _until(settled, who), (recorded.get(who, []), by_subject.get(who, []))
            fresh += self._reconcile(*theirs, now, news, until)
            fresh += _brought_in_line(who, until, *theirs)
        self._note_retracted(news, now)
        self._write(sorted(fresh, key=lambda verdict: verdict.at), now, past, news, known)
        self._stand(news.without(past), recorded.keys())
        self._stand_anew(past)
        return news

    def forget_definitions(self, kept: Collection[str]) -> None:
        """Nobody stands qualified any longer by definitions that are not kept. Their transitions stay recorded."""
        for (name,) in self._database.rows("SELECT DISTINCT definition FROM standing"):
            if name not in kept:
                self._database.rows("DELETE FROM standing WHERE definition = ?", (name,))

    def mean(self, meanings: Mapping[str, tuple[str, int]]) -> None:
        """These are the definitions now: what each means, and since when."""
        self._database.rows("DELETE FROM definitions")
        self._database.many(
            "INSERT INTO definitions (name, meaning, since) VALUES (?, ?, ?)",
            [(name, *meant) for name, meant in meanings.items()],
        )

    def mean_by_now(self) -> None:
        """Definitions that took effect by a clock that was ahead have done so now."""
        clock = self._database.clock
        self._database.rows(f"UPDATE definitions SET since = {clock} WHERE since > {clock}")

    # --- What is asked ------------------------------------------------------------------------------------------------

    def after(self, id: int, limit: int = 1000) -> list[Recorded]:
        """The transitions recorded behind one, in the order of the record."""
        return self._select("id > ? ORDER BY id LIMIT ?", (id, limit))

    def changes(self, after: int, limit: int = 1000) -> list[Changed]:
        """The changes of the record behind one, in their order. Whoever writes has the record for himself, so that none
        appears later before one that has been seen."""
        columns = ", ".join(f"t.{name}" for name in _COLUMNS.split(", "))
        rows = self._database.rows(
            f"SELECT c.id, c.what, c.at, t.id, {columns}, t.retracted FROM changes c "
            "JOIN transitions t ON t.id = c.transition WHERE c.id > ? ORDER BY c.id LIMIT ?",
            (after, limit),
        )
        return [Changed(id, what, at, _recorded(row)) for id, what, at, *row in rows]

    def last_change(self) -> int:
        """The last change of the record; 0 if there is none."""
        return int(self._database.rows("SELECT COALESCE(MAX(id), 0) FROM changes")[0][0])

    def same(self, subjects: Collection[str], recorded: Recorded) -> Recorded | None:
        """The same transition at the same moment of one of these subjects, who has it or had it; the last such."""
        if not subjects:
            return None
        places = _places(subjects)
        found = self._select(
            f"kind = ? AND definition = ? AND change = ? AND at = ? AND subject IN ({places}) ORDER BY id DESC LIMIT 1",
            (recorded.kind, recorded.definition, recorded.change, recorded.at, *sorted(subjects)),
        )
        return found[0] if found else None

    def decided_after(self, moment: int, shares: Collection[int]) -> list[Who]:
        """Who, of these shares, has transitions, that stand, after a moment."""
        return self._with("at > ?", (moment,), shares)

    def recorded_late(self, moment: int, shares: Collection[int]) -> list[Who]:
        """Who, of these shares, has transitions, that stand, up to a moment, which were recorded after it."""
        return self._with("at <= ? AND recorded > ?", (moment, moment), shares)

    def standing_by(self, definition: str, kind: str, subject: str) -> Recorded | None:
        """The transition by which a subject stands qualified; None if it does not."""
        found = self._select(
            "id = (SELECT transition FROM standing WHERE definition = ? AND kind = ? AND subject = ?)",
            (definition, kind, subject),
        )
        return found[0] if found else None

    def history(self, kind: str, subject: str) -> list[Recorded]:
        """All transitions of a subject in order of time, also those that have been taken back."""
        return self._select("kind = ? AND subject = ? ORDER BY at, id", (kind, subject))

    def of(self, kind: str, subject: str) -> list[Recorded]:
        """All transitions of a subject that stand, in order of time."""
        return self._select("kind = ? AND subject = ? AND retracted IS NULL ORDER BY at, id", (kind, subject))

    def qualified(self, definition: str, after: tuple[int, str] | None = None, limit: int = 100) -> list[Recorded]:
        """Who is qualified, the most recent first, from behind a place (since, subject) on: the transitions by which
        they entered."""
        behind, values = ("", ()) if after is None else ("AND (s.since, s.subject) < (?, ?)", after)
        columns = ", ".join(f"t.{name}" for name in _COLUMNS.split(", "))
        rows = self._database.rows(
            f"SELECT t.id, {columns}, t.retracted FROM standing s JOIN transitions t ON t.id = s.transition "
            f"WHERE s.definition = ? {behind} ORDER BY s.since DESC, s.subject DESC LIMIT ?",
            (definition, *values, limit),
        )
        return [_recorded(row) for row in rows]

    def standing(self, kind: str, subject: str) -> dict[str, int]:
        """The definitions by which a subject is qualified, and since when."""
        return dict(
            self._database.rows(
                "SELECT definition, since FROM standing WHERE kind = ? AND subject = ?", (kind, subject)
            )
        )  # fmt: skip

    def subjects(self, definition: str) -> set[Who]:
        """Who is qualified by a definition."""
        return set(self._database.rows("SELECT kind, subject FROM standing WHERE definition = ?", (definition,)))

    def counts(self) -> dict[str, int]:
        """How many are qualified, by definition."""
        return dict(self._database.rows("SELECT definition, COUNT(*) FROM standing GROUP BY definition"))

    def meanings(self) -> dict[str, tuple[str, int]]:
        """What each definition means, and since when."""
        rows = self._database.rows("SELECT name, meaning, since FROM definitions")
        return {name: (meaning, since) for name, meaning, since in rows}

    def meant(self) -> dict[str, str]:
        """What each definition means."""
        return {name: meaning for name, (meaning, _) in self.meanings().items()}

    def meant_since(self) -> dict[str, int]:
        """Since when each definition has meant what it means."""
        return {name: since for name, (_, since) in self.meanings().items()}

    def end(self) -> int:
        """The last transition that was recorded; 0 if there is none."""
        return int(self._database.rows("SELECT COALESCE(MAX(id), 0) FROM transitions")[0][0])

    # --- Writing ------------------------------------------------------------------------------------------------------

    def _of_others(self, verdicts: Iterable[Verdict]) -> Iterable[Verdict]:
        """Those that are not about people who were forgotten."""
        forgotten = None if self._people is None else self._people.now()
        if not forgotten:
            return verdicts
        return [each for each in verdicts if each.kind != "person" or each.subject not in forgotten]

    def _settled_of(self, of: Collection[str]) -> dict[Who, dict[str, int]]:
        """Up to when what is recorded of subjects stands, by definition: by those that meant then what they mean."""
        moments = self._settled.moments()
        since = [each for each in self._settled.definitions() if each[0] in of] if moments else []
        return {who: {name: until for name, first in since if first <= until} for who, until in moments.items()}

    def _reconcile(
        self,
        recorded: Sequence[Recorded],
        verdicts: Sequence[Verdict],
        now: int,
        news: News,
        settled: Mapping[str, int],
    ) -> list[Verdict]:
        """Take back what is recorded and not among the verdicts. Gives those that are not recorded. Up to where the
        record is settled, it stays."""
        found = {verdict.what: verdict for verdict in verdicts if verdict.at > settled.get(verdict.definition, _NEVER)}
        for each in recorded:
            if each.at <= settled.get(each.definition, _NEVER):
                continue
            verdict = found.pop((each.definition, each.change, each.reason, each.at), None)
            if verdict is None:
                self._database.rows("UPDATE transitions SET retracted = ? WHERE id = ?", (now, each.id))
                news.retracted.append(each)
            elif (verdict.known_at, verdict.meaning) != (each.known_at, each.meaning):
                self._database.rows(
                    "UPDATE transitions SET known_at = ?, meaning = ?, evidence = ? WHERE id = ?",
                    (verdict.known_at, verdict.meaning, verdict.evidence(), each.id),
                )
        return list(found.values())

    def _write(
        self,
        verdicts: Sequence[Verdict],
        now: int,
        past: Collection[str],
        news: News,
        known: Collection[Which] = (),
    ) -> None:
        if not verdicts:
            return
        self._database.in_order("transitions")
        first = self.end()
        written: list[tuple[Any, ...]] = []
        for start in range(0, len(verdicts), _AT_ONCE):
            some = verdicts[start : start + _AT_ONCE]
            self._announce(some)
            rows = [
                (v.kind, v.subject, v.definition, v.meaning, v.change, v.reason, v.at, v.known_at, now,
                 int(v.definition in past or v.reason == REMOVED or bool(known and v.which in known)), v.evidence())
                for v in some
            ]  # fmt: skip
            insert(self._database, f"transitions ({_COLUMNS})", rows)
            written += rows
        ids = self._database.rows("SELECT id FROM transitions WHERE id > ? ORDER BY id", (first,))
        news.new += [_recorded((*id, *row)) for id, row in zip(ids, written, strict=True)]
        self._database.rows(
            "INSERT INTO changes (transition, what, at) "
            "SELECT id, 'recorded', recorded FROM transitions WHERE id > ? ORDER BY id",
            (first,),
        )

    def _note_retracted(self, news: News, now: int) -> None:
        """Add what has been taken back to the changes, for those who follow them. What is written is added as it is."""
        insert(
            self._database,
            "changes (transition, what, at)",
            [(each.id, "retracted", now) for each in news.retracted],
        )

    def _stand(self, news: News, told_again: Collection[Who]) -> None:
        """Who is qualified now. What is new of subjects whose past was told again may be older than what stands."""
        latest: dict[tuple[str, str, str], Recorded | None] = {}
        doubtful: dict[Who, None] = {}
        for each in (*news.retracted, *news.new):
            key, who = (each.definition, each.kind, each.subject), (each.kind, each.subject)
            before = latest.get(key)
            if who in told_again:
                doubtful[who] = latest[key] = None
            elif before is None or before.at <= each.at:
                latest[key] = each
        for who, _, all_of_theirs in self._later(dict.fromkeys(doubtful, -1)):
            for each in all_of_theirs:
                if (each.definition, *who) in latest:
                    latest[each.definition, *who] = each
        entered = {key: each for key, each in latest.items() if each is not None and each.change == "entered"}
        insert(
            self._database,
            "standing (definition, kind, subject, since, transition)",
            [(*key, each.at, each.id) for key, each in entered.items()],
            "ON CONFLICT (definition, kind, subject) DO UPDATE SET since = excluded.since, "
            "transition = excluded.transition",
        )
        self._database.many(
            "DELETE FROM standing WHERE definition = ? AND kind = ? AND subject = ?",
            [key for key in latest if key not in entered],
        )

    def _stand_anew(self, definitions: Collection[str]) -> None:
        """Who is qualified now by these, whatever was said of it: of one that comes back, nobody knew any more."""
        if not definitions:
            return
        names, of = list(definitions), f"definition IN ({_places(definitions)})"
        self._database.rows(f"DELETE FROM standing WHERE {of}", names)
        self._database.rows(
            "INSERT INTO standing (definition, kind, subject, since, transition) "
            "SELECT definition, kind, subject, at, id FROM ("
            "SELECT *, ROW_NUMBER() OVER (PARTITION BY definition, kind, subject ORDER BY at DESC, id DESC) AS back "
            f"FROM transitions WHERE {of} AND retracted IS NULL) AS t WHERE back = 1 AND change = 'entered'",
            names,
        )

    def _later(self, since: Mapping[Who, int]) -> Iterator[tuple[Who, int, list[Recorded]]]:
        """Subjects, each with a moment of its own, and with the transitions that stand after it, in order of time. Many
        are looked up at once: others wait to write meanwhile."""
        remaining = iter(since.items())
        while some := list(islice(remaining, _AT_ONCE)):
            found: dict[Who, list[Recorded]] = defaultdict(list)
            alike: dict[tuple[str, bool], list[str]] = defaultdict(list)
            for (kind, subject), after in some:
                alike[kind, after < 0].append(subject)  # one whose all are wanted must not have all of the others read
            for (kind, _), subjects in alike.items():
                first = min(since[kind, subject] for subject in subjects)
                where = f"kind = ? AND subject IN ({_places(subjects)}) AND retracted IS NULL AND at > ?"
                for each in self._select(f"{where} ORDER BY at, id", (kind, *subjects, first)):
                    found[kind, each.subject].append(each)
            for who, after in some:
                yield who, after, [each for each in found[who] if each.at > after]

    def _with(self, where: str, values: Sequence[int], shares: Collection[int]) -> list[Who]:
        """Who, of these shares, has such transitions that stand."""
        if not shares:
            return []
        found = f"SELECT DISTINCT kind, subject FROM transitions WHERE {where} AND retracted IS NULL"
        return [who for who in self._database.rows(found, values) if share_of(*who) in shares]

    def _select(self, where: str, values: Sequence[Any] = ()) -> list[Recorded]:
        rows = self._database.rows(f"SELECT id, {_COLUMNS}, retracted FROM transitions WHERE {where}", values)
        return [_recorded(row) for row in rows]


def _until(settled: Mapping[Who, Mapping[str, int]], who: Who) -> dict[str, int]:
    """Up to when the record of a subject is settled, by definition."""
    everybody, own = settled.get(EVERYBODY, {}), settled.get(who, {})
    return {name: max(everybody.get(name, _NEVER), own.get(name, _NEVER)) for name in everybody.keys() | own.keys()}


def _brought_in_line(
    who: Who, settled: Mapping[str, int], recorded: Sequence[Recorded], verdicts: Sequence[Verdict]
) -> list[Verdict]:  # fmt: skip
    """How a subject enters or leaves at the moment up to which its record is settled, where what is left of history
    has it stand otherwise than the record."""
    found: list[Verdict] = []
    verdicts = sorted(verdicts, key=lambda verdict: verdict.at)
    for definition, until in settled.items():
        stands = [each.change for each in recorded if each.definition == definition and each.at <= until]
        left = [each for each in verdicts if each.definition == definition and each.at <= until]
        is_in, would_be = stands[-1:] == ["entered"], bool(left) and left[-1].change == "entered"
        if is_in == would_be:
            continue
        if would_be:
            found.append(replace(left[-1], reason=REMOVED, at=until, known_at=until))
        else:
            before = next(each for each in reversed(recorded) if each.definition == definition and each.at <= until)
            kind, subject = who
            found.append(
                Verdict(kind, subject, definition, before.meaning, "left", REMOVED, until, until, _without_evidence)
            )
    return found


def _without_evidence() -> str:
    return "[]"


def _places(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))


def _recorded(row: Sequence[Any]) -> Recorded:
    return Recorded(*(*row[:10], bool(row[10]), *row[11:]))
