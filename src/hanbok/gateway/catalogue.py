"""Which models there are, where each is reached, and what is known of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hanbok.core.values import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Won per million tokens, as exact decimals. `cached` is the price of cached input."""

    input: Decimal
    output: Decimal
    cached: Decimal
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model, from `gateway/models/*.toml`."""

    id: str
    context: int
    """Tokens, prompt and answer together; 0: not known."""
    max_output: int
    modalities: tuple[str, ...]
    languages: tuple[str, ...]
    licence: str
    price: Price | None
    """None: no price is known, and calls are refused until one is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One model at one endpoint."""

    endpoint: str
    destination: Destination
    model: str
    """The provider's name of the model."""
    facts: ModelFacts
