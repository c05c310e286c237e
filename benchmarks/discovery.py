"""The search in worlds whose truth is known: what it finds, how often it cries wolf, whether its claims hold.

python -m benchmarks.discovery                                        # all of it: two to three hours of two cores
python -m benchmarks.discovery --worlds 10 --null 100                 # half an hour
python -m benchmarks.discovery --worlds 2 --kinds or leaks

What has been measured is kept in a file and not measured again, so that it can be stopped and gone on with; a change of
the search asks for another --data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks.discovery_looks import Asked, look
from benchmarks.discovery_report import markdown
from benchmarks.kept import Kept, Row
from benchmarks.proving.kinds import KINDS
from benchmarks.report import publish

CURVE = (125, 250, 500, 1000)
EACH = 250
"""Conversions in the worlds of every kind that does not have fewer by itself."""
MANY = 1000
"""Conversions in further worlds of points: with fewer, the condition of one point is hard to see even for somebody who
knows it (`benchmarks.proving.bound`)."""


def asked(worlds: int, null: int, curve: Sequence[int], kinds: Sequence[str]) -> Iterator[Asked]:
    """All worlds to look at, in the order of their seeds, so that what is stopped early has some of each."""
    for seed in range(1, max(worlds, null) + 1):
        if seed <= worlds:
            yield from (Asked("and", conversions, seed) for conversions in curve if "and" in kinds)
            others = [KINDS[name] for name in kinds if name not in ("and", "null")]
            yield from (Asked(each.name, min(each.conversions, EACH), seed) for each in others)
            if "points" in kinds:
                yield Asked("points", MANY, seed)
        if seed <= null and "null" in kinds:
            yield Asked("null", EACH, seed)


def looked(worlds: Sequence[Asked], processes: int) -> Iterator[tuple[Asked, Row]]:
    """Each world and what was found there, as they are done. The first that fails ends it all."""
    with ProcessPoolExecutor(processes) as pool:
        jobs = {pool.submit(look, each): each for each in worlds}
        try:
            for done in as_completed(jobs):
                yield jobs[done], done.result()
        except Exception as error:
            error.add_note(f"while looking at {jobs[done]}")
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=40, help="worlds of each kind and size")
    parser.add_argument("--null", type=int, default=400, help="worlds in which nothing matters")
    parser.add_argument("--curve", type=int, nargs="*", default=CURVE, help="conversions")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--data", type=Path, default=Path("bench-data/discovery.jsonl"))
    parser.add_argument("--publish", type=Path, help="put the tables into this page, such as docs/proving-ground.md")
    chosen = parser.parse_args(arguments)
    kept, wanted = Kept(chosen.data), list(asked(chosen.worlds, chosen.null, chosen.curve, chosen.kinds))
    rows = {Asked(row["kind"], row["conversions"], row["seed"]): row for row in kept.rows}
    missing = [each for each in wanted if each not in rows]
    for number, (each, row) in enumerate(looked(missing, chosen.processes), 1):
        kept.add(row)
        rows[each] = row
        print(f"\r{number} of {len(missing)} worlds", end="", file=sys.stderr, flush=True)
    report = markdown([rows[each] for each in sorted(wanted)])
    print(f"\n{report}")
    if chosen.publish:
        publish(report, chosen.publish)
    return 0


if __name__ == "__main__":
    sys.exit(main())
