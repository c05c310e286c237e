"""Run the live benchmark: how fast `fireflower serve` takes events in and qualifies people and accounts.

python -m benchmarks.live                     a quarter of an hour, 5 GB of disk
python -m benchmarks.live --size small        half a minute: for the equality of results, not for time
python -m benchmarks.live --only ingest       add to earlier results

Server and load share the machine. The figures of both are shown apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import live_traffic, worlds
from benchmarks.live_report import markdown
from benchmarks.live_server import WINDOW
from benchmarks.live_traffic import LATE_BY, Crowd
from benchmarks.measure import measure
from benchmarks.report import publish
from benchmarks.run import machine, versions
from benchmarks.worlds import PYTHON
from fireflower.app.live.access import make_token
from fireflower.app.live.compacting import archived_up_to
from fireflower.app.live.database import LOG_FILE, opener
from fireflower.app.project import HISTORY_FOLDER, Project

STEPS = ("ingest", "clients", "moving", "latency", "timers", "start")
DEFINITIONS = 20
TOGETHER, CONNECTIONS = 100, 16
CROWDED = 50
"""So many times fewer people send the events by which delays are measured: for these, something has to change."""

CLIENTS = {
    "pages": {"page": 1}, "tracks": {"track": 1}, "identities": {"identify": 1}, "groups": {"group": 1},
    "browser": live_traffic.BROWSER,
}  # fmt: skip
"""What clients in browsers send, by the files in which it is."""

BEGIN, END = "<!-- live figures -->", "<!-- end of live figures -->"

Results = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes
    ----------
    people : who send events
    events : that are prepared
    seconds : for which they are sent
    rate, steady : events a second, and for how many seconds, in the measurement of delays
    moving : messages of the log as soon as which they move into the archive, in the measurement of that
    timers : that are due within one second
    history : events of the archive with which the server starts
    """

    people: int
    events: int
    seconds: float
    rate: int
    steady: float
    moving: int
    timers: int
    history: int


SIZES = {
    "small": Size(200, 4_000, 60, 1_000, 1, 1_000, 200, 10_000),
    "full": Size(100_000, 1_800_000, 22, 5_000, 15, 250_000, 100_000, 10_000_000),
}


class Server:
    """The server in a process of its own, as one asks it from here."""

    def __init__(self, folder: Path, work: str, *, compiled: bool = True, processes: int = 2, moving: int = 0) -> None:
        self.key = make_token(Project(folder), f"bench-{time.time_ns()}", "write")
        self.port = _free_port()
        asked = [str(folder), str(self.port), work, "yes" if compiled else "", str(processes)]
        asked += [str(moving)] if moving else []
        command = [PYTHON, "-m", "benchmarks.live_server", *asked]
        self.began = time.time()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what: str = "status") -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the server ended with {self._process.wait()}")
        return json.loads(answer)

    def when(self, is_so: Callable[[Results], bool], patience: float = 600.0) -> Results:
        """The server's status, once something is so."""
        until = time.time() + patience
        while time.time() < until:
            found: Results = self.ask()
            if is_so(found) and _listens(self.port):
                return found
            time.sleep(0.02)
        raise SystemExit(f"waited {patience:g} s in vain: {found}")

    def send(self, bodies: Path, *, rate: float = 0, seconds: float = 600.0) -> Results:
        """Have the bodies sent by another process."""
        arguments = [str(self.port), self.key, str(bodies), str(CONNECTIONS), str(rate), str(seconds)]
        said = subprocess.run(
            [PYTHON, "-m", "benchmarks.live_sender", *arguments], check=True, stdout=subprocess.PIPE, text=True
        )
        found: Results = json.loads(said.stdout)
        return found

    def evaluated(self, count: int) -> tuple[Results, float]:
        """The status once so many messages are done with, and the time by then."""
        found = self.when(lambda status: status["done"] >= count)
        return found, time.time()

    def end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.stdin.close()
        self._process.stdout.close()


@contextmanager
def server(folder: Path, work: str, *, compiled: bool = True, processes: int = 2, moving: int = 0) -> Iterator[Server]:
    """A server that is ready."""
    running = Server(folder, work, compiled=compiled, processes=processes, moving=moving)
    try:
        running.when(lambda status: bool(status["ready"]))
        yield running
    finally:
        running.end()


