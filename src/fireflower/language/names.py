"""What names stand for in one definition: its quantities, anchors, circles and score."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from fireflower.language.calls import FUNCTIONS
from fireflower.language.documents import MapNode, Node, ScalarNode
from fireflower.language.expressions import NOTHING, UNKNOWN
from fireflower.language.forms import Reading, events_from, formula_from, goal_from
from fireflower.language.nodes import CIRCLES, Events, Formula, Quantity, Score, Settings
from fireflower.language.places import Notes, Place
from fireflower.language.quantities import quantity_from
from fireflower.language.scores import score_from
from fireflower.language.selections import NO_EVENTS
from fireflower.language.trees import choice_of, shown
from fireflower.model.records import SubjectKind

T = TypeVar("T")

SUBJECTS: tuple[SubjectKind, ...] = ("person", "account")
PROJECT_ANCHORS = ("start", "activation", "goal")
RESERVED = frozenset(
    {*CIRCLES, *FUNCTIONS, "qualified", "score", "members", "did", "no", "not", "and", "or", "in", "is", "between"}
    | {"person", "account", "properties", "always", "never", "true", "false", "any", "last", "within", "since", "ever"}
)
_NAME = re.compile(r"[^\W\d][\w-]*")


class Names:
    """Each name is read when it is first asked for, so that their order in the file is free, and one that leads back to
    itself is found."""

    def __init__(self, form: MapNode, subject: SubjectKind | None, settings: Settings | None, notes: Notes) -> None:
        self.form = form
        self.subject = subject
        self.settings = settings
        self.notes = notes
        self.reading = Reading(self, notes)
        self._found: dict[tuple[str, str], Any] = {}
        self._under_way: list[tuple[str, str]] = []
        self._quantities = self._declared("quantities")
        self._anchors = self._declared("anchors")
        self.goal = self._goal()

    # --- What a name stands for

    def quantity(self, name: str, place: Place) -> Quantity | None:
        if name == "score" and self.form.get("score") is not None:
            return self._resolve("score", name, place, self._read_score, UNKNOWN)
        if name not in self._quantities:
            return None
        return self._resolve(
            "quantity", name, place, lambda: quantity_from(self._quantities[name], self.reading), UNKNOWN
        )

    def formula(self, name: str, place: Place) -> Formula | None:
        """The formula under a key of the definition: a circle, or `qualified`."""
        node = self.form.get(name)
        if node is None:
            return None
        return self._resolve("formula", name, place, lambda: formula_from(node, self.reading), NOTHING)

    def anchor(self, name: str, place: Place) -> Events | None:
        if name in self._anchors:
            return self._resolve(
                "anchor", name, place, lambda: events_from(self._anchors[name], self.reading), NO_EVENTS
            )
        return self._project_anchor(name, place) if name in PROJECT_ANCHORS else None

    def quantity_names(self) -> Collection[str]:
        return self._quantities.keys()

    def anchor_names(self) -> Collection[str]:
        return (*self._anchors, *PROJECT_ANCHORS)

    def _project_anchor(self, name: str, place: Place) -> Events:
        events = self.goal if name == "goal" else getattr(self.settings, name, None)
        if events is None:
            self.notes.fault(
                place, f"the project does not say what {name!r} is. Add `{name}: EVENT` to fireflower.yaml."
            )
        return events or NO_EVENTS

    def _resolve(self, what: str, name: str, place: Place, read: Callable[[], T], nothing: T) -> T:
        """What `read` reads, once; `nothing`, and a fault noted, if reading it has led back to it."""
        key = (what, name)
        if key in self._found:
            return self._found[key]
        if key in self._under_way:
            way = [*(name for _, name in self._under_way[self._under_way.index(key) :]), name]
            self.notes.fault(place, f"circular reference: {' -> '.join(way)}. Nothing can be made of itself.")
            return nothing
        self._under_way.append(key)
        found = self._found[key] = read()
        self._under_way.pop()
        return found

    # --- Reading what is declared

    def circle(self, name: str) -> Formula | None:
        """The formula under a key, None if there is no such key."""
        node = self.form.get(name)
        return None if node is None else self.formula(name, node.place)

    def score(self) -> Score | None:
        node = self.form.get("score")
        found = None if node is None else self.quantity("score", node.place)
        return found if isinstance(found, Score) else None

    def quantities(self) -> tuple[tuple[str, Quantity], ...]:
        """All named quantities, in the order of the file."""
        return tuple((name, self.quantity(name, node.place) or UNKNOWN) for name, node in self._quantities.items())

    def read_anchors(self) -> None:
        """Read also the anchors that no window has asked for, so that their faults are found."""
        for name, node in self._anchors.items():
            self.anchor(name, node.place)

    def _read_score(self) -> Quantity:
        node = self.form.get("score")
        assert node is not None
        return score_from(node, self.reading)

    def _goal(self) -> Events | None:
        node = self.form.get("goal")
        if node is None:
            return self.settings.goal if self.settings else None
        return goal_from(node, self.reading)

    def _declared(self, key: str) -> dict[str, Node]:
        node = self.form.get(key)
        if node is None:
            return {}
        if not isinstance(node, MapNode):
            self.notes.fault(node.place, f"expected lines of 'name: ..' under `{key}:`, got {shown(node)}.")
            return {}
        for name, _ in node.entries:
            self._check_name(name)
        return {name.text: value for name, value in node.entries}

    def _check_name(self, name: ScalarNode) -> None:
        if name.text in RESERVED:
            self.notes.fault(name.place, f"{name.text!r} is a word of the language; choose another name.")
        elif not _NAME.fullmatch(name.text):
            self.notes.fault(
                name.place, f"{name.text!r} is no name: expected letters, digits, _ and -, without blanks."
            )


def subject_from(form: MapNode, notes: Notes) -> SubjectKind | None:
    node = form.get("subject")
    if node is None:
        notes.fault(form.place, "expected the key 'subject' with person or account.")
        return None
    return choice_of(node, SUBJECTS, "a subject", notes)
