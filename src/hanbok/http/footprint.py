"""What a server holds of the machine's memory and does not need."""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_MAPS: Final = Path("/proc/self/maps")
_MADV_DONTNEED: Final = 4
_CODE: Final = "r-xp"


def give_back() -> None:
    """Return free memory to the system, where the C library is glibc; after a start these are some mebibytes."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def let_go_of_code() -> None:
    """Let go of the pages of libraries that only a start ran, some ten mebibytes; what runs again is there again at
    once, from the system's cache of files. Where the system is not Linux, nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError, ValueError):
        advise = ctypes.CDLL(None).madvise
        for line in _MAPS.read_text().splitlines():
            place, rights, _, _, _, *file = line.split(maxsplit=5)
            # Code is never written to: there is nothing in these pages that the file does not hold.
            if rights == _CODE and file and ".so" in file[0]:
                start, end = (int(one, 16) for one in place.split("-"))
                advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)