def fresh(folder: Path) -> Path:
    """An empty project."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "fireflower.yaml").write_text("project: live\nstart: Signed Up\ngoal: Subscription Started\n")
    return folder


def prepare(data: Path, size: Size) -> Path:
    """Write what will be sent, unless it is there."""
    folder, crowd = data / f"{size.events}-events", Crowd(size.people)
    if not (folder / "traffic").exists():
        live_traffic.write(folder / "sign-ups", live_traffic.sign_ups(crowd), TOGETHER)
        few = Crowd(max(20, size.people // CROWDED))
        live_traffic.write(folder / "few-sign-ups", live_traffic.sign_ups(few), TOGETHER)
        live_traffic.write(folder / "steady", live_traffic.traffic(few, int(size.rate * size.steady), seed=4), 20)
        live_traffic.write(folder / "traffic", live_traffic.traffic(crowd, size.events), TOGETHER)
    if not (folder / "random").exists():
        random = live_traffic.traffic(crowd, size.events, timed_ids=False)
        live_traffic.write(folder / "random", random, TOGETHER)
    if not (folder / "browser").exists():
        crowd = Crowd(max(20, size.people // 4))
        live_traffic.write(folder / "browser-sign-ups", live_traffic.sign_ups(crowd), TOGETHER)
        live_traffic.write(folder / "met", live_traffic.met(crowd), TOGETHER)
        for name, types in CLIENTS.items():
            sent = live_traffic.browser(crowd, size.events // 9, types)
            live_traffic.write(folder / name, sent, TOGETHER)
    return folder


def ingest(bodies: Path, folder: Path, size: Size, *, compiled: bool = True) -> Results:
    """Events a second that are durable and evaluated, and what limits them."""
    with server(fresh(folder / "qualified"), str(DEFINITIONS), compiled=compiled) as running:
        _join(running, bodies)
        found = {"qualified": _sent(running, bodies / "traffic", size.seconds)}
        found["states"] = running.ask("states")
        found["memory"] = running.ask()["memory"]
    for name, which, processes in (("random", "random", 2), ("alone", "traffic", 1)):
        folder_of = fresh(folder / name)
        with server(folder_of, str(DEFINITIONS), compiled=compiled, processes=processes) as running:
            _join(running, bodies)
            found[name] = _sent(running, bodies / which, size.seconds)
    with server(fresh(folder / "stored"), "store") as running:
        found["stored"] = _sent(running, bodies / "traffic", size.seconds)
    found["parsed"] = _parsed(bodies / "traffic", fresh(folder / "parsed"))
    return found


def clients(bodies: Path, folder: Path, size: Size, *, compiled: bool = True) -> Results:
    """The same of what clients in browsers send, and of each type of it."""
    with server(fresh(folder / "clients"), str(DEFINITIONS), compiled=compiled) as running:
        joined = running.send(bodies / "browser-sign-ups")["accepted"]
        running.evaluated(joined + running.send(bodies / "met")["accepted"])
        time.sleep(LATE_BY / 1000)  # so that nothing of what follows is from before
        return {name: _sent(running, bodies / name, size.seconds) for name in CLIENTS}


def _join(running: Server, bodies: Path) -> None:
    """Everybody signs up."""
    running.evaluated(running.send(bodies / "sign-ups")["accepted"])


def _sent(running: Server, bodies: Path, seconds: float) -> Results:
    """What became of events that were sent, by the time the last had been evaluated."""
    before = running.ask()
    sent = running.send(bodies, seconds=seconds)
    after, at = running.evaluated(before["done"] + sent["accepted"])
    events = sent["accepted"] + sent["duplicates"]
    threads = {name: cpu - before["threads"].get(name, 0.0) for name, cpu in after["threads"].items()}
    return {
        "events": events,
        "duplicates": sent["duplicates"],
        "seconds": at - sent["began"],
        "rate": events / (at - sent["began"]),
        "taken_in": events / sent["wall"],
        "cpu": (after["cpu"] - before["cpu"]) / events * 1e6,
        "threads": {name: cpu / events * 1e6 for name, cpu in threads.items() if cpu / events * 1e6 > 0.1},
        "load": sent["cpu"] / events * 1e6,
        "answered_p50": sent["answered_p50"],
        "answered_p99": sent["answered_p99"],
        "refused": sent.get("status 503", 0),
        **{name: after.get(name, 0) - before.get(name, 0) for name in ("steps", "told_again", "recorded")},
    }


def _parsed(bodies: Path, folder: Path) -> Results:
    command = [PYTHON, "-m", "benchmarks.live_limit", str(bodies), str(folder / "events.sqlite")]
    said: Results = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return said


def moving(bodies: Path, folder: Path, size: Size, *, compiled: bool = True) -> Results:
    """The same as fast as it goes, while the log moves into the archive again and again; and how late transitions are
    recorded meanwhile."""
    with server(fresh(folder / "moving"), str(DEFINITIONS), compiled=compiled, moving=size.moving) as running:
        _join(running, bodies)
        running.ask("delays")
        found = _sent(running, bodies / "traffic", size.seconds)
        delays = running.ask("delays")
    database = opener(Project(folder / "moving"))()
    found["moved"] = archived_up_to(database)
    database.close()
    return found | {"p50": _part(delays, 0.5) / 1e3, "p99": _part(delays, 0.99) / 1e3, "worst": _part(delays, 1) / 1e3}


def latency(bodies: Path, folder: Path, size: Size, *, compiled: bool = True) -> Results:
    """From the receipt of the event that tips a verdict to the moment at which its transition is recorded."""
    with server(fresh(folder / "steady"), str(DEFINITIONS), compiled=compiled) as running:
        joined = running.send(bodies / "few-sign-ups")["accepted"]
        before, _ = running.evaluated(joined)
        running.ask("delays")
        sent = running.send(bodies / "steady", rate=size.rate)
        after, _ = running.evaluated(joined + sent["accepted"])
        delays = running.ask("delays")
    events = sent["accepted"] + sent["duplicates"]
    return {
        "events": events,
        "rate": events / sent["wall"],
        "transitions": len(delays),
        "p50": _part(delays, 0.5) / 1e3,
        "p99": _part(delays, 0.99) / 1e3,
        "worst": max(delays, default=0) / 1e3,
        "answered_p50": sent["answered_p50"] * 1e3,
        "answered_p99": sent["answered_p99"] * 1e3,
        "cpu": (after["cpu"] - before["cpu"]) / sent["wall"],
    }


def timers(folder: Path, size: Size, *, compiled: bool = True) -> Results:
    """How long it takes until what time alone changes is recorded."""
    with server(fresh(folder / "pings"), "pings", compiled=compiled) as running:
        begin = int(time.time()) * 1_000_000
        path = live_traffic.write(folder / "ping-bodies", live_traffic.pings(size.timers, begin), TOGETHER)
        sent = running.send(path)
        status, at = running.evaluated(sent["accepted"])
        due = begin + WINDOW * 1_000_000
        early = status["left"]
        after = running.when(lambda status: status["left"] >= size.timers)
    return {
        "timers": size.timers,
        "early": early if at * 1e6 >= due else 0,
        "after_first": (after["last"] - due) / 1e6,
        "after_last": (after["last"] - due) / 1e6 - 1,
    }


def start(data: Path, size: Size) -> Results:
    """How long a server takes until it answers and its verdicts are those of the history that the archive has."""
    world = worlds.place(data.parent, size.history)
    worlds.generate(world)
    if not world.project.exists():
        worlds.import_into_project(world)
    for log in (world.project / HISTORY_FOLDER).glob(f"{LOG_FILE}*"):
        log.unlink()  # of an earlier run, which has the record
    first = _started(world.project)
    again = _started(world.project)
    return {"events": size.history, "first": first, **again}


def _started(project: Path) -> Results:
    running = Server(project, str(DEFINITIONS))
    try:
        status = running.when(lambda status: bool(status["ready"]))
        seconds = time.time() - running.began
        return {
            "seconds": seconds,
            "recorded": status["recorded"],
            "memory": status["memory"],
            "peak": status["peak"],
            "states": running.ask("states"),
        }
    finally:
        running.end()


def _part(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: Sequence[str] | None = None) -> int:
    options = _arguments(arguments)
    size, data = SIZES[options.size], options.data.resolve() / "live"
    path = data / "results.json"
    results: Results = json.loads(path.read_text()) if options.only and path.exists() else {}
    results |= {"machine": machine(), "versions": versions(), "people": size.people}
    bodies, folder = prepare(data, size), data / "projects"
    measure([PYTHON, "-m", "benchmarks.ours", "warm"])
    work: dict[str, Callable[[], Results]] = {
        "ingest": lambda: ingest(bodies, folder, size),
        "clients": lambda: clients(bodies, folder, size),
        "moving": lambda: moving(bodies, folder, size),
        "latency": lambda: latency(bodies, folder, size),
        "timers": lambda: timers(folder, size),
        "start": lambda: start(data, size),
    }
    for step in options.only or STEPS:
        results[step] = work[step]()
        print(step, json.dumps(results[step]), flush=True)
    path.write_text(json.dumps(results, indent=2) + "\n")
    text = markdown(results)
    path.with_suffix(".md").write_text(text)
    if options.publish:
        publish(text, options.publish, (BEGIN, END))
    print(f"\n{text}\nWritten to {path} and {path.with_suffix('.md')}")
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description="Run the live benchmark.")
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=[], metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--data", type=Path, default=Path("bench-data"), help="where the files go")
    parser.add_argument("--publish", type=Path, help="put the results into this page, such as docs/benchmarks.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
