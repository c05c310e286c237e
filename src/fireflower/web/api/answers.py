"""What is answered: the shapes, of which openapi.json tells."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from fireflower.history.log.postings import State

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""ISO 8601 in UTC."""

SubjectKind = Literal["person", "account"]
Value = float | str | bool | list[Any] | None


class Condition(Struct):
    """One condition of a definition at a moment.

    Attributes
    ----------
    condition : as its author wrote it
    value : what there is: a number (microseconds for spans), text, truth value, list; null if missing
    tipped_by : the record that tipped it, in words; null where time alone did
    """

    condition: str
    in_words: str
    holds: bool
    value: Value
    since: Moment
    tipped_by: str | None = None


class Quantity(Struct):
    """One condition as a product's page shows it.

    Attributes
    ----------
    there_is : the value in words, with its unit
    test, bound : against what the value is compared, where it is compared with one bound: ">=", 3
    share : how much of the bound is done, 0 to 1, where that says something
    """

    condition: str
    in_words: str
    value: Value
    there_is: str
    since: Moment
    test: str | None = None
    bound: float | str | bool | None = None
    share: float | None = None


class Verdict(Struct):
    """How a subject stands with a definition.

    Attributes
    ----------
    since : since when it is so
    reason : why it is not qualified: lapsed, converted, left out; none if only its conditions keep it from that and
        always have
    missing : of `not_done`, what stands in the way on the shortest way to qualifying
    next_step : what to do for the nearest of these, in words; none for those whom nothing can lead there
    """

    definition: str
    qualified: bool
    since: Moment
    reason: str | None
    done: list[Quantity]
    not_done: list[Quantity]
    missing: list[str]
    next_step: str | None


class Stands(Struct):
    """How one subject stands with each definition about its kind. Of one that is not known there is nothing to say."""

    subject_kind: SubjectKind
    subject: str
    known: bool
    verdicts: list[Verdict]


class Prompt(Struct):
    """A next step to show to a user, the nearest first."""

    definition: str
    subject_kind: SubjectKind
    subject: str
    text: str


class Now(Struct):
    """What now for a user.

    Attributes
    ----------
    behind : events that are kept and not evaluated yet
    more_accounts : accounts of the person of which nothing is said here, as they are many
    """

    as_of: Moment
    behind: int
    subjects: list[Stands]
    prompts: list[Prompt]
    more_accounts: int


class Transition(Struct):
    """A change of a verdict, as it is recorded.

    Attributes
    ----------
    fingerprint : of the definition's meaning
    known_at : the earliest moment at which it could have been known
    recorded_at : when it was written down
    past : whether it was found when a definition was put to history, and is no news
    retracted_at : when it was taken back, as history no longer supports it
    """

    id: int
    subject_kind: SubjectKind
    subject: str
    definition: str
    fingerprint: str
    change: Literal["entered", "left"]
    reason: str
    at: Moment
    known_at: Moment
    recorded_at: Moment
    past: bool
    evidence: list[Condition]
    retracted_at: Moment | None


class Change(Struct):
    """One change of the record: a transition has been recorded, or taken back.

    Attributes
    ----------
    cursor : its place; pass it as `after` to go on behind it
    transition : as it is recorded now
    """

    cursor: int
    what: Literal["recorded", "retracted"]
    at: Moment
    transition: Transition


class Changes(Struct):
    """`next`: where to go on; the same as was asked if nothing has come."""

    changes: list[Change]
    next: int


class Lead(Struct):
    """Who is qualified, since when, and on what evidence they entered."""

    subject_kind: SubjectKind
    subject: str
    definition: str
    since: Moment
    evidence: list[Condition]


class Leads(Struct):
    """`next`: the cursor of the next page; null on the last."""

    qualified: list[Lead]
    next: str | None


class Membership(Struct):
    """A person in an account."""

    person: str
    account: str
    role: str
    since: Moment


class ExplainedCondition(Struct):
    """As `fireflower explain --json` says it."""

    condition: str
    holds: bool
    value: Value
    since: Moment
    tipped_by: str | None


class ExplainedChange(Struct):
    """A change of the verdict so far."""

    at: Moment
    known_at: Moment
    change: Literal["entered", "left"]
    reason: str


class ExplainedLine(Struct):
    """One line of a score, what it gives now, what it can give, and the conditions that it gives points for."""

    line: str
    points: float | None
    most: float | None
    conditions: list[ExplainedCondition]


class HeldBack(Struct):
    """What keeps a subject from qualifying, whatever its conditions say: it is left out, has reached the goal, or has a
    cooldown, which ends."""

    in_words: str
    until: Moment | None


class Deed(Struct):
    """How many of the events that a condition looks at are somebody's: `own` of `of`."""

    what: str
    own: int
    of: int


