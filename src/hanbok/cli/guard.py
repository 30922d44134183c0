"""`hanbok guard test` and `score`: golden cases of your own types, findings against a gold file."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from hanbok.building import guard_beside
from hanbok.cli.config import File
from hanbok.cli.output import print_json, print_rows, print_table
from hanbok.cli.scan import FOUND, Unreadable
from hanbok.cli.words import say
from hanbok.guard.score import KindScore, read_gold, read_predictions
from hanbok.guard.score import score as measure
from hanbok.guard.trial import Failure, read_cases, try_cases
from hanbok.settings.reading import load

guard = App(name="guard", result_action="return_value")


@guard.command
def score(
    predictions: Path,
    gold: Path,
    /,
    *,
    json: Annotated[bool, Parameter(help=say("JSON으로.", "As JSON."))] = False,
) -> None:
    """Print strict and overlap F1 a type, leak, alarm and recall by notation."""
    scores = measure(
        read_gold(_lines(gold), str(gold)), read_predictions(_lines(predictions), str(predictions))
    )
    if json:
        print_json(msgspec.to_builtins(scores))
        return
    rows = [_row(name, one) for name, one in (*scores.kinds.items(), ("*", scores.micro))]
    print_table(rows, {name: name for name in rows[0]}, "")
    print_table(
        [
            {"notation": name, "gold": one.gold, "recall": f"{one.recall:.3f}"}
            for name, one in scores.notations.items()
        ],
        {"notation": say("표기", "notation"), "gold": "gold", "recall": say("재현율", "recall")},
        say("표기가 적힌 줄이 없습니다", "no line names a notation"),
    )
    print(
        say(
            f"누출 {scores.leak:.4f}  오경보 {scores.alarm:.4f} (깨끗한 줄 {scores.clean_lines})",
            f"leak {scores.leak:.4f}  alarm {scores.alarm:.4f} (of {scores.clean_lines} clean lines)",
        )
    )


@guard.command(
    name="test",
    help=say("직접 정의한 유형을 골든 파일로 시험합니다.", "Test your own types with their golden files."),
)
def try_own(
    files: Annotated[
        tuple[Path, ...],
        Parameter(
            help=say(
                "골든 파일들. 없으면 설정에 적힌 것.", "Golden files; none: those that the settings name."
            )
        ),
    ] = (),
    /,
    *,
    json: Annotated[bool, Parameter(help=say("JSON으로.", "As JSON."))] = False,
    config: File = None,
) -> int:
    """Say which cases come out otherwise. Exit code 1 when one does, or when a type has no cases."""
    loaded = load(config)
    own = {one.name: one.golden for one in loaded.settings.guard.custom}
    home = loaded.source.parent if loaded.source else Path()
    golden = [(file, "") for file in files] or [(home / file, name) for name, file in own.items() if file]
    built = guard_beside(loaded.settings)
    failures: list[Failure] = []
    tried = 0
    for file, name in golden:
        cases = read_cases(_lines(file), str(file), name)
        tried += len(cases)
        failures += try_cases(built, cases, str(file))
    if not files:
        failures += (
            Failure(file="", line=0, kind=name, lack="cases") for name, file in own.items() if not file
        )
    rows = [_failed(one) for one in failures]
    columns = {
        "file": say("파일", "file"),
        "line": say("줄", "line"),
        "type": say("종류", "type"),
        "problem": say("문제", "problem"),
    }
    good = say(f"{tried}개 사례 모두 맞습니다", f"all {tried} cases hold")
    print_rows(rows, columns, json=json, empty=good)
    return FOUND if rows else 0


def _failed(one: Failure) -> dict[str, object]:
    problems = [
        *(say(f"{start}-{end}을(를) 찾지 못함", f"{start}-{end} not found") for start, end in one.missing),
        *(say(f"{start}-{end}을(를) 잘못 찾음", f"{start}-{end} must not fire") for start, end in one.stray),
        *([_LACKS[one.lack]] if one.lack else []),
    ]
    return {"file": one.file, "line": one.line or None, "type": one.kind, "problem": "; ".join(problems)}


_LACKS = {
    "cases": say("골든 파일이 없음", "no golden file"),
    "positive": say("찾아야 하는 사례가 없음", "no case that must fire"),
    "negative": say("찾지 말아야 하는 사례가 없음", "no case that must not fire"),
}


def _row(name: str, one: KindScore) -> dict[str, object]:
    return {
        "type": name,
        "gold": one.gold,
        "found": one.found,
        "strict P": f"{one.strict.precision:.3f}",
        "strict R": f"{one.strict.recall:.3f}",
        "strict F1": f"{one.strict.f1:.3f}",
        "overlap P": f"{one.overlap.precision:.3f}",
        "overlap R": f"{one.overlap.recall:.3f}",
        "overlap F1": f"{one.overlap.f1:.3f}",
        "leak": f"{one.leak:.3f}",
    }


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise Unreadable(file=file, why=f"byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None
