"""GGUF files read and written as bytes, so that what is not meant to change does not.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: header, keys, tensor directory, padding, tensors.
"""

import mmap
import os
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

from hanbok.gateway.llama.gguf_head import MAGIC, read_head, read_text
from hanbok.studio.release.errors import GgufUnreadable

_VERSION: Final = 3
_STRING, _ARRAY = 8, 9
_ALIGNMENT: Final = 32
Floats = npt.NDArray[np.float32]


class Tensor(NamedTuple):
    """One entry of the directory. `shape` is as numpy has it: the reverse of how GGUF writes it."""

    name: str
    shape: tuple[int, ...]
    type: GGMLQuantizationType
    offset: int
    """From the beginning of the tensors."""

    @property
    def nbytes(self) -> int:
        block, size = GGML_QUANT_SIZES[self.type]
        return int(np.prod(self.shape, dtype=np.int64)) // block * size


@dataclass(frozen=True, slots=True)
class GgufFile:
    """An open GGUF file. Scalars, strings and the places of everything are known; arrays stay bytes."""

    path: Path
    keys: Mapping[str, Any]
    """Values of scalar and string keys; an array is the number of its items."""
    spans: Mapping[str, tuple[int, int]]
    """Where each key stands, its name included."""
    tensors: Mapping[str, Tensor]
    data: int
    """Where the tensors begin."""
    _bytes: mmap.mmap = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> "GgufFile":
        """Read the head. Raises GgufUnreadable."""
        try:
            with path.open("rb") as file:
                held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return _read(path, held)
        except OSError as error:
            raise GgufUnreadable(path=path, why=error.strerror) from None
        except (struct.error, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
            raise GgufUnreadable(path=path, why=type(error).__name__) from error

    @property
    def architecture(self) -> str:
        return str(self.keys.get("general.architecture", ""))

    def number(self, name: str) -> int:
        """Return a key of the architecture, such as `attention.head_count`. Raises GgufUnreadable."""
        value = self.keys.get(f"{self.architecture}.{name}")
        if not isinstance(value, int):
            raise GgufUnreadable(path=self.path, why=f"no {self.architecture}.{name}")
        return value

    def raw(self, name: str) -> bytes:
        """Return a tensor's bytes."""
        one = self.tensors[name]
        return self._bytes[self.data + one.offset : self.data + one.offset + one.nbytes]

    def key_bytes(self, name: str) -> bytes:
        """Return a key with its value as they stand in the file."""
        start, end = self.spans[name]
        return self._bytes[start:end]

    def floats(self, name: str) -> Floats:
        """Return a tensor as floats."""
        one = self.tensors[name]
        block, size = GGML_QUANT_SIZES[one.type]
        rows = np.frombuffer(self.raw(name), dtype=np.uint8).reshape(
            *one.shape[:-1], one.shape[-1] // block * size
        )
        return np.asarray(dequantize(rows, one.type), dtype=np.float32).reshape(one.shape)


class NewTensor(NamedTuple):
    """A tensor to write. `make` gives its bytes when their turn comes: a model is never whole in memory."""

    name: str
    shape: tuple[int, ...]
    type: GGMLQuantizationType
    make: Callable[[], bytes]

    @property
    def nbytes(self) -> int:
        return Tensor(self.name, self.shape, self.type, 0).nbytes


def write(
    path: Path, keys: Iterable[bytes], tensors: Iterable[NewTensor], done: Callable[[int], None]
) -> None:
    """Write a file of these keys (as `key` spells them) and tensors; `done` hears of each tensor's bytes. The file
    appears whole or not at all.
    """
    keys, tensors = list(keys), list(tensors)
    head = bytearray(MAGIC + struct.pack("<IQQ", _VERSION, len(tensors), len(keys)))
    head += b"".join(keys)
    offset = 0
    for one in tensors:
        head += _string(one.name) + struct.pack(f"<I{len(one.shape)}Q", len(one.shape), *reversed(one.shape))
        head += struct.pack("<IQ", int(one.type), offset)
        offset += _padded(one.nbytes)
    half = path.with_name(f".{path.name}.part")
    with half.open("wb") as out:
        out.write(head.ljust(_padded(len(head)), b"\0"))
        for one in tensors:
            content = one.make()
            if len(content) != one.nbytes:
                raise ValueError(f"{one.name} has {len(content)} bytes, not {one.nbytes}")
            out.write(content.ljust(_padded(len(content)), b"\0"))
            done(len(content))
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)


def key(name: str, value: float | str | Sequence[str] | Sequence[int] | Sequence[float]) -> bytes:
    """Spell a key with its value."""
    return _string(name) + _value(value)


def _value(value: float | str | Sequence[str] | Sequence[int] | Sequence[float]) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    if isinstance(value, int | float):
        kind, form = _kind(value)
        return struct.pack(f"<I{form}", kind, value)
    if value and isinstance(value[0], str):
        texts = b"".join(_string(str(one)) for one in value)
        return struct.pack("<IIQ", _ARRAY, _STRING, len(value)) + texts
    kind, form = (5, "i") if all(isinstance(one, int) for one in value) else (6, "f")
    return struct.pack(f"<IIQ{len(value)}{form}", _ARRAY, kind, len(value), *value)


def _kind(value: float) -> tuple[int, str]:
    if isinstance(value, bool):
        return 7, "?"
    return (4, "I") if isinstance(value, int) else (6, "f")


def _string(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _read(path: Path, held: mmap.mmap) -> GgufFile:
    head = read_head(held)
    at = head.end
    tensors: dict[str, Tensor] = {}
    for _ in range(head.tensors):
        name, at = read_text(held, at)
        (rank,) = struct.unpack_from("<I", held, at)
        *shape, kind, offset = struct.unpack_from(f"<{rank}QIQ", held, at + 4)
        at += 4 + 8 * rank + 12
        tensors[name] = Tensor(name, tuple(reversed(shape)), GGMLQuantizationType(kind), offset)
    alignment = int(head.keys.get("general.alignment", _ALIGNMENT))
    data = -(-at // alignment) * alignment
    if any(data + one.offset + one.nbytes > len(held) for one in tensors.values()):
        raise GgufUnreadable(path=path, why="cut off")
    return GgufFile(path, head.keys, head.spans, tensors, data, held)
