"""A project: a folder with fireflower.yaml, definitions, and the history that was imported into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireflower.app.arguments import Moment, Span, moment_from, per_week_from, span_from
from fireflower.model.errors import ProjectError, did_you_mean

if TYPE_CHECKING:
    from fireflower.app.check import Checked
    from fireflower.app.doctor import Diagnosis
    from fireflower.app.qualify import Qualification
    from fireflower.app.replaying import Advance
    from fireflower.discover.results import Discovery
    from fireflower.evaluate.explain import Explanation
    from fireflower.history.archive import Archive, ImportReport
    from fireflower.history.archive.importing import Progress
    from fireflower.language.nodes import Definition, Settings
    from fireflower.model.records import SubjectKind
    from fireflower.review.results import Backtest, Diff

PROJECT_FILE = "fireflower.yaml"
HISTORY_FOLDER = ".fireflower"


@dataclass(frozen=True)
class Project:
    """An opened project. What it says and knows is read when it is first asked for.

    Attributes
    ----------
    folder : where its fireflower.yaml is
    """

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """What fireflower.yaml says for the whole project. It can be read while definitions have faults."""
        from fireflower.language.loading import load_settings

        return load_settings(self.folder / PROJECT_FILE)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All definitions of the project, in the order of their files.

        Raises
        ------
        DefinitionError
            With every fault of every file, fireflower.yaml among them.
        """
        from fireflower.language.loading import load_project

        return load_project(self.folder)[1]

    def reread(self) -> None:
        """Read the definitions anew when they are next asked for, as their files have changed."""
        self.__dict__.pop("definitions", None)

    @cached_property
    def archive(self) -> Archive:
        """All of the project's history: what was imported, and what the service has received until now."""
        from fireflower.app.live.compacting import move_in

        move_in(self)
        return self.open_archive()

    @cached_property
    def last_received(self) -> int | None:
        """When the last message came live; None if none ever has."""
        from fireflower.app.live.storage import last_received

        return last_received(self)

    def open_archive(self) -> Archive:
        """The archive as it is: what was imported, and what it has taken over from the log."""
        from fireflower.app.live.storage import forgotten_people
        from fireflower.history.archive import Archive

        folder, settings = self.folder / HISTORY_FOLDER, self.settings
        return Archive.open(
            folder,
            attribution=settings.attribution,
            timeless=settings.timeless,
            forgotten=lambda: forgotten_people(self),
        )

    # --- What one can do with it: the use cases of `fireflower.app`, see there for what parameters mean

    def import_(
        self, *paths: str | Path, strict: bool = False, progress: Progress | None = None, **mapping: Any
    ) -> tuple[ImportReport, ...]:
        """Read files into the history. What their columns mean is said by keywords (`person="user_id"`), by the
        project file, or guessed."""
        from fireflower.app.import_data import plan, run

        return run(self, plan(self, paths, mapping), strict=strict, progress=progress)

    def check(self) -> Checked:
        """Every fault of the files, and the definitions' own tests."""
        from fireflower.app.check import check

        return check(self)

    def qualify(self, *names: str, as_of: Moment | None = None, progress: Advance | None = None) -> Qualification:
        """Who is qualified by the definitions of these names; by all, without names."""
        from fireflower.app.qualify import qualify

        return qualify(self, names, as_of=moment_from(as_of), progress=progress)

    def explain(
        self, subject: str, *names: str, kind: SubjectKind | None = None, as_of: Moment | None = None
    ) -> tuple[Explanation, ...]:
        """Why a person or account qualifies, or what it lacks: one explanation a definition."""
        from fireflower.app.explain import explain

        return explain(self, subject, names, kind=kind, as_of=moment_from(as_of))

    def backtest(
        self, name: str, *, horizon: Span = "30 days", as_of: Moment | None = None, progress: Advance | None = None
    ) -> Backtest:
        """How a definition would have done over the whole history."""
        from fireflower.app.backtest import backtest

        return backtest(self, name, horizon=span_from(horizon), as_of=moment_from(as_of), progress=progress)

    def discover(
        self,
        goal: str = "",
        *,
        subject: SubjectKind | None = None,
        horizon: Span = "30 days",
        landmarks: Sequence[Span] | str | None = None,
        per_week: float | str | None = None,
        churn: str = "",
        keep: Sequence[str] = (),
        hypothesis: str | Path | None = None,
        permutations: int = 200,
        seed: int = 0,
        as_of: Moment | None = None,
        write: bool = True,
        progress: Advance | None = None,
    ) -> Discovery:
        """What predicts the goal, and how sure that is. Definitions are written for what holds, unless `write` is
        false."""
        from fireflower.app.discover import LANDMARKS, Request, discover

        listed = landmarks.split(",") if isinstance(landmarks, str) else landmarks
        ages = LANDMARKS if listed is None else tuple(span_from(age) for age in listed)
        capacity = None if per_week is None else per_week_from(per_week)
        request = Request(
            goal, subject, span_from(horizon), ages, capacity, churn, tuple(keep),
            None if hypothesis is None else Path(hypothesis), permutations, seed,
            moment_from(as_of), write,
        )  # fmt: skip
        return discover(self, request, progress)

    def diff(self, old: str, new: str, *, horizon: Span = "30 days", as_of: Moment | None = None) -> Diff:
        """What would change if one definition took the place of another. Both are names or files."""
        from fireflower.app.diff import diff

        return diff(self, old, new, horizon=span_from(horizon), as_of=moment_from(as_of))

    def describe(self, name: str) -> str:
        """A definition in plain English."""
        from fireflower.app.describe import describe

        return describe(self, name)

    def report(self, *names: str, path: str | Path | None = None, as_of: Moment | None = None) -> Path:
        """Write the report as one HTML file, and return where it is."""
        from fireflower.app.report import report

        return report(self, names, path=None if path is None else Path(path), as_of=moment_from(as_of))

    def doctor(self) -> Diagnosis:
        """What is in the history, what looks wrong, and what to do about it."""
        from fireflower.app.doctor import doctor

        return doctor(self)

    # --- Definitions by name

    def definition(self, name: str) -> Definition:
        """The definition of this name.

        Raises
        ------
        ProjectError
            If there is none.
        """
        return self.chosen([name])[0]

    def chosen(self, names: Sequence[str]) -> tuple[Definition, ...]:
        """The definitions of these names; all of them if no names are given.

        Raises
        ------
        ProjectError
            If one of the names is not a definition's, or the project has no definitions at all.
        """
        by_name = {definition.name: definition for definition in self.definitions}
        if not by_name:
            raise ProjectError(
                f"{self.folder} has no definitions. Write one into its folder definitions/, or start from a template: "
                "'fireflower init --list' shows them."
            )
        for name in names:
            if name not in by_name:
                known = did_you_mean(name, by_name) or f" There are: {', '.join(sorted(by_name))}."
                raise ProjectError(f"no definition is named {name!r}.{known}")
        return tuple(by_name[name] for name in names or by_name)


def going_by(settings: Settings, folder: Path) -> Project:
    """A project that goes by these settings, whatever its file says by now."""
    found = Project(folder)
    found.__dict__["settings"] = settings
    return found


def open_project(folder: str | Path | None = None) -> Project:
    """Open the project in a folder; without one, the nearest project from here upwards.

    Raises
    ------
    ProjectError
        If there is no project.
    """
    if folder is not None:
        if not (Path(folder) / PROJECT_FILE).is_file():
            raise ProjectError(
                f"{folder} is no project: it has no {PROJECT_FILE}. 'fireflower init {folder}' makes it one."
            )
        return Project(Path(folder))
    here = Path.cwd()
    for candidate in (here, *here.parents):
        if (candidate / PROJECT_FILE).is_file():
            return Project(Path() if candidate == here else candidate)
    raise ProjectError(
        f"there is no {PROJECT_FILE} in this folder or above it. 'fireflower init DIR' makes a project; "
        "--project names one that is elsewhere."
    )
