"""Reading a plan for one tuning: YAML, and values from the command line over it."""

import os
from collections.abc import Iterable
from pathlib import Path

import yaml
from msgspec import ValidationError, convert

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.settings.located_yaml import LocatedYaml, Problems
from hanbok.studio.tune.plan import TunePlan


class TunePlanInvalid(HanbokError):
    code = "tune_plan_invalid"
    message = Text(ko="학습 계획이 잘못되었습니다\n{problems}", en="the plan is not valid\n{problems}")
    hint = Text(
        ko="쓸 수 있는 이름은 레시피의 `tune` 항목과 같습니다.",
        en="It may hold what the section `tune` of a recipe may hold.",
    )


def read_plan(source: Path | None, values: Iterable[str]) -> TunePlan:
    """Return the plan of a file with `NAME=VALUE` over it. Raises TunePlanInvalid."""
    told: dict[str, object] = {}
    if source:
        file = LocatedYaml(source.absolute(), dict(os.environ))
        try:
            tree = file.tree()
        except Problems as problems:
            raise TunePlanInvalid(problems="\n".join(file.told(problems))) from None
        if not isinstance(tree, dict):
            raise TunePlanInvalid(problems=f"{source}: Expected `object`")
        told |= tree
    folder = source.absolute().parent if source else Path.cwd()
    for one in values:
        name, sign, value = one.partition("=")
        if not sign:
            raise TunePlanInvalid(problems=f"--set {name}: NAME=VALUE")
        told[name] = yaml.safe_load(value)

    def decode(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return folder / value
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")

    try:
        return convert(told, TunePlan, dec_hook=decode, strict=False)
    except ValidationError as error:
        raise TunePlanInvalid(problems=str(error)) from None
