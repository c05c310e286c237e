"""Which files a folder stands for."""

from __future__ import annotations

from pathlib import Path

from fireflower.history.readers.files import expand


def test_hidden_files_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.csv", "in/b.json", ".fireflower/manifest.json", "in/.cache/c.csv", ".d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("{}")
    assert expand([tmp_path]) == [tmp_path / "a.csv", tmp_path / "in" / "b.json"]
    assert expand([tmp_path / ".fireflower"]) == [tmp_path / ".fireflower" / "manifest.json"]
