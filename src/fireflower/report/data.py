"""What a report is made of. The statistics are those of `fireflower.review`; here is only what surrounds them.

Moments are int microseconds (UTC). Every part may be missing: an empty tuple or None makes the report say so, not fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fireflower.language.nodes import Circle, Condition, DefinitionKind
from fireflower.model.records import SubjectKind
from fireflower.review.results import Backtest, Funnel, ThresholdCurve, TimeToValue, WeeklyVolume

Value = float | str | bool | tuple[float | str | bool, ...] | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A condition of a definition, as a salesperson should read it.

    Attributes
    ----------
    condition : the node; its test gives the bound, its quantity the unit
    label : the quantity in a few words: "messages sent", "visits to pricing in 30 days"
    circle : the circle in which it is declared, None outside of all
    negated : the definition asks that it does *not* hold
    """

    condition: Condition
    label: str
    circle: Circle | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """How one lead stands with one criterion as of the report's `as_of`.

    Attributes
    ----------
    holds : whether the condition holds
    quantity : its value in the condition's own unit (microseconds for recency and elapsed); None for missing
    since : since when it has (not) held, a moment; None where unknown
    """

    holds: bool
    quantity: Value
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody of an account whom to talk to.

    Attributes
    ----------
    called : as a salesperson would call or reach them: "Ann Lee, ann@acme.example (owner)"
    did : what they did of what the account qualifies by: "reports 15 of 46"
    last : when they were last seen in the account, a moment
    """

    called: str
    did: str
    last: int


@dataclass(frozen=True, slots=True)
class Lead:
    """A subject that is qualified as of `as_of`.

    Attributes
    ----------
    subject : the id
    since : when it entered, a moment
    evidence : one for each of the definition's criteria, in their order
    next_step : the natural next step in the product, one short sentence; "" where there is none
    name : what people call it; "" where only the id is known
    facts : a few traits worth knowing before a call: "120 employees", "software"
    truth : what a simulated world knows about it; "" in real data
    doers : of an account, whom to talk to there
    """

    subject: str
    since: int
    evidence: tuple[Evidence, ...] = ()
    next_step: str = ""
    name: str = ""
    facts: tuple[str, ...] = ()
    truth: str = ""
    doers: tuple[Doer, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody entered or left lately.

    Attributes
    ----------
    reason : "qualified" for entered; "lapsed", "converted" or "left out" for left
    tipped : what tipped it, in words; "" where unknown
    """

    at: int
    subject: str
    change: Literal["entered", "left"]
    reason: str
    tipped: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unmoved:
    """A bound of which no curve is shown, as other bounds would tell nothing, and why.

    Attributes
    ----------
    label, bound : as those of a ThresholdCurve
    """

    label: str
    bound: str
    why: str


@dataclass(frozen=True, slots=True)
class DefinitionReport:
    """One definition and what came of it.

    Attributes
    ----------
    english : what it asks for in plain English, a line an item
    goal : the goal in words; "" for none
    leads : those qualified now, the most recent first
    changes : those of the last `ReportData.recent_days` days, the most recent first
    thresholds : the curves that tell something
    unmoved : the bounds whose curves would not
    """

    name: str
    subjects: SubjectKind
    kind: DefinitionKind = "usage"
    description: str = ""
    english: tuple[str, ...] = ()
    goal: str = ""
    criteria: tuple[Criterion, ...] = ()
    leads: tuple[Lead, ...] = ()
    changes: tuple[Change, ...] = ()
    volume: WeeklyVolume | None = None
    funnel: Funnel | None = None
    time_to_value: TimeToValue | None = None
    backtest: Backtest | None = None
    thresholds: tuple[ThresholdCurve, ...] = ()
    unmoved: tuple[Unmoved, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Subjects that are no leads, and what says so: "people: email ends with '@ours.example'"."""

    subjects: SubjectKind
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class KeptAside:
    """Rows that an import could not read, by file and reason."""

    file: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class DataSummary:
    """The data on which the report rests. `first`: the moment of the first record, `last`: that of the last event; None
    without any."""

    events: int = 0
    people: int = 0
    accounts: int = 0
    first: int | None = None
    last: int | None = None
    left_out: tuple[LeftOut, ...] = ()
    kept_aside: tuple[KeptAside, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything on the page.

    Attributes
    ----------
    as_of : the moment up to which everything was decided; None while there is no data
    version : the version of fireflower
    definitions : the most important first: the headline is about it
    recent_days : how many days `DefinitionReport.changes` go back
    simulated : the data were made up; the page says so, and shows `Lead.truth`
    notes : anything else that a reader must know before reading
    """

    project: str
    as_of: int | None
    version: str
    definitions: tuple[DefinitionReport, ...] = ()
    data: DataSummary = DataSummary()
    recent_days: int = 14
    simulated: bool = False
    notes: tuple[str, ...] = ()
