"""What there is to tell: one transition, as plain data that can be kept as JSON and told again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fireflower.model.records import SubjectKind

NoticeChange = Literal["entered", "left", "retracted"]
CHANGES: tuple[NoticeChange, ...] = ("entered", "left", "retracted")


@dataclass(frozen=True, slots=True)
class Fact:
    """One condition of the definition, as it stood at the transition.

    Attributes
    ----------
    says : what is, in words: "12 reports in the last 7 days", "CRM not connected yet"
    condition : what is asked for, in words: "at least 3 Report Run in the last 7 days"
    value : the quantity then: number, text, truth value or list; microseconds for spans; None if missing
    bound : what it is compared with: a value, a list of values, or [low, high]; None where the test has none
    since : the moment since when the condition has (not) held
    tipped_by : the record that tipped it, in words; "" where time alone did
    """

    says: str
    condition: str
    holds: bool
    value: Any = None
    bound: Any = None
    since: int = 0
    tipped_by: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A transition, with all that a message may want to say about it.

    Attributes
    ----------
    id : the transition's id; it never changes
    title : what people call the definition
    kind : the definition's kind
    subject : id of the person or account
    change : a `retracted` notice takes back an earlier one, because the history turned out to be another
    at, known_at : moments, as in docs/semantics.md
    traits : of the subject, as of `at`, by their names; of a person also those of the current account, as
        "account.NAME"
    next_step : the nearest step that the subject has not done yet, in words; "" if there is none
    url : the page of the subject; "" if there is none
    retracts : of a `retracted` notice, the id of the notice that it takes back; "" if not known
    """

    id: str
    definition: str
    subject_kind: SubjectKind
    subject: str
    change: NoticeChange
    at: int
    known_at: int
    title: str = ""
    kind: str = "usage"
    reason: str = ""
    evidence: tuple[Fact, ...] = ()
    traits: Mapping[str, Any] = field(default_factory=dict)
    next_step: str = ""
    url: str = ""
    retracts: str = ""

    def trait(self, path: str) -> Any:
        """The value of a trait such as `account.timezone`; None if it is missing, or of the other kind of subject."""
        owner, _, name = path.partition(".")
        return self.traits.get(name if owner == self.subject_kind else path)

    @property
    def name(self) -> str:
        """What people call the subject."""
        known = (self.traits.get(trait) for trait in ("name", "company", "email"))
        return next((value for value in known if isinstance(value, str) and value.strip()), self.subject)


def to_plain(notice: Notice) -> dict[str, Any]:
    """The notice as values that JSON can hold."""
    return asdict(notice)


def from_plain(plain: Mapping[str, Any]) -> Notice:
    """The notice that `to_plain` was given. Keys that this version does not know are passed over.

    >>> notice = Notice("1", "busy", "person", "ann", "entered", 0, 0, evidence=(Fact("3 logins", "..", True, 3),))
    >>> from_plain(to_plain(notice)) == notice
    True
    """
    evidence = tuple(Fact(**_known(Fact, fact)) for fact in plain.get("evidence", ()))
    return Notice(**{**_known(Notice, plain), "evidence": evidence})


def _known(cls: type, plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain[name] for name in cls.__dataclass_fields__ if name in plain}  # type: ignore[attr-defined]
