"""The scanner on Hyperscan: the patterns of all recognisers over the UTF-8 bytes, at gigabytes a second."""

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import hyperscan

from hanbok.guard.normalise import DIRT_PATTERNS
from hanbok.guard.regions import region_at
from hanbok.guard.scanner import DIRT, Place
from hanbok.guard.shape import NUMBER, Shape

_ID_BITS = 8
_ID_MASK = (1 << _ID_BITS) - 1
"""A hit is one whole number, its end above its pattern: sets and sorts of numbers are cheap."""


class Hyperscan:
    def __init__(self, shapes: Sequence[Shape], cache: Path | None = None) -> None:
        """Compile the patterns (about a third of a second)."""
        self._alphabets = [shape.alphabet for shape in shapes]
        owned = [(index, pattern) for index, shape in enumerate(shapes) for pattern in shape.patterns]
        dirt = [(DIRT, pattern) for pattern in DIRT_PATTERNS]
        # Patterns that share no beginnings compile three times faster apart, and a scan more costs a microsecond.
        groups = (
            [one for one in dirt if one[1].isascii()],
            [one for one in dirt if not one[1].isascii()],
            [one for one in owned if self._alphabets[one[0]] == NUMBER],
            [one for one in owned if self._alphabets[one[0]] != NUMBER],
        )
        self._databases = [_ready(group, cache) for group in groups if group]
        self._local = threading.local()

    def scan(self, text: str) -> list[Place]:
        try:
            data = text.encode()
        except UnicodeEncodeError:  # half a surrogate pair, as broken JSON writers leave it
            data = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text).encode()
        hits: set[int] = set()

        def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.add(end << _ID_BITS | pattern)

        for database, scratch in zip(self._databases, self._scratches(), strict=True):
            database.scan(data, match_event_handler=note, scratch=scratch)
        return self._places(text, data, sorted(hits)) if hits else []

    def _scratches(self) -> list[hyperscan.Scratch]:
        """Return this thread's scratch spaces: a scan runs without the interpreter's lock."""
        scratches: list[hyperscan.Scratch] | None = getattr(self._local, "scratches", None)
        if scratches is None:
            scratches = self._local.scratches = [hyperscan.Scratch(one) for one in self._databases]
        return scratches

    def _places(self, text: str, data: bytes, hits: list[int]) -> list[Place]:
        """Turn the ends of matches, in bytes, into regions, in characters."""
        places: list[Place] = []
        done = [0] * len(self._alphabets)
        plain = len(data) == len(text)
        last_byte = last_character = 0
        for hit in hits:
            byte, pattern = hit >> _ID_BITS, hit & _ID_MASK
            if plain:
                last_character = byte
            elif byte != last_byte:
                last_character += len(data[last_byte:byte].decode(errors="ignore"))
            last_byte = byte
            index = pattern - 1
            if index == DIRT:
                places.append((DIRT, 0, len(text)))
            elif not self._alphabets[index]:
                places.append((index, last_character, last_character))
            elif last_character > done[index]:
                start, end = region_at(self._alphabets[index], text, last_character, done[index])
                done[index] = end
                places.append((index, start, end))
        return places


def _ready(patterns: Sequence[tuple[int, str]], cache: Path | None) -> hyperscan.Database:
    """Return the database that the folder keeps for these patterns, or a new one, which it then keeps."""
    if cache is None:
        return _compile(patterns)
    digest = hashlib.sha256(repr((version("hyperscan"), patterns)).encode()).hexdigest()
    kept = cache / f"scan-{digest[:24]}.hsdb"
    with suppress(OSError, hyperscan.error):  # none yet, damaged, or left by another kind of processor
        return _tried(hyperscan.loadb(kept.read_bytes(), hyperscan.HS_MODE_BLOCK))
    made = _compile(patterns)
    with suppress(OSError):  # a cache that cannot be written costs time, nothing else
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(hyperscan.dumpb(made))
        fresh.replace(kept)
    return made


def _tried(database: hyperscan.Database) -> hyperscan.Database:
    """Scan once: Hyperscan refuses a database of another processor only then."""
    database.scan(b"0", match_event_handler=_ignore, scratch=hyperscan.Scratch(database))
    return database


def _ignore(_pattern: int, _start: int, _end: int, _flags: int, _context: object) -> None:
    return None


def _compile(patterns: Sequence[tuple[int, str]]) -> hyperscan.Database:
    """Return the database of these patterns; the id of a pattern is its owner plus one, as ids start at zero."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode() for _, pattern in patterns],
        ids=[owner + 1 for owner, _ in patterns],
        elements=len(patterns),
        flags=[
            (hyperscan.HS_FLAG_SINGLEMATCH if owner == DIRT else 0)
            | (0 if pattern.isascii() else hyperscan.HS_FLAG_UTF8)
            for owner, pattern in patterns
        ],
    )
    return database
