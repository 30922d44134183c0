"""The steps of a recipe: which stage stands where, and what it takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from hanbok.studio.artifacts import Kind
from hanbok.studio.build import Step
from hanbok.studio.curate.plan import Curate, CuratePlan
from hanbok.studio.evaluate.plan import Evaluate
from hanbok.studio.gain import Gain
from hanbok.studio.recipe import Recipe
from hanbok.studio.release.export_plan import Export, ExportBase
from hanbok.studio.release.parity import Parity
from hanbok.studio.release.plan import Release
from hanbok.studio.signing import Told
from hanbok.studio.split import Part
from hanbok.studio.tune.merging import Merge
from hanbok.studio.tune.opening import Base
from hanbok.studio.tune.plan import MergePlan, TunePlan, VocabularyPlan
from hanbok.studio.tune.tuning import Tune
from hanbok.studio.tune.vocabulary import Expand

_Plan = TypeVar("_Plan", CuratePlan, TunePlan)


def steps_of(recipe: Recipe, runner: str = "processes") -> list[Step]:
    """Return the steps in an order in which each finds what it takes."""
    steps = [*_corpus(recipe, runner), *_model(recipe, runner)]
    steps += _proof(recipe, steps)
    return [*steps, *_release(recipe, steps)]


def told_of(recipe: Recipe, text: str) -> Told:
    """Return what the record of a build says of its recipe."""
    return Told(name=recipe.name, version=recipe.version, seed=recipe.seed, text=text)


def _corpus(recipe: Recipe, runner: str) -> Iterator[Step]:
    stage = Curate(_seeded(recipe.curate, recipe.seed), runner=runner)
    yield Step(name="curate", section="curate", stage=stage)
    if recipe.held_out:
        for name in ("train", "held_out"):
            part = Part(name=name, plan=recipe.held_out, seed=recipe.seed)
            yield Step(name=name, section="curate", stage=part, takes={"corpus": "curate"})


def _model(recipe: Recipe, runner: str) -> Iterator[Step]:
    """From the base to what is served. Each phase makes the base of the next, so an adapter is merged into it."""
    yield Step(name="base", section="base", stage=Base(recipe.base))
    base, corpus = "base", _learned(recipe)
    below = corpus
    for phase in recipe.phases:
        if phase.curate:
            below = f"{phase.name}.curate"
            stage = Curate(_seeded(phase.curate, recipe.seed), runner=runner)
            yield Step(name=below, section="curate", stage=stage)
        if base == "base" and recipe.vocabulary:
            yield (step := _expanded(recipe.vocabulary, below))
            base = step.name
        yield (step := _tuned(phase.name, _seeded(phase.tune, recipe.seed), base, below))
        if step.stage.makes is Kind.ADAPTER:
            yield (step := _merged(f"{phase.name}.merge", MergePlan(), base, step.name))
        base = step.name
    if base == "base" and recipe.vocabulary:
        yield (step := _expanded(recipe.vocabulary, corpus))
        base = step.name
    yield _tuned("tune", _seeded(recipe.tune, recipe.seed), base, corpus, _held_out(recipe))
    yield from _served(recipe, base)


def _served(recipe: Recipe, base: str) -> Iterator[Step]:
    takes = {"base": base, "tuned": "tune"}
    if recipe.merge:
        yield _merged("merge", recipe.merge, base, "tune")
        takes["merged"] = "merge"
    below = ExportBase(recipe.export, recipe.base.path if base == "base" else None)
    yield Step(name="export_base", section="export", stage=below, takes={"base": base})
    takes["export_base"] = "export_base"
    if base != "base":
        first = ExportBase(recipe.export, recipe.base.path)
        yield Step(name="export_first", section="export", stage=first, takes={"base": "base"})
    yield Step(name="export", section="export", stage=Export(recipe.export), takes=_without(takes, "base"))
    if recipe.parity and (recipe.held_out or recipe.parity.held_out):
        stage = Parity(recipe.parity, choices=recipe.export.choices, stops=recipe.export.stops)
        takes |= {"export": "export"} | _held_out(recipe)
        yield Step(name="parity", section="parity", stage=stage, takes=takes)


def _proof(recipe: Recipe, steps: Sequence[Step]) -> Iterator[Step]:
    """Ask the base that one started from and what came of it the same."""
    if recipe.evaluate:
        first = "export_first" if any(one.name == "export_first" for one in steps) else "export_base"
        stage, held_out = Evaluate(recipe.evaluate), _held_out(recipe)
        takes = {"export_base": first} | held_out
        yield Step(name="scores_base", section="evaluate", stage=stage, takes=takes)
        takes = {"export": "export", "export_base": "export_base"} | held_out
        yield Step(name="scores", section="evaluate", stage=stage, takes=takes)
        if recipe.gain:
            takes = {"scores_base": "scores_base", "scores": "scores"}
            yield Step(name="gain", section="evaluate", stage=Gain(recipe.gain), takes=takes)


def _release(recipe: Recipe, steps: Sequence[Step]) -> Iterator[Step]:
    """Put a release together of all that the steps before have made and shown."""
    if recipe.release:
        there = {one.name for one in steps}
        roles = {"base": "base", "corpus": _learned(recipe), "tuned": "tune"}
        roles |= {one: one for one in ("export", "export_base", "parity", "scores_base", "scores", "gain")}
        stage = Release(recipe.release, name=recipe.name, version=recipe.version, export=recipe.export)
        takes = {role: name for role, name in roles.items() if name in there}
        yield Step(name="release", section="release", stage=stage, takes=takes)


def _expanded(plan: VocabularyPlan, corpus: str) -> Step:
    takes = {"base": "base", "corpus": corpus}
    return Step(name="vocabulary", section="vocabulary", stage=Expand(plan), takes=takes)


def _tuned(
    name: str, plan: TunePlan, base: str, corpus: str, held_out: Mapping[str, str] | None = None
) -> Step:
    takes = {"base": base, "corpus": corpus} | dict(held_out or {})
    return Step(name=name, section="tune", stage=Tune(plan), takes=takes)


def _merged(name: str, plan: MergePlan, base: str, tuned: str) -> Step:
    return Step(name=name, section="merge", stage=Merge(plan), takes={"base": base, "tuned": tuned})


def _without(takes: Mapping[str, str], role: str) -> dict[str, str]:
    return {name: step for name, step in takes.items() if name != role}


def _learned(recipe: Recipe) -> str:
    return "train" if recipe.held_out else "curate"


def _held_out(recipe: Recipe) -> dict[str, str]:
    return {"held_out": "held_out"} if recipe.held_out else {}


def _seeded(plan: _Plan, seed: int) -> _Plan:
    """Give a plan the recipe's seed where it names none."""
    return plan if plan.seed else msgspec.structs.replace(plan, seed=seed)
