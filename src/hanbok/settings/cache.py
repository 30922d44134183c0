"""`cache` and `models.<name>.cache`: answers that are given again."""

from typing import Annotated

from msgspec import Meta

from hanbok.core.values import Grade
from hanbok.gateway.catalogue import Alike, Caching
from hanbok.settings.section import Section


class EmbedderSettings(Section, frozen=True, kw_only=True):
    endpoint: Annotated[str, Meta(description="Name of an endpoint in the zone `home`.")]
    model: Annotated[str, Meta(min_length=1, description="The endpoint's name of the embedding model.")]
    seconds: Annotated[
        float, Meta(gt=0, description="How long an embedding may take; longer: the model is asked.")
    ] = 1


class CacheSettings(Section, frozen=True, kw_only=True):
    mib: Annotated[
        int,
        Meta(ge=1, le=65_536, description="Memory of each process for answers that are given again, MiB."),
    ] = 64
    embedder: Annotated[
        EmbedderSettings | None,
        Meta(description="What tells whether two questions are alike; none: only the very same are."),
    ] = None


class SimilarSettings(Section, frozen=True, kw_only=True):
    seconds: Annotated[
        float,
        Meta(ge=0, description="How long an answer is given to like questions, seconds; 0: never."),
    ] = 0
    threshold: Annotated[
        float, Meta(gt=0, le=1, description="Least likeness: the cosine of the two embeddings.")
    ] = 0.95


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
    similar: Annotated[
        SimilarSettings,
        Meta(description="Answers that are given to like questions; off unless `seconds` is set."),
    ] = SimilarSettings()

    def to(self) -> Caching | None:
        """Return what the offer is told; None: nothing is kept."""
        like, alike = self.similar, None
        if like.seconds:
            alike = Alike(seconds=like.seconds, threshold=like.threshold)
        if not self.seconds and alike is None:
            return None
        return Caching(
            seconds=self.seconds,
            organisations=frozenset(self.organisations),
            grades=frozenset(self.grades),
            alike=alike,
        )
