"""What hanbok finds, as data: label, class in law, grade, article (`kinds.toml`)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from hanbok.core.values import Grade, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of finding."""

    key: str
    label: Text
    category: str
    """Class in law: `unique_id` (고유식별정보), `sensitive` (민감정보), `credit_info` (개인신용정보), `financial`,
    `linking`, `personal`, `business`, `secret`, `attack`, or a customer's own."""
    grade: Grade
    """The least grade of a text that holds it."""
    article: str
    """The provision it touches first, as Koreans cite it; may be empty."""
    mask: str
    """What stands in its place when it is masked."""


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind that hanbok knows by itself, by key."""
    table = tomllib.loads(files("hanbok.guard").joinpath("kinds.toml").read_text(encoding="utf-8"))
    return MappingProxyType({key: _kind(key, row) for key, row in table.items()})


def _kind(key: str, row: Mapping[str, str]) -> Kind:
    return Kind(
        key=key,
        label=Text(ko=row["ko"], en=row["en"]),
        category=row["class"],
        grade=Grade(row["grade"]),
        article=row["article"],
        mask=row["mask"],
    )
