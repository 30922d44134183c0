"""Property sets ([MS-OLEPS]): the title and the author that a compound file tells of itself."""

import struct
from typing import Final

_SECTION: Final = 44
"""Where a property set says at which byte its first section begins."""
_TITLE: Final = 2
_AUTHOR: Final = 4
_WIDE: Final = 31
"""VT_LPWSTR: a length in characters, and UTF-16."""
_PROPERTIES: Final = 100


def summary(data: bytes) -> tuple[str, str]:
    """Return title and author; empty where the set has none, or cannot be read."""
    try:
        (start,) = struct.unpack_from("<I", data, _SECTION)
        (count,) = struct.unpack_from("<I", data, start + 4)
        listed = struct.unpack_from(f"<{2 * min(count, _PROPERTIES)}I", data, start + 8)
        places = dict(zip(listed[::2], listed[1::2], strict=True))
        return _string(data, start, places.get(_TITLE)), _string(data, start, places.get(_AUTHOR))
    except struct.error:
        return "", ""


def _string(data: bytes, start: int, place: int | None) -> str:
    if place is None:
        return ""
    kind, length = struct.unpack_from("<II", data, start + place)
    if kind != _WIDE:
        return ""
    at = start + place + 8
    return data[at : at + 2 * length].decode("utf-16-le", "replace").partition("\0")[0]
