"""Events as PostHog exports them, and as its clients send them."""

from __future__ import annotations

from collections.abc import Mapping as Object
from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.addresses import Addresses
from fireflower.history.readers.batches import Told
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import FirstTimes, Once, SaidOnce, id_text, object_text, subject_id, trait_values
from fireflower.model.records import Kind

USUAL_GROUP_TYPES = ("company", "organization", "organisation", "account", "customer", "workspace", "team", "tenant")
"""The group types that are taken for the account if the mapping names none, best first."""

_SILENT = ("$identify", "$create_alias", "$merge_dangerously", "$groupidentify", "$set", "$set_once", "$unset")
"""Events that say who someone is, and are nothing that someone did."""


class _Said(msgspec.Struct, rename=lambda name: f"${name}"):
    groups: Any = None
    set: Any = None
    set_once: Any = None
    unset: Any = None
    anon_distinct_id: Any = None
    group_type: Any = None
    group_key: Any = None
    group_set: Any = None
    alias: Any = msgspec.field(default=None, name="alias")
    distinct_id: Any = msgspec.field(default=None, name="distinct_id")


class _Message(msgspec.Struct):
    event: Any = None
    distinct_id: Any = None
    timestamp: Any = None
    uuid: Any = None
    properties: msgspec.Raw = msgspec.Raw()
    created_at: Any = None
    set: Any = msgspec.field(default=None, name="$set")
    set_once: Any = msgspec.field(default=None, name="$set_once")


class PostHogShape:
    """Reads PostHog's events. `$set_once` counts once a person and trait: in one file, unless `once` knows of more."""

    def __init__(self, mapping: Mapping, once: Once | None = None) -> None:
        self._times = TimeReader(mapping)
        self._group_type = mapping.group_type
        self._joins = mapping.joins
        self._addresses = Addresses(mapping)
        self._message = msgspec.json.Decoder(_Message).decode
        self._said = msgspec.json.Decoder(_Said).decode
        self._first = FirstTimes(once)
        self._once = once or SaidOnce()

    def read(self, raw: bytes) -> list[Told]:
        message = self._message(raw)
        name = id_text(message.event, "event")
        if not name:
            raise ValueError("names no event")
        properties = object_text(_unquoted(message.properties))
        said = self._said(properties) if properties else _Said()
        base = Told(
            time=self._times.moment(message.timestamp),
            kind=Kind.EVENT,
            message_id=id_text(message.uuid, "uuid"),
            received=self._times.moment(message.created_at) if message.created_at is not None else None,
        )
        if name == "$groupidentify":
            return self._group(base, said)
        person = subject_id(message.distinct_id, "distinct_id") or subject_id(said.distinct_id, "distinct_id")
        account = self._account(said.groups)
        if not (person or account):
            raise ValueError("names no person and no account: no distinct_id, no $groups")
        told = self._about_person(name, message, said, base._replace(person=person)) if person else []
        self._addresses.follow(told, self._first)
        if name not in _SILENT:
            told.append(base._replace(name=name, person=person, account=account, properties=properties))
            if self._joins and person and account:
                self._first.saw(Kind.JOIN, person, account, base.time, base.received)
        return told

    def finish(self) -> list[Told]:
        return self._first.told()

    def _about_person(self, name: str, message: _Message, said: _Said, base: Told) -> list[Told]:
        """Who else the person is, and what has become of their traits."""
        person = base.person or ""
        merged = name in ("$create_alias", "$merge_dangerously")
        other = subject_id(said.alias if merged else said.anon_distinct_id, "the other id") if name in _SILENT else None
        told = [base._replace(kind=Kind.IDENTITY, other=other)] if other and other != person else []
        traits = dict(self._new_traits(base, message.set_once or said.set_once))
        traits.update(trait_values(message.set or said.set))
        traits.update(dict.fromkeys(_names(said.unset)))
        return told + [
            base._replace(kind=Kind.PERSON_TRAIT, name=trait, value=value) for trait, value in traits.items()
        ]

    def _new_traits(self, base: Told, traits: Any) -> list[tuple[str, str | None]]:
        person, values = base.person or "", dict(trait_values(traits))
        return [(name, value) for name, value in values.items() if self._once(("set once", person, name), base.time)]

    def _group(self, base: Told, said: _Said) -> list[Told]:
        """Its distinct_id is made up: no person did it."""
        account = subject_id(said.group_key, "$group_key")
        if not account:
            raise ValueError("$groupidentify names no $group_key")
        if self._group_type and said.group_type != self._group_type:
            return []
        base = base._replace(kind=Kind.ACCOUNT_TRAIT, account=account)
        return [base._replace(name=name, value=value) for name, value in trait_values(said.group_set)]

    def _account(self, groups: Any) -> str | None:
        if not isinstance(groups, Object) or not groups:
            return None
        type = self._group_type or usual_group_type(groups)
        return subject_id(groups.get(type), f"$groups.{type}")


def usual_group_type(groups: Object[str, Any]) -> str:
    """The group type that is most likely the account."""
    usual = [type for type in USUAL_GROUP_TYPES if type in groups]
    return usual[0] if usual else min(groups)


def _names(unset: Any) -> list[str]:
    """The traits that are taken away."""
    if unset is None:
        return []
    if not (isinstance(unset, list) and all(isinstance(name, str) for name in unset)):
        raise ValueError(f"expected $unset to be a list of names, got {unset!r:.60}")
    return [name for name in unset if name]


def _unquoted(raw: msgspec.Raw) -> bytes:
    """In tables the properties stand as a text that holds JSON."""
    text = bytes(raw).strip()
    return msgspec.json.decode(text, type=str).encode() if text.startswith(b'"') else text
