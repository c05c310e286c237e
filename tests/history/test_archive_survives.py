"""An import that is killed leaves the archive as it was, whole; the next one finds nothing of it in its way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fireflower.history.archive import Archive
from fireflower.history.archive.manifest import Manifest, writing
from fireflower.history.mapping import Mapping
from fireflower.model.errors import ProjectError

EVENTS = Mapping(time="time", event="event", person="user", account="company")
PROPERTIES = ["rows", "plan"]

KILLED = """
import os, signal, sys
from fireflower.history.archive import Archive
from fireflower.history.mapping import Mapping

folder, file, what, times = sys.argv[1:]
left = int(times)

def die_at(doing, *rest):
    global left
    left -= doing.endswith(what)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def before(name):
    original = getattr(os, name)
    def wrapped(*arguments):
        die_at(name if name == "fsync" else name + " " + str(arguments[-1]))
        return original(*arguments)
    setattr(os, name, wrapped)

before("fsync")
before("replace")
archive = Archive.open(folder)
mapping = Mapping(time="time", event="event", person="user", account="company")
archive.ingest(file, mapping, progress=lambda doing, done, total: die_at(doing))
list(archive.timelines(["rows", "plan"]))
die_at(what)
"""


def table(folder: Path, name: str, first: int) -> Path:
    rows = [
        f"2026-03-{1 + i % 28:02},E{i % 3},user-{(first + i) % 40},acme-{(first + i) % 7},{i},{'abc'[i % 3]}\n"
        for i in range(500)
    ]
    (folder / name).write_text("time,event,user,company,rows,plan\n" + "".join(rows))
    return folder / name


def content(archive: Archive) -> list[object]:
    found: list[object] = []
    for timeline in archive.timelines(PROPERTIES):
        words = timeline.vocabulary
        found += [list(words.names), list(words.people), list(words.accounts)]
        found += [column.tolist() for column in (timeline.time, timeline.what, timeline.person, timeline.starts)]
        found.append([words.texts["plan"][code] for code in timeline.codes["plan"]])
        found.append(np.nan_to_num(timeline.numbers["rows"], nan=-1).tolist())
    return found


@pytest.mark.parametrize(
    ("what", "times", "survives"),
    [
        ("reading b.csv", 1, False),
        ("fsync", 1, False),
        ("fsync", 6, False),
        ("sorting", 1, False),
        ("generation.json", 1, False),
        ("manifest.json", 1, False),
        ("properties.json", 1, True),
    ],
)
def test_killed_at_any_point(tmp_path: Path, what: str, times: int, survives: bool) -> None:
    first, second = table(tmp_path, "a.csv", 0), table(tmp_path, "b.csv", 17)
    folder = tmp_path / "archive"
    Archive.open(folder).ingest(first, EVENTS)
    before = content(Archive.open(folder))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(second), what, str(times)], check=False)
    assert killed.returncode == -9

    archive = Archive.open(folder)
    assert archive.summary().records == (1000 if survives else 500)
    if not survives:
        assert content(archive) == before
    archive.ingest(second, EVENTS)
    assert_nothing_is_left_behind(folder)
    clean = Archive.open(tmp_path / "clean")
    clean.ingest([first, second], EVENTS)
    assert content(archive) == content(clean)
    assert_nothing_is_left_behind(folder)


def assert_nothing_is_left_behind(folder: Path) -> None:
    manifest = Manifest.read(folder)
    assert {path.name for path in (folder / "segments").iterdir()} == set(manifest.segments)
    assert [path.name for path in (folder / "generations").iterdir()] == [manifest.generation]
    assert list((folder / "scratch").iterdir()) == []


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive.open(tmp_path / "archive")
    archive.ingest(table(tmp_path, "a.csv", 0), EVENTS)
    return archive


def test_two_writers_do_not_meet(archive: Archive, tmp_path: Path) -> None:
    with (
        writing(tmp_path / "archive"),
        pytest.raises(ProjectError, match=rf"Another fireflower \(process {os.getpid()}\) is writing"),
    ):
        archive.ingest(table(tmp_path, "b.csv", 1), EVENTS)
    with writing(tmp_path / "archive"):
        assert Archive.open(tmp_path / "archive").summary().records == 500


def test_a_file_is_read_once(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.csv").rename(tmp_path / "moved.csv")
    again = archive.ingest(tmp_path / "moved.csv", EVENTS)
    assert (again.files[0].known, again.new, again.read) == (True, 0, 0)
    (tmp_path / "moved.csv").unlink()
    report = archive.ingest(table(tmp_path, "b.csv", 17), EVENTS)
    assert (report.read, report.new, archive.summary().records) == (500, 500, 1000)


def test_a_failed_import_leaves_nothing(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(archive)

    def fail(*arguments: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("fireflower.history.archive.sorting.break_ties", fail)
        with pytest.raises(OSError, match="No space left"):
            archive.ingest(table(tmp_path, "b.csv", 17), EVENTS)
    assert content(archive) == content(Archive.open(tmp_path / "archive")) == before
    assert_nothing_is_left_behind(tmp_path / "archive")


def test_pieces_are_whole_blocks_with_one_vocabulary(archive: Archive) -> None:
    (whole,) = archive.timelines(PROPERTIES)
    pieces = list(archive.timelines(PROPERTIES, rows_per_chunk=100))
    assert len(pieces) > 3
    assert {id(piece.vocabulary) for piece in pieces} == {id(pieces[0].vocabulary)}
    assert [piece.first_row for piece in pieces] == np.cumsum([0, *map(len, pieces)])[:-1].tolist()
    for name in ("time", "what", "person", "account", "target", "detail"):
        assert np.concatenate([getattr(piece, name) for piece in pieces]).tolist() == getattr(whole, name).tolist()
    starts = np.concatenate([piece.starts[:-1] + piece.first_row for piece in pieces])
    assert [*starts.tolist(), len(whole)] == whole.starts.tolist()
    assert all(piece.starts[-1] == len(piece) and piece.starts[0] == 0 for piece in pieces)


def test_a_property_that_never_was_has_no_column(archive: Archive) -> None:
    (timeline,) = archive.timelines(["never"])
    assert (dict(timeline.numbers), dict(timeline.codes)) == ({}, {})


def test_a_later_format_is_refused(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "archive" / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(ProjectError, match="written by a later version"):
        Archive.open(tmp_path / "archive")
    path.write_text("{")
    with pytest.raises(ProjectError, match=r"manifest\.json is damaged"):
        Archive.open(tmp_path / "archive")
