"""Figures for Prometheus. docs/metrics.md has the table of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from fireflower.app.live.asking import Asking
from fireflower.app.live.counting import BOUNDS, Spread
from fireflower.web.api.stream import Streams

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def registry_of(asking: Asking, streams: Streams) -> CollectorRegistry:
    """A registry of its own, so that two services in one process do not meet."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(asking, streams))
    return registry


def exposition(registry: CollectorRegistry) -> bytes:
    """All figures as text."""
    return generate_latest(registry)


class _Figures(Collector):
    """Reads the figures when they are asked for: nothing is counted twice."""

    def __init__(self, asking: Asking, streams: Streams) -> None:
        self._asking, self._streams = asking, streams

    def describe(self) -> list[Metric]:
        """Nothing: describing would mean to read."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._ingest()
        yield from self._evaluation()
        yield from self._verdicts()
        yield from self._database()

    def _ingest(self) -> Iterator[Metric]:
        tally = self._asking.service.tally
        yield _counter("events_received", "Events that could be read, duplicates among them.", tally.received)
        yield _counter("events_duplicates", "Events that were in the log already.", tally.duplicates)
        yield _counter("events_rejected", "Events that were kept aside, as they cannot be read.", tally.rejected)
        yield _counter("events_forgotten", "Events about people who were forgotten; nothing is kept.", tally.forgotten)
        yield _gauge("waiting", "What waits to be written or evaluated.", self._asking.service.waiting())

    def _evaluation(self) -> Iterator[Metric]:
        service = self._asking.service
        evaluator, state = service.evaluator, service.state
        ready = service.is_ready and not state.trouble
        yield _gauge("ready", "1 while history is evaluated and verdicts are up to date.", int(ready))
        yield _counter("evaluator_steps", "How often what came was evaluated.", evaluator.steps)
        yield _counter("told_again", "Subjects whose recent or whole past was told again.", evaluator.told_again)
        yield _gauge("log_position", "The last place in the log that has been evaluated.", evaluator.position)

    def _verdicts(self) -> Iterator[Metric]:
        told = self._asking.service.told
        made = CounterMetricFamily(
            "fireflower_transitions", "Transitions recorded as news.", labels=("definition", "change")
        )
        for labels, count in sorted(told.transitions.copy().items()):
            made.add_metric(labels, count)
        yield made
        taken = CounterMetricFamily("fireflower_retractions", "Transitions taken back.", labels=("definition",))
        for name, count in sorted(told.retracted.copy().items()):
            taken.add_metric((name,), count)
        yield taken
        yield _histogram(
            "transition_delay_seconds", "From when a transition could be known to its recording.", told.delay
        )
        yield _gauge("streams", "Open streams of changes.", len(self._streams))

    def _database(self) -> Iterator[Metric]:
        measured = self._asking.measured()
        yield _gauge("log_end", "The last place in the log.", measured.log_end)
        yield _gauge("database_bytes", "What the database takes on disk.", measured.bytes)
        qualified = GaugeMetricFamily("fireflower_qualified", "Who is qualified now.", labels=("definition",))
        for name, count in sorted(measured.qualified.items()):
            qualified.add_metric((name,), count)
        yield qualified
        deliveries = GaugeMetricFamily("fireflower_deliveries", "Deliveries by state.", labels=("state",))
        for name, count in sorted(measured.deliveries.items()):
            deliveries.add_metric((name,), count)
        yield deliveries


def _counter(name: str, said: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"fireflower_{name}", said, value=value)


def _gauge(name: str, said: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"fireflower_{name}", said, value=value)


def _histogram(name: str, said: str, spread: Spread) -> HistogramMetricFamily:
    bounds = [*map(str, BOUNDS), "+Inf"]
    buckets = [(bound, float(count)) for bound, count in zip(bounds, accumulate(spread.counts), strict=True)]
    return HistogramMetricFamily(f"fireflower_{name}", said, buckets=buckets, sum_value=spread.seconds)
