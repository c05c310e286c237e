"""fireflower's part of the benchmark, one command a process.

python -m benchmarks.ours scan PROJECT          read the columns that the definitions need, and add them up
python -m benchmarks.ours replay PROJECT OUT    the project's definitions, with evidence
python -m benchmarks.ours many PROJECT COUNT    so many definitions of benchmarks.many, with evidence
python -m benchmarks.ours columns PROJECT OUT   the same columns as Parquet, for the rivals
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.columns import export
from benchmarks.many import definitions
from fireflower.app.project import Project, open_project
from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Transitions
from fireflower.evaluate.warming import warm
from fireflower.language.nodes import Definition
from fireflower.language.walking import needs
from fireflower.model.timeline import Timeline

THREADS = 2


def scan(project: Project) -> float:
    """Add up every column that the definitions need; the sum is of no use but to have read it all."""
    total = 0.0
    for timeline in _timelines(project, project.definitions):
        columns: list[NDArray[Any]] = [
            timeline.time,
            timeline.what,
            timeline.person,
            timeline.account,
            timeline.target,
            timeline.detail,
            *timeline.numbers.values(),
            *timeline.codes.values(),
        ]
        total += sum(float(column.sum()) for column in columns)
    return total


def transitions(project: Project, chosen: Sequence[Definition]) -> Transitions:
    return replay(
        chosen,
        project.settings,
        _timelines(project, chosen),
        as_of=project.archive.summary().last,
        evidence=True,
        compiled=True,
        threads=THREADS,
    )


def write(found: Transitions, out: Path) -> None:
    """Write the transitions (definition, subject, at, entered) as rivals do."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = pa.array([definition.name for definition in found.definitions])
    table = pa.table(
        {
            "definition": names.take(pa.array(found.definition)),
            "subject": found.subject,
            "at": found.at,
            "entered": found.change == 1,
        }
    )
    pq.write_table(table, out)


def _timelines(project: Project, definitions: Sequence[Definition]) -> Iterator[Timeline]:
    return iter(project.archive.timelines(needs(definitions, project.settings).properties))


def main(command: str, folder: str = "", argument: str = "") -> None:
    match command:
        case "warm":
            warm()
        case "scan":
            print(scan(open_project(folder)))
        case "replay":
            project = open_project(folder)
            write(transitions(project, project.definitions), Path(argument))
        case "many":
            print(len(transitions(open_project(folder), definitions(int(argument)))))
        case "columns":
            project = open_project(folder)
            export(_timelines(project, project.definitions), Path(argument))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
