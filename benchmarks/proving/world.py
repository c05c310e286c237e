"""A world from a kind and a seed, and the same world with an intervention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.proving.buying import beside, buy, calibrated, within_horizon
from benchmarks.proving.catalogue import Catalogue, draw_catalogue
from benchmarks.proving.chance import Bools, Chance, Floats, Ints
from benchmarks.proving.doing import Doing, Everyone, Nobody
from benchmarks.proving.history import DAY, GOAL, NEVER, SIGN_UP, START, History, Rows
from benchmarks.proving.kinds import Kind
from benchmarks.proving.rules import Condition
from benchmarks.proving.subjects import Subjects, draw_subjects
from benchmarks.proving.traps import known_of, settling_in, trap_names, trap_rows
from benchmarks.proving.truth import Era, Truth
from benchmarks.proving.use import until, use


@dataclass(frozen=True, eq=False)
class World:
    """A world: what it records and what is true in it.

    Attributes
    ----------
    ids : of the subjects, in the order of their numbers
    cut : what is recorded before this moment is there to learn from; who signs up later judges what was found
    """

    kind: Kind
    seed: int
    ids: tuple[str, ...]
    cut: int
    history: History
    truth: Truth

    def unseen(self, landmark: float) -> Bools:
        """Who signs up after the cut and is at risk at the landmark: those on whom findings are judged."""
        return (self.history.signed_up >= self.cut) & self.truth.at_risk(landmark)


@dataclass(frozen=True)
class Effect:
    """A true causal effect: the mean chance to buy within the horizon, of all who are there at the landmark, if
    everyone meets the conditions and if nobody does what they are about."""

    everyone: float
    nobody: float

    @property
    def difference(self) -> float:
        return self.everyone - self.nobody

    @property
    def ratio(self) -> float:
        return self.everyone / self.nobody


def build(kind: Kind, seed: int, do: Sequence[Doing] = ()) -> World:
    """The world of this kind and seed.

    Parameters
    ----------
    do : interventions. All else is as it is without: who comes, what else they do, who would buy at which hazard
    """
    chance = Chance(seed, kind.subjects)
    catalogue, subjects = draw_catalogue(kind, chance), draw_subjects(kind, chance)
    rows, others = use(kind, catalogue, chance, subjects), beside(kind, subjects)
    eras = _eras(kind, catalogue)
    holds_from, strength = _by_rules(kind, catalogue, subjects, eras, rows)
    held = holds_from < subjects.signed_up + kind.landmark * DAY
    compared = _of_era(subjects, eras) < (1 if kind.drift == "gone" else len(eras))
    learnt_from = subjects.signed_up < START + kind.followed * DAY
    hazard = calibrated(kind, others, strength, held, compared, learnt_from)
    if do:
        rows = _done(do, catalogue, chance, subjects, rows)
        holds_from, strength = _by_rules(kind, catalogue, subjects, eras, rows)
    a_day = hazard.a_day(others, strength)
    bought = buy(chance, subjects, a_day)
    decoys = {**_named(catalogue, catalogue.settled, "after buying"), **(_viral(catalogue) if kind.viral else {})}
    return World(
        kind=kind,
        seed=seed,
        ids=tuple(f"{kind.subject[0]}{number:06}" for number in range(len(subjects))),
        cut=START + (kind.followed + kind.span) * DAY,
        history=_recorded(kind, catalogue, chance, subjects, rows, bought),
        truth=Truth(
            kind=kind,
            eras=eras,
            traps=trap_names(kind, catalogue),
            decoys=decoys,
            signed_up=subjects.signed_up,
            holds_from=holds_from,
            bought=bought,
            leaves=subjects.leaves,
            chance=within_horizon(kind, a_day),
            need=subjects.active,
            bot=subjects.bot,
        ),
    )


def effect(world: World, conditions: Sequence[Condition] | None = None) -> Effect:
    """The true effect of meeting these conditions (by default, those of the world's first rule), by running the world
    again. Of those who sign up in the first era."""
    if conditions is None:
        rule = world.truth.eras[0].rule
        conditions = rule.conditions if rule else ()
    everyone = build(world.kind, world.seed, [Everyone(condition) for condition in conditions])
    nobody = build(world.kind, world.seed, [Nobody(condition.event) for condition in conditions])
    return Effect(_mean_chance(everyone), _mean_chance(nobody))


def _mean_chance(world: World) -> float:
    truth = world.truth
    there = ~truth.bot & (truth.leaves > truth.signed_up + world.kind.landmark * DAY)
    if len(truth.eras) > 1:
        there &= truth.signed_up < truth.eras[1].since
    return float(truth.chance[there].mean())


def _eras(kind: Kind, catalogue: Catalogue) -> tuple[Era, ...]:
    first = Era(START, catalogue.rule)
    return (first, Era(START + kind.followed * DAY // 2, catalogue.later)) if kind.drift else (first,)


def _of_era(subjects: Subjects, eras: Sequence[Era]) -> Ints:
    """The place of each subject's era."""
    return np.searchsorted([era.since for era in eras], subjects.signed_up, side="right") - 1


def _by_rules(
    kind: Kind, catalogue: Catalogue, subjects: Subjects, eras: Sequence[Era], rows: Rows
) -> tuple[Ints, Floats]:
    """By the rule of each subject's era: from when it holds, and its strength at the start of each day."""
    holds_from = np.full(len(subjects), NEVER, np.int64)
    strength = np.zeros((len(subjects), kind.landmark + 1))
    history = History(catalogue.names, *rows, subjects.signed_up, subjects.team, ())
    for place, era in enumerate(eras):
        if era.rule is not None:
            mine = _of_era(subjects, eras) == place
            met = era.rule.met_at(history)
            holds_from[mine] = era.rule.holds_from(met)[mine]
            strength[mine] = era.rule.strength(met, subjects.signed_up, kind.landmark)[mine]
    return holds_from, strength


def _done(
    do: Sequence[Doing], catalogue: Catalogue, chance: Chance, subjects: Subjects, rows: Rows
) -> Rows:  # fmt: skip
    for each in do:
        if isinstance(each, Everyone):
            history = History(catalogue.names, *rows, subjects.signed_up, subjects.team, ())
            rows = each.change(rows, catalogue, chance, subjects.signed_up, each.condition.met_at(history))
        else:
            rows = each.change(rows, catalogue)
    return until(rows, subjects.leaves)


def _recorded(
    kind: Kind, catalogue: Catalogue, chance: Chance, subjects: Subjects, rows: Rows, bought: Ints
) -> History:  # fmt: skip
    """All records up to the end of the last horizon, in order of time."""
    everyone, buyers = np.arange(len(subjects)), np.flatnonzero(bought < NEVER)
    rows = Rows.join(
        [
            Rows.of(catalogue.place(SIGN_UP), everyone, subjects.signed_up),
            rows,
            Rows.of(catalogue.place(GOAL), buyers, bought[buyers]),
            *settling_in(catalogue, chance, bought),
            *trap_rows(kind, catalogue, chance, subjects, bought),
        ]
    )
    order = np.argsort(rows.time, kind="stable")
    rows = Rows(*(column[order] for column in rows))
    known = known_of(kind, chance, subjects, bought)
    history = History(catalogue.names, *rows, subjects.signed_up, subjects.team, known)
    return history.until(START + (kind.last_sign_up + kind.span) * DAY)


def _named(catalogue: Catalogue, places: Ints, why: str) -> dict[str, str]:
    return {catalogue.names[place]: why for place in places.tolist()}


def _viral(catalogue: Catalogue) -> dict[str, str]:
    return _named(catalogue, catalogue.campaign, "campaign")
