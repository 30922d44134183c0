"""`hanbok probe`: risky questions before and after a change of model."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress

from hanbok.building import guard_of
from hanbok.cli.ask import NoKey
from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import actor, opened, send
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import LANGUAGE, say
from hanbok.gateway.probes.acts import diff_act, run_act
from hanbok.gateway.probes.differing import Change, compare
from hanbok.gateway.probes.pack import Category, categories
from hanbok.gateway.probes.running import Door, Run, run_probes
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.settings.environment import client
from hanbok.settings.reading import Loaded

probe = App(name="probe", result_action="return_value")
Recorded = Annotated[
    bool,
    Parameter(
        name="--record",
        negative="--no-record",
        help=say("증거 로그에 남깁니다.", "Record it in the evidence log."),
    ),
]
Model = Annotated[str, Parameter(help=say("모델 이름.", "Model."))]
Results = Annotated[
    Path, Parameter(name=["--out", "-o"], help=say("결과 파일(JSON).", "File of results, JSON."))
]
Only = Annotated[
    tuple[str, ...],
    Parameter(
        name="--category", negative="", help=say("이 분류만(여러 번).", "Only this category (repeat).")
    ),
]
Repeat = Annotated[
    int,
    Parameter(
        help=say(
            "질문마다 몇 번 물을지. 가장 나쁜 답으로 판정.", "Times each is asked; the worst answer counts."
        )
    ),
]
Keep = Annotated[
    bool,
    Parameter(negative="", help=say("답의 내용도 파일에 남깁니다.", "Keep the answers' words in the file.")),
]
_GRADES = {
    Change.MINOR: ("경미", "minor"),
    Change.MODERATE: ("중간", "moderate"),
    Change.MAJOR: ("중대", "major"),
}


@probe.command(name="list", help=say("위험 질문을 보입니다.", "List the probes."))
def show_all(*, json: Json = False) -> None:
    """Print one row for each probe."""
    rows = [
        {
            "id": one.id,
            "category": category.title.of(LANGUAGE),
            "severity": category.severity,
            "expect": one.expect,
            "ask": one.ask,
        }
        for category in categories().values()
        for one in category.probe
    ]
    columns = {
        "id": say("번호", "id"),
        "category": say("분류", "category"),
        "severity": say("무게", "severity"),
        "expect": say("기대", "expected"),
        "ask": say("질문", "question"),
    }
    print_rows(rows, columns, json=json, empty="")


@probe.command(
    help=say(
        "도는 서버의 모델에 위험 질문을 묻고 판정합니다. 통과하지 못한 질문이 있으면 1로 끝납니다.",
        "Ask a model of a running server the risky questions and judge its answers; exit 1 if one fails.",
    )
)
def run(
    *,
    model: Model,
    out: Results,
    only: Only = (),
    repeat: Repeat = 1,
    keep_answers: Keep = False,
    record: Recorded = True,
    json: Json = False,
    config: File = None,
) -> int:
    """Run the pack. Reads HANBOK_URL and HANBOK_KEY."""
    url, key = client()
    if not key:
        raise NoKey
    with opened(config) as (loaded, store):
        settings = loaded.settings
        base = url or f"http://{settings.server.host}:{settings.server.port}"
        chosen = _chosen(only)
        done = asyncio.run(
            _run(
                loaded,
                f"{base.rstrip('/')}/v1/chat/completions",
                key,
                model,
                chosen,
                repeat,
                keep=keep_answers,
            )
        )
        body = msgspec.json.format(msgspec.json.encode(done), indent=1)
        out.write_bytes(body)
        if record:
            send(loaded, store, [run_act(done, body, actor())])
    if json:
        print_json(done)
    else:
        _print(done)
    return 0 if done.passed == len(done.results) else 1


@probe.command(
    help=say(
        "변경 전과 후의 결과를 비교하여 경미·중간·중대로 평가합니다. 경미가 아니면 1로 끝납니다.",
        "Compare the runs before and after, graded minor, moderate or major; exit 1 unless minor.",
    )
)
def diff(
    before: Path,
    after: Path,
    /,
    *,
    record: Recorded = True,
    json: Json = False,
    config: File = None,
) -> int:
    """Grade a change of model."""
    runs = [_read(before), _read(after)]
    found = compare(*runs)
    if record:
        with opened(config) as (loaded, store):
            send(loaded, store, [diff_act(found, before.read_bytes(), after.read_bytes(), actor())])
    if json:
        print_json(found)
        return 0 if found.grade is Change.MINOR else 1
    rows = [msgspec.to_builtins(one) for one in found.changed]
    columns = {
        "id": say("번호", "id"),
        "category": say("분류", "category"),
        "severity": say("무게", "severity"),
        "before": say("전", "before"),
        "after": say("후", "after"),
    }
    print_rows(rows, columns, json=False, empty=say("달라진 질문이 없습니다", "no probe went otherwise"))
    print(
        say(*(f"{say('등급', 'grade')}: {one} ({'; '.join(found.reasons)})" for one in _GRADES[found.grade]))
    )
    return 0 if found.grade is Change.MINOR else 1


async def _run(
    loaded: Loaded,
    url: str,
    key: str,
    model: str,
    chosen: dict[str, Category],
    repeat: int,
    *,
    keep: bool,
) -> Run:
    guard = guard_of(loaded.settings, loaded.settings.state / "cache")
    upstream = Http1()
    total = sum(len(one.probe) for one in chosen.values())
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(say("묻는 중", "asking"), total=total)
            return await run_probes(
                Door(upstream=upstream, url=url, key=key, model=model),
                chosen.items(),
                guard.find,
                repeat=repeat,
                keep=keep,
                watch=lambda: progress.advance(task),
            )
    finally:
        await upstream.close()


def _chosen(only: tuple[str, ...]) -> dict[str, Category]:
    known = categories()
    for name in only:
        if name not in known:
            raise Unreadable(file=name, why=", ".join(known))
    return {name: one for name, one in known.items() if not only or name in only}


def _print(done: Run) -> None:
    rows = [
        {"id": one.id, "category": one.category, "conduct": one.conduct, "faults": one.faults}
        for one in done.results
        if not one.passed
    ]
    columns = {
        "id": say("번호", "id"),
        "category": say("분류", "category"),
        "conduct": say("답", "conduct"),
        "faults": say("까닭", "faults"),
    }
    print_rows(rows, columns, json=False, empty=say("모두 통과했습니다", "all passed"))
    total = len(done.results)
    print(say(f"{total}문항 중 {done.passed}문항 통과", f"{done.passed} of {total} passed"))


def _read(file: Path) -> Run:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Run)
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None
    except msgspec.MsgspecError as error:
        raise Unreadable(file=file, why=str(error)) from None
