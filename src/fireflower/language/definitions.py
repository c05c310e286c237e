"""Reading one definition from its tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from fireflower.language import keys
from fireflower.language.documents import MapNode, Node
from fireflower.language.expressions import NOTHING
from fireflower.language.histories import examples_from
from fireflower.language.names import Names, subject_from
from fireflower.language.nodes import CIRCLES, KINDS, All, Circle, Definition, Formula, Settings
from fireflower.language.places import Notes
from fireflower.language.rules import SKILL_MESSAGE
from fireflower.language.trees import choice_of, mapping_of, span_of, text_of, truth_of

T = TypeVar("T")


def definition_from(node: Node, file: str, settings: Settings | None, notes: Notes) -> Definition:
    """The definition in a tree. With faults noted, it is not to be used."""
    form = mapping_of(node, keys.DEFINITION, "a definition", notes)
    if form is None:
        return Definition("", "account", NOTHING)
    names = Names(form, subject_from(form, notes), settings, notes)
    circles = tuple((circle, found) for circle in CIRCLES if (found := names.circle(circle)) is not None)
    names.read_anchors()
    _refuse_ability(form, notes)
    subject = names.subject or "account"
    definition = Definition(
        name=_name(form, notes),
        subject=subject,
        qualified=_qualified(form, circles, names, notes),
        kind=_optional(form, "kind", lambda node: choice_of(node, KINDS, "a kind", notes)) or "usage",
        circles=circles,
        goal=names.goal,
        keep_after_goal=_optional(form, "keep_after_goal", lambda node: truth_of(node, "`keep_after_goal`", notes))
        or False,
        cooldown=_optional(form, "cooldown", lambda node: span_of(node, "a span", notes)) or 0,
        score=names.score(),
        description=_optional(form, "description", lambda node: text_of(node, "a text", notes)) or "",
        owner=_optional(form, "owner", lambda node: text_of(node, "a text", notes)) or "",
        quantities=names.quantities(),
        examples=examples_from(form.get("tests"), subject, notes),
        file=file,
    )
    return replace(definition, mentions=notes.sorted_mentions())


def _optional(form: MapNode, key: str, read: Callable[[Node], T | None]) -> T | None:
    node = form.get(key)
    return None if node is None else read(node)


def _name(form: MapNode, notes: Notes) -> str:
    node = form.get("definition")
    if node is None:
        notes.fault(form.place, "expected the key 'definition' with the definition's name.")
        return ""
    name = text_of(node, "the definition's name", notes)
    if re.search(r"[\x00-\x1f/\\]", name):
        notes.fault(node.place, "a definition's name is one line without slashes, such as team-ready-to-pay.")
    elif len(name.split()) > 1:
        notes.fault(node.place, f"a definition's name is one word: write {'-'.join(name.split())}.")
    notes.mention("key", "definition", node.place)
    return name


def _refuse_ability(form: MapNode, notes: Notes) -> None:
    for key, _ in form.entries:
        if key.text == "ability":
            notes.fault(key.place, SKILL_MESSAGE + ".")


def _qualified(form: MapNode, circles: tuple[tuple[Circle, Formula], ...], names: Names, notes: Notes) -> Formula:
    """The formula `qualified`; without it, all circles together."""
    qualified = names.circle("qualified")
    if qualified is not None:
        return qualified
    if not circles:
        hint = " A score alone qualifies nobody: write `qualified: score >= 60`." if form.get("score") else ""
        notes.fault(form.place, f"expected `qualified`, or one of the circles value, fit, intent.{hint}")
    parts = tuple(formula for _, formula in circles)
    return parts[0] if len(parts) == 1 else All(parts)
