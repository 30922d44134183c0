"""`hanbok models`: what clients may ask for, and where it is reached."""

from cyclopts import App

from hanbok.building import catalogue_of
from hanbok.cli.config import File
from hanbok.cli.models_check import check
from hanbok.cli.models_prices import prices
from hanbok.cli.models_shadow import shadow
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import opened
from hanbok.cli.words import say
from hanbok.core.clock import today
from hanbok.core.plugin import names, offered
from hanbok.gateway.facts import load_prices
from hanbok.gateway.price_tables import PriceTables
from hanbok.settings.reading import load
from hanbok.settings.released import with_releases

models = App(name="models", result_action="return_value")
models.command(prices)
models.command(check)
models.command(shadow)


@models.default
def show(config: File = None, *, json: Json = False) -> None:
    """List the models with their endpoints, zones and prices (won per million tokens)."""
    with opened(config) as (loaded, store):
        known = load_prices(PriceTables(store).taken())
    rows = [
        {
            "model": offer.name,
            "endpoint": target.endpoint,
            "upstream": target.model,
            "zone": target.destination.zone.value,
            "country": target.destination.country,
            "operator": target.destination.operator,
            "context": target.facts.context or None,
            "input": str(target.facts.price.input) if target.facts.price else None,
            "output": str(target.facts.price.output) if target.facts.price else None,
        }
        for offer in catalogue_of(with_releases(loaded.settings), today(), known)
        for target in offer.targets
    ]
    columns = {
        "model": say("모델", "model"),
        "endpoint": say("엔드포인트", "endpoint"),
        "upstream": say("제공자의 이름", "provider's name"),
        "zone": say("구역", "zone"),
        "country": say("나라", "country"),
        "operator": say("운영자", "operator"),
        "context": say("문맥", "context"),
        "input": say("입력 원/백만", "input won/M"),
        "output": say("출력 원/백만", "output won/M"),
    }
    print_rows(rows, columns, json=json, empty=say("모델이 없습니다", "no models"))


@models.command
def kinds(config: File = None, *, json: Json = False) -> None:
    """List the kinds of endpoints that settings may name."""
    brought = offered(load(config).settings.plugins.trusted)
    known = names("hanbok.gateway.endpoints")
    known += [
        one.name for one in brought if one.group in ("hanbok.dialects", "hanbok.endpoints") and one.trusted
    ]
    if json:
        print_json(known)
    else:
        print("\n".join(known))
