"""Counts for Prometheus: how many, how long, how much; never what was said."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hanbok.core.errors import HanbokError
from hanbok.core.values import Usage
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next

_BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_COUNTERS: Final = {
    "hanbok_calls": ("Calls, by how they ended", ("route", "endpoint", "status")),
    "hanbok_refusals": ("Calls that did not leave, by error code", ("code",)),
    "hanbok_tokens": (
        "Tokens as providers counted them; all parts but input and output are parts of these",
        ("endpoint", "part"),
    ),
    "hanbok_cost_won": ("Won charged", ("endpoint",)),
    "hanbok_findings": ("Personal data and secrets found in requests", ("kind",)),
}


class _Durations:
    """One series of a histogram."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_BUCKETS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return the running counts by upper bound."""
        running, shown = 0, list[tuple[str, float]]()
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self.counts, strict=True):
            running += count
            shown.append((bound, running))
        return shown


class Measure(Collector):
    """The outermost step: it sees every call, refused ones too. Counts are plain numbers until somebody asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sums = {name: defaultdict[tuple[str, ...], float](float) for name in _COUNTERS}
        self._seconds = defaultdict[str, _Durations](_Durations)
        registry.register(self)

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        start = perf_counter()
        call.at_end(lambda: self._count(call, perf_counter() - start))
        try:
            return await call_next(call)
        except HanbokError as error:
            if not call.recorded:
                self._sums["hanbok_refusals"][(error.code,)] += 1
            raise

    def collect(self) -> Iterator[Metric]:
        """Yield every series, for a scrape."""
        for name, (help_text, labels) in _COUNTERS.items():
            counter = CounterMetricFamily(name, help_text, labels=labels)
            for values, total in list(self._sums[name].items()):
                counter.add_metric(values, total)
            yield counter
        seconds = HistogramMetricFamily(
            "hanbok_call_seconds", "From the request read to its end", labels=["route"]
        )
        for route, durations in list(self._seconds.items()):
            seconds.add_metric([route], durations.buckets(), durations.total)
        yield seconds

    def _count(self, call: Call, seconds: float) -> None:
        ending, sums = call.ending, self._sums
        endpoint = ending.used.target.endpoint if ending.used else ""
        sums["hanbok_calls"][(call.route, endpoint, ending.status)] += 1
        self._seconds[call.route].add(seconds)
        for kind, number in call.tally.items():
            sums["hanbok_findings"][(kind,)] += number
        if endpoint:
            usage = ending.usage or Usage()
            sums["hanbok_tokens"][(endpoint, "input")] += usage.input
            sums["hanbok_tokens"][(endpoint, "output")] += usage.output
            parts = {"cached": usage.cached, "reasoning": usage.reasoning, **usage.parts}
            for part, number in parts.items():
                if number:
                    sums["hanbok_tokens"][(endpoint, part)] += number
            sums["hanbok_cost_won"][(endpoint,)] += ending.cost / 1_000_000
