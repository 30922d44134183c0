"""The step that takes the lines out of Korean pages that are not their text."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import polars as pl

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.column import where
from hanbok.studio.curate.step import DROPPED

_COUNT: Final = "n_boilerplate"


class BoilerplatePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is taken out of documents."""

    lines: bool = True
    """Lines of `boilerplate.toml`."""


class Boilerplate:
    """Counts what it takes out in `n_boilerplate`; drops a text that was nothing else as `boilerplate:only`."""

    name: str = "boilerplate"

    def __init__(self, plan: BoilerplatePlan) -> None:
        self._plan = plan

    @property
    def spec(self) -> Facts:
        return {
            "version": 1,
            **msgspec.to_builtins(self._plan),
            "lines": _pattern() if self._plan.lines else "",
        }

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Take the lines out; dialogues have none."""
        if "text" not in rows.columns or not self._plan.lines:
            return rows.with_columns(pl.lit(0, dtype=pl.Int32).alias(_COUNT))
        text = rows["text"]
        counts = text.str.count_matches(_pattern()).cast(pl.Int32)
        cleaned = where(text, counts > 0, _without)
        rows = rows.with_columns(cleaned.alias("text"), counts.alias(_COUNT))
        only = pl.col(DROPPED).is_null() & (pl.col(_COUNT) > 0) & (pl.col("text").str.len_bytes() == 0)
        return rows.with_columns(
            pl.when(only).then(pl.lit("boilerplate:only")).otherwise(pl.col(DROPPED)).alias(DROPPED)
        )


def _without(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(_pattern(), "").str.replace_all("\n\n\n+", "\n\n").str.strip_chars(" \n")


@cache
def _pattern() -> str:
    """Return the pattern of a line that goes, its end with it."""
    table = tomllib.loads(
        files("hanbok.studio.curate").joinpath("boilerplate.toml").read_text(encoding="utf-8")
    )
    whole, begins = "|".join(table["whole"]), "|".join(table["begins"])
    return rf"(?m)^[ \t|·>]*(?:(?:{whole})[ \t|·>]*|(?:{begins})[^\n]{{0,{table['longest']}}})(?:\n|$)"
