"""Taking records out of an archive: the segments that have them are written anew without, and what only they said is
taken out of the dictionaries. Codes stay, so that other segments need not be touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.dictionaries import read_texts
from fireflower.history.archive.property_texts import PropertyTexts
from fireflower.history.archive.segment_writer import SegmentWriter
from fireflower.history.archive.segments import TEXTS, Dictionaries, Segment, SegmentFacts
from fireflower.history.forgotten import Naming
from fireflower.history.readers.batches import KeptAside
from fireflower.history.readers.told import json_text
from fireflower.model.records import Kind

Columns = Mapping[str, NDArray[Any]]
_NEEDED = ("kind", "time", "name", "person", "account", "value")


class Doomed(Protocol):
    """What is to be removed.

    Attributes
    ----------
    named : of a message of which some records go and others stay, the id goes if one of these is in it
    said : the texts that go from the properties of events that stay
    """

    named: Sequence[str]
    said: PropertyTexts | None

    def records(self, columns: Columns) -> NDArray[np.bool_]:
        """Which records of a piece."""

    def texts(self) -> Mapping[str, Sequence[int]]:
        """Texts that go though records may remain that use them: their codes, by the name of the dictionary. Asked when
        all records have been looked at."""

    def is_row(self, row: KeptAside) -> bool:
        """Whether a row that was kept aside is."""


class OfPeople:
    """Everything about some people. What names them in traits of accounts goes from these, unless it is a trait of
    somebody else, too.

    Parameters
    ----------
    ids : all of their ids
    texts : what else names them, such as addresses
    said : what names them where it is the value of a property
    """

    def __init__(
        self, ids: Sequence[str], texts: Sequence[str], said: Sequence[str], dictionaries: Dictionaries
    ) -> None:
        self.named: Sequence[str] = [*ids, *texts]
        self.said = PropertyTexts(said) if said else None
        wanted = set(ids)
        self._codes = np.array([code for code, id in enumerate(dictionaries.people.texts) if id in wanted], np.int64)
        self._values = naming_values(dictionaries, self.named)
        self._of_others: set[int] = set()
        self._naming = Naming(ids)

    def records(self, columns: Columns) -> NDArray[np.bool_]:
        theirs = np.isin(columns["person"], self._codes)
        traits = columns["value"][(columns["kind"] == Kind.PERSON_TRAIT) & ~theirs]
        self._of_others.update(traits[np.isin(traits, self._values)].tolist())
        return theirs | ((columns["kind"] == Kind.IDENTITY) & np.isin(columns["value"], self._codes))

    def texts(self) -> Mapping[str, Sequence[int]]:
        values = [code for code in self._values.tolist() if code not in self._of_others]
        return {"people": self._codes.tolist(), "values": values}

    def is_row(self, row: KeptAside) -> bool:
        return self._naming.is_in(row.raw) or self._naming.is_in(row.reason)


def naming_values(dictionaries: Dictionaries, texts: Sequence[str]) -> NDArray[np.int64]:
    """The codes of trait values that are just one of these texts; addresses are the same in capital letters."""
    wanted = {json_text(text.casefold() if "@" in text else text) for text in texts}
    values = enumerate(dictionaries.values.texts)
    return np.array([code for code, value in values if value in wanted or _folded(value) in wanted], np.int64)


def _folded(value: str) -> str:
    return value.casefold() if "@" in value else value


def accounts_named_by(segments: Sequence[Segment], texts: Sequence[str]) -> set[str]:
    """The accounts that have a trait whose value is just one of these texts."""
    dictionaries = Dictionaries.read([segment.folder for segment in segments])
    values, found = naming_values(dictionaries, texts), set[int]()
    for segment in segments if len(values) else ():
        for start, stop in _ranges(len(segment)):
            kind, account, value = (segment.column(name).read(start, stop) for name in ("kind", "account", "value"))
            found.update(account[(kind == Kind.ACCOUNT_TRAIT) & np.isin(value, values)].tolist())
    return {dictionaries.accounts.texts[code] for code in found}


class EventsBefore:
    """All events before a moment."""

    named: Sequence[str] = ()
    said: PropertyTexts | None = None

    def __init__(self, moment: int) -> None:
        self._moment = moment

    def records(self, columns: Columns) -> NDArray[np.bool_]:
        return (columns["kind"] == Kind.EVENT) & (columns["time"] < self._moment)

    def texts(self) -> Mapping[str, Sequence[int]]:
        return {}

    def is_row(self, row: KeptAside) -> bool:
        return False


class Removed(NamedTuple):
    """What has been removed.

    Attributes
    ----------
    records, kept_aside : how many records, and how many rows that could not be read
    segments : how many files' records have been written anew
    """

    records: int = 0
    kept_aside: int = 0
    segments: int = 0


@dataclass(slots=True)
class Survey:
    """What is to be done, segment by segment.

    Attributes
    ----------
    keep : which records of each stay
    aside : which rows kept aside do
    removed : how many do not
    ids : the message ids that go from what stays
    said : whether the properties of what stays say something that goes, segment by segment
    """

    keep: list[NDArray[np.bool_]] = field(default_factory=list)
    aside: list[list[KeptAside]] = field(default_factory=list)
    removed: Removed = field(default_factory=Removed)
    ids: set[str] = field(default_factory=set)
    said: list[bool] = field(default_factory=list)


class Rewriting:
    """Writes the segments of an archive anew where that is needed.

    Parameters
    ----------
    make : makes of the archive's codes what is to be removed
    """

    def __init__(self, segments: Sequence[Segment], make: Callable[[Dictionaries], Doomed]) -> None:
        self._segments = segments
        self._dictionaries = Dictionaries.read([segment.folder for segment in segments])
        self._doomed = make(self._dictionaries)
        self._bounds = _bounds(segments)
        self._used: dict[str, list[NDArray[np.bool_]]] = {}
        self._survey = self._surveyed()
        self._gone = self._no_longer_said()
        for name, codes in self._gone.items():
            self._dictionaries.mark_removed(name, codes.tolist())

    @property
    def removed(self) -> Removed:
        """What goes."""
        segments = sum(self.concerns(position) for position in range(len(self._segments)))
        return self._survey.removed._replace(segments=segments)

    def concerns(self, position: int) -> bool:
        """Whether a segment has anything that goes."""
        if self._survey.said[position] or not self._survey.keep[position].all():
            return True
        if len(self._survey.aside[position]) < self._segments[position].facts.kept_aside:
            return True
        return any(len(self._inside(name, position)) for name in TEXTS)

    def write(self, position: int, folder: Path) -> SegmentFacts:
        """Write a segment anew into a folder."""
        texts = {
            name: getattr(self._dictionaries, name).texts[slice(*self._bounds[name][position : position + 2])]
            for name in TEXTS
        }
        writer = SegmentWriter(folder, self._dictionaries)
        keep, aside = self._survey.keep[position], self._survey.aside[position]
        return writer.copy(self._segments[position], keep, aside, texts, self._survey.ids, self._doomed.said)

    def _surveyed(self) -> Survey:
        found = Survey()
        self._used = {
            name: [np.zeros(len(getattr(self._dictionaries, name)), np.bool_) for _ in range(2)] for name in TEXTS
        }
        records = rows = 0
        for segment in self._segments:
            keep = np.ones(len(segment), np.bool_)
            for start, stop in _ranges(len(segment)):
                columns = {name: segment.column(name).read(start, stop) for name in _NEEDED}
                keep[start:stop] = ~self._doomed.records(columns)
                self._note(columns, keep[start:stop])
            aside = [row for row in segment.kept_aside() if not self._doomed.is_row(row)]
            if named := self._doomed.named:
                ids = segment.ids_of(np.flatnonzero(~keep)).to_pylist()
                found.ids.update(id for id in ids if any(each in id for each in named))
            found.said.append(self._is_said(segment))
            found.keep.append(keep)
            found.aside.append(aside)
            records += int((~keep).sum())
            rows += segment.facts.kept_aside - len(aside)
        found.removed = Removed(records, rows)
        return found

    def _is_said(self, segment: Segment) -> bool:
        said = self._doomed.said
        return said is not None and any(said.are_in(piece, segment.facts.forms) for _, _, piece in segment.pieces())

    def _note(self, columns: Columns, keep: NDArray[np.bool_]) -> None:
        """Which texts records use that stay, and which are used by those that go."""
        is_identity = columns["kind"] == Kind.IDENTITY
        for stays, rows in ((0, ~keep), (1, keep)):
            for name, column, among in (
                ("words", "name", rows),
                ("people", "person", rows),
                ("accounts", "account", rows),
                ("people", "value", rows & is_identity),
                ("values", "value", rows & ~is_identity),
            ):
                codes = columns[column][among]
                self._used[name][stays][codes[codes >= 0]] = True

    def _no_longer_said(self) -> dict[str, NDArray[np.int64]]:
        """The codes of the texts that go."""
        gone = {name: np.flatnonzero(goes & ~stays) for name, (goes, stays) in self._used.items()}
        words = self._dictionaries.words.texts
        gone["words"] = np.array([code for code in gone["words"].tolist() if words[code]], np.int64)  # "" is no text
        for name, codes in self._doomed.texts().items():
            gone[name] = np.union1d(gone[name], np.asarray(codes, np.int64))
        return gone

    def _inside(self, name: str, position: int) -> NDArray[np.int64]:
        """The codes of texts that go, among those that came first with a segment."""
        first, stop = self._bounds[name][position : position + 2]
        codes = self._gone[name]
        return codes[(codes >= first) & (codes < stop)]


def _ranges(rows: int) -> list[tuple[int, int]]:
    step = 1 << 20
    return [(start, min(start + step, rows)) for start in range(0, rows, step)]


def _bounds(segments: Sequence[Segment]) -> dict[str, list[int]]:
    """For each dictionary, the first code that each segment has given, and at the end how many there are."""
    found: dict[str, list[int]] = {}
    for name in TEXTS:
        counts = [len(read_texts(segment.folder / f"{name}.arrow")[0]) for segment in segments]
        found[name] = [0, *np.cumsum(counts, dtype=np.int64).tolist()]
    return found
