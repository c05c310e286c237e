"""Rivals and fireflower on worlds of every kind: what each finds, what it finds that is not there, how long it takes.

python -m benchmarks.proving.compare                                    # hours, if all of them are installed
python -m benchmarks.proving.compare --kinds and null leaks --rivals fireflower bayes odds

What has been measured is kept in a file and not measured again; a change of the search asks for another --data.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.discovery_looks import search
from benchmarks.kept import Kept, Row
from benchmarks.proving.compare_report import RULE, SCORE, markdown
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


def compare(world: World, rivals: Sequence[Rival], *, ours: bool = False) -> Iterator[list[Score]]:
    """Every rival in a world, as they are done; and `discover` as its users run it, if asked for."""
    if ours:
        yield [score(each, world) for each in _ours(world)]
    for rival in rivals:
        yield [score(run(rival, world), world)]


def _ours(world: World) -> Iterator[Finding]:
    """Its rule, and its score; either names nothing where there is none."""
    found = {each.method: each for each in search(world)[1]}
    for part, method in (("rule", RULE), ("score", SCORE)):
        none = Finding(part, landmark=world.kind.landmark, seconds=found["rule"].seconds)
        yield replace(found.get(part, none), method=method)


def row(judged: Score, conversions: int) -> Row:
    """What is kept of one method in one world, where so many conversions were asked for."""
    return {
        "kind": judged.kind, "conversions": conversions, "seed": judged.seed, "method": judged.method,
        "declared": judged.declared, "true_events": judged.true_events, "found": len(judged.found),
        "false": len(judged.false), "traps": len(judged.traps),
        "jaccard": None if math.isnan(judged.jaccard) else round(judged.jaccard, 4),
        "at_risk": judged.at_risk, "auc": _rounded(judged.auc), "log_loss": _rounded(judged.log_loss),
        "seconds": round(judged.seconds, 3),
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--conversions", type=int, default=250, help="at most, in worlds of each kind")
    parser.add_argument("--rivals", nargs="+", choices=[OURS, *(each.name for each in RIVALS)])
    parser.add_argument("--data", type=Path, default=Path("bench-data/rivals.jsonl"))
    parser.add_argument("--publish", type=Path, help="put the tables into this page, such as docs/proving-ground.md")
    chosen = parser.parse_args(arguments)
    able, kept = list(_able(chosen.rivals)), Kept(chosen.data)
    done = {(each["kind"], each["conversions"], each["seed"], each["method"]) for each in kept.rows}
    with_ours = not chosen.rivals or OURS in chosen.rivals
    if with_ours:
        search(build(kind("and", conversions=20), 1))  # what is compiled once on a machine is not a world's cost
    worlds = [(name, seed) for name in chosen.kinds for seed in range(1, chosen.worlds + 1)]
    for number, (name, seed) in enumerate(worlds, 1):
        key = (name, chosen.conversions, seed)
        ours = with_ours and (*key, RULE) not in done
        left = [rival for rival in able if (*key, rival.name) not in done]
        if ours or left:
            world = build(kind(name, conversions=min(KINDS[name].conversions, chosen.conversions)), seed)
            for scores in compare(world, left, ours=ours):
                kept.add(*(row(each, chosen.conversions) for each in scores))
        print(f"\r{number} of {len(worlds)} worlds", end="", file=sys.stderr, flush=True)
    report = markdown([each for each in kept.rows if each["conversions"] == chosen.conversions])
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
