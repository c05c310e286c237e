"""What is in the history, what looks wrong, and what to do about it."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fireflower.app.check import check
from fireflower.app.live.aside import events_aside_by_kind
from fireflower.app.notes import late_traits
from fireflower.app.project import HISTORY_FOLDER
from fireflower.app.replaying import last_event
from fireflower.app.report_data import kept_aside
from fireflower.model.errors import DefinitionError, ProjectError
from fireflower.model.moments import DAY, format_moment, format_span

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.history.archive import Summary

LIBRARIES = ("numpy", "numba", "pyarrow", "duckdb", "msgspec", "ruamel.yaml", "click", "rich", "jinja2", "urllib3")
_MANY = 0.01
"""Share of rows kept aside from which on it is a problem, not noise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a look at the project found.

    Attributes
    ----------
    severity : "error" (verdicts cannot be trusted or made), "warning" (probably not as meant), "note"
    message : what there is
    next_step : what to do about it
    """

    severity: Literal["error", "warning", "note"]
    message: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The state of a project.

    Attributes
    ----------
    history : what has been imported, in numbers; None for nothing
    disk : bytes that the history takes
    lock : who is writing to the history; "" for nobody
    versions : of fireflower, Python and the libraries
    findings : what to look at, the worst first
    """

    history: Summary | None
    disk: int
    lock: str
    versions: dict[str, str]
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is an error."""
        return not any(finding.severity == "error" for finding in self.findings)


def doctor(project: Project) -> Diagnosis:
    """Look at everything, change nothing."""
    from fireflower.history.archive.integrity import Damaged

    summary: Summary | None = None
    try:
        summary = project.archive.summary()
        findings = [*_files(project), *_history(summary), *_kept_aside(project, summary), *_clocks(summary)]
        findings += _read_twice(summary)
        findings += [*_events_aside(project), *_late_traits(project, summary)]
    except Damaged as damage:
        findings = [Finding("error", "the history is damaged", str(damage))]
    order = ("error", "warning", "note")
    return Diagnosis(
        history=summary if summary and summary.records else None,
        disk=_size(project.folder / HISTORY_FOLDER),
        lock=_lock(project.folder / HISTORY_FOLDER),
        versions=_versions(),
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
    )


def _files(project: Project) -> Iterator[Finding]:
    for fault in check(project).faults:
        place = ":".join(str(part) for part in (fault.file, fault.line, fault.column) if part)
        severity: Literal["error", "warning"] = "error" if fault.severity == "error" else "warning"
        yield Finding(severity, f"{place}: {fault.message}", "Mend the file; 'fireflower check' shows the place.")


def _history(summary: Summary) -> Iterator[Finding]:
    if not summary.records:
        yield Finding(
            "warning",
            "the history is empty",
            "Import your events: 'fireflower import events.csv'; or take them in as they come: 'fireflower serve'.",
        )
    elif not summary.events:
        yield Finding("warning", "the history has no events, only tables", "Import your product's events.")
    elif not summary.accounts:
        yield Finding(
            "note",
            "no event, membership or table names an account, so there is nothing to say about accounts",
            "Map the column of the account, '--map account=COLUMN', or import memberships, '--kind memberships'.",
        )


def _kept_aside(project: Project, summary: Summary) -> Iterator[Finding]:
    for group in kept_aside(project):
        share = group.rows / max(summary.records, 1)
        rows, such = ("1 row", "") if group.rows == 1 else (f"{group.rows:,} rows", ", such as")
        yield Finding(
            "warning" if share >= _MANY else "note",
            f"{rows} of {group.file} kept aside{such}: {group.reason}",
            "'fireflower rejects' shows them. Mend the file or the mapping, and import it again: what is in already "
            "stays as it is.",
        )


def _read_twice(summary: Summary) -> Iterator[Finding]:
    for file in summary.files:
        if file.again:
            rows = "1 row was" if file.again == 1 else f"{file.again:,} rows were"
            yield Finding(
                "warning",
                f"{rows} imported from {Path(file.file).name} more than once, each time in another way, and all count",
                f"To keep only one way, import it with that way's options: 'fireflower import {file.file} --replace'.",
            )


def _events_aside(project: Project) -> Iterator[Finding]:
    for group in events_aside_by_kind(project):
        events, such = ("1 event", "") if group.events == 1 else (f"{group.events:,} events", ", such as")
        yield Finding(
            "note",
            f"{events} from {group.source} kept aside{such}: {group.reason}",
            "'fireflower rejects' shows them. Mend what sends them; once they can be read, 'fireflower rejects replay' "
            "has them taken.",
        )


def _clocks(summary: Summary) -> Iterator[Finding]:
    """Times of the future are of a wrong clock or unit, and move the moment as of which all is decided; those of 1970
    are numbers of another unit, or of no time."""
    now = time.time_ns() // 1000
    last = last_event(summary)
    if last > now + DAY:
        ahead = format_span((last - now) // DAY * DAY)
        yield Finding(
            "error",
            f"the last event is {ahead} in the future ({format_moment(last)} UTC), and verdicts are as of it",
            "Look for a wrong clock or unit of time in the export; until then give the moment with --as-of.",
        )
    if summary.events and summary.first is not None and summary.first < 365 * DAY:
        yield Finding(
            "warning",
            f"the first record is of 1970 ({format_moment(summary.first)} UTC)",
            "Look for numbers in the columns of times that count no seconds since 1970; import the file again with "
            "--replace and '--map time_unit=..' or --time-format.",
        )


def _late_traits(project: Project, summary: Summary) -> Iterator[Finding]:
    """Traits that are missing everywhere, as they are known only from after the last event on."""
    try:
        definitions = project.definitions
    except DefinitionError:
        return
    for trait in late_traits(project, definitions, last_event(summary)):
        yield Finding("warning", trait.message, f"{trait.next_step[0].upper()}{trait.next_step[1:]}.")


def _lock(folder: Path) -> str:
    from fireflower.history.archive.manifest import writing

    if not folder.is_dir():
        return ""
    try:
        with writing(folder):
            return ""
    except ProjectError as error:
        return str(error)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in ("fireflower", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found
