"""Frequency caps: whether one more delivery would be too many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from fireflower.destinations.nodes import Cap
from fireflower.model.moments import format_span
from fireflower.model.records import SubjectKind


class Ledger(Protocol):
    """What planning needs to know of the deliveries that have been planned before, in this transaction too."""

    def dues(self, destination: str, subject: tuple[SubjectKind, str] | None, after: int, before: int) -> Sequence[int]:
        """When the destination's deliveries were or are due, in any order: of one subject, or of all if None, strictly
        between two moments. Without those that are dead or retract something, and without what was withheld."""
        ...

    def has(self, key: str) -> bool:
        """Whether a delivery of this key was planned (not withheld)."""
        ...


def exceeded(caps: Iterable[Cap], ledger: Ledger, destination: str, subject: tuple[SubjectKind, str], due: int) -> str:
    """Why a delivery due at this moment would be one too many; "" if it would not."""
    for cap in caps:
        whose = subject if cap.each == "subject" else None
        near = sorted([*ledger.dues(destination, whose, due - cap.per, due + cap.per), due])
        if _crowded(near, cap):
            return f"the cap is reached: at most {cap.at_most} per {format_span(cap.per)} for each {cap.each}"
    return ""


def _crowded(dues: Sequence[int], cap: Cap) -> bool:
    """Whether more than `at_most` of the sorted moments lie within some half-open span `per`.

    >>> from fireflower.destinations.nodes import Cap
    >>> _crowded([0, 5, 10], Cap(2, 10)), _crowded([0, 5, 9], Cap(2, 10))
    (False, True)
    """
    return any(last - first < cap.per for first, last in zip(dues, dues[cap.at_most :], strict=False))
