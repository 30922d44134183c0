"""A run: every row of every task asked, several at a time, marked, and summed up with what that took."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from hanbok.core.clock import stamp
from hanbok.core.values import MicroWon, Text
from hanbok.studio.evaluate.asking import Door, RowRefused
from hanbok.studio.evaluate.choosing import Methods
from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.judge import Judge, Verdict
from hanbok.studio.evaluate.ledger import Ledger
from hanbok.studio.evaluate.method import Method
from hanbok.studio.evaluate.plugs import TASKS, plug
from hanbok.studio.evaluate.prompting import Prompter
from hanbok.studio.evaluate.suite import Suite, TaskSpec, digest_of, items_of
from hanbok.studio.evaluate.task import Task
from hanbok.studio.scores import ANSWERS, SCORES, Answer, Metric, Protocol, Scores, Spent, Subject, TaskScore
from hanbok.studio.significance import FEW, average, smallest_gain
from hanbok.studio.stage import Progress

VERDICTS: Final = "verdicts.jsonl"
_UNREAD: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Won per million tokens, which is micro-won per token."""

    input: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Who is asked, and how."""

    subject: Subject
    door: Door
    root: Path
    """Where the data is."""
    form: str = "chat"
    template: str = ""
    """Names the chat template where hanbok brings it; empty: the endpoint's own."""
    method: str = "auto"
    judge: Judge | None = None
    concurrency: int = 4
    limit: int = 0
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """A task with all that its rows are asked with."""

    spec: TaskSpec
    task: Task
    items: list[Item]
    prompter: Prompter
    method: Method | None
    protocol: Protocol
    digest: str


async def evaluate(suite: Suite, bench: Bench, folder: Path, progress: Progress) -> Scores:
    """Ask what was not asked yet, and write the scores and all answers into `folder`.

    Raises HanbokError; what was answered until then stays.
    """
    began = time.monotonic()
    sets = await _sets(suite, bench)
    told = Text(ko=f"{suite.title.ko} 평가", en=f"evaluating {suite.title.en}")
    progress.begin(told, sum(len(one.items) for one in sets), "rows")
    with Ledger(folder / ANSWERS, Answer) as ledger, Ledger(folder / VERDICTS, Verdict) as verdicts:
        kept = {(one.task, one.protocol, one.id): one for one in ledger.kept}
        for one in sets:
            waiting = [item for item in one.items if (one.spec.name, one.digest, item.id) not in kept]
            progress.advance(len(one.items) - len(waiting))
            await _ask_all(one, waiting, bench, ledger, verdicts, progress)
        found = {(one.task, one.protocol, one.id): one for one in ledger.kept}
    answers = {
        one.spec.name: [one.task.mark(item, found[one.spec.name, one.digest, item.id]) for item in one.items]
        for one in sets
    }
    _rewrite(folder / ANSWERS, (answer for one in sets for answer in answers[one.spec.name]))
    if not (folder / VERDICTS).stat().st_size:
        (folder / VERDICTS).unlink()
    scores = Scores(
        subject=bench.subject,
        suite=suite.suite,
        title=suite.title,
        tasks=[_scored(one, answers[one.spec.name]) for one in sets],
        spent=_spent(answers, time.monotonic() - began, bench.price),
        harness=f"hanbok {version('hanbok')}",
        made_at=stamp(),
    )
    _write(folder / SCORES, msgspec.json.format(msgspec.json.encode(scores), indent=1))
    return scores


async def _sets(suite: Suite, bench: Bench) -> list[_Set]:
    """Everything is read before anything is asked: a broken file costs nobody an hour."""
    read = [(spec, *items_of(spec, bench.root, bench.limit)) for spec in suite.tasks]
    tasks: list[Task] = [plug(TASKS, spec.kind)(spec, bench.root) for spec in suite.tasks]
    methods = Methods(bench.door, bench.form)
    sets: list[_Set] = []
    for (spec, items, shots), task in zip(read, tasks, strict=True):
        name, method = await methods.of(spec, bench.method) if task.chooses else ("write", None)
        words, ending = _words(spec, task, name, method)
        prompter = Prompter(spec, bench.form, words, ending, shots)
        protocol = Protocol(
            kind=spec.kind,
            data={role: pin.sha256 for role, pin in spec.files.items()},
            rows=digest_of(items),
            prompt=prompter.template + prompter.ending,
            system=spec.system,
            shots=len(shots),
            method=name,
            template=bench.template or bench.form,
            options=_options(spec),
            seed=spec.seed,
            temperature=spec.temperature,
            max_tokens=spec.max_tokens,
            judge=_judge(task, bench.judge),
        )
        sets.append(
            _Set(
                spec=spec,
                task=task,
                items=items,
                prompter=prompter,
                method=method,
                protocol=protocol,
                digest=protocol.digest,
            )
        )
    return sets


