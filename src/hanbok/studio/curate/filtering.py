"""The step that lets the filters judge, with the limits of a preset."""

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import msgspec
import polars as pl

from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.core.values import Text
from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.filter import CHARS, LANGUAGE, WORDS, Filter
from hanbok.studio.curate.measure import Measuring
from hanbok.studio.curate.step import DROPPED, told
from hanbok.studio.curate.wording import wording

FILTERS: Final = "hanbok.studio.curate.filters"
_PRESETS: Final = "hanbok.studio.curate"
_WORDING: Final = ("repeated_words", "unbroken")
"""The filters that look at `wording`."""


class PresetUnfit(HanbokError):
    code = "filter_preset_unfit"
    message = Text(
        ko="거르기 설정을 쓸 수 없습니다: {name!r}",
        en="the filters cannot be set up so: there is no {name!r}",
    )
    hint = Text(ko="쓸 수 있는 이름: {known}", en="Known names: {known}")


class FilterPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which filters judge, and by which limits."""

    preset: str = ""
    """`fineweb2`, `short` or `dialogue`; empty: `dialogue` for dialogues, else `fineweb2`."""
    skip: tuple[str, ...] = ()
    """Filters that shall not judge."""
    limits: dict[str, dict[str, float]] = {}
    """Limits that differ from the preset's, or come to them: `short: {tokens: 20}`."""


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits by filter, in the order in which the filters judge."""

    why: str
    kind: str = msgspec.field(name="for")
    tokens_per_word: dict[str, float]
    limits: dict[str, dict[str, float]]


@cache
def preset(name: str) -> Preset:
    """Return a preset. Raises PresetUnfit."""
    known = presets()
    if name not in known:
        raise PresetUnfit(name=name, known=", ".join(known))
    table = files(_PRESETS).joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(table), Preset)


def presets() -> list[str]:
    """Return the names of the presets."""
    found = files(_PRESETS).joinpath("presets").iterdir()
    return sorted(one.name.removesuffix(".toml") for one in found if one.name.endswith(".toml"))


class Filtering:
    """Drops the rows that are beyond a limit, as `filter:KEY` of the first filter that says so."""

    name: str = "filter"

    def __init__(self, plan: FilterPlan, *, dialogues: bool = False) -> None:
        self._preset = preset(plan.preset or ("dialogue" if dialogues else "fineweb2"))
        known = names(FILTERS)
        if strange := ({*plan.skip, *plan.limits} - {*known}):
            raise PresetUnfit(name=min(strange), known=", ".join(known))
        limits = {**self._preset.limits}
        for key, own in plan.limits.items():
            limits[key] = {**limits.get(key, {}), **own}
        self.limits = {key: one for key, one in limits.items() if key not in plan.skip}
        self._filters: dict[str, Filter] = {key: load(FILTERS, key)() for key in self.limits}

    @property
    def spec(self) -> Facts:
        return {"version": 2, "limits": self.limits, "tokens_per_word": self._preset.tokens_per_word}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Mark what is beyond a limit."""
        if not rows.height:
            return rows
        found = self.judged(rows)
        return rows.with_columns(pl.coalesce(pl.col(DROPPED), found).alias(DROPPED))

    def judged(self, rows: pl.DataFrame) -> pl.Series:
        """Return for each row the reason why it must go, or null."""
        return (
            self._measured(rows).lazy().select(self._found).collect()["found"]
        )  # lazily: what two filters ask is done once

    @cached_property
    def _found(self) -> pl.Expr:
        marks = [
            pl.when(_concerns(self._filters[key]) & self._filters[key].beyond(limits)).then(
                pl.lit(f"filter:{key}")
            )
            for key, limits in self.limits.items()
        ]
        return pl.coalesce(pl.lit(None, dtype=pl.String), *marks).alias("found")

    def _measured(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the columns that filters look at."""
        text = told(rows)
        language = (
            rows["language"] if "language" in rows.columns else pl.Series(["ko"]).new_from_index(0, len(text))
        )
        measures, words = _measuring().measured(text)
        held = measures.with_columns(text.alias("text"), language.alias("language"))
        held = held.with_columns(tokens=_tokens(self._preset.tokens_per_word))
        asked = {name: limit for key in _WORDING for name, limit in self.limits.get(key, {}).items()}
        return held.with_columns(wording(words, held["chars"].to_numpy(), asked)) if asked else held


@cache
def _measuring() -> Measuring:
    """Return what measures for all filters."""
    filters: list[type[Filter]] = [load(FILTERS, key) for key in names(FILTERS)]
    return Measuring(one.seeks for one in filters)


def _concerns(one: Filter) -> pl.Expr:
    return LANGUAGE.is_in(sorted(one.languages)) if one.languages else pl.lit(value=True)


def _tokens(by_language: Mapping[str, float]) -> pl.Expr:
    """Return how many tokens texts have; Japanese, which is not spaced, has one for two characters."""
    rates = LANGUAGE.replace_strict(by_language, default=1.0, return_dtype=pl.Float64)
    return pl.when(LANGUAGE == "ja").then(CHARS / 2).otherwise(WORDS * rates)
