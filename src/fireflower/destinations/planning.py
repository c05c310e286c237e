"""Which deliveries follow from a notice: decided as data, without a clock, a network or a database."""

from __future__ import annotations

from collections.abc import Iterable

from fireflower.destinations.caps import Ledger, exceeded
from fireflower.destinations.deliveries import Delivery, Withheld, key_of
from fireflower.destinations.nodes import Destination
from fireflower.destinations.notices import Notice
from fireflower.destinations.payloads import Unaddressed, payload_of
from fireflower.destinations.quiet import end_of_quiet, zone_of


def plan(notice: Notice, destinations: Iterable[Destination], ledger: Ledger, now: int) -> list[Delivery | Withheld]:
    """One delivery for each destination, or why it is told nothing.

    Parameters
    ----------
    ledger : what has been planned before
    now : the moment of planning; nothing is due before it
    """
    return [_planned(notice, destination, ledger, now) for destination in destinations]


def _planned(notice: Notice, destination: Destination, ledger: Ledger, now: int) -> Delivery | Withheld:
    key = key_of(notice.id, destination.name)
    due = due_at(notice, destination, now)
    reason = _unwanted(notice, destination) or _untold(notice, destination, ledger)
    if not reason and notice.change != "retracted":
        subject = (notice.subject_kind, notice.subject)
        reason = exceeded(destination.caps, ledger, destination.name, subject, due)
    if not reason:
        try:
            payload = payload_of(notice, destination, key)
        except Unaddressed as error:
            reason = str(error)
    if reason:
        return Withheld(key, destination.name, notice.id, notice.subject_kind, notice.subject, reason)
    return Delivery(key, destination.name, notice.id, notice.subject_kind, notice.subject, due, payload)


def due_at(notice: Notice, destination: Destination, now: int) -> int:
    """Now, or when the receiver's quiet hours end."""
    quiet = destination.quiet_hours
    if quiet is None:
        return now
    return end_of_quiet(quiet, zone_of(quiet, notice.trait(quiet.trait) if quiet.trait else None), now)


def _unwanted(notice: Notice, destination: Destination) -> str:
    """What the destination's own rules have against it."""
    when = destination.when
    if when.definitions and notice.definition not in when.definitions:
        return f"the definition {notice.definition} is not for this destination"
    if when.subjects and notice.subject_kind not in when.subjects:
        return f"subjects of the kind '{notice.subject_kind}' are not for this destination"
    if notice.change == "retracted":
        return "this destination is silent about retractions" if destination.retractions == "silent" else ""
    if notice.change not in when.changes:
        return f"the change '{notice.change}' is not for this destination"
    return ""


def _untold(notice: Notice, destination: Destination, ledger: Ledger) -> str:
    """Only who has been told something is told that it was wrong."""
    if notice.change == "retracted" and notice.retracts and not ledger.has(key_of(notice.retracts, destination.name)):
        return "this destination was not told what is retracted"
    return ""
