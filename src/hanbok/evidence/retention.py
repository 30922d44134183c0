"""How long an entry is kept, by law. The table says which; the settings may ask for longer, never for less.

| years | what | article |
|---|---|---|
| 1 | records of access to personal data | 개인정보의 안전성 확보조치 기준 art. 8(1) |
| 2 | the same, with unique identifiers or sensitive data, of 50,000 persons or more, or of a telco | same, proviso |
| 3 | grants and changes of rights | same, art. 5(3) |
| 3 | reveals of pseudonyms, and what was done with pseudonymised data | 개인정보 보호법 28-4, decree 29-5 |
| 3 | processing of personal credit information | 신용정보법 20(2) |
| 5 | what a high-impact system is documented with: models, policies | 인공지능 기본법 34(1)5, decree |
| 0 | keys and acts of the log itself: without them the rest cannot be verified | |
"""

from typing import Final

from msgspec.structs import force_setattr

from hanbok.evidence.entry import (
    Act,
    AdminAct,
    AnyEntry,
    Erasure,
    Expiry,
    Gone,
    Intent,
    KeyAct,
    ModelRelease,
    Outcome,
    PolicyChange,
    Refusal,
    Reveal,
    Transfer,
)

CLASSES: Final = (1, 2, 3, 5)
_ACCESS: Final = frozenset({Intent, Refusal, Outcome})
_YEARS: Final[dict[type[AnyEntry], int]] = {
    Act: 3,
    AdminAct: 3,
    Reveal: 3,
    Erasure: 3,
    Transfer: 3,
    PolicyChange: 5,
    ModelRelease: 5,
    KeyAct: 0,
    Expiry: 0,
    Gone: 0,
}
_TWO: Final = frozenset({"RRN", "FRN", "DRIVER_LICENSE", "PASSPORT", "SENSITIVE"})
"""Unique identifiers (PIPA 24) and sensitive data (PIPA 23)."""
_CREDIT: Final = frozenset({"CREDIT_INFO"})
_OWN: Final = frozenset({"recover", "repair", "migrate"})
"""Acts of the log itself: they say why the files look as they do."""


class Retention:
    """The table, with the least time that this gateway keeps records of access."""

    def __init__(self, access_years: int = 1) -> None:
        """`access_years`: 1, 2, 3 or 5."""
        if access_years not in CLASSES:
            raise ValueError(f"records are kept {CLASSES} years")
        self._access = access_years

    def years(self, entry: AnyEntry) -> int:
        """Return how many years this entry is kept; 0 for as long as the log."""
        kind = type(entry)
        if kind not in _ACCESS:
            return 0 if isinstance(entry, Act) and entry.verb in _OWN else _YEARS[kind]
        found = entry.reply_findings if isinstance(entry, Outcome) else getattr(entry, "findings", None)
        if not found:
            return self._access
        if not _CREDIT.isdisjoint(found):
            return max(3, self._access)
        return self._access if _TWO.isdisjoint(found) else max(2, self._access)

    def mark(self, entry: AnyEntry) -> None:
        """Write the years into an entry that has none, as the log takes it over."""
        if not entry.keep:
            years = self.years(entry)
            if years:
                force_setattr(entry, "keep", years)
