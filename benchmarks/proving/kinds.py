"""The kinds of world, and their knobs: what one would change to ask another question, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Form = Literal["all", "any", "points"]
Trap = Literal["after", "alias", "spike", "status", "reminders"]

MONTH = 30.0
"""Days."""


@dataclass(frozen=True)
class Kind:
    """A kind of world. Spans are in days."""

    name: str = "and"
    form: Form | None = "all"
    """How the true rule is made of its conditions; None: nothing that anybody does matters."""
    subject: Literal["person", "account"] = "person"
    """Who signs up, acts and buys."""
    conversions: int = 500
    """Expected number of subjects who were at risk at the landmark, bought within the horizon, and whose horizon was
    over at the cut: what a method has to learn from."""
    events: int = 60
    """Names of events that are used, true ones included."""
    lift: float = 3.0
    """Chance to buy within the horizon of those at risk who satisfy the rule, over that of those who do not."""
    base_rate: float = 0.04
    """Chance to buy within the horizon, of those at risk at the landmark whose horizon is over at the cut."""
    correlation: float = 0.5
    """Rank correlation of a subject's activity (how often it does what the rule does not name, in the first week) with
    how often it does each true event. 0 to 0.7."""
    landmark: int = 7
    """Days from sign-up to the moment at which the truth is stated. Beyond 7, more satisfy the rule."""
    window: int | None = None
    """The rule counts what is done in so many days from sign-up; by default, all up to the landmark."""
    horizon: int = 30
    """Who buys within so many days after the landmark counts as converted."""
    followed: int = 150
    """Days of sign-ups whose horizon is over at the cut."""
    unseen: int = 60
    """Days of sign-ups after the cut: out of time."""
    churn: float = 0.25
    """Chance to leave for good within a month, the same for all. Who has left neither acts nor buys."""
    need: float = 0.0
    """A hidden need, which is the activity's common cause, drives buying: log hazard per standard deviation."""
    drift: Literal["", "gone", "changed"] = ""
    """From the middle of `followed` on, the rule means nothing ("gone"), or another one holds ("changed")."""
    viral: float = 0.0
    """Share of the `followed` days' sign-ups that come in one week, after a campaign: they do what it speaks of, and
    buy `lift` times as readily whatever they do."""
    bots: float = 0.0
    """Share of subjects that are programs: they do much, round the clock, and never buy."""
    bursts: float = 0.0
    """Chance that one occurrence of some events comes as many within minutes. The rule then counts days."""
    seasons: float = 0.0
    """Half the swing of log hazard between the seasons, and of activity in standard deviations."""
    trend: float = 0.0
    """How much activity rises (in standard deviations) and log hazard falls from the first day to the cut."""
    teams: float = 0.0
    """Spread (standard deviation of the log) of the readiness that people of one account share; half of their
    activity is the account's, too. 0: people belong to no account."""
    traps: tuple[Trap, ...] = ()
    """What must not be recommended (`benchmarks.proving.traps`)."""

    def __post_init__(self) -> None:
        if not 0 <= self.correlation <= 0.7:
            raise ValueError(f"correlation: expected 0 to 0.7, got {self.correlation}")
        if not 0 < self.rule_window <= self.landmark:
            raise ValueError(f"window: expected 1 to {self.landmark} (landmark), got {self.window}")
        if self.teams and self.subject == "account":
            raise ValueError("teams: accounts belong to no account; expected subject 'person'")

    @property
    def rule_window(self) -> int:
        """Days from sign-up in which the rule counts."""
        return self.landmark if self.window is None else self.window

    @property
    def span(self) -> int:
        """Days from sign-up to the end of the horizon."""
        return self.landmark + self.horizon

    @property
    def last_sign_up(self) -> int:
        """The last day of sign-ups, from the first one."""
        return self.followed + self.span + self.unseen

    @property
    def subjects(self) -> int:
        """How many sign up, on average: enough for `conversions`."""
        staying: float = (1 - self.churn) ** (self.landmark / MONTH) * (1 - self.bots)
        early = 1 - self.base_rate * self.landmark / self.horizon
        a_day = self.conversions / (self.base_rate * staying * early) / self.followed
        return round(a_day * self.last_sign_up)


KINDS: dict[str, Kind] = {
    each.name: each
    for each in (
        Kind("and"),
        Kind("or", form="any"),
        Kind("points", form="points"),
        Kind("window", window=3),
        Kind("null", form=None),
        Kind("confounded", form=None, need=0.8),
        Kind("drift", drift="gone"),
        Kind("changed", drift="changed"),
        Kind("viral", form=None, viral=0.3),
        Kind("small", conversions=50),
        Kind("bots", bots=0.05),
        Kind("bursts", bursts=0.15),
        Kind("reminders", traps=("reminders",)),
        Kind("after", traps=("after",)),
        Kind("leaks", traps=("after", "alias", "spike", "status")),
        Kind("seasons", seasons=0.5),
        Kind("trend", trend=0.7),
        Kind("teams", teams=1.0),
        Kind("accounts", subject="account"),
    )
}


def kind(name: str, **changes: Any) -> Kind:
    """The kind of that name, with other knobs."""
    if name not in KINDS:
        raise ValueError(f"there is no kind of world {name!r}; there are {', '.join(KINDS)}")
    return replace(KINDS[name], **changes)
