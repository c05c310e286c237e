"""Which threshold curves tell something, and which of their bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fireflower.model.records import SubjectKind
from fireflower.review.results import ThresholdCurve
from fireflower.review.words import count

_HARDLY_ANY = 0.05
"""With up to such a share of those who qualify now, there is nobody left to learn from."""
_LITTLE = 0.1
"""Up to such a share more or less, another bound changes hardly anything."""


def trimmed(curve: ThresholdCurve) -> ThresholdCurve:
    """Without the bounds at its ends that lie outside of the data: at which hardly anybody qualifies, or at which
    nothing changes any more. The bound of the definition stays."""
    last, current = len(curve.thresholds) - 1, curve.current
    first = next(i for i in range(current + 1) if i == current or _tells(curve, i, 1))
    end = next(i for i in range(last, current - 1, -1) if i == current or _tells(curve, i, -1))
    kept = slice(first, end + 1)
    return replace(
        curve,
        current=current - first,
        thresholds=curve.thresholds[kept],
        per_week=curve.per_week[kept],
        entered=curve.entered[kept],
        followed=curve.followed[kept],
        precision=curve.precision[kept],
        coverage=curve.coverage[kept],
    )


def _tells(curve: ThresholdCurve, i: int, inwards: int) -> bool:
    """Whether enough qualify at a bound near an end to say something, and not just those who do at the next two."""
    beside = (i + inwards, i + 2 * inwards)
    is_flat = curve.current != beside[0] and all(
        0 <= j < len(curve.thresholds) and _outcome(curve, j) == _outcome(curve, i) for j in beside
    )
    return curve.entered[i] > _HARDLY_ANY * curve.entered[curve.current] and not is_flat


def _outcome(curve: ThresholdCurve, i: int) -> tuple[Any, ...]:
    known = (each.value if each.known else None for each in (curve.precision[i], curve.coverage[i]))
    return curve.entered[i], curve.followed[i], *known


def tells_nothing(curve: ThresholdCurve, subjects: SubjectKind) -> str:
    """Why a trimmed curve is not worth a look, in words; "" if it is."""
    now = curve.entered[curve.current]
    if len(curve.thresholds) == 1:
        return "at other bounds hardly anybody would qualify" if now else "nobody qualifies, whatever the bound"
    if not all(_is_like_now(curve, i) for i in range(len(curve.thresholds))):
        return ""
    low, high = min(curve.entered), max(curve.entered)
    if low == high:
        return f"the same {count(now, subjects)} would have qualified at other bounds"
    return f"other bounds would have changed little: {low:,} to {count(high, subjects)} instead of {now:,}"


def _is_like_now(curve: ThresholdCurve, i: int) -> bool:
    """Whether about as many qualify as by the bound of the definition, and as many of those who reach the goal."""
    shares = curve.coverage[i], curve.coverage[curve.current]
    return _is_like(curve.entered[i], curve.entered[curve.current]) and (
        not all(share.known for share in shares) or _is_like(*(share.value for share in shares))
    )


def _is_like(value: float, now: float) -> bool:
    return abs(value - now) <= _LITTLE * now
