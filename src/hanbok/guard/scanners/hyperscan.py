"""The scanner on Hyperscan: all patterns of all recognisers in one pass over the UTF-8 bytes."""

import threading
from collections.abc import Sequence

import hyperscan

from hanbok.guard.normalise import DIRT_PATTERNS
from hanbok.guard.regions import region_at
from hanbok.guard.scanner import DIRT, Place
from hanbok.guard.shape import Shape


class Hyperscan:
    def __init__(self, shapes: Sequence[Shape]) -> None:
        """Compile all patterns into one database (about a third of a second)."""
        self._alphabets = [shape.alphabet for shape in shapes]
        owned = [(index, pattern) for index, shape in enumerate(shapes) for pattern in shape.patterns]
        # Hyperscan wants ids from zero up: the dirt takes the first, shapes follow.
        ids = [0] * len(DIRT_PATTERNS) + [index + 1 for index, _ in owned]
        patterns = [*DIRT_PATTERNS, *(pattern for _, pattern in owned)]
        flags = [hyperscan.HS_FLAG_SINGLEMATCH] * len(DIRT_PATTERNS) + [0] * len(owned)
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[pattern.encode() for pattern in patterns],
            ids=ids,
            elements=len(ids),
            flags=[
                flag | (0 if pattern.isascii() else hyperscan.HS_FLAG_UTF8)
                for flag, pattern in zip(flags, patterns, strict=True)
            ],
        )
        self._local = threading.local()

    def scan(self, text: str) -> list[Place]:
        try:
            data = text.encode()
        except UnicodeEncodeError:  # half a surrogate pair, as broken JSON writers leave it
            data = _without_surrogates(text).encode()
        hits: set[tuple[int, int]] = set()

        def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.add((end, pattern))

        self._database.scan(data, match_event_handler=note, scratch=self._scratch())
        return self._places(text, data, sorted(hits)) if hits else []

    def _scratch(self) -> "hyperscan.Scratch":
        """Return this thread's scratch space: the scan runs without the interpreter's lock."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch

    def _places(self, text: str, data: bytes, hits: list[tuple[int, int]]) -> list[Place]:
        places: list[Place] = []
        done = [0] * len(self._alphabets)
        plain = len(data) == len(text)
        last_byte = last_character = 0
        for byte, pattern in hits:
            if plain:
                last_character = byte
            elif byte != last_byte:
                last_character += len(data[last_byte:byte].decode(errors="replace"))
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


def _without_surrogates(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)
