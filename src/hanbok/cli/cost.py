"""`hanbok cost`: what calls cost, from the evidence log; the server need not run, and may."""

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import LogFolder
from hanbok.cli.records import opened
from hanbok.cli.words import say
from hanbok.evidence.log_files import records
from hanbok.gateway.facts import load_prices
from hanbok.gateway.focus import sums, write
from hanbok.gateway.price_tables import PriceTables

cost = App(name="cost", result_action="return_value")


@cost.command(
    help=say("비용을 FOCUS 1.2 형식의 CSV로 내보냅니다.", "Export the costs as CSV in the form of FOCUS 1.2.")
)
def export(
    file: Annotated[Path, Parameter(help=say("쓸 파일.", "The file to write."))],
    /,
    *,
    since: Annotated[
        date, Parameter(name="--from", help=say("첫날(한국 날짜).", "The first day, as in Korea."))
    ],
    until: Annotated[date, Parameter(name="--to", help=say("마지막 날(포함).", "The last day, included."))],
    directory: LogFolder = None,
    config: File = None,
) -> None:
    """Write one row for each day, key and place. Calls belong to the day on which they began."""
    with opened(config) as (loaded, store):
        prices = load_prices(PriceTables(store).taken())
    found = sums(records(directory or loaded.settings.evidence_directory), since, until, prices)
    with file.open("w", encoding="utf-8", newline="") as out:
        written = write(found, out)
    print(say(f"{file}에 {written}줄을 썼습니다", f"wrote {written} rows to {file}"))
