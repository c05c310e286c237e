"""Explanations in JSON, and the words in them that are the same wherever they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fireflower.model.moments import format_moment, format_span, iso

if TYPE_CHECKING:
    from fireflower.evaluate.doers import Doer
    from fireflower.evaluate.explain import Explanation, ScoreLine
    from fireflower.evaluate.results import Evidence


def asked(state: Evidence) -> str:
    """The condition as its author wrote it; in plain English where it was built in Python."""
    from fireflower.language.describing import as_written

    return as_written(state.condition)


def there_is(state: Evidence) -> str:
    """The quantity's value, in its own unit; a share in per cent where the condition asks so."""
    from fireflower.language import phrases
    from fireflower.language.describing import said_in_percent

    if state.value is None:
        return "missing"
    return phrases.there_is(state.value, state.condition, in_percent=said_in_percent(state.condition))


def score_in_words(found: Explanation) -> str:
    """The score as the definition's condition on it shows it; by itself where none asks for it."""
    from fireflower.language.phrases import number

    asking = (state for state in found.conditions if state.condition.quantity == found.definition.score)
    state = next(asking, None)
    return there_is(state) if state else number(found.score or 0.0)


def points_in_words(line: ScoreLine) -> str:
    """What a line of a score gives, and of how much at most: "12.5 of 20"."""
    from fireflower.language.phrases import number
    from fireflower.language.rounding import decimals, rounded

    bounds = [] if line.most is None else [line.most]
    given = number(rounded(line.points, [0.0, *bounds], decimals(line.points, 3)))
    return " of ".join([given, *map(number, bounds)])


def doer_in_words(doer: Doer) -> str:
    """ "Ann Example, ann@acme.example (owner)"; their id where nothing else is known."""
    called = ", ".join(filter(None, (doer.name, doer.title, doer.email)))
    return (called or doer.person) + (f" ({doer.role})" if doer.role else "")


def deeds_in_words(doer: Doer) -> str:
    """ "own reports 38 of 46, Pricing Viewed 2 of 2"."""
    return ", ".join(f"{deed.what} {deed.own:,} of {deed.of:,}" for deed in doer.deeds)


def held_back(found: Explanation) -> str:
    """What keeps a subject from qualifying whatever its conditions say, in a sentence; "" if nothing does."""
    from fireflower.evaluate.results import Reason
    from fireflower.language.phrases import events

    back, definition = found.held_back, found.definition
    if back is None:
        return ""
    if back.reason == Reason.LEFT_OUT:
        return f"It is left out of every definition: {back.by}."
    if back.reason == Reason.CONVERTED and definition.goal is not None and back.since is not None:
        goal = events(definition.goal)
        return f"It has reached the goal {goal} ({to_the_second(back.since)}), after which nobody qualifies."
    span = format_span(definition.cooldown)
    return f"Its cooldown of {span} lasts until {to_the_second(back.until or 0)}; it cannot qualify before."


def people_left_out(found: Explanation) -> str:
    """How many of an account's people are left out, in a sentence; "" if none are."""
    out = found.people_left_out
    if not out:
        return ""
    whom = "1 of its people is" if out == 1 else f"{out:,} of its people are"
    return f"{whom} left out, and what they did counts for nothing."


def to_the_second(moment: int) -> str:
    """A moment for people; JSON has the exact one."""
    return format_moment(moment)[:19]


def condition_json(state: Evidence, tipped: Mapping[int, str]) -> dict[str, Any]:
    """One condition.

    Parameters
    ----------
    tipped : the records that tip conditions, in words, by the names of their rows
    """
    return {
        "condition": asked(state),
        "holds": state.holds,
        "value": finite(state.value),
        "since": iso(state.since),
        "tipped_by": tipped.get(state.row) if state.row is not None else None,
    }


def explanation_json(found: Explanation, tipped: Mapping[int, str]) -> dict[str, Any]:
    """How a subject stands with a definition, all of it."""
    from fireflower.language.describing import describe_item

    states = {"conditions": found.conditions, "missing": found.missing}
    return {
        "definition": found.definition.name,
        "subject_kind": found.kind,
        "subject": found.subject,
        "as_of": iso(found.as_of),
        "qualified": found.qualified,
        "since": iso(found.since),
        "reason": found.reason and found.reason.label,
        "held_back": found.held_back and {"in_words": held_back(found), "until": _iso(found.held_back.until)},
        "people_left_out": found.people_left_out,
        "circles": {circle.name: circle.holds for circle in found.circles},
        **{name: [condition_json(state, tipped) for state in part] for name, part in states.items()},
        "next_step": found.next_step or None,
        "doers": [
            {"person": doer.person, "name": doer.name or None, "title": doer.title or None,
             "email": doer.email or None, "role": doer.role or None, "last": iso(doer.last),
             "deeds": [{"what": deed.what, "own": deed.own, "of": deed.of} for deed in doer.deeds]}
            for doer in found.doers
        ],
        "score": finite(found.score),
        "score_lines": [
            {"line": describe_item(line.item), "points": finite(line.points), "most": line.most,
             "conditions": [condition_json(state, tipped) for state in line.conditions]}
            for line in found.score_lines
        ],
        "history": [
            {"at": iso(change.at), "known_at": iso(change.known_at), "change": "entered" if change.entered else "left",
             "reason": change.reason.label}
            for change in found.history
        ],
    }  # fmt: skip


def _iso(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)


def finite(value: Any) -> Any:
    """The value, None in the place of numbers that JSON does not know."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
