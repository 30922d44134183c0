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

    __slots__ = ("_table", "dead", "first", "foreign", "heads", "last", "tails")

    def __init__(self, packed: bytes) -> None:
        head, _, raw = decompress(packed).partition(b"\0")
        first, last, foreign, heads, tails, dead = head.decode().split("\n")
        self.first, self.last = frozenset(first), frozenset(last)
        """Syllables that given names begin and end with."""
        self.foreign = frozenset(foreign)
        """Syllables that occur in foreign names."""
        self.heads = frozenset(heads.split())
        """Two syllables that many words and no names begin with."""
        self.tails = frozenset(tails.split())
        """Two syllables that many words end in, but no name, with or without a particle."""
        self.dead = frozenset(dead.split())
        """Outlines of candidates that were never names."""
        self._table = array("H", raw)

    def kinds(self, word: str) -> int:
        """Return the bits of this word, 0 when it is not listed."""
        key = crc32(word.encode())
        table = self._table
        slot = key & 0xFFFFF
        key >>= 24
        while entry := table[slot]:
            if entry >> 8 == key:
                return entry & 0xFF
            slot = (slot + 1) & 0xFFFFF
        return 0


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
