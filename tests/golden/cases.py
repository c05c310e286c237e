"""Reading the golden cases: docs/semantics.md, row by row, as data.

Each file of this folder holds the cases of one section. A case is a mapping:

- `name`; `shows`: which rows or paragraphs of docs/semantics.md it is about
- `settings`, `definition`: YAML text, as in a project
- `records`: in the order of arrival. `at` and `received` are ISO 8601; `kind` is that of `fireflower.model.records`
- `as_of`: the moment up to which verdicts are asked for
- `transitions`: all that must come of it, with evidence. Values that are spans are microseconds; null is missing
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fireflower.language.loading import load_definition, load_settings
from fireflower.language.nodes import Definition, Settings
from fireflower.model.moments import parse_moment
from fireflower.model.records import Kind, Record

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Evidence:
    condition: str
    holds: bool
    value: Any
    since: int


@dataclass(frozen=True)
class Transition:
    at: int
    known_at: int
    subject: str
    change: str
    reason: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Case:
    file: str
    name: str
    shows: tuple[str, ...]
    settings: Settings
    definition: Definition
    records: tuple[Record, ...]
    as_of: int
    transitions: tuple[Transition, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def golden_cases() -> list[Case]:
    """All cases, in the order of the files."""
    return [
        case_from(file.stem, mapping)
        for file in sorted(FOLDER.glob("*.json"))
        for mapping in json.loads(file.read_text(encoding="utf-8"))
    ]


def case_from(file: str, mapping: Mapping[str, Any]) -> Case:
    settings = load_settings(mapping["settings"]) if mapping["settings"] else Settings()
    return Case(
        file=file,
        name=mapping["name"],
        shows=tuple(mapping["shows"]),
        settings=settings,
        definition=load_definition(mapping["definition"], settings),
        records=tuple(_record(record) for record in mapping["records"]),
        as_of=parse_moment(mapping["as_of"]),
        transitions=tuple(_transition(transition) for transition in mapping["transitions"]),
    )


def _record(mapping: Mapping[str, Any]) -> Record:
    rest = {key: value for key, value in mapping.items() if key not in ("at", "kind", "received")}
    received = mapping.get("received")
    return Record(
        time=parse_moment(mapping["at"]),
        kind=Kind[mapping["kind"].upper().replace(" ", "_")],
        received=None if received is None else parse_moment(received),
        **rest,
    )


def _transition(mapping: Mapping[str, Any]) -> Transition:
    evidence = (Evidence(**{**each, "since": parse_moment(each["since"])}) for each in mapping["evidence"])
    return Transition(
        at=parse_moment(mapping["at"]),
        known_at=parse_moment(mapping["known_at"]),
        subject=mapping["subject"],
        change=mapping["change"],
        reason=mapping["reason"],
        evidence=tuple(evidence),
    )
