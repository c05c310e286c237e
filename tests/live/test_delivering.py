"""Receivers that hang, and those beside them."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
from serving.process import Receiver, soon

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
