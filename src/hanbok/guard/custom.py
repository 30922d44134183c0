"""A customer's own types: a pattern, words of context, a check; written in YAML, read by `hanbok.settings`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hanbok.core.plugin import PluginBroken, installed
from hanbok.core.values import Text
from hanbok.guard.context import Context
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.recogniser import Finding, Recogniser
from hanbok.guard.shape import digits_of
from hanbok.hangul.checksum import (
    brn_check_digit,
    crn_check_digit,
    frn_check_digit,
    luhn_check_digit,
    rrn_check_digit,
)

GROUP = "hanbok.types"
"""Entry points of types that are written in Python."""

CHECKS: Mapping[str, Callable[[str], int]] = MappingProxyType(
    {
        "luhn": luhn_check_digit,
        "rrn": rrn_check_digit,
        "frn": frn_check_digit,
        "brn": brn_check_digit,
        "crn": crn_check_digit,
    }
)
"""Check digits by name: each computes the last digit from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomType:
    """One type that a customer adds. `pattern` may hold a group `value`: then the span is that group."""

    kind: str
    pattern: str = ""
    context: tuple[str, ...] = ()
    """Words of which one must stand near; empty: the pattern is enough."""
    check: str = ""
    """One of `CHECKS`, computed over the digits of the value; empty: none."""
    like: str = "PHONE"
    """The kind whose class, grade and article it takes."""
    label: str = ""
    raw: bool = False
    """Match the text as written instead of its normalised form (for codes whose letters matter)."""


def as_kind(custom: CustomType) -> Kind:
    """Return what `kinds` would say of a customer's type. Raises KeyError when `like` is no kind."""
    label = custom.label or custom.kind
    return replace(kinds()[custom.like], key=custom.kind, label=Text(ko=label, en=label), mask=f"[{label}]")


@dataclass(frozen=True)
class Custom:
    """The recogniser of a customer's type. Raises `re.error` when the pattern is none, KeyError on the check."""

    type: CustomType
    plugin: Recogniser | None = None
    """What finds it instead of the pattern."""
    _pattern: re.Pattern[str] = field(init=False)
    _context: Context | None = field(init=False)

    def __post_init__(self) -> None:
        if self.type.check:
            CHECKS[self.type.check]  # an unknown name must not wait for the first hit
        words = tuple(map(re.escape, self.type.context))
        object.__setattr__(self, "_pattern", re.compile(self.type.pattern))
        object.__setattr__(self, "_context", Context("|".join(words)) if words else None)

    def find(self, text: str) -> Iterator[Finding]:
        """Yield what the pattern, the check and the context words agree on, in offsets of `text`."""
        if self.plugin:
            yield from self.plugin.find(text)
            return
        group = "value" if "value" in self._pattern.groupindex else 0
        for match in self._pattern.finditer(text):
            start, end = match.span(group)
            if start == end or not self._checked(text[start:end]):
                continue
            word = self._context.near(text, start, end) if self._context else ""
            if word or not self._context:
                why = (f"context:{word}",) if word else ("format",)
                yield Finding(kind=self.type.kind, start=start, end=end, score=0.9, why=why)

    def _checked(self, value: str) -> bool:
        if not self.type.check:
            return True
        digits = digits_of(value)
        return len(digits) > 1 and CHECKS[self.type.check](digits[:-1]) == int(digits[-1])


def plugged(name: str, trusted: Sequence[str]) -> Custom:
    """Return the type that an installed package offers: a Recogniser with its CustomType as `type`.

    Raises PluginBroken, PluginUntrusted.
    """
    plugin = installed(GROUP, name, trusted)()
    kind = getattr(plugin, "type", None)
    if not isinstance(kind, CustomType) or kind.like not in kinds():
        raise PluginBroken(group=GROUP, name=name, why="its `type` is no CustomType like a known kind")
    return Custom(kind, plugin)
