"""`cache` and `models.<name>.cache`: answers that are given again."""

from typing import Annotated

from msgspec import Meta

from hanbok.core.values import Grade
from hanbok.gateway.catalogue import Caching
from hanbok.settings.section import Section


class CacheSettings(Section, frozen=True, kw_only=True):
    mib: Annotated[
        int,
        Meta(ge=1, le=65_536, description="Memory of each process for answers that are given again, MiB."),
    ] = 64


class ModelCacheSettings(Section, frozen=True, kw_only=True):
    seconds: Annotated[
        float,
        Meta(
            ge=0, description="How long an answer is given again to the very same request, seconds; 0: never."
        ),
    ] = 0
    organisations: Annotated[tuple[str, ...], Meta(description="Whose requests; none: everyone's.")] = ()
    grades: Annotated[
        tuple[Grade, ...],
        Meta(min_length=1, description="Grades (`C`, `S`, `O`) of requests whose answers are kept."),
    ] = (Grade.OPEN,)

    def to(self) -> Caching | None:
        """Return what the offer is told; None: nothing is kept."""
        if not self.seconds:
            return None
        return Caching(
            seconds=self.seconds,
            organisations=frozenset(self.organisations),
            grades=frozenset(self.grades),
        )
