"""`breaker`: when a place that fails is left alone for a while."""

from typing import Annotated

from msgspec import Meta

from hanbok.settings.section import Section


class BreakerSettings(Section, frozen=True, kw_only=True):
    failures: Annotated[
        int, Meta(gt=0, description="Failures in a row after which a target is tried last for a while.")
    ] = 5
    seconds: Annotated[
        float, Meta(gt=0, description="Seconds of the first pause; each further one is twice as long.")
    ] = 5
    longest: Annotated[float, Meta(gt=0, description="Seconds of the longest pause.")] = 60
