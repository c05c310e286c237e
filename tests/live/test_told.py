"""Whoever is told of every change, and applies what it is told, knows in the end what the record says."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from log.databases import Opener

from fireflower.app.live.announcing import Announcer
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.writing import Writer
from fireflower.app.project import Project
from fireflower.destinations import Destination
from fireflower.destinations.nodes import Cap, Filter, JsonLines
from fireflower.history.log.database import Database
from fireflower.history.log.durable import Durable
from fireflower.history.log.outbox import DRY_RUN, OVER, WRONG
from fireflower.history.log.reading import PLAIN
from fireflower.model.messages import Message
from fireflower.model.moments import DAY, iso
from live.messaging import Side, at, make_project, segment, track
from live.projects import moment, standing

DEFINITIONS = {
    "busy": "definition: busy\nsubject: person\nqualified: count(any, last 2 hours) >= 3\n",
    "team": "definition: team\nsubject: account\nqualified: count(Run) >= 4 and actors(any) >= 2\n",
    "lively": "definition: lively\nsubject: account\nqualified: count(any, last 3 hours) >= 3\n",
}
ALL = Destination("all", JsonLines("all.jsonl"), when=Filter(changes=("entered", "left")))
ENTRIES = Destination("entries", JsonLines("entries.jsonl"), when=Filter(changes=("entered",)))

Who = tuple[str, str, str]
"""(definition, kind, subject)."""


def last_told(database: Database, destination: str) -> dict[Who, str]:
    """What a receiver knows of everybody: the latest change that nothing has taken back. Messages arrive in any order,
    so it goes by the moments and ids within them."""
    sql = "SELECT notice FROM deliveries WHERE destination = ? AND state = 'waiting' ORDER BY key"
    notices = [json.loads(notice) for (notice,) in database.rows(sql, (destination,))]
    taken_back = {each["retracts"] for each in notices if each["change"] == "retracted"}
    assert taken_back <= {each["id"] for each in notices}, "what is taken back had been told"
    changes: dict[Who, list[tuple[int, int, str]]] = defaultdict(list)
    for each in notices:
        who = each["definition"], each["subject_kind"], each["subject"]
        changes[who] += []
        if each["change"] != "retracted" and each["id"] not in taken_back:
            changes[who].append((each["at"], int(each["id"].rpartition("/")[2]), each["change"]))
    return {who: max(some)[2] if some else "" for who, some in changes.items()}


def served(folder: Path) -> Project:
    files = {"fireflower.yaml": "project: acme\nleave_out:\n  people: count(Run) >= 25\n"} | {
        f"definitions/{name}.yaml": text for name, text in DEFINITIONS.items()
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Project(folder)


def traffic(seed: int, count: int) -> list[Message]:
    """What people do in accounts, at times that often coincide; much of it is told late, or without a name at first."""
    chance = random.Random(seed)
    return [_message(chance, f"{seed}-{number}", number * 3) for number in range(count)]


def _message(chance: random.Random, key: str, minute: int) -> Message:
    number, account = chance.randrange(9), {"groupId": f"a{chance.randrange(4)}"}
    who = {"anonymousId": f"x{number % 3}"} if chance.random() < 0.2 else {"userId": f"u{number}"}
    body = chance.choice(
        (*({"type": "track", "event": chance.choice(("Run", "Open")), **who},) * 6,
         *({"type": "track", "event": "Run", **who, "context": account},) * 6,
         {"type": "group", **who, **account},
         {"type": "identify", "userId": f"u{number % 3}", "anonymousId": f"x{number % 3}"})
    )  # fmt: skip
    late = chance.choice((0,) * 6 + (10, 60, 240))
    time = iso(moment(max(0, minute - late) // 15 * 15))
    return Message(
        "segment", key, json.dumps(body | {"messageId": key, "timestamp": time}).encode(), moment(minute), "web"
    )


@pytest.mark.parametrize("seed", [3, 6, 7, 8, 14, 47])
def test_what_is_told_adds_up_to_the_record(tmp_path: Path, opened: Opener, seed: int) -> None:
    database, at_once, some = opened(), (1, 3, 12, 40)[seed % 4], traffic(seed, 400)
    announcer = Announcer(database, [ALL, ENTRIES])
    evaluator = Evaluator(served(tmp_path), database, PLAIN, announcer, compiled=False)
    came: list[Durable] = []
    writer = Writer(opened(), PLAIN, came.append)
    writer.start()
    evaluator.begin(0)
    for start in range(0, len(some), at_once):
        part = some[start : start + at_once]
        writer.submit(part).result(30)
        evaluator.take(Durable.together(came), part[-1].received)
        came.clear()
    writer.stop()
    stands = {(definition, kind, subject) for definition, kind, subject, _ in standing(database)}
    assert {who for who, change in last_told(database, "all").items() if change == "entered"} == stands
    know_who_is_in(database, stands)
    assert database.rows("SELECT 1 FROM transitions WHERE retracted IS NOT NULL") and len(stands) >= 2


def know_who_is_in(database: Database, stands: set[Who]) -> None:
    """Whoever is told of entries only has been told once of each who is in, and of nothing that does not stand, but
    for what was taken back."""
    sql = (
        "SELECT t.definition, t.kind, t.subject, t.retracted, d.notice, d.transition FROM deliveries d "
        "JOIN transitions t ON t.id = d.transition WHERE d.destination = 'entries' AND d.state = 'waiting'"
    )
    rows = [(tuple(who), retracted, json.loads(notice), id) for *who, retracted, notice, id in database.rows(sql)]
    taken_back = {notice["retracts"] for _, _, notice, _ in rows if notice["change"] == "retracted"}
    valid = [
        (who, retracted, id)
        for who, retracted, each, id in rows
        if {each["id"], each["retracts"]}.isdisjoint(taken_back)
    ]
    assert all(retracted is None for _, retracted, _ in valid)
    assert len({id for *_, id in valid}) == len(valid), "each once"
    assert {who for who, *_ in valid} >= stands


# --- What people are told, case by case ------------------------------------------------------------------------------


def told_to(folder: Path, destination: Destination, *steps: tuple[float, list[Message]], dry_run: bool = False) -> Told:
    """What becomes of deliveries to one destination: (who, change) -> (state, reason). Who exports twice within seven
    days is active."""
    side = Side(make_project(folder))
    try:
        announcer = Announcer(side.database, [destination], dry_run=dry_run)
        side.evaluator.announcer = announcer
        for days, some in steps:
            side.take(*some, now=at(days))
        rows = side.database.rows(
            "SELECT notice, state, reason FROM deliveries WHERE kind = 'person' ORDER BY planned, key"
        )
        told = [(json.loads(notice), state, reason) for notice, state, reason in rows]
        return [(each["subject"], each["change"], state, reason) for each, state, reason in told]
    finally:
        side.close()


Told = list[tuple[str, str, str, str]]
WHILE_DOWN = (8.0, [track("1", 0, "ann", "export"), track("2", 5, "ann", "export")])
"""Ann is active on day 5, and not any longer on day 7; it is day 8."""


def late(days: float) -> tuple[float, list[Message]]:
    return 8.1, [track("3", days, "ann", "export", received=8.1)]


def test_what_is_over_is_held_back_and_told_if_it_is_not(tmp_path: Path) -> None:
    held = ("ann", "entered", "withheld", OVER)
    assert told_to(tmp_path / "0", ENTRIES, WHILE_DOWN) == [held]
    assert told_to(tmp_path / "1", ENTRIES, WHILE_DOWN, late(6)) == [("ann", "entered", "waiting", "")]
    moved = told_to(tmp_path / "2", ENTRIES, WHILE_DOWN, late(4))
    assert moved == [held, ("ann", "entered", "waiting", "")], "it is another transition now, and nobody had been told"


def test_a_dry_run_stays_one(tmp_path: Path) -> None:
    for nth, days in enumerate((6, 4)):
        told = told_to(tmp_path / str(nth), ENTRIES, WHILE_DOWN, late(days), dry_run=True)
        assert told[-1] == ("ann", "entered", "withheld", DRY_RUN)


def test_of_whom_one_has_not_heard_one_does_not_hear_the_end(tmp_path: Path) -> None:
    quiet = replace(ALL, retractions="silent")
    assert {each[2:] for each in told_to(tmp_path, quiet, WHILE_DOWN)} == {("withheld", OVER)}


def test_caps_hold_for_what_is_told_after_all(tmp_path: Path) -> None:
    capped = replace(ENTRIES, caps=(Cap(1, 7 * DAY, "destination"),))
    day, some = WHILE_DOWN
    some = [*some, track("4", 6, "ben", "export"), track("5", 6.5, "ben", "export")]
    told = {who: (state, reason[:7]) for who, _, state, reason in told_to(tmp_path, capped, (day, some), late(6))}
    assert told == {"ben": ("waiting", ""), "ann": ("withheld", "the cap")}


def test_what_turns_out_to_be_wrong_before_it_is_sent_is_not_sent(tmp_path: Path) -> None:
    first = track("1", 1, "ann", "export"), track("2", 2, "ann", "export")
    apart = segment("3", 2.1, type="unalias", userId="ann", previousId="x")
    some = [segment("0", 0, type="alias", userId="ann", previousId="x"), track("4", 1, "x", "export"), first[1]]
    told = told_to(tmp_path, ENTRIES, (2.0, some), (2.2, [apart]))
    assert told == [("ann", "entered", "withheld", WRONG)]
