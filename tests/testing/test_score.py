import json
from typing import Any

import msgspec
import pytest

from hanbok.guard.score import (
    BadScoreInput,
    Scores,
    StrayPrediction,
    read_gold,
    read_predictions,
    score,
)


def line(identity: str, *spans: tuple[int, int, str], **more: Any) -> str:
    marks = [{"start": start, "end": end, "type": kind} for start, end, kind in spans]
    return json.dumps({"id": identity, "spans": marks, **more})


def measure(gold: list[str], predictions: list[str]) -> Scores:
    return score(read_gold(gold, "gold.jsonl"), read_predictions(predictions, "found.jsonl"))


TEXT = "0123456789" * 2


def test_perfect_predictions_score_one() -> None:
    gold = [line("a", (0, 4, "PHONE"), (6, 9, "RRN"), text=TEXT, notation="plain"), line("b", text=TEXT)]
    scores = measure(gold, [line("a", (0, 4, "PHONE"), (6, 9, "RRN")), line("b")])
    assert scores.micro.strict.f1 == scores.micro.overlap.f1 == 1
    assert (scores.leak, scores.alarm, scores.unanswered) == (0, 0, 0)
    assert (scores.lines, scores.clean_lines) == (2, 1)
    assert scores.notations["plain"].recall == 1
    assert scores.notations["plain"].gold == 2


def test_a_shifted_span_overlaps_and_is_not_strict_and_leaks_the_rest() -> None:
    scores = measure([line("a", (0, 4, "PHONE"), text=TEXT)], [line("a", (1, 6, "PHONE"))])
    assert scores.kinds["PHONE"].strict.f1 == 0
    assert scores.kinds["PHONE"].overlap.f1 == 1
    assert scores.leak == scores.kinds["PHONE"].leak == 0.25


def test_a_wrong_type_covers_and_is_wrong_for_both_types() -> None:
    scores = measure([line("a", (0, 4, "PHONE"), text=TEXT)], [line("a", (0, 4, "ACCOUNT"))])
    assert scores.leak == 0
    assert scores.kinds["PHONE"].overlap.recall == 0
    assert scores.kinds["ACCOUNT"].overlap.precision == 0
    assert scores.micro.overlap.f1 == 0


def test_a_finding_counts_for_one_gold_span_only() -> None:
    gold = [line("a", (0, 4, "PHONE"), (5, 9, "PHONE"), text=TEXT)]
    scores = measure(gold, [line("a", (0, 20, "PHONE"))])
    assert scores.micro.overlap.recall == 0.5
    assert scores.micro.overlap.precision == 1
    assert scores.leak == 0


def test_two_findings_in_one_gold_span_count_once() -> None:
    gold = [line("a", (0, 9, "PHONE"), text=TEXT)]
    scores = measure(gold, [line("a", (0, 3, "PHONE"), (5, 9, "PHONE"))])
    assert scores.micro.overlap.recall == 1
    assert scores.micro.overlap.precision == 0.5
    assert scores.leak == pytest.approx(2 / 9)


def test_a_twice_given_finding_is_right_once() -> None:
    scores = measure([line("a", (0, 4, "RRN"), text=TEXT)], [line("a", (0, 4, "RRN"), (0, 4, "RRN"))])
    assert scores.micro.strict.precision == 0.5
    assert scores.micro.strict.f1 == pytest.approx(2 / 3)


def test_clean_lines_with_findings_raise_the_alarm_once_each() -> None:
    gold = [line(name, text=TEXT) for name in "abcd"]
    predictions = [line("a", (0, 2, "RRN"), (4, 6, "RRN")), *(line(name) for name in "bcd")]
    assert measure(gold, predictions).alarm == 0.25


def test_recall_is_given_by_notation() -> None:
    gold = [
        line("a", (0, 4, "PHONE"), text=TEXT, notation="spaced"),
        line("b", (0, 4, "PHONE"), text=TEXT, notation="circled"),
        line("c", (0, 4, "PHONE"), text=TEXT, notation="circled"),
    ]
    scores = measure(gold, [line("a", (0, 4, "PHONE")), line("b", (0, 4, "PHONE"))])
    assert {name: one.recall for name, one in scores.notations.items()} == {"circled": 0.5, "spaced": 1}
    assert scores.unanswered == 1


def test_the_result_is_json() -> None:
    scores = measure([line("a", (0, 4, "RRN"), text=TEXT)], [line("a")])
    written = json.loads(msgspec.json.encode(scores))
    assert written["types"]["RRN"]["strict"] == {"precision": 0, "recall": 0, "f1": 0}
    assert written["leak"] == 1


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deep"),
        ('{"spans": []}', "`id`"),
        ('{"id": [3], "spans": []}', "`array`"),
        ('{"id": null, "spans": []}', "`null`"),
        ('{"id": "x"}', "`spans`"),
        ('{"id": "x", "spans": [{"start": "0", "end": 1, "type": "RRN"}]}', "$.spans[0].start"),
        ('{"id": "x", "spans": [{"start": 3, "end": 3, "type": "RRN"}]}', "spans[0]"),
        ('{"id": "x", "spans": [{"start": -3, "end": 3, "type": "RRN"}]}', "spans[0]"),
        ('{"id": "a", "spans": []}', "came before"),
    ],
)
def test_a_malformed_line_is_named_by_file_and_number(bad: str, problem: str) -> None:
    with pytest.raises(BadScoreInput) as caught:
        read_predictions([line("a"), "", bad], "found.jsonl")
    assert str(caught.value).startswith("found.jsonl, line 3: ")
    assert problem in str(caught.value)


def test_gold_needs_its_text_and_spans_inside_it() -> None:
    with pytest.raises(BadScoreInput, match=r"gold.jsonl, line 1: .*`text`"):
        read_gold([line("a")], "gold.jsonl")
    with pytest.raises(BadScoreInput, match=r"line 1: spans\[0\] ends after the text"):
        read_gold([line("a", (0, 9, "RRN"), text="short")], "gold.jsonl")


def test_predictions_must_fit_the_gold_text() -> None:
    gold = [line("a", text="short")]
    with pytest.raises(StrayPrediction, match="'b'"):
        measure(gold, [line("b")])
    with pytest.raises(StrayPrediction, match="ends after the text"):
        measure(gold, [line("a", (0, 6, "RRN"))])


def test_ids_may_be_numbers_or_strings_and_rows_may_hold_more() -> None:
    gold = [
        json.dumps({"id": 7, "text": TEXT, "spans": [{"start": 0, "end": 4, "type": "NEW_TYPE", "note": 1}]}),
        "",
        "\ufeff"
        + json.dumps({"id": "7b", "text": "\ud800", "spans": [], "notation": None, "source": "x"})
        + "\r",
    ]
    found = ['{"id":"7","spans":[{"start":0,"end":4,"type":"NEW_TYPE","score":0.5}],"took":3}', "  "]
    scores = measure(gold, found)
    assert scores.kinds["NEW_TYPE"].strict.f1 == 1
    assert (scores.lines, scores.clean_lines, scores.unanswered) == (2, 1, 1)


def test_one_id_written_two_ways_is_one_id() -> None:
    with pytest.raises(BadScoreInput, match="came before"):
        read_predictions(['{"id":1,"spans":[]}', '{"id":"1","spans":[]}'], "found.jsonl")
