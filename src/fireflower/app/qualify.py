"""Who is qualified, since when, and why; and how it came about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fireflower.app.replaying import Advance, History, history_of, moment_of, standing_of, transitions_of
from fireflower.app.subjects import subjects_called
from fireflower.model.errors import InputError, NotInstalledError
from fireflower.model.moments import format_moment, to_datetime
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from fireflower.app.project import Project
    from fireflower.evaluate.results import Evidence, Transitions
    from fireflower.language.nodes import Definition


@dataclass(frozen=True, slots=True)
class Lead:
    """A subject that is qualified.

    Attributes
    ----------
    kind, subject : who
    definition : by which definition
    since : since when, in UTC
    evidence : the definition's conditions as of the qualification's `as_of`; their moments are in microseconds
    name : how people call it: its trait `name`, `company` or `email`, the first that the data have; "" for none
    """

    kind: SubjectKind
    subject: str
    definition: str
    since: datetime
    evidence: tuple[Evidence, ...]
    name: str = ""


@dataclass(frozen=True, repr=False)
class Qualification:
    """The verdicts of definitions as of one moment. They are evaluated when they are first asked for.

    Attributes
    ----------
    definitions : which were evaluated
    as_of : the moment up to which verdicts are decided, in microseconds since 1970 (UTC)
    stand, replay : evaluate who is qualified, with their names, and every change of a verdict
    subjects : ids to which what is handed out is restricted; without any, it is not
    """

    definitions: tuple[Definition, ...]
    as_of: int
    stand: Callable[[], tuple[Transitions, list[str]]]
    replay: Callable[[], Transitions]
    subjects: tuple[str, ...] = ()

    @cached_property
    def standing(self) -> Transitions:
        """Who is qualified, as columns, with the evidence as of now."""
        return self._stood[0]

    @cached_property
    def _stood(self) -> tuple[Transitions, list[str]]:
        return self.stand()

    @cached_property
    def transitions(self) -> Transitions:
        """Every change of a verdict so far, as columns, with its evidence then."""
        return self.replay()

    def __repr__(self) -> str:
        """In a line, without evaluating anything that has not been asked for yet."""
        names = ", ".join(definition.name for definition in self.definitions)
        found = f"{len(self)} qualified" if "_stood" in self.__dict__ else "evaluated when asked"
        ways = "see .leads(), .to_pandas(), .to_polars()"
        return f"<Qualification of {names} as of {format_moment(self.as_of)} UTC: {found}; {ways}>"

    def __len__(self) -> int:
        """How many leads there are."""
        return len(self._rows)

    def leads(self, definition: str | None = None) -> Iterator[Lead]:
        """Who is qualified, by all definitions or the one of this name; the most recent first."""
        found, names = self._stood
        for i in self._rows:
            by = found.definitions[found.definition[i]].name
            if definition in (None, by):
                kind: SubjectKind = "person" if found.kind[i] else "account"
                since, evidence = to_datetime(int(found.at[i])), tuple(found.shown(i))
                yield Lead(kind, found.subject_id(i), by, since, evidence, names[i])

    def count(self, definition: str) -> int:
        """How many leads there are by the definition of this name."""
        found = self.standing
        return sum(found.definitions[found.definition[i]].name == definition for i in self._rows)

    @cached_property
    def _rows(self) -> list[int]:
        """The rows of `standing` that are handed out, the most recent first."""
        found = self.standing
        newest_first = (-found.at).argsort(kind="stable").tolist()
        return [i for i in newest_first if not self.subjects or found.subject_id(i) in self.subjects]

    def to_arrow(self, transitions: bool = False) -> pyarrow.Table:
        """The leads as a table; with `transitions`, every change of a verdict instead.

        The columns are described in docs/python.md.
        """
        from fireflower.app.columns import leads_table, only, transitions_table

        table = transitions_table(self.transitions) if transitions else leads_table(*self._stood)
        return only(table, self.subjects) if self.subjects else table

    def to_pandas(self, transitions: bool = False) -> pandas.DataFrame:
        """The same as a pandas data frame.

        Raises
        ------
        NotInstalledError
            If pandas is not installed.
        """
        _require("pandas")
        return self.to_arrow(transitions).to_pandas()

    def to_polars(self, transitions: bool = False) -> polars.DataFrame:
        """The same as a polars data frame.

        Raises
        ------
        NotInstalledError
            If polars is not installed.
        """
        _require("polars")
        import polars

        return polars.DataFrame(self.to_arrow(transitions))


def _require(library: Literal["pandas", "polars"]) -> None:
    if find_spec(library) is None:
        raise NotInstalledError(
            f".to_{library}() needs {library}, which is not installed: pip install 'fireflower[{library}]'. "
            ".to_arrow() gives the same without it."
        )


def qualify(
    project: Project,
    names: Sequence[str] = (),
    subjects: Sequence[str] = (),
    *,
    as_of: int | None = None,
    progress: Advance | None = None,
) -> Qualification:
    """Evaluate the definitions of these names (all, without names) on the project's history.

    Parameters
    ----------
    subjects : ids, of people any that they have had or an e-mail address; with them, only these people and accounts are
        handed out
    as_of : by default the time of the data's last event, or of what came live last

    Raises
    ------
    ProjectError
        If there is no such definition, or nothing has been imported.
    UnknownSubjectError
        If one of the subjects is not in the history.
    """
    definitions = project.chosen(names)
    only = dict.fromkeys(id for subject in subjects for _, id in subjects_called(project, subject))
    return qualification(project, definitions, tuple(only), as_of=as_of, progress=progress)


def qualification(
    history: History,
    definitions: tuple[Definition, ...],
    subjects: tuple[str, ...] = (),
    *,
    as_of: int | None = None,
    progress: Advance | None = None,
) -> Qualification:
    """The verdicts of these definitions on a history, to be evaluated when they are first asked for."""
    history_of(history)
    moment = moment_of(history, as_of)

    def stand() -> tuple[Transitions, list[str]]:
        from fireflower.app.naming import name_trait, naming, without_names

        vocabulary = history.archive.vocabulary()
        traits = [name_trait(definition.subject, vocabulary) for definition in definitions]
        named = [naming(*each) for each in zip(definitions, traits, strict=True)]
        return without_names(standing_of(history, named, as_of=moment, progress=progress), definitions, traits)

    return Qualification(
        definitions,
        moment,
        stand,
        lambda: transitions_of(history, definitions, as_of=moment, evidence=True, progress=progress),
        subjects,
    )


def read_truth(path: Path) -> Mapping[tuple[str, str], str]:
    """What a simulated world knows of its subjects: (kind, id) -> a few words.

    The file is the truth.csv of `fireflower simulate`.

    Raises
    ------
    InputError
        If it is another file.
    """
    import csv

    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {(row["kind"], row["id"]): _truth(row) for row in csv.DictReader(file)}
    except (UnicodeDecodeError, KeyError, TypeError, csv.Error):
        raise InputError(f"{path} is no truth.csv as `fireflower simulate` writes it.") from None


def _truth(row: Mapping[str, Any]) -> str:
    parts = [row["archetype"]]
    if row["ready"] == "true":
        parts.append(f"ready to buy from {row['ready_since'][:10]}")
    elif row["why"]:
        parts.append(f"not ready: {row['why']}")
    if row["bought_at"]:
        parts.append(f"bought {row['bought_at'][:10]}")
    return ", ".join(parts)
