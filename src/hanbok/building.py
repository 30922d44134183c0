"""What the settings describe, built: the guard, the judge, the catalogue. No I/O but package data."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from hanbok.core.clock import KST, now
from hanbok.gateway.catalogue import Catalogue, Offer, Target
from hanbok.gateway.facts import ListPrice, declared, load_facts, unknown_facts
from hanbok.guard.custom import CustomType, plugged
from hanbok.guard.guard import Guard
from hanbok.policy.cedar import CedarJudge, load_judge
from hanbok.settings.models import ModelSettings, TargetSettings
from hanbok.settings.reading import Loaded
from hanbok.settings.settings import Settings


def today() -> date:
    """Return the day in Korea."""
    return now().astimezone(KST).date()


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
    return replace(guard, customs=[*guard.customs, *map(plugged, settings.guard.plugins)])


def catalogue_of(settings: Settings, day: date) -> Catalogue:
    """Join the settings' models with what is known of them, at the rates of this day."""
    known = load_facts(day)

    def target(one: TargetSettings, model: ModelSettings) -> Target:
        name = one.facts or one.model
        facts = known.get(name) or unknown_facts(name)
        if model.price is not None:
            price = model.price
            listed = ListPrice(
                currency=price.currency,
                input=price.input,
                output=price.output,
                cached_input=price.cached_input,
                as_of=price.as_of,
            )
            facts = declared(facts, listed, day)
        destination = settings.destination(one.endpoint, day)
        return Target(endpoint=one.endpoint, destination=destination, model=one.model, facts=facts)

    targets = {
        name: tuple(target(one, model) for one in model.targets) for name, model in settings.models.items()
    }
    return Catalogue(
        {
            name: Offer(name=name, targets=targets[name], instead=targets.get(model.instead, ()))
            for name, model in settings.models.items()
        }
    )


def judge_of(loaded: Loaded, day: date) -> CedarJudge:
    """Load the policies that the settings name, as in force on this day."""
    settings = loaded.settings
    like = {one.name: one.like for one in settings.guard.custom}
    like |= {one.type.kind: one.type.like for one in map(plugged, settings.guard.plugins)}
    return load_judge(settings.policy.packs, dict(loaded.policies), day, like, settings.policy.circumstances)
