"""The file of JSON lines: each key once, whole lines only, whoever writes and whatever breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from destinations.notices_sample import NOW, Memory, destination, notice

from fireflower.destinations import Delivery, Destination, Outcome, Parked, Retry, Sent, attempt, plan
from fireflower.destinations.nodes import JsonLines


def deliveries(where: Destination, count: int) -> list[Delivery]:
    found = [plan(notice(id=f"tr_{i}"), [where], Memory(), NOW)[0] for i in range(count)]
    return [each for each in found if isinstance(each, Delivery)]


def lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line)["data"]["id"] for line in text.splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leads.jsonl"


@pytest.fixture
def where(path: Path) -> Destination:
    return destination(channel=JsonLines(str(path)))


def test_each_key_is_there_once(where: Destination, path: Path) -> None:
    for each in deliveries(where, 3) * 2:
        assert isinstance(attempt(each, where, NOW), Sent)
    assert lines(path) == ["tr_0", "tr_1", "tr_2"]


def test_a_line_that_somebody_else_wrote_is_known(where: Destination, path: Path) -> None:
    first, second, third = deliveries(where, 3)
    attempt(first, where, NOW)
    with path.open("ab") as stream:
        stream.write(second.payload + b"\nnot json\n[1]\n")
    assert attempt(second, where, NOW) == Sent("it was there already")
    assert attempt(third, where, NOW) == Sent("appended to leads.jsonl")


@pytest.mark.parametrize("length", [1, 30, -1])
def test_a_torn_line_is_taken_away(where: Destination, path: Path, length: int) -> None:
    first, second = deliveries(where, 2)
    path.write_bytes(first.payload + b"\n" + second.payload[:length])
    assert attempt(second, where, NOW) == Sent("appended to leads.jsonl")
    assert lines(path) == ["tr_0", "tr_1"]


def test_a_whole_line_without_an_end_is_kept(where: Destination, path: Path) -> None:
    first, second = deliveries(where, 2)
    path.write_bytes(first.payload)
    assert attempt(first, where, NOW) == Sent("it was there already")
    attempt(second, where, NOW)
    assert lines(path) == ["tr_0", "tr_1"]


def test_a_file_that_was_moved_away_begins_anew(where: Destination, path: Path) -> None:
    first, second = deliveries(where, 2)
    attempt(first, where, NOW)
    path.rename(path.with_suffix(".1"))
    attempt(second, where, NOW)
    assert lines(path) == ["tr_1"]


def test_threads_do_not_mix_lines(where: Destination, path: Path) -> None:
    wanted = deliveries(where, 30)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: attempt(each, where, NOW), wanted * 2))
    assert sorted(lines(path)) == sorted(each.notice_id for each in wanted)


def test_processes_do_not_mix_lines(path: Path) -> None:
    script = f"""
from destinations.test_destinations_files import deliveries, destination, JsonLines, attempt, NOW
where = destination(channel=JsonLines({str(path)!r}))
for each in deliveries(where, 40):
    attempt(each, where, NOW)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen([sys.executable, "-c", script], env=environment) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert sorted(lines(path)) == sorted(f"tr_{i}" for i in range(40))


def outcome(path: Path) -> Outcome:
    where = destination(channel=JsonLines(str(path)))
    return attempt(deliveries(where, 1)[0], where, NOW)


def test_a_folder_that_is_not_there_is_parked(tmp_path: Path) -> None:
    found = outcome(tmp_path / "missing" / "leads.jsonl")
    assert isinstance(found, Parked) and found.reason.endswith("cannot be written: No such file or directory")


def test_a_folder_in_its_place_is_parked(tmp_path: Path) -> None:
    assert isinstance(outcome(tmp_path), Parked)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_what_is_no_file_is_parked() -> None:
    assert outcome(Path("/dev/full")) == Parked("/dev/full cannot be written: it is no ordinary file")


def test_a_full_disk_leaves_no_half_line(path: Path, where: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = deliveries(where, 2)
    attempt(first, where, NOW)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert attempt(second, where, NOW) == Retry(f"{path} cannot be written: No space left on device")
    assert lines(path) == ["tr_0"]
    assert attempt(second, where, NOW) == Sent("appended to leads.jsonl")
    assert lines(path) == ["tr_0", "tr_1"]
