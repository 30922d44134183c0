"""`hanbok model tune`: one model tuned on one corpus, without a recipe around it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, WorkspaceFolder
from hanbok.cli.output import print_json, print_table
from hanbok.cli.progress import lasted, watching
from hanbok.cli.records import opened
from hanbok.cli.words import say
from hanbok.settings.tune_plan import read_plan
from hanbok.studio.artifacts import Artifact, Kind, find
from hanbok.studio.build import Planned, Step, build, plan
from hanbok.studio.tune.kept import Kept
from hanbok.studio.tune.plan import BasePlan, TunePlan
from hanbok.studio.tune.rows_file import RowsFile
from hanbok.studio.workspace import Workspace

_NO_VALUES: Final[tuple[str, ...]] = ()


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class On:
    """What is tuned, on what, and where."""

    base: Annotated[
        Path,
        Parameter(
            help=say(
                "베이스: Hugging Face 폴더, safetensors나 GGUF 파일, MODEL 산출물, 또는 embedded.",
                "The base: a Hugging Face folder, a safetensors or GGUF file, a MODEL, or embedded.",
            )
        ),
    ]
    base_licence: Annotated[
        str, Parameter(help=say("베이스의 라이선스(SPDX).", "The base's licence (SPDX)."))
    ] = ""
    data_licence: Annotated[
        str, Parameter(help=say("JSONL 데이터의 라이선스(SPDX).", "The JSON Lines' licence (SPDX)."))
    ] = ""
    held_out: Annotated[
        Path | None,
        Parameter(help=say("손실을 재는 데만 쓸 데이터.", "Rows to take the loss on, never learned.")),
    ] = None
    workspace: WorkspaceFolder = None


def tune(
    corpus: Annotated[
        Path,
        Parameter(
            help=say(
                "배울 데이터: CORPUS 산출물의 폴더나 JSON Lines 파일.",
                "What to learn: a CORPUS artifact's folder, or a file of JSON Lines.",
            )
        ),
    ],
    /,
    *,
    on: On,
    plan_file: Annotated[
        Path | None,
        Parameter(
            name="--plan", help=say("`tune` 항목이 든 YAML.", "YAML with what a recipe's `tune` may hold.")
        ),
    ] = None,
    values: Annotated[
        tuple[str, ...],
        Parameter(name="--set", help=say("계획의 값: 이름=값.", "A value of the plan: NAME=VALUE.")),
    ] = _NO_VALUES,
    dry_run: Annotated[
        bool,
        Parameter(negative=(), help=say("만들지 않고 얼마나 들지 보입니다.", "Show what it would take.")),
    ] = False,
    json: Json = False,
    config: File = None,
) -> None:
    """Tune a model. A run that was broken off goes on; one that was done before is found again."""
    steps = _steps(corpus, on, read_plan(plan_file, values))
    with opened(config) as (loaded, _):
        place = Workspace(on.workspace or loaded.settings.state / "studio")
    if dry_run:
        _show_plan(plan(steps, place), json=json)
        return
    with watching() as watcher:
        made = build(steps, place, watcher)
    tuned = made[-1].artifact
    if json:
        print_json({"path": str(tuned.path), "digest": tuned.digest, "facts": tuned.manifest.facts})
        return
    rows = [{"name": name, "value": value} for name, value in tuned.manifest.facts.items()]
    print_table(
        [*rows, {"name": say("산출물", "artifact"), "value": str(tuned.path)}],
        {"name": say("항목", "item"), "value": say("값", "value")},
        "",
    )


def _steps(corpus: Path, on: On, said: TunePlan) -> list[Step]:
    from hanbok.studio.tune.opening import Base  # noqa: PLC0415 - torch is an extra, help needs none
    from hanbok.studio.tune.tuning import Tune  # noqa: PLC0415 - as above

    steps = [_rows("corpus", corpus, on.data_licence)]
    if on.held_out:
        steps.append(_rows("held_out", on.held_out, on.data_licence))
    model = _artifact(on.base, Kind.MODEL)
    base = Kept(model) if model else Base(BasePlan(path=on.base, licence=on.base_licence))
    steps.append(Step(name="base", section="base", stage=base))
    takes = {one.name: one.name for one in steps}
    return [*steps, Step(name="tune", section="tune", stage=Tune(said), takes=takes)]


def _rows(role: str, path: Path, licence: str) -> Step:
    made = _artifact(path, Kind.CORPUS)
    return Step(name=role, section=role, stage=Kept(made) if made else RowsFile(path, licence))


def _artifact(path: Path, kind: Kind) -> Artifact | None:
    return find(path, kind) if (path / "manifest.json").is_file() else None


def _show_plan(planned: list[Planned], *, json: bool) -> None:
    rows = [
        {
            "step": one.step.name,
            "made": one.artifact is not None,
            "cpu_seconds": round(one.estimate.cpu_seconds, 1) if one.estimate else None,
            "memory_mib": round(one.estimate.memory_mib) if one.estimate else None,
            "disk_mib": round(one.estimate.disk_mib) if one.estimate else None,
        }
        for one in planned
    ]
    if json:
        print_json({"steps": rows})
        return
    for row in rows:
        seconds = row["cpu_seconds"]
        row["cpu_seconds"] = lasted(seconds) if isinstance(seconds, float) else ""
    columns = {
        "step": say("단계", "step"),
        "made": say("있음", "made"),
        "cpu_seconds": say("시간(한 코어)", "time (one core)"),
        "memory_mib": say("메모리 MiB", "memory MiB"),
        "disk_mib": say("디스크 MiB", "disk MiB"),
    }
    print_table(rows, columns, "")
