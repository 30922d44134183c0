"""Counts for Prometheus: how many, how long, how much; never what was said."""

from collections import Counter as Tally
from time import perf_counter
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram

from hanbok.core.errors import HanbokError
from hanbok.core.values import Usage
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next

_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


_Metric = TypeVar("_Metric", Counter, Histogram)


class Measure:
    """The outermost step: it sees every call, refused ones too."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._series: dict[tuple[object, ...], Any] = {}
        self._calls = Counter(
            "hanbok_calls_total",
            "Calls, by how they ended",
            ["route", "endpoint", "status"],
            registry=registry,
        )
        self._refusals = Counter(
            "hanbok_refusals_total", "Calls that did not leave, by error code", ["code"], registry=registry
        )
        self._seconds = Histogram(
            "hanbok_call_seconds",
            "From the request read to its end",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._tokens = Counter(
            "hanbok_tokens_total", "Tokens as providers counted them", ["endpoint", "part"], registry=registry
        )
        self._won = Counter("hanbok_cost_won_total", "Won charged", ["endpoint"], registry=registry)
        self._findings = Counter(
            "hanbok_findings_total",
            "Personal data and secrets found in requests",
            ["kind"],
            registry=registry,
        )

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        start = perf_counter()

        async def count() -> None:
            self._count(call, perf_counter() - start)

        call.at_end(count)
        try:
            return await call_next(call)
        except HanbokError as error:
            if not call.recorded:
                self._refusals.labels(error.code).inc()
            raise

    def _count(self, call: Call, seconds: float) -> None:
        ending = call.ending
        endpoint = ending.used.target.endpoint if ending.used else ""
        self._of(self._calls, call.route, endpoint, ending.status).inc()
        self._of(self._seconds, call.route).observe(seconds)
        for kind, number in Tally(finding.kind for finding in call.found).items():
            self._of(self._findings, kind).inc(number)
        if endpoint:
            usage = ending.usage or Usage()
            self._of(self._tokens, endpoint, "input").inc(usage.input)
            self._of(self._tokens, endpoint, "output").inc(usage.output)
            self._of(self._won, endpoint).inc(ending.cost / 1_000_000)

    def _of(self, metric: _Metric, *labels: str) -> _Metric:
        """Return the series with these labels; the library's own way to it takes ten times as long."""
        key = (metric, *labels)
        series: _Metric | None = self._series.get(key)
        if series is None:
            series = self._series[key] = metric.labels(*labels)
        return series
