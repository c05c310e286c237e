"""What `benchmarks.proving.compare` has measured, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from benchmarks.kept import Row
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

Found = dict[tuple[str, str], list[Row]]
"""(kind, method) -> a row for each world."""


def markdown(rows: Sequence[Row]) -> str:
    """Each method in one kind, then all kinds beside each other, then the scores."""
    found: Found = {}
    for row in rows:
        found.setdefault((row["kind"], row["method"]), []).append(row)
    parts = map(list, (_closely(found), _everywhere(found), _scores(found)))
    return "\n\n".join("\n".join(part) for part in parts if len(part) > _HEAD) + "\n"


def _closely(found: Found) -> Iterator[str]:
    """One kind in which there is a rule, with all that is measured; and whether nothing, and traps, are told."""
    yield (
        "| in `and` worlds | true of 3 | false | Jaccard | AUC | log loss | CPU s "
        "| in `null`: declared | in `leaks`: traps |"
    )
    yield "|---" * 9 + "|"
    for method, label in METHODS.items():
        if not (rows := found.get(("and", method))):
            continue
        cells = (
            label,
            *(_mean(rows, name, ".1f") for name in ("found", "false")),
            *(_mean(rows, name, ".3f") for name in ("jaccard", "auc", "log_loss")),
            _mean(rows, "seconds", ".2f"),
            _declared(found.get(("null", method), [])),
            _mean(found.get(("leaks", method), []), "traps", ".1f"),
        )
        yield f"| {' | '.join(cells)} |"


def _everywhere(found: Found) -> Iterator[str]:
    """True and other conditions that each names; where there is no rule, in how many worlds it declares anything."""
    shown = [method for method in METHODS if method != ALONE]
    yield f"| | {' | '.join(METHODS[method] for method in shown)} |"
    yield "|---" * (len(shown) + 1) + "|"
    for name in KINDS:
        of_each = [found.get((name, method), []) for method in shown]
        if not (of := {row["true_events"] for rows in of_each for row in rows}):
            continue
        head = f"`{name}`" if name in NO_RULE else f"`{name}` ({max(of)})"
        said = _declared if name in NO_RULE else _named
        yield f"| {head} | {' | '.join(said(rows) for rows in of_each)} |"


def _declared(rows: Sequence[Row]) -> str:
    return f"in {sum(row['declared'] for row in rows)} of {len(rows)}" if rows else ""


def _named(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    traps = f", {_mean(rows, 'traps', '.1f')} traps" if any(row["traps"] for row in rows) else ""
    return f"{_mean(rows, 'found', '.1f')} / {_mean(rows, 'false', '.1f')}{traps}"


def _scores(found: Found) -> Iterator[str]:
    """Discrimination and log loss of those that give a chance, in the worlds in which both do, on the same people."""
    yield (
        "| | worlds | AUC of the score, of boosted trees | log loss of the score, of boosted trees "
        "| worlds | AUC of the score, of FasterRisk | log loss of the score, of FasterRisk "
        "| CPU s of the score alone, of FasterRisk |"
    )
    yield "|---" * 8 + "|"
    for name in KINDS:
        ours = found.get((name, SCORE), [])
        trees, risk = (_pairs(ours, found.get((name, method), [])) for method in (TREES, RISK))
        if not trees and not risk:
            continue
        alone = _pairs(found.get((name, ALONE), []), found.get((name, RISK), []))
        cells = (
            *(f"`{name}`", str(len(trees)), _beside(trees, "auc"), _beside(trees, "log_loss")),
            *(str(len(risk)), _beside(risk, "auc"), _beside(risk, "log_loss"), _beside(alone, "seconds", ".2f")),
        )
        yield f"| {' | '.join(cells)} |"


Pairs = list[tuple[Row, Row]]


def _pairs(ours: Sequence[Row], theirs: Sequence[Row]) -> Pairs:
    """Rows of the same worlds, where both give chances to the same people."""
    there = {row["seed"]: row for row in theirs if row["auc"] is not None}
    both = ((row, there.get(row["seed"])) for row in ours if row["auc"] is not None)
    return [(one, other) for one, other in both if other is not None and one["at_risk"] == other["at_risk"]]


def _beside(pairs: Pairs, name: str, form: str = ".3f") -> str:
    if not pairs:
        return ""
    one, other = (fmean(pair[side][name] for pair in pairs) for side in (0, 1))
    return f"{one:{form}}, {other:{form}}" + (f" ({one - other:+.3f})" if name == "auc" else "")


def _mean(rows: Sequence[Row], name: str, form: str) -> str:
    """Of those that are known."""
    known = [row[name] for row in rows if row[name] is not None]
    return f"{fmean(known):{form}}" if known else ""
