"""The contract of a filter: one measure of a text, and why texts beyond its limits teach a model nothing."""

from collections.abc import Mapping
from typing import ClassVar, Final, Protocol, TypeAlias

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.measure import Seeks

Limits: TypeAlias = Mapping[str, float]
"""A filter's numbers by their names, out of a preset."""

TEXT: Final = pl.col("text")
LANGUAGE: Final = pl.col("language")
LINES: Final = pl.col("lines")
"""How many lines are not blank."""
WORDS: Final = pl.col("words")
"""How many pieces stand between spaces: in Korean an eojeol (어절), a word with its particles."""
CHARS: Final = pl.col("chars")
TOKENS: Final = pl.col("tokens")
"""How many words a tokenizer of the published pipelines would see: a Korean eojeol counts as 2.3 morphemes."""


class Filter(Protocol):
    """One rule. Presets name its limits; the name of its file is the reason that a dropped row gets."""

    why: ClassVar[Text]
    languages: ClassVar[frozenset[str]]
    """The languages that it is for; empty: all."""
    seeks: ClassVar[Seeks]
    """What must be told apart in texts for its measures."""

    def beyond(self, limits: Limits) -> pl.Expr:
        """Return what is true of a text that must go. Beside the columns above it may use those of
        `hanbok.studio.curate.measure`, and `wording` (see `hanbok.studio.curate.wording`). A limit that a preset
        leaves out is not looked at.
        """
        ...


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return part / whole, 0 where there is no whole."""
    return pl.when(whole > 0).then(part / whole).otherwise(0.0)


def above(limits: Limits, measured: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return whether any measure is above the limit of its name."""
    return pl.any_horizontal(
        pl.lit(value=False), *(one > limits[name] for name, one in measured.items() if name in limits)
    )


def below(limits: Limits, measured: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return whether any measure is below the limit of its name."""
    return pl.any_horizontal(
        pl.lit(value=False), *(one < limits[name] for name, one in measured.items() if name in limits)
    )
