"""What the settings describe, built: the guard, the judge, the catalogue. No I/O but package data."""

import hmac
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from hanbok.core.clock import stamp
from hanbok.core.plugin import find, installed, load, names
from hanbok.evidence.entry import Act
from hanbok.gateway.catalogue import (
    JUDGED_BYTES,
    JUDGED_TOKENS,
    By,
    Catalogue,
    Escalation,
    Lacking,
    Need,
    Offer,
    Routing,
    Rule,
    Shadow,
    Target,
)
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.endpoint import Endpoint, EndpointConfig
from hanbok.gateway.facts import declared, load_facts, load_prices, unknown_facts
from hanbok.gateway.front import Front
from hanbok.gateway.health import Breaker, Health
from hanbok.gateway.mcp.rules import ToolRules
from hanbok.gateway.order import Order
from hanbok.gateway.price import estimate
from hanbok.gateway.price_list import ListPrice, PriceList
from hanbok.gateway.rotation import Kind, endpoint_of
from hanbok.gateway.routing import Router
from hanbok.gateway.step import Step
from hanbok.gateway.transport.egress import Egress
from hanbok.gateway.upstream import Upstream
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.guard.custom import Custom, CustomType, plugged
from hanbok.guard.guard import Guard
from hanbok.guard.pseudonym import Hider
from hanbok.policy.cedar import CedarJudge, load_judge
from hanbok.policy.changes import NOTHING, Rules
from hanbok.policy.circumstances import Circumstances
from hanbok.policy.firewall import Way
from hanbok.policy.governing import Governing
from hanbok.policy.scene import Choices, Scene, Spot
from hanbok.settings.models import ModelSettings, RuleSettings, TargetSettings
from hanbok.settings.reading import Loaded
from hanbok.settings.settings import Settings

if TYPE_CHECKING:
    from hanbok.vault.service import VaultService

ENDPOINTS: Final = "hanbok.gateway.endpoints"
DIALECTS: Final = "hanbok.dialects"
FRONTS: Final = "hanbok.fronts"


def guard_of(settings: Settings, cache: Path | None = None) -> Guard:
    """Build the guard that the settings describe; what is slow to build is kept in the folder `cache`."""
    custom = [
        CustomType(
            kind=one.name,
            pattern=one.pattern,
            check=one.check,
            context=one.context,
            like=one.like,
            label=one.label,
            raw=one.raw,
        )
        for one in settings.guard.custom
    ]
    guard = Guard.load(custom=custom, cache=cache)
    return replace(guard, customs=[*guard.customs, *_plugged(settings)])


def sharp_of(settings: Settings, guard: Guard, cache: Path | None = None) -> Guard:
    """Build what finds the types in answers that are masked there."""
    return guard.only(frozenset(settings.guard.mask_replies), cache)


def guard_beside(settings: Settings) -> Guard:
    """Build the guard for a command: with what a server compiled, where one has its state; else nothing is kept."""
    return guard_of(settings, settings.state / "cache" if settings.state.is_dir() else None)


def _plugged(settings: Settings) -> list[Custom]:
    return [plugged(name, settings.plugins.trusted) for name in settings.guard.plugins]


@cache
def _key_of_this_start() -> bytes:
    return secrets.token_bytes(32)


def hider_of(settings: Settings) -> Callable[[str], Hider] | None:
    """Return what makes the pseudonyms of one organisation's requests; None: numbered placeholders."""
    if settings.guard.pseudonyms == "placeholder":
        return None
    from hanbok.guard.natural import NaturalPseudonyms  # noqa: PLC0415 - only who wants them carries its names

    own = settings.guard.pseudonym_key
    key = own.reveal().encode() if own else _key_of_this_start()
    return lambda organisation: NaturalPseudonyms(hmac.digest(key, organisation.encode(), "sha256"))


