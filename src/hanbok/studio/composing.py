"""The steps of a recipe: which stage stands where, and what it takes."""

from typing import TypeVar

import msgspec

from hanbok.studio.build import Step
from hanbok.studio.curate.plan import Curate, CuratePlan
from hanbok.studio.recipe import Recipe
from hanbok.studio.signing import Told
from hanbok.studio.split import Part
from hanbok.studio.tune.opening import Base
from hanbok.studio.tune.plan import TunePlan
from hanbok.studio.tune.tuning import Tune

_Plan = TypeVar("_Plan", CuratePlan, TunePlan)


def steps_of(recipe: Recipe, runner: str = "processes") -> list[Step]:
    """Return the steps in an order in which each finds what it takes."""
    steps = [
        Step(
            name="curate", section="curate", stage=Curate(_seeded(recipe.curate, recipe.seed), runner=runner)
        )
    ]
    corpus = "curate"
    if recipe.held_out:
        corpus = "train"
        steps += (
            Step(
                name=name,
                section="curate",
                stage=Part(name=name, plan=recipe.held_out, seed=recipe.seed),
                takes={"corpus": "curate"},
            )
            for name in ("train", "held_out")
        )
    steps.append(Step(name="base", section="base", stage=Base(recipe.base)))
    takes = {"base": "base", "corpus": corpus} | ({"held_out": "held_out"} if recipe.held_out else {})
    steps.append(
        Step(name="tune", section="tune", stage=Tune(_seeded(recipe.tune, recipe.seed)), takes=takes)
    )
    return steps


def told_of(recipe: Recipe, text: str) -> Told:
    """Return what the record of a build says of its recipe."""
    return Told(name=recipe.name, version=recipe.version, seed=recipe.seed, text=text)


def _seeded(plan: _Plan, seed: int) -> _Plan:
    """Give a plan the recipe's seed where it names none."""
    return plan if plan.seed else msgspec.structs.replace(plan, seed=seed)
