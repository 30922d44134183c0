"""Checking a journal without the process that wrote it: from its files alone, in one pass, in constant memory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hanbok.evidence.chain import END, GENESIS, Flaw, check
from hanbok.evidence.segments import Segment, segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where the chain first breaks. `line` counts from 1; `index` is the one that was expected there."""

    file: str
    line: int
    index: int
    flaw: Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the files prove. `entries` and `head` are those up to the fault, if there is one."""

    entries: int = 0
    head: str = GENESIS.decode()
    segments: int = 0
    torn: int = 0
    """Bytes of an unfinished last line: being written now, or left by a crash. Never acknowledged, so no fault."""
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        """Whether the chain is whole and holds what was expected."""
        return self.fault is None


@dataclass(slots=True)
class Walk:
    """Follows the chain through one segment after the other."""

    index: int = 0
    head: bytes = GENESIS
    expect: bytes = b""
    met: bool = True
    offset: int = 0
    """End of the last good line in the segment walked last."""
    torn: int = 0
    line: int = 0

    def through(self, segment: Segment, *, last: bool) -> Fault | None:
        """Check a segment. Only the last one may end in an unfinished line."""
        self.offset = self.torn = self.line = 0
        if segment.first != self.index:
            return self._fault(segment, Flaw.MISPLACED)
        with segment.path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n") and last and _unfinished(raw, self.index, self.head):
                    self.torn = len(raw)
                    return None
                result = check(raw, self.index, self.head)
                if isinstance(result, Flaw):
                    return self._fault(segment, result)
                self.index += 1
                self.line += 1
                self.head = result
                self.offset += len(raw)
                self.met = self.met or result == self.expect
        return None

    def _fault(self, segment: Segment, flaw: Flaw) -> Fault:
        return Fault(file=segment.path.name, line=self.line + 1, index=self.index, flaw=flaw)


def _unfinished(raw: bytes, index: int, head: bytes) -> bool:
    """Tell a line that was cut short from a whole one whose line break was altered."""
    end = raw.find(END)
    while 0 <= end < len(raw) - len(END):
        if not isinstance(check(raw[: end + len(END)] + b"\n", index, head), Flaw):
            return False
        end = raw.find(END, end + 1)
    return True


def verify(
    directory: Path, expect: str | None = None, watch: Callable[[int], object] = lambda _: None
) -> Verification:
    """Check every line. `expect` is a digest noted earlier: its entry must still be in the log. `watch` is told the
    bytes of each segment that was checked.

    Without an expected digest a log that lost its tail, or that was rewritten from some line to its end, verifies:
    note the head elsewhere (`hanbok log verify` prints it).
    """
    walk = Walk(expect=(expect or "").encode(), met=expect is None or expect == GENESIS.decode())
    known = segments(directory)
    fault: Fault | None = None
    for number, segment in enumerate(known, start=1):
        fault = walk.through(segment, last=number == len(known))
        watch(segment.path.stat().st_size)
        if fault:
            break
    if fault is None and not walk.met:
        file = known[-1].path.name if known else ""
        fault = Fault(file=file, line=walk.line + 1, index=walk.index, flaw=Flaw.MISSING)
    return Verification(
        entries=walk.index, head=walk.head.decode(), segments=len(known), torn=walk.torn, fault=fault
    )
