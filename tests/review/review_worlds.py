"""Small histories as arrays, and the slow obvious way to find the controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireflower.model.moments import DAY, NEVER, WEEK
from fireflower.review.moments import Moments, Spells

MONDAY = 19723 * DAY
"""2024-01-01, a Monday."""


@dataclass
class Person:
    """One subject, in days since MONDAY; None for what did not happen. Spells as (entered, known, left, left known)."""

    start: float | None = 0.0
    goal: float | None = None
    spells: tuple[tuple[float, float, float | None, float | None], ...] = ()
    start_known: float | None = None
    activation: float | None = None
    left_out: float | None = None


def moment(days: float | None) -> int:
    return NEVER if days is None else MONDAY + round(days * DAY)


def world(people: list[Person], as_of: float) -> tuple[Moments, Spells]:
    def column(name: str) -> np.ndarray:
        return np.array([moment(getattr(person, name)) for person in people], dtype=np.int64)

    start = column("start")
    known = np.array([moment(p.start if p.start_known is None else p.start_known) for p in people], dtype=np.int64)
    exists = np.where(start == NEVER, moment(0), start)
    moments = Moments(
        subjects="account",
        ids=[f"a{i}" for i in range(len(people))],
        as_of=moment(as_of),
        first_record=exists,
        start=start,
        start_known=known,
        activation=column("activation"),
        goal=column("goal"),
        left_out_from=column("left_out"),
        goal_words="'paid'",
    )
    return moments, spells_of(people)


def spells_of(people: list[Person]) -> Spells:
    rows = [(i, *spell) for i, person in enumerate(people) for spell in person.spells]
    columns = [np.array([moment(row[k]) for row in rows], dtype=np.int64) for k in (1, 2, 3, 4)]
    reason = np.array([0 if row[3] is None else 1 for row in rows], dtype=np.int8)
    return Spells(np.array([row[0] for row in rows], dtype=np.int32), *columns, reason)


def enters(at: float, until: float | None = None) -> tuple[tuple[float, float, float | None, float | None], ...]:
    """One spell that is known at once."""
    return ((at, at, until, until),)


def controls_of(
    moments: Moments, spells: Spells, subject: int, entered: int, horizon: int, weeks: int
) -> tuple[set[int], set[int]]:
    """Who of a sign-up cohort could have entered at the same age and had not; and who of them reached the goal."""
    age = entered - moments.start[subject]
    controls, converted = set(), set()
    for other in range(len(moments)):
        start = moments.start[other]
        if start == NEVER or start > moments.as_of or cohort(start, weeks) != cohort(moments.start[subject], weeks):
            continue
        then = start + age
        qualified = any(
            spells.entered_known[k] <= then < max(spells.left_known[k], spells.entered_known[k] + 1)
            for k in range(len(spells))
            if spells.subject[k] == other
        )
        if (
            moments.start_known[other] <= then
            and not qualified
            and then < moments.goal[other]
            and then < moments.left_out_from[other]
            and then + horizon <= moments.as_of
        ):
            controls.add(other)
            if moments.goal[other] <= then + horizon:
                converted.add(other)
    return controls, converted


def cohort(start: int, weeks: int) -> int:
    return (int(start) - 4 * DAY) // WEEK // weeks
