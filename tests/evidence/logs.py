"""Logs to try things on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hanbok.evidence.entry import Act, AnyEntry, Refusal
from hanbok.evidence.journal import Journal, Options

NOW = "2026-11-22T00:00:00.000000+00:00"


def act(name: object) -> Act:
    return Act(at=NOW, actor="시험", verb="write", object=str(name))


def refusal(name: object, at: str = NOW, **findings: int) -> Refusal:
    return Refusal(
        at=at, call=f"call-{name}", organisation="o", key="k", route="/", code="x", findings=findings
    )


def write(directory: Path, entries: Sequence[AnyEntry], segment_bytes: int = 64 << 20) -> None:
    """Write entries and sign for them."""

    async def go() -> None:
        journal = Journal.open(directory, Options(segment_bytes=segment_bytes))
        for number, entry in enumerate(entries, start=1):
            if number == len(entries) or number % 8 == 0:
                await journal.append(entry)
            else:
                journal.post(entry)
        await asyncio.to_thread(journal.close)

    asyncio.run(go())
