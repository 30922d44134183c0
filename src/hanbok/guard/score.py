"""How good findings are, measured against labelled text: pure functions over lines of JSON.

A finding counts as *strict* when start, end and type are those of a gold span, as *overlap* when the type is the
same and they share a character; each gold span and each finding counts once. *Leak* is the share of gold characters
that no finding of any type covers, *alarm* the share of lines without gold spans that have a finding.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class BadScoreInput(HanbokError):
    code = "bad_score_input"
    message = Text(ko="{file} {line}행: {problem}", en="{file}, line {line}: {problem}")
    hint = Text(
        ko='예측은 {{"id","spans":[{{"start","end","type"}}]}}, 정답은 여기에 "text"를 더해 한 줄에 하나씩 적습니다.',
        en='A prediction is {{"id","spans":[{{"start","end","type"}}]}}, gold adds "text"; one JSON object a line.',
    )


class StrayPrediction(HanbokError):
    code = "stray_prediction"
    message = Text(
        ko="예측 {id!r}은(는) 정답의 글과 맞지 않습니다: {problem}",
        en="prediction {id!r} does not fit the gold text: {problem}",
    )
    hint = Text(
        ko="정답 파일과 같은 글을 검사했는지 확인하십시오.",
        en="Check that the texts scanned are those of the gold file.",
    )


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Where something stands: code-point offsets, end exclusive."""

    start: int
    end: int
    kind: str = msgspec.field(name="type")


Id: TypeAlias = str | int | float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine found in one line."""

    id: Id
    spans: tuple[Span, ...]


class Gold(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled line. `notation` says how its values are written, such as `plain` or `fullwidth`."""

    id: Id
    text: str
    spans: tuple[Span, ...]
    notation: str | None = None


_Row = TypeVar("_Row", Gold, Prediction)


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Precision, recall and their harmonic mean, 0 to 1."""

    precision: float
    recall: float
    f1: float


class KindScore(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one type, or of all together."""

    gold: int
    found: int
    strict: Measure
    overlap: Measure
    leak: float


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the gold spans of one notation that a finding of their type overlaps."""

    gold: int
    recall: float


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result; `msgspec.json.encode` writes it."""

    lines: int
    clean_lines: int
    unanswered: int
    """Gold lines that no prediction names; they count as lines in which nothing was found."""
    alarm: float
    leak: float
    micro: KindScore
    kinds: dict[str, KindScore] = msgspec.field(name="types")
    notations: dict[str, Recall]


def read_gold(lines: Iterable[str], file: str) -> list[Gold]:
    """Read gold lines; `file` names them in errors. Raise BadScoreInput on the first that is wrong."""
    rows: list[Gold] = []
    for number, row in _decode(lines, file, Gold):
        for place, span in enumerate(row.spans):
            if span.end > len(row.text):
                raise BadScoreInput(file=file, line=number, problem=f"spans[{place}] ends after the text")
        rows.append(row)
    return rows


def read_predictions(lines: Iterable[str], file: str) -> list[Prediction]:
    """Read predictions; `file` names them in errors. Raise BadScoreInput on the first that is wrong."""
    return [row for _, row in _decode(lines, file, Prediction)]


def _decode(lines: Iterable[str], file: str, kind: type[_Row]) -> Iterator[tuple[int, _Row]]:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        row_text = line.strip("\ufeff \t\r\n")
        if not row_text:
            continue
        try:
            # The standard reader: texts of the wild hold halves of surrogate pairs, which msgspec refuses.
            row = msgspec.convert(json.loads(row_text), kind)
        except (json.JSONDecodeError, msgspec.ValidationError, RecursionError) as error:
            raise BadScoreInput(file=file, line=number, problem=_told(error)) from None
        if str(row.id) in seen:
            raise BadScoreInput(file=file, line=number, problem="this id came before")
        seen.add(str(row.id))
        for place, span in enumerate(row.spans):
            if not 0 <= span.start < span.end:
                raise BadScoreInput(file=file, line=number, problem=f"spans[{place}] is empty or backwards")
        yield number, row


