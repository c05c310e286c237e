"""Receivers that hang, and those beside them."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from serving.process import Receiver
from waiting import soon

from fireflower.app.live.delivering import Deliverer
from fireflower.destinations import load_destinations, to_plain
from fireflower.destinations.samples import ENTERED
from fireflower.history.log.connecting import connect
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting, Which
from fireflower.history.log.schema import prepare

WEBHOOK = """
destination: {name}
webhook: {{url: "{url}", allow_private: true, secret: env:SIGNING, timeout: 2 seconds}}
"""


def now() -> int:
    return time.time_ns() // 1000


def posting(number: int, destination: str) -> Posting:
    key, notice = f"{destination}{number:03}", json.dumps(to_plain(ENTERED))
    payload = b'{"type": "sample", "data": {}}'
    return Posting(key, number, destination, "account", "acme", number, "waiting", number, 0, "", payload, notice)


def test_who_hangs_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING", "whsec_" + "A" * 44)
    receiver, hanging = Receiver(), socket.create_server(("127.0.0.1", 0), backlog=100)
    urls = {"hangs": f"http://127.0.0.1:{hanging.getsockname()[1]}/", "works": receiver.address}
    (tmp_path / "destinations").mkdir()
    for name, url in urls.items():
        (tmp_path / "destinations" / f"{name}.yaml").write_text(WEBHOOK.format(name=name, url=url))
    database = connect(tmp_path / "log.sqlite")
    prepare(database)
    with database.transaction():
        Outbox(database).put([posting(number, "hangs") for number in range(40)])
        Outbox(database).put([posting(number, "works") for number in range(40, 60)])
    own = connect(tmp_path / "log.sqlite")
    deliverer = Deliverer(own, load_destinations(tmp_path, None, "UTC"), now)
    deliverer.start()
    try:
        soon(lambda: len(receiver.got) == 20, 2)
        which = Which(states=["sending"], destination="hangs")
        assert len(Outbox(database).page(which, None, 40)) == 8
    finally:
        deliverer.stop()
        receiver.close()
        hanging.close()
        counts = Outbox(database).counts()
        own.close()
        database.close()
    assert counts == {"sent": 20, "waiting": 40}


def served(tmp_path: Path, database: Path, more: str = "") -> tuple[Receiver, Deliverer]:
    receiver = Receiver()
    (tmp_path / "destinations").mkdir()
    (tmp_path / "destinations" / "crm.yaml").write_text(WEBHOOK.format(name="crm", url=receiver.address) + more)
    return receiver, Deliverer(connect(database), load_destinations(tmp_path, None, "UTC"), now)


def test_quiet_hours_are_kept_when_it_is_sent_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was due hours ago, when nobody could send; now is no time to."""
    monkeypatch.setenv("SIGNING", "whsec_" + "A" * 44)
    database = connect(tmp_path / "log.sqlite")
    prepare(database)
    with database.transaction():
        Outbox(database).put([posting(1, "crm")])
    here = datetime.now(UTC)
    start, end = (f"{(here + timedelta(hours=hours)):%H:%M}" for hours in (-1, 2))
    quiet = f"quiet_hours: {{from: '{start}', until: '{end}', timezone: UTC}}\n"
    receiver, deliverer = served(tmp_path, tmp_path / "log.sqlite", quiet)
    deliverer.start()
    try:
        soon(lambda: Outbox(database).page(Which(), None, 1)[0].due > now() + 3_600_000_000, 5)
    finally:
        deliverer.stop()
        receiver.close()
    [waits] = Outbox(database).page(Which(states=["waiting"]), None, 9)
    assert (waits.attempts, waits.tries) == (0, ()) and not receiver.got


def test_what_a_new_destination_is_to_be_told_is_not_parked_by_who_does_not_know_it_yet(tmp_path: Path) -> None:
    database = connect(tmp_path / "log.sqlite")
    prepare(database)
    fresh = replace(posting(1, "new"), planned=now())
    with database.transaction():
        Outbox(database).put([fresh, posting(2, "gone")])
    deliverer = Deliverer(connect(tmp_path / "log.sqlite"), [], now)
    deliverer.start()
    try:
        soon(lambda: Outbox(database).counts() == {"waiting": 1, "parked": 1}, 5)
    finally:
        deliverer.stop()
    assert [each.destination for each in Outbox(database).page(Which(states=["parked"]), None, 9)] == ["gone"]
