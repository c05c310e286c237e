"""Is everything in order? Faults of the files, names that the data does not know, and the definitions' own tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.model.errors import DefinitionError, Fault, did_you_mean
from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.destinations import Destination
    from fireflower.language.nodes import Definition, Example, Settings
    from fireflower.model.records import Record


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    definitions, destinations : names of those that could be read; none of them if a file has faults
    tests : how many tests of definitions ran
    faults : everything wrong; where files have errors, the warnings about the others come after them
    """

    definitions: tuple[str, ...]
    tests: int
    faults: tuple[Fault, ...]
    destinations: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is no error; warnings are allowed."""
        return not any(fault.severity == "error" for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Files:
    """What the files of a project say."""

    definitions: tuple[Definition, ...]
    destinations: tuple[Destination, ...]


def check(project: Project, paths: Sequence[str | Path] = ()) -> Checked:
    """Check the files of a project, against its history as far as there is one, and run the definitions' tests.

    Parameters
    ----------
    paths : definitions that are to be checked in the place of the project's own, such as drafts
    """
    try:
        files = Files(_drafts(project, paths), ()) if paths else _readable(project)
    except DefinitionError as error:
        beside = () if paths else (*_imports(project), *_warnings_beside(project))
        return Checked((), 0, (*error.faults, *beside))
    definitions = files.definitions
    faults = [] if paths else _imports(project)
    faults += [*_against_history(project, definitions), *failed_tests(definitions, project.settings)]
    names = tuple(definition.name for definition in definitions)
    tests = sum(len(definition.examples) for definition in definitions)
    return Checked(names, tests, tuple(faults), tuple(destination.name for destination in files.destinations))


def read_files(project: Project) -> Files:
    """What the files of a project say, if they have no faults and the definitions' tests come out as they say.

    Raises
    ------
    DefinitionError
        With every fault of every file.
    """
    files = _readable(project)
    faults = list(failed_tests(files.definitions, project.settings))
    if faults:
        raise DefinitionError(faults)
    return files


def _drafts(project: Project, paths: Sequence[str | Path]) -> tuple[Definition, ...]:
    """The definitions of these files, with the faults of all of them together."""
    from fireflower.language.loading import load_definition

    definitions: list[Definition] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            definitions.append(load_definition(Path(path), project.settings))
        except DefinitionError as error:
            faults += error.faults
    if faults:
        raise DefinitionError(faults)
    return tuple(definitions)


def _readable(project: Project) -> Files:
    """Definitions and destinations, with the faults of both together."""
    faults: list[Fault] = []
    definitions: tuple[Definition, ...] | None = None
    destinations: tuple[Destination, ...] = ()
    try:
        definitions = project.definitions
    except DefinitionError as error:
        faults += error.faults
    try:
        destinations = _destinations(project, definitions)
    except DefinitionError as error:
        faults += error.faults
    if faults or definitions is None:
        raise DefinitionError(faults)
    return Files(definitions, destinations)


def _destinations(project: Project, definitions: Sequence[Definition] | None) -> tuple[Destination, ...]:
    """The destinations; of definitions that cannot be read, nobody knows which there are."""
    if not (project.folder / "destinations").is_dir():
        return ()
    from fireflower.destinations import load_destinations

    names = None if definitions is None else [definition.name for definition in definitions]
    try:
        timezone = project.settings.timezone
    except DefinitionError:  # they are among the definitions' faults
        timezone = "UTC"
    return load_destinations(project.folder, names, timezone)


def _imports(project: Project) -> list[Fault]:
    """What is wrong with `imports`, of which only an import takes notice; nothing while the settings have faults."""
    from fireflower.app.import_data import check_imports

    try:
        settings = project.settings
    except DefinitionError:  # they are among the faults already
        return []
    places = {mention.name: mention for mention in settings.mentions if mention.what == "import"}
    return [
        Fault(f"imports: {pattern}: {message}", settings.file, places[pattern].line, places[pattern].column)
        for pattern, message in check_imports(project)
    ]


def _warnings_beside(project: Project) -> list[Fault]:
    """The warnings about those files that have no faults, while others have; none while the settings have some."""
    from fireflower.language.loading import load_readable

    try:
        return _against_history(project, load_readable(project.folder, project.settings))
    except DefinitionError:
        return []


def _against_history(project: Project, definitions: Sequence[Definition]) -> list[Fault]:
    from fireflower.language.checking import check_against
    from fireflower.language.walking import needs

    archive, settings = project.archive, project.settings
    summary = archive.summary()
    if not summary.records:
        return []
    properties = summary.property_names
    values = archive.seen_values(needs(definitions, settings).properties & properties)
    return check_against(definitions, settings, archive.vocabulary(), properties, values)


def failed_tests(definitions: tuple[Definition, ...], settings: Settings) -> Iterator[Fault]:
    """A fault for each test of a definition that does not come out as it says."""
    for definition in definitions:
        places = [mention for mention in definition.mentions if mention.what == "test"]
        for example, place in zip_longest(definition.examples, places):  # there are none if it was built in Python
            if failure := _failure(definition, settings, example):
                yield Fault(
                    f"test {example.name!r} of {definition.name!r}: {failure}",
                    definition.file,
                    *((place.line, place.column) if place else ()),
                )


def _failure(definition: Definition, settings: Settings, example: Example) -> str:
    """How a test fails; "" if it does not."""
    subjects = {getattr(record, definition.subject) for record in _records(example, settings)} - {None}
    if example.subject not in subjects:  # it would pass any `expect: never`
        near = did_you_mean(example.subject, sorted(subjects))
        return f"there is no {definition.subject} {example.subject!r} in its history.{near}"
    got = outcome(definition, settings, example)
    return "" if got == example.expect else f"expected {_words(example.expect)}, got {_words(got)}"


def outcome(definition: Definition, settings: Settings, example: Example) -> tuple[tuple[str, int], ...]:
    """The transitions of the example's subject, as (change, at)."""
    from fireflower.evaluate.replay import replay
    from fireflower.history.assembly import assemble
    from fireflower.language.examples import as_of

    timeline = assemble(_records(example, settings), attribution=settings.attribution)
    found = replay((definition,), settings, [timeline], as_of=as_of(example), evidence=False, compiled=False)
    return tuple(
        ("entered" if found.change[i] else "left", int(found.at[i]))
        for i in range(len(found))
        if found.subject_id(i) == example.subject
    )


def _records(example: Example, settings: Settings) -> list[Record]:
    """The records of the example, with the memberships that an import would add by the project's settings."""
    from fireflower.history.readers.addresses import memberships_by_address
    from fireflower.language.examples import to_records

    records = to_records(example)
    return records + memberships_by_address(records, settings.account_email, settings.shared_domains)


def _words(transitions: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{change} at {format_moment(at)}" for change, at in transitions) or "no transition"