def catalogue_of(settings: Settings, day: date, prices: PriceList | None = None) -> Catalogue:
    """Join the settings' models with what is known of them, at the prices and rates of this day; without `prices` at
    those that hanbok brings.
    """
    prices = prices or load_prices()
    known = load_facts(day, prices)

    def target(one: TargetSettings, model: ModelSettings) -> Target:
        name = one.facts or one.model
        facts = known.get(name) or replace(unknown_facts(name), price=prices.of(name, day))
        if model.price is not None:
            facts = declared(facts, ListPrice(**structs.asdict(model.price)), day, prices)
        destination = settings.destination(one.endpoint, day)
        return Target(
            endpoint=one.endpoint,
            destination=destination,
            model=one.model,
            facts=facts,
            weight=one.weight,
            group=one.group,
        )

    targets = {
        name: tuple(target(one, model) for one in model.targets) for name, model in settings.models.items()
    }
    return Catalogue(
        {
            name: Offer(
                name=name,
                targets=targets[name],
                instead=targets.get(model.instead, ()),
                routing=Routing(
                    by=By(model.routing.by),
                    sticky=model.routing.sticky,
                    hedge=model.routing.hedge,
                    retries=model.routing.retries,
                ),
                rules=tuple(map(_rule, count(1), model.rules)),
                caching=model.cache.to(),
                escalation=_escalation(model, targets),
                shadow=_shadow(model),
            )
            for name, model in settings.models.items()
        }
    )


def _escalation(model: ModelSettings, targets: Mapping[str, tuple[Target, ...]]) -> Escalation | None:
    """Raise ModelUnpriced for a judge of which nobody knows what it costs."""
    said = model.escalation
    if said is None:
        return None
    judge = targets[said.judge.model][0] if said.judge else None
    return Escalation(
        to=said.to,
        min_characters=said.min_characters,
        refusals=tuple(word.lower() for word in said.refusals),
        json=said.json,
        min_logprob=said.min_logprob,
        judge=judge,
        seconds=said.judge.seconds if said.judge else 0,
        judging=estimate(JUDGED_BYTES, JUDGED_TOKENS, judge.facts) if judge else 0,
        unjudged=Lacking(said.unjudged),
        unanswered=Lacking(said.unanswered),
    )


def _shadow(model: ModelSettings) -> Shadow | None:
    said = model.shadow
    if said is None:
        return None
    return Shadow(model=said.model, percent=said.percent, keys=said.keys, at_once=said.at_once)


def _rule(number: int, said: RuleSettings) -> Rule:
    return Rule(
        name=f"{number}: {said.use or said.zone}",
        use=said.use,
        zone=said.zone,
        languages=frozenset(said.languages),
        min_characters=said.min_characters,
        max_characters=said.max_characters,
        min_tokens=said.min_tokens,
        max_tokens=said.max_tokens,
        needs=frozenset(map(Need, said.needs)),
        grades=frozenset(said.grades),
        tasks=frozenset(said.tasks),
    )


def routing(health: Health, settings: Settings) -> Router:
    """Return what orders places. `health` outlives the settings; from now on they say when a place is left alone."""
    said = settings.breaker
    health.breaker = Breaker(failures=said.failures, seconds=said.seconds, longest=said.longest)
    windows = {
        name: tuple(window.window() for window in one.maintenance)
        for name, one in settings.endpoints.items()
        if one.maintenance
    }
    name = settings.plugins.router
    order: Order | None = installed("hanbok.routers", name, settings.plugins.trusted)() if name else None
    return Router(health, windows=windows, order=order)


def brought_of(settings: Settings) -> dict[str, Step]:
    """Return the steps that other packages bring, by name, in their order."""
    trusted = settings.plugins.trusted
    return {
        name: installed("hanbok.steps", name, trusted)(options)
        for name, options in settings.plugins.steps.items()
    }


def endpoint_kind(settings: Settings) -> Callable[[str], Kind]:
    """Return what finds a kind of endpoint by its name: a dialect of another package is one too, spoken at a place
    that is reached as OpenAI's servers are.
    """
    trusted = settings.plugins.trusted

    def kind(name: str) -> Kind:
        if name not in names(ENDPOINTS) and entry_points(group=DIALECTS, name=name):
            dialect: Callable[[str], Dialect] = installed(DIALECTS, name, trusted)
            return lambda config, upstream: _speaking(dialect, config, upstream)
        return find(ENDPOINTS, "hanbok.endpoints", name, trusted)

    return kind


def _speaking(dialect: Callable[[str], Dialect], config: EndpointConfig, upstream: Upstream) -> Endpoint:
    endpoint: Endpoint = load(ENDPOINTS, "openai_compatible")(config, upstream)
    endpoint.dialect = dialect(config.destination.endpoint)
    return endpoint


def fronts_of(settings: Settings) -> dict[str, Front]:
    """Return the fronts of other packages, by path."""
    trusted = settings.plugins.trusted
    return {path: installed(FRONTS, name, trusted)() for path, name in settings.plugins.fronts.items()}


