"""Reading the small histories that a definition carries as tests of its own, and what must come of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal

from fireflower.language import keys
from fireflower.language.cursor import listed
from fireflower.language.documents import (
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    from_python,
    is_nothing,
    plain_value,
)
from fireflower.language.examples import DAY_0, moment_of
from fireflower.language.nodes import Example
from fireflower.language.places import Notes
from fireflower.language.trees import check_keys, mapping_of, number_of, shown, span_of, text_of
from fireflower.model.moments import LATEST
from fireflower.model.records import SubjectKind

Change = Literal["entered", "left"]

_SAYS: dict[str, tuple[str, ...]] = {
    "event": ("event", "person", "account", "properties", "times", "every"),
    "join": ("join", "account", "role"),
    "leave": ("leave", "account"),
    "traits": ("traits", "person", "account"),
}
"""What a line of a history says, by the key that tells it, and the keys that may stand beside `at`."""
_VALUES = ("properties", "traits", "times")
"""The keys of a line whose values are more than texts; an id or a name is what is written, 007 no number."""
MOST_TIMES = 100_000


def examples_from(node: Node | None, subject: SubjectKind, notes: Notes) -> tuple[Example, ...]:
    """The tests under the key `tests`."""
    if node is None:
        return ()
    if not isinstance(node, ListNode):
        notes.fault(node.place, f"expected a list of tests, got {shown(node)}.")
        return ()
    return tuple(_Reader(subject, notes).example(item, number) for number, item in enumerate(node.items, 1))


def example_from(mapping: Mapping[str, Any], subject: SubjectKind) -> Example:
    """An example from plain Python values, as it would stand in a file.

    Raises
    ------
    DefinitionError
        With every fault that was found.
    """
    notes = Notes()
    example = _Reader(subject, notes).example(from_python(mapping, "", notes), 1)
    notes.raise_faults()
    return example


class _Reader:
    def __init__(self, subject: SubjectKind, notes: Notes) -> None:
        self.subject = subject
        self.notes = notes

    def example(self, node: Node, number: int) -> Example:
        form = mapping_of(node, keys.TEST, "a test", self.notes)
        if form is None:
            return Example("", "", (), ())
        given, as_of = form.get("name"), form.get("as_of")
        name = text_of(given, "the test's name", self.notes) if given else f"test {number}"
        self.notes.mention("test", name, form.place)
        return Example(
            name=name,
            subject=self.subject_id(form),
            history=tuple(_said(line) for line in self.history(form)),
            expect=self.expect(form),
            as_of=None if as_of is None else self.moment(as_of),
        )

    def moment(self, node: Node) -> int:
        text = text_of(node, "a moment such as 'day 3' or '2026-01-04 14:00'", self.notes)
        try:
            return moment_of(text) if text else DAY_0
        except ValueError as error:
            self.notes.fault(node.place, f"{error}.")
            return DAY_0

    # --- history

    def history(self, form: MapNode) -> tuple[Node, ...]:
        node = form.get("history")
        if not isinstance(node, ListNode) or not node.items:
            at = form.place if node is None else node.place
            self.notes.fault(
                at, "a test needs `history`: a list of lines such as {at: day 0, event: Login, person: ann}."
            )
            return ()
        for item in node.items:
            self.line(item)
        return node.items

    def line(self, node: Node) -> None:
        line = mapping_of(node, keys.RECORD, "a line of a history", self.notes)
        if line is None:
            return
        when = line.get("at")
        if when is None:
            self.notes.fault(line.place, "this line needs `at`: when it happened, such as 'day 3 14:00'.")
        at = DAY_0 if when is None else self.moment(when)
        said = [key for key in _SAYS if line.get(key) is not None]
        if len(said) != 1:
            self.notes.fault(line.place, f"a line of a history says one of {listed(_SAYS)}, got {shown(line)}.")
        else:
            self.statement(line, said[0], at)

    def statement(self, line: MapNode, said: str, at: int) -> None:
        known = [key for key, _ in line.entries if key.text in keys.RECORD]
        for key in known:
            if key.text != "at" and key.text not in _SAYS[said]:
                self.notes.fault(
                    key.place, f"{key.text!r} has no meaning beside `{said}`; expected {listed(_SAYS[said])}."
                )
        value = line.get(said)
        assert value is not None
        if said == "traits":
            self.traits(line, value)
        else:
            text_of(value, f"a text for `{said}`", self.notes)
        for part in ("person", "account", "role"):
            if (node := line.get(part)) is not None and not is_nothing(node):
                text_of(node, f"a text for `{part}`", self.notes)
        if said in ("join", "leave") and is_nothing(line.get("account")):
            self.notes.fault(line.place, f"`{said}` needs `account`.")
        if said == "event":
            self.event(line, at)

    def traits(self, line: MapNode, value: Node) -> None:
        if not isinstance(value, MapNode):
            self.notes.fault(value.place, f"expected traits as names and values, got {shown(value)}.")
        for key, _ in value.entries if isinstance(value, MapNode) else ():
            text_of(key, "the name of a trait", self.notes)
        if is_nothing(line.get("person")) == is_nothing(line.get("account")):
            self.notes.fault(line.place, "traits need either `person` or `account`, to say whose they are.")

    def event(self, line: MapNode, at: int) -> None:
        if is_nothing(line.get("person")) and is_nothing(line.get("account")):
            self.notes.fault(line.place, "an event needs `person`, `account`, or both.")
        properties, times, every = line.get("properties"), line.get("times"), line.get("every")
        if properties is not None and not isinstance(properties, MapNode):
            self.notes.fault(properties.place, f"expected properties as names and values, got {shown(properties)}.")
        if (times is None) != (every is None):
            self.notes.fault(line.place, "`times` and `every` stand together: {times: 20, every: 1 hour}.")
        how_often = self.times(times) if times is not None else 1
        span = (span_of(every, "a span", self.notes) if every is not None else None) or 0
        if at + (how_often - 1) * span >= LATEST:
            self.notes.fault(line.place, "the last of these events would be in 2100 or later; repeat it less often.")

    def times(self, node: Node) -> int:
        times = number_of(node, "how often", self.notes)
        if times is None or (times.is_integer() and 1 <= times <= MOST_TIMES):
            return int(times or 1)
        self.notes.fault(node.place, f"expected a whole number from 1 to {MOST_TIMES:,}, got {times:g}.")
        return 1

    # --- what it is about, and what must come of it

    def subject_id(self, form: MapNode) -> str:
        node = form.get("subject")
        if node is not None:
            return text_of(node, "a person's or account's id", self.notes)
        history = form.get("history")
        lines = history.items if isinstance(history, ListNode) else ()
        named = {key for line in lines if isinstance(line, MapNode) for key in self.named_by(line)}
        if len(named) == 1:
            return named.pop()
        found = f"the history has {listed(sorted(named))}" if named else "no line of the history names one"
        self.notes.fault(form.place, f"a test needs `subject`, the id of the {self.subject} that it is about: {found}.")
        return ""

    def named_by(self, line: MapNode) -> Iterator[str]:
        for key in ("account",) if self.subject == "account" else ("person", "join", "leave"):
            node = line.get(key)
            if isinstance(node, ScalarNode) and not is_nothing(node):
                yield node.text

    def expect(self, form: MapNode) -> tuple[tuple[Change, int], ...]:
        node = form.get("expect")
        if isinstance(node, ScalarNode) and node.text == "never":
            return ()
        if not isinstance(node, ListNode) or not node.items:
            at = form.place if node is None else node.place
            self.notes.fault(at, "a test needs `expect`: 'never', or a list of lines such as 'entered: day 3 14:00'.")
            return ()
        found = [change for item in node.items for change in self.changes(item)]
        for (earlier, _), (later, _) in pairwise(found):
            if earlier == later:
                self.notes.fault(node.place, f"`{later}` stands here twice in a row; a subject enters, then leaves.")
        if found and found[0][0] == "left":
            self.notes.fault(node.place, "a subject enters before it leaves; begin with `entered`.")
        return tuple(found)

    def changes(self, node: Node) -> Iterator[tuple[Change, int]]:
        if not isinstance(node, MapNode):
            self.notes.fault(node.place, f"expected 'entered: WHEN' or 'left: WHEN', got {shown(node)}.")
            return
        check_keys(node, keys.EXPECTED, "what is expected", self.notes)
        for key, value in node.entries:
            if key.text == "entered":
                yield "entered", self.moment(value)
            elif key.text == "left":
                yield "left", self.moment(value)


def _said(line: Node) -> dict[str, Any]:
    """A line of a history as plain values. (One that is no mapping is a fault, and means nothing.)"""
    entries = line.entries if isinstance(line, MapNode) else ()
    return {key.text: plain_value(value) if key.text in _VALUES else _text(value) for key, value in entries}


def _text(node: Node) -> str | None:
    return node.text if isinstance(node, ScalarNode) and not is_nothing(node) else None
