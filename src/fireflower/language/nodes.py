"""What a definition can say, as frozen nodes without any engine in them. This file is the language's table of contents.

The exact meaning of every node is docs/semantics.md. Spans are microseconds, see `fireflower.model.moments`.
Nodes compare by meaning: names that a user gave to quantities are not part of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fireflower.model.records import SubjectKind

Scalar = str | float | bool

# --- Tests: a value against a bound -----------------------------------------------------------------------------------
# Numbers compare with numbers and text with text; a missing value, or one of the other type, makes every test false
# except `Known(False)`.


@dataclass(frozen=True, slots=True)
class Compare:
    """value OP bound. Text knows = and != only. Booleans are text-like: = and !=."""

    op: Literal["<", "<=", ">", ">=", "=", "!="]
    bound: Scalar


@dataclass(frozen=True, slots=True)
class Date:
    """A date or time value in text (ISO 8601) before or after a moment: value OP moment."""

    op: Literal["<", "<=", ">", ">=", "=", "!="]
    moment: int


@dataclass(frozen=True, slots=True)
class Between:
    """low <= value <= high: both ends belong to it, as in "25 to 200 employees"."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value equals one of these; for a list value, one of its items does. `negated`: it is known, and does not."""

    values: tuple[Scalar, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Text that contains, starts with or ends with `part`, without regard to case; a list contains an equal item."""

    how: Literal["contains", "starts with", "ends with"]
    part: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Whether there is a value at all."""

    known: bool = True


Test = Compare | Date | Between | OneOf | Text | Known

# --- Which events: names and `where` ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the event, by its path without the leading "properties.": "rows", "plan.name"."""

    path: str


@dataclass(frozen=True, slots=True)
class LocalTime:
    """When it happened on the wall clock of the subject's time zone: hour 0 to 23, or weekday 1 (Monday) to 7."""

    part: Literal["hour", "weekday"]


@dataclass(frozen=True, slots=True)
class Role:
    """The role that the person had in the event's account at that moment."""


@dataclass(frozen=True, slots=True)
class EventName:
    """The event's name. `Distinct` counts how many different ones there are; events are chosen by `Events`."""


Field = Property | LocalTime | Role


@dataclass(frozen=True, slots=True)
class FieldTest:
    field: Field
    test: Test


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts hold."""

    parts: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the parts holds."""

    parts: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class No:
    """The part does not hold."""

    part: Where


Where = FieldTest | Every | Some | No


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one of these names (of any name, if there are none) for which `where` holds."""

    names: tuple[str, ...] = ()
    where: Where | None = None


# --- Windows ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ever:
    """From the subject's first record to the moment."""


@dataclass(frozen=True, slots=True)
class Last:
    """`last 7 days`: an event at t counts at every moment in [t, t + span)."""

    span: int


@dataclass(frozen=True, slots=True)
class AnySpan:
    """`any 7 days`: the greatest value that the quantity has had so far over `Last(span)`. It never falls."""

    span: int


@dataclass(frozen=True, slots=True)
class Within:
    """`within 14 days of trial`: only events in [a, a + span), a being the anchor's first time. Span None: [a, ...)."""

    anchor: Events
    span: int | None


Window = Ever | Last | AnySpan | Within

# --- Quantities: a number (or text) that a history has at a moment ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count:
    """How many events."""

    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values of a property, or names of events; events without the property do not count."""

    of: Property | EventName
    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class DistinctDays:
    """On how many different calendar days of the subject's time zone an event happened."""

    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Sum:
    """Sum of a property, exact in millionths."""

    of: Property
    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Extreme:
    """Smallest or greatest number of a property; missing while there is none."""

    which: Literal["min", "max"]
    of: Property
    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Latest:
    """The property's value on the latest event that has it, a number or text; missing while there is none."""

    of: Property
    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Members:
    """How many people are members of the account at the moment, in one of these roles if there are any."""

    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Actors:
    """How many different people did it in the account."""

    events: Events
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Recency:
    """The span since the latest such event; since the subject's first record, if there has been none."""

    events: Events


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The span since the first such event; missing before it."""

    since: Events


@dataclass(frozen=True, slots=True)
class Streak:
    """Consecutive calendar days with an event. `longest`: the longest run so far; otherwise the current run: 0 once a
    whole day has passed without one."""

    events: Events
    longest: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """How many steps have been done in this order, the latest within `span` after the first; the best so far."""

    steps: tuple[Events, ...]
    span: int | None = None


@dataclass(frozen=True, slots=True)
class Sessions:
    """How many sessions began. An event begins one if no event came in the `gap` before it."""

    events: Events
    gap: int
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Hours spent: the spans between successive events of one session (see Sessions), each counted at its end."""

    events: Events
    gap: int
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class Trait:
    """A trait's value as of the moment. In a person's history, the traits of an account are those of the account that
    they joined last among those of which they are a member."""

    owner: SubjectKind
    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A constant, as a part of a ratio or a difference."""

    value: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """numerator / denominator; missing where either is missing or the denominator is 0. A share of a limit is one."""

    numerator: Quantity
    denominator: Quantity


@dataclass(frozen=True, slots=True)
class Difference:
    """minuend - subtrahend; missing where either is missing. What is left of a limit is one."""

    minuend: Quantity
    subtrahend: Quantity


@dataclass(frozen=True, slots=True)
class Skill:
    """How able a subject is. It has its place in the language; no engine evaluates it yet."""

    name: str


@dataclass(frozen=True, slots=True)
class HoldingPoints:
    """Points while a condition holds; with the score's half-life they fade from the moment it began to hold."""

    condition: Formula
    points: float


@dataclass(frozen=True, slots=True)
class EventPoints:
    """Points for each event, at most `cap` together; with the score's half-life what has been earned fades."""

    events: Events
    points: float
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The sum of its items, at most `cap`."""

    items: tuple[HoldingPoints | EventPoints, ...]
    half_life: int | None = None
    cap: float | None = None


Quantity = (
    Count | Distinct | DistinctDays | Sum | Extreme | Latest | Members | Actors | Recency | Elapsed
    | Streak | Sequence | Sessions | TimeSpent | Trait | Number | Ratio | Difference | Skill | Score
)  # fmt: skip

# --- Formulas ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """A quantity or trait against a bound. Spans (recency, elapsed) compare in microseconds, hours spent in hours.

    `text` is how the user wrote it; it is no part of its meaning.
    """

    quantity: Quantity
    test: Test
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """All of the parts hold. Without parts it holds always."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts holds. Without parts it never holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Formula


Formula = Condition | All | AnyOf | Not

# --- Definitions and the project --------------------------------------------------------------------------------------

Circle = Literal["value", "fit", "intent", "ability"]
CIRCLES: tuple[Circle, ...] = ("value", "fit", "intent", "ability")
DefinitionKind = Literal["usage", "limit reached", "hand raise", "self-serve purchase"]
KINDS: tuple[DefinitionKind, ...] = ("usage", "limit reached", "hand raise", "self-serve purchase")


@dataclass(frozen=True, slots=True)
class Mention:
    """Where the text of a definition names something that a message may have to point at.

    Attributes
    ----------
    what : "event", "property", "trait", "role", "test", "import", or "key" for a key of the file
    name : the name; a trait's with its owner, such as "account.plan"
    line, column : 1-based
    """

    what: str
    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Example:
    """A test that a definition carries: a small history and the transitions that must come of it, no more, no fewer.

    `history` is in the form of docs/language.md (a tuple of mappings with `at`, `event` or other keys); `expect` lists
    (change, at) with change "entered" or "left" and at a moment; `subject` is the id that they are about.
    """

    name: str
    subject: str
    history: tuple[dict[str, object], ...]
    expect: tuple[tuple[Literal["entered", "left"], int], ...]
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """The criteria of a PQL (person) or PQA (account).

    Attributes
    ----------
    circles : the circles that are declared, in the order of CIRCLES
    qualified : the whole formula, circles and names already put in their places; by default All of the circles
    goal : what it is to predict; the project's goal by default. None: there is none
    keep_after_goal : whether a qualification outlives the goal
    cooldown : after a qualification has lapsed, the span before the next can begin; 0 for none
    quantities : the user's names for quantities, for messages; no part of the meaning
    mentions : where the file names events, properties, traits and roles, in the order of the text
    """

    name: str
    subject: SubjectKind
    qualified: Formula
    kind: DefinitionKind = "usage"
    circles: tuple[tuple[Circle, Formula], ...] = ()
    goal: Events | None = None
    keep_after_goal: bool = False
    cooldown: int = 0
    score: Score | None = None
    description: str = field(default="", compare=False)
    owner: str = field(default="", compare=False)
    quantities: tuple[tuple[str, Quantity], ...] = field(default=(), compare=False)
    examples: tuple[Example, ...] = field(default=(), compare=False)
    file: str = field(default="", compare=False)
    mentions: tuple[Mention, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What fireflower.yaml says for the whole project.

    Attributes
    ----------
    start : the event by which a subject's life with the product starts (sign-up); its first record if None
    activation : the event of first value, for the funnel
    goal : the default goal of definitions
    leave_out : formula per subject kind. People for whom theirs holds (staff, bots, test accounts, competitors) are no
        leads, and what they do counts for no account, from when it holds; accounts likewise
    timezone : name of the zone of subjects that have none of their own
    timezone_traits : the trait that holds a subject's zone, per subject kind
    timeless : traits, as (owner, name), whose imported values without a time are taken to have held from the beginning
    attribution : to which accounts an event belongs that names none: "only" (to the account of which the person is
        the only-account member, else to none), "all", or "latest" (the one joined last)
    account_email : the trait of a person that is an e-mail address, by whose domain they belong to an account
    shared_domains : domains that are no accounts, besides those of free-mail providers
    speaks_for : of which circle events and traits speak, for what is discovered; no part of any definition's meaning
    links : the URL of a subject's page, with {id} in it, per subject kind
    retention : span for which events are kept; None for good
    database : where the live log is kept: env:NAME, a URL without a password, or a path; "" for a file in the project
    """

    name: str = ""
    start: Events | None = None
    activation: Events | None = None
    goal: Events | None = None
    leave_out: tuple[tuple[SubjectKind, Formula], ...] = ()
    timezone: str = "UTC"
    timezone_traits: tuple[tuple[SubjectKind, str], ...] = ()
    timeless: tuple[tuple[SubjectKind, str], ...] = ()
    attribution: Literal["only", "all", "latest"] = "only"
    account_email: str = ""
    shared_domains: tuple[str, ...] = ()
    speaks_for: tuple[tuple[Circle, Events | Trait | Members], ...] = field(default=(), compare=False)
    links: tuple[tuple[SubjectKind, str], ...] = field(default=(), compare=False)
    retention: int | None = field(default=None, compare=False)
    database: str = field(default="", compare=False)
    imports: dict[str, object] = field(default_factory=dict, compare=False)
    file: str = field(default="", compare=False)
    mentions: tuple[Mention, ...] = field(default=(), compare=False, repr=False)
