"""What could be seen at best: how often somebody who knew the true conditions, and looked at nothing else, would see
each of them at work.

python -m benchmarks.proving.bound --kinds points and --conversions 250 1000

A logistic model of the true conditions alone, on those who are at risk at the landmark and were followed for the whole
horizon; "seen" is a coefficient beyond 1.645 of its standard errors (one-sided, 5 %). Whoever has to find the
conditions among hundreds sees less.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from benchmarks.proving.chance import Floats
from benchmarks.proving.history import DAY
from benchmarks.proving.kinds import KINDS, kind
from benchmarks.proving.world import World, build

SEEN = 1.645
_STEPS = 30


def standing(world: World) -> Floats:
    """How many standard errors each true condition lies above nought, in the order of the rule.

    Raises
    ------
    ValueError
        If nothing matters in the world.
    """
    rule = world.truth.rule_at(world.cut)
    if rule is None:
        raise ValueError(f"no true rule in worlds of the kind {world.kind.name!r}")
    history, days = world.history, world.kind.landmark
    closed = history.signed_up + int((days + world.kind.horizon) * DAY) <= world.cut
    rows = world.truth.at_risk(days) & closed
    met = rule.met_at(history) < (history.signed_up + int(days * DAY))[:, None]
    x = np.column_stack([np.ones(int(rows.sum())), met[rows]])
    return _standing(x, world.truth.converts(days)[rows].astype(np.float64))


def _standing(x: Floats, y: Floats) -> Floats:
    """Of each column but the first: the coefficient over its standard error, by Newton's steps."""
    b = np.zeros(x.shape[1])
    information = np.eye(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        information = (x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(x.shape[1])
        b = b + np.linalg.solve(information, x.T @ (y - p))
    return np.asarray(b[1:] / np.sqrt(np.diag(np.linalg.inv(information)))[1:])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=["points"], choices=list(KINDS))
    parser.add_argument("--conversions", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--worlds", type=int, default=40)
    chosen = parser.parse_args(arguments)
    print("| world | conversions | worlds | each condition seen | all seen |\n|---|---|---|---|---|")
    for name in chosen.kinds:
        for conversions in chosen.conversions:
            worlds = (build(kind(name, conversions=conversions), seed) for seed in range(1, chosen.worlds + 1))
            seen = np.array([standing(world) for world in worlds]) > SEEN
            each = ", ".join(f"{100 * share:.0f} %" for share in seen.mean(axis=0))
            whole = f"{100 * seen.all(axis=1).mean():.0f} %"
            print(f"| {name} | {conversions:,} | {len(seen)} | {each} | {whole} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