def rules_of(loaded: Loaded) -> Rules:
    """Return what the settings say of policy, as one value."""
    settings = loaded.settings
    return Rules(
        packs=settings.policy.packs,
        files=dict(loaded.policies),
        facts=settings.policy.circumstances.facts(),
        dual_control=settings.roles.dual_control,
    )


def tool_rules_of(
    loaded: Loaded,
    day: date,
    guard: Guard,
    judge: CedarJudge,
    vault: "VaultService | None",
    brought: Sequence[Step],
) -> ToolRules:
    """Return what the settings say of tools behind hanbok. `brought`: steps of other packages on their way."""
    settings = loaded.settings
    return ToolRules(
        servers=settings.tool_servers(day),
        tokens=settings.token_rules(loaded.token_keys),
        masked=frozenset(settings.guard.mask_replies),
        guard=guard,
        judge=judge,
        hider_of=hider_of(settings),
        vault=vault,
        brought=brought,
    )


def judge_of(loaded: Loaded, day: date, governing: Governing | None = None) -> CedarJudge:
    """Load the policies that govern, as in force on this day; without `governing` those of the settings alone."""
    like = {one.name: one.like for one in loaded.settings.guard.custom}
    like |= {one.type.kind: one.type.like for one in _plugged(loaded.settings)}
    governing = governing or Governing(settings=rules_of(loaded), organisation=NOTHING)
    said = governing.settings
    return load_judge(said.packs, governing.files, day, like, Circumstances.read(said.facts))


def scene_of(catalogue: Catalogue) -> Scene:
    """Return where the models on offer are reached, for the log."""
    offers = list(catalogue)

    def listed(targets: tuple[Target, ...]) -> tuple[tuple[str, str], ...]:
        return tuple((one.endpoint, one.model) for one in targets)

    return Scene(
        places={one.endpoint: Spot.of(one.destination) for offer in offers for one in offer.every},
        models={
            one.name: Choices(targets=listed(one.targets), instead=listed(one.instead)) for one in offers
        },
    )


def endpoints_of(settings: Settings, upstream: Upstream, names: Collection[str]) -> dict[str, Endpoint]:
    """Build these endpoints, without reaching them."""
    return {
        name: endpoint_of(endpoint_kind(settings)(one.kind), settings.endpoint_config(name), upstream)
        for name, one in settings.endpoints.items()
        if name in names
    }


def settings_act(loaded: Loaded, policy: str, held: str, catalogue: Catalogue) -> Act:
    """Return what the log is told when settings come into force."""
    facts = {"policy": policy, "file": str(loaded.source or ""), "held": held}
    facts = {name: fact for name, fact in facts.items() if fact} | scene_of(catalogue).facts()
    return Act(at=stamp(), actor="hanbok", verb="settings", object="in force", facts=facts)


def ways_of(settings: Settings) -> list[Way]:
    """Return the places that the endpoints and the webhook of the settings would be reached at, reaching none."""
    egress = Egress()
    upstream = Http1(egress=egress)
    endpoints_of(settings, upstream, settings.endpoints)
    if webhook := settings.alerts.to():
        egress.permit(webhook.gate)
    return [Way(gate.host, gate.port, gate.endpoint) for gate in egress.gates]


def plugins_of(settings: Settings) -> list[str]:
    """Return the plug-ins of other packages that the settings name, each loaded. Raises PluginBroken, PluginUntrusted,
    UnknownPlugin.
    """
    own, trusted = names(ENDPOINTS), settings.plugins.trusted
    kinds = sorted({one.kind for one in settings.endpoints.values()} - set(own))
    for kind in kinds:
        endpoint_kind(settings)(kind)
    router = [settings.plugins.router] if settings.plugins.router else []
    spoken = [kind for kind in kinds if entry_points(group=DIALECTS, name=kind)]
    named = {
        FRONTS: sorted(set(settings.plugins.fronts.values())),
        "hanbok.routers": router,
        "hanbok.steps": settings.plugins.steps,
        "hanbok.types": settings.guard.plugins,
    }
    for group, some in named.items():
        for name in some:
            installed(group, name, trusted)
    return [f"{DIALECTS if kind in spoken else 'hanbok.endpoints'} {kind}" for kind in kinds] + [
        f"{group} {name}" for group, some in named.items() for name in some
    ]
