"""Checking a log without the process that wrote it: from its files alone, in one pass, in constant memory."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hanbok.evidence.checkpoint import Checkpoint
from hanbok.evidence.keychain import CHECKPOINT
from hanbok.evidence.note import VerifierKey
from hanbok.evidence.reading import NOTED, Reading, Verification, checkpoint_note
from hanbok.evidence.segments import segments
from hanbok.evidence.walk import Walk

__all__ = ["Verification", "verify"]


def verify(
    directory: Path,
    *,
    key: VerifierKey | None = None,
    since: Checkpoint | None = None,
    expect: str | None = None,
    watch: Callable[[int], object] = lambda _: None,
) -> Verification:
    """Check every line, every tile and the signed checkpoint. `watch` is told the bytes of each checked segment.

    `key`: the log's key as it was noted elsewhere; none: as the folder itself says. `since`: a checkpoint noted
    earlier, which must be the start of this log: without one a folder that was put back, whole, to an older state
    verifies. `expect`: the digest of an entry, which must be in it.
    """
    known = segments(directory)
    firsts = [segment.first for segment in known]

    def read(path: str) -> bytes | None:
        file = directory / path
        return file.read_bytes() if file.is_file() else None

    def place(index: int) -> tuple[str, int]:
        segment = known[bisect_right(firsts, index) - 1]
        return segment.path.name, index - segment.first + 1

    reading = Reading(read, place, expect or "")
    walk = Walk(reading.take)
    note, fault = checkpoint_note(read(CHECKPOINT))
    if note is not None:
        reading.await_root(CHECKPOINT, Checkpoint.parse(note.text))
    if since is not None:
        reading.await_root(NOTED, since)
    fault = fault or reading.at_size()
    for number, segment in enumerate(known, start=1):
        if fault:
            break
        fault = walk.through(segment, last=number == len(known))
        watch(segment.path.stat().st_size)
    end = known[-1].path.name if known else ""
    fault = fault or reading.missing(end, walk.line + 1) or reading.unlawful()
    return replace(reading.result(note=note, key=key, fault=fault), segments=len(known), torn=walk.torn)
