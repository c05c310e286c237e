"""Import files into a project's history: first a plan of what each file is taken for, then the reading."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from fireflower.model.errors import InputError, ProjectError

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.history.archive import ImportReport
    from fireflower.history.archive.importing import Progress
    from fireflower.history.mapping import Mapping as Columns

DATA_FOLDER = "data"
"""Where files are looked for when none are named, and the project file names none either."""

Source = Literal["asked for", "project file", "recognised", "guessed"]
"""Who says what a file's columns mean. A recognised file is of a specification, so that nothing is left to guess."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What files are taken for.

    Attributes
    ----------
    paths : files that are read in the same way
    mapping : what their columns mean
    source : who says so
    said : where it is guessed, the parts that were said nevertheless
    doubts : what to look at in a guess
    """

    paths: tuple[Path, ...]
    mapping: Columns
    source: Source
    said: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def untimed(self) -> bool:
        """Whether rows have no times, and so hold from when they were learned."""
        mapping = self.mapping
        return mapping.form == "flat" and mapping.table != "records" and not mapping.time and not mapping.timeless


def plan(
    project: Project, paths: Sequence[str | Path] = (), settings: Mapping[str, Any] | None = None
) -> tuple[Planned, ...]:
    """What would be imported, and how.

    Parameters
    ----------
    paths : files, folders and globs; without any, those of `imports` in fireflower.yaml, else of the folder data/
    settings : parts of a mapping, as in `imports`; they win over what the project file says and what is guessed

    Raises
    ------
    InputError
        If a path names no file, a column is not there, or what a file's columns mean is neither said nor to be guessed.
    ProjectError
        If there is nothing to import.
    """
    from fireflower.history.readers.files import expand

    found = expand(paths or _usual(project))
    alone = [_planned(project, path, settings or {}) for path in found]
    people = _people(alone)
    planned: dict[str, Planned] = {}
    for path, here in zip(found, alone, strict=True):
        if people and _guesses_people(here):
            here = _planned(project, path, settings or {}, people)
        addresses = project.settings.account_email, project.settings.shared_domains
        here = replaced(here, mapping=here.mapping.naming(*addresses))
        key = repr((here.mapping, here.source, here.said))
        known = planned.get(key)
        planned[key] = here if known is None else replaced(known, paths=(*known.paths, path))
    return tuple(planned.values())


def run(
    project: Project,
    planned: Iterable[Planned],
    *,
    strict: bool = False,
    replace: bool = False,
    learned_at: int | None = None,
    progress: Progress | None = None,
) -> tuple[ImportReport, ...]:
    """Read the files of a plan into the project's history.

    Parameters
    ----------
    strict : fail where a row cannot be read, instead of keeping it aside
    replace : first drop what earlier imports have read from files of the same content
    learned_at : from when the rows of tables without times hold; by default from now on
    progress : is told what is being done, how much of it is done, and of how much; 0 where nobody knows

    Notes
    -----
    All of it is imported, or nothing.
    """
    learned = time.time_ns() // 1000 if learned_at is None else learned_at
    parts = [(each.paths, each.mapping) for each in planned]
    archive = project.open_archive()
    done = archive.ingest_all(parts, strict=strict, replace=replace, learned_at=learned, progress=progress)
    vars(project).pop("archive", None)  # opened before, it is the history of before
    return (done,)


def check_imports(project: Project) -> Iterator[tuple[str, str]]:
    """(file or glob, what is wrong) for each of `imports` in fireflower.yaml by which nothing can be imported."""
    from fireflower.history.mapping import Mapping as Columns

    for pattern, mapping in project.settings.imports.items():
        if not isinstance(mapping, dict):
            yield (
                pattern,
                f"expected what its columns mean, such as {{time: timestamp, event: name, person: user_id}}, got "
                f"{mapping!r}.",
            )
            continue
        try:
            Columns.check(mapping)
        except InputError as error:
            yield pattern, str(error)


def _usual(project: Project) -> list[Path]:
    """The files that a project imports when none are named."""
    if project.settings.imports:
        return [project.folder / pattern for pattern in project.settings.imports]
    if (project.folder / DATA_FOLDER).is_dir():
        return [project.folder / DATA_FOLDER]
    raise ProjectError(
        f"there is nothing to import. Name files, such as 'fireflower import events.csv', or put them into "
        f"{project.folder / DATA_FOLDER}, or name them under `imports` in fireflower.yaml."
    )


def _guesses_people(planned: Planned) -> bool:
    """Whether it is guessed which column of a table about people names them."""
    tables = ("people", "memberships", "identities")
    return planned.source == "guessed" and planned.mapping.table in tables and "person" not in planned.said


def _people(planned: Sequence[Planned]) -> Collection[str]:
    """Whom the events are about that are imported together with tables about people: these name the same people."""
    from fireflower.history.readers.guessing import people_of_events

    if not any(map(_guesses_people, planned)):
        return ()
    return people_of_events((path, each.mapping) for each in planned for path in each.paths)


def _planned(
    project: Project, path: Path, settings: Mapping[str, Any], people: Collection[str] = ()
) -> Planned:  # fmt: skip
    """What a file is taken for, where these people and those of the history are known."""
    from fireflower.history.mapping import Mapping as Columns
    from fireflower.history.readers.guessing import check_columns

    said = _said(project, path)
    check_columns(path, {**(said or {}), **settings})
    if said is not None:
        return _completed(path, Columns.parse({**said, **settings}), "project file")
    try:
        asked = Columns.parse(settings)
    except InputError as incomplete:
        return _guessed(project, path, settings, incomplete, people)
    return _completed(path, asked, "asked for")


def _completed(path: Path, mapping: Columns, source: Source) -> Planned:
    """What was said, with the form of its times and the type of its groups where these were not."""
    from fireflower.history.readers.guessing import guess_group_type, untimed
    from fireflower.history.readers.guessing_times import guess_times

    if mapping.form == "posthog" and not mapping.group_type:
        group_type, several = guess_group_type(path)
        # Where there is one type at most, it is that one in any case, and the file stays known as it was imported.
        mapping = replaced(mapping, group_type=group_type) if several else mapping
        return Planned((path,), mapping, source, doubts=several)
    plain = mapping.form == "flat" and mapping.table != "records"
    if Planned((path,), mapping, source).untimed:
        return Planned((path,), mapping, source, doubts=(untimed(path, mapping),))
    if not plain or not mapping.time or mapping.time_format or mapping.time_unit:
        return Planned((path,), mapping, source)
    format, doubts = guess_times(path, mapping.time)
    said = tuple(mapping.columns()) if doubts else ()
    return Planned((path,), replaced(mapping, time_format=format), "guessed" if doubts else source, said, doubts)


def _guessed(
    project: Project, path: Path, settings: Mapping[str, Any], incomplete: InputError, people: Collection[str]
) -> Planned:  # fmt: skip
    """What was said, completed by a guess."""
    from fireflower.history.mapping import Mapping as Columns
    from fireflower.history.readers.guessing import NothingToGuessError, guess_mapping

    before = project.archive.vocabulary().people
    known = (lambda id: id in people or id in before) if people or before else None
    try:
        guess = guess_mapping(path, settings, known)
    except NothingToGuessError:
        if settings:
            raise incomplete from None
        raise
    try:
        mapping = Columns.parse({**guess.settings(), **settings})
    except InputError as error:
        raise InputError(
            f'{path}: {error} On the command line: -m time="Name of the column". '
            f"Its columns are: {', '.join(map(repr, guess.columns))}."
        ) from None
    of_a_specification = guess.sure and (mapping.form != "flat" or mapping.table == "records")
    source: Source = "recognised" if of_a_specification else "guessed"
    return Planned(
        (path,), mapping, source, tuple(part for part in mapping.columns() if part in settings), guess.doubts
    )


def _said(project: Project, path: Path) -> Mapping[str, Any] | None:
    """What `imports` of the project file says about a file."""
    relative = path.resolve()
    wrong = dict(check_imports(project))
    for pattern, mapping in project.settings.imports.items():
        if fnmatch(str(relative), str((project.folder / pattern).resolve())):
            if pattern in wrong:
                raise InputError(f"fireflower.yaml: imports: {pattern}: {wrong[pattern]}")
            return cast("Mapping[str, Any]", mapping)
    return None
