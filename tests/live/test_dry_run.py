"""A dry run plans and records everything, and sends nothing."""

from __future__ import annotations

import json
from pathlib import Path

from waiting import soon

from fireflower.model.moments import DAY, HOUR
from live.editing import RECORD, live, project, write


def test_nothing_is_sent_and_everything_is_planned(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    write(folder, "destinations/record.yaml", RECORD + "cap: {at_most: 1, per: 30 days}\n")
    with live(folder, dry_run=True) as running:
        running.did("ann", "acme", HOUR, DAY + HOUR)
        running.did("ben", "acme", HOUR, DAY + HOUR, 2 * DAY)
        running.settle()
        found = running.rows("SELECT subject, state, reason, payload FROM deliveries ORDER BY subject")
        assert [each[:3] for each in found] == [
            ("acme", "withheld", "dry run"),
            ("ann", "withheld", "dry run"),
            ("ben", "withheld", "dry run"),
        ]
        assert json.loads(found[0][3])["data"]["subject"]["id"] == "acme"
        running.send({"type": "identify", "userId": "ann", "traits": {"plan": "pro"}})
        running.did("ann", "acme", 60 * DAY)
    assert not (folder / "deliveries.jsonl").exists()


def test_a_dry_run_holds_nothing_back_later(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    write(folder, "destinations/record.yaml", RECORD + "cap: {at_most: 1, per: 30 days, each: destination}\n")
    with live(folder, dry_run=True) as running:
        running.did("ann", "acme", HOUR, DAY + HOUR)
        running.settle()
        running.did("ben", "birch", HOUR, DAY + HOUR)
        running.settle()
        reasons = [reason for (reason,) in running.rows("SELECT reason FROM deliveries ORDER BY subject")]
        assert reasons[0] == "dry run" and reasons[1] != "dry run", "caps count what would have been sent"
    with live(folder) as running:
        running.did("cleo", "cedar", HOUR, DAY + HOUR)
        running.settle()
        soon(lambda: running.rows("SELECT state FROM deliveries WHERE subject = 'cleo'") == [("sent",)])
    told = [json.loads(line)["data"] for line in (folder / "deliveries.jsonl").read_text().splitlines()]
    assert [each["subject"]["id"] for each in told] == ["cleo"], "a cap counts nothing that was not sent"
