"""Whether one model is better than another: the same rows, asked in the same way, paired."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact
from hanbok.studio.scores import Answer, Metric, Protocol, Scores, TaskScore, answers_of, scores_of
from hanbok.studio.significance import bootstrap, mcnemar, mean, permutation

_SURE = 0.05


class ProtocolsDiffer(HanbokError):
    code = "protocols_differ"
    message = Text(
        ko="과제 {task!r}의 두 점수는 다른 방법으로 잰 것이라 비교할 수 없습니다 ({fields})",
        en="the two scores of the task {task!r} were taken in different ways and do not compare ({fields})",
    )
    hint = Text(
        ko="같은 평가 묶음, 같은 자료, 같은 방법(--method)으로 다시 평가하십시오.",
        en="Evaluate both again with the same suite, data and method (`--method`).",
    )


class NothingInCommon(HanbokError):
    code = "nothing_in_common"
    message = Text(
        ko="두 평가에 공통된 과제가 없습니다: {before}, {after}",
        en="the two evaluations have no task in common: {before}, {after}",
    )
    hint = Text(ko="같은 평가 묶음의 결과를 지정하십시오.", en="Name results of the same suite.")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One task of two models. `gain` is after less before on the rows, `p` of a paired two-sided test."""

    task: str
    title: Text
    metric: str
    before: Metric
    after: Metric
    gain: Metric
    p: float
    test: str
    """`mcnemar` where rows are right or wrong, `permutation` where they have degrees."""
    gained: int
    lost: int
    n: int

    @property
    def significant(self) -> bool:
        """Whether chance would do this in less than one of twenty."""
        return self.p < _SURE


def compare(before: Artifact | Path, after: Artifact | Path) -> list[Difference]:
    """Return every task that both have. Raises ProtocolsDiffer, NothingInCommon, ScoresUnreadable."""
    first, second = scores_of(before), scores_of(after)
    pairs = [(one, two) for one in first.tasks if (two := second.task(one.name)) is not None]
    if not pairs:
        raise NothingInCommon(before=first.subject.name, after=second.subject.name)
    for one, two in pairs:
        same(one, two)
    olds, news = _by_row(before), _by_row(after)
    return [_difference(one, two, olds, news) for one, two in pairs]


def same(one: TaskScore, two: TaskScore) -> None:
    """Raise ProtocolsDiffer unless both were taken in the same way."""
    if one.protocol != two.protocol:
        fields = [
            name
            for name in Protocol.__struct_fields__
            if getattr(one.protocol, name) != getattr(two.protocol, name)
        ]
        raise ProtocolsDiffer(task=one.name, fields=", ".join(fields))


def together(results: Sequence[Scores]) -> list[str]:
    """Return the names of all tasks in their order. Raises ProtocolsDiffer."""
    seen: dict[str, TaskScore] = {}
    for scores in results:
        for task in scores.tasks:
            same(seen.setdefault(task.name, task), task)
    return list(seen)


def _by_row(place: Artifact | Path) -> dict[tuple[str, str], Answer]:
    return {(one.task, one.id): one for one in answers_of(place)}


def _difference(
    one: TaskScore,
    two: TaskScore,
    olds: dict[tuple[str, str], Answer],
    news: dict[tuple[str, str], Answer],
) -> Difference:
    rows = [key for key in olds if key[0] == one.name and key in news]
    pairs = [(olds[key].marks.get(one.paired, 0.0), news[key].marks.get(one.paired, 0.0)) for key in rows]
    moves = [new - old for old, new in pairs]
    gained, lost = sum(move > 0 for move in moves), sum(move < 0 for move in moves)
    exact = all(mark in {0.0, 1.0} for pair in pairs for mark in pair)
    return Difference(
        task=one.name,
        title=one.title,
        metric=one.main,
        before=one.score,
        after=two.score,
        gain=bootstrap(moves, mean),
        p=mcnemar(gained, lost) if exact else permutation(moves),
        test="mcnemar" if exact else "permutation",
        gained=gained,
        lost=lost,
        n=len(rows),
    )
