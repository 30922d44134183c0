"""Tells which of many short words a text holds, at the cost of looking at it once."""

import importlib.util
import re
import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

Seek: TypeAlias = Callable[[str], set[int]]
"""Returns the numbers of the words that stand in a text, capitals of ASCII or not."""


def seeker(words: Sequence[str], pattern: str) -> Seek:
    """Return the quickest way that this machine has; all find the same. A pattern of ASCII has the number after the
    last word's.
    """
    return quick(words, pattern) if importlib.util.find_spec("hyperscan") else plain(words, pattern)


def plain(words: Sequence[str], pattern: str) -> Seek:
    """Look for one word after another."""
    compiled = re.compile(pattern)

    def seek(text: str) -> set[int]:
        folded = text.translate(_SMALL)
        found = {number for number, word in enumerate(words) if word in folded}
        return found | {len(words)} if compiled.search(text) else found

    return seek


_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def quick(words: Sequence[str], pattern: str) -> Seek:
    """Look for all at once."""
    import hyperscan  # noqa: PLC0415 - not on every machine

    literal = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words]
    expressions = [one.encode() for one in (*literal, pattern)]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions,
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH] * len(expressions),
    )
    local = threading.local()

    def seek(text: str) -> set[int]:
        scratch: hyperscan.Scratch | None = getattr(local, "scratch", None)
        if scratch is None:
            scratch = local.scratch = hyperscan.Scratch(database)
        found: set[int] = set()

        def note(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            found.add(number)

        database.scan(text.encode(errors="surrogatepass"), match_event_handler=note, scratch=scratch)
        return found

    return seek
