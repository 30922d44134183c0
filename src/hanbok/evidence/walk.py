"""Going through the segments of a log, line by line, in constant memory."""

from collections.abc import Callable
from dataclasses import dataclass

from hanbok.evidence.line import END, Flaw, Line, check
from hanbok.evidence.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where the log first breaks: in which file, at which line (from 1) or hash of a tile, at which entry."""

    file: str
    line: int
    index: int
    flaw: Flaw


@dataclass(slots=True)
class Walk:
    """Follows the lines through one segment after the other, and hands each to `sink`, which may find a fault."""

    sink: Callable[[Line], Fault | None] = lambda _: None
    index: int = 0
    """The entry that comes next."""
    offset: int = 0
    """End of the last good line in the segment walked last."""
    torn: int = 0
    """Bytes of an unfinished last line: being written now, or left by a crash. Never acknowledged, so no fault."""
    line: int = 0

    def through(self, segment: Segment, *, last: bool) -> Fault | None:
        """Check a segment. Only the last one may end in an unfinished line."""
        self.offset = self.torn = self.line = 0
        if segment.first != self.index:
            return self._fault(segment, Flaw.MISPLACED)
        with segment.path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n") and last and _unfinished(raw, self.index):
                    self.torn = len(raw)
                    return None
                result = check(raw, self.index, segment.path.name)
                if isinstance(result, Flaw):
                    return self._fault(segment, result)
                self.index += 1
                self.line += 1
                self.offset += len(raw)
                fault = self.sink(result)
                if fault:
                    return fault
        return None

    def _fault(self, segment: Segment, flaw: Flaw) -> Fault:
        return Fault(file=segment.path.name, line=self.line + 1, index=self.index, flaw=flaw)


def _unfinished(raw: bytes, index: int) -> bool:
    """Tell a line that was cut short from a whole one whose line break was altered."""
    brace = END[:1]
    end = raw.find(brace)
    while 0 <= end < len(raw) - 1:
        if not isinstance(check(raw[: end + 1] + b"\n", index), Flaw):
            return False
        end = raw.find(brace, end + 1)
    return True
