"""The knobs of a simulated world: what one would change to tell another story, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Archetype:
    """A way in which accounts behave, and how likely it makes each ingredient of being ready to buy."""

    name: str
    """As it stands in truth.csv."""
    share: float
    """Share of all accounts. Of every archetype there is at least one account."""
    team: Range
    """People who would use it, from the smallest account to the largest."""
    appetite: Range
    """How much they get out of the product, 0 to 1: drives how often they come, how fast they grow, and value."""
    life: Range
    """Days until interest fades, if they do not buy."""
    fit: float = 0.0
    """Chance to be the kind of company that the product is made for."""
    budget: float = 0.0
    """Chance to have the money, given fit; without fit it is a third of it."""
    intent: float = 0.0
    """Chance to want the paid product one day."""
    curiosity: float = 0.1
    """Looks at the pricing page a month, for no particular reason."""
    trial: float = 0.7
    """Chance to start a trial soon after sign-up."""
    sample: float = 0.25
    """Share of reports that run on sample data instead of their own."""


CUSTOMERS = (
    Archetype("evaluator", 0.23, (2, 14), (0.25, 0.95), (20, 160), 0.78, 0.75, 0.75, 0.35, 0.85),
    Archetype("grower", 0.13, (2, 20), (0.35, 1.00), (60, 420), 0.55, 0.60, 0.55, 0.15, 0.50),
    Archetype("happy free", 0.12, (1, 4), (0.65, 1.00), (250, 800), 0.20, 0.00, 0.10, 0.15, 0.30),
    Archetype("dabbler", 0.29, (1, 3), (0.05, 0.35), (2, 50), 0.30, 0.40, 0.10, 0.3, 0.50, 0.55),
    Archetype("tyre kicker", 0.05, (1, 3), (0.10, 0.45), (15, 120), 0.10, 0.10, 0.25, 3.0, 0.80, 0.50),
    Archetype("spike", 0.16, (1, 1), (0.05, 0.45), (1, 25), 0.10, 0.15, 0.05, 0.3, 0.35, 0.70),
)
"""Accounts that could buy. Those of the archetype "spike" all sign up on `World.spike_days`."""

OUTSIDERS = (
    Archetype("bot", 0.006, (1, 1), (0.05, 0.10), (3, 30), curiosity=0.0, trial=0.0),
    Archetype("test", 0.006, (2, 4), (0.30, 0.60), (100, 400), curiosity=2.0),
    Archetype("competitor", 0.002, (3, 5), (0.40, 0.80), (60, 200), curiosity=6.0),
    Archetype("staff", 0.0, (14, 14), (0.40, 0.60), (800, 900), curiosity=4.0, trial=0.0),
)
"""Accounts that are no leads, whatever they do. Of "staff" there is one account: the vendor's own."""


@dataclass(frozen=True, slots=True)
class World:
    """A company, its product and a stretch of time. The default is the demo: a year of the product Lumen Reports."""

    accounts: int = 2400
    """Accounts that sign up during the time, outsiders included. At least 20."""
    months: int = 12
    """Length of the history in calendar months."""
    end: date = date(2025, 12, 31)
    """The last day of the history (UTC), the last day of a month."""
    archetypes: tuple[Archetype, ...] = CUSTOMERS + OUTSIDERS
    """Who comes."""
    growth: float = 0.6
    """How many more sign-ups a day there are at the end than at the beginning, as a fraction."""
    spike_days: tuple[float, ...] = (0.31, 0.313, 0.316, 0.64, 0.643)
    """Days on which a post goes viral, as fractions of the whole time."""
    value_bar: float = 0.4
    """Appetite from which on the product is worth money to an account."""
    ready_buy: float = 0.78
    """Chance that an account that is ready to buy does; the others choose a rival or never get round to it."""
    impulse_buy: float = 0.016
    """Chance that a customer account that never gets ready buys all the same."""
    cancel: float = 0.08
    """Chance that a subscription is cancelled within the time."""
    trial_days: int = 14
    """Length of a trial."""
    free_seats: int = 5
    """People that a free account may have; who would join beyond hits a paywall."""
    free_gb: int = 2
    """Storage of a free account."""
    trial_gb: int = 6
    """Storage of a trial."""
    paid_gb: int = 200
    """Storage of a paid account."""
    consultants: float = 0.004
    """People who work for several accounts at a time, as a fraction of people."""
    movers: float = 0.008
    """People who change to another account, as a fraction of people."""
    anonymous_visitors: float = 1.5
    """Visitors of the web site who never sign up, per account."""
    known_visitors: float = 0.6
    """Chance that somebody visited the web site anonymously before signing up."""
    bot_events_a_day: int = 1400
    """Reports that a bot runs on each of its days, at all hours."""
    late_days: tuple[float, ...] = (0.45, 0.4528)
    """Days on which the events of one region are held up for nine days, as fractions of the whole time."""
    duplicates: float = 0.004
    """Fraction of rows that the export holds twice."""
    malformed: int = 14
    """Rows of the export that nobody can read."""

    def __post_init__(self) -> None:
        if self.accounts < 20:
            raise ValueError(f"accounts: expected at least 20, so that every archetype is there, got {self.accounts}")
        if self.months < 1:
            raise ValueError(f"months: expected at least 1, got {self.months}")