def _words(spec: TaskSpec, task: Task, name: str, method: Method | None) -> tuple[str, str]:
    """Return which words of the language a task is asked with, and which end its question."""
    if method is None:
        return task.words, ""
    lists = task.words == "bare" and not (spec.by == "text" and "text" in method.bys)
    words = "choices" if lists else task.words
    if name == "strict":
        return words, "strict"
    return words, "label" if words == "classes" else "letter"


def _options(spec: TaskSpec) -> dict[str, str]:
    told: dict[str, Any] = {
        "checkers": spec.checkers,
        "options": {name: value for name, value in spec.options.items() if name != "rubric"},
        "labels": spec.labels,
        "names": spec.names,
        "stop": spec.stop,
        "by": spec.by,
    }
    return {
        name: msgspec.json.encode(value, order="sorted").decode() for name, value in told.items() if value
    }


def _judge(task: Task, judge: Judge | None) -> str:
    judged = getattr(task, "judged", "")
    return f"{judge.name if judge else ''}:{judged}" if judged else ""


async def _ask_all(
    one: _Set,
    items: Sequence[Item],
    bench: Bench,
    ledger: Ledger[Answer],
    verdicts: Ledger[Verdict],
    progress: Progress,
) -> None:
    """Have a few workers take rows from one list; the first failure ends them all."""
    waiting = iter(items)
    workers = [
        asyncio.create_task(_work(one, waiting, bench, ledger, verdicts, progress))
        for _ in range(min(bench.concurrency, len(items)))
    ]
    if not workers:
        return
    try:
        done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
    for worker in done:
        worker.result()


async def _work(
    one: _Set,
    waiting: Iterator[Item],
    bench: Bench,
    ledger: Ledger[Answer],
    verdicts: Ledger[Verdict],
    progress: Progress,
) -> None:
    for item in waiting:
        desk = Desk(one.spec, bench.door, one.prompter, one.method, bench.judge)
        blank = Answer(task=one.spec.name, id=item.id, protocol=one.digest, group=item.group)
        try:
            answer = await one.task.ask(item, desk, blank)
        except RowRefused as refusal:
            answer = replace(blank, refused=refusal.reason)
        counted = desk.counter
        answer = replace(
            answer,
            requests=counted.requests,
            input=counted.input,
            output=counted.output,
            seconds=round(counted.seconds, 6),
        )
        for verdict in desk.verdicts:
            verdicts.add(verdict)
        ledger.add(one.task.mark(item, answer))
        progress.advance(1)


def _scored(one: _Set, answers: list[Answer]) -> TaskScore:
    metrics = one.task.total(answers, {item.id: item for item in one.items})
    groups: dict[str, list[float]] = {}
    for answer in answers:
        groups.setdefault(answer.group, []).append(answer.marks.get(one.task.paired, 0.0))
    unread = sum(bool(answer.marks.get("unread")) for answer in answers)
    return TaskScore(
        name=one.spec.name,
        title=one.spec.title,
        language=one.spec.language,
        main=one.task.main,
        paired=one.task.paired,
        metrics=metrics,
        groups={name: average(marks) for name, marks in groups.items() if name} if len(groups) > 1 else {},
        protocol=one.protocol,
        rows=len(answers),
        unread=unread,
        warnings=list(_warnings(len(answers), unread, metrics[one.task.main])),
    )


def _warnings(rows: int, unread: int, main: Metric) -> Iterator[Text]:
    if rows < FEW and main.interval == "wilson":
        least = 100 * smallest_gain(rows, main.value)
        yield Text(
            ko=f"{rows}행뿐입니다. 두 모델의 차이가 약 {least:.0f}%p는 되어야 가려집니다",
            en=f"only {rows} rows: two models must differ by some {least:.0f} points to be told apart",
        )
    elif rows < FEW:
        yield Text(ko=f"{rows}행뿐이라 구간이 넓습니다", en=f"only {rows} rows: the interval is wide")
    if unread > _UNREAD * rows:
        yield Text(
            ko=f"{rows}행 가운데 {unread}행의 답에서 아무것도 읽지 못했습니다",
            en=f"nothing could be read in the answers to {unread} of {rows} rows",
        )


def _spent(answers: dict[str, list[Answer]], wall: float, price: Price | None) -> Spent:
    every = [one for listed in answers.values() for one in listed]
    tokens = sum(one.input for one in every), sum(one.output for one in every)
    cost: MicroWon | None = None
    if price is not None:
        cost = round(tokens[0] * price.input + tokens[1] * price.output)
    return Spent(
        requests=sum(one.requests for one in every),
        input=tokens[0],
        output=tokens[1],
        seconds=round(sum(one.seconds for one in every), 3),
        wall=round(wall, 3),
        cost=cost,
    )


def _rewrite(path: Path, answers: Iterator[Answer]) -> None:
    """In the order of the rows, so that the file says nothing of who answered first."""
    encoder = msgspec.json.Encoder()
    half = path.with_name(f".{path.name}")
    with half.open("wb") as file:
        file.writelines(encoder.encode(one) + b"\n" for one in answers)
    half.replace(path)


def _write(path: Path, content: bytes) -> None:
    half = path.with_name(f".{path.name}")
    half.write_bytes(content)
    half.replace(path)
