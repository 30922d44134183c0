"""What must be true before a first step: the licences allow it, and no row holds a unique identifier."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from hanbok.core.values import Text
from hanbok.guard.guard import Guard
from hanbok.guard.kinds import kinds
from hanbok.studio.artifacts import Artifact
from hanbok.studio.licences import licence_of
from hanbok.studio.tune.errors import IdentifiersInData, LicenceForbids

UNIQUE: Final = frozenset(key for key, kind in kinds().items() if kind.category == "unique_id")
"""고유식별정보: 개인정보 보호법 제24조, 같은 법 시행령 제19조."""
_TEXTS: Final = ("text", "messages", "chosen", "rejected")


def permit(what: Text, licence: str, *, commercial: bool) -> None:
    """Raise LicenceForbids when this licence is known to forbid training on, or from, its work."""
    known = licence_of(licence)
    if known is not None and (why := known.forbids(commercial=commercial)) is not None:
        raise LicenceForbids(what=what, licence=licence, why=why)


def permit_rows(licences: Iterable[str], *, commercial: bool) -> None:
    """Raise LicenceForbids when one of the rows' licences forbids it."""
    for licence in sorted(set(licences)):
        permit(Text(ko="학습 데이터", en="the data"), licence, commercial=commercial)


class Watch:
    """Reads rows on their way to the training; `verdict` refuses once all have passed."""

    def __init__(self, corpus: Artifact) -> None:
        self._guard = Guard.load(kinds=UNIQUE)
        self._rows = 0
        self._first = ""
        self._found: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        # What curating counted: a corpus that says it holds identifiers is refused unread.
        said = corpus.manifest.facts.get("unique_identifiers", 0)
        if isinstance(said, int) and said > 0:
            raise IdentifiersInData(rows=said, kinds="manifest", first="")

    def look(self, row: Mapping[str, Any]) -> None:
        """Read one row, and what its licence is."""
        self.licences[str(row.get("licence") or "")] += 1
        kinds_found = {one.kind for text in texts_of(row) for one in self._guard.find(text)} & UNIQUE
        if kinds_found:
            self._rows += 1
            self._first = self._first or str(row.get("id", ""))
            self._found.update(kinds_found)

    def verdict(self) -> None:
        """Raise IdentifiersInData when any row held one."""
        if self._rows:
            raise IdentifiersInData(rows=self._rows, kinds=", ".join(sorted(self._found)), first=self._first)


def texts_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text of a row, those inside its JSON too."""
    for column in _TEXTS:
        value = row.get(column)
        if not isinstance(value, str):
            continue
        try:
            yield from (value,) if column == "text" else _strings(msgspec.json.decode(value))
        except msgspec.DecodeError:
            yield value  # plain text; whoever reads messages will name the row


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
