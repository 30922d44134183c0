"""`hanbok models check`: talks to each model's endpoints and says what works. Nothing of anybody's is sent."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final

from cyclopts import Parameter

from hanbok.building import catalogue_of, endpoints_of
from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.records import actor, opened, send, won
from hanbok.cli.words import say
from hanbok.core.clock import stamp, today
from hanbok.evidence.entry import Act
from hanbok.gateway.asking import Asking, Place
from hanbok.gateway.catalogue import Target
from hanbok.gateway.checking import NEEDED, Checked, Result
from hanbok.gateway.checking import check as ask_all
from hanbok.gateway.endpoint import READY, Endpoint, Staged
from hanbok.gateway.transport.egress import Egress
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.settings.released import with_releases
from hanbok.settings.settings import Settings

_PATIENCE: Final = 120.0
"""Seconds for an embedded model to be ready."""
_RESULTS: Final = {
    Result.WORKS: say("됨", "works"),
    Result.LACKS: say("없음", "lacks"),
    Result.FAILS: say("실패", "fails"),
}


def check(
    *names: Annotated[
        str, Parameter(name="model", help=say("모델의 이름. 없으면 모두.", "Names of models; none: all."))
    ],
    json: Json = False,
    config: File = None,
) -> int:
    """Ask each model at each of its endpoints: chat, stream, tools, structured output, or embeddings.

    An operator's act, in the log before and after. It costs what the provider charges, and no one's budget.
    Exit code 1: one did not answer.
    """
    with opened(config) as (loaded, store):
        settings = with_releases(loaded.settings)
        targets = _targets(settings, names, today())
        asked = ", ".join(f"{one.endpoint}/{one.model}" for one in targets)
        send(loaded, store, [_act({"asks": asked})])
        done = asyncio.run(_checked(settings, targets))
        send(loaded, store, [_act(_told(done))])
    rows = [
        {
            "endpoint": one.endpoint,
            "model": one.model,
            "feature": one.feature,
            "result": one.result.value if json else _RESULTS[one.result],
            "code": one.code or None,
            "seconds": one.seconds,
            "tokens": one.tokens,
            "cost": won(one.cost, json=json),
        }
        for one in done
    ]
    columns = {
        "endpoint": say("엔드포인트", "endpoint"),
        "model": say("제공자의 이름", "provider's name"),
        "feature": say("기능", "feature"),
        "result": say("결과", "result"),
        "code": say("까닭", "why"),
        "seconds": say("초", "seconds"),
        "tokens": say("토큰", "tokens"),
        "cost": say("원", "won"),
    }
    print_rows(rows, columns, json=json, empty=say("모델이 없습니다", "no models"))
    dead = any(one.result is not Result.WORKS and one.feature in NEEDED for one in done)
    return 1 if dead or any(one.result is Result.FAILS for one in done) else 0


def _targets(settings: Settings, names: Sequence[str], day: date) -> list[Target]:
    """Return every place of these models, each once. Raises ModelUnknown."""
    catalogue = catalogue_of(settings, day)
    offers = [catalogue.offer(name) for name in names] if names else list(catalogue)
    return list({(one.endpoint, one.model): one for offer in offers for one in offer.targets}.values())


async def _checked(settings: Settings, targets: Sequence[Target]) -> list[Checked]:
    upstream = Http1(egress=Egress())
    endpoints = endpoints_of(settings, upstream, {one.endpoint for one in targets})
    asking = Asking({name: Place(one, settings.timeouts(name)) for name, one in endpoints.items()}, upstream)
    try:
        await _started(endpoints)
        found = await asyncio.gather(*(ask_all(asking, one) for one in targets))
    finally:
        for endpoint in endpoints.values():
            await endpoint.close()
        await upstream.close()
    return [one for each in found for one in each]


async def _started(endpoints: Mapping[str, Endpoint]) -> None:
    """Return when all are ready, or have had their time: one that is not will say so itself."""
    for endpoint in endpoints.values():
        await endpoint.start()
    end = asyncio.get_running_loop().time() + _PATIENCE
    for endpoint in endpoints.values():
        while isinstance(endpoint, Staged) and endpoint.stage != READY:
            if asyncio.get_running_loop().time() > end:
                return
            await asyncio.sleep(0.1)


def _told(done: Sequence[Checked]) -> dict[str, str]:
    facts: dict[str, list[str]] = {}
    for one in done:
        facts.setdefault(f"{one.endpoint}/{one.model}", []).append(f"{one.feature} {one.result}")
    return {place: ", ".join(told) for place, told in facts.items()} | {
        "cost": str(sum(one.cost for one in done))
    }


def _act(facts: dict[str, str]) -> Act:
    return Act(at=stamp(), actor=actor(), verb="check", object="models", facts=facts)
