"""What a simulation writes: the same for the same seed, and as rough as a real export."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fireflower.simulate import World, simulate

SMALL = World(accounts=40, months=3)
PINNED = "2fe3183f4510f22ec802b14fa82ef16b64de00805ccf5bf00ce44ba1af6b26d5"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    first = simulate(SMALL, tmp_path / "a", seed=3)
    second = simulate(SMALL, tmp_path / "b", seed=3)
    assert first.digest == second.digest
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_contents_are_the_same_on_every_machine(tmp_path):
    """Changes with every change of what is simulated; then take over the new digest, and check the demo's figures."""
    assert simulate(SMALL, tmp_path, seed=3).digest == PINNED


def test_another_seed_writes_another_history(tmp_path):
    assert simulate(SMALL, tmp_path / "a", seed=3).digest != simulate(SMALL, tmp_path / "b", seed=4).digest


def test_progress_is_told_in_order(tmp_path):
    told = []
    simulate(SMALL, tmp_path, seed=3, progress=lambda step, share: told.append((step, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0


def test_files_are_months_and_tables_and_nothing_unfinished(tmp_path):
    report = simulate(SMALL, tmp_path, seed=3)
    names = [path.name for path in report.files]
    assert names[:3] == [f"events-2025-{month}.jsonl.gz" for month in (10, 11, 12)]
    assert names[3:] == ["accounts.csv", "people.csv", "memberships.csv", "deals.csv", "truth.csv"]
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize("knobs", [{"accounts": 5}, {"months": 0}])
def test_impossible_worlds_are_refused(knobs):
    with pytest.raises(ValueError, match=next(iter(knobs))):
        World(**knobs)


def test_a_negative_seed_is_refused(tmp_path):
    with pytest.raises(ValueError, match="seed"):
        simulate(SMALL, tmp_path, seed=-1)


def test_the_report_counts_what_is_in_the_files(year):
    assert year.report.calls == len(year.calls)
    assert year.report.malformed == len(year.unreadable) == year.world.malformed
    assert year.report.accounts == len(year.truth("account")) == year.world.accounts
    assert year.report.people == len(year.truth("person"))
    assert year.report.memberships == len(year.table("memberships.csv"))


def test_every_type_of_call_is_there(year):
    types = Counter(call["type"] for call in year.calls)
    assert set(types) == {"track", "page", "identify", "group", "alias"}


def test_all_that_is_readable_happened_within_the_time(year):
    stamps = [call["timestamp"] for call in year.calls]
    assert all("2025-01-01" <= stamp < "2026-01-01" for stamp in stamps)


def test_calls_are_received_in_order_some_of_them_days_late(year):
    received = [call["receivedAt"] for call in year.calls]
    assert received == sorted(received)
    held_up = [
        call
        for call in year.calls
        if datetime.fromisoformat(call["receivedAt"]) - datetime.fromisoformat(call["timestamp"]) > timedelta(days=8)
    ]
    assert len(held_up) == year.report.late > 0


def test_some_rows_are_there_twice(year):
    assert 0 < year.report.duplicates < 0.01 * year.report.calls


def test_a_spike_shows_in_the_signups(year):
    days = Counter(call["timestamp"][:10] for call in year.events("Signed Up"))
    usual = sorted(days.values())[len(days) // 2]
    assert max(days.values()) > 3 * usual
