"""`models`: the names that clients may ask for."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, structs

from hanbok.settings.section import Section


class PriceSettings(Section, frozen=True, kw_only=True):
    """What is left out costs what the rest of the input or output costs."""

    currency: Annotated[Literal["KRW", "USD"], Meta(description="Currency of the amounts.")] = "KRW"
    input: Annotated[Decimal, Meta(description="Per million input tokens.")]
    output: Annotated[Decimal, Meta(description="Per million output tokens.")]
    cached_input: Annotated[
        Decimal | None, Meta(description="Per million cached input tokens; none: as input.")
    ] = None
    cache_write: Annotated[
        Decimal | None, Meta(description="Per million input tokens that the provider keeps for minutes.")
    ] = None
    cache_write_hour: Annotated[
        Decimal | None, Meta(description="Per million input tokens that the provider keeps for an hour.")
    ] = None
    audio_input: Annotated[Decimal | None, Meta(description="Per million input tokens of sound.")] = None
    image_input: Annotated[Decimal | None, Meta(description="Per million input tokens of pictures.")] = None
    reasoning: Annotated[Decimal | None, Meta(description="Per million output tokens of reasoning.")] = None
    audio_output: Annotated[Decimal | None, Meta(description="Per million output tokens of sound.")] = None
    image_output: Annotated[Decimal | None, Meta(description="Per million output tokens of pictures.")] = None
    as_of: Annotated[date, Meta(description="Day of the price.")]

    def __post_init__(self) -> None:
        """Raise ValueError for a price below nothing."""
        amounts = (one for one in structs.astuple(self) if isinstance(one, Decimal))
        if min(amounts) < 0:
            raise ValueError("a price cannot be negative")


class TargetSettings(Section, frozen=True, kw_only=True):
    endpoint: Annotated[str, Meta(description="Name of an endpoint.")]
    model: Annotated[
        str, Meta(min_length=1, description="The provider's name of the model (on Azure: of the deployment).")
    ]
    facts: Annotated[str, Meta(description="Id of the model in the catalogue of facts; none: `model`.")] = ""
    weight: Annotated[
        float, Meta(gt=0, description="Its share of the calls where `routing.by` is `weight`.")
    ] = 1.0


class RoutingSettings(Section, frozen=True, kw_only=True):
    by: Annotated[
        Literal["order", "weight", "cost", "latency", "busy"],
        Meta(description="What decides which target is tried first, among those that policy allows."),
    ] = "order"
    sticky: Annotated[
        bool,
        Meta(
            description="With `weight`: a conversation (header `x-hanbok-session`, else the key) stays with its target."
        ),
    ] = False
    hedge: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds without a first token after which the next target is asked too: the first token wins, "
            "both are paid; 0: never.",
        ),
    ] = 0
    retries: Annotated[
        int, Meta(ge=0, le=5, description="How often all targets are tried again before a call fails.")
    ] = 0


class ModelSettings(Section, frozen=True, kw_only=True):
    targets: Annotated[
        tuple[TargetSettings, ...],
        Meta(min_length=1, description="Where it is reached, in the order in which they are tried."),
    ]
    instead: Annotated[
        str, Meta(description="Model that answers when policy lets the data go to none of the targets.")
    ] = ""
    price: Annotated[PriceSettings | None, Meta(description="Declared price; none: the catalogue's.")] = None
    routing: Annotated[RoutingSettings, Meta(description="The order of the targets.")] = RoutingSettings()
