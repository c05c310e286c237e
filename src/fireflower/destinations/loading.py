"""From files to destinations. Every fault of every file is shown together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from fireflower.destinations.nodes import Destination, JsonLines
from fireflower.destinations.reading import destination_from
from fireflower.language.documents import parse_yaml
from fireflower.language.places import Notes, Place, Unreadable, raise_faults
from fireflower.model.errors import Fault

DESTINATIONS_FOLDER = "destinations"
_SUFFIXES = (".yaml", ".yml")
_NO_DESTINATION = Destination("", JsonLines(""))


@dataclass(frozen=True, slots=True)
class _Loaded:
    destination: Destination
    faults: list[Fault]
    place: Place


def load_destinations(
    project: str | Path, definitions: Collection[str] | None = None, timezone: str = "UTC"
) -> tuple[Destination, ...]:
    """All destinations of a project, in the order of the files' names; none, if it has no folder `destinations`.

    Parameters
    ----------
    project : the project's folder
    definitions : the names of its definitions, to check the destinations' against; None if they are not known
    timezone : the project's

    Raises
    ------
    DefinitionError
        With every fault of every file.
    """
    folder = Path(project) / DESTINATIONS_FOLDER
    files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES) if folder.is_dir() else []
    loaded = [_loaded(path, str(project), definitions, timezone) for path in files]
    _note_duplicates(loaded)
    raise_faults([fault for each in loaded for fault in each.faults])
    return tuple(each.destination for each in loaded)


def load_destination(
    text: str,
    project: str | Path = ".",
    definitions: Collection[str] | None = None,
    timezone: str = "UTC",
    file: str = "",
) -> Destination:
    """One destination, from the text of its file.

    Raises
    ------
    DefinitionError
        With every fault that was found.
    """
    loaded = _read(text, file, str(project), definitions, timezone)
    raise_faults(loaded.faults)
    return loaded.destination


def _loaded(path: Path, project: str, definitions: Collection[str] | None, timezone: str) -> _Loaded:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return _unreadable(f"not UTF-8 text (at byte {error.start}). Save the file as UTF-8.", path)
    except OSError as error:
        return _unreadable(f"this file cannot be read: {error.strerror}.", path)
    return _read(text, str(path), project, definitions, timezone)


def _unreadable(message: str, path: Path) -> _Loaded:
    return _Loaded(_NO_DESTINATION, [Fault(message, str(path))], Place(str(path)))


def _read(text: str, file: str, project: str, definitions: Collection[str] | None, timezone: str) -> _Loaded:
    notes = Notes()
    try:
        root = parse_yaml(text, file, notes)
    except Unreadable:
        return _Loaded(_NO_DESTINATION, notes.faults, Place(file))
    if root is None:
        notes.fault(Place(file, 1, 1), "the file is empty; expected a destination.")
        return _Loaded(_NO_DESTINATION, notes.faults, Place(file))
    destination = destination_from(root, file, project, definitions, timezone, notes)
    return _Loaded(destination, notes.faults, root.place)


def _note_duplicates(loaded: Sequence[_Loaded]) -> None:
    first: dict[str, Destination] = {}
    for each in loaded:
        destination = each.destination
        other = first.setdefault(destination.name, destination)
        if destination.name and other is not destination:
            message = f"a destination named {destination.name!r} is in {other.file} already; names must differ."
            each.faults.append(Fault(message, each.place.file, each.place.line, each.place.column))
