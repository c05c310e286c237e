"""What `benchmarks.proving.compare` has measured, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.proving.kinds import KINDS

RULE, SCORE, ALONE, TREES, RISK = "fireflower (rule)", "fireflower (score)", "points", "boosted", "fasterrisk"
METHODS = {
    RULE: "**fireflower, rule**",
    SCORE: "**fireflower, score**",
    ALONE: "fireflower's score alone, on the rivals' table",
    "pysubgroup": "pysubgroup, depth 3",
    "optbinning": "optbinning",
    TREES: "boosted trees (LightGBM)",
    RISK: "FasterRisk, 8 items",
    "streed": "STreeD, depth 3",
    "figs": "FIGS, 6 splits",
    "skope": "Skope rules",
    "bayes": "an open-source CRM's naive Bayes",
    "odds": "odds ratios, as in product analytics",
    "first14": "first 14 days, outcome ever",
    "ever": "everything ever",
}
"""Every method, in the order of the tables, and what it is called there."""
NO_RULE = ("drift", "viral", "confounded", "null")
"""Kinds of worlds in which nothing is to be found, or where something predicts though it does not matter."""

_HEAD = 2
"""Lines of a table before its first row."""

Row = dict[str, Any]
"""Of one method in the worlds of one kind: how many worlds, in how many it declares anything; and means."""


def markdown(rows: Sequence[Row]) -> str:
    """Each method in a few kinds, then all kinds beside each other, then the scores."""
    found = {(row["kind"], row["method"]): row for row in rows}
    kinds = [name for name in KINDS if any((name, method) in found for method in METHODS)]
    parts = map(list, (_closely(found), _everywhere(found, kinds), _scores(found, kinds)))
    return "\n\n".join("\n".join(part) for part in parts if len(part) > _HEAD) + "\n"


def _closely(found: dict[tuple[str, str], Row]) -> Iterator[str]:
    """One kind in which there is a rule, with all that is measured; and whether nothing, and traps, are told."""
    yield (
        "| in `and` worlds | true of 3 | false | Jaccard | AUC | log loss | seconds "
        "| in `null`: declared | in `leaks`: traps |"
    )
    yield "|---" * 9 + "|"
    for method, label in METHODS.items():
        if not (row := found.get(("and", method))):
            continue
        null, leaks = found.get(("null", method)), found.get(("leaks", method))
        cells = (
            label,
            f"{row['found']:.1f}",
            f"{row['false']:.1f}",
            _number(row["jaccard"]),
            _number(row["auc"]),
            _number(row["log_loss"]),
            f"{row['seconds']:.2f}",
            f"{null['declared']} of {null['worlds']}" if null else "",
            f"{leaks['traps']:.1f}" if leaks else "",
        )
        yield f"| {' | '.join(cells)} |"


def _everywhere(found: dict[tuple[str, str], Row], kinds: Sequence[str]) -> Iterator[str]:
    """True and other conditions that each names; where there is no rule, in how many worlds it declares anything."""
    shown = [method for method in METHODS if method != ALONE]
    yield f"| | {' | '.join(METHODS[method] for method in shown)} |"
    yield "|---" * (len(shown) + 1) + "|"
    for name in kinds:
        rows = [found.get((name, method)) for method in shown]
        of = next(row["true_events"] for row in rows if row)
        head = f"`{name}`" if name in NO_RULE else f"`{name}` ({of})"
        yield f"| {head} | {' | '.join(_named(name, row) for row in rows)} |"


def _named(name: str, row: Row | None) -> str:
    if row is None:
        return ""
    if name in NO_RULE:
        return f"in {row['declared']} of {row['worlds']}"
    return f"{row['found']:.1f} / {row['false']:.1f}" + (f", {row['traps']:.1f} traps" if row["traps"] else "")


def _scores(found: dict[tuple[str, str], Row], kinds: Sequence[str]) -> Iterator[str]:
    """Discrimination, log loss and seconds of those that give a chance."""
    yield (
        "| | AUC of the score | of boosted trees | difference | of FasterRisk "
        "| log loss of the score | of boosted trees | of FasterRisk | seconds of the score alone | of FasterRisk |"
    )
    yield "|---" * 10 + "|"
    for name in kinds:
        ours, trees = found.get((name, SCORE)), found.get((name, TREES))
        if not ours or not trees or ours["auc"] is None:
            continue
        risk, alone = found.get((name, RISK), {}), found.get((name, ALONE), {})
        gap = f"{ours['auc'] - trees['auc']:+.3f}"
        cells = (
            f"`{name}`",
            *(_number(ours["auc"]), _number(trees["auc"]), gap, _number(risk.get("auc"))),
            *(_number(row.get("log_loss")) for row in (ours, trees, risk)),
            *(f"{row['seconds']:.2f}" if row else "" for row in (alone, risk)),
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
