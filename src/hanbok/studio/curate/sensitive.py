"""The step that counts abusive words by class, and drops texts in which they are dense.

It is a list of words, no classifier: of 1,000 comments that people marked for hate and abuse it finds three in ten, and
nine in ten of those that it finds were marked. What the law calls sensitive data is counted by `personal`, where it
stands near somebody.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import polars as pl

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.mentions import mentioning
from hanbok.studio.curate.step import drop, told

COUNT: Final = "n_toxic_"
_MOST: Final = 0.05


class SensitivePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When abusive texts go."""

    most: float | None = None
    """Share of abusive words above which a text is dropped; none given: 0.05 for documents, and no dialogue is, for
    a model that shall tell abuse must read some.
    """
    least: int = 2
    """So many of them a text must have to be dropped: one may be a quotation."""
    classes: tuple[str, ...] = ()
    """The classes that count (`profanity`, `hate`, `sexual`, `threat`); empty: all."""


class Sensitive:
    """Counts in `n_toxic_CLASS`; drops as `sensitive:CLASS` of the most frequent class."""

    name: str = "sensitive"

    def __init__(self, plan: SensitivePlan, *, dialogues: bool = False) -> None:
        self._plan = plan
        self._most = plan.most if plan.most is not None else 1.0 if dialogues else _MOST
        self._words = {
            key: words for key, words in lexicon().items() if not plan.classes or key in plan.classes
        }

    @property
    def spec(self) -> Facts:
        return {"version": 1, **msgspec.to_builtins(self._plan), "most": self._most, "words": {**self._words}}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Count, and mark what is beyond."""
        text = told(rows)
        every = [word for words in self._words.values() for word in words]
        at = mentioning(text, every).arg_true()
        some = text.gather(at)
        counts = [self._counted(some, key, words, at, rows.height) for key, words in self._words.items()]
        rows = rows.with_columns(*counts)
        names = [one.name for one in counts]
        if not names:
            return rows
        total = pl.sum_horizontal(*names)
        words = pl.repeat(1, rows.height, dtype=pl.UInt32, eager=True).scatter(
            at, some.str.count_matches(" ", literal=True) + 1
        )
        beyond = (total >= self._plan.least) & (total / words > self._most)
        most = pl.max_horizontal(*names)
        return drop(rows, self.name, {key: beyond & (pl.col(COUNT + key) == most) for key in self._words})

    @staticmethod
    def _counted(some: pl.Series, key: str, words: list[str], at: pl.Series, height: int) -> pl.Series:
        column = pl.zeros(height, dtype=pl.Int32, eager=True).alias(COUNT + key)
        found = some.str.extract_many(words, overlapping=False, leftmost=True).list.len()
        return column.scatter(at, found.cast(pl.Int32))


@cache
def lexicon() -> Mapping[str, list[str]]:
    """Return the words of each class."""
    table = tomllib.loads(
        files("hanbok.studio.curate").joinpath("sensitive.toml").read_text(encoding="utf-8")
    )
    return {key: row["words"] for key, row in table.items()}
