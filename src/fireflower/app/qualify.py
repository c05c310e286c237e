"""Who is qualified, since when, and why; and how it came about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireflower.app.replaying import Advance, standing_of, transitions_of
from fireflower.app.subjects import kinds_of
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from fireflower.app.project import Project
    from fireflower.evaluate.results import Evidence, Transitions


@dataclass(frozen=True, slots=True)
class Lead:
    """A subject that is qualified.

    Attributes
    ----------
    kind, subject : who
    definition : by which definition
    since : a moment
    evidence : the definition's conditions as of the qualification's `as_of`
    """

    kind: SubjectKind
    subject: str
    definition: str
    since: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Qualification:
    """The verdicts of definitions as of one moment.

    Attributes
    ----------
    standing : who is qualified, as columns, with the evidence as of now
    replay : makes the transitions, when they are first asked for
    subjects : ids to which what is handed out is restricted; without any, it is not
    """

    standing: Transitions
    replay: Callable[[], Transitions] = field(repr=False)
    subjects: tuple[str, ...] = ()

    @property
    def as_of(self) -> int:
        """The moment up to which verdicts were decided, in microseconds since 1970 (UTC)."""
        return self.standing.as_of

    @cached_property
    def transitions(self) -> Transitions:
        """Every change of a verdict so far, with its evidence then."""
        return self.replay()

    def __len__(self) -> int:
        """How many leads there are."""
        return sum(1 for _ in self._rows())

    def leads(self) -> Iterator[Lead]:
        """Who is qualified, the most recent first."""
        from fireflower.evaluate.results import Subject

        found = self.standing
        for i in sorted(self._rows(), key=lambda i: -int(found.at[i])):
            yield Lead(
                kind="person" if found.kind[i] == Subject.PERSON else "account",
                subject=found.subject_id(i),
                definition=found.definitions[found.definition[i]].name,
                since=int(found.at[i]),
                evidence=tuple(found.shown(i)),
            )

    def _rows(self) -> Iterator[int]:
        for i in range(len(self.standing)):
            if not self.subjects or self.standing.subject_id(i) in self.subjects:
                yield i

    def to_arrow(self, transitions: bool = False) -> pyarrow.Table:
        """The leads as a table; with `transitions`, every change of a verdict instead.

        The columns are described in docs/python.md.
        """
        from fireflower.app.columns import leads_table, only, transitions_table

        table = transitions_table(self.transitions) if transitions else leads_table(self.standing)
        return only(table, self.subjects) if self.subjects else table

    def to_pandas(self, transitions: bool = False) -> pandas.DataFrame:
        """The same as a pandas data frame."""
        return self.to_arrow(transitions).to_pandas()

    def to_polars(self, transitions: bool = False) -> polars.DataFrame:
        """The same as a polars data frame."""
        import polars

        return polars.DataFrame(self.to_arrow(transitions))


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
    subjects : ids; with them, only these people and accounts are handed out
    as_of : by default the time of the data's last event

    Raises
    ------
    ProjectError
        If there is no such definition, or nothing has been imported.
    UnknownSubjectError
        If one of the subjects is not in the history.
    """
    definitions = project.chosen(names)
    for subject in subjects:
        kinds_of(project, subject)
    found = standing_of(project, definitions, as_of=as_of, progress=progress)

    def replay() -> Transitions:
        return transitions_of(project, definitions, as_of=found.as_of, evidence=True)

    return Qualification(found, replay, tuple(subjects))


def read_truth(path: Path) -> Mapping[tuple[str, str], str]:
    """What a simulated world knows of its subjects: (kind, id) -> a few words.

    The file is the truth.csv of `fireflower simulate`.
    """
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["id"]): _truth(row) for row in csv.DictReader(file)}


def _truth(row: Mapping[str, Any]) -> str:
    parts = [row["archetype"]]
    if row["ready"] == "true":
        parts.append(f"ready to buy from {row['ready_since'][:10]}")
    elif row["why"]:
        parts.append(f"not ready: {row['why']}")
    if row["bought_at"]:
        parts.append(f"bought {row['bought_at'][:10]}")
    return ", ".join(parts)
