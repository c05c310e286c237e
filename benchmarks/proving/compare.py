"""Rivals and fireflower on worlds of every kind: what each finds, what it finds that is not there, how long it takes.

python -m benchmarks.proving.compare --conversions 125 --worlds 5 --kinds and null leaks
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from benchmarks.discovery_looks import search
from benchmarks.proving.kinds import KINDS, kind
from benchmarks.proving.rivals import Rival, missing, run
from benchmarks.proving.rivals.lists import LISTS
from benchmarks.proving.rivals.plain import PLAIN
from benchmarks.proving.rivals.trees import TREES
from benchmarks.proving.scoring import Finding, Score, score
from benchmarks.proving.world import World, build

RIVALS: tuple[Rival, ...] = (*PLAIN, *LISTS, *TREES)

OURS = "fireflower"

HEADER = (
    "| world | method | declared | true events found | false discoveries | of these traps | Jaccard | AUC | log loss "
    "| seconds |\n|---|---|---|---|---|---|---|---|---|---|"
)


def compare(
    kinds: Iterable[str], seeds: Sequence[int], rivals: Sequence[Rival], conversions: int, *, ours: bool = False
) -> Iterator[Score]:  # fmt: skip
    """Every rival in every world; and `discover` as its users run it, if asked for."""
    for name in kinds:
        for seed in seeds:
            world = build(kind(name, conversions=conversions), seed)
            if ours:
                yield from (score(each, world) for each in _ours(world))
            yield from (score(run(rival, world), world) for rival in rivals)


def _ours(world: World) -> Iterator[Finding]:
    """Its rule, and its score; where there is no reliable signal, neither names anything."""
    found = {each.method: each for each in search(world)[1]}
    for method in ("rule", "score"):
        yield replace(found.get(method) or found["rule"], method=f"{OURS} ({method})")


def rows(scores: Iterable[Score]) -> Iterator[str]:
    """A table's rows: one a kind and method, means over its worlds."""
    ordered = sorted(scores, key=lambda each: (list(KINDS).index(each.kind), each.method))
    for (name, method), group in groupby(ordered, key=lambda each: (each.kind, each.method)):
        them = list(group)
        found = f"{_mean([len(each.found) for each in them]):.1f} of {them[0].true_events}"
        cells = (
            f"{sum(each.declared for each in them)} of {len(them)}",
            found if them[0].true_events else "",
            f"{_mean([len(each.false) for each in them]):.1f}",
            f"{_mean([len(each.traps) for each in them]):.1f}",
            _shown([each.jaccard for each in them if each.true_events]),
            _shown([each.auc for each in them if each.auc is not None]),
            _shown([each.log_loss for each in them if each.log_loss is not None]),
            f"{_mean([each.seconds for each in them]):.2f}",
        )
        yield f"| {name} | {method} | " + " | ".join(cells) + " |"


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _shown(values: Sequence[float]) -> str:
    known = [value for value in values if not np.isnan(value)]
    return f"{_mean(known):.3f}" if known else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--conversions", type=int, default=125)
    parser.add_argument("--rivals", nargs="+", choices=[OURS, *(each.name for each in RIVALS)])
    chosen = parser.parse_args(arguments)
    able = []
    for rival in RIVALS:
        if chosen.rivals and rival.name not in chosen.rivals:
            continue
        if why := missing(rival):
            print(f"skipped: {rival.name} ({why})", file=sys.stderr)
        else:
            able.append(rival)
    print(HEADER)
    for name in chosen.kinds:
        ours = not chosen.rivals or OURS in chosen.rivals
        found = compare([name], range(1, chosen.worlds + 1), able, chosen.conversions, ours=ours)
        print("\n".join(rows(found)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
