"""Precision and coverage as rows to be set beside each other."""

from __future__ import annotations

from dataclasses import dataclass

from fireflower.report import wording
from fireflower.review.intervals import Estimate
from fireflower.review.results import Backtest


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share, whose it is, in which colour, and what was counted."""

    who: str
    estimate: Estimate
    colour: str
    counted: str


def precision_rows(backtest: Backtest) -> list[ShareRow]:
    """Those who qualified beside others like them who did not."""
    compared, noun = backtest.comparison, backtest.subjects
    rows = [ShareRow("Qualified", backtest.precision, "accent", _of(backtest.converted, backtest.followed))]
    if compared.matched and compared.matched != backtest.followed:
        counted = wording.count(compared.matched, noun)
        rows.append(ShareRow("Qualified, with others to compare", compared.qualified, "accent", counted))
    others = wording.count(compared.control_subjects, noun)
    return [*rows, ShareRow("Comparable others", compared.controls, "quiet", others)]


def coverage_rows(backtest: Backtest) -> list[ShareRow]:
    """How many had been qualified before the goal, and how long before."""
    coverage = backtest.coverage
    rows = [ShareRow("Qualified before", coverage.share, "flame", _of(coverage.before, coverage.reached))]
    for ahead, estimate in coverage.lead_times.at_least:
        counted = f"of {wording.count(estimate.n, coverage.subjects)}"
        rows.append(ShareRow(f"At least {wording.count(ahead, 'day')} before", estimate, "flame", counted))
    return rows


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"
