"""Rivals and fireflower on worlds of every kind: what each finds, what it finds that is not there, how long it takes.

python -m benchmarks.proving.compare                                    # hours, if all of them are installed
python -m benchmarks.proving.compare --kinds and null leaks --rivals fireflower bayes odds

What has been measured is kept in a file and not measured again; a change of the search asks for another --data.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.discovery_looks import search
from benchmarks.proving.compare_report import RULE, SCORE, Row, markdown
from benchmarks.proving.kinds import KINDS, kind
from benchmarks.proving.rivals import Rival, missing, run
from benchmarks.proving.rivals.lists import LISTS
from benchmarks.proving.rivals.plain import PLAIN
from benchmarks.proving.rivals.trees import TREES
from benchmarks.proving.scoring import Finding, Score, score
from benchmarks.proving.world import World, build
from benchmarks.report import publish

RIVALS: tuple[Rival, ...] = (*PLAIN, *LISTS, *TREES)

OURS = "fireflower"

MARKS = ("<!-- rivals -->", "<!-- end of rivals -->")


def compare(
    kinds: Iterable[str], seeds: Sequence[int], rivals: Sequence[Rival], conversions: int, *, ours: bool = False
) -> Iterator[Score]:  # fmt: skip
    """Every rival in every world; and `discover` as its users run it, if asked for. Kinds that have fewer conversions
    by themselves keep them."""
    for name in kinds:
        for seed in seeds:
            world = build(kind(name, conversions=min(KINDS[name].conversions, conversions)), seed)
            if ours:
                yield from (score(each, world) for each in _ours(world))
            yield from (score(run(rival, world), world) for rival in rivals)


def _ours(world: World) -> Iterator[Finding]:
    """Its rule, and its score; where there is no reliable signal, neither names anything."""
    found = {each.method: each for each in search(world)[1]}
    for part, method in (("rule", RULE), ("score", SCORE)):
        yield replace(found.get(part) or found["rule"], method=method)


def means(scores: Iterable[Score]) -> Iterator[Row]:
    """One row a kind and method, means over its worlds."""
    ordered = sorted(scores, key=lambda each: (list(KINDS).index(each.kind), each.method))
    for (name, method), group in groupby(ordered, key=lambda each: (each.kind, each.method)):
        them = list(group)
        yield {
            "kind": name, "method": method, "worlds": len(them), "true_events": them[0].true_events,
            "declared": sum(each.declared for each in them),
            "found": _mean([len(each.found) for each in them]),
            "false": _mean([len(each.false) for each in them]),
            "traps": _mean([len(each.traps) for each in them]),
            "jaccard": _mean([each.jaccard for each in them if each.true_events]),
            "auc": _mean([each.auc for each in them]),
            "log_loss": _mean([each.log_loss for each in them]),
            "seconds": _mean([each.seconds for each in them]),
        }  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known; None where none is."""
    known = [value for value in values if value is not None and not np.isnan(value)]
    return round(float(np.mean(known)), 4) if known else None


def known(file: Path) -> dict[tuple[str, int, int, str], Row]:
    """What has been measured."""
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return {(row["kind"], row["conversions"], row["worlds"], row["method"]): row for row in rows}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--conversions", type=int, default=250, help="at most, in worlds of each kind")
    parser.add_argument("--rivals", nargs="+", choices=[OURS, *(each.name for each in RIVALS)])
    parser.add_argument("--data", type=Path, default=Path("bench-data/rivals.jsonl"))
    parser.add_argument("--publish", type=Path, help="put the tables into this page, such as docs/proving-ground.md")
    chosen = parser.parse_args(arguments)
    chosen.data.parent.mkdir(parents=True, exist_ok=True)
    able, rows = list(_able(chosen.rivals)), known(chosen.data)
    with_ours = not chosen.rivals or OURS in chosen.rivals
    if with_ours:
        search(build(kind("and", conversions=20), 1))  # what is compiled once on a machine is not a world's cost
    with chosen.data.open("a") as file:
        for number, name in enumerate(chosen.kinds, 1):
            key = (name, chosen.conversions, chosen.worlds)
            ours = with_ours and (*key, RULE) not in rows
            left = [rival for rival in able if (*key, rival.name) not in rows]
            for row in means(compare([name], range(1, chosen.worlds + 1), left, chosen.conversions, ours=ours)):
                row["conversions"] = chosen.conversions
                file.write(json.dumps(row) + "\n")
                file.flush()
                rows[*key, row["method"]] = row
            print(f"\r{number} of {len(chosen.kinds)} kinds of worlds", end="", file=sys.stderr, flush=True)
    wanted = (chosen.conversions, chosen.worlds)
    report = markdown([row for row in rows.values() if (row["conversions"], row["worlds"]) == wanted])
    print(f"\n{report}")
    if chosen.publish:
        publish(report, chosen.publish, MARKS)
    return 0


def _able(names: Sequence[str] | None) -> Iterator[Rival]:
    """Those that were asked for and can run here."""
    for rival in RIVALS:
        if names and rival.name not in names:
            continue
        if why := missing(rival):
            print(f"skipped: {rival.name} ({why})", file=sys.stderr)
        else:
            yield rival


if __name__ == "__main__":
    sys.exit(main())
