"""Files are replaced whole; links are followed; pipes are written to."""

import os
import threading
from pathlib import Path

import pytest

from fireflower.app.outputs import written


def write(path: Path, text: bytes = b"new") -> None:
    with written(path) as file:
        file.write(text)


def test_a_file_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("old")
    with written(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["leads.csv"]
    assert path.read_text() == "new"


def test_a_file_stays_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), written(path):
        raise RuntimeError("half done")
    assert [each.name for each in tmp_path.iterdir()] == ["leads.csv"]
    assert path.read_text() == "old"


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    for target in ("there.csv", "not there.csv"):
        link, real = tmp_path / f"to {target}", tmp_path / "far" / target
        link.symlink_to(real)
        if target == "there.csv":
            real.write_text("old")
        write(link)
        assert link.is_symlink()
        assert real.read_text() == "new"


def test_a_link_to_itself_is_an_error_under_the_name_that_was_given(tmp_path: Path) -> None:
    link = tmp_path / "loop.csv"
    link.symlink_to(link)
    with pytest.raises(OSError, match="loop") as raised:
        write(link)
    assert raised.value.filename == str(link)
    assert link.is_symlink()


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, link, got = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
        reader.start()
        write(path)
        reader.join(10)
    assert got == [b"new", b"new"]
    assert pipe.is_fifo()


def test_errors_have_the_name_that_was_given(tmp_path: Path) -> None:
    path = tmp_path / "no folder" / "leads.csv"
    with pytest.raises(FileNotFoundError) as raised:
        write(path)
    assert raised.value.filename == str(path)


def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    with pytest.raises(OSError, match="No space left") as raised, written(path):
        raise OSError(28, "No space left on device")
    assert raised.value.filename == str(path)
    assert not list(tmp_path.iterdir())
