"""`hanbok models prices`: what models cost, by day; signed tables of it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import actor, opened
from hanbok.cli.words import say
from hanbok.core.clock import today
from hanbok.evidence.signer import kept_or_new
from hanbok.gateway.facts import load_prices
from hanbok.gateway.price_list import PriceRow
from hanbok.gateway.price_tables import PriceTables
from hanbok.gateway.price_tables import sign as signed

prices = App(
    name="prices",
    help=say("모델의 가격을 보이고 갱신합니다.", "Show and update what models cost."),
    result_action="return_value",
)


@prices.command(
    help=say(
        "가격과 환율을, 언제부터인지와 함께 보입니다.", "Show prices and rates, and from which day they hold."
    )
)
def show(
    model: Annotated[str, Parameter(help=say("모델. 없으면 모두.", "A model; none: all."))] = "",
    /,
    *,
    on: Annotated[date | None, Parameter(help=say("이 날의 가격만.", "Only the prices of this day."))] = None,
    json: Json = False,
    config: File = None,
) -> None:
    """Print one row for each model and day from which its price holds, then the rates."""
    with opened(config) as (_, store):
        known = load_prices(PriceTables(store).taken())
    rows = [
        _row(row, known.won_per_dollar(on or max(row.as_of, today())))
        for name in ([model] if model else known.models)
        for row in known.rows(name)
        if on is None or row == known.listed(name, on)
    ]
    if json:
        print_json({"prices": rows, "rates": known.rates})
        return
    columns = {
        "model": say("모델", "model"),
        "as_of": say("부터", "from"),
        "currency": say("통화", "currency"),
        "input": say("입력/백만", "input/M"),
        "output": say("출력/백만", "output/M"),
        "parts": say("부분마다", "parts"),
        "won": say("입력·출력 원/백만", "input, output won/M"),
    }
    print_rows(rows, columns, json=False, empty=say("아는 가격이 없습니다", "no price is known"))
    print()
    rates = [{"since": one.since, "won": one.won} for one in known.rates]
    titles = {"since": say("부터", "from"), "won": say("1달러의 원", "won for a dollar")}
    print_rows(rates, titles, json=False, empty="")


@prices.command(
    help=say(
        "서명된 가격표를 받아들입니다. 도는 서버도 곧 그 가격으로 셉니다.",
        "Take a signed price table in. Running servers soon charge by it.",
    )
)
def update(table: Path, /, *, config: File = None) -> None:
    """Verify the signature against `prices.keys`, and keep the table for ever."""
    with opened(config, changes=True) as (loaded, store):
        taken = PriceTables(store).take(table.read_bytes(), loaded.settings.prices.trusted(), actor=actor())
    print(
        say(
            f"{taken.issued}의 가격표를 받아들였습니다: 가격 {len(taken.price)}개, 환율 {len(taken.rate)}개",
            f"price table of {taken.issued} taken in: {len(taken.price)} prices, {len(taken.rate)} rates",
        )
    )


@prices.command(help=say("가격표에 서명합니다.", "Sign a price table."))
def sign(
    table: Annotated[Path, Parameter(help=say("가격표(TOML).", "The table (TOML)."))],
    /,
    *,
    key: Annotated[
        Path,
        Parameter(
            help=say("서명 키 파일. 없으면 만듭니다.", "File of the signing key; made where there is none.")
        ),
    ],
    name: Annotated[
        str, Parameter(help=say("새 키의 이름.", "Name of a new key, such as prices.example.kr."))
    ] = "",
    out: Annotated[Path, Parameter(help=say("서명된 가격표를 쓸 파일.", "File for the signed table."))],
) -> None:
    """Write the signed note and print the public key that others trust."""
    signer = kept_or_new(key, name)
    out.write_text(signed(table.read_text(encoding="utf-8"), signer), encoding="utf-8", newline="\n")
    print(signer.key)


def _row(row: PriceRow, won_per_dollar: Decimal) -> dict[str, object]:
    told = msgspec.structs.asdict(row)
    parts = {
        name: str(amount)
        for name, amount in told.items()
        if isinstance(amount, Decimal) and name not in {"input", "output"}
    }
    rate = won_per_dollar if row.currency == "USD" else Decimal(1)
    return {
        "model": row.model,
        "as_of": row.as_of.isoformat(),
        "currency": row.currency,
        "input": str(row.input),
        "output": str(row.output),
        "parts": [f"{name} {amount}" for name, amount in parts.items()],
        "won": [f"{row.input * rate:f}", f"{row.output * rate:f}"],
    }
