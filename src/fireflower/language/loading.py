"""From files and plain values to definitions and settings. Every fault of every file is shown together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fireflower.language.definitions import definition_from
from fireflower.language.documents import Node, from_python, parse_yaml
from fireflower.language.expressions import NOTHING
from fireflower.language.nodes import Definition, Settings
from fireflower.language.places import Notes, Place, Unreadable, raise_faults
from fireflower.language.settings import settings_from
from fireflower.model.errors import DefinitionError, Fault, ProjectError, did_you_mean

SETTINGS_FILE = "fireflower.yaml"
DEFINITIONS_FOLDER = "definitions"
_SUFFIXES = (".yaml", ".yml")
_NO_DEFINITION = Definition("", "account", NOTHING)


def load_definition(path_or_text: str | Path, settings: Settings | None = None) -> Definition:
    """One definition.

    Parameters
    ----------
    path_or_text : a file, or the YAML text itself (a str with a line break or a ": " in it)
    settings : the project's; they give the goal and the anchors `start`, `activation` and `goal`

    Raises
    ------
    DefinitionError
        With every fault that was found.
    ProjectError
        If there is no such file.
    """
    loaded = _definition(*_text_of(path_or_text), settings)
    raise_faults(loaded.faults)
    return loaded.definition


def definition_from_mapping(mapping: Mapping[str, Any], settings: Settings | None = None, file: str = "") -> Definition:
    """One definition from plain Python values in the shape of the YAML form.

    Raises
    ------
    DefinitionError
        With every fault that was found.
    """
    notes = Notes()
    definition = definition_from(from_python(mapping, file, notes), file, settings, notes)
    notes.raise_faults()
    return definition


def load_definitions(folder: str | Path, settings: Settings | None = None) -> tuple[Definition, ...]:
    """All definitions in the YAML files of a folder, in the order of the files' names.

    Raises
    ------
    DefinitionError
        With every fault of every file.
    ProjectError
        If there is no such folder.
    """
    loaded = _definitions(Path(folder), settings)
    raise_faults(_faults_of(loaded))
    return tuple(each.definition for each in loaded)


def load_settings(path_or_text: str | Path) -> Settings:
    """The settings in fireflower.yaml.

    Raises
    ------
    DefinitionError, ProjectError
        As for `load_definition`.
    """
    settings, faults = _settings(*_text_of(path_or_text))
    raise_faults(faults)
    return settings


def load_project(folder: str | Path) -> tuple[Settings, tuple[Definition, ...]]:
    """The settings and all definitions of a project folder.

    Raises
    ------
    DefinitionError
        With every fault of every file.
    ProjectError
        If the folder is no project.
    """
    folder = Path(folder)
    if not (folder / SETTINGS_FILE).is_file():
        raise ProjectError(
            f"{folder} is no fireflower project: it has no {SETTINGS_FILE}. Make one with `fireflower init {folder}`."
        )
    settings, faults = _settings(*_text_of(folder / SETTINGS_FILE))
    definitions = folder / DEFINITIONS_FOLDER
    loaded = _definitions(definitions, settings) if definitions.is_dir() else []
    raise_faults([*faults, *_faults_of(loaded)])
    return settings, tuple(each.definition for each in loaded)


def load_readable(folder: str | Path, settings: Settings) -> tuple[Definition, ...]:
    """The definitions of a project folder whose files have no faults, whatever others have."""
    definitions = Path(folder) / DEFINITIONS_FOLDER
    loaded = _definitions(definitions, settings) if definitions.is_dir() else []
    return tuple(each.definition for each in loaded if not each.faults)


# --- One file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Loaded:
    definition: Definition
    faults: list[Fault]


def _definition(text: str, file: str, settings: Settings | None) -> _Loaded:
    notes = Notes()
    root = _tree(text, file, "a definition", notes)
    definition = definition_from(root, file, settings, notes) if root is not None else _NO_DEFINITION
    return _Loaded(definition, notes.faults)


def _settings(text: str, file: str) -> tuple[Settings, list[Fault]]:
    notes = Notes()
    root = _tree(text, file, "settings such as `start: Signed Up`", notes)
    return (settings_from(root, file, notes) if root is not None else Settings()), notes.faults


def _tree(text: str, file: str, what: str, notes: Notes) -> Node | None:
    try:
        root = parse_yaml(text, file, notes)
    except Unreadable:
        return None
    if root is None:
        notes.fault(Place(file, 1, 1), f"the file is empty; expected {what}.")
    return root


def _text_of(path_or_text: str | Path) -> tuple[str, str]:
    """The text, and the file as the user knows it."""
    if isinstance(path_or_text, str) and ("\n" in path_or_text or ": " in path_or_text or not path_or_text.strip()):
        return path_or_text, ""
    path = Path(path_or_text)
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except UnicodeDecodeError as error:
        fault = Fault(f"not UTF-8 text (at byte {error.start}). Save the file as UTF-8.", str(path), 1, 1)
        raise DefinitionError([fault]) from None
    except FileNotFoundError:
        near = did_you_mean(path.name, _neighbours(path.parent))
        raise ProjectError(f"there is no file {path}.{near}") from None
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}.") from None


def _neighbours(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


# --- A folder ---------------------------------------------------------------------------------------------------------


def _definitions(folder: Path, settings: Settings | None) -> list[_Loaded]:
    if not folder.is_dir():
        raise ProjectError(f"there is no folder {folder}.")
    files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES)
    loaded = [_definition_in(path, settings) for path in files]
    _note_duplicates(loaded)
    return loaded


def _definition_in(path: Path, settings: Settings | None) -> _Loaded:
    try:
        return _definition(*_text_of(path), settings)
    except DefinitionError as error:
        return _Loaded(_NO_DEFINITION, list(error.faults))
    except ProjectError as error:
        return _Loaded(_NO_DEFINITION, [Fault(_why_unreadable(path) or str(error), str(path))])


def _why_unreadable(path: Path) -> str | None:
    if path.is_dir():
        return f"this is a folder; expected a file with a definition. Definitions stand in {path.parent} itself."
    if path.is_symlink() and not path.exists():
        return f"this link leads to {path.readlink()}, which is not there."
    return None


def _note_duplicates(loaded: Sequence[_Loaded]) -> None:
    first: dict[str, Definition] = {}
    for each in loaded:
        definition = each.definition
        other = first.setdefault(definition.name, definition)
        if definition.name and other is not definition:
            line, column = _place_of_name(definition)
            message = f"a definition named {definition.name!r} is in {other.file} already; names must differ."
            each.faults.append(Fault(message, definition.file, line, column))


def _place_of_name(definition: Definition) -> tuple[int, int]:
    for mention in definition.mentions:
        if (mention.what, mention.name) == ("key", "definition"):
            return mention.line, mention.column
    return 0, 0


def _faults_of(loaded: Sequence[_Loaded]) -> list[Fault]:
    return [fault for each in loaded for fault in each.faults]
