"""What a server holds of the machine's memory and does not need."""

import ctypes
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_MAPS: Final = Path("/proc/self/smaps")
_MADV_DONTNEED: Final = 4
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_M_TRIM_THRESHOLD: Final = -1
_LARGE: Final = 4 * 1024 * 1024
_UNWRITTEN: Final = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \S+ +\S*\.so\b.*\n"
    r"(?:(?!Anonymous:).+\n)+Anonymous: +0 kB\n(?:(?!Swap:).+\n)+Swap: +0 kB$",
    re.MULTILINE,
)
"""Mappings of libraries that may not be written to and never were: relocated tables were, before they were locked. What
was written and swapped out since is anonymous no longer, and would be lost as well.
"""


def keep_together() -> None:
    """Have all threads allocate from one heap, and large blocks apart, where the C library is glibc. Else each thread
    keeps the holes that its bodies leave, and a freed body of some mebibytes makes all later ones stay on the heap.
    Takes effect for threads that begin afterwards.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE)


def shrink() -> None:
    """Return what is free or was not used lately."""
    give_back()
    let_go_of_code()


def give_back() -> None:
    """Return free memory to the system, where the C library is glibc; after a start these are some mebibytes."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def let_go_of_code() -> None:
    """Let go of the pages of libraries, code and constants, that nothing has used lately: some fifteen mebibytes after
    a start. What is used again is there again at once, from the system's cache of files. Where the system is not
    Linux, nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError, ValueError):
        advise = ctypes.CDLL(None).madvise
        for start, end in unwritten(_MAPS.read_text()):
            # There is nothing in these pages that the file does not hold.
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def unwritten(maps: str) -> list[tuple[int, int]]:
    """Return where libraries lie that are in memory as they are in their files, by the text of /proc/PID/smaps."""
    return [(int(start, 16), int(end, 16)) for start, end in _UNWRITTEN.findall(maps)]
