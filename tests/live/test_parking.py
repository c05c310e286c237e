"""Deliveries that wait for somebody to mend something."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from fireflower.app.live.delivering import Deliverer
from fireflower.destinations import Parked
from fireflower.history.log.database import SQLite
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting
from fireflower.history.log.schema import prepare
from fireflower.model.moments import HOUR


def test_the_log_says_what_to_do_and_says_it_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    postings = [
        Posting(f"k{n}", n, "mail", "person", "ann", 0, "waiting", 0, 0, "", b"{}", '{"id": "1"}') for n in range(4)
    ]
    Outbox(database).put(postings)
    deliverer = Deliverer(database, (), lambda: 0)
    refused = [Parked("535 no."), Parked("535 no."), Parked("535 no."), Parked("550 other")]
    with caplog.at_level(logging.ERROR):
        for posting, outcome, at in zip(postings, refused, (1, 2, HOUR + 1, HOUR + 2), strict=True):
            deliverer._tell(posting, outcome, at)
    database.close()
    first = (
        "Deliveries to mail are parked: 535 no. When that is mended: fireflower deliveries replay --destination mail"
    )
    assert caplog.messages == [first, first, first.replace("535 no", "550 other")]
