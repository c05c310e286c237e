"""A disk that is full while something is imported: which, how much room there is, what to do; and nothing is left."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from pathlib import Path

import duckdb
import pytest
from disks import small_disk

from fireflower.history.archive import Archive
from fireflower.history.archive.manifest import writing
from fireflower.history.mapping import Mapping
from fireflower.history.readers.files import damaged
from fireflower.history.readers.guessing import guess_mapping
from fireflower.history.room import Unwritable, room_in

EVENTS = Mapping(time="time", event="event", person="user", message_id="id")
PLACES = {"columns": "500k", "message ids": "3m", "duplicates": "4750k", "blocks": "6m"}
"""What there is too little room for, and that room."""


def events(folder: Path, rows: int) -> Path:
    lines = (
        f"2026-03-01T12:00:{i % 60:02},Edit,user-{i % 5000},{i}-message-{i * 7919 % 100003:x}\n" for i in range(rows)
    )
    (folder / f"{rows}.csv").write_text("time,event,user,id\n" + "".join(lines))
    return folder / f"{rows}.csv"


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("room", PLACES.values(), ids=PLACES)
def test_an_import_leaves_what_was(tmp_path: Path, room: str) -> None:
    with small_disk(tmp_path / "small", room) as small:
        folder = small / "archive"
        Archive.open(folder).ingest(events(tmp_path, 10), EVENTS)
        before = left(folder)
        with pytest.raises(Unwritable) as refused:
            Archive.open(folder).ingest(events(tmp_path, 120_000), EVENTS)
        said, todo = str(refused.value).split(" MB that were free there before. ")
        assert re.fullmatch(
            rf"{folder} cannot be written to: No space left on device\. More is needed than the \d\.\d", said
        )
        assert todo == (
            "Make room there, or move it to a disk that has room, and run this again: nothing half done is left behind."
        )
        assert left(folder) == before
        assert Archive.open(folder).summary().records == 10


def test_a_disk_without_room_for_anything(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "4k") as small:
        (small / "filling").touch()
        with pytest.raises(
            Unwritable, match=r"archive cannot be written to: No space left on device\. More is needed than the 0\.0 MB"
        ):
            Archive.open(small / "archive").ingest(events(tmp_path, 10), EVENTS)


def test_copies_name_their_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b"time,event,user\r\n" + b"2026-03-01,Edit,ann\n" * 100_000)
    with small_disk(tmp_path / "small", "1m") as small:
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        with pytest.raises(Unwritable) as refused:
            guess_mapping(file)
        assert str(refused.value).startswith(
            f"{small} cannot be written to: No space left on device. More is needed than the 1.0 MB"
        )
        assert str(refused.value).endswith(
            "Make room there, or name another folder for temporary files in TMPDIR, and run this again."
        )
        assert not left(small)


def test_copies_of_an_import_are_in_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b"time,event,user\r\n" + b"2026-03-01,Edit,ann\n" * 100_000)
    with small_disk(tmp_path / "small", "1m") as small:
        with pytest.raises(Unwritable, match=f"^{small}/archive cannot be written to: No space left on device"):
            Archive.open(small / "archive").ingest(file, Mapping(time="time", event="event", person="user"))
        assert left(small) == {"archive/lock"}


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('IO Error: Could not write file "a/duckdb_temp_storage-0.tmp": No space left on device'),
        duckdb.OutOfMemoryException(
            "Out of Memory Error: failed to offload data block of size 32.0 KiB (896.0 KiB/921.5 KiB used).\n"
            "This limit was set by the 'max_temp_directory_size' setting."
        ),
    ],
    ids=["the system", "its own limit"],
)
def test_what_duckdb_puts_by_needs_room_too(tmp_path: Path, error: duckdb.Error) -> None:
    """Its words are not taken for those of a damaged file."""
    with pytest.raises(Unwritable, match="archive cannot be written to: No space left"), writing(tmp_path / "archive"):
        raise damaged(tmp_path / "in.csv", error)


def test_where_small_disks_cannot_be_mounted(tmp_path: Path) -> None:
    """The same, as the system says it."""
    with pytest.raises(Unwritable, match=f"{tmp_path} cannot be written to: Disk quota exceeded"), room_in(tmp_path):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
    with pytest.raises(PermissionError), room_in(tmp_path):
        raise PermissionError(errno.EACCES, "no")
