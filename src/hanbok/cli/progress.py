"""How verbs of the workshop show their work: bars with rate and remaining time on a terminal, plain lines elsewhere.

All of it goes to standard error, so that what `--json` prints stays readable.
"""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text as Styled

from hanbok.cli.words import LANGUAGE, say
from hanbok.core.values import Text
from hanbok.studio.build import Made, Watcher

_EVERY: Final = 10.0
"""Seconds between two lines about the same part of the work."""
_MINUTE: Final = 60


@contextmanager
def watching() -> Generator[Watcher]:
    """Return what shows the work while it lasts."""
    if not sys.stderr.isatty():
        yield Lines(sys.stderr)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        _Done(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True, highlight=False)) as progress:
        yield Bars(progress)


class Bars:
    """A bar for each part of the work; those that are done stay above."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._step = ""
        self._task: TaskID | None = None

    def step(self, name: str, index: int, count: int) -> None:
        self._step = f"[{index}/{count}] {name}"

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        self._finish()
        self._task = self._progress.add_task(f"{self._step} · {what.of(LANGUAGE)}", total=total, unit=unit)

    def advance(self, done: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, done)

    def made(self, made: Made) -> None:
        self._finish()
        self._progress.console.print(f"{self._step} · {_came_to(made)}", markup=False)

    def _finish(self) -> None:
        if self._task is not None:
            self._progress.stop_task(self._task)
        self._task = None


class Lines:
    """A line when a part begins and ends, and one every ten seconds."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._step = self._what = self._unit = ""
        self._total: int | None = None
        self._done = 0
        self._began = self._told = 0.0

    def step(self, name: str, index: int, count: int) -> None:
        self._step = f"[{index}/{count}] {name}"

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        self._what, self._total, self._unit, self._done = what.of(LANGUAGE), total, unit, 0
        self._began = self._told = time.monotonic()
        self._say(self._what)

    def advance(self, done: int) -> None:
        self._done += done
        now = time.monotonic()
        if now - self._told < _EVERY and self._done != self._total:
            return
        self._told, spent = now, now - self._began
        rate = self._done / spent if spent else 0.0
        left = (
            f", {lasted((self._total - self._done) / rate)} {say('남음', 'left')}"
            if self._total and rate
            else ""
        )
        self._say(f"{self._what} {_count(self._done, self._total)} {self._unit}, {rate:.1f}/s{left}")

    def made(self, made: Made) -> None:
        self._say(_came_to(made))

    def _say(self, text: str) -> None:
        print(f"{self._step} · {text}", file=self._out, flush=True)


class _Done(ProgressColumn):
    """How many units are done, and how many a second."""

    def render(self, task: Task) -> Styled:
        done = int(task.completed)
        rate = task.finished_speed or task.speed
        unit = task.fields.get("unit", "")
        told = f"{_count(done, None if task.total is None else int(task.total))} {unit}"
        return Styled(f"{told} {rate:,.1f}/s" if rate else told)


def _came_to(made: Made) -> str:
    digest = made.artifact.digest[:12]
    if made.cached:
        return say(f"이미 있음 {digest}", f"there already, {digest}")
    return say(f"완료 {lasted(made.seconds)} {digest}", f"done in {lasted(made.seconds)}, {digest}")


def _count(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,}/{total:,}"


def lasted(seconds: float) -> str:
    """Write a time as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
