"""YAML as a small tree in which every value knows its place. The same tree is made of plain Python values."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fireflower.language.places import Notes, Place, Unreadable

_FLOW_HINT = (
    " Inside [..] and {..} YAML splits at commas and reads brackets: put each formula on a line of its own after '- ',"
    " or quote it."
)
_PLAIN_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
_MOST_REPEATED = 10_000
_LONGEST_WHOLE = 300
"""Digits of a whole number that is taken exactly; a little longer ones are beyond every float."""
_NUMBER = re.compile(r"[-+]?(\d[\d_]*)?(\.\d*)?([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class ScalarNode:
    """A text, number, truth value or nothing.

    Attributes
    ----------
    text : as it stands in the file, without quotes
    plain : whether it stands without quotes, so that it may be a number, a truth value or nothing
    in_flow : whether it stands inside [..] or {..}
    locate : offset in `text` -> place
    """

    text: str
    plain: bool
    place: Place
    locate: Callable[[int], Place]
    broken: bool = False

    @property
    def value(self) -> str | int | float | bool | None:
        """What YAML 1.2 takes it for."""
        if not self.plain:
            return self.text
        lowered = self.text.lower()
        if lowered in _PLAIN_WORDS:
            return _PLAIN_WORDS[lowered]
        if lowered.lstrip("+-") in (".nan", ".inf"):
            return float(lowered.replace(".", "", 1))
        return _number(self.text)


@dataclass(frozen=True, slots=True, eq=False)
class ListNode:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class MapNode:
    entries: tuple[tuple[ScalarNode, Node], ...]
    place: Place

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.entries if name.text == key), None)

    def names(self) -> list[str]:
        return [name.text for name, _ in self.entries]


Node = ScalarNode | ListNode | MapNode


def plain_value(node: Node) -> Any:
    """The tree as plain Python values."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [plain_value(item) for item in node.items]
    return {key.text: plain_value(value) for key, value in node.entries}


def is_nothing(node: Node | None) -> bool:
    """Whether nothing stands there: no key, an empty value, or `null`."""
    return node is None or (isinstance(node, ScalarNode) and node.value is None)


def _number(text: str) -> str | int | float:
    match = _NUMBER.fullmatch(text)
    if not match or not (match[1] or (match[2] and len(match[2]) > 1)):
        return text
    digits = text.replace("_", "")
    is_whole = not (match[2] or match[3]) and len(digits) <= _LONGEST_WHOLE
    return int(digits) if is_whole else float(digits)


# --- From a YAML text -------------------------------------------------------------------------------------------------


