"""What is seen beside a running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fireflower.app.live.database import opener
from fireflower.app.live.watching import watch
from fireflower.app.live.writing import Writer
from fireflower.app.project import HISTORY_FOLDER
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.reading import PLAIN
from fireflower.history.log.schema import prepare
from live.messaging import segment, track
from live.projects import project


def test_whose_it_is_is_said(tmp_path: Path) -> None:
    shop = project(tmp_path)
    database = opener(shop)()
    prepare(database)
    forgotten = ForgottenPeople(database, shop.folder / HISTORY_FOLDER)
    writer = Writer(database, PLAIN, lambda kept: None, forgotten)
    messages = [
        segment("m1", 1, type="identify", userId="ann", traits={"plan": "pro"}),
        segment("m2", 1, type="group", userId="ann", groupId="acme", traits={"name": "Acme"}),
        track("m3", 2, "ann", "Run", "acme"),
    ]
    turns: Iterator[bool] = iter((True, True, False))

    def go_on() -> bool:
        if goes := next(turns):
            while messages:
                writer.submit([messages.pop(0)]).result(10)
        return goes

    writer.start()
    seen = [line for each in watch(shop, go_on=go_on) for line in each.says]
    writer.stop()
    database.close()
    assert seen[0] == "person ann: plan = pro"
    assert "account acme: name = Acme" in seen and "ann joining in acme" in seen
    assert seen[-1] == "'Run' of ann in acme"
