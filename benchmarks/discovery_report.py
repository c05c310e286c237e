"""What `benchmarks.discovery` has measured, as tables and targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby
from statistics import fmean
from typing import Any

from fireflower.review.intervals import difference, wilson

LEARNT = 250
"""Conversions from which on the true rule is to be found."""

Row = dict[str, Any]


def markdown(rows: Sequence[Row]) -> str:
    """The tables, then what was to be reached."""
    by_kind = {name: list(group) for name, group in groupby(sorted(rows, key=_kind), key=_kind)}
    parts = (_curve(by_kind.get("and", [])), _kinds(by_kind), _targets(by_kind))
    return "\n\n".join(text for text in ("\n".join(part) for part in parts) if text) + "\n"


def _kind(row: Row) -> str:
    return str(row["kind"])


def _conversions(row: Row) -> int:
    return int(row["conversions"])


def _by_score(row: Row) -> Row:
    """What was judged of the score; where there is none, it has found nothing."""
    found: Row = row["by"].get("score") or {"recovered": False, "found": 0}
    return found


def _curve(rows: Sequence[Row]) -> Iterator[str]:
    """How often the true rule is found, by what there is to learn from."""
    if not rows:
        return
    yield "| conversions | worlds | signal | whole rule found | thresholds, too | true conditions of 3 | CPU s |"
    yield "|---|---|---|---|---|---|---|"
    for conversions, group in groupby(sorted(rows, key=_conversions), key=_conversions):
        them = list(group)
        cells = (
            f"{conversions:,}",
            str(len(them)),
            _share(them, _declared),
            _share(them, lambda row: row["by"]["rule"]["recovered"]),
            _share(them, lambda row: row["by"]["rule"]["thresholds"]),
            f"{fmean(row['by']['rule']['found'] for row in them):.2f}",
            f"{fmean(row['seconds'] for row in them):.0f}",
        )
        yield f"| {' | '.join(cells)} |"


def _kinds(by_kind: dict[str, list[Row]]) -> Iterator[str]:
    """What is found in worlds of each kind."""
    head = (
        "world", "worlds", "signal", "whole rule found", "by the score", "true conditions in either", "traps",
        "above predictive", "claim held",
    )  # fmt: skip
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    of_each = {
        (name, conversions): list(group)
        for name, rows in by_kind.items()
        for conversions, group in groupby(sorted(rows, key=_conversions), key=_conversions)
        if name != "and" or conversions == LEARNT
    }
    for (name, conversions), them in of_each.items():
        of = them[0]["by"]["rule"]["true_events"]
        cells = (
            name if conversions == LEARNT else f"{name}, {conversions:,} conversions",
            str(len(them)),
            _share(them, _declared),
            _share(them, lambda row: row["by"]["rule"]["recovered"]) if of else "",
            _share(them, lambda row: _by_score(row)["recovered"]) if of else "",
            f"{fmean(max(row['by']['rule']['found'], _by_score(row)['found']) for row in them):.2f} of {of}"
            if of
            else "",
            str(sum(bool(_traps(row)) for row in them)),
            str(sum(row["by"]["rule"]["grade"] == "adjusted" for row in them)),
            _share([row for row in them if _claims(row)], _claim_holds),
        )
        yield f"| {' | '.join(cells)} |"


def _targets(by_kind: dict[str, list[Row]]) -> Iterator[str]:
    """What was to be reached, and what was."""
    rules, every = by_kind.get("and", []), list(chain.from_iterable(by_kind.values()))
    null, confounded = by_kind.get("null", []), by_kind.get("confounded", [])
    yield "| target | to reach | measured | worlds | reached |"
    yield "|---|---|---|---|---|"
    for conversions in (250, 1000):
        them = [row for row in rules if row["conversions"] == conversions]
        yield from _target(
            f"true rule found, {conversions:,} conversions", them, lambda row: row["by"]["rule"]["recovered"], 0.95
        )
    yield from _target("a rule declared where nothing matters", null, _declared, 0.05, most=True)
    yield from _target(
        "above predictive in confounded worlds", confounded, lambda row: row["by"]["rule"]["grade"] == "adjusted", 0.05,
        most=True,
    )  # fmt: skip
    yield from _target("a trap recommended", every, lambda row: bool(_traps(row)), 0.0, most=True)
    yield from _target(
        "claimed less realised, within its interval", [r for r in every if _claims(r)], _claim_holds, 0.93
    )


def _target(
    what: str, rows: Sequence[Row], holds: Callable[[Row], bool], bound: float, most: bool = False
) -> Iterator[str]:
    if not rows:
        return
    count = sum(map(holds, rows))
    share = count / len(rows)
    limits = wilson(count, len(rows))
    reached = share <= bound if most else share >= bound
    to_reach = f"{100 * bound:g} % or {'less' if most else 'more'}" if bound else "none"
    said = f"{100 * share:.1f} % (95 % interval {100 * limits.low:.1f} to {100 * limits.high:.1f})"
    yield f"| {what} | {to_reach} | {said} | {len(rows)} | {'yes' if reached else 'NO'} |"


def _share(rows: Sequence[Row], holds: Callable[[Row], bool]) -> str:
    return f"{sum(map(holds, rows))} of {len(rows)}" if rows else ""


def _declared(row: Row) -> bool:
    return bool(row["verdict"] == "signal")


def _traps(row: Row) -> set[str]:
    """Traps among what the rule or the score would have people use."""
    return {trap for each in row["by"].values() for trap in each["traps"] if trap in each["named"]}


def _claims(row: Row) -> bool:
    rule = row["by"]["rule"]
    return bool(rule["declared"] and rule["selected"])


def _claim_holds(row: Row) -> bool:
    """Whether the interval of claimed less realised, which has the chance of both in it, holds nought."""
    rule = row["by"]["rule"]
    value, low, high = rule["claimed"]
    realised = wilson(round(rule["realised"] * rule["selected"]), rule["selected"])
    claimed = type(realised)(value, low, high, realised.n, "claimed")
    found = difference(claimed, realised)
    return bool(found.low <= 0 <= found.high)
