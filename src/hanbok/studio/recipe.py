"""A recipe: one YAML from sources to a release. Each room of the workshop describes its own section."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hanbok.studio.curate.plan import CuratePlan
from hanbok.studio.evaluate.plan import EvaluatePlan
from hanbok.studio.gain import GainPlan
from hanbok.studio.release.export_plan import ExportPlan
from hanbok.studio.release.parity_plan import ParityPlan
from hanbok.studio.release.plan import ReleasePlan
from hanbok.studio.split import HeldOut
from hanbok.studio.tune.plan import BasePlan, MergePlan, TunePlan, VocabularyPlan

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
Version = Annotated[str, Meta(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]


class Phase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Training before the last: on a corpus of its own, such as documents before dialogues. What it made is the base
    of the next.
    """

    name: Name
    curate: Annotated[
        CuratePlan | None, Meta(description="Its corpus; none: that of the phase before, else the last's.")
    ] = None
    tune: TunePlan


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
    phases: Annotated[
        tuple[Phase, ...], Meta(description="Training before the last, in order: documents, then dialogues.")
    ] = ()
    tune: Annotated[TunePlan, Meta(description="How the base learns from the corpus.")] = TunePlan()
    merge: Annotated[MergePlan | None, Meta(description="What becomes of the tuned weights.")] = None
    export: Annotated[ExportPlan, Meta(description="As what the tuned model is served.")] = ExportPlan()
    evaluate: Annotated[EvaluatePlan | None, Meta(description="What base and export are asked, and how.")] = (
        EvaluatePlan()
    )
    parity: Annotated[
        ParityPlan | None, Meta(description="How alike trained and exported model must answer.")
    ] = ParityPlan()
    gain: Annotated[
        GainPlan | None, Meta(description="What must be better than the base, beyond chance.")
    ] = GainPlan()
    release: Annotated[
        ReleasePlan | None, Meta(description="What is released, and to whom; null: nothing is.")
    ] = ReleasePlan()


def anchored(recipe: Recipe, folder: Path) -> Recipe:
    """Return a recipe whose sources are named by absolute paths."""
    phases = tuple(
        msgspec.structs.replace(one, curate=anchored_sources(one.curate, folder)) if one.curate else one
        for one in recipe.phases
    )
    return msgspec.structs.replace(recipe, curate=anchored_sources(recipe.curate, folder), phases=phases)


def anchored_sources(plan: CuratePlan, folder: Path) -> CuratePlan:
    """Return the plan with absolute paths of sources, and of their robots.txt."""
    sources = tuple(
        msgspec.structs.replace(
            one, path=str(folder / one.path), robots=str(folder / one.robots) if one.robots else ""
        )
        for one in plan.sources
    )
    return msgspec.structs.replace(plan, sources=sources)
