"""A word list as a hash table of two bytes a slot: what a word can be, and eight bits to tell words apart."""

from array import array
from importlib.resources import files
from typing import Final
from zlib import crc32, decompress

NOUN, FREQUENT, PLACE, ORGANISATION, FOREIGN_RARE, FOREIGN, GIVEN_RARE, GIVEN = (1 << bit for bit in range(8))
"""What a word can be; a word may be several. `FREQUENT` marks a common word that is in everyday use."""
PERSONAL: Final = FOREIGN_RARE | FOREIGN | GIVEN_RARE | GIVEN
SLOTS: Final = 1 << 20


class Lexicon:
    """Tells what a word can be. About one unlisted word in 500 is taken for a listed one."""

    __slots__ = ("_table", "common", "first", "foreign", "last", "singles")

    def __init__(self, packed: bytes) -> None:
        head, _, raw = decompress(packed).partition(b"\0")
        first, last, foreign, common = head.decode().split("\n")
        self.first, self.last = frozenset(first), frozenset(last)
        """Syllables that given names begin and end with."""
        self.foreign = frozenset(foreign)
        """Syllables that occur in foreign names."""
        self.common = tuple(common.split())
        """Words in everyday use that are no names, the most frequent first."""
        self._table = array("H", raw)
        self.singles = {one: kinds for one in foreign if (kinds := self.kinds(one))}
        """What a word of one syllable can be."""

    def kinds(self, word: str) -> int:
        """Return the bits of this word, 0 when it is not listed."""
        key = crc32(word.encode())
        table = self._table
        entry = table[slot := key & 0xFFFFF]
        if not entry:
            return 0
        key >>= 24
        while entry >> 8 != key:
            slot = (slot + 1) & 0xFFFFF
            entry = table[slot]
            if not entry:
                return 0
        return entry & 0xFF


def load() -> Lexicon:
    """Return the word list of this package."""
    return Lexicon((files("hanbok.guard.names") / "lexicon.bin").read_bytes())


def table(kinds: dict[str, int]) -> "array[int]":
    """Return the hash table of a word list; the fingerprint is the top byte of the CRC, the slot its low 20 bits."""
    slots = array("H", bytes(2 * SLOTS))
    for word in sorted(kinds):
        key = crc32(word.encode())
        slot = key % SLOTS
        while slots[slot] and slots[slot] >> 8 != key >> 24:
            slot = (slot + 1) % SLOTS
        slots[slot] = (key >> 24 << 8) | kinds[word]
    return slots
