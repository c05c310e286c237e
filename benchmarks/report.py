"""The benchmark's results as text: the table, and each target beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, RIVALS

FULL = 100_000_000
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

Results = dict[str, Any]
Target = tuple[str, str, str, bool]
"""What it is about, what was to be reached, what was measured, whether it was reached."""


def markdown(results: Results) -> str:
    machine, versions = results["machine"], results["versions"]
    lines = [
        f"# {results['events']:,} events, 20 conditions in 5 definitions",
        "",
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory'] / 1e9:.0f} GB of memory; "
        f"medians of {results['runs']} runs in turn; "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + ".",
        "",
        *_table(results),
        "",
        *_growth(results),
        *_caution(results),
        "| target | to reach | measured | reached |",
        "|---|---|---|---|",
        *(f"| {what} | {goal} | {got} | {'yes' if ok else 'NO'} |" for what, goal, got, ok in targets(results)),
    ]
    return "\n".join(lines) + "\n"


def publish(text: str, page: Path, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Put the results between the two marks of a page."""
    begin, end = marks
    before, _, rest = page.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{page} has no place for results: expected the lines {begin} and {end}")
    body = text.replace("# ", "### ", 1)
    page.write_text(f"{before}{begin}\n{body}{end}{after}")


def cpu(cost: Results) -> float:
    return float(cost["user"] + cost["system"])


def _table(results: Results) -> Iterator[str]:
    found = results.get("contenders", {})
    floor = cpu(found["scan"]) if "scan" in found else 0.0
    yield "| | CPU s | wall s | x bare scan | million events a CPU second | GB | same transitions |"
    yield "|---|---|---|---|---|---|---|"
    for each in CONTENDERS:
        if each.name in found:
            cost = found[each.name]
            seconds, wall = cpu(cost), cost["wall"]
            ratio = f"{seconds / floor:.1f}" if floor else ""
            equal = "yes" if results.get("equal", {}).get(each.name) else ""
            yield _row(each.label, seconds, wall, ratio, results["events"], cost["memory"], equal)
    if "import" in results:
        cost = results["import"]
        yield _row("import from Parquet", cpu(cost), cost["wall"], "", results["events"], cost["memory"], "")
        if "fireflower" in found:
            replay = found["fireflower"]
            whole, wall = cpu(cost) + cpu(replay), cost["wall"] + replay["wall"]
            memory = max(cost["memory"], replay["memory"])
            yield _row("end to end: import and fireflower", whole, wall, "", results["events"], memory, "")


def _row(label: str, seconds: float, wall: float, ratio: str, events: int, memory: int, equal: str) -> str:
    speed = events / seconds / 1e6
    return f"| {label} | {seconds:.1f} | {wall:.1f} | {ratio} | {speed:.2f} | {memory / 1e9:.2f} | {equal} |"


def _growth(results: Results) -> Iterator[str]:
    if "linear" not in results or "fireflower" not in results.get("contenders", {}):
        return
    whole = {
        "events": results["events"],
        "replay": results["contenders"]["fireflower"],
        "import": results.get("import"),
    }
    yield "| events | fireflower CPU s | a million | import CPU s | a million |"
    yield "|---|---|---|---|---|"
    for row in (*results["linear"], whole):
        millions = row["events"] / 1e6
        costs = [cpu(row[step]) if row[step] else float("nan") for step in ("replay", "import")]
        yield f"| {row['events']:,} | " + " | ".join(f"{cost:.2f} | {cost / millions:.3f}" for cost in costs) + " |"
    yield ""


def _caution(results: Results) -> Iterator[str]:
    if results["events"] < FULL:
        yield f"The targets are meant for {FULL:,} events. On fewer, the start of each process weighs more."
        yield ""


def targets(results: Results) -> Iterator[Target]:
    """Every target that these results can say something about."""
    found = results.get("contenders", {})
    if "fireflower" in found:
        yield from _replay_targets(found)
    if "import" in results:
        speed = results["events"] / results["import"]["wall"]
        yield "import from Parquet", "1 million events/s or more", f"{speed / 1e6:.2f} million/s", speed >= 1e6
        yield _memory("import", results["import"])
    if "linear" in results and "fireflower" in found:
        rates = [cpu(row["replay"]) / row["events"] for row in results["linear"]]
        rate = cpu(found["fireflower"]) / results["events"]
        growth = rate / min(rates)
        yield "cost an event, against fewer events", "linear: 1.15x or less", f"{growth:.2f}x", growth <= 1.15
    if "many" in results:
        ratio = cpu(results["many"]["200"]) / cpu(results["many"]["20"])
        yield "200 definitions against 20", "2x or less", f"{ratio:.2f}x", ratio <= 2
    if "shell" in results:
        for name, bound in (("help", 0.3), ("qualify", 2.0)):
            wall = results["shell"][name]["wall"]
            label = "fireflower --help" if name == "help" else "qualify 10,000 events from the shell"
            yield label, f"{bound} s or less", f"{wall:.2f} s", wall <= bound


def _replay_targets(found: Results) -> Iterator[Target]:
    ours = found["fireflower"]
    scans = {"scan": "the bare scan of the archive", "parquet": "the bare scan of the columns that all read"}
    for name, label in scans.items():
        if name in found:
            ratio = cpu(ours) / cpu(found[name])
            yield f"CPU, against {label}", "4x or less", f"{ratio:.1f}x", ratio <= 4
    rivals = {name: cpu(found[name]) for name in RIVALS if name in found}
    if rivals:
        best = min(rivals, key=lambda name: rivals[name])
        ratio = rivals[best] / cpu(ours)
        yield f"CPU, against the best rival ({best})", "3x less or better", f"{ratio:.1f}x less", ratio >= 3
    yield _memory("fireflower", ours)


def _memory(what: str, cost: Results) -> Target:
    used = cost["memory"] / 1e9
    return f"memory of {what}", "less than 3 GB", f"{used:.2f} GB", used < 3
