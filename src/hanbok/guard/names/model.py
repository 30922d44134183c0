"""The trained tagger: weights, and the walk over a text."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from zlib import decompress

from hanbok.guard.names.lexicon import Lexicon, load
from hanbok.guard.names.tagger import (
    WORD,
    Candidate,
    alone,
    candidates,
    full_name,
    hopeless,
    joins,
    surroundings,
)

SCALE: Final = 20
"""Weights are stored as whole twentieths of a logit."""
_FLOOR: Final = -3.2 * SCALE
_THRESHOLD: Final = -0.6 * SCALE
_NEAR: Final = 4
_REMEMBERED: Final = 20_000
"""Words known to be no names, kept so that they need no second look."""
_BEFORE = re.compile("[가-힣]+(?=[^가-힣\n]{0,4}$)")
_INITIAL = re.compile(r" [A-Z]\.? ?|[·・]")


@dataclass(frozen=True, slots=True)
class Name:
    """A name found in a text; `shape` as in `Candidate`."""

    start: int
    end: int
    shape: str
    certainty: float


@dataclass(slots=True)
class _Part:
    at: int
    candidate: Candidate
    score: int

    @property
    def end(self) -> int:
        return self.at + self.candidate.length


class Tagger:
    """Finds names; remembers which words need no second look. Safe to share between threads."""

    def __init__(self) -> None:
        self.lexicon: Lexicon = load()
        self._weights = read_weights((files("hanbok.guard.names") / "weights.bin").read_bytes())
        self._plain: set[str] = set()

    def judge(self, text: str, start: int, end: int) -> float:
        """Return how certain it is that this stretch, which begins a word, is a full name; 0: it is none."""
        word = WORD.match(text, start)
        if word is None:
            return 0.0
        one = full_name(word[0], end - start, self.lexicon)
        weight = self._weights.get
        score = sum([weight(each, 0) for each in one.features])
        if score <= _FLOOR:
            return 0.0
        around = surroundings(text, start, one, _BEFORE.search(text, 0, start), "", self.lexicon)
        score += sum([weight(each, 0) for each in around])
        return _certainty(score) if score > _THRESHOLD else 0.0

    def find(self, text: str) -> Iterator[Name]:
        """Yield the names of the text from left to right."""
        name: list[_Part] = []
        for part in self._parts(text):
            if name and self._one_name(text, name[-1], part):
                name.append(part)
                continue
            yield from _whole(name)
            name = [part]
        yield from _whole(name)

    def _parts(self, text: str) -> Iterator[_Part]:
        plain = self._plain
        # A word that may be a name is remembered within one text only: names of people do not stay in memory.
        seen: dict[str, list[tuple[int, Candidate]]] = {}
        before: re.Match[str] | None = None
        named = ""
        for match in WORD.finditer(text):
            word = match[0]
            if word in plain:
                before, named = match, ""
                continue
            if len(word) == 1 and alone(text, match.start(), named, self.lexicon):
                before, named = match, ""
                continue
            shortlist = seen.get(word)
            if shortlist is None:
                shortlist = seen[word] = self._remember(word)
            if not shortlist:
                before, named = match, ""
                continue
            if before is not None and _apart(text, before.end(), match.start()):
                before, named = None, ""
            part = self._best(text, match.start(), shortlist, before, named)
            before, named = match, part.candidate.shape if part else ""
            if part:
                yield part

    def _remember(self, word: str) -> list[tuple[int, Candidate]]:
        shortlist = self._shortlist(word)
        if not shortlist:
            if len(self._plain) >= _REMEMBERED:
                self._plain.clear()
            self._plain.add(word)
        return shortlist

    def _shortlist(self, word: str) -> list[tuple[int, Candidate]]:
        weight = self._weights.get
        scored = [
            (sum([weight(one, 0) for one in each.features]), each) for each in candidates(word, self.lexicon)
        ]
        return [one for one in scored if one[0] > _FLOOR]

    def _best(
        self,
        text: str,
        at: int,
        shortlist: list[tuple[int, Candidate]],
        before: re.Match[str] | None,
        named: str,
    ) -> _Part | None:
        weight = self._weights.get
        best = None
        highest = _THRESHOLD
        for score, one in shortlist:
            if hopeless(text, at, one, named, self.lexicon):
                continue
            around = surroundings(text, at, one, before, named, self.lexicon)
            total = score + sum([weight(each, 0) for each in around])
            if total > highest:
                highest = total
                best = _Part(at, one, total)
        return best

    def _one_name(self, text: str, left: _Part, right: _Part) -> bool:
        if left.candidate.rest:
            return False
        gap = text[left.end : right.at]
        if len(gap) <= 1:
            return sum(self._weights.get(one, 0) for one in joins(left.candidate, right.candidate, gap)) > 0
        return _INITIAL.fullmatch(gap) is not None


def _apart(text: str, start: int, end: int) -> bool:
    return end - start > _NEAR or text.find("\n", start, end) >= 0


def _whole(parts: list[_Part]) -> Iterator[Name]:
    if not parts or all(part.candidate.length == 1 and part.candidate.shape == "F" for part in parts):
        return
    if len(parts) > 1 and all(part.candidate.length == 1 for part in parts):
        return
    score = max(part.score for part in parts)
    yield Name(parts[0].at, parts[-1].end, parts[0].candidate.shape, _certainty(score))


def _certainty(score: int) -> float:
    return 1 / (1 + math.exp(-score / SCALE))


def read_weights(packed: bytes) -> dict[str, int]:
    """Return the weight of each feature."""
    names, _, values = decompress(packed).partition(b"\0")
    numbers = range(-128, 128)
    return dict(zip(names.decode().split("\x1f"), (numbers[value] for value in values), strict=True))
