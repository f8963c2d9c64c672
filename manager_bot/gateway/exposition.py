"""``/metrics``: what the meter counted, in Prometheus' own words. Loaded when it is asked for the first time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from manager_bot.gateway.metrics import Meter, cumulated

_PREFIX = "clawbot_gateway_"


@dataclass(eq=False)  # a registry keeps collectors by identity
class _Collected(Collector):
    meter: Meter

    def collect(self) -> Iterator[Metric]:
        """The families, read from the meter as it stands."""
        meter = self.meter
        yield _counter("requests", "Requests answered.", ["door", "verb", "code"], meter.requests)
        yield _counter("calls", "Calls to a model that were booked.", ["tier", "source"], meter.calls)
        yield _counter("tokens", "Tokens booked, as Gemini counted them.", ["tier", "source", "kind"], meter.tokens)
        yield _counter("budget_refusals", "Calls refused for their budget.", ["reason"], meter.refused)
        yield _counter("upstream_errors", "Refusals and failures of Gemini.", ["kind"], meter.upstream_errors)
        yield _counter("saved_tokens", "Prompt tokens spared.", [], {(): meter.saved})
        yield GaugeMetricFamily(f"{_PREFIX}open_requests", "Requests under way.", value=meter.open)
        took = HistogramMetricFamily(
            f"{_PREFIX}request_seconds",
            "Whole requests to the Gemini door, the model's answer included.",
            labels=["verb"],
        )
        for verb, buckets, total in cumulated(meter.durations):
            took.add_metric([verb], buckets, total)
        yield took


def _counter(name: str, says: str, labels: Sequence[str], counts: Mapping[tuple[str, ...], int]) -> Metric:
    family = CounterMetricFamily(f"{_PREFIX}{name}", says, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def exposed(meter: Meter) -> bytes:
    """The page, with the process's own CPU time, memory and open files."""
    registry = CollectorRegistry()
    registry.register(_Collected(meter))
    ProcessCollector(registry=registry)
    return generate_latest(registry)
