"""The files of discovered definitions: what an earlier search wrote is used again, replaced, or kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from fireflower.app.outputs import written
from fireflower.language.fingerprints import fingerprint
from fireflower.language.loading import load_definition, load_readable
from fireflower.language.nodes import Settings
from fireflower.model.errors import FireflowerError

_MARK = "# Checksum {sum}: discover replaces this file as long as nobody edits it; an edited one is kept.\n"
_MARKED = re.compile(r"^# Checksum ([0-9a-f]{16}):.*$\n?", re.MULTILINE)

WRITTEN = "written"
AS_BEFORE = "as before"
REPLACED = "replaced, as nobody had edited them"
EDITED = "kept, as they were edited by hand"
OTHERS = "kept, as they answer another question"
LEFT = "left from an earlier search (delete them if you do not need them)"
_ORDER = (WRITTEN, AS_BEFORE, REPLACED, EDITED, OTHERS, LEFT)


def marked(text: str) -> str:
    """The text with a checksum of itself, by which it is told later whether anybody has edited it."""
    return text + _MARK.format(sum=_sum(text))


def unedited(text: str) -> bool:
    """Whether it is as `discover` wrote it. Line ends do not count: version control may change them."""
    marks = _MARKED.findall(text)
    return len(marks) == 1 and marks[0] == _sum(_MARKED.sub("", text))


def _sum(text: str) -> str:
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A definition to be written: the name that it would best have, and its text under the name that it gets."""

    name: str
    text: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A file of the folder. `meaning` is None where it cannot be read."""

    path: Path
    name: str
    text: str
    meaning: str | None

    @property
    def replaceable(self) -> bool:
        return self.path.stem == self.name and unedited(self.text)

    def asks_like(self, text: str) -> bool:
        """Whether it comes from the same question: the first line says which."""
        return self.text.splitlines()[:1] == text.splitlines()[:1]


@dataclass
class Shelf:
    """A project's folder of definitions, to which proposals of one search are put."""

    folder: Path
    settings: Settings
    files: list[str] = field(default_factory=list)
    _became: dict[str, list[str]] = field(default_factory=dict)
    _used: set[Path] = field(default_factory=set)

    def put(self, proposals: Sequence[Proposal]) -> list[str]:
        """Write what is not there yet; the name of each.

        What stands there with the same meaning keeps its name, whatever the order in which it is found now: others may
        speak of it by that name. All that do so are looked for first, so that nothing is put in their place.
        """
        standing = self._standing()
        same = [self._same(each, standing) for each in proposals]
        names = [
            self._use_again(each, there) if there else self._place(each, standing)
            for each, there in zip(proposals, same, strict=True)
        ]
        for there in standing:
            asked = any(there.asks_like(each.text(each.name)) for each in proposals[:1])
            if asked and there.replaceable and there.path not in self._used:
                self._note(LEFT, there.name)
        return names

    def said(self) -> str:
        """What became of the files, in a sentence."""
        parts = [f"{how}: {', '.join(self._became[how])}" for how in _ORDER if how in self._became]
        return f"Definitions {'; '.join(parts)}."

    def _standing(self) -> list[_Standing]:
        paths = sorted(self.folder.glob("discovered-*.y*ml"), key=lambda path: (len(path.name), path.name))
        return [self._read(path) for path in paths if path.is_file()]

    def _read(self, path: Path) -> _Standing:
        text = path.read_bytes().decode(errors="replace")
        name, meaning = self._meaning(text)
        return _Standing(path, name or path.stem, text, meaning)

    def _meaning(self, text: str) -> tuple[str, str | None]:
        """The name, and the meaning apart from it and from circles: lines are moved between them as users are told."""
        try:
            definition = load_definition(text, self.settings)
        except FireflowerError:
            return "", None
        return definition.name, fingerprint(replace(definition, circles=()))

    def _same(self, proposal: Proposal, standing: Sequence[_Standing]) -> _Standing | None:
        _, meaning = self._meaning(proposal.text(proposal.name))
        for there in standing:
            if there.path not in self._used and meaning is not None and there.meaning == meaning:
                self._used.add(there.path)
                return there
        return None

    def _use_again(self, proposal: Proposal, there: _Standing) -> str:
        """Keep the name; renew the figures in its description, if nobody has edited the file."""
        text = marked(proposal.text(there.name))
        if there.replaceable and there.text != text:
            self._write(there.path, text, REPLACED)
        else:
            self._note(AS_BEFORE, there.name)
            self.files.append(str(there.path))
        return there.name

    def _place(self, proposal: Proposal, standing: Sequence[_Standing]) -> str:
        by_name = {there.path.stem: there for there in standing}
        taken = self._taken()
        for name in _numbered(proposal.name):
            there, text = by_name.get(name), marked(proposal.text(name))
            if there is None and name not in taken:
                self._write(self.folder / f"{name}.yaml", text, WRITTEN)
                return name
            if there is None or there.path in self._used:
                continue
            if there.replaceable and there.asks_like(text):
                self._write(there.path, text, REPLACED)
                return name
            self._note(OTHERS if there.replaceable else EDITED, name)
        raise AssertionError("numbers do not end")

    def _taken(self) -> set[str]:
        """Names of definitions and of files, whether they can be read or not."""
        names = {definition.name for definition in load_readable(self.folder.parent, self.settings)}
        return names | {path.stem for path in self.folder.glob("*.y*ml")}

    def _write(self, path: Path, text: str, how: str) -> None:
        with written(path) as file:
            file.write(text.encode())
        self._used.add(path)
        self.files.append(str(path))
        self._note(how, path.stem)

    def _note(self, how: str, name: str) -> None:
        names = self._became.setdefault(how, [])
        if name not in names:
            names.append(name)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
