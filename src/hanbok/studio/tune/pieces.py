"""Goes on with byte-pair encoding where a tokenizer's own training stopped: new merges, learned from a corpus."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Final, TypeAlias

Pair: TypeAlias = tuple[str, str]
_BEGINS_A_WORD: Final = ("▁", "Ġ", " ", "Ċ", "\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """A new token: what it is merged from, and the old tokens that it stands for."""

    pair: Pair
    old: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(self.pair)


def learn(
    words: Mapping[tuple[str, ...], int], wanted: int, least: int, known: frozenset[str]
) -> list[Piece]:
    """Return the pieces that stand most often, each merged from two that were there before it.

    `words` are the old tokens of each word with its count. Ties go to the pair that sorts first, so that a corpus
    gives the same pieces on every machine. Words are never joined to the next.
    """
    book = _Book(words)
    old: dict[str, tuple[str, ...]] = {token: (token,) for word in words for token in word}
    made: list[Piece] = []
    while len(made) < wanted and (pair := book.most_frequent(least)):
        piece = Piece(pair, old[pair[0]] + old[pair[1]])
        if piece.text in known or piece.text in old:
            book.banned.add(pair)  # it has a token, which these two never become
            continue
        made.append(piece)
        old[piece.text] = piece.old
        book.merge(pair)
    return made


class _Book:
    """How often each pair of neighbours stands in the words, kept while they are merged."""

    def __init__(self, words: Mapping[tuple[str, ...], int]) -> None:
        self._tokens = [list(word) for word in words]
        self._counts = list(words.values())
        self._pairs: Counter[Pair] = Counter()
        self._places: defaultdict[Pair, set[int]] = defaultdict(set)
        self._heap: list[tuple[int, Pair]] = []
        self.banned: set[Pair] = set()
        for at in range(len(self._tokens)):
            self._enter(at)
        self._heap = [(-count, pair) for pair, count in self._pairs.items()]
        heapify(self._heap)

    def most_frequent(self, least: int) -> Pair | None:
        """Return the pair that stands most often, and at least so often."""
        while self._heap:
            count, pair = self._heap[0]
            if pair in self.banned or -count != self._pairs[pair]:
                heappop(self._heap)  # an older count; the present one has an entry of its own
                continue
            return pair if -count >= least else None
        return None

    def merge(self, pair: Pair) -> None:
        """Join the pair wherever it stands."""
        touched: set[Pair] = set()
        for at in sorted(self._places.pop(pair)):
            touched.update(self._leave(at))
            self._tokens[at] = _merged(self._tokens[at], pair)
            touched.update(self._enter(at))
        del self._pairs[pair]
        for one in touched:
            if self._pairs[one] > 0:
                heappush(self._heap, (-self._pairs[one], one))

    def _enter(self, at: int) -> list[Pair]:
        pairs = _pairs_in(self._tokens[at])
        for pair in pairs:
            self._pairs[pair] += self._counts[at]
            self._places[pair].add(at)
        return pairs

    def _leave(self, at: int) -> list[Pair]:
        pairs = _pairs_in(self._tokens[at])
        for pair in pairs:
            self._pairs[pair] -= self._counts[at]
        return pairs


def words_of(tokens: Iterable[str]) -> list[tuple[str, ...]]:
    """Cut a text's tokens into words: a token that brings a space or a line's end begins one."""
    words: list[list[str]] = []
    for token in tokens:
        if not words or token.startswith(_BEGINS_A_WORD):
            words.append([])
        words[-1].append(token)
    return [tuple(word) for word in words]


def _pairs_in(word: list[str]) -> list[Pair]:
    return [pair for pair in pairwise(word) if not _special(pair)]


def _special(pair: Pair) -> bool:
    """Say whether a pair holds a token that is no text: <0xEA> is a byte, <bos> a sign."""
    return any(token.startswith("<") and token.endswith(">") for token in pair)


def _merged(word: list[str], pair: Pair) -> list[str]:
    made: list[str] = []
    at = 0
    while at < len(word):
        if tuple(word[at : at + 2]) == pair:
            made.append(pair[0] + pair[1])
            at += 2
        else:
            made.append(word[at])
            at += 1
    return made
