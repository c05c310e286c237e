"""Notices to try messages with."""

from __future__ import annotations

from dataclasses import replace

from fireflower.destinations.notices import Fact, Notice
from fireflower.model.moments import DAY, HOUR, parse_moment

_AT = parse_moment("2026-03-04 14:30")

ENTERED = Notice(
    id="sample",
    definition="team-ready-to-pay",
    title="Team ready to pay",
    subject_kind="account",
    subject="acme",
    change="entered",
    reason="qualified",
    at=_AT,
    known_at=_AT + HOUR,
    evidence=(
        Fact(
            "12 reports in the last 7 days",
            "at least 10 Report Run in the last 7 days",
            holds=True,
            value=12.0,
            bound=10,
            since=_AT,
            tipped_by="Report Run by ann",
        ),
        Fact("3 colleagues", "at least 2 people with Invite Accepted", holds=True, value=3.0, bound=2, since=_AT - DAY),
        Fact(
            "CRM not connected yet",
            "Crm Connected at least once",
            holds=False,
            value=0.0,
            bound=1,
            since=_AT - 30 * DAY,
        ),
    ),
    traits={
        "name": "Acme",
        "plan": "trial",
        "employees": 120.0,
        "email": "ann@acme.example",
        "timezone": "Europe/Berlin",
    },
    next_step="connect the CRM",
    url="https://app.example.com/accounts/acme",
)
"""One with everything."""

SAMPLES = (
    ENTERED,
    replace(ENTERED, change="left", reason="lapsed"),
    replace(ENTERED, change="retracted", retracts="another"),
    replace(ENTERED, subject_kind="person", subject="ann", evidence=(), traits={}, next_step="", url=""),
)
"""The last one with as little as there can be."""
