"""Run the benchmark, and say what it shows and which targets are reached.

python -m benchmarks.run                      100 million events: an hour, 12 GB of disk
python -m benchmarks.run --size medium        10 million
python -m benchmarks.run --size small         1 million: what CI runs, for equal results, not for time
python -m benchmarks.run --skip pandas linear
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import worlds
from benchmarks.contenders import CONTENDERS, compare, run
from benchmarks.measure import CommandFailed, Cost, measure, middle
from benchmarks.report import markdown, publish
from benchmarks.worlds import BIN, PYTHON, Place

SIZES = {"small": 1_000_000, "medium": 10_000_000, "full": 100_000_000}
STEPS = ("import", *(contender.name for contender in CONTENDERS), "many", "linear", "shell")
SHELL_EVENTS = 10_000

Results = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _arguments(arguments)
    world = worlds.place(chosen.data, chosen.events or SIZES[chosen.size])
    steps = [step for step in STEPS if step not in chosen.skip and (not chosen.only or step in chosen.only)]
    path = world.folder / "results.json"
    results: Results = json.loads(path.read_text()) if chosen.only and path.exists() else {}
    results |= {"events": world.events, "runs": chosen.runs, "machine": machine(), "versions": versions()}
    failure = None
    try:
        _run(world, steps, chosen.runs, results)
    except CommandFailed as failed:
        failure = failed
    path.write_text(json.dumps(results, indent=2) + "\n")
    text = markdown(results)
    path.with_suffix(".md").write_text(text)
    if chosen.publish and not failure:
        publish(text, chosen.publish)
    print(f"\n{text}\nWritten to {path} and {path.with_suffix('.md')}")
    if failure:
        print(f"\nNot everything was measured: {failure}", file=sys.stderr)
    return 1 if failure else 0


def _run(world: Place, steps: Sequence[str], runs: int, results: Results) -> None:
    _say(f"the world of {world.events:,} events", worlds.generate(world))
    if "import" in steps or not world.project.exists():
        results["import"] = _said("import", worlds.import_into_project(world))
    if not world.sample.exists() or "import" in steps:
        worlds.write_columns(world)
    _say("compile the kernel (kept for later runs)", measure([PYTHON, "-m", "benchmarks.ours", "warm"]))
    _contenders(world, steps, runs, results)
    if "many" in steps:
        results["many"] = {str(count): _said(f"{count} definitions", _many(world, count)) for count in (20, 200)}
    if "linear" in steps:
        results["linear"] = [_linear(world, part) for part in (0.1, 0.3)]
    if "shell" in steps:
        results["shell"] = _shell(worlds.place(world.folder.parent, SHELL_EVENTS))


def _contenders(world: Place, steps: Sequence[str], runs: int, results: Results) -> None:
    """All of them once, then all of them again: what disturbs the machine for a while disturbs everybody."""
    present = [contender for contender in CONTENDERS if contender.name in steps]
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in present}
    for _ in range(runs):
        for contender in present:
            cost = run(contender, world)
            costs[contender.name].append(cost)
            _say(contender.label, cost)
    results.setdefault("contenders", {}).update({name: asdict(middle(of)) for name, of in costs.items()})
    if not world.answer("fireflower").exists():
        return
    for contender in present:
        if contender.answers and contender.name != "fireflower":
            compare(contender, world)
            results.setdefault("equal", {})[contender.name] = True
            _say(f"{contender.label}: the same transitions as fireflower")


def _many(world: Place, count: int) -> Cost:
    return measure([PYTHON, "-m", "benchmarks.ours", "many", str(world.project), str(count)])


def _linear(world: Place, part: float) -> Results:
    """The same with fewer events, on fewer people."""
    smaller = worlds.place(world.folder.parent, round(world.events * part))
    kept = smaller.folder.exists()
    _say(f"the world of {smaller.events:,} events", worlds.generate(smaller))
    found: Results = {
        "events": smaller.events,
        "import": _said("import", worlds.import_into_project(smaller)),
    }
    contenders = {contender.name: contender for contender in CONTENDERS}
    run(contenders["scan"], smaller)  # properties get their columns when they are first asked for
    found["replay"] = _said("fireflower", run(contenders["fireflower"], smaller))
    if not kept:
        worlds.tidy(smaller)
    return found


def _shell(world: Place) -> Results:
    """What a user waits for at the prompt; the best of five, as the machine is not idle."""
    worlds.generate(world)
    worlds.import_into_project(world)
    fireflower = str(BIN / "fireflower")
    commands = {"help": ["--help"], "qualify": ["qualify", "--project", str(world.project)]}
    return {
        name: _said(
            f"fireflower {words[0]}", min((measure([fireflower, *words]) for _ in range(5)), key=lambda cost: cost.wall)
        )
        for name, words in commands.items()
    }


def _said(label: str, cost: Cost) -> Results:
    _say(label, cost)
    return asdict(cost)


def _say(label: str, cost: Cost | None = None) -> None:
    figures = f"{cost.cpu:8.2f} s CPU {cost.wall:8.2f} s wall {cost.memory / 1e9:6.2f} GB" if cost else ""
    print(f"{label:<60} {figures}".rstrip(), flush=True)


def machine() -> Results:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(), "memory": memory}


def versions() -> dict[str, str]:
    packages = ("fireflower", "numba", "numpy", "pyarrow", "duckdb", "polars", "pandas")
    return {"python": platform.python_version()} | {package: version(package) for package in packages}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Run the benchmark.")
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--small", dest="size", action="store_const", const="small", help="--size small")
    parser.add_argument("--events", type=int, help="a world of so many events instead")
    parser.add_argument("--skip", nargs="+", choices=STEPS, default=[], metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--only", nargs="+", choices=STEPS, default=[], metavar="STEP", help="add to earlier results")
    parser.add_argument("--runs", type=int, default=3, help="how often each contender runs; medians are shown")
    parser.add_argument("--data", type=Path, default=Path("bench-data"), help="where the files go")
    parser.add_argument("--publish", type=Path, help="put the results into this page, such as docs/benchmarks.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
