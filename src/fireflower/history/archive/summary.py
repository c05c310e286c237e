"""What is in an archive, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fireflower.history.archive.generation import GenerationFacts
from fireflower.history.archive.properties import Seen
from fireflower.history.archive.rejects import rejected_counts
from fireflower.history.archive.segments import Segment
from fireflower.history.archive.twice import read_twice
from fireflower.model.records import Kind, SubjectKind


class ImportedFile(NamedTuple):
    """A file that was imported. `records` are those that are not in an earlier file too; `kept_aside` counts the rows
    that no import of the same content has read; `again` those that an earlier one has read, too, as the same table in
    another way, so that they count more than once."""

    file: str
    table: str
    read: int
    records: int
    kept_aside: int
    again: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What is in an archive.

    Attributes
    ----------
    records, people, accounts : how many
    events : name -> how many, the most frequent first
    traits : (owner, name) -> how many records
    roles : the roles of members
    first, last : the span of the records' times; None where there are none
    last_event : the time of the last event, the moment as of which verdicts are decided; None where there is none
    properties : event -> property -> type ("number", "text", "truth", "list") -> how many of the rows imported
    files : in the order of import
    """

    records: int
    people: int
    accounts: int
    events: Mapping[str, int]
    traits: Mapping[tuple[SubjectKind, str], int]
    roles: Sequence[str]
    first: int | None = field(metadata={"moment": True})
    last: int | None = field(metadata={"moment": True})
    last_event: int | None = field(metadata={"moment": True})
    properties: Seen
    files: tuple[ImportedFile, ...]

    @property
    def property_names(self) -> set[str]:
        """The properties that events have."""
        return {path for properties in self.properties.values() for path in properties}


def summarize(segments: Sequence[Segment], facts: GenerationFacts | None) -> Summary:
    """The summary of these segments and of the blocks that were built from them."""
    if facts is None:
        return Summary(0, 0, 0, {}, {}, (), None, None, None, {}, ())
    counted = [(Kind(kind), name, count) for (kind, name), count in zip(facts.names, facts.counts, strict=True)]
    events = {name: count for kind, name, count in counted if kind == Kind.EVENT}
    owners: dict[Kind, SubjectKind] = {Kind.PERSON_TRAIT: "person", Kind.ACCOUNT_TRAIT: "account"}
    again = read_twice(segments, facts.kept)
    counted_files = zip(segments, facts.kept, rejected_counts(segments), again, strict=True)
    files = [_file(segment, *counts) for segment, *counts in counted_files if segment.facts.digest]
    return Summary(
        records=facts.records,
        people=facts.people,
        accounts=facts.accounts,
        events=dict(sorted(events.items(), key=lambda item: (-item[1], item[0]))),
        traits={(owners[kind], name): count for kind, name, count in counted if kind in owners},
        roles=facts.roles,
        first=facts.first if facts.last >= 0 else None,
        last=facts.last if facts.last >= 0 else None,
        last_event=facts.last_event if facts.last_event >= 0 else None,
        properties=_merged([segment.facts.seen for segment in segments]),
        files=tuple(files),
    )


def _file(segment: Segment, kept: int, aside: int, again: int) -> ImportedFile:
    facts = segment.facts
    return ImportedFile(facts.file, str(facts.mapping.get("table", "events")), facts.read, kept, aside, again)


def _merged(parts: Sequence[Seen]) -> Seen:
    merged: Seen = {}
    for part in parts:
        for event, properties in part.items():
            for path, types in properties.items():
                counts = merged.setdefault(event, {}).setdefault(path, {})
                for type, count in types.items():
                    counts[type] = counts.get(type, 0) + count
    return merged
