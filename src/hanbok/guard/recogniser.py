"""The contract of a recogniser, and the finding that it returns."""

from collections.abc import Iterable
from typing import Protocol

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One piece of personal data or a secret, as code-point offsets in the original text (end exclusive)."""

    kind: str
    """Type name such as `RRN`, `PHONE`, `SECRET`: the keys of `guard/kinds.toml`."""
    start: int
    end: int
    score: float
    """Confidence, 0 to 1."""
    why: tuple[str, ...] = ()
    """What decided, such as `check_digit`, `context:주민번호`, `format`; never the text itself."""


class Recogniser(Protocol):
    """Finds one kind of personal data; knows nothing of the rules about it."""

    def find(self, text: str) -> Iterable[Finding]: ...
