"""`parity` of a recipe: how alike the forms of a model must answer."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta


class ParityPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How alike the forms of a model must answer."""

    rows: Annotated[
        int, Meta(ge=1, description="Rows that are compared at most, evenly over the held-out file.")
    ] = 200
    limit: Annotated[
        float, Meta(ge=0, le=1, description="Share of the rows that may be answered otherwise.")
    ] = 0.01
    held_out: Annotated[
        Path | None,
        Meta(description="JSON Lines with `id` and `messages`; none: the recipe's held-out part."),
    ] = None
    margin: Annotated[
        float,
        Meta(
            ge=0,
            description="Nats by which a token of a free answer may be less probable than the model's best.",
        ),
    ] = 0.5
    waive: Annotated[
        str,
        Meta(description="Why a model is released though its forms differ; it stays in manifest and card."),
    ] = ""
