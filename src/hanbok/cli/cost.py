"""`hanbok cost`: what calls cost, from the evidence log; the server need not run, and may."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import LogFolder
from hanbok.cli.records import opened
from hanbok.cli.words import say
from hanbok.core.plugin import ExtraMissing
from hanbok.evidence.log_files import records
from hanbok.gateway.facts import load_prices
from hanbok.gateway.focus import Line, Sum, rows, sums, write
from hanbok.gateway.price_tables import PriceTables

cost = App(name="cost", result_action="return_value")


@cost.command(
    help=say(
        "비용을 FOCUS 1.2 형식의 CSV나 Parquet으로 내보냅니다.",
        "Export the costs as CSV or Parquet in the form of FOCUS 1.2.",
    )
)
def export(
    file: Annotated[Path, Parameter(help=say("쓸 파일.", "The file to write."))],
    /,
    *,
    since: Annotated[
        date, Parameter(name="--from", help=say("첫날(한국 날짜).", "The first day, as in Korea."))
    ],
    until: Annotated[date, Parameter(name="--to", help=say("마지막 날(포함).", "The last day, included."))],
    form: Annotated[
        Literal["csv", "parquet"],
        Parameter(
            name=["--format", "-f"],
            help=say(
                "형식. parquet에는 hanbok[parquet]이 필요합니다.", "Format; parquet needs hanbok[parquet]."
            ),
        ),
    ] = "csv",
    directory: LogFolder = None,
    config: File = None,
) -> None:
    """Write one row for each day, key and place. Calls belong to the day on which they began."""
    to_file = _writer(form)
    with opened(config) as (loaded, store):
        prices = load_prices(PriceTables(store).taken())
    found = sums(records(directory or loaded.settings.evidence_directory), since, until, prices)
    written = to_file(found, file)
    print(say(f"{file}에 {written}줄을 썼습니다", f"wrote {written} rows to {file}"))


def _writer(form: str) -> Callable[[dict[Line, Sum], Path], int]:
    """Return who writes this form. Raises ExtraMissing before anything is read."""
    if form == "csv":
        return _csv
    try:
        from hanbok.gateway.focus_parquet import write_parquet  # noqa: PLC0415 - only who asks for it needs the extra
    except ModuleNotFoundError as error:
        raise ExtraMissing(name=form, package="pyarrow", extra="parquet") from error
    return lambda found, file: write_parquet(rows(found), file)


def _csv(found: dict[Line, Sum], file: Path) -> int:
    with file.open("w", encoding="utf-8", newline="") as out:
        return write(found, out)
