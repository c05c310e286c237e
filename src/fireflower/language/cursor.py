"""A reading position in one formula, and what the names in it stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from fireflower.language.documents import ScalarNode
from fireflower.language.lexing import LexicalError, Token, tokens_of
from fireflower.language.nodes import Events, Formula, Quantity
from fireflower.language.places import Notes, Place, Unreadable
from fireflower.language.rules import complaints
from fireflower.model.errors import did_you_mean, nearest
from fireflower.model.moments import DAY, parse_span
from fireflower.model.records import SubjectKind

T = TypeVar("T")

DEEPER_ITEM = " (This line is indented deeper than the one above, and so goes on with it: give items one indentation.)"
LONGEST_SPAN = 36_525 * DAY


class Scope(Protocol):
    """What the names in a formula stand for. A name that stands for nothing is None."""

    subject: SubjectKind | None

    def quantity(self, name: str, place: Place) -> Quantity | None: ...
    def formula(self, name: str, place: Place) -> Formula | None: ...
    def anchor(self, name: str, place: Place) -> Events | None: ...
    def quantity_names(self) -> Collection[str]: ...
    def anchor_names(self) -> Collection[str]: ...


@dataclass(slots=True)
class NoNames:
    """A scope in which nothing has a name."""

    subject: SubjectKind | None = None

    def quantity(self, name: str, place: Place) -> Quantity | None:
        return None

    def formula(self, name: str, place: Place) -> Formula | None:
        return None

    def anchor(self, name: str, place: Place) -> Events | None:
        return None

    def quantity_names(self) -> Collection[str]:
        return ()

    def anchor_names(self) -> Collection[str]:
        return ()


@dataclass(slots=True)
class OnlyAnchors(NoNames):
    """A scope in which nothing has a name but anchors."""

    anchors: Mapping[str, Events] = field(default_factory=dict)

    def anchor(self, name: str, place: Place) -> Events | None:
        return self.anchors.get(name)

    def anchor_names(self) -> Collection[str]:
        return self.anchors.keys()


class Cursor:
    """Walks over the tokens of one text and notes faults and mentions at their places."""

    def __init__(self, node: ScalarNode, scope: Scope, notes: Notes) -> None:
        self.node = node
        self.scope = scope
        self.notes = notes
        self.at = 0
        try:
            self.tokens = tokens_of(node.text)
        except LexicalError as error:
            raise self.failure(str(error), error.offset) from None

    # --- Looking and taking

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.peek()
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def is_word(self, *words: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "word" and token.text in words

    def is_sign(self, *signs: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "sign" and token.text in signs

    def accept(self, text: str) -> bool:
        """Take the word or sign if it stands here."""
        if not (self.is_word(text) or self.is_sign(text)):
            return False
        self.take()
        return True

    def expect(self, text: str, after: str) -> None:
        if not self.accept(text):
            raise self.failure(f"expected {text!r} {after}, got {self.shown()}.")

    def expect_no_window(self, first: int, what: str) -> None:
        """Refuse the window that words without quotes, begun at token `first`, would swallow for want of a comma."""
        if self.at > first and self._begins_window():
            raise self.failure(f"expected ',' before {self.shown()}. (If it belongs to {what}, put {what} in quotes.)")

    def begins_item(self) -> bool:
        """Whether a line begins here with '- ', as an item of a list does, and yet belongs to this text."""
        return self.at > 0 and self.is_word("-") and self.place().line > self.place(self.peek(-1).start).line

    def _begins_window(self) -> bool:
        if self.is_word("since"):
            return bool(nearest(self.peek(1).text, self.scope.anchor_names()))
        return self.is_word("last", "within", "any", "gap") and self.peek(1).text[:1].isdigit()

    def expect_end(self) -> None:
        if self.peek().kind != "end":
            done = self.between(max(self.at - 3, 0), self.at)
            raise self.failure(f"expected nothing more after '{done}', got {self.shown()}.{_stray_hint(self)}")

    def between(self, first: int, last: int) -> str:
        """The text from token `first` up to token `last`, without it; runs of white space are one blank."""
        if last <= first:
            return ""
        return " ".join(self.node.text[self.tokens[first].start : self.tokens[last - 1].end].split())

    def shown(self) -> str:
        token = self.peek()
        return "the end" if token.kind == "end" else f"'{self.node.text[token.start : token.end]}'"

    # --- Noting

    def place(self, offset: int | None = None) -> Place:
        return self.node.locate(self.peek().start if offset is None else offset)

    def complain(self, message: str, offset: int | None = None) -> None:
        """Note a fault after which reading can go on."""
        self.notes.fault(self.place(offset), message)

    def failure(self, message: str, offset: int | None = None) -> Unreadable:
        """Note a fault after which this text cannot be read on; to be raised."""
        self.complain(message, offset)
        return Unreadable()

    def mention(self, what: str, name: str, offset: int) -> None:
        self.notes.mention(what, name, self.place(offset))

    def obey(self, node: Any, offset: int) -> None:
        """Note what the rules of the language have against the node."""
        for complaint in complaints(node, self.scope.subject):
            self.complain(complaint + ".", offset)


def read_whole(node: ScalarNode, scope: Scope, notes: Notes, read: Callable[[Cursor], T]) -> T | None:
    """What `read` finds in a text that holds nothing else; None, and the fault noted, if it cannot be read."""
    if node.broken:
        return None
    try:
        cursor = Cursor(node, scope, notes)
        result = read(cursor)
        cursor.expect_end()
        return result
    except Unreadable:
        return None
    except RecursionError:
        notes.fault(node.place, "this is nested too deeply to be read; give names to its parts.")
        return None


def _stray_hint(cursor: Cursor) -> str:
    token = cursor.peek()
    if cursor.begins_item():
        return DEEPER_ITEM
    if token.text in ("&&", "&"):
        return " Write 'and'."
    if token.text in ("||", "|"):
        return " Write 'or'."
    before = cursor.peek(-1) if cursor.at else token
    if token.text == "," and before.kind == "number":
        return " Numbers are written without commas: 2000 or 2_000."
    return ""


def read_span(cursor: Cursor) -> int:
    """A span such as `7 days` or `30m`."""
    first = cursor.at
    start = cursor.take()
    if start.kind == "number" and cursor.peek().kind == "word":
        cursor.take()
    text = cursor.between(first, cursor.at) if start.kind != "end" else ""
    return checked_span(text, cursor.notes, cursor.place(start.start))


def checked_span(text: str, notes: Notes, place: Place) -> int:
    """The span that a text says; a day, and a fault noted, if it says none."""
    try:
        span = parse_span(text)
    except (ValueError, OverflowError) as error:
        notes.fault(place, f"{error}.{_calendar_hint(text)}")
        return DAY
    if span > LONGEST_SPAN:
        notes.fault(place, f"{text!r} is longer than 100 years; leave the window out for all of history.")
        return DAY
    return span


def _calendar_hint(text: str) -> str:
    lowered = text.lower()
    if lowered.endswith("ms") or "milli" in lowered:
        return " Seconds are the shortest unit: write 0.5 seconds."
    if "month" in lowered:
        return " Months differ in length: write 30 days."
    if "year" in lowered or "quarter" in lowered:
        return " Years and quarters differ in length: write 365 days or 91 days."
    unit, units = lowered.strip("-0123456789. "), ("seconds", "minutes", "hours", "days", "weeks")
    return "" if f"{unit.removesuffix('s')}s" in units else did_you_mean(unit, units)


def listed(words: Collection[str], last: str = "or") -> str:
    """'a, b or c', for messages."""
    ordered = list(words)
    if len(ordered) < 2:
        return ordered[0] if ordered else "nothing"
    return f"{', '.join(ordered[:-1])} {last} {ordered[-1]}"
