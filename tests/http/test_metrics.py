"""What a scrape gets is read by the official client's parser, whatever the labels hold."""

from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from hanbok.core.metrics import Registry, counter, exposition, gauge
from hanbok.core.values import Usage
from hanbok.gateway.steps.measure import Measure

ODD = 'a "b"\\ \n, {x="1"} 한국어'


def test_labels_and_help_come_back_as_they_were() -> None:
    sums = {(ODD, "x"): 3.0, ("", "y"): 1e20}
    families = [
        counter("odd_total", "Backslash \\ and\nline", ("what", "how"), sums.items()),
        gauge("days", "Days", (), [((), -1)]),
    ]
    odd, days = text_string_to_metric_families(exposition(families).decode())
    assert {(one.labels["what"], one.labels["how"]): one.value for one in odd.samples} == sums
    assert (odd.type, odd.documentation) == ("counter", "Backslash \\ and\nline")
    assert [(one.name, one.labels, one.value) for one in days.samples] == [("days", {}, -1)]


def test_durations_are_a_histogram_that_adds_up() -> None:
    registry = Registry()
    measure = Measure(registry)
    for seconds in (0.001, 0.02, 0.3, 1000.0):
        measure._seconds["/v1/chat/completions"].add(seconds)
    found = {
        one.name: one for one in text_string_to_metric_families(exposition(registry.families()).decode())
    }
    samples = found["hanbok_call_seconds"].samples
    running = {one.labels["le"]: one.value for one in samples if one.name == "hanbok_call_seconds_bucket"}
    assert (running["0.005"], running["0.02"], running["0.5"], running["+Inf"]) == (1, 2, 3, 4)
    assert list(running.values()) == sorted(running.values())
    rest = {one.name: one.value for one in samples[len(running) :]}
    assert rest == {"hanbok_call_seconds_count": 4, "hanbok_call_seconds_sum": 1000.321}


def test_counts_of_tokens_that_make_no_sense_lower_no_counter() -> None:
    registry = Registry()
    measure = Measure(registry)
    for usage in (Usage(input=10, cached=3), Usage(input=-4, output=7, cached=-1)):
        used = SimpleNamespace(target=SimpleNamespace(endpoint="e"))
        ending = SimpleNamespace(used=used, usage=usage, status="completed", cost=0)
        measure._count(SimpleNamespace(ending=ending, route="/v1", tally={}), 0.1)
    points = {point.labels: point.value for one in registry.families() for point in one.points}
    found = {part: points[("endpoint", "e"), ("part", part)] for part in ("input", "output", "cached")}
    assert found == {"input": 10, "output": 7, "cached": 3}
