"""Some of the definitions at work on some of the subjects, and what they decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from fireflower.app.live.past import Past
from fireflower.app.live.qualifying import Qualifying
from fireflower.app.live.sieving import Concerns
from fireflower.app.live.telling import verdicts_of
from fireflower.evaluate.live import Step
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.arrivals import Arrivals
from fireflower.history.log.leases import ALL_SHARES, Evaluated, share_of
from fireflower.history.log.verdicts import Verdict, Who
from fireflower.history.ongoing import place
from fireflower.model.records import Kind, SubjectKind

_FEW = 1_000
"""Subjects beyond which all shares are likely to be concerned, and nobody counts which."""

AT_ONCE = 5_000
"""Messages of the log that are told in one step."""

Stood = Sequence[tuple[Transitions, frozenset[str]]]
"""How a subject stands, of each part, with the names of the definitions that count there; empty if nothing is known of
it."""


@dataclass(slots=True)
class Standing:
    """Every verdict so far, as steps have told them.

    Attributes
    ----------
    told_again : whose past has been told again, with the moment up to which earlier verdicts stand
    """

    verdicts: dict[Who, list[Verdict]] = field(default_factory=dict)
    told_again: dict[Who, int] = field(default_factory=dict)
    _qualified: dict[str, set[Who]] = field(default_factory=lambda: defaultdict(set))

    def add(self, verdicts: Iterable[Verdict], told_again: dict[Who, int]) -> None:
        touched = dict.fromkeys(told_again)
        for who, since in told_again.items():
            self.verdicts[who] = [verdict for verdict in self.verdicts.get(who, ()) if verdict.at <= since]
            self.told_again[who] = min(since, self.told_again.get(who, since))
        for verdict in verdicts:
            who = verdict.kind, verdict.subject
            touched[who] = None
            self.verdicts.setdefault(who, []).append(verdict)
        for who in touched:
            self._stand(who)

    def since(self) -> dict[Who, int]:
        """Up to when the verdicts from before stand, of each of these subjects."""
        firsts = {who: min(each.at for each in verdicts) - 1 for who, verdicts in self.verdicts.items() if verdicts}
        return {who: min(firsts.get(who, again), again) for who, again in (firsts | self.told_again).items()}

    def all(self) -> list[Verdict]:
        return [verdict for verdicts in self.verdicts.values() for verdict in verdicts]

    def qualified(self, definition: str) -> set[Who]:
        """Who is qualified by a definition at the end."""
        return self._qualified[definition]

    def _stand(self, who: Who) -> None:
        for qualified in self._qualified.values():
            qualified.discard(who)
        latest = {verdict.definition: verdict.change for verdict in self.verdicts[who]}
        for definition, change in latest.items():
            if change == "entered":
                self._qualified[definition].add(who)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the definitions, evaluated up to a place in the log.

    Attributes
    ----------
    meanings : what the definitions mean, by name
    names : of those that count; others have been changed since, and are evaluated in another part
    shares : the subjects that count fall into these; see `history.log.leases`
    """

    meanings: Mapping[str, str]
    names: frozenset[str]
    qualifying: Qualifying
    past: Past
    shares: frozenset[int] = ALL_SHARES

    def counts(self, kind: str, id: str) -> bool:
        """Whether a subject is evaluated by it."""
        return self.shares == ALL_SHARES or share_of(kind, id) in self.shares

    def without(self, shares: Collection[int]) -> Part:
        """The same without some of its shares."""
        if not self.shares & set(shares):
            return self
        part = replace(self, shares=self.shares - set(shares))
        part.qualifying.concern(part.counts)
        return part


@dataclass(frozen=True, slots=True)
class Decided:
    """What a step of a part has decided."""

    part: Part
    verdicts: list[Verdict]
    told_again: dict[Who, int]

    def shares(self) -> set[int]:
        """The shares into which those fall whom it is about; if these are many, all of the part."""
        if len(self.verdicts) + len(self.told_again) > _FEW:
            return set(self.part.shares)
        return {share_of(each.kind, each.subject) for each in self.verdicts} | {
            share_of(*who) for who in self.told_again
        }

    def without(self, shares: Collection[int]) -> Decided:
        """What is about the others."""
        verdicts = [each for each in self.verdicts if share_of(each.kind, each.subject) not in shares]
        again = {who: since for who, since in self.told_again.items() if share_of(*who) not in shares}
        part = replace(self.part, shares=self.part.shares - set(shares))
        return Decided(part, verdicts, again)