def parse_yaml(text: str, file: str, notes: Notes) -> Node | None:
    """The tree of a YAML text, None if it is empty. Duplicated keys are noted as faults.

    Raises
    ------
    Unreadable
        If the text is not YAML. The fault has been noted.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        root = YAML(typ="safe", pure=True).compose(io.StringIO(text))
        return None if root is None else _Converter(text, file, notes).convert(root)
    except RecursionError:
        notes.fault(Place(file, 1, 1), "this is nested too deeply to be read.")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        notes.fault(place, _syntax_message(error))
    except YAMLError as error:
        notes.fault(Place(file), f"not readable as YAML: {str(error).splitlines()[0]}")
    raise Unreadable


def _syntax_message(error: Any) -> str:
    context = f"{error.context}, " if error.context else ""
    message = f"not readable as YAML: {context}{error.problem}."
    if "'\\t'" in (error.problem or ""):
        return "a tab stands here, and YAML is indented with spaces: use spaces."
    if "flow" in (error.context or ""):
        return message + _FLOW_HINT
    if "block scalar" in context or "indicator" in (error.problem or ""):
        return message + " Quote a text that begins with a special sign such as > or %."
    if "another document" in (error.problem or ""):
        return "a second document begins here. Put each definition into a file of its own."
    if "mapping values" in (error.problem or ""):
        return message + " Quote a text that has ': ' in it."
    return message


class _Converter:
    """From ruamel's nodes to ours, for one file."""

    def __init__(self, text: str, file: str, notes: Notes) -> None:
        self.text = text
        self.file = file
        self.notes = notes
        self._inside: list[Any] = []
        self._met: set[int] = set()
        self._repeated = 0

    def convert(self, node: Any) -> Node:
        place = self.place(node.start_mark)
        self.count(node)
        if self.is_tagged(node):
            self.notes.fault(place, "'!' means nothing here: write 'not', or quote a text that begins with '!'.")
            return ScalarNode("", True, place, lambda _: place, broken=True)
        if node.id == "scalar":
            return self.scalar(node)
        if node in self._inside:
            self.notes.fault(place, "this list or mapping contains itself.")
            raise Unreadable
        self._inside.append(node)
        converted: Node
        if node.id == "sequence":
            converted = ListNode(tuple(self.items(node)), place)
        else:
            converted = MapNode(tuple(self.entries(node)), place)
        self._inside.pop()
        return converted

    def count(self, node: Any) -> None:
        """Refuse a text whose aliases stand for more than anybody has written."""
        self._repeated += id(node) in self._met
        self._met.add(id(node))
        if self._repeated > _MOST_REPEATED:
            self.notes.fault(
                Place(self.file), f"aliases (*name) repeat more than {_MOST_REPEATED:,} values. Write them out."
            )
            raise Unreadable

    def is_tagged(self, node: Any) -> bool:
        """Whether YAML has taken a '!' for the beginning of a tag, so that it would be lost (not so '!!str')."""
        begin = node.start_mark.index
        return self.text.startswith("!", begin) and not self.text.startswith("!!", begin)

    def items(self, node: Any) -> Iterator[Node]:
        pieces = iter(node.value)
        for piece in pieces:
            if self.is_cut(node, piece):
                yield self.broken(piece, ((rest, rest) for rest in pieces))[0]
            else:
                yield self.convert(piece)

    def entries(self, node: Any) -> Iterator[tuple[ScalarNode, Node]]:
        seen: dict[str, Place] = {}
        pieces = iter(node.value)
        for key_piece, value_piece in pieces:
            key, value = self.entry(node, key_piece, value_piece, pieces)
            if not isinstance(key, ScalarNode):
                self.notes.fault(key.place, "expected a key that is a text." + _FLOW_HINT)
            elif key.text in seen:
                first = seen[key.text].line
                self.notes.fault(key.place, f"the key {key.text!r} is here twice; it first stands in line {first}.")
            else:
                seen[key.text] = key.place
                yield key, value

    def entry(self, node: Any, key: Any, value: Any, following: Iterator[Any]) -> tuple[Node, Node]:
        if self.is_cut(node, key):
            broken, closing = self.broken(key, following)
            return broken, self.convert(closing)
        name = self.convert(key)
        return name, self.broken(value, following)[0] if self.is_cut(node, value) else self.convert(value)

    def is_cut(self, parent: Any, piece: Any) -> bool:
        """Whether YAML has cut a text at a comma inside its brackets. (The last piece has nothing cut off.)"""
        if not parent.flow_style or piece.id != "scalar" or piece.style is not None:
            return False
        last = parent.value[-1] if parent.id == "sequence" else parent.value[-1][1]
        return piece.value.count("(") > piece.value.count(")") and piece is not last

    def broken(self, piece: Any, following: Iterator[tuple[Any, Any]]) -> tuple[ScalarNode, Any]:
        """Note the fault and pass over the (key, value) pieces of the same text; also the value of the last of them."""
        place = self.place(piece.start_mark)
        self.notes.fault(place, f"{piece.value!r} is cut off at the comma.{_FLOW_HINT}")
        closing = piece
        for rest, closing in following:  # noqa: B007
            if rest.id != "scalar" or rest.value.count(")") > rest.value.count("("):
                break
        return ScalarNode(piece.value, True, place, lambda _: place, broken=True), closing

    def scalar(self, node: Any) -> ScalarNode:
        start, raw = node.start_mark, self.text[node.start_mark.index : node.end_mark.index]
        offsets: list[int] = []

        def locate(offset: int) -> Place:
            if not offsets:
                offsets.extend(_raw_offsets(node.value, raw))
            return self.place(start, raw[: offsets[min(offset, len(node.value))]])

        return ScalarNode(node.value, node.style is None, self.place(start), locate)

    def place(self, mark: Any, passed: str = "") -> Place:
        breaks = passed.count("\n")
        column = len(passed) - passed.rfind("\n") - 1 if breaks else mark.column + len(passed)
        return Place(self.file, mark.line + breaks + 1, column + 1)


def _raw_offsets(value: str, raw: str) -> Iterator[int]:
    """Where in the text of the file each character of the value, and its end, stands: through quotes, escapes and
    folding."""
    at = 1 if raw[:1] in ("'", '"') else raw.find("\n") + 1 if raw[:1] in ("|", ">") else 0
    for character in value:
        if not character.isspace():
            at = max(raw.find(character, at), at)
        yield min(at, len(raw))
        at += not character.isspace() or raw[at : at + 1].isspace()
    yield min(at, len(raw))


# --- From Python values -----------------------------------------------------------------------------------------------


def from_python(value: Any, file: str, notes: Notes) -> Node:
    """The tree of mappings, lists and scalars, as a YAML or JSON library returns them. Nothing in it has a line."""
    place = Place(file)
    if isinstance(value, Mapping):
        entries = ((_scalar(str(key), place), from_python(item, file, notes)) for key, item in value.items())
        return MapNode(tuple(entries), place)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ListNode(tuple(from_python(item, file, notes) for item in value), place)
    return _scalar(value, place)


def _scalar(value: Any, place: Place) -> ScalarNode:
    plain = not isinstance(value, str)
    if value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, float) and not math.isfinite(value):
        text = f".{value}" if value == value or value > 0 else ".nan"
        text = text.replace(".-", "-.")
    else:
        text = str(value)
    return ScalarNode(text, plain, place, lambda _: place)
