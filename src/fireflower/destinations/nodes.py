"""A destination as its file describes it: where to, what, when, how often. Frozen, comparable, without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fireflower.destinations.notices import NoticeChange
from fireflower.destinations.secret import Secret
from fireflower.model.moments import SECOND
from fireflower.model.records import SubjectKind

CapScope = Literal["subject", "destination"]
Retractions = Literal["tell", "silent"]
Encryption = Literal["starttls", "tls", "none"]


# --- Where to ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that takes signed JSON, as the Standard Webhooks convention says.

    Attributes
    ----------
    secrets : the signing secrets; with several, each signs, so that receivers can change over
    headers : further headers, such as Authorization
    timeout : for the whole exchange, a span
    allow_private : whether the URL may lead to addresses that are not public
    """

    url: str | Secret
    secrets: tuple[Secret, ...]
    headers: tuple[tuple[str, Secret], ...] = ()
    timeout: int = 15 * SECOND
    allow_private: bool = False
    kind: Literal["webhook"] = "webhook"


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """An incoming webhook of Slack: its URL is the secret."""

    url: Secret
    timeout: int = 15 * SECOND
    allow_private: bool = False
    kind: Literal["slack"] = "slack"


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A channel or person, told by an app's token.

    Attributes
    ----------
    channel : "#leads", the id of a channel or user, or a trait such as account.owner_slack_id
    api : the address of Slack's Web API
    """

    token: Secret
    channel: str
    api: str = "https://slack.com/api"
    timeout: int = 15 * SECOND
    allow_private: bool = False
    kind: Literal["slack"] = "slack"


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server."""

    host: str
    port: int = 587
    encryption: Encryption = "starttls"
    user: Secret | str = ""
    password: Secret | None = None
    timeout: int = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Email:
    """E-mail to addresses, or to those that traits of the subject hold.

    Attributes
    ----------
    to : addresses, or traits such as person.email and account.owner_email
    subject : a template; "" for the usual line
    """

    to: tuple[str, ...]
    sender: str
    smtp: Smtp
    subject: str = ""
    kind: Literal["email"] = "email"


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file to which one line of JSON is appended for each delivery."""

    path: str
    kind: Literal["file"] = "file"


Channel = Webhook | SlackWebhook | SlackChannel | Email | JsonLines


# --- When and how often -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """Which notices are for a destination; an empty tuple is no restriction."""

    definitions: tuple[str, ...] = ()
    changes: tuple[NoticeChange, ...] = ("entered",)
    subjects: tuple[SubjectKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many deliveries within any span `per`, to each subject or to the whole destination."""

    at_most: int
    per: int
    each: CapScope = "subject"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the receiver's day in which nothing is sent.

    Attributes
    ----------
    start, end : minutes since midnight on the receiver's clock; over midnight if start > end
    timezone : the zone of receivers of whom none is known
    trait : the trait that names the receiver's zone; "" for none
    """

    start: int
    end: int
    timezone: str = "UTC"
    trait: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where transitions are told.

    Attributes
    ----------
    message : a template; "" for the message that is built from the evidence
    caps : all of them hold
    retractions : whether it is told that an earlier message was wrong
    file : as the user knows it; no part of the meaning
    """

    name: str
    channel: Channel
    when: Filter = Filter()
    message: str = ""
    caps: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None
    retractions: Retractions = "tell"
    file: str = field(default="", compare=False)

    @property
    def is_told_everything(self) -> bool:
        """Whether it hears of every change of the record, so that it can have a copy of it."""
        return {"entered", "left"} <= set(self.when.changes) and self.retractions == "tell"

    @property
    def recognises_repetitions(self) -> bool:
        """Whether what is sent twice is known by its key, so that it does no harm."""
        return not isinstance(self.channel, SlackWebhook | SlackChannel)
