"""The demo project: settings and definitions for the default world, ready to be copied beside its data."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def write_project(folder: Path) -> list[Path]:
    """Copy `fireflower.yaml` and `definitions/` of the demo into a folder; the paths written, in order.

    Raises
    ------
    FileExistsError
        If one of the files is there already; then nothing is written.
    """
    texts = project_files()
    for name in texts:
        if (folder / name).exists():
            raise FileExistsError(f"{folder / name} is there already. Choose an empty folder, or move the file away.")
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def project_files() -> dict[str, str]:
    """The demo project's files: path inside the project -> text."""
    root = files("fireflower.simulate") / "project"
    definitions = sorted((root / "definitions").iterdir(), key=lambda file: file.name)
    texts = {"fireflower.yaml": (root / "fireflower.yaml").read_text(encoding="utf-8")}
    return texts | {f"definitions/{file.name}": file.read_text(encoding="utf-8") for file in definitions}