def _told(error: Exception) -> str:
    """Say what is wrong with a row, without the row."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    return str(error) if isinstance(error, msgspec.ValidationError) else "nested too deep"


class _Tally:
    """Counts of one type."""

    def __init__(self) -> None:
        self.gold = self.found = self.strict = self.overlap = self.characters = self.uncovered = 0

    def add(self, other: "_Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def measure(self, right: int) -> Measure:
        precision = right / self.found if self.found else 0.0
        recall = right / self.gold if self.gold else 0.0
        f1 = 2 * right / (self.gold + self.found) if self.gold + self.found else 0.0
        return Measure(precision=precision, recall=recall, f1=f1)

    def score(self) -> KindScore:
        return KindScore(
            gold=self.gold,
            found=self.found,
            strict=self.measure(self.strict),
            overlap=self.measure(self.overlap),
            leak=_share(self.uncovered, self.characters),
        )


def score(gold: Sequence[Gold], predictions: Sequence[Prediction]) -> Scores:
    """Measure predictions against gold, joined by id: 1 and "1" are the same.

    Raise StrayPrediction on an unknown id or offset.
    """
    _fit(gold, predictions)
    answers = {str(row.id): row.spans for row in predictions}
    kinds: defaultdict[str, _Tally] = defaultdict(_Tally)
    notations: defaultdict[str, _Tally] = defaultdict(_Tally)
    alarms = 0
    for row in gold:
        found = answers.get(str(row.id), ())
        alarms += bool(found and not row.spans)
        for kind, tally in _count(row.spans, found).items():
            kinds[kind].add(tally)
            if row.notation:
                notations[row.notation].add(tally)
    everything = _Tally()
    for tally in kinds.values():
        everything.add(tally)
    clean = sum(not row.spans for row in gold)
    return Scores(
        lines=len(gold),
        clean_lines=clean,
        unanswered=sum(str(row.id) not in answers for row in gold),
        alarm=_share(alarms, clean),
        leak=_share(everything.uncovered, everything.characters),
        micro=everything.score(),
        kinds={kind: kinds[kind].score() for kind in sorted(kinds)},
        notations={
            name: Recall(gold=tally.gold, recall=_share(tally.overlap, tally.gold))
            for name, tally in sorted(notations.items())
            if tally.gold
        },
    )


def _fit(gold: Iterable[Gold], predictions: Iterable[Prediction]) -> None:
    lengths = {str(row.id): len(row.text) for row in gold}
    for row in predictions:
        if str(row.id) not in lengths:
            raise StrayPrediction(id=row.id, problem="no such id")
        if any(span.end > lengths[str(row.id)] for span in row.spans):
            raise StrayPrediction(id=row.id, problem="a span ends after the text")


def _count(gold: Sequence[Span], found: Sequence[Span]) -> Mapping[str, _Tally]:
    """Count one line by type."""
    counts: defaultdict[str, _Tally] = defaultdict(_Tally)
    covered = {place for span in found for place in range(span.start, span.end)}
    for span in gold:
        counts[span.kind].gold += 1
        counts[span.kind].characters += span.end - span.start
        counts[span.kind].uncovered += len(set(range(span.start, span.end)) - covered)
    for span in found:
        counts[span.kind].found += 1
    for span in set(gold) & set(found):
        counts[span.kind].strict += 1
    for span in _pair(gold, found):
        counts[span.kind].overlap += 1
    return counts


def _pair(gold: Sequence[Span], found: Sequence[Span]) -> Iterator[Span]:
    """Return the gold spans that a finding of their own can be given, the widest overlaps first."""
    overlaps = sorted(
        (
            (min(one.end, other.end) - max(one.start, other.start), -place, -rank)
            for place, one in enumerate(gold)
            for rank, other in enumerate(found)
            if one.kind == other.kind and one.start < other.end and other.start < one.end
        ),
        reverse=True,
    )
    taken_gold: set[int] = set()
    taken_found: set[int] = set()
    for _, place, rank in overlaps:
        if place not in taken_gold and rank not in taken_found:
            taken_gold.add(place)
            taken_found.add(rank)
            yield gold[-place]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