class Doer(Struct):
    """Somebody who did a part of what an account qualifies by.

    Attributes
    ----------
    name, title, email : the traits of these names, as far as known
    role : the one that they have in the account, as it was told last
    last : when they last did anything there
    """

    person: str
    name: str | None
    title: str | None
    email: str | None
    role: str | None
    last: Moment
    deeds: list[Deed]


class Explanation(Struct):
    """How a subject stands with a definition, as `fireflower explain --json` says it.

    Attributes
    ----------
    reason : why it is not qualified: lapsed, converted, left out
    people_left_out : of an account, how many of its people are left out, so that what they did counts for nothing
    next_step : what to do for the nearest of what is missing; none for those whom nothing can lead there
    doers : of an account that is qualified, who did most of what it qualifies by, the first three
    """

    definition: str
    subject_kind: SubjectKind
    subject: str
    as_of: Moment
    qualified: bool
    since: Moment
    reason: str | None
    held_back: HeldBack | None
    people_left_out: int
    circles: dict[str, bool]
    conditions: list[ExplainedCondition]
    missing: list[ExplainedCondition]
    next_step: str | None
    doers: list[Doer]
    score: float | None
    score_lines: list[ExplainedLine]
    history: list[ExplainedChange]


class Subject(Struct):
    """All that is known of a subject.

    Attributes
    ----------
    ids : all that it bears or has borne
    first, last, records : its history
    members : how many memberships there are, of which at most 1,000 are listed
    qualified : the definitions by which it is qualified in the record, and since when
    transitions : all that were recorded, also those that have been taken back
    """

    subject_kind: SubjectKind
    subject: str
    ids: list[str]
    as_of: Moment
    first: Moment
    last: Moment
    records: int
    traits: dict[str, Any]
    memberships: list[Membership]
    members: int
    qualified: dict[str, Moment]
    explanations: list[Explanation]
    transitions: list[Transition]


class Definition(Struct):
    """A definition.

    Attributes
    ----------
    in_words : what it asks for, in plain English
    fingerprint : of its meaning; a new description or owner does not change it
    since : since when it has meant that; null before history was evaluated
    qualified : how many are qualified now
    """

    name: str
    subject_kind: SubjectKind
    kind: str
    description: str
    owner: str
    in_words: str
    fingerprint: str
    since: Moment | None
    qualified: int


class Definitions(Struct):
    """All definitions of the project."""

    definitions: list[Definition]


class Difference(Struct):
    """Who enters and who leaves by a definition.

    Attributes
    ----------
    what : whether it means something else, is new, or is no longer there
    entering, leaving, staying : how many
    enters, leaves : ids of some of them, in order
    """

    definition: str
    what: Literal["changed", "new", "gone"]
    entering: int
    leaving: int
    staying: int
    enters: list[str]
    leaves: list[str]


class Edition(Struct):
    """What the project's files bring about.

    Attributes
    ----------
    same : the definitions that mean what they meant; their words may be others
    destinations : those of the files
    """

    as_of: Moment
    definitions: list[Difference]
    same: list[str]
    destinations: list[str]


class Dropped(Struct):
    """Whether anything had been prepared."""

    dropped: bool


class Bearer(Struct):
    """A person, by the id that verdicts name, with all ids that are theirs."""

    person: str
    ids: list[str]


class Identities(Struct):
    """Whose two ids are now. `people`: one, if they are one person."""

    people: list[Bearer]


class Attempt(Struct):
    """A try to deliver."""

    at: Moment
    outcome: str
    detail: str


class Delivery(Struct):
    """One thing for one destination.

    Attributes
    ----------
    key : the receiver knows it again by this
    reason : why it is in its state
    """

    key: str
    transition: int
    destination: str
    subject_kind: SubjectKind
    subject: str
    planned: Moment
    state: State
    due: Moment
    attempts: int
    reason: str
    tries: list[Attempt]


class Deliveries(Struct):
    """`next`: the cursor of the next page; null on the last."""

    deliveries: list[Delivery]
    next: str | None


class Replayed(Struct):
    """How many deliveries wait to be sent once more."""

    deliveries: int


class Reject(Struct):
    """What could not be taken. `body`: what came, as text; `replayed_at`: when it was read again and taken."""

    id: int
    received: Moment
    source: str
    reason: str
    body: str
    replayed_at: Moment | None


class Rejects(Struct):
    """`next`: the cursor of the next page; null on the last."""

    rejects: list[Reject]
    next: str | None


class StillRejected(Struct):
    """What still cannot be read, and why."""

    id: int
    reason: str


class Reread(Struct):
    """`taken`: how many rejects are messages now; `still`: the first hundred of the others, `rejected` in all."""

    taken: int
    rejected: int
    still: list[StillRejected]


class Health(Struct):
    """How the process is."""

    status: Literal["ok"]
