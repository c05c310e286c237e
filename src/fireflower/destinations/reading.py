"""From a YAML tree to a destination. Reading goes on after a fault, so that all are shown together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from fireflower.destinations import keys
from fireflower.destinations.channels import KINDS, channel_of
from fireflower.destinations.nodes import (
    Cap,
    CapScope,
    Channel,
    Destination,
    Filter,
    JsonLines,
    QuietHours,
    Retractions,
)
from fireflower.destinations.notices import NoticeChange
from fireflower.destinations.payloads import is_trait
from fireflower.destinations.wording import template_of
from fireflower.language.cursor import listed
from fireflower.language.documents import ListNode, MapNode, Node
from fireflower.language.places import Notes
from fireflower.language.settings import zone_names
from fireflower.language.trees import choice_of, mapping_of, number_of, span_of, text_of
from fireflower.model.errors import did_you_mean
from fireflower.model.records import SubjectKind

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_CHANGES: tuple[NoticeChange, ...] = ("entered", "left")
_SUBJECTS: tuple[SubjectKind, ...] = ("person", "account")
_SCOPES: tuple[CapScope, ...] = ("subject", "destination")
_RETRACTIONS: tuple[Retractions, ...] = ("tell", "silent")


def destination_from(
    node: Node, file: str, folder: str, definitions: Collection[str] | None, timezone: str, notes: Notes
) -> Destination:
    """The destination in a tree. With faults noted, it is not to be used.

    Parameters
    ----------
    folder : the project's
    definitions : the names that there are; None if they are not known
    timezone : the project's
    """
    form = mapping_of(node, keys.DESTINATION, "a destination", notes) if isinstance(node, MapNode) else None
    if form is None:
        if not isinstance(node, MapNode):
            notes.fault(node.place, f"expected a destination as keys and values ({listed(keys.DESTINATION)}).")
        return Destination("", JsonLines(""), file=file)
    when, message, quiet, retractions = (form.get(key) for key in ("when", "message", "quiet_hours", "retractions"))
    return Destination(
        name=_name(form, notes),
        channel=_channel(form, folder, notes),
        when=_when(when, definitions, notes) if when is not None else Filter(),
        message=template_of(message, "a message", notes) if message is not None else "",
        caps=tuple(_caps(form.get("cap"), notes)),
        quiet_hours=_quiet_hours(quiet, timezone, notes) if quiet is not None else None,
        retractions=(choice_of(retractions, _RETRACTIONS, "retractions", notes) if retractions else None) or "tell",
        file=file,
    )


def _name(form: MapNode, notes: Notes) -> str:
    node = form.get("destination")
    if node is None:
        notes.fault(form.place, "a destination needs a name: `destination: sales-slack`.")
        return ""
    name = text_of(node, "a name such as sales-slack", notes)
    if name and not _NAME.fullmatch(name):
        notes.fault(node.place, f"expected a name of letters, digits, '-', '_' and '.', got {name!r}.")
    return name


def _channel(form: MapNode, folder: str, notes: Notes) -> Channel:
    found = [(key, value) for key, value in form.entries if key.text in KINDS]
    if not found:
        notes.fault(form.place, f"a destination needs one of {listed(KINDS)}: where to.")
    for key, _ in found[1:]:
        notes.fault(key.place, f"a destination has one of {listed(KINDS)}; here is {found[0][0].text!r} already.")
    channels = [channel_of(key.text, value, folder, notes) for key, value in found]
    return channels[0] if channels else JsonLines("")


# --- When -------------------------------------------------------------------------------------------------------------


def _when(node: Node, definitions: Collection[str] | None, notes: Notes) -> Filter:
    form = mapping_of(node, keys.WHEN, "when", notes)
    if form is None:
        return Filter()
    changes = tuple(
        choice
        for each in _listed(form.get("change"), notes)
        if (choice := choice_of(each, _CHANGES, "a change", notes)) is not None
    )
    subjects = tuple(
        subject
        for each in _listed(form.get("subject"), notes)
        if (subject := choice_of(each, _SUBJECTS, "a kind of subject", notes)) is not None
    )
    names = tuple(_definitions(form.get("definitions"), definitions, notes))
    return Filter(names, changes or Filter().changes, subjects)


def _definitions(node: Node | None, known: Collection[str] | None, notes: Notes) -> Iterator[str]:
    for each in _listed(node, notes):
        name = text_of(each, "a definition's name", notes)
        if name and known is not None and name not in known:
            hint = did_you_mean(name, known) or (f" There are {listed(sorted(known), 'and')}." if known else "")
            notes.fault(each.place, f"there is no definition {name!r}.{hint}")
        yield name


def _listed(node: Node | None, notes: Notes) -> tuple[Node, ...]:
    """One value, or a list of them."""
    if node is None:
        return ()
    if isinstance(node, ListNode) and not node.items:
        notes.fault(node.place, "an empty list lets nothing through. Leave the key out for all.")
    return node.items if isinstance(node, ListNode) else (node,)


# --- How often --------------------------------------------------------------------------------------------------------


def _caps(node: Node | None, notes: Notes) -> Iterator[Cap]:
    for each in _listed(node, notes):
        form = mapping_of(each, keys.CAP, "a cap", notes)
        if form is not None:
            yield _cap(form, notes)


def _cap(form: MapNode, notes: Notes) -> Cap:
    most, per, each = (form.get(key) for key in ("at_most", "per", "each"))
    for key in ("at_most", "per"):
        if form.get(key) is None:
            notes.fault(form.place, f"a cap needs the key '{key}', as in {{at_most: 1, per: 7 days}}.")
    number = number_of(most, "at_most", notes) if most is not None else None
    if most is not None and number is not None and not (number.is_integer() and 1 <= number <= 10_000):
        notes.fault(most.place, "expected at_most as a whole number from 1 to 10000.")
    return Cap(
        at_most=int(number or 1),
        per=(span_of(per, "a span", notes) if per is not None else None) or 1,
        each=(choice_of(each, _SCOPES, "what is counted", notes) if each is not None else None) or "subject",
    )


def _quiet_hours(node: Node, timezone: str, notes: Notes) -> QuietHours | None:
    form = mapping_of(node, keys.QUIET_HOURS, "quiet_hours", notes)
    if form is None:
        return None
    start, end, zone, trait = (form.get(key) for key in keys.QUIET_HOURS)
    for key in ("from", "until"):
        if form.get(key) is None:
            notes.fault(form.place, f'quiet_hours needs the key \'{key}\', as in {{from: "20:00", until: "08:00"}}.')
    first, last = (_clock(each, notes) if each is not None else None for each in (start, end))
    if end is not None and first is not None and first == last:
        notes.fault(end.place, "these hours are none: they end when they begin.")
    return QuietHours(
        start=first or 0,
        end=last or 0,
        timezone=_zone(zone, notes) if zone is not None else timezone,
        trait=_trait(trait, notes) if trait is not None else "",
    )


def _clock(node: Node, notes: Notes) -> int | None:
    text = text_of(node, 'a time such as "20:00"', notes)
    match = _CLOCK.fullmatch(text)
    if text and not match:
        notes.fault(node.place, f'expected a time from "00:00" to "23:59", got {text!r}.')
    return int(match[1]) * 60 + int(match[2]) if match else None


def _zone(node: Node, notes: Notes) -> str:
    name = text_of(node, "a time zone such as Europe/Berlin", notes)
    if name and name not in zone_names():
        hint = (
            " A trait that names one goes under 'timezone_trait'."
            if is_trait(name)
            else did_you_mean(name, zone_names())
        )
        notes.fault(node.place, f"there is no time zone {name!r}.{hint or ' Expected a name such as Europe/Berlin.'}")
    return name


def _trait(node: Node, notes: Notes) -> str:
    text = text_of(node, "a trait such as account.timezone", notes)
    if text and not is_trait(text):
        notes.fault(node.place, f"expected a trait such as account.timezone, got {text!r}.")
    return text
