"""A generation, read back as timelines."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.dictionaries import Texts, Values, read_texts
from fireflower.history.archive.generation import GenerationFacts
from fireflower.history.archive.holding import Hold
from fireflower.history.archive.integrity import intact, verify
from fireflower.history.archive.promotion import Located
from fireflower.history.archive.store import ColumnReader
from fireflower.model.errors import UnknownSubjectError, did_you_mean
from fireflower.model.records import TRAITS, Kind, SubjectKind
from fireflower.model.timeline import Timeline, Vocabulary
from fireflower.model.values import SeenValues

_CANDIDATES = 2000
_ROWS = 1 << 20
"""How many rows are looked through at once."""
_VALUES = 10_000
"""So many different values of a property are told, which are no numbers."""
_NEVER = np.iinfo(np.int64).max


class Blocks:
    """The rows of a generation, which is not removed meanwhile.

    Attributes
    ----------
    facts : what is known of them

    Raises
    ------
    FileNotFoundError
        If the folder is not there, or is being removed.
    Damaged
        If one of its files is not as it was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hold = Hold(folder)
        with intact(folder / "generation.json"):
            self.facts = GenerationFacts(**json.loads((folder / "generation.json").read_bytes()))
        verify(folder, self.facts.files)
        self.starts: NDArray[np.int64] = np.load(folder / "starts.npy")
        self._first_person: NDArray[np.int32] = np.load(folder / "first_person.npy")
        self._first_account: NDArray[np.int32] = np.load(folder / "first_account.npy")
        self._columns = {name: ColumnReader(folder, described) for name, described in self.facts.columns.items()}

    def hold(self) -> None:
        """Keep them from being removed, after `release`. Raises FileNotFoundError if they have been."""
        self._hold = Hold(self.folder)

    def release(self) -> None:
        """Let them be removed."""
        self._hold.release()

    @cached_property
    def scratch(self) -> Path:
        """A folder of this process that is removed with this object."""
        folder = tempfile.mkdtemp(prefix="fireflower-")
        self._remove_scratch = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    @property
    def row(self) -> ColumnReader:
        """For each row, of which record it is."""
        return self._columns["row"]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, without properties."""
        with intact(self.folder / "people.arrow"):
            names = [(Kind(kind), name) for kind, name in self.facts.names]
            return Vocabulary(
                names=names,
                people=self._people,
                accounts=self._accounts,
                traits={
                    name: Values(read_texts(self.folder / f"trait-{what}.arrow")[0])
                    for what, name in enumerate(names)
                    if name[0] in TRAITS
                },
                roles=self.facts.roles,
            )

    @cached_property
    def _people(self) -> Texts:
        return Texts(read_texts(self.folder / "people.arrow")[0])

    @cached_property
    def _accounts(self) -> Texts:
        return Texts(read_texts(self.folder / "accounts.arrow")[0])

    def number(self, kind: SubjectKind, id: str) -> int:
        """The number of a subject; a person is found by each of their ids.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        number = self.known(kind, id)
        if number < 0:
            ids = self._ids_of(kind)
            raise UnknownSubjectError(
                f"There is no {kind} {id!r} in the history.{did_you_mean(id, self._near(ids, id))}"
            )
        return number

    def known(self, kind: SubjectKind, id: str) -> int:
        """The same; -1 if there is none."""
        ids = self._ids_of(kind)
        position = ids.position(id)
        if position < 0 and kind == "person":
            others, persons = self._merged
            merged = others.position(id)
            position = ids.position(persons[merged]) if merged >= 0 else -1
        return position

    def _ids_of(self, kind: SubjectKind) -> Texts:
        return self._people if kind == "person" else self._accounts

    @cached_property
    def _merged(self) -> tuple[Texts, Texts]:
        """Other ids of people, and the id that each of these people bears."""
        others, persons = (Texts(array) for array in read_texts(self.folder / "merged.arrow"))
        return others, persons

    def ids(self, person: str) -> list[str]:
        """All ids of a person, of whom one is given; the one that they bear is the first.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        import pyarrow.compute as pc

        borne = self.vocabulary.people[self.number("person", person)]
        others, persons = self._merged
        return [borne, *pc.filter(others.array, pc.equal(persons.array, borne)).to_pylist()]

    @staticmethod
    def _near(ids: Texts, id: str) -> list[str]:
        """Some ids that begin alike: comparing with all of a million would take minutes."""
        import pyarrow.compute as pc

        if len(ids) <= _CANDIDATES:
            return list(ids)
        return pc.filter(ids.array, pc.starts_with(ids.array, id[:3]))[:_CANDIDATES].to_pylist()

    def block(self, kind: SubjectKind, number: int) -> int:
        """The block in which a subject is evaluated."""
        first = self._first_person if kind == "person" else self._first_account
        return int(np.searchsorted(first, number, side="right")) - 1

    def pieces(self, rows: int) -> Iterator[tuple[int, int]]:
        """[first, stop) of blocks that have about so many rows together."""
        first, blocks = 0, len(self.starts) - 1
        while first < blocks:
            stop = int(np.searchsorted(self.starts, self.starts[first] + rows, side="right")) - 1
            stop = min(max(stop, first + 1), blocks)
            yield first, stop
            first = stop

    def after(self, moment: int) -> NDArray[np.int64]:
        """The numbers of the records that have rows after a moment."""
        rows = [np.zeros(0, np.int64)]
        for start in range(0, self.facts.rows if self.facts.last > moment else 0, _ROWS):
            time = self._columns["time"].read(start, min(start + _ROWS, self.facts.rows), np.int64)
            rows.append(start + np.flatnonzero(time > moment))
        return np.unique(self.row.take(np.concatenate(rows)).astype(np.int64))

    def late_traits(
        self, traits: Collection[tuple[SubjectKind, str]], moment: int
    ) -> dict[tuple[SubjectKind, str], int]:
        """Those of the traits all of whose rows lie after the moment, with the time of the first."""
        kinds = {"person": Kind.PERSON_TRAIT, "account": Kind.ACCOUNT_TRAIT}
        codes = {name: code for code, name in enumerate(map(tuple, self.facts.names))}
        late = {trait: codes[kinds[trait[0]], trait[1]] for trait in traits if (kinds[trait[0]], trait[1]) in codes}
        first = dict.fromkeys(late, _NEVER)
        for start in range(0, self.facts.rows, _ROWS):
            if not late:
                break
            stop = min(start + _ROWS, self.facts.rows)
            what, time = self._columns["what"].read(start, stop), self._columns["time"].read(start, stop, np.int64)
            for trait, code in list(late.items()):
                first[trait] = min(first[trait], int(time[what == code].min(initial=_NEVER)))
                if first[trait] <= moment:
                    del late[trait]
        return {trait: first[trait] for trait in late if first[trait] < _NEVER}

    def people_with(self, trait: str, value: str) -> list[str]:
        """The ids of people of whom this trait has ever been this text, whatever its case."""
        name = (Kind.PERSON_TRAIT, trait)
        if name not in self.vocabulary.traits:
            return []
        values, what = self.vocabulary.traits[name], self.vocabulary.names.index(name)
        alike = [
            code for code, each in enumerate(values) if isinstance(each, str) and each.casefold() == value.casefold()
        ]
        found = [np.zeros(0, np.int64)]
        for start in range(0, self.facts.rows if alike else 0, _ROWS):
            stop = min(start + _ROWS, self.facts.rows)
            places = np.flatnonzero(self._columns["what"].read(start, stop) == what)
            if len(places):
                detail, person = (self._columns[column].read(start, stop)[places] for column in ("detail", "person"))
                found.append(person[np.isin(detail, alike)].astype(np.int64))
        return [self._people[code] for code in np.unique(np.concatenate(found)).tolist()]

    def seen_values(self, properties: Properties) -> dict[str, dict[str, SeenValues]]:
        """Property -> event -> the values that it has on the events of that name."""
        numbers: dict[str, set[int]] = {}
        pairs: dict[str, NDArray[np.int64]] = {}
        for start in range(0, self.facts.rows, _ROWS):
            stop = min(start + _ROWS, self.facts.rows)
            what = self._columns["what"].read(start, stop, np.int64)
            codes = properties.read("code", start, stop)
            for path, column in properties.read("number", start, stop).items():
                is_number = ~np.isnan(column)
                numbers.setdefault(path, set()).update(np.unique(what[is_number]).tolist())
                if path in codes:  # cells of CSV files that are numbers have a code, too
                    codes[path] = np.where(is_number, -1, codes[path])
            for path, column in codes.items():
                has = column >= 0
                found = np.unique(what[has] << 32 | column[has])
                pairs[path] = np.union1d(pairs[path], found) if path in pairs else found
        texts, none = properties.vocabulary.texts, np.zeros(0, np.int64)
        return {
            path: self._by_event(numbers.get(path, set()), pairs.get(path, none), texts.get(path, ()))
            for path in numbers.keys() | pairs.keys()
        }

    def _by_event(self, numbers: set[int], pairs: NDArray[np.int64], texts: Sequence[Any]) -> dict[str, SeenValues]:
        """The values of one property: `pairs` of an event's code and that of a value which is no number."""
        events, codes = pairs >> 32, pairs & 0xFFFFFFFF
        found: dict[str, SeenValues] = {}
        for event in sorted(numbers | set(np.unique(events).tolist())):
            own = codes[events == event]
            others = [texts[code] for code in own[:_VALUES].tolist()]
            found[self.facts.names[event][1]] = SeenValues(event in numbers, others, len(own) <= _VALUES)
        return found

    def around(self, kind: SubjectKind, number: int, properties: Properties) -> Timeline:
        """The block in which a subject is evaluated."""
        block = self.block(kind, number)
        return self.timeline(block, block + 1, properties)

    def timeline(self, first: int, stop: int, properties: Properties, *, by_record: bool = False) -> Timeline:
        """The blocks [first, stop).

        Parameters
        ----------
        by_record : whether rows are named by the numbers of their records, and not by their places
        """
        low, high = int(self.starts[first]), int(self.starts[stop])
        types = {"target": np.uint8, "time": np.int64, "received": np.int64}
        columns: dict[str, Any] = {
            name: np.ascontiguousarray(reader.read(low, high, types.get(name, np.int32)))
            for name, reader in self._columns.items()
            if name != "row"
        }
        columns.setdefault("received", None)
        return Timeline(
            vocabulary=properties.vocabulary,
            **columns,
            starts=self.starts[first : stop + 1] - low,
            first_person=self._first_person[first : stop + 1],
            first_account=self._first_account[first : stop + 1],
            numbers=properties.read("number", low, high),
            codes=properties.read("code", low, high),
            first_row=low,
            row=self.row.read(low, high, np.int64) if by_record else None,
        )


class Properties:
    """Some properties of a generation's rows.

    Attributes
    ----------
    vocabulary : the generation's, with the dictionaries of these properties
    """

    def __init__(self, blocks: Blocks, promoted: Located, paths: Collection[str]) -> None:
        wanted = {path: promoted[path] for path in paths}
        self._columns = {
            part: {path: ColumnReader(folder, said[part]) for path, (folder, said) in wanted.items() if part in said}
            for part in ("number", "code")
        }
        texts = {
            path: Values(read_texts(folder / said["texts"])[0])
            for path, (folder, said) in wanted.items()
            if "texts" in said
        }
        plain = blocks.vocabulary
        self.vocabulary = Vocabulary(plain.names, plain.people, plain.accounts, texts, plain.traits, plain.roles)

    def read(self, part: Literal["number", "code"], start: int, stop: int) -> dict[str, NDArray[Any]]:
        """The columns of the rows [start, stop)."""
        wide = np.float64 if part == "number" else np.int32
        return {
            path: np.ascontiguousarray(reader.read(start, stop, wide)) for path, reader in self._columns[part].items()
        }
