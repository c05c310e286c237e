"""Objects with one key for each thing, mapped by name; and records in fireflower's own form."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.addresses import Addresses
from fireflower.history.readers.batches import Told
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import FirstTimes, id_text, json_text, object_text, subject_id, trait_values
from fireflower.model.records import Kind
from fireflower.model.values import normal, spellings

_MISSING = object()


_OUTCOME = re.compile(r"\b(?:closed|deal)?(won|lost)\b")
_NO_OUTCOME = re.compile(r"\b(?:no|not|non|never)(?: yet)?(?: closed)? (?:won|lost)\b")


def deal_name(stage: str | None) -> str:
    """The event that a deal's stage or status makes of it. A stage that says neither won nor lost, or both, or that it
    is not so, keeps its name.

    >>> deal_name("closedwon"), deal_name("Closed Lost - No Budget"), deal_name("demo_booked")
    ('Deal Won', 'Deal Lost', 'Deal Demo Booked')
    >>> deal_name("Closed Not Won"), deal_name("won/lost review"), deal_name("Wonder")
    ('Deal Closed Not Won', 'Deal Won/Lost Review', 'Deal Wonder')
    """
    words = (stage or "won").replace("_", " ").replace("-", " ")
    plain = re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)).lower()
    outcomes = set(_OUTCOME.findall(plain))
    if len(outcomes) == 1 and not _NO_OUTCOME.search(plain):
        return f"Deal {outcomes.pop().title()}"
    return f"Deal {words.title()}"


class PlainShape:
    """Rows of a table of any kind, as objects.

    Parameters
    ----------
    learned_at : the moment from which rows without a time hold
    """

    def __init__(self, mapping: Mapping, learned_at: int | None) -> None:
        self._mapping = mapping
        self._learned_at = learned_at
        self._times = TimeReader(mapping)
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode
        self._first = FirstTimes()
        self._addresses = Addresses(mapping)

    def read(self, raw: bytes) -> list[Told]:
        row = self._decode(raw)
        parts = {part: _take(row, column) for part, column in self._mapping.columns().items()}
        for column in self._mapping.ignore:
            _take(row, column)
        time, untimed = self._time(parts.get("time"))
        received = self._times.moment(parts["received"]) if parts.get("received") is not None else None
        base = Told(
            time,
            Kind.EVENT,
            message_id=id_text(parts.get("message_id"), "message_id"),
            received=received,
            untimed=untimed,
        )
        known, anonymous = subject_id(parts.get("person"), "person"), subject_id(parts.get("anonymous"), "anonymous id")
        account = subject_id(parts.get("account"), "account")
        if known and anonymous and known != anonymous:
            self._first.saw(Kind.IDENTITY, known, anonymous, time, received)
        return self._addresses.follow(self._told(base, known or anonymous, account, parts, row), self._first)

    def finish(self) -> list[Told]:
        return self._first.told()

    def _time(self, value: Any) -> tuple[int, bool]:
        needed = self._mapping.table == "events" or (self._mapping.table == "deals" and self._mapping.time)
        if (value is None or value == "") and not needed:
            if self._learned_at is None and not self._mapping.timeless:
                raise ValueError("there is no time, and none from which rows without one hold")
            return self._learned_at or 0, True
        return self._times.moment(value), False

    def _told(
        self, base: Told, person: str | None, account: str | None, parts: dict[str, Any], row: dict[str, Any]
    ) -> list[Told]:
        table = self._mapping.table
        if table in ("events", "deals"):
            return [self._event(base, person, account, parts, row)]
        if table == "accounts":
            if not account:
                raise ValueError("names no account")
            return self._traits(base._replace(kind=Kind.ACCOUNT_TRAIT, account=account), parts, row)
        if not person:
            raise ValueError("names no person")
        if table == "identities":
            return []
        joined = self._memberships(base, person, account, parts)
        if table == "memberships":
            if not account:
                raise ValueError("names no account")
            return joined
        return joined + self._traits(base._replace(kind=Kind.PERSON_TRAIT, person=person), parts, row)

    def _event(
        self, base: Told, person: str | None, account: str | None, parts: dict[str, Any], row: dict[str, Any]
    ) -> Told:
        if not (person or account):
            raise ValueError("names no person and no account")
        said = id_text(parts.get("event"), "event")
        name = (
            deal_name(said or self._mapping.event_name)
            if self._mapping.table == "deals"
            else said or self._mapping.event_name
        )
        if not name:
            raise ValueError("names no event")
        if self._mapping.joins and person and account:
            self._first.saw(Kind.JOIN, person, account, base.time, base.received)
        more = parts.get("properties")
        inner = msgspec.json.decode(more) if isinstance(more, str) and more else more or {}
        if not isinstance(inner, dict):
            raise ValueError(f"expected {self._mapping.properties} to be an object, got {inner!r:.60}")
        properties = object_text(msgspec.json.encode({**inner, **row}))
        return base._replace(name=name, person=person, account=account, properties=properties)

    def _traits(self, base: Told, parts: dict[str, Any], row: dict[str, Any]) -> list[Told]:
        inner = parts.get("properties") or {}
        return [
            base._replace(name=name, value=value) for name, value in trait_values({**inner, **row}) if value is not None
        ]

    def _memberships(self, base: Told, person: str, account: str | None, parts: dict[str, Any]) -> list[Told]:
        if not account:
            return []
        role = id_text(parts.get("role"), "role") or ""
        ended = None if parts.get("left") in (None, "") else self._times.moment(parts["left"])
        told = []
        # One that does not end after it began is over: nothing would end it. One that has always held began before.
        if ended is None or ended > base.time or (base.untimed and self._mapping.timeless):
            told.append(base._replace(kind=Kind.JOIN, name=role, person=person, account=account))
        if ended is not None:
            told.append(base._replace(kind=Kind.LEAVE, time=ended, person=person, account=account, untimed=False))
        return told


def _take(row: dict[str, Any], column: str) -> Any:
    """Take a value out of a row by its dotted path; None if it is not there."""
    for *outer, last in spellings(column):
        inner: Any = row
        for key in outer:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and (value := inner.pop(last, _MISSING)) is not _MISSING:
            return value
    return None


class _Row(msgspec.Struct):
    time: Any
    kind: str
    name: str = ""
    person: str | None = None
    account: str | None = None
    value: Any = None
    properties: msgspec.Raw = msgspec.Raw()
    message_id: str | None = None
    received: Any = None


class RecordShape:
    """Records in fireflower's own form: the attributes of `model.records.Record` as keys, the kind by its name."""

    def __init__(self, mapping: Mapping) -> None:
        self._times = TimeReader(mapping if mapping.time_unit else replace(mapping, time_unit="us"))
        self._decode = msgspec.json.Decoder(_Row).decode

    def read(self, raw: bytes) -> list[Told]:
        row = self._decode(raw)
        try:
            kind = Kind[row.kind.upper().replace(" ", "_")]
        except KeyError:
            raise ValueError(
                f"expected kind to be one of {', '.join(kind.name.lower() for kind in Kind)}, got {row.kind!r}"
            ) from None
        is_identity = kind == Kind.IDENTITY
        told = Told(
            time=self._times.moment(row.time),
            kind=kind,
            name=row.name,
            person=subject_id(row.person, "person"),
            account=subject_id(row.account, "account"),
            value=None if is_identity else json_text(normal(row.value)),
            other=subject_id(row.value, "value") if is_identity else None,
            message_id=row.message_id or None,
            received=None if row.received is None else self._times.moment(row.received),
            properties=object_text(row.properties) if kind == Kind.EVENT else None,
        )
        return [_about_somebody(told)]

    def finish(self) -> list[Told]:
        return []


def _about_somebody(told: Told) -> Told:
    person, account, name, other = bool(told.person), bool(told.account), bool(told.name), bool(told.other)
    whole = {
        Kind.IDENTITY: person and other,
        Kind.LEAVE: person and account,
        Kind.JOIN: person and account,
        Kind.ACCOUNT_TRAIT: account and name,
        Kind.PERSON_TRAIT: person and name,
        Kind.EVENT: (person or account) and name,
    }
    if not whole[told.kind]:
        raise ValueError(f"a record of kind {told.kind.name.lower()} does not name all that it is about")
    return told
