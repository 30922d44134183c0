"""A log for a report: all its entries, and what checking its files found."""

from collections.abc import Iterator
from pathlib import Path

from hanbok.evidence.log import Record
from hanbok.evidence.report import LogState
from hanbok.evidence.segments import lines, open_record
from hanbok.evidence.verify import verify


def records(folder: Path) -> Iterator[Record]:
    """Yield every entry of a log from its files."""
    return map(open_record, lines(folder))


def checked(folder: Path) -> LogState:
    """Verify the log and say what came of it."""
    found = verify(folder)
    fault = found.fault
    told = f"{fault.file}:{fault.line} {fault.flaw} ({fault.index})" if fault else ""
    return LogState(ok=found.ok, entries=found.entries, head=found.root, fault=told)
