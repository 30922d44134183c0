"""A text in another spelling, with the way back to the offsets of the original."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from hanbok.guard.recogniser import Finding

Rewrite = Callable[[re.Match[str]], Sequence[str] | None]
"""Returns one piece for each character of the match (an empty piece deletes the character), or one single piece for
all of it, or None to leave the match as it is."""
Span = tuple[int, int]


@dataclass(slots=True)
class _Step:
    """One rewriting: where each stretch of the new text stood in the old one.

    A stretch as long as before is kept character by character, any other one stands for its old stretch as a whole.
    """

    at: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def put(self, piece: str, start: int, end: int) -> None:
        if piece:
            self.at.append(self.length)
            self.starts.append(start)
            self.ends.append(end)
            self.pieces.append(piece)
            self.length += len(piece)

    def put_each(self, pieces: Sequence[str], start: int) -> None:
        """Put one piece for each old character; those that became one new character stay in one stretch."""
        here = 0
        while here < len(pieces):
            stop = here
            while stop < len(pieces) and len(pieces[stop]) == 1:
                stop += 1
            if stop == here:
                stop += 1
            self.put("".join(pieces[here:stop]), start + here, start + stop)
            here = stop

    def back(self, place: int) -> Span:
        """Return where the character at `place` begins and ends in the old text."""
        index = bisect_right(self.at, place) - 1
        start, end = self.starts[index], self.ends[index]
        if end - start != len(self.pieces[index]):
            return start, end
        start += place - self.at[index]
        return start, start + 1


class Aligned(msgspec.Struct, frozen=True):
    """A text and the steps that led to it from the original."""

    text: str
    steps: tuple[_Step, ...] = ()

    def restore(self, finding: Finding) -> Finding:
        """Return the finding with offsets of the original text."""
        if not self.steps:
            return finding
        start, end = finding.start, finding.end
        for step in reversed(self.steps):
            start, end = step.back(start)[0], step.back(end - 1)[1]
        return msgspec.structs.replace(finding, start=start, end=end)

    def sub(self, pattern: re.Pattern[str], rewrite: Rewrite) -> "Aligned":
        """Return the text with matches of `pattern` rewritten, the way back kept exact."""
        return self.sub_in([(0, len(self.text))], pattern, rewrite)[0]

    def sub_in(
        self,
        spans: Iterable[Span],
        pattern: re.Pattern[str],
        rewrite: Rewrite,
        sign: re.Pattern[str] | None = None,
    ) -> tuple["Aligned", list[Span]]:
        """Rewrite matches within `spans` only, which are in order and apart; return where they stand now, too.

        A span without the `sign`, where there is one, holds nothing to rewrite.
        """
        step = _Step()
        last = 0
        moved: list[Span] = []
        for start, end in spans:
            begin = start + step.length - last
            # One character more is seen, so that a match knows what follows it.
            seen = min(end + 1, len(self.text))
            if sign and not sign.search(self.text, start, seen):
                moved.append((begin, end + step.length - last))
                continue
            for match in pattern.finditer(self.text, start, seen):
                new = rewrite(match)
                if new is None or "".join(new) == match[0]:
                    continue
                first, final = match.span()
                step.put(self.text[last:first], last, first)
                if len(new) == final - first:
                    step.put_each(new, first)
                else:
                    step.put(new[0], first, final)
                last = final
            moved.append((begin, end + step.length - last))
        if not last:
            return self, moved
        step.put(self.text[last:], last, len(self.text))
        return Aligned("".join(step.pieces), (*self.steps, step)), moved

    def retype(self, text: str) -> "Aligned":
        """Return the text in a spelling of the same length."""
        return Aligned(text, self.steps)
