"""Files as bytes, compressed or not."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, cast

from hanbok.studio.curate.reader import Source, SourceUnreadable

_COMPRESSED: Final[dict[str, Callable[..., object]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGED: Final = (OSError, EOFError, lzma.LZMAError)
"""What reading a file may raise, also a compressed one that was cut off."""


def compressed(path: Path) -> bool:
    """Tell whether a file must be read from its beginning."""
    return path.suffix.lower() in _COMPRESSED


def opened(path: Path) -> BinaryIO:
    """Open a file for reading its bytes, unpacked."""
    if (unpack := _COMPRESSED.get(path.suffix.lower())) is not None:
        return cast("BinaryIO", unpack(path, "rb"))
    return path.open("rb")


def why(error: BaseException) -> str:
    """Return what to tell of an error of a file: never its contents."""
    return getattr(error, "strerror", None) or type(error).__name__


def whole(path: Path, source: Source, most: int = 0) -> bytes | None:
    """Return a file's bytes, None where there are more than `most`, or than a row may have. Raises SourceUnreadable."""
    longest = most or int(source.longest_mib * (1 << 20))
    try:
        with opened(path) as file:
            data = file.read(longest + 1)
    except DAMAGED as error:
        raise SourceUnreadable(source=source.name, path=path.name, why=why(error)) from error
    return data if len(data) <= longest else None
