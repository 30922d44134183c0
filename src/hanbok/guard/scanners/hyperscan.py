"""The scanner on Hyperscan: all patterns over the UTF-8 bytes in one pass, at gigabytes a second."""

import functools
import hashlib
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import hyperscan

from hanbok.guard.regions import places, worth_placing
from hanbok.guard.scanner import SIGNS, Place, Sought

_ID_BITS = 8
_ID_MASK = (1 << _ID_BITS) - 1
"""A hit is one whole number, its end above what was sought: sets and sorts of numbers are cheap."""
_INSIDE = bytes(range(0x80, 0xC0))
"""The bytes that go on with a character."""
_Expressions = tuple[tuple[int, str, int], ...]
"""Identity, pattern and flags of each expression."""


class Hyperscan:
    def __init__(self, sought: Mapping[int, Sought], cache: Path | None = None) -> None:
        """Compile the patterns (about a second, once in a process, or once for a folder `cache`)."""
        self._sought = sought
        self._first = min(sought, default=0)
        """Subtracted from an index, so that no part of a hit is negative."""
        every = [(index, pattern) for index, one in sought.items() for pattern in one.patterns]
        expressions = tuple(
            (identity, pattern, _flags(pattern, sought[index]))
            for identity, (index, pattern) in enumerate(every)
        )
        self._what = tuple(index - self._first for index, _ in every)
        """What each expression seeks. Expressions of an identity each are scanned for faster than those that share."""
        self._database = _ready(expressions, cache) if expressions else None
        self._local = threading.local()

    def scan(self, text: str) -> list[Place]:
        if self._database is None:
            return []
        try:
            data = text.encode()
        except UnicodeEncodeError:  # half a surrogate pair, as broken JSON writers leave it
            data = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text).encode()
        hits: set[int] = set()
        what = self._what

        def note(identity: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.add(end << _ID_BITS | what[identity])

        self._database.scan(data, match_event_handler=note, scratch=self._scratch())
        if not hits:
            return []
        found = sorted(hits)
        hit = {one & _ID_MASK for one in found}
        if SIGNS - self._first in hit:
            worth = worth_placing((one + self._first for one in hit), self._sought)
            found = [one for one in found if (one & _ID_MASK) + self._first in worth]
        return places(text, self._in_characters(text, data, found), self._sought)

    def _scratch(self) -> hyperscan.Scratch:
        """Return this thread's scratch space: a scan runs without the interpreter's lock."""
        scratch: hyperscan.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch

    def _in_characters(self, text: str, data: bytes, hits: list[int]) -> list[tuple[int, int]]:
        """Return end and index of each hit; a match that ends inside of a character reaches to its end."""
        first = self._first
        if len(data) == len(text):
            return [(hit >> _ID_BITS, (hit & _ID_MASK) + first) for hit in hits]
        found: list[tuple[int, int]] = []
        last_byte = last_character = 0
        for hit in hits:
            byte = hit >> _ID_BITS
            if byte != last_byte:
                last_character += len(data[last_byte:byte].translate(None, _INSIDE))
                last_byte = byte
            found.append((last_character, (hit & _ID_MASK) + first))
        return found


def _flags(pattern: str, one: Sought) -> int:
    once = hyperscan.HS_FLAG_SINGLEMATCH if one.alphabet is None else 0
    return once | (0 if pattern.isascii() else hyperscan.HS_FLAG_UTF8)


def _ready(expressions: _Expressions, cache: Path | None) -> hyperscan.Database:
    """Return the database that the folder keeps for these expressions, or a new one, which it then keeps."""
    if cache is None:
        return _compile(expressions)
    digest = hashlib.sha256(repr((version("hyperscan"), expressions)).encode()).hexdigest()
    kept = cache / f"scan-{digest[:24]}.hsdb"
    with suppress(OSError, hyperscan.error):  # none yet, damaged, or left by another kind of processor
        return _tried(hyperscan.loadb(kept.read_bytes(), hyperscan.HS_MODE_BLOCK))
    made = _compile(expressions)
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


@functools.cache
def _compile(expressions: _Expressions) -> hyperscan.Database:
    """Return the database of these expressions. It does not change: all threads and guards share it."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode() for _, pattern, _ in expressions],
        ids=[identity for identity, _, _ in expressions],
        elements=len(expressions),
        flags=[flags for _, _, flags in expressions],
    )
    return database