def decide(part: Part, arrivals: Arrivals, position: int, now: int) -> Decided:
    """Have a part take in what has come, up to a place in the log, and what time has brought until now."""
    part.past.position = position
    step = part.qualifying.take(arrivals, now, part.past.known(arrivals))
    if not len(step.transitions) and not step.told_again:
        return Decided(part, [], {})
    return Decided(part, verdicts_by(part, step), told_again_by(part, step))


def tell_up_to(part: Part, standing: Standing, end: int, now: int) -> None:
    """Have a part take in what the log has up to a place there, as what others have evaluated by now."""
    for start in range(part.past.position, end, AT_ONCE):
        some = part.past.messages(min(start + AT_ONCE, end), start)
        records = part.past.take_in(some)
        part.past.position = min(start + AT_ONCE, end)
        tell(part, standing, records, now)
    tell(part, standing, Arrivals.of([]), now)


def tell_log(part: Part, standing: Standing, up_to: int | None, now: int) -> None:
    """Have a part take in what the log has, up to a place there, and then what time has brought until now."""
    past = part.past
    kept = past.messages(up_to, past.position)
    # Only what has been read counts as evaluated: more may have come meanwhile.
    for some in past.take_in(kept).in_time(AT_ONCE, part.qualifying.decided):
        tell(part, standing, some, min(now, some.latest()))
    tell(part, standing, Arrivals.of([]), now)


def tell(part: Part, standing: Standing, arrivals: Arrivals, now: int, again: Collection[Who] = ()) -> None:
    """Have a part take in records, and then what time has brought until now; and tell the past of some subjects
    again."""
    subjects = cast(Collection[tuple[SubjectKind, str]], again)
    step = part.qualifying.take(arrivals, now, part.past.known(arrivals), subjects)
    standing.add(verdicts_by(part, step), told_again_by(part, step))


def evaluated_before(evaluated: Iterable[Evaluated]) -> Evaluated | None:
    """Up to where all of these have been evaluated, and by what definitions and on what basis, if they agree in that;
    None if one has never been."""
    shares = list(evaluated)
    if any(each.meanings is None for each in shares):
        return None
    agree = all((each.meanings, each.basis) == (shares[0].meanings, shares[0].basis) for each in shares)
    position, moment = min(each.position for each in shares), min(each.moment for each in shares)
    return replace(shares[0], position=position, moment=moment) if agree else Evaluated(position, moment)


def by_what_is_past(
    evaluated: Mapping[int, Evaluated], meanings: Mapping[str, str]
) -> dict[frozenset[str], set[int]]:  # fmt: skip
    """Shares by the definitions that are new there, or mean something else than before."""
    found: dict[frozenset[str], set[int]] = {}
    for share, each in evaluated.items():
        past = frozenset(name for name, meaning in meanings.items() if not each.knows(name, meaning))
        found.setdefault(past, set()).add(share)
    return found


def concerns_of(shares: frozenset[int]) -> Concerns:
    """Whether a subject falls into one of these shares."""
    return lambda kind, id: share_of(kind, id) in shares


def verdicts_by(part: Part, step: Step) -> list[Verdict]:
    """What a part has decided, of the definitions and subjects that count."""
    found = verdicts_of(step.transitions, part.meanings, part.past.lookup)
    return [each for each in found if each.definition in part.names and part.counts(each.kind, each.subject)]


def told_again_by(part: Part, step: Step) -> dict[Who, int]:
    """Whose past a part has told again, with the moment up to which earlier transitions stand."""
    again = {(Subject(kind).name.lower(), id): since for (kind, id), since in step.told_again.items()}
    return {who: since for who, since in again.items() if part.counts(*who)}


def stood(parts: Sequence[Part], whom: Sequence[tuple[SubjectKind, str]], now: int) -> list[Stood]:
    """How each of these subjects stands with each definition about its kind."""
    found = [(part.qualifying.standing(whom, now), part.names) for part in parts]
    return [[(one, names) for stands, names in found if (one := stands[nth]) is not None] for nth in range(len(whom))]


def traits_in(part: Part, kind: SubjectKind, id: str) -> Mapping[str, Any]:
    """The traits of a subject as of now; of a person also those of the current account, as "account.NAME"."""
    history = part.qualifying.history
    if kind == "account":
        return history.memberships.traits(id)
    records = [each.record for each in part.past.find(history.identities.ids(id), ())]
    theirs = [each for each in sorted(records, key=place) if each.kind == Kind.PERSON_TRAIT]
    own = {each.name: each.value for each in theirs if history.identities.person(each.person or "") == id}
    account = history.memberships.current(id)
    of_account = history.memberships.traits(account) if account is not None else {}
    return own | {f"account.{name}": value for name, value in of_account.items()}
