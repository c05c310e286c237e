"""A notice such as a software company gets, a ledger in memory, and destinations to send it to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fireflower.destinations import Delivery, Destination, Fact, Notice, Withheld
from fireflower.destinations.nodes import Channel, Filter, JsonLines
from fireflower.model.moments import DAY, HOUR, parse_moment

NOW = parse_moment("2026-03-04 14:30")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

NOTICE = Notice(
    id="tr_1",
    definition="team-ready-to-pay",
    title="Team ready to pay",
    subject_kind="account",
    subject="acme",
    change="entered",
    reason="qualified",
    at=NOW - HOUR,
    known_at=NOW - HOUR,
    evidence=(
        Fact("12 reports in the last 7 days", "at least 10 Report Run in the last 7 days", True, 12.0, 10, NOW - DAY,
             "Report Run by ann"),
        Fact("3 colleagues", "at least 2 people with Invite Accepted", True, 3.0, 2, NOW - 2 * DAY),
        Fact("CRM not connected yet", "Crm Connected at least once", False, 0.0, 1, NOW - 30 * DAY),
    ),
    traits={"name": "Acme & Söhne", "plan": "trial", "employees": 120.0, "timezone": "Europe/Berlin",
            "owner_email": "rep@example.com"},
    next_step="connect the CRM",
    url="https://app.example.com/accounts/acme?a=1&b=2",
)  # fmt: skip


def notice(**changes: Any) -> Notice:
    return replace(NOTICE, **changes)


FILE = JsonLines("leads.jsonl")


def destination(name: str = "leads", channel: Channel = FILE, **settings: Any) -> Destination:
    return Destination(name, channel, **{"when": Filter(changes=("entered", "left")), **settings})


@dataclass
class Memory:
    """A ledger of what has been planned, kept in memory."""

    planned: list[tuple[Delivery, bool]] = field(default_factory=list)

    def add(self, planned: Iterable[Delivery | Withheld], retracts: bool = False) -> None:
        self.planned += [(each, retracts) for each in planned if isinstance(each, Delivery)]

    def dues(self, destination: str, subject: tuple[str, str] | None, after: int, before: int) -> Sequence[int]:
        return [
            each.due
            for each, retracts in self.planned
            if each.destination == destination and not retracts and after < each.due < before
            and subject in (None, (each.subject_kind, each.subject))
        ]  # fmt: skip

    def has(self, key: str) -> bool:
        return any(each.key == key for each, _ in self.planned)
