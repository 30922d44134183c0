"""`hanbok model build`: from raw text to a release, as a recipe says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from hanbok.cli.config import File
from hanbok.cli.model_release import put_on_shelf
from hanbok.cli.options import Json, WorkspaceFolder
from hanbok.cli.output import print_json, print_table
from hanbok.cli.progress import lasted, watching
from hanbok.cli.records import actor, opened, send
from hanbok.cli.words import say
from hanbok.gateway.llama.releases import Line
from hanbok.settings.recipes import ReadRecipe, read_recipe
from hanbok.studio.artifacts import Kind
from hanbok.studio.build import Made, Planned, plan, selected
from hanbok.studio.build import build as build_all
from hanbok.studio.signing import Signed, act_of, publish, signer_in
from hanbok.studio.stage import Estimate
from hanbok.studio.workspace import Workspace

_MICRO: Final = 1_000_000
_STATES: Final = {
    "made": say("있음", "made"),
    "begun": say("하다 만 것", "begun"),
    "missing": say("만들 것", "to make"),
}


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How far a build goes, and where."""

    dry_run: Annotated[
        bool,
        Parameter(
            negative=(),
            help=say("만들지 않고, 무엇이 얼마나 들지 보입니다.", "Make nothing; show what it would take."),
        ),
    ] = False
    until: Annotated[
        str, Parameter(help=say("이 단계까지만 만듭니다.", "Make this step, and what it needs."))
    ] = ""
    only: Annotated[
        str,
        Parameter(help=say("이 단계만 만듭니다.", "Make this step alone; what it needs must be there.")),
    ] = ""
    runner: Annotated[
        str,
        Parameter(
            help=say(
                "말뭉치를 거르는 곳: processes, ray://주소.",
                "Where the corpus is curated: processes, ray://ADDRESS.",
            )
        ),
    ] = "processes"
    data: Annotated[
        Path | None,
        Parameter(
            help=say("레시피의 ${HANBOK_DATA}가 가리키는 폴더.", "What ${HANBOK_DATA} in the recipe means.")
        ),
    ] = None
    workspace: WorkspaceFolder = None


_ALL = Run()


def build(
    recipe: Annotated[
        Path,
        Parameter(
            help=say(
                "레시피 파일, 또는 recipe.yaml(과 --data를 위한 data.yaml)이 든 폴더.",
                "A recipe, or a folder with recipe.yaml (and data.yaml, for --data).",
            )
        ),
    ],
    /,
    *,
    run: Run = _ALL,
    json: Json = False,
    config: File = None,
) -> None:
    """Make every step that is not there yet, sign the record of it all, and enter it in the evidence log."""
    from hanbok.studio.composing import steps_of, told_of  # noqa: PLC0415 - torch is an extra, help needs none

    read = read_recipe(recipe, run.data)
    with opened(config) as (loaded, store):
        home = loaded.settings.state / "studio"
        place = Workspace(run.workspace or home)
        steps = steps_of(read.recipe, runner=run.runner)
        chosen = selected(steps, only=run.only, until=run.until)
        if run.dry_run:
            _show_plan([one for one in plan(steps, place) if one.step in chosen], json=json)
            return
        signed: list[Signed] = []
        shelved: list[tuple[str, Line]] = []

        def finish(made: list[Made]) -> None:
            if len(made) < len(steps):
                return  # a part of a build proves nothing yet
            signed.append(publish(place, signer_in(home), told_of(read.recipe, read.text), made))
            if signed[0].fresh:
                send(loaded, store, [act_of(signed[0], actor())])
                signed[0].noted()
            shelved.extend(
                put_on_shelf(loaded, store, one.artifact)
                for one in made
                if one.artifact.manifest.kind is Kind.RELEASE
            )

        with watching() as watcher:
            made = build_all(steps, place, watcher, chosen, finish)
    _show_made(read, made, signed, shelved, json=json)


def _show_plan(planned: list[Planned], *, json: bool) -> None:
    rows = [_planned(one) for one in planned]
    rows.append(_total([one.estimate for one in planned if one.estimate]))
    if json:
        print_json({"steps": rows[:-1], "total": rows[-1]})
        return
    for row in rows:
        if (seconds := row["cpu_seconds"]) is not None:
            row |= {"cpu_seconds": lasted(float(seconds)), "cost": f"{int(row['cost']) / _MICRO:,.0f}"}
        row["state"] = _STATES.get(row["state"])
    columns = {
        "step": say("단계", "step"),
        "state": say("상태", "state"),
        "cpu_seconds": say("시간(한 코어)", "time (one core)"),
        "memory_mib": say("메모리 MiB", "memory MiB"),
        "disk_mib": say("디스크 MiB", "disk MiB"),
        "cost": say("비용(원)", "cost (won)"),
    }
    print_table(rows, columns, "")


def _planned(one: Planned) -> dict[str, Any]:
    state = "made" if one.artifact else "begun" if one.begun else "missing"
    return {"step": one.step.name, "state": state} | _figures([one.estimate] if one.estimate else [])


def _total(estimates: list[Estimate]) -> dict[str, Any]:
    return {"step": say("모두", "all"), "state": ""} | _figures(estimates)


def _figures(estimates: list[Estimate]) -> dict[str, Any]:
    """Add up times, disk and money; steps run one after another, so memory is that of the largest."""
    if not estimates:
        return dict.fromkeys(("cpu_seconds", "memory_mib", "disk_mib", "cost"))
    return {
        "cpu_seconds": round(sum(one.cpu_seconds for one in estimates), 1),
        "memory_mib": round(max(one.memory_mib for one in estimates)),
        "disk_mib": round(sum(one.disk_mib for one in estimates)),
        "cost": sum(one.cost for one in estimates),
    }


def _show_made(
    read: ReadRecipe, made: list[Made], signed: list[Signed], shelved: list[tuple[str, Line]], *, json: bool
) -> None:
    rows: list[dict[str, object]] = [
        {
            "step": one.step.name,
            "digest": one.artifact.digest,
            "cached": one.cached,
            "seconds": round(one.seconds, 1),
            "path": str(one.artifact.path),
        }
        for one in made
    ]
    record = str(signed[0].folder) if signed else None
    if json:
        scores = signed[0].record.scores if signed else {}
        told: dict[str, object] = {
            "name": read.recipe.name,
            "version": read.recipe.version,
            "record": record,
            "scores": scores,
            "serves": {key: line.live for key, line in shelved},
            "steps": rows,
        }
        print_json(told)
        return
    columns = {"step": say("단계", "step"), "path": say("산출물", "artifact")}
    print_table(rows, columns, "")
    if record:
        print(
            say(
                f"서명된 기록: {record} (`hanbok model verify {record}`로 확인)",
                f"signed record: {record} (check it with `hanbok model verify {record}`)",
            )
        )
    for key, line in shelved:
        name, _, version = key.partition("@")
        if line.live == version:
            print(say(f"게이트웨이가 {name!r}(으)로 답합니다.", f"The gateway answers as {name!r}."))
        else:
            print(
                say(
                    f"{key}이(가) 등록소에 있습니다. 지금은 {line.live}이(가) 답합니다: `hanbok model promote {key}`",
                    f"{key} is on the shelf; {line.live} answers now: `hanbok model promote {key}`",
                )
            )
