"""`hanbok models shadow`: how the answers of shadows compare, from the evidence log; the server need not run."""

from hanbok.cli.config import File
from hanbok.cli.options import Json, LogFolder
from hanbok.cli.output import print_rows
from hanbok.cli.words import say
from hanbok.evidence.log_files import records
from hanbok.gateway.answering.shadow_report import agreements
from hanbok.settings.reading import load


def shadow(
    *,
    directory: LogFolder = None,
    config: File = None,
    json: Json = False,
) -> None:
    """Compare the answers of shadows with those that clients got: exact, similar, lengths, times, costs."""
    folder = directory or load(config).settings.evidence_directory
    found = agreements(record.entry for record in records(folder))
    rows = [{"model": model, "shadow": other} | one.row() for (model, other), one in sorted(found.items())]
    if not json:
        rows = [{name: _short(value) for name, value in _paired(row).items()} for row in rows]
    columns = {
        "model": say("모델", "model"),
        "shadow": say("그림자", "shadow"),
        "copies": say("사본", "copies"),
        "refused": say("거절", "refused"),
        "failed": say("실패", "failed"),
        "exact": say("같음", "exact"),
        "similar": say("비슷함", "similar"),
        "same_finish": say("같은 끝", "same end"),
        "ms": say("ms", "ms"),
        "won": say("원", "won"),
    }
    empty = say("그림자 호출이 없습니다", "no calls were copied")
    print_rows(rows, columns, json=json, empty=empty)


def _paired(row: dict[str, object]) -> dict[str, object]:
    """Put both times into one column: a terminal is narrow."""
    return row | {"ms": f"{_short(row['first_ms'])}/{_short(row['shadow_ms'])}"}


def _short(value: object) -> object:
    return f"{value:.3g}" if isinstance(value, float) else value
