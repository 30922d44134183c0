"""A recipe: one YAML from sources to a release. Each room of the workshop describes its own section."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hanbok.studio.curate.plan import CuratePlan
from hanbok.studio.split import HeldOut
from hanbok.studio.tune.plan import BasePlan, MergePlan, TunePlan, VocabularyPlan

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
Version = Annotated[str, Meta(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All sections. Paths in it begin at the recipe's file; a section that is left out is not done."""

    name: Annotated[Name, Meta(description="Name of the release, and of the model that the gateway serves.")]
    version: Annotated[Version, Meta(description="Semantic version of the release.")] = "0.1.0"
    seed: Annotated[int, Meta(description="Where a section names no seed of its own.")] = 0
    curate: Annotated[CuratePlan, Meta(description="From sources to a clean corpus.")]
    held_out: Annotated[HeldOut | None, Meta(description="What is kept from training, to measure by.")] = (
        HeldOut()
    )
    base: Annotated[BasePlan, Meta(description="The model that one starts from.")]
    vocabulary: Annotated[
        VocabularyPlan | None, Meta(description="New tokens for a tokenizer that cuts Korean too small.")
    ] = None
    tune: Annotated[TunePlan, Meta(description="How the base learns from the corpus.")] = TunePlan()
    merge: Annotated[MergePlan | None, Meta(description="What becomes of the tuned weights.")] = None


def anchored(recipe: Recipe, folder: Path) -> Recipe:
    """Return a recipe whose sources are named by absolute paths."""
    sources = tuple(
        msgspec.structs.replace(
            one, path=str(folder / one.path), robots=str(folder / one.robots) if one.robots else ""
        )
        for one in recipe.curate.sources
    )
    return msgspec.structs.replace(recipe, curate=msgspec.structs.replace(recipe.curate, sources=sources))
