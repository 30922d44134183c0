"""The leaderboard: one HTML file that needs no network, Korean first, with plots drawn as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import jinja2

from hanbok.studio.comparing import Difference, together
from hanbok.studio.scores import Metric, Scores, TaskScore
from hanbok.studio.significance import mean

_ROW, _LEFT, _WIDE = 22, 190, 420
_COLOURS: Final = ("#1b6ca8", "#c8553d", "#588157", "#6d597a", "#b08900", "#457b9d", "#9d0208", "#3a5a40")
_MICRO: Final = 1_000_000
_OF_TEN: Final = "rubric"
"""Its marks run to ten: they do not go into a mean of shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    y: float
    x: float
    low: float
    high: float
    name: str
    value: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """Models below one another, a point each with its interval; `ticks` are places and words of the axis."""

    title: str
    subtitle: str
    bars: list[_Bar]
    ticks: list[tuple[float, str]]
    height: int
    width: int = _LEFT + _WIDE + 80
    left: int = _LEFT


def page(results: Sequence[Scores], against: Sequence[Sequence[Difference]]) -> str:
    """Return the page of models in their order; `against` has for each what it differs from the first in.

    Raises ProtocolsDiffer.
    """
    names = together(results)
    tasks = [_task(results, name) for name in names]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        (files("hanbok.studio.evaluate") / "leaderboard.html.jinja").read_text(encoding="utf-8")
    )
    return template.render(
        models=[_model(one, place, names) for place, one in enumerate(results)],
        tasks=tasks,
        cells=[[_cell(one.task(name)) for one in results] for name in names],
        best=[_best(results, name) for name in names],
        plots=[_of_task(results, name) for name in names],
        costs=_of_cost(results),
        speeds=_of_speed(results),
        differences=[(results[place], listed) for place, listed in enumerate(against) if listed],
        first=results[0],
    )


def _task(results: Sequence[Scores], name: str) -> TaskScore:
    return next(found for one in results if (found := one.task(name)) is not None)


def _model(scores: Scores, place: int, names: Sequence[str]) -> dict[str, Any]:
    there = [task for name in names if (task := scores.task(name)) is not None]
    mains = [task.score.value for task in there if task.protocol.kind != _OF_TEN]
    spent = scores.spent
    return {
        "name": scores.subject.name,
        "kind": {"embedded": "내장 실행", "endpoint": "엔드포인트"}.get(
            scores.subject.kind, scores.subject.kind
        ),
        "digest": scores.subject.digest[:12],
        "colour": _COLOURS[place % len(_COLOURS)],
        "mean": f"{mean(mains):.3f}" if mains and len(there) == len(names) else "–",
        "cost": "–" if spent.cost is None else f"{spent.cost / _MICRO:,.1f}",
        "rate": f"{spent.rate:,.1f}",
        "requests": f"{spent.requests:,}",
        "tokens": f"{spent.input:,} + {spent.output:,}",
        "warnings": [(task.title, warning) for task in scores.tasks for warning in task.warnings],
    }


def _cell(task: TaskScore | None) -> dict[str, str] | None:
    if task is None:
        return None
    score = task.score
    return {"value": f"{score.value:.3f}", "interval": f"{score.low:.3f}–{score.high:.3f}"}


def _best(results: Sequence[Scores], name: str) -> set[int]:
    """Return the place of the best one, and of those whose interval reaches its value."""
    found = {place: task.score for place, one in enumerate(results) if (task := one.task(name)) is not None}
    top = max(one.value for one in found.values())
    return {place for place, one in found.items() if one.high >= top} if len(found) > 1 else set()


def _of_task(results: Sequence[Scores], name: str) -> _Plot:
    task = _task(results, name)
    shown = [
        (place, one.subject.name, found.score)
        for place, one in enumerate(results)
        if (found := one.task(name)) is not None
    ]
    highest = max(1.0, *(score.high for _, _, score in shown))
    lowest = min(0.0, *(score.low for _, _, score in shown))
    return _plot(f"{task.title.ko}", f"{task.title.en} · {task.main} · n={task.rows}", shown, lowest, highest)


def _of_cost(results: Sequence[Scores]) -> _Plot | None:
    priced = [
        (place, one.subject.name, _exactly(one.spent.cost / _MICRO))
        for place, one in enumerate(results)
        if one.spent.cost is not None
    ]
    top = max((score.value for _, _, score in priced), default=0.0)
    return _plot("비용(원)", "Cost in won", priced, 0.0, top or 1.0) if priced else None


def _of_speed(results: Sequence[Scores]) -> _Plot:
    shown = [(place, one.subject.name, _exactly(one.spent.rate)) for place, one in enumerate(results)]
    top = max(score.value for _, _, score in shown)
    return _plot("속도(초당 쓴 토큰)", "Speed, tokens written in a second", shown, 0.0, top or 1.0)


def _exactly(value: float) -> Metric:
    return Metric(value=value, low=value, high=value, n=0, interval="")


def _plot(
    title: str, subtitle: str, shown: Sequence[tuple[int, str, Metric]], lowest: float, highest: float
) -> _Plot:
    def at(value: float) -> float:
        return round(_LEFT + (value - lowest) / (highest - lowest) * _WIDE, 1)

    bars = [
        _Bar(
            y=(row + 0.5) * _ROW,
            x=at(score.value),
            low=at(score.low),
            high=at(score.high),
            name=name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…",
            value=_figure(score.value),
            colour=_COLOURS[place % len(_COLOURS)],
        )
        for row, (place, name, score) in enumerate(shown)
    ]
    steps = [lowest + (highest - lowest) * part / 4 for part in range(5)]
    return _Plot(
        title=title,
        subtitle=subtitle,
        bars=bars,
        ticks=[(at(step), _figure(step)) for step in steps],
        height=len(bars) * _ROW + 20,
    )


_SHORT: Final = 26
_HUNDRED: Final = 100


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _HUNDRED else f"{value:.2f}"
