"""`models`: the names that clients may ask for."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, structs

from hanbok.core.values import Grade, Zone
from hanbok.settings.answering import EscalationSettings, ShadowSettings
from hanbok.settings.cache import ModelCacheSettings
from hanbok.settings.section import Count, Section


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
    group: Annotated[str, Meta(description="Name of the group by which `rules` choose it.")] = ""


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


class RuleSettings(Section, frozen=True, kw_only=True):
    use: Annotated[str, Meta(description="Group of targets that is tried first.")] = ""
    zone: Annotated[Zone | None, Meta(description="Zone whose targets are tried first.")] = None
    languages: Annotated[
        tuple[Literal["ko", "en", "ja", "zh"], ...],
        Meta(description="Languages of the request, by its letters."),
    ] = ()
    min_characters: Annotated[Count, Meta(description="Least characters of its texts.")] = 0
    max_characters: Annotated[Count | None, Meta(description="Most characters of its texts.")] = None
    min_tokens: Annotated[Count, Meta(description="Least tokens, estimated by its bytes.")] = 0
    max_tokens: Annotated[Count | None, Meta(description="Most tokens, estimated by its bytes.")] = None
    needs: Annotated[
        tuple[Literal["tools", "vision", "structured"], ...],
        Meta(description="What the model must be able to do for it, all of these."),
    ] = ()
    grades: Annotated[
        tuple[Grade, ...], Meta(description="Grades (`C`, `S`, `O`) that the guard gave it.")
    ] = ()
    tasks: Annotated[
        tuple[str, ...], Meta(description="Tasks, as the client names them in the header `x-hanbok-task`.")
    ] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a rule that chooses nothing."""
        if not self.use and self.zone is None:
            raise ValueError("a rule needs `use` or `zone`")


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
    cache: Annotated[
        ModelCacheSettings, Meta(description="Answers that are given again; off unless `seconds` is set.")
    ] = ModelCacheSettings()
    escalation: Annotated[
        EscalationSettings | None,
        Meta(description="When a second group of targets answers; none: whoever answers first has answered."),
    ] = None
    shadow: Annotated[
        ShadowSettings | None, Meta(description="Another model that answers some calls too, for nobody.")
    ] = None
    rules: Annotated[
        tuple[RuleSettings, ...],
        Meta(
            description="By content: the first rule whose conditions all hold says which targets are tried first."
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a rule that uses a group without targets."""
        groups = {one.group for one in self.targets} | {""}
        if missing := {one.use for one in self.rules} - groups:
            raise ValueError(f"no target is in the group {min(missing)!r}")
        if self.escalation is not None and self.escalation.to not in groups:
            raise ValueError(f"no target is in the group {self.escalation.to!r}")
        if self.escalation is not None and all(one.group == self.escalation.to for one in self.targets):
            raise ValueError("no target is left that answers first: all are in the group of `escalation.to`")
