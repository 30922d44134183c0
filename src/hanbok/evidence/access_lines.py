"""The access log of personal data, entry by entry: five items, and the place in the log that proves each."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from hanbok.evidence.entry import Intent, Refusal
from hanbok.evidence.log import Record
from hanbok.evidence.report import Question
from hanbok.evidence.reporting import korean

COLUMNS: Final = (
    "계정",
    "접속일시",
    "접속지",
    "처리한 정보 유형",
    "수행업무",
    "결과",
    "조직",
    "호출",
    "기록 번호",
    "기록 해시",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def access_lines(records: Iterable[Record], question: Question) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180), its head first."""
    yield _line(COLUMNS)
    for record in records:
        entry = record.entry
        if not isinstance(entry, Intent | Refusal) or not question.since <= entry.at < question.until:
            continue
        if question.organisation in {"", entry.organisation}:
            yield _line((*_five(entry), entry.organisation, entry.call, str(record.index), record.digest))


def _five(entry: Intent | Refusal) -> tuple[str, ...]:
    who, result = entry.key, ""
    if isinstance(entry, Intent):
        who = " / ".join(part for part in (entry.person, entry.application, entry.team, entry.key) if part)
    else:
        result = f"거절 {entry.code}"
    found = ", ".join(f"{kind} {count}" for kind, count in sorted(entry.findings.items()))
    return who, korean(entry.at), entry.origin, found or "-", f"{entry.route} {entry.model}", result or "보냄"


def _line(cells: Iterable[str]) -> str:
    # A cell that begins like a formula would be run by a spreadsheet.
    safe = [f"'{cell}" if cell.startswith(_FORMULA) and len(cell) > 1 else cell for cell in cells]
    out = io.StringIO()
    csv.writer(out).writerow(safe)
    return out.getvalue()
