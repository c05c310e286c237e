"""What the server of the live benchmark records is what a replay of its log says; time is not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from oracle.engine import told

from benchmarks import live, live_report
from benchmarks.live_server import chosen
from benchmarks.live_traffic import Crowd, traffic
from fireflower.app.live.database import opener
from fireflower.evaluate.replay import replay
from fireflower.history.assembly import assemble
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import MessageReader

SIZE = live.Size(people=60, events=2_000, seconds=60, rate=2_000, steady=0.5, moving=500, timers=50, history=10_000)

Rows = set[tuple[str, str, str, int]]


def recorded(folder: Path, until: int) -> Rows:
    database = opener(chosen(folder, "20"))()
    rows = database.rows(
        "SELECT definition, subject, change, at FROM transitions WHERE retracted IS NULL AND at <= ?", (until,)
    )
    database.close()
    return set(rows)


def replayed(folder: Path) -> tuple[Rows, int]:
    """By all that the log has, up to the last receipt."""
    project = chosen(folder, "20")
    database = opener(project)()
    kept, whole = list(MessageLog(database).all()), MessageLog(database).whole(0)
    database.close()
    until = max(message.received for _, message in whole)
    timeline = assemble(MessageReader().records(kept), attribution=project.settings.attribution)
    found = replay(project.definitions, project.settings, [timeline], as_of=until)
    return {(row[4], row[3], row[5], row[0]) for row in told(found)}, until


def test_what_is_recorded_is_what_a_replay_says(tmp_path: Path) -> None:
    bodies = live.prepare(tmp_path, SIZE)
    found = live.ingest(bodies, tmp_path / "projects", SIZE, compiled=False)
    verdicts, until = replayed(tmp_path / "projects" / "qualified")
    assert recorded(tmp_path / "projects" / "qualified", until) == verdicts and verdicts
    ways = ("qualified", "random", "alone", "stored", "parsed")
    assert [found[way]["events"] for way in ways] == [SIZE.events] * len(ways)
    assert found["qualified"]["duplicates"] == found["stored"]["duplicates"] > 0


def test_what_is_recorded_of_what_browsers_send_is_what_a_replay_says(tmp_path: Path) -> None:
    bodies = live.prepare(tmp_path, SIZE)
    found = live.clients(bodies, tmp_path / "projects", SIZE, compiled=False)
    verdicts, until = replayed(tmp_path / "projects" / "clients")
    assert recorded(tmp_path / "projects" / "clients", until) == verdicts and verdicts
    assert [found[name]["events"] for name in live.CLIENTS] == [SIZE.events // 9] * len(live.CLIENTS)


def test_what_comes_while_the_log_may_move_is_recorded(tmp_path: Path) -> None:
    bodies = live.prepare(tmp_path, SIZE)
    found = live.moving(bodies, tmp_path / "projects", SIZE, compiled=False)
    assert found["events"] == SIZE.events and found["recorded"] > 0 and 0 <= found["moved"] <= SIZE.events + SIZE.people


def test_what_is_sent_is_drawn_from_a_seed() -> None:
    crowd = Crowd(50)
    assert list(traffic(crowd, 500)) == list(traffic(crowd, 500)) != list(traffic(crowd, 500, seed=9))


def test_a_target_that_is_missed_is_said_to_be() -> None:
    results = {"timers": {"timers": 10, "after_first": 2.5, "after_last": 1.5}}
    (target,) = live_report.targets(results)
    assert target[-1] is False


def test_figures_are_put_into_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{live.BEGIN}\nold\n{live.END}\nafter\n")
    live.publish("# new\n", page, (live.BEGIN, live.END))
    assert page.read_text() == f"before\n{live.BEGIN}\n### new\n{live.END}\nafter\n"


def parts(ordered: Sequence[float]) -> tuple[float, float]:
    return live._part(ordered, 0.5), live._part(ordered, 0.99)


def test_medians_and_the_slowest() -> None:
    assert parts([]) == (0.0, 0.0)
    assert parts([1.0]) == (1.0, 1.0)
    assert parts([float(number) for number in range(200)]) == (100.0, 198.0)
