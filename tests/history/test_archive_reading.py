"""Reading an archive: while others import, where nothing can be written, and when files are damaged."""

from __future__ import annotations

import builtins
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fireflower.history.archive import Archive
from fireflower.history.archive.manifest import Manifest, writing
from fireflower.history.mapping import Mapping
from fireflower.model.errors import ProjectError
from fireflower.model.values import SeenValues

EVENTS = Mapping(time="time", event="event", person="user", account="company")


def table(folder: Path, name: str, first: int = 0) -> Path:
    rows = [f"2026-03-{1 + i % 28:02},E{i % 3},user-{first + i},acme-{i % 7},{i},{'abc'[i % 3]}\n" for i in range(60)]
    (folder / name).write_text("time,event,user,company,rows,plan\n" + "".join(rows))
    return folder / name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Archive.open(tmp_path / "archive").ingest(table(tmp_path, "a.csv"), EVENTS)
    return tmp_path / "archive"


def people(archive: Archive) -> int:
    (timeline,) = archive.timelines(["plan"])
    assert timeline.vocabulary.texts["plan"][timeline.codes["plan"][0]] in "abc"
    return len(timeline.vocabulary.people)


def test_the_values_of_properties_by_event(tmp_path: Path) -> None:
    rows = ['1,A,"1,5",true,x', "2,A,2.5,,y", "3,B,3,,x", "4,B,,,", "5,C,n/a,,x", "6,A,2.5,,x"]
    (tmp_path / "e.csv").write_text(
        "time,event,amount,flag,plan,user\n" + "".join(f"2026-03-0{row},ann\n" for row in rows)
    )
    archive = Archive.open(tmp_path / "archive")
    assert archive.seen_values(()) == {}
    archive.ingest(tmp_path / "e.csv", Mapping(time="time", event="event", person="user"))
    assert archive.seen_values(["amount", "flag", "plan"]) == {
        "amount": {
            "A": SeenValues(True, ["1,5"]),
            "B": SeenValues(True, []),
            "C": SeenValues(False, ["n/a"]),
        },
        "flag": {"A": SeenValues(False, [True])},
        "plan": {"A": SeenValues(False, ["x", "y"]), "B": SeenValues(False, ["x"]), "C": SeenValues(False, ["x"])},
    }


def test_several_histories_are_told_at_once_as_one_by_one(folder: Path) -> None:
    archive = Archive.open(folder)
    people, accounts = ["user-7", "user-8", "nobody"], ["acme-1", "nobody"]
    told = [archive.told("person", id) for id in people[:2]] + [archive.told("account", id) for id in accounts[:1]]
    assert archive.told_of(people, accounts) == sorted(dict(each for some in told for each in some).items())
    assert archive.told_of([], ["nobody"]) == []


def test_who_reads_keeps_what_was_there(folder: Path, tmp_path: Path) -> None:
    reader, writer = Archive.open(folder), Archive.open(folder)
    writer.ingest(table(tmp_path, "b.csv", 1000), EVENTS)
    writer.ingest(tmp_path / "a.csv", EVENTS, replace=True)
    assert (people(reader), people(writer)) == (60, 120)
    assert reader.history("person", "user-7")[0].properties["rows"] == 7
    assert len(list((folder / "generations").iterdir())) == 2
    del reader
    writer.ingest(table(tmp_path, "c.csv", 2000), EVENTS)
    manifest = Manifest.read(folder)
    assert [path.name for path in (folder / "generations").iterdir()] == [manifest.generation]
    assert {path.name for path in (folder / "segments").iterdir()} == set(manifest.segments)


def test_a_generation_that_goes_while_it_is_opened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Manifest.read(folder)
    Archive.open(folder).ingest(table(tmp_path, "b.csv", 1000), EVENTS)
    new = Manifest.read(folder)
    told = iter([old, new, new])
    monkeypatch.setattr(Manifest, "read", lambda folder: next(told))
    assert Archive.open(folder).summary().people == 120
    for_ever = iter([old, new] * 100)
    monkeypatch.setattr(Manifest, "read", lambda folder: next(for_ever))
    with pytest.raises(ProjectError, match=r"changing all the time\. Run again"):
        Archive.open(folder)


def test_reading_does_not_wait_for_who_writes(folder: Path) -> None:
    with writing(folder):
        assert people(Archive.open(folder)) == 60
    assert not list((folder / "generations").glob("*/properties.json"))


def test_a_folder_that_cannot_be_written_to_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.open

    def refuse(path: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if str(path).startswith(str(folder)) and mode[0] in "wax":
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, mode, *rest, **more)

    monkeypatch.setattr(builtins, "open", refuse)
    assert people(Archive.open(folder)) == 60
    with pytest.raises(ProjectError, match=r"as fireflower.yaml says otherwise .* cannot be written to \(Read-only"):
        Archive.open(folder, attribution="all").vocabulary()


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def alter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200] + b"\xff" * 200)


@pytest.mark.parametrize("harm", [shorten, alter, Path.unlink])
@pytest.mark.parametrize("name", ["generation.json", "people.arrow", "merged.arrow", "starts.npy"])
def test_damaged_blocks_are_named_and_can_be_made_anew(folder: Path, harm: Callable[[Path], None], name: str) -> None:
    path = folder / "generations" / Manifest.read(folder).generation / name
    harm(path)
    with pytest.raises(ProjectError, match=rf"{name} is damaged: .*Delete the folder \S*generations: the next"):
        Archive.open(folder)
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    path.parent.parent.rmdir()
    assert Archive.open(folder).summary().people == 60
    assert people(Archive.open(folder)) == 60


@pytest.mark.parametrize("name", ["time.column", "property-0.code", "property-0.arrow", "properties.json"])
def test_damaged_columns_of_blocks_are_named(folder: Path, name: str) -> None:
    people(Archive.open(folder))
    shorten(folder / "generations" / Manifest.read(folder).generation / name)
    with pytest.raises(ProjectError, match=r"is damaged: .*Delete the folder \S*generations: the next"):
        people(Archive.open(folder))


@pytest.mark.parametrize("name", ["segment.json", "properties.parquet", "words.arrow", "kept_aside.jsonl"])
def test_damaged_segments_are_named(folder: Path, name: str) -> None:
    path = folder / "segments" / Manifest.read(folder).segments[0] / name
    path.write_bytes(path.read_bytes()[:-3] if path.stat().st_size else b"\xff")
    with pytest.raises(ProjectError, match=rf"{name} is damaged: .*Delete the folder \S*archive and import your files"):
        Archive.open(folder)


def test_doctor_reports_damage(folder: Path) -> None:
    from fireflower.app.doctor import doctor
    from fireflower.app.project import HISTORY_FOLDER, Project

    (folder.parent / "fireflower.yaml").write_text("start: Signed Up\n")
    folder.rename(folder.parent / HISTORY_FOLDER)
    segment = folder.parent / HISTORY_FOLDER / "segments" / Manifest.read(folder.parent / HISTORY_FOLDER).segments[0]
    shorten(segment / "words.arrow")
    diagnosis = doctor(Project(folder.parent))
    assert (diagnosis.healthy, diagnosis.findings[0].message) == (False, "the history is damaged")
    assert "words.arrow" in diagnosis.findings[0].next_step
