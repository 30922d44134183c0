"""The head of a GGUF file: its keys, read without a library, and quickly where a vocabulary is long.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS: Final = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_START: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    keys: Mapping[str, int | float | str]
    """Scalars and texts; an array is the number of its items."""
    spans: Mapping[str, tuple[int, int]]
    """Where each key stands, its name included."""
    end: int
    """Where the directory of tensors begins."""
    tensors: int


def read_head(held: mmap.mmap) -> Head:
    """Read the keys. Raises ValueError for what is no GGUF, struct.error and kin for one that is cut off."""
    if held[:4] != MAGIC:
        raise ValueError("no GGUF")
    version, tensors, count = struct.unpack_from("<IQQ", held, 4)
    if version not in _VERSIONS:
        raise ValueError(f"version {version}")
    keys: dict[str, int | float | str] = {}
    spans: dict[str, tuple[int, int]] = {}
    at = _START
    for _ in range(count):
        start = at
        name, at = read_text(held, at)
        keys[name], at = _value(held, at)
        spans[name] = (start, at)
    return Head(keys=keys, spans=spans, end=at, tensors=tensors)


def template_in(path: Path) -> str:
    """Return the chat template in a GGUF file; empty where there is none, or no GGUF."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
            found = read_head(held).keys.get("tokenizer.chat_template", "")
    except (OSError, ValueError, struct.error, KeyError):
        return ""
    return found if isinstance(found, str) else ""


def read_text(held: mmap.mmap, at: int) -> tuple[str, int]:
    """Return the text at a place, and the place behind it."""
    (size,) = struct.unpack_from("<Q", held, at)
    end = at + 8 + size
    if end > len(held):
        raise ValueError("cut off")
    return held[at + 8 : end].decode(), end


def _value(held: mmap.mmap, at: int) -> tuple[int | float | str, int]:
    (kind,) = struct.unpack_from("<I", held, at)
    at += 4
    if kind == _STRING:
        return read_text(held, at)
    if kind != _ARRAY:
        (value,) = struct.unpack_from(_SCALARS[kind], held, at)
        return value, at + struct.calcsize(_SCALARS[kind])
    of, count = struct.unpack_from("<IQ", held, at)
    at += 12
    if of != _STRING:
        at += count * struct.calcsize(_SCALARS[of])
    else:
        for _ in range(count):
            at += 8 + int.from_bytes(held[at : at + 8], "little")
            if at > len(held):
                raise ValueError("cut off")
    return count, at
