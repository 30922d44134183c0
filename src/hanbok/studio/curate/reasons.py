"""Why rows were dropped, in words."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from hanbok.core.plugin import load, names
from hanbok.core.values import Text
from hanbok.guard.kinds import kinds
from hanbok.studio.curate.filter import Filter
from hanbok.studio.curate.filtering import FILTERS


def step_in_words(step: str) -> Text:
    """Return the name of a step; a step that nobody named, as it calls itself."""
    found = _table()["steps"].get(step)
    return Text(**found) if found else Text(ko=step, en=step)


def reason_in_words(reason: str) -> Text:
    """Return why a row was dropped, for `step:reason`."""
    if (found := _table()["reasons"].get(reason)) is not None:
        return Text(**found)
    step, _, rest = reason.partition(":")
    if step == "filter" and rest in names(FILTERS):
        judge: Filter = load(FILTERS, rest)()
        return judge.why
    label = kinds()[rest].label if rest in kinds() else Text(ko=rest, en=rest)
    word = step_in_words(step)
    return Text(ko=f"{word.ko}: {label.ko}", en=f"{word.en}: {label.en}")


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("hanbok.studio.curate").joinpath("reasons.toml").read_text(encoding="utf-8"))
