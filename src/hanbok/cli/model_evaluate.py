"""`hanbok model evaluate`, `compare` and `suites`: how good a model is, and whether another one is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Any, Final

from cyclopts import Parameter

from hanbok.cli.ask import door
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.progress import watching
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.secret import Secret
from hanbok.settings.environment import client, judge_key
from hanbok.studio.artifacts import Artifact, Kind, find, folder_of, make
from hanbok.studio.comparing import Difference, compare, together
from hanbok.studio.evaluate.exporting import export_tasks
from hanbok.studio.evaluate.harness import any_suite
from hanbok.studio.evaluate.held_out import HeldOutTask
from hanbok.studio.evaluate.leaderboard import page
from hanbok.studio.evaluate.plan import (
    EndpointPlan,
    Evaluate,
    EvaluatePlan,
    JudgePlan,
    PricePlan,
    WeightsPlan,
)
from hanbok.studio.evaluate.suite import read_suite
from hanbok.studio.evaluate.suite import suites as names_of_suites
from hanbok.studio.scores import Scores, scores_of

_MICRO: Final = 1_000_000
_SHOWN: Final = 3


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is asked: a model of the running server, one at an address, or a file."""

    model: Annotated[str, Parameter(help=say("엔드포인트의 모델 이름.", "The model's name there."))] = ""
    url: Annotated[
        str,
        Parameter(
            help=say(
                "OpenAI 호환 주소(/v1까지). 없으면 HANBOK_URL의 게이트웨이.",
                "An OpenAI-compatible base URL, to /v1; none: the gateway at HANBOK_URL.",
            )
        ),
    ] = ""
    gguf: Annotated[
        Path | None,
        Parameter(help=say("GGUF 파일, 또는 embedded(내장 모델).", "A GGUF file, or `embedded`.")),
    ] = None
    adapter: Annotated[
        Path | None, Parameter(help=say("그 위에 얹을 GGUF 어댑터.", "A GGUF adapter for it."))
    ] = None
    template: Annotated[
        Path | None, Parameter(help=say("대화 틀(Jinja) 파일.", "File with a chat template (Jinja)."))
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How it is asked."""

    method: Annotated[
        str,
        Parameter(
            help=say(
                "선택지를 고르는 방법: auto, likelihood, forced, listed, first_token, constrained, strict.",
                "How choices are taken: auto, likelihood, forced, listed, first_token, constrained, strict.",
            )
        ),
    ] = "auto"
    plain: Annotated[
        bool,
        Parameter(
            negative=(),
            help=say("대화 틀 없이 글을 이어 쓰게 합니다.", "Have prompts completed, with no chat template."),
        ),
    ] = False
    limit: Annotated[
        int, Parameter(help=say("과제마다 많아야 이만큼의 행.", "At most so many rows of each task."))
    ] = 0
    concurrency: Annotated[int, Parameter(help=say("한꺼번에 묻는 수.", "Rows asked at a time."))] = 4
    exact: Annotated[
        bool | None,
        Parameter(
            help=say(
                "끝자리까지 같은 점수가 나오도록 하나씩, 기억 없이 묻습니다(llama.cpp). "
                "파일을 평가할 때는 늘 그렇습니다.",
                "One row at a time, nothing remembered, for the same score to the last digit (llama.cpp). "
                "Always so with files.",
            )
        ),
    ] = None
    judge: Annotated[str, Parameter(help=say("채점할 모델의 이름.", "The model that judges."))] = ""
    judge_url: Annotated[
        str, Parameter(help=say("채점 모델의 주소.", "Its base URL; none: that of the model."))
    ] = ""
    verdicts: Annotated[
        Path | None,
        Parameter(help=say("기록된 판정(verdicts.jsonl).", "Recorded verdicts, a `verdicts.jsonl`.")),
    ] = None
    held_out: Annotated[
        Path | None,
        Parameter(
            help=say(
                "남겨 둔 행(말뭉치 산출물의 폴더)도 묻습니다.",
                "Ask held-out rows too: the folder of a corpus artifact.",
            )
        ),
    ] = None
    price: Annotated[
        tuple[float, float] | None,
        Parameter(help=say("백만 토큰의 값(원): 입력 출력.", "Won per million tokens: input, output.")),
    ] = None


def evaluate(
    *suites: Annotated[str, Parameter(help=say("평가 묶음의 이름이나 파일.", "Names or files of suites."))],
    data: Annotated[Path, Parameter(help=say("자료의 폴더.", "Folder of the data."))] = Path(),
    out: Annotated[
        Path, Parameter(name=["--out", "-o"], help=say("결과를 둘 폴더.", "Folder for the results."))
    ] = Path("scores"),
    subject: Subject = Subject(),
    how: How = How(),
    again: Annotated[
        bool, Parameter(negative=(), help=say("이미 있어도 다시 묻습니다.", "Ask again even if it is there."))
    ] = False,
    dry_run: Annotated[
        bool, Parameter(negative=(), help=say("묻지 않고 어림만 보입니다.", "Ask nothing; show an estimate."))
    ] = False,
    json: Json = False,
) -> int:
    """Ask, and go on where a broken-off run ended. Reads HANBOK_URL, HANBOK_KEY and HANBOK_JUDGE_KEY."""
    plan, key = _plan(suites, data, subject, how)
    stage = Evaluate(plan, key=key, judge_key=Secret(judge_key() or key.reveal()))
    inputs = {"held_out": find(how.held_out, Kind.CORPUS)} if how.held_out else {}
    if dry_run:
        _print_estimate(stage, inputs, json=json)
        return 0
    folder = folder_of(out, stage.name, stage.spec, inputs)
    if again:
        rmtree(folder, ignore_errors=True)
    with watching() as progress:
        made = make(
            out,
            stage.makes,
            stage.name,
            stage.spec,
            inputs,
            lambda half: stage.run(inputs, half, progress),
        )
    scores = scores_of(made)
    if json:
        print_json({"folder": str(made.path), "digest": made.digest, "scores": scores})
    else:
        _print(scores)
        print(made.path)
    return 0


def compare_models(
    *results: Annotated[
        Path,
        Parameter(
            help=say("결과 폴더. 첫째가 기준.", "Folders of results; the first is what others are held to.")
        ),
    ],
    html: Annotated[
        Path | None, Parameter(help=say("순위표를 이 HTML 파일로.", "Write a leaderboard to this HTML file."))
    ] = None,
    json: Json = False,
) -> int:
    """Compare models on the same rows, asked in the same way; others are refused."""
    found = [scores_of(one) for one in results]
    together(found)
    against = {str(one): compare(results[0], one) for one in results[1:]}
    if html is not None:
        html.write_text(page(found, [[], *against.values()]), encoding="utf-8")
    if json:
        told = [
            {"folder": name, "model": scores.subject.name, "differences": [_told(one) for one in differences]}
            for (name, differences), scores in zip(against.items(), found[1:], strict=True)
        ]
        print_json(told)
        return 0
    for scores, differences in zip(found[1:], against.values(), strict=True):
        print(f"{found[0].subject.name} → {scores.subject.name}")
        _print_differences(differences)
    if not against:
        _print(found[0])
    return 0


def harness(
    *suites: Annotated[str, Parameter(help=say("평가 묶음의 이름이나 파일.", "Names or files of suites."))],
    data: Annotated[Path, Parameter(help=say("자료의 폴더.", "Folder of the data."))] = Path(),
    out: Annotated[Path, Parameter(name=["--out", "-o"], help=say("쓸 폴더.", "Folder to write to."))] = Path(
        "harness"
    ),
) -> None:
    """Write tasks for lm-evaluation-harness with the very prompts that are asked here, to cross-check a score."""
    for name in suites:
        done, left = export_tasks(any_suite(name, data), data, out)
        print(f"{name}: {', '.join(done)}")
        if left:
            print(
                say(f"하니스로 쓸 수 없는 과제: {', '.join(left)}", f"not for the harness: {', '.join(left)}")
            )


def suites(*, json: Json = False) -> None:
    """List the suites that come with hanbok."""
    rows = [
        {
            "suite": one.suite,
            "title": one.title.of(LANGUAGE),
            "tasks": len(one.tasks),
            "kinds": sorted({task.kind for task in one.tasks}),
        }
        for one in map(read_suite, names_of_suites())
    ]
    columns = {
        "suite": say("이름", "name"),
        "title": say("제목", "title"),
        "tasks": say("과제", "tasks"),
        "kinds": say("종류", "kinds"),
    }
    print_rows(rows, columns, json=json, empty="")


def _plan(named: tuple[str, ...], data: Path, subject: Subject, how: How) -> tuple[EvaluatePlan, Secret]:
    _, key = client()
    endpoint = None
    if subject.gguf is None:
        endpoint = EndpointPlan(url=subject.url or f"{door()[0]}/v1", model=subject.model)
    judge = None
    if how.verdicts is not None:
        judge = JudgePlan(recorded=how.verdicts)
    elif how.judge:
        address = how.judge_url or (endpoint.url if endpoint else "")
        judge = JudgePlan(endpoint=EndpointPlan(url=address, model=how.judge))
    known = names_of_suites()
    plan = EvaluatePlan(
        suites=tuple(one for one in named if one in known),
        files=tuple(Path(one) for one in named if one not in known),
        data=data.absolute(),
        held_out=HeldOutTask() if how.held_out else None,
        endpoint=endpoint,
        weights=WeightsPlan(gguf=subject.gguf, adapter=subject.adapter) if subject.gguf else None,
        form="plain" if how.plain else "chat",
        method=how.method,
        judge=judge,
        limit=how.limit,
        concurrency=how.concurrency,
        exact=how.exact,
        template=_read(subject.template) if subject.template else "",
        price=PricePlan(input=how.price[0], output=how.price[1]) if how.price else None,
    )
    return plan, Secret(key)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None
    except UnicodeDecodeError as error:
        raise Unreadable(file=file, why=error.reason) from None


def _print_estimate(stage: Evaluate, inputs: Mapping[str, Artifact], *, json: bool) -> None:
    found = stage.estimate(inputs)
    row = {
        "cpu_seconds": round(found.cpu_seconds),
        "memory_mib": round(found.memory_mib),
        "disk_mib": round(found.disk_mib, 1),
        "won": found.cost / _MICRO,
    }
    columns = {
        "cpu_seconds": say("CPU 초", "CPU seconds"),
        "memory_mib": say("메모리 MiB", "memory MiB"),
        "disk_mib": say("디스크 MiB", "disk MiB"),
        "won": say("원", "won"),
    }
    print_rows([row], columns, json=json, empty="")


def _print(scores: Scores) -> None:
    rows: list[dict[str, Any]] = [
        {
            "task": one.title.of(LANGUAGE),
            "metric": one.main,
            "score": f"{one.score.value:.3f}",
            "interval": f"{one.score.low:.3f}–{one.score.high:.3f}",
            "rows": one.rows,
            "method": one.protocol.method,
            "unread": one.unread or None,
        }
        for one in scores.tasks
    ]
    columns = {
        "task": say("과제", "task"),
        "metric": say("지표", "metric"),
        "score": say("점수", "score"),
        "interval": say("95% 구간", "95% interval"),
        "rows": say("행", "rows"),
        "method": say("방법", "method"),
        "unread": say("못 읽음", "unread"),
    }
    print_rows(rows, columns, json=False, empty="")
    warnings = [(one.title, warning) for one in scores.tasks for warning in one.warnings]
    for title, warning in warnings[:_SHOWN]:
        print(f"! {title.of(LANGUAGE)}: {warning.of(LANGUAGE)}")
    more = len(warnings) - _SHOWN
    if more > 0:
        print(say(f"! 주의 {more}건이 더 있습니다(scores.json)", f"! {more} more warnings in scores.json"))
    spent = scores.spent
    cost = (
        ""
        if spent.cost is None
        else say(f", {spent.cost / _MICRO:,.1f}원", f", {spent.cost / _MICRO:,.1f} won")
    )
    print(
        say(
            f"요청 {spent.requests:,}건, 토큰 {spent.input:,}+{spent.output:,}, {spent.wall:.0f}초{cost}",
            f"{spent.requests:,} requests, {spent.input:,}+{spent.output:,} tokens, {spent.wall:.0f} s{cost}",
        )
    )


def _print_differences(differences: list[Difference]) -> None:
    rows = [
        {
            "task": one.title.of(LANGUAGE),
            "metric": one.metric,
            "before": f"{one.before.value:.3f}",
            "after": f"{one.after.value:.3f}",
            "gain": f"{one.gain.value:+.3f} ({one.gain.low:+.3f}…{one.gain.high:+.3f})",
            "moved": f"+{one.gained} −{one.lost}",
            "p": f"{one.p:.{_SHOWN}f}" + (" *" if one.significant else ""),
        }
        for one in differences
    ]
    columns = {
        "task": say("과제", "task"),
        "metric": say("지표", "metric"),
        "before": say("전", "before"),
        "after": say("후", "after"),
        "gain": say("행별 차이", "by row"),
        "moved": say("오름 내림", "up, down"),
        "p": "p",
    }
    print_rows(rows, columns, json=False, empty="")


def _told(one: Difference) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in one.__struct_fields__}
    return told | {"significant": one.significant}
