"""A text in another spelling, with the way back to the offsets of the original."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hanbok.guard.recogniser import Finding


@dataclass(frozen=True, slots=True)
class Aligned:
    """`text` and, for each of its characters, where it begins and ends in the original.

    Without maps both texts have the same length and every character stands at its own offset.
    """

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def restore(self, finding: Finding) -> Finding:
        """Return the finding with offsets of the original text."""
        if self.starts is None or self.ends is None:
            return finding
        return replace(finding, start=self.starts[finding.start], end=self.ends[finding.end - 1])

    def sub(
        self, pattern: re.Pattern[str], rewrite: Callable[[re.Match[str]], Sequence[str] | None]
    ) -> "Aligned":
        """Return the text with matches of `pattern` rewritten, the map kept exact.

        `rewrite` returns one piece for each character of the match (an empty piece deletes the character), or one
        single piece for all of it, or None to leave the match as it is.
        """
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        last = 0
        for match in pattern.finditer(self.text):
            new = rewrite(match)
            if new is None:
                continue
            self._keep(last, match.start(), pieces, starts, ends)
            self._put(match, new, pieces, starts, ends)
            last = match.end()
        if not last:
            return self
        self._keep(last, len(self.text), pieces, starts, ends)
        return Aligned("".join(pieces), starts, ends)

    def retype(self, text: str) -> "Aligned":
        """Return the text in a spelling of the same length."""
        return Aligned(text, self.starts, self.ends)

    def _keep(self, start: int, end: int, pieces: list[str], starts: list[int], ends: list[int]) -> None:
        if start == end:
            return
        pieces.append(self.text[start:end])
        starts.extend(range(start, end) if self.starts is None else self.starts[start:end])
        ends.extend(range(start + 1, end + 1) if self.ends is None else self.ends[start:end])

    def _put(
        self, match: re.Match[str], new: Sequence[str], pieces: list[str], starts: list[int], ends: list[int]
    ) -> None:
        at, length = match.start(), match.end() - match.start()
        whole = len(new) == 1 and length != 1
        for index, piece in enumerate(new):
            first = at + index
            final = match.end() - 1 if whole else first
            pieces.append(piece)
            starts.extend([first if self.starts is None else self.starts[first]] * len(piece))
            ends.extend([final + 1 if self.ends is None else self.ends[final]] * len(piece))
