"""`hanbok corpus build`: from sources to a corpus, as planned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hanbok.cli.corpus_show import show
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_table
from hanbok.cli.progress import lasted, watching
from hanbok.cli.words import say
from hanbok.settings.corpus_plan import read_corpus_plan
from hanbok.studio.curate.plan import Curate


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where a corpus is made, and by how many."""

    runner: Annotated[
        str,
        Parameter(
            help=say(
                "실행하는 곳: processes, ray, ray://주소, array.",
                "Where: processes, ray, ray://ADDRESS, array.",
            )
        ),
    ] = "processes"
    workers: Annotated[int, Parameter(help=say("작업자 수. 0이면 코어 수.", "Workers; 0: one a core."))] = 0
    shard: Annotated[
        str, Parameter(help=say("배열 작업의 몫 i/n.", "This member's share of an array job, i/n."))
    ] = ""
    data: Annotated[
        Path | None,
        Parameter(
            help=say("계획의 ${HANBOK_DATA}가 가리키는 폴더.", "What ${HANBOK_DATA} in the plan means.")
        ),
    ] = None


_HERE = Run()


def build(
    plan: Annotated[
        Path,
        Parameter(
            help=say(
                "계획 파일, 또는 recipe.yaml이 든 폴더.", "A plan, a recipe, or a folder with recipe.yaml."
            )
        ),
    ],
    /,
    *,
    out: Annotated[
        Path, Parameter(name=["--out", "-o"], help=say("말뭉치를 둘 폴더.", "Folder for corpora."))
    ] = Path("corpora"),
    run: Run = _HERE,
    dry_run: Annotated[
        bool,
        Parameter(negative=(), help=say("만들지 않고 어림만 보입니다.", "Make nothing; show an estimate.")),
    ] = False,
    json: Json = False,
) -> None:
    """Make the corpus unless it is there, and print what became of the rows."""
    stage = Curate(read_corpus_plan(plan, run.data), runner=run.runner, workers=run.workers, shard=run.shard)
    if dry_run:
        _show_estimate(stage, json=json)
        return
    with watching() as progress:
        progress.step(stage.name, 1, 1)
        made = stage.make(out, progress)
    show(made, json=json)


def _show_estimate(stage: Curate, *, json: bool) -> None:
    found = stage.estimate({})
    row = {
        "cpu_seconds": round(found.cpu_seconds, 1),
        "memory_mib": round(found.memory_mib),
        "disk_mib": round(found.disk_mib),
    }
    if json:
        print_json(row)
        return
    columns = {
        "time": say("시간(한 코어)", "time (one core)"),
        "memory_mib": say("메모리 MiB", "memory MiB"),
        "disk_mib": say("디스크 MiB", "disk MiB"),
    }
    print_table([{**row, "time": lasted(found.cpu_seconds)}], columns, "")
