"""What the columns of a file mean."""

from __future__ import annotations

from collections.abc import Mapping as Settings
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from fireflower.model.errors import InputError, did_you_mean

Table = Literal["events", "people", "accounts", "memberships", "deals", "identities", "records"]
Form = Literal["flat", "segment", "posthog"]
TimeUnit = Literal["", "s", "ms", "us", "ns"]

LISTS = ("text", "ignore", "shared_domains")
"""Parts that are lists of texts."""
SWITCHES = ("joins", "timeless")
"""Parts that are true or false."""

_EXAMPLES = {
    "events": "time: timestamp, event: event_name, person: user_id",
    "accounts": "account: company_id",
    "memberships": "person: user_id, account: company_id",
    "deals": "account: company_id",
    "identities": "person: user_id, anonymous: device_id",
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column plays which part; "" for none. In JSON a column is a key; an inner key is named with dots.

    Attributes
    ----------
    table : what a row is. "records" are rows in fireflower's own form (see `readers.plain`)
    form : "flat" for one column each; "segment" and "posthog" for messages of those forms, which need no columns
    time : when it happened; when traits hold from, when a membership began, when a deal closed
    event : the event's name; for deals, their stage or status
    event_name : the event's name where no column holds it
    person, anonymous, account : ids. A row with a person and an anonymous id says that they are one
    role : the person's role in the account
    left : when a membership ended
    message_id : the sender's id of the row
    received : when it was received
    properties : a column that holds properties as a JSON object. Columns without a part are properties (or traits), too
    group_type : of PostHog's group types, the one that is the account
    time_format : of times as text, in the manner of strptime; "" for ISO 8601 and numbers since 1970
    time_unit : of times as numbers; "" for whichever lies nearest to the present
    timezone : the zone of times that name none
    text : columns of a CSV file whose values stay text even where they look like numbers
    ignore : columns to leave behind
    joins : whether an event that names an account makes its person a member of it, from the first one on
    account_email : the trait of a person that is an e-mail address, whose domain is an account of theirs; "" for none
    shared_domains : domains that are no accounts, besides those where anybody gets an address
    timeless : whether what a table without times says has held from the beginning of each subject
    """

    table: Table = "events"
    form: Form = "flat"
    time: str = ""
    event: str = ""
    event_name: str = ""
    person: str = ""
    anonymous: str = ""
    account: str = ""
    role: str = ""
    left: str = ""
    message_id: str = ""
    received: str = ""
    properties: str = ""
    group_type: str = ""
    time_format: str = ""
    time_unit: TimeUnit = ""
    timezone: str = "UTC"
    text: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    joins: bool = False
    account_email: str = ""
    shared_domains: tuple[str, ...] = ()
    timeless: bool = False

    @classmethod
    def parse(cls, settings: Settings[str, Any]) -> Mapping:
        """The mapping that a project file or flags describe. A part that is None is not said.

        Raises
        ------
        InputError
            If a key or value is none that a mapping has, or the mapping says too little to read a file by.
        """
        return cls._of(settings).checked()

    @classmethod
    def check(cls, settings: Settings[str, Any]) -> None:
        """Refuse what no mapping can have. More may have to be said before a file can be read by it.

        Raises
        ------
        InputError
            If a key or value is none that a mapping has.
        """
        cls._of(settings)._zoned()

    @classmethod
    def _of(cls, settings: Settings[str, Any]) -> Mapping:
        known = [field.name for field in fields(cls)]
        for key in settings:
            if key not in known:
                raise InputError(
                    f"A mapping has no part {key!r}.{did_you_mean(key, known)} It has: {', '.join(known)}."
                )
        values = {key: _fitting(key, value) for key, value in settings.items() if value is not None}
        for key, wanted in (("table", Table), ("form", Form), ("time_unit", TimeUnit)):
            if values.get(key, "") not in ("", *get_args(wanted)):
                choices = [choice for choice in get_args(wanted) if choice]
                raise InputError(f"Expected {key} to be one of {', '.join(choices)}, got {values[key]!r}.")
        return cls(**values)

    def checked(self) -> Mapping:
        """This mapping, if its zone exists and it says enough to read a file by.

        Raises
        ------
        InputError
            If it does not.
        """
        self._zoned()
        if self.form == "flat" and (lacking := self._lacking()):
            example = f"for example {_EXAMPLES.get(self.table, 'person: user_id')}"
            raise InputError(
                f"A table of {self.table} (--kind, or `table:` in fireflower.yaml) needs {lacking}. Name the column in "
                f"the mapping, {example}."
            )
        return self

    def naming(self, account_email: str, shared_domains: tuple[str, ...]) -> Mapping:
        """The same, with these addresses of accounts where it says nothing of them itself."""
        if self.account_email or not account_email:
            return self
        return replace(self, account_email=account_email, shared_domains=self.shared_domains or shared_domains)

    def columns(self) -> dict[str, str]:
        """Part -> column, of those that are given."""
        parts = (
            "time",
            "event",
            "person",
            "anonymous",
            "account",
            "role",
            "left",
            "message_id",
            "received",
            "properties",
        )
        return {part: getattr(self, part) for part in parts if getattr(self, part)}

    def settings(self) -> dict[str, Any]:
        """What `parse` takes, as JSON keeps it: only what differs from the defaults."""
        plain = asdict(Mapping())
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
            if value != plain[key]
        }

    def _zoned(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            wanted = "Expected a name such as 'Europe/Berlin' or 'UTC'."
            raise InputError(f"There is no time zone {self.timezone!r}. {wanted}") from None

    def _lacking(self) -> str:
        person = self.person or self.anonymous
        needs = {
            "events": [
                (self.time, "a column of times"),
                (self.event or self.event_name, "a column of event names, or one name for all rows"),
                (person or self.account, "a column of people or accounts"),
            ],
            "people": [(person, "a column of people")],
            "accounts": [(self.account, "a column of accounts")],
            "memberships": [(person, "a column of people"), (self.account, "a column of accounts")],
            "deals": [(person or self.account, "a column of accounts or people")],
            "identities": [(self.person and self.anonymous, "a column of people and one of their other ids")],
            "records": [],
        }[self.table]
        return " and ".join(text for given, text in needs if not given)


def _fitting(key: str, value: Any) -> Any:
    """The value of a part, if it is of the part's type. `no` is a text, as everywhere in the project's files."""
    if key in SWITCHES:
        if not isinstance(value, bool):
            raise InputError(f"Expected {key} to be true or false, got {value!r}.")
        return value
    if key in LISTS:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise InputError(f"Expected {key} to be a list of texts, such as {key}: [one, two], got {value!r}.")
        return tuple(value)
    if not isinstance(value, str):
        quotes = f" In YAML, put quotes around it: {key}: '{value}'." if isinstance(value, bool | int | float) else ""
        raise InputError(f"Expected {key} to be a text, got {value!r}.{quotes}")
    return value
