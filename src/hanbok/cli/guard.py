"""`hanbok guard score`: measure findings against a gold file."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from hanbok.cli.output import print_json, print_table
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import say
from hanbok.guard.score import KindScore, read_gold, read_predictions
from hanbok.guard.score import score as measure

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
