"""The live benchmark's results as text: what was measured, and each target beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

OTHER = "taking in"
"""How the process is called that takes events in for the one that evaluates."""

_WAYS = (
    "| | events/s | CPU us an event | of which | load, CPU us an event | answers p50, p99 |",
    "|---|---|---|---|---|---|",
)

Results = dict[str, Any]
Target = tuple[str, str, str, bool]
"""What it is about, what was to be reached, what was measured, whether it was reached."""


def markdown(results: Results) -> str:
    machine, versions = results["machine"], results["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in ("python", "fireflower", "numba", "numpy"))
    lines = [
        f"# Live: {results['people']:,} people, 20 definitions",
        "",
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory'] / 1e9:.0f} GB of memory, shared by the "
        f"server and the load; {named}.",
        "",
        *_ingest(results.get("ingest")),
        *_clients(results.get("clients")),
        *_others(results),
        "",
        "| target | to reach | measured | reached |",
        "|---|---|---|---|",
        *(f"| {what} | {goal} | {got} | {'yes' if ok else 'NO'} |" for what, goal, got, ok in targets(results)),
    ]
    return "\n".join(lines) + "\n"


def targets(results: Results) -> Iterator[Target]:
    if found := results.get("ingest"):
        for name, how in (("qualified", "two processes"), ("alone", "one process")):
            rate = found[name]["rate"]
            yield f"events/s, durable, each once, qualified, by {how}", "60,000", f"{rate:,.0f}", rate >= 60_000
    if found := results.get("latency"):
        p99 = found["p99"]
        yield "receipt to recorded transition at 5,000 events/s, p99", "50 ms or less", f"{p99:.0f} ms", p99 <= 50
    if found := results.get("timers"):
        took = found["after_first"]
        what = f"{found['timers']:,} timers, due within one second, all recorded"
        yield what, "2 s after the first or less", f"{took:.1f} s", took <= 2
    if found := results.get("start"):
        took = found["seconds"]
        yield f"start with {found['events']:,} events of history", "10 s or less", f"{took:.1f} s", took <= 10


def _ingest(found: Results | None) -> Iterator[str]:
    if not found:
        return
    yield from _WAYS
    labels = {
        "qualified": "durable, each once, and qualified",
        "random": "the same, of events whose ids are random throughout",
        "alone": "the same by one process, `--processes 1`",
        "stored": "durable, each once",
        "parsed": "decoded and inserted, without a server",
    }
    for name, label in labels.items():
        yield _way(label, found[name])
    yield ""
    of = found["qualified"]
    yield (
        f"{of['events']:,} events in {of['seconds']:.0f} s, until the last was evaluated; {of['duplicates']:,} of them "
        f"came twice; the past of {of['told_again']:,} subjects was told again for what came late; {of['recorded']:,} "
        f"transitions were recorded. {of['refused']:,} requests were asked to come again."
    )
    states = found["states"]
    yield ""
    yield (
        f"Kernel state: {states['bytes'] / max(1, states['each']):.0f} bytes a subject and condition "
        f"({states['people']:,} people, {states['accounts']:,} accounts), copies for what comes late included; "
        f"{found['memory'] / 1e9:.2f} GB resident."
    )


def _way(label: str, each: Results) -> str:
    """One line of what was sent."""
    threads = each.get("threads", {})
    parts = {
        OTHER: OTHER, "http": "MainThread", "writing": "fireflower-writer", "evaluating": "fireflower-evaluator",
    }  # fmt: skip
    shown = ", ".join(f"{part} {threads[thread]:.1f}" for part, thread in parts.items() if thread in threads)
    load = f"{each['load']:.1f}" if "load" in each else ""
    waits = f"{each['answered_p50'] * 1e3:.0f} ms, {each['answered_p99'] * 1e3:.0f} ms" if "load" in each else ""
    return f"| {label} | {each['rate']:,.0f} | {each['cpu']:.1f} | {shown} | {load} | {waits} |"


def _clients(found: Results | None) -> Iterator[str]:
    if not found:
        return
    labels = {
        "pages": "`page` of a client in a browser",
        "tracks": "its `track`",
        "identities": "its `identify`, six traits as they were",
        "groups": "its `group`, five traits as they were",
        "browser": "45 % `page`, 35 % `track`, 10 % `identify`, 10 % `group`",
    }
    yield ""
    yield from _WAYS
    for name, label in labels.items():
        yield _way(label, found[name])


def _others(results: Results) -> Iterator[str]:
    if found := results.get("moving"):
        yield ""
        yield (
            f"While the log moves into the archive ({found['moved']:,} messages meanwhile): "
            f"{found['rate']:,.0f} events/s; transitions are recorded {found['p50']:.0f} ms (p50), "
            f"{found['p99']:.0f} ms (p99), {found['worst']:.0f} ms (worst) after the receipt of what brought them "
            "about."
        )
    if found := results.get("latency"):
        yield ""
        yield (
            f"At {found['rate']:,.0f} events/s in requests of 20: {found['transitions']:,} transitions, recorded "
            f"{found['p50']:.1f} ms (p50), {found['p99']:.1f} ms (p99), {found['worst']:.0f} ms (worst) after the "
            f"receipt of what brought them about; {found['cpu'] * 100:.0f} % of a core."
        )
    if found := results.get("timers"):
        yield ""
        yield (
            f"{found['timers']:,} timers due within one second: all recorded {found['after_first']:.1f} s after the "
            f"first and {found['after_last']:.1f} s after the last was due."
        )
    if found := results.get("start"):
        states = found["states"]
        yield ""
        yield (
            f"Start with {found['events']:,} events in the archive: {found['first']['seconds']:.1f} s the first time "
            f"({found['first']['recorded']:,} transitions are recorded), {found['seconds']:.1f} s later on; "
            f"{states['bytes'] / max(1, states['each']):.0f} bytes of kernel state a subject and condition "
            f"({states['people']:,} people, {states['accounts']:,} accounts), {found['memory'] / 1e9:.2f} GB resident, "
            f"{found['peak'] / 1e9:.2f} GB at most."
        )
