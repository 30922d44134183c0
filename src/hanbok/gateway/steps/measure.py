"""Counts for Prometheus: how many, how long, how much; never what was said."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from time import perf_counter
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.metrics import Family, Point, Registry, counter
from hanbok.core.values import Usage
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next

_BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_SECONDS: Final = "hanbok_call_seconds"
_COUNTERS: Final = {
    "hanbok_calls_total": ("Calls, by how they ended", ("route", "endpoint", "status")),
    "hanbok_refusals_total": ("Calls that did not leave, by error code", ("code",)),
    "hanbok_tokens_total": (
        "Tokens as providers counted them; all parts but input and output are parts of these",
        ("endpoint", "part"),
    ),
    "hanbok_cost_won_total": ("Won charged", ("endpoint",)),
    "hanbok_findings_total": ("Personal data and secrets found in requests", ("kind",)),
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

    def points(self, labels: tuple[tuple[str, str], ...]) -> Iterator[Point]:
        """Yield the running counts by upper bound, and what they come to."""
        running = 0
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self.counts, strict=True):
            running += count
            yield Point(f"{_SECONDS}_bucket", (*labels, ("le", bound)), running)
        yield Point(f"{_SECONDS}_count", labels, running)
        yield Point(f"{_SECONDS}_sum", labels, self.total)


class Measure:
    """The outermost step: it sees every call, refused ones too. Counts are plain numbers until somebody asks."""

    def __init__(self, registry: Registry) -> None:
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
                self._sums["hanbok_refusals_total"][(error.code,)] += 1
            raise

    def collect(self) -> Iterator[Family]:
        """Yield every series, for a scrape."""
        for name, (help_text, labels) in _COUNTERS.items():
            yield counter(name, help_text, labels, self._sums[name].items())
        routes = list(self._seconds.items())
        points = [point for route, durations in routes for point in durations.points((("route", route),))]
        yield Family(_SECONDS, "From the request read to its end", "histogram", points)

    def _count(self, call: Call, seconds: float) -> None:
        ending, sums = call.ending, self._sums
        endpoint = ending.used.target.endpoint if ending.used else ""
        sums["hanbok_calls_total"][(call.route, endpoint, ending.status)] += 1
        self._seconds[call.route].add(seconds)
        for kind, number in call.tally.items():
            sums["hanbok_findings_total"][(kind,)] += number
        if endpoint:
            usage = ending.usage or Usage()
            sums["hanbok_tokens_total"][(endpoint, "input")] += max(usage.input, 0)
            sums["hanbok_tokens_total"][(endpoint, "output")] += max(usage.output, 0)
            parts = {"cached": usage.cached, "reasoning": usage.reasoning, **usage.parts}
            for part, number in parts.items():
                if number > 0:
                    sums["hanbok_tokens_total"][(endpoint, part)] += number
            sums["hanbok_cost_won_total"][(endpoint,)] += ending.cost / 1_000_000
