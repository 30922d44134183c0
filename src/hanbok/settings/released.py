"""Models that the registry has put in service, as if the settings named them: a release is served without an edit."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from hanbok.gateway.llama.releases import Line, Shelf
from hanbok.settings.endpoints import EndpointSettings
from hanbok.settings.models import ModelSettings, PriceSettings, TargetSettings
from hanbok.settings.settings import Settings

_KIND: Final = "embedded"
_OUR_OWN: Final = PriceSettings(currency="KRW", input=Decimal(0), output=Decimal(0), as_of=date(2026, 11, 1))
"""It runs inside hanbok, so a token costs nothing."""


def registry(settings: Settings) -> Path:
    """Return the folder of the registry of releases."""
    return settings.state / "models"


def with_releases(settings: Settings) -> Settings:
    """Return the settings with an offer for each name in the registry that they do not name themselves, at the first
    embedded endpoint. Each version that is ready may be asked as `name@version`. Raises ReleaseUnusable.
    """
    lines = Shelf(registry(settings)).index()
    served = {name: one for name, one in settings.endpoints.items() if _serves(one)}
    priced = {name: _priced(one, lines.keys(), served.keys()) for name, one in settings.models.items()}
    if not served:
        return msgspec.structs.replace(settings, models=priced)
    there = next(iter(served))
    offered: dict[str, ModelSettings] = {}
    for name, line in lines.items():
        for asked in _names(name, line):
            offered[asked] = ModelSettings(
                targets=(TargetSettings(endpoint=there, model=asked),), price=_OUR_OWN
            )
    return msgspec.structs.replace(settings, models=offered | priced)


def _names(name: str, line: Line) -> list[str]:
    exact = [f"{name}@{version}" for version in line.versions]
    return [name, *exact] if line.live else exact


def _serves(one: EndpointSettings) -> bool:
    return one.kind == _KIND and one.options.get("serves", "chat") == "chat"


def _priced(model: ModelSettings, released: Collection[str], embedded: Collection[str]) -> ModelSettings:
    """Give a model that is nothing but releases their price, which no catalogue of facts has."""
    ours = all(one.endpoint in embedded and one.model.partition("@")[0] in released for one in model.targets)
    return msgspec.structs.replace(model, price=_OUR_OWN) if ours and model.price is None else model
