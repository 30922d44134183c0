"""A word list as checksums: four bytes a word and one byte of what the word can be."""

from array import array
from bisect import bisect_left
from importlib.resources import files
from zlib import crc32, decompress

NOUN, FREQUENT, PLACE, ORGANISATION, FOREIGN_RARE, FOREIGN, GIVEN_RARE, GIVEN = (1 << bit for bit in range(8))
"""What a word can be; a word may be several. `FREQUENT` marks a common word that is in everyday use."""
PERSONAL = FOREIGN_RARE | FOREIGN | GIVEN_RARE | GIVEN


class Lexicon:
    """Tells what a word can be. A word outside the list is taken for one inside about once in 10,000."""

    __slots__ = ("_keys", "_kinds", "first", "foreign", "last")

    def __init__(self, packed: bytes) -> None:
        head, _, raw = decompress(packed).partition(b"\0")
        first, last, foreign = (frozenset(line) for line in head.decode().split("\n"))
        self.first, self.last = first, last
        """Syllables that given names begin and end with."""
        self.foreign = foreign
        """Syllables that occur in foreign names."""
        count = len(raw) // 5
        self._keys = array("I", raw[: 4 * count])
        self._kinds = raw[4 * count :]

    def kinds(self, word: str) -> int:
        """Return the bits of this word, 0 when it is not listed."""
        key = crc32(word.encode())
        keys = self._keys
        at = bisect_left(keys, key)
        return self._kinds[at] if at < len(keys) and keys[at] == key else 0


def load() -> Lexicon:
    """Return the word list of this package."""
    return Lexicon((files(__package__) / "lexicon.bin").read_bytes())
