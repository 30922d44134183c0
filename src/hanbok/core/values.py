"""Values that travel between packages: who calls, how grave the data is, where it may go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

MicroWon: TypeAlias = int
"""Money, as whole millionths of a won. A price in won per million tokens is micro-won per token."""


class Zone(StrEnum):
    """Where an endpoint stands, seen from the organisation that runs hanbok."""

    HOME = "home"
    """On the organisation's own machines."""
    DOMESTIC = "domestic"
    """In a cloud whose machines stand in Korea."""
    FOREIGN = "foreign"
    """Abroad, or not provably in Korea."""


class Grade(StrEnum):
    """Data grade of the N2SF security guideline 1.0 (국가 망 보안체계, 2025-09-30)."""

    OPEN = "O"
    SENSITIVE = "S"
    CLASSIFIED = "C"

    @property
    def rank(self) -> int:
        """0 (open) to 2 (classified): a document is as high as its highest part."""
        return _RANKS[self]


_RANKS = {Grade.OPEN: 0, Grade.SENSITIVE: 1, Grade.CLASSIFIED: 2}


class Form(StrEnum):
    """How much a text is altered before it leaves; from least to most."""

    AS_IS = "as_is"
    PSEUDONYMISED = "pseudonymised"
    """Each finding replaced by a placeholder that is turned back in the reply."""
    MASKED = "masked"
    """Each finding replaced by a placeholder that is not turned back."""


class Language(StrEnum):
    """Languages of hanbok's own messages and pages."""

    KO = "ko"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence in the languages that hanbok speaks. `{name}` marks a fact to fill in."""

    ko: str
    en: str

    def of(self, language: Language) -> str:
        """Return the sentence in this language."""
        return self.ko if language is Language.KO else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls. `key` is the key's public id, never its secret."""

    organisation: str
    key: str
    team: str = ""
    person: str = ""
    application: str = ""
    roles: frozenset[str] = frozenset()
    """Of the person in its organisation (`hanbok.policy.roles`); empty: no person, so no role."""
    platform: frozenset[str] = frozenset()
    """Roles over all organisations."""


class Part(StrEnum):
    """Parts of a use that may have a price of their own. No token is in two of them."""

    CACHE_WRITE = "cache_write"
    """Input kept in the provider's cache for minutes."""
    CACHE_WRITE_HOUR = "cache_write_hour"
    """Input kept there for an hour."""
    AUDIO_INPUT = "audio_input"
    IMAGE_INPUT = "image_input"
    REASONING = "reasoning"
    AUDIO_OUTPUT = "audio_output"
    IMAGE_OUTPUT = "image_output"

    @property
    def answered(self) -> bool:
        """Whether it is a part of the output, not of the input."""
        return self in _ANSWERED


_ANSWERED = frozenset({Part.REASONING, Part.AUDIO_OUTPUT, Part.IMAGE_OUTPUT})


_MOST_TOKENS: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call as the provider counted them (all others are parts of the first two)."""

    input: int = 0
    output: int = 0
    cached: int = 0
    """Input read from the provider's cache."""
    reasoning: int = 0
    parts: Mapping[str, int] = field(default_factory=dict[str, int])
    """The other parts (`Part`), where the provider told them; none of them is 0."""

    def __post_init__(self) -> None:
        """Take counts that no model reaches as the most that one may: neither records nor databases hold any number."""
        counts = (self.input, self.output, self.cached, self.reasoning, *self.parts.values())
        if max(counts) <= _MOST_TOKENS and min(counts) >= -_MOST_TOKENS:
            return
        for name in ("input", "output", "cached", "reasoning"):
            object.__setattr__(self, name, _countable(getattr(self, name)))
        object.__setattr__(self, "parts", {part: _countable(count) for part, count in self.parts.items()})


def _countable(count: int) -> int:
    return max(-_MOST_TOKENS, min(count, _MOST_TOKENS))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUse:
    """What an operator may do with what it is sent, as the contract with it says (PIPA art. 26, 28-8)."""

    trains: bool = True
    """May use inputs or outputs for training. True until a contract says otherwise."""
    retention_days: int | None = None
    """How long it keeps contents; None: not known."""
    basis: str = ""
    """The legal basis on record for provision or outsourcing to it, as a citation; empty: none on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where data would go: what law and policy ask of an endpoint."""

    endpoint: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: Zone
    operator: str
    data_use: DataUse = DataUse()
    certificates: tuple[str, ...] = ()
    """Names as operators write them, such as `CSAP:중`, `ISMS-P`, `ISO27017`, `SOC2`."""
    lapsed: tuple[str, ...] = ()
    """Certificates and proofs that were on record for it and whose time has run out."""
