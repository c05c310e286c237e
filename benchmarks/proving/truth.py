"""What is true in a world, and nobody who searches may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.proving.chance import Bools, Floats, Ints
from benchmarks.proving.history import DAY
from benchmarks.proving.kinds import Kind
from benchmarks.proving.rules import Rule


@dataclass(frozen=True)
class Era:
    """What holds for those who sign up from this moment on; `rule` is None where nothing that they do matters."""

    since: int
    rule: Rule | None


@dataclass(frozen=True, eq=False)
class Truth:
    """The truth, with one entry a subject in its arrays.

    Attributes
    ----------
    kind : with the true lift, base rate, landmark and horizon
    eras : in order of time; one, but in worlds that drift
    traps : events and traits that go along with buying and must not be recommended -> why
    decoys : ordinary events that a careless eye takes for signals -> why. In no rule
    holds_from : moment at which the true rule of the subject's era begins to hold for it; NEVER for some
    bought, leaves : moments; `bought` is NEVER for most. Some lie after the end of the history
    chance : of buying within the horizon, of who is at risk at the landmark. What no method can beat
    need : the common cause of all that a subject does, standard normal; in confounded worlds of buying, too
    bot : programs, about which nothing is claimed
    """

    kind: Kind
    eras: tuple[Era, ...]
    traps: Mapping[str, str]
    decoys: Mapping[str, str]
    signed_up: Ints
    holds_from: Ints
    bought: Ints
    leaves: Ints
    chance: Floats
    need: Floats
    bot: Bools

    def rule_at(self, moment: int) -> Rule | None:
        """The rule for those who sign up at the moment."""
        return [era for era in self.eras if era.since <= moment][-1].rule

    def at_risk(self, landmark: float) -> Bools:
        """Who, so many days after its sign-up, is there, has not bought, and is no bot."""
        moment = self.signed_up + int(landmark * DAY)
        return (self.bought > moment) & (self.leaves > moment) & ~self.bot

    def holds(self, landmark: float) -> Bools:
        """For whom the rule holds by what they did in their first so many days."""
        return self.holds_from < self.signed_up + int(landmark * DAY)

    def converts(self, landmark: float, horizon: float | None = None) -> Bools:
        """Who buys within the horizon (days; by default the kind's) after the landmark."""
        start = self.signed_up + int(landmark * DAY)
        end = start + int((self.kind.horizon if horizon is None else horizon) * DAY)
        return (self.bought > start) & (self.bought <= end)
